//! From a fault to its place in the text: lines, columns and dotted key paths.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::error::Finding;

/// Line and column of a byte offset, counted from 1; the column in characters.
fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    (line, before.get(start..).map_or(0, |line| line.chars().count()) + 1)
}

/// A finding at a place of the text.
fn finding(text: &str, place: Option<Range<usize>>, key: String, problem: String) -> Finding {
    let at = place.as_ref().map(|place| line_and_column(text, place.start));
    Finding { line: at.map(|at| at.0), column: at.map(|at| at.1), place, key, problem }
}

/// What the TOML reader says, with its place.
pub(super) fn finding_from_toml(text: &str, error: &toml::de::Error) -> Finding {
    let span = error.span();
    let key = span.as_ref().and_then(|span| path_at(text, span.start)).unwrap_or_default();
    finding(text, span, key, error.message().replace('\n', "; "))
}

/// A fault of content, found by key: the place is that of the value, of its key where it is a table or a list, or of the
/// nearest table above it that is there.
pub(super) fn finding_at_key(text: &str, key: &str, problem: String) -> Finding {
    let place = DeTable::parse(text).ok().and_then(|table| {
        let mut place = None;
        let mut node: Option<&DeValue<'_>> = None;
        let mut whole = true;
        for step in key.split(['.', '[']).map(|step| step.trim_end_matches(']')) {
            let next = match node {
                None => entry(table.get_ref(), step),
                Some(DeValue::Table(table)) => entry(table, step),
                Some(DeValue::Array(items)) => step
                    .parse::<usize>()
                    .ok()
                    .and_then(|index| items.get(index))
                    .map(|item| (item.span(), item.span(), item.get_ref())),
                Some(_) => None,
            };
            let Some((key, value, inside)) = next else {
                whole = false;
                break;
            };
            let group = matches!(inside, DeValue::Table(_) | DeValue::Array(_));
            place = Some((key, value, group));
            node = Some(inside);
        }
        place.map(|(key, value, group)| if whole && !group { value } else { key })
    });
    finding(text, place, key.to_owned(), problem)
}

/// The text with another string as the value of a key of its first level; `None` where there is no such string.
pub(super) fn with_string(text: &str, key: &str, value: &str) -> Option<String> {
    let table = DeTable::parse(text).ok()?;
    let (_, place, DeValue::String(_)) = entry(table.get_ref(), key)? else { return None };
    Some(format!("{}{}{}", text.get(..place.start)?, toml::Value::from(value), text.get(place.end..)?))
}

/// The places of key and value, and the value.
type Entry<'t, 'i> = (Range<usize>, Range<usize>, &'t DeValue<'i>);

fn entry<'t, 'i>(table: &'t DeTable<'i>, name: &str) -> Option<Entry<'t, 'i>> {
    table.get_key_value(name).map(|(key, value)| (key.span(), value.span(), value.get_ref()))
}

/// The dotted path of the innermost key or value that covers a byte offset.
fn path_at(text: &str, offset: usize) -> Option<String> {
    let table = DeTable::parse(text).ok()?;
    let mut path = String::new();
    walk(table.get_ref(), offset, &mut path).then_some(path)
}

fn walk(table: &DeTable<'_>, offset: usize, path: &mut String) -> bool {
    for (key, value) in table {
        let length = path.len();
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(key.get_ref());
        if walk_value(value.get_ref(), offset, path) {
            return true;
        }
        if key.span().contains(&offset) || value.span().contains(&offset) {
            return true;
        }
        path.truncate(length);
    }
    false
}

fn walk_value(value: &DeValue<'_>, offset: usize, path: &mut String) -> bool {
    match value {
        DeValue::Table(table) => walk(table, offset, path),
        DeValue::Array(items) => items.iter().enumerate().any(|(index, item)| {
            let length = path.len();
            path.push_str(&format!("[{index}]"));
            let found = walk_value(item.get_ref(), offset, path) || item.span().contains(&offset);
            if !found {
                path.truncate(length);
            }
            found
        }),
        _ => false,
    }
}

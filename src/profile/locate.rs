//! From a fault to its place in the text: line numbers and dotted key paths.

use toml::de::{DeTable, DeValue};

use super::error::Finding;

/// Line of a byte offset, counted from 1.
fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

/// What the TOML reader says, with its place.
pub(super) fn finding_from_toml(text: &str, error: &toml::de::Error) -> Finding {
    let span = error.span();
    let key = span.as_ref().and_then(|span| path_at(text, span.start)).unwrap_or_default();
    let line = span.map(|span| line_of(text, span.start));
    Finding { line, key, problem: error.message().replace('\n', "; ") }
}

/// A fault of content, found by key: the line is that of the key, or of the nearest table above it that is there.
pub(super) fn finding_at_key(text: &str, key: &str, problem: String) -> Finding {
    let line = DeTable::parse(text).ok().and_then(|table| {
        let mut offset = None;
        let mut node: Option<&DeValue<'_>> = None;
        for step in key.split(['.', '[']).map(|step| step.trim_end_matches(']')) {
            let next = match node {
                None => entry(table.get_ref(), step),
                Some(DeValue::Table(table)) => entry(table, step),
                Some(DeValue::Array(items)) => step
                    .parse::<usize>()
                    .ok()
                    .and_then(|index| items.get(index))
                    .map(|item| (item.span().start, item.get_ref())),
                Some(_) => None,
            };
            let Some((at, value)) = next else { break };
            offset = Some(at);
            node = Some(value);
        }
        offset.map(|offset| line_of(text, offset))
    });
    Finding { line, key: key.to_owned(), problem }
}

fn entry<'t, 'i>(table: &'t DeTable<'i>, name: &str) -> Option<(usize, &'t DeValue<'i>)> {
    table.get_key_value(name).map(|(key, value)| (key.span().start, value.get_ref()))
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

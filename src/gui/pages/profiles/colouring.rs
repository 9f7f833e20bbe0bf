//! A profile's text in colours: comments, headings, keys, strings, numbers; and the places of faults underlined.
//!
//! It colours what is typed, finished or not, so it reads letters and no grammar: whether the text is right is said by
//! [`crate::profile`].

use std::ops::Range;

use egui::text::{LayoutJob, TextFormat};
use egui::{Color32, FontId, Stroke};

use crate::gui::tokens::Tokens;

/// What a piece of the text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Plain,
    Comment,
    Table,
    Key,
    String,
    Number,
}

/// The text laid out for an editor of that width, with these places underlined.
pub(super) fn job(tokens: &Tokens, text: &str, faults: &[Range<usize>], width: f32) -> LayoutJob {
    let colours = &tokens.colours;
    let font = FontId::monospace(tokens.sizes.body);
    let mut job = LayoutJob::default();
    job.wrap.max_width = width;
    let mut append = |range: Range<usize>, class: Class| {
        let colour = match class {
            Class::Plain => colours.text,
            Class::Comment => colours.syntax_comment,
            Class::Table => colours.syntax_table,
            Class::Key => colours.syntax_key,
            Class::String => colours.syntax_string,
            Class::Number => colours.syntax_number,
        };
        for (range, faulty) in split(range, faults) {
            let underline = if faulty { Stroke::new(2.0, colours.fail) } else { Stroke::NONE };
            let background = if faulty { colours.fail.gamma_multiply(0.18) } else { Color32::TRANSPARENT };
            let format =
                TextFormat { font_id: font.clone(), color: colour, underline, background, ..Default::default() };
            job.append(text.get(range).unwrap_or_default(), 0.0, format);
        }
    };
    for (range, class) in pieces(text) {
        append(range, class);
    }
    job
}

/// The part of a fault's place to be marked: its first line, and at least one letter where there is one.
pub(super) fn marked(text: &str, place: &Range<usize>) -> Range<usize> {
    let mut start = place.start.min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let rest = text.get(start..).unwrap_or_default();
    let line = rest.find(['\n', '\r']).unwrap_or(rest.len());
    let wanted = place.end.saturating_sub(start);
    let mut length = line.min(wanted);
    if length == 0 {
        // Something is missing here: the letter after the place, or else the line before it.
        length = rest.chars().next().filter(|_| line > 0).map_or(0, char::len_utf8);
    }
    while !text.is_char_boundary(start + length) {
        length += 1;
    }
    if length == 0 {
        let before = text.get(..start).unwrap_or_default();
        start = before.rfind('\n').map_or(0, |at| at + 1);
        length = before.len() - start;
    }
    start..start + length
}

/// A range cut at the borders of the faults; the parts inside of one are faulty.
fn split(range: Range<usize>, faults: &[Range<usize>]) -> Vec<(Range<usize>, bool)> {
    let mut cuts = vec![range.start, range.end];
    cuts.extend(faults.iter().flat_map(|fault| [fault.start, fault.end]).filter(|cut| range.contains(cut)));
    cuts.sort_unstable();
    cuts.dedup();
    let inside = |at: usize| faults.iter().any(|fault| fault.contains(&at));
    cuts.iter().zip(cuts.iter().skip(1)).map(|(start, end)| (*start..*end, inside(*start))).collect()
}

/// The whole text in pieces, in order and without gaps.
fn pieces(text: &str) -> Vec<(Range<usize>, Class)> {
    let mut pieces = Vec::new();
    let mut at = 0;
    // The quotes that end a string of several lines.
    let mut open: Option<&'static str> = None;
    for line in text.split_inclusive('\n') {
        line_pieces(line, at, &mut open, &mut pieces);
        at += line.len();
    }
    pieces
}

fn line_pieces(line: &str, start: usize, open: &mut Option<&'static str>, pieces: &mut Vec<(Range<usize>, Class)>) {
    let mut push = |from: usize, to: usize, class: Class| {
        if from < to {
            pieces.push((start + from..start + to, class));
        }
    };
    let mut at = 0;
    if let Some(quotes) = *open {
        let Some(end) = line.find(quotes) else { return push(0, line.len(), Class::String) };
        at = end + quotes.len();
        push(0, at, Class::String);
        *open = None;
    } else if line.trim_start().starts_with('[') && !line.contains('=') && !line.trim_end().ends_with(',') {
        let end = line.find('#').unwrap_or(line.len());
        push(0, end, Class::Table);
        at = end;
    }
    // Before an equals sign stands a key.
    while let Some(rest) = line.get(at..).filter(|rest| !rest.is_empty()) {
        let Some(first) = rest.chars().next() else { return };
        let (length, class) = match first {
            '#' => (rest.len(), Class::Comment),
            '"' | '\'' => {
                let (length, unfinished) = string(rest);
                *open = unfinished;
                let key = unfinished.is_none() && before_equals(rest.get(length..).unwrap_or_default());
                (length, if key { Class::Key } else { Class::String })
            }
            _ if is_word(first) || first == '.' => {
                let length = rest.find(|c: char| !is_word(c) && c != '.').unwrap_or(rest.len());
                let word = rest.get(..length).unwrap_or_default();
                let class = if before_equals(rest.get(length..).unwrap_or_default()) {
                    Class::Key
                } else if is_value(word) {
                    Class::Number
                } else {
                    Class::Plain
                };
                (length, class)
            }
            _ => (first.len_utf8(), Class::Plain),
        };
        push(at, at + length, class);
        at += length;
    }
}

const fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+')
}

/// Numbers, truth values, dates.
fn is_value(word: &str) -> bool {
    let bare = word.trim_start_matches(['+', '-']);
    matches!(bare, "true" | "false" | "nan" | "inf") || bare.starts_with(|c: char| c.is_ascii_digit())
}

fn before_equals(rest: &str) -> bool {
    rest.trim_start_matches([' ', '\t']).starts_with('=')
}

/// The length of the string a text begins with, and the quotes it waits for at the end of the line.
fn string(text: &str) -> (usize, Option<&'static str>) {
    for quotes in ["\"\"\"", "'''"] {
        if let Some(rest) = text.strip_prefix(quotes) {
            return match rest.find(quotes) {
                Some(end) => (end + 2 * quotes.len(), None),
                None => (text.len(), Some(quotes)),
            };
        }
    }
    let quote = if text.starts_with('"') { '"' } else { '\'' };
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if c == '\n' {
            return (at, None);
        }
        if c == quote && !escaped {
            return (at + 1, None);
        }
        escaped = c == '\\' && !escaped && quote == '"';
    }
    (text.len(), None)
}

#[cfg(test)]
mod tests {
    use egui::Theme;
    use proptest::prelude::*;

    use super::*;

    fn classes(text: &str) -> Vec<(&str, Class)> {
        let all = pieces(text).into_iter().map(|(range, class)| (&text[range], class));
        all.filter(|(piece, class)| *class != Class::Plain && !piece.trim().is_empty()).collect()
    }

    #[test]
    fn a_profiles_parts_are_told_apart() {
        assert_eq!(
            classes("# no\n[rating] # why\nun_volts = 240 # V\n\"a b\" = 'x # y'\n{ u = 1.5, on = true }\n"),
            [
                ("# no\n", Class::Comment),
                ("[rating] ", Class::Table),
                ("# why\n", Class::Comment),
                ("un_volts", Class::Key),
                ("240", Class::Number),
                ("# V\n", Class::Comment),
                ("\"a b\"", Class::Key),
                ("'x # y'", Class::String),
                ("u", Class::Key),
                ("1.5", Class::Number),
                ("on", Class::Key),
                ("true", Class::Number),
            ]
        );
        assert_eq!(
            classes("a = \"\"\"one\n# two\n\"\"\" # three"),
            [
                ("a", Class::Key),
                ("\"\"\"one\n", Class::String),
                ("# two\n", Class::String),
                ("\"\"\"", Class::String),
                ("# three", Class::Comment),
            ]
        );
    }

    #[test]
    fn a_mark_is_seen_whatever_the_place_is() {
        assert_eq!(marked("a = \nb", &(4..4)), 0..4);
        assert_eq!(marked("a = 5\nb", &(4..7)), 4..5);
        assert_eq!(marked("a = °", &(4..5)), 4..6);
        assert_eq!(marked("", &(3..9)), 0..0);
    }

    proptest! {
        /// Every letter is drawn once, whatever is typed and wherever the faults are.
        #[test]
        fn nothing_is_lost(text in "(?s)[a-z0-9=#\"'\\[\\]{}.,\\\\ \n°µ]{0,80}", start in 0_usize..90, length in 0_usize..90) {
            let fault = marked(&text, &(start..start + length));
            prop_assert!(text.get(fault.clone()).is_some());
            let job = job(&Tokens::of(Theme::Dark), &text, &[fault], 400.0);
            prop_assert_eq!(job.text, text);
        }
    }
}

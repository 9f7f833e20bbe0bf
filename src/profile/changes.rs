//! What differs between two texts, line by line: a profile and the one it was copied from.

use std::ops::Range;

use similar::{ChangeTag, TextDiff};

/// Unchanged lines shown round a change, so that one sees where it stands.
const ROUND: usize = 2;

/// How a line fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It stands in both.
    Kept,
    /// It stands in the old text only.
    Removed,
    /// It stands in the new text only.
    Added,
}

/// One line of the comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// How it fares.
    pub fate: Fate,
    /// Its number in the old text, counted from 1.
    pub old: Option<usize>,
    /// Its number in the new text, counted from 1.
    pub new: Option<usize>,
    /// The line without its end.
    pub text: String,
}

/// The changed lines with a few unchanged ones round them, a list for each place; empty when the texts are the same.
#[must_use]
pub fn between(old: &str, new: &str) -> Vec<Vec<Line>> {
    let diff = TextDiff::from_lines(old, new);
    let groups = diff.grouped_ops(ROUND);
    let line = |change: similar::Change<&str>| Line {
        fate: match change.tag() {
            ChangeTag::Equal => Fate::Kept,
            ChangeTag::Delete => Fate::Removed,
            ChangeTag::Insert => Fate::Added,
        },
        old: change.old_index().map(|index| index + 1),
        new: change.new_index().map(|index| index + 1),
        text: change.value().trim_end_matches(['\n', '\r']).to_owned(),
    };
    groups.iter().map(|group| group.iter().flat_map(|op| diff.iter_changes(op)).map(line).collect()).collect()
}

/// The bytes of a text's line, counted from 1, without its end.
#[must_use]
pub fn line_place(text: &str, number: usize) -> Option<Range<usize>> {
    let mut start = 0;
    for (count, line) in text.split_inclusive('\n').enumerate() {
        if count + 1 == number {
            return Some(start..start + line.trim_end_matches(['\n', '\r']).len());
        }
        start += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_lines_have_their_numbers() {
        let old = "a\nb\nc\nd\ne\nf\n";
        assert!(between(old, old).is_empty());
        let groups = between(old, "a\nb\nc\nD\ne\nf\n");
        let [group] = groups.as_slice() else { panic!("{groups:?}") };
        let said: Vec<_> = group.iter().map(|line| (line.fate, line.old, line.new, line.text.as_str())).collect();
        assert_eq!(said[2], (Fate::Removed, Some(4), None, "d"));
        assert_eq!(said[3], (Fate::Added, None, Some(4), "D"));
        assert_eq!(said.len(), 6);
    }

    #[test]
    fn lines_are_found_by_number() {
        assert_eq!(line_place("ab\r\ncd", 1), Some(0..2));
        assert_eq!(line_place("ab\r\ncd", 2), Some(4..6));
        assert_eq!(line_place("ab", 2), None);
    }
}

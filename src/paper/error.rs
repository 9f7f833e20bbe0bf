//! Why there is no paper, and what to do about it.

use std::path::PathBuf;
use std::time::Duration;

use super::template::Origin;
use crate::advice::Advice;
use crate::procedure::Verdict;
use crate::record::{Day, StoreError};

/// Why there is no paper.
#[derive(Debug, thiserror::Error)]
pub enum PaperError {
    /// Typst did not take the template, or what it made of it is no PDF for the archive.
    #[error("{}: {message}", place(.file.as_deref(), *.line))]
    Template {
        /// The file with the mistake, as the template names it; none where Typst names none.
        file: Option<String>,
        /// Its line, from 1.
        line: Option<usize>,
        /// What Typst says, with its hints.
        message: String,
        /// Whose file it is.
        origin: Origin,
    },
    /// A sign that none of the fonts has.
    #[error("{text} cannot be printed: {message}")]
    Sign {
        /// The text as Typst quotes it.
        text: String,
        /// What Typst says.
        message: String,
        /// Where fonts are looked for, beside those compiled in.
        fonts: Option<PathBuf>,
    },
    /// A file of the user's own that cannot be read.
    #[error("{file} cannot be read: {source}")]
    File {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It takes too long.
    #[error("the paper was not ready after {} s", .limit.as_secs())]
    TooSlow {
        /// How long was waited.
        limit: Duration,
    },
    /// Typst stopped without a word.
    #[error("the typesetter stopped: {reason}")]
    Stopped {
        /// What is known.
        reason: String,
    },
    /// More than a code holds.
    #[error("{text:?} does not fit into a QR code")]
    TooLong {
        /// The text.
        text: String,
    },
    /// A label goes onto a unit that passed.
    #[error("record {number} of {serial} is {verdict}; a label is for a unit that passed")]
    NotPassed {
        /// Serial number.
        serial: String,
        /// Number of the record.
        number: u64,
        /// How it ended.
        verdict: Verdict,
    },
    /// A label goes onto a unit that passed and did not fail since.
    #[error("record {number} of {serial} is PASS, but record {failed} of {day} is FAIL")]
    Outdated {
        /// Serial number.
        serial: String,
        /// Number of the record.
        number: u64,
        /// Number of the later one.
        failed: u64,
        /// Its day.
        day: Day,
    },
    /// A golden unit's verdict is the bench's.
    #[error("record {number} of {serial} is of a golden unit; a label is for a unit that was tested")]
    Golden {
        /// Serial number.
        serial: String,
        /// Number of the record.
        number: u64,
    },
    /// Nothing matches.
    #[error("no record matches")]
    Empty,
    /// The records cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A value that JSON cannot hold.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

fn place(file: Option<&str>, line: Option<usize>) -> String {
    match (file, line) {
        (Some(file), Some(line)) => format!("{file}, line {line}"),
        (Some(file), None) => file.to_owned(),
        (None, _) => "the template".to_owned(),
    }
}

impl PaperError {
    /// What the operator can do.
    #[must_use]
    pub fn advice(&self) -> Advice {
        let (why, next) = match self {
            Self::Store(error) => return error.advice(),
            Self::Template { origin: Origin::Own(folder), .. } => (
                format!("It is one of your own templates, in {}", folder.display()),
                "Correct it there; under another name it is not used, and the shipped one is".to_owned(),
            ),
            Self::Template { origin: Origin::Shipped, .. } | Self::Stopped { .. } | Self::Json(_) => (
                "The program has a fault, or the record holds something no paper was ever made of".to_owned(),
                "Report it, with the message and the number of the record".to_owned(),
            ),
            Self::Sign { fonts, .. } => (
                "The fonts of the program have Latin, Greek and Cyrillic letters".to_owned(),
                match fonts {
                    Some(folder) => format!("Put a font that has the sign (OTF, TTF) into {}", folder.display()),
                    None => "Name a folder for data, and put a font that has the sign into its templates".to_owned(),
                },
            ),
            Self::File { .. } => (
                "It is missing, too large, or this user may not read it".to_owned(),
                "Put it right, or take it away; then the shipped one is used".to_owned(),
            ),
            Self::TooSlow { .. } => (
                "A template of your own goes round in circles, or the selection is very large".to_owned(),
                "Look at the template, or choose fewer records".to_owned(),
            ),
            Self::TooLong { .. } => (
                "The serial number is far longer than any that is printed on a meter".to_owned(),
                "Look at the record; two codes may have been read as one".to_owned(),
            ),
            Self::NotPassed { .. } => (
                "A label on a unit that did not pass would be taken for the mark of one that did".to_owned(),
                "Test the unit again, and print the label of the run that passed".to_owned(),
            ),
            Self::Outdated { serial, .. } => (
                "The unit failed later, and the label would say that it passed".to_owned(),
                format!(
                    "Test the unit again, and print the label of the run that passed: meterbench records label {serial}"
                ),
            ),
            Self::Golden { .. } => (
                "Its verdict says that the bench is in order, and nothing of the unit".to_owned(),
                "A golden unit keeps the label of the laboratory that measured it".to_owned(),
            ),
            Self::Empty => (
                "The filter is narrower than it should be, or a word in it is spelled otherwise".to_owned(),
                "Look at meterbench records list with the same options".to_owned(),
            ),
        };
        Advice::new(self.to_string(), why, next)
    }
}

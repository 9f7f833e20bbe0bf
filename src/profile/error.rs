//! What is wrong with a profile: where it stands, which key it is, and what would be right.

use std::fmt;
use std::ops::Range;

/// Why a profile cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// No shipped profile has this name.
    #[error("there is no {}profile named {name:?}; there are {known}. A file of your own is named with its .toml", of(.kind))]
    Unknown {
        /// Meter, procedure or instrument, where one of them was wanted.
        kind: Option<super::Kind>,
        /// The name as given.
        name: String,
        /// The names there are.
        known: String,
    },
    /// The file cannot be read.
    #[error("{file} cannot be read: {source}")]
    File {
        /// The path as given.
        file: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The text is there and something in it is wrong.
    #[error("{}", listed(.file, .findings))]
    Content {
        /// The path as given, or the shipped name.
        file: String,
        /// Everything found, at least one.
        findings: Vec<Finding>,
    },
}

/// One thing that is wrong in a profile's text.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// Line, counted from 1; `None` where the fault is that something is missing altogether.
    pub line: Option<usize>,
    /// Column in the line, counted in characters from 1, where the line is known.
    pub column: Option<usize>,
    /// The bytes of the text it is about, for an editor to mark.
    #[serde(skip)]
    pub place: Option<Range<usize>>,
    /// The key as a dotted path (`rating.un_volts`); empty where the text is not TOML at all.
    pub key: String,
    /// What is wrong and what is allowed.
    pub problem: String,
}

impl ProfileError {
    /// Everything that was found in the text; empty when there was no text.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        match self {
            Self::Content { findings, .. } => findings,
            Self::Unknown { .. } | Self::File { .. } => &[],
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}")?;
            if let Some(column) = self.column {
                write!(f, ", column {column}")?;
            }
            f.write_str(": ")?;
        }
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.problem)
    }
}

fn of(kind: &Option<super::Kind>) -> String {
    kind.map(|kind| format!("{kind} ")).unwrap_or_default()
}

fn listed(file: &str, findings: &[Finding]) -> String {
    let lines: Vec<_> = findings.iter().map(|finding| format!("{file}: {finding}")).collect();
    lines.join("\n")
}

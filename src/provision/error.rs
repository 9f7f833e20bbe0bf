//! Why a provisioning list could not be used, and what to do about it. No message quotes a value.

use std::io;
use std::path::PathBuf;

use crate::advice::Advice;
use crate::image::field::FieldError;

/// Why a provisioning list could not be used.
#[derive(Debug, thiserror::Error)]
pub enum ProvisionError {
    /// The data base refused.
    #[error("the provisioning lists in {file} could not be used: {source}")]
    Database {
        /// The file.
        file: PathBuf,
        /// What it said.
        source: rusqlite::Error,
    },
    /// A file could not be read or made.
    #[error("{file}: {source}")]
    File {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file of a later program.
    #[error("{file} has version {found} of the provisioning lists, and this program knows {known}")]
    Newer {
        /// The file.
        file: PathBuf,
        /// Its version.
        found: i64,
        /// The newest known.
        known: i64,
    },
    /// The CSV is none.
    #[error("line {line} of the list: {problem}")]
    Csv {
        /// Line, from 1.
        line: u64,
        /// What is wrong.
        problem: String,
    },
    /// The columns are not as they were described.
    #[error("{problem}")]
    Columns {
        /// What is wrong.
        problem: String,
    },
    /// There is no such list.
    #[error("there is no provisioning list {name:?}; there are: {known}")]
    NoList {
        /// The name asked for.
        name: String,
        /// Those there are.
        known: String,
    },
    /// The list has no row for this unit.
    #[error("the list {list:?} has no row for {serial}")]
    NoRow {
        /// The list.
        list: String,
        /// The unit.
        serial: String,
    },
    /// All rows are given.
    #[error("the list {list:?} has no free row left")]
    Exhausted {
        /// The list.
        list: String,
    },
    /// Somebody has the row.
    #[error("row {number} of the list {list:?} is reserved for {serial}, {holder}")]
    Reserved {
        /// The list.
        list: String,
        /// The row.
        number: u64,
        /// The unit it is reserved for.
        serial: String,
        /// Who holds it, in words.
        holder: &'static str,
    },
    /// The row is another unit's for good.
    #[error("row {number} of the list {list:?} was given to {serial}")]
    Taken {
        /// The list.
        list: String,
        /// The row.
        number: u64,
        /// The unit that has it.
        serial: String,
    },
    /// The row is not as the one who reserved it left it.
    #[error("row {number} of the list {list:?} is no longer reserved by this run")]
    Lost {
        /// The list.
        list: String,
        /// The row.
        number: u64,
    },
    /// A value does not fit the calibration block.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// What is in the file cannot be what was put there.
    #[error("row {number} of the list {list:?} cannot be read")]
    Damaged {
        /// The list.
        list: String,
        /// The row.
        number: u64,
    },
}

impl ProvisionError {
    /// What the operator can do.
    #[must_use]
    pub fn advice(&self) -> Advice {
        let (why, next) = match self {
            Self::Database { .. } | Self::File { .. } => (
                "The disk is full or fails, or the file may not be used by this user",
                "Look at the disk, then try again",
            ),
            Self::Newer { .. } => ("A newer version of this program has used the file", "Use the newer version"),
            Self::Csv { .. } | Self::Columns { .. } | Self::Field(_) => (
                "The list is not as its columns were described, or has a slip in it",
                "Correct the list or the description, then import it again; nothing of it was taken",
            ),
            Self::NoList { .. } => ("It was not imported here", "Import it: provision import"),
            Self::NoRow { .. } => (
                "The serial number is wrong, or the list is that of another batch",
                "Scan the serial number again, or import the right list",
            ),
            Self::Exhausted { .. } => {
                ("Every row belongs to a unit", "Import a new list, or release rows that were not used")
            }
            Self::Reserved { .. } => (
                "A run is using it, or a run was cut off before it could say how it ended",
                "Wait for that run; if there is none, look whether the unit has the values and decide: provision release",
            ),
            Self::Taken { .. } => {
                ("The list names another unit for it, or it was released wrongly", "Check both units' serial numbers")
            }
            Self::Lost { .. } => {
                ("Somebody released the row during the run", "Look at the row's history: provision list")
            }
            Self::Damaged { .. } => (
                "Somebody or something other than this program has changed the file",
                "Keep the file as it is, and import the list again in another folder",
            ),
        };
        Advice::new(self.to_string(), why, next)
    }
}

//! Why the store could not do something, and what to do about it.

use std::io;
use std::path::PathBuf;

use super::seal::NoHash;
use crate::advice::Advice;

/// Why the store could not do something.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The data base refused.
    #[error("the records in {file} could not be used: {source}")]
    Database {
        /// The file.
        file: PathBuf,
        /// What it said.
        source: rusqlite::Error,
    },
    /// A file beside the data base.
    #[error("{file}: {source}")]
    File {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file of a later program.
    #[error("{file} has version {found} of the records, and this program knows {known}")]
    Newer {
        /// The file.
        file: PathBuf,
        /// Its version.
        found: i64,
        /// The newest known.
        known: i64,
    },
    /// The file is one of an older version, and may not be changed here.
    #[error("{file} has version {found} of the records, and {known} is read")]
    Older {
        /// The file.
        file: PathBuf,
        /// Its version.
        found: i64,
        /// The version that is read.
        known: i64,
    },
    /// There is no file.
    #[error("there are no records in {file}")]
    Missing {
        /// The file.
        file: PathBuf,
    },
    /// What is in the file cannot be what was put there.
    #[error("record {number} of station {station} cannot be read: {problem}")]
    Damaged {
        /// Station of the record.
        station: String,
        /// Its number.
        number: u64,
        /// What is wrong with it.
        problem: String,
    },
    /// Two different records have the same place.
    #[error("record {number} of station {station} is another one here and there")]
    Forked {
        /// Station of the record.
        station: String,
        /// Its number.
        number: u64,
    },
    /// The chain that should be imported does not go on where it ends here.
    #[error("record {number} of station {station} is missing, so those behind it cannot be imported")]
    Gap {
        /// Station of the record.
        station: String,
        /// The number that is missing.
        number: u64,
    },
    /// A chain that should be imported was changed.
    #[error("the records were changed: {finding}")]
    Changed {
        /// The first finding.
        finding: String,
    },
    /// An export could not be written.
    #[error("the export could not be written: {0}")]
    Export(String),
    /// A value that JSON cannot hold.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

impl From<NoHash> for rusqlite::types::FromSqlError {
    fn from(error: NoHash) -> Self {
        Self::Other(Box::new(error))
    }
}

impl StoreError {
    /// Another program was writing all the time.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        use rusqlite::ErrorCode::{DatabaseBusy, DatabaseLocked};
        matches!(self, Self::Database { source, .. }
            if matches!(source.sqlite_error_code(), Some(DatabaseBusy | DatabaseLocked)))
    }

    /// It may be read and not written.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        use rusqlite::ErrorCode::{CannotOpen, PermissionDenied, ReadOnly};
        match self {
            Self::Database { source, .. } => {
                matches!(source.sqlite_error_code(), Some(ReadOnly | PermissionDenied | CannotOpen))
            }
            Self::File { source, .. } => {
                matches!(source.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
            }
            _ => false,
        }
    }

    /// It is a file of another kind.
    #[must_use]
    pub fn is_foreign(&self) -> bool {
        matches!(self, Self::Database { source, .. } if source.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase))
    }

    /// Another thread has stopped it.
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        matches!(self, Self::Database { source, .. }
            if source.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted))
    }

    /// What the operator can do.
    #[must_use]
    pub fn advice(&self) -> Advice {
        use rusqlite::ErrorCode as Code;
        let (why, next) = match self {
            Self::Database { source, .. } => match source.sqlite_error_code() {
                Some(Code::DiskFull) => ("The disk is full", "Make room on the disk, then start the program again"),
                Some(Code::ReadOnly | Code::PermissionDenied | Code::CannotOpen) => (
                    "The file or its folder may not be written by this user",
                    "Allow this user to write the file and its folder, or name another folder",
                ),
                Some(Code::DatabaseBusy | Code::DatabaseLocked) => (
                    "Another program has been writing all the time",
                    "Close the other program that uses the records, then try again",
                ),
                Some(Code::DatabaseCorrupt | Code::NotADatabase) => (
                    "The file is damaged, or it is none of this program's",
                    "Keep the file as it is, put the newest backup in its place, and check the disk",
                ),
                _ => ("The disk is full or fails, or the file is used by others", "Look at the disk, then try again"),
            },
            Self::File { source, .. } if source.kind() == io::ErrorKind::AlreadyExists => (
                "There is such a file already, and nothing is written over it",
                "Name another file, or move that one away",
            ),
            Self::File { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                ("There is no such file or folder", "Make the folder first, or name another one")
            }
            Self::File { .. } | Self::Export(_) => {
                ("The disk is full, or this user may not write there", "Make room, or name another folder")
            }
            Self::Newer { .. } => ("A newer version of this program has used the file", "Use the newer version"),
            Self::Older { .. } => (
                "An older version of this program has written the file, and reading alone does not change it",
                "Start this program once where the file belongs (`meterbench records list --data DIR`), then try again",
            ),
            Self::Missing { .. } => {
                ("Nothing was recorded there yet, or the folder is another", "Name the right folder")
            }
            Self::Damaged { .. } | Self::Changed { .. } => (
                "Somebody or something other than this program has changed the file",
                "Keep the file as it is, and compare it with the newest backup",
            ),
            Self::Forked { .. } => (
                "A copy of the file was written to at two places",
                "Keep both files; only one of them can go on as this station's",
            ),
            Self::Gap { .. } => {
                ("Only a part of the chain is in the file", "Import an older backup of that station first")
            }
            Self::Json(_) => ("The program has a fault", "Report it, with the message"),
        };
        Advice::new(self.to_string(), why, next)
    }
}

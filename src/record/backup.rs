//! A copy of the store while it is in use.

use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::backup::Backup;

use super::error::StoreError;
use super::store::{InFile as _, Store};

/// Pages copied between two looks at writers.
const PAGES: i32 = 4096;

impl Store {
    /// Copies all records to `to`, which must not be there yet; others may write meanwhile.
    ///
    /// The copy is one file that opens without this folder, from a read-only place too. Returns how many records it holds.
    ///
    /// # Errors
    /// The copy cannot be written, or is not whole.
    pub fn backup(&self, to: &Path) -> Result<u64, StoreError> {
        let file = |source| StoreError::File { file: to.to_owned(), source };
        if to.exists() {
            return Err(file(std::io::ErrorKind::AlreadyExists.into()));
        }
        let mut name = to.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        let part = to.with_file_name(name);
        // What an interrupted backup has left is not gone on with.
        match fs::remove_file(&part) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(file(error)),
            _ => {}
        }
        let copied = self.copy(&part);
        let count = match copied {
            Ok(count) => count,
            Err(error) => {
                fs::remove_file(&part).ok();
                return Err(error);
            }
        };
        File::open(&part).and_then(|part| part.sync_all()).map_err(file)?;
        fs::rename(&part, to).map_err(file)?;
        Ok(count)
    }

    fn copy(&self, part: &Path) -> Result<u64, StoreError> {
        let mut copy = Connection::open(part).in_file(part)?;
        let backup = Backup::new(&self.connection, &mut copy).in_file(part)?;
        backup.run_to_completion(PAGES, Duration::from_millis(1), None).in_file(part)?;
        drop(backup);
        copy.pragma_update_and_check(None, "journal_mode", "delete", |_| Ok(())).in_file(part)?;
        let sound: String = copy.pragma_query_value(None, "quick_check", |row| row.get(0)).in_file(part)?;
        if sound != "ok" {
            return Err(StoreError::Changed { finding: format!("the copy is not whole: {sound}") });
        }
        drop(copy);
        Self::read_only(part)?.len()
    }
}

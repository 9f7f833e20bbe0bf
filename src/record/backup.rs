//! A copy of the store while it is in use.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::backup::Backup;

use super::error::StoreError;
use super::store::{InFile as _, Store};
use crate::disk;

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
        let wrong = |source| StoreError::File { file: to.to_owned(), source };
        disk::appear(to, wrong, |part| {
            let count = self.copy(part)?;
            File::open(part).and_then(|part| part.sync_all()).map_err(wrong)?;
            Ok(count)
        })
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

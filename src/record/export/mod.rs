//! All records that match, in files other programs read: CSV (a folder of tables), XLSX (a workbook of them), JSON lines.
//!
//! JSON lines are the records themselves with their hashes, so that anybody can check the chain without this program; the
//! tables are the same values side by side. Every table says of every row whether it was simulated.

mod csv_folder;
mod json_lines;
mod tables;
mod workbook;

use std::fs::File;
use std::path::Path;

use rusqlite::Connection;

use super::error::StoreError;
use super::flashing::FlashRecord;
use super::rows;
use super::seal::Record;
use super::search::{Filter, MATCHES};
use super::store::{InFile as _, Store};
use crate::disk;

/// How records are exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A folder with one CSV file a table (RFC 4180, UTF-8).
    Csv,
    /// One Excel workbook with one sheet a table.
    Xlsx,
    /// One JSON object a line: the texts that were used, and the records.
    JsonLines,
}

impl Store {
    /// Writes all records that match to `to`, which must not be there yet, flashings among them. Returns how many records of runs they are.
    ///
    /// # Errors
    /// The records cannot be read, or the export cannot be written; nothing of it is left then.
    pub fn export(&self, filter: &Filter, format: Format, to: &Path) -> Result<u64, StoreError> {
        let wrong = |source| StoreError::File { file: to.to_owned(), source };
        disk::appear(to, wrong, |part| match format {
            Format::Csv => csv_folder::write(self, filter, part),
            Format::Xlsx => workbook::write(self, filter, part),
            Format::JsonLines => json_lines::write(self, filter, part),
        })
    }

    /// Gives every flashing that matches to `take`, in the order of arrival.
    pub(super) fn each_flashing(
        &self,
        filter: &Filter,
        mut take: impl FnMut(FlashRecord) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.flashings("", filter, usize::MAX)?.into_iter().rev().try_for_each(&mut take)
    }

    /// Gives every record that matches to `take`, in the order of arrival, as they were when it began.
    pub(super) fn each(
        &self,
        filter: &Filter,
        mut take: impl FnMut(&Connection, Record) -> Result<(), StoreError>,
    ) -> Result<u64, StoreError> {
        let Some(bound) = self.bind(filter)? else { return Ok(0) };
        let transaction = self.connection.unchecked_transaction().in_file(&self.file)?;
        let sql = format!(
            "SELECT p.attempt FROM place p JOIN grouping g ON g.id = p.grouping WHERE {MATCHES} ORDER BY p.attempt"
        );
        let mut ids = transaction.prepare(&sql).in_file(&self.file)?;
        let mut ids = ids.query(bound.parameters().as_slice()).in_file(&self.file)?;
        let mut count = 0;
        while let Some(row) = ids.next().in_file(&self.file)? {
            let id = row.get(0).in_file(&self.file)?;
            let record = rows::read(&transaction, id).in_file(&self.file)?;
            let gone = || self.damaged(u64::try_from(id).unwrap_or(0), "something it refers to is gone");
            take(&transaction, record.ok_or_else(gone)?)?;
            count += 1;
        }
        Ok(count)
    }
}

/// What the export says of a failure of its own.
fn failed(error: impl std::fmt::Display) -> StoreError {
    StoreError::Export(error.to_string())
}

/// The file is on the disk when this returns.
fn finish(file: &File) -> Result<(), StoreError> {
    file.sync_all().map_err(failed)
}

//! A list in CSV becomes rows: all of it, or nothing where anything is wrong.

use std::path::Path;

use rusqlite::{OptionalExtension as _, Transaction, TransactionBehavior};
use serde::Serialize;

use super::columns::remember;
use super::error::ProvisionError;
use super::mapping::{Mapping, ONLY_ONCE};
use super::store::{InFile as _, Provisioning, note};
use super::table::{Line, Table};

/// What an import did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// Rows that were not there before.
    pub added: u64,
    /// Rows that were there already, with the same values.
    pub known: u64,
    /// Columns that are no field and were left out.
    pub ignored_columns: Vec<String>,
}

impl Provisioning {
    /// Takes a list in CSV: the first line names its columns. A list that is there already may have grown.
    ///
    /// # Errors
    /// A value does not fit, is there twice, or differs from that of an earlier import; nothing was taken then.
    pub fn import(&mut self, list: &str, csv: &[u8], mapping: &Mapping) -> Result<Imported, ProvisionError> {
        self.import_table(list, &Table::read(csv)?, mapping)
    }

    /// Takes a list that was read already.
    ///
    /// # Errors
    /// As [`Self::import`].
    pub fn import_table(&mut self, list: &str, table: &Table, mapping: &Mapping) -> Result<Imported, ProvisionError> {
        let file = self.file.clone();
        self.transaction(|transaction| take(transaction, (list, table, mapping), &file))
    }

    /// What an import would do; nothing of it is done.
    ///
    /// # Errors
    /// As [`Self::import`].
    pub fn rehearse(&mut self, list: &str, table: &Table, mapping: &Mapping) -> Result<Imported, ProvisionError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        // Dropped, it is as if it had never been.
        take(&transaction.in_file(&self.file)?, (list, table, mapping), &self.file)
    }
}

fn take(
    transaction: &Transaction<'_>,
    (list, table, mapping): (&str, &Table, &Mapping),
    file: &Path,
) -> Result<Imported, ProvisionError> {
    let (lines, ignored_columns) = table.lines(mapping)?;
    let keyed = lines.iter().any(|line| line.unit.is_some());
    let id = begin(transaction, list, keyed, file)?;
    let newest = "SELECT coalesce(max(id), 0) FROM row";
    let newest: i64 = transaction.query_row(newest, [], |row| row.get(0)).in_file(file)?;
    let (mut added, mut known) = (0, 0);
    for line in &lines {
        if line.add(transaction, (id, list), newest, file)? {
            added += 1;
        } else {
            known += 1;
        }
    }
    remember(transaction, table, mapping).in_file(file)?;
    Ok(Imported { added, known, ignored_columns })
}

fn begin(transaction: &Transaction<'_>, list: &str, keyed: bool, file: &Path) -> Result<i64, ProvisionError> {
    let find = "SELECT id, keyed FROM list WHERE name = ?1";
    let found: Option<(i64, bool)> =
        transaction.query_row(find, [list], |row| Ok((row.get(0)?, row.get(1)?))).optional().in_file(file)?;
    match found {
        Some((_, before)) if before != keyed => {
            let problem = format!("the list {list:?} was imported before, once with serial numbers and once without");
            Err(ProvisionError::Columns { problem })
        }
        Some((id, _)) => Ok(id),
        None => {
            transaction.execute("INSERT INTO list (name, keyed) VALUES (?1, ?2)", (list, keyed)).in_file(file)?;
            Ok(transaction.last_insert_rowid())
        }
    }
}

impl Line {
    /// Adds the row; false when it was there before this import.
    fn add(
        &self,
        transaction: &Transaction<'_>,
        (list, list_name): (i64, &str),
        newest_before: i64,
        file: &Path,
    ) -> Result<bool, ProvisionError> {
        let fields = serde_json::to_string(&self.fields).unwrap_or_default();
        let wrong = |problem: String| ProvisionError::Csv { line: self.number, problem };
        // A row is told by its unit, or else by the values that only one unit may have.
        let same = "SELECT id, fields FROM row WHERE list = ?1 AND unit = ?2";
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let before: Option<(i64, String)> = match &self.unit {
            Some(unit) => transaction
                .prepare_cached(same)
                .in_file(file)?
                .query_row((list, unit), read)
                .optional()
                .in_file(file)?,
            None => {
                let same = "SELECT id, fields FROM row WHERE list = ?1 AND fields = ?2 AND unit IS NULL";
                transaction
                    .prepare_cached(same)
                    .in_file(file)?
                    .query_row((list, &fields), read)
                    .optional()
                    .in_file(file)?
            }
        };
        match before {
            Some((id, _)) if id > newest_before => return Err(wrong("the same values stand there twice".to_owned())),
            Some((_, before)) if before == fields => return Ok(false),
            Some(_) => {
                let unit = self.unit.as_deref().unwrap_or_default();
                return Err(wrong(format!("the list {list_name:?} has other values for {unit} already")));
            }
            None => {}
        }
        let add = "INSERT INTO row (list, number, unit, fields)
                   SELECT ?1, coalesce(max(number), 0) + 1, ?2, ?3 FROM row WHERE list = ?1";
        transaction.execute(add, (list, &self.unit, &fields)).in_file(file)?;
        let row = transaction.last_insert_rowid();
        for field in ONLY_ONCE {
            let Some(value) = self.fields.get(field) else { continue };
            let known = "SELECT list.name, row.number FROM only_once o JOIN row ON row.id = o.row
                         JOIN list ON list.id = row.list WHERE o.field = ?1 AND o.value = ?2";
            let known: Option<(String, i64)> = transaction
                .query_row(known, (field, value), |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()
                .in_file(file)?;
            if let Some((other, number)) = known {
                return Err(wrong(format!("its {field} is that of row {number} of the list {other:?}")));
            }
            let add = "INSERT INTO only_once (field, value, row) VALUES (?1, ?2, ?3)";
            transaction.execute(add, (field, value, row)).in_file(file)?;
        }
        note(transaction, row, "imported", self.unit.as_deref()).in_file(file)?;
        Ok(true)
    }
}

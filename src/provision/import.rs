//! A list in CSV becomes rows: all of it, or nothing where anything is wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rusqlite::{OptionalExtension as _, Transaction};
use serde::Serialize;

use super::error::ProvisionError;
use super::mapping::{Mapping, ONLY_ONCE, check, is_field};
use super::store::{InFile as _, Provisioning, note};
use crate::image::field::FieldError;

/// Longest serial number, in characters: that of the calibration block.
const LONGEST_SERIAL: usize = 24;

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

/// A row of the CSV.
struct Line {
    number: u64,
    unit: Option<String>,
    fields: BTreeMap<String, String>,
}

impl Provisioning {
    /// Takes a list in CSV: the first line names its columns. A list that is there already may have grown.
    ///
    /// # Errors
    /// A value does not fit, is there twice, or differs from that of an earlier import; nothing was taken then.
    pub fn import(&mut self, list: &str, csv: &[u8], mapping: &Mapping) -> Result<Imported, ProvisionError> {
        let (lines, ignored_columns) = lines(csv, mapping)?;
        let keyed = mapping.serial.is_some();
        let file = self.file.clone();
        let (mut added, mut known) = (0, 0);
        self.transaction(|transaction| {
            let id = begin(transaction, list, keyed, &file)?;
            let newest = "SELECT coalesce(max(id), 0) FROM row";
            let newest: i64 = transaction.query_row(newest, [], |row| row.get(0)).in_file(&file)?;
            for line in &lines {
                if line.add(transaction, (id, list), newest, &file)? {
                    added += 1;
                } else {
                    known += 1;
                }
            }
            Ok(())
        })?;
        Ok(Imported { added, known, ignored_columns })
    }
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

/// Reads and checks the whole CSV before anything is written.
fn lines(csv: &[u8], mapping: &Mapping) -> Result<(Vec<Line>, Vec<String>), ProvisionError> {
    // What spreadsheets put in front of UTF-8.
    let csv = csv.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(csv);
    let delimiter = delimiter(csv);
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).trim(csv::Trim::All).from_reader(csv);
    let broken = |error: &csv::Error| ProvisionError::Csv {
        line: error.position().map_or(1, csv::Position::line),
        problem: match error.kind() {
            csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                format!("it has {len} columns, and the first line has {expected_len}")
            }
            csv::ErrorKind::Utf8 { .. } => "it is not UTF-8".to_owned(),
            _ => "it cannot be read".to_owned(),
        },
    };
    let headers = reader.headers().map_err(|error| broken(&error))?.clone();
    let columns = Columns::find(&headers, mapping)?;
    let mut lines = Vec::new();
    let mut units = BTreeSet::new();
    for record in reader.records() {
        let record = record.map_err(|error| broken(&error))?;
        let number = record.position().map_or(0, csv::Position::line);
        let wrong = |problem: String| ProvisionError::Csv { line: number, problem };
        let line = columns.line(&record, number, mapping)?;
        if let Some(unit) = &line.unit {
            let good = unit.chars().all(|letter| letter.is_ascii_graphic()) && unit.len() <= LONGEST_SERIAL;
            if unit.is_empty() || !good {
                return Err(wrong("its serial number is missing, too long or not printable ASCII".to_owned()));
            }
            if !units.insert(unit.clone()) {
                return Err(wrong(format!("the serial number {unit} stands there twice")));
            }
        }
        lines.push(line);
    }
    if lines.is_empty() {
        return Err(ProvisionError::Columns { problem: "there is no row in the list".to_owned() });
    }
    Ok((lines, columns.ignored))
}

/// Spreadsheets of many countries write semicolons; the first line tells.
fn delimiter(csv: &[u8]) -> u8 {
    let first = csv.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |wanted: u8| first.iter().filter(|byte| **byte == wanted).count();
    [b',', b';', b'\t'].into_iter().rev().max_by_key(|mark| count(*mark)).unwrap_or(b',')
}

/// Where each field stands.
struct Columns {
    serial: Option<usize>,
    /// Column of each field.
    fields: Vec<(usize, String)>,
    ignored: Vec<String>,
}

impl Columns {
    fn find(headers: &csv::StringRecord, mapping: &Mapping) -> Result<Self, ProvisionError> {
        let wrong = |problem: String| Err(ProvisionError::Columns { problem });
        let place = |name: &str| {
            let mut places = headers.iter().enumerate().filter(|(_, header)| *header == name);
            match (places.next(), places.next()) {
                (Some((place, _)), None) => Ok(place),
                (None, _) => Err(ProvisionError::Columns { problem: format!("the list has no column {name:?}") }),
                _ => Err(ProvisionError::Columns { problem: format!("the list has two columns {name:?}") }),
            }
        };
        let serial = mapping.serial.as_deref().map(place).transpose()?;
        let mut fields = Vec::new();
        for (field, column) in &mapping.columns {
            fields.push((place(column)?, field.clone()));
        }
        let mut ignored = Vec::new();
        for (position, header) in headers.iter().enumerate() {
            let mapped = serial == Some(position) || fields.iter().any(|(place, _)| *place == position);
            if mapped {
                continue;
            }
            if is_field(header) && !mapping.columns.contains_key(header) {
                fields.push((place(header)?, header.to_owned()));
            } else {
                ignored.push(header.to_owned());
            }
        }
        let names: Vec<&str> =
            fields.iter().map(|(_, name)| name.as_str()).chain(mapping.constants.keys().map(String::as_str)).collect();
        if let Some(unknown) = names.iter().find(|name| !is_field(name)) {
            return Err(FieldError::Unknown { name: (*unknown).to_owned() }.into());
        }
        let different: BTreeSet<&&str> = names.iter().collect();
        if different.len() < names.len() {
            return wrong("a field is both a column and the same for all rows".to_owned());
        }
        if names.is_empty() {
            return wrong("no column of the list is a field that can be provisioned".to_owned());
        }
        Ok(Self { serial, fields, ignored })
    }

    fn line(&self, record: &csv::StringRecord, number: u64, mapping: &Mapping) -> Result<Line, ProvisionError> {
        let cell = |column: usize| record.get(column).unwrap_or_default();
        let values = self.fields.iter().map(|(column, name)| (name.as_str(), cell(*column)));
        let constants = mapping.constants.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let mut fields = BTreeMap::new();
        for (name, value) in values.chain(constants) {
            // An empty cell is no value.
            if value.is_empty() {
                continue;
            }
            check(name, value).map_err(|error| ProvisionError::Csv { line: number, problem: error.to_string() })?;
            fields.insert(name.to_owned(), value.to_owned());
        }
        if fields.is_empty() {
            return Err(ProvisionError::Csv { line: number, problem: "there is no value in it".to_owned() });
        }
        Ok(Line { number, unit: self.serial.map(|column| cell(column).to_owned()), fields })
    }
}

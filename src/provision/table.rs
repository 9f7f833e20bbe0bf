//! A list in CSV as it was read: its columns, its lines, and all that is wrong with them. Its cells may be secrets, and are shown
//! only where a column is known to hold none.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use super::columns::{SERIAL, TakenFor};
use super::error::ProvisionError;
use super::mapping::{Mapping, check, is_field};
use crate::image::field::{self, FieldError};

/// Longest serial number, in characters: that of the calibration block.
const LONGEST_SERIAL: usize = 24;
/// What stands for a value that is not shown.
const MASKED: &str = "***";

/// A list in CSV.
pub struct Table {
    headers: csv::StringRecord,
    /// With their lines in the file.
    records: Vec<(u64, csv::StringRecord)>,
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Table of {} columns and {} rows", self.headers.len(), self.records.len())
    }
}

/// A row of the CSV that is right.
pub(super) struct Line {
    pub(super) number: u64,
    pub(super) unit: Option<String>,
    pub(super) fields: BTreeMap<String, String>,
}

/// What is wrong with a list, as far as it is told.
#[derive(Debug, Default)]
pub struct Faults {
    /// The first of them, in the order of the lines.
    pub told: Vec<ProvisionError>,
    /// How many more there are.
    pub more: usize,
}

impl Faults {
    /// Faults that are told; who has made one slip in a column has made it in every line.
    const MOST: usize = 5;

    fn add(&mut self, fault: ProvisionError) {
        if self.told.len() < Self::MOST { self.told.push(fault) } else { self.more += 1 }
    }
}

impl Table {
    /// Reads a CSV; its first line names the columns.
    ///
    /// # Errors
    /// It is none.
    pub fn read(csv: &[u8]) -> Result<Self, ProvisionError> {
        // What spreadsheets put in front of UTF-8.
        let csv = csv.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(csv);
        let mut reader = csv::ReaderBuilder::new().delimiter(delimiter(csv)).trim(csv::Trim::All).from_reader(csv);
        let headers = reader.headers().map_err(|error| broken(&error))?.clone();
        let mut records = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|error| broken(&error))?;
            records.push((record.position().map_or(0, csv::Position::line), record));
        }
        if records.is_empty() {
            return Err(ProvisionError::Columns { problem: "there is no row in the list".to_owned() });
        }
        Ok(Self { headers, records })
    }

    /// The names of the columns.
    pub fn headers(&self) -> impl Iterator<Item = &str> {
        self.headers.iter()
    }

    /// How many rows there are.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.records.len()
    }

    /// The first rows of a column that was taken for this field, or for the serial number. What is, or may be, a secret is masked.
    pub fn shown(&self, column: usize, taken_for: Option<&str>) -> impl Iterator<Item = &str> {
        let open = taken_for.is_some_and(|field| !field::is_secret(field));
        self.records.iter().map(move |(_, record)| match record.get(column).unwrap_or_default() {
            "" => "",
            value if open => value,
            _ => MASKED,
        })
    }

    /// The fewest and the most characters in a column, so that it can be told without its values.
    #[must_use]
    pub fn lengths(&self, column: usize) -> (usize, usize) {
        let lengths = || self.records.iter().map(|(_, record)| record.get(column).unwrap_or_default().chars().count());
        (lengths().min().unwrap_or(0), lengths().max().unwrap_or(0))
    }

    /// What is wrong with the list when its columns are taken so.
    #[must_use]
    pub fn faults(&self, mapping: &Mapping) -> Faults {
        match Columns::find(&self.headers, mapping) {
            Ok(columns) => self.each_line(&columns, mapping).1,
            Err(fault) => Faults { told: vec![fault], more: 0 },
        }
    }

    /// All rows, and the columns that are left out.
    pub(super) fn lines(&self, mapping: &Mapping) -> Result<(Vec<Line>, Vec<String>), ProvisionError> {
        let columns = Columns::find(&self.headers, mapping)?;
        let (lines, faults) = self.each_line(&columns, mapping);
        faults.told.into_iter().next().map_or(Ok((lines, columns.ignored)), Err)
    }

    fn each_line(&self, columns: &Columns, mapping: &Mapping) -> (Vec<Line>, Faults) {
        let (mut lines, mut faults, mut seen) = (Vec::new(), Faults::default(), BTreeSet::new());
        for (number, record) in &self.records {
            let wrong = |problem: String| ProvisionError::Csv { line: *number, problem };
            match columns.line(record, *number, mapping) {
                Ok(line) => {
                    if let Some(unit) = &line.unit {
                        let good = unit.chars().all(|letter| letter.is_ascii_graphic()) && unit.len() <= LONGEST_SERIAL;
                        if unit.is_empty() || !good {
                            let problem = "its serial number is missing, too long or not printable ASCII";
                            faults.add(wrong(problem.to_owned()));
                        } else if !seen.insert(unit.clone()) {
                            faults.add(wrong(format!("the serial number {unit} stands there twice")));
                        }
                    }
                    lines.push(line);
                }
                Err(fault) => faults.add(fault),
            }
        }
        (lines, faults)
    }
}

/// Says which line it was and quotes nothing of it.
fn broken(error: &csv::Error) -> ProvisionError {
    ProvisionError::Csv {
        line: error.position().map_or(1, csv::Position::line),
        problem: match error.kind() {
            csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                format!("it has {len} columns, and the first line has {expected_len}")
            }
            csv::ErrorKind::Utf8 { .. } => "it is not UTF-8".to_owned(),
            _ => "it cannot be read".to_owned(),
        },
    }
}

/// Whether others than its owner can read a file with secrets. Where that cannot be told they cannot.
#[must_use]
pub fn is_readable_by_others(file: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::metadata(file).is_ok_and(|found| found.permissions().mode() & 0o077 != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        false
    }
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
        let named = headers.iter().find(|header| *header == SERIAL && !mapping.left_out.contains(*header));
        let serial = mapping.serial.as_deref().or(named).map(place).transpose()?;
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
            let wanted = !mapping.columns.contains_key(header) && !mapping.left_out.contains(header);
            if is_field(header) && wanted {
                fields.push((place(header)?, header.to_owned()));
            } else {
                ignored.push(header.to_owned());
            }
        }
        // A row that belongs to one unit must not go to whoever comes first.
        let looks_so = |header: &&String| {
            TakenFor::guessed(header) == Some(TakenFor::Serial) && !mapping.left_out.contains(header.as_str())
        };
        if let Some(column) = ignored.iter().find(looks_so).filter(|_| serial.is_none()) {
            return wrong(format!(
                "the column {column:?} seems to name the units: say that it holds their serial numbers (--serial {column:?}), \
                 or leave it out by name (--map, left_out)"
            ));
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

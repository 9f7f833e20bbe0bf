//! What the subcommands that make papers share: which record is meant, and writing the file in one step.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::Output;
use crate::cli::exit::Exit;
use crate::cli::{advise, message};
use crate::disk;
use crate::paper::{Paper, PaperError};
use crate::record::{Hash, Record, Store, StoreError};

/// One record, by its number or by the unit it speaks for.
#[derive(clap::Args, Debug)]
pub(super) struct Which {
    /// Number of the record, or serial number of the unit: of several attempts the last that was measured
    #[arg(value_name = "NUMBER|SERIAL")]
    which: String,
    /// It is a serial number, though it looks like a number
    #[arg(long)]
    serial: bool,
    /// Station of its chain, where records were imported
    #[arg(long, conflicts_with = "serial")]
    station: Option<String>,
}

impl Which {
    /// The record; none is said to the operator.
    pub(super) fn find(&self, store: &Store) -> Result<Option<Record>, StoreError> {
        let number = self.which.parse::<u64>().ok().filter(|_| !self.serial);
        let record = match number {
            Some(number) => store.record(self.station.as_deref(), number)?,
            None => match store.speaks_for(&self.which)? {
                Some(found) => store.record(Some(&found.station), found.number)?,
                None => None,
            },
        };
        if record.is_none() {
            message(&match number {
                Some(number) => format!("there is no record {number}; a serial number of digits alone takes --serial"),
                None => format!("there is no record of {}", self.which),
            });
        }
        Ok(record)
    }
}

/// What is told of a record beside the file that was made of it.
pub(super) fn of_record(record: &Record) -> Map<String, Value> {
    let (sealed, entry) = (&record.record, &record.record.entry);
    let told = [
        ("record", json!(sealed.number)),
        ("station", json!(sealed.station)),
        ("record_sha256", json!(record.hash)),
        ("serial", json!(entry.serial)),
        ("verdict", json!(entry.verdict)),
        ("simulated", json!(entry.simulated)),
    ];
    told.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Puts a PDF in its place and tells path, pages and hash.
pub(super) fn put_paper(
    paper: &Paper,
    to: &Path,
    mut told: Map<String, Value>,
    output: &mut Output<'_>,
) -> anyhow::Result<Exit> {
    for remark in &paper.remarks {
        message(remark);
    }
    told.insert("pages".to_owned(), json!(paper.pages));
    put(&paper.pdf, to, told, output)
}

/// Puts a file in its place and tells path and hash.
pub(super) fn put(
    bytes: &[u8],
    to: &Path,
    mut told: Map<String, Value>,
    output: &mut Output<'_>,
) -> anyhow::Result<Exit> {
    disk::replace(to, bytes).map_err(|source| StoreError::File { file: to.to_owned(), source })?;
    let hash = Hash::of(bytes);
    if output.json {
        told.insert("path".to_owned(), json!(to));
        told.insert("sha256".to_owned(), json!(hash));
        writeln!(output.out, "{}", Value::Object(told))?;
    } else {
        let pages = told.get("pages").map_or_else(String::new, |pages| format!(", pages {pages}"));
        writeln!(output.out, "{}{pages}, SHA-256 {hash}", to.display())?;
    }
    Ok(Exit::DONE)
}

/// Says why there is no paper.
pub(super) fn refused(error: &PaperError) -> Exit {
    if let PaperError::Store(error) = error {
        return super::refused(error);
    }
    advise(&error.advice());
    match error {
        PaperError::NotPassed { .. } | PaperError::Outdated { .. } | PaperError::Golden { .. } => Exit::FAILED,
        PaperError::Stopped { .. } | PaperError::TooSlow { .. } => Exit::COULD_NOT_MEASURE,
        _ => Exit::BAD_INPUT,
    }
}

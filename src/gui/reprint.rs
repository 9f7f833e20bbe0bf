//! Printing a record's paper once more: a file is asked for, and whoever can print makes what goes into it, on the thread of
//! the file dialog.
//!
//! Not here: what a paper looks like ([`crate::paper`]). A window that is given no press offers no papers.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::archive::Key;
use crate::disk;
use crate::paper::certificate::Certificate;
use crate::paper::label::{Label, Size};
use crate::paper::{self, PaperError};
use crate::record::{self, Record, Store};

/// A paper of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sheet {
    /// The certificate of a unit that passed.
    Certificate,
    /// The test report of one that did not.
    Report,
    /// The label of a unit that passed.
    Label,
}

impl Sheet {
    /// What a file of it is called, before the serial number.
    #[must_use]
    pub const fn file_word(self) -> &'static str {
        match self {
            Self::Certificate => "certificate",
            Self::Report => "report",
            Self::Label => "label",
        }
    }
}

/// Makes the bytes of a PDF from a record, or says in words why it cannot.
pub type Print = dyn Fn(Sheet, &Store, &Record) -> Result<Vec<u8>, String> + Send + Sync;

/// Who prints, and the records it prints from.
#[derive(Clone)]
pub struct Press {
    /// File of the records.
    pub file: PathBuf,
    /// Makes the PDF.
    pub print: Arc<Print>,
}

impl Press {
    /// Prints from the records in `data`, with templates of one's own in `templates`.
    #[must_use]
    pub fn of_records(data: &Path, templates: PathBuf) -> Self {
        let press = paper::Press::new(Some(templates));
        let made = move |sheet: Sheet, store: &Store, record: &Record| -> Result<Vec<u8>, PaperError> {
            let paper = match sheet {
                Sheet::Certificate | Sheet::Report => Certificate::from_store(store, record)?.print(record, &press)?,
                Sheet::Label => Label::from_store(store, record, Size::default())?.print(record, &press)?,
            };
            Ok(paper.pdf)
        };
        let print = move |sheet: Sheet, store: &Store, record: &Record| {
            made(sheet, store, record).map_err(|error| error.to_string())
        };
        Self { file: record::file_in(data), print: Arc::new(print) }
    }
}

/// A paper that is asked for.
#[derive(Clone)]
pub struct Order {
    /// Who prints it.
    pub press: Press,
    /// Which paper.
    pub sheet: Sheet,
    /// Of which record.
    pub key: Key,
    /// Serial number, for the file's name.
    pub serial: String,
}

impl fmt::Debug for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Order").field("sheet", &self.sheet).field("key", &self.key).finish_non_exhaustive()
    }
}

impl Order {
    /// The name that is proposed; a serial number may hold signs that no file's name may.
    #[must_use]
    pub fn file_name(&self) -> String {
        let plain = |sign: char| if sign.is_alphanumeric() || "-_.".contains(sign) { sign } else { '_' };
        let serial: String = self.serial.chars().map(plain).collect();
        format!("{}-{serial}-{}.pdf", self.sheet.file_word(), self.key.number)
    }

    /// Makes the paper and writes it to this file; nothing half stands under its name.
    ///
    /// # Errors
    /// In words: the record cannot be read, the paper cannot be made, or the file cannot be written.
    pub fn carry_out(&self, path: &Path) -> Result<(), String> {
        let store = Store::read_only(&self.press.file).map_err(|error| error.to_string())?;
        let record = store.record(Some(&self.key.station), self.key.number).map_err(|error| error.to_string())?;
        let Some(record) = record else {
            return Err(t!("There is no record {number}", number = self.key.number));
        };
        let pdf = (self.press.print)(self.sheet, &store, &record)?;
        disk::replace(path, &pdf).map_err(|error| t!("{path} cannot be written: {error}", path = path.display(), error))
    }
}

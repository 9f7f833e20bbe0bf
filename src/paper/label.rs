//! What goes onto a unit: its serial number to read and to scan, and the day it passed.

use std::str::FromStr;

use serde::Serialize;

use super::certificate::printable;
use super::error::PaperError;
use super::qr::Qr;
use super::standing;
use super::template::Template;
use super::typeset::{Imprint, Paper, Press};
use crate::procedure::Verdict;
use crate::record::{Record, Store};

/// A label as it is printed.
#[derive(Clone, Debug, Serialize)]
pub struct Label {
    /// Serial number of the unit.
    pub serial: String,
    /// Meter profile.
    pub profile: String,
    /// The day it passed, by the station's calendar.
    pub day: String,
    /// The run was simulated, and the label says so.
    pub simulated: bool,
    /// A supervisor allowed what is not in order with the bench, and the label says so.
    pub exception: bool,
    /// Number of the record.
    pub record: u64,
    /// Width of the paper.
    pub width_mm: f64,
    /// Height of the paper.
    pub height_mm: f64,
    /// The serial number and nothing else, for the scanner types it where a serial number is asked for.
    pub qr: Qr,
}

/// Size of a label.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Size {
    width_mm: f64,
    height_mm: f64,
}

/// No size.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no size of a label; write width and height in millimetres, 15 to 200 each: 50x25")]
pub struct NoSize(String);

impl FromStr for Size {
    type Err = NoSize;

    fn from_str(text: &str) -> Result<Self, NoSize> {
        let side = |text: &str| text.parse::<f64>().ok().filter(|side| (15.0..=200.0).contains(side));
        let sides = text.split_once(['x', '×']).and_then(|(width, height)| side(width).zip(side(height)));
        let (width_mm, height_mm) = sides.ok_or_else(|| NoSize(text.to_owned()))?;
        Ok(Self { width_mm, height_mm })
    }
}

impl Default for Size {
    /// A size label printers are sold paper for.
    fn default() -> Self {
        Self { width_mm: 50.0, height_mm: 25.0 }
    }
}

impl Label {
    /// Of a unit that passed and did not fail since.
    ///
    /// # Errors
    /// It did not pass, or failed since; the store cannot be read; its serial number does not fit into a code.
    pub fn from_store(store: &Store, record: &Record, size: Size) -> Result<Self, PaperError> {
        let label = Self::of(record, size)?;
        match standing::failed_since(store, record)? {
            Some(failed) => Err(PaperError::Outdated {
                serial: record.record.entry.serial.clone(),
                number: record.record.number,
                failed: failed.number,
                day: failed.at.day(),
            }),
            None => Ok(label),
        }
    }

    /// Of a record of a unit that passed; nothing is known of later attempts.
    ///
    /// # Errors
    /// It did not pass, or it is a golden unit; its serial number does not fit into a code.
    pub fn of(record: &Record, size: Size) -> Result<Self, PaperError> {
        let entry = &record.record.entry;
        if entry.traceability.golden.is_some() {
            return Err(PaperError::Golden { serial: entry.serial.clone(), number: record.record.number });
        }
        if entry.verdict != Verdict::Pass {
            let (serial, number) = (entry.serial.clone(), record.record.number);
            return Err(PaperError::NotPassed { serial, number, verdict: entry.verdict });
        }
        Ok(Self {
            serial: printable(&entry.serial),
            profile: printable(&entry.profile.name),
            day: entry.at.day().to_string(),
            simulated: entry.simulated,
            exception: entry.traceability.mark().is_some(),
            record: record.record.number,
            width_mm: size.width_mm,
            height_mm: size.height_mm,
            qr: Qr::of(&entry.serial)?,
        })
    }

    /// Prints it.
    ///
    /// # Errors
    /// The template has a mistake, or a sign no font has.
    pub fn print(&self, record: &Record, press: &Press) -> Result<Paper, PaperError> {
        let imprint = Imprint { ident: format!("label {}", record.hash), at: record.record.entry.at.clone() };
        press.print(Template::Label, self, imprint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_millimetres() {
        assert_eq!("50x25".parse::<Size>().expect("size"), Size::default());
        for wrong in ["", "50", "50x", "x25", "50x5", "nanx25", "500x25", "50x25x3"] {
            assert!(wrong.parse::<Size>().is_err(), "{wrong}");
        }
    }
}

//! What is kept of flashing outside of a run: by the `flash` command or on the firmware page of the window.
//!
//! Flashings are a chain of their own beside that of the runs, numbered F1, F2 and so on: each carries the hash of the one before.
//! They are kept as the very text the hash is taken over. Not here: flashing in a run, which is part of the run's record.

pub(super) mod chain;
mod import;
mod search;

use serde::{Deserialize, Serialize};

use super::entry::number;
use super::seal::Hash;
use super::time::Stamp;
use crate::flash::{FlashError, Identity, Report, UniqueId};
use crate::image::Image;
use crate::image::block::Pages;
use crate::image::show::Summary;
use crate::uid;

/// How flashing ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Outcome {
    /// Every byte that was written was read back and was right.
    Verified,
    /// It was written, and reading back was not wanted.
    Written,
    /// It did not succeed; what is on the chip is not known.
    Failed,
    /// Somebody stopped it.
    Cancelled,
}

impl Outcome {
    /// As it is printed.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Verified => "VERIFIED",
            Self::Written => "WRITTEN",
            Self::Failed => "FAILED",
            Self::Cancelled => "CANCELLED",
        }
    }
}

/// One flashing. This is the record's format: what is added later is not written where there is nothing of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flashing {
    /// 128 bits in hex, made when it ended: the same flashing is never taken for two.
    pub uid: String,
    /// When it ended.
    pub at: Stamp,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it did not succeed, in words.
    pub failure: Option<String>,
    /// The chip says of itself that it is simulated.
    pub simulated: bool,
    /// Who sat at the bench.
    pub operator: Option<String>,
    /// The program and its version.
    pub program: String,
    /// Kind of the chip's address: `rom+serial`, `rom+tcp`, `swd`.
    pub through: String,
    /// The boot loader with its version, or the probe.
    pub loader: String,
    /// Product number, as 0x and three digits.
    pub chip_id: String,
    /// 96 bits, in 24 hexadecimal digits; none of a protected chip.
    pub unique_id: Option<String>,
    /// Name of the image's file.
    pub image: String,
    /// SHA-256 over the image's bytes.
    pub image_sha256: Hash,
    /// Serial number in the image's calibration block, where it has one.
    pub serial: Option<String>,
    /// What was done, where it succeeded.
    pub written: Option<Written>,
    /// How long it took, in seconds.
    pub seconds: f64,
}

/// What was done with the image's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// Sent to the chip.
    pub bytes_written: u64,
    /// Not sent: they were there already, or erased flash reads so.
    pub bytes_skipped: u64,
    /// Neither sent nor read back, because the chip was known to hold them.
    pub bytes_trusted: u64,
    /// Every byte written was read back and was right.
    pub verified: bool,
    /// Readout protection was switched on.
    pub protected: bool,
    /// The program was started.
    pub started: bool,
}

/// What was to be flashed, and by whom.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// The image.
    pub image: &'a Image,
    /// Its file, without folders.
    pub file: &'a str,
    /// The chip's address.
    pub target: &'a crate::port::url::DeviceUrl,
    /// Who sat at the bench; empty where nobody said.
    pub operator: &'a str,
}

impl Flashing {
    /// Of an attempt at a chip that had said what it is. `seconds` is how long it took.
    #[must_use]
    pub fn of(attempt: &Attempt<'_>, identity: &Identity, result: &Result<Report, FlashError>, seconds: f64) -> Self {
        let (outcome, failure) = match result {
            Ok(report) if report.verified => (Outcome::Verified, None),
            Ok(_) => (Outcome::Written, None),
            Err(error @ FlashError::Cancelled { .. }) => (Outcome::Cancelled, Some(error.to_string())),
            Err(error) => (Outcome::Failed, Some(error.to_string())),
        };
        let Attempt { image, file, target, operator } = *attempt;
        let sha256 = Summary::of(image).ok().and_then(|summary| summary.sha256.parse().ok());
        let block = Pages::find(b"", image).ok().and_then(|pages| pages.read(image).ok());
        let report = result.as_ref().ok();
        // A chip that was protected tells its number only after it was unlocked.
        let unique_id = report.and_then(|report| report.unique_id.clone());
        let unique_id = unique_id.or_else(|| identity.unique_id.as_ref().map(UniqueId::to_string));
        let mut flashing = Self {
            uid: String::new(),
            at: Stamp::now(),
            outcome,
            failure,
            simulated: report.is_some_and(|report| report.simulated)
                || identity.unique_id.as_ref().is_some_and(UniqueId::is_simulated),
            operator: Some(operator.trim().to_owned()).filter(|name| !name.is_empty()),
            program: concat!("meterbench ", env!("CARGO_PKG_VERSION")).to_owned(),
            through: target.to_string().split(':').next().unwrap_or_default().to_owned(),
            loader: identity.loader.clone(),
            chip_id: format!("{:#05x}", identity.chip.id),
            unique_id,
            image: file.to_owned(),
            image_sha256: sha256.unwrap_or(Hash([0; 32])),
            serial: block.map(|(_, block)| block.serial.to_string()).filter(|serial| !serial.is_empty()),
            written: report.map(|report| Written {
                bytes_written: report.bytes_written,
                bytes_skipped: report.bytes_skipped,
                bytes_trusted: report.bytes_trusted,
                verified: report.verified,
                protected: report.protected,
                started: report.started,
            }),
            seconds: number(report.map_or(seconds, |report| report.seconds)).unwrap_or_default(),
        };
        flashing.uid = uid::unique(&serde_json::to_string(&flashing).unwrap_or_default());
        flashing
    }
}

/// What the hash of a flashing covers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedFlashing {
    /// The station whose chain it belongs to.
    pub station: String,
    /// Its place there, from 1.
    pub number: u64,
    /// Hash of the flashing before it.
    pub previous: Hash,
    /// What happened.
    pub flashing: Flashing,
}

/// A flashing as it is in the store.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FlashRecord {
    /// Hash over the rest.
    pub hash: Hash,
    /// The rest.
    pub record: SealedFlashing,
    /// The rest as the very text the hash is taken over.
    #[serde(skip)]
    pub text: String,
}

impl FlashRecord {
    /// Its number as people write it, so that it is not taken for a run's: F1, F2 and so on.
    #[must_use]
    pub fn name(&self) -> String {
        format!("F{}", self.record.number)
    }
}

/// What the first flashing of a station takes for the hash before it.
fn before_all(station: &str) -> Hash {
    Hash::of(format!("flashings of {station}").as_bytes())
}

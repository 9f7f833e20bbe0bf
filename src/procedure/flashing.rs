//! What a position needs to be flashed, and what is left of it for the report.

use std::sync::Arc;

use meter_interface::block::{Block, Date};
use serde::Serialize;

use crate::flash::{self, Hands};
use crate::image::firmware::Firmware;
use crate::meter::{self, Meter};
use crate::profile::flashing::{Flashing, Restart};

/// A chip to flash at a position, and the image for it.
pub struct FlashSite {
    /// The firmware that is made the unit's own.
    pub firmware: Arc<Firmware>,
    /// Opens the way to the chip; it is closed again when the chip is flashed.
    pub target: flash::Opener,
    /// What the operator has to do because the way to the chip cannot.
    pub hands: Hands,
    /// The way to the meter that runs its image; without one it is the way it was calibrated over.
    pub link: Option<meter::Way>,
    /// The way that `link` has opened. Kept here between two runs, and opened anew in the next.
    pub opened: Option<Box<dyn Meter>>,
    /// What else goes into the unit's calibration block.
    pub imprint: Imprint,
}

/// What a unit's block tells besides its calibration.
#[derive(Clone, Debug, Default)]
pub struct Imprint {
    /// Day of the calibration.
    pub calibrated_on: Option<Date>,
    /// The bench; empty is none.
    pub bench: String,
    /// The record of the run; empty is none.
    pub record: String,
    /// Values of the provisioning list.
    pub provisioned: Option<Provisioned>,
}

/// Values of the provisioning list for one unit.
#[derive(Clone, Debug)]
pub struct Provisioned {
    /// A block with the values; what the calibration finds out is put into it.
    pub block: Block,
    /// The row they came from, for the record. Never a value.
    pub row: String,
}

/// What was flashed, for report and record. There are no secrets in it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FlashReport {
    /// SHA-256 of the unit's image.
    pub image_sha256: String,
    /// The block's place and sequence number in it.
    pub copy: String,
    /// The block's sequence number.
    pub sequence: u32,
    /// What flashing has done; none when it failed.
    pub chip: Option<flash::Report>,
    /// Who answered after the restart; none when nobody did or it was somebody else.
    pub answered: Option<Answered>,
    /// The record the unit's block names; empty is none.
    pub record: String,
    /// The row of the provisioning list whose values are in the image.
    pub provisioning_row: Option<String>,
}

impl Flashing {
    /// The operator is needed, and not while the unit is supplied.
    #[must_use]
    pub fn by_hand(&self, hands: Hands) -> bool {
        let by_target = match hands {
            Hands::None => true,
            Hands::SupplyAfterProtecting => !self.protect,
            Hands::Boot0 => false,
        };
        self.restart == Restart::PowerCycle || !by_target
    }
}

impl FlashReport {
    /// The unit that runs the image has been found right, and each byte of the image was read back. Bytes that were trusted instead count
    /// only with the CRC that the meter's own program has told over all of itself, after it was started on this image; the calibration
    /// pages, which that CRC does not cover, are never trusted.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        let Some((chip, answered)) = self.chip.as_ref().zip(self.answered.as_ref()) else { return false };
        chip.verified && (chip.bytes_trusted == 0 || answered.program_crc.is_some())
    }
}

/// The unit, as it runs its image.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answered {
    /// The way it was found right through.
    pub through: &'static str,
    /// Version of its firmware, where it tells one.
    pub firmware: Option<String>,
    /// What its firmware was built from, where it tells that.
    pub build: Option<String>,
    /// CRC-32 that its program has found over its own bytes, in hexadecimal digits; there only when it is the image's.
    pub program_crc: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_read_or_summed_by_the_meter_itself_is_proven() {
        let chip = |bytes_trusted, verified| flash::Report {
            chip_id: "0x410".to_owned(),
            unique_id: None,
            loader: String::new(),
            flash_kib: 64,
            bytes_written: 1024,
            bytes_skipped: 0,
            bytes_trusted,
            bytes_read_back: 2048,
            pages_erased: 2,
            retries: 0,
            verified,
            protected: false,
            started: true,
            seconds: 1.0,
            simulated: false,
        };
        let answered = |crc: Option<&str>| {
            let program_crc = crc.map(str::to_owned);
            Some(Answered { through: "the service port", firmware: None, build: None, program_crc })
        };
        let proven = |chip, answered| {
            let (image_sha256, copy, record) = (String::new(), "A".to_owned(), String::new());
            FlashReport { image_sha256, copy, sequence: 1, chip, answered, record, provisioning_row: None }.is_proven()
        };
        assert!(proven(Some(chip(0, true)), answered(None)));
        assert!(proven(Some(chip(40_000, true)), answered(Some("cbf43926"))));
        assert!(!proven(Some(chip(40_000, true)), answered(None)));
        for crc in [None, Some("cbf43926")] {
            assert!(!proven(Some(chip(0, false)), answered(crc)));
            assert!(!proven(None, answered(crc)));
        }
        assert!(!proven(Some(chip(0, true)), None));
    }
}

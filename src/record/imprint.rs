//! What a unit's calibration block tells of the run that made it: the day, the bench, and the record's number, which is known before the run is.

use jiff::Zoned;
use meter_interface::block::Date;

use crate::procedure::Imprint;
use crate::uid;

/// For a unit that is about to be calibrated on this bench. Each run needs one of its own.
#[must_use]
pub fn imprint(serial: &str, bench: &str) -> Imprint {
    Imprint { calibrated_on: today(), bench: bench.to_owned(), record: uid::unique(serial), provisioned: None }
}

fn today() -> Option<Date> {
    let now = Zoned::now();
    Date::new(u16::try_from(now.year()).ok()?, u8::try_from(now.month()).ok()?, u8::try_from(now.day()).ok()?)
}

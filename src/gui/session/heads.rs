//! The optical heads before the meters. One that cannot be opened is said, and holds up only what counts pulses.

use super::{AddressTexts, Notice, Worker, of_station};
use crate::clock::SharedClock;
use crate::gui::device::Device;
use crate::port::pulse::PulseInput;
use crate::station::{self, StationError};

impl Worker<'_> {
    /// Opens the heads that are named and puts them before their meters.
    pub(super) fn attach_heads(
        &self,
        texts: &AddressTexts,
        heads: &mut [Option<Box<dyn PulseInput>>],
        clock: &SharedClock,
    ) {
        let named = texts.pulses.iter().map(|text| text.trim()).enumerate().filter(|(_, text)| !text.is_empty());
        for (number, text) in named {
            let url = text.parse().map_err(StationError::from);
            match (url.and_then(|url| station::open_head(&url, clock)), heads.get_mut(number)) {
                (Ok(head), Some(place)) => *place = Some(head),
                (Ok(_), None) => {}
                (Err(error), _) => {
                    tracing::error!(target: "meterbench::station", position = number + 1, %error, "no optical head");
                    let mut advice = of_station(&error);
                    let (position, what) = (number + 1, advice.what);
                    advice.what = t!("Optical head of position {position}: {what}", position, what);
                    self.ctl.notice(Notice::Trouble(Device::Meter, advice));
                }
            }
        }
    }
}

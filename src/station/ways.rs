//! What a run opens when it comes to it: the chip to flash, and the meter that runs its image. An adapter is held no longer than it is needed.

use std::sync::Arc;

use super::{Opener, StationError};
use crate::clock::SharedClock;
use crate::flash::rom::RomTarget;
use crate::flash::rom::entry::{ControlLine, Entry};
use crate::flash::rom::target::LINE;
use crate::flash::{self, Hands, Target};
use crate::meter::{self, Reach};
use crate::operator::Operator;
use crate::port::url::{DeviceUrl, UrlError};
use crate::port::{Level, OpenError, Signal};
use crate::sim::device::{AfeDevice, Shared};
use crate::sim::line::SimLine;
use crate::sim::rom::RomOptions;
use crate::sim::unit::SimUnit;

/// How the simulated unit's adapter is wired.
const SIM_ENTRY: Entry = Entry::Signals {
    reset: ControlLine { signal: Signal::Dtr, active: Level::On },
    boot0: Some(ControlLine { signal: Signal::Rts, active: Level::On }),
};

/// Opens things of an open station's positions.
pub struct Ways {
    pub(super) clock: SharedClock,
    pub(super) operator: Arc<dyn Operator>,
    /// Time is virtual, and only what is simulated lives in it.
    pub(super) virtual_time: bool,
    /// By position: the simulated board, where it is one.
    pub(super) boards: Vec<Option<Shared<AfeDevice>>>,
}

impl Ways {
    /// The way to the chip of a position, and what it leaves to hands. Nothing is opened yet.
    ///
    /// # Errors
    /// The address names no way to a chip, or a simulated chip at a meter that is none.
    pub fn target(&self, position: usize, url: &DeviceUrl) -> Result<(flash::Opener, Hands), UrlError> {
        let clock = Arc::clone(&self.clock);
        if url.kind != "sim" {
            self.expect_real(url)?;
            let (url, hands) = (url.clone(), flash::hands(url)?);
            return Ok((Box::new(move || flash::open(&url, &clock)), hands));
        }
        let options = RomOptions::from_url(url)?;
        let board = self.boards.get(position).and_then(Option::as_ref);
        let board = board.ok_or_else(|| url.error("a simulated chip belongs to a simulated meter: --meter sim:"))?;
        let unit = Shared::new(SimUnit::new(options, board.clone()));
        let name = format!("simulated controller {}", position + 1);
        let open = move || {
            let device = Box::new(unit.clone());
            let line = SimLine::new(name.clone(), Arc::clone(&clock), device, Some(LINE.baud));
            let target: Box<dyn Target> = Box::new(RomTarget::new(Box::new(line), LINE, Arc::clone(&clock), SIM_ENTRY));
            Ok(target)
        };
        Ok((Box::new(open), Hands::None))
    }

    fn expect_real(&self, url: &DeviceUrl) -> Result<(), UrlError> {
        if self.virtual_time {
            return Err(url.error("everything else at this station is simulated, so its time is too: use sim:"));
        }
        Ok(())
    }

    /// The way to a meter that runs its image. Nothing is opened yet.
    ///
    /// # Errors
    /// The address names no meter that exists outside of this process.
    pub fn meter(&self, url: &DeviceUrl) -> Result<meter::Way, UrlError> {
        let reach = match url.kind.as_str() {
            "service" => Reach::Service,
            "afe" => Reach::Chip,
            "log" => Reach::Readings,
            _ => return Err(url.error("a meter after flashing is service+, afe+ or log+, each with serial: or tcp:")),
        };
        self.expect_real(url)?;
        let (clock, operator, url) = (Arc::clone(&self.clock), Arc::clone(&self.operator), url.clone());
        let open = move || {
            let opener = Opener { clock: &clock, operator: &operator, wires: None };
            opener.meter(&url, None).map_err(|error| match error {
                StationError::Open(error) => error,
                StationError::Url(error) => OpenError::Url(error),
                StationError::Profile(error) => OpenError::Url(url.error(error.to_string())),
            })
        };
        Ok(meter::Way { reach, open: Box::new(open) })
    }
}

//! How a chip is brought into its boot loader: BOOT0 high while it comes out of reset (AN2606, boot patterns).

use std::time::Duration;

use super::timing;
use crate::clock::{Clock, sleep};
use crate::flash::Hands;
use crate::port::url::{DeviceUrl, UrlError};
use crate::port::{Level, Port, PortError, Signal};

/// How long reset is held: capacitors of 100 nF on the pin and slow optocouplers are through by then.
const RESET: Duration = Duration::from_millis(100);
/// BOOT0 is there before reset ends by at least this.
const SETUP: Duration = Duration::from_millis(10);

/// The options of an address that [`Entry::from_url`] understands.
pub const ENTRY_OPTIONS: [&str; 2] = ["reset", "boot0"];

/// How the chip gets into its boot loader.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Entry {
    /// Somebody sets BOOT0 and resets it by hand, or has done so.
    #[default]
    AlreadyRunning,
    /// Modem signals of the adapter do it.
    Signals {
        /// Holds the chip in reset while it is active.
        reset: ControlLine,
        /// Sets BOOT0 while it is active; none where a jumper does.
        boot0: Option<ControlLine>,
    },
}

/// A modem signal that controls a pin. Boards differ in whether a transistor inverts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ControlLine {
    /// The signal.
    pub signal: Signal,
    /// Its level at which the chip is in reset, or BOOT0 is high.
    pub active: Level,
}

impl ControlLine {
    fn parse(text: &str) -> Option<Self> {
        let (name, active) = match text.strip_prefix('!') {
            Some(name) => (name, Level::Off),
            None => (text, Level::On),
        };
        let signal = match name {
            "dtr" => Signal::Dtr,
            "rts" => Signal::Rts,
            _ => return None,
        };
        Some(Self { signal, active })
    }

    fn set(self, active: bool, port: &mut dyn Port) -> Result<(), PortError> {
        let level = if active == (self.active == Level::On) { Level::On } else { Level::Off };
        port.set_signal(self.signal, level)
    }
}

impl Entry {
    /// Reads `reset=dtr&boot0=rts`; a `!` before the signal's name inverts it.
    ///
    /// # Errors
    /// Another signal, or one signal for both, or BOOT0 without reset.
    pub fn from_url(url: &DeviceUrl) -> Result<Self, UrlError> {
        let line = |name| match url.option(name) {
            None => Ok(None),
            Some(text) => ControlLine::parse(text)
                .map(Some)
                .ok_or_else(|| url.error(format!("{name} is one of dtr, rts, !dtr, !rts"))),
        };
        match (line("reset")?, line("boot0")?) {
            (None, None) => Ok(Self::AlreadyRunning),
            (None, Some(_)) => Err(url.error("boot0 needs reset, for BOOT0 is looked at when reset ends")),
            (Some(reset), Some(boot0)) if reset.signal == boot0.signal => {
                Err(url.error("reset and boot0 are two different signals"))
            }
            (Some(reset), boot0) => Ok(Self::Signals { reset, boot0 }),
        }
    }

    /// What these signals leave to hands.
    #[must_use]
    pub const fn hands(self) -> Hands {
        match self {
            Self::Signals { boot0: Some(_), .. } => Hands::None,
            Self::Signals { boot0: None, .. } | Self::AlreadyRunning => Hands::Boot0,
        }
    }

    /// Brings the chip into its boot loader, if this can.
    ///
    /// # Errors
    /// The line has no such signals.
    pub fn enter(self, port: &mut dyn Port, clock: &dyn Clock) -> Result<(), PortError> {
        self.reset_with(true, port, clock)
    }

    /// Resets the chip into its program; false when this cannot.
    ///
    /// # Errors
    /// The line has no such signals.
    pub fn leave(self, port: &mut dyn Port, clock: &dyn Clock) -> Result<bool, PortError> {
        self.reset_with(false, port, clock)?;
        // Without a hold on BOOT0 a reset would end in the boot loader again.
        Ok(matches!(self, Self::Signals { boot0: Some(_), .. }))
    }

    fn reset_with(self, boot0_high: bool, port: &mut dyn Port, clock: &dyn Clock) -> Result<(), PortError> {
        let Self::Signals { reset, boot0 } = self else { return Ok(()) };
        reset.set(true, port)?;
        if let Some(boot0) = boot0 {
            boot0.set(boot0_high, port)?;
        }
        sleep(clock, RESET.max(SETUP));
        reset.set(false, port)?;
        sleep(clock, timing::AFTER_RESET);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Moment, VirtualClock};
    use crate::port::LineSettings;

    /// Writes down what is done to its signals.
    struct Recorder(Vec<(Signal, Level)>);

    impl Port for Recorder {
        fn write(&mut self, _bytes: &[u8]) -> Result<(), PortError> {
            Ok(())
        }
        fn read(&mut self, _into: &mut [u8], _deadline: Moment) -> Result<usize, PortError> {
            Ok(0)
        }
        fn configure(&mut self, _line: LineSettings) -> Result<(), PortError> {
            Ok(())
        }
        fn set_signal(&mut self, signal: Signal, level: Level) -> Result<(), PortError> {
            self.0.push((signal, level));
            Ok(())
        }
    }

    fn entry(options: &str) -> Result<Entry, UrlError> {
        Entry::from_url(&format!("rom+serial:COM3{options}").parse().expect("address"))
    }

    #[test]
    fn boot0_is_set_before_reset_ends() {
        let clock = VirtualClock::shared(None);
        let entry = entry("?reset=dtr&boot0=!rts").expect("signals");
        let mut port = Recorder(Vec::new());
        entry.enter(&mut port, &*clock).expect("signals");
        assert_eq!(port.0, [(Signal::Dtr, Level::On), (Signal::Rts, Level::Off), (Signal::Dtr, Level::Off)]);
        assert_eq!(clock.now().since_start(), RESET + timing::AFTER_RESET);
        port.0.clear();
        assert!(entry.leave(&mut port, &*clock).expect("signals"));
        assert_eq!(port.0, [(Signal::Dtr, Level::On), (Signal::Rts, Level::On), (Signal::Dtr, Level::Off)]);
    }

    #[test]
    fn by_hand_nothing_is_touched() {
        let mut port = Recorder(Vec::new());
        let clock = VirtualClock::shared(None);
        Entry::AlreadyRunning.enter(&mut port, &*clock).expect("nothing");
        assert!(!Entry::AlreadyRunning.leave(&mut port, &*clock).expect("nothing"));
        assert!(port.0.is_empty());
        assert_eq!(Entry::AlreadyRunning.hands(), Hands::Boot0);
    }

    #[test]
    fn what_makes_no_sense_is_said() {
        assert_eq!(entry(""), Ok(Entry::AlreadyRunning));
        for options in ["?reset=cts", "?boot0=dtr", "?reset=dtr&boot0=!dtr"] {
            assert!(entry(options).is_err(), "{options}");
        }
    }
}

//! A head on the simulated chip's output CF1: a pulse is there when the chip has counted one.

use std::time::Duration;

use super::device::{AfeDevice, Shared};
use crate::clock::{Moment, SharedClock};
use crate::port::pulse::{Output, PulseError, PulseInput};

/// The head looks at least so often, and no more often than it can tell apart.
const LOOKS: (Duration, Duration) = (Duration::from_micros(100), Duration::from_millis(50));

/// Looks at one chip.
pub struct SimHead {
    device: Shared<AfeDevice>,
    clock: SharedClock,
    seen: Option<f64>,
}

impl SimHead {
    /// Before this chip.
    #[must_use]
    pub const fn new(device: Shared<AfeDevice>, clock: SharedClock) -> Self {
        Self { device, clock, seen: None }
    }

    fn look(&self) -> (f64, f64) {
        let secs = self.clock.now().secs();
        self.device.lock().chip().pulses(secs)
    }
}

impl PulseInput for SimHead {
    fn next(&mut self, deadline: Moment) -> Result<Option<Moment>, PulseError> {
        loop {
            let (pulses, rate) = self.look();
            let now = self.clock.now();
            let seen = *self.seen.get_or_insert(pulses.floor());
            if pulses.floor() > seen {
                self.seen = Some(seen + 1.0);
                return Ok(Some(now));
            }
            if now >= deadline {
                return Ok(None);
            }
            let missing = Duration::try_from_secs_f64((seen + 1.0 - pulses) / rate).unwrap_or(LOOKS.1);
            self.clock.sleep_until((now + missing.clamp(LOOKS.0, LOOKS.1)).min(deadline));
        }
    }

    fn clear(&mut self) -> Result<(), PulseError> {
        self.seen = None;
        Ok(())
    }

    fn resolution(&self) -> Duration {
        LOOKS.0
    }

    fn output(&self) -> Output {
        Output::Chip
    }
}

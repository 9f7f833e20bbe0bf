//! Read-clear registers out of counters that never clear.
//!
//! The meter counts on without end ([`meter_interface::map::Tally`], [`meter_interface::map::Events`]); what has come since the last reading is the
//! difference to it. So a lost answer loses nothing, and asking twice counts nothing twice.

use meter_interface::map::{Events, Tally};

/// The meter started anew: what it had counted and not told is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StartedAnew;

/// One energy register.
#[derive(Clone, Copy, Debug, Default)]
pub struct EnergyCounter {
    last: Option<(u16, u32)>,
    /// Counts that did not fit into the word given out last.
    owed: u64,
}

impl EnergyCounter {
    /// What has come since the last call, as the register would show it; nothing at the first call. More than a word holds is kept
    /// for the next call.
    ///
    /// # Errors
    /// The meter started anew since the last call. The next call counts from here.
    pub fn take(&mut self, tally: &Tally) -> Result<u16, StartedAnew> {
        let last = self.last.replace((tally.boot, tally.count));
        match last {
            None => Ok(0),
            Some((boot, _)) if boot != tally.boot => {
                self.owed = 0;
                Err(StartedAnew)
            }
            Some((_, count)) => {
                self.owed += u64::from(tally.count.wrapping_sub(count));
                let given = u16::try_from(self.owed).unwrap_or(u16::MAX);
                self.owed -= u64::from(given);
                Ok(given)
            }
        }
    }
}

/// SysStatus.
#[derive(Clone, Copy, Debug, Default)]
pub struct EventCounter {
    last: Option<(u16, [u16; 16])>,
}

impl EventCounter {
    /// The bits that some reading since the last call has shown; none at the first call.
    ///
    /// # Errors
    /// The meter started anew since the last call. The next call looks from here on.
    pub fn take(&mut self, events: &Events) -> Result<u16, StartedAnew> {
        match self.last.replace((events.boot, events.times)) {
            None => Ok(0),
            Some((boot, _)) if boot != events.boot => Err(StartedAnew),
            Some((_, times)) => {
                let moved = times.iter().zip(&events.times).map(|(before, now)| before != now);
                Ok(moved.enumerate().fold(0, |bits, (bit, moved)| bits | u16::from(moved) << bit))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(boot: u16, count: u32) -> Tally {
        Tally { boot, reads: 0, age_millis: 0, count }
    }

    #[test]
    fn differences_and_nothing_at_first() {
        let mut counter = EnergyCounter::default();
        let given: Vec<_> = [1000, 1000, 1007, 3].map(|count| counter.take(&tally(1, count))).to_vec();
        // The last one wrapped.
        assert_eq!(given[..3], [Ok(0), Ok(0), Ok(7)]);
        assert_eq!(given[3], Ok(u16::MAX));
        let mut counter = EnergyCounter::default();
        assert_eq!(counter.take(&tally(1, u32::MAX - 1)), Ok(0));
        assert_eq!(counter.take(&tally(1, 3)), Ok(5), "counts wrap");
    }

    #[test]
    fn more_than_a_word_is_kept() {
        let mut counter = EnergyCounter::default();
        let given: Vec<_> = [0, 200_000, 200_000, 200_000, 200_001, 200_001]
            .map(|count| counter.take(&tally(1, count)).expect("no restart"))
            .to_vec();
        assert_eq!(given.iter().map(|&word| u32::from(word)).sum::<u32>(), 200_001);
        assert_eq!(given, [0, 65535, 65535, 65535, 3396, 0]);
    }

    #[test]
    fn a_restart_is_told_even_when_the_count_has_passed_the_old_one() {
        let mut counter = EnergyCounter::default();
        assert_eq!(counter.take(&tally(1, 10)), Ok(0));
        assert_eq!(counter.take(&tally(2, 12)), Err(StartedAnew));
        assert_eq!(counter.take(&tally(2, 13)), Ok(1));
    }

    #[test]
    fn events_are_bits_that_moved() {
        let events = |boot, bit: usize, count| {
            let mut times = [0; 16];
            times[bit] = count;
            Events { boot, reads: 0, age_millis: 0, times }
        };
        let mut counter = EventCounter::default();
        assert_eq!(counter.take(&events(1, 14, 3)), Ok(0));
        assert_eq!(counter.take(&events(1, 14, 3)), Ok(0));
        assert_eq!(counter.take(&events(1, 14, 4)), Ok(0x4000));
        assert_eq!(counter.take(&events(1, 14, 4)), Ok(0), "told once");
        assert_eq!(counter.take(&events(2, 14, 4)), Err(StartedAnew));
    }
}

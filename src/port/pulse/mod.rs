//! Pulses of a meter's test output, each with its moment: an optical head on a modem line of a serial port, or a simulated one.
//!
//! Edges are seen on a thread of their own ([`watch`]) and counted here ([`Sieve`]): what comes too soon behind a pulse is light from
//! elsewhere or a bouncing contact, and what nobody looked at long enough may hide a pulse. Both are told, and neither is counted.

use std::time::Duration;

use super::PortError;
use crate::clock::Moment;

pub mod watch;

/// What a head stands before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// The lamp with the nameplate's constant.
    Lamp,
    /// The metering chip's own output, with the chip's constant.
    Chip,
}

/// Tells the pulses of one meter.
pub trait PulseInput: Send {
    /// The next pulse's moment, or none when the deadline is past.
    fn next(&mut self, deadline: Moment) -> Result<Option<Moment>, PulseError>;

    /// Forgets what came before.
    fn clear(&mut self) -> Result<(), PulseError>;

    /// A pulse came somewhere within this time before its moment.
    fn resolution(&self) -> Duration;

    /// What the head stands before.
    fn output(&self) -> Output;
}

/// Why there are no pulses to be counted.
#[derive(Debug, thiserror::Error)]
pub enum PulseError {
    /// The line failed.
    #[error(transparent)]
    Port(#[from] PortError),
    /// The head sees more than a meter's lamp.
    #[error("{rejected} of {seen} pulses came sooner than {} ms behind another", .least_gap.as_millis())]
    Chatter {
        /// Those too soon.
        rejected: u64,
        /// All.
        seen: u64,
        /// What a meter leaves between two.
        least_gap: Duration,
    },
    /// The line was not looked at for so long that a pulse may have been missed.
    #[error("the line was not looked at for {} ms, and {missed} pulses may have been missed", .pause.as_millis())]
    Blind {
        /// How long.
        pause: Duration,
        /// Times.
        missed: u64,
    },
    /// No pulse came.
    #[error("{seen} pulses came, and no further one within {seconds:.0} s")]
    Missing {
        /// How many before.
        seen: u64,
        /// How long was waited.
        seconds: f64,
    },
}

/// A look at the line that found a change, or came late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// When it was seen.
    pub at: Moment,
    /// Time since the look before; it came somewhere within.
    pub since_look: Duration,
    /// The lamp is on now.
    pub lit: bool,
    /// It was not so at the look before.
    pub changed: bool,
}

/// Lets pulses through and keeps count of what it does not.
#[derive(Clone, Debug)]
pub struct Sieve {
    least_gap: Duration,
    longest_pause: Duration,
    last: Option<Moment>,
    seen: u64,
    rejected: u64,
}

/// A few are a hand before the head; more than this, and more than a tenth, is no meter.
const FEW: u64 = 3;

impl Sieve {
    /// Pulses at least so far apart, from looks at most so far apart.
    #[must_use]
    pub const fn new(least_gap: Duration, longest_pause: Duration) -> Self {
        Self { least_gap, longest_pause, last: None, seen: 0, rejected: 0 }
    }

    /// The moment of a pulse, if the edge is one.
    ///
    /// # Errors
    /// Too many were none, or one may have been missed.
    pub fn take(&mut self, edge: Edge) -> Result<Option<Moment>, PulseError> {
        if edge.since_look > self.longest_pause {
            return Err(PulseError::Blind { pause: edge.since_look, missed: 1 });
        }
        if !edge.lit || !edge.changed {
            return Ok(None);
        }
        self.seen += 1;
        if self.last.is_some_and(|last| edge.at.since(last) < self.least_gap) {
            self.rejected += 1;
            let Self { rejected, seen, least_gap, .. } = *self;
            // The gap counts from the last edge, so that a lamp that flickers all the time never comes through.
            self.last = Some(edge.at);
            return if rejected > FEW && rejected * 10 > seen {
                Err(PulseError::Chatter { rejected, seen, least_gap })
            } else {
                Ok(None)
            };
        }
        self.last = Some(edge.at);
        Ok(Some(edge.at))
    }

    /// Begins anew.
    pub fn clear(&mut self) {
        (self.last, self.seen, self.rejected) = (None, 0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOK: Duration = Duration::from_micros(500);

    fn sieve() -> Sieve {
        Sieve::new(Duration::from_millis(20), Duration::from_millis(10))
    }

    fn edge(millis: u64, lit: bool) -> Edge {
        Edge { at: Moment::from_micros(millis * 1000), since_look: LOOK, lit, changed: true }
    }

    #[test]
    fn a_pulse_is_counted_once_where_it_begins() {
        let mut sieve = sieve();
        let edges = [edge(100, true), edge(102, false), edge(103, true), edge(180, false), edge(1100, true)];
        let pulses: Vec<u64> =
            edges.into_iter().filter_map(|edge| sieve.take(edge).expect("quiet")).map(Moment::micros).collect();
        assert_eq!(pulses, [100_000, 1_100_000], "the bounce at 103 ms is none");
    }

    #[test]
    fn light_from_elsewhere_is_an_error_and_no_energy() {
        let mut sieve = sieve();
        // A lamp on the mains flickers a hundred times a second.
        let flicker = |n: u64| [edge(10 * n, true), edge(10 * n + 5, false)];
        let mut pulses = 0;
        let error = (0..100).flat_map(flicker).find_map(|edge| match sieve.take(edge) {
            Ok(pulse) => {
                pulses += u64::from(pulse.is_some());
                None
            }
            Err(error) => Some(error),
        });
        assert!(matches!(error, Some(PulseError::Chatter { rejected: 4, seen: 5, .. })), "{error:?}");
        assert_eq!(pulses, 1);
    }

    #[test]
    fn nobody_looking_is_an_error() {
        let late = |millis| Edge { since_look: Duration::from_millis(millis), changed: false, ..edge(100, true) };
        assert!(matches!(sieve().take(late(9)), Ok(None)));
        assert!(matches!(sieve().take(late(11)), Err(PulseError::Blind { .. })));
    }
}

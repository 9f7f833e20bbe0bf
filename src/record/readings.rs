//! What meter and reference showed on the way: listens to a run's events and keeps the readings by position.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::entry::number;
use crate::procedure::Event;

/// The reference's name among the devices.
const REFERENCE: &str = "reference";
/// The meter's name among the devices.
const METER: &str = "meter";

/// What one device showed at one moment, in SI units; what it did not show is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reading {
    /// `reference` or `meter`.
    pub device: String,
    /// When, in seconds by the station's own clock.
    pub at_s: f64,
    /// Voltage.
    pub u: Option<f64>,
    /// Current.
    pub i: Option<f64>,
    /// Active power.
    pub p: Option<f64>,
    /// Reactive power.
    pub q: Option<f64>,
    /// Apparent power.
    pub s: Option<f64>,
    /// Power factor.
    pub pf: Option<f64>,
    /// Phase in degrees.
    pub phase: Option<f64>,
    /// Frequency.
    pub f: Option<f64>,
}

/// The readings of a run; give it every event, ask for them at the end.
#[derive(Debug, Default)]
pub struct Readings {
    /// By the position that read; none is the reference, which all share.
    heard: Mutex<Vec<(Option<usize>, Reading)>>,
    /// Positions that have a unit, in their order.
    used: Mutex<Vec<usize>>,
    /// Those of the part of the run before it was cut off, by position.
    earlier: Mutex<BTreeMap<usize, Vec<Reading>>>,
}

impl Readings {
    /// Takes what is a reading.
    pub fn hear(&self, event: &Event) {
        let heard = match event {
            Event::Started { serials, .. } => {
                let used = serials.iter().enumerate().filter(|(_, serial)| !serial.is_empty());
                *lock(&self.used) = used.map(|(position, _)| position).collect();
                return;
            }
            Event::Reference { reading } => {
                let reading = Reading {
                    device: REFERENCE.to_owned(),
                    at_s: reading.at.secs(),
                    u: number(reading.u.0),
                    i: number(reading.i.0),
                    p: number(reading.p.0),
                    q: reading.q.and_then(|q| number(q.0)),
                    s: reading.s.and_then(|s| number(s.0)),
                    pf: reading.pf.and_then(number),
                    phase: reading.phase.and_then(|phase| number(phase.0)),
                    f: reading.f.and_then(|f| number(f.0)),
                };
                (None, reading)
            }
            Event::Meter { position, reading } => {
                let at_s = reading.at.secs();
                let (u, i) = (number(reading.u.0), reading.i.and_then(|i| number(i.0)));
                let device = METER.to_owned();
                (
                    Some(*position),
                    Reading { device, at_s, u, i, p: None, q: None, s: None, pf: None, phase: None, f: None },
                )
            }
            _ => return,
        };
        lock(&self.heard).push(heard);
    }

    /// The position (from 0) of the unit whose report is the `nth`: positions without a unit have none.
    #[must_use]
    pub fn position_of(&self, nth: usize) -> usize {
        lock(&self.used).get(nth).copied().unwrap_or(nth)
    }

    /// What the reference and the meter at `position` (from 0) have shown, in the order it came.
    #[must_use]
    pub fn of(&self, position: usize) -> Vec<Reading> {
        let mut all = self.earlier(position);
        all.extend(self.since(position, 0).0);
        all
    }

    /// The same from the `known`th of all readings on, and how many there are now. Behind a part of the run before it was cut off
    /// time goes on where it stood: another station's clock began at another moment, and nobody watched in between.
    #[must_use]
    pub fn since(&self, position: usize, known: usize) -> (Vec<Reading>, usize) {
        let stood = lock(&self.earlier).get(&position).and_then(|earlier| earlier.last()).map(|last| last.at_s);
        let heard = lock(&self.heard);
        let is_mine = |(owner, _): &&(Option<usize>, Reading)| owner.is_none_or(|owner| owner == position);
        let begun = heard.iter().find(is_mine).map_or(0.0, |(_, first)| first.at_s);
        let at = |at_s: f64| stood.map_or(at_s, |stood| stood + (at_s - begun).max(0.0));
        let new = heard.get(known..).unwrap_or_default();
        let behind = |(_, reading): &(_, Reading)| Reading { at_s: at(reading.at_s), ..reading.clone() };
        (new.iter().filter(is_mine).map(behind).collect(), heard.len())
    }

    /// The run at this position goes on where another was cut off, with what was read there.
    pub fn begin_with(&self, position: usize, earlier: Vec<Reading>) {
        lock(&self.earlier).insert(position, earlier);
    }

    /// It does not.
    pub fn forget_earlier(&self, position: usize) {
        lock(&self.earlier).remove(&position);
    }

    /// What was read before the run was cut off.
    #[must_use]
    pub fn earlier(&self, position: usize) -> Vec<Reading> {
        lock(&self.earlier).get(&position).cloned().unwrap_or_default()
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Moment;
    use crate::reference::ReferenceReading;
    use crate::units::{Amps, Volts, Watts};

    fn hear(readings: &Readings, secs: f64) {
        let at = Moment::after_start(std::time::Duration::from_secs_f64(secs));
        let (u, i, p) = (Volts(230.0), Amps(5.0), Watts(1150.0));
        let reading = ReferenceReading { at, u, i, p, q: None, s: None, pf: None, phase: None, f: None };
        readings.hear(&Event::Reference { reading });
    }

    fn times(of: &[Reading]) -> Vec<f64> {
        of.iter().map(|reading| reading.at_s).collect()
    }

    #[test]
    fn a_run_that_was_taken_up_goes_on_where_it_stood() {
        let before = Readings::default();
        for secs in [61.0, 62.0] {
            hear(&before, secs);
        }
        let after = Readings::default();
        after.begin_with(0, before.of(0));
        // The clock of the station that goes on with it has been running for long.
        for secs in [6059.0, 6059.25, 6060.0] {
            hear(&after, secs);
        }
        assert_eq!(times(&after.of(0)), [61.0, 62.0, 62.0, 62.25, 63.0]);
        // What is written down in parts goes by the same beginning.
        let (part, known) = after.since(0, 1);
        assert_eq!((times(&part), known), (vec![62.25, 63.0], 3));
        // Without an earlier part the station's clock stands as it is.
        assert_eq!(times(&after.of(1)), [6059.0, 6059.25, 6060.0]);
    }
}

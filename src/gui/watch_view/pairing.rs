//! Each reading of the meter against what the reference showed at the very same moment.
//!
//! A reading waits until the reference has shown what was before and after it. Readings further apart than
//! [`PAIR_SECS`] are not set against each other, nor are those on either side of a change of load.

use std::collections::VecDeque;

use crate::gui::history::Row;
use crate::gui::measurand::{Measurand, NO_VALUES, Values, reference_values};
use crate::reference::ReferenceReading;

/// A reading of the reference is set against one of the meter when it is at most so old or so new, in seconds.
pub const PAIR_SECS: f64 = 2.0;
/// Readings of either side that wait at most; at the usual pace a few are enough.
const WAITING: usize = 256;
/// From one reading to the next voltage or current may move by this share; beyond, the load is being changed.
const MOVE: f64 = 0.01;
/// The same for dead wires, in V and A.
const MOVE_LEAST: [(Measurand, f64); 2] = [(Measurand::U, 0.5), (Measurand::I, 0.01)];

/// Readings that wait for their counterpart.
#[derive(Clone, Debug, Default)]
pub struct Pairing {
    meter: VecDeque<Waiting>,
    reference: VecDeque<(f64, Values)>,
    /// When the meter was read last.
    meter_at: Option<f64>,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    at: f64,
    secs: Values,
    values: Values,
}

impl Pairing {
    /// A round of the meter: when it ended, when each quantity was read and what it showed.
    pub fn push_meter(&mut self, at: f64, secs: Values, values: Values, rows: &mut Vec<Row>) {
        self.meter_at = Some(at);
        if values.iter().all(|value| value.is_nan()) {
            return;
        }
        self.meter.push_back(Waiting { at, secs, values });
        self.settle(rows);
    }

    /// A reading of the reference.
    pub fn push_reference(&mut self, reading: &ReferenceReading, rows: &mut Vec<Row>) {
        let (at, values) = (reading.at.secs(), reference_values(reading));
        if self.reference.back().is_some_and(|(newest, _)| at <= *newest) {
            return;
        }
        while self.reference.len() >= WAITING {
            self.reference.pop_front();
        }
        self.reference.push_back((at, values));
        self.settle(rows);
        // While the meter is silent, the reference's curve goes on alone.
        let silent = self.meter_at.is_none_or(|meter| at - meter > PAIR_SECS);
        if silent && self.meter.is_empty() {
            rows.push(Row { secs: at, meter: NO_VALUES, reference: values });
        }
    }

    /// The load changes: readings on either side of the change do not belong together.
    pub fn interrupt(&mut self, rows: &mut Vec<Row>) {
        self.reference.clear();
        rows.extend(self.meter.drain(..).map(alone));
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    fn settle(&mut self, rows: &mut Vec<Row>) {
        while let Some(first) = self.meter.front().copied() {
            let newest = self.reference.back().map(|(at, _)| *at);
            let now = self.meter.back().map_or(first.at, |last| last.at);
            if newest.is_some_and(|newest| newest >= first.at) {
                let mut reference = NO_VALUES;
                for (measurand, slot) in Measurand::ALL.into_iter().zip(reference.iter_mut()) {
                    *slot = measurand
                        .of(&first.secs)
                        .and_then(|secs| self.reference_at(measurand, secs))
                        .unwrap_or(f64::NAN);
                }
                rows.push(Row { secs: first.at, meter: first.values, reference });
            } else if now - first.at > PAIR_SECS || self.meter.len() > WAITING {
                rows.push(alone(first));
            } else {
                return;
            }
            self.meter.pop_front();
        }
    }

    /// On the straight line between the readings around a moment.
    fn reference_at(&self, measurand: Measurand, secs: f64) -> Option<f64> {
        let after = self.reference.partition_point(|(at, _)| *at < secs);
        let (later, later_values) = self.reference.get(after)?;
        if *later == secs {
            return measurand.of(later_values);
        }
        let (earlier, earlier_values) = self.reference.get(after.checked_sub(1)?)?;
        if later - secs > PAIR_SECS || secs - earlier > PAIR_SECS {
            return None;
        }
        for (moved, least) in MOVE_LEAST {
            let (from, to) = (moved.of(earlier_values)?, moved.of(later_values)?);
            if (to - from).abs() > (from.abs().max(to.abs()) * MOVE).max(least) {
                return None;
            }
        }
        let (from, to) = (measurand.of(earlier_values)?, measurand.of(later_values)?);
        if measurand == Measurand::Phase && (to - from).abs() > 180.0 {
            return None;
        }
        Some(from + (to - from) * (secs - earlier) / (later - earlier))
    }
}

/// A reading that nothing can be set against.
fn alone(waiting: Waiting) -> Row {
    Row { secs: waiting.at, meter: waiting.values, reference: NO_VALUES }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Moment;
    use crate::units::{Amps, Volts, Watts};

    fn reference(millis: u64, volts: f64, amps: f64) -> ReferenceReading {
        ReferenceReading {
            at: Moment::from_micros(millis * 1000),
            u: Volts(volts),
            i: Amps(amps),
            p: Watts(volts * amps),
            q: None,
            s: None,
            pf: None,
            phase: None,
            f: None,
        }
    }

    fn meter(pairing: &mut Pairing, secs: f64, volts: f64, rows: &mut Vec<Row>) {
        let mut values = NO_VALUES;
        values[0] = volts;
        pairing.push_meter(secs, [secs; Measurand::ALL.len()], values, rows);
    }

    fn volts(row: &Row) -> (f64, f64) {
        (row.meter[0], row.reference[0])
    }

    #[test]
    fn a_reading_is_held_against_its_own_moment() {
        let (mut pairing, mut rows) = (Pairing::default(), Vec::new());
        pairing.push_reference(&reference(1000, 240.0, 5.0), &mut rows);
        rows.clear();
        meter(&mut pairing, 1.25, 240.1, &mut rows);
        assert!(rows.is_empty(), "what comes after is not known yet");
        pairing.push_reference(&reference(2000, 241.0, 5.0), &mut rows);
        assert_eq!(volts(&rows[0]), (240.1, 240.25));
        assert!(rows[0].reference[Measurand::Q.index()].is_nan(), "what the reference does not give stays empty");
    }

    #[test]
    fn a_stale_reference_is_never_used() {
        let (mut pairing, mut rows) = (Pairing::default(), Vec::new());
        pairing.push_reference(&reference(1000, 240.0, 5.0), &mut rows);
        rows.clear();
        meter(&mut pairing, 4.0, 240.0, &mut rows);
        pairing.push_reference(&reference(4500, 240.0, 5.0), &mut rows);
        assert!(rows[0].reference[0].is_nan(), "the reading before is 3 s old");
        // Nothing comes any more: the meter's curve goes on alone.
        rows.clear();
        for tenth in 0..60 {
            meter(&mut pairing, 5.0 + f64::from(tenth) * 0.1, 240.0, &mut rows);
        }
        assert!(rows.len() > 30 && rows.iter().all(|row| row.reference[0].is_nan()));
    }

    #[test]
    fn a_change_of_load_is_no_error() {
        let (mut pairing, mut rows) = (Pairing::default(), Vec::new());
        pairing.push_reference(&reference(1000, 240.0, 5.0), &mut rows);
        rows.clear();
        meter(&mut pairing, 1.1, 240.0, &mut rows);
        pairing.push_reference(&reference(1200, 240.0, 0.5), &mut rows);
        assert!(rows[0].reference[0].is_nan());
        rows.clear();
        meter(&mut pairing, 1.25, 240.0, &mut rows);
        pairing.interrupt(&mut rows);
        pairing.push_reference(&reference(1300, 240.0, 0.5), &mut rows);
        assert_eq!(rows.len(), 1);
        assert!(rows[0].reference[0].is_nan());
    }

    #[test]
    fn a_silent_meter_leaves_the_references_curve() {
        let (mut pairing, mut rows) = (Pairing::default(), Vec::new());
        pairing.push_reference(&reference(200, 240.0, 5.0), &mut rows);
        assert_eq!(rows.len(), 1);
        assert!(rows[0].meter[0].is_nan() && rows[0].reference[0] == 240.0);
    }

    #[test]
    fn what_waits_is_bounded() {
        let (mut pairing, mut rows) = (Pairing::default(), Vec::new());
        for number in 0..100_000 {
            meter(&mut pairing, f64::from(number) * 1e-6, 240.0, &mut rows);
        }
        assert!(pairing.meter.len() <= WAITING + 1);
    }
}

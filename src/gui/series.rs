//! Errors over time: each reading of the meter against what the reference showed at the very same moment.

use std::collections::VecDeque;

use crate::procedure::event::MeterReading;
use crate::reference::ReferenceReading;
use crate::units::Percent;

/// Points kept; a run of an hour has fewer.
const CAPACITY: usize = 20_000;
/// Readings that wait for their counterpart.
const WAITING: usize = 64;
/// Current below which an error of it says nothing: what a bench picks up with its circuit open.
const NO_CURRENT_AMPS: f64 = 0.01;
/// Voltage below which an error of it says nothing.
const NO_VOLTAGE_VOLTS: f64 = 1.0;

/// The errors at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ErrorPoint {
    /// Seconds of the station's clock.
    pub secs: f64,
    /// Error of the voltage.
    pub u: Option<Percent>,
    /// Error of the current.
    pub i: Option<Percent>,
}

/// Errors over time.
#[derive(Clone, Debug, Default)]
pub struct ErrorSeries {
    /// By time.
    pub points: VecDeque<ErrorPoint>,
    meter: VecDeque<MeterReading>,
    reference: VecDeque<ReferenceReading>,
}

impl ErrorSeries {
    /// A reading of the meter; its error follows when the reference has shown what was before and after it.
    pub fn push_meter(&mut self, reading: MeterReading) {
        bounded_push(&mut self.meter, reading, WAITING);
        self.pair();
    }

    /// A reading of the reference.
    pub fn push_reference(&mut self, reading: ReferenceReading) {
        bounded_push(&mut self.reference, reading, WAITING);
        self.pair();
    }

    /// The load changes: readings on either side of the change do not belong together.
    pub fn interrupt(&mut self) {
        self.meter.clear();
        self.reference.clear();
    }

    fn pair(&mut self) {
        while let Some(meter) = self.meter.front().copied() {
            let after = self.reference.partition_point(|reading| reading.at < meter.at);
            let Some(later) = self.reference.get(after).copied() else { return };
            self.meter.pop_front();
            let Some(earlier) = after.checked_sub(1).and_then(|index| self.reference.get(index)).copied() else {
                continue;
            };
            let width = later.at.since(earlier.at).as_secs_f64();
            let part = if width > 0.0 { meter.at.since(earlier.at).as_secs_f64() / width } else { 0.0 };
            let between = |from: f64, to: f64| from + (to - from) * part;
            let volts = between(earlier.u.0, later.u.0);
            let amps = between(earlier.i.0, later.i.0);
            let error = |meter: f64, reference: f64, least: f64| {
                (reference >= least).then(|| Percent::error(meter, reference)).filter(|error| error.is_finite())
            };
            let u = error(meter.u.0, volts, NO_VOLTAGE_VOLTS);
            let i = meter.i.and_then(|shown| error(shown.0, amps, NO_CURRENT_AMPS));
            bounded_push(&mut self.points, ErrorPoint { secs: meter.at.secs(), u, i }, CAPACITY);
        }
    }
}

fn bounded_push<T>(queue: &mut VecDeque<T>, item: T, capacity: usize) {
    while queue.len() >= capacity {
        queue.pop_front();
    }
    queue.push_back(item);
}

/// Half the height of an error axis, in percent: a round figure that holds the errors and does not jump about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale(pub f64);

impl Default for Scale {
    fn default() -> Self {
        Self(0.5)
    }
}

impl Scale {
    const STEPS: [f64; 10] = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0];

    /// Grows at once, shrinks only when the errors need less than 40 % of it.
    #[must_use]
    pub fn fit(self, largest: f64) -> Self {
        let wanted = |room: f64| Self::STEPS.into_iter().find(|step| largest * room <= *step).unwrap_or(100.0);
        if largest > self.0 || largest < self.0 * 0.4 { Self(wanted(1.2)) } else { self }
    }
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

    fn meter(millis: u64, volts: f64, amps: f64) -> MeterReading {
        MeterReading { at: Moment::from_micros(millis * 1000), u: Volts(volts), i: (amps > 0.0).then_some(Amps(amps)) }
    }

    #[test]
    fn a_reading_is_held_against_its_own_moment() {
        let mut series = ErrorSeries::default();
        series.push_reference(reference(0, 200.0, 5.0));
        series.push_meter(meter(500, 231.0, 5.0));
        assert!(series.points.is_empty());
        series.push_reference(reference(1000, 260.0, 5.0));
        let point = series.points[0];
        assert!((point.u.unwrap().0 - 0.4348).abs() < 1e-4);
        assert!(point.i.unwrap().0.abs() < 1e-9);
    }

    #[test]
    fn without_current_there_is_no_error_of_it() {
        let mut series = ErrorSeries::default();
        series.push_reference(reference(0, 240.0, 0.0));
        series.push_meter(meter(500, 240.0, 0.001));
        series.push_reference(reference(1000, 240.0, 0.0));
        assert_eq!(series.points[0].i, None);
    }

    #[test]
    fn readings_across_a_change_of_load_do_not_meet() {
        let mut series = ErrorSeries::default();
        series.push_reference(reference(0, 240.0, 5.0));
        series.push_meter(meter(500, 240.0, 5.0));
        series.interrupt();
        series.push_reference(reference(1000, 240.0, 0.5));
        series.push_meter(meter(900, 240.0, 5.0));
        assert!(series.points.is_empty());
    }

    #[test]
    fn the_axis_grows_at_once_and_shrinks_late() {
        let scale = Scale::default();
        assert_eq!(scale.fit(9.0), Scale(20.0));
        assert_eq!(Scale(20.0).fit(9.0), Scale(20.0));
        assert_eq!(Scale(20.0).fit(0.01), Scale(0.1));
        assert_eq!(scale.fit(0.3), scale);
    }
}

//! All of one record, as a page shows it: with the attempts at its unit, the one before it, and its readings as curves no
//! longer than a screen is wide.

use egui_plot::PlotPoint;

use super::Key;
use crate::gui::measurand::Measurand;
use crate::record::readings::Reading;
use crate::record::search::Found;
use crate::record::{Record, Store, StoreError};

/// Columns of a curve; of each its least and its greatest value are kept.
const COLUMNS: usize = 400;
/// A device that showed nothing for so many seconds was not read: no line tells what nobody saw.
const GAP_SECS: f64 = 60.0;

/// A quantity as one device showed it in the run.
#[derive(Clone, Debug)]
pub struct Curve {
    /// The quantity.
    pub quantity: Measurand,
    /// The reference showed it, not the meter.
    pub reference: bool,
    /// Seconds since the first reading of the run, and the value; a part for each stretch in which the device was read without a gap.
    pub parts: Vec<Vec<PlotPoint>>,
}

impl Curve {
    /// The points of all parts.
    pub fn points(&self) -> impl DoubleEndedIterator<Item = &PlotPoint> {
        self.parts.iter().flatten()
    }
}

/// A record with its curves; its readings are in them.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The record, without its readings.
    pub record: Record,
    /// How many readings it has.
    pub readings: usize,
    /// The readings by quantity and device.
    pub curves: Vec<Curve>,
}

impl Shown {
    /// Of a record as it was read.
    #[must_use]
    pub fn of(mut record: Record) -> Self {
        let readings = std::mem::take(&mut record.record.entry.readings);
        Self { record, readings: readings.len(), curves: curves(&readings) }
    }

    /// Its place.
    #[must_use]
    pub fn key(&self) -> Key {
        Key { station: self.record.record.station.clone(), number: self.record.record.number }
    }
}

/// One record and what belongs to it.
#[derive(Clone, Debug)]
pub struct Detail {
    /// The record.
    pub shown: Shown,
    /// The attempt before it at the same unit.
    pub previous: Option<Shown>,
    /// All attempts at the unit, the newest first.
    pub attempts: Vec<Found>,
    /// The place of this one among them.
    pub place: usize,
}

impl Detail {
    pub(super) fn read(store: &Store, key: &Key) -> Result<Option<Self>, StoreError> {
        let Some(record) = store.record(Some(&key.station), key.number)? else { return Ok(None) };
        let attempts = store.attempts_of(&record.record.entry.serial)?;
        let place = attempts.iter().position(|found| Key::of(found) == *key);
        let before = place.and_then(|place| attempts.get(place + 1));
        let previous = match before {
            Some(found) => store.record(Some(&found.station), found.number)?.map(Shown::of),
            None => None,
        };
        Ok(Some(Self { shown: Shown::of(record), previous, place: place.unwrap_or(0), attempts }))
    }
}

const fn shown(quantity: Measurand, reading: &Reading) -> Option<f64> {
    match quantity {
        Measurand::U => reading.u,
        Measurand::I => reading.i,
        Measurand::P => reading.p,
        Measurand::Q => reading.q,
        Measurand::S => reading.s,
        Measurand::Pf => reading.pf,
        Measurand::F => reading.f,
        Measurand::Phase => reading.phase,
    }
}

fn curves(readings: &[Reading]) -> Vec<Curve> {
    let begin = readings.iter().map(|reading| reading.at_s).fold(f64::INFINITY, f64::min);
    let mut curves = Vec::new();
    for quantity in Measurand::ALL {
        for reference in [true, false] {
            let of_device = readings.iter().filter(|reading| (reading.device == "reference") == reference);
            let points: Vec<PlotPoint> = of_device
                .filter_map(|reading| Some(PlotPoint::new(reading.at_s - begin, shown(quantity, reading)?)))
                .collect();
            if !points.is_empty() {
                curves.push(Curve { quantity, reference, parts: parts(&points) });
            }
        }
    }
    curves
}

/// The stretches between gaps, all together no longer than a screen is wide.
fn parts(points: &[PlotPoint]) -> Vec<Vec<PlotPoint>> {
    let each = if points.len() <= COLUMNS * 2 { 1 } else { points.len().div_ceil(COLUMNS) };
    let stretches = points.chunk_by(|before, after| after.x - before.x <= GAP_SECS);
    stretches.map(|stretch| thinned(stretch, each)).collect()
}

/// Least and greatest of every so many points, in their order.
fn thinned(points: &[PlotPoint], each: usize) -> Vec<PlotPoint> {
    if each <= 1 {
        return points.to_vec();
    }
    let mut thin = Vec::with_capacity(points.len() / each * 2 + 2);
    for part in points.chunks(each) {
        let by_value = |a: &&PlotPoint, b: &&PlotPoint| a.y.total_cmp(&b.y);
        let mut ends: Vec<PlotPoint> =
            [part.iter().min_by(by_value), part.iter().max_by(by_value)].into_iter().flatten().copied().collect();
        ends.sort_by(|a, b| a.x.total_cmp(&b.x));
        thin.extend(ends);
    }
    thin
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_curve_keeps_its_extremes_and_its_order() {
        let points: Vec<PlotPoint> = (0..10_000)
            .map(|number| PlotPoint::new(f64::from(number), if number == 5_003 { 99.0 } else { f64::from(number % 7) }))
            .collect();
        let all = parts(&points);
        let [thin] = all.as_slice() else { panic!("{} parts of a curve without a gap", all.len()) };
        assert!(thin.len() <= COLUMNS * 2 && thin.iter().any(|point| point.y == 99.0));
        assert!(thin.windows(2).all(|pair| matches!(pair, [a, b] if a.x <= b.x)));
        assert_eq!(parts(&[PlotPoint::new(0.0, 1.0)]).concat().len(), 1);
    }

    #[test]
    fn a_curve_breaks_where_nothing_was_read() {
        let at = |second: f64| PlotPoint::new(second, 230.0);
        for many in [1.0, 50.0] {
            let points: Vec<PlotPoint> =
                (0..1000).map(|number| at(f64::from(number) / many)).chain([at(6000.0), at(6001.0)]).collect();
            let starts: Vec<f64> = parts(&points).iter().filter_map(|part| part.first()).map(|point| point.x).collect();
            assert_eq!(starts, [0.0, 6000.0]);
        }
    }

    #[test]
    fn what_a_device_did_not_show_is_no_curve() {
        let reading = |device: &str, at_s: f64, p: Option<f64>| Reading {
            device: device.to_owned(),
            at_s,
            u: Some(230.0),
            i: None,
            p,
            q: None,
            s: None,
            pf: None,
            phase: None,
            f: None,
        };
        let curves = curves(&[reading("reference", 5.0, Some(1.0)), reading("meter", 6.0, None)]);
        let kinds: Vec<(Measurand, bool)> = curves.iter().map(|curve| (curve.quantity, curve.reference)).collect();
        assert_eq!(kinds, [(Measurand::U, true), (Measurand::U, false), (Measurand::P, true)]);
        let starts: Vec<f64> = curves.iter().filter_map(|curve| curve.points().next()).map(|point| point.x).collect();
        assert_eq!(starts, [0.0, 1.0, 0.0]);
    }
}

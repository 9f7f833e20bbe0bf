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

/// A quantity as one device showed it in the run.
#[derive(Clone, Debug)]
pub struct Curve {
    /// The quantity.
    pub quantity: Measurand,
    /// The reference showed it, not the meter.
    pub reference: bool,
    /// Seconds since the first reading of the run, and the value.
    pub points: Vec<PlotPoint>,
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
                curves.push(Curve { quantity, reference, points: thinned(points) });
            }
        }
    }
    curves
}

/// Least and greatest of as many parts as a screen has columns, in their order; a short curve as it is.
fn thinned(points: Vec<PlotPoint>) -> Vec<PlotPoint> {
    if points.len() <= COLUMNS * 2 {
        return points;
    }
    let mut thin = Vec::with_capacity(COLUMNS * 2);
    for part in points.chunks(points.len().div_ceil(COLUMNS)) {
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
        let thin = thinned(points);
        assert!(thin.len() <= COLUMNS * 2 && thin.iter().any(|point| point.y == 99.0));
        assert!(thin.windows(2).all(|pair| matches!(pair, [a, b] if a.x <= b.x)));
        assert_eq!(thinned(vec![PlotPoint::new(0.0, 1.0)]).len(), 1);
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
        let starts: Vec<f64> = curves.iter().filter_map(|curve| curve.points.first()).map(|point| point.x).collect();
        assert_eq!(starts, [0.0, 1.0, 0.0]);
    }
}

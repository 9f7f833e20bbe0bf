//! Whether the reference shows a load point.

use super::{LoadPoint, ReferenceReading};
use crate::units::{Amps, Percent};

/// A reference that is further off than this shows another load point.
const TOLERANCE: Percent = Percent(3.0);
/// An open current circuit; instruments of the bench show some noise there.
const NO_CURRENT: Amps = Amps(0.01);
/// Nearer to PF 1 than this the side of the power factor is noise.
const HAS_A_SIDE: f64 = 0.98;

fn near(shown: f64, wanted: f64) -> bool {
    (shown - wanted).abs() <= TOLERANCE.fraction() * wanted
}

impl LoadPoint {
    /// The same for its voltage alone, where a relay may have taken the current away.
    #[must_use]
    pub fn voltage_missed_by(&self, reading: &ReferenceReading) -> Option<String> {
        (!near(reading.u.0, self.u.0)).then(|| format!("{}, {}, {}", reading.u, reading.i, reading.p))
    }

    /// What a reading shows instead of this load point; `None` when it shows it.
    #[must_use]
    pub fn missed_by(&self, reading: &ReferenceReading) -> Option<String> {
        let missed = self.voltage_missed_by(reading);
        if missed.is_some() {
            return missed;
        }
        let shown = || format!("{}, {}, {}", reading.u, reading.i, reading.p);
        if self.i.0 == 0.0 {
            return (reading.i.0 > NO_CURRENT.0).then(shown);
        }
        let pf = reading.p.0 / (reading.u.0 * reading.i.0);
        let side = reading.q.map(|q| q.0).or(reading.phase.map(|phase| phase.0));
        let wrong_side = self.pf.magnitude < HAS_A_SIDE && side.is_some_and(|side| side * self.pf.phase().0 < 0.0);
        let here =
            near(reading.i.0, self.i.0) && (pf.abs() - self.pf.magnitude).abs() <= TOLERANCE.fraction() && !wrong_side;
        (!here).then(shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Moment;
    use crate::load::PowerFactor;
    use crate::units::{Hertz, Vars, Volts, Watts};

    fn reading(u: f64, i: f64, p: f64, q: f64) -> ReferenceReading {
        ReferenceReading {
            at: Moment::START,
            u: Volts(u),
            i: Amps(i),
            p: Watts(p),
            q: Some(Vars(q)),
            s: None,
            pf: None,
            phase: None,
            f: None,
        }
    }

    #[test]
    fn a_load_point_is_told_from_its_neighbours() {
        let point = |i, pf| LoadPoint { u: Volts(240.0), i: Amps(i), pf, f: Hertz(50.0) };
        let unity = point(5.0, PowerFactor::UNITY);
        let half = point(5.0, PowerFactor::HALF_INDUCTIVE);
        let open = point(0.0, PowerFactor::UNITY);
        assert_eq!(unity.missed_by(&reading(240.3, 4.99, 1199.0, 3.0)), None);
        assert_eq!(half.missed_by(&reading(240.3, 4.99, 601.0, 1038.0)), None);
        assert_eq!(open.missed_by(&reading(240.3, 0.001, 0.1, 0.0)), None);
        for (point, reading) in [
            (unity, reading(0.0, 0.0, 0.0, 0.0)),
            (unity, reading(240.0, 4.0, 960.0, 0.0)),
            (unity, reading(240.0, 5.0, 600.0, 1038.0)),
            (half, reading(240.0, 5.0, 600.0, -1038.0)),
            (half, reading(240.0, 5.0, 1200.0, 0.0)),
            (open, reading(240.0, 5.0, 1200.0, 0.0)),
            (unity, reading(f64::NAN, 5.0, 1200.0, 0.0)),
        ] {
            assert!(point.missed_by(&reading).is_some(), "{point:?} {reading:?}");
        }
    }
}

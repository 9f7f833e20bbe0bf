//! Whether the reference stands still enough to calibrate, by the procedure's own criterion.
//!
//! The procedure waits until the means of two windows, one after the other, agree within a tolerance (`[stability]`). The
//! same is asked here of the reference's voltage and current, with the windows ending now.

use std::collections::VecDeque;
use std::time::Duration;

use super::pairing::PAIR_SECS;
use crate::reference::ReferenceReading;
use crate::units::Percent;

/// Readings in a window below which its mean says nothing.
const FEWEST: usize = 3;
/// Readings kept; windows are some seconds, and references renew their values ten times a second at most.
const CAPACITY: usize = 4096;
/// Below this there is nothing to be stable, in V.
const LEAST_VOLTS: f64 = 1.0;
/// Below this the current is not looked at, in A.
const LEAST_AMPS: f64 = 0.01;

/// How the reference stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stability {
    /// Not enough readings yet.
    Waiting {
        /// Seconds of readings there are.
        have_secs: f64,
        /// Seconds there must be.
        need_secs: f64,
    },
    /// The source supplies nothing.
    Dead,
    /// The means of both windows agree.
    Stable(Change),
    /// They do not.
    Moving(Change),
}

/// What moved most from one window to the next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// Which quantity.
    pub of: &'static str,
    /// By how much, without its sign.
    pub change: Percent,
    /// Standard deviation of the readings in the later window.
    pub scatter: Percent,
}

/// The last readings of the reference.
#[derive(Clone, Debug, Default)]
pub struct Steadiness {
    readings: VecDeque<Shown>,
}

/// Seconds of the station's clock, V and A.
type Shown = (f64, f64, f64);

/// Its name, the least of it that is looked at, and where it stands.
type Watched = (&'static str, f64, fn(&Shown) -> f64);

impl Steadiness {
    /// A reading. A gap begins anew: what was before it says nothing about now.
    pub fn push(&mut self, reading: &ReferenceReading) {
        let secs = reading.at.secs();
        let gap = self.readings.back().is_some_and(|(last, ..)| secs - last > PAIR_SECS || secs <= *last);
        if gap {
            self.readings.clear();
        }
        while self.readings.len() >= CAPACITY {
            self.readings.pop_front();
        }
        self.readings.push_back((secs, reading.u.0, reading.i.0));
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.readings.clear();
    }

    /// Judges the last two windows.
    #[must_use]
    pub fn judge(&self, window: Duration, tolerance: Percent) -> Stability {
        let width = window.as_secs_f64();
        let (now, first) = match (self.readings.back(), self.readings.front()) {
            (Some((now, ..)), Some((first, ..))) => (*now, *first),
            _ => return Stability::Waiting { have_secs: 0.0, need_secs: 2.0 * width },
        };
        let middle = self.readings.partition_point(|(secs, ..)| *secs <= now - width);
        let start = self.readings.partition_point(|(secs, ..)| *secs <= now - 2.0 * width);
        let (earlier, later) = (start..middle, middle..self.readings.len());
        if first > now - 2.0 * width || earlier.len() < FEWEST || later.len() < FEWEST {
            return Stability::Waiting { have_secs: (now - first).min(2.0 * width), need_secs: 2.0 * width };
        }
        let mut worst: Option<Change> = None;
        let quantities: [Watched; 2] =
            [(mark!("voltage"), LEAST_VOLTS, |reading| reading.1), (mark!("current"), LEAST_AMPS, |reading| reading.2)];
        for (of, least, pick) in quantities {
            let mean = |range: std::ops::Range<usize>| {
                let count = range.len() as f64;
                self.readings.range(range).map(pick).sum::<f64>() / count
            };
            let (before, after) = (mean(earlier.clone()), mean(later.clone()));
            if before.abs().max(after.abs()) < least {
                if of == "voltage" {
                    return Stability::Dead;
                }
                continue;
            }
            let squares: f64 = self.readings.range(later.clone()).map(|reading| (pick(reading) - after).powi(2)).sum();
            let deviation = (squares / (later.len() as f64 - 1.0)).sqrt();
            let percent = |part: f64| {
                let share = Percent::from_fraction((part / before).abs());
                // What cannot be told moved most.
                if share.is_finite() { share } else { Percent(f64::MAX) }
            };
            let change = Change { of, change: percent(after - before), scatter: percent(deviation) };
            if worst.is_none_or(|worst| change.change.0 > worst.change.0) {
                worst = Some(change);
            }
        }
        match worst {
            Some(change) if change.change.0 <= tolerance.0 => Stability::Stable(change),
            Some(change) => Stability::Moving(change),
            None => Stability::Dead,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Moment;
    use crate::units::{Amps, Volts, Watts};

    const WINDOW: Duration = Duration::from_secs(4);
    const TOLERANCE: Percent = Percent(0.01);

    fn steadiness(seconds: u32, shown: impl Fn(f64) -> (f64, f64)) -> Steadiness {
        let mut steadiness = Steadiness::default();
        for number in 0..=seconds * 5 {
            let secs = f64::from(number) * 0.2;
            let (u, i) = shown(secs);
            steadiness.push(&reading(secs, u, i));
        }
        steadiness
    }

    fn reading(secs: f64, u: f64, i: f64) -> ReferenceReading {
        ReferenceReading {
            at: Moment::after_start(Duration::from_secs_f64(secs)),
            u: Volts(u),
            i: Amps(i),
            p: Watts(u * i),
            q: None,
            s: None,
            pf: None,
            phase: None,
            f: None,
        }
    }

    #[test]
    fn two_windows_are_needed() {
        let judged = steadiness(7, |_| (240.0, 5.0)).judge(WINDOW, TOLERANCE);
        assert!(matches!(judged, Stability::Waiting { need_secs: 8.0, have_secs } if have_secs > 6.9), "{judged:?}");
        assert!(matches!(steadiness(9, |_| (240.0, 5.0)).judge(WINDOW, TOLERANCE), Stability::Stable(_)));
        assert!(matches!(Steadiness::default().judge(WINDOW, TOLERANCE), Stability::Waiting { .. }));
    }

    #[test]
    fn a_drift_is_seen_and_named() {
        // 0.0075 % a second is 0.03 % from window to window.
        let judged = steadiness(20, |secs| (240.0, 5.0 * (1.0 + secs * 0.000_075))).judge(WINDOW, TOLERANCE);
        let Stability::Moving(change) = judged else { panic!("{judged:?}") };
        assert_eq!(change.of, "current");
        assert!((change.change.0 - 0.03).abs() < 0.001, "{change:?}");
        // Half of what is allowed.
        let slow = steadiness(20, |secs| (240.0 * (1.0 - secs * 0.000_012_5), 5.0)).judge(WINDOW, TOLERANCE);
        assert!(matches!(slow, Stability::Stable(Change { of: "voltage", .. })), "{slow:?}");
    }

    #[test]
    fn noise_alone_is_scatter_and_no_movement() {
        let noisy = |secs: f64| (240.0 + if (secs * 5.0).round() as i64 % 2 == 0 { 0.02 } else { -0.02 }, 5.0);
        let judged = steadiness(20, noisy).judge(WINDOW, TOLERANCE);
        let Stability::Stable(change) = judged else { panic!("{judged:?}") };
        assert!((change.scatter.0 - 0.0083).abs() < 0.001, "{change:?}");
    }

    #[test]
    fn without_voltage_nothing_is_stable() {
        assert_eq!(steadiness(20, |_| (0.02, 0.0)).judge(WINDOW, TOLERANCE), Stability::Dead);
        // Without current the voltage decides.
        assert!(matches!(steadiness(20, |_| (240.0, 0.001)).judge(WINDOW, TOLERANCE), Stability::Stable(_)));
    }

    #[test]
    fn a_gap_begins_anew() {
        let mut steadiness = steadiness(20, |_| (240.0, 5.0));
        steadiness.push(&reading(23.0, 240.0, 5.0));
        assert!(matches!(steadiness.judge(WINDOW, TOLERANCE), Stability::Waiting { .. }));
    }
}

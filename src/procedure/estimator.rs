//! The slope of a counter against the reference's energy, from the moments at which the counter steps.
//!
//! The energy register moves in steps of 0.1 pulse. Counting whole steps over a time knows the energy to one step; but each
//! step's moment is known to one polling interval, which is much shorter, and a straight line through many such moments
//! knows the slope far better than its two ends do. So a few seconds give what plain counting needs minutes for.

use crate::clock::Moment;

use super::feed::EnergyCurve;

/// One reading of the counter.
#[derive(Clone, Copy, Debug)]
pub struct Poll {
    /// When the meter gave it.
    pub at: Moment,
    /// Counts since the first poll.
    pub total: u64,
    /// The moment is not certain; counts, but places no step.
    pub recovered: bool,
}

/// The slope and how sure it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slope {
    /// Counts per Wh of the reference.
    pub counts_per_wh: f64,
    /// Standard uncertainty of the slope, relative.
    pub uncertainty: f64,
    /// Steps used.
    pub steps: usize,
}

/// Fewest steps a slope is drawn through.
const FEWEST_STEPS: usize = 8;

/// Fits the slope by least squares; `None` with too few steps.
#[must_use]
pub fn slope(polls: &[Poll], energy: &EnergyCurve) -> Option<Slope> {
    let (first, last) = (polls.first()?, polls.last()?);
    let secs = last.at.since(first.at).as_secs_f64();
    let rate = last.total as f64 / secs;
    if !(rate.is_finite() && rate > 0.0) {
        return None;
    }
    let mut line = Line { rate, points: Vec::new() };
    let origin = energy.wh_at(first.at);
    for pair in polls.windows(2) {
        let [before, after] = pair else { continue };
        if after.total == before.total || before.recovered || after.recovered {
            continue;
        }
        // The newest of several steps between two polls lies at most one step's time before the second.
        let earliest = before.at.secs().max(after.at.secs() - 1.0 / rate);
        let width = (after.at.secs() - earliest).max(1e-9);
        let middle = Moment::from_micros(((earliest + after.at.secs()) / 2.0 * 1e6) as u64);
        line.add(energy.wh_at(middle) - origin, after.total as f64, width);
    }
    line.fit()
}

/// A straight line through weighted points.
struct Line {
    /// Counts per second.
    rate: f64,
    /// Energy in Wh, counts, weight in 1/s².
    points: Vec<[f64; 3]>,
}

impl Line {
    fn add(&mut self, x: f64, y: f64, width: f64) {
        // The moment is evenly spread over the interval: variance width squared over 12. A wide interval says little.
        self.points.push([x, y, 12.0 / (width * width)]);
    }

    fn fit(&self) -> Option<Slope> {
        let n = self.points.len();
        if n < FEWEST_STEPS {
            return None;
        }
        let sum = |term: &dyn Fn(&[f64; 3]) -> f64| self.points.iter().map(term).sum::<f64>();
        let weight = sum(&|[_, _, w]| *w);
        let (mean_x, mean_y) = (sum(&|[x, _, w]| w * x) / weight, sum(&|[_, y, w]| w * y) / weight);
        let xx = sum(&|[x, _, w]| w * (x - mean_x).powi(2));
        let xy = sum(&|[x, y, w]| w * (x - mean_x) * (y - mean_y));
        let slope = xy / xx;
        let residual = sum(&|[x, y, w]| w * (y - mean_y - slope * (x - mean_x)).powi(2));
        // Not surer than steps evenly spread over their intervals allow, however well they happen to lie.
        let variance = (residual / (n as f64 - 2.0)).max(self.rate.powi(2)) / xx;
        (slope > 0.0).then_some(Slope { counts_per_wh: slope, uncertainty: variance.sqrt() / slope, steps: n })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::procedure::feed::Stretch;

    /// Polls of a counter that makes `rate` counts a second, every `interval` seconds with a pause given by the poll's number.
    fn polled(rate: f64, secs: f64, interval: f64, pause: impl Fn(u32) -> f64) -> Vec<Poll> {
        let (mut at, mut number, mut polls) = (0.0, 0, Vec::new());
        while at < secs {
            let total = (rate * at + 0.37).floor() as u64;
            polls.push(Poll { at: Moment::after_start(Duration::from_secs_f64(at)), total, recovered: false });
            number += 1;
            at += interval + pause(number);
        }
        polls
    }

    /// 3600 W: one Wh a second.
    fn energy(secs: f64) -> EnergyCurve {
        Stretch::constant(Duration::from_secs_f64(secs), 3600.0).energy()
    }

    #[test]
    fn many_steps_know_the_slope_better_than_the_ends() {
        let golden = |number: u32| 0.007 * (f64::from(number) * 0.618_034).fract();
        for rate in [6.67, 26.7, 100.0, 400.0] {
            let slope = slope(&polled(rate, 20.0, 0.007, golden), &energy(21.0)).expect("steps");
            let error = (slope.counts_per_wh / rate - 1.0).abs();
            assert!(error < 4.0 * slope.uncertainty, "{rate}: {error:e} with {:e}", slope.uncertainty);
            assert!(slope.uncertainty < 1e-4, "{rate}: {:e}", slope.uncertainty);
        }
    }

    #[test]
    fn polls_in_step_with_the_counter_are_not_believed() {
        // Six polls to a step, exactly: every step lies at the same place and nothing scatters.
        let slope = slope(&polled(1.0 / 0.042, 5.0, 0.007, |_| 0.0), &energy(6.0)).expect("steps");
        let theory = (12.0 / 119.0_f64).sqrt() * 0.007 / 12.0_f64.sqrt() / 5.0;
        assert!(slope.uncertainty > theory * 0.9, "{:e} < {theory:e}", slope.uncertainty);
    }

    #[test]
    fn too_little_is_no_slope() {
        assert_eq!(slope(&[], &energy(1.0)), None);
        assert_eq!(slope(&polled(1.0, 5.0, 0.007, |_| 0.0), &energy(6.0)), None);
        assert_eq!(slope(&polled(0.0, 5.0, 0.007, |_| 0.0), &energy(6.0)), None);
    }

    #[test]
    fn a_recovered_count_counts_but_places_nothing() {
        let mut polls = polled(26.7, 20.0, 0.007, |number| 0.003 * (f64::from(number) * 0.618).fract());
        // A count that came late by a second would bend the line.
        for poll in polls.iter_mut().filter(|poll| (8.0..9.0).contains(&poll.at.secs())) {
            poll.recovered = true;
            poll.total = 213;
        }
        let slope = slope(&polls, &energy(21.0)).expect("steps");
        assert!((slope.counts_per_wh / 26.7 - 1.0).abs() < 4e-4, "{}", slope.counts_per_wh);
    }
}

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
    let mut line = Line::default();
    // A wide interval says little about where in it the step happened; the mean one is the measure.
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

/// Weighted sums of a straight line.
#[derive(Default)]
struct Line {
    points: Vec<[f64; 3]>,
}

impl Line {
    fn add(&mut self, x: f64, y: f64, width: f64) {
        // The moment is evenly spread over the interval: variance width squared over 12.
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
        let variance = residual / (n as f64 - 2.0) / xx;
        (slope > 0.0).then_some(Slope { counts_per_wh: slope, uncertainty: variance.sqrt() / slope, steps: n })
    }
}

//! The slope of a counter against the reference's energy, from the moments at which the counter steps.
//!
//! The energy register moves in steps of 0.1 pulse. Counting whole steps over a time knows the energy to one step; but each
//! step's moment is known to one polling interval, which is much shorter, and a straight line through many such moments
//! knows the slope far better than its two ends do. So a few seconds give what plain counting needs minutes for.
//!
//! A step came after the poll before it was asked and before the poll that saw it was answered. Where the computer, a driver or a hub stalled,
//! that is a long time, and the step says as little as it knows. What a meter stalls by itself nobody sees: there the moment is wrong. So the
//! line is Huber's: a step far off pulls no harder than one at the edge, and how far that is the steps themselves tell by their median
//! (Robust Statistics, Wiley 1981, chapter 7).

use crate::clock::Moment;

use super::feed::EnergyCurve;

/// One reading of the counter.
#[derive(Clone, Copy, Debug)]
pub struct Poll {
    /// The earliest that the meter can have given it.
    pub at: Moment,
    /// The latest.
    pub by: Moment,
    /// Counts since the first poll.
    pub total: u64,
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
/// Standard deviations off the line at which a step's pull grows no more: the edge of its interval, sqrt(3), and the line's own doubt.
const FAR_OFF: f64 = 2.0;
/// The median of steps evenly spread over their intervals, in standard deviations.
const MEDIAN_OFF: f64 = 0.866;
/// The line is drawn again so often at the most.
const MOST_DRAWN: usize = 50;
/// Relative change of the slope that makes no difference: a hundredth of the best that is ever asked for.
const NO_CHANGE: f64 = 1e-8;

/// Fits the slope; `None` with too few steps.
#[must_use]
pub fn slope(polls: &[Poll], energy: &EnergyCurve) -> Option<Slope> {
    let (first, last) = (polls.first()?, polls.last()?);
    let secs = last.at.since(first.at).as_secs_f64();
    let rate = last.total as f64 / secs;
    if !(rate.is_finite() && rate > 0.0) {
        return None;
    }
    let mut steps = Vec::new();
    let origin = energy.wh_at(first.at);
    // What every answer takes moves all steps alike, and bends nothing.
    let always = polls.iter().map(|poll| poll.by.since(poll.at)).min().unwrap_or_default();
    for pair in polls.windows(2) {
        let [before, after] = pair else { continue };
        if after.total == before.total {
            continue;
        }
        let latest = (after.by - always).secs();
        // The newest of several steps between two polls lies at most one step's time before the second.
        let earliest = before.at.secs().max(after.at.secs() - 1.0 / rate);
        let width = (latest - earliest).max(1e-9);
        let middle = Moment::from_micros(((earliest + latest) / 2.0 * 1e6) as u64);
        // The moment is evenly spread over the interval: variance width squared over 12. A wide interval says little.
        let deviation = rate * width / 12_f64.sqrt();
        steps.push(Step { x: energy.wh_at(middle) - origin, y: after.total as f64, deviation });
    }
    if steps.len() < FEWEST_STEPS {
        return None;
    }
    let line = Line::among(&steps);
    (line.slope > 0.0).then(|| Slope {
        counts_per_wh: line.slope,
        uncertainty: line.deviation(&steps) / line.slope,
        steps: steps.len(),
    })
}

/// A step of the counter.
struct Step {
    /// Energy by the reference, in Wh.
    x: f64,
    /// Counts.
    y: f64,
    /// Standard deviation of `y`, for what is not known of the step's moment.
    deviation: f64,
}

/// A straight line.
#[derive(Clone, Copy)]
struct Line {
    mean_x: f64,
    mean_y: f64,
    slope: f64,
    /// Standard deviations off the line at which a step is far off.
    edge: f64,
}

impl Line {
    /// Huber's line: through all steps by least squares, then again with those far off pulling less, until it lies still.
    fn among(steps: &[Step]) -> Self {
        let mut shares = vec![1.0; steps.len()];
        let mut line = Self::through(steps, &shares);
        for _ in 0..MOST_DRAWN {
            for (share, step) in shares.iter_mut().zip(steps) {
                *share = (line.edge / line.off(step).abs()).min(1.0);
            }
            let next = Self::through(steps, &shares);
            let change = (next.slope / line.slope - 1.0).abs();
            line = next;
            if change < NO_CHANGE {
                break;
            }
        }
        line
    }

    /// By least squares, each step with its share.
    fn through(steps: &[Step], shares: &[f64]) -> Self {
        let sum = |term: &dyn Fn(&Step) -> f64| -> f64 {
            steps.iter().zip(shares).map(|(step, share)| share / step.deviation.powi(2) * term(step)).sum()
        };
        let weight = sum(&|_| 1.0);
        let (mean_x, mean_y) = (sum(&|step| step.x) / weight, sum(&|step| step.y) / weight);
        let xx = sum(&|step| (step.x - mean_x).powi(2));
        let xy = sum(&|step| (step.x - mean_x) * (step.y - mean_y));
        let mut line = Self { mean_x, mean_y, slope: xy / xx, edge: FAR_OFF };
        let mut off: Vec<f64> = steps.iter().map(|step| line.off(step).abs()).collect();
        let middle = off.len() / 2;
        let (_, median, _) = off.select_nth_unstable_by(middle, f64::total_cmp);
        // What scatters all over is no reason to believe only the few steps that happen to lie on the line.
        line.edge *= (*median / MEDIAN_OFF).max(1.0);
        line
    }

    /// By how many of its standard deviations a step lies above the line.
    fn off(&self, step: &Step) -> f64 {
        (step.y - self.mean_y - self.slope * (step.x - self.mean_x)) / step.deviation
    }

    /// Standard deviation of the slope (the same, section 7.6, with the least deviation of a step known).
    fn deviation(&self, steps: &[Step]) -> f64 {
        let n = steps.len() as f64;
        let pull: f64 = steps.iter().map(|step| self.off(step).clamp(-self.edge, self.edge).powi(2)).sum();
        let on_it = steps.iter().filter(|step| self.off(step).abs() <= self.edge).count().max(1) as f64 / n;
        let few = 1.0 + 2.0 / n * (1.0 - on_it) / on_it;
        let mean_x = steps.iter().map(|step| step.x).sum::<f64>() / n;
        let xx: f64 = steps.iter().map(|step| ((step.x - mean_x) / step.deviation).powi(2)).sum();
        // Not surer than steps evenly spread over their intervals allow, however well they happen to lie.
        few * (pull / (n - 2.0)).max(1.0).sqrt() / on_it / xx.sqrt()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::procedure::feed::Stretch;
    use crate::sim::noise::{Stream, normal, uniform};

    /// What every answer takes.
    const ANSWER: Duration = Duration::from_millis(4);

    /// Polls of a counter that makes `rate` counts a second, every `interval` seconds with a pause given by the poll's number.
    fn polled(rate: f64, secs: f64, interval: f64, pause: impl Fn(u32) -> f64) -> Vec<Poll> {
        let (mut at, mut number, mut polls) = (0.0, 0, Vec::new());
        while at < secs {
            let total = (rate * at + 0.37).floor() as u64;
            let asked = Moment::after_start(Duration::from_secs_f64(at));
            polls.push(Poll { at: asked, by: asked + ANSWER, total });
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

    /// Polls whose moments are as `late` says, in seconds, by the poll's number: the meter was read so long after, and nobody saw it.
    fn stalled(late: impl Fn(usize) -> f64) -> Vec<Poll> {
        let mut polls = polled(1.67, 20.0, 0.02, |number| 0.007 * (f64::from(number) * 0.618_034).fract());
        for (number, poll) in polls.iter_mut().enumerate() {
            poll.total = (1.67 * (poll.at.secs() + late(number)) + 0.37).floor() as u64;
        }
        polls
    }

    #[test]
    fn a_stall_moves_the_line_no_further_than_it_says() {
        let energy = energy(21.0);
        let quiet = slope(&stalled(|_| 0.0), &energy).expect("steps");
        // Each step in turn is seen in a poll that was read 50 ms after its moment.
        let steps: Vec<usize> = stalled(|_| 0.0)
            .windows(2)
            .enumerate()
            .filter(|(_, pair)| pair[0].total < pair[1].total)
            .map(|(at, _)| at)
            .collect();
        assert!(steps.len() > 30, "{steps:?}");
        for at in steps {
            let slope = slope(&stalled(|number| if (at - 1..=at).contains(&number) { 0.05 } else { 0.0 }), &energy)
                .expect("steps");
            assert!((slope.counts_per_wh / 1.67 - 1.0).abs() < 3.0 * slope.uncertainty, "{at}: {slope:?}");
            assert!(slope.uncertainty < 1.2 * quiet.uncertainty, "{at}: {slope:?}, {quiet:?}");
        }
    }

    #[test]
    fn what_scatters_all_over_is_not_known_well() {
        for (steps, scatter) in [(12, 3.0), (12, 100.0), (30, 3.0), (30, 10.0), (30, 100.0), (120, 30.0)] {
            let (mut squares, runs) = (0.0, 400);
            for run in 0..runs {
                let step = |number: u64| {
                    let (x, deviation) = (number as f64, 0.03);
                    let off = scatter * normal(run, Stream::ReferenceReading, number);
                    Step { x, y: x + deviation * off, deviation }
                };
                let steps: Vec<Step> = (0..steps).map(step).collect();
                let line = Line::among(&steps);
                squares += ((line.slope - 1.0) / line.deviation(&steps)).powi(2);
            }
            let ratio = (squares / runs as f64).sqrt();
            // With few steps, Student's t.
            assert!((0.6..1.45).contains(&ratio), "{steps} steps, {scatter} deviations: {ratio}");
        }
    }

    #[test]
    fn too_little_is_no_slope() {
        assert_eq!(slope(&[], &energy(1.0)), None);
        assert_eq!(slope(&polled(1.0, 5.0, 0.007, |_| 0.0), &energy(6.0)), None);
        assert_eq!(slope(&polled(0.0, 5.0, 0.007, |_| 0.0), &energy(6.0)), None);
    }

    /// Polls of a counter while something takes the computer away, `often` of the time's polls, for up to `longest` seconds each: before
    /// the meter has read, or before its answer is seen.
    fn interrupted(run: u64, rate: f64, often: f64, longest: f64) -> Vec<Poll> {
        let (mut now, mut number, mut polls) = (0.0, 0, Vec::new());
        let mut drawn = || {
            number += 1;
            uniform(run, Stream::ReferenceReading, number)
        };
        while now < 10.0 {
            let at = now;
            for answers in [false, true] {
                now += ANSWER.as_secs_f64() / 2.0;
                if drawn() < often / 2.0 {
                    now += longest * drawn();
                }
                if !answers {
                    let total = (rate * now + 0.37).floor() as u64;
                    polls.push(Poll { at: Moment::after_start(Duration::from_secs_f64(at)), by: Moment::START, total });
                }
            }
            if let Some(poll) = polls.last_mut() {
                poll.by = Moment::after_start(Duration::from_secs_f64(now));
            }
            now += 0.003 * drawn();
        }
        polls
    }

    #[test]
    fn where_the_computer_is_taken_away_it_says_how_little_it_knows() {
        let energy = energy(12.0);
        for (often, longest) in [(0.0, 0.0), (0.02, 0.3), (0.1, 0.15), (0.5, 0.15), (0.02, 2.0)] {
            let (mut squares, mut worst, runs) = (0.0_f64, 0.0_f64, 300);
            for run in 0..runs {
                let slope = slope(&interrupted(run, 10.67, often, longest), &energy).expect("steps");
                let off = (slope.counts_per_wh / 10.67 - 1.0) / slope.uncertainty;
                squares += off.powi(2);
                worst = worst.max(off.abs());
            }
            let ratio = (squares / runs as f64).sqrt();
            assert!((0.5..1.3).contains(&ratio) && worst < 5.0, "{often}, {longest} s: {ratio}, at most {worst}");
        }
    }

    #[test]
    fn an_answer_that_came_late_places_nothing() {
        let mut polls = polled(26.7, 20.0, 0.007, |number| 0.003 * (f64::from(number) * 0.618).fract());
        // A count that came late by a second would bend the line.
        for poll in polls.iter_mut().filter(|poll| (8.0..9.0).contains(&poll.at.secs())) {
            poll.by = Moment::after_start(Duration::from_secs(9)) + ANSWER;
            poll.total = 213;
        }
        let slope = slope(&polls, &energy(21.0)).expect("steps");
        assert!((slope.counts_per_wh / 26.7 - 1.0).abs() < 1e-4, "{}", slope.counts_per_wh);
    }
}

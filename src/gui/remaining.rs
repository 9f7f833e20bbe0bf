//! How long a run still takes: what its plan expects, corrected by how the run itself goes.

use std::time::Duration;

use super::run_view::{StepState, StepView};

/// So much of the plan counts as done at its pace before anything was: a first step that takes long does not decide.
const TRUST_IN_PLAN: f64 = 0.3;
/// What is shown follows a better guess over this time, in seconds of the station's clock, instead of jumping to it.
const FOLLOWS_SECS: f64 = 8.0;
/// A step that lasts longer than it should is not done before it is done.
const MOST_OF_A_STEP: f64 = 0.97;

/// The rest of a run.
#[derive(Clone, Debug, Default)]
pub struct Remaining {
    expected: Vec<f64>,
    begun: Option<f64>,
    /// When the active step began, by the station's clock.
    step: Option<(usize, f64)>,
    now: f64,
    /// The moment the run is going to end, as it is shown.
    end: Option<f64>,
}

impl Remaining {
    /// Of a run whose steps are expected to take so long.
    #[must_use]
    pub fn of(expected: &[Duration]) -> Self {
        Self { expected: expected.iter().map(Duration::as_secs_f64).collect(), ..Self::default() }
    }

    /// Takes in how far the steps are at `now`, in seconds of the station's clock.
    pub fn follow(&mut self, steps: &[StepView], now: f64) {
        let begun = *self.begun.get_or_insert(now);
        let passed = (now - self.now).max(0.0);
        self.now = now;
        let active = steps.iter().position(|step| matches!(step.state, StepState::Active { .. }));
        if self.step.map(|(number, _)| number) != active {
            self.step = active.map(|number| (number, now));
        }
        let total: f64 = self.expected.iter().sum();
        let mut done = 0.0;
        for (number, (step, expected)) in steps.iter().zip(&self.expected).enumerate() {
            done += match &step.state {
                StepState::Waiting => 0.0,
                StepState::Done { .. } => *expected,
                StepState::Active { fraction, .. } => {
                    // Many steps cannot tell how far they are; time goes on in them too.
                    let since = self.step.filter(|(active, _)| *active == number).map_or(0.0, |(_, since)| now - since);
                    let by_time = if *expected > 0.0 { since / expected } else { 0.0 };
                    expected * f64::from(*fraction).max(by_time).min(MOST_OF_A_STEP)
                }
            };
        }
        let trust = total * TRUST_IN_PLAN;
        let pace = if done + trust > 0.0 { (now - begun + trust) / (done + trust) } else { 1.0 };
        let guess = now + (total - done).max(0.0) * pace;
        let share = 1.0 - (-passed / FOLLOWS_SECS).exp();
        self.end = Some(self.end.map_or(guess, |end| end + (guess - end) * share));
    }

    /// The rest, never negative; what the plan expects before anything was seen.
    #[must_use]
    pub fn time(&self) -> Duration {
        let secs = self.end.map_or_else(|| self.expected.iter().sum(), |end| end - self.now);
        Duration::try_from_secs_f64(secs.max(0.0)).unwrap_or_default()
    }
}

/// A rest in words, as exact as it is known.
#[must_use]
pub fn words(rest: Duration) -> String {
    match rest.as_secs() {
        0..8 => t!("a few seconds left").to_owned(),
        secs @ 8..58 => t!("about {secs} s left", secs = (secs + 2) / 5 * 5),
        secs => {
            let tens = (secs + 5) / 10;
            match (tens / 6, tens % 6 * 10) {
                (minutes, 0) => t!("about {minutes} min left", minutes),
                (minutes, rest) => t!("about {minutes} min {rest} s left", minutes, rest),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::procedure::Verdict;

    fn steps(count: usize, active: usize) -> Vec<StepView> {
        let state = |number: usize| match number {
            done if done < active => StepState::Done { verdict: Verdict::Pass, detail: String::new() },
            now if now == active => StepState::Active { fraction: 0.0, detail: String::new() },
            _ => StepState::Waiting,
        };
        (0..count).map(|number| StepView { title: number.to_string(), state: state(number) }).collect()
    }

    /// What is shown each second of a run whose steps take `taken` instead of 20 s each.
    fn shown(taken: f64) -> Vec<f64> {
        let mut remaining = Remaining::of(&[Duration::from_secs(20); 6]);
        let seconds = (taken * 6.0) as u32;
        let rest = |second: u32| {
            let now = f64::from(second);
            remaining.follow(&steps(6, (now / taken) as usize), now);
            remaining.time().as_secs_f64()
        };
        (0..seconds).map(rest).collect()
    }

    #[test]
    fn it_goes_down_without_jumps_and_ends_near_nothing() {
        for taken in [10.0, 20.0, 35.0] {
            let shown = shown(taken);
            for pair in shown.windows(2) {
                // A run that takes nearly twice as long as planned stands still for a while rather than going up.
                assert!(pair[1] - pair[0] < 1.5, "up by {} at {taken}", pair[1] - pair[0]);
                assert!(pair[0] - pair[1] < 6.0, "down by {} at {taken}", pair[0] - pair[1]);
            }
            assert!(shown.last().unwrap() < &12.0, "{taken}: {:?}", shown.last());
        }
    }

    #[test]
    fn a_plan_that_is_right_is_right_all_the_way() {
        for (second, rest) in shown(20.0).into_iter().enumerate() {
            assert!((120.0 - second as f64 - rest).abs() < 4.0, "{second}: {rest}");
        }
    }

    #[test]
    fn words_are_no_more_exact_than_the_guess() {
        let of = |secs| words(Duration::from_secs(secs));
        assert_eq!([of(0), of(7)], ["a few seconds left", "a few seconds left"]);
        assert_eq!([of(9), of(57)], ["about 10 s left", "about 55 s left"]);
        assert_eq!([of(58), of(83), of(118)], ["about 1 min left", "about 1 min 20 s left", "about 2 min left"]);
    }
}

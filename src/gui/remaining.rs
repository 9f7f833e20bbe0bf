//! How long a run still takes: what its plan expects, corrected by how the run itself goes.

use std::time::Duration;

use super::run_view::{StepState, StepView};

/// So much of the plan counts as done at its pace before anything was: a first step that takes long does not decide.
const TRUST_IN_PLAN: f64 = 0.3;
/// What is shown follows a better guess over this time, in seconds of the station's clock, instead of jumping to it.
const FOLLOWS_SECS: f64 = 8.0;
/// A step that lasts longer than it should is not done before it is done.
const MOST_OF_A_STEP: f64 = 0.97;

/// A step as it was seen so far.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    /// When it began, by the station's clock; none when it has not, or was taken over from an earlier run.
    begun: Option<f64>,
    /// How long it took; none while it has not ended, and where it was taken over.
    took: Option<f64>,
    /// What it said itself: that it ends at this moment.
    ends: Option<f64>,
}

/// The rest of a run.
#[derive(Clone, Debug, Default)]
pub struct Remaining {
    expected: Vec<f64>,
    seen: Vec<Seen>,
    /// Steps that were there already when the run went on with an earlier one.
    taken_over: usize,
    begun: Option<f64>,
    now: f64,
    /// The moment the run is going to end, as it is shown.
    end: Option<f64>,
    /// How far it is, as it is shown.
    fraction: f64,
}

impl Remaining {
    /// Of a run whose steps are expected to take so long.
    #[must_use]
    pub fn of(expected: &[Duration]) -> Self {
        let expected: Vec<f64> = expected.iter().map(Duration::as_secs_f64).collect();
        Self { seen: vec![Seen::default(); expected.len()], expected, ..Self::default() }
    }

    /// A step says itself how long it still takes.
    pub fn told(&mut self, step: usize, rest: Duration) {
        if let Some(seen) = self.seen.get_mut(step) {
            seen.ends = Some(self.now + rest.as_secs_f64());
        }
    }

    /// Takes in how far the steps are at `now`, in seconds of the station's clock.
    pub fn follow(&mut self, steps: &[StepView], now: f64) {
        let begun = *self.begun.get_or_insert(now);
        let passed = (now - self.now).max(0.0);
        self.now = now;
        // At its own pace goes what is neither taken over nor says itself how long it takes.
        let (mut at_pace, mut worth, mut done, mut rest, mut waiting) = (now - begun, 0.0, 0.0, 0.0, 0.0);
        let mut taken_over = 0;
        for ((step, expected), seen) in steps.iter().zip(&self.expected).zip(&mut self.seen) {
            match &step.state {
                StepState::Waiting => waiting += expected,
                StepState::Done { .. } => {
                    if seen.took.is_none() {
                        seen.took = seen.begun.map(|begun| now - begun);
                    }
                    match (seen.took, seen.ends) {
                        (Some(took), Some(_)) => at_pace -= took,
                        (Some(_), None) => worth += expected,
                        (None, _) => taken_over += 1,
                    }
                    done += seen.took.unwrap_or(*expected);
                }
                StepState::Active { fraction, .. } => {
                    let since = now - *seen.begun.get_or_insert(now);
                    if let Some(ends) = seen.ends {
                        at_pace -= since;
                        let left = (ends - now).max(0.0);
                        rest += left;
                        // One that goes on where it was interrupted has done more than what was seen of it.
                        done += since.max(expected - left);
                    } else {
                        // Many steps cannot tell how far they are; time goes on in them too.
                        let by_time = if *expected > 0.0 { since / expected } else { 0.0 };
                        let part = f64::from(*fraction).max(by_time).min(MOST_OF_A_STEP);
                        worth += expected * part;
                        waiting += expected * (1.0 - part);
                        done += since;
                    }
                }
            }
        }
        let trust = self.expected.iter().sum::<f64>() * TRUST_IN_PLAN;
        let pace = if worth + trust > 0.0 { (at_pace.max(0.0) + trust) / (worth + trust) } else { 1.0 };
        let guess = now + rest + waiting * pace;
        let share = if taken_over == self.taken_over { 1.0 - (-passed / FOLLOWS_SECS).exp() } else { 1.0 };
        self.taken_over = taken_over;
        self.end = Some(self.end.map_or(guess, |end| end + (guess - end) * share));
        let left = self.time().as_secs_f64();
        if done + left > 0.0 {
            self.fraction = self.fraction.max(done / (done + left));
        }
    }

    /// How far the run is by time, 0 to 1; none before anything was seen, and where nothing is known of its steps.
    #[must_use]
    pub fn fraction(&self) -> Option<f32> {
        (self.end.is_some() && self.expected.iter().sum::<f64>() > 0.0).then_some(self.fraction as f32)
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
    fn what_was_taken_over_says_nothing_about_the_pace() {
        let mut remaining = Remaining::of(&[Duration::from_secs(100); 6]);
        let waiting = |number: usize| StepView { title: number.to_string(), state: StepState::Waiting };
        remaining.follow(&(0..6).map(waiting).collect::<Vec<_>>(), 5000.0);
        // Four of them were done in an earlier run, and the fifth goes on: it says itself for how long.
        let four = steps(6, 4);
        for second in 0..20 {
            remaining.told(4, Duration::from_secs(617 - second));
            remaining.follow(&four, 5001.0 + second as f64);
            let (rest, right) = (remaining.time().as_secs_f64(), 717.0 - second as f64);
            assert!((rest - right).abs() < 2.0, "{second}: {rest} instead of {right}");
        }
        let part = remaining.fraction().unwrap();
        assert!((0.34..0.40).contains(&part), "{part}");
    }

    #[test]
    fn the_bar_goes_by_time_and_not_by_steps() {
        // Nine short steps, and one that takes most of the time.
        let mut expected = vec![Duration::from_secs(10); 9];
        expected.push(Duration::from_secs(910));
        let mut remaining = Remaining::of(&expected);
        let mut before = 0.0;
        for second in 0..1000 {
            let active = (second / 10).min(9);
            if active == 9 {
                remaining.told(9, Duration::from_secs(1000 - second as u64));
            }
            remaining.follow(&steps(10, active), second as f64);
            let (part, right) = (remaining.fraction().unwrap(), second as f32 / 1000.0);
            assert!(part >= before && (part - right).abs() < 0.02, "{second}: {part}");
            before = part;
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

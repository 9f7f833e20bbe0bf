//! The meter starts at its starting current and goes on registering.

use std::time::Duration;

use super::counting::{Counted, LOOK};
use crate::meter::Line;
use crate::procedure::durations::{self, COUNTS_TO_GO_ON, words};
use crate::procedure::error::StepError;
use crate::procedure::position::Position;
use crate::procedure::report::Measurement;
use crate::procedure::unfinished::Watched;
use crate::profile::verification::Starting;
use crate::reference::LoadPoint;

/// After the first impulse a meter has to make its counts within so many times an exact meter's time for them. A meter that has started
/// and stops again makes none.
const TIME_TO_GO_ON: f64 = 2.0;

impl Position<'_> {
    /// Waits for the first impulse, as long as it may take, and then for it to go on.
    pub(in crate::procedure::position) fn starting(
        &mut self,
        name: &str,
        starting: &Starting,
        point: &LoadPoint,
    ) -> Result<String, StepError> {
        let rating = &self.around.plan.meter.rating;
        let allowed = durations::starting(starting, rating);
        let going_on = self.around.plan.count_time(point).mul_f64(f64::from(COUNTS_TO_GO_ON) * TIME_TO_GO_ON);
        let interrupted = self.begun_before();
        self.expect_voltage(point)?;
        let mut counted = self.count_from_now()?;
        let first =
            self.count_until(&mut counted, allowed, |position, counted| position.pulses(counted.forward) >= 1.0)?;
        let pulses = self.pulses(counted.forward);
        let source = &starting.limit_source;
        let judged = Measurement::at_least("starting_pulses", name, (pulses, "imp"), 1.0);
        self.record(judged.limited_by(source).obtained("energy register", None));
        let time =
            Measurement::judged("starting_time", name, (first.as_secs_f64(), "s"), Some((0.0, allowed.as_secs_f64())));
        if pulses < 1.0 {
            self.still_the_same()?;
            let backward = self.pulses(counted.backward);
            let found = match (counted.forward, counted.backward) {
                (0, 0) => format!("it does not start: nothing registered in {}", words(allowed)),
                (0, _) => format!("it registers backward: {backward:.2} impulses in {}", words(allowed)),
                _ => format!("it does not start in time: {pulses:.2} impulses in {}", words(allowed)),
            };
            return Ok(found + &interrupted);
        }
        self.record(time.limited_by(source).obtained("energy register", None));
        let mut further = Counted { since: self.now(), forward: 0, backward: 0 };
        self.count_until(&mut further, going_on, |_, further| further.forward >= COUNTS_TO_GO_ON.into())?;
        let (got, wanted) = (further.forward as f64, f64::from(COUNTS_TO_GO_ON));
        let judged = Measurement::at_least("starting_goes_on", name, (got, "counts"), wanted);
        self.record(judged.limited_by(source).obtained("energy register", None));
        self.still_the_same()?;
        let after = words(first);
        let found = if got < wanted {
            format!("it starts and stops again: one impulse after {after}, then {got} counts in {}", words(going_on))
        } else {
            format!("one impulse after {after} of {}, and it goes on", words(allowed))
        };
        Ok(found + &interrupted)
    }

    /// That it was interrupted: it begins anew, for the time from switching on to the first impulse is one, and cannot be put together.
    fn begun_before(&mut self) -> String {
        self.watched.take().map_or_else(String::new, |before| {
            let (time, pulses) = (words(before.time()), self.pulses(before.counts));
            format!("; begun anew after an interruption at {time}, {pulses:.2} impulses")
        })
    }

    /// Counts until `enough` or until the time is over; returns the time it took.
    fn count_until(
        &mut self,
        counted: &mut Counted,
        allowed: Duration,
        enough: impl Fn(&Self, &Counted) -> bool,
    ) -> Result<Duration, StepError> {
        let line = self.measured_lines()?.first().copied().unwrap_or(Line::L);
        loop {
            let rest = allowed.saturating_sub(self.now().since(counted.since));
            self.wait(rest.min(LOOK))?;
            self.count_on(counted)?;
            self.show_readings(line)?;
            let elapsed = self.now().since(counted.since);
            let rest = allowed.saturating_sub(elapsed);
            let part = elapsed.as_secs_f64() / allowed.as_secs_f64();
            let pulses = self.pulses(counted.forward);
            self.keep(Some(Watched { secs: elapsed.as_secs_f64(), counts: counted.forward, interruptions: 0 }));
            self.progress_until(Some(rest), part, format!("{pulses:.2} impulses, at most {} remain", words(rest)));
            if rest.is_zero() || enough(self, counted) {
                return Ok(elapsed.min(allowed));
            }
        }
    }
}

//! No energy is registered at an open current circuit.

use super::counting::LOOK;
use crate::meter::Line;
use crate::procedure::durations::{self, words};
use crate::procedure::error::StepError;
use crate::procedure::position::Position;
use crate::procedure::report::Measurement;
use crate::procedure::unfinished::Watched;
use crate::profile::verification::NoLoad;
use crate::reference::LoadPoint;

impl Position<'_> {
    /// Counts for as long as the standard's formula says, and proves at every look that the chip is alive: a dead one counts
    /// nothing either. More than the impulses allowed end the test at once.
    pub(in crate::procedure::position) fn no_load(
        &mut self,
        name: &str,
        no_load: &NoLoad,
        point: &LoadPoint,
    ) -> Result<String, StepError> {
        let duration = durations::no_load(no_load, &self.around.plan.meter.rating);
        self.expect_voltage(point)?;
        let mut before = self.watched_before(no_load.pulses);
        let mut counted = self.count_from_now()?;
        let line = self.measured_lines()?.first().copied().unwrap_or(Line::L);
        let (elapsed, counts) = loop {
            let rest = duration.saturating_sub(before.time() + self.now().since(counted.since));
            self.wait(rest.min(LOOK))?;
            self.count_on(&mut counted)?;
            self.expect_voltage(point)?;
            self.show_readings(line)?;
            let elapsed = before.time() + self.now().since(counted.since);
            let counts = before.counts + counted.total();
            let pulses = self.pulses(counts);
            if pulses > no_load.pulses && before.interruptions > 0 {
                // Pieces of a test can acquit a unit, and never convict it.
                (before, counted) = (Watched::default(), self.count_from_now()?);
                continue;
            }
            self.keep(Some(Watched { secs: elapsed.as_secs_f64(), counts, ..before }));
            let rest = duration.saturating_sub(elapsed);
            let part = elapsed.as_secs_f64() / duration.as_secs_f64();
            self.progress_until(Some(rest), part, format!("{pulses:.2} impulses, {} remain", words(rest)));
            if rest.is_zero() || pulses > no_load.pulses {
                break (elapsed, counts);
            }
        };
        let pulses = self.pulses(counts);
        let judged = Measurement::judged("no_load_pulses", name, (pulses, "imp"), Some((0.0, no_load.pulses)))
            .limited_by(&no_load.limit_source)
            .obtained(
                if before.interruptions > 0 { IN_PIECES } else { "energy registers, forward and backward" },
                None,
            );
        self.record(judged);
        let time = Measurement::judged("no_load_time", name, (elapsed.as_secs_f64(), "s"), None);
        self.record(time.obtained("computed by the procedure's formula", None));
        self.still_the_same()?;
        Ok(if pulses > no_load.pulses {
            format!("it creeps: {pulses:.2} impulses without current within {}", words(elapsed))
        } else {
            let interrupted = match before.interruptions {
                0 => String::new(),
                times => format!(", {} of them before the last of {times} interruptions", words(before.time())),
            };
            format!("{pulses:.2} impulses in {}{interrupted}", words(elapsed))
        })
    }

    /// What an interrupted test leaves to this one: the time somebody watched, with everything that may have been counted besides. Where
    /// that is more than is allowed, the test begins anew.
    fn watched_before(&mut self, allowed: f64) -> Watched {
        let before = self.watched.take().filter(|before| self.pulses(before.counts) <= allowed);
        before.unwrap_or_default()
    }
}

/// How a test was counted that was interrupted.
const IN_PIECES: &str = "energy registers, forward and backward, and a count for each interruption";

//! No energy is registered at an open current circuit.

use super::counting::LOOK;
use crate::meter::Line;
use crate::procedure::durations::{self, words};
use crate::procedure::error::StepError;
use crate::procedure::position::Position;
use crate::procedure::report::Measurement;
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
        let mut counted = self.count_from_now()?;
        let line = self.measured_lines()?.first().copied().unwrap_or(Line::L);
        let elapsed = loop {
            let rest = duration.saturating_sub(self.now().since(counted.since));
            self.wait(rest.min(LOOK))?;
            self.count_on(&mut counted)?;
            self.expect_voltage(point)?;
            self.show_readings(line)?;
            let elapsed = self.now().since(counted.since);
            let pulses = self.pulses(counted.total());
            let rest = duration.saturating_sub(elapsed);
            let part = elapsed.as_secs_f64() / duration.as_secs_f64();
            self.progress(part, format!("{pulses:.2} impulses, {} remain", words(rest)));
            if rest.is_zero() || pulses > no_load.pulses {
                break elapsed;
            }
        };
        let pulses = self.pulses(counted.total());
        let judged = Measurement::judged("no_load_pulses", name, (pulses, "imp"), Some((0.0, no_load.pulses)))
            .limited_by(&no_load.limit_source)
            .obtained("energy registers, forward and backward", None);
        self.record(judged);
        let time = Measurement::judged("no_load_time", name, (elapsed.as_secs_f64(), "s"), None);
        self.record(time.obtained("computed by the procedure's formula", None));
        self.still_the_same()?;
        Ok(if pulses > no_load.pulses {
            format!("it creeps: {pulses:.2} impulses without current within {}", words(elapsed))
        } else {
            format!("{pulses:.2} impulses in {}", words(elapsed))
        })
    }
}

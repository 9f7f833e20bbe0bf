//! The scatter of several errors at one load point.

use crate::procedure::error::StepError;
use crate::procedure::position::Position;
use crate::procedure::report::Measurement;
use crate::profile::verification::Repeatability;
use crate::reference::LoadPoint;

impl Position<'_> {
    /// Judges the standard deviation of the single error; the errors themselves are recorded and not judged.
    pub(in crate::procedure::position) fn repeatability(
        &mut self,
        name: &str,
        repeatability: &Repeatability,
        point: &LoadPoint,
    ) -> Result<String, StepError> {
        let lines = self.measured_lines()?;
        self.settle_at(point, &[], repeatability.series.settle)?;
        let mut words = Vec::new();
        for line in lines {
            let errors = self.energy_series(line, point, &repeatability.series)?;
            let Some(deviation) = errors.deviation else { return Err(StepError::Panicked) };
            let limits = Some((0.0, repeatability.deviation.0));
            let judged = Measurement::judged(format!("repeatability_{line}"), name, (deviation, "%"), limits)
                .limited_by(&repeatability.limit_source)
                .obtained("standard deviation of the single error", None);
            self.record(judged);
            for (number, error) in errors.single.iter().enumerate() {
                let name_of_it = format!("repeatability_{line}_error_{}", number + 1);
                let single = Measurement::judged(name_of_it, name, (*error, "%"), None);
                self.record(single.obtained(errors.method, None));
            }
            words.push(format!("s {deviation:.4} % of {} errors", errors.single.len()));
        }
        self.select_line(self.around.plan.meter.registers.m_mode.0)?;
        self.still_the_same()?;
        Ok(words.join(", "))
    }
}

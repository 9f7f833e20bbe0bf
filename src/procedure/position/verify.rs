//! Step: the errors that are left, at one load point, in normal operation.

use super::Position;
use super::averages::{Average, Until};
use crate::meter::Line;
use crate::procedure::error::StepError;
use crate::procedure::plan::Step;
use crate::procedure::report::Measurement;
use crate::profile::procedure::VerifyPoint;
use crate::units::Percent;

impl Position<'_> {
    /// Measures voltage, current and energy once more as a user of the meter would, and compares with the limits. The chip
    /// must still be in normal operation at the end.
    pub(super) fn verify(&mut self, number: usize) -> Result<String, StepError> {
        let plan = self.around.plan;
        let (Some(verify), Some(point)) = (plan.verify_point(number), plan.load_point(Step::Verify(number))) else {
            return Err(StepError::Panicked);
        };
        let lines = plan.lines();
        let limits = &verify.limits;
        let mut words = Vec::new();
        let currents = if limits.current.is_some() { lines } else { &[] };
        self.guarded(|position| position.settle(&point, currents).map(|_| ()))?;
        if limits.voltage.is_some() || limits.current.is_some() {
            let rms = &plan.procedure.rms;
            let until = Until { min: rms.min, max: rms.max, known_to: rms.verify_uncertainty };
            let averages = self.guarded(|position| {
                position.average(currents, until, |position, part| {
                    position.progress(part * 0.3, "Averaging meter and reference".to_owned());
                })
            })?;
            let scale = plan.meter.calibration.current_scale;
            words.push(self.judge_average(verify, "voltage_error", averages.u, 1.0, limits.voltage));
            for (line, current) in averages.i {
                let name = format!("current_error_{line}");
                words.push(self.judge_average(verify, &name, current, scale, limits.current));
            }
        }
        if let Some(limit) = limits.energy {
            // In normal operation the chip meters the line that MMode or its pins say.
            let line = lines.first().copied().unwrap_or(Line::L);
            let target = plan.procedure.energy.verify_uncertainty;
            let found = self.guarded(|position| position.energy_error(line, &point, target))?;
            let measurement = Measurement::judged(
                "energy_error",
                verify.name.as_str(),
                (found.error.0, "%"),
                Some((-limit.0, limit.0)),
            )
            .limited_by(&verify.limit_source)
            .obtained(found.method, found.uncertainty.map(|uncertainty| uncertainty.0));
            self.record(measurement);
            words.push(format!("energy {}", found.error));
        }
        self.guarded(Self::compare_registers)?;
        words.retain(|word| !word.is_empty());
        Ok(words.join(", "))
    }

    fn judge_average(
        &mut self,
        verify: &VerifyPoint,
        name: &str,
        average: Average,
        scale: f64,
        limit: Option<Percent>,
    ) -> String {
        let error = Percent::error(average.meter * scale, average.reference);
        let Some(limit) = limit else { return String::new() };
        let measurement = Measurement::judged(name, verify.name.as_str(), (error.0, "%"), Some((-limit.0, limit.0)))
            .limited_by(&verify.limit_source)
            .obtained("averaged together", Some(average.uncertainty * 100.0));
        self.record(measurement);
        let quantity = name.split('_').next().unwrap_or(name);
        format!("{quantity} {error}")
    }
}

//! Step: the errors that are left, at one load point, in normal operation.

use m90e26::Register;

use super::Position;
use super::averages::{Average, Until};
use crate::meter::Reach;
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
        let metered = [plan.metered_line()];
        // A meter that runs its own program meters one line, and nobody tells its chip another.
        let lines = if self.own_program { &metered } else { plan.lines() };
        if self.meter.reach() == Reach::Readings {
            return self.verify_readings(verify);
        }
        let limits = &verify.limits;
        let mut words = Vec::new();
        let currents = if limits.current.is_some() { lines } else { &[] };
        self.guarded(|position| position.settle(&point, currents).map(|_| ()))?;
        if limits.voltage.is_some() || limits.current.is_some() {
            let rms = &plan.procedure.rms;
            let until = Until { min: rms.min, max: rms.max, known_to: Some(rms.verify_uncertainty) };
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
            for &line in lines {
                if !self.own_program {
                    self.select_line(plan.mmode_for(line))?;
                }
                let target = plan.procedure.energy.verify_uncertainty;
                let found = self.guarded(|position| position.energy_error(line, &point, target))?;
                let name =
                    if plan.lines().len() > 1 { format!("energy_error_{line}") } else { "energy_error".to_owned() };
                let measurement =
                    Measurement::judged(name, verify.name.as_str(), (found.error.0, "%"), Some((-limit.0, limit.0)))
                        .limited_by(&verify.limit_source)
                        .obtained(found.method, found.uncertainty.map(|uncertainty| uncertainty.0));
                self.record(measurement);
                words.push(format!("energy {}", found.error));
            }
            if !self.own_program {
                self.select_line(plan.meter.registers.m_mode.0)?;
            }
        }
        self.guarded(Self::compare_registers)?;
        self.guarded(Self::expect_clean_status)?;
        words.retain(|word| !word.is_empty());
        Ok(words.join(", "))
    }

    /// Lets the chip meter another line in normal operation: MMode is under CS1, so the checksum goes with it.
    fn select_line(&mut self, mmode: u16) -> Result<(), StepError> {
        if self.registers.get(Register::MMode)? == mmode {
            return Ok(());
        }
        let mut set = self.registers.clone();
        set.set(Register::MMode, mmode)?;
        self.guarded(|position| {
            position.apply(&set)?;
            position.start_normal()
        })
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

//! Step: Lgain and Ngain from the energy error at Un, Ib, PF 1.

use m90e26::Register;

use super::Position;
use super::energy::{EnergyError, Wanted};
use crate::calibration::registers::RegisterSet;
use crate::calibration::solve::energy::{EnergyPoint, gain_only};
use crate::meter::Line;
use crate::procedure::error::StepError;
use crate::procedure::plan::Step;
use crate::procedure::report::Measurement;
use crate::units::Degrees;

impl Position<'_> {
    /// Measures the energy error of each line with the gain at zero and writes the gain that takes it away. The phase step
    /// refines it.
    pub(super) fn energy_gains(&mut self) -> Result<String, StepError> {
        let mut words = Vec::new();
        for line in self.around.plan.lines().to_vec() {
            let (unity, found) = self.energy_point(line, Step::EnergyGain)?;
            let gain = gain_only(line, &unity)?;
            let window = self.around.plan.meter.plausible.energy_gain;
            self.judge_constant(line.gain(), i32::from(gain.cast_signed()), Some(window))?;
            let mut set = self.registers.clone();
            self.set_gain(&mut set, line, gain)?;
            self.guarded(|position| position.apply(&set))?;
            if let Some(findings) = self.findings.iter_mut().find(|findings| findings.line == line) {
                findings.unity = Some(unity);
            }
            words.push(format!("error {} before, {} 0x{gain:04X}", found.error, line.gain()));
        }
        Ok(words.join("; "))
    }

    /// Measures the energy of one line at a step's load point, as the solver wants it. Records the error as found.
    pub(super) fn energy_point(&mut self, line: Line, step: Step) -> Result<(EnergyPoint, EnergyError), StepError> {
        self.meter_line(line)?;
        let times = &self.around.plan.procedure.energy;
        let wanted = Wanted { uncertainty: times.target_uncertainty, max: times.max };
        let point = self.around.plan.load_point(step).ok_or(StepError::Panicked)?;
        let found = self.guarded(|position| position.energy_error(line, &point, wanted))?;
        let name = format!("energy_error_{line}_start");
        let measurement = Measurement::judged(name, format!("Un, Ib, PF {}", point.pf), (found.error.0, "%"), None)
            .obtained(found.method, found.uncertainty.map(|uncertainty| uncertainty.0));
        self.record(measurement);
        let point = EnergyPoint {
            ratio: 1.0 + found.error.fraction(),
            phase: Degrees(found.phi),
            gain_register: self.registers.get(line.gain())?,
            phase_register: self.registers.get(line.phase())?,
        };
        Ok((point, found))
    }

    /// Lets the chip meter `line`, where MMode decides that.
    fn meter_line(&mut self, line: Line) -> Result<(), StepError> {
        let mut set = self.registers.clone();
        set.set(Register::MMode, self.around.plan.mmode_for(line))?;
        self.guarded(|position| position.apply(&set))
    }

    /// Sets a line's gain, and the other line's too where the profile wants one word in both.
    pub(super) fn set_gain(&self, set: &mut RegisterSet, line: Line, gain: u16) -> Result<(), StepError> {
        set.set(line.gain(), gain)?;
        if self.around.plan.meter.calibration.mirror_energy_gain {
            set.set(line.other().gain(), gain)?;
        }
        Ok(())
    }
}

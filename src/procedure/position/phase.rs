//! Step: Lphi and Nphi from the energy error at Un, Ib, PF 0.5L, and the gain once more.

use m90e26::{Register, value};

use super::Position;
use crate::calibration::solve::energy::gain_and_phase;
use crate::procedure::error::StepError;
use crate::procedure::plan::Step;

impl Position<'_> {
    /// Solves gain and phase together from both load points: a phase error takes a little from PF 1 too, so the gain of the
    /// step before is refined.
    pub(super) fn phases(&mut self) -> Result<String, StepError> {
        let frequency = self.around.plan.meter.rating.frequency;
        let window = self.around.plan.meter.plausible.phase;
        let lines = self.around.plan.lines();
        if let Some(point) = self.around.plan.load_point(Step::Phase) {
            self.guarded(|position| position.settle(&point, lines).map(|_| ()))?;
        }
        let mut set = self.registers.clone();
        let mut words = Vec::new();
        for &line in lines {
            let (lagging, found) = self.energy_point(line, Step::Phase)?;
            let unity = self.findings.iter().find(|findings| findings.line == line).and_then(|findings| findings.unity);
            let unity = unity.ok_or(StepError::Panicked)?;
            let solution = gain_and_phase(line, frequency, &unity, &lagging)?;
            self.judge_constant(line.phase(), i32::from(value::phi(solution.phase_register)), Some(window))?;
            set.set(line.phase(), solution.phase_register)?;
            self.set_gain(&mut set, line, solution.gain_register)?;
            words.push(format!(
                "error {} before, {} 0x{:04X}, {} 0x{:04X}",
                found.error,
                line.phase(),
                solution.phase_register,
                line.gain(),
                solution.gain_register
            ));
        }
        set.set(Register::MMode, self.around.plan.meter.registers.m_mode.0)?;
        self.guarded(|position| position.apply(&set))?;
        Ok(words.join("; "))
    }
}

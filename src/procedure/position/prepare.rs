//! Step: calibration mode and everything the profile knows beforehand.

use super::{Mode, Position};
use crate::procedure::error::StepError;

impl Position<'_> {
    /// CalStart and AdjStart 5678, then PL_Constant, MMode and the thresholds.
    pub(super) fn prepare(&mut self) -> Result<String, StepError> {
        let initial = self.around.plan.initial_registers()?;
        self.enter(Mode::Calibrating)?;
        self.guarded(|position| position.apply(&initial))?;
        Ok(format!("PL_Constant 0x{:08X}", initial.pl_constant()))
    }
}

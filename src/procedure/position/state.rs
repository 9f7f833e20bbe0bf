//! Keeps the chip in the state the bench believes it to be in: writes what changed, notices a chip that reset itself.

use m90e26::{Register, field::command};

use super::{Mode, Position};
use crate::calibration::registers::RegisterSet;
use crate::procedure::error::StepError;
use crate::procedure::event::Event;
use crate::profile::procedure;

/// A chip that loses its registers more often than this within one step has another problem than a disturbance.
const MOST_RESETS: u32 = 3;

impl Position<'_> {
    /// Puts the chip into a mode. Entering calibration mode sets all calibration registers to their power-on values.
    pub(super) fn enter(&mut self, mode: Mode) -> Result<(), StepError> {
        self.write(Register::CalStart, mode.command())?;
        self.write(Register::AdjStart, mode.command())?;
        self.mode = Some(mode);
        Ok(())
    }

    /// The procedure only verifies, or the unit has come to the point where it runs its own image: it is left as it is.
    pub(super) fn changes_nothing(&self) -> bool {
        self.own_program || self.around.plan.procedure.mode == procedure::Mode::Verify
    }

    fn write(&mut self, register: Register, value: u16) -> Result<(), StepError> {
        // Whatever a step thinks it has to do: such a unit is left as it is.
        if self.changes_nothing() {
            return Err(StepError::Panicked);
        }
        if !self.clearing_up {
            self.around.control.checkpoint()?;
        }
        Ok(self.meter.write(register, value)?)
    }

    /// Does what has to be done after a cancel too.
    pub(super) fn clear_up<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, StepError>) -> Result<T, StepError> {
        self.clearing_up = true;
        let result = work(self);
        self.clearing_up = false;
        result
    }

    /// Writes what differs from what the chip holds, and tells the listeners.
    pub(super) fn apply(&mut self, new: &RegisterSet) -> Result<(), StepError> {
        let changes = self.registers.changes_to(new);
        for change in &changes {
            self.write(change.register, change.new)?;
            self.registers.set(change.register, change.new)?;
            // The low word makes PL_Constant take effect (Atmel-46002B), also when only the high word changes.
            if change.register == Register::PLconstH
                && !changes.iter().any(|other| other.register == Register::PLconstL)
            {
                self.write(Register::PLconstL, new.get(Register::PLconstL)?)?;
            }
        }
        if !changes.is_empty() {
            self.around.control.tell(Event::Registers { position: self.number, changes });
        }
        Ok(())
    }

    /// Writes both checksums over what the chip is to hold, and puts it into normal operation.
    pub(super) fn start_normal(&mut self) -> Result<(), StepError> {
        self.write(Register::Cs1, self.registers.cs1())?;
        self.write(Register::Cs2, self.registers.cs2())?;
        self.enter(Mode::Normal)
    }

    /// Whether the chip still is in the mode it was put into; after a reset it is not.
    pub(super) fn is_intact(&mut self) -> Result<bool, StepError> {
        let Some(mode) = self.mode else { return Ok(true) };
        Ok(self.read(Register::CalStart)? == mode.command() && self.read(Register::AdjStart)? == mode.command())
    }

    /// Does `work`, and does it again after restoring the registers when the chip has reset itself meanwhile: what was
    /// measured across a reset is worth nothing.
    pub(super) fn guarded<T>(
        &mut self,
        mut work: impl FnMut(&mut Self) -> Result<T, StepError>,
    ) -> Result<T, StepError> {
        let mut resets = 0;
        loop {
            let result = work(self);
            if matches!(result, Err(StepError::Cancelled)) || self.is_intact()? {
                return result;
            }
            if self.own_program {
                return Err(StepError::CalibrationLost);
            }
            if self.changes_nothing() {
                return Err(StepError::LostRegisters);
            }
            resets += 1;
            if resets > MOST_RESETS {
                return Err(StepError::KeepsResetting { times: resets });
            }
            tracing::warn!(serial = self.serial, "the chip has reset itself; its registers are written again");
            self.restore()?;
        }
    }

    /// Writes everything again after the chip has lost it.
    pub(super) fn restore(&mut self) -> Result<(), StepError> {
        let wanted = self.registers.clone();
        let mode = self.mode;
        self.write(Register::SmallPMod, 0)?;
        self.enter(Mode::Calibrating)?;
        self.registers = RegisterSet::power_on();
        self.apply(&wanted)?;
        if mode == Some(Mode::Normal) {
            self.start_normal()?;
        }
        Ok(())
    }

    /// In small-power mode for as long as `work` lasts, whatever becomes of it.
    pub(super) fn in_small_power_mode<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, StepError>,
    ) -> Result<T, StepError> {
        self.write(Register::SmallPMod, command::SMALL_POWER)?;
        let result = work(self);
        let left = self.clear_up(|position| position.write(Register::SmallPMod, 0));
        let value = result?;
        left?;
        Ok(value)
    }
}

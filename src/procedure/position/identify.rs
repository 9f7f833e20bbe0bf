//! Step: is there an M90E26, and what was in it.

use m90e26::Register;
use m90e26::field::command;

use super::Position;
use crate::calibration::registers::RegisterSet;
use crate::procedure::error::StepError;

impl Position<'_> {
    /// Reads the registers as they were, resets the chip, and expects the datasheet's power-on values: nothing else that
    /// answers has these.
    pub(super) fn identify(&mut self) -> Result<String, StepError> {
        self.meter.connect()?;
        let before = self.read_back()?;
        self.registers = before.clone();
        self.before = Some(before.clone());
        self.meter.write(Register::SoftReset, command::SOFT_RESET)?;
        let power_on = RegisterSet::power_on();
        for register in [Register::CalStart, Register::AdjStart].into_iter().chain(RegisterSet::ORDER) {
            let found = self.read(register)?;
            let expected = register.power_on();
            if found != expected {
                return Err(StepError::NotTheChip { register, expected, found });
            }
        }
        self.registers = power_on;
        self.mode = None;
        let changed = self.registers.changes_to(&before).len();
        Ok(match changed {
            0 => "M90E26, never calibrated".to_owned(),
            count => format!("M90E26, {count} registers were set; kept in the record"),
        })
    }

    /// All calibration registers as the chip holds them.
    pub(super) fn read_back(&mut self) -> Result<RegisterSet, StepError> {
        let mut set = RegisterSet::power_on();
        for register in RegisterSet::ORDER {
            set.set(register, self.read(register)?)?;
        }
        Ok(set)
    }
}

//! Step: checksums, normal operation, and proof that the chip holds what was written.

use m90e26::Register;
use m90e26::field::SysStatus;

use super::Position;
use crate::calibration::registers::RegisterSet;
use crate::procedure::error::StepError;

impl Position<'_> {
    /// CS1 and CS2 as the bench computes them, compared with the chip's own; then 8765 to both, SysStatus clean, and every
    /// register read back.
    pub(super) fn commit(&mut self) -> Result<String, StepError> {
        self.guarded(Self::compare_checksums)?;
        // Events of the time before are none of the calibration's.
        self.read(Register::SysStatus)?;
        self.start_normal()?;
        self.guarded(|position| {
            position.expect_clean_status()?;
            position.compare_registers()?;
            position.compare_checksums()
        })?;
        self.forget_registers()?;
        Ok(format!("CS1 0x{:04X}, CS2 0x{:04X}, accepted by the chip", self.registers.cs1(), self.registers.cs2()))
    }

    pub(super) fn compare_checksums(&mut self) -> Result<(), StepError> {
        for (register, expected) in [(Register::Cs1, self.registers.cs1()), (Register::Cs2, self.registers.cs2())] {
            let found = self.read(register)?;
            if found != expected {
                return Err(StepError::ChecksumDiffers { register, expected, found });
            }
        }
        Ok(())
    }

    /// Neither checksum is wrong by SysStatus. Its other bits tell events of the mains.
    pub(super) fn expect_clean_status(&mut self) -> Result<(), StepError> {
        let status = self.read(Register::SysStatus)?;
        let shown = SysStatus::from_bits(status);
        if shown.cal_error() || shown.adj_error() { Err(StepError::StatusNotClean { status }) } else { Ok(()) }
    }

    pub(super) fn compare_registers(&mut self) -> Result<(), StepError> {
        for register in RegisterSet::ORDER {
            let (expected, found) = (self.registers.get(register)?, self.read(register)?);
            if found != expected {
                return Err(StepError::RegisterDiffers { register, expected, found });
            }
        }
        Ok(())
    }
}

//! Finds a meter that is to be verified and notes what is in it; nothing is written.

use std::time::Duration;

use m90e26::Register;
use m90e26::field::command;

use crate::meter::MeterError;
use crate::procedure::error::StepError;
use crate::procedure::position::{Mode, Position};

/// A meter that gets its supply from the source needs some seconds to start.
const PATIENCE: Duration = Duration::from_secs(15);
/// Between two looks at it.
const LOOK: Duration = Duration::from_secs(1);

impl Position<'_> {
    /// Waits until the meter answers and meters.
    pub(in crate::procedure::position) fn until_it_meters(&mut self) -> Result<(), StepError> {
        let give_up = self.now() + PATIENCE;
        loop {
            match self.look_for_it() {
                Ok(()) => return Ok(()),
                // What is not there does not come by waiting.
                Err(error @ StepError::Meter(MeterError::Port(_))) => return Err(error),
                Err(error @ (StepError::Meter(_) | StepError::NotMetering { .. })) if self.now() < give_up => {
                    tracing::info!(serial = self.serial, %error, "the meter is not there yet");
                }
                Err(error) => return Err(error),
            }
            self.wait(LOOK)?;
        }
    }

    /// Waits until the meter answers and meters, and notes its registers.
    pub(in crate::procedure::position) fn find(&mut self) -> Result<String, StepError> {
        self.until_it_meters()?;
        if !self.meter.reach().registers() {
            return Ok("The meter answers; this link shows its readings only".to_owned());
        }
        let found = self.read_back()?;
        self.registers = found.clone();
        self.before = Some(found);
        self.mode = Some(Mode::Normal);
        self.expect_clean_status()?;
        let (cs1, cs2) = (self.registers.cs1(), self.registers.cs2());
        Ok(format!("The chip meters, CS1 0x{cs1:04X}, CS2 0x{cs2:04X}; its registers are kept in the record"))
    }

    fn look_for_it(&mut self) -> Result<(), StepError> {
        self.meter.connect()?;
        if !self.meter.reach().registers() {
            return Ok(());
        }
        for register in [Register::CalStart, Register::AdjStart] {
            let (expected, found) = (command::CAL_CHECK, self.read(register)?);
            if found != expected {
                return Err(StepError::NotMetering { register, expected, found });
            }
        }
        Ok(())
    }
}

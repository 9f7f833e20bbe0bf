//! Step: the unit runs its image. It must be this unit, on this image, with this calibration, and it must meter.

use std::time::Duration;

use m90e26::Register;
use m90e26::field::command;
use meter_interface::block::Block;
use meter_interface::map::State;

use super::{Mode, OwnImage, Position};
use crate::image::firmware::ProgramImage;
use crate::meter::service::{Identification, ServiceError, ServiceMeter};
use crate::meter::{MeterError, Reach};
use crate::procedure::error::StepError;
use crate::procedure::flashing::{Answered, FlashSite};
use crate::profile::flashing::{Flashing, Through};

/// Between two looks whether the unit answers.
const LOOK: Duration = Duration::from_millis(250);

/// What a unit has not come to yet, and may come to.
enum Outcome<T> {
    Done(T),
    NotYet(String),
}

impl Position<'_> {
    /// Waits for the unit and compares what it says of itself with what was flashed. From here on it is left alone: nothing is written to
    /// it any more, and what it forgets it forgets.
    pub(super) fn restart(&mut self) -> Result<String, StepError> {
        let Some(table) = &self.around.plan.procedure.flash else { return Err(StepError::NothingToFlash) };
        self.own_program = true;
        self.mode = Some(Mode::Normal);
        self.await_meter(table)?;
        let through = Through::from(self.meter.reach());
        table.expect_proof(through)?;
        let (answered, detail) = match through {
            Through::Service => self.proven_by_service(table)?,
            Through::Chip => self.proven_by_chip(table)?,
            Through::Log => self.proven_by_log(table)?,
        };
        if let Some(flashed) = &mut self.flashed {
            flashed.answered = Some(answered);
        }
        Ok(detail)
    }

    /// Turns to the started unit, and asks until it answers.
    fn await_meter(&mut self, table: &Flashing) -> Result<(), StepError> {
        if let Some(FlashSite { opened: Some(meter), .. }) = self.site.take() {
            self.meter = &mut **meter;
        }
        self.until(table, |position| {
            Ok(match position.meter.connect() {
                Ok(()) => Outcome::Done(()),
                Err(error) => Outcome::NotYet(error.to_string()),
            })
        })
    }

    /// Does `look` until it is done, for as long as the procedure allows.
    fn until<T>(
        &mut self,
        table: &Flashing,
        mut look: impl FnMut(&mut Self) -> Result<Outcome<T>, StepError>,
    ) -> Result<T, StepError> {
        let start = self.now();
        loop {
            self.around.control.checkpoint()?;
            let reason = match look(self)? {
                Outcome::Done(value) => return Ok(value),
                Outcome::NotYet(reason) => reason,
            };
            let elapsed = self.now().since(start);
            if elapsed >= table.wait {
                return Err(StepError::NotStarted { seconds: elapsed.as_secs_f64(), reason });
            }
            self.progress(elapsed.as_secs_f64() / table.wait.as_secs_f64(), reason);
            self.wait(LOOK)?;
        }
    }

    fn service(&mut self) -> Result<&mut ServiceMeter, StepError> {
        self.meter.service().ok_or(StepError::WrongLink { found: Through::Chip.word() })
    }

    /// What the unit tells of itself. It has answered already; one that falls silent again, or is not heard, has not come so far.
    fn told<T>(
        &mut self,
        table: &Flashing,
        ask: impl Fn(&mut ServiceMeter) -> Result<T, ServiceError>,
    ) -> Result<T, StepError> {
        self.until(table, |position| match ask(position.service()?) {
            Ok(told) => Ok(Outcome::Done(told)),
            Err(error @ (ServiceError::NoAnswer { .. } | ServiceError::Garbled { .. })) => {
                Ok(Outcome::NotYet(error.to_string()))
            }
            Err(error) => Err(MeterError::from(error).into()),
        })
    }

    fn proven_by_service(&mut self, table: &Flashing) -> Result<(Answered, String), StepError> {
        let found = self.told(table, ServiceMeter::identify)?;
        let OwnImage { block: unit, program } = self.unit.clone().ok_or(StepError::NothingToFlash)?;
        self.compare_identity(&found, &unit, table)?;
        let block = self.told(table, ServiceMeter::block)?;
        let block = block.map_err(|error| differs("calibration block", &"the one flashed", &error))?;
        // The sequence number tells old from new; the rest is what was flashed, but for the secrets, which no meter shows.
        if block != unit {
            return Err(differs("calibration block", &"the one flashed", &"another one"));
        }
        let program_crc = self.compare_program(table, &program)?;
        self.until(table, |position| {
            let snapshot = position.told(table, ServiceMeter::snapshot)?;
            match snapshot.state {
                State::Starting | State::ChipSilent | State::Bench => Ok(Outcome::NotYet(snapshot.state.to_string())),
                State::Metering => {
                    for (what, expected, found) in [
                        ("CS1 by its chip", unit.cs1, snapshot.cs1_chip),
                        ("CS1 in its block", unit.cs1, snapshot.cs1_block),
                        ("CS2 by its chip", unit.cs2, snapshot.cs2_chip),
                        ("CS2 in its block", unit.cs2, snapshot.cs2_block),
                    ] {
                        expect(what, &format!("{expected:04X}"), &format!("{found:04X}"))?;
                    }
                    Ok(Outcome::Done(()))
                }
                state => Err(differs("state", &State::Metering, &state)),
            }
        })?;
        self.guarded(Self::compare_registers)?;
        let detail = format!(
            "{} runs firmware {}, copy {} number {}, CS1 0x{:04X}, CS2 0x{:04X}",
            found.serial,
            found.firmware,
            if found.identity.copy == 1 { "A" } else { "B" },
            found.identity.sequence,
            unit.cs1,
            unit.cs2
        );
        let (firmware, build) = (Some(found.firmware), Some(found.build));
        Ok((Answered { through: Through::Service.word(), firmware, build, program_crc }, detail))
    }

    fn compare_identity(&self, found: &Identification, unit: &Block, table: &Flashing) -> Result<(), StepError> {
        expect("serial number", unit.serial.as_str(), found.serial.as_str())?;
        expect("serial number", unit.serial.as_str(), found.identity.serial.as_str())?;
        if let Some(firmware) = &table.firmware {
            expect("firmware version", firmware.as_str(), found.firmware.as_str())?;
        }
        let layout = meter_interface::block::LAYOUT_VERSION;
        expect("block layout version", &layout, &found.identity.layout_version)?;
        expect("calibration number", &unit.sequence, &found.identity.sequence)?;
        let copy = if found.identity.copy == 1 { "A" } else { "B" };
        let chip = self.flashed.as_ref();
        expect("calibration copy", chip.map_or("", |flashed| &flashed.copy), copy)?;
        // All zeros: a processor that does not show its number, as an emulated one.
        let told = found.identity.unique;
        let flashed = chip.and_then(|flashed| flashed.chip.as_ref()).and_then(|chip| chip.unique_id.as_deref());
        match flashed {
            Some(flashed) if told != [0; 6] => expect("unique id", flashed, printed(told).as_str()),
            _ => Ok(()),
        }
    }

    /// The program sums itself up when it starts, and it has started on what was flashed. A firmware that does not tell the sum proves
    /// nothing of what was not read back.
    fn compare_program(&mut self, table: &Flashing, program: &ProgramImage) -> Result<Option<String>, StepError> {
        const WHAT: &str = "program CRC";
        let trusted =
            self.flashed.as_ref().and_then(|flashed| flashed.chip.as_ref()).is_some_and(|chip| chip.bytes_trusted > 0);
        match self.told(table, ServiceMeter::program)? {
            Some(found) if program.is(&found) => Ok(Some(format!("{:08x}", found.crc))),
            Some(found) => {
                let found = format!("{:08x} over {} bytes", found.crc, found.length);
                Err(differs(WHAT, &"that of the image", &found))
            }
            None if trusted => Err(differs(WHAT, &"that of the image", &"none")),
            None => Ok(None),
        }
    }

    /// The chip was reset before flashing, so only the meter's own program can have loaded it.
    fn proven_by_chip(&mut self, table: &Flashing) -> Result<(Answered, String), StepError> {
        self.until(table, |position| {
            for register in [Register::CalStart, Register::AdjStart] {
                let found = position.read(register)?;
                if found != command::CAL_CHECK {
                    return Ok(Outcome::NotYet(format!(
                        "{register} reads {found:04X}: the meter has not loaded its chip"
                    )));
                }
            }
            Ok(Outcome::Done(()))
        })?;
        // Events of the time before are none of the calibration's.
        self.read(Register::SysStatus)?;
        self.guarded(|position| {
            position.compare_registers()?;
            position.compare_checksums()?;
            position.expect_clean_status()
        })?;
        let (cs1, cs2) = (self.registers.cs1(), self.registers.cs2());
        let detail = format!("its program has loaded the chip: CS1 0x{cs1:04X}, CS2 0x{cs2:04X}");
        Ok((Answered { through: Through::Chip.word(), firmware: None, build: None, program_crc: None }, detail))
    }

    /// The log shows no registers, but the checksums over them when the meter starts; then readings.
    fn proven_by_log(&mut self, table: &Flashing) -> Result<(Answered, String), StepError> {
        let line = self.around.plan.metered_line();
        let scale = self.around.plan.meter.calibration.current_scale;
        let expected = [("Checksum 1", self.registers.cs1()), ("Checksum 2", self.registers.cs2())];
        let mut seen = [false; 2];
        let shown = self.until(table, |position| {
            let readings = position.meter.readings(line, scale);
            for remark in position.meter.remarks() {
                if ["Error", "failed"].iter().any(|word| remark.contains(word)) {
                    return Err(differs("log line", &"no complaint", &remark));
                }
                for ((name, word), seen) in expected.iter().zip(&mut seen) {
                    if remark.starts_with(name) {
                        expect(name, &format!("{name}: {word:04X}"), &remark)?;
                        *seen = true;
                    }
                }
            }
            Ok(match readings {
                Ok(readings) if seen == [true; 2] => Outcome::Done(readings),
                Ok(_) => Outcome::NotYet("its log did not show both checksums at its start".to_owned()),
                Err(error) => Outcome::NotYet(error.to_string()),
            })
        })?;
        let detail = format!("its log shows both checksums, then {:.2} V, {:.2} A", shown.u, shown.i);
        Ok((Answered { through: Through::Log.word(), firmware: None, build: None, program_crc: None }, detail))
    }
}

impl From<Reach> for Through {
    fn from(reach: Reach) -> Self {
        match reach {
            Reach::Service => Self::Service,
            Reach::Chip => Self::Chip,
            Reach::Readings => Self::Log,
        }
    }
}

impl Flashing {
    /// A way that the procedure does not take as a proof is refused.
    pub(super) fn expect_proof(&self, through: Through) -> Result<(), StepError> {
        if self.verify_through.contains(&through) {
            Ok(())
        } else {
            Err(StepError::WrongLink { found: through.word() })
        }
    }
}

/// The unique id as flashing prints it: the last byte in memory first.
fn printed(unique: [u16; 6]) -> String {
    unique.iter().rev().map(|word| format!("{word:04x}")).collect()
}

fn expect<T: PartialEq + std::fmt::Display + ?Sized>(
    what: &'static str,
    expected: &T,
    found: &T,
) -> Result<(), StepError> {
    if expected == found { Ok(()) } else { Err(differs(what, &expected, &found)) }
}

fn differs(what: &'static str, expected: &dyn std::fmt::Display, found: &dyn std::fmt::Display) -> StepError {
    StepError::WrongAnswer { what, expected: expected.to_string(), found: found.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flash::UniqueId;

    #[test]
    fn meter_and_boot_loader_print_one_unique_id() {
        let bytes = *b"SIMULATE\x01\x02\x03\x04";
        let mut words = [0; 6];
        for (word, pair) in words.iter_mut().zip(bytes.chunks(2)) {
            *word = u16::from_le_bytes([pair[0], pair[1]]);
        }
        assert_eq!(printed(words), UniqueId(bytes).to_string());
    }
}

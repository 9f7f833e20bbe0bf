//! Step: current and power offsets at Un without current.

use m90e26::Register;

use super::Position;
use crate::calibration::formula;
use crate::calibration::solve::current::{CurrentReadings, Offset, gain_and_offset};
use crate::meter::{Line, Quantity};
use crate::procedure::error::StepError;
use crate::profile::meter::OffsetMode;
use crate::units::Amps;

impl Position<'_> {
    /// Measures what the chip shows without current, and writes what takes it away.
    pub(super) fn offsets(&mut self) -> Result<String, StepError> {
        let times = self.around.plan.offsets()?;
        self.wait(times.settle)?;
        let calibration = self.around.plan.meter.calibration.clone();
        let mut set = self.registers.clone();
        let mut words = Vec::new();
        for &line in &calibration.lines {
            if calibration.current_offset == OffsetMode::Measure {
                let read_at_zero = self.guarded(|position| position.zero_current(line))?;
                let found = self.findings.iter().find(|findings| findings.line == line);
                let (read, actual, gain_then) = found.and_then(|found| found.current).ok_or(StepError::Panicked)?;
                // The reading without current was taken with the new gain, the one at Ib with the old.
                let gain_now = self.registers.get(line.igain())?;
                let solution = gain_and_offset(
                    line,
                    &CurrentReadings {
                        actual: Amps(actual),
                        read: Amps(read),
                        read_at_zero: Amps(read_at_zero * f64::from(gain_then) / f64::from(gain_now)),
                        gain_register: gain_then,
                        offset_register: self.registers.get(line.ioffset())?,
                    },
                    Offset::Solve,
                )?;
                set.set(line.igain(), solution.gain_register)?;
                set.set(line.ioffset(), solution.offset_register)?;
                let shown = self.around.plan.amps_from_register(read_at_zero);
                words.push(format!("{line} reads {shown} without current"));
            }
            if calibration.power_offset == OffsetMode::Measure {
                for register in [line.poffset(), line.qoffset()] {
                    let offset = self.guarded(|position| position.small_power_offset(register))?;
                    set.set(register, offset)?;
                    words.push(format!("{register} 0x{offset:04X}"));
                }
            }
        }
        self.guarded(|position| position.apply(&set))?;
        Ok(words.join(", "))
    }

    fn zero_current(&mut self, line: Line) -> Result<f64, StepError> {
        let time = self.around.plan.offsets()?.current_measure;
        let start = self.now();
        let (mut sum, mut count) = (0.0, 0.0);
        loop {
            self.around.control.checkpoint()?;
            sum += self.meter.quantity(Quantity::Irms(line))?;
            count += 1.0;
            let elapsed = self.now().since(start);
            self.progress(elapsed.as_secs_f64() / time.as_secs_f64(), "Current register without current".to_owned());
            if elapsed >= time {
                return Ok(sum / count);
            }
        }
    }

    /// The mean of several readings in small-power mode, negated (Atmel-46102B, power offset).
    fn small_power_offset(&mut self, offset: Register) -> Result<u16, StepError> {
        let power = match offset {
            Register::PoffsetL => Register::Pmean,
            Register::QoffsetL => Register::Qmean,
            Register::PoffsetN => Register::Pmean2,
            _ => Register::Qmean2,
        };
        let count = self.around.plan.offsets()?.small_power_readings;
        let readings = self.in_small_power_mode(|position| {
            let mut readings = Vec::new();
            for number in 0..count {
                position.wait(SMALL_POWER_PAUSE)?;
                readings.push(position.meter.small_power(power)?);
                position.progress(f64::from(number) / f64::from(count), format!("{power} in small-power mode"));
            }
            Ok(readings)
        })?;
        Ok(formula::power_offset(offset, &readings)?)
    }
}

/// Between two readings in small-power mode: the chip renews its mean powers that slowly.
const SMALL_POWER_PAUSE: std::time::Duration = std::time::Duration::from_millis(110);

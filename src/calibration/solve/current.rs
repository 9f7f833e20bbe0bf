//! Current gain and offset from a reading at Ib and one without current.
//!
//! Model, in steps of the register (0.001 A as Irms has it), from the two formulas of the application note:
//!
//! ```text
//! reading = Igain / Igain_true I + o + 2^8 Ioffset / Igain
//! ```
//!
//! The gain formula says that the reading is proportional to Igain, and Igain_true is the one that shows the current I. The
//! offset formula says that a reading of o steps without current is cancelled by Ioffset = -o Igain / 2^16 2^8, so one step of
//! Ioffset is 2^8 / Igain steps of the reading. That o adds to the current is the note's model; noise without current does not
//! add but combines in squares and nearly vanishes at Ib. Therefore one may leave the offset alone ([`Offset::Keep`]).

use crate::calibration::formula::{
    self, FormulaError, Line, amps_from_current_offset, igain_from_exact, ioffset_from_exact, register_amps,
};
use crate::units::{Amps, Percent};

/// Steps of Irms in one ampere.
const STEPS_PER_AMP: f64 = 1000.0;
/// 2^16 / 2^8.
const IOFFSET_SCALE: f64 = 256.0;

/// What becomes of the offset register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offset {
    /// It cancels the reading without current.
    Solve,
    /// It stays; the gain is chosen so that the reading at Ib is right with it.
    Keep,
}

/// Readings of one current channel, all with the same registers. A meter that multiplies by a current scale has its readings
/// and the reference divided by it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurrentReadings {
    /// Current at the reference.
    pub actual: Amps,
    /// Current the meter shows then.
    pub read: Amps,
    /// Current the meter shows without any.
    pub read_at_zero: Amps,
    /// IgainL or IgainN during the readings.
    pub gain_register: u16,
    /// IoffsetL or IoffsetN during the readings.
    pub offset_register: u16,
}

/// The registers that calibrate the shown current, and what is left to expect.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurrentSolution {
    /// New IgainL or IgainN.
    pub gain_register: u16,
    /// New IoffsetL or IoffsetN.
    pub offset_register: u16,
    /// Error to be expected at the reference current.
    pub error: Percent,
    /// Reading to be expected without current; the chip shows 0 for a negative one.
    pub read_at_zero: Amps,
}

/// Igain and Ioffset from two readings.
///
/// # Errors
/// Readings that are no numbers or negative, a reading without current that is not below the other, or registers out of range.
pub fn gain_and_offset(
    line: Line,
    readings: &CurrentReadings,
    offset: Offset,
) -> Result<CurrentSolution, FormulaError> {
    let actual = register_amps(readings.actual)?;
    let read = formula::positive("current the meter shows in A", readings.read.0)?;
    let at_zero = formula::finite("current without load in A", readings.read_at_zero.0)?;
    if at_zero < 0.0 || at_zero >= read {
        let needed = "it must be at least 0 and below the reading with current";
        return Err(FormulaError::Input { quantity: "current without load in A", value: at_zero, needed });
    }
    let gain_in_force = formula::positive("current gain in force", readings.gain_register.into())?;
    let true_gain = gain_in_force * actual / (read - at_zero);
    let own_offset = at_zero - amps_from_current_offset(readings.offset_register, readings.gain_register)?.0;

    let (gain_register, offset_register) = match offset {
        Offset::Solve => {
            let gain_register = igain_from_exact(line, true_gain)?;
            let steps = -own_offset * STEPS_PER_AMP * f64::from(gain_register) / IOFFSET_SCALE;
            (gain_register, ioffset_from_exact(line, steps)?)
        }
        Offset::Keep => {
            let kept = f64::from(readings.offset_register.cast_signed()) * IOFFSET_SCALE / STEPS_PER_AMP;
            (igain_from_exact(line, gain_with_offset(actual, true_gain, own_offset, kept)?)?, readings.offset_register)
        }
    };
    let read_at_zero = Amps(own_offset) + amps_from_current_offset(offset_register, gain_register)?;
    let read = f64::from(gain_register) / true_gain * actual + read_at_zero.0;
    Ok(CurrentSolution { gain_register, offset_register, error: Percent::error(read, actual), read_at_zero })
}

/// The gain g at which g / true_gain I + o + kept / g = I: the larger root of a quadratic equation, which without a kept
/// offset is true_gain (I - o) / I.
fn gain_with_offset(actual: f64, true_gain: f64, own_offset: f64, kept: f64) -> Result<f64, FormulaError> {
    let a = actual / true_gain;
    let b = own_offset - actual;
    let discriminant = b * b - 4.0 * a * kept;
    if discriminant < 0.0 {
        let needed = "with so large an offset in force no gain shows the current";
        return Err(FormulaError::Input { quantity: "current offset in force, times Igain", value: kept, needed });
    }
    Ok((discriminant.sqrt() - b) / (2.0 * a))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The model written out, in A.
    fn reading(true_gain: f64, own: f64, actual: f64, gain: u16, offset: u16) -> f64 {
        let gain = f64::from(gain);
        gain / true_gain * actual + own + 0.256 * f64::from(offset.cast_signed()) / gain
    }

    proptest! {
        #[test]
        fn both_readings_come_right(
            true_gain in 2000.0..60_000.0, own in 0.0..0.02, actual in 1.0..60.0,
            gain in 2000_u16..60_000, offset in 0_i16..300,
        ) {
            let offset = offset.cast_unsigned();
            let read = |actual| Amps(reading(true_gain, own, actual, gain, offset));
            let readings = CurrentReadings {
                actual: Amps(actual),
                read: read(actual),
                read_at_zero: read(0.0),
                gain_register: gain,
                offset_register: offset,
            };
            let solved = gain_and_offset(Line::N, &readings, Offset::Solve).unwrap();
            let after = |solution: &CurrentSolution, actual| {
                reading(true_gain, own, actual, solution.gain_register, solution.offset_register)
            };
            let offset_step = 0.256 / 2.0 / f64::from(solved.gain_register) + 1e-9;
            let gain_step = actual / 2.0 / true_gain + 1e-9;
            prop_assert!(after(&solved, 0.0).abs() <= offset_step);
            prop_assert!((after(&solved, actual) - actual).abs() <= offset_step + gain_step);
            prop_assert!((after(&solved, 0.0) - solved.read_at_zero.0).abs() < 1e-9);
            prop_assert!(((after(&solved, actual) / actual - 1.0) * 100.0 - solved.error.0).abs() < 1e-6);

            let kept = gain_and_offset(Line::N, &readings, Offset::Keep).unwrap();
            prop_assert_eq!(kept.offset_register, offset);
            prop_assert!((after(&kept, actual) - actual).abs() <= gain_step * 1.1);
        }
    }

    #[test]
    fn without_an_offset_it_is_the_notes_formula() {
        let readings = CurrentReadings {
            actual: Amps(5.008),
            read: Amps(6.744),
            read_at_zero: Amps(0.0),
            gain_register: 31_251,
            offset_register: 0,
        };
        for offset in [Offset::Solve, Offset::Keep] {
            let solution = gain_and_offset(Line::L, &readings, offset).unwrap();
            assert_eq!((solution.gain_register, solution.offset_register), (0x5AA7, 0));
        }
    }

    #[test]
    fn a_load_that_is_still_on_is_no_offset() {
        let readings = CurrentReadings {
            actual: Amps(5.0),
            read: Amps(5.0),
            read_at_zero: Amps(5.0),
            gain_register: 30_000,
            offset_register: 0,
        };
        assert!(gain_and_offset(Line::L, &readings, Offset::Solve).is_err());
        let readings = CurrentReadings { read_at_zero: Amps(1.0), ..readings };
        let error = gain_and_offset(Line::L, &readings, Offset::Solve).unwrap_err().to_string();
        assert!(error.starts_with("IoffsetL") && error.contains("load that is still on"), "{error}");
        let readings = CurrentReadings { read: Amps(f64::NAN), ..readings };
        assert!(gain_and_offset(Line::L, &readings, Offset::Solve).is_err());
    }
}

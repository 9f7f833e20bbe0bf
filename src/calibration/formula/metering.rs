//! The metering path: what energy and pulses depend on (AN section 3; registers 21 to 28).

use m90e26::{Register, value};

use super::Line;
use super::error::{FormulaError, RangeError, Smells, finite, fit, fit_word, positive};
use crate::units::{Amps, Degrees, Hertz, Percent, Volts};

/// Scale of PL_Constant (AN 3.2.2): 838860800 GL VL VU / (MC Un Ib).
const PL_SCALE: f64 = 838_860_800.0;
/// Scale of the power thresholds (AN section 3): 93.2067556 GL VL VU k.
const THRESHOLD_SCALE: f64 = 93.206_755_6;
/// Steps of Lphi and Nphi for an error of 1 (100 %) at PF 0.5L and 50 Hz (AN section 3).
const PHASE_SCALE: f64 = 3763.74;
/// The frequency the phase scale holds at.
const PHASE_HERTZ: f64 = 50.0;
/// One step of Lgain and Ngain is 2^-15.
const GAIN_SCALE: f64 = 32_768.0;
/// Lgain and Ngain take fractions of -0.5 to +0.5.
const GAIN_LIMIT: i64 = 16_384;
/// Lphi and Nphi have ten bits of magnitude ...
const PHASE_LIMIT: u16 = 0x03FF;
/// ... and the sign.
const PHASE_SIGN: u16 = 0x8000;

/// The analog path of one current channel, as the board is designed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AnalogPath {
    /// Gain of the current channel's amplifier, V/V; the one MMode selects.
    pub gain: f64,
    /// Voltage of the current channel at Ib, mV.
    pub current_mv: f64,
    /// Voltage of the voltage channel at Un, mV.
    pub voltage_mv: f64,
}

impl AnalogPath {
    fn product(self) -> Result<f64, FormulaError> {
        Ok(positive("gain GL", self.gain)?
            * positive("sampling voltage VL of the current channel in mV", self.current_mv)?
            * positive("sampling voltage VU of the voltage channel in mV", self.voltage_mv)?)
    }
}

/// What PL_Constant is rounded to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlRounding {
    /// The nearest integer.
    #[default]
    Nearest,
    /// The nearest multiple of four, as the application note advises: it may then be divided by up to 4 for a test.
    MultipleOfFour,
}

/// PL_Constant for a meter constant in imp/kWh. Example of the note: 24, 1 mV, 250 mV, 3200, 220 V, 5 A give 0015D174H.
///
/// # Errors
/// An input that is not a positive number, or a result over 32 bits.
pub fn pl_constant(
    path: AnalogPath,
    mc_imp_kwh: f64,
    un: Volts,
    ib: Amps,
    rounding: PlRounding,
) -> Result<u32, FormulaError> {
    let energy = positive("meter constant MC in imp/kWh", mc_imp_kwh)?
        * positive("nominal voltage Un in V", un.0)?
        * positive("basic current Ib in A", ib.0)?;
    let exact = PL_SCALE * path.product()? / energy;
    let (value, allowed) = match rounding {
        PlRounding::Nearest => (exact, 1..=i64::from(u32::MAX)),
        PlRounding::MultipleOfFour => ((exact / 4.0).round() * 4.0, 4..=i64::from(u32::MAX - 3)),
    };
    let smells = Smells {
        below: "a sampling voltage entered in V instead of mV, or a far too large meter constant",
        above: "a sampling voltage entered in uV instead of mV, or a far too small meter constant, Un or Ib",
    };
    let [_, _, _, _, word @ ..] = fit("PL_Constant", value, allowed, smells)?.to_be_bytes();
    Ok(u32::from_be_bytes(word))
}

/// The meter constant in imp/kWh that a PL_Constant stands for.
///
/// # Errors
/// An input that is not a positive number.
pub fn mc_from_pl_constant(pl_constant: u32, path: AnalogPath, un: Volts, ib: Amps) -> Result<f64, FormulaError> {
    let energy = positive("PL_Constant", f64::from(pl_constant))?
        * positive("nominal voltage Un in V", un.0)?
        * positive("basic current Ib in A", ib.0)?;
    Ok(PL_SCALE * path.product()? / energy)
}

/// Lgain or Ngain that takes away an error at PF 1 measured with gain 0 (AN 3.2.4.2). Example: -13.78 % gives 1475H.
///
/// # Errors
/// An error that is no number, or one that needs a fraction outside -0.5 to +0.5.
pub fn gain(line: Line, error: Percent) -> Result<u16, FormulaError> {
    let error = finite("error in percent", error.0)? / 100.0;
    if error <= -1.0 {
        let smells_of = "a current transformer that is reversed, not connected or on the other line: the meter counts nothing or backwards";
        let register = line.gain().name();
        return Err(RangeError { register, value: f64::INFINITY, allowed: -GAIN_LIMIT..=GAIN_LIMIT, smells_of }.into());
    }
    gain_from_fraction(line, -error / (1.0 + error))
}

/// Lgain or Ngain for a correction: 0.01 makes the meter 1 % faster.
///
/// # Errors
/// A fraction outside -0.5 to +0.5.
pub fn gain_from_fraction(line: Line, fraction: f64) -> Result<u16, FormulaError> {
    let smells = Smells {
        below: "a burden that is missing or too large, an amplifier gain in MMode above the one PL_Constant was computed for, \
                or an open lower leg of the voltage divider: the meter counts far too much",
        above: "a current transformer on the other line, a burden that is too small or shorted, an amplifier gain in MMode \
                below the one PL_Constant was computed for, or a wrong voltage divider: the meter counts far too little",
    };
    let steps = finite("gain correction", fraction)? * GAIN_SCALE;
    fit_word(line.gain().name(), steps, -GAIN_LIMIT..=GAIN_LIMIT, smells)
}

/// The correction a gain register stands for, as a fraction.
#[must_use]
pub fn fraction_from_gain(register: u16) -> f64 {
    f64::from(register.cast_signed()) / GAIN_SCALE
}

/// Lphi or Nphi that takes away an error at PF 0.5L measured with phase 0 and the gain calibrated (AN section 3).
/// Example: +0.95 % gives 0024H.
///
/// The scale of the note holds at 50 Hz. The compensation is a delay, so at another frequency the same angle takes 50/f as
/// many steps; that is derived, not verified on a chip.
///
/// # Errors
/// An error that is no number, or one of more than about 27 %.
pub fn phase(line: Line, error_05l: Percent, frequency: Hertz) -> Result<u16, FormulaError> {
    phase_from_steps(line, steps_from_error(error_05l, frequency)?)
}

/// The steps [`phase`] rounds; added to the steps in force where those are not 0.
///
/// # Errors
/// An error that is no number, or a frequency that is not positive.
pub fn steps_from_error(error_05l: Percent, frequency: Hertz) -> Result<f64, FormulaError> {
    let error = finite("error at PF 0.5L in percent", error_05l.0)? / 100.0;
    Ok(error * PHASE_SCALE * PHASE_HERTZ / positive("frequency in Hz", frequency.0)?)
}

/// Lphi or Nphi for a number of steps; positive steps move the current later, so that an inductive load reads less.
///
/// # Errors
/// More than 1023 steps.
pub fn phase_from_steps(line: Line, steps: f64) -> Result<u16, FormulaError> {
    let smells = Smells {
        below: "a current that comes far too late: an input filter with a wrong part, voltage and current of different phases, \
                or a gain that is not calibrated yet",
        above: "a current that comes far too early: a wrong current transformer or input filter, voltage and current of \
                different phases, or a gain that is not calibrated yet",
    };
    let limit = i64::from(PHASE_LIMIT);
    let steps = fit_word(line.phase().name(), finite("phase correction in steps", steps)?, -limit..=limit, smells)?;
    let steps = steps.cast_signed();
    Ok(steps.unsigned_abs() | if steps < 0 { PHASE_SIGN } else { 0 })
}

/// The steps a phase register stands for; bits 14 to 10 have no meaning.
#[must_use]
pub fn steps_from_phase(register: u16) -> i16 {
    value::phi(register)
}

/// The angle of one phase step: 180 / (sqrt(3) pi 3763.74) at 50 Hz, 0.0087891 degrees. Proportional to the frequency.
#[must_use]
pub fn degrees_per_step(frequency: Hertz) -> Degrees {
    Degrees(180.0 / (3.0_f64.sqrt() * std::f64::consts::PI * PHASE_SCALE) * (frequency.0 / PHASE_HERTZ))
}

/// The angle a phase register adds to the current's lag.
#[must_use]
pub fn degrees_from_phase(register: u16, frequency: Hertz) -> Degrees {
    degrees_per_step(frequency) * f64::from(steps_from_phase(register))
}

/// One of the two active power thresholds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threshold {
    /// PStartTh: below it the meter does not start to count.
    Start,
    /// PNolTh: below it the chip reports no load. 0 switches it off.
    NoLoad,
}

impl Threshold {
    const fn register(self) -> Register {
        match self {
            Self::Start => Register::PStartTh,
            Self::NoLoad => Register::PNolTh,
        }
    }
}

/// A power threshold at a fraction of Un Ib: 0.004 is 0.4 % (AN section 3). Example: 24, 1 mV, 250 mV, 0.004 give 08BDH.
///
/// # Errors
/// A fraction that is negative or no number, zero for the start, or a result over 16 bits.
pub fn threshold(which: Threshold, path: AnalogPath, fraction: f64) -> Result<u16, FormulaError> {
    let fraction = match which {
        Threshold::NoLoad if fraction == 0.0 => 0.0,
        _ => positive("fraction of the basic current", fraction)?,
    };
    let lowest = match which {
        Threshold::Start => 1,
        Threshold::NoLoad => 0,
    };
    let smells = Smells {
        below: "a sampling voltage in V instead of mV, or a far too small fraction",
        above: "a threshold in percent instead of a fraction, or a sampling voltage in uV instead of mV",
    };
    fit_word(which.register().name(), THRESHOLD_SCALE * path.product()? * fraction, lowest..=0xFFFF, smells)
}

/// The fraction of Un Ib a power threshold stands for.
///
/// # Errors
/// A path with an input that is not a positive number.
pub fn fraction_from_threshold(register: u16, path: AnalogPath) -> Result<f64, FormulaError> {
    Ok(f64::from(register) / (THRESHOLD_SCALE * path.product()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTE: AnalogPath = AnalogPath { gain: 24.0, current_mv: 1.0, voltage_mv: 250.0 };
    const MAINS: Hertz = Hertz(50.0);

    #[test]
    fn examples_of_the_application_note() {
        for rounding in [PlRounding::Nearest, PlRounding::MultipleOfFour] {
            assert_eq!(pl_constant(NOTE, 3200.0, Volts(220.0), Amps(5.0), rounding), Ok(0x0015_D174));
        }
        assert_eq!(gain(Line::L, Percent(-13.78)), Ok(0x1475));
        assert_eq!(phase(Line::L, Percent(0.95), MAINS), Ok(0x0024));
        assert_eq!(threshold(Threshold::Start, NOTE, 0.004), Ok(0x08BD));
    }

    #[test]
    fn the_open_smart_meter_counts_2000_imp_per_kwh() {
        let path = AnalogPath { gain: 1.0, current_mv: 22.2, voltage_mv: 260.0 };
        let mc = mc_from_pl_constant(0x001E_C8B4, path, Volts(240.0), Amps(5.0)).unwrap();
        assert!((mc - 2000.0).abs() < 0.002, "{mc}");
    }

    #[test]
    fn multiples_of_four() {
        let path = AnalogPath { gain: 1.0, current_mv: 1.0, voltage_mv: 1.0 };
        let pl = |exact: f64| pl_constant(path, PL_SCALE / exact, Volts(1.0), Amps(1.0), PlRounding::MultipleOfFour);
        assert_eq!(pl(9.9), Ok(8));
        assert_eq!(pl(10.1), Ok(12));
        assert_eq!(pl(4_294_967_292.0), Ok(4_294_967_292));
        assert!(matches!(pl(4_294_967_295.0), Err(FormulaError::Range(_))));
    }

    #[test]
    fn the_gain_stays_within_one_half() {
        assert_eq!(gain(Line::N, Percent(0.0)), Ok(0));
        assert_eq!(gain(Line::N, Percent(100.0)), Ok(0xC000));
        assert_eq!(gain(Line::N, Percent(-100.0 / 3.0)), Ok(0x4000));
        assert_eq!(fraction_from_gain(0xC000), -0.5);
        assert_eq!(
            gain(Line::N, Percent(-50.0)).unwrap_err().to_string(),
            "Ngain would have to be 32768 and takes -16384 to 16384; that smells of a current transformer on the other line, \
             a burden that is too small or shorted, an amplifier gain in MMode below the one PL_Constant was computed for, or \
             a wrong voltage divider: the meter counts far too little"
        );
        assert!(gain(Line::L, Percent(101.0)).unwrap_err().to_string().contains("burden that is missing"));
        assert!(gain(Line::L, Percent(-100.0)).unwrap_err().to_string().starts_with("Lgain would have to be infinite"));
        assert!(gain(Line::L, Percent(-200.0)).unwrap_err().to_string().contains("reversed"));
        assert!(matches!(gain(Line::L, Percent(f64::NAN)), Err(FormulaError::Input { .. })));
    }

    #[test]
    fn the_phase_is_sign_and_magnitude() {
        assert_eq!(phase(Line::N, Percent(-0.95), MAINS), Ok(0x8024));
        assert_eq!(phase(Line::L, Percent(0.95), Hertz(60.0)), Ok(30));
        assert_eq!(steps_from_phase(0x8024), -36);
        assert_eq!(steps_from_phase(0x7C01), 1, "bits 14 to 10 do not count");
        assert_eq!(phase_from_steps(Line::L, -0.4), Ok(0), "no negative zero");
        assert_eq!(phase_from_steps(Line::L, 1023.4), Ok(0x03FF));
        let error = phase_from_steps(Line::L, -1024.0).unwrap_err().to_string();
        assert!(error.starts_with(
            "Lphi would have to be -1024 and takes -1023 to 1023; that smells of a current that comes far too late"
        ));
        assert!((degrees_from_phase(0x0024, MAINS).0 - 0.316_41).abs() < 1e-5);
        assert!(matches!(phase(Line::L, Percent(1.0), Hertz(0.0)), Err(FormulaError::Input { .. })));
    }

    #[test]
    fn nonsense_is_refused_by_name() {
        let pl =
            |path, mc, un, ib| pl_constant(path, mc, Volts(un), Amps(ib), PlRounding::Nearest).unwrap_err().to_string();
        assert_eq!(pl(NOTE, 0.0, 220.0, 5.0), "the meter constant MC in imp/kWh is 0; a positive number is needed");
        assert!(pl(NOTE, 1.0, f64::INFINITY, 5.0).starts_with("the nominal voltage Un in V is inf"));
        assert!(pl(AnalogPath { gain: -1.0, ..NOTE }, 1.0, 1.0, 1.0).starts_with("the gain GL is -1"));
        assert!(pl(NOTE, 1e-9, 220.0, 5.0).contains("uV instead of mV"));
        assert!(pl(NOTE, 1e13, 220.0, 5.0).contains("V instead of mV"));
    }

    #[test]
    fn thresholds() {
        assert_eq!(threshold(Threshold::NoLoad, NOTE, 0.0), Ok(0));
        assert!(threshold(Threshold::Start, NOTE, 0.0).is_err());
        assert!(
            threshold(Threshold::Start, NOTE, 0.4).unwrap_err().to_string().contains("percent instead of a fraction")
        );
        assert!((fraction_from_threshold(0x08BD, NOTE).unwrap() - 0.004).abs() < 1e-6);
    }
}

//! The measuring path: what the shown voltage, current and power depend on (AN section 3; registers 31 to 3A, 03).

use m90e26::Register;

use super::Line;
use super::error::{FormulaError, RangeError, Smells, finite, fit_word, positive};
use crate::units::{Amps, Volts};

/// Largest voltage Urms can show: 65535 steps of 0.01 V.
const URMS_LIMIT: f64 = 655.35;
/// Largest current Irms can show: 65535 steps of 0.001 A.
const IRMS_LIMIT: f64 = 65.535;
/// Steps of Irms in one ampere.
const STEPS_PER_AMP: f64 = 1000.0;
/// Steps of the current offset in one step of Irms, at a gain of 1: 2^16 / 2^8 (AN section 3).
const IOFFSET_SCALE: f64 = 256.0;
/// Scale of the voltage gain in the sag threshold.
const SAG_GAIN_SCALE: f64 = 32_768.0;

/// New Ugain from the one in force, the reference voltage and the voltage the meter shows (AN 3.2.4.5).
/// Example: 26400, 220.024 V, 246.01 V give 5C3BH.
///
/// # Errors
/// An input that is not a positive number, a voltage Urms cannot show, or a result outside 1 to 7FFFH: bit 15 must be 0.
pub fn ugain(old: u16, actual: Volts, read: Volts) -> Result<u16, FormulaError> {
    let actual = positive("reference voltage in V", actual.0)?;
    if actual > URMS_LIMIT {
        let smells_of = "a voltage over 655.35 V, which the register cannot show";
        return Err(RangeError { register: "Urms", value: actual * 100.0, allowed: 0..=0xFFFF, smells_of }.into());
    }
    let smells = Smells {
        below: "an open lower leg or a shorted upper leg of the voltage divider: the meter shows far too much voltage",
        above: "an open upper leg or a shorted lower leg of the voltage divider: the meter shows far too little voltage",
    };
    let old = positive("voltage gain in force", old.into())?;
    let value = old * actual / positive("voltage the meter shows in V", read.0)?;
    fit_word(Register::Ugain.name(), value, 1..=0x7FFF, smells)
}

/// New IgainL or IgainN from the one in force, the reference current and the current the meter shows, both as the register
/// has them: where the meter multiplies by a current scale, both divided by it (AN 3.2.4.5).
///
/// # Errors
/// An input that is not a positive number, a current Irms cannot show, or a result over 16 bits.
pub fn igain(line: Line, old: u16, actual: Amps, read: Amps) -> Result<u16, FormulaError> {
    let old = positive("current gain in force", old.into())?;
    let actual = register_amps(actual)?;
    igain_from_exact(line, old * actual / positive("current the meter shows in A", read.0)?)
}

/// A reference current that Irms can show.
pub(in crate::calibration) fn register_amps(actual: Amps) -> Result<f64, FormulaError> {
    let actual = positive("reference current in A", actual.0)?;
    if actual > IRMS_LIMIT {
        let smells_of = "more than 65.535 A without a current scale";
        return Err(
            RangeError { register: "Irms", value: actual * STEPS_PER_AMP, allowed: 0..=0xFFFF, smells_of }.into()
        );
    }
    Ok(actual)
}

/// The nearest IgainL or IgainN.
pub(in crate::calibration) fn igain_from_exact(line: Line, value: f64) -> Result<u16, FormulaError> {
    let smells = Smells {
        below: "a burden that is missing or too large, or an amplifier gain in MMode above the planned one: the meter shows \
                far too much current",
        above: "a current transformer on the other line, a burden that is too small or shorted, an amplifier gain in MMode \
                below the planned one, or a missing current scale: the meter shows far too little current",
    };
    fit_word(line.igain().name(), value, 1..=0xFFFF, smells)
}

/// IoffsetL or IoffsetN from the current shown with voltage but no current, measured with offset 0 (AN section 3): the reading
/// in steps of 0.001 A times Igain / 2^16 times 2^8, negated.
///
/// # Errors
/// A reading that is negative or no number, a gain of 0, or a result over 16 bits.
pub fn current_offset(line: Line, read: Amps, igain: u16) -> Result<u16, FormulaError> {
    let read = finite("current without load in A", read.0)?;
    if read < 0.0 {
        let needed = "an rms value is never negative";
        return Err(FormulaError::Input { quantity: "current without load in A", value: read, needed });
    }
    let igain = positive("current gain in force", igain.into())?;
    ioffset_from_exact(line, -read * STEPS_PER_AMP * igain / IOFFSET_SCALE)
}

/// The nearest IoffsetL or IoffsetN.
pub(in crate::calibration) fn ioffset_from_exact(line: Line, value: f64) -> Result<u16, FormulaError> {
    let smells = Smells {
        below: "a load that is still on, or leads that pick up hum: far too much current without load",
        above: "an offset in force that is far too negative",
    };
    fit_word(line.ioffset().name(), value, i16::MIN.into()..=i16::MAX.into(), smells)
}

/// The current in A, as Irms has it, that an offset register adds at this gain.
///
/// # Errors
/// A gain of 0.
pub fn amps_from_current_offset(register: u16, igain: u16) -> Result<Amps, FormulaError> {
    let igain = positive("current gain in force", igain.into())?;
    Ok(Amps(f64::from(register.cast_signed()) * IOFFSET_SCALE / igain / STEPS_PER_AMP))
}

/// Mean of readings of a power register in small-power mode. None without readings.
#[must_use]
pub fn mean_power(readings: &[i16]) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "nobody takes 2^53 readings")]
    let count = readings.len() as f64;
    let sum: f64 = readings.iter().copied().map(f64::from).sum();
    (count > 0.0).then(|| sum / count)
}

/// A power offset from readings of the power register with the current circuit open, in small-power mode, with offset 0:
/// their mean, negated (AN section 3). Example: FFC4 FFCA FFCA FFDC FFC5 give 0035H.
///
/// `register` is one of PoffsetL, QoffsetL, PoffsetN, QoffsetN.
///
/// # Errors
/// No readings, or a mean of -32768.
pub fn power_offset(register: Register, readings: &[i16]) -> Result<u16, FormulaError> {
    let needed = "at least one is needed";
    let mean =
        mean_power(readings).ok_or(FormulaError::Input { quantity: "number of power readings", value: 0.0, needed })?;
    let fault = "a current circuit that is not open: far too much power without load";
    let smells = Smells { below: fault, above: fault };
    fit_word(register.name(), -mean, i16::MIN.into()..=i16::MAX.into(), smells)
}

/// SagTh for a threshold at the fraction `x` of the nominal voltage (AN section 3): 100 Un sqrt(2) x / (4 Ugain / 32768).
/// Example: 220 V, 0.78, 26400 give 1D6AH.
///
/// # Errors
/// An input that is not a positive number, or a result over 16 bits.
pub fn sag_threshold(un: Volts, x: f64, ugain: u16) -> Result<u16, FormulaError> {
    let peak = 100.0
        * positive("nominal voltage of the sag threshold in V", un.0)?
        * std::f64::consts::SQRT_2
        * positive("fraction of the sag threshold", x)?;
    let smells = Smells {
        below: "a nominal voltage in kV or a far too small fraction",
        above: "a fraction in percent, or a voltage gain that is far too small",
    };
    let gain = 4.0 * positive("voltage gain", ugain.into())? / SAG_GAIN_SCALE;
    fit_word(Register::SagTh.name(), peak / gain, 1..=0xFFFF, smells)
}

/// The rms voltage a SagTh stands for at this voltage gain.
#[must_use]
pub fn volts_from_sag_threshold(register: u16, ugain: u16) -> Volts {
    let gain = 4.0 * f64::from(ugain) / SAG_GAIN_SCALE;
    Volts(f64::from(register) * gain / (100.0 * std::f64::consts::SQRT_2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_of_the_application_note() {
        assert_eq!(ugain(26_400, Volts(220.024), Volts(246.01)), Ok(0x5C3B));
        assert_eq!(igain(Line::L, 31_251, Amps(5.008), Amps(6.744)), Ok(0x5AA7));
        assert_eq!(sag_threshold(Volts(220.0), 0.78, 26_400), Ok(0x1D6A));
        let readings = [0xFFC4_u16, 0xFFCA, 0xFFCA, 0xFFDC, 0xFFC5].map(u16::cast_signed);
        assert_eq!(power_offset(Register::PoffsetL, &readings), Ok(0x0035));
    }

    #[test]
    fn gains_stay_in_their_registers() {
        assert_eq!(ugain(16_384, Volts(230.0), Volts(115.004)), Ok(0x7FFF));
        let error = ugain(16_384, Volts(230.0), Volts(115.0)).unwrap_err().to_string();
        assert!(
            error.starts_with("Ugain would have to be 32768 and takes 1 to 32767; that smells of an open upper leg"),
            "{error}"
        );
        assert!(ugain(1, Volts(230.0), Volts(500.0)).unwrap_err().to_string().contains("too much voltage"));
        assert!(
            igain(Line::N, 30_000, Amps(5.0), Amps(2.0))
                .unwrap_err()
                .to_string()
                .starts_with("IgainN would have to be 75000")
        );
        let error = igain(Line::N, 30_000, Amps(80.0), Amps(80.0)).unwrap_err().to_string();
        assert_eq!(
            error,
            "Irms would have to be 80000 and takes 0 to 65535; that smells of more than 65.535 A without a current scale"
        );
        assert!(ugain(30_000, Volts(700.0), Volts(700.0)).is_err());
    }

    #[test]
    fn zero_and_nan_are_no_readings() {
        assert_eq!(
            ugain(26_400, Volts(230.0), Volts(0.0)).unwrap_err().to_string(),
            "the voltage the meter shows in V is 0; a positive number is needed"
        );
        assert!(ugain(0, Volts(230.0), Volts(230.0)).is_err());
        assert!(igain(Line::L, 1, Amps(f64::NAN), Amps(1.0)).is_err());
        assert!(igain(Line::L, 1, Amps(1.0), Amps(-1.0)).is_err());
        assert!(current_offset(Line::L, Amps(-0.001), 31_251).is_err());
        assert!(power_offset(Register::PoffsetN, &[]).is_err());
        assert!(power_offset(Register::PoffsetN, &[i16::MIN]).is_err());
    }

    #[test]
    fn the_current_offset_is_the_complement_of_the_sheets_helper() {
        // Cell H76 shows 142 for 0.003 A at Igain 12142, without the complement.
        assert_eq!(current_offset(Line::L, Amps(0.003), 12_142), Ok((-142_i16).cast_unsigned()));
        let back = amps_from_current_offset((-142_i16).cast_unsigned(), 12_142).unwrap();
        assert!((back.0 + 0.003).abs() < 1e-5, "{back}");
        assert_eq!(current_offset(Line::N, Amps(0.0), 30_000), Ok(0));
        assert!(current_offset(Line::N, Amps(1.0), 30_000).unwrap_err().to_string().contains("load that is still on"));
    }

    #[test]
    fn the_sag_threshold_goes_both_ways() {
        assert!((volts_from_sag_threshold(0x1D6A, 26_400).0 - 171.6).abs() < 0.05);
        assert!(sag_threshold(Volts(230.0), 94.0, 31_475).unwrap_err().to_string().contains("in percent"));
        assert!(sag_threshold(Volts(230.0), 0.94, 0).is_err());
    }
}

//! Readings that can be computed with and look wrong all the same: swapped, in the wrong unit, from different set-ups.

use m90e26::Register;
use m90e26::field::LnSel;

use super::{Evaluation, Readings, Sampled};
use crate::units::Percent;

/// An uncalibrated meter is off by less.
const LARGE_ERROR_PERCENT: f64 = 20.0;
/// The actual voltage of a calibration is nearer to the nominal one.
const OTHER_VOLTAGE_PERCENT: f64 = 10.0;
/// The chip takes 600 mV at its inputs, behind the amplifier (DS).
const INPUT_LIMIT_MV: f64 = 600.0;
/// Two tellings of the same error may differ by rounding.
const SAME_ERROR_PERCENT: f64 = 0.01;
/// Bit 15 of Ugain must be 0 (DS).
const UGAIN_LIMIT: f64 = 32_767.0;

/// What looks wrong, in words.
pub(super) fn warnings(readings: &Readings, evaluation: &Evaluation) -> Vec<String> {
    let checks = [sampling, amplification, voltages, errors, gains_in_force, lines];
    let mut warnings: Vec<String> = checks.into_iter().flat_map(|check| check(readings)).collect();
    if let Some(x) = readings.sag_x.filter(|x| *x > 1.0) {
        warnings.push(format!("sag_x is {x}: it is a fraction, 0.94 and not 94 for 6 % below nominal"));
    }
    let ugain = evaluation.value(Register::Ugain);
    if ugain.is_some_and(|ugain| f64::from(ugain) > UGAIN_LIMIT) {
        warnings.push("Ugain has bit 15 set, which must be 0".to_owned());
    }
    warnings
}

fn sampling(readings: &Readings) -> Vec<String> {
    let mut warnings = Vec::new();
    let (vl, vu) = (readings.vl_mv, readings.vu_mv);
    if let (Some(Sampled::Measured(vl)), Some(Sampled::Measured(vu))) = (vl, vu)
        && vl > vu
    {
        warnings.push(format!(
            "vl_mv {vl} is larger than vu_mv {vu}: VL is the current channel and usually the smaller; they look swapped"
        ));
    }
    if matches!(
        (vl, vu),
        (Some(Sampled::Computed), Some(Sampled::Measured(_))) | (Some(Sampled::Measured(_)), Some(Sampled::Computed))
    ) {
        warnings.push(
            "one of vl_mv and vu_mv is computed, the other measured: here VL is the current channel; the sheet's own \
             formulas have the two swapped"
                .to_owned(),
        );
    }
    if let (Some(gl), Some(Sampled::Measured(vl))) = (readings.gl, vl)
        && vl * gl > INPUT_LIMIT_MV
    {
        warnings.push(format!("vl_mv {vl} times gl {gl} is over the {INPUT_LIMIT_MV} mV the chip takes already at Ib"));
    }
    if let Some(Sampled::Measured(vu)) = vu
        && vu > INPUT_LIMIT_MV
    {
        warnings.push(format!("vu_mv {vu} is over the {INPUT_LIMIT_MV} mV the chip takes"));
    }
    warnings
}

/// GL of the PL constant and MMode are two inputs; the chip amplifies by MMode.
fn amplification(readings: &Readings) -> Vec<String> {
    let mode = readings.mmode();
    let (line, factor) = match mode.lnsel() {
        LnSel::L => ("L", mode.lgain().factor()),
        LnSel::N => ("N", mode.ngain().factor()),
    };
    let gl = readings.gl.filter(|gl| (gl - f64::from(factor)).abs() > 1e-9);
    gl.map(|gl| format!("gl is {gl}, but MMode meters the {line} line with gain {factor}")).into_iter().collect()
}

fn voltages(readings: &Readings) -> Vec<String> {
    let mut warnings = Vec::new();
    if let (Some(un), Some(sag_un)) = (readings.un_v, readings.sag_un_v)
        && (un - sag_un).abs() > 1e-9
    {
        warnings.push(format!("un_v is {un} and sag_un_v {sag_un}: both are the nominal voltage"));
    }
    if let (Some(un), Some(actual)) = (readings.un_v, readings.un_actual_v)
        && Percent::error(actual, un).0.abs() > OTHER_VOLTAGE_PERCENT
    {
        warnings.push(format!("un_actual_v {actual} is more than {OTHER_VOLTAGE_PERCENT} % off the nominal un_v {un}"));
    }
    warnings
}

fn errors(readings: &Readings) -> Vec<String> {
    let mut warnings = Vec::new();
    let unity = readings.error_unity().and_then(Result::ok).map(|error| error.0);
    let errors = [
        ("L line at PF 1", unity),
        ("N line at PF 1", readings.error_n_pct),
        ("L line at PF 0.5L", readings.error_05l_pct),
        ("N line at PF 0.5L", readings.error_n_05l_pct),
    ];
    for (what, error) in errors {
        if let Some(error) = error.filter(|error| error.abs() > LARGE_ERROR_PERCENT) {
            warnings.push(format!(
                "the error of the {what} is {}: over {LARGE_ERROR_PERCENT} % looks like swapped frequencies, a wrong meter \
                 constant or a fault of the board",
                Percent(error)
            ));
        }
    }
    let told = readings.error_pct;
    let counted = super::error_from_frequencies(readings.f_ref_hz, readings.f_meas_hz).ok();
    if let (Some(told), Some(counted)) = (told, counted)
        && (told - counted.0).abs() > SAME_ERROR_PERCENT
    {
        let told = Percent(told);
        warnings.push(format!("error_pct is {told}, the pulse frequencies give {counted}; error_pct was taken"));
    }
    warnings
}

fn gains_in_force(readings: &Readings) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Some(old) = readings.ugain_old.filter(|old| *old > UGAIN_LIMIT) {
        warnings.push(format!("ugain_old {old} has bit 15 set, which must be 0"));
    }
    let gains = [
        (Register::Ugain, "ugain_old", readings.ugain_old),
        (Register::IgainL, "igain_old", readings.igain_old),
        (Register::IgainN, "igain_n_old", readings.igain_n_old),
    ];
    for (register, field, told) in gains {
        let held = readings.in_force(register);
        // A register at its power-on value may simply not have been told.
        if let Some(told) = told
            && held != register.power_on()
            && (told - f64::from(held)).abs() > 1e-9
        {
            warnings.push(format!("{field} is {told}, but registers has {register} {held}; {field} was taken"));
        }
    }
    warnings
}

/// Calibrating one line while the other is metered.
fn lines(readings: &Readings) -> Vec<String> {
    let unity = readings.error_unity().is_some();
    let l = unity || readings.error_05l_pct.is_some();
    let n = readings.error_n_pct.is_some() || readings.error_n_05l_pct.is_some();
    let warning = match readings.mmode().lnsel() {
        LnSel::N if l && !n => "MMode meters the N line, but only errors of the L line are given",
        LnSel::L if n && !l => "MMode meters the L line, but only errors of the N line are given",
        LnSel::L | LnSel::N => return Vec::new(),
    };
    vec![warning.to_owned()]
}

//! Numbers as people type them: with a point or a comma, with a unit or without.

use crate::reference::PowerFactor;
use crate::units::Percent;

/// Active power as it was typed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Power {
    /// The power itself, W.
    Watts(f64),
    /// The power factor.
    Factor(f64),
}

/// Volts: `240.1`, `240,1 V`, `0.2401 kV`.
///
/// # Errors
/// Says what is wrong, for the one who typed it.
pub fn volts(text: &str) -> Result<f64, String> {
    not_negative(with_unit(text, &[("mV", 1e-3), ("kV", 1e3), ("V", 1.0)])?)
}

/// Amperes: `5.003`, `5003 mA`.
///
/// # Errors
/// Says what is wrong, for the one who typed it.
pub fn amps(text: &str) -> Result<f64, String> {
    not_negative(with_unit(text, &[("mA", 1e-3), ("A", 1.0)])?)
}

/// Watts: `1200`, `1.2 kW`, `-3 W`.
///
/// # Errors
/// Says what is wrong, for the one who typed it.
pub fn watts(text: &str) -> Result<f64, String> {
    with_unit(text, &[("mW", 1e-3), ("kW", 1e3), ("W", 1.0)])
}

/// Percent: `-0.12`, `0,3 %`.
///
/// # Errors
/// Says what is wrong, for the one who typed it.
pub fn percent(text: &str) -> Result<Percent, String> {
    let value = with_unit(text, &[("%", 1.0)])?;
    // A meter that is off by half is broken or wired wrongly, and cannot be corrected by the chip's gain either.
    if value.abs() > 50.0 {
        return Err(format!("{value} % is no error of a meter; -50 to 50 is"));
    }
    Ok(Percent(value))
}

/// A power factor: `1`, `0,5`, `0.5L`.
///
/// # Errors
/// Says what is wrong, for the one who typed it.
pub fn factor(text: &str) -> Result<f64, String> {
    let value = match text.trim().replace(',', ".").parse::<PowerFactor>() {
        Ok(factor) => factor.magnitude,
        Err(_) => with_unit(text, &[])?,
    };
    if (-1.0..=1.0).contains(&value) { Ok(value) } else { Err(format!("{value} is no power factor; -1 to 1 is")) }
}

/// Power or power factor; the latter says so: `PF 0.5`, `cos 0.5`, `0.5 PF`, `0.5L`.
///
/// # Errors
/// Says what is wrong, for the one who typed it.
pub fn power(text: &str) -> Result<Power, String> {
    let lower = text.trim().to_ascii_lowercase();
    let marked = ["pf", "cos"].iter().find_map(|mark| lower.strip_prefix(mark).or_else(|| lower.strip_suffix(mark)));
    match marked {
        Some(rest) => factor(rest.trim_start_matches(['=', ':', ' '])).map(Power::Factor),
        None if lower.ends_with(['l', 'c']) => factor(&lower).map(Power::Factor),
        None => watts(text).map(Power::Watts),
    }
}

/// Refuses what is far from the load point: a decimal comma read as a thousands comma, a power factor typed as a power, a
/// value from the wrong line of the display.
///
/// # Errors
/// Says what was expected.
pub fn near(value: f64, wanted: f64, unit: &str) -> Result<f64, String> {
    // Half of it is no precision; without current there is still noise.
    let allowed = (wanted.abs() * 0.5).max(0.5);
    if (value - wanted).abs() <= allowed {
        Ok(value)
    } else {
        Err(format!("{value} {unit} is far from the load point's {wanted:.3} {unit}"))
    }
}

fn not_negative(value: f64) -> Result<f64, String> {
    if value >= 0.0 { Ok(value) } else { Err(format!("{value} is negative")) }
}

fn with_unit(text: &str, units: &[(&str, f64)]) -> Result<f64, String> {
    let text = text.trim();
    // The letter's case tells milli from mega but is typed as it comes; longer units stand first in the list.
    let strip = |unit: &str| {
        let at = text.len().checked_sub(unit.len())?;
        let (number, end) = text.split_at_checked(at)?;
        end.eq_ignore_ascii_case(unit).then_some(number)
    };
    let (number, factor) = units.iter().find_map(|(unit, factor)| Some((strip(unit)?, *factor))).unwrap_or((text, 1.0));
    let number = number.trim_end();
    let commas = number.matches(',').count();
    if commas > 1 || (commas == 1 && number.contains('.')) {
        return Err(format!("{text:?} has more than one decimal mark"));
    }
    let plain = !number.is_empty() && number.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | '+' | '-'));
    match number.replace(',', ".").parse::<f64>() {
        Ok(value) if plain && value.is_finite() => Ok(value * factor),
        _ => Err(format!("{text:?} is not a number")),
    }
}

//! What people type of a load point: voltage, current, power or power factor.

use crate::operator::number::with_unit;
use crate::reference::PowerFactor;

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
    not_negative(with_unit(text, "V")?)
}

/// Amperes: `5.003`, `5003 mA`.
///
/// # Errors
/// Says what is wrong, for the one who typed it.
pub fn amps(text: &str) -> Result<f64, String> {
    not_negative(with_unit(text, "A")?)
}

/// Watts: `1200`, `1.2 kW`, `-3 W`.
///
/// # Errors
/// Says what is wrong, for the one who typed it.
pub fn watts(text: &str) -> Result<f64, String> {
    with_unit(text, "W")
}

/// A power factor: `1`, `0,5`, `0.5L`.
///
/// # Errors
/// Says what is wrong, for the one who typed it.
pub fn factor(text: &str) -> Result<f64, String> {
    let value = match text.trim().replace(',', ".").parse::<PowerFactor>() {
        Ok(factor) => factor.magnitude,
        Err(_) => with_unit(text, "")?,
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
    let [least, most] = around(wanted);
    if (least..=most).contains(&value) {
        Ok(value)
    } else {
        Err(format!("{value} {unit} is far from the load point's {wanted:.3} {unit}"))
    }
}

/// What is believed where this value is wanted. Half of it is no precision; without current there is still noise.
#[must_use]
pub fn around(wanted: f64) -> [f64; 2] {
    let allowed = (wanted.abs() * 0.5).max(0.5);
    [wanted - allowed, wanted + allowed]
}

fn not_negative(value: f64) -> Result<f64, String> {
    if value >= 0.0 { Ok(value) } else { Err(format!("{value} is negative")) }
}

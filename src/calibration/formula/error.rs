//! Why a register value cannot be given.

use std::ops::RangeInclusive;

use thiserror::Error;

/// A formula without a result.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum FormulaError {
    /// The register cannot hold the result.
    #[error(transparent)]
    Range(#[from] RangeError),
    /// An input makes no sense.
    #[error("the {quantity} is {value}; {needed}")]
    Input {
        /// What was put in, in words.
        quantity: &'static str,
        /// Its value.
        value: f64,
        /// What it should be.
        needed: &'static str,
    },
}

/// A result outside its register, with the fault it smells of.
#[derive(Clone, Debug, PartialEq, Error)]
#[error(
    "{register} would have to be {} and takes {} to {}; that smells of {smells_of}",
    number(*value), allowed.start(), allowed.end()
)]
pub struct RangeError {
    /// The register as the datasheet spells it, or PL_Constant for the pair PLconstH and PLconstL.
    pub register: &'static str,
    /// The rounded result; infinite when no finite value would do.
    pub value: f64,
    /// What the register takes, as a signed number where it is one.
    pub allowed: RangeInclusive<i64>,
    /// The fault of board, wiring or profile that gives such a result.
    pub smells_of: &'static str,
}

fn number(value: f64) -> String {
    if value.is_finite() { format!("{value:.0}") } else { "infinite".to_owned() }
}

/// The faults a result outside its register smells of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Smells {
    /// When the result is too small.
    pub below: &'static str,
    /// When it is too large.
    pub above: &'static str,
}

/// The nearest integer, when the register takes it.
pub(super) fn fit(
    register: &'static str,
    value: f64,
    allowed: RangeInclusive<i64>,
    smells: Smells,
) -> Result<i64, FormulaError> {
    let value = value.round();
    // All ranges here lie within 2^53, where integers and doubles agree.
    let (low, high) = (*allowed.start() as f64, *allowed.end() as f64);
    if (low..=high).contains(&value) {
        #[expect(clippy::cast_possible_truncation, reason = "an integral double within the range")]
        return Ok(value as i64);
    }
    let smells_of = if value < low { smells.below } else { smells.above };
    Err(RangeError { register, value, allowed, smells_of }.into())
}

/// [`fit`] into sixteen bits; a negative result in two's complement.
pub(super) fn fit_word(
    register: &'static str,
    value: f64,
    allowed: RangeInclusive<i64>,
    smells: Smells,
) -> Result<u16, FormulaError> {
    let [.., high, low] = fit(register, value, allowed, smells)?.to_be_bytes();
    Ok(u16::from_be_bytes([high, low]))
}

/// An input that must be a positive number.
pub(in crate::calibration) fn positive(quantity: &'static str, value: f64) -> Result<f64, FormulaError> {
    let needed = "a positive number is needed";
    if value.is_finite() && value > 0.0 { Ok(value) } else { Err(FormulaError::Input { quantity, value, needed }) }
}

/// An input that must be a number.
pub(in crate::calibration) fn finite(quantity: &'static str, value: f64) -> Result<f64, FormulaError> {
    let needed = "a finite number is needed";
    if value.is_finite() { Ok(value) } else { Err(FormulaError::Input { quantity, value, needed }) }
}

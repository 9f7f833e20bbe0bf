//! The two arithmetics of the sheet: doubles for what it shows, exact rationals for what it truncates.
//!
//! The spreadsheet programs round the argument of INT to about 15 digits before they truncate, so 31251 * x / x is 31251 for
//! every x, where strict doubles give 31250 for some. The floor of the exact result on the decimal inputs gives what the sheet
//! gives. Each formula is written once, in the order of its cell, for both.

use num_bigint::{BigInt, Sign};
use num_rational::BigRational;
use num_traits::{ToPrimitive, Zero};

use super::cell::{CellError, Input};

/// Arithmetic on cells. A method fails with the error the cell would show.
pub trait Arithmetic: Clone {
    /// A constant in a formula.
    fn constant(value: i32) -> Self;
    /// A number in a cell.
    fn number(value: f64) -> Result<Self, CellError>;
    /// `self + other`.
    fn plus(self, other: Self) -> Result<Self, CellError>;
    /// `self - other`.
    fn minus(self, other: Self) -> Result<Self, CellError>;
    /// `self * other`.
    fn times(self, other: Self) -> Result<Self, CellError>;
    /// `self / other`; [`CellError::DivisionByZero`] for a zero divisor.
    fn over(self, other: Self) -> Result<Self, CellError>;

    /// The number an input cell stands for.
    fn input(input: &Input) -> Result<Self, CellError> {
        Self::number(input.number()?)
    }
}

impl Arithmetic for f64 {
    fn constant(value: i32) -> Self {
        Self::from(value)
    }

    fn number(value: f64) -> Result<Self, CellError> {
        finite(value)
    }

    fn plus(self, other: Self) -> Result<Self, CellError> {
        self.minus(-other)
    }

    /// A difference of two numbers that agree to 2^-48 is 0, as in LibreOffice. Therefore equal pulse frequencies give an
    /// error of exactly 0 whatever the quotient's last bit is.
    fn minus(self, other: Self) -> Result<Self, CellError> {
        const SNAP: f64 = 1.0 / 281_474_976_710_656.0; // 2^-48
        let difference = (self - other).abs();
        if difference < self.abs() * SNAP && difference < other.abs() * SNAP {
            return Ok(0.0);
        }
        finite(self - other)
    }

    fn times(self, other: Self) -> Result<Self, CellError> {
        finite(self * other)
    }

    fn over(self, other: Self) -> Result<Self, CellError> {
        if other == 0.0 { Err(CellError::DivisionByZero) } else { finite(self / other) }
    }
}

/// An overflow shows as `#NUM!`.
fn finite(value: f64) -> Result<f64, CellError> {
    if value.is_finite() { Ok(value) } else { Err(CellError::Num) }
}

impl Arithmetic for BigRational {
    fn constant(value: i32) -> Self {
        Self::from_integer(value.into())
    }

    fn number(value: f64) -> Result<Self, CellError> {
        decimal(value).ok_or(CellError::Num)
    }

    fn plus(self, other: Self) -> Result<Self, CellError> {
        Ok(self + other)
    }

    fn minus(self, other: Self) -> Result<Self, CellError> {
        Ok(self - other)
    }

    fn times(self, other: Self) -> Result<Self, CellError> {
        Ok(self * other)
    }

    fn over(self, other: Self) -> Result<Self, CellError> {
        if other.is_zero() { Err(CellError::DivisionByZero) } else { Ok(self / other) }
    }
}

/// The decimal number somebody typed: the shortest text that gives this double, taken exactly. None unless finite.
fn decimal(value: f64) -> Option<BigRational> {
    if !value.is_finite() {
        return None;
    }
    let text = format!("{value:e}");
    let (mantissa, exponent) = text.split_once('e')?;
    let exponent: i32 = exponent.parse().ok()?;
    let fraction_digits = mantissa.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let digits: BigInt = mantissa.replace('.', "").parse().ok()?;
    let exponent = exponent.checked_sub(i32::try_from(fraction_digits).ok()?)?;
    let scale = BigInt::from(10).pow(exponent.unsigned_abs());
    Some(if exponent < 0 { BigRational::new(digits, scale) } else { BigRational::from_integer(digits * scale) })
}

/// INT: towards minus infinity.
pub fn floor(value: &BigRational) -> BigInt {
    value.floor().to_integer()
}

/// INT(value * SQRT(2)), decided exactly: for a positive value the root of the floor of 2 value^2. The root of 2 is
/// irrational, so a negative result lies strictly between two integers.
pub fn floor_times_sqrt2(value: &BigRational) -> BigInt {
    let below: BigInt = floor(&(value * value * BigInt::from(2))).sqrt();
    match value.numer().sign() {
        Sign::Minus => -(below + BigInt::from(1)),
        Sign::NoSign | Sign::Plus => below,
    }
}

/// The double of an integer result.
pub fn shown(integer: &BigInt) -> Result<f64, CellError> {
    integer.to_f64().ok_or(CellError::Num).and_then(finite)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_double_stands_for_its_decimal_text() {
        assert_eq!(decimal(0.1), Some(BigRational::new(1.into(), 10.into())));
        assert_eq!(decimal(-19.92), Some(BigRational::new((-1992).into(), 100.into())));
        assert_eq!(decimal(1e22), Some(BigRational::from_integer(BigInt::from(10).pow(22))));
        assert_eq!(decimal(0.0), Some(BigRational::zero()));
        assert_eq!(decimal(f64::NAN), None);
    }

    #[test]
    fn the_root_is_decided_exactly() {
        let times = |n: i64, d: i64| floor_times_sqrt2(&BigRational::new(n.into(), d.into()));
        assert_eq!(times(1, 1), 1.into());
        assert_eq!(times(-1, 1), (-2).into());
        assert_eq!(times(0, 1), 0.into());
        // 470832^2 * 2 = 665857^2 - 1, so the root lies 7.5e-7 below 665857.
        assert_eq!(times(470_832, 1), 665_856.into());
    }

    #[test]
    fn a_difference_below_two_to_minus_48_is_none() {
        assert_eq!((1.0 + f64::EPSILON).minus(1.0), Ok(0.0));
        assert_eq!((1.0 + 16.0 * f64::EPSILON).minus(1.0), Ok(16.0 * f64::EPSILON));
        assert_eq!(1.0_f64.plus(-1.0), Ok(0.0));
    }
}

//! Load points, as procedures and benches name them: voltage, current, power factor (`1.0`, `0.5L`, `0.8C`), frequency.

use std::fmt;
use std::str::FromStr;

use crate::units::{Amps, Degrees, Hertz, Volts};

/// What the source is to supply, and what the reference is to show then.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LoadPoint {
    /// Voltage.
    pub u: Volts,
    /// Current; zero is the open current circuit.
    pub i: Amps,
    /// Power factor and its side.
    pub pf: PowerFactor,
    /// Frequency.
    pub f: Hertz,
}

/// Power factor with its side, as load points are named: 1, 0.5L, 0.8C.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PowerFactor {
    /// Magnitude, 0 to 1.
    pub magnitude: f64,
    /// Which way the current lags.
    pub side: Side,
}

/// Which way the current is shifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// L: the current lags the voltage.
    Inductive,
    /// C: the current leads the voltage.
    Capacitive,
}

impl PowerFactor {
    /// Voltage and current in phase.
    pub const UNITY: Self = Self { magnitude: 1.0, side: Side::Inductive };

    /// Half, the current lagging by 60 degrees: where a phase error of the meter shows most.
    pub const HALF_INDUCTIVE: Self = Self { magnitude: 0.5, side: Side::Inductive };

    /// Angle of the current behind the voltage, inductive positive.
    #[must_use]
    pub fn phase(self) -> Degrees {
        let angle = self.magnitude.clamp(0.0, 1.0).acos().to_degrees();
        Degrees(match self.side {
            Side::Inductive => angle,
            Side::Capacitive => -angle,
        })
    }
}

/// Why a text is no power factor.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a power factor; it reads 1.0, 0.5L (inductive) or 0.8C (capacitive)")]
pub struct PowerFactorError {
    /// The text as given.
    pub text: String,
}

impl FromStr for PowerFactor {
    type Err = PowerFactorError;

    /// One needs no side; everything below one does, because 0.5L and 0.5C are different tests.
    fn from_str(text: &str) -> Result<Self, PowerFactorError> {
        let error = || PowerFactorError { text: text.to_owned() };
        let (number, side) = match text.trim() {
            t if t.ends_with(['L', 'l']) => (t.trim_end_matches(['L', 'l']), Some(Side::Inductive)),
            t if t.ends_with(['C', 'c']) => (t.trim_end_matches(['C', 'c']), Some(Side::Capacitive)),
            t => (t, None),
        };
        let plain = !number.is_empty() && number.chars().all(|c| c.is_ascii_digit() || c == '.');
        let magnitude: f64 = number.parse().ok().filter(|_| plain).ok_or_else(error)?;
        match side {
            _ if magnitude > 1.0 => Err(error()),
            None if magnitude < 1.0 => Err(error()),
            side => Ok(Self { magnitude, side: side.unwrap_or(Side::Inductive) }),
        }
    }
}

impl fmt::Display for PowerFactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.magnitude >= 1.0 {
            return f.write_str("1.0");
        }
        let side = match self.side {
            Side::Inductive => 'L',
            Side::Capacitive => 'C',
        };
        write!(f, "{}{side}", self.magnitude)
    }
}

impl serde::Serialize for PowerFactor {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for PowerFactor {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_and_print_the_same() {
        for text in ["1.0", "0.5L", "0.8C", "0.25L"] {
            assert_eq!(text.parse::<PowerFactor>().expect(text).to_string(), text);
        }
        assert_eq!("1".parse(), Ok(PowerFactor::UNITY));
    }

    #[test]
    fn a_side_is_not_guessed() {
        for text in ["0.5", "", "L", "1.2", "-0.5L", "nan", "infL", "0.5X", "0.5LL5"] {
            assert!(text.parse::<PowerFactor>().is_err(), "{text}");
        }
    }

    #[test]
    fn lagging_is_positive() {
        assert!((PowerFactor::HALF_INDUCTIVE.phase().0 - 60.0).abs() < 1e-9);
        assert!(("0.5C".parse::<PowerFactor>().expect("form").phase().0 + 60.0).abs() < 1e-9);
    }
}

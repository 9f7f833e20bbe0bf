//! Physical quantities as types, so that volts never meet amperes by accident.
//!
//! The type's name is the unit; the number inside is in that unit. Plain `f64` appears only inside formulas, named with its
//! unit (`u_volts`). `Display` prints the fixed digits of the screens (239.98 V) and honours a precision (`{:.4}`).

use std::fmt;

macro_rules! quantity {
    ($(#[$doc:meta])* $name:ident, $unit:literal, $decimals:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub f64);

        impl $name {
            /// The unit as it is printed behind the number.
            pub const UNIT: &'static str = $unit;
            /// Digits behind the decimal point on a screen.
            pub const DECIMALS: usize = $decimals;

            /// Neither infinite nor NaN.
            #[must_use]
            pub const fn is_finite(self) -> bool {
                self.0.is_finite()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let decimals = f.precision().unwrap_or(Self::DECIMALS);
                write!(f, "{:.*} {}", decimals, no_negative_zero(self.0, decimals), Self::UNIT)
            }
        }

        impl std::ops::Add for $name {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                Self(self.0 + other.0)
            }
        }

        impl std::ops::Sub for $name {
            type Output = Self;
            fn sub(self, other: Self) -> Self {
                Self(self.0 - other.0)
            }
        }

        impl std::ops::Mul<f64> for $name {
            type Output = Self;
            fn mul(self, factor: f64) -> Self {
                Self(self.0 * factor)
            }
        }

        impl std::ops::Div for $name {
            type Output = f64;
            fn div(self, other: Self) -> f64 {
                self.0 / other.0
            }
        }
    };
}

quantity!(
    /// Voltage, rms.
    Volts, "V", 2
);
quantity!(
    /// Current, rms.
    Amps, "A", 4
);
quantity!(
    /// Active power; negative when energy flows back.
    Watts, "W", 1
);
quantity!(
    /// Reactive power; positive when inductive.
    Vars, "var", 1
);
quantity!(
    /// Apparent power.
    VoltAmps, "VA", 1
);
quantity!(
    /// Frequency.
    Hertz, "Hz", 2
);
quantity!(
    /// Phase angle of the current behind the voltage; positive when inductive.
    Degrees, "°", 2
);
quantity!(
    /// Active energy.
    WattHours, "Wh", 3
);

/// The value, or zero where so many decimals show no more of it: "-0.0" says less than "0.0".
fn no_negative_zero(value: f64, decimals: usize) -> f64 {
    let half = 0.5 * 10_f64.powi(-i32::try_from(decimals).unwrap_or(i32::MAX));
    if value.abs() < half { 0.0 } else { value }
}

/// A deviation in percent: (meter - reference) / reference * 100. A meter that runs slow is negative.
///
/// With times per pulse instead of energies the order turns round, (reference time - meter time) / meter time: more time per
/// pulse is a slow meter.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Percent(pub f64);

impl Percent {
    /// The error of `meter` against `reference`, in the sign convention of the type.
    #[must_use]
    pub fn error(meter: f64, reference: f64) -> Self {
        Self((meter / reference - 1.0) * 100.0)
    }

    /// 1.5 % is the fraction 0.015.
    #[must_use]
    pub fn fraction(self) -> f64 {
        self.0 / 100.0
    }

    /// 0.015 is 1.5 %.
    #[must_use]
    pub fn from_fraction(fraction: f64) -> Self {
        Self(fraction * 100.0)
    }

    /// Neither infinite nor NaN.
    #[must_use]
    pub const fn is_finite(self) -> bool {
        self.0.is_finite()
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = f.precision().unwrap_or(3);
        let shown = no_negative_zero(self.0, decimals);
        // What is nothing has no sign.
        if shown == 0.0 { write!(f, "{shown:.decimals$} %") } else { write!(f, "{shown:+.decimals$} %") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_meter_is_negative() {
        assert_eq!(Percent::error(99.0, 100.0).to_string(), "-1.000 %");
        assert_eq!(Percent::error(240.024, 240.0).to_string(), "+0.010 %");
    }

    #[test]
    fn quantities_print_the_digits_of_the_screen() {
        assert_eq!(Volts(239.984).to_string(), "239.98 V");
        assert_eq!(format!("{:.4}", Volts(239.98412)), "239.9841 V");
        assert_eq!((Vars(-0.04).to_string(), Vars(-0.06).to_string()), ("0.0 var".to_owned(), "-0.1 var".to_owned()));
        assert_eq!(
            (Percent(-0.000_4).to_string(), Percent(0.0).to_string()),
            ("0.000 %".to_owned(), "0.000 %".to_owned())
        );
    }
}

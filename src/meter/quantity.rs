//! Measured quantities of the chip, with their registers and scales.

use m90e26::{Register, value};

use super::Line;

/// What the measuring path shows. Currents and powers are the register's: a meter with a current scale multiplies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// Voltage in V.
    Urms,
    /// Current in register amperes.
    Irms(Line),
    /// Active power in register watts.
    Pmean(Line),
    /// Reactive power in register vars.
    Qmean(Line),
    /// Apparent power in register volt-amperes.
    Smean(Line),
    /// Power factor, -1 to 1.
    PowerFactor(Line),
    /// Phase angle in degrees, -180 to 180.
    Angle(Line),
    /// Frequency in Hz.
    Frequency,
}

/// What a meter shows of one line at about one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Readings {
    /// Voltage in V.
    pub u: f64,
    /// Current in A.
    pub i: f64,
    /// Active power in W.
    pub p: f64,
    /// Reactive power in var; not every meter shows it.
    pub q: Option<f64>,
    /// Power factor.
    pub pf: f64,
    /// Phase angle in degrees; not every meter shows it.
    pub angle: Option<f64>,
    /// Frequency in Hz.
    pub f: f64,
}

impl Quantity {
    /// The register that shows it.
    #[must_use]
    pub const fn register(self) -> Register {
        match self {
            Self::Urms => Register::Urms,
            Self::Frequency => Register::Freq,
            Self::Irms(Line::L) => Register::Irms,
            Self::Irms(Line::N) => Register::Irms2,
            Self::Pmean(Line::L) => Register::Pmean,
            Self::Pmean(Line::N) => Register::Pmean2,
            Self::Qmean(Line::L) => Register::Qmean,
            Self::Qmean(Line::N) => Register::Qmean2,
            Self::Smean(Line::L) => Register::Smean,
            Self::Smean(Line::N) => Register::Smean2,
            Self::PowerFactor(Line::L) => Register::PowerF,
            Self::PowerFactor(Line::N) => Register::PowerF2,
            Self::Angle(Line::L) => Register::Pangle,
            Self::Angle(Line::N) => Register::Pangle2,
        }
    }

    /// Whether the LSB register holds its lower half (Atmel-46002B: rms and mean-power registers).
    #[must_use]
    pub const fn has_lsb(self) -> bool {
        self.register().extended_by_lsb()
    }

    /// The value from the register's word and the LSB word; `None` for words that no measurement gives.
    #[must_use]
    pub fn from_words(self, word: u16, lsb: u16) -> Option<f64> {
        match self {
            // All ones is what a dead line reads, and 655 V or 65 A at the very end of the range is no reading either.
            Self::Urms | Self::Irms(_) | Self::Smean(_) | Self::Frequency if word == 0xFFFF => None,
            Self::Urms => Some(value::volts(word, lsb)),
            Self::Irms(_) => Some(value::amperes(word, lsb)),
            Self::Pmean(_) | Self::Qmean(_) => Some(value::kilowatts(word, lsb) * 1000.0),
            Self::Smean(_) => Some(value::kilovoltamperes(word, lsb) * 1000.0),
            Self::PowerFactor(_) => Some(value::power_factor(word)).filter(|pf| pf.abs() <= 1.0),
            Self::Angle(_) => Some(value::degrees(word)).filter(|angle| angle.abs() <= 180.0),
            Self::Frequency => Some(value::hertz(word)),
        }
    }
}

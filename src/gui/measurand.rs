//! What meter and reference both show: names, units, where each side has it, and when an error of it says something.

use crate::meter::{Line, Quantity};
use crate::reference::ReferenceReading;
use crate::units::{Amps, Degrees, Hertz, Percent, Vars, VoltAmps, Volts, Watts};

/// Voltage below which an error of it says nothing.
const LEAST_VOLTS: f64 = 1.0;
/// Current below which an error of it says nothing: what a bench picks up with its circuit open.
const LEAST_AMPS: f64 = 0.01;
/// Power below which an error of it says nothing, in W, var and VA.
const LEAST_POWER: f64 = 0.1;
/// Active or reactive power below this share of the apparent power has no error in percent: the other one's angle decides it.
const LEAST_SHARE: f64 = 0.02;
/// The same for the power factor.
const LEAST_PF: f64 = 0.02;
/// Below this there is no mains.
const LEAST_HERTZ: f64 = 1.0;

/// One of the quantities read on both sides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Measurand {
    /// Voltage in V.
    #[default]
    U,
    /// Current in A.
    I,
    /// Active power in W.
    P,
    /// Reactive power in var, inductive positive.
    Q,
    /// Apparent power in VA.
    S,
    /// Power factor.
    Pf,
    /// Frequency in Hz.
    F,
    /// Phase angle of the current behind the voltage in degrees, inductive positive.
    Phase,
}

/// One value for each quantity, in the order of [`Measurand::ALL`]; not a number where there is none.
pub type Values = [f64; Measurand::ALL.len()];

/// No value at all.
pub const NO_VALUES: Values = [f64::NAN; Measurand::ALL.len()];

impl Measurand {
    /// All of them, as they are listed.
    pub const ALL: [Self; 8] = [Self::U, Self::I, Self::P, Self::Q, Self::S, Self::Pf, Self::F, Self::Phase];

    /// Its place in [`Values`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Its value among all.
    #[must_use]
    pub fn of(self, values: &Values) -> Option<f64> {
        values.get(self.index()).copied().filter(|value| value.is_finite())
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::U => t!("Voltage"),
            Self::I => t!("Current"),
            Self::P => t!("Active power"),
            Self::Q => t!("Reactive power"),
            Self::S => t!("Apparent power"),
            Self::Pf => t!("Power factor"),
            Self::F => t!("Frequency"),
            Self::Phase => t!("Phase angle"),
        }
    }

    /// Its name within a sentence.
    #[must_use]
    pub fn noun(self) -> &'static str {
        match self {
            Self::U => t!("voltage"),
            Self::I => t!("current"),
            Self::P => t!("active power"),
            Self::Q => t!("reactive power"),
            Self::S => t!("apparent power"),
            Self::Pf => t!("power factor"),
            Self::F => t!("frequency"),
            Self::Phase => t!("phase angle"),
        }
    }

    /// Its letters, for buttons and columns.
    #[must_use]
    pub const fn sign(self) -> &'static str {
        match self {
            Self::U => "U",
            Self::I => "I",
            Self::P => "P",
            Self::Q => "Q",
            Self::S => "S",
            Self::Pf => "PF",
            Self::F => "f",
            Self::Phase => "φ",
        }
    }

    /// Its unit; empty for the power factor.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        match self {
            Self::U => Volts::UNIT,
            Self::I => Amps::UNIT,
            Self::P => Watts::UNIT,
            Self::Q => Vars::UNIT,
            Self::S => VoltAmps::UNIT,
            Self::Pf => "",
            Self::F => Hertz::UNIT,
            Self::Phase => Degrees::UNIT,
        }
    }

    /// Digits behind the decimal point.
    #[must_use]
    pub const fn decimals(self) -> usize {
        match self {
            Self::U => Volts::DECIMALS,
            Self::I => Amps::DECIMALS,
            Self::P => Watts::DECIMALS,
            Self::Q => Vars::DECIMALS,
            Self::S => VoltAmps::DECIMALS,
            Self::Pf => 3,
            Self::F => Hertz::DECIMALS,
            Self::Phase => Degrees::DECIMALS,
        }
    }

    /// The value as it is read, with its unit.
    #[must_use]
    pub fn text(self, value: f64) -> String {
        let text = format!("{value:.*} {}", self.decimals(), self.unit());
        text.trim_end().to_owned()
    }

    /// What the chip has of it, for the current input `line`.
    #[must_use]
    pub const fn of_meter(self, line: Line) -> Quantity {
        match self {
            Self::U => Quantity::Urms,
            Self::I => Quantity::Irms(line),
            Self::P => Quantity::Pmean(line),
            Self::Q => Quantity::Qmean(line),
            Self::S => Quantity::Smean(line),
            Self::Pf => Quantity::PowerFactor(line),
            Self::F => Quantity::Frequency,
            Self::Phase => Quantity::Angle(line),
        }
    }

    /// Currents and powers of a meter with a current scale are its register times the scale.
    #[must_use]
    pub const fn scaled(self) -> bool {
        matches!(self, Self::I | Self::P | Self::Q | Self::S)
    }

    /// What the reference shows of it, where the instrument gives it.
    #[must_use]
    pub fn of_reference(self, reading: &ReferenceReading) -> Option<f64> {
        match self {
            Self::U => Some(reading.u.0),
            Self::I => Some(reading.i.0),
            Self::P => Some(reading.p.0),
            Self::Q => reading.q.map(|q| q.0),
            Self::S => reading.s.map(|s| s.0),
            Self::Pf => reading.pf,
            Self::F => reading.f.map(|f| f.0),
            Self::Phase => reading.phase.map(|phase| phase.0),
        }
        .filter(|value| value.is_finite())
    }

    /// The unit of its error: percent of the reference, or degrees of difference.
    #[must_use]
    pub const fn error_unit(self) -> &'static str {
        match self {
            Self::Phase => "°",
            _ => "%",
        }
    }

    /// The error of the meter against the reference: in percent, the phase angle's in degrees.
    ///
    /// None where a side is missing, or where the reference shows too little of it for an error to say anything.
    #[must_use]
    pub fn error(self, meter: &Values, reference: &Values) -> Option<f64> {
        let (shown, truth) = (self.of(meter)?, self.of(reference)?);
        let apparent = Self::U.of(reference).unwrap_or(0.0) * Self::I.of(reference).unwrap_or(0.0);
        let least = match self {
            Self::U => LEAST_VOLTS,
            Self::I => LEAST_AMPS,
            Self::S => LEAST_POWER,
            Self::P | Self::Q => LEAST_POWER.max(apparent * LEAST_SHARE),
            Self::Pf => LEAST_PF,
            Self::F => LEAST_HERTZ,
            Self::Phase => {
                // Without a current there is no angle; across 180° the shorter way round counts.
                let turned = (shown - truth + 180.0).rem_euclid(360.0) - 180.0;
                return Some(turned).filter(|_| apparent >= LEAST_POWER);
            }
        };
        let error = Percent::error(shown, truth);
        Some(error.0).filter(|error| truth.abs() >= least && error.is_finite())
    }
}

/// Everything the reference shows.
#[must_use]
pub fn reference_values(reading: &ReferenceReading) -> Values {
    Measurand::ALL.map(|measurand| measurand.of_reference(reading).unwrap_or(f64::NAN))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(u: f64, i: f64, p: f64, q: f64, phase: f64) -> Values {
        [u, i, p, q, u * i, p / (u * i), 50.0, phase]
    }

    #[test]
    fn places_follow_the_list() {
        for (place, measurand) in Measurand::ALL.into_iter().enumerate() {
            assert_eq!(measurand.index(), place);
        }
    }

    #[test]
    fn a_slow_meter_is_negative() {
        let reference = values(240.0, 5.0, 1200.0, 0.0, 0.0);
        let meter = values(237.6, 5.0, 1188.0, 0.5, 0.0);
        assert!((Measurand::U.error(&meter, &reference).unwrap() + 1.0).abs() < 1e-9);
        // A fraction of a var beside a kilowatt is no reactive power to be compared.
        assert_eq!(Measurand::Q.error(&meter, &reference), None);
    }

    #[test]
    fn a_missing_side_has_no_error() {
        let reference = values(240.0, 5.0, 1200.0, 0.0, 0.0);
        for measurand in Measurand::ALL {
            assert_eq!(measurand.error(&NO_VALUES, &reference), None);
            assert_eq!(measurand.error(&reference, &NO_VALUES), None);
        }
    }

    #[test]
    fn without_load_nothing_is_compared() {
        let dead = values(0.02, 0.0, 0.0, 0.0, 0.0);
        for measurand in Measurand::ALL {
            assert!(measurand == Measurand::F || measurand.error(&dead, &dead).is_none(), "{measurand:?}");
        }
    }

    #[test]
    fn angles_go_the_shorter_way_round() {
        let (meter, reference) = (values(240.0, 5.0, -1199.0, 0.0, 179.5), values(240.0, 5.0, -1199.0, 0.0, -179.5));
        assert!((Measurand::Phase.error(&meter, &reference).unwrap() + 1.0).abs() < 1e-9);
    }
}

//! Readings of the chip: which registers, and how their words become the integers of the service port.

use m90e26::{Line, Register, value};
use meter_interface::block::Ratio;
use meter_interface::map::{Measured, QUANTITIES, Quantity};

/// What is older than this is no reading any more.
const FORGOTTEN_MILLIS: u64 = 60_000;

/// The register of a quantity.
#[must_use]
pub const fn register(quantity: Quantity, line: Line) -> Register {
    match (quantity, line) {
        (Quantity::Voltage, _) => Register::Urms,
        (Quantity::Frequency, _) => Register::Freq,
        (Quantity::Current, Line::L) => Register::Irms,
        (Quantity::Current, Line::N) => Register::Irms2,
        (Quantity::ActivePower, Line::L) => Register::Pmean,
        (Quantity::ActivePower, Line::N) => Register::Pmean2,
        (Quantity::ReactivePower, Line::L) => Register::Qmean,
        (Quantity::ReactivePower, Line::N) => Register::Qmean2,
        (Quantity::ApparentPower, Line::L) => Register::Smean,
        (Quantity::ApparentPower, Line::N) => Register::Smean2,
        (Quantity::PowerFactor, Line::L) => Register::PowerF,
        (Quantity::PowerFactor, Line::N) => Register::PowerF2,
        (Quantity::PhaseAngle, Line::L) => Register::Pangle,
        (Quantity::PhaseAngle, Line::N) => Register::Pangle2,
    }
}

/// The integer of a quantity from the register's word and LSB (0 where there is none); `None` for words that no measurement gives.
#[must_use]
pub fn integer(quantity: Quantity, word: u16, lsb: u16, scale: Ratio) -> Option<i32> {
    // All ones is what a dead line reads.
    let dead = word == u16::MAX;
    let unsigned = i64::from(word) << 16 | i64::from(lsb);
    let signed = i64::from(value::twos_complement(word)) << 16 | i64::from(lsb);
    let magnitude = i64::from(value::sign_magnitude(word));
    // Steps of the register in the quantity's unit.
    let steps = |fine: i64, step: i64| fine.checked_mul(step).map(|product| product >> 16);
    let integer = match quantity {
        Quantity::Voltage | Quantity::Current | Quantity::ApparentPower | Quantity::Frequency if dead => None,
        Quantity::Voltage => steps(unsigned, 10_000),
        Quantity::Current => scaled(unsigned, 1_000, scale),
        Quantity::ActivePower | Quantity::ReactivePower => scaled(signed, 1_000, scale),
        Quantity::ApparentPower => scaled(i64::from(word) << 16, 1_000, scale),
        Quantity::PowerFactor => Some(magnitude).filter(|magnitude| magnitude.abs() <= 1_000),
        Quantity::Frequency => Some(i64::from(word) * 10),
        Quantity::PhaseAngle => Some(magnitude * 100).filter(|angle| angle.abs() <= 180_000),
    };
    integer.and_then(|integer| i32::try_from(integer).ok())
}

/// Steps times the current scale, rounded down only once.
fn scaled(fine: i64, step: i64, scale: Ratio) -> Option<i64> {
    Some(scale.scale(fine.checked_mul(step)?)? >> 16)
}

/// One reading, when the chip gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// In the quantity's unit; `None` for a word that no measurement gives.
    pub value: Option<i32>,
    /// Microseconds of the meter's clock.
    pub at: u64,
}

/// Whole milliseconds since `at`, as far as sixteen bits go; FFFF when it never was.
#[must_use]
pub fn age_millis(at: Option<u64>, now: u64) -> u16 {
    at.map_or(u16::MAX, |at| u16::try_from(now.saturating_sub(at) / 1_000).unwrap_or(u16::MAX))
}

/// The readings of a round: staged until the chip has been seen to work, then published.
#[derive(Debug, Default)]
pub struct Readings {
    staged: [Option<Reading>; QUANTITIES.len()],
    published: [Option<Reading>; QUANTITIES.len()],
    /// Rounds published.
    pub rounds: u32,
    /// When the last was.
    pub published_at: Option<u64>,
}

impl Readings {
    /// Keeps a reading until the round is over.
    pub fn stage(&mut self, quantity: Quantity, reading: Reading) {
        if let Some(place) = self.staged.get_mut(quantity.index()) {
            *place = Some(reading);
        }
    }

    /// The chip worked while it was read.
    pub fn publish(&mut self, now: u64) {
        if self.staged.iter().all(Option::is_some) {
            self.published = self.staged;
            self.rounds = self.rounds.wrapping_add(1);
            self.published_at = Some(now);
        }
        self.staged = Default::default();
    }

    /// It did not, or nobody knows.
    pub fn discard(&mut self) {
        self.staged = Default::default();
    }

    /// A quantity with its age.
    #[must_use]
    pub fn measured(&self, quantity: Quantity, now: u64) -> Measured {
        match self.published.get(quantity.index()).copied().flatten() {
            Some(reading) if now.saturating_sub(reading.at) < FORGOTTEN_MILLIS * 1_000 => {
                Measured { value: reading.value, age_millis: age_millis(Some(reading.at), now) }
            }
            _ => Measured::NONE,
        }
    }

    /// A quantity that is not older than `oldest_millis`.
    #[must_use]
    pub fn fresh(&self, quantity: Quantity, oldest_millis: u16, now: u64) -> Option<i32> {
        let measured = self.measured(quantity, now);
        measured.value.filter(|_| measured.age_millis <= oldest_millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_units() {
        let twice = Ratio::new(2, 1).expect("ratio");
        for (quantity, word, lsb, expected) in [
            (Quantity::Voltage, 23_000, 0x8000, Some(230_005_000)),
            (Quantity::Voltage, 0xFFFF, 0, None),
            (Quantity::Current, 2_500, 0x4000, Some(5_000_500)),
            (Quantity::ActivePower, 0xFFFF, 0x8000, Some(-1_000)),
            (Quantity::ActivePower, 575, 0, Some(1_150_000)),
            (Quantity::ApparentPower, 575, 0x8000, Some(1_150_000)),
            (Quantity::PowerFactor, 0x83E8, 0, Some(-1_000)),
            (Quantity::PowerFactor, 0x7FFF, 0, None),
            (Quantity::Frequency, 5_001, 0, Some(50_010)),
            (Quantity::PhaseAngle, 0x8258, 0, Some(-60_000)),
            (Quantity::PhaseAngle, 1_801, 0, None),
        ] {
            assert_eq!(integer(quantity, word, lsb, twice), expected, "{quantity:?} {word:04X}");
        }
    }

    #[test]
    fn what_does_not_fit_is_no_value() {
        let most = Ratio::new(u16::MAX, 1).expect("ratio");
        assert_eq!(integer(Quantity::Current, 0xFFFE, 0xFF00, most), None);
    }

    #[test]
    fn a_round_that_was_not_approved_is_never_shown() {
        let mut readings = Readings::default();
        for quantity in QUANTITIES {
            readings.stage(quantity, Reading { value: Some(1), at: 1_000 });
        }
        assert_eq!(readings.measured(Quantity::Voltage, 2_000), Measured::NONE);
        readings.discard();
        readings.publish(2_000);
        assert_eq!(readings.measured(Quantity::Voltage, 2_000), Measured::NONE);
        for quantity in QUANTITIES {
            readings.stage(quantity, Reading { value: Some(7), at: 1_000 });
        }
        readings.publish(9_000);
        assert_eq!(readings.measured(Quantity::Voltage, 9_000), Measured { value: Some(7), age_millis: 8 });
        assert_eq!(readings.fresh(Quantity::Voltage, 7, 9_000), None);
        assert_eq!(readings.measured(Quantity::Voltage, 70_000_000), Measured::NONE);
    }
}

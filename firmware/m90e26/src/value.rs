//! Registers as numbers (DS): signed formats, and units with the LSB register as the low word.
//!
//! The measured values come in sixteen bits; reading LSB right after one of them gives sixteen more, of which the
//! upper eight count. The functions here take both; where LSB was not read, pass 0.
//!
//! For negative powers the datasheet does not say how the low word joins. Here the two words are read as one 32-bit
//! two's complement number, so the low word always adds: FFFF with LSB 8000 is -0.5 steps. Unverified on a chip.

use crate::Register;

/// One step of the low word, in steps of the high word.
const LOW_WORD: f64 = 1.0 / 65536.0;

/// The number in a two's complement register.
#[must_use]
pub const fn twos_complement(raw: u16) -> i16 {
    raw.cast_signed()
}

/// A number for a two's complement register.
#[must_use]
pub const fn twos_complement_raw(value: i16) -> u16 {
    value.cast_unsigned()
}

/// The number in a sign-magnitude register; 8000 is zero.
#[must_use]
pub const fn sign_magnitude(raw: u16) -> i16 {
    // The mask leaves at most 32767.
    let magnitude = (raw & 0x7FFF).cast_signed();
    if raw & 0x8000 == 0 { magnitude } else { -magnitude }
}

/// A number for a sign-magnitude register; `None` beyond 32767 either way.
#[must_use]
pub fn sign_magnitude_raw(value: i32) -> Option<u16> {
    signed_raw(value, 0x7FFF)
}

/// The number in Lphi or Nphi, of which bits 14 to 10 are not used.
#[must_use]
pub const fn phi(raw: u16) -> i16 {
    sign_magnitude(raw & 0x83FF)
}

/// A number for Lphi or Nphi; `None` beyond 1023 either way.
#[must_use]
pub fn phi_raw(value: i32) -> Option<u16> {
    signed_raw(value, 0x03FF)
}

fn signed_raw(value: i32, limit: u16) -> Option<u16> {
    let magnitude = u16::try_from(value.unsigned_abs()).ok().filter(|&magnitude| magnitude <= limit)?;
    Some(if value < 0 { magnitude | 0x8000 } else { magnitude })
}

/// Volts from Urms and LSB.
#[must_use]
pub fn volts(raw: u16, lsb: u16) -> f64 {
    0.01 * unsigned(raw, lsb)
}

/// Amperes from Irms or Irms2 and LSB.
#[must_use]
pub fn amperes(raw: u16, lsb: u16) -> f64 {
    0.001 * unsigned(raw, lsb)
}

/// Kilowatts from Pmean or Pmean2, or kilovars from Qmean or Qmean2, and LSB.
#[must_use]
pub fn kilowatts(raw: u16, lsb: u16) -> f64 {
    0.001 * (f64::from(twos_complement(raw)) + f64::from(lsb) * LOW_WORD)
}

/// Kilovoltamperes from Smean or Smean2 and LSB.
#[must_use]
pub fn kilovoltamperes(raw: u16, lsb: u16) -> f64 {
    0.001 * unsigned(raw, lsb)
}

/// Hertz from Freq, which the datasheet gives for 45 to 65 Hz.
#[must_use]
pub fn hertz(raw: u16) -> f64 {
    0.01 * f64::from(raw)
}

/// The power factor from PowerF or PowerF2.
#[must_use]
pub fn power_factor(raw: u16) -> f64 {
    0.001 * f64::from(sign_magnitude(raw))
}

/// Degrees from Pangle or Pangle2.
#[must_use]
pub fn degrees(raw: u16) -> f64 {
    0.1 * f64::from(sign_magnitude(raw))
}

/// Pulses from an energy register.
#[must_use]
pub fn pulses(raw: u16) -> f64 {
    0.1 * f64::from(raw)
}

impl Register {
    /// Whether LSB extends this register. The datasheet names the rms values and the mean powers; the apparent powers
    /// are taken to be none of them.
    #[must_use]
    pub const fn extended_by_lsb(self) -> bool {
        use Register::{Irms, Irms2, Pmean, Pmean2, Qmean, Qmean2, Urms};
        matches!(self, Irms | Urms | Pmean | Qmean | Irms2 | Pmean2 | Qmean2)
    }
}

fn unsigned(raw: u16, lsb: u16) -> f64 {
    f64::from(raw) + f64::from(lsb) * LOW_WORD
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn close(left: f64, right: f64) -> bool {
        (left - right).abs() < 1e-9
    }

    #[test]
    fn signed_formats() {
        assert_eq!(twos_complement(0xFFCB), -53);
        assert_eq!(twos_complement_raw(53), 0x0035);
        assert_eq!(sign_magnitude(0x83E8), -1000);
        assert_eq!(sign_magnitude(0x8000), 0);
        assert_eq!(sign_magnitude_raw(-1000), Some(0x83E8));
        assert_eq!(sign_magnitude_raw(-32768), None);
        assert_eq!(sign_magnitude_raw(32768), None);
        assert_eq!(sign_magnitude_raw(i32::MIN), None);
        assert_eq!(phi_raw(36), Some(0x0024));
        assert_eq!(phi_raw(-1023), Some(0x83FF));
        assert_eq!(phi_raw(1024), None);
        assert_eq!(phi(0xFC24), -36);
    }

    #[test]
    fn units() {
        assert!(close(volts(23000, 0x8000), 230.005));
        assert!(close(amperes(5000, 0x4000), 5.00025));
        assert!(close(kilowatts(0xFFFF, 0x8000), -0.0005));
        assert!(close(kilowatts(1150, 0), 1.15));
        assert!(close(kilovoltamperes(1150, 0), 1.15));
        assert!(close(hertz(5001), 50.01));
        assert!(close(power_factor(0x03E8), 1.0));
        assert!(close(power_factor(0x83E8), -1.0));
        assert!(close(degrees(0x8258), -60.0));
        assert!(close(pulses(15), 1.5));
        assert!(Register::Urms.extended_by_lsb() && !Register::Freq.extended_by_lsb());
    }

    proptest! {
        #[test]
        fn formats_round_trip(value: i16) {
            prop_assert_eq!(twos_complement(twos_complement_raw(value)), value);
            match sign_magnitude_raw(value.into()) {
                Some(raw) => prop_assert_eq!(sign_magnitude(raw), value),
                None => prop_assert_eq!(value, i16::MIN),
            }
            match phi_raw(value.into()) {
                Some(raw) => prop_assert_eq!(phi(raw), value),
                None => prop_assert!(value.unsigned_abs() > 1023),
            }
        }
    }
}

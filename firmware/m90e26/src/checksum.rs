//! The checksum CS1 keeps over 21-2B and CS2 over 31-3A (DS).
//!
//! Its low byte is the sum of all bytes modulo 256, its high byte their exclusive or. The order of the words does
//! not matter to it, so two registers with exchanged values pass unnoticed.

/// The checksum of `words`.
///
/// ```
/// use m90e26::{Register, checksum};
///
/// assert_eq!(checksum(Register::METERING.map(Register::power_on)), 0x55CB);
/// ```
pub fn checksum(words: impl IntoIterator<Item = u16>) -> u16 {
    let (xor, sum) = words
        .into_iter()
        .flat_map(u16::to_be_bytes)
        .fold((0u8, 0u8), |(xor, sum), byte| (xor ^ byte, sum.wrapping_add(byte)));
    u16::from_be_bytes([xor, sum])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Register;

    #[test]
    fn known_good_calibrations() {
        let metering = [0x001E, 0xC8B4, 0x1D39, 0x0000, 0x1D39, 0x0000, 0x08BD, 0x08BD, 0x0AEC, 0x0000, 0x9422];
        assert_eq!(checksum(metering), 0x327C);
        assert_eq!(checksum([0x71D8, 0x7A13, 0x0F56, 0, 0, 0, 0, 0, 0, 0]), 0x993B);
    }

    #[test]
    fn power_on_values() {
        assert_eq!(checksum(Register::METERING.map(Register::power_on)), 0x55CB);
        assert_eq!(checksum(Register::MEASUREMENT.map(Register::power_on)), 0x6BB9);
        assert_eq!(checksum([]), 0);
    }
}

//! Division of 64 bits, bit by bit.
//!
//! The compiler's own is quicker and takes nine hundred bytes of the flash. Here some ten times and energies are divided in a turn of the main
//! loop, at 8 us each.

/// Quotient and remainder. By zero, the quotient is all ones.
#[must_use]
pub const fn divided(value: u64, by: u64) -> (u64, u64) {
    let (mut quotient, mut remainder) = (value, 0u64);
    let mut bits = u64::BITS;
    while bits > 0 {
        let overflows = remainder >> 63 != 0;
        remainder = remainder << 1 | quotient >> 63;
        quotient <<= 1;
        if overflows || remainder >= by {
            remainder = remainder.wrapping_sub(by);
            quotient |= 1;
        }
        bits -= 1;
    }
    (quotient, remainder)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_edges() {
        for value in [0, 1, 9, 1_000, u64::from(u32::MAX), 1 << 32, 1 << 63, u64::MAX - 1, u64::MAX] {
            for by in [1, 2, 10, 1_000, u64::from(u32::MAX), 1 << 32, 1 << 63, u64::MAX - 1, u64::MAX] {
                assert_eq!(divided(value, by), (value / by, value % by), "{value} / {by}");
            }
        }
        assert_eq!(divided(7, 0).0, u64::MAX);
    }

    proptest! {
        #[test]
        fn as_the_processor_of_this_machine_divides(value: u64, by in 1..=u64::MAX, shift in 0u32..64) {
            let by = (by >> shift).max(1);
            prop_assert_eq!(divided(value, by), (value / by, value % by));
        }
    }
}

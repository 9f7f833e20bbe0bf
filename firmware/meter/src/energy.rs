//! Energy in counts of the chip: 0.1 pulse each, added up from the registers that reading clears.

use m90e26::Register;

/// The registers that are added up. The absolute ones, 42 and 45, are sums of these.
pub const COUNTED: [Register; 4] = [Register::APenergy, Register::ANenergy, Register::RPenergy, Register::RNenergy];

/// Counts of one pulse.
pub const COUNTS_PER_PULSE: u64 = 10;

/// Totals since the meter was built, in counts: forward and reverse active, inductive and capacitive reactive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals(pub [u64; COUNTED.len()]);

impl Totals {
    /// Adds what a register held when it was read; false when the register is none of [`COUNTED`].
    pub fn add(&mut self, register: Register, counts: u16) -> bool {
        let Some((_, total)) = COUNTED.iter().zip(&mut self.0).find(|(counted, _)| **counted == register) else {
            return false;
        };
        *total = total.saturating_add(u64::from(counts));
        true
    }

    /// The total of one of [`COUNTED`].
    #[must_use]
    pub fn of(&self, register: Register) -> Option<u64> {
        COUNTED.iter().zip(self.0).find(|(counted, _)| **counted == register).map(|(_, total)| total)
    }
}

/// Energy of `counts` in Wh (or varh), towards zero; 0 while the constant is not known.
#[must_use]
pub const fn watt_hours(counts: u64, pulses_per_kwh: u32) -> u64 {
    let divisor = pulses_per_kwh as u64 * COUNTS_PER_PULSE;
    if divisor == 0 {
        return 0;
    }
    // In two parts, so that no count overflows.
    let whole = (counts / divisor).saturating_mul(1_000);
    whole.saturating_add((counts % divisor) * 1_000 / divisor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_become_energy() {
        assert_eq!(watt_hours(20_000, 2_000), 1_000);
        assert_eq!(watt_hours(19_999, 2_000), 999);
        assert_eq!(watt_hours(7, 0), 0);
        assert_eq!(watt_hours(u64::MAX, 1), u64::MAX);
    }

    #[test]
    fn only_what_is_counted_is_added() {
        let mut totals = Totals::default();
        assert!(totals.add(Register::ANenergy, 7) && totals.add(Register::ANenergy, 0xFFFF));
        assert!(!totals.add(Register::ATenergy, 1));
        assert_eq!(totals.of(Register::ANenergy), Some(65_542));
        assert_eq!(totals.of(Register::Urms), None);
    }
}

//! The registers a calibration consists of, as one set: what is computed, written, compared, kept in a record.
//!
//! A set holds values, not truth: it is not range-checked (that is [`super::formula`]) and says nothing about what a chip holds.

mod change;
pub mod dump;

use m90e26::field::MMode;
use m90e26::{Register, checksum};
use thiserror::Error;

pub use change::RegisterChange;

/// Registers in a set.
const COUNT: usize = 23;

/// A register that belongs to no calibration: a reading, a command or a checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{0} is no calibration register")]
pub struct NotCalibration(pub Register);

/// The 21 registers under the two checksums, SagTh and FuncEn. Starts from the chip's power-on values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterSet {
    /// In the order of [`RegisterSet::ORDER`].
    values: [u16; COUNT],
}

impl RegisterSet {
    /// The registers in the order they are written: as the chip's map has them, so PLconstH before PLconstL, whose writing
    /// takes both over.
    pub const ORDER: [Register; COUNT] = [
        Register::FuncEn,
        Register::SagTh,
        Register::PLconstH,
        Register::PLconstL,
        Register::Lgain,
        Register::Lphi,
        Register::Ngain,
        Register::Nphi,
        Register::PStartTh,
        Register::PNolTh,
        Register::QStartTh,
        Register::QNolTh,
        Register::MMode,
        Register::Ugain,
        Register::IgainL,
        Register::IgainN,
        Register::Uoffset,
        Register::IoffsetL,
        Register::IoffsetN,
        Register::PoffsetL,
        Register::QoffsetL,
        Register::PoffsetN,
        Register::QoffsetN,
    ];

    /// The chip's values after power-on.
    #[must_use]
    pub fn power_on() -> Self {
        Self { values: Self::ORDER.map(Register::power_on) }
    }

    /// Changes one register.
    ///
    /// # Errors
    /// A register that is not in the set.
    pub fn set(&mut self, register: Register, value: u16) -> Result<(), NotCalibration> {
        let slot = Self::ORDER.into_iter().zip(&mut self.values).find(|(other, _)| *other == register);
        let (_, slot) = slot.ok_or(NotCalibration(register))?;
        *slot = value;
        Ok(())
    }

    /// Changes PLconstH and PLconstL.
    pub fn set_pl_constant(&mut self, pl_constant: u32) {
        let [a, b, c, d] = pl_constant.to_be_bytes();
        for (register, word) in [(Register::PLconstH, [a, b]), (Register::PLconstL, [c, d])] {
            // Both are in ORDER.
            let _ = self.set(register, u16::from_be_bytes(word));
        }
    }

    /// The value of a register.
    ///
    /// # Errors
    /// A register that is not in the set.
    pub fn get(&self, register: Register) -> Result<u16, NotCalibration> {
        let found = self.iter().find(|(other, _)| *other == register);
        found.map(|(_, value)| value).ok_or(NotCalibration(register))
    }

    /// PLconstH and PLconstL as one number.
    #[must_use]
    pub fn pl_constant(&self) -> u32 {
        u32::from(self.value(Register::PLconstH)) << 16 | u32::from(self.value(Register::PLconstL))
    }

    /// The metering mode.
    #[must_use]
    pub fn mmode(&self) -> MMode {
        MMode::from_bits(self.value(Register::MMode))
    }

    /// CS1, over 21H to 2BH.
    #[must_use]
    pub fn cs1(&self) -> u16 {
        checksum(Register::METERING.map(|register| self.value(register)))
    }

    /// CS2, over 31H to 3AH.
    #[must_use]
    pub fn cs2(&self) -> u16 {
        checksum(Register::MEASUREMENT.map(|register| self.value(register)))
    }

    /// Registers and values in the order they are written.
    pub fn iter(&self) -> impl Iterator<Item = (Register, u16)> + '_ {
        Self::ORDER.into_iter().zip(self.values)
    }

    /// What changes from this set to a new one, in the order of writing.
    #[must_use]
    pub fn changes_to(&self, new: &Self) -> Vec<RegisterChange> {
        let differing = self.iter().zip(new.iter()).filter(|(old, new)| old != new);
        differing.map(|((register, _), _)| RegisterChange::between(register, self, new)).collect()
    }

    /// Registers by name as hexadecimal text, the form of reports: `"0x71D8"`.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Map<String, serde_json::Value> {
        self.iter()
            .chain([(Register::Cs1, self.cs1()), (Register::Cs2, self.cs2())])
            .map(|(register, value)| (register.name().to_owned(), format!("0x{value:04X}").into()))
            .collect()
    }

    /// From that form; none when a register is missing or is no word.
    #[must_use]
    pub fn from_json(registers: &serde_json::Map<String, serde_json::Value>) -> Option<Self> {
        let mut set = Self::power_on();
        for register in Self::ORDER {
            let text = registers.get(register.name())?.as_str()?;
            let word = u16::from_str_radix(text.trim_start_matches("0x"), 16).ok()?;
            set.set(register, word).ok()?;
        }
        Some(set)
    }

    /// A register of the set; 0 for one that is not, which no caller asks for.
    fn value(&self, register: Register) -> u16 {
        self.get(register).unwrap_or_default()
    }
}

impl Default for RegisterSet {
    fn default() -> Self {
        Self::power_on()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_set_holds_what_the_checksums_cover() {
        let set = RegisterSet::power_on();
        for register in Register::METERING.into_iter().chain(Register::MEASUREMENT) {
            assert_eq!(set.get(register), Ok(register.power_on()), "{register}");
        }
        assert_eq!(set.get(Register::FuncEn), Ok(0x000C));
        assert_eq!(set.get(Register::SagTh), Ok(0x1D6A));
        assert_eq!(Register::METERING.len() + Register::MEASUREMENT.len() + 2, COUNT);
        assert!(RegisterSet::ORDER.is_sorted_by_key(|register| register.address()));
    }

    #[test]
    fn readings_and_checksums_are_no_calibration() {
        let mut set = RegisterSet::power_on();
        for register in [Register::Urms, Register::Cs1, Register::CalStart, Register::SoftReset] {
            assert_eq!(set.get(register), Err(NotCalibration(register)));
            assert_eq!(set.set(register, 1), Err(NotCalibration(register)));
        }
        assert_eq!(NotCalibration(Register::Cs2).to_string(), "CS2 is no calibration register");
        assert_eq!(set, RegisterSet::default());
    }

    proptest! {
        #[test]
        fn pl_constant_is_two_registers(pl: u32) {
            let mut set = RegisterSet::power_on();
            set.set_pl_constant(pl);
            prop_assert_eq!(set.pl_constant(), pl);
            prop_assert_eq!(set.get(Register::PLconstL).ok(), u16::try_from(pl & 0xFFFF).ok());
        }

        #[test]
        fn changes_are_what_was_set(values in proptest::collection::vec(any::<u16>(), COUNT)) {
            let old = RegisterSet::power_on();
            let mut new = old.clone();
            for (register, value) in RegisterSet::ORDER.into_iter().zip(&values) {
                new.set(register, *value).unwrap();
            }
            let mut patched = old.clone();
            for change in old.changes_to(&new) {
                prop_assert_ne!(change.old, change.new);
                prop_assert!(!change.meaning.is_empty() && !change.meaning.contains("NaN"), "{}", change);
                patched.set(change.register, change.new).unwrap();
            }
            prop_assert_eq!(patched, new);
        }
    }
}

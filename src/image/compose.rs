//! A new calibration block from what is known of a unit: registers, fields, and the block that was there before.
//!
//! Nothing is written that is not certain: checksums that come with the registers must agree with them, a register must be able
//! to hold its word, and without an older block nothing may be missing. What is plausible for a meter type, its profile
//! knows.

use std::collections::BTreeMap;

use m90e26::value::{sign_magnitude, twos_complement};
use m90e26::{Encoding, Register};
use meter_interface::block::Block;

use super::field::{self, FieldError};

/// Why there is no block.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    /// The image has no block to start from, and these were not given.
    #[error("the image has no calibration yet, and nothing says {}", names.join(", "))]
    Missing {
        /// Registers and fields.
        names: Vec<String>,
    },
    /// Not a register of the calibration.
    #[error("{register} is a reading or a command and no part of a calibration")]
    NotCalibration {
        /// The register.
        register: Register,
    },
    /// Bits that must be zero are not.
    #[error("{register} cannot be 0x{word:04X}: {problem}")]
    OutOfRange {
        /// The register.
        register: Register,
        /// The word.
        word: u16,
        /// What it could be.
        problem: &'static str,
    },
    /// A value that no good meter of this type has.
    #[error("{register} is {value}, and {low} to {high} is plausible for this meter type")]
    Implausible {
        /// The register.
        register: Register,
        /// Its value in its own steps.
        value: i32,
        /// The least plausible one.
        low: i32,
        /// The greatest.
        high: i32,
    },
    /// The checksum that came with the registers is not theirs.
    #[error(
        "{register} is given as 0x{given:04X}, but the registers give 0x{computed:04X}: they do not belong together"
    )]
    Checksum {
        /// CS1 or CS2.
        register: Register,
        /// As given.
        given: u16,
        /// As the registers give it.
        computed: u16,
    },
    /// A field cannot hold its value.
    #[error(transparent)]
    Field(#[from] FieldError),
}

/// What is to be in a block.
#[derive(Clone, Debug, Default)]
pub struct Content {
    /// Registers by name, CS1 and CS2 among them when the words come with their checksums.
    pub registers: BTreeMap<Register, u16>,
    /// The least and the greatest value of registers that is plausible for the meter type, in the register's own steps.
    pub windows: Vec<(Register, [i32; 2])>,
}

/// Fields that nobody can guess.
const NEEDED: [&str; 4] = ["line", "current_scale", "pulses_per_kwh", "constant_imp_per_kwh"];

impl Content {
    /// The block with these registers: on top of `base`, or from nothing when everything needed is said by them and by `fields`, names
    /// with values that [`field::set`] takes.
    ///
    /// # Errors
    /// Something is missing, or not right.
    pub fn block<'a>(
        &self,
        base: Option<Block>,
        fields: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Block, ComposeError> {
        let fresh = base.is_none();
        let mut block = base.unwrap_or_default();
        let mut said = Vec::new();
        for (name, value) in fields {
            field::set(&mut block, name, value)?;
            said.push(name);
        }
        for (&register, &word) in &self.registers {
            if matches!(register, Register::Cs1 | Register::Cs2) {
                continue;
            }
            check(register, word)?;
            if !block.set_register(register, word) {
                return Err(ComposeError::NotCalibration { register });
            }
        }
        for &(register, [low, high]) in &self.windows {
            let value = block.register(register).map_or(0, |word| value(register, word));
            if !(low..=high).contains(&value) {
                return Err(ComposeError::Implausible { register, value, low, high });
            }
        }
        let proven = self.prove(&block)?;
        if fresh {
            let missing = self.missing(&said, proven);
            if !missing.is_empty() {
                return Err(ComposeError::Missing { names: missing });
            }
        }
        Ok(block)
    }

    /// Compares the checksums that were given; says which of the two were.
    fn prove(&self, block: &Block) -> Result<[bool; 2], ComposeError> {
        let mut proven = [false; 2];
        let pairs = [Register::Cs1, Register::Cs2].into_iter().zip(block.checksums());
        for ((register, computed), proven) in pairs.zip(&mut proven) {
            match self.registers.get(&register) {
                Some(&given) if given != computed => {
                    return Err(ComposeError::Checksum { register, given, computed });
                }
                given => *proven = given.is_some(),
            }
        }
        Ok(proven)
    }

    /// A register that is not given has its power-on word, and only a checksum over it shows that this was meant.
    fn missing(&self, said: &[&str], [cs1, cs2]: [bool; 2]) -> Vec<String> {
        let metering = Register::METERING.into_iter().filter(|_| !cs1);
        let measurement = Register::MEASUREMENT.into_iter().filter(|_| !cs2);
        let registers = [Register::SagTh, Register::FuncEn].into_iter().chain(metering).chain(measurement);
        let registers = registers.filter(|register| !self.registers.contains_key(register));
        let fields = NEEDED.into_iter().filter(|name| !said.contains(name));
        registers.map(|register| register.name().to_owned()).chain(fields.map(str::to_owned)).collect()
    }
}

/// What the datasheet says a register cannot hold (Atmel-46002B, the registers' own sections).
fn check(register: Register, word: u16) -> Result<(), ComposeError> {
    let problem = match register {
        Register::Ugain if word & 0x8000 != 0 => "its bit 15 must be 0",
        Register::Lphi | Register::Nphi if word & 0x7C00 != 0 => "it is a sign in bit 15 and ten bits",
        _ if register.encoding() == Encoding::Command => "it is a command",
        _ => return Ok(()),
    };
    Err(ComposeError::OutOfRange { register, word, problem })
}

/// A word as a number in the register's own steps.
fn value(register: Register, word: u16) -> i32 {
    match register.encoding() {
        Encoding::TwosComplement => twos_complement(word).into(),
        Encoding::SignMagnitude => sign_magnitude(word).into(),
        _ => word.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: [(&str, &str); 4] =
        [("line", "N"), ("current_scale", "20"), ("pulses_per_kwh", "2000"), ("constant_imp_per_kwh", "1000")];

    /// The words of the published sources.
    fn stock() -> BTreeMap<Register, u16> {
        let words = [
            ("FuncEn", 0x0030),
            ("SagTh", 0x1F2F),
            ("PLconstH", 0x001E),
            ("PLconstL", 0xC8B4),
            ("Lgain", 0x1D39),
            ("Ngain", 0x1D39),
            ("PStartTh", 0x08BD),
            ("PNolTh", 0x08BD),
            ("QStartTh", 0x0AEC),
            ("QNolTh", 0),
            ("MMode", 0x9422),
            ("CS1", 0x327C),
            ("Ugain", 0x71D8),
            ("IgainN", 0x0F56),
            ("CS2", 0x993B),
        ];
        words.into_iter().map(|(name, word)| (Register::from_name(name).expect("a register"), word)).collect()
    }

    #[test]
    fn checksums_stand_for_registers_that_were_not_copied() {
        let block = Content { registers: stock(), ..Content::default() }.block(None, FIELDS).expect("a block");
        assert_eq!((block.cs1, block.cs2), (0x327C, 0x993B));
        assert_eq!(block.register(Register::IgainL), Some(0x7A13));
        let mut without = stock();
        without.remove(&Register::Cs2);
        without.remove(&Register::SagTh);
        let error =
            Content { registers: without, ..Content::default() }.block(None, FIELDS).expect_err("guessed").to_string();
        assert!(error.contains("SagTh, IgainL, Uoffset") && !error.contains("Nphi"), "{error}");
        let error =
            Content { registers: stock(), ..Content::default() }.block(None, []).expect_err("guessed").to_string();
        assert!(error.ends_with("nothing says line, current_scale, pulses_per_kwh, constant_imp_per_kwh"), "{error}");
    }

    #[test]
    fn words_that_do_not_belong_together_are_refused() {
        let mut words = stock();
        words.insert(Register::Ugain, 0x71D9);
        let error = Content { registers: words, ..Content::default() }.block(None, FIELDS).expect_err("refused");
        assert_eq!(error, ComposeError::Checksum { register: Register::Cs2, given: 0x993B, computed: 0x983C });
    }

    #[test]
    fn a_block_that_is_there_keeps_what_is_not_said() {
        let base = Content { registers: stock(), ..Content::default() }.block(None, FIELDS).expect("a block");
        let registers = BTreeMap::from([(Register::Ugain, 0x7000)]);
        let block = Content { registers, ..Content::default() }
            .block(Some(base.clone()), [("serial", "MT1")])
            .expect("a block");
        assert_eq!(block.register(Register::IgainN), base.register(Register::IgainN));
        assert_eq!((block.serial.as_str(), block.cs2), ("MT1", block.checksums()[1]));
    }

    #[test]
    fn words_a_register_cannot_hold() {
        for (name, word) in [("Ugain", 0x8000), ("Lphi", 0x0400), ("Nphi", 0x8400), ("CalStart", 0x5678)] {
            let register = Register::from_name(name).expect("a register");
            let registers = BTreeMap::from([(register, word)]);
            let error = Content { registers, ..Content::default() }.block(Some(Block::default()), []).expect_err(name);
            assert!(matches!(error, ComposeError::OutOfRange { .. }), "{error}");
        }
        let registers = BTreeMap::from([(Register::Urms, 1)]);
        let error =
            Content { registers, ..Content::default() }.block(Some(Block::default()), []).expect_err("a reading");
        assert_eq!(error, ComposeError::NotCalibration { register: Register::Urms });
        let registers = BTreeMap::from([(Register::Lphi, 0x83FF)]);
        assert!(Content { registers, ..Content::default() }.block(Some(Block::default()), []).is_ok());
    }

    #[test]
    fn implausible_values_are_refused() {
        for (register, word, value) in [("Ugain", 0x71D8, 29_144), ("Lgain", 0xFFFF, -1), ("Lphi", 0x8003, -3)] {
            let register = Register::from_name(register).expect("a register");
            let mut content =
                Content { registers: BTreeMap::from([(register, word)]), windows: vec![(register, [value, value])] };
            assert!(content.block(Some(Block::default()), []).is_ok(), "{register}");
            content.windows = vec![(register, [value + 1, value + 9])];
            let error = content.block(Some(Block::default()), []).expect_err("implausible");
            assert_eq!(error, ComposeError::Implausible { register, value, low: value + 1, high: value + 9 });
        }
    }
}

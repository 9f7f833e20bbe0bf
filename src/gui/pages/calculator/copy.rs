//! Registers as text to paste elsewhere.

use m90e26::Register;

/// A form of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `Ugain 0x71D8`.
    Hex,
    /// `AFECHIP(0, Ugain, 0x71D8);`, the call of the stock firmware.
    Calls,
    /// `#define AFE_Ugain 0x71D8`.
    Defines,
    /// `[registers]` of a profile; without checksums, which a profile does not hold.
    Toml,
}

impl Format {
    /// All of them, as the buttons stand.
    pub const ALL: [Self; 4] = [Self::Hex, Self::Calls, Self::Defines, Self::Toml];

    /// On its button.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Hex => "hex",
            Self::Calls => "C",
            Self::Defines => "#define",
            Self::Toml => "TOML",
        }
    }

    /// The registers as text.
    #[must_use]
    pub fn text(self, words: &[(Register, u16)]) -> String {
        let mut text = if self == Self::Toml { "[registers]\n".to_owned() } else { String::new() };
        for (register, word) in words {
            let name = register.name();
            let checksum = matches!(register, Register::Cs1 | Register::Cs2);
            text.push_str(&match self {
                Self::Hex => format!("{name} 0x{word:04X}\n"),
                Self::Calls => format!("AFECHIP(0, {}, 0x{word:04X});\n", in_firmware(*register)),
                Self::Defines => format!("#define AFE_{name} 0x{word:04X}\n"),
                Self::Toml if checksum => continue,
                Self::Toml => format!("{name} = \"{word:04X}\"\n"),
            });
        }
        text
    }

    /// What was copied, to be said afterwards, and how many registers had no value to copy.
    #[must_use]
    pub fn said(self, words: &[(Register, u16)], missing: usize) -> String {
        let checksums = words.iter().filter(|(register, _)| matches!(register, Register::Cs1 | Register::Cs2)).count();
        let count = words.len() - checksums;
        let registers = if count == 1 { t!("register") } else { t!("registers") };
        let sums = match checksums {
            _ if self == Self::Toml => "",
            0 => "",
            1 => t!(" with one checksum"),
            _ => t!(" with both checksums"),
        };
        let gaps = match missing {
            0 => String::new(),
            1 => t!("; 1 has no value").to_owned(),
            _ => t!("; {missing} have no value", missing),
        };
        t!("Copied {count} {registers} as {form}{sums}{gaps}", count, registers, form = self.word(), sums, gaps)
    }
}

/// The stock firmware writes its checksums as words.
fn in_firmware(register: Register) -> &'static str {
    match register {
        Register::Cs1 => "CSOne",
        Register::Cs2 => "CSTwo",
        other => other.name(),
    }
}

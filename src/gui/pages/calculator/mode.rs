//! MMode as fields and as a word, both ways.
//!
//! A field is kept as the text of its option, "011: Gain 24", as the sheet and a case have it; codes the lists do not offer
//! (111 is gain 1 too) are kept as they are.

use m90e26::field::{MMode, Pthresh};

/// One field of MMode.
#[derive(Clone, Copy, Debug)]
pub struct ModeField {
    /// The input's name.
    pub name: &'static str,
    /// Its lowest bit.
    pub shift: u32,
    /// Its bits.
    pub width: u32,
}

/// The fields from bit 15 down to bit 0.
pub const MODE_FIELDS: [ModeField; 8] = [
    ModeField { name: "mm_lgain", shift: 13, width: 3 },
    ModeField { name: "mm_ngain", shift: 11, width: 2 },
    ModeField { name: "mm_lnsel", shift: 10, width: 1 },
    ModeField { name: "mm_dishpf", shift: 8, width: 2 },
    ModeField { name: "mm_amod", shift: 7, width: 1 },
    ModeField { name: "mm_rmod", shift: 6, width: 1 },
    ModeField { name: "mm_zxcon", shift: 4, width: 2 },
    ModeField { name: "mm_pthresh", shift: 0, width: 4 },
];

impl ModeField {
    /// The options a list offers, each meaning once.
    #[must_use]
    pub fn offered(self) -> Vec<String> {
        let codes: Vec<u16> = match self.name {
            "mm_lgain" => vec![0b100, 0b000, 0b001, 0b010, 0b011],
            "mm_ngain" => vec![0b10, 0b00, 0b01],
            _ => (0..1 << self.width).collect(),
        };
        codes.into_iter().map(|code| self.option(code)).collect()
    }

    /// The option of a code, spelt as the sheet spells it.
    #[must_use]
    pub fn option(self, code: u16) -> String {
        let mode = MMode::from_bits(code << self.shift);
        let pick = |words: &[&str]| words.get(usize::from(code)).copied().unwrap_or_default().to_owned();
        let meaning = match self.name {
            "mm_lgain" => format!("Gain {}", mode.lgain().factor()),
            "mm_ngain" => format!("Gain {}", mode.ngain().factor()),
            "mm_lnsel" => pick(&["Meter on N line", "Meter on L line"]),
            "mm_dishpf" => pick(&["HPF1 and HPF0", "HPF1 and !HPF0", "!HPF1 and HPF0", "!HPF1 and !HPF0"]),
            "mm_amod" => pick(&["Fwd or rev energy pulse output", "Absolute energy pulse output"]),
            "mm_rmod" => pick(&["Fwd or rev reactive energy pulse output", "Absolute reactive energy pulse output"]),
            "mm_zxcon" => {
                pick(&["Positive zero-crossing", "Negative zero-crossing", "All zero crossing", "No zero-crossing"])
            }
            _ => format!("{}%", Pthresh::from_code((code & 0xF) as u8).percent()),
        };
        format!("{code:0width$b}: {meaning}", width = self.width as usize)
    }

    /// The code of an option's text; none for another text.
    #[must_use]
    pub fn code(self, option: &str) -> Option<u16> {
        let bits = option.split(':').next().unwrap_or_default().trim();
        let right = bits.len() == self.width as usize && bits.bytes().all(|bit| matches!(bit, b'0' | b'1'));
        if right { u16::from_str_radix(bits, 2).ok() } else { None }
    }

    /// The option in a word.
    #[must_use]
    pub fn of(self, word: u16) -> String {
        self.option(word >> self.shift & ((1 << self.width) - 1))
    }
}

/// The word of all options; none when one of them is no option.
#[must_use]
pub fn word<'a>(option: impl Fn(&str) -> &'a str) -> Option<u16> {
    MODE_FIELDS.into_iter().try_fold(0, |word, field| Some(word | field.code(option(field.name))? << field.shift))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn options_are_those_of_the_sheet() {
        let offered: Vec<String> = MODE_FIELDS.into_iter().flat_map(ModeField::offered).collect();
        assert_eq!(offered.len(), 5 + 3 + 2 + 4 + 2 + 2 + 4 + 16);
        for option in
            ["100: Gain 1", "011: Gain 24", "01: Gain 4", "10: All zero crossing", "0011: 1.5625%", "1111: 12%"]
        {
            assert!(offered.iter().any(|other| other == option), "{option}");
        }
    }

    proptest! {
        #[test]
        fn every_word_is_its_options(bits: u16) {
            let options: Vec<(&str, String)> = MODE_FIELDS.into_iter().map(|field| (field.name, field.of(bits))).collect();
            let back = word(|name| options.iter().find(|(other, _)| *other == name).map_or("", |(_, text)| text));
            prop_assert_eq!(back, Some(bits));
        }
    }
}

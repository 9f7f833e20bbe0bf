//! What the registers of the chip are compared with.

use std::collections::BTreeMap;

use m90e26::{Access, Register};

use crate::gui::core::Core;
use crate::procedure::Plan;
use crate::profile::{self, Kind};

/// Words by register.
pub type Words = BTreeMap<Register, u16>;

/// The other side of the comparison.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Other {
    /// The chip's power-on values.
    #[default]
    PowerOn,
    /// What a calibration by this meter profile starts from.
    Profile(String),
    /// What the last run left in the unit.
    LastRun,
    /// What was typed or pasted.
    Typed,
}

impl Other {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::PowerOn => "Power-on values",
            Self::Profile(name) => name,
            Self::LastRun => "Result of the last run",
            Self::Typed => "Pasted values",
        }
    }
}

/// All that can be compared with, apart from the chip.
pub struct Others {
    /// Meter profiles by name.
    pub profiles: Vec<(String, Words)>,
    /// What was pasted, as text.
    pub text: String,
    /// What the text says.
    pub typed: Result<Pasted, String>,
}

/// A text that was understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pasted {
    /// Its words.
    pub words: Words,
    /// Names in it that are no register.
    pub unknown: Vec<String>,
}

impl Default for Others {
    fn default() -> Self {
        let listed = profile::list().into_iter().filter(|listed| listed.kind == Kind::Meter);
        let profiles = listed.filter_map(|listed| Some((listed.name.clone(), of_profile(&listed.name)?))).collect();
        Self { profiles, text: String::new(), typed: Ok(Pasted::default()) }
    }
}

impl Others {
    /// Reads the text again after it was changed.
    pub fn read_text(&mut self) {
        self.typed = pasted(&self.text);
    }

    /// The word of a register on the other side; `None` where it has none to compare.
    #[must_use]
    pub fn word(&self, other: &Other, register: Register, core: &Core) -> Option<u16> {
        match other {
            Other::PowerOn => power_on(register),
            Other::Profile(name) => {
                let (_, words) = self.profiles.iter().find(|(known, _)| known == name)?;
                words.get(&register).copied()
            }
            Other::LastRun => {
                let value = core.run.report.as_ref()?.registers.get(register.name())?;
                word(value.as_str()?)
            }
            Other::Typed => self.typed.as_ref().ok()?.words.get(&register).copied(),
        }
    }
}

/// The power-on value of a register that keeps one; measured values and sums do not.
#[must_use]
pub fn power_on(register: Register) -> Option<u16> {
    let keeps = register.access() == Access::ReadWrite && !matches!(register, Register::Cs1 | Register::Cs2);
    keeps.then(|| register.power_on())
}

fn of_profile(name: &str) -> Option<Words> {
    let plan = Plan { meter: profile::load_meter(name).ok()?, procedure: profile::load_procedure("calibrate").ok()? };
    // What is measured in each unit is no part of the profile.
    let measured = |register: Register| {
        register.name().contains("gain") || register.name().contains("phi") || register.name().contains("offset")
    };
    let set = plan.initial_registers().ok()?;
    Some(set.iter().filter(|(register, word)| !measured(*register) || *word != register.power_on()).collect())
}

/// A word as people write it: 71D8, 0x71D8, 71D8H.
#[must_use]
pub fn word(text: &str) -> Option<u16> {
    let text = text.trim();
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    let digits = digits.strip_suffix(['h', 'H']).unwrap_or(digits);
    let plain = (1..=4).contains(&digits.len()) && digits.chars().all(|digit| digit.is_ascii_hexdigit());
    u16::from_str_radix(digits, 16).ok().filter(|_| plain)
}

/// Reads names and words from JSON or TOML; a whole report or profile gives its `registers`.
fn pasted(text: &str) -> Result<Pasted, String> {
    if text.trim().is_empty() {
        return Ok(Pasted::default());
    }
    let value = if text.trim_start().starts_with('{') {
        serde_json::from_str::<serde_json::Value>(text).map_err(|error| format!("This is no JSON: {error}"))?
    } else {
        toml::from_str::<serde_json::Value>(text).map_err(|error| format!("This is no TOML: {}", error.message()))?
    };
    let inner = value.get("registers").unwrap_or(&value);
    let Some(entries) = inner.as_object() else { return Err("There are no names with values in it".to_owned()) };
    let mut pasted = Pasted::default();
    for (name, value) in entries {
        let Some(register) = Register::from_name(name) else {
            pasted.unknown.push(name.clone());
            continue;
        };
        let word = match value {
            serde_json::Value::String(text) => word(text),
            serde_json::Value::Number(number) => number.as_u64().and_then(|number| u16::try_from(number).ok()),
            _ => None,
        };
        let word = word.ok_or_else(|| format!("{value} of {name} is no word of 16 bits"))?;
        pasted.words.insert(register, word);
    }
    Ok(pasted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_as_people_write_them() {
        for text in ["71D8", "0x71d8", " 71D8H "] {
            assert_eq!(word(text), Some(0x71D8), "{text}");
        }
        for text in ["", "0x", "+1", "12345", "7.1", "xyz"] {
            assert_eq!(word(text), None, "{text}");
        }
    }

    #[test]
    fn json_toml_and_reports_are_understood() {
        let expected = Words::from([(Register::Ugain, 0x71D8), (Register::SagTh, 0x1F2F)]);
        for text in [
            r#"{"Ugain": "0x71D8", "SagTh": 7983}"#,
            "Ugain = 0x71D8\nsagth = \"1F2F\"",
            r#"{"verdict": "PASS", "registers": {"Ugain": "71D8", "SagTh": "1F2F"}}"#,
        ] {
            assert_eq!(pasted(text).map(|pasted| pasted.words), Ok(expected.clone()), "{text}");
        }
        assert_eq!(pasted("Vgain = 1").map(|pasted| pasted.unknown), Ok(vec!["Vgain".to_owned()]));
        assert!(pasted("Ugain = 65536").is_err_and(|error| error.contains("no word of 16 bits")));
        assert!(pasted("{").is_err() && pasted("Ugain").is_err());
    }

    #[test]
    fn every_shipped_profile_gives_registers() {
        let others = Others::default();
        assert_eq!(others.profiles.len(), profile::list().iter().filter(|listed| listed.kind == Kind::Meter).count());
        assert!(others.profiles.iter().all(|(_, words)| words.contains_key(&Register::MMode)));
    }
}

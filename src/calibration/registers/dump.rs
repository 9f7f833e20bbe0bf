//! Registers in a file: a dump with the unit it is of, or a list somebody copied, as TOML, JSON, hex or C.
//!
//! A dump says whose registers they are, when they were saved and whether the meter was simulated; a list says nothing of
//! the kind. Reading takes both, and names what it did not understand. Not here: finding and opening files.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use m90e26::Register;
use serde_json::{Map, Value as Json, json};

/// Version of a dump; another one is not guessed at.
pub const VERSION: u64 = 1;

/// The key that tells a dump from a list.
const MARK: &str = "meterbench_registers";

/// Words of registers and where they come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dump {
    /// Serial number of the unit; empty where nobody said.
    pub serial: String,
    /// When it was saved, as RFC 3339; empty for a list.
    pub saved: String,
    /// The meter was simulated; `None` for a list, which does not say.
    pub simulated: Option<bool>,
    /// The words by register.
    pub words: BTreeMap<Register, u16>,
    /// Names that are no register's.
    pub unknown: Vec<String>,
}

impl Dump {
    /// As one JSON object.
    #[must_use]
    pub fn to_json(&self) -> String {
        let words =
            self.words.iter().map(|(register, word)| (register.name().to_owned(), json!(format!("{word:04X}"))));
        let dump = json!({
            MARK: VERSION, "serial": self.serial, "saved": self.saved, "simulated": self.simulated.unwrap_or(false),
            "registers": words.collect::<Map<String, Json>>(),
        });
        format!("{dump:#}\n")
    }

    /// As TOML.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let text = |text: &str| toml::Value::from(text).to_string();
        let mut toml = format!(
            "{MARK} = {VERSION}\nserial = {}\nsaved = {}\nsimulated = {}\n\n[registers]\n",
            text(&self.serial),
            text(&self.saved),
            self.simulated.unwrap_or(false)
        );
        for (register, word) in &self.words {
            let _ = writeln!(toml, "{register} = \"{word:04X}\"");
        }
        toml
    }

    /// Reads a dump or a list. A whole report or profile gives its `registers`.
    ///
    /// # Errors
    /// Says what was not understood.
    pub fn read(text: &str) -> Result<Self, String> {
        let text = text.trim_start_matches('\u{feff}');
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        if text.trim_start().starts_with('{') {
            let value = serde_json::from_str::<Json>(text).map_err(|error| format!("This is no JSON: {error}"))?;
            return Self::of_object(&value);
        }
        match toml::from_str::<Json>(text) {
            // Lines that all begin with # are comments to TOML, and definitions to C.
            Ok(value) if value.as_object().is_some_and(|object| !object.is_empty()) => Self::of_object(&value),
            Ok(_) => Self::of_lines(text),
            Err(error) => Self::of_lines(text).map_err(|line| match text.contains('=') {
                true => format!("This is no TOML: {}", error.message().replace('\n', "; ")),
                false => line,
            }),
        }
    }

    fn of_object(value: &Json) -> Result<Self, String> {
        let inner = value.get("registers").unwrap_or(value);
        let Some(entries) = inner.as_object() else { return Err("There are no names with values in it".to_owned()) };
        let mut dump = Self::default();
        if let Some(version) = value.get(MARK) {
            if version.as_u64() != Some(VERSION) {
                return Err(format!("This dump has version {version}, and {VERSION} is known"));
            }
            let said = |key: &str| value.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
            (dump.serial, dump.saved) = (said("serial"), said("saved"));
            dump.simulated = value.get("simulated").and_then(Json::as_bool);
        }
        for (name, value) in entries {
            let Some(register) = Register::from_name(name) else {
                dump.unknown.push(name.clone());
                continue;
            };
            let read = match value {
                Json::String(text) => word(text),
                Json::Number(number) => number.as_u64().and_then(|number| u16::try_from(number).ok()),
                _ => None,
            };
            let read = read.ok_or_else(|| format!("{value} of {name} is no word of 16 bits"))?;
            dump.words.insert(register, read);
        }
        Ok(dump)
    }

    /// `Ugain 0x71D8`, `AFECHIP(0, Ugain, 0x71D8);`, `#define AFE_Ugain 0x71D8`, a line each.
    fn of_lines(text: &str) -> Result<Self, String> {
        let mut dump = Self::default();
        for line in text.lines() {
            let code = line.split("//").next().unwrap_or_default().trim();
            if code.is_empty() || code.starts_with('[') || code.starts_with('#') && !code.starts_with("#define") {
                continue;
            }
            let parts: Vec<&str> =
                code.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty()).collect();
            let register = parts.iter().find_map(|part| Register::from_name(part));
            match (register, parts.last().and_then(|part| word(part))) {
                (Some(register), Some(word)) => dump.words.insert(register, word),
                _ => return Err(format!("{:?} is no line such as Ugain 71D8", shortened(line.trim()))),
            };
        }
        Ok(dump)
    }
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

/// Enough of a line to find it by.
fn shortened(line: &str) -> String {
    const MOST: usize = 60;
    let short: String = line.chars().take(MOST).collect();
    if short.len() < line.len() { format!("{short}…") } else { short }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Words = BTreeMap<Register, u16>;

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
    fn json_toml_hex_c_and_reports_are_understood() {
        let expected = Words::from([(Register::Ugain, 0x71D8), (Register::SagTh, 0x1F2F)]);
        for text in [
            r#"{"Ugain": "0x71D8", "SagTh": 7983}"#,
            "Ugain = 0x71D8\nsagth = \"1F2F\"",
            r#"{"verdict": "PASS", "registers": {"Ugain": "71D8", "SagTh": "1F2F"}}"#,
            "Ugain 0x71D8\nSagTh 1F2F\n",
            "AFECHIP(0, Ugain, 0x71D8); // gain\nAFECHIP(0, SagTh, 0x1F2F);",
            "#define AFE_Ugain 0x71D8\n#define AFE_SagTh 0x1F2F\n",
            "[registers]\nUgain = \"71D8\"\nSagTh = \"1F2F\"\n",
        ] {
            assert_eq!(Dump::read(text).map(|dump| dump.words), Ok(expected.clone()), "{text}");
        }
        assert_eq!(Dump::read("Vgain = 1").map(|dump| dump.unknown), Ok(vec!["Vgain".to_owned()]));
        assert!(Dump::read("Ugain = 65536").is_err_and(|error| error.contains("no word of 16 bits")));
        assert!(Dump::read("{").is_err_and(|error| error.starts_with("This is no JSON")));
        assert!(Dump::read("Ugain = ").is_err_and(|error| error.starts_with("This is no TOML")));
        assert!(Dump::read("Ugain").is_err_and(|error| error.contains("no line such as")));
        assert!(Dump::read("{\"meterbench_registers\": 2}").is_err_and(|error| error.contains("version 2")));
    }

    proptest! {
        /// What is saved is read again, whatever the unit is called.
        #[test]
        fn a_dump_goes_round(serial in ".{0,12}", values in prop::collection::vec(any::<u16>(), 60), simulated: bool) {
            let words: Words = Register::ALL.into_iter().zip(values).collect();
            let saved = "2026-01-02T03:04:05Z".to_owned();
            let dump = Dump { serial, saved, simulated: Some(simulated), words, unknown: Vec::new() };
            prop_assert_eq!(Dump::read(&dump.to_json()), Ok(dump.clone()));
            prop_assert_eq!(Dump::read(&dump.to_toml()), Ok(dump));
        }

        #[test]
        fn no_text_is_too_strange(text in "(?s).{0,200}") {
            let _ = Dump::read(&text);
        }
    }
}

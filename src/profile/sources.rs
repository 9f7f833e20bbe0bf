//! Where the stock firmware's sources keep what differs from unit to unit: file, variable or macro, and how a value is written
//! there. Data, because the sources are others' and change.

use serde::Deserialize;

use super::check::Findings;

/// The places in a source tree.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sources {
    /// The file with the calls that write the chip's registers, relative to the folder of the project.
    pub registers: String,
    /// The variables and macros.
    #[serde(default)]
    pub values: Vec<SourceValue>,
}

/// One variable or macro.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceValue {
    /// Which value goes there, by the name provisioning has for it.
    pub field: String,
    /// The file, relative to the folder of the project.
    pub file: String,
    /// The variable or macro in it.
    pub name: String,
    /// What the value becomes there.
    #[serde(default)]
    pub written: Written,
}

/// How a value is written into a source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Written {
    /// As it is.
    #[default]
    Plain,
    /// A meter's number behind `MT`.
    WithMt,
    /// How many digits it has.
    DigitCount,
    /// The power of ten that raises it to five digits.
    ToFiveDigits,
}

impl Written {
    /// What stands in the source for this value; `None` where it cannot be written so.
    #[must_use]
    pub fn text(self, value: &str) -> Option<String> {
        let digits = value.len();
        let number = !value.is_empty() && value.chars().all(|letter| letter.is_ascii_digit());
        match self {
            Self::Plain => Some(value.to_owned()),
            Self::WithMt => number.then(|| format!("MT{value}")),
            Self::DigitCount => number.then(|| digits.to_string()),
            Self::ToFiveDigits => {
                let power = 5_usize.checked_sub(digits).filter(|_| number)?;
                Some(10_u32.pow(u32::try_from(power).ok()?).to_string())
            }
        }
    }
}

impl Sources {
    pub(super) fn check(&self, findings: &mut Findings) {
        let inside = |file: &str| {
            let path = std::path::Path::new(file);
            !file.is_empty() && path.components().all(|part| matches!(part, std::path::Component::Normal(_)))
        };
        findings.require(inside(&self.registers), "sources.registers", "must be a file below the project's folder");
        for value in &self.values {
            let SourceValue { field, file, name, .. } = value;
            findings.require(
                inside(file),
                "sources.values",
                format!("{file:?} must be a file below the project's folder"),
            );
            let word = |text: &str| {
                !text.is_empty() && text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
            };
            findings.require(word(name), "sources.values", format!("{name:?} is no name of a variable"));
            findings.require(word(field), "sources.values", format!("{field:?} is no name of a field"));
        }
        for (place, value) in self.values.iter().enumerate() {
            let twice =
                self.values.iter().take(place).any(|other| (&other.file, &other.name) == (&value.file, &value.name));
            findings.require(!twice, "sources.values", format!("{} in {} stands there twice", value.name, value.file));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::load_meter;

    #[test]
    fn a_meter_number_in_its_four_shapes() {
        for (value, expected) in [("7", ["7", "MT7", "1", "10000"]), ("99990", ["99990", "MT99990", "5", "1"])] {
            let shapes = [Written::Plain, Written::WithMt, Written::DigitCount, Written::ToFiveDigits];
            assert_eq!(shapes.map(|shape| shape.text(value)), expected.map(|text| Some(text.to_owned())));
        }
        for value in ["", "x", "-1", "123456"] {
            assert_eq!(Written::ToFiveDigits.text(value), None, "{value}");
        }
    }

    #[test]
    fn the_shipped_profiles_know_the_published_sources() {
        for name in ["opensmartmeter-mt25", "opensmartmeter-mt50", "opensmartmeter-mt100"] {
            let meter = load_meter(name).expect("shipped");
            let sources = meter.sources.as_ref().expect("sources");
            assert_eq!((sources.registers.as_str(), sources.values.len()), ("src/SAM_UART.cpp", 18), "{name}");
        }
    }
}

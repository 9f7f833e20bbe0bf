//! Command templates: `SOUR:VOLT {u:3}` is the text `SOUR:VOLT ` and the voltage with three decimals.

use std::fmt::Write as _;

use serde::Deserialize;

/// A command with places for values; checked when the profile is read.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    text: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Text(String),
    Value { name: Placeholder, decimals: usize },
}

/// What can stand in braces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placeholder {
    /// Voltage in V.
    U,
    /// Current in A.
    I,
    /// Power factor, without its side.
    Pf,
    /// Phase angle in degrees, with the sign the profile asks for.
    Phase,
    /// Frequency in Hz.
    F,
}

/// Names as they stand in braces, with the decimals used when none are given.
const PLACEHOLDERS: [(&str, Placeholder, usize); 5] = [
    ("u", Placeholder::U, 3),
    ("i", Placeholder::I, 4),
    ("pf", Placeholder::Pf, 3),
    ("phase_deg", Placeholder::Phase, 2),
    ("f", Placeholder::F, 2),
];

/// More decimals than any instrument takes, and few enough to stay a number.
const MOST_DECIMALS: usize = 9;

/// Values to put in.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "as in Placeholder")]
pub struct TemplateValues {
    pub u_volts: f64,
    pub i_amps: f64,
    pub pf: f64,
    pub phase_degrees: f64,
    pub f_hertz: f64,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// Says what is wrong: an unknown name, a brace without its partner, a character that is no command's.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() || !text.chars().all(|c| c == ' ' || c.is_ascii_graphic()) {
            return Err(format!("{text:?} is not a command; printable ASCII is allowed"));
        }
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (inside, behind) = after.split_once('}').ok_or_else(|| format!("a brace is left open in {text:?}"))?;
            push_text(&mut parts, before, text)?;
            parts.push(placeholder(inside)?);
            rest = behind;
        }
        push_text(&mut parts, rest, text)?;
        Ok(Self { text: text.to_owned(), parts })
    }

    /// Whether the value has a place in it.
    #[must_use]
    pub fn has(&self, wanted: Placeholder) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Value { name, .. } if *name == wanted))
    }

    /// The command with values in it.
    #[must_use]
    pub fn render(&self, values: &TemplateValues) -> String {
        let mut command = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => command.push_str(text),
                Part::Value { name, decimals } => {
                    let value = match name {
                        Placeholder::U => values.u_volts,
                        Placeholder::I => values.i_amps,
                        Placeholder::Pf => values.pf,
                        Placeholder::Phase => values.phase_degrees,
                        Placeholder::F => values.f_hertz,
                    };
                    // Adding zero turns -0 into 0, which some instruments do not read.
                    let _ = write!(command, "{:.*}", *decimals, value + 0.0);
                }
            }
        }
        command
    }

    /// The template as it stands in the profile.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

fn push_text(parts: &mut Vec<Part>, piece: &str, whole: &str) -> Result<(), String> {
    if piece.contains('}') {
        return Err(format!("a brace is closed that was not opened in {whole:?}"));
    }
    if !piece.is_empty() {
        parts.push(Part::Text(piece.to_owned()));
    }
    Ok(())
}

fn placeholder(inside: &str) -> Result<Part, String> {
    let (name, decimals) = match inside.split_once(':') {
        Some((name, decimals)) => (name, Some(decimals)),
        None => (inside, None),
    };
    let Some((_, name, usual)) = PLACEHOLDERS.iter().find(|known| known.0 == name) else {
        return Err(format!(
            "{{{inside}}} is unknown; {{u}}, {{i}}, {{pf}}, {{phase_deg}}, {{f}} are allowed, each with :decimals"
        ));
    };
    let decimals = match decimals {
        None => *usual,
        Some(digits) => digits
            .parse()
            .ok()
            .filter(|count| *count <= MOST_DECIMALS)
            .ok_or_else(|| format!("{{{inside}}}: decimals are 0 to {MOST_DECIMALS}"))?,
    };
    Ok(Part::Value { name: *name, decimals })
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_get_their_decimals() {
        let values = TemplateValues { u_volts: 240.0, i_amps: 5.0, pf: 0.5, phase_degrees: -0.0, f_hertz: 50.0 };
        for (template, command) in [
            ("SOUR:VOLT {u:3}", "SOUR:VOLT 240.000"),
            ("I={i},U={u:0};", "I=5.0000,U=240;"),
            ("PH {phase_deg:1} {pf} {f}", "PH 0.0 0.500 50.00"),
            ("*RST", "*RST"),
        ] {
            assert_eq!(Template::parse(template).expect(template).render(&values), command);
        }
    }

    #[test]
    fn mistakes_are_named() {
        for (template, part) in [
            ("VOLT {v}", "{v} is unknown"),
            ("VOLT {u", "left open"),
            ("VOLT u}", "not opened"),
            ("VOLT {u:x}", "0 to 9"),
            ("VOLT {u:10}", "0 to 9"),
            ("VOLT {u}\n", "printable ASCII"),
            ("", "printable ASCII"),
        ] {
            let problem = Template::parse(template).expect_err(template);
            assert!(problem.contains(part), "{problem}");
        }
    }
}

//! What a person typed, read: numbers with comma or point, register words, lists of both.

use m90e26::Register;

use crate::calibration::registers::RegisterSet;

/// What stands beside the registers in lists of them: commands and checksums, which are computed.
const PASSED_OVER: [&str; 7] = ["SoftReset", "CalStart", "AdjStart", "CS1", "CS2", "CSOne", "CSTwo"];

/// A text read.
#[derive(Clone, Debug, PartialEq)]
pub enum Typed<T> {
    /// Nothing was typed.
    Empty,
    /// It says this.
    Value(T),
    /// It says nothing; the words why.
    Bad(String),
}

impl<T> Typed<T> {
    fn from(value: Option<T>, otherwise: &str) -> Self {
        value.map_or_else(|| Self::Bad(otherwise.to_owned()), Self::Value)
    }
}

/// A number with a decimal point or comma. "inf" and the like are none.
#[must_use]
pub fn number(text: &str) -> Typed<f64> {
    let text = text.trim();
    if text.is_empty() {
        return Typed::Empty;
    }
    let point = if text.contains('.') { text.to_owned() } else { text.replacen(',', ".", 1) };
    let spelt = point.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'+' | b'-' | b'e' | b'E'));
    let value = point.parse::<f64>().ok().filter(|value| spelt && value.is_finite());
    Typed::from(value, t!("not a number"))
}

/// Four hex digits, with 0x or h if somebody likes.
#[must_use]
pub fn word(text: &str) -> Typed<u16> {
    let text = text.trim();
    if text.is_empty() {
        return Typed::Empty;
    }
    Typed::from(hex_word(text), t!("not a word of up to four hex digits"))
}

fn hex_word(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    let digits = digits.strip_suffix(['h', 'H']).unwrap_or(digits);
    let all_hex = (1..=4).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    if all_hex { u16::from_str_radix(digits, 16).ok() } else { None }
}

/// Register readings: four hex digits or 0x is hex, anything else decimal.
#[must_use]
pub fn readings(text: &str) -> Typed<Vec<i16>> {
    let parts: Vec<&str> = text.split([' ', ',', ';', '\n', '\t']).filter(|part| !part.is_empty()).collect();
    if parts.is_empty() {
        return Typed::Empty;
    }
    let mut list = Vec::new();
    for part in parts {
        match reading(part) {
            Some(reading) => list.push(reading),
            None => return Typed::Bad(t!("“{part}” is no register value", part)),
        }
    }
    Typed::Value(list)
}

fn reading(part: &str) -> Option<i16> {
    let prefixed = part.starts_with("0x") || part.starts_with("0X");
    if prefixed
        || hex_word(part).is_some() && part.trim_end_matches(['h', 'H']).len() == 4 && !part.starts_with(['+', '-'])
    {
        return hex_word(part).map(u16::cast_signed);
    }
    let number: i32 = part.parse().ok()?;
    i16::try_from(number).ok().or_else(|| u16::try_from(number).ok().map(u16::cast_signed))
}

/// Registers with words, a line each: `Ugain 71D8`, also as copied in C or TOML. Lines without a register name that are
/// comments, headings or checksums are passed over.
#[must_use]
pub fn registers(text: &str) -> Typed<Vec<(Register, u16)>> {
    let mut found = Vec::new();
    for line in text.lines() {
        let code = line.split("//").next().unwrap_or_default().trim();
        if code.is_empty() || code.starts_with('[') || code.starts_with('#') && !code.starts_with("#define") {
            continue;
        }
        let parts: Vec<&str> =
            code.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty()).collect();
        if parts.iter().any(|part| PASSED_OVER.contains(part)) {
            continue;
        }
        let register = parts.iter().find_map(|part| Register::from_name(part));
        let value = parts.last().and_then(|part| hex_word(part));
        match (register, value) {
            (Some(register), Some(value)) if RegisterSet::ORDER.contains(&register) => found.push((register, value)),
            (Some(register), Some(_)) => return Typed::Bad(t!("{register} is no calibration register", register)),
            _ => return Typed::Bad(t!("“{line}” is no line such as Ugain 71D8", line = line.trim())),
        }
    }
    if found.is_empty() { Typed::Empty } else { Typed::Value(found) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        assert_eq!(number(" 246,01 "), Typed::Value(246.01));
        assert_eq!(number("-13.78"), Typed::Value(-13.78));
        assert_eq!(number("1e-3"), Typed::Value(0.001));
        assert_eq!(number("  "), Typed::Empty);
        for bad in ["abc", "1,2,3", "1.2.3", "1,000.5", "inf", "NaN", "1e999", "5 A", "0x10", "-"] {
            assert_eq!(number(bad), Typed::Bad("not a number".to_owned()), "{bad}");
        }
    }

    #[test]
    fn words_and_readings() {
        for text in ["7C22", "0x7c22", "7c22h", " 0X7C22"] {
            assert_eq!(word(text), Typed::Value(0x7C22), "{text}");
        }
        assert!(matches!(word("17C22"), Typed::Bad(_)) && matches!(word("+1"), Typed::Bad(_)));
        assert_eq!(readings("FFC4, -54; 65482 0x35 60"), Typed::Value(vec![-60, -54, -54, 53, 60]));
        assert_eq!(readings("FFC4 FFCAA"), Typed::Bad("“FFCAA” is no register value".to_owned()));
        assert_eq!(readings(" ;"), Typed::Empty);
    }

    #[test]
    fn registers_as_they_are_copied() {
        let expected = Typed::Value(vec![(Register::Ugain, 0x71D8)]);
        for text in [
            "Ugain 71D8",
            "ugain=0x71d8",
            "AFECHIP(0, Ugain, 0x71D8); // gain",
            "#define AFE_Ugain 0x71D8",
            "# words\n[registers]\nUgain = \"71D8\"\nCS2 1234\nAFECHIP(0, CSTwo, 0x993B);",
        ] {
            assert_eq!(registers(text), expected, "{text}");
        }
        assert_eq!(registers("Ugain"), Typed::Bad("“Ugain” is no line such as Ugain 71D8".to_owned()));
        assert_eq!(registers("Urms 1"), Typed::Bad("Urms is no calibration register".to_owned()));
        assert_eq!(registers("# none"), Typed::Empty);
    }
}

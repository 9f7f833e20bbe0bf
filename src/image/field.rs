//! The fields of the calibration block as people write and read them: each by its name in the layout, its value as text.
//!
//! Secrets go in and never come out: shown, they are `***`, and no message about them quotes what was written. Registers are
//! not fields here; they have names of their own.

use std::ops::RangeInclusive;

use m90e26::Line;
use meter_interface::block::{Block, Bytes, Date, FIELDS, Invalid, Ratio, Secret, Text};

/// Why a value cannot stand in the block.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// Nothing is called so.
    #[error("the calibration block has no field {name:?}; it has {}", NAMES.join(", "))]
    Unknown {
        /// The name.
        name: String,
    },
    /// The value does not fit.
    #[error("{name} {problem}")]
    Wrong {
        /// The field.
        name: String,
        /// What is wrong with it, without quoting a secret.
        problem: String,
    },
}

/// A field with its value, for people.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Shown {
    /// Its name in the layout.
    pub name: &'static str,
    /// Its value; `***` for a secret that is set, empty for what is not set.
    pub value: String,
    /// What it means.
    #[serde(skip)]
    pub meaning: &'static str,
}

/// A field that differs between two blocks.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Changed {
    /// A field's name, or a register's.
    pub name: String,
    /// Value in the first block.
    pub old: String,
    /// Value in the second.
    pub new: String,
}

macro_rules! fields {
    ($($name:ident $($bounds:expr)?;)*) => {
        /// Every field that a value can be written into.
        pub const NAMES: &[&str] = &[$(stringify!($name)),*];

        /// Puts a value into a block; empty text takes it away.
        ///
        /// # Errors
        /// No such field, or no such value in it.
        pub fn set(block: &mut Block, name: &str, text: &str) -> Result<(), FieldError> {
            let wrong = |problem| FieldError::Wrong { name: name.to_owned(), problem };
            match name {
                $(stringify!($name) => {
                    let bounds: Option<RangeInclusive<u32>> = None $(.or(Some($bounds)))?;
                    block.$name = InWords::read(text, bounds).map_err(wrong)?;
                })*
                _ => return Err(FieldError::Unknown { name: name.to_owned() }),
            }
            Ok(())
        }

        /// All fields of a block, in the order of the layout.
        #[must_use]
        pub fn shown(block: &Block) -> Vec<Shown> {
            vec![$(Shown { name: stringify!($name), value: block.$name.show(), meaning: meaning(stringify!($name)) }),*]
        }

        /// The fields in which two blocks differ. Of a secret it says that it differs, and not how.
        #[must_use]
        pub fn changes(old: &Block, new: &Block) -> Vec<Changed> {
            let mut changes = Vec::new();
            $(if old.$name != new.$name {
                let (name, [old, new]) = (stringify!($name), [&old.$name, &new.$name].map(InWords::show));
                let new = if old == new { format!("{new} (another)") } else { new };
                changes.push(Changed { name: name.to_owned(), old, new });
            })*
            changes
        }
    };
}

// Bounds: the stock firmware numbers meters 1 to 99990, starting codes have nine digits, ports are those of TCP; the
// constants end where the meter profiles do.
fields! {
    line;
    current_scale;
    pulses_per_kwh 1..=100_000;
    constant_imp_per_kwh 1..=100_000;
    serial;
    calibrated_on;
    bench;
    record;
    meter_number 1..=99_990;
    token;
    host;
    port 1..=65_535;
    payg_port 1..=65_535;
    payg_host;
    payg_path;
    api_key;
    apn;
    apn_user;
    apn_password;
    starting_code 1..=999_999_999;
    openpaygo_key;
    sts_key;
    tariff_millis_per_kwh;
}

/// The fields that provisioning gives: all that the servers and the network know a meter by.
pub const PROVISIONING: &[&str] = &[
    "meter_number",
    "token",
    "host",
    "port",
    "payg_port",
    "payg_host",
    "payg_path",
    "api_key",
    "apn",
    "apn_user",
    "apn_password",
    "starting_code",
    "openpaygo_key",
    "sts_key",
    "tariff_millis_per_kwh",
];

/// Whether a value must not be shown.
#[must_use]
pub fn is_secret(name: &str) -> bool {
    // The stock firmware's keys have names of their own.
    name.ends_with("_key") || FIELDS.iter().any(|row| row.name == name && row.kind.starts_with("secret"))
}

/// What the layout says of a field.
fn meaning(name: &str) -> &'static str {
    FIELDS.iter().find(|row| row.name == name).map_or("", |row| row.meaning)
}

/// A value as text.
trait InWords: Sized {
    /// Reads it; empty text is the value that is not set.
    fn read(text: &str, bounds: Option<RangeInclusive<u32>>) -> Result<Self, String>;
    /// As [`Self::read`] takes it; empty when it is not set.
    fn show(&self) -> String;
}

impl InWords for u32 {
    fn read(text: &str, bounds: Option<RangeInclusive<u32>>) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(0);
        }
        let bounds = bounds.unwrap_or(0..=Self::MAX);
        let number = text.parse().ok().filter(|number| bounds.contains(number));
        number.ok_or_else(|| format!("is {text:?} and must be a whole number, {} to {}", bounds.start(), bounds.end()))
    }

    fn show(&self) -> String {
        if *self == 0 { String::new() } else { self.to_string() }
    }
}

impl InWords for u16 {
    fn read(text: &str, bounds: Option<RangeInclusive<u32>>) -> Result<Self, String> {
        let number = u32::read(text, bounds.or(Some(0..=0xFFFF)))?;
        Self::try_from(number).map_err(|_| format!("is {number} and ends at {}", Self::MAX))
    }

    fn show(&self) -> String {
        u32::from(*self).show()
    }
}

impl<const N: usize> InWords for Text<N> {
    fn read(text: &str, _: Option<RangeInclusive<u32>>) -> Result<Self, String> {
        Self::new(text).map_err(|invalid| match invalid {
            Invalid::TooLong { most } => format!("has {} characters, and {most} fit", text.chars().count()),
            Invalid::Number(_) | Invalid::Character(_) => "has a character that is not printable ASCII".to_owned(),
        })
    }

    fn show(&self) -> String {
        self.as_str().to_owned()
    }
}

impl<const N: usize> InWords for Bytes<N> {
    fn read(text: &str, _: Option<RangeInclusive<u32>>) -> Result<Self, String> {
        let wrong = || format!("must be up to {N} bytes as hexadecimal digits, two for each");
        let digits: Option<Vec<u8>> =
            text.chars().filter(|letter| *letter != ' ').map(|letter| letter.to_digit(16)?.try_into().ok()).collect();
        let digits = digits.filter(|digits| digits.len() % 2 == 0).ok_or_else(wrong)?;
        let (pairs, _) = digits.as_chunks::<2>();
        let bytes: Vec<u8> = pairs.iter().map(|[high, low]| high << 4 | low).collect();
        Self::new(&bytes).map_err(|_| wrong())
    }

    /// Only how many: bytes are keys.
    fn show(&self) -> String {
        format!("{} bytes", self.as_slice().len())
    }
}

impl<T: InWords + Default + PartialEq> InWords for Secret<T> {
    fn read(text: &str, bounds: Option<RangeInclusive<u32>>) -> Result<Self, String> {
        let about =
            bounds.as_ref().map(|bounds| format!("must be a whole number, {} to {}", bounds.start(), bounds.end()));
        // A number's message quotes what was written; those of texts and bytes do not.
        T::read(text, bounds).map(Self::new).map_err(|problem| about.unwrap_or(problem))
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl InWords for Line {
    fn read(text: &str, _: Option<RangeInclusive<u32>>) -> Result<Self, String> {
        match text {
            "L" => Ok(Self::L),
            "N" => Ok(Self::N),
            _ => Err(format!("is {text:?} and must be L or N")),
        }
    }

    fn show(&self) -> String {
        format!("{self:?}")
    }
}

impl InWords for Ratio {
    fn read(text: &str, _: Option<RangeInclusive<u32>>) -> Result<Self, String> {
        let (numerator, denominator) = text.split_once('/').unwrap_or((text, "1"));
        let ratio = numerator.trim().parse().ok().zip(denominator.trim().parse().ok());
        let ratio = ratio.and_then(|(numerator, denominator)| Self::new(numerator, denominator));
        ratio.ok_or_else(|| format!("is {text:?} and must be a ratio such as 20 or 1/3, each number 1 to 65535"))
    }

    fn show(&self) -> String {
        match self.denominator() {
            1 => self.numerator().to_string(),
            denominator => format!("{}/{denominator}", self.numerator()),
        }
    }
}

impl InWords for Option<Date> {
    fn read(text: &str, _: Option<RangeInclusive<u32>>) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(None);
        }
        let mut parts = text.split('-');
        let mut part = || parts.next().filter(|part| part.chars().all(|letter| letter.is_ascii_digit()));
        let date = (|| Date::new(part()?.parse().ok()?, part()?.parse().ok()?, part()?.parse().ok()?))();
        let date = date.filter(|_| parts.next().is_none());
        date.map(Some).ok_or_else(|| format!("is {text:?} and must be a day such as 2026-01-31"))
    }

    fn show(&self) -> String {
        self.map_or_else(String::new, |date| date.to_string())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_field_of_the_layout_has_words() {
        let registers = ["metering", "cs1", "measurement", "cs2", "sag_th", "func_en", "flags", "reserved"];
        for row in FIELDS {
            assert!(NAMES.contains(&row.name) != registers.contains(&row.name), "{}", row.name);
        }
        assert!(PROVISIONING.iter().all(|name| NAMES.contains(name)));
        let shown: Vec<_> = shown(&Block::default()).into_iter().map(|field| field.name).collect();
        assert_eq!(shown, NAMES);
    }

    #[test]
    fn values_read_back_and_secrets_do_not() {
        let mut block = Block::default();
        for (name, value) in [
            ("line", "N"),
            ("current_scale", "20"),
            ("pulses_per_kwh", "2000"),
            ("constant_imp_per_kwh", "1000"),
            ("serial", "MT1"),
            ("calibrated_on", "2026-01-31"),
            ("host", "example.org"),
            ("port", "1883"),
            ("meter_number", "99990"),
            ("tariff_millis_per_kwh", "250"),
            ("token", "s3cret-token"),
            ("starting_code", "123456789"),
            ("openpaygo_key", "00 11 22 33"),
        ] {
            assert_eq!(set(&mut block, name, value), Ok(()), "{name}");
            let shown = shown(&block).into_iter().find(|field| field.name == name).expect("there").value;
            assert_eq!(shown, if is_secret(name) { "***" } else { value }, "{name}");
        }
        assert_eq!(block.openpaygo_key.expose().as_slice(), [0x00, 0x11, 0x22, 0x33]);
        set(&mut block, "host", "").expect("taken away");
        assert!(block.host.is_empty());
    }

    #[test]
    fn what_does_not_fit_is_refused_and_no_secret_is_quoted() {
        let mut block = Block::default();
        for (name, value) in [
            ("meter_number", "99991"),
            ("meter_number", "0"),
            ("port", "65536"),
            ("port", "-1"),
            ("serial", "1234567890123456789012345"),
            ("host", "ü"),
            ("line", "X"),
            ("current_scale", "0"),
            ("current_scale", "1/0"),
            ("calibrated_on", "2026-02-30"),
            ("calibrated_on", "2026-01-01-1"),
            ("starting_code", "1234567890"),
            ("starting_code", "12345678X"),
            ("openpaygo_key", "A"),
            ("openpaygo_key", "000102030405060708090a0b0c0d0e0f10"),
            ("token", "a-token-that-is-much-longer-than-its-field"),
        ] {
            let error = set(&mut block, name, value).expect_err(value).to_string();
            assert!(error.starts_with(name), "{error}");
            assert!(!is_secret(name) || !error.contains(value), "{error}");
        }
        assert_eq!(block, Block::default());
        assert!(matches!(set(&mut block, "metering", "1"), Err(FieldError::Unknown { .. })));
    }

    #[test]
    fn two_secrets_differ_without_being_told() {
        let mut old = Block::default();
        set(&mut old, "token", "one").expect("set");
        let mut new = old.clone();
        set(&mut new, "token", "two").expect("set");
        set(&mut new, "port", "80").expect("set");
        let changed: Vec<_> =
            changes(&old, &new).into_iter().map(|change| (change.name, change.old, change.new)).collect();
        let text = |text: &str| text.to_owned();
        assert_eq!(
            changed,
            [(text("token"), text("***"), text("*** (another)")), (text("port"), text(""), text("80"))]
        );
    }

    proptest! {
        #[test]
        fn any_text_is_survived(name in prop::sample::select(NAMES), text in "(?s).{0,40}") {
            let mut block = Block::default();
            if set(&mut block, name, &text).is_ok() {
                let mut page = [0xFF; 1024];
                block.encode(&mut page).expect("encoded");
                prop_assert_eq!(Block::decode(&page), Ok(block));
            }
        }
    }
}

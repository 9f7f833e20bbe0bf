//! How single values stand in a profile: register words in hex, times in seconds or milliseconds.

use std::fmt;
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// Longest time a profile may ask for; a slip of the keyboard must not keep a bench waiting for a day.
const LONGEST_SECS: f64 = 7200.0;

/// A 16-bit register word, written as the datasheet prints it: four hex digits, as in `"08BD"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegisterWord(pub u16);

impl<'de> Deserialize<'de> for RegisterWord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let four_digits = text.len() == 4 && text.chars().all(|c| c.is_ascii_hexdigit());
        match u16::from_str_radix(&text, 16) {
            Ok(word) if four_digits => Ok(Self(word)),
            _ => {
                Err(D::Error::custom(format!("{text:?} is not a register word; it is four hex digits, as in \"08BD\"")))
            }
        }
    }
}

impl fmt::Display for RegisterWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}", self.0)
    }
}

/// Seconds, fractions allowed, where they may be missing.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Seconds(#[serde(deserialize_with = "secs")] pub Duration);

/// Seconds, fractions allowed.
pub(super) fn secs<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    duration(f64::deserialize(deserializer)?, "s", 1.0)
}

/// Milliseconds.
pub(super) fn millis<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    duration(f64::deserialize(deserializer)?, "ms", 1000.0)
}

fn duration<E: serde::de::Error>(value: f64, unit: &str, per_second: f64) -> Result<Duration, E> {
    let longest = LONGEST_SECS * per_second;
    if (0.0..=longest).contains(&value) {
        Ok(Duration::from_secs_f64(value / per_second))
    } else {
        Err(E::custom(format!("{value} {unit} is not a time; 0 to {longest} {unit} are allowed")))
    }
}

//! A day as certificates print it: `2026-11-21`.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A day of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CalendarDate(Date);

impl CalendarDate {
    /// The present day by the system's clock and time zone.
    #[must_use]
    pub fn today() -> Self {
        Self(jiff::Zoned::now().date())
    }

    /// Days from `earlier` to this one.
    #[must_use]
    pub fn days_after(self, earlier: Self) -> i32 {
        self.0.since(earlier.0).map_or(0, |span| span.get_days())
    }
}

impl FromStr for CalendarDate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let day = (text.len() == 10).then(|| text.parse::<Date>().ok()).flatten();
        day.map(Self).ok_or_else(|| format!("{text:?} is no day; write it as 2026-11-21"))
    }
}

impl fmt::Display for CalendarDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for CalendarDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl Serialize for CalendarDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

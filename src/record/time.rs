//! The world's time in a record. It says when; the order of records is their numbers' affair, for clocks are set back.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, Zoned};
use serde::{Deserialize, Serialize};

/// A moment of the world, with what the clock on the wall showed then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stamp {
    /// Milliseconds since 1970, UTC.
    pub at_ms: i64,
    /// What the local time is ahead of UTC, in seconds.
    pub utc_offset_s: i32,
    /// Name of the time zone.
    pub zone: String,
}

impl Stamp {
    /// The present, in the system's time zone.
    #[must_use]
    pub fn now() -> Self {
        let now = Zoned::now();
        Self {
            at_ms: now.timestamp().as_millisecond(),
            utc_offset_s: now.offset().seconds(),
            zone: now.time_zone().iana_name().unwrap_or("").to_owned(),
        }
    }

    /// The day on the wall's calendar.
    #[must_use]
    pub fn day(&self) -> Day {
        let local_ms = self.at_ms.saturating_add(i64::from(self.utc_offset_s) * 1000);
        Day(i32::try_from(local_ms.div_euclid(86_400_000)).unwrap_or(i32::MAX))
    }

    /// Local day and time to the minute, for people.
    #[must_use]
    pub fn minute(&self) -> String {
        self.zoned().map_or_else(String::new, |zoned| zoned.strftime("%Y-%m-%d %H:%M").to_string())
    }

    fn zoned(&self) -> Option<Zoned> {
        let offset = Offset::from_seconds(self.utc_offset_s).ok()?;
        Some(Timestamp::from_millisecond(self.at_ms).ok()?.to_zoned(TimeZone::fixed(offset)))
    }
}

impl fmt::Display for Stamp {
    /// Local time with its distance to UTC, as RFC 3339 has it, to the second.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.zoned() {
            Some(zoned) => write!(f, "{}", zoned.strftime("%Y-%m-%d %H:%M:%S%:z")),
            None => write!(f, "{} ms", self.at_ms),
        }
    }
}

/// A day of the calendar, counted from 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Day(pub i32);

/// No day.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no day; write it as 2026-11-21")]
pub struct NoDay(String);

const EPOCH: Date = Date::constant(1970, 1, 1);

impl FromStr for Day {
    type Err = NoDay;

    fn from_str(text: &str) -> Result<Self, NoDay> {
        let date: Date = text.parse().map_err(|_| NoDay(text.to_owned()))?;
        let days = date.since(EPOCH).map_err(|_| NoDay(text.to_owned()))?.get_days();
        Ok(Self(days))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match EPOCH.checked_add(jiff::Span::new().try_days(self.0).unwrap_or_default()) {
            Ok(date) => write!(f, "{date}"),
            Err(_) => write!(f, "day {}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_wall() {
        // 2026-11-20 23:30 UTC is the 21st in Lagos.
        let at_ms = Timestamp::from_str("2026-11-20T23:30:00Z").unwrap().as_millisecond();
        let lagos = Stamp { at_ms, utc_offset_s: 3600, zone: "Africa/Lagos".to_owned() };
        assert_eq!(lagos.day().to_string(), "2026-11-21");
        assert_eq!(lagos.to_string(), "2026-11-21 00:30:00+01:00");
        assert_eq!(Day::from_str("2026-11-21").unwrap(), lagos.day());
        assert!(Day::from_str("21.11.").is_err());
        assert_eq!(Day::from_str("1969-12-31").unwrap(), Day(-1));
    }
}

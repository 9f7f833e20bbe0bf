//! When a station doubts itself: units of known errors that are measured every shift, and failures that come too often.
//!
//! A file of the station (`bench.toml` beside its records), read as strictly as profiles are. Without it nothing is asked of golden
//! units, and the alarms are as they are here.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::check::Findings;
use super::checked::{checked, of_station};
use super::error::ProfileError;
use super::inventory::CalendarDate;

/// What a station is to do about itself.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Vigilance {
    /// Failures that are the bench's rather than the units'.
    pub alarm: Alarm,
    /// Units of known errors.
    pub golden: Golden,
}

/// How many failures are too many. The figures are assumptions, for each line to set.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Alarm {
    /// So many different units one after the other.
    pub streak: u32,
    /// Or this part...
    pub rate_percent: f64,
    /// ...of so many attempts.
    pub of_last: u32,
}

impl Default for Alarm {
    fn default() -> Self {
        Self { streak: 4, rate_percent: 30.0, of_last: 20 }
    }
}

/// Units of known errors, and when one of them has to be measured.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Golden {
    /// At least so often.
    pub every_hours: Option<f64>,
    /// After so many units at the latest.
    pub after_units: Option<u32>,
    /// When an instrument has a new certificate.
    pub after_certificate_change: bool,
    /// What happens when it was not done.
    pub missing: Missing,
    /// The units.
    pub unit: Vec<GoldenUnit>,
}

/// What happens when no golden unit was measured in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Missing {
    /// No other unit is measured before; a supervisor can allow it.
    #[default]
    Block,
    /// It is said.
    Warn,
}

/// A unit that a laboratory has measured.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoldenUnit {
    /// Its serial number.
    pub serial: String,
    /// Who measured it.
    #[serde(default)]
    pub laboratory: String,
    /// Number of the laboratory's certificate.
    pub certificate: String,
    /// When it was measured.
    pub characterised: CalendarDate,
    /// Its errors.
    pub value: Vec<Known>,
}

/// A known error.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// What was measured, as a record names it: `energy_error`, `voltage_error`.
    pub quantity: String,
    /// Name of the test in the procedure.
    pub at: String,
    /// The laboratory's value.
    pub lab_percent: f64,
    /// The bench may find another one by so much, plus or minus.
    pub alarm_percent: f64,
}

impl Golden {
    /// The unit of that serial number.
    #[must_use]
    pub fn unit(&self, serial: &str) -> Option<&GoldenUnit> {
        self.unit.iter().find(|unit| unit.serial == serial)
    }

    /// Something is asked of golden units.
    #[must_use]
    pub const fn is_wanted(&self) -> bool {
        self.every_hours.is_some() || self.after_units.is_some() || self.after_certificate_change
    }
}

/// The file in the folder with the records.
#[must_use]
pub fn file_in(folder: &Path) -> PathBuf {
    folder.join("bench.toml")
}

impl Vigilance {
    /// Of the file in this folder, or what goes without one.
    ///
    /// # Errors
    /// The file cannot be read, or something in it is wrong.
    pub fn load(folder: &Path) -> Result<Self, ProfileError> {
        of_station(&file_in(folder), Self::parse)
    }

    /// Of a text; `origin` names it in errors.
    ///
    /// # Errors
    /// Something in it is wrong.
    pub fn parse(text: &str, origin: &str) -> Result<Self, ProfileError> {
        checked(text, origin, Self::check)
    }

    fn check(&self, findings: &mut Findings) {
        let Self { alarm, golden } = self;
        findings.within("alarm.streak", f64::from(alarm.streak), 2.0, 1000.0);
        findings.within("alarm.rate_percent", alarm.rate_percent, 1.0, 100.0);
        findings.within("alarm.of_last", f64::from(alarm.of_last), 5.0, 1000.0);
        if let Some(hours) = golden.every_hours {
            findings.within("golden.every_hours", hours, 0.1, 8760.0);
        }
        if let Some(units) = golden.after_units {
            findings.within("golden.after_units", f64::from(units), 1.0, 1_000_000.0);
        }
        let some = !golden.is_wanted() || !golden.unit.is_empty();
        findings.require(some, "golden", "a golden unit is asked for, and none is there: [[golden.unit]]");
        for (index, unit) in golden.unit.iter().enumerate() {
            let key = format!("golden.unit[{index}]");
            findings.text(format!("{key}.serial"), &unit.serial);
            findings.text(format!("{key}.certificate"), &unit.certificate);
            findings.require(!unit.value.is_empty(), format!("{key}.value"), "at least one known error is needed");
            for (number, known) in unit.value.iter().enumerate() {
                let key = format!("{key}.value[{number}]");
                findings.within(format!("{key}.lab_percent"), known.lab_percent, -50.0, 50.0);
                findings.within(format!("{key}.alarm_percent"), known.alarm_percent, 0.001, 10.0);
            }
        }
    }
}

//! The station's own instruments: which ones they are, who calibrated them, how well, and until when that counts.
//!
//! A file of the station (`instruments.toml` beside its records), not a profile: a profile describes a kind of instrument, this the
//! one that stands on the bench. Read as strictly as profiles are. A new certificate is a new entry; the newest calibration counts.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::check::Findings;
use super::checked::{checked, of_station};
use super::error::ProfileError;
use crate::load::LoadPoint;

mod date;

pub use date::CalendarDate;

/// What measures time runs wrong by so much at the most where the file says nothing: a computer's crystal. An assumption.
const TIME_BASE_PPM: f64 = 50.0;

/// All instruments of a station.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inventory {
    /// How far this computer's clock may run wrong: energy is power times its time.
    #[serde(default = "time_base")]
    pub time_base_ppm: f64,
    /// A reference that is not in the list is not used.
    #[serde(default)]
    pub listed_only: bool,
    /// Each of them.
    #[serde(default, rename = "instrument")]
    pub instruments: Vec<Owned>,
}

const fn time_base() -> f64 {
    TIME_BASE_PPM
}

impl Default for Inventory {
    fn default() -> Self {
        Self { time_base_ppm: TIME_BASE_PPM, listed_only: false, instruments: Vec::new() }
    }
}

/// One instrument and its certificate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Owned {
    /// Serial number, as the instrument says it in its identification, or as it stands on its plate.
    pub serial: String,
    /// Model, as the instrument says it: another one of the same model is another instrument.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Where it is connected, for instruments that do not say their serial number: `scpi+tcp:10.0.0.5:6320`. Options do not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Number of the calibration certificate.
    pub certificate: String,
    /// Who calibrated it.
    #[serde(default)]
    pub laboratory: String,
    /// When.
    pub calibrated: CalendarDate,
    /// Last day on which it may be used.
    pub due: CalendarDate,
    /// What the certificate says of its uncertainty; the first entry that covers a load point counts.
    #[serde(default)]
    pub uncertainty: Vec<Certified>,
    /// Smallest steps of its readings.
    #[serde(default, skip_serializing_if = "Resolution::is_none")]
    pub resolution: Resolution,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Measurand {
    /// Voltage.
    Voltage,
    /// Current.
    Current,
    /// Active power and energy.
    Energy,
}

/// A line of a certificate. A range that is not given covers everything.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certified {
    /// Of what.
    pub measurand: Measurand,
    /// From and to which voltage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub u_volts: Option<[f64; 2]>,
    /// From and to which current.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub i_amps: Option<[f64; 2]>,
    /// From and to which power factor, by magnitude.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pf: Option<[f64; 2]>,
    /// Expanded uncertainty, of the reading.
    pub expanded_percent: f64,
    /// Its coverage factor.
    #[serde(default = "two")]
    pub k: f64,
}

const fn two() -> f64 {
    2.0
}

/// Smallest steps of an instrument's readings; 0 where they are too small to matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Resolution {
    pub u_volts: f64,
    pub i_amps: f64,
    pub p_watts: f64,
}

impl Resolution {
    fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

impl Certified {
    /// Whether it holds at this load point.
    #[must_use]
    pub fn covers(&self, measurand: Measurand, point: &LoadPoint) -> bool {
        // What a source supplies lies beside what was asked for by some parts in a thousand.
        let within = |range: Option<[f64; 2]>, value: f64| {
            range.is_none_or(|[from, to]| (from * 0.995..=to * 1.005).contains(&value))
        };
        self.measurand == measurand
            && within(self.u_volts, point.u.0)
            && within(self.i_amps, point.i.0)
            && within(self.pf, point.pf.magnitude)
    }
}

impl Owned {
    /// Whether it is the one at this address, options aside.
    #[must_use]
    pub fn is_at(&self, address: &str) -> bool {
        let place = |text: &str| text.split('?').next().unwrap_or_default().trim_end_matches('/').to_owned();
        self.address.as_deref().is_some_and(|own| place(own) == place(address))
    }
}

/// The file in the folder with the records.
#[must_use]
pub fn file_in(folder: &Path) -> PathBuf {
    folder.join("instruments.toml")
}

impl Inventory {
    /// Of the file in this folder; nothing is listed where there is none.
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

    /// The newest certificate of the instrument with this serial number.
    #[must_use]
    pub fn newest_of(&self, serial: &str) -> Option<&Owned> {
        self.instruments.iter().filter(|owned| owned.serial == serial).max_by_key(|owned| owned.calibrated)
    }

    /// The text with one more instrument at its end, and what it says then.
    ///
    /// # Errors
    /// The text is wrong with it.
    pub fn with(text: &str, new: &Owned, origin: &str) -> Result<(String, Self), ProfileError> {
        #[derive(Serialize)]
        struct One<'a> {
            instrument: [&'a Owned; 1],
        }
        let entry = toml::to_string(&One { instrument: [new] })
            .map_err(|error| ProfileError::File { file: origin.to_owned(), source: std::io::Error::other(error) })?;
        let gap = if text.is_empty() { "" } else { "\n" };
        let text = format!("{text}{gap}{entry}");
        let inventory = Self::parse(&text, origin)?;
        Ok((text, inventory))
    }

    fn check(&self, findings: &mut Findings) {
        findings.within("time_base_ppm", self.time_base_ppm, 0.0, 1000.0);
        for (index, owned) in self.instruments.iter().enumerate() {
            let key = format!("instrument[{index}]");
            owned.check(&key, findings);
            let earlier = self.instruments.get(..index).unwrap_or_default();
            let twice =
                earlier.iter().any(|other| other.serial == owned.serial && other.certificate == owned.certificate);
            findings.require(!twice, format!("{key}.certificate"), "stands there twice for this instrument");
        }
    }
}

impl Owned {
    fn check(&self, key: &str, findings: &mut Findings) {
        findings.text(format!("{key}.serial"), &self.serial);
        findings.text(format!("{key}.certificate"), &self.certificate);
        findings.require(self.due > self.calibrated, format!("{key}.due"), "must be later than calibrated");
        for (index, line) in self.uncertainty.iter().enumerate() {
            let key = format!("{key}.uncertainty[{index}]");
            findings.within(format!("{key}.expanded_percent"), line.expanded_percent, 0.0001, 10.0);
            findings.within(format!("{key}.k"), line.k, 1.0, 5.0);
            for (name, range) in [("u_volts", line.u_volts), ("i_amps", line.i_amps), ("pf", line.pf)] {
                let good =
                    range.is_none_or(|[from, to]| from.is_finite() && to.is_finite() && 0.0 <= from && from <= to);
                findings.require(good, format!("{key}.{name}"), "[from, to] is allowed, from not beyond to");
            }
        }
        let Resolution { u_volts, i_amps, p_watts } = self.resolution;
        for (name, step) in [("u_volts", u_volts), ("i_amps", i_amps), ("p_watts", p_watts)] {
            findings.within(format!("{key}.resolution.{name}"), step, 0.0, 10.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::PowerFactor;
    use crate::units::{Amps, Hertz, Volts};

    const GOOD: &str = r#"
[[instrument]]
serial = "050012"
address = "scpi+tcp:10.0.0.5:6320"
certificate = "K-2026-17"
calibrated = "2026-03-01"
due = "2027-03-01"
uncertainty = [
    { measurand = "energy", i_amps = [0.05, 120], pf = [0.5, 1], expanded_percent = 0.02 },
    { measurand = "voltage", expanded_percent = 0.01, k = 2.0 },
]
"#;

    #[test]
    fn a_certificate_covers_what_it_says() {
        let inventory = Inventory::parse(GOOD, "test").expect("good");
        let owned = &inventory.instruments[0];
        let point = |i: f64, pf| LoadPoint { u: Volts(230.0), i: Amps(i), pf, f: Hertz(50.0) };
        let covered = |measurand, point: &LoadPoint| owned.uncertainty.iter().any(|line| line.covers(measurand, point));
        assert!(covered(Measurand::Energy, &point(5.0, PowerFactor::HALF_INDUCTIVE)));
        assert!(!covered(Measurand::Energy, &point(0.02, PowerFactor::UNITY)), "below the range");
        assert!(covered(Measurand::Voltage, &point(0.02, PowerFactor::UNITY)));
        assert!(!covered(Measurand::Current, &point(5.0, PowerFactor::UNITY)), "nothing is said of current");
        assert!(owned.is_at("scpi+tcp:10.0.0.5:6320?profile=zera-mt310s2") && !owned.is_at("scpi+tcp:10.0.0.6:6320"));
        assert!((inventory.time_base_ppm - TIME_BASE_PPM).abs() < 1e-12);
    }

    #[test]
    fn what_is_wrong_is_named_in_its_line() {
        for (from, to, line, word) in [
            ("2027-03-01", "2026-02-01", 7, "later than calibrated"),
            ("\"2026-03-01\"", "\"1.3.2026\"", 6, "no day"),
            ("[0.05, 120]", "[120, 0.05]", 9, "from, to"),
            ("0.02 }", "nan }", 9, "out of range"),
            ("serial =", "seriel =", 3, "unknown field"),
        ] {
            let text = GOOD.replacen(from, to, 1);
            let error = Inventory::parse(&text, "test").expect_err(to);
            let [finding] = error.findings() else { panic!("{to}: {error}") };
            assert!(finding.problem.contains(word), "{to}: {finding}");
            assert_eq!(finding.line, Some(line), "{to}: {finding}");
        }
    }
}

//! A procedure: whether a unit is adjusted, how long to wait and to measure, and what the unit is then tested for.

use std::time::Duration;

use serde::Deserialize;

use super::check::Findings;
use super::decision::Decision;
use super::flashing::Flashing;
use super::meter::CLASSES;
use super::scalars::secs;
use super::self_test::SelfTest;
use super::verification::{Accuracy, Test};
use super::{Kind, Profile, verification};
use crate::units::Percent;

/// A procedure.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Procedure {
    /// Always `procedure`.
    pub kind: Kind,
    /// Name for options and records.
    pub name: String,
    /// A line for lists.
    pub title: String,
    /// What the engineer should know.
    #[serde(default)]
    pub description: String,
    /// The operator is asked to connect the units before anything else: for benches where hands do it.
    #[serde(default)]
    pub ask_to_connect: bool,
    /// Whether constants are written into the unit, or nothing in it is changed.
    #[serde(default)]
    pub mode: Mode,
    /// What the limits belong to, where it is one standard.
    pub standard: Option<Standard>,
    /// When the bench counts as settled on a load point.
    pub stability: Stability,
    /// Voltage and current.
    pub rms: Rms,
    /// Energy.
    pub energy: Energy,
    /// Offsets, where the meter profile asks for them; needed when the unit is adjusted.
    pub offsets: Option<Offsets>,
    /// How errors and their uncertainties become verdicts.
    #[serde(default)]
    pub decision: Decision,
    /// The unit's own image, where the procedure flashes one between calibration and verification.
    pub flash: Option<Flashing>,
    /// The meter's own test of its parts, where the procedure wants one.
    pub self_test: Option<SelfTest>,
    /// The tests of the verification, as they are reported. The order in which they are done follows from their load points.
    pub verify: Vec<Test>,
}

/// Whether a procedure changes the unit. Adjusting and verifying are two modes of a bench, and a unit in the hands of an auditor is
/// only ever verified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Constants are measured and written, then the tests follow.
    #[default]
    Adjust,
    /// The tests alone; nothing is written into the unit.
    Verify,
}

/// A standard as it is named on a certificate.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standard {
    /// Its number.
    pub name: String,
    /// The edition that is applied.
    pub edition: String,
    /// The accuracy class that is tested: 0.2S, 0.5S, 0.5, 1, 2, A, B, C.
    pub class: String,
    /// What of it was not checked against the standard's own text.
    #[serde(default)]
    pub unverified: String,
}

/// When the bench counts as settled on a load point.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stability {
    /// Readings are averaged over this long, one window after the other.
    #[serde(rename = "window_secs", deserialize_with = "secs")]
    pub window: Duration,
    /// Greatest change from one window to the next, of the meter against the reference and of the reference itself.
    #[serde(rename = "tolerance_percent")]
    pub tolerance: Percent,
    /// Given up after this.
    #[serde(rename = "timeout_secs", deserialize_with = "secs")]
    pub timeout: Duration,
}

/// Voltage and current: meter and reference are averaged together until their ratio is known well enough.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rms {
    /// Standard uncertainty of the ratio, for the gains.
    #[serde(rename = "target_uncertainty_percent")]
    pub target_uncertainty: Percent,
    /// The same for the verification.
    #[serde(rename = "verify_uncertainty_percent")]
    pub verify_uncertainty: Percent,
    /// At least so long.
    #[serde(rename = "min_secs", deserialize_with = "secs")]
    pub min: Duration,
    /// At most so long, then the uncertainty is what it is.
    #[serde(rename = "max_secs", deserialize_with = "secs")]
    pub max: Duration,
}

/// Where an energy error comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EnergyMethod {
    /// From the chip's energy registers against the power the reference shows.
    Registers,
    /// The bench computes it from the meter's pulses and displays it.
    Displayed,
    /// From the pulses an optical head sees, against the power the reference shows.
    Pulses,
}

/// Energy.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Energy {
    /// How the error is learned.
    pub method: EnergyMethod,
    /// Measured until the standard uncertainty of the slope is below this.
    #[serde(rename = "target_uncertainty_percent")]
    pub target_uncertainty: Percent,
    /// The same for the verification, where PL_Constant stays as it is and the registers count slower.
    #[serde(rename = "verify_uncertainty_percent")]
    pub verify_uncertainty: Percent,
    /// At least so long.
    #[serde(rename = "min_secs", deserialize_with = "secs")]
    pub min: Duration,
    /// At most so long, then the uncertainty is what it is.
    #[serde(rename = "max_secs", deserialize_with = "secs")]
    pub max: Duration,
    /// PL_Constant is divided by this while energy is measured, so that the registers count faster.
    pub pl_divisor: u16,
    /// With method "pulses": at least so many, where a test says nothing of its own.
    #[serde(default = "ten")]
    pub pulses: u32,
}

const fn ten() -> u32 {
    10
}

/// Offsets.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offsets {
    /// Wait after the current circuit was opened.
    #[serde(rename = "settle_secs", deserialize_with = "secs")]
    pub settle: Duration,
    /// So many readings of the power in small-power mode.
    pub small_power_readings: u16,
    /// The current register is averaged over this time.
    #[serde(rename = "current_measure_secs", deserialize_with = "secs")]
    pub current_measure: Duration,
}

/// Greatest divisor that keeps PL_Constant large enough to be exact; the application note goes to 4.
const GREATEST_DIVISOR: u16 = 64;

impl Profile for Procedure {
    const KIND: Kind = Kind::Procedure;

    fn name(&self) -> &str {
        &self.name
    }

    fn check(&self, findings: &mut Findings) {
        findings.text("name", &self.name);
        findings.text("title", &self.title);
        self.check_times(findings);
        findings.within("stability.tolerance_percent", self.stability.tolerance.0, 0.0001, 10.0);
        findings.within("rms.target_uncertainty_percent", self.rms.target_uncertainty.0, 0.0001, 1.0);
        findings.within("rms.verify_uncertainty_percent", self.rms.verify_uncertainty.0, 0.0001, 1.0);
        findings.within("energy.target_uncertainty_percent", self.energy.target_uncertainty.0, 0.0001, 1.0);
        findings.within("energy.verify_uncertainty_percent", self.energy.verify_uncertainty.0, 0.0001, 1.0);
        findings.require(
            (1..=GREATEST_DIVISOR).contains(&self.energy.pl_divisor),
            "energy.pl_divisor",
            format!("1 to {GREATEST_DIVISOR} is allowed"),
        );
        findings.within("energy.pulses", f64::from(self.energy.pulses), 1.0, 100_000.0);
        match &self.offsets {
            Some(offsets) => {
                let good = (1..=1000).contains(&offsets.small_power_readings);
                findings.require(good, "offsets.small_power_readings", "1 to 1000 is allowed");
            }
            None => findings.require(self.mode == Mode::Verify, "offsets", "is missing, and the mode is adjust"),
        }
        if let Some(standard) = &self.standard {
            standard.check(findings);
        }
        self.decision.check(findings);
        if let Some(flash) = &self.flash {
            flash.check(findings);
            findings.require(self.mode == Mode::Adjust, "flash", "a procedure that only verifies flashes nothing");
        }
        if let Some(self_test) = &self.self_test {
            self_test.check(findings);
        }
        findings.require(!self.verify.is_empty(), "verify", "there must be at least one test");
        let judges = |test: &Test| !matches!(test.kind, verification::Kind::WarmUp(_));
        let judged = self.verify.is_empty() || self.verify.iter().any(judges);
        findings.require(
            judged,
            "verify",
            "a warm-up alone judges nothing; a test with limits or questions must follow",
        );
        for (index, test) in self.verify.iter().enumerate() {
            let key = format!("verify[{index}]");
            test.check(&key, findings);
            self.check_test(&key, test, findings);
            let twice = self.verify.iter().take(index).any(|earlier| earlier.name == test.name);
            findings.require(!twice, format!("{key}.name"), "another test has this name");
        }
    }
}

impl Standard {
    fn check(&self, findings: &mut Findings) {
        findings.text("standard.name", &self.name);
        findings.text("standard.edition", &self.edition);
        let known = CLASSES.contains(&self.class.as_str());
        findings.require(known, "standard.class", format!("one of {} is allowed", CLASSES.join(", ")));
    }
}

impl Procedure {
    /// The errors at load points, with their names.
    pub fn accuracy_points(&self) -> impl Iterator<Item = (&str, &Accuracy)> {
        self.verify.iter().filter_map(|test| test.accuracy().map(|accuracy| (test.name.as_str(), accuracy)))
    }

    /// What a test needs of the rest of the procedure.
    fn check_test(&self, key: &str, test: &Test, findings: &mut Findings) {
        match &test.kind {
            verification::Kind::Accuracy(accuracy) => {
                self.check_certainty(&format!("{key}.limits"), accuracy, findings);
            }
            verification::Kind::Repeatability(repeatability) => {
                // A scatter below the measurement's own cannot be seen.
                let own = repeatability.series.uncertainty.unwrap_or(self.energy.verify_uncertainty);
                let problem = format!("must be three times the uncertainty of one error, {} %, at the least", own.0);
                let good = repeatability.deviation.0 >= 3.0 * own.0 - 1e-9;
                findings.require(good, format!("{key}.deviation_percent"), problem);
            }
            verification::Kind::Protection(_) => {
                let problem =
                    "a meter that the bench holds open for writing protects nothing: mode = \"verify\" is needed";
                findings.require(self.mode == Mode::Verify, format!("{key}.kind"), problem);
            }
            _ => {}
        }
    }

    /// A limit is worth what its measurement is: ten times its uncertainty at the least.
    fn check_certainty(&self, key: &str, accuracy: &Accuracy, findings: &mut Findings) {
        let Accuracy { limits, series, .. } = accuracy;
        let (rms, energy) = (self.rms.verify_uncertainty, series.uncertainty.unwrap_or(self.energy.verify_uncertainty));
        for (name, limit, uncertainty) in [
            ("energy_percent", limits.energy, energy),
            ("voltage_percent", limits.voltage, rms),
            ("current_percent", limits.current, rms),
        ] {
            let good = limit.is_none_or(|limit| limit.0 >= 10.0 * uncertainty.0 - 1e-9);
            let problem = format!("must be ten times its uncertainty, {} %, at the least", uncertainty.0);
            findings.require(good, format!("{key}.{name}"), problem);
        }
    }

    fn check_times(&self, findings: &mut Findings) {
        for (key, time) in [
            ("stability.window_secs", self.stability.window),
            ("stability.timeout_secs", self.stability.timeout),
            ("rms.min_secs", self.rms.min),
            ("rms.max_secs", self.rms.max),
            ("energy.min_secs", self.energy.min),
            ("energy.max_secs", self.energy.max),
        ] {
            findings.require(time >= Duration::from_millis(100), key, "0.1 s is the least");
        }
        if let Some(offsets) = &self.offsets {
            let good = offsets.current_measure >= Duration::from_millis(100);
            findings.require(good, "offsets.current_measure_secs", "0.1 s is the least");
        }
        let stability = &self.stability;
        findings.require(stability.window < stability.timeout, "stability.timeout_secs", "must exceed window_secs");
        findings.require(self.rms.min <= self.rms.max, "rms.max_secs", "must not be below min_secs");
        findings.require(self.energy.min <= self.energy.max, "energy.max_secs", "must not be below min_secs");
    }
}

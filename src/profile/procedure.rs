//! A procedure: how long to wait and to measure, and at which load points a unit is verified against which limits.

use std::time::Duration;

use serde::Deserialize;

use super::check::Findings;
use super::scalars::secs;
use super::self_test::SelfTest;
use super::{Kind, Profile};
use crate::load::PowerFactor;
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
    /// When the bench counts as settled on a load point.
    pub stability: Stability,
    /// Voltage and current.
    pub rms: Rms,
    /// Energy.
    pub energy: Energy,
    /// Offsets, where the meter profile asks for them.
    pub offsets: Offsets,
    /// The meter's own test of its parts, where the procedure wants one.
    pub self_test: Option<SelfTest>,
    /// Load points of the verification, in order.
    pub verify: Vec<VerifyPoint>,
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

/// One load point of the verification.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerifyPoint {
    /// Name on screen and in the record.
    pub name: String,
    /// Voltage as a multiple of Un.
    pub u_of_un: f64,
    /// Current as a multiple of Ib.
    pub i_of_ib: f64,
    /// Power factor: 1.0, 0.5L, 0.8C.
    pub pf: PowerFactor,
    /// What is compared with the reference here, and how far it may be off.
    pub limits: Limits,
    /// Where the limits come from: standard with edition, or the maker's own.
    pub limit_source: String,
}

/// Limits of error, plus and minus; what has none is not judged.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Energy.
    #[serde(rename = "energy_percent")]
    pub energy: Option<Percent>,
    /// Voltage register.
    #[serde(rename = "voltage_percent")]
    pub voltage: Option<Percent>,
    /// Current register, times the current scale.
    #[serde(rename = "current_percent")]
    pub current: Option<Percent>,
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
        let readings = self.offsets.small_power_readings;
        findings.require((1..=1000).contains(&readings), "offsets.small_power_readings", "1 to 1000 is allowed");
        if let Some(self_test) = &self.self_test {
            self_test.check(findings);
        }
        findings.require(!self.verify.is_empty(), "verify", "there must be at least one load point");
        for (index, point) in self.verify.iter().enumerate() {
            point.check(&format!("verify[{index}]"), findings);
            self.check_certainty(&format!("verify[{index}].limits"), &point.limits, findings);
            let twice = self.verify.iter().take(index).any(|earlier| earlier.name == point.name);
            findings.require(!twice, format!("verify[{index}].name"), "another load point has this name");
        }
    }
}

impl Procedure {
    /// A limit is worth what its measurement is: ten times its uncertainty at the least.
    fn check_certainty(&self, key: &str, limits: &Limits, findings: &mut Findings) {
        let (rms, energy) = (self.rms.verify_uncertainty, self.energy.verify_uncertainty);
        for (name, limit, uncertainty) in [
            ("energy_percent", limits.energy, energy),
            ("voltage_percent", limits.voltage, rms),
            ("current_percent", limits.current, rms),
        ] {
            let good = limit.is_none_or(|limit| limit.0 >= 10.0 * uncertainty.0 - 1e-9);
            let problem = format!("must be ten times verify_uncertainty_percent, {} %, at the least", uncertainty.0);
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
            ("offsets.current_measure_secs", self.offsets.current_measure),
        ] {
            findings.require(time >= Duration::from_millis(100), key, "0.1 s is the least");
        }
        let stability = &self.stability;
        findings.require(stability.window < stability.timeout, "stability.timeout_secs", "must exceed window_secs");
        findings.require(self.rms.min <= self.rms.max, "rms.max_secs", "must not be below min_secs");
        findings.require(self.energy.min <= self.energy.max, "energy.max_secs", "must not be below min_secs");
    }
}

impl VerifyPoint {
    fn check(&self, key: &str, findings: &mut Findings) {
        findings.text(format!("{key}.name"), &self.name);
        findings.text(format!("{key}.limit_source"), &self.limit_source);
        findings.within(format!("{key}.u_of_un"), self.u_of_un, 0.5, 1.3);
        findings.within(format!("{key}.i_of_ib"), self.i_of_ib, 0.0, 1000.0);
        let some = self.limits.energy.or(self.limits.voltage).or(self.limits.current).is_some();
        let problem = "nothing is judged here; energy_percent, voltage_percent, current_percent are allowed";
        findings.require(some, format!("{key}.limits"), problem);
        for (name, limit) in [
            ("energy_percent", self.limits.energy),
            ("voltage_percent", self.limits.voltage),
            ("current_percent", self.limits.current),
        ] {
            if let Some(limit) = limit {
                findings.within(format!("{key}.limits.{name}"), limit.0, 0.001, 100.0);
            }
        }
        // Relative errors need something to relate to.
        let loaded = self.i_of_ib > 0.0 || (self.limits.energy.is_none() && self.limits.current.is_none());
        findings.require(
            loaded,
            format!("{key}.i_of_ib"),
            "without current neither energy nor current has an error in %",
        );
        let power = self.pf.magnitude > 0.0 || self.limits.energy.is_none();
        findings.require(power, format!("{key}.pf"), "without active power energy has no error in %");
    }
}

//! What is left of a run: verdict, steps, measurements, registers.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize};

use super::advice;
use super::custody::Traceability;
use super::flashing::FlashReport;
use super::plan::Plan;
use super::uncertainty::Expanded;
use crate::advice::Advice;
use crate::meter::BusStatistics;
use crate::port::PortError;
use crate::uid;

/// How something ended. Failing a limit and failing to measure are different things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Verdict {
    /// Measured, and within all limits.
    Pass,
    /// Measured, and out of limits.
    Fail,
    /// Could not be measured.
    Error,
    /// Stopped by a person.
    Aborted,
    /// Not come to.
    #[serde(rename = "NOT RUN")]
    NotRun,
}

impl Verdict {
    /// The word on screen, in the record and on the certificate.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Fail => "FAIL",
            Self::Error => "ERROR",
            Self::Aborted => "ABORTED",
            Self::NotRun => "NOT RUN",
        }
    }

    /// The exit code of the command line.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::Fail => 1,
            Self::Error | Self::NotRun => 3,
            Self::Aborted => 4,
        }
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.word())
    }
}

/// One measured value with its limits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// What was measured: `energy_error`, `Ugain`, ...
    pub name: String,
    /// Where: `Un Ib PF 0.5L`.
    pub load_point: String,
    /// The value.
    #[serde(deserialize_with = "number_or_none")]
    pub value: f64,
    /// Its unit; empty for a register.
    pub unit: Cow<'static, str>,
    /// Least value that passes; none where it is not judged.
    pub lower: Option<f64>,
    /// Greatest value that passes; none where it is not judged.
    pub upper: Option<f64>,
    /// How it compares.
    pub verdict: Verdict,
    /// Standard uncertainty from the scatter of this measurement, in the value's unit; the reference's own is in `expanded`.
    pub uncertainty: Option<f64>,
    /// Expanded uncertainty with what it is made of; none where the reference's own is not known.
    pub expanded: Option<Expanded>,
    /// What the decision rule takes from the limits on either side; none under simple acceptance.
    pub guard_band: Option<f64>,
    /// PASS, and near to what is not accepted.
    pub marginal: bool,
    /// Where the limits come from.
    pub limit_source: String,
    /// How the value was obtained.
    pub method: Cow<'static, str>,
}

/// JSON has no word for what is no number and writes null.
fn number_or_none<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    Option::<f64>::deserialize(from).map(|value| value.unwrap_or(f64::NAN))
}

impl Measurement {
    /// Compares a value with its limits; a value that is no number is an ERROR.
    #[must_use]
    pub fn judged(
        name: impl Into<String>,
        load_point: impl Into<String>,
        (value, unit): (f64, &'static str),
        limits: Option<(f64, f64)>,
    ) -> Self {
        let (lower, upper) = limits.unzip();
        let verdict = match limits {
            _ if !value.is_finite() => Verdict::Error,
            Some((lower, upper)) if value < lower || value > upper => Verdict::Fail,
            Some(_) | None => Verdict::Pass,
        };
        Self {
            name: name.into(),
            load_point: load_point.into(),
            value,
            unit: Cow::Borrowed(unit),
            lower,
            upper,
            verdict,
            uncertainty: None,
            expanded: None,
            guard_band: None,
            marginal: false,
            limit_source: String::new(),
            method: Cow::Borrowed(""),
        }
    }

    /// Compares a value with the least that passes.
    #[must_use]
    pub fn at_least(
        name: impl Into<String>,
        load_point: impl Into<String>,
        value: (f64, &'static str),
        least: f64,
    ) -> Self {
        Self { upper: None, ..Self::judged(name, load_point, value, Some((least, f64::INFINITY))) }
    }

    /// Adds where the limits come from.
    #[must_use]
    pub fn limited_by(mut self, source: &str) -> Self {
        self.limit_source = source.to_owned();
        self
    }

    /// Adds how the value was obtained and how sure it is.
    #[must_use]
    pub fn obtained(mut self, method: &'static str, uncertainty: Option<f64>) -> Self {
        self.method = Cow::Borrowed(method);
        self.uncertainty = uncertainty;
        self
    }
}

/// One step of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepReport {
    /// What it does.
    pub title: String,
    /// How it ended.
    pub verdict: Verdict,
    /// What it found, in words.
    pub detail: String,
    /// Start, in seconds since the run's.
    pub started_s: f64,
    /// How long it took.
    pub duration_s: f64,
}

/// A run of one procedure on one unit.
#[derive(Clone, Debug, Serialize)]
pub struct RunReport {
    /// Names the run's record, from the moment the run began.
    #[serde(skip)]
    pub record: String,
    /// How it ended.
    pub verdict: Verdict,
    /// Something in it was simulated.
    pub simulated: bool,
    /// Serial number of the unit.
    pub serial: String,
    /// Meter profile.
    pub profile: String,
    /// Procedure.
    pub procedure: String,
    /// Reference and source, as they named themselves.
    pub instruments: Vec<String>,
    /// What the verdicts stand on: the instruments' certificates, the decision rule, who allowed what.
    pub traceability: Traceability,
    /// The registers the unit was left with, as `0x....` by name; empty when the chip was never read.
    pub registers: serde_json::Map<String, serde_json::Value>,
    /// The registers it was found with.
    pub registers_before: serde_json::Map<String, serde_json::Value>,
    /// What was flashed; none where the procedure flashes nothing or did not come to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flash: Option<FlashReport>,
    /// All that was measured.
    pub measurements: Vec<Measurement>,
    /// All that was done.
    pub steps: Vec<StepReport>,
    /// What to do about a run that did not pass.
    pub advice: Option<Advice>,
    /// How the bus to the meter did.
    pub bus: BusStatistics,
    /// How long the run took by its own clock, in seconds.
    pub duration_s: f64,
}

impl RunReport {
    /// Values of a provisioning list went, or may have gone, onto the unit's chip.
    #[must_use]
    pub fn holds_provisioned_values(&self) -> bool {
        self.flash.as_ref().is_some_and(|flash| flash.provisioning_row.is_some())
    }

    /// It passed, and some value of it is near to what is not accepted.
    #[must_use]
    pub fn is_marginal(&self) -> bool {
        self.verdict == Verdict::Pass && self.measurements.iter().any(|measurement| measurement.marginal)
    }

    /// Of a unit whose station could not be opened: nothing was done, and that is an ERROR too.
    #[must_use]
    pub fn not_opened(serial: &str, plan: &Plan, error: &PortError) -> Self {
        Self {
            record: uid::unique(serial),
            verdict: Verdict::Error,
            simulated: false,
            serial: serial.to_owned(),
            profile: plan.meter.name.clone(),
            procedure: plan.procedure.name.clone(),
            instruments: Vec::new(),
            traceability: Traceability::default(),
            registers: serde_json::Map::new(),
            registers_before: serde_json::Map::new(),
            flash: None,
            measurements: Vec::new(),
            steps: Vec::new(),
            advice: Some(advice::of_port(error)),
            bus: BusStatistics::default(),
            duration_s: 0.0,
        }
    }
}

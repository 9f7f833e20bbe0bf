//! What is kept of one run. These types are the record's format: a change of them is a new version of it. What was added since the
//! first version is not written where there is nothing of it, so that the hashes of older records stay what they are.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::readings::Reading;
use super::seal::Hash;
use super::time::Stamp;
use crate::advice::Advice;
use crate::procedure::uncertainty::Expanded;
use crate::procedure::{Plan, RunReport, Traceability, Verdict};

/// What the report does not know of its run.
#[derive(Clone, Debug)]
pub struct About {
    /// When the run ended.
    pub at: Stamp,
    /// Who sat at the bench.
    pub operator: Option<String>,
    /// Batch the unit belongs to.
    pub batch: Option<String>,
    /// Place on the bench, from 1.
    pub position: u32,
    /// The row of a provisioning list that each unit had, by serial number.
    pub provisioning_rows: BTreeMap<String, String>,
}

impl About {
    /// A run that ends now at this position (from 1).
    #[must_use]
    pub fn now(position: u32) -> Self {
        Self { at: Stamp::now(), operator: None, batch: None, position, provisioning_rows: BTreeMap::new() }
    }
}

/// A text that was used, by name and hash.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Used {
    /// Its name.
    pub name: String,
    /// Hash of the text, which the store has once.
    pub sha256: Hash,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What it does.
    pub title: String,
    /// How it ended.
    pub verdict: Verdict,
    /// What it found, in words.
    pub detail: String,
    /// Start, in seconds since the run's.
    pub started_s: f64,
    /// How long it took, in seconds.
    pub duration_s: f64,
}

/// One measured value with its limits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measurement {
    /// What was measured.
    pub name: String,
    /// Where.
    pub load_point: String,
    /// The value; none where the result was no number.
    pub value: Option<f64>,
    /// Its unit.
    pub unit: String,
    /// Least value that passes.
    pub lower: Option<f64>,
    /// Greatest value that passes.
    pub upper: Option<f64>,
    /// How it compares.
    pub verdict: Verdict,
    /// Standard uncertainty from the scatter, in the value's unit.
    pub uncertainty: Option<f64>,
    /// Expanded uncertainty with what it is made of; none where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expanded: Option<Expanded>,
    /// What the decision rule took from the limits on either side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guard_band: Option<f64>,
    /// PASS, and near to what is not accepted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub marginal: bool,
    /// Where the limits come from.
    pub limit_source: String,
    /// How the value was obtained.
    pub method: String,
}

/// What happened in one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// 128 bits in hex, made when the run began: the same run is never taken for two.
    pub uid: String,
    /// When the run ended.
    pub at: Stamp,
    /// How long it took by its own clock, in seconds.
    pub duration_s: f64,
    /// Serial number of the unit.
    pub serial: String,
    /// How it ended.
    pub verdict: Verdict,
    /// Something in it was simulated.
    pub simulated: bool,
    /// Meter profile.
    pub profile: Used,
    /// Procedure.
    pub procedure: Used,
    /// Batch the unit belongs to.
    pub batch: Option<String>,
    /// Who sat at the bench.
    pub operator: Option<String>,
    /// Place on the bench, from 1.
    pub position: u32,
    /// The program and its version.
    pub program: String,
    /// Reference and source, as they named themselves.
    pub instruments: Vec<String>,
    /// What the verdicts stand on: certificates as used, the decision rule, who allowed what.
    #[serde(default, skip_serializing_if = "Traceability::is_empty")]
    pub traceability: Traceability,
    /// Registers the unit was found with, in their order.
    pub registers_before: Vec<(String, String)>,
    /// Registers it was left with.
    pub registers_after: Vec<(String, String)>,
    /// What was done.
    pub steps: Vec<Step>,
    /// What was measured.
    pub measurements: Vec<Measurement>,
    /// What meter and reference showed on the way.
    pub readings: Vec<Reading>,
    /// What the operator was told to do.
    pub advice: Option<Advice>,
    /// How the bus to the meter did.
    pub bus: BTreeMap<String, u64>,
    /// Hash of the image that was flashed.
    pub image_sha256: Option<Hash>,
    /// Report of flashing.
    pub flash: Option<String>,
    /// Which row of the provisioning list was used. Its values are secrets and no part of a record.
    pub provisioning_row: Option<String>,
}

/// An entry with the texts it names, before it has a place in a chain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// What happened.
    pub entry: Entry,
    /// The texts it names by hash.
    pub documents: Vec<String>,
}

/// A number as the store gives it back: what is none is nothing, and there is one zero.
pub(super) fn number(value: f64) -> Option<f64> {
    // SQLite keeps -0.0 as 0.0, and the hash must not tell them apart.
    value.is_finite().then_some(value + 0.0)
}

/// The same for what an uncertainty is made of: all of it, or nothing.
fn expanded(of: Expanded) -> Option<Expanded> {
    Some(Expanded {
        expanded: number(of.expanded)?,
        coverage_factor: number(of.coverage_factor)?,
        degrees_of_freedom: of.degrees_of_freedom.and_then(number),
        from_reference: number(of.from_reference)?,
        from_resolution: number(of.from_resolution)?,
        from_time_base: number(of.from_time_base)?,
    })
}

impl Draft {
    /// Of a run that is over.
    #[must_use]
    pub fn of_run(report: &RunReport, plan: &Plan, about: About, readings: Vec<Reading>) -> Self {
        let seconds = |value: f64| number(value).unwrap_or_default();
        let used = |name: &str, text: &str| Used { name: name.to_owned(), sha256: Hash::of(text.as_bytes()) };
        let words = |map: &serde_json::Map<String, serde_json::Value>| -> Vec<(String, String)> {
            let word = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            map.iter().map(|(name, value)| (name.clone(), word(value))).collect()
        };
        let steps = report.steps.iter().map(|step| Step {
            title: step.title.clone(),
            verdict: step.verdict,
            detail: step.detail.clone(),
            started_s: seconds(step.started_s),
            duration_s: seconds(step.duration_s),
        });
        let measurements = report.measurements.iter().map(|measurement| Measurement {
            name: measurement.name.clone(),
            load_point: measurement.load_point.clone(),
            value: number(measurement.value),
            unit: measurement.unit.to_string(),
            lower: measurement.lower.and_then(number),
            upper: measurement.upper.and_then(number),
            verdict: measurement.verdict,
            uncertainty: measurement.uncertainty.and_then(number),
            expanded: measurement.expanded.and_then(expanded),
            guard_band: measurement.guard_band.and_then(number),
            marginal: measurement.marginal,
            limit_source: measurement.limit_source.clone(),
            method: measurement.method.to_string(),
        });
        let flashed = report.flash.as_ref();
        let bus = serde_json::to_value(report.bus).and_then(serde_json::from_value).unwrap_or_default();
        let entry = Entry {
            uid: report.record.clone(),
            duration_s: seconds(report.duration_s),
            serial: report.serial.clone(),
            verdict: report.verdict,
            simulated: report.simulated,
            profile: used(&report.profile, &plan.meter.text),
            procedure: used(&report.procedure, &plan.procedure.text),
            batch: about.batch,
            operator: about.operator,
            position: about.position,
            program: concat!("meterbench ", env!("CARGO_PKG_VERSION")).to_owned(),
            instruments: report.instruments.clone(),
            traceability: report.traceability.clone(),
            registers_before: words(&report.registers_before),
            registers_after: words(&report.registers),
            steps: steps.collect(),
            measurements: measurements.collect(),
            readings,
            advice: report.advice.clone(),
            bus,
            image_sha256: flashed.and_then(|flashed| flashed.image_sha256.parse().ok()),
            flash: flashed.and_then(|flashed| serde_json::to_string(flashed).ok()),
            provisioning_row: about.provisioning_rows.get(&report.serial).cloned(),
            at: about.at,
        };
        Self { entry, documents: vec![plan.meter.text.clone(), plan.procedure.text.clone()] }
    }
}

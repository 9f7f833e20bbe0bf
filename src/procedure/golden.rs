//! A unit of known errors on the bench: it is the bench that is judged, not the unit.

use serde::{Deserialize, Serialize};

use super::report::{Measurement, RunReport, Verdict};
use crate::advice::Advice;
use crate::profile::procedure::{Mode, Procedure};
use crate::profile::vigilance::GoldenUnit;

/// What makes a record that of a golden unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoldenRun {
    /// Number of the laboratory's certificate.
    pub certificate: String,
    /// Who measured the unit.
    pub laboratory: String,
    /// When.
    pub characterised: String,
}

/// Why a unit cannot be measured as a golden one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotGolden {
    /// The procedure would change it.
    #[error(
        "{procedure} adjusts, and a golden unit keeps what the laboratory measured: a procedure with mode = \"verify\" is needed"
    )]
    Adjusts {
        /// The procedure.
        procedure: String,
    },
    /// The procedure does not measure what is known of it.
    #[error("{procedure} has no test {at:?}, at which the laboratory measured the unit")]
    NoSuchTest {
        /// The procedure.
        procedure: String,
        /// The test's name.
        at: String,
    },
}

/// Whether the procedure serves for this unit.
///
/// # Errors
/// It does not, and why.
pub fn check(unit: &GoldenUnit, procedure: &Procedure) -> Result<(), NotGolden> {
    if procedure.mode != Mode::Verify {
        return Err(NotGolden::Adjusts { procedure: procedure.name.clone() });
    }
    let known = |at: &str| procedure.verify.iter().any(|test| test.name == at);
    match unit.value.iter().find(|value| !known(&value.at)) {
        Some(value) => Err(NotGolden::NoSuchTest { procedure: procedure.name.clone(), at: value.at.clone() }),
        None => Ok(()),
    }
}

/// Compares a finished run with what the laboratory found. The verdict becomes that of the bench: the unit's own errors are known,
/// and whether they are within a class is nobody's question here.
pub fn judge(report: &mut RunReport, unit: &GoldenUnit) {
    report.traceability.golden = Some(GoldenRun {
        certificate: unit.certificate.clone(),
        laboratory: unit.laboratory.clone(),
        characterised: unit.characterised.to_string(),
    });
    if matches!(report.verdict, Verdict::Error | Verdict::Aborted | Verdict::NotRun) {
        return;
    }
    let source = format!("golden unit, certificate {} of {}", unit.certificate, unit.characterised);
    let mut worst: Option<Measurement> = None;
    let mut missing = None;
    for known in &unit.value {
        let of = |one: &&Measurement| one.name == known.quantity && one.load_point == known.at;
        let Some(found) = report.measurements.iter().find(of) else {
            missing.get_or_insert(known);
            continue;
        };
        let (apart, name) = (found.value - known.lab_percent, format!("golden_{}", known.quantity));
        let limits = Some((-known.alarm_percent, known.alarm_percent));
        let judged = Measurement {
            expanded: found.expanded,
            ..Measurement::judged(name, known.at.as_str(), (apart, "%"), limits)
                .limited_by(&source)
                .obtained("measured here, less the laboratory's value", found.uncertainty)
        };
        if judged.verdict != Verdict::Pass && worst.is_none() {
            worst = Some(judged.clone());
        }
        report.measurements.push(judged);
    }
    (report.verdict, report.advice) = match (worst, missing) {
        (Some(Measurement { name, load_point, value, upper, .. }), _) => {
            let allowed = upper.unwrap_or_default();
            let what = format!("{name} at {load_point}: the bench is {value:+.4} % off, {allowed} % is allowed");
            let why = "The reference, the wiring or the burden of the bench has changed, or the golden unit has";
            let next = "Measure another golden unit. When it says the same, stop the line and have the bench examined";
            (Verdict::Fail, Some(Advice::new(what, why, next)))
        }
        (None, Some(known)) => {
            let what =
                format!("{} at {} was not measured, and the golden unit is known by it", known.quantity, known.at);
            let why = "The procedure measures something else than the laboratory did";
            (
                Verdict::Error,
                Some(Advice::new(what, why, "Choose the procedure for golden units, or correct bench.toml")),
            )
        }
        (None, None) => (Verdict::Pass, None),
    };
}

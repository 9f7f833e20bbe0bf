//! A run that was cut off: what is kept of each unit while it goes on, and what a later run takes up of it.
//!
//! Only finished tests are taken up, and the time a no-load test was really watched. A calibration is none: its constants lie in a
//! chip that forgets them, and it takes no longer than to look for what is left of it. Where the state is kept is the record's affair.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::custody::Traceability;
use super::error::StepError;
use super::plan::{Plan, Step};
use super::report::{Measurement, RunReport, StepReport, Verdict};
use crate::advice::Advice;
use crate::meter::BusStatistics;

/// What one unit has come to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unfinished {
    /// Names the record it will be.
    pub record: String,
    /// Serial number of the unit.
    pub serial: String,
    /// Time its run has taken so far, in seconds.
    pub elapsed_s: f64,
    /// Steps that are over.
    pub steps: Vec<StepReport>,
    /// What was measured.
    pub measurements: Vec<Measurement>,
    /// For each measurement the test it belongs to, by its place in the procedure.
    pub origins: Vec<Option<usize>>,
    /// The registers the chip holds, by the bench's belief; empty when it was never read.
    pub registers: serde_json::Map<String, serde_json::Value>,
    /// The registers it was found with.
    pub registers_before: serde_json::Map<String, serde_json::Value>,
    /// The unit had dropped out.
    pub failure: Option<Failure>,
    /// How long the test in hand was watched.
    pub watched: Option<Watched>,
    /// The run was itself taken up, so often and there.
    pub continued: Vec<Continued>,
}

/// Why a unit dropped out before the run was cut off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// A FAIL of the unit, or an ERROR.
    pub verdict: Verdict,
    /// What the operator is told.
    pub advice: Advice,
}

/// A long test as far as somebody looked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Watched {
    /// So long, in seconds.
    pub secs: f64,
    /// Counts of 0.1 pulse: those seen, and those that nobody can rule out.
    pub counts: u64,
    /// Interruptions in this time.
    pub interruptions: u32,
}

impl Watched {
    /// So long.
    #[must_use]
    pub fn time(&self) -> Duration {
        super::durations::bounded(self.secs.max(0.0))
    }
}

/// What the instruments are, once they may be used.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Admitted {
    /// What verdicts stand on.
    pub traceability: Traceability,
    /// Reference and source, as they named themselves.
    pub instruments: Vec<String>,
    /// Something is simulated.
    pub simulated: bool,
}

/// An earlier run to take up.
#[derive(Clone, Debug)]
pub struct TakenUp {
    /// What the unit had come to.
    pub unit: Unfinished,
    /// With what instruments.
    pub admitted: Admitted,
    /// When it was cut off, as far as anybody knows; for the record.
    pub interrupted: String,
    /// When it is taken up.
    pub continued: String,
}

/// That a run was cut off and taken up; part of the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Continued {
    /// The last moment before, by the clock on the wall.
    pub interrupted: String,
    /// When it was taken up.
    pub continued: String,
    /// The step it was at.
    pub step: String,
}

impl std::fmt::Display for Continued {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { interrupted, continued, step } = self;
        write!(f, "interrupted after {interrupted} at {step:?}, continued {continued}")
    }
}

impl Unfinished {
    /// The step to go on with. A protection is done in three steps with the relay between them, so it begins anew.
    #[must_use]
    pub fn next_step(&self, plan: &Plan) -> usize {
        let steps = plan.steps();
        match steps.get(self.steps.len()) {
            Some(Step::Trip(test) | Step::Return(test)) => {
                steps.iter().position(|step| *step == Step::Verify(*test)).unwrap_or_default()
            }
            _ => self.steps.len(),
        }
    }

    /// Title of the step it was at.
    #[must_use]
    pub fn at(&self, plan: &Plan) -> String {
        let step = plan.steps().get(self.next_step(plan)).copied();
        step.map_or_else(|| "its end".to_owned(), |step| plan.title(step))
    }

    /// Why nothing of it can be taken up, by what it is itself.
    #[must_use]
    pub fn why_not(&self, plan: &Plan) -> Option<String> {
        let reason = if plan.procedure.flash.is_some() {
            "the proof of what was flashed is one with its run"
        } else if self.next_step(plan) < plan.tests_begin() || self.next_step(plan) == 0 {
            "its tests had not begun"
        } else if self.steps.len() > plan.steps().len() || self.origins.len() != self.measurements.len() {
            "what was kept of it does not belong to this procedure"
        } else if self.registers.is_empty() {
            "the link shows no registers by which the unit could be known again"
        } else {
            return None;
        };
        Some(reason.to_owned())
    }

    /// Only what was finished: the test that was in the middle goes.
    pub(super) fn keep_finished(&mut self, plan: &Plan) {
        let next = self.next_step(plan);
        self.steps.truncate(next);
        if let Some(Step::Verify(test)) = plan.steps().get(next) {
            let belongs = |origin: &Option<usize>| *origin == Some(*test);
            let mut of = self.origins.iter();
            self.measurements.retain(|_| !of.next().is_some_and(belongs));
            self.origins.retain(|origin| !belongs(origin));
        }
    }

    /// What is left of a run that nobody takes up: stopped, with all it had measured.
    #[must_use]
    pub fn given_up(&self, plan: &Plan, admitted: &Admitted, reason: &str) -> RunReport {
        // A disk that took no more of a run leaves the same as a program that ended.
        let what = format!(
            "What was kept of the run ends at {:?}: the program ended there, or could write no more",
            self.at(plan)
        );
        let advice = Advice::new(what, reason, "The unit was started again: its next record tells how it went");
        let traceability = Traceability { continued: self.continued.clone(), ..admitted.traceability.clone() };
        RunReport {
            record: self.record.clone(),
            verdict: self.failure.as_ref().map_or(Verdict::Aborted, |failure| failure.verdict),
            simulated: admitted.simulated,
            serial: self.serial.clone(),
            profile: plan.meter.name.clone(),
            procedure: plan.procedure.name.clone(),
            instruments: admitted.instruments.clone(),
            traceability,
            registers: self.registers.clone(),
            registers_before: self.registers_before.clone(),
            flash: None,
            measurements: self.measurements.clone(),
            steps: self.steps.clone(),
            advice: Some(advice),
            bus: BusStatistics::default(),
            duration_s: self.elapsed_s,
        }
    }
}

impl From<&StepError> for Failure {
    fn from(error: &StepError) -> Self {
        Self { verdict: error.verdict(), advice: super::advice::of(error) }
    }
}

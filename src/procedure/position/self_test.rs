//! Step: the meter tests its own parts, and the operator tells what only a person can see.

use meter_interface::map::Test;

use super::Position;
use crate::meter::service::{GRACE, ServiceError, ServiceMeter};
use crate::meter::{MeterError, Reach};
use crate::procedure::error::StepError;
use crate::procedure::report::{Measurement, Verdict};
use crate::procedure::self_test::{self, Around, Outcome, Stop};
use crate::profile::self_test::{Part, When};

/// Where the results stand in the record.
const PLACE: &str = "Self test";

impl Position<'_> {
    /// Whether the self test can be done through the link that is open at its time.
    pub(super) fn check_self_test(&self, here: Reach, later: Reach) -> Result<(), StepError> {
        let Some(wanted) = &self.around.plan.procedure.self_test else { return Ok(()) };
        let reach = match wanted.when {
            When::Before => here,
            When::After => later,
        };
        if reach.service() {
            Ok(())
        } else {
            Err(StepError::OutOfReach { test: PLACE.to_owned(), needs: "the meter's service port" })
        }
    }

    /// Tests one part after the other; all are tested, whatever fails. Then the relay is closed again and the chip has its registers.
    pub(super) fn self_test(&mut self) -> Result<String, StepError> {
        let plan = self.around.plan;
        let parts = plan.procedure.self_test.as_ref().map(|wanted| wanted.tests.as_slice()).unwrap_or_default();
        self.service_port()?.identify()?;
        let result = self.test_parts(parts);
        let left = self.clear_up(Self::leave_self_test);
        let outcomes = result?;
        left?;
        let failed: Vec<&str> = outcomes
            .iter()
            .filter(|outcome| outcome.verdict != Verdict::Pass)
            .map(|outcome| outcome.part.name())
            .collect();
        if failed.is_empty() {
            Ok(format!("{} parts are good", outcomes.len()))
        } else {
            Err(StepError::PartsFailed { parts: failed.join(", ") })
        }
    }

    fn test_parts(&mut self, parts: &[Part]) -> Result<Vec<Outcome>, StepError> {
        let mut outcomes = Vec::new();
        let (serial, surroundings) = (self.serial.clone(), self.around);
        for (number, &part) in parts.iter().enumerate() {
            self.progress(number as f64 / parts.len() as f64, part.name().to_owned());
            let around = Around {
                unit: &serial,
                operator: surroundings.operator,
                control: surroundings.control,
                clock: &**surroundings.clock,
            };
            let outcome = self_test::test(part, self.service_port()?, around)?;
            if outcome.verdict == Verdict::Error {
                return Err(StepError::NotTested { part: part.name(), reason: outcome.detail });
            }
            tracing::info!(serial, part = part.key(), verdict = %outcome.verdict, detail = outcome.detail, "self test");
            self.record_part(&outcome);
            outcomes.push(outcome);
        }
        Ok(outcomes)
    }

    /// What came out, how long it took, and the number that came with it.
    fn record_part(&mut self, outcome: &Outcome) {
        let name = format!("self_test_{}", outcome.part.key().replace('-', "_"));
        let passed = if outcome.verdict == Verdict::Pass { 1.0 } else { 0.0 };
        let result = Measurement::judged(name.as_str(), PLACE, (passed, ""), Some((1.0, 1.0)));
        self.record(result.limited_by(&outcome.detail).obtained(outcome.judged, None));
        let limit = outcome.part.limit().map(|limit| (0.0, (limit + GRACE).as_secs_f64()));
        let took = Measurement::judged(format!("{name}_time"), PLACE, (outcome.took.as_secs_f64(), "s"), limit);
        let source = "the test's own limit, and 1 s until the bench sees its end";
        self.record(took.limited_by(source).obtained("from the command to its result", None));
        if let (Part::Of(test @ (Test::Supply | Test::Rtc | Test::Modem)), Some(value)) = (outcome.part, outcome.value)
        {
            let unit = match test {
                Test::Supply => "mV",
                Test::Rtc => "ms",
                _ => "",
            };
            let number = Measurement::judged(format!("{name}_value"), PLACE, (value.into(), unit), None);
            self.record(number.obtained(test.value(), None));
        }
    }

    /// The load on again, and the chip as the run needs it: with what the run has written, or else the meter's own calibration.
    fn leave_self_test(&mut self) -> Result<(), StepError> {
        let parts = self.around.plan.procedure.self_test.as_ref().map(|wanted| wanted.tests.as_slice());
        if parts.unwrap_or_default().contains(&Part::Of(Test::RelayOff)) {
            self.service_port()?.test(Test::RelayOn, || Ok::<(), ServiceError>(()))?;
        }
        if self.mode.is_some() && !self.changes_nothing() {
            // A question may have stood for longer than the meter leaves its chip to the bench.
            self.restore()
        } else {
            Ok(self.service_port()?.lock()?)
        }
    }

    fn service_port(&mut self) -> Result<&mut ServiceMeter, StepError> {
        let out_of_reach = || StepError::OutOfReach { test: PLACE.to_owned(), needs: "the meter's service port" };
        self.meter.service().ok_or_else(out_of_reach)
    }
}

impl From<ServiceError> for StepError {
    fn from(error: ServiceError) -> Self {
        Self::Meter(MeterError::Service(error))
    }
}

impl From<Stop> for StepError {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Service(error) => error.into(),
            Stop::Operator(error) => Self::Operator(error),
        }
    }
}

//! The relay opens beyond a voltage and closes again, in three steps with the source moving in between.
//!
//! What the meter says of its relay is one thing; that no current flows any more is another, and it is looked at where the load has one.

use std::time::Duration;

use crate::clock::Moment;
use crate::meter::{Line, Quantity, Relay};
use crate::procedure::error::StepError;
use crate::procedure::plan::{Plan, Step};
use crate::procedure::position::Position;
use crate::procedure::report::Measurement;
use crate::profile::verification::{Kind, Protection};

/// Between two looks at the relay.
const LOOK: Duration = Duration::from_millis(200);
/// Below this part of the load's current none flows.
const NONE_FLOWS: f64 = 0.05;
/// The chip's readings follow the relay in so long.
const READING: Duration = Duration::from_secs(1);

impl Position<'_> {
    /// The relay is closed at the load.
    pub(in crate::procedure::position) fn closed(
        &mut self,
        name: &str,
        protection: &Protection,
    ) -> Result<String, StepError> {
        self.await_relay((name, "relay_closes_before"), Relay::Closed, protection.closes_within, protection)
    }

    /// The relay opens beyond the limit, in time.
    pub(in crate::procedure::position) fn trip(&mut self, number: usize) -> Result<String, StepError> {
        let plan = self.around.plan;
        let (name, protection) = protection_of(plan, number)?;
        self.await_relay((name, "relay_opens"), Relay::Open, protection.opens_within, protection)
    }

    /// Back at the load the relay closes again, in time.
    pub(in crate::procedure::position) fn close_again(&mut self, number: usize) -> Result<String, StepError> {
        let plan = self.around.plan;
        let (name, protection) = protection_of(plan, number)?;
        let words = self.await_relay((name, "relay_closes"), Relay::Closed, protection.closes_within, protection)?;
        self.still_the_same()?;
        Ok(words)
    }

    fn await_relay(
        &mut self,
        (name, quantity): (&str, &str),
        wanted: Relay,
        within: Duration,
        protection: &Protection,
    ) -> Result<String, StepError> {
        let start: Moment = self.now();
        let elapsed = loop {
            let relay = self.meter.relay()?;
            let elapsed = self.now().since(start);
            self.progress(elapsed.as_secs_f64() / within.as_secs_f64(), relay.to_string());
            if relay == wanted || elapsed > within {
                break elapsed;
            }
            self.wait(LOOK)?;
        };
        let secs = elapsed.as_secs_f64();
        let judged = Measurement::judged(quantity, name, (secs, "s"), Some((0.0, within.as_secs_f64())));
        self.record(judged.limited_by(&protection.limit_source).obtained("told by the meter", None));
        let done = if wanted == Relay::Open { "opens" } else { "closes" };
        if elapsed > within {
            return Ok(format!("the relay never {done} within {:.1} s", within.as_secs_f64()));
        }
        let load = self.around.plan.load_point(Step::Verify(self.test.ok_or(StepError::Panicked)?));
        let amps = load.map_or(0.0, |load| load.i.0);
        if amps <= 0.0 {
            return Ok(format!(
                "it {done} after {secs:.1} s by its own word; without current the contact is not proven"
            ));
        }
        self.wait(READING)?;
        let line = self.measured_lines()?.first().copied().unwrap_or(Line::L);
        let flowing = self.around.plan.amps_from_register(self.meter.quantity(Quantity::Irms(line))?).0;
        let (quantity, value) = (format!("{quantity}_current"), (flowing, "A"));
        let judged = match wanted {
            Relay::Open => Measurement::judged(quantity, name, value, Some((0.0, amps * NONE_FLOWS))),
            _ => Measurement::at_least(quantity, name, value, amps * NONE_FLOWS),
        };
        self.record(judged.limited_by("none flows through an open contact").obtained("current of the meter", None));
        Ok(match (wanted, flowing > amps * NONE_FLOWS) {
            (Relay::Open, true) => format!("the relay is stuck: {flowing:.2} A flow though it is told to be open"),
            (Relay::Closed, false) => format!("the relay is stuck: {flowing:.2} A flow though it is told to be closed"),
            _ => format!("it {done} after {secs:.1} s, {flowing:.2} A flow"),
        })
    }
}

fn protection_of(plan: &Plan, number: usize) -> Result<(&str, &Protection), StepError> {
    let test = plan.test(number).ok_or(StepError::Panicked)?;
    let Kind::Protection(protection) = &test.kind else { return Err(StepError::Panicked) };
    Ok((test.name.as_str(), protection))
}

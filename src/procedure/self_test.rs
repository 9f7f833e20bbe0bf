//! The self test of one meter, part by part: for the command and for the step of a procedure.
//!
//! The meter does and judges what it can; a person is asked only for what a machine cannot see. A part that fails its test is a FAIL; one
//! that could not be tested is an ERROR.

use std::fmt;
use std::time::Duration;

use meter_interface::map::{Test, TestResult, TestState};

use super::control::Control;
use super::report::Verdict;
use crate::clock::Clock;
use crate::meter::service::{ServiceError, ServiceMeter};
use crate::operator::{Answer, Operator, OperatorError, Prompt, Sketch};
use crate::profile::self_test::Part;

/// The answers to a question, in this order.
const ANSWERS: [&str; 2] = ["Yes", "No"];

/// How the test of one part ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// What was tested.
    pub part: Part,
    /// PASS, FAIL, or ERROR when it could not be tested.
    pub verdict: Verdict,
    /// What was found.
    pub detail: String,
    /// Who judged.
    pub judged: &'static str,
    /// How long the meter took; a person's thinking is not in it.
    pub took: Duration,
    /// The number that came with the result, for a part that has one.
    pub value: Option<u16>,
}

/// Why testing ends.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// The meter does not answer.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// Nobody answers.
    #[error(transparent)]
    Operator(#[from] OperatorError),
}

impl Stop {
    /// A person stopped it.
    #[must_use]
    pub const fn cancelled(&self) -> bool {
        matches!(self, Self::Operator(OperatorError::Cancelled))
    }
}

/// Who takes part in a test.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// Which unit is meant, where there may be several; empty otherwise.
    pub unit: &'a str,
    /// The person.
    pub operator: &'a dyn Operator,
    /// The one who may cancel.
    pub control: &'a Control,
    /// Time.
    pub clock: &'a dyn Clock,
}

impl Around<'_> {
    fn check(&self) -> Result<(), Stop> {
        if self.control.is_cancelled() { Err(OperatorError::Cancelled.into()) } else { Ok(()) }
    }

    /// A sentence with the unit it is about.
    fn about_unit(&self, sentence: &str) -> String {
        if self.unit.is_empty() { sentence.to_owned() } else { format!("{}: {sentence}", self.unit) }
    }
}

/// Tests one part.
///
/// # Errors
/// The meter does not answer, nobody answers a question, or it was cancelled.
pub fn test(part: Part, meter: &mut ServiceMeter, around: Around<'_>) -> Result<Outcome, Stop> {
    around.check()?;
    match part {
        Part::Echo => echo(meter, around.clock),
        Part::Of(test) => command(test, meter, around),
    }
}

fn echo(meter: &mut ServiceMeter, clock: &dyn Clock) -> Result<Outcome, Stop> {
    let began = clock.now();
    let echo = meter.echo()?;
    Ok(Outcome {
        part: Part::Echo,
        verdict: if echo.wrong == 0 { Verdict::Pass } else { Verdict::Fail },
        detail: format!("{} words, {} wrong, {} sent again", echo.words, echo.wrong, echo.retries),
        judged: BENCH,
        took: clock.now().since(began),
        value: None,
    })
}

const BENCH: &str = "judged by the bench";
const METER: &str = "judged by the meter";
const OPERATOR: &str = "judged by the operator";

fn command(test: Test, meter: &mut ServiceMeter, around: Around<'_>) -> Result<Outcome, Stop> {
    if let Some((instruction, sketch)) = instruction(test) {
        // It lasts for two seconds, so it begins when somebody is looking.
        let prompt = Prompt::confirm(around.about_unit(instruction));
        around.operator.ask(&sketch.map_or(prompt.clone(), |sketch| prompt.with(sketch)))?;
    }
    let began = around.clock.now();
    let result = meter.test(test, || around.check());
    let took = around.clock.now().since(began);
    let outcome =
        |verdict, detail, judged, value| Outcome { part: Part::Of(test), verdict, detail, judged, took, value };
    let result = match result {
        // The meter is there and will not: that is no reason not to try the other parts.
        Err(Stop::Service(ServiceError::Refused { exception })) => {
            return Ok(outcome(Verdict::Error, exception.to_string(), METER, None));
        }
        result => result?,
    };
    let (value, words) = (number(test, result), words(test, result));
    Ok(match result.state {
        TestState::Passed => outcome(Verdict::Pass, words, METER, value),
        TestState::Shown => {
            // Enter alone is no answer: nobody says that he has seen something by accident.
            let question = Prompt::choice(around.about_unit(question(test)), &ANSWERS, None);
            let (verdict, detail) = match around.operator.ask(&question)? {
                Answer::Choice(0) => (Verdict::Pass, "seen by the operator"),
                _ => (Verdict::Fail, "not seen by the operator"),
            };
            outcome(verdict, detail.to_owned(), OPERATOR, None)
        }
        TestState::Absent => outcome(Verdict::Fail, result.state.to_string(), METER, None),
        TestState::Failed | TestState::TimedOut => {
            let detail = if words.is_empty() { result.state.to_string() } else { format!("{}; {words}", result.state) };
            outcome(Verdict::Fail, detail, METER, value)
        }
        state => outcome(Verdict::Error, state.to_string(), METER, None),
    })
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<5} {:<26} {}", self.verdict.to_string(), self.part.name(), self.detail)
    }
}

/// The number that came with a result, where the test has one.
fn number(test: Test, result: TestResult) -> Option<u16> {
    (!test.value().is_empty()).then_some(result.value)
}

fn words(test: Test, result: TestResult) -> String {
    match test {
        Test::Afe => format!("MMode reads {:04X}", result.value),
        Test::Keypad => match u8::try_from(result.value).ok().filter(u8::is_ascii_graphic) {
            Some(key) => format!("key {}", char::from(key)),
            None => "no key".to_owned(),
        },
        // Where nothing differed there is no address.
        Test::Eeprom if result.state == TestState::Passed => String::new(),
        _ if test.value().is_empty() => String::new(),
        _ => format!("{}: {}", test.value(), result.value),
    }
}

/// What a person has to do when the test begins.
const fn instruction(test: Test) -> Option<(&'static str, Option<Sketch>)> {
    Some(match test {
        Test::Lcd => ("Look at the display, then go on", Some(Sketch::ReadDisplay)),
        Test::Buzzer => ("Listen for the buzzer, then go on", None),
        Test::RelayOn => ("The relay is switched on: listen for its click, then go on", None),
        Test::RelayOff => ("The relay is switched off: listen for its click, then go on", None),
        Test::RedLed => ("Look at the red LED, then go on", None),
        Test::GreenLed => ("Look at the green LED, then go on", None),
        Test::Keypad => ("Go on, then press a key of the meter", Some(Sketch::PressKey)),
        Test::Afe | Test::Eeprom | Test::Rtc | Test::Modem | Test::Supply => return None,
    })
}

const fn question(test: Test) -> &'static str {
    match test {
        Test::Lcd => "Did the display show all segments and then two lines of text?",
        Test::Buzzer => "Did the buzzer sound for 2 s?",
        Test::RelayOn => "Did the relay click, and is the load on, if there is one?",
        Test::RelayOff => "Did the relay click, and is the load off, if there is one?",
        Test::RedLed => "Was the red LED lit?",
        Test::GreenLed => "Was the green LED lit?",
        Test::Afe | Test::Eeprom | Test::Rtc | Test::Modem | Test::Supply | Test::Keypad => "Did it work?",
    }
}

#[cfg(test)]
mod tests {
    use meter_interface::map::Judge;

    use super::*;

    #[test]
    fn a_person_is_asked_for_what_a_person_judges_and_does() {
        for test in Test::ALL {
            let needed = test.judge() == Judge::Person || test == Test::Keypad;
            assert_eq!(instruction(test).is_some(), needed, "{test:?}");
        }
    }
}

//! `meterbench selftest`: the meter tests its own parts, and the operator tells what only a person can see.

use std::fmt;
use std::io::Write;
use std::sync::Arc;

use meter_interface::map::{Judge, Test, TestResult, TestState};
use serde_json::json;

use super::exit::Exit;
use super::operator::Terminal;
use crate::clock::RealClock;
use crate::meter::service::{ServiceError, ServiceMeter};
use crate::operator::{Answer, Operator, OperatorError, Prompt};
use crate::port::OpenError;
use crate::port::url::DeviceUrl;
use crate::procedure::{Control, Verdict};
use crate::station::{self, StationError};

/// Have the meter test its own hardware
#[derive(clap::Args, Debug)]
pub struct Selftest {
    /// The meter's service port: service+serial:/dev/ttyUSB1, service+tcp:host:port
    #[arg(long)]
    meter: DeviceUrl,
    /// Run only these tests: afe, eeprom, rtc, modem, supply, lcd, buzzer, relay-on, relay-off, red-led, green-led, keypad, echo
    #[arg(long, value_delimiter = ',', value_parser = part)]
    only: Vec<Part>,
    /// Leave these out
    #[arg(long, value_delimiter = ',', value_parser = part)]
    skip: Vec<Part>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What can be tested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// By a command of the meter.
    Of(Test),
    /// The service port itself.
    Echo,
}

impl Part {
    /// The port first: the other tests stand on it.
    fn all() -> impl Iterator<Item = Self> {
        [Self::Echo].into_iter().chain(Test::ALL.into_iter().map(Self::Of))
    }

    /// As it is named on the command line.
    const fn key(self) -> &'static str {
        match self {
            Self::Echo => "echo",
            Self::Of(Test::Afe) => "afe",
            Self::Of(Test::Eeprom) => "eeprom",
            Self::Of(Test::Rtc) => "rtc",
            Self::Of(Test::Modem) => "modem",
            Self::Of(Test::Supply) => "supply",
            Self::Of(Test::Lcd) => "lcd",
            Self::Of(Test::Buzzer) => "buzzer",
            Self::Of(Test::RelayOn) => "relay-on",
            Self::Of(Test::RelayOff) => "relay-off",
            Self::Of(Test::RedLed) => "red-led",
            Self::Of(Test::GreenLed) => "green-led",
            Self::Of(Test::Keypad) => "keypad",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Echo => "Service port",
            Self::Of(test) => test.name(),
        }
    }
}

fn part(key: &str) -> Result<Part, String> {
    Part::all().find(|part| part.key() == key).ok_or_else(|| {
        let known: Vec<&str> = Part::all().map(Part::key).collect();
        format!("there is no test {key:?}; there are {}", known.join(", "))
    })
}

/// How the test of one part ended.
#[derive(Debug)]
struct Outcome {
    part: Part,
    verdict: Verdict,
    detail: String,
}

/// Why testing ends.
#[derive(Debug, thiserror::Error)]
enum Stop {
    #[error(transparent)]
    Service(#[from] ServiceError),
    #[error(transparent)]
    Operator(#[from] OperatorError),
}

impl Stop {
    const fn cancelled(&self) -> bool {
        matches!(self, Self::Operator(OperatorError::Cancelled))
    }
}

impl Selftest {
    /// Runs the tests one after the other; progress goes to standard error, the result to `out`.
    ///
    /// # Errors
    /// Bad usage: an address that is no service port.
    pub fn run(&self, out: &mut dyn Write) -> anyhow::Result<Exit> {
        let control = Arc::new(Control::new(|_| {}));
        let operator = Terminal::shared(&control);
        let mut meter = match station::open_service(&self.meter, &RealClock::shared()) {
            Ok(meter) => meter,
            Err(error @ StationError::Open(OpenError::Port(_))) => {
                super::message(&error.to_string());
                return Ok(Exit::COULD_NOT_MEASURE);
            }
            Err(error) => return Err(error.into()),
        };
        super::cancel_on_signals(&control);
        self.test(&mut meter, &*operator, &control, out)
    }

    fn test(
        &self,
        meter: &mut ServiceMeter,
        operator: &dyn Operator,
        control: &Control,
        out: &mut dyn Write,
    ) -> anyhow::Result<Exit> {
        let found = match meter.identify() {
            Ok(found) => found,
            Err(error) => {
                super::message(&error.to_string());
                return Ok(Exit::COULD_NOT_MEASURE);
            }
        };
        let (mut outcomes, mut stopped) = (Vec::new(), None);
        for part in self.parts() {
            match one(part, meter, operator, control) {
                Ok(outcome) => {
                    super::message(&outcome.to_string());
                    outcomes.push(outcome);
                }
                Err(stop) => {
                    super::message(&format!("{}: {stop}", part.name()));
                    stopped = Some(stop);
                    break;
                }
            }
        }
        // The chip is loaded from its block again; a meter that does not answer does it by itself after a minute.
        if let Err(error) = meter.lock() {
            tracing::warn!(%error, "the meter was not locked again");
        }
        let verdict = match &stopped {
            Some(stop) if stop.cancelled() => Verdict::Aborted,
            Some(_) => Verdict::Error,
            None => worst(&outcomes),
        };
        if self.json {
            let tests: Vec<_> = outcomes
                .iter()
                .map(|outcome| {
                    json!({
                        "test": outcome.part.key(), "verdict": outcome.verdict.to_string(), "detail": outcome.detail,
                    })
                })
                .collect();
            let stopped = stopped.map(|stop| stop.to_string());
            let report = json!({
                "serial": found.serial, "firmware": found.firmware, "build": found.build,
                "verdict": verdict.to_string(), "tests": tests, "stopped": stopped,
            });
            writeln!(out, "{report}")?;
        } else {
            writeln!(out, "{}  {verdict}", if found.serial.is_empty() { "(no serial number)" } else { &found.serial })?;
            for outcome in &outcomes {
                writeln!(out, "  {outcome}")?;
            }
        }
        Ok(Exit(verdict.exit_code()))
    }

    fn parts(&self) -> impl Iterator<Item = Part> {
        Part::all()
            .filter(|part| self.only.is_empty() || self.only.contains(part))
            .filter(|part| !self.skip.contains(part))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<5} {:<26} {}", self.verdict.to_string(), self.part.name(), self.detail)
    }
}

fn worst(outcomes: &[Outcome]) -> Verdict {
    let verdicts = outcomes.iter().map(|outcome| outcome.verdict);
    verdicts.max_by_key(|verdict| verdict.exit_code()).unwrap_or(Verdict::Error)
}

fn one(part: Part, meter: &mut ServiceMeter, operator: &dyn Operator, control: &Control) -> Result<Outcome, Stop> {
    let outcome = |verdict, detail: String| Ok(Outcome { part, verdict, detail });
    let check = || if control.is_cancelled() { Err(Stop::Operator(OperatorError::Cancelled)) } else { Ok(()) };
    check()?;
    let Part::Of(test) = part else {
        let echo = meter.echo()?;
        let verdict = if echo.wrong == 0 { Verdict::Pass } else { Verdict::Fail };
        return outcome(verdict, format!("{} words, {} wrong, {} sent again", echo.words, echo.wrong, echo.retries));
    };
    match test {
        Test::Keypad => operator.tell("Press a key of the meter"),
        _ if test.judge() == Judge::Person => operator.tell(&format!("{}: look and listen", test.name())),
        _ => {}
    }
    let result = match meter.test(test, check) {
        Err(Stop::Service(ServiceError::Refused { exception })) => {
            return outcome(Verdict::Error, exception.to_string());
        }
        result => result?,
    };
    match result.state {
        TestState::Passed => outcome(Verdict::Pass, value(test, result)),
        TestState::Shown => {
            // Enter alone is no answer: nobody says that he has seen something by accident.
            match operator.ask(&Prompt::choice(question(test), &["Yes", "No"], None))? {
                Answer::Choice(0) => outcome(Verdict::Pass, "seen by the operator".to_owned()),
                _ => outcome(Verdict::Fail, "not seen by the operator".to_owned()),
            }
        }
        TestState::Absent => outcome(Verdict::Fail, result.state.to_string()),
        TestState::Failed | TestState::TimedOut => {
            outcome(Verdict::Fail, [result.state.to_string(), value(test, result)].join("; "))
        }
        state => outcome(Verdict::Error, state.to_string()),
    }
}

fn value(test: Test, result: TestResult) -> String {
    match test {
        Test::Afe => format!("MMode reads {:04X}", result.value),
        Test::Keypad => match u8::try_from(result.value).ok().filter(u8::is_ascii_graphic) {
            Some(key) => format!("key {}", char::from(key)),
            None => "no key".to_owned(),
        },
        _ if test.value().is_empty() => String::new(),
        _ => format!("{}: {}", test.value(), result.value),
    }
}

const fn question(test: Test) -> &'static str {
    match test {
        Test::Lcd => "Did the display show all segments and then two lines of text?",
        Test::Buzzer => "Did the buzzer sound for 2 s?",
        Test::RelayOn => "Did the relay click, and is the load on?",
        Test::RelayOff => "Did the relay click, and is the load off?",
        Test::RedLed => "Was the red LED lit?",
        Test::GreenLed => "Was the green LED lit?",
        Test::Afe | Test::Eeprom | Test::Rtc | Test::Modem | Test::Supply | Test::Keypad => "Did it work?",
    }
}

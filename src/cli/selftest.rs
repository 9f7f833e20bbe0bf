//! `meterbench selftest`: the meter tests its own parts, and the operator tells what only a person can see.

use std::io::Write;
use std::sync::Arc;

use serde_json::json;

use super::exit::Exit;
use super::health::Health;
use super::operator::Terminal;
use crate::clock::{RealClock, SharedClock};
use crate::meter::service::{Identification, ServiceMeter};
use crate::operator::Operator;
use crate::port::OpenError;
use crate::port::url::DeviceUrl;
use crate::procedure::self_test::{self, Around, Outcome, Stop};
use crate::procedure::{Control, Verdict};
use crate::profile::self_test::Part;
use crate::station::{self, StationError};

/// Have the meter test its own hardware
#[derive(clap::Args, Debug)]
pub struct Selftest {
    /// The meter's service port: service+serial:/dev/ttyUSB1, service+tcp:host:port
    #[arg(long)]
    meter: DeviceUrl,
    /// Run only these tests: afe, eeprom, rtc, modem, supply, lcd, buzzer, relay-on, relay-off, red-led, green-led, keypad, echo
    #[arg(long, value_delimiter = ',', value_parser = Part::from_key)]
    only: Vec<Part>,
    /// Leave these out
    #[arg(long, value_delimiter = ',', value_parser = Part::from_key)]
    skip: Vec<Part>,
    /// Set the meter's clock to this computer's time (UTC) first, and read it back
    #[arg(long)]
    set_clock: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What the tests came to.
struct Results {
    outcomes: Vec<Outcome>,
    stopped: Option<Stop>,
    health: Option<Health>,
}

impl Selftest {
    /// Runs the tests one after the other; progress goes to standard error, the result to `out`.
    ///
    /// # Errors
    /// Bad usage: an address that is no service port.
    pub fn run(&self, out: &mut dyn Write) -> anyhow::Result<Exit> {
        let control = Arc::new(Control::new(|_| {}));
        let operator = Terminal::shared(&control);
        let clock = RealClock::shared();
        let mut meter = match station::open_service(&self.meter, &clock) {
            Ok(meter) => meter,
            Err(error @ StationError::Open(OpenError::Port(_))) => {
                super::message(&error.to_string());
                return Ok(Exit::COULD_NOT_MEASURE);
            }
            Err(error) => return Err(error.into()),
        };
        super::cancel_on_signals(&control);
        let found = match meter.identify() {
            Ok(found) => found,
            Err(error) => {
                super::message(&error.to_string());
                return Ok(Exit::COULD_NOT_MEASURE);
            }
        };
        if self.set_clock
            && let Err(error) = set_clock(&mut meter)
        {
            super::message(&error.to_string());
            return Ok(Exit::COULD_NOT_MEASURE);
        }
        let results = self.test(&mut meter, &*operator, &control, &clock);
        self.print(&found, &results, out)
    }

    fn test(
        &self,
        meter: &mut ServiceMeter,
        operator: &dyn Operator,
        control: &Control,
        clock: &SharedClock,
    ) -> Results {
        let around = Around { unit: "", operator, control, clock: &**clock };
        let (mut outcomes, mut stopped) = (Vec::new(), None);
        for part in self.parts() {
            match self_test::test(part, meter, around) {
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
        let health = if stopped.is_none() { Health::of(meter).ok() } else { None };
        Results { outcomes, stopped, health }
    }

    fn print(&self, found: &Identification, results: &Results, out: &mut dyn Write) -> anyhow::Result<Exit> {
        let verdict = results.verdict();
        if self.json {
            let tests: Vec<_> = results
                .outcomes
                .iter()
                .map(|outcome| {
                    json!({
                        "test": outcome.part.key(), "verdict": outcome.verdict.to_string(), "detail": outcome.detail,
                        "judged": outcome.judged, "took_s": outcome.took.as_secs_f64(),
                        "limit_s": outcome.part.limit().map(|limit| limit.as_secs()),
                    })
                })
                .collect();
            let stopped = results.stopped.as_ref().map(ToString::to_string);
            let report = json!({
                "serial": found.serial, "firmware": found.firmware, "build": found.build,
                "verdict": verdict.to_string(), "tests": tests, "stopped": stopped,
                "diagnostics": results.health.as_ref().map(Health::diagnostics),
                "crash": results.health.as_ref().map(Health::crash),
            });
            writeln!(out, "{report}")?;
        } else {
            writeln!(out, "{}  {verdict}", if found.serial.is_empty() { "(no serial number)" } else { &found.serial })?;
            for outcome in &results.outcomes {
                writeln!(out, "  {outcome}")?;
            }
            if let Some(health) = &results.health {
                writeln!(out, "  {health}")?;
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

impl Results {
    fn verdict(&self) -> Verdict {
        match &self.stopped {
            Some(stop) if stop.cancelled() => Verdict::Aborted,
            Some(_) => Verdict::Error,
            None => {
                let verdicts = self.outcomes.iter().map(|outcome| outcome.verdict);
                verdicts.max_by_key(|verdict| verdict.exit_code()).unwrap_or(Verdict::Error)
            }
        }
    }
}

fn set_clock(meter: &mut ServiceMeter) -> anyhow::Result<()> {
    let epoch: jiff::Timestamp = "2000-01-01T00:00:00Z".parse()?;
    let secs = u32::try_from(jiff::Timestamp::now().as_second() - epoch.as_second())?;
    let shown = meter.set_clock(secs)?;
    let shown = jiff::Timestamp::from_second(epoch.as_second() + i64::from(shown))?;
    super::message(&format!("The meter's clock shows {shown}"));
    Ok(())
}

//! Moves the bench from load point to load point while every position does its work there.
//!
//! One source and one reference serve all positions: a step begins when the bench has reached its load point, every position
//! performs it on a thread of its own, and the bench moves on when all are through. A position that fails drops out and
//! holds nobody up. One position is N = 1.
//!
//! However it ends (done, failed, cancelled, a worker that panics), the source is switched off before a report is made.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::advice;
use super::control::Control;
use super::custody::{Custody, CustodyError, Role, Traceability, Trust};
use super::error::StepError;
use super::event::Event;
use super::feed::{Ended, Feed};
use super::flashing::{FlashReport, FlashSite};
use super::plan::{Plan, Step};
use super::position::{Position, Surroundings};
use super::report::{RunReport, Verdict};
use super::unfinished::{Admitted, TakenUp};
use crate::clock::{Attendance, SharedClock, muster};
use crate::meter::Meter;
use crate::operator::{Answer, Operator, Prompt, Sketch};
use crate::port::pulse::PulseInput;
use crate::profile::vigilance::Missing;
use crate::reference::{Identity, LoadPoint, Off, PowerFactor, Reference, SWITCH_OFF, Source};

/// What stands at one position.
pub struct Place {
    /// Serial number of the unit; empty where there is none, and then the position is not used.
    pub serial: String,
    /// The unit's meter.
    pub meter: Box<dyn Meter>,
    /// The optical head before it, whatever way the meter is reached over.
    pub head: Option<Box<dyn PulseInput>>,
    /// Its chip and the image for it, for procedures that flash.
    pub flash: Option<FlashSite>,
}

/// Everything a run works with.
pub struct Bench {
    /// The positions, in their order.
    pub positions: Vec<Place>,
    /// Tells the truth.
    pub reference: Box<dyn Reference>,
    /// Supplies the load points.
    pub source: Box<dyn Source>,
    /// Time.
    pub clock: SharedClock,
    /// The person.
    pub operator: Arc<dyn Operator>,
    /// A part of the station is simulated, as far as its opener knows.
    pub simulated: bool,
}

/// How often switching off is tried.
const SWITCH_OFF_TRIES: u32 = 3;
/// How often the reference is looked at while the source settles.
const LOOK: Duration = Duration::from_millis(250);

/// Runs the plan on all positions that have a serial number. Reports come in their order, one for each, whatever happened.
///
/// `bench` belongs to the caller again afterwards, its source switched off.
///
/// Nothing is known of the instruments but what their profiles say; [`run_with`] knows more.
pub fn run(bench: &mut Bench, plan: &Plan, control: &Control) -> Vec<RunReport> {
    run_with(bench, plan, &Custody::default(), control)
}

/// The same with what the station knows of its instruments.
pub fn run_with(bench: &mut Bench, plan: &Plan, custody: &Custody, control: &Control) -> Vec<RunReport> {
    go_on(bench, plan, custody, BTreeMap::new(), control)
}

/// The same, going on with earlier runs that were cut off, by the units' serial numbers. A unit that is not found as it was left starts
/// again; the others wait for nobody.
pub fn go_on(
    bench: &mut Bench,
    plan: &Plan,
    custody: &Custody,
    mut earlier: BTreeMap<String, TakenUp>,
    control: &Control,
) -> Vec<RunReport> {
    let clock = Arc::clone(&bench.clock);
    let Bench { positions, reference, source, operator, simulated, .. } = bench;
    let feed = Feed::default();
    let trust = OnceLock::new();
    let around = Surroundings { plan, feed: &feed, clock: &clock, control, operator: &**operator, trust: &trust };
    let serials = positions.iter().map(|place| place.serial.clone()).collect();
    let mut positions: Vec<Position<'_>> = positions
        .iter_mut()
        .enumerate()
        .filter(|(_, place)| !place.serial.is_empty())
        .map(|(number, place)| Position::new(number, place, around))
        .collect();
    for position in &mut positions {
        position.failure = position.check_beforehand().err();
        if let Some(earlier) = earlier.remove(&position.serial) {
            position.take_up(earlier);
        }
    }
    tracing::info!(procedure = plan.procedure.name, meter = plan.meter.name, positions = positions.len(), "run begins");
    control.tell(Event::Started { serials, steps: plan.steps().into_iter().map(|step| plan.title(step)).collect() });

    let mut instruments = Vec::new();
    let mut traceability = Traceability::default();
    let mut stage = Stage {
        source: &mut **source,
        around,
        instruments: &mut instruments,
        custody: custody.clone(),
        traceability: &mut traceability,
        trust: &trust,
        simulated: *simulated,
        is_off: false,
        was_on: false,
    };
    let ended = std::panic::catch_unwind(AssertUnwindSafe(|| stage.all(&mut **reference, &mut positions)));
    let off = if stage.is_off { Ok(()) } else { stage.switch_off().map(|_| ()) };
    // A bench whose source stays on is no bench, whatever was measured before.
    let cause = off.and(ended.unwrap_or(Err(StepError::Panicked))).err();

    let simulated = *simulated
        || instruments.iter().any(|identity| identity.simulated)
        || positions.iter().any(Position::flashed_a_simulated_chip);
    let names: Vec<String> = instruments.iter().map(describe).collect();
    positions
        .into_iter()
        .map(|position| {
            let number = position.number;
            let (continued, exceptions) = (position.continued.clone(), position.exceptions.clone());
            let mut report = report(position, cause.as_ref(), plan, &names, simulated);
            report.traceability.clone_from(&traceability);
            report.traceability.add_earlier(continued, &exceptions);
            tracing::info!(serial = report.serial, verdict = %report.verdict, simulated, "run ended");
            control.tell(Event::PositionDone { position: number, verdict: report.verdict });
            report
        })
        .collect()
}

struct Stage<'a, 'b> {
    source: &'b mut dyn Source,
    around: Surroundings<'a>,
    instruments: &'b mut Vec<Identity>,
    custody: Custody,
    traceability: &'b mut Traceability,
    trust: &'b OnceLock<Trust>,
    /// A part of the station is simulated, as far as its opener knows.
    simulated: bool,
    is_off: bool,
    /// It was told to supply something in this run.
    was_on: bool,
}

impl<'a> Stage<'a, '_> {
    /// The whole run, with the reference's feed beside it.
    fn all(&mut self, reference: &mut dyn Reference, positions: &mut [Position<'a>]) -> Result<(), StepError> {
        if positions.iter().all(|position| position.failure.is_some()) {
            return Ok(());
        }
        self.ask_to_connect(positions.len())?;
        self.instruments.push(reference.identify()?);
        let source = self.source.identify()?;
        if !self.instruments.contains(&source) {
            self.instruments.push(source);
        }
        self.admit(reference)?;
        for position in positions.iter_mut() {
            position.expect_instruments(&self.traceability.instruments);
        }
        let Surroundings { feed, clock, control, .. } = self.around;
        let guarded = || {
            std::thread::scope(|scope| {
                // Whatever happens, the reader is told to stop, and can get there.
                let _dismissal = Dismissal { feed, clock };
                let attendance = Attendance::take(clock);
                let reader = std::thread::Builder::new().name("reference".to_owned()).spawn_scoped(scope, move || {
                    let _attendance = attendance;
                    let read = || feed.run(reference, &**clock, control);
                    if std::panic::catch_unwind(AssertUnwindSafe(read)).is_err() {
                        feed.end(Ended::Panicked);
                    }
                });
                let result = match reader {
                    Ok(_) => std::panic::catch_unwind(AssertUnwindSafe(|| self.steps(positions))),
                    Err(error) => Ok(Err(StepError::Reference { reason: error.to_string() })),
                };
                // Off before anything else is waited for.
                let off = self.switch_off().map(|_| ());
                result.unwrap_or(Err(StepError::Panicked)).and(off)
            })
        };
        let result = std::panic::catch_unwind(AssertUnwindSafe(guarded));
        clock.enter();
        result.unwrap_or(Err(StepError::Panicked))
    }

    /// Whether the instruments may be used; the record says with what certificates, also of a run that is refused.
    fn admit(&mut self, reference: &dyn Reference) -> Result<(), StepError> {
        let decision = &self.around.plan.procedure.decision;
        self.traceability.decision_rule = Some(decision.words());
        self.traceability.coverage = Some(decision.coverage.words().to_owned());
        if !self.custody.exceptions.is_empty() {
            self.traceability.exceptions.clone_from(&self.custody.exceptions);
            self.traceability.supervisor.clone_from(&self.custody.supervisor);
        }
        for (identity, role) in self.instruments.iter().zip([Role::Reference, Role::Source]) {
            let figures = reference.accuracy().filter(|_| role == Role::Reference);
            let (used, trust) = match self.custody.admit(role, identity, figures) {
                Err(error) => {
                    self.custody.supervisor = Some(self.supervisor(error)?);
                    self.custody.admit(role, identity, figures)?
                }
                admitted => admitted?,
            };
            if let Some((Missing::Warn, error)) = self.custody.exchanged(role, &used.serial) {
                self.around.operator.tell(&error.to_string());
            }
            if role == Role::Reference {
                self.trust.set(trust).ok();
            }
            if let Some(exception) = &used.exception {
                tracing::warn!(exception, supervisor = self.custody.supervisor, "a supervisor allows the run");
                self.traceability.supervisor.clone_from(&self.custody.supervisor);
            }
            self.traceability.instruments.push(used);
        }
        self.around.control.tell(Event::Admitted(Box::new(Admitted {
            traceability: self.traceability.clone(),
            instruments: self.instruments.iter().map(describe).collect(),
            simulated: self.simulated || self.instruments.iter().any(|identity| identity.simulated),
        })));
        Ok(())
    }

    /// Who allows what dates or rules forbid, where somebody can be asked and it can be allowed.
    fn supervisor(&self, error: CustodyError) -> Result<String, StepError> {
        if !self.custody.asks_supervisor || !error.is_allowable() {
            return Err(error.into());
        }
        match self.around.operator.ask(&supervisor(&error.to_string()))? {
            Answer::Text(name) if !name.is_empty() => Ok(name),
            _ => Err(error.into()),
        }
    }

    /// Where a procedure says that hands are needed. Nothing is supplied yet.
    fn ask_to_connect(&self, units: usize) -> Result<(), StepError> {
        let Surroundings { plan, operator, .. } = self.around;
        if plan.procedure.ask_to_connect {
            let what = if units == 1 { "Connect the unit".to_owned() } else { format!("Connect the {units} units") };
            operator.ask(&Prompt::confirm(what).with(Sketch::Connect))?;
        }
        Ok(())
    }

    fn steps(&mut self, positions: &mut [Position<'a>]) -> Result<(), StepError> {
        let plan = self.around.plan;
        let mut present = self.recognise(positions)?;
        for (number, step) in plan.steps().into_iter().enumerate() {
            self.around.control.checkpoint()?;
            if positions.iter().any(|position| position.needs(number)) {
                self.leave_to_hands(step, positions)?;
            }
            if self.is_off {
                present = None;
            }
            if positions.iter().all(|position| position.failure.is_some()) {
                return Ok(());
            }
            if !positions.iter().any(|position| position.needs(number)) {
                continue;
            }
            if let Some(point) = plan.load_point(step).filter(|point| present.as_ref() != Some(point)) {
                self.go_to(&point, step)?;
                present = Some(point);
            }
            let needing = positions.iter_mut().filter(|position| position.needs(number));
            self.each(needing.collect(), |position| position.perform(number, step));
        }
        Ok(())
    }

    /// Units whose earlier runs are to be taken up are looked at first, with voltage and without current: nobody's current flows through
    /// a unit that nobody has recognised. Returns the load point the bench is at then.
    fn recognise(&mut self, positions: &mut [Position<'a>]) -> Result<Option<LoadPoint>, StepError> {
        if !positions.iter().any(Position::waits_to_be_recognised) {
            return Ok(None);
        }
        let point = self.around.plan.meter.rating.load_point(1.0, 0.0, PowerFactor::UNITY);
        self.go_to(&point, Step::Connect)?;
        let waiting = positions.iter_mut().filter(|position| position.waits_to_be_recognised());
        self.each(waiting.collect(), Position::recognise);
        Ok(Some(point))
    }

    /// Nobody shall touch a jumper or a supply of a meter that is on the mains. Only a jumper has to be touched before flashing; until then
    /// a unit without one keeps its supply, for a debug probe gives it none.
    fn leave_to_hands(&mut self, step: Step, positions: &mut [Position<'a>]) -> Result<(), StepError> {
        match step {
            Step::Flash if positions.iter().any(Position::needs_jumper) => self.off_for_hands(),
            Step::Restart if positions.iter().any(Position::needs_power_cycle) => {
                self.off_for_hands()?;
                let waiting = positions.iter_mut().filter(|position| position.needs_power_cycle());
                waiting.for_each(Position::ask_for_power_cycle);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Off, and known to be: where a person has to do it, that person has said so.
    fn off_for_hands(&mut self) -> Result<(), StepError> {
        if self.switch_off()? == Off::ByHand {
            self.around.operator.ask(&Prompt::confirm(SWITCH_OFF).with(Sketch::LoadOff))?;
            self.around.control.tell(Event::SourceOff);
        }
        Ok(())
    }

    /// Voltage and current off; tried more than once, for this one matters.
    fn switch_off(&mut self) -> Result<Off, StepError> {
        let mut tries = 1;
        let off = loop {
            match self.source.switch_off() {
                Ok(off) => break off,
                // A source that was never told to supply anything has no say in how the run ends.
                Err(error) if tries >= SWITCH_OFF_TRIES && !self.was_on => {
                    tracing::warn!(%error, "the source cannot be switched off; it was not switched on");
                    break Off::Done;
                }
                Err(error) if tries >= SWITCH_OFF_TRIES => {
                    return Err(StepError::SourceOn { reason: error.to_string() });
                }
                Err(error) => tracing::error!(%error, "switching the source off failed"),
            }
            tries += 1;
        };
        self.is_off = true;
        // A person who was never asked to switch it on need not switch it off.
        match off {
            Off::ByHand if self.was_on => {
                tracing::info!("a person has to switch the source off");
                self.around.control.tell(Event::SwitchOffByHand);
            }
            _ => {
                tracing::info!("source off");
                self.around.control.tell(Event::SourceOff);
            }
        }
        Ok(if self.was_on { off } else { Off::Done })
    }

    /// Every position works on its own thread.
    fn each(&self, working: Vec<&mut Position<'a>>, work: impl Fn(&mut Position<'a>) + Copy + Send) {
        let members = muster(self.around.clock, working.len());
        std::thread::scope(|scope| {
            for (position, member) in working.into_iter().zip(members) {
                let name = format!("position {}", position.serial);
                let guarded = move || {
                    let _member = member;
                    let done = std::panic::catch_unwind(AssertUnwindSafe(|| work(position)));
                    if done.is_err() {
                        position.failure = Some(StepError::Panicked);
                    }
                };
                if let Err(error) = std::thread::Builder::new().name(name).spawn_scoped(scope, guarded) {
                    // Its step is not done, so its run ends as an ERROR.
                    tracing::error!(%error, "no thread for a position");
                }
            }
        });
    }

    /// Takes the source to a load point and waits until the reference shows it.
    fn go_to(&mut self, point: &LoadPoint, step: Step) -> Result<(), StepError> {
        let Surroundings { feed, clock, control, .. } = self.around;
        tracing::info!(u = %point.u, i = %point.i, pf = %point.pf, f = %point.f, "source to a load point");
        control.tell(Event::LoadPoint { point: *point });
        (self.was_on, self.is_off) = (true, false);
        self.source.apply(point)?;
        feed.announce(*point, &**clock, control)?;
        let give_up = clock.now() + self.source.patience();
        loop {
            let reading = feed.wait_for(clock.now(), &**clock, control)?;
            let missed =
                if Plan::voltage_alone(step) { point.voltage_missed_by(&reading) } else { point.missed_by(&reading) };
            match missed {
                None => {
                    control.tell(Event::LoadPointReached { point: *point });
                    return Ok(());
                }
                Some(shown) if clock.now() >= give_up => {
                    return Err(StepError::LoadPointMissed { point: *point, shown });
                }
                Some(_) => control.wait(&**clock, LOOK)?,
            }
        }
    }
}

/// What a supervisor is asked who can allow something.
#[must_use]
pub fn supervisor(what: &str) -> Prompt {
    let mut letters = what.chars();
    let what: String = letters.next().map(char::to_uppercase).into_iter().flatten().chain(letters).collect();
    Prompt::text(format!("{what}. A supervisor who allows the run types a name here, and every result is marked"))
}

/// Ends the reference's reader. It has to get to its next look, and virtual time moves only while this thread does not
/// attend; the attendance is taken up again when the reader is gone.
struct Dismissal<'a> {
    feed: &'a Feed,
    clock: &'a SharedClock,
}

impl Drop for Dismissal<'_> {
    fn drop(&mut self) {
        self.feed.stop();
        self.clock.leave();
    }
}

fn describe(identity: &Identity) -> String {
    format!("{} {} {} {}", identity.maker, identity.model, identity.serial, identity.version).trim().to_owned()
}

fn report(
    position: Position<'_>,
    cause: Option<&StepError>,
    plan: &Plan,
    instruments: &[String],
    simulated: bool,
) -> RunReport {
    let duration = position.elapsed();
    // What stopped the bench stopped every position that had not failed by itself.
    let failure = position.failure.as_ref().or(cause);
    let finished = position.steps.len() == plan.steps().len();
    let verdict = match failure {
        Some(failure) => failure.verdict(),
        None if !finished => Verdict::Error,
        // Whatever was measured: a unit whose image is not proven is not good.
        None if plan.procedure.flash.is_some() && !position.flashed.as_ref().is_some_and(FlashReport::is_proven) => {
            Verdict::Error
        }
        None => position.verdict(),
    };
    let (before, after) = position.register_sets().map(|(before, after)| (before.to_json(), after.to_json())).unzip();
    RunReport {
        record: position.record.clone(),
        verdict,
        simulated,
        serial: position.serial.clone(),
        profile: plan.meter.name.clone(),
        procedure: plan.procedure.name.clone(),
        instruments: instruments.to_vec(),
        traceability: Traceability::default(),
        registers: after.unwrap_or_default(),
        registers_before: before.unwrap_or_default(),
        flash: position.flashed.clone(),
        advice: failure.map(|failure| advice::in_mode(failure, plan.procedure.mode)),
        bus: position.bus(),
        duration_s: duration.as_secs_f64(),
        measurements: position.measurements_as_written(),
        steps: position.steps,
    }
}

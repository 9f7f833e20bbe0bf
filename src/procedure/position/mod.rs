//! One place on the bench: its meter, what is known of it, and the steps done there.
//!
//! Every position works on its own thread. The wires are the same for all, and so is the reference's feed; nothing else is
//! shared. A step is a file: it says what it does, what it measured, and stops with a [`StepError`] at anything implausible.

use std::sync::OnceLock;
use std::time::Duration;

use m90e26::Register;
use m90e26::field::command;
use meter_interface::block::Block;

use crate::calibration::registers::RegisterSet;
use crate::calibration::solve::energy::EnergyPoint;
use crate::clock::{Moment, SharedClock};
use crate::image::firmware::ProgramImage;
use crate::meter::{Line, Meter, Reach};
use crate::operator::Operator;
use crate::port::pulse::PulseInput;
use crate::procedure::control::Control;
use crate::procedure::custody::{Traceability, Trust};
use crate::procedure::error::StepError;
use crate::procedure::event::{Event, MeterReading};
use crate::procedure::feed::Feed;
use crate::procedure::flashing::{FlashReport, FlashSite};
use crate::procedure::plan::{Plan, Step};
use crate::procedure::report::{Measurement, StepReport, Verdict};
use crate::procedure::runner::Place;
use crate::procedure::unfinished::{Continued, TakenUp, Watched};
use crate::uid;

mod assess;
mod averages;
mod commit;
mod energy;
mod energy_gain;
mod flash;
mod gains;
mod identify;
mod kind;
mod offsets;
mod phase;
mod prepare;
mod pulses;
mod readings;
mod restart;
mod resume;
mod self_test;
mod settle;
mod state;
mod verify;

/// What a position shares with the others.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// What is to be done.
    pub plan: &'a Plan,
    /// The reference's readings.
    pub feed: &'a Feed,
    /// Time.
    pub clock: &'a SharedClock,
    /// Cancel and events.
    pub control: &'a Control,
    /// The person at the bench.
    pub operator: &'a dyn Operator,
    /// How well the reference measures, once it has been asked who it is.
    pub trust: &'a OnceLock<Trust>,
}

/// What the chip was last told to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// CalStart and AdjStart hold 5678: works whatever the checksums.
    Calibrating,
    /// CalStart and AdjStart hold 8765: works as long as the checksums are right.
    Normal,
}

impl Mode {
    const fn command(self) -> u16 {
        match self {
            Self::Calibrating => command::CAL_START,
            Self::Normal => command::CAL_CHECK,
        }
    }
}

/// What was learned of one line on the way.
#[derive(Clone, Copy, Debug)]
struct LineFindings {
    line: Line,
    /// Register amperes and real amperes at Ib, with the current gain in force then.
    current: Option<(f64, f64, u16)>,
    /// The metering path at PF 1.
    unity: Option<EnergyPoint>,
}

/// What a unit that runs its image has to tell of it.
#[derive(Clone)]
struct OwnImage {
    /// The calibration block as the meter shows it.
    block: Block,
    program: ProgramImage,
}

/// A unit on the bench and its run so far.
pub struct Position<'a> {
    /// Its place on the bench, from 0.
    pub number: usize,
    /// Serial number of the unit.
    pub serial: String,
    /// Names the record of its run.
    pub record: String,
    around: Surroundings<'a>,
    meter: &'a mut dyn Meter,
    /// The optical head before it.
    head: Option<&'a mut Box<dyn PulseInput>>,
    /// Its chip and the image for it.
    site: Option<&'a mut FlashSite>,
    /// Its image, once that is on the chip.
    unit: Option<OwnImage>,
    /// What was flashed.
    pub flashed: Option<FlashReport>,
    /// The unit runs its own program, which loads the chip; the bench only looks on.
    own_program: bool,
    /// What the chip holds now, as far as the bench has written it.
    registers: RegisterSet,
    /// What the chip held when it came, once that was read.
    before: Option<RegisterSet>,
    mode: Option<Mode>,
    findings: Vec<LineFindings>,
    /// Steps done.
    pub steps: Vec<StepReport>,
    /// Values measured.
    pub measurements: Vec<Measurement>,
    /// Why it stopped, if it did.
    pub failure: Option<StepError>,
    current_step: usize,
    /// For each measurement the test it belongs to, by its place in the procedure; the calibration's come before all of them.
    origins: Vec<Option<usize>>,
    /// The test that is being done.
    test: Option<usize>,
    /// Writes go out although the run was cancelled.
    clearing_up: bool,
    started: Moment,
    /// A run that was cut off, to be taken up.
    earlier: Option<Box<TakenUp>>,
    /// How long that had taken.
    elapsed_before: Duration,
    /// How long the test in hand was watched then.
    watched: Option<Watched>,
    /// How often the run was taken up.
    pub continued: Vec<Continued>,
    /// What was allowed before it was.
    pub exceptions: Traceability,
}

impl<'a> Position<'a> {
    /// A unit that nothing has been done to yet.
    #[must_use]
    pub fn new(number: usize, place: &'a mut Place, around: Surroundings<'a>) -> Self {
        let Place { serial, meter, head, flash } = place;
        let findings = around.plan.lines().iter().map(|&line| LineFindings { line, current: None, unity: None });
        // A unit that tells its record's name is told it before the run.
        let told = flash.as_ref().map(|site| site.imprint.record.clone()).filter(|record| !record.is_empty());
        Self {
            record: told.unwrap_or_else(|| uid::unique(serial)),
            number,
            serial: serial.clone(),
            meter: &mut **meter,
            head: head.as_mut(),
            site: flash.as_mut(),
            unit: None,
            flashed: None,
            own_program: false,
            registers: RegisterSet::power_on(),
            before: None,
            mode: None,
            findings: findings.collect(),
            steps: Vec::new(),
            measurements: Vec::new(),
            failure: None,
            current_step: 0,
            origins: Vec::new(),
            test: None,
            clearing_up: false,
            started: around.clock.now(),
            earlier: None,
            elapsed_before: Duration::ZERO,
            watched: None,
            continued: Vec::new(),
            exceptions: Traceability::default(),
            around,
        }
    }

    /// It has this step still to do.
    #[must_use]
    pub fn needs(&self, number: usize) -> bool {
        self.failure.is_none() && self.steps.len() <= number
    }

    /// Does one step and notes how it went. A position that has failed does nothing any more, nor what an earlier run has done.
    pub fn perform(&mut self, number: usize, step: Step) {
        if !self.needs(number) {
            return;
        }
        let control = self.around.control;
        self.current_step = number;
        self.test = match step {
            Step::Verify(test) | Step::Trip(test) | Step::Return(test) => Some(test),
            _ => None,
        };
        control.tell(Event::StepStarted { position: self.number, step: number });
        let started = self.around.clock.now();
        let measured_before = self.measurements.len();
        let result = self.dispatch(step);
        let (verdict, detail) = match result {
            Ok(detail) => (worst(self.measurements.get(measured_before..).unwrap_or_default()), detail),
            Err(error) => {
                let (verdict, detail) = (error.verdict(), error.to_string());
                self.failure = Some(error);
                (verdict, detail)
            }
        };
        tracing::info!(serial = self.serial, step = self.around.plan.title(step), %verdict, detail);
        self.steps.push(StepReport {
            title: self.around.plan.title(step),
            verdict,
            detail: detail.clone(),
            started_s: (self.elapsed_before + started.since(self.started)).as_secs_f64(),
            duration_s: self.around.clock.now().since(started).as_secs_f64(),
        });
        control.tell(Event::StepDone { position: self.number, step: number, verdict, detail });
        self.watched = None;
        self.keep(None);
    }

    fn dispatch(&mut self, step: Step) -> Result<String, StepError> {
        self.around.control.checkpoint()?;
        match step {
            Step::SelfTest => self.self_test(),
            Step::Identify => self.identify(),
            Step::Prepare => self.prepare(),
            Step::Gains => self.gains(),
            Step::EnergyGain => self.energy_gains(),
            Step::Phase => self.phases(),
            Step::Offsets => self.offsets(),
            Step::Commit => self.commit(),
            Step::Connect => self.find(),
            Step::Flash => self.flash(),
            Step::Restart => self.restart(),
            Step::Verify(number) => self.verify(number),
            Step::Trip(number) => self.trip(number),
            Step::Return(number) => self.close_again(number),
        }
    }

    /// The verdict so far: the worst of what happened.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match &self.failure {
            Some(failure) => failure.verdict(),
            None => worst(&self.measurements),
        }
    }

    /// What was measured, in the order in which the procedure writes its tests.
    #[must_use]
    pub fn measurements_as_written(&self) -> Vec<Measurement> {
        let mut all: Vec<_> = self.origins.iter().zip(&self.measurements).collect();
        all.sort_by_key(|(origin, _)| **origin);
        all.into_iter().map(|(_, measurement)| measurement.clone()).collect()
    }

    /// Whether the links to the meter give what the steps need, the meter type takes the loads of the tests, and everything that flashing
    /// needs is there; asked before anything is switched on.
    ///
    /// # Errors
    /// The first step that cannot be done, and why.
    pub fn check_beforehand(&self) -> Result<(), StepError> {
        let plan = self.around.plan;
        kind::check_loads(plan)?;
        let here = self.meter.reach();
        let later = self.reach_of_the_flashed_unit();
        kind::check_reach(plan, here, later)?;
        kind::check_head(plan, self.head.is_some())?;
        self.check_self_test(here, later)?;
        self.check_flashing(later)
    }

    /// What the way shows over which the tests are done. Where nothing is flashed, it stays what it is.
    fn reach_of_the_flashed_unit(&self) -> Reach {
        let site = self.site.as_ref().filter(|_| self.around.plan.procedure.flash.is_some());
        site.and_then(|site| site.link.as_ref()).map_or_else(|| self.meter.reach(), |way| way.reach)
    }

    /// The chip that was flashed says of itself that it is simulated.
    #[must_use]
    pub fn flashed_a_simulated_chip(&self) -> bool {
        self.flashed.as_ref().and_then(|flashed| flashed.chip.as_ref()).is_some_and(|chip| chip.simulated)
    }

    /// Registers before and after; nothing for a chip that was never read.
    #[must_use]
    pub fn register_sets(&self) -> Option<(&RegisterSet, &RegisterSet)> {
        self.before.as_ref().map(|before| (before, &self.registers))
    }

    /// What the bus to the meter has done.
    #[must_use]
    pub fn bus(&self) -> crate::meter::BusStatistics {
        self.meter.bus()
    }

    fn progress(&self, fraction: f64, detail: String) {
        self.progress_until(None, fraction, detail);
    }

    /// Of a step that knows how long it still takes.
    fn progress_until(&self, rest: Option<Duration>, fraction: f64, detail: String) {
        self.around.control.tell(Event::StepProgress {
            position: self.number,
            step: self.current_step,
            fraction: fraction.clamp(0.0, 1.0) as f32,
            rest,
            detail,
        });
    }

    fn show(&self, reading: MeterReading) {
        self.around.control.tell(Event::Meter { position: self.number, reading });
    }

    fn record(&mut self, measurement: Measurement) {
        self.around.control.tell(Event::Measured { position: self.number, measurement: measurement.clone() });
        self.measurements.push(measurement);
        self.origins.push(self.test);
    }

    fn now(&self) -> Moment {
        self.around.clock.now()
    }

    fn wait(&self, time: Duration) -> Result<(), StepError> {
        self.around.control.wait(&**self.around.clock, time)
    }

    /// Waits until the reference has a reading at or after `moment`.
    fn reference_at(&self, moment: Moment) -> Result<crate::reference::ReferenceReading, StepError> {
        self.around.feed.wait_for(moment, &**self.around.clock, self.around.control)
    }

    fn read(&mut self, register: Register) -> Result<u16, StepError> {
        self.around.control.checkpoint()?;
        Ok(self.meter.read(register)?.value)
    }
}

/// A value that could not be judged is worse than one out of limits, and both are worse than none.
fn worst(measurements: &[Measurement]) -> Verdict {
    let any = |verdict| measurements.iter().any(|done| done.verdict == verdict);
    if any(Verdict::Error) {
        Verdict::Error
    } else if any(Verdict::Fail) {
        Verdict::Fail
    } else {
        Verdict::Pass
    }
}

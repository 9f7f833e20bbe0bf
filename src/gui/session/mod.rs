//! The station's own thread: it owns meter, reference and source from opening to closing the window.
//!
//! Requests come in over a bounded channel, notices go out as events of a [`JobHandle`]. While nobody runs anything, it looks
//! at the instruments a few times a second. Whatever ends it, a running procedure is cancelled first, and cancelling
//! switches the source off.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

mod order;
mod registers;

pub use registers::{RegisterNotice, RegisterRequest, RegisterWord, Registers, Scope, Write, Written};

use super::operator::{Answer, WindowOperator};
use crate::advice::Advice;
use crate::clock::{Moment, RealClock, SharedClock, sleep};
use crate::job::{JobCtl, JobError, JobEvent, JobHandle, Wake};
use crate::meter::{MeterError, Quantity};
use crate::port::OpenError;
use crate::port::url::{DeviceUrl, UrlError};
use crate::procedure::{self, Bench, Control, Event, RunReport, StepError, Verdict};
use crate::reference::{Identity, ReferenceReading};
use crate::station::{self, Addresses, StationError};
use crate::units::Volts;

/// How often the instruments are looked at while nothing runs.
const LOOK: Duration = Duration::from_millis(250);
/// More virtual seconds a second than this are not kept up while nothing runs.
const FASTEST: f64 = 1000.0;
/// How long closing the window waits for the source to be off.
const PATIENCE: Duration = Duration::from_secs(5);
/// Requests that may wait; a person makes one at a time.
const REQUESTS: usize = 8;

/// Addresses as they were typed.
pub use crate::settings::StationAddresses as AddressTexts;

/// What to run on which unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Serial number of the unit.
    pub serial: String,
    /// Meter profile.
    pub profile: String,
    /// Procedure.
    pub procedure: String,
}

/// One device of the station.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Link {
    /// Nothing was tried.
    #[default]
    Off,
    /// It is being opened and asked who it is.
    Opening,
    /// It answered, with this name.
    Ready(String),
    /// It did not answer, for this reason.
    Trouble(String),
}

/// The devices of the station.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Links {
    /// Meter under test.
    pub meter: Link,
    /// Reference.
    pub reference: Link,
    /// Source.
    pub source: Link,
    /// A part of the station is simulated.
    pub simulated: bool,
    /// The addresses are open, so a run can start.
    pub open: bool,
}

/// Limits of the errors at the first verification point that has them, in percent.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Limits {
    /// Of the voltage.
    pub voltage: Option<f64>,
    /// Of the current.
    pub current: Option<f64>,
    /// Of the energy.
    pub energy: Option<f64>,
}

/// What the thread tells the window.
pub enum Notice {
    /// The devices are in this state now.
    Links(Links),
    /// What the instruments show while nothing runs.
    Look {
        /// The reference.
        reference: Option<ReferenceReading>,
        /// The meter's voltage, where it measures any.
        meter: Option<Volts>,
    },
    /// A run begins; this cancels it.
    Began {
        /// The run's strings.
        control: Arc<Control>,
        /// Limits to draw.
        limits: Limits,
    },
    /// Something happened in the run.
    Run(Event),
    /// The run is over and the source is off, or the report says why not.
    Ended(Vec<RunReport>),
    /// What was asked for cannot be done.
    Refused(Advice),
    /// The operator is asked.
    Question(String),
    /// The question does not stand any more.
    QuestionOver,
    /// The operator is told.
    Said(String),
    /// Registers were read or written by hand.
    Registers(RegisterNotice),
}

/// The window's end of the thread.
pub struct Session {
    job: JobHandle<Notice, ()>,
    requests: SyncSender<Request>,
    answers: SyncSender<Answer>,
}

enum Request {
    Connect(AddressTexts),
    Start(Order),
    Registers(RegisterRequest),
}

impl Session {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system has no thread left.
    pub fn spawn(wake: Arc<dyn Wake>) -> std::io::Result<Self> {
        let (requests, inbox) = sync_channel(REQUESTS);
        let (answers, answered) = sync_channel(REQUESTS);
        let job = JobHandle::spawn("station", wake, move |ctl| {
            let operator = WindowOperator::shared(ctl.clone(), answered);
            Worker { ctl, operator, open: None, links: Links::default(), shown: String::new() }.serve(&inbox)
        })?;
        Ok(Self { job, requests, answers })
    }

    /// Opens the station at these addresses; the one open before is closed.
    pub fn connect(&self, addresses: AddressTexts) -> bool {
        self.request(Request::Connect(addresses))
    }

    /// Starts a run.
    pub fn start(&self, order: Order) -> bool {
        self.request(Request::Start(order))
    }

    /// Reads registers, or writes one.
    pub fn registers(&self, request: RegisterRequest) -> bool {
        self.request(Request::Registers(request))
    }

    /// Answers the operator's question; `None` refuses to.
    pub fn answer(&self, answer: Answer) {
        self.answers.try_send(answer).ok();
    }

    /// The next notice, if there is one; the thread's death is the last.
    pub fn poll(&mut self) -> Option<Result<Notice, JobError>> {
        self.job.poll().map(|event| match event {
            JobEvent::Progress(notice) => Ok(notice),
            JobEvent::Finished(result) => Err(result.err().unwrap_or(JobError::Cancelled)),
        })
    }

    /// Stops everything and waits, not for long, until the source is off and the thread has ended.
    ///
    /// Returns whether it has.
    pub fn close(mut self, running: Option<&Control>) -> bool {
        self.job.cancel();
        if let Some(control) = running {
            control.cancel();
        }
        let clock = RealClock::shared();
        let give_up = clock.now() + PATIENCE;
        while !self.job.is_over() && clock.now() < give_up {
            // A run that began in between is cancelled too, and a worker that waits for room in the channel gets it.
            while let Some(Ok(notice)) = self.poll() {
                if let Notice::Began { control, .. } = notice {
                    control.cancel();
                }
            }
            sleep(&*clock, Duration::from_millis(10));
        }
        if !self.job.is_over() {
            tracing::error!("the station did not stop in time; make sure that the source is off");
        }
        self.job.is_over()
    }

    fn request(&self, request: Request) -> bool {
        match self.requests.try_send(request) {
            Ok(()) => true,
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => false,
        }
    }
}

struct Worker<'a> {
    ctl: &'a JobCtl<Notice, ()>,
    operator: Arc<WindowOperator>,
    open: Option<Open>,
    links: Links,
    /// What the last look showed, as it is printed: the window is not woken for the same digits.
    shown: String,
}

struct Open {
    bench: Bench,
    /// The reference answers without anybody being asked.
    reads_alone: bool,
    /// Seconds of the station's clock for each second of the world.
    pace: f64,
    world: SharedClock,
    /// What the station's clock and the world's showed at the end of the last look.
    seen: (Moment, Moment),
}

impl Open {
    /// A virtual clock stands still while nobody waits on it; the world's time that has passed is given to it at its pace.
    fn keep_time(&self) {
        let passed = self.world.now().since(self.seen.1);
        let moved = self.bench.clock.now().since(self.seen.0);
        if moved < passed / 2 {
            sleep(&*self.bench.clock, passed.mul_f64(self.pace.clamp(0.0, FASTEST)));
        }
    }
}

impl Worker<'_> {
    fn serve(&mut self, inbox: &Receiver<Request>) -> Result<(), JobError> {
        loop {
            self.ctl.checkpoint()?;
            match inbox.recv_timeout(LOOK) {
                Ok(Request::Connect(addresses)) => self.connect(&addresses),
                Ok(Request::Start(order)) => self.start(&order),
                Ok(Request::Registers(request)) => self.registers(request),
                Err(RecvTimeoutError::Timeout) => self.look(),
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
        }
    }

    fn show_links(&self) {
        self.ctl.notice(Notice::Links(self.links.clone()));
    }

    fn connect(&mut self, texts: &AddressTexts) {
        self.open = None;
        self.shown.clear();
        self.links =
            Links { meter: Link::Opening, reference: Link::Opening, source: Link::Opening, ..Links::default() };
        self.show_links();
        if let Err(error) = self.try_connect(texts) {
            self.open = None;
            self.links = Links::default();
            self.ctl.notice(Notice::Refused(of_station(&error)));
        }
        self.show_links();
    }

    fn try_connect(&mut self, texts: &AddressTexts) -> Result<(), StationError> {
        let url = |text: &str| text.trim().parse::<DeviceUrl>();
        let optional = |text: &str| if text.trim().is_empty() { Ok(None) } else { url(text).map(Some) };
        let meter = url(&texts.meter)?;
        let reference = optional(&texts.reference)?;
        let source = optional(&texts.source)?;
        let by_hand = reference.as_ref().is_some_and(|url| url.kind == "manual");
        let pace: f64 = meter.parsed("pace")?.unwrap_or(1.0);
        let addresses = Addresses { meters: vec![meter], reference, source };
        let operator: Arc<dyn crate::reference::Operator> = self.operator.clone();
        let station = station::open(&addresses, &operator)?;
        let positions = station.meters.into_iter().map(|meter| (String::new(), meter)).collect();
        let (reference, source, clock) = (station.reference, station.source, station.clock);
        let mut bench = Bench { positions, reference, source, clock, operator, simulated: station.simulated };
        self.links.open = true;
        self.links.simulated = bench.simulated;

        let connected = bench.positions.iter_mut().try_for_each(|(_, meter)| meter.connect());
        self.links.meter = self.link(connected.map(|()| "M90E26".to_owned()).map_err(StepError::Meter));
        self.links.reference =
            self.link(bench.reference.identify().map(|found| name(&found)).map_err(StepError::Instrument));
        self.links.source = self.link(bench.source.identify().map(|found| name(&found)).map_err(StepError::Instrument));
        let world = RealClock::shared();
        let seen = (bench.clock.now(), world.now());
        self.open = Some(Open { bench, reads_alone: !by_hand, pace, world, seen });
        Ok(())
    }

    /// The state of a device, with advice to the operator when it does not answer.
    fn link(&self, found: Result<String, StepError>) -> Link {
        match found {
            Ok(name) => Link::Ready(name),
            Err(error) => {
                self.ctl.notice(Notice::Refused(procedure::advice::of(&error)));
                Link::Trouble(error.to_string())
            }
        }
    }

    /// Looks at the instruments. One that fails is not asked again until somebody connects or starts.
    fn look(&mut self) {
        let Some(open) = &mut self.open else { return };
        open.keep_time();
        let Open { bench, reads_alone, world, seen, .. } = open;
        let before = self.links.clone();
        let mut reference = None;
        if *reads_alone && matches!(self.links.reference, Link::Ready(_)) {
            match bench.reference.read() {
                Ok(reading) => reference = Some(reading),
                Err(error) => self.links.reference = Link::Trouble(error.to_string()),
            }
        }
        let mut meter = None;
        if let (Link::Ready(_), Some((_, device))) = (&self.links.meter, bench.positions.first_mut()) {
            match device.quantity(Quantity::Urms) {
                // A chip that does not measure reads zero, which is no reading.
                Ok(volts) => meter = Some(Volts(volts)).filter(|volts| volts.0 > 0.0),
                Err(MeterError::Implausible { .. }) => {}
                Err(error) => self.links.meter = Link::Trouble(error.to_string()),
            }
        }
        *seen = (bench.clock.now(), world.now());
        let shown = format!(
            "{:?} {:?}",
            reference.map(|now| format!("{} {} {}", now.u, now.i, now.p)),
            meter.map(|u| u.to_string())
        );
        if shown != self.shown {
            self.shown = shown;
            self.ctl.progress(Notice::Look { reference, meter });
        }
        if before != self.links {
            self.show_links();
        }
    }

    fn start(&mut self, order: &Order) {
        let Some(Open { bench, .. }) = &mut self.open else {
            return self.ctl.notice(Notice::Refused(Advice {
                what: "no station is connected".to_owned(),
                why: "The addresses were not opened, or opening them failed".to_owned(),
                next: "Check the addresses and connect".to_owned(),
            }));
        };
        let plan = match order::plan(order) {
            Ok(plan) => plan,
            Err(advice) => return self.ctl.notice(Notice::Refused(advice)),
        };
        for (serial, _) in &mut bench.positions {
            serial.clone_from(&order.serial);
        }
        let ctl = self.ctl.clone();
        let control = Arc::new(Control::new(move |event| match event {
            Event::Reference { .. } | Event::Meter { .. } | Event::StepProgress { .. } => {
                ctl.progress(Notice::Run(event));
            }
            _ => ctl.notice(Notice::Run(event)),
        }));
        if self.ctl.is_cancelled() {
            control.cancel();
        }
        self.operator.work_under(&control);
        self.ctl.notice(Notice::Began { control: Arc::clone(&control), limits: order::limits(&plan) });
        let reports = procedure::run(bench, &plan, &control);
        self.operator.rest();
        self.shown.clear();
        let measured = |report: &RunReport| matches!(report.verdict, Verdict::Pass | Verdict::Fail);
        if reports.iter().all(measured) {
            for link in [&mut self.links.meter, &mut self.links.reference, &mut self.links.source] {
                if matches!(link, Link::Trouble(_)) {
                    *link = Link::Ready("answers again".to_owned());
                }
            }
            self.show_links();
        }
        self.ctl.notice(Notice::Ended(reports));
    }
}

fn name(identity: &Identity) -> String {
    let parts = [identity.maker.as_str(), identity.model.as_str(), identity.serial.as_str()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Advice for a station that does not open.
fn of_station(error: &StationError) -> Advice {
    let what = error.to_string();
    let (why, next) = match error {
        StationError::Open(OpenError::Port(_)) => (
            "It is not plugged in, another program uses it, or this user may not open it",
            "Plug it in, close the other program, or correct the address",
        ),
        StationError::Open(_) | StationError::Url(UrlError { .. }) => {
            ("An address is misspelt or incomplete", "Correct the address and connect again")
        }
        StationError::Profile(_) => {
            ("The instrument's profile is missing or has a fault", "Choose another profile or correct it")
        }
    };
    Advice { what, why: why.to_owned(), next: next.to_owned() }
}

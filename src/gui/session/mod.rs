//! The station's own thread: it owns meter, reference and source from opening to closing the window.
//!
//! Requests come in over a bounded channel, notices go out as events of a [`JobHandle`]. While nobody runs anything, it looks
//! at the instruments a few times a second. Whatever ends it, a running procedure is cancelled first, and cancelling
//! switches the source off.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

mod flashing;
mod heads;
mod order;
mod readiness;
mod reconnect;
mod records;
mod registers;
mod start;
mod watch;

pub use readiness::Vigil;
use reconnect::{Ports, lost_port};
pub use registers::{RegisterNotice, RegisterRequest, RegisterWord, Registers, Scope, Write, Written};
pub use watch::{Basis, ChipState, EnergyCount, LimitPoint, MeterRound, WatchNotice, WatchWish};

use super::device::Device;
use super::operator::WindowOperator;
use crate::advice::Advice;
use crate::clock::{Moment, RealClock, SharedClock, sleep};
use crate::job::{JobCtl, JobError, JobEvent, JobHandle, Wake};
use crate::meter::{MeterError, Quantity};
use crate::operator::{Answer, Operator, Prompt};
use crate::port::OpenError;
use crate::port::url::{DeviceUrl, UrlError};
use crate::procedure::{self, Bench, Control, Event, Place, RunReport, StepError};
use crate::record::{Keeper, Receipt};
use crate::reference::{Identity, ReferenceReading};
use crate::sim;
use crate::station::{self, Addresses, StationError, Ways};
use crate::units::Volts;

/// How often the instruments are looked at while nothing runs.
const LOOK: Duration = Duration::from_millis(250);
/// How often files and records are asked what they say of the station.
const VIGIL: Duration = Duration::from_secs(30);
/// More virtual seconds a second than this are not kept up while nothing runs.
const FASTEST: f64 = 1000.0;
/// How long closing the window waits for the source to be off.
const PATIENCE: Duration = Duration::from_secs(5);
/// Requests that may wait; a person makes one at a time.
const REQUESTS: usize = 8;

/// Addresses as they were typed.
pub use crate::settings::StationAddresses as AddressTexts;

/// What to run on which units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Serial numbers by position; empty where there is no unit.
    pub serials: Vec<String>,
    /// Meter profile.
    pub profile: String,
    /// Procedure.
    pub procedure: String,
    /// Addresses of the chips to flash by position, for a procedure that flashes.
    pub targets: Vec<String>,
    /// File with the firmware to flash.
    pub image: String,
    /// Provisioning list from which units that are flashed get their rows; empty is none.
    pub provisioning: String,
    /// The units are golden ones: the bench is judged.
    pub golden: bool,
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
    /// Meters under test, by position.
    pub meters: Vec<Link>,
    /// Reference.
    pub reference: Link,
    /// Source.
    pub source: Link,
    /// A part of the station is simulated.
    pub simulated: bool,
    /// The addresses are open, so a run can start.
    pub open: bool,
}

impl Links {
    /// All meters as one: ready when all of them are, and in trouble, with the positions named, when one of them is.
    #[must_use]
    pub fn meter(&self) -> Link {
        if let [only] = self.meters.as_slice() {
            return only.clone();
        }
        let count = self.meters.len();
        let silent = |(number, link): (usize, &Link)| match link {
            Link::Trouble(reason) => Some((number + 1, reason.clone())),
            Link::Off | Link::Opening | Link::Ready(_) => None,
        };
        let silent: Vec<(usize, String)> = self.meters.iter().enumerate().filter_map(silent).collect();
        match silent.as_slice() {
            _ if self.meters.contains(&Link::Opening) => Link::Opening,
            _ if self.meters.contains(&Link::Off) || count == 0 => Link::Off,
            [] => Link::Ready(t!("{count} meters", count)),
            [(number, reason)] => Link::Trouble(t!("Position {number}: {reason}", number, reason)),
            several => {
                let numbers: Vec<String> = several.iter().map(|(number, _)| number.to_string()).collect();
                Link::Trouble(t!("Positions {numbers} do not answer", numbers = numbers.join(", ")))
            }
        }
    }
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
        /// The position whose meter was looked at.
        position: usize,
        /// The meter's voltage, where it measures any.
        meter: Option<Volts>,
    },
    /// A run begins; this cancels it.
    Began {
        /// The run's strings.
        control: Arc<Control>,
        /// Limits to draw.
        limits: Limits,
        /// How long each step is expected to take, by the station's clock.
        expected: Vec<Duration>,
    },
    /// Something happened in the run.
    Run(Event),
    /// The unit was tested before; nothing was started.
    Tested {
        /// Its serial number.
        serial: String,
        /// When and how, and what to do.
        warning: String,
    },
    /// The result that comes next is in the store.
    Recorded(Receipt),
    /// The run is over and the source is off, or the report says why not.
    Ended(Vec<RunReport>),
    /// What was asked for cannot be done.
    Refused(Advice),
    /// The run that was about to begin does not.
    NotBegun,
    /// The station says this of itself.
    Vigil(Vigil),
    /// A device does not do what it should.
    Trouble(Device, Advice),
    /// The operator is asked.
    Question(Prompt),
    /// The question does not stand any more.
    QuestionOver,
    /// The operator is told.
    Said(String),
    /// Registers were read or written by hand.
    Registers(RegisterNotice),
    /// Meter and reference are being watched.
    Watch(WatchNotice),
}

/// The window's end of the thread.
pub struct Session {
    job: JobHandle<Notice, ()>,
    requests: SyncSender<Request>,
    answers: SyncSender<Answer>,
}

enum Request {
    Connect(AddressTexts),
    Reconnect(Device),
    Disconnect,
    Start(Order, Consent),
    Registers(usize, RegisterRequest),
    Watch(WatchWish),
}

/// Who starts a run, and what he agreed to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consent {
    /// The operator's name; may be empty.
    pub operator: String,
    /// Batch of the units; may be empty.
    pub batch: String,
    /// Units that are wanted although they were tested before.
    pub again: BTreeSet<String>,
}

impl Consent {
    /// Operator and batch, where they have a name.
    pub(super) fn named(&self) -> [Option<String>; 2] {
        [&self.operator, &self.batch].map(|name| Some(name.clone()).filter(|name| !name.is_empty()))
    }
}

impl Session {
    /// Starts the thread; what it runs is not recorded.
    ///
    /// # Errors
    /// The system has no thread left.
    pub fn spawn(wake: Arc<dyn Wake>) -> std::io::Result<Self> {
        Self::start_thread(wake, None)
    }

    /// Starts the thread; what it runs is recorded in this folder.
    ///
    /// # Errors
    /// The system has no thread left.
    pub fn recording(wake: Arc<dyn Wake>, folder: PathBuf) -> std::io::Result<Self> {
        Self::start_thread(wake, Some(Keeper::in_folder(folder)))
    }

    fn start_thread(wake: Arc<dyn Wake>, records: Option<Keeper>) -> std::io::Result<Self> {
        let (requests, inbox) = sync_channel(REQUESTS);
        let (answers, answered) = sync_channel(REQUESTS);
        let job = JobHandle::spawn("station", wake, move |ctl| {
            let operator = WindowOperator::shared(ctl.clone(), answered);
            let links = Links::default();
            let (addresses, shown) = (AddressTexts::default(), String::new());
            let vigil_clock = RealClock::shared();
            let (vigil, vigil_at) = (Vigil::default(), vigil_clock.now());
            let reference = None;
            let mut worker = Worker {
                ctl,
                operator,
                open: None,
                links,
                addresses,
                shown,
                next: 0,
                records,
                reference,
                vigil,
                vigil_at,
                vigil_clock,
            };
            worker.look_at_records();
            worker.serve(&inbox)
        })?;
        Ok(Self { job, requests, answers })
    }

    /// Opens the station at these addresses; the one open before is closed.
    pub fn connect(&self, addresses: AddressTexts) -> bool {
        self.request(Request::Connect(addresses))
    }

    /// Asks one device of the station again.
    pub fn reconnect(&self, device: Device) -> bool {
        self.request(Request::Reconnect(device))
    }

    /// Closes the station, so that its ports are free for others.
    #[must_use]
    pub fn disconnect(&self) -> bool {
        self.request(Request::Disconnect)
    }

    /// Starts a run.
    pub fn start(&self, order: Order, consent: Consent) -> bool {
        self.request(Request::Start(order, consent))
    }

    /// Reads registers of the meter at a position, or writes one.
    pub fn registers(&self, position: usize, request: RegisterRequest) -> bool {
        self.request(Request::Registers(position, request))
    }

    /// Reads everything for a while; asked again in time, it goes on.
    pub fn watch(&self, wish: WatchWish) -> bool {
        self.request(Request::Watch(wish))
    }

    /// Answers the operator's question.
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
            tracing::error!(target: "meterbench::station", "the station did not stop in time; make sure that the source is off");
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
    /// Those the station was opened at last, or should have been.
    addresses: AddressTexts,
    /// What the last look showed, as it is printed: the window is not woken for the same digits.
    shown: String,
    /// The position whose meter is looked at next: they take turns, so that a look is short.
    next: usize,
    /// Where runs are recorded.
    records: Option<Keeper>,
    /// What the reference said it is, when it was asked last.
    reference: Option<Identity>,
    /// What the window knows the station to say of itself, and when that was looked at.
    vigil: Vigil,
    vigil_at: Moment,
    vigil_clock: SharedClock,
}

struct Open {
    bench: Bench,
    /// Opens what a run comes to later.
    ways: Ways,
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
            let mut request = match inbox.recv_timeout(LOOK) {
                Ok(request) => Some(request),
                Err(RecvTimeoutError::Timeout) => {
                    self.look();
                    if self.vigil_clock.now().since(self.vigil_at) >= VIGIL {
                        self.keep_vigil();
                    }
                    None
                }
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            };
            while let Some(wanted) = request.take() {
                match wanted {
                    Request::Connect(addresses) => {
                        self.connect(&addresses);
                        self.keep_vigil();
                    }
                    Request::Reconnect(device) => {
                        self.reconnect(device);
                        self.keep_vigil();
                    }
                    Request::Disconnect => {
                        self.disconnect();
                        self.keep_vigil();
                    }
                    Request::Start(order, consent) => self.start(&order, &consent),
                    Request::Registers(position, wish) => self.registers(position, &wish),
                    Request::Watch(wish) => request = self.watch(&wish, inbox),
                }
            }
        }
    }

    fn show_links(&self) {
        self.ctl.notice(Notice::Links(self.links.clone()));
    }

    fn connect(&mut self, texts: &AddressTexts) {
        if self.open.take().is_some() {
            tracing::info!(target: "meterbench::station", "station closed");
        }
        tracing::info!(target: "meterbench::station", meter = texts.meter, reference = texts.reference, source = texts.source, "opening the station");
        self.addresses.clone_from(texts);
        self.reference = None;
        self.shown.clear();
        self.links = Links {
            meters: vec![Link::Opening; 1 + texts.more_meters.len()],
            reference: Link::Opening,
            source: Link::Opening,
            ..Links::default()
        };
        self.show_links();
        if let Err(error) = self.try_connect(texts) {
            self.open = None;
            self.links = Links::default();
            let (culprit, advice) = match reconnect::missing_reference(&error, texts) {
                Some(advice) => (Some(Device::Reference), advice),
                None => (reconnect::culprit(&error, texts), of_station(&error)),
            };
            tracing::error!(target: "meterbench::station", %error, "the station cannot be opened");
            match culprit {
                None => self.ctl.notice(Notice::Refused(advice)),
                Some(device) => {
                    let trouble = Link::Trouble(advice.what.clone());
                    match device {
                        Device::Reference => self.links.reference = trouble,
                        Device::Source => self.links.source = trouble,
                        Device::Meter | Device::Target => self.links.meters = vec![trouble],
                    }
                    self.ctl.notice(Notice::Trouble(device, advice));
                }
            }
        }
        self.show_links();
    }

    fn try_connect(&mut self, texts: &AddressTexts) -> Result<(), StationError> {
        let url = |text: &str| text.trim().parse::<DeviceUrl>();
        let optional = |text: &str| if text.trim().is_empty() { Ok(None) } else { url(text).map(Some) };
        let mut meters = sim::each_position(&url(&texts.meter)?)?;
        for text in texts.more_meters.iter().filter(|text| !text.trim().is_empty()) {
            meters.extend(sim::each_position(&url(text)?)?);
        }
        let reference = optional(&texts.reference)?;
        let source = optional(&texts.source)?;
        let by_hand = reference.as_ref().is_some_and(|url| url.kind == "manual");
        let pace = meters.iter().find_map(|url| url.parsed::<f64>("pace").transpose()).transpose()?.unwrap_or(1.0);
        let addresses = Addresses { meters, reference, source, later: Vec::new() };
        let operator: Arc<dyn Operator> = self.operator.clone();
        let mut station = station::open(&addresses, &operator)?;
        self.attach_heads(texts, &mut station.heads, &station.clock);
        let positions = station
            .meters
            .into_iter()
            .zip(station.heads)
            .map(|(meter, head)| Place { serial: String::new(), meter, head, flash: None })
            .collect();
        let (reference, source, clock) = (station.reference, station.source, station.clock);
        let mut bench = Bench { positions, reference, source, clock, operator, simulated: station.simulated };
        self.links.open = true;
        self.links.simulated = bench.simulated;

        let (reference, source) = (bench.reference.identify(), bench.source.identify());
        // Whatever its address: an instrument that says it is simulated marks all that is read from it.
        self.links.simulated |= [&reference, &source].into_iter().flatten().any(|found| found.simulated);
        self.reference = reference.as_ref().ok().cloned();
        let found = reference.map(|found| name(&found)).map_err(StepError::Instrument);
        self.links.reference = self.link(Device::Reference, found);
        let found = source.map(|found| name(&found)).map_err(StepError::Instrument);
        self.links.source = self.link(Device::Source, found);
        self.connect_meters(&mut bench);
        tracing::info!(target: "meterbench::station", simulated = self.links.simulated, "station open");
        let world = RealClock::shared();
        let seen = (bench.clock.now(), world.now());
        self.open = Some(Open { bench, ways: station.ways, reads_alone: !by_hand, pace, world, seen });
        Ok(())
    }

    /// Finds the meters at their positions; one that does not answer keeps nobody from working at the others.
    fn connect_meters(&mut self, bench: &mut Bench) -> Ports {
        let mut ports = Ports::There;
        self.links.meters = vec![Link::Opening; bench.positions.len()];
        for (number, Place { meter, .. }) in bench.positions.iter_mut().enumerate() {
            // Each of many takes its time; the window shows them as they come.
            self.show_links();
            match meter.connect() {
                Ok(()) => {
                    tracing::info!(target: "meterbench::station", position = number + 1, "the meter answers");
                    if let Some(link) = self.links.meters.get_mut(number) {
                        *link = Link::Ready("M90E26".to_owned());
                    }
                }
                Err(error) => {
                    let error = StepError::Meter(error);
                    if lost_port(&error) {
                        ports = Ports::Lost;
                    }
                    self.meter_failed(number, &error);
                }
            }
        }
        ports
    }

    /// The meter at a position does not do what it should; with several, the advice names the position.
    fn meter_failed(&mut self, position: usize, error: &StepError) {
        let mut advice = procedure::advice::of(error);
        tracing::error!(target: "meterbench::station", position = position + 1, %error, "the meter does not answer");
        if self.links.meters.len() > 1 {
            advice.what = t!("Position {position}: {what}", position = position + 1, what = advice.what);
            advice.next = t!("{next}, or leave the position out", next = advice.next);
        }
        self.ctl.notice(Notice::Trouble(Device::Meter, advice));
        if let Some(link) = self.links.meters.get_mut(position) {
            *link = Link::Trouble(error.to_string());
        }
    }

    /// The state of a device, with advice to the operator when it does not answer.
    fn link(&self, device: Device, found: Result<String, StepError>) -> Link {
        match found {
            Ok(name) => {
                tracing::info!(target: "meterbench::station", name, "{} answers", device.noun());
                Link::Ready(name)
            }
            Err(error) => {
                tracing::error!(target: "meterbench::station", %error, "{} does not answer", device.noun());
                self.ctl.notice(Notice::Trouble(device, procedure::advice::of(&error)));
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
        let mut failed = None;
        let position = self.next % bench.positions.len().max(1);
        self.next = position + 1;
        let mut reference = None;
        if *reads_alone && matches!(self.links.reference, Link::Ready(_)) {
            match bench.reference.read() {
                Ok(reading) => reference = Some(reading),
                Err(error) => failed = Some((Device::Reference, StepError::Instrument(error))),
            }
        }
        let mut meter = None;
        if let (Some(Link::Ready(_)), Some(Place { meter: device, .. })) =
            (self.links.meters.get(position), bench.positions.get_mut(position))
        {
            match device.quantity(Quantity::Urms) {
                // A chip that does not measure reads zero, which is no reading.
                Ok(volts) => meter = Some(Volts(volts)).filter(|volts| volts.0 > 0.0),
                Err(MeterError::Implausible { .. }) => {}
                Err(error) => failed = Some((Device::Meter, StepError::Meter(error))),
            }
        }
        *seen = (bench.clock.now(), world.now());
        let shown = format!(
            "{position} {:?} {:?}",
            reference.map(|now| format!("{} {} {}", now.u, now.i, now.p)),
            meter.map(|u| u.to_string())
        );
        if shown != self.shown {
            self.shown = shown;
            self.ctl.progress(Notice::Look { reference, position, meter });
        }
        if let Some((device, error)) = failed {
            match device {
                Device::Reference => self.links.reference = self.link(device, Err(error)),
                _ => self.meter_failed(position, &error),
            }
        }
        if before != self.links {
            self.show_links();
        }
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
            t!("It is not plugged in, another program uses it, or this user may not open it"),
            t!("Plug it in, close the other program, or correct the address"),
        ),
        StationError::Open(_) | StationError::Url(UrlError { .. }) => {
            (t!("An address is misspelt or incomplete"), t!("Correct the address and connect again"))
        }
        StationError::Profile(_) => {
            (t!("The instrument's profile is missing or has a fault"), t!("Choose another profile or correct it"))
        }
    };
    Advice { what, why: why.to_owned(), next: next.to_owned() }
}

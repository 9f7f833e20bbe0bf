//! The window's knowledge: what the station's thread has told, and the way to ask it for something.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::device::Device;
use super::firmware_view::{FirmwareView, refusal};
use super::plugs::Plugs;
use super::positions::{Position, Positions};
use super::provision_view::ProvisionView;
use super::run_view::{Live, RunView};
use super::session::{
    AddressTexts, Consent, Limits, Link, Links, Notice, Order, RegisterNotice, RegisterRequest, Registers, Session,
    Vigil,
};
use super::sound::Cue;
use super::supply::{Supply, switch_off};
use super::tested::Tested;
use super::texts::language::Language;
use super::texts::{self, words};
use super::watch_view::WatchView;
use crate::advice::Advice;
use crate::clock::{Moment, RealClock, SharedClock};
use crate::job::JobError;
use crate::operator::{Answer, Prompt, Sketch};
use crate::port::serial::PluggedPort;
use crate::procedure::{Control, Event, RunReport, Verdict};
use crate::profile::library::Entry;
use crate::record::Receipt;
use crate::settings::Settings;
use crate::station::check::Instruments;

mod golden;
mod plugged;

/// Notices taken in at one go, so that a flood of them does not hold up drawing.
const AT_ONE_GO: usize = 4000;

/// How a message is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Something to know.
    #[default]
    Plain,
    /// Something to do.
    Attention,
}

/// What became of a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scanned {
    /// It was not taken; the status line says why.
    Refused,
    /// It was taken, and the next position waits for its unit.
    Next,
    /// It was taken, and every position has its unit.
    Full,
}

/// The present, for what the window does by itself.
struct Present(SharedClock);

impl Default for Present {
    fn default() -> Self {
        Self(RealClock::shared())
    }
}

/// All that drawing reads.
#[derive(Default)]
pub struct Core {
    /// State of the devices.
    pub links: Links,
    /// Meter and reference as they are watched.
    pub watch: WatchView,
    /// The places on the bench, with their runs.
    pub positions: Positions,
    /// The image, the chip it is for, and what is done with both.
    pub firmware: FirmwareView,
    /// The provisioning lists, and the one that is about to be imported.
    pub provisioning: ProvisionView,
    /// The meter's registers, as they were read by hand.
    pub registers: Registers,
    /// Whether the units are supplied.
    pub supply: Supply,
    /// The question the operator is asked.
    pub question: Option<Prompt>,
    /// The last message, for the status line.
    pub message: (String, Tone),
    /// What could not be done.
    pub problem: Option<Advice>,
    /// A change tells the bench page to give the serial number its focus.
    pub turn: usize,
    /// A unit failed, and nobody has said that he saw it.
    pub unacknowledged: bool,
    /// Results are shown from which nobody has gone on yet.
    pub resulted: bool,
    /// A change tells the bench page to forget what was typed.
    pub round: usize,
    /// What there is to be heard; the application takes it.
    pub cues: Vec<Cue>,
    /// Units tested since the window was opened.
    pub tested: Tested,
    /// What the window remembers.
    pub settings: Settings,
    /// Where it is remembered.
    pub settings_file: Option<PathBuf>,
    /// Why it is not.
    pub settings_problem: Option<String>,
    /// Languages the window can speak, English first.
    pub languages: Vec<Language>,
    /// Serial ports plugged in, once somebody has looked.
    pub ports: Option<Vec<PluggedPort>>,
    /// The converters behind the devices.
    pub plugs: Plugs,
    /// What was last wrong with each device.
    pub troubles: BTreeMap<Device, Advice>,
    /// Warnings and errors in the log since somebody looked into it.
    pub unread: usize,
    /// Where files other than the settings lie.
    pub data_folder: Option<PathBuf>,
    /// Date and time of day, to the second.
    pub now: Option<jiff::Zoned>,
    /// Every profile there is.
    pub profiles: Vec<Entry>,
    /// The instruments among them.
    pub instruments: Instruments,
    /// The profiles are being read or written.
    pub profiles_busy: bool,
    /// What the station says of itself: golden units that are due, failures that come too often.
    pub vigil: Vigil,
    /// The next units are golden ones.
    pub golden: bool,
    /// Where the last result is in the store.
    pub record: Option<Receipt>,
    clock: Present,
    /// When the next unit is asked for by itself.
    goes_on_at: Option<Moment>,
    ordered: Option<Order>,
    /// How long the steps of this profile and procedure took last time.
    learned: Option<(String, String, Vec<Duration>)>,
    cancel_wanted: bool,
    control: Option<Arc<Control>>,
    session: Option<Session>,
}

impl Core {
    /// A core with a station's thread behind it.
    #[must_use]
    pub fn with(session: Session) -> Self {
        Self { session: Some(session), ..Self::default() }
    }

    /// A core whose station's thread could not be started.
    #[must_use]
    pub fn without_station(error: &std::io::Error) -> Self {
        let problem = Advice {
            what: error.to_string(),
            why: t!("The system has no thread left").to_owned(),
            next: t!("Close other programs, then start this one again").to_owned(),
        };
        Self { problem: Some(problem), ..Self::default() }
    }

    /// The run at the position that is shown.
    #[must_use]
    pub fn run(&self) -> &RunView {
        &self.positions.current().run
    }

    /// What meter and reference show at the position that is shown.
    #[must_use]
    pub fn live(&self) -> &Live {
        &self.positions.current().live
    }

    /// A run can be started.
    #[must_use]
    pub fn ready(&self) -> bool {
        self.links.open && !self.run().running && !self.unacknowledged
    }

    /// Takes in what the station's thread has told since the last time. Never waits.
    pub fn drain(&mut self) {
        for _ in 0..AT_ONE_GO {
            match self.session.as_mut().and_then(Session::poll) {
                None => return,
                Some(Ok(notice)) => self.apply(notice),
                Some(Err(error)) => self.lost(&error),
            }
        }
    }

    /// Takes in one notice.
    pub fn apply(&mut self, notice: Notice) {
        self.registers.apply(&notice);
        match notice {
            Notice::Links(links) => self.linked(links),
            Notice::Look { reference, position, meter } => {
                if !self.run().running {
                    for (number, Position { live, .. }) in self.positions.all_mut().iter_mut().enumerate() {
                        let u = if number == position { meter } else { live.u };
                        live.look(reference, u);
                    }
                }
            }
            Notice::Began { control, limits, expected } => {
                self.watch.run_began();
                self.record = None;
                self.begin(limits, &expected);
                self.say(t!("Running"), Tone::Plain);
                if std::mem::take(&mut self.cancel_wanted) {
                    control.cancel();
                    self.stopping();
                }
                self.control = Some(control);
            }
            Notice::Run(event) => self.happened(&event),
            Notice::Watch(notice) => self.watch.apply(notice),
            Notice::Tested { serial, warning } => self.tested_before(serial, warning),
            Notice::Recorded(receipt) => self.record = Some(receipt),
            Notice::Ended(reports) => {
                self.watch.run_ended();
                self.ended(reports);
            }
            Notice::Vigil(vigil) => self.vigil = vigil,
            Notice::NotBegun => self.not_begun(),
            Notice::Refused(advice) => {
                let running = self.control.is_some();
                for Position { run, .. } in self.positions.all_mut() {
                    run.running &= running;
                }
                self.cancel_wanted = false;
                self.say(texts::of(&advice.what), Tone::Attention);
                self.problem = Some(advice);
            }
            Notice::Trouble(device, advice) => {
                self.say(texts::of(&advice.what), Tone::Attention);
                self.problem = Some(advice.clone());
                self.troubles.insert(device, advice);
            }
            Notice::Question(prompt) => {
                self.cues.push(Cue::Prompt);
                self.question = Some(prompt);
            }
            Notice::QuestionOver => self.question = None,
            Notice::Registers(RegisterNotice::Read(words)) => {
                let text = t!("{count} registers read", count = words.len());
                self.say(&text, Tone::Plain);
            }
            Notice::Registers(RegisterNotice::Written(written)) => {
                let text = t!(
                    "{register} written, {old} → {new}",
                    register = written.register,
                    old = format_args!("{:04X}", written.old),
                    new = format_args!("{:04X}", written.new)
                );
                self.say(&text, Tone::Plain);
            }
            Notice::Registers(RegisterNotice::Done) => {}
            Notice::Said(message) => self.say(&message, Tone::Attention),
        }
    }

    /// Opens a station.
    pub fn connect(&mut self, addresses: AddressTexts) {
        if self.run().running {
            return;
        }
        if let Some(text) = refusal::of_station(self, &addresses) {
            return self.say(&text, Tone::Attention);
        }
        self.problem = None;
        self.watch.forget();
        for Position { live, .. } in self.positions.all_mut() {
            *live = Live::default();
        }
        if !self.session.as_ref().is_some_and(|session| session.connect(addresses)) {
            self.busy();
        }
    }

    /// Asks one device of the open station again.
    pub fn reconnect(&mut self, device: Device) {
        if self.run().running {
            return;
        }
        self.problem = None;
        if !self.session.as_ref().is_some_and(|session| session.reconnect(device)) {
            self.busy();
        }
    }

    /// Lets go of all devices of the station.
    pub fn disconnect(&mut self) {
        if !self.run().running && !self.session.as_ref().is_some_and(Session::disconnect) {
            self.busy();
        }
    }

    /// Shows another position.
    pub fn show(&mut self, number: usize) {
        // What is being read belongs to the position shown.
        if !self.registers.busy && self.positions.show(number) {
            self.registers = Registers::default();
            self.watch.move_to(number);
        }
    }

    /// Puts a unit to the position that is shown, and shows the next free one. A unit that was tested before is warned about
    /// once; asked again, it is taken.
    pub fn scan(&mut self, serial: &str) -> Scanned {
        if !self.ready() || serial.is_empty() {
            return Scanned::Refused;
        }
        if self.resulted {
            self.next_unit();
        }
        let shown = self.positions.shown();
        let others = self.positions.all().iter().enumerate().filter(|(number, _)| *number != shown);
        let twin = others.into_iter().find(|(_, other)| other.next == serial).map(|(number, _)| number);
        if let Some(twin) = twin {
            self.turn += 1;
            self.cues.push(Cue::Error);
            self.say(&t!("{serial} is at position {position} already", serial, position = twin + 1), Tone::Attention);
            return Scanned::Refused;
        }
        if !self.golden && self.warned(serial) {
            return Scanned::Refused;
        }
        serial.clone_into(&mut self.positions.current_mut().next);
        match self.positions.free() {
            Some(next) => {
                self.show(next);
                self.say(&t!("{serial} is at position {position}", serial, position = shown + 1), Tone::Plain);
                Scanned::Next
            }
            None => Scanned::Full,
        }
    }

    /// Puts no unit to this position, or units again.
    pub fn leave_out(&mut self, number: usize, left_out: bool) {
        let Some(position) = self.positions.all_mut().get_mut(number) else { return };
        position.left_out = left_out;
        position.next.clear();
        if left_out && let Some(free) = self.positions.free() {
            self.show(free);
        }
    }

    /// A name is required and none is there.
    #[must_use]
    pub fn operator_missing(&self) -> bool {
        self.settings.operator_required && self.settings.operator.trim().is_empty()
    }

    /// Starts a run. A unit that was tested before is warned about once; asked again, it is tested again.
    pub fn start(&mut self, order: Order) {
        if !self.ready() || order.serials.iter().all(String::is_empty) {
            return;
        }
        if self.firmware.is_busy() {
            return self.say(t!("The flash target is at work; start when it is done"), Tone::Attention);
        }
        let scanned = self.positions.next();
        let unscanned =
            order.serials.iter().enumerate().filter(|(number, serial)| scanned.get(*number) != Some(*serial));
        let unscanned: Vec<String> =
            unscanned.map(|(_, serial)| serial.clone()).filter(|serial| !serial.is_empty()).collect();
        if let Some(twin) = unscanned.iter().find(|serial| scanned.contains(serial)) {
            return self.say(&t!("{serial} is at another position already", serial = twin), Tone::Attention);
        }
        if !order.golden && unscanned.iter().any(|serial| self.warned(serial)) {
            return;
        }
        // Asked again with the store's warning before his eyes, the operator wants it.
        for serial in &order.serials {
            self.tested.agree(serial);
        }
        self.problem = None;
        self.cancel_wanted = false;
        self.resulted = false;
        self.goes_on_at = None;
        let trimmed = |text: &str| text.trim().to_owned();
        let Settings { operator, batch, .. } = &self.settings;
        let consent = Consent { operator: trimmed(operator), batch: trimmed(batch), again: self.tested.agreed() };
        if self.session.as_ref().is_some_and(|session| session.start(order.clone(), consent)) {
            self.ordered = Some(order);
            self.begin(self.run().limits, &[]);
            self.say(t!("Starting"), Tone::Plain);
        } else {
            self.busy();
        }
    }

    /// The next units are asked for; the results have been seen.
    pub fn next_unit(&mut self) {
        if self.run().running || self.unacknowledged {
            return;
        }
        self.goes_on_at = None;
        if std::mem::take(&mut self.resulted) {
            self.round += 1;
            self.turn += 1;
            self.golden = false;
            for position in self.positions.all_mut() {
                position.next.clear();
                // The unit is gone, and its error with it.
                position.live.energy = None;
            }
            self.show(self.positions.first());
        }
    }

    /// Goes on by itself when its time has come; returns how long that is away.
    pub fn go_on(&mut self) -> Option<Duration> {
        let at = self.goes_on_at?;
        let rest = at.since(self.clock.0.now());
        if rest.is_zero() {
            self.next_unit();
            return None;
        }
        Some(rest)
    }

    /// How long the results are still shown before the next unit is asked for.
    #[must_use]
    pub fn pause_left(&self) -> Option<Duration> {
        self.goes_on_at.map(|at| at.since(self.clock.0.now()))
    }

    /// Reads or writes registers; not while a run goes on.
    pub fn request_registers(&mut self, request: RegisterRequest) {
        if self.run().running || !self.links.open || self.registers.busy {
            return;
        }
        self.problem = None;
        let position = self.positions.shown();
        if self.session.as_ref().is_some_and(|session| session.registers(position, request)) {
            self.registers.busy = true;
        } else {
            self.busy();
        }
    }

    /// Has everything read for a while, while the page that shows it is drawn; not while a run goes on. `time` is the
    /// window's, in seconds.
    pub fn keep_watching(&mut self, time: f64, profile: &str, procedure: &str) {
        if self.run().running || !self.links.open {
            return;
        }
        if let (Some(session), Some(wish)) = (&self.session, self.watch.wish(time, profile, procedure)) {
            session.watch(wish);
        }
    }

    /// Stops the run at its next safe point; the source goes off.
    pub fn cancel(&mut self) {
        if !self.run().running {
            return;
        }
        self.stopping();
        match &self.control {
            Some(control) => control.cancel(),
            None => self.cancel_wanted = true,
        }
        self.say(t!("Stopping, the source goes off"), Tone::Attention);
    }

    /// The FAIL was seen; the next unit may follow.
    pub fn acknowledge(&mut self) {
        if std::mem::take(&mut self.unacknowledged) {
            self.turn += 1;
            self.next_unit();
            self.say(t!("Acknowledged, scan the next unit"), Tone::Plain);
        }
    }

    /// Answers the question that stands.
    pub fn answer(&mut self, answer: Answer) {
        self.question = None;
        if self.asks_to_switch_off() {
            self.supply = Supply::Off;
            self.say(t!("Source off"), Tone::Plain);
        } else if let Some(session) = &self.session {
            session.answer(answer);
        }
    }

    /// The question that stands is the window's own: the run is over, and a person has to switch the source off.
    #[must_use]
    pub fn asks_to_switch_off(&self) -> bool {
        self.supply == Supply::OffByHand && self.control.is_none()
    }

    /// Tells something in the status line.
    pub fn say(&mut self, text: &str, tone: Tone) {
        if tone == Tone::Attention && self.message.0 != text {
            tracing::warn!("{text}");
        }
        self.message = (text.to_owned(), tone);
    }

    /// Stops everything before the window closes; returns whether the station's thread has ended in time.
    pub fn close(&mut self) -> bool {
        let control = self.control.take();
        self.session.take().is_none_or(|session| session.close(control.as_deref()))
    }

    fn begin(&mut self, limits: Limits, expected: &[Duration]) {
        let (serials, learned) = match (&self.ordered, &self.learned) {
            (Some(order), Some((profile, procedure, took))) if *profile == order.profile => {
                (order.serials.as_slice(), Some(took).filter(|_| *procedure == order.procedure))
            }
            (Some(order), _) => (order.serials.as_slice(), None),
            (None, _) => (Default::default(), None),
        };
        let expected = learned.filter(|took| took.len() == expected.len()).map_or(expected, Vec::as_slice);
        for (number, Position { run, live, .. }) in self.positions.all_mut().iter_mut().enumerate() {
            let serial = serials.get(number).map_or("", String::as_str);
            *run = RunView::begun(number, serial, limits, expected);
            *live = Live::default();
        }
    }

    fn ended(&mut self, reports: Vec<RunReport>) {
        self.provisioning.outdate();
        self.control = None;
        self.question = None;
        if self.asks_to_switch_off() {
            // It stands until somebody has done it: the next unit is connected with these hands.
            self.question = Some(Prompt::confirm(switch_off()).with(Sketch::LoadOff));
        }
        self.turn += 1;
        self.resulted = !reports.is_empty();
        let worst = reports.iter().map(|report| report.verdict).max_by_key(|verdict| severity(*verdict));
        for report in reports.iter().filter(|report| report.traceability.golden.is_none()) {
            self.tested.note(&report.serial, report.verdict);
        }
        let passed = reports.iter().find(|report| report.verdict == Verdict::Pass);
        if let (Some(order), Some(report)) = (self.ordered.take(), passed) {
            self.learned = Some((order.profile, order.procedure, took(report)));
        }
        let single = match reports.as_slice() {
            [only] => {
                let record =
                    self.record.map_or(String::new(), |receipt| t!(", record {number}", number = receipt.number));
                Some(format!("{} {}{record}", only.serial, words::verdict(only.verdict)))
            }
            _ => None,
        };
        self.positions.end(reports);
        for position in self.positions.all_mut() {
            position.next.clear();
        }
        if self.positions.several() {
            self.round += 1;
        }
        let Some(worst) = worst else { return };
        if let Some(first) = self.positions.failed().first() {
            self.unacknowledged = true;
            self.show(*first);
        }
        let text = single.unwrap_or_else(|| self.positions.tally_words());
        self.say(&text, Tone::Plain);
        let pause = self.settings.pass_pause_secs;
        self.goes_on_at =
            (worst == Verdict::Pass && pause > 0).then(|| self.clock.0.now() + Duration::from_secs(u64::from(pause)));
        self.cues.extend(Cue::of(worst));
    }

    /// The store knows the unit; nothing was started.
    fn tested_before(&mut self, serial: String, warning: String) {
        for Position { run, .. } in self.positions.all_mut() {
            *run = RunView::default();
        }
        self.ordered = None;
        self.cancel_wanted = false;
        self.turn += 1;
        self.cues.push(Cue::Error);
        self.say(&warning, Tone::Attention);
        self.tested.warned(serial, warning);
    }

    fn warned(&mut self, serial: &str) -> bool {
        let Some(warning) = self.tested.warn(serial) else { return false };
        self.turn += 1;
        self.cues.push(Cue::Error);
        self.say(&warning, Tone::Attention);
        true
    }

    fn stopping(&mut self) {
        for Position { run, .. } in self.positions.all_mut() {
            run.cancelling = run.running;
        }
    }

    fn linked(&mut self, links: Links) {
        let meter = links.meter();
        let ready = |link: &Link| matches!(link, Link::Ready(_));
        if links.open && [&meter, &links.reference, &links.source].into_iter().all(ready) && !self.links.open {
            self.say(t!("Station connected"), Tone::Plain);
        }
        for link in [&meter, &links.reference, &links.source] {
            if let Link::Trouble(reason) = link {
                self.say(reason, Tone::Attention);
            }
        }
        if !links.open {
            self.watch.forget();
        }
        if !links.meters.get(self.positions.shown()).is_some_and(ready) {
            self.watch.meter_lost();
        }
        if !ready(&links.reference) {
            self.watch.reference_lost();
        }
        if !links.meters.is_empty() && !self.run().running {
            self.positions.resize(links.meters.len());
            self.watch.move_to(self.positions.shown());
        }
        self.links = links;
    }

    fn happened(&mut self, event: &Event) {
        match event {
            Event::LoadPoint { point } => {
                let text = t!(
                    "Source to {u}, {i}, PF {pf}, {f}",
                    u = format_args!("{:.1}", point.u),
                    i = format_args!("{:.3}", point.i),
                    pf = point.pf,
                    f = format_args!("{:.1}", point.f)
                );
                self.say(&text, Tone::Plain);
            }
            Event::SourceOff => self.say(t!("Source off"), Tone::Plain),
            Event::SwitchOffByHand => self.say(switch_off(), Tone::Attention),
            _ => {}
        }
        match event {
            Event::LoadPoint { .. } | Event::SourceOff | Event::SwitchOffByHand => self.watch.interrupt(),
            Event::Reference { reading } => self.watch.reference_shows(reading),
            Event::Meter { position, reading } => self.watch.run_reads(*position, *reading),
            _ => {}
        }
        self.supply.apply(event);
        self.positions.apply(event);
    }

    fn lost(&mut self, error: &JobError) {
        self.control = None;
        self.question = None;
        for Position { run, .. } in self.positions.all_mut() {
            run.running = false;
        }
        self.registers = Registers::default();
        self.links = Links::default();
        let advice = Advice {
            what: error.to_string(),
            why: t!("The program has a fault").to_owned(),
            next: t!("Make sure that the source is off, then start the program again").to_owned(),
        };
        self.say(texts::of(&advice.what), Tone::Attention);
        self.problem = Some(advice);
    }

    fn busy(&mut self) {
        self.say(t!("The station is busy"), Tone::Attention);
    }
}

/// What ends a run of several units loudest: something to acknowledge, something to look after, nothing.
const fn severity(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Pass => 0,
        Verdict::NotRun => 1,
        Verdict::Aborted => 2,
        Verdict::Error => 3,
        Verdict::Fail => 4,
    }
}

/// How long each step took, with the way to the next load point.
fn took(report: &RunReport) -> Vec<Duration> {
    let ends = report.steps.iter().skip(1).map(|step| step.started_s);
    let end = report.steps.last().map(|step| step.started_s + step.duration_s);
    let secs = report.steps.iter().zip(ends.chain(end)).map(|(step, end)| end - step.started_s);
    secs.map(|secs| Duration::try_from_secs_f64(secs).unwrap_or_default()).collect()
}

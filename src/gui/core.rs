//! The window's knowledge: what the station's thread has told, and the way to ask it for something.

use std::path::PathBuf;
use std::sync::Arc;

use super::run_view::{Live, RunView};
use super::session::{AddressTexts, Link, Links, Notice, Order, RegisterNotice, RegisterRequest, Registers, Session};
use super::tested::Tested;
use crate::advice::Advice;
use crate::job::JobError;
use crate::port::serial::PluggedPort;
use crate::procedure::{Control, Event, Verdict};
use crate::settings::Settings;

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

/// All that drawing reads.
#[derive(Default)]
pub struct Core {
    /// State of the devices.
    pub links: Links,
    /// The run that goes on, or the last one.
    pub run: RunView,
    /// What meter and reference show.
    pub live: Live,
    /// The meter's registers, as they were read by hand.
    pub registers: Registers,
    /// The question the operator is asked.
    pub question: Option<String>,
    /// The last message, for the status line.
    pub message: (String, Tone),
    /// What could not be done.
    pub problem: Option<Advice>,
    /// A change tells the bench page to give the serial number its focus.
    pub turn: usize,
    /// A unit failed, and nobody has said that he saw it.
    pub unacknowledged: bool,
    /// Units tested since the window was opened.
    pub tested: Tested,
    /// What the window remembers.
    pub settings: Settings,
    /// Where it is remembered.
    pub settings_file: Option<PathBuf>,
    /// Why it is not.
    pub settings_problem: Option<String>,
    /// Serial ports plugged in, once somebody has looked.
    pub ports: Option<Vec<PluggedPort>>,
    ordered: String,
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
            why: "The system has no thread left".to_owned(),
            next: "Close other programs, then start this one again".to_owned(),
        };
        Self { problem: Some(problem), ..Self::default() }
    }

    /// A run can be started.
    #[must_use]
    pub const fn ready(&self) -> bool {
        self.links.open && !self.run.running && !self.unacknowledged
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
            Notice::Look { reference, meter } => {
                if !self.run.running {
                    (self.live.reference, self.live.u) = (reference, meter);
                    (self.live.i, self.live.errors) = (None, None);
                }
            }
            Notice::Began { control, limits } => {
                let serial = std::mem::take(&mut self.ordered);
                self.run = RunView::begun(&serial, limits);
                self.live = Live::default();
                self.say("Running", Tone::Plain);
                if std::mem::take(&mut self.cancel_wanted) {
                    control.cancel();
                    self.run.cancelling = true;
                }
                self.control = Some(control);
            }
            Notice::Run(event) => self.happened(event),
            Notice::Ended(reports) => {
                self.control = None;
                self.question = None;
                self.turn += 1;
                match reports.into_iter().next() {
                    Some(report) => {
                        self.tested.note(&report.serial, report.verdict);
                        self.unacknowledged = report.verdict == Verdict::Fail;
                        self.say(&format!("{} {}", report.serial, report.verdict), Tone::Plain);
                        self.run.end(report);
                    }
                    None => self.run.running = false,
                }
            }
            Notice::Refused(advice) => {
                self.run.running = self.control.is_some();
                self.cancel_wanted = false;
                self.say(&advice.what, Tone::Attention);
                self.problem = Some(advice);
            }
            Notice::Question(question) => self.question = Some(question),
            Notice::QuestionOver => self.question = None,
            Notice::Registers(RegisterNotice::Read(words)) => {
                let text = format!("{} registers read", words.len());
                self.say(&text, Tone::Plain);
            }
            Notice::Registers(RegisterNotice::Written(written)) => {
                let text = format!("{} written, {:04X} → {:04X}", written.register, written.old, written.new);
                self.say(&text, Tone::Plain);
            }
            Notice::Registers(RegisterNotice::Done) => {}
            Notice::Said(message) => self.say(&message, Tone::Attention),
        }
    }

    /// Opens a station.
    pub fn connect(&mut self, addresses: AddressTexts) {
        if self.run.running {
            return;
        }
        self.problem = None;
        self.live = Live::default();
        if !self.session.as_ref().is_some_and(|session| session.connect(addresses)) {
            self.busy();
        }
    }

    /// Starts a run. A unit that was tested before is warned about once; asked again, it is tested again.
    pub fn start(&mut self, order: Order) {
        if !self.ready() {
            return;
        }
        if let Some(warning) = self.tested.warn(&order.serial) {
            self.turn += 1;
            return self.say(&warning, Tone::Attention);
        }
        self.problem = None;
        self.cancel_wanted = false;
        self.ordered.clone_from(&order.serial);
        if self.session.as_ref().is_some_and(|session| session.start(order)) {
            self.run = RunView::begun(&self.ordered, self.run.limits);
            self.say("Starting", Tone::Plain);
        } else {
            self.busy();
        }
    }

    /// Reads or writes registers; not while a run goes on.
    pub fn request_registers(&mut self, request: RegisterRequest) {
        if self.run.running || !self.links.open || self.registers.busy {
            return;
        }
        self.problem = None;
        if self.session.as_ref().is_some_and(|session| session.registers(request)) {
            self.registers.busy = true;
        } else {
            self.busy();
        }
    }

    /// Stops the run at its next safe point; the source goes off.
    pub fn cancel(&mut self) {
        if !self.run.running {
            return;
        }
        self.run.cancelling = true;
        match &self.control {
            Some(control) => control.cancel(),
            None => self.cancel_wanted = true,
        }
        self.say("Stopping, the source goes off", Tone::Attention);
    }

    /// The FAIL was seen; the next unit may follow.
    pub fn acknowledge(&mut self) {
        if std::mem::take(&mut self.unacknowledged) {
            self.turn += 1;
            self.say("Acknowledged, scan the next unit", Tone::Plain);
        }
    }

    /// Answers the question that stands.
    pub fn answer(&mut self, answer: String) {
        self.question = None;
        if let Some(session) = &self.session {
            session.answer(Some(answer));
        }
    }

    /// Tells something in the status line.
    pub fn say(&mut self, text: &str, tone: Tone) {
        self.message = (text.to_owned(), tone);
    }

    /// Stops everything before the window closes; returns whether the station's thread has ended in time.
    pub fn close(&mut self) -> bool {
        let control = self.control.take();
        self.session.take().is_none_or(|session| session.close(control.as_deref()))
    }

    fn linked(&mut self, links: Links) {
        let ready = |link: &Link| matches!(link, Link::Ready(_));
        if links.open && [&links.meter, &links.reference, &links.source].into_iter().all(ready) && !self.links.open {
            self.say("Station connected", Tone::Plain);
        }
        for link in [&links.meter, &links.reference, &links.source] {
            if let Link::Trouble(reason) = link {
                self.say(reason, Tone::Attention);
            }
        }
        self.links = links;
    }

    fn happened(&mut self, event: Event) {
        match &event {
            Event::LoadPoint { point } => {
                let text = format!("Source to {:.1}, {:.3}, PF {}, {:.1}", point.u, point.i, point.pf, point.f);
                self.say(&text, Tone::Plain);
            }
            Event::SourceOff => self.say("Source off", Tone::Plain),
            _ => {}
        }
        self.run.apply(event, &mut self.live);
    }

    fn lost(&mut self, error: &JobError) {
        self.control = None;
        self.question = None;
        self.run.running = false;
        self.registers = Registers::default();
        self.links = Links::default();
        let advice = Advice {
            what: error.to_string(),
            why: "The program has a fault".to_owned(),
            next: "Make sure that the source is off, then start the program again".to_owned(),
        };
        self.say(&advice.what, Tone::Attention);
        self.problem = Some(advice);
    }

    fn busy(&mut self) {
        self.say("The station is busy", Tone::Attention);
    }
}

//! An instrument that a profile describes: reference, source, or both over one connection.
//!
//! [`codec`] knows text and quantities, the session knows questions and answers in step; the types here know what a bench
//! wants. What the commands are stands in `profiles/references/*.toml`.

use std::sync::{Arc, Mutex, TryLockError};
use std::time::Duration;

use crate::clock::{Moment, SharedClock, sleep};
use crate::port::Port;
use crate::profile::InstrumentProfile;
use crate::profile::instrument::{Read, Ready, SourceCommands};
use crate::profile::template::{Template, TemplateValues};

use super::{BenchServices, Identity, InstrumentError, LoadPoint, Off, Reference, ReferenceReading, Source};

pub mod codec;
mod session;

use session::Session;

/// How long to wait before the line is tried again while somebody else uses it.
const LINE_BUSY: Duration = Duration::from_millis(1);

/// Errors read at most from a queue; SCPI queues are shorter.
const MOST_ERRORS: usize = 32;

/// The connection to one instrument, from which its reference and its source are made.
#[derive(Clone)]
pub struct ScpiLink {
    session: Arc<Mutex<Session>>,
    clock: SharedClock,
    profile: Arc<InstrumentProfile>,
}

impl ScpiLink {
    /// Takes an open port whose speed and frame are set; see [`InstrumentProfile::line_settings`]. Says nothing on it yet.
    #[must_use]
    pub fn new(port: Box<dyn Port>, profile: InstrumentProfile, services: &BenchServices) -> Self {
        let clock = Arc::clone(&services.clock);
        let session = Session::new(port, Arc::clone(&clock), &profile.name, &profile.link, &profile.identify);
        Self { session: Arc::new(Mutex::new(session)), clock, profile: Arc::new(profile) }
    }

    /// The instrument as reference; `None` when its profile has no `[read]`.
    #[must_use]
    pub fn reference(&self) -> Option<ScpiReference> {
        let read = self.profile.read.clone()?;
        Some(ScpiReference { link: self.clone(), read, next: Moment::START })
    }

    /// The instrument as source; `None` when its profile has no `[source]`.
    #[must_use]
    pub fn source(&self) -> Option<ScpiSource> {
        let commands = self.profile.source.clone()?;
        Some(ScpiSource { link: self.clone(), commands })
    }

    /// Does something with the line to oneself. Waits by the clock: whoever holds the line waits by it too, and a virtual
    /// clock would stand still for both if this one blocked.
    fn with<T>(&self, work: impl FnOnce(&mut Session) -> T) -> T {
        loop {
            match self.session.try_lock() {
                Ok(mut session) => return work(&mut session),
                Err(TryLockError::Poisoned(poisoned)) => return work(&mut poisoned.into_inner()),
                Err(TryLockError::WouldBlock) => sleep(&*self.clock, LINE_BUSY),
            }
        }
    }

    fn identify(&self) -> Result<Identity, InstrumentError> {
        self.with(|session| {
            let answer = session.greet()?;
            let acknowledge = self.profile.source.as_ref().and_then(|source| source.acknowledge.as_deref());
            for command in plain(&self.profile.setup) {
                tell(session, &command, acknowledge)?;
            }
            Ok(codec::identity(&self.profile.identify, &answer))
        })
    }
}

/// Commands without values in them, as the profile's check has made sure.
fn plain(commands: &[Template]) -> impl Iterator<Item = String> {
    commands.iter().map(|command| command.render(&TemplateValues::default()))
}

/// Sends a command, and takes its acknowledgement where the instrument gives one.
fn tell(session: &mut Session, command: &str, acknowledge: Option<&str>) -> Result<(), InstrumentError> {
    let Some(expected) = acknowledge else { return session.send(command) };
    let answer = session.query(command)?;
    if answer.trim().eq_ignore_ascii_case(expected) {
        return Ok(());
    }
    session.distrust();
    Err(session.bad_answer(command, &answer, &format!("{expected:?} would be its agreement")))
}

/// The instrument as reference.
pub struct ScpiReference {
    link: ScpiLink,
    read: Read,
    /// Before this there is no new reading.
    next: Moment,
}

impl ScpiReference {
    fn wait_until_ready(&self, ready: &Ready) -> Result<(), InstrumentError> {
        let question = ready.query.render(&TemplateValues::default());
        let deadline = self.link.clock.now() + ready.timeout;
        loop {
            let set = self.link.with(|session| {
                let answer = session.query(&question)?;
                match answer.trim().trim_start_matches('+').parse::<u32>() {
                    Ok(bits) => Ok(bits & ready.mask != 0),
                    Err(_) => {
                        session.distrust();
                        Err(session.bad_answer(&question, &answer, "a whole number is expected"))
                    }
                }
            })?;
            if set {
                return Ok(());
            }
            if self.link.clock.now() >= deadline {
                let problem = format!("no new reading within {} ms", ready.timeout.as_millis());
                return Err(self.link.with(|session| session.bad_answer(&question, "", &problem)));
            }
            sleep(&*self.link.clock, ready.poll);
        }
    }
}

impl Reference for ScpiReference {
    fn identify(&mut self) -> Result<Identity, InstrumentError> {
        self.link.identify()
    }

    fn accuracy(&self) -> Option<&crate::profile::instrument::Accuracy> {
        Some(&self.link.profile.accuracy)
    }

    fn read(&mut self) -> Result<ReferenceReading, InstrumentError> {
        let clock = &self.link.clock;
        clock.sleep_until(self.next);
        self.next = clock.now() + self.read.interval;
        if let Some(ready) = &self.read.ready {
            self.wait_until_ready(ready)?;
        }
        self.link.with(|session| {
            let mut values = codec::Values::default();
            let mut last = (String::new(), String::new());
            for query in &self.read.query {
                let question = query.send.render(&TemplateValues::default());
                let answer = session.query(&question)?;
                if let Err(problem) = values.take(query, &answer) {
                    session.distrust();
                    return Err(session.bad_answer(&question, &answer, &problem));
                }
                last = (question, answer);
            }
            let reading = values.reading(self.read.power, clock.now());
            reading.map_err(|problem| session.bad_answer(&last.0, &last.1, &problem))
        })
    }

    /// Nothing to do: it shows what is there.
    fn load_point_changed(&mut self, _point: &LoadPoint) -> Result<(), InstrumentError> {
        Ok(())
    }
}

/// The instrument as source.
pub struct ScpiSource {
    link: ScpiLink,
    commands: SourceCommands,
}

impl ScpiSource {
    fn tell_all(&self, session: &mut Session, commands: &[String]) -> Result<(), InstrumentError> {
        for command in commands {
            tell(session, command, self.commands.acknowledge.as_deref())?;
        }
        self.check_errors(session)
    }

    /// Reads the instrument's errors until there are none, and reports the first.
    fn check_errors(&self, session: &mut Session) -> Result<(), InstrumentError> {
        let Some(query) = &self.commands.error_query else { return Ok(()) };
        let question = query.render(&TemplateValues::default());
        let mut first = None;
        for _ in 0..MOST_ERRORS {
            let answer = session.query(&question)?;
            if self.commands.no_error.iter().any(|start| answer.starts_with(start.as_str())) {
                break;
            }
            first.get_or_insert(answer);
        }
        first.map_or(Ok(()), |answer| Err(session.bad_answer(&question, &answer, "it did not take what it was told")))
    }
}

impl Source for ScpiSource {
    fn identify(&mut self) -> Result<Identity, InstrumentError> {
        let identity = self.link.identify()?;
        // Errors from before are nobody's concern now, as long as there is an end of them.
        self.link.with(|session| self.check_errors(session)).or_else(|_| self.link.with(|s| self.check_errors(s)))?;
        Ok(identity)
    }

    fn apply(&mut self, point: &LoadPoint) -> Result<(), InstrumentError> {
        let set = codec::set_commands(&self.commands, point)
            .map_err(|what| InstrumentError::OutOfRange { instrument: self.link.profile.name.clone(), what })?;
        let on: Vec<_> = plain(&self.commands.on).collect();
        self.link.with(|session| {
            self.tell_all(session, &set)?;
            self.tell_all(session, &on)
        })?;
        sleep(&*self.link.clock, self.commands.settle);
        Ok(())
    }

    /// Sends all of it first, in step or not and whatever fails on the way, and only then finds out whether it was heard.
    fn switch_off(&mut self) -> Result<Off, InstrumentError> {
        let off: Vec<_> = plain(&self.commands.off).collect();
        self.link.with(|session| {
            let sent: Vec<_> = off.iter().map(|command| session.send(command)).collect();
            sent.into_iter().collect::<Result<(), _>>()?;
            if self.commands.acknowledge.is_none() {
                return self.check_errors(session);
            }
            // The acknowledgements on their way are nobody's; asked again in step, they count.
            session.distrust();
            self.tell_all(session, &off)
        })?;
        Ok(Off::Done)
    }

    fn patience(&self) -> Duration {
        self.commands.patience
    }
}

#[cfg(test)]
mod tests;

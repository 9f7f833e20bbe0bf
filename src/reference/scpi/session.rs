//! Questions and answers over one port, in step: no answer is ever taken for that of another question.
//!
//! After a time-out the missing answer may still come. So before the next question the instrument is asked who it is, and
//! everything up to that answer is dropped: an instrument answers in order, and nothing but an identification looks like one.

use std::time::Duration;

use super::codec;
use crate::clock::{Moment, SharedClock, sleep};
use crate::port::{Port, PortError};
use crate::profile::instrument::{Identify, Link};
use crate::profile::template::TemplateValues;
use crate::reference::InstrumentError;

/// Longest answer that is read; no instrument here comes near it.
const LONGEST_ANSWER: usize = 4096;

/// So much of an answer is shown in an error.
const SHOWN: usize = 80;

/// Silence that counts as the end of what was still on its way when a conversation begins.
const QUIET: Duration = Duration::from_millis(50);

/// So many times silence is waited for before asking anyway.
const PATIENCE_ROUNDS: usize = 20;

/// Old bytes are dropped up to this count; more is an instrument that talks by itself.
const MOST_STALE: usize = 1 << 16;

pub(super) struct Session {
    port: Box<dyn Port>,
    clock: SharedClock,
    name: String,
    link: Link,
    identify: Identify,
    received: Vec<u8>,
    last_sent: Option<Moment>,
    /// It has identified itself once.
    known: bool,
    /// No answer is outstanding, as far as is known.
    in_step: bool,
    /// Identifications asked for and not received: each may still come.
    identifications_due: u32,
}

/// What came before a deadline.
enum Received {
    Line(Vec<u8>),
    /// Something, but no end of it.
    Piece(Vec<u8>),
    Nothing,
}

impl Session {
    pub(super) fn new(port: Box<dyn Port>, clock: SharedClock, name: &str, link: &Link, identify: &Identify) -> Self {
        Self {
            port,
            clock,
            name: name.to_owned(),
            link: link.clone(),
            identify: identify.clone(),
            received: Vec::new(),
            last_sent: None,
            known: false,
            in_step: false,
            identifications_due: 0,
        }
    }

    /// Sends a command that has no answer.
    pub(super) fn send(&mut self, command: &str) -> Result<(), InstrumentError> {
        if let Some(last) = self.last_sent {
            self.clock.sleep_until(last + self.link.command_gap);
        }
        tracing::trace!(target: "wire", instrument = self.name, command, "sent");
        let line = format!("{command}{}", self.link.terminator);
        let sent = self.port.write(line.as_bytes()).map_err(|source| self.port_error(source));
        self.last_sent = Some(self.clock.now());
        sent
    }

    /// Asks, and returns the answer without its end.
    pub(super) fn query(&mut self, command: &str) -> Result<String, InstrumentError> {
        let stale = self.drop_stale(self.clock.now())?;
        if !self.in_step || stale > 0 {
            self.hail()?;
        }
        let answer = self.exchange(command);
        if answer.is_err() {
            self.in_step = false;
        }
        answer
    }

    /// The last answer made no sense: whatever follows may belong to something else.
    pub(super) fn distrust(&mut self) {
        self.in_step = false;
    }

    /// Begins a conversation: lets old answers run out, and asks who is there.
    pub(super) fn greet(&mut self) -> Result<String, InstrumentError> {
        self.in_step = false;
        self.known = false;
        for _ in 0..PATIENCE_ROUNDS {
            if self.drop_stale(self.clock.now() + QUIET)? == 0 {
                break;
            }
        }
        self.hail()
    }

    /// Asks who is there until the answer to that has come, and drops everything before it.
    fn hail(&mut self) -> Result<String, InstrumentError> {
        let question = self.identify.query.render(&TemplateValues::default());
        self.in_step = false;
        self.send(&question)?;
        self.identifications_due = self.identifications_due.saturating_add(1);
        let deadline = self.clock.now() + self.link.timeout;
        let (mut own, mut strange) = (None, None);
        loop {
            match self.receive(deadline)? {
                Received::Line(line) => {
                    let text = printable(&line);
                    if !codec::is_expected(&self.identify, &text) {
                        strange = Some(text);
                        continue;
                    }
                    own = Some(text);
                    self.identifications_due = self.identifications_due.saturating_sub(1);
                    if self.identifications_due > 0 {
                        continue;
                    }
                }
                Received::Piece(piece) => strange = Some(printable(&piece)),
                Received::Nothing => {}
            }
            break;
        }
        match (own, strange) {
            (Some(answer), _) => {
                // Those that did not come within the time-out are lost.
                self.identifications_due = 0;
                self.in_step = true;
                self.known = true;
                Ok(answer)
            }
            (None, Some(found)) if !self.known => {
                Err(InstrumentError::WrongInstrument { instrument: self.name.clone(), found: cut(&found) })
            }
            // What came was late; the instrument itself is silent.
            (None, _) => Err(self.silent(&question)),
        }
    }

    fn exchange(&mut self, command: &str) -> Result<String, InstrumentError> {
        self.send(command)?;
        let deadline = self.clock.now() + self.link.timeout;
        match self.receive(deadline)? {
            Received::Line(line) if line.len() > LONGEST_ANSWER => {
                Err(self.bad_answer(command, &printable(&line), "it is too long"))
            }
            Received::Line(line) => match String::from_utf8(line) {
                Ok(text) if text.chars().all(|c| c.is_ascii_graphic() || c == ' ' || c == '\t') => Ok(text),
                Ok(text) => Err(self.bad_answer(command, &text, "there are characters in it that are no text")),
                Err(error) => Err(self.bad_answer(
                    command,
                    &printable(error.as_bytes()),
                    "there are bytes in it that are no text",
                )),
            },
            Received::Piece(piece) => Err(self.bad_answer(command, &printable(&piece), "its end did not come")),
            Received::Nothing => Err(self.silent(command)),
        }
    }

    /// Waits for one answer.
    fn receive(&mut self, deadline: Moment) -> Result<Received, InstrumentError> {
        let end = self.link.reply_terminator.clone().into_bytes();
        loop {
            if let Some(at) = self.received.windows(end.len().max(1)).position(|window| window == end) {
                let rest = self.received.split_off(at + end.len());
                let mut line = std::mem::replace(&mut self.received, rest);
                line.truncate(at);
                let text = line.trim_ascii().to_vec();
                tracing::trace!(target: "wire", instrument = self.name, answer = printable(&text), "received");
                return Ok(Received::Line(text));
            }
            if self.received.len() > LONGEST_ANSWER {
                return Ok(Received::Line(std::mem::take(&mut self.received)));
            }
            let mut chunk = [0; 256];
            let count = self.port.read(&mut chunk, deadline).map_err(|source| self.port_error(source))?;
            if count == 0 {
                let piece = std::mem::take(&mut self.received);
                return Ok(if piece.is_empty() { Received::Nothing } else { Received::Piece(piece) });
            }
            self.received.extend(chunk.iter().take(count));
        }
    }

    /// Drops what has come unasked, and says how much it was.
    fn drop_stale(&mut self, deadline: Moment) -> Result<usize, InstrumentError> {
        let mut dropped = std::mem::take(&mut self.received).len();
        let mut chunk = [0; 256];
        while dropped < MOST_STALE {
            match self.port.read(&mut chunk, deadline).map_err(|source| self.port_error(source))? {
                0 => return Ok(dropped),
                count => dropped += count,
            }
        }
        // A moment's pause, so that an instrument which never stops cannot hold a virtual clock still.
        sleep(&*self.clock, QUIET);
        Err(self.bad_answer("", "", "it keeps talking without being asked"))
    }

    pub(super) fn bad_answer(&self, command: &str, answer: &str, problem: &str) -> InstrumentError {
        InstrumentError::Answer {
            instrument: self.name.clone(),
            command: command.to_owned(),
            answer: cut(answer),
            problem: problem.to_owned(),
        }
    }

    fn silent(&self, command: &str) -> InstrumentError {
        InstrumentError::Silent {
            instrument: self.name.clone(),
            command: command.to_owned(),
            waited_millis: u64::try_from(self.link.timeout.as_millis()).unwrap_or(u64::MAX),
        }
    }

    fn port_error(&self, source: PortError) -> InstrumentError {
        InstrumentError::Port { instrument: self.name.clone(), source }
    }
}

fn printable(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn cut(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

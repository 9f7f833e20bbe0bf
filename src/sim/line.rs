//! An in-process line to a simulated device: a [`Port`] whose bytes take the time they would take on a wire.

use std::collections::VecDeque;
use std::time::Duration;

use super::device::Device;
use crate::clock::{Moment, SharedClock};
use crate::port::{Level, LineSettings, Port, PortError, Signal};

/// The host's end of the line.
pub struct SimLine {
    name: String,
    clock: SharedClock,
    device: Box<dyn Device>,
    /// Time of one character, or nothing for a line without pacing.
    character: Duration,
    paced: bool,
    /// When the wire to the device is free again.
    sent: Moment,
    /// When the wire from the device is free again.
    answered: Moment,
    arriving: VecDeque<(Moment, u8)>,
    /// Above this speed nothing gets through.
    max_baud: Option<u32>,
    too_fast: bool,
}

impl SimLine {
    /// A line to `device`. `baud` paces it; `None` carries bytes in no time.
    #[must_use]
    pub fn new(name: String, clock: SharedClock, device: Box<dyn Device>, baud: Option<u32>) -> Self {
        let character = baud.map_or(Duration::ZERO, |baud| LineSettings::eight_n_one(baud).character_time());
        let (sent, answered) = (Moment::START, Moment::START);
        Self {
            name,
            clock,
            device,
            character,
            paced: baud.is_some(),
            sent,
            answered,
            arriving: VecDeque::new(),
            max_baud: None,
            too_fast: false,
        }
    }

    /// A line with slow optocouplers in it.
    #[must_use]
    pub fn limited_to(mut self, max_baud: Option<u32>) -> Self {
        self.max_baud = max_baud;
        self
    }

    fn check(&self) -> Result<(), PortError> {
        if self.device.is_gone(self.clock.now()) {
            return Err(PortError::Gone { port: self.name.clone(), reason: "it was unplugged".to_owned() });
        }
        Ok(())
    }
}

impl Port for SimLine {
    fn write(&mut self, bytes: &[u8]) -> Result<(), PortError> {
        self.check()?;
        self.sent = self.sent.max(self.clock.now());
        for &byte in bytes {
            self.sent = self.sent + self.character;
            if self.too_fast {
                continue;
            }
            if let Some(answer) = self.device.on_byte(byte, self.sent) {
                let mut at = self.answered.max(self.sent + answer.delay);
                for byte in answer.bytes {
                    at = at + self.character;
                    self.arriving.push_back((at, byte));
                }
                self.answered = at;
            }
        }
        Ok(())
    }

    fn read(&mut self, into: &mut [u8], deadline: Moment) -> Result<usize, PortError> {
        self.check()?;
        // All that arrives within a character's time of the first byte comes in one go, as from a driver's buffer.
        let Some(&(first, _)) = self.arriving.front().filter(|(at, _)| *at <= deadline.max(self.clock.now())) else {
            self.clock.sleep_until(deadline);
            return Ok(0);
        };
        let together = first + self.character * into.len() as u32;
        let mut latest = first;
        let mut count = 0;
        for slot in into.iter_mut() {
            let Some(&(at, byte)) = self.arriving.front() else { break };
            if at > together || at > deadline.max(self.clock.now()) {
                break;
            }
            *slot = byte;
            latest = at;
            count += 1;
            self.arriving.pop_front();
        }
        self.clock.sleep_until(latest);
        Ok(count)
    }

    fn configure(&mut self, line: LineSettings) -> Result<(), PortError> {
        self.too_fast = self.max_baud.is_some_and(|max| line.baud > max);
        if self.paced {
            self.character = line.character_time();
        }
        Ok(())
    }

    fn set_signal(&mut self, signal: Signal, level: Level) -> Result<(), PortError> {
        if self.device.on_signal(signal, level, self.clock.now()) {
            return Ok(());
        }
        Err(PortError::Unsupported { port: self.name.clone(), what: "set modem signals" })
    }
}

//! A simulated device at the end of a line: bytes in, bytes out after a while.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use m90e26::uart::{Request, RequestDecoder, encode_read_answer, write_answer};

use super::board::Defect;
use super::chip::Chip;
use super::fault::{Fate, Faults};
use crate::clock::Moment;
use crate::port::{Level, Signal};

/// Speaks over a line; the line is somebody else's.
pub trait Device: Send {
    /// Takes one byte that arrived at `at`; returns the answer that it completes, if it completes one.
    fn on_byte(&mut self, byte: u8, at: Moment) -> Option<Answer>;

    /// A modem signal of the host changes; false where no pin hangs on it.
    fn on_signal(&mut self, _signal: Signal, _level: Level, _at: Moment) -> bool {
        false
    }

    /// True when the device has been torn off the line.
    fn is_gone(&self, _at: Moment) -> bool {
        false
    }
}

/// What a device sends back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// From the request's last byte to the answer's first.
    pub delay: Duration,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// A device that more than one line reaches, or that a test looks into.
pub struct Shared<D>(Arc<Mutex<D>>);

impl<D> Shared<D> {
    /// Shares a device.
    pub fn new(device: D) -> Self {
        Self(Arc::new(Mutex::new(device)))
    }

    /// The device itself, for as long as nobody else needs it.
    pub fn lock(&self) -> MutexGuard<'_, D> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<D> Clone for Shared<D> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<D: Device> Device for Shared<D> {
    fn on_byte(&mut self, byte: u8, at: Moment) -> Option<Answer> {
        self.lock().on_byte(byte, at)
    }

    fn on_signal(&mut self, signal: Signal, level: Level, at: Moment) -> bool {
        self.lock().on_signal(signal, level, at)
    }

    fn is_gone(&self, at: Moment) -> bool {
        self.lock().is_gone(at)
    }
}

/// The chip behind its UART.
pub struct AfeDevice {
    chip: Chip,
    decoder: RequestDecoder,
    answer_after: Duration,
    faults: Faults,
}

impl AfeDevice {
    /// A chip that answers after `answer_after` (at most 5 ms by the datasheet) over a line with `faults`.
    #[must_use]
    pub fn new(chip: Chip, answer_after: Duration, faults: Faults) -> Self {
        Self { chip, decoder: RequestDecoder::new(), answer_after, faults }
    }

    /// Another line to the same chip.
    pub fn set_faults(&mut self, faults: Faults) {
        self.faults = faults;
    }

    /// The chip itself, for a test to look into.
    pub fn chip(&mut self) -> &mut Chip {
        &mut self.chip
    }
}

impl Device for AfeDevice {
    fn on_byte(&mut self, byte: u8, at: Moment) -> Option<Answer> {
        if self.faults.resets_chip(at) {
            self.chip.power_on();
        }
        let byte = match self.faults.on_request_byte(byte, at) {
            _ if self.chip.board().defect == Some(Defect::ChipDead) => return None,
            Fate::Lost => return None,
            Fate::Arrives(byte) => byte,
        };
        // A request the chip cannot read gets no answer (Atmel-46002B, UART).
        let request = self.decoder.push(byte, at.micros())?.ok()?;
        let secs = at.secs();
        let bytes = match request {
            Request::Read { address } => encode_read_answer(self.chip.read(address, secs)).to_vec(),
            Request::Write { address, value } => {
                self.chip.write(address, value, secs);
                vec![write_answer(address, value)]
            }
        };
        self.faults.on_answer(Answer { delay: self.answer_after, bytes }, at)
    }

    fn is_gone(&self, at: Moment) -> bool {
        self.faults.is_gone(at)
    }
}

//! A simulated Black Magic probe with a simulated STM32F103 on its wires.
//!
//! Speaks the probe's remote protocol, version 4, as its firmware 2.0 does (`src/remote.c`): a message is `!...#`, an answer
//! `&K...#`, numbers are hexadecimal, values of registers and memory the bytes in their order. The wires can be moved bit by
//! bit (`wire`), or the probe does whole accesses (`port`). Written from the device's side; it shares no code with the
//! host's, which is probe-rs.
//!
//! Not simulated: JTAG, ADIv6, power supply, tracing.

use std::time::Duration;

use super::device::{Answer, Device};
use super::stm32::bus::Chip;
use super::stm32::controller::Times;
use crate::clock::Moment;

mod options;
mod port;
mod wire;

pub use options::ProbeOptions;
use port::{DebugPort, Fault};
use wire::Wire;

/// The longest message the firmware takes.
const LONGEST: usize = 1024;
const VERSION: u64 = 4;
/// Whole accesses of ADIv5.
const ACCELERATED: u64 = 1;
const NAME: &str = "Black Magic Probe SIMULATED v2.0.0";

/// Flash that nobody waits for.
const QUICK: Times = Times { erase: Duration::from_micros(25), half_word: Duration::ZERO };

/// What the probe answers.
enum Reply {
    Number(u64),
    Text(String),
    Bytes(Vec<u8>),
    /// The chip refused.
    Fault,
    /// The message makes no sense.
    Parameter,
    /// There is no such message.
    Unknown,
}

/// Probe and chip.
pub struct ProbeDevice {
    options: ProbeOptions,
    chip: Chip,
    port: DebugPort,
    wire: Wire,
    /// The host's end drives the data line.
    driving: bool,
    frequency: u32,
    message: Option<String>,
    heard: u64,
}

impl ProbeDevice {
    /// A probe and a chip, both with supply; the chip runs what is in its flash.
    #[must_use]
    pub fn new(options: ProbeOptions) -> Self {
        let times = if options.paced { Times::TYPICAL } else { QUICK };
        let chip = Chip::new(options.specimen.clone(), options.product, times);
        Self {
            options,
            chip,
            port: DebugPort::new(),
            wire: Wire::new(),
            driving: false,
            frequency: 0,
            message: None,
            heard: 0,
        }
    }

    /// The connection is whole from now on; the chip keeps its state.
    pub fn mend(&mut self) {
        (self.options.silent_at, self.options.gone_at) = (None, None);
        self.message = None;
    }

    /// The chip's supply off and on; the probe keeps its own.
    pub fn power_on(&mut self) {
        self.chip.power_on();
        (self.port, self.wire) = (DebugPort::new(), Wire::new());
    }

    /// The chip.
    #[must_use]
    pub fn chip(&self) -> &Chip {
        &self.chip
    }

    /// The chip, to prepare it.
    pub fn chip_mut(&mut self) -> &mut Chip {
        &mut self.chip
    }

    /// Bytes heard from the host so far.
    #[must_use]
    pub fn heard(&self) -> u64 {
        self.heard
    }

    /// Whether the chip's port is at the other end of the wires.
    fn is_connected(&self) -> bool {
        let taken = self.options.pins_taken && self.chip.core().running().is_some();
        !taken && !self.options.no_chip
    }

    fn message(&mut self, message: &str, now: Moment) -> Reply {
        let rest = |from: usize| message.get(from..).unwrap_or_default();
        match message.get(..2).unwrap_or(message) {
            "GA" => Reply::Text(NAME.to_owned()),
            "GV" => Reply::Text("3.3V".to_owned()),
            "GZ" => {
                self.chip.hold_reset(rest(2) == "1");
                Reply::Number(0)
            }
            "GF" => {
                self.frequency = number(rest(2)).unwrap_or_default() as u32;
                Reply::Number(0)
            }
            "Gf" => Reply::Bytes(self.frequency.to_le_bytes().to_vec()),
            "GE" => Reply::Number(0),
            "HC" => Reply::Number(VERSION),
            "HA" => Reply::Number(ACCELERATED),
            "SS" => {
                self.driving = false;
                Reply::Number(0)
            }
            "So" => self.shift_out(rest(2), now).unwrap_or(Reply::Parameter),
            "Si" => self.shift_in(rest(2), now).unwrap_or(Reply::Parameter),
            kind if kind.starts_with('A') => {
                if !self.is_connected() {
                    return Reply::Fault;
                }
                match self.access(message, now) {
                    Some(Ok(reply)) => reply,
                    Some(Err(Fault)) => Reply::Fault,
                    None => Reply::Parameter,
                }
            }
            _ => Reply::Unknown,
        }
    }

    /// The firmware clocks once when the line changes hands, in either direction.
    fn turn(&mut self, driving: bool, now: Moment) {
        if self.driving != driving {
            self.driving = driving;
            self.clock(None, now);
        }
    }

    fn clock(&mut self, driven: Option<bool>, now: Moment) -> bool {
        if self.is_connected() {
            self.wire.clock(driven, &mut self.port, &mut self.chip, now)
        } else {
            driven.unwrap_or(true)
        }
    }

    fn shift_out(&mut self, text: &str, now: Moment) -> Option<Reply> {
        let (count, bits) = (number(text.get(..2)?)?, number(text.get(2..)?)?);
        self.turn(true, now);
        for bit in 0..count.min(64) {
            self.clock(Some(bits >> bit & 1 != 0), now);
        }
        Some(Reply::Number(0))
    }

    fn shift_in(&mut self, text: &str, now: Moment) -> Option<Reply> {
        let count = number(text)?;
        self.turn(false, now);
        let bits = (0..count.min(32)).fold(0, |bits, bit| bits | u64::from(self.clock(None, now)) << bit);
        Some(Reply::Number(bits))
    }

    /// Whole accesses: kind, device, access port, then what the kind wants.
    fn access(&mut self, message: &str, now: Moment) -> Option<Result<Reply, Fault>> {
        let field = |from: usize, digits: usize| number(message.get(from..from + digits)?);
        let ap = field(4, 2)? as u32;
        let word = |value: u32| Reply::Bytes(value.to_le_bytes().to_vec());
        let Self { port, chip, .. } = self;
        Some(match message.get(..2)? {
            "Ad" => Ok(word(port.read_dp(field(6, 4)? as u32 & 0xC))),
            "AR" => {
                let (address, value) = (field(6, 4)? as u32, field(10, 8)? as u32);
                // The field of the access port says read or write here.
                if ap != 0 {
                    Ok(word(port.read_dp(address & 0xC)))
                } else {
                    port.write_dp(address & 0xC, value);
                    Ok(word(0))
                }
            }
            "Aa" => port.read_ap(ap, field(6, 4)? as u32 & 0xFF, chip, now).map(word),
            "AA" => port
                .write_ap(ap, field(6, 4)? as u32 & 0xFF, field(10, 8)? as u32, chip, now)
                .map(|()| Reply::Number(0)),
            "Am" => {
                let (address, length) = (field(14, 16)? as u32, field(30, 8)? as usize);
                if length > (LONGEST - 3) / 2 {
                    return None;
                }
                self.read(address, length, now).map(Reply::Bytes)
            }
            "AM" => {
                let (align, address, length) = (field(14, 2)?, field(16, 16)? as u32, field(32, 8)? as usize);
                let bytes = bytes(message.get(40..)?)?;
                if align > 2 || bytes.len() != length || !length.is_multiple_of(1 << align) {
                    return None;
                }
                let width = 1 << align;
                let mut at = address;
                let result = bytes.chunks(width).try_for_each(|bytes| {
                    let result = port.write_memory(at, bytes, chip, now);
                    at = at.wrapping_add(width as u32);
                    result
                });
                result.map(|()| Reply::Number(0))
            }
            _ => Ok(Reply::Unknown),
        })
    }

    /// The firmware takes the widest accesses that address and length allow.
    fn read(&mut self, address: u32, length: usize, now: Moment) -> Result<Vec<u8>, Fault> {
        let width = match address as usize | length {
            both if both.is_multiple_of(4) => 4,
            both if both.is_multiple_of(2) => 2,
            _ => 1,
        };
        let mut bytes = Vec::with_capacity(length);
        while bytes.len() < length {
            let at = address.wrapping_add(bytes.len() as u32);
            bytes.extend(self.port.read_memory(at, width, &mut self.chip, now)?);
        }
        Ok(bytes)
    }
}

fn number(digits: &str) -> Option<u64> {
    u64::from_str_radix(digits, 16).ok()
}

fn bytes(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

impl Reply {
    fn encode(self) -> Vec<u8> {
        let text = match self {
            Self::Number(number) => format!("&K{number:x}#"),
            Self::Text(text) => format!("&K{text}#"),
            Self::Bytes(bytes) => {
                let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
                format!("&K{}#", digits.collect::<String>())
            }
            Self::Fault => "&E103#".to_owned(),
            Self::Parameter => "&P0#".to_owned(),
            Self::Unknown => "&E1#".to_owned(),
        };
        text.into_bytes()
    }
}

impl Device for ProbeDevice {
    fn on_byte(&mut self, byte: u8, at: Moment) -> Option<Answer> {
        self.heard += 1;
        let struck = |fault: Option<u64>| fault.is_some_and(|number| self.heard >= number);
        if struck(self.options.silent_at) || struck(self.options.gone_at) {
            return None;
        }
        if byte == b'!' {
            self.message = Some(String::new());
            return None;
        }
        if byte != b'#' {
            if let Some(message) = self.message.as_mut().filter(|message| message.len() < LONGEST) {
                message.push(char::from(byte));
            }
            return None;
        }
        let message = self.message.take()?;
        let writes = message.starts_with("AM");
        let reply = self.message(&message, at);
        // Half-words wait for each other on the bus; an erase goes on by itself.
        let busy = self.chip.controller().busy_until().since(at);
        let delay = if writes && message.get(32..40) != Some("00000004") { busy } else { Duration::ZERO };
        Some(Answer { delay, bytes: reply.encode() })
    }

    fn is_gone(&self, _at: Moment) -> bool {
        self.options.gone_at.is_some_and(|number| self.heard >= number)
    }
}

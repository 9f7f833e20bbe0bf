//! The two wires, clock by clock, from the chip's side (IHI 0031, B4).

use super::port::DebugPort;
use crate::clock::Moment;
use crate::sim::stm32::bus::Chip;

/// Ones in a row that reset the line.
const LINE_RESET: u32 = 50;
/// What switches a port from JTAG to SWD, the first bit lowest.
const JTAG_TO_SWD: u16 = 0xE79E;
const SWD_TO_JTAG: u16 = 0xE73C;

/// The answer to a request, the first bit lowest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ack {
    Ok = 0b001,
    Fault = 0b100,
}

/// Where on the wire a transfer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Hears nothing but a line reset.
    Deaf,
    /// The line was reset: a zero has to come first.
    Reset,
    /// Waits for a start bit.
    Idle,
    /// Collects a request.
    Request { bits: u8, count: u32 },
    /// The line changes hands towards the chip.
    TurnToChip { request: u8 },
    /// Tells the answer.
    Acknowledge { request: u8, ack: Ack, value: u32, count: u32 },
    /// Tells data and parity.
    Tell { value: u32, count: u32 },
    /// The line changes hands for data to come.
    TurnForData { request: u8, ack: Ack },
    /// Takes data and parity.
    Take { request: u8, ack: Ack, bits: u64, count: u32 },
    /// The line changes hands at the end.
    TurnToHost,
}

/// The chip's end of the wires.
pub struct Wire {
    state: State,
    /// The port listens to SWD rather than JTAG.
    selected: bool,
    ones: u32,
    last: u16,
    /// Nothing but the identification may be read first after a line reset.
    identified: bool,
}

impl Wire {
    /// As after power-on: JTAG.
    #[must_use]
    pub fn new() -> Self {
        Self { state: State::Deaf, selected: false, ones: 0, last: 0, identified: false }
    }

    /// One clock. `driven` is what the host puts on the line, none where it lets go of it. Returns what the line showed just
    /// before the clock rose.
    pub fn clock(&mut self, driven: Option<bool>, port: &mut DebugPort, chip: &mut Chip, now: Moment) -> bool {
        let told = self.told();
        // A line that nobody drives is pulled up.
        let level = driven.or(told).unwrap_or(true);
        self.step(level, port, chip, now);
        if let Some(bit) = driven {
            self.look_for_sequences(bit);
        }
        level
    }

    /// What the chip puts on the line.
    fn told(&self) -> Option<bool> {
        match self.state {
            State::Acknowledge { ack, count, .. } => Some(ack as u32 >> count & 1 != 0),
            State::Tell { value, count: 32 } => Some(value.count_ones() % 2 != 0),
            State::Tell { value, count } => Some(value >> count & 1 != 0),
            _ => None,
        }
    }

    fn look_for_sequences(&mut self, bit: bool) {
        self.ones = if bit { self.ones + 1 } else { 0 };
        self.last = self.last >> 1 | u16::from(bit) << 15;
        match self.last {
            JTAG_TO_SWD => self.selected = true,
            SWD_TO_JTAG => (self.selected, self.state) = (false, State::Deaf),
            _ => {}
        }
        if self.ones >= LINE_RESET && self.selected {
            (self.state, self.identified) = (State::Reset, false);
        }
    }

    fn step(&mut self, level: bool, port: &mut DebugPort, chip: &mut Chip, now: Moment) {
        self.state = match self.state {
            State::Deaf => State::Deaf,
            State::Reset if level => State::Reset,
            State::Reset => State::Idle,
            State::Idle if !level => State::Idle,
            State::Idle => State::Request { bits: 1, count: 1 },
            State::Request { bits, count } => {
                let bits = bits | u8::from(level) << count;
                if count < 7 { State::Request { bits, count: count + 1 } } else { self.requested(bits) }
            }
            State::TurnToChip { request } => self.answer(request, port, chip, now),
            State::Acknowledge { request, ack, value, count } if count < 2 => {
                State::Acknowledge { request, ack, value, count: count + 1 }
            }
            State::Acknowledge { request, ack, value, .. } => {
                let data = ack == Ack::Ok || port.detects_overruns();
                match (data, is_read(request)) {
                    (true, true) => State::Tell { value, count: 0 },
                    (true, false) => State::TurnForData { request, ack },
                    (false, _) => State::TurnToHost,
                }
            }
            State::Tell { value, count } if count < 32 => State::Tell { value, count: count + 1 },
            State::Tell { .. } => State::TurnToHost,
            State::TurnForData { request, ack } => State::Take { request, ack, bits: 0, count: 0 },
            State::Take { request, ack, bits, count } => {
                let bits = bits | u64::from(level) << count;
                if count < 32 {
                    State::Take { request, ack, bits, count: count + 1 }
                } else {
                    if ack == Ack::Ok {
                        take(request, bits, port, chip, now);
                    }
                    State::Idle
                }
            }
            State::TurnToHost => State::Idle,
        };
    }

    /// A request that does not hold together, or comes out of turn, makes the chip deaf.
    fn requested(&mut self, request: u8) -> State {
        let parity = (request >> 1 & 0x1F).count_ones().is_multiple_of(2);
        let framed = request & 1 != 0 && request & 1 << 6 == 0 && request & 1 << 7 != 0;
        let identifies = is_read(request) && !is_ap(request) && address(request) == 0;
        self.identified |= identifies;
        if parity && framed && self.identified { State::TurnToChip { request } } else { State::Deaf }
    }

    fn answer(&self, request: u8, port: &mut DebugPort, chip: &mut Chip, now: Moment) -> State {
        let result = match (is_ap(request), is_read(request)) {
            (false, true) => Ok(port.read_dp(address(request))),
            (true, true) => port.read_ap_posted(address(request), chip, now),
            (_, false) => Ok(0),
        };
        let (ack, value) = result.map_or((Ack::Fault, 0), |value| (Ack::Ok, value));
        State::Acknowledge { request, ack, value, count: 0 }
    }
}

impl Default for Wire {
    fn default() -> Self {
        Self::new()
    }
}

fn is_ap(request: u8) -> bool {
    request & 1 << 1 != 0
}

fn is_read(request: u8) -> bool {
    request & 1 << 2 != 0
}

fn address(request: u8) -> u32 {
    u32::from(request >> 3 & 3) << 2
}

/// Data of a write, if its parity is right.
fn take(request: u8, bits: u64, port: &mut DebugPort, chip: &mut Chip, now: Moment) {
    if !bits.count_ones().is_multiple_of(2) {
        return;
    }
    let value = bits as u32;
    if is_ap(request) {
        // A refusal stays on record in the port.
        port.write_ap_selected(address(request), value, chip, now).ok();
    } else {
        port.write_dp(address(request), value);
    }
}

//! A chip and a line for the tests: registers with read-clear and LastData, and a line that drops, flips and delays.
#![allow(clippy::indexing_slicing, clippy::panic, dead_code, reason = "tests; each test file uses a part of it")]

use std::collections::VecDeque;

use m90e26::uart::{
    Action, Operation, Outcome, Request, RequestDecoder, Session, SessionError, encode_read_answer, write_answer,
};
use m90e26::{Access, Register};

/// Xorshift: the tests must give the same faults on every machine.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit
    }

    pub fn one_in(&mut self, n: u64) -> bool {
        n > 0 && self.below(n) == 0
    }
}

pub struct Chip {
    decoder: RequestDecoder,
    pub registers: [u16; 128],
    pub last_data: u16,
    /// Every read executed: address and value given.
    pub executed: Vec<(u8, u16)>,
    /// A chip whose LastData ignores reads of addresses without register.
    pub stubborn: bool,
}

impl Chip {
    pub fn new() -> Self {
        let mut registers = [0; 128];
        for register in Register::ALL {
            registers[usize::from(register.address())] = register.power_on();
        }
        Self { decoder: RequestDecoder::new(), registers, last_data: 0, executed: Vec::new(), stubborn: false }
    }

    /// One byte from the host; the answer, if it completes a request.
    pub fn push(&mut self, byte: u8, at_micros: u64) -> Vec<u8> {
        match self.decoder.push(byte, at_micros) {
            Some(Ok(Request::Read { address })) => {
                let place = usize::from(address);
                let register = Register::from_address(address);
                let value = match register {
                    Some(Register::LastData) => self.last_data,
                    Some(_) => self.registers[place],
                    None => 0,
                };
                if register.is_some_and(|register| register.access() == Access::ReadClear) {
                    self.registers[place] = 0;
                }
                self.executed.push((address, value));
                if register.is_some() || !self.stubborn {
                    self.last_data = value;
                }
                encode_read_answer(value).to_vec()
            }
            Some(Ok(Request::Write { address, value })) => {
                if address == Register::SoftReset.address() {
                    if value == m90e26::field::command::SOFT_RESET {
                        self.registers = Self::new().registers;
                        self.last_data = 0;
                    }
                } else {
                    if Register::from_address(address).is_some_and(|r| r.access() == Access::ReadWrite) {
                        self.registers[usize::from(address)] = value;
                    }
                    self.last_data = value;
                }
                vec![write_answer(address, value)]
            }
            Some(Err(_)) | None => Vec::new(),
        }
    }
}

/// How bad the line is: one in so many, 0 for never.
#[derive(Clone, Copy, Default)]
pub struct Faults {
    pub drop: u64,
    pub flip: u64,
    pub late_answer: u64,
    pub late_request: u64,
    pub mute: u64,
    pub late_micros: u64,
    /// Answers lag behind by up to this, all alike for a while: then each may be taken for the next one.
    pub lag_micros: u64,
}

pub struct Line {
    pub chip: Chip,
    pub now: u64,
    pub faults: Faults,
    pub random: Random,
    request_free_at: u64,
    answer_free_at: u64,
    arriving: VecDeque<(u64, u8)>,
    character_micros: u64,
    lag: u64,
}

impl Line {
    pub fn new(seed: u64) -> Self {
        Self {
            chip: Chip::new(),
            now: 1_000_000,
            faults: Faults::default(),
            random: Random::new(seed),
            request_free_at: 0,
            answer_free_at: 0,
            arriving: VecDeque::new(),
            character_micros: 1042,
            lag: 0,
        }
    }

    /// Damages one bit or drops one byte of a frame at most: eight-bit sums promise no more.
    fn damage(&mut self, frame: &mut Vec<u8>) {
        let place = self.random.below(frame.len() as u64) as usize;
        if self.random.one_in(self.faults.flip) {
            frame[place] ^= 1 << self.random.below(8);
        } else if self.random.one_in(self.faults.drop) {
            frame.remove(place);
        }
    }

    fn send(&mut self, bytes: &[u8]) {
        let mut frame = bytes.to_vec();
        let mut at = self.now;
        let late = self.random.one_in(self.faults.late_request);
        if late {
            at += self.random.below(self.faults.late_micros);
        }
        if at.max(self.request_free_at) == self.now {
            // A frame held up by the one before it follows at once, so that the chip would take rests of both for one
            // request: the line does one bad thing at a time.
            self.damage(&mut frame);
        }
        at = at.max(self.request_free_at);
        for byte in frame {
            at += self.character_micros;
            let answer = self.chip.push(byte, at);
            if !answer.is_empty() {
                self.answer(answer, at);
            }
        }
        self.request_free_at = at;
    }

    fn answer(&mut self, mut frame: Vec<u8>, asked_at: u64) {
        if self.random.one_in(self.faults.mute) {
            return;
        }
        self.damage(&mut frame);
        if self.faults.lag_micros == 0 {
            self.lag = 0;
        } else if self.random.one_in(12) {
            self.lag = if self.random.one_in(2) { 0 } else { self.random.below(self.faults.lag_micros) };
        }
        let mut at = asked_at + 200 + self.random.below(4500) + self.lag;
        let late_from = if self.random.one_in(self.faults.late_answer) { self.random.below(3) } else { u64::MAX };
        for (index, byte) in (0..).zip(frame) {
            if index == late_from {
                at += self.random.below(self.faults.late_micros);
            }
            at = at.max(self.answer_free_at) + self.character_micros;
            self.answer_free_at = at;
            self.arriving.push_back((at, byte));
        }
    }

    /// The driver's loop of the documentation.
    pub fn run(&mut self, session: &mut Session, operation: Operation) -> Result<Outcome, SessionError> {
        let began = self.now;
        session.start(operation, self.now);
        for _ in 0..100_000 {
            match session.poll(self.now) {
                Action::Send(bytes) => {
                    let bytes = bytes.to_vec();
                    self.send(&bytes);
                }
                Action::Receive { until_micros } => {
                    let until = until_micros.max(self.now);
                    match self.arriving.front() {
                        Some(&(at, _)) if at <= until => {
                            self.now = self.now.max(at);
                            let there = self.arriving.iter().take_while(|(at, _)| *at <= self.now).count();
                            let bytes: Vec<u8> = self.arriving.drain(..there).map(|(_, byte)| byte).collect();
                            session.on_bytes(&bytes, self.now);
                        }
                        _ => self.now = until,
                    }
                }
                Action::Done(result) => {
                    assert!(self.now - began <= session.worst_case_micros(), "{} us", self.now - began);
                    return result;
                }
                Action::Idle => panic!("idle in the middle of {operation:?}"),
            }
        }
        panic!("{operation:?} does not end");
    }
}

//! The meter's program on a stand-in board, with the simulated chip on its line: everything above the hardware, on a clock of its own.

#![allow(
    dead_code,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "each test uses a part of it, and stops at what it did not expect"
)]

pub mod board;

use std::collections::VecDeque;
use std::time::Duration;

use m90e26::uart::{Request, RequestDecoder, encode_read_answer, write_answer};
use m90e26::{Line, Register};
use meter_firmware::Meter;
use meter_firmware::meter::Facts;
use meter_interface::block::{Block, FLASH_START, LENGTH, PAGE, Ratio, Text, choose};
use meter_interface::map::{Identity, Program, ResetCause, Snapshot, Tally, tally_address};
use meterbench::clock::Moment;
use meterbench::sim::SimOptions;
use meterbench::sim::board::Board as SimBoard;
use meterbench::sim::chip::Chip;
use meterbench::sim::device::Answer;
use meterbench::sim::fault::{Fate, Faults};
use meterbench::sim::world::{Mains, World};

use board::StandIn;

/// One character at 9600 baud, and one at 115200, in microseconds.
const CHIP_CHARACTER: f64 = 1e7 / 9600.0;
const SERVICE_CHARACTER: f64 = 1e7 / 115_200.0;
/// Bytes the board keeps until the program looks at them; what comes beyond is lost (board/serial.rs).
const RECEIVED: usize = 512;
/// The tick that wakes the core.
const TICK: u64 = 1_000;

/// What stands in the flash for the program.
const PROGRAM: &[u8] = b"123456789";

/// What is on the wires unless a test says otherwise.
pub const MAINS: Mains = Mains { u: 230.0, i: 20.0, phi: 0.0, f: 50.0 };

/// The simulated chip, whose energy readings are written down as the chip gives them: what the meter must end up with.
pub struct Afe {
    pub chip: Chip,
    decoder: RequestDecoder,
    answer_after: Duration,
    pub faults: Faults,
    /// Counts the chip ever gave out of APenergy, lost answers included.
    pub given: u64,
    /// Extra bytes on the way to the meter, and at what time the line is cut.
    pub silent: bool,
}

/// The meter and all around it.
pub struct Rig {
    pub meter: Meter<'static>,
    pub board: StandIn,
    pub afe: Afe,
    pub now: u64,
    pages: [Vec<u8>; 2],
    boot: u16,
    to_meter: VecDeque<(f64, u8)>,
    wire_to_chip: f64,
    wire_to_meter: f64,
    service_in: VecDeque<(f64, u8)>,
    /// What came and was not looked at yet.
    received: VecDeque<u8>,
    service_wire: f64,
}

/// A block for the simulated board of a seed, calibrated as well as power-on registers go.
pub fn block() -> Block {
    let mut block = Block {
        sequence: 1,
        line: Line::N,
        current_scale: Ratio::new(20, 1).expect("ratio"),
        pulses_per_kwh: 2_000,
        constant_imp_per_kwh: 1_000,
        serial: Text::new("SIM1").expect("text"),
        ..Block::default()
    };
    for (register, word) in [
        (Register::PLconstH, 0x001E),
        (Register::PLconstL, 0xC8B4),
        (Register::Lgain, 0x1D39),
        (Register::Ngain, 0x1D39),
        (Register::PNolTh, 0x08BD),
        (Register::Ugain, 0x71D8),
        (Register::IgainN, 0x0F56),
        (Register::FuncEn, 0x0030),
        (Register::SagTh, 0x1F2F),
    ] {
        assert!(block.set_register(register, word));
    }
    block
}

/// A page with a block.
pub fn page(block: &Block) -> Vec<u8> {
    let mut page = vec![0xFF; PAGE];
    assert_eq!(block.encode(&mut page), Ok(LENGTH));
    page
}

impl Afe {
    fn on_byte(&mut self, byte: u8, at: Moment) -> Option<Answer> {
        if self.faults.resets_chip(at) {
            self.chip.power_on();
        }
        let byte = match self.faults.on_request_byte(byte, at) {
            Fate::Lost => return None,
            Fate::Arrives(byte) => byte,
        };
        let request = self.decoder.push(byte, at.micros())?.ok()?;
        let bytes = match request {
            Request::Read { address } => {
                let value = self.chip.read(address, at.secs());
                if address == Register::APenergy.address() {
                    self.given += u64::from(value);
                }
                encode_read_answer(value).to_vec()
            }
            Request::Write { address, value } => {
                self.chip.write(address, value, at.secs());
                vec![write_answer(address, value)]
            }
        };
        self.faults.on_answer(Answer { delay: self.answer_after, bytes }, at)
    }
}

impl Rig {
    /// A meter with these pages of calibration, and a chip as a `sim:` address describes it, on `mains`.
    pub fn new(address: &str, pages: [Vec<u8>; 2], mains: Mains) -> Self {
        let options = SimOptions::from_url(&address.parse().expect("address")).expect("options");
        let board = SimBoard::new(options.board, options.seed, options.unrest, options.defect);
        let afe = Afe {
            chip: Chip::new(board, World::ideal(mains)),
            decoder: RequestDecoder::new(),
            answer_after: options.answer_after,
            faults: options.faults,
            given: 0,
            silent: false,
        };
        let mut board = StandIn::default();
        let meter = start(&pages, &mut board, 1, 0);
        Self {
            meter,
            board,
            afe,
            now: 0,
            pages,
            boot: 1,
            to_meter: VecDeque::new(),
            wire_to_chip: 0.0,
            wire_to_meter: 0.0,
            service_in: VecDeque::new(),
            received: VecDeque::new(),
            service_wire: 0.0,
        }
    }

    /// A calibrated meter.
    pub fn calibrated(address: &str) -> Self {
        Self::new(address, [page(&block()), vec![0xFF; PAGE]], MAINS)
    }

    /// Lets time pass.
    pub fn run(&mut self, millis: u64) {
        let end = self.now + millis * 1_000;
        while self.now < end {
            let arrival = |queue: &VecDeque<(f64, u8)>| queue.front().map_or(u64::MAX, |(at, _)| at.ceil() as u64);
            let next = arrival(&self.to_meter).min(arrival(&self.service_in));
            let tick = (self.now / TICK + 1) * TICK;
            self.now = next.clamp(self.now, tick).min(end);
            self.turn();
        }
    }

    /// One turn of the main loop.
    fn turn(&mut self) {
        let now = self.now;
        self.board.now = now;
        while let Some(&(at, byte)) = self.to_meter.front().filter(|(at, _)| *at <= now as f64) {
            let _ = at;
            self.to_meter.pop_front();
            if !self.afe.silent {
                self.meter.on_chip_bytes(&[byte], now);
            }
        }
        while let Some(&(_, byte)) = self.service_in.front().filter(|(at, _)| *at <= now as f64) {
            self.service_in.pop_front();
            if self.received.len() < RECEIVED {
                self.received.push_back(byte);
            }
        }
        while self.meter.takes_service_byte()
            && let Some(byte) = self.received.pop_front()
        {
            self.meter.on_service_byte(byte, now);
        }
        self.meter.poll(&mut self.board, now);
        if self.board.restarted.take().is_some() {
            self.restart();
        }
        for byte in std::mem::take(&mut self.board.to_chip) {
            self.wire_to_chip = self.wire_to_chip.max(now as f64) + CHIP_CHARACTER;
            if self.afe.silent {
                continue;
            }
            if let Some(answer) = self.afe.on_byte(byte, Moment::from_micros(self.wire_to_chip as u64)) {
                let mut at = self.wire_to_meter.max(self.wire_to_chip + answer.delay.as_secs_f64() * 1e6);
                for byte in answer.bytes {
                    at += CHIP_CHARACTER;
                    self.to_meter.push_back((at, byte));
                }
                self.wire_to_meter = at;
            }
        }
    }

    /// The processor starts anew: after a command, or a power failure of the processor alone.
    pub fn restart(&mut self) {
        self.boot += 1;
        self.meter = start(&self.pages, &mut self.board, self.boot, self.now);
    }

    /// Puts bytes on the service port's wire.
    pub fn send(&mut self, bytes: &[u8]) {
        self.service_wire = self.service_wire.max(self.now as f64);
        for &byte in bytes {
            self.service_wire += SERVICE_CHARACTER;
            self.service_in.push_back((self.service_wire, byte));
        }
    }

    /// Bytes the meter sent.
    pub fn received(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.board.to_bench)
    }

    /// Sends a request, unit and CRC added, and waits for its answer, at most half a second. Without unit and CRC.
    pub fn ask(&mut self, pdu: &[u8]) -> Option<Vec<u8>> {
        self.received();
        let mut frame = vec![1];
        frame.extend(pdu);
        frame.extend(modbus_core::rtu::crc16(&frame).to_be_bytes());
        self.send(&frame);
        for _ in 0..520 {
            self.run(1);
            if !self.board.to_bench.is_empty() {
                break;
            }
        }
        let answer = self.received();
        let (body, crc) = answer.split_last_chunk::<2>()?;
        assert_eq!(modbus_core::rtu::crc16(body), u16::from_be_bytes(*crc), "{answer:02X?}");
        assert_eq!(body[0], 1);
        Some(body[1..].to_vec())
    }

    /// Registers by function 3 or 4, or the exception.
    pub fn read(&mut self, function: u8, address: u16, count: u16) -> Result<Vec<u16>, u8> {
        let [a, b] = address.to_be_bytes();
        let [c, d] = count.to_be_bytes();
        let answer = self.ask(&[function, a, b, c, d]).expect("an answer");
        if answer[0] & 0x80 != 0 {
            return Err(answer[1]);
        }
        assert_eq!(usize::from(answer[1]), 2 * usize::from(count));
        Ok(answer[2..].chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect())
    }

    /// A holding register by function 6, or the exception.
    pub fn write(&mut self, address: u16, word: u16) -> Result<(), u8> {
        let [a, b] = address.to_be_bytes();
        let [c, d] = word.to_be_bytes();
        let answer = self.ask(&[6, a, b, c, d]).expect("an answer");
        if answer[0] & 0x80 != 0 {
            return Err(answer[1]);
        }
        assert_eq!(answer, [6, a, b, c, d]);
        Ok(())
    }

    /// The snapshot over the service port.
    pub fn snapshot(&mut self) -> Snapshot {
        Snapshot::decode(&self.read(4, Snapshot::START, Snapshot::WORDS as u16).expect("snapshot")).expect("window")
    }

    /// The snapshot without the service port, which takes no time.
    pub fn meter_snapshot(&self) -> Snapshot {
        self.meter.snapshot(self.now)
    }

    /// The identity over the service port.
    pub fn identity(&mut self) -> Identity {
        Identity::decode(&self.read(4, Identity::START, Identity::WORDS as u16).expect("identity")).expect("window")
    }

    /// A tally over the service port.
    pub fn tally(&mut self, register: Register) -> Tally {
        let address = tally_address(register).expect("tallied");
        Tally::decode(&self.read(4, address, Tally::WORDS as u16).expect("tally")).expect("window")
    }
}

fn start(pages: &[Vec<u8>; 2], board: &mut StandIn, boot: u16, now: u64) -> Meter<'static> {
    let facts = Facts {
        boot,
        reset_cause: ResetCause::PowerOn,
        crash: None,
        crystal: true,
        unique: [1, 2, 3, 4, 5, 6],
        stack_bytes: 16_384,
        program: Program::over(FLASH_START, PROGRAM),
    };
    // A meter keeps its block for ever.
    let chosen = Box::leak(Box::new(choose(&pages[0], &pages[1])));
    Meter::start(facts, chosen, board, now)
}

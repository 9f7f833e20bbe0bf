//! The meter's own firmware as the peer of a test: its library on a stand-in for the board, a simulated chip on one side, a port on the
//! other, all by one clock.

#![allow(
    dead_code,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "each test uses a part of it, and stops at what it did not expect"
)]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use meter_firmware::Meter;
use meter_firmware::board::Coil;
use meter_firmware::meter::Facts;
use meter_interface::block::{Block, FLASH_START, PAGE, choose};
use meter_interface::map::{Crash, Program, ResetCause};
use meterbench::clock::{Moment, SharedClock};
use meterbench::port::{Level, LineSettings, Port, PortError, Signal};
use meterbench::sim::board::Contact;
use meterbench::sim::device::{AfeDevice, Device, Shared};

use crate::firmware_rig::board::StandIn;

/// The firmware is polled so often; the real one is faster.
const STEP: u64 = 100;
/// A port that waits looks so often for what the firmware has sent.
const LOOK: Duration = Duration::from_millis(1);
/// A character at 9600 baud, in microseconds.
const CHIP_CHARACTER: u64 = 1042;
/// A character at 115200 baud, in microseconds.
const SERVICE_CHARACTER: u64 = 87;

/// What is wrong with the service port's line.
#[derive(Clone, Copy, Debug, Default)]
pub struct LineFaults {
    /// Part of the bytes, either way, that arrive with a flipped bit.
    pub flips: f64,
    /// Part of the answers that come 0.8 s too late, when the bench has given them up.
    pub late: f64,
    /// Part of the answers that never come.
    pub lost: f64,
}

/// A processor's number, and the program in its flash.
pub type Processor = ([u16; 6], Program);

/// Everything on the meter's side of its service port.
pub struct Peer {
    meter: Meter<'static>,
    block: Option<Block>,
    pub board: StandIn,
    /// What was lit, sounded and switched, in words.
    pub seen: Vec<&'static str>,
    /// What the relay was told, in order.
    pub switched: Vec<&'static str>,
    chip: Shared<AfeDevice>,
    now: u64,
    /// When the supply came on: the meter's own time begins there.
    born: u64,
    /// Bytes on their way, and when they arrive.
    to_meter: VecDeque<(u64, u8)>,
    to_bench: VecDeque<(u64, u8)>,
    from_chip: VecDeque<(u64, u8)>,
    chip_line_free: u64,
    service_line_free: u64,
    pub faults: LineFaults,
    dice: u64,
    /// The processor's number.
    unique: [u16; 6],
    /// The program in the flash.
    program: Program,
    /// When somebody begins to press the first key.
    key_at: Option<u64>,
}

impl Peer {
    fn new(chip: Shared<AfeDevice>, block: Option<Block>, (unique, program): Processor, now: u64) -> Self {
        let mut board = StandIn::default();
        let meter = start(block.as_ref(), (1, None), (unique, program), &mut board);
        Self {
            meter,
            block,
            board,
            seen: Vec::new(),
            switched: Vec::new(),
            chip,
            now,
            born: now,
            to_meter: VecDeque::new(),
            to_bench: VecDeque::new(),
            from_chip: VecDeque::new(),
            chip_line_free: 0,
            service_line_free: 0,
            faults: LineFaults::default(),
            dice: 0x9E37_79B9_7F4A_7C15,
            unique,
            program,
            key_at: None,
        }
    }

    /// Somebody presses the first key half a second from now, and lets go again.
    pub fn press_key_soon(&mut self) {
        self.key_at = Some(self.now + 500_000);
    }

    /// The meter at this moment, without its port.
    pub fn snapshot(&self) -> meter_interface::map::Snapshot {
        self.meter.snapshot(self.now - self.born)
    }

    /// The program ended badly and started anew.
    pub fn crash(&mut self, crash: Crash) {
        self.born = self.now;
        self.to_meter.clear();
        self.meter =
            start(self.block.as_ref(), (crash.boot + 1, Some(crash)), (self.unique, self.program), &mut self.board);
    }

    /// The supply of the whole meter, chip included, goes off and on.
    pub fn power_cycle(&mut self) {
        self.chip.lock().chip().power_on();
        self.from_chip.clear();
        self.to_meter.clear();
        let boot = self.meter.boot() + 1;
        self.born = self.now;
        // Whatever the EEPROM was writing is written.
        let eeprom = self.board.eeprom.take();
        self.board = StandIn::default();
        self.board.eeprom = eeprom;
        self.meter = start(self.block.as_ref(), (boot, None), (self.unique, self.program), &mut self.board);
    }

    fn rolls(&mut self, part: f64) -> bool {
        // xorshift64
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        (self.dice >> 11) as f64 / (1u64 << 53) as f64 <= part && part > 0.0
    }

    fn carried(&mut self, byte: u8) -> u8 {
        if self.rolls(self.faults.flips) { byte ^ (1 << (self.dice % 8)) } else { byte }
    }

    fn run_until(&mut self, until: u64) {
        while self.now + STEP <= until {
            self.now += STEP;
            let now = self.now - self.born;
            self.board.now = now;
            if let Some(at) = self.key_at {
                let pressed = (at..at + 300_000).contains(&self.now);
                self.board.contacts = u16::from(pressed);
                self.key_at = Some(at).filter(|_| pressed || self.now < at);
            }
            while let Some((_, byte)) = due(&mut self.from_chip, self.now) {
                self.meter.on_chip_bytes(&[byte], now);
            }
            while self.meter.takes_service_byte()
                && let Some((_, byte)) = due(&mut self.to_meter, self.now)
            {
                self.meter.on_service_byte(byte, now);
            }
            if std::mem::take(&mut self.board.to_modem) == b"AT\r" {
                self.meter.on_modem_bytes(b"\r\nOK\r\n");
            }
            self.meter.poll(&mut self.board, now);
            self.exchange_with_chip();
            self.answer();
            self.look();
            if self.board.restarted.take().is_some() {
                self.power_cycle();
            }
        }
    }

    fn look(&mut self) {
        let contact = self.board.pulses.last().map(|(coil, ..)| match coil {
            Coil::Close => Contact::Closed,
            Coil::Open => Contact::Open,
        });
        if let Some(contact) = contact {
            self.chip.lock().chip().switch_relay(contact, self.now as f64 / 1e6);
        }
        let relay =
            self.board.pulses.pop().map(|(coil, ..)| if coil == Coil::Close { "relay on" } else { "relay off" });
        self.switched.extend(relay);
        let signs = [(self.board.red, "red"), (self.board.green, "green"), (self.board.buzzing, "buzzer")];
        for sign in signs.into_iter().filter(|(on, _)| *on).map(|(_, sign)| sign).chain(relay) {
            if !self.seen.contains(&sign) {
                self.seen.push(sign);
            }
        }
    }

    fn exchange_with_chip(&mut self) {
        for byte in std::mem::take(&mut self.board.to_chip) {
            self.chip_line_free = self.chip_line_free.max(self.now) + CHIP_CHARACTER;
            let at = Moment::from_micros(self.chip_line_free);
            if let Some(answer) = self.chip.lock().on_byte(byte, at) {
                let mut at = self.chip_line_free + answer.delay.as_micros() as u64;
                for byte in answer.bytes {
                    at += CHIP_CHARACTER;
                    self.from_chip.push_back((at, byte));
                }
            }
        }
    }

    fn answer(&mut self) {
        let bytes = std::mem::take(&mut self.board.to_bench);
        if bytes.is_empty() || self.rolls(self.faults.lost) {
            return;
        }
        let late = if self.rolls(self.faults.late) { 800_000 } else { 0 };
        let mut at = self.service_line_free.max(self.now + late);
        for byte in bytes {
            at += SERVICE_CHARACTER;
            let byte = self.carried(byte);
            self.to_bench.push_back((at, byte));
        }
        self.service_line_free = at;
    }
}

/// A meter on that board; told are the number of its start, and what ended the one before.
fn start(
    block: Option<&Block>,
    (boot, crash): (u16, Option<Crash>),
    (unique, program): Processor,
    board: &mut StandIn,
) -> Meter<'static> {
    let mut page = [0xFF; PAGE];
    if let Some(block) = block {
        block.encode(&mut page).expect("a page is enough");
    }
    let facts =
        Facts { boot, reset_cause: ResetCause::PowerOn, crash, crystal: true, unique, stack_bytes: 16_384, program };
    // A meter keeps its block for ever.
    let chosen = Box::leak(Box::new(choose(&page, &[0xFF; PAGE])));
    Meter::start(facts, chosen, board, 0)
}

fn due(bytes: &mut VecDeque<(u64, u8)>, now: u64) -> Option<(u64, u8)> {
    if bytes.front()?.0 <= now { bytes.pop_front() } else { None }
}

/// The meter's service port, and a look behind it.
#[derive(Clone)]
pub struct ServicePort {
    clock: SharedClock,
    peer: Arc<Mutex<Peer>>,
}

impl ServicePort {
    /// Starts a meter with that block on a simulated chip.
    pub fn new(clock: &SharedClock, chip: Shared<AfeDevice>, block: Option<Block>) -> Self {
        let peer = Peer::new(chip, block, ([1, 2, 3, 4, 5, 6], Program::over(FLASH_START, b"")), 0);
        Self { clock: clock.clone(), peer: Arc::new(Mutex::new(peer)) }
    }

    /// Starts one now, on that processor.
    pub fn started(clock: &SharedClock, chip: Shared<AfeDevice>, block: Option<Block>, processor: Processor) -> Self {
        let peer = Peer::new(chip, block, processor, clock.now().micros());
        Self { clock: clock.clone(), peer: Arc::new(Mutex::new(peer)) }
    }

    /// The meter's side, run up to the present.
    pub fn peer(&self) -> MutexGuard<'_, Peer> {
        let mut peer = self.peer.lock().expect("nobody panicked");
        peer.run_until(self.clock.now().micros());
        peer
    }
}

impl Port for ServicePort {
    fn write(&mut self, bytes: &[u8]) -> Result<(), PortError> {
        let mut peer = self.peer();
        let mut at = peer.to_meter.back().map_or(0, |(at, _)| *at).max(peer.now);
        for &byte in bytes {
            at += SERVICE_CHARACTER;
            let byte = peer.carried(byte);
            peer.to_meter.push_back((at, byte));
        }
        Ok(())
    }

    fn read(&mut self, into: &mut [u8], deadline: Moment) -> Result<usize, PortError> {
        loop {
            let now = self.clock.now();
            let mut peer = self.peer();
            let mut count = 0;
            while count < into.len()
                && let Some((_, byte)) = due(&mut peer.to_bench, now.micros())
            {
                into[count] = byte;
                count += 1;
            }
            // Nothing is held across a sleep.
            drop(peer);
            if count > 0 || now >= deadline {
                return Ok(count);
            }
            self.clock.sleep_until(deadline.min(now + LOOK));
        }
    }

    fn configure(&mut self, _: LineSettings) -> Result<(), PortError> {
        Ok(())
    }

    fn set_signal(&mut self, _: Signal, _: Level) -> Result<(), PortError> {
        Err(PortError::Unsupported { port: "service port".to_owned(), what: "set modem signals" })
    }
}

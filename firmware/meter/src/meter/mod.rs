//! The whole meter: what each part tells the others.
//!
//! [`Meter::poll`] is called over and over; it never waits. Bytes are passed as they come, and the service port's one at a time while
//! [`Meter::takes_service_byte`]: the next request is not looked at before the one before it is answered.

mod serve;
mod windows;

use m90e26::Register;
use meter_interface::block::{Block, BlockError, Choice, Copy, NoBlock};
use meter_interface::map::{Alarms, Crash, Program, Quantity, Relay as RelayState, ResetCause, State};

use crate::board::{Board, Coil, Led, Restart};
use crate::chip::{Chip, SILENT_AFTER};
use crate::crash;
use crate::display::Display;
use crate::keypad::Keypad;
use crate::lcd::Lcd;
use crate::protect::{Protections, Watched};
use crate::relay::Relay;
use crate::rtc;
use crate::selftest::{Bench, SelfTest};
use crate::store::{Kept, Store};
use serve::Service;

/// Readings older than this protect nothing and are not shown.
const FRESH_MILLIS: u16 = 2_000;

/// From one look at keys to the next.
const KEYS_INTERVAL: u64 = 5_000;
/// From one screen to the next.
const SCREEN_INTERVAL: u64 = 250_000;
/// From one look at the clock and the sense input to the next.
const SLOW_INTERVAL: u64 = 1_000_000;
/// How long the green light is on for a pulse.
const BLINK: u64 = 80_000;
/// From a command to restart to the restart: the answer and the energy come first.
const RESTART_AFTER: u64 = 60_000;

/// What is known when the program starts.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The meter's starts so far by memory that outlives a restart, this one included.
    pub boot: u16,
    /// Why the processor started.
    pub reset_cause: ResetCause,
    /// What ended the program last time, if it ended badly.
    pub crash: Option<Crash>,
    /// The clock runs by its crystal.
    pub crystal: bool,
    /// The processor's unique number.
    pub unique: [u16; 6],
    /// Bytes of the stack.
    pub stack_bytes: u16,
    /// The program as it stands in the flash.
    pub program: Program,
}

/// What the pages of the calibration hold.
#[derive(Debug)]
struct Calibration<'a> {
    copy: Option<Copy>,
    block: Option<&'a Block>,
    bad: [bool; 2],
}

impl<'a> From<&'a Result<Choice, NoBlock>> for Calibration<'a> {
    fn from(chosen: &'a Result<Choice, NoBlock>) -> Self {
        match chosen {
            Ok(Choice { copy, block, other }) => {
                // The other copy may be erased: a meter is calibrated for the first time once.
                let damaged = other.is_some_and(|error| error != BlockError::Blank);
                Self { copy: Some(*copy), block: Some(block), bad: Copy::ALL.map(|one| one != *copy && damaged) }
            }
            Err(NoBlock { a, b }) => {
                Self { copy: None, block: None, bad: [a, b].map(|error| *error != BlockError::Blank) }
            }
        }
    }
}

/// The meter. Its block lies elsewhere: it is large, and never changes.
#[derive(Debug)]
pub struct Meter<'a> {
    facts: Facts,
    calibration: Calibration<'a>,
    chip: Chip,
    store: Store,
    protections: Protections,
    relay: Relay,
    service: Service,
    self_test: SelfTest,
    display: Display,
    lcd: Lcd,
    keypad: Keypad,

    watched_round: u32,
    keys_at: u64,
    screen_at: u64,
    slow_at: u64,
    green: (u32, u64),
    supply_failed: bool,
    sense: Option<u16>,
    clock: Option<rtc::Time>,
    restart: Option<(Restart, u64)>,
    /// The self test the service port has asked for; 0 stops.
    wanted_test: Option<u16>,
    /// High word of a time that is being set, and the time that the clock is to be set to.
    clock_high: u16,
    wanted_clock: Option<u32>,
    stack_unused: u16,
    polled_at: u64,
    longest_turn: u64,
}

impl<'a> Meter<'a> {
    /// Starts the meter on what the calibration pages and the EEPROM hold.
    #[inline(never)]
    pub fn start(mut facts: Facts, chosen: &'a Result<Choice, NoBlock>, board: &mut impl Board, now: u64) -> Self {
        let store = Store::open(board, now);
        let held = store.held().copied().unwrap_or_default();
        // The EEPROM counts starts over power failures, the memory also without an EEPROM.
        facts.boot = facts.boot.max(held.boot.wrapping_add(1));
        let calibration = Calibration::from(chosen);
        let chip = Chip::new(calibration.block.is_some(), held.totals, now);
        Self {
            facts,
            calibration,
            chip,
            store,
            protections: Protections::default(),
            relay: Relay::default(),
            service: Service::default(),
            self_test: SelfTest::default(),
            display: Display::default(),
            lcd: Lcd::new(),
            keypad: Keypad::default(),
            watched_round: 0,
            keys_at: now,
            screen_at: now,
            slow_at: now,
            green: (0, 0),
            supply_failed: false,
            sense: None,
            clock: None,
            restart: None,
            wanted_test: None,
            clock_high: 0,
            wanted_clock: None,
            stack_unused: board.stack_unused(),
            polled_at: now,
            longest_turn: 0,
        }
    }

    /// Bytes of the metering chip.
    pub fn on_chip_bytes(&mut self, bytes: &[u8], now: u64) {
        self.chip.on_bytes(bytes, now);
    }

    /// Bytes of the modem.
    pub fn on_modem_bytes(&mut self, bytes: &[u8]) {
        self.self_test.on_modem_bytes(bytes);
    }

    /// Whether the service port's next byte is wanted now.
    #[must_use]
    pub fn takes_service_byte(&self) -> bool {
        self.service.takes_byte()
    }

    /// A byte of the service port.
    pub fn on_service_byte(&mut self, byte: u8, now: u64) {
        self.service.on_byte(byte, now);
    }

    /// Does what there is to do. Its parts are functions of their own in the image too: inlined into the main loop they cost four kilobytes.
    #[inline(never)]
    pub fn poll(&mut self, board: &mut impl Board, now: u64) {
        self.longest_turn = self.longest_turn.max(now.saturating_sub(self.polled_at));
        self.polled_at = now;
        self.chip.poll(self.calibration.block, |bytes| board.chip_send(bytes), now);
        self.serve(board, now);
        self.watch(now);
        self.relay.poll(board, now);
        self.test(board, now);
        self.keep(board, now);
        self.front(board, now);
        if let Some(secs) = self.wanted_clock.take() {
            // What came of it is what the clock then shows.
            let _shown = rtc::set(board, secs);
            self.slow_at = now;
        }
        if now >= self.slow_at {
            self.slow_at = now + SLOW_INTERVAL;
            self.sense = board.sense_millivolts();
            if self.self_test.running().is_none() {
                self.clock = rtc::read(board).ok().flatten();
            }
            self.stack_unused = board.stack_unused();
        }
        if let Some((into, at)) = self.restart
            && now >= at
            && self.store.is_at_rest()
        {
            board.restart(into);
            self.restart = None;
        }
    }

    /// The number of this start.
    #[must_use]
    pub const fn boot(&self) -> u16 {
        self.facts.boot
    }

    /// Whether there is a crash record that nobody has cleared.
    #[must_use]
    pub const fn has_crash(&self) -> bool {
        self.facts.crash.is_some()
    }

    /// What it is doing.
    #[must_use]
    pub fn state(&self, now: u64) -> State {
        self.chip.state(now)
    }

    /// The metering chip, to look into.
    #[must_use]
    pub const fn chip(&self) -> &Chip {
        &self.chip
    }

    /// Protections act while the meter meters by itself; the bench may do what it likes.
    fn watch(&mut self, now: u64) {
        if self.state(now) != State::Metering {
            self.protections.watch(None, now);
            return;
        }
        let readings = self.chip.readings();
        let fresh = |quantity| readings.fresh(quantity, FRESH_MILLIS, now);
        if readings.rounds == self.watched_round && fresh(Quantity::Voltage).is_some() {
            return;
        }
        self.watched_round = readings.rounds;
        let watched = fresh(Quantity::Voltage).zip(fresh(Quantity::ActivePower)).zip(fresh(Quantity::Frequency));
        let watched = watched.map(|((microvolts, milliwatts), millihertz)| Watched {
            centivolts: microvolts / 10_000,
            watts: (milliwatts / 1_000).saturating_abs(),
            centihertz: millihertz / 10,
        });
        self.protections.watch(watched, now);
        if self.protections.tripped() {
            self.relay.want(Coil::Open);
        } else if watched.is_some() && self.protections.all_well() {
            self.relay.want(Coil::Close);
        }
    }

    #[inline(never)]
    fn test(&mut self, board: &mut impl Board, now: u64) {
        self.command_test(board, now);
        let eeprom_at_rest = self.store.is_at_rest();
        let mut bench = Bench { board, chip: &mut self.chip, relay: &mut self.relay, eeprom_at_rest };
        self.self_test.poll(&mut bench, now);
    }

    #[inline(never)]
    fn keep(&mut self, board: &mut impl Board, now: u64) {
        if self.self_test.running().is_some_and(|test| test == meter_interface::map::Test::Eeprom) {
            return;
        }
        let fails = board.supply_fails();
        self.supply_failed |= fails;
        let kept = Kept { totals: *self.chip.totals(), boot: self.facts.boot };
        self.store.poll(board, &kept, fails || self.restart.is_some(), now);
    }

    /// Keys, display, lights.
    #[inline(never)]
    fn front(&mut self, board: &mut impl Board, now: u64) {
        if now >= self.keys_at {
            self.keys_at = now + KEYS_INTERVAL;
            if let Some(key) = self.keypad.on_contacts(board.keys(), now)
                && !self.self_test.on_key(key)
            {
                self.display.on_key(key, now);
                self.screen_at = now;
            }
        }
        if now >= self.screen_at {
            self.screen_at = now + SCREEN_INTERVAL;
            let snapshot = self.snapshot(now);
            let screen = self.self_test.screen();
            let screen = screen.unwrap_or_else(|| self.display.screen(&snapshot, self.calibration.block, now));
            self.lcd.show(&screen);
            if !self.self_test.owns(Led::Red) {
                let quiet = Alarms::CHIP_RESET.with(Alarms::CRASH).with(Alarms::SAG).with(Alarms::SUPPLY);
                let trouble = !snapshot.alarms.without(quiet).is_empty() || !snapshot.protections.is_empty();
                board.light(Led::Red, trouble || matches!(snapshot.state, State::NotCalibrated));
            }
        }
        if let Some(nibble) = self.lcd.step(now) {
            board.latch(nibble);
        }
        let pulses = self.pulses();
        let (seen, until) = &mut self.green;
        if pulses != *seen {
            (*seen, *until) = (pulses, now + BLINK);
        }
        if !self.self_test.owns(Led::Green) {
            board.light(Led::Green, now < *until);
        }
    }

    /// Whole pulses of active energy since the start.
    fn pulses(&self) -> u32 {
        let tallies = self.chip.tallies();
        let counts = [Register::APenergy, Register::ANenergy].map(|register| tallies.tally(register, 0, 0).count);
        counts.iter().fold(0u32, |sum, &count| sum.wrapping_add(count)) / 10
    }

    fn alarms(&self, now: u64) -> Alarms {
        let refusal = self.chip.refusal();
        let reverse = self.chip.en_status().is_some_and(|(status, _)| status.rev_p());
        let set = [
            (self.chip.is_silent(now), Alarms::CHIP_SILENT),
            (refusal.cs1, Alarms::CHIP_CS1),
            (refusal.cs2, Alarms::CHIP_CS2),
            (self.chip.loads_and_resets().1 > 0, Alarms::CHIP_RESET),
            (self.calibration.bad[0], Alarms::BLOCK_A),
            (self.calibration.bad[1], Alarms::BLOCK_B),
            (self.store.error().is_some(), Alarms::EEPROM),
            (self.clock.is_none_or(|time| time.halted), Alarms::RTC),
            (!self.facts.crystal, Alarms::CRYSTAL),
            (self.facts.crash.is_some(), Alarms::CRASH),
            (reverse, Alarms::REVERSE),
            (self.chip.tallies().status_seen().sag(), Alarms::SAG),
            (self.supply_failed, Alarms::SUPPLY),
        ];
        set.into_iter().filter(|(on, _)| *on).fold(Alarms::default(), |alarms, (_, alarm)| alarms.with(alarm))
    }

    fn crash(&self) -> Crash {
        self.facts.crash.unwrap_or_else(crash::none)
    }

    fn relay_state(&self) -> RelayState {
        self.relay.state()
    }
}

// A snapshot's readings may be as old as the chip may be silent before it is said to be.
const _: () = assert!(SILENT_AFTER < FRESH_MILLIS as u64 * 1_000);

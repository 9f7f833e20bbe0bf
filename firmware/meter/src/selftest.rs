//! The self test: one part at a time, each with a result and a time limit.

use m90e26::Register;
use meter_interface::map::{SelfTest as Window, Test, TestResult, TestState};

use crate::board::{Board, Coil, Led};
use crate::chip::{Chip, Request};
use crate::lcd::{COLUMNS, Screen};
use crate::relay::Relay;
use crate::store::{self, PAGE};
use crate::{i2c, rtc};

/// How long lights, sounds and each screen last.
const SHOW: u64 = 2_000_000;
/// From one AT to the next.
const MODEM_PAUSE: u64 = 1_000_000;
/// From one look at the clock to the next.
const RTC_PAUSE: u64 = 5_000;
/// What a test has come to.
#[derive(Clone, Copy, Debug)]
enum Phase {
    Begin,
    /// A chip's answer, a key, the end of a show.
    Wait,
    EepromWritten {
        before: [u8; PAGE],
        readable_at: u64,
    },
    EepromRestored {
        result: TestResult,
        at: u64,
    },
    Clock {
        seconds: u32,
        look_at: u64,
    },
    Modem {
        sent: u16,
        again_at: u64,
    },
    SecondScreen,
}

#[derive(Clone, Copy, Debug)]
struct Running {
    test: Test,
    began: u64,
    phase: Phase,
}

/// All tests, and the one that runs.
#[derive(Debug, Default)]
pub struct SelfTest {
    running: Option<Running>,
    runs: u16,
    results: [TestResult; Test::ALL.len()],
    modem: ModemWatch,
}

/// Looks for OK among the modem's bytes.
#[derive(Debug, Default)]
struct ModemWatch {
    last: u8,
    ok: bool,
}

/// The parts of the meter a test touches.
pub struct Bench<'a, B> {
    /// The hardware.
    pub board: &'a mut B,
    /// The metering chip.
    pub chip: &'a mut Chip,
    /// The relay.
    pub relay: &'a mut Relay,
    /// Nobody else writes to the EEPROM now.
    pub eeprom_at_rest: bool,
}

impl SelfTest {
    /// Starts a test.
    pub fn start(&mut self, test: Test, now: u64) {
        self.running = Some(Running { test, began: now, phase: Phase::Begin });
        self.runs = self.runs.wrapping_add(1);
        self.modem = ModemWatch::default();
        self.put(test, TestResult { state: TestState::Running, value: 0 });
    }

    /// Ends the test that runs without a result.
    pub fn stop<B: Board>(&mut self, board: &mut B) {
        if let Some(Running { test, .. }) = self.running.take() {
            quiet(test, board);
            self.put(test, TestResult::default());
        }
    }

    /// The test that runs.
    #[must_use]
    pub fn running(&self) -> Option<Test> {
        self.running.map(|running| running.test)
    }

    /// Whether this light is the test's.
    #[must_use]
    pub fn owns(&self, led: Led) -> bool {
        let test = if led == Led::Red { Test::RedLed } else { Test::GreenLed };
        self.running() == Some(test)
    }

    /// The screen the display's test shows.
    #[must_use]
    pub fn screen(&self) -> Option<Screen> {
        let running = self.running.filter(|running| running.test == Test::Lcd)?;
        Some(match running.phase {
            Phase::SecondScreen => [*b"0123456789ABCDEF", *b"abcdefghijklmnop"],
            // The controller's own character in which every dot is dark.
            _ => [[0xFF; COLUMNS]; 2],
        })
    }

    /// A key was pressed; true when a test waited for it.
    pub fn on_key(&mut self, key: u8) -> bool {
        let waits = self.running() == Some(Test::Keypad);
        if waits {
            self.finish(Test::Keypad, TestState::Passed, key.into());
        }
        waits
    }

    /// Bytes of the modem.
    pub fn on_modem_bytes(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.modem.ok |= self.modem.last == b'O' && byte == b'K';
            self.modem.last = byte;
        }
    }

    /// The window of the service port.
    #[must_use]
    pub fn window(&self, now: u64) -> Window {
        let elapsed = self.running.map_or(0, |running| now.saturating_sub(running.began) / 1_000);
        Window {
            running: self.running().map_or(0, Test::number),
            elapsed_millis: u16::try_from(elapsed).unwrap_or(u16::MAX),
            runs: self.runs,
            results: self.results,
        }
    }

    /// Goes on with the test that runs.
    pub fn poll<B: Board>(&mut self, bench: &mut Bench<'_, B>, now: u64) {
        let Some(Running { test, began, phase }) = self.running else { return };
        let limit = u64::from(test.limit_secs()) * 1_000_000;
        if now.saturating_sub(began) >= limit {
            quiet(test, bench.board);
            if let Phase::Modem { sent, .. } = phase {
                self.finish(test, TestState::TimedOut, sent);
            } else {
                self.finish(test, TestState::TimedOut, 0);
            }
            return;
        }
        let next = match test {
            Test::Afe => self.afe(bench, phase),
            Test::Eeprom => self.eeprom(bench, phase, now),
            Test::Rtc => self.clock(bench, phase, began, now),
            Test::Modem => self.modem(bench, phase, now),
            Test::Supply => {
                match bench.board.sense_millivolts() {
                    Some(millivolts) => self.finish(test, TestState::Passed, millivolts),
                    None => self.finish(test, TestState::Failed, u16::MAX),
                }
                None
            }
            Test::RelayOn | Test::RelayOff => {
                bench.relay.switch(if test == Test::RelayOn { Coil::Close } else { Coil::Open });
                self.finish(test, TestState::Shown, 0);
                None
            }
            Test::Lcd if now.saturating_sub(began) >= SHOW / 2 && !matches!(phase, Phase::SecondScreen) => {
                Some(Phase::SecondScreen)
            }
            Test::Lcd | Test::Buzzer | Test::RedLed | Test::GreenLed => {
                if matches!(phase, Phase::Begin) {
                    show(test, true, bench.board);
                }
                if now.saturating_sub(began) >= SHOW {
                    quiet(test, bench.board);
                    self.finish(test, TestState::Shown, 0);
                    None
                } else if matches!(phase, Phase::Begin) {
                    Some(Phase::Wait)
                } else {
                    Some(phase)
                }
            }
            Test::Keypad => Some(Phase::Wait),
        };
        if let (Some(phase), Some(running)) = (next, &mut self.running) {
            running.phase = phase;
        }
    }

    fn afe<B: Board>(&mut self, bench: &mut Bench<'_, B>, phase: Phase) -> Option<Phase> {
        if matches!(phase, Phase::Begin) {
            bench.chip.request(Request::Read(Register::MMode));
            return Some(Phase::Wait);
        }
        match bench.chip.take_answer() {
            None => return Some(phase),
            Some(Ok((word, _))) => {
                let expected = bench.chip.mmode().unwrap_or(Register::MMode.power_on());
                let state = if word == expected { TestState::Passed } else { TestState::Failed };
                self.finish(Test::Afe, state, word);
            }
            Some(Err(_)) => self.finish(Test::Afe, TestState::Failed, 0),
        }
        None
    }

    fn eeprom<B: Board>(&mut self, bench: &mut Bench<'_, B>, phase: Phase, now: u64) -> Option<Phase> {
        let failed = TestResult { state: TestState::Failed, value: store::TEST_PAGE * PAGE as u16 };
        let step = match phase {
            Phase::EepromWritten { readable_at, .. } if now < readable_at => Ok(phase),
            Phase::EepromWritten { before, .. } => restore(bench.board, &before, now),
            Phase::EepromRestored { at, .. } if now < at => Ok(phase),
            Phase::EepromRestored { result, .. } => Err(result),
            // The meter's own record goes first.
            _ if !bench.eeprom_at_rest => Ok(phase),
            _ => store::read_page(bench.board, store::TEST_PAGE)
                .and_then(|before| {
                    store::write_page(bench.board, store::TEST_PAGE, &pattern())?;
                    Ok(Phase::EepromWritten { before, readable_at: now + store::WRITE_MICROS })
                })
                .map_err(|_: i2c::BusError| failed),
        };
        match step {
            Ok(phase) => Some(phase),
            Err(result) => {
                self.finish(Test::Eeprom, result.state, result.value);
                None
            }
        }
    }

    fn clock<B: Board>(&mut self, bench: &mut Bench<'_, B>, phase: Phase, began: u64, now: u64) -> Option<Phase> {
        if matches!(phase, Phase::Clock { look_at, .. } if now < look_at) {
            return Some(phase);
        }
        let look_at = now + RTC_PAUSE;
        match (rtc::read(bench.board), phase) {
            (Ok(Some(time)), Phase::Clock { seconds, .. }) if time.secs != seconds => {
                let millis = u16::try_from((now - began) / 1_000).unwrap_or(u16::MAX);
                self.finish(Test::Rtc, TestState::Passed, millis);
                None
            }
            (Ok(Some(time)), _) if time.halted => {
                // It comes halted out of the factory.
                if rtc::start(bench.board).is_err() {
                    self.finish(Test::Rtc, TestState::Failed, 0);
                    return None;
                }
                Some(Phase::Begin)
            }
            (Ok(Some(time)), _) => Some(Phase::Clock { seconds: time.secs, look_at }),
            (Ok(None), _) => {
                if rtc::start(bench.board).is_err() {
                    self.finish(Test::Rtc, TestState::Failed, 0);
                    return None;
                }
                Some(Phase::Clock { seconds: 0, look_at })
            }
            (Err(_), _) => {
                self.finish(Test::Rtc, TestState::Failed, 0);
                None
            }
        }
    }

    fn modem<B: Board>(&mut self, bench: &mut Bench<'_, B>, phase: Phase, now: u64) -> Option<Phase> {
        let (sent, again_at) = match phase {
            Phase::Modem { sent, again_at } => (sent, again_at),
            _ => (0, now),
        };
        if self.modem.ok {
            self.finish(Test::Modem, TestState::Passed, sent);
            return None;
        }
        if now < again_at {
            return Some(phase);
        }
        bench.board.modem_send(b"AT\r");
        Some(Phase::Modem { sent: sent + 1, again_at: now + MODEM_PAUSE })
    }

    fn finish(&mut self, test: Test, state: TestState, value: u16) {
        self.running = None;
        self.put(test, TestResult { state, value });
    }

    fn put(&mut self, test: Test, result: TestResult) {
        if let Some(place) = self.results.get_mut(usize::from(test.number()).wrapping_sub(1)) {
            *place = result;
        }
    }
}

/// What is written into the spare page: each bit both ways, and no two bytes alike.
fn pattern() -> [u8; PAGE] {
    core::array::from_fn(|place| 0xA5 ^ (place as u8).wrapping_mul(7))
}

/// Reads the pattern back and writes what was there before.
fn restore<B: Board>(board: &mut B, before: &[u8; PAGE], now: u64) -> Result<Phase, TestResult> {
    let first = store::TEST_PAGE * PAGE as u16;
    let failed = |value| TestResult { state: TestState::Failed, value };
    let found = store::read_page(board, store::TEST_PAGE).map_err(|_| failed(first))?;
    let result = match pattern().iter().zip(&found).position(|(wrote, read)| wrote != read) {
        Some(offset) => failed(first + offset as u16),
        None => TestResult { state: TestState::Passed, value: 0 },
    };
    store::write_page(board, store::TEST_PAGE, before).map_err(|_| failed(first))?;
    Ok(Phase::EepromRestored { result, at: now + store::WRITE_MICROS })
}

fn show<B: Board>(test: Test, on: bool, board: &mut B) {
    match test {
        Test::Buzzer => board.buzz(on),
        Test::RedLed => board.light(Led::Red, on),
        Test::GreenLed => board.light(Led::Green, on),
        _ => {}
    }
}

fn quiet<B: Board>(test: Test, board: &mut B) {
    show(test, false, board);
}

//! What the service port answers.
//!
//! A request that concerns the chip waits for it, at most [`PATIENCE`]; then the answer is that the chip gave none, and what it may say
//! later is not looked at. All others are answered at once. A write of several registers is checked as a whole before any is written.

use m90e26::Register;
use meter_interface::map::control::{LOCK, UNLOCK_KEY};
use meter_interface::map::{
    ANSWER_MILLIS, Command, Control, ECHO, Exception, Guard, Holding, READ_MOST, Test, UNIT, UNLOCK_SECS, WRITE_MOST,
    Window, echoed,
};
use modbus_core::Request as Pdu;

use super::windows::Words;
use super::{Meter, RESTART_AFTER};
use crate::board::{Board, Restart};
use crate::chip::Request;
use crate::energy::Totals;
use crate::service::frame::{Answer, Receiver};
use crate::service::identification;

/// How long a request may wait for the chip; the answer has to begin within the map's limit.
const PATIENCE: u64 = ANSWER_MILLIS as u64 * 1_000 * 9 / 10;

// Functions by their numbers (MODBUS Application Protocol V1.1b3, section 6).
const READ_HOLDING: u8 = 3;
const READ_INPUT: u8 = 4;
const WRITE_SINGLE: u8 = 6;
const WRITE_MULTIPLE: u8 = 16;
/// Set in the function of an exception.
const EXCEPTION: u8 = 0x80;

const ECHOES: usize = (ECHO.end - ECHO.start) as usize;

/// The port's state.
#[derive(Debug)]
pub(super) struct Service {
    receiver: Receiver,
    /// A frame waits to be answered.
    complete: bool,
    pending: Option<Pending>,
    frames: u32,
    unlocked_until: u64,
    barrier: u16,
    echo: [u16; ECHOES],
}

impl Default for Service {
    fn default() -> Self {
        Self {
            receiver: Receiver::default(),
            complete: false,
            pending: None,
            frames: 0,
            unlocked_until: 0,
            barrier: 0,
            echo: [0; ECHOES],
        }
    }
}

/// A request that waits for the chip.
#[derive(Debug)]
struct Pending {
    function: u8,
    address: u16,
    count: u16,
    /// What was read so far, or what is to be written.
    words: Words,
    /// Registers done.
    done: u16,
    asked: bool,
    until: u64,
}

/// What comes of a request.
enum Outcome {
    Answered(Answer),
    Waits(Pending),
}

impl Service {
    pub const fn takes_byte(&self) -> bool {
        !self.complete
    }

    /// What comes while a request waits for the chip comes from somebody who has given its answer up, or never wanted one. Kept, a flood of
    /// requests would have to be worked off when it is long over.
    pub fn on_byte(&mut self, byte: u8, now: u64) {
        if self.pending.is_some() {
            self.receiver.skip(now);
        } else {
            self.complete |= self.receiver.on_byte(byte, now);
        }
    }

    pub const fn frames(&self) -> u32 {
        self.frames
    }

    pub const fn errors(&self) -> u32 {
        self.receiver.errors()
    }

    /// Seconds until the lock falls shut, rounded up.
    pub fn unlocked_secs(&self, now: u64) -> u16 {
        self.unlocked_until.saturating_sub(now).div_ceil(1_000_000) as u16
    }

    fn is_unlocked(&self, now: u64) -> bool {
        now < self.unlocked_until
    }
}

impl Meter<'_> {
    #[inline(never)]
    pub(super) fn serve(&mut self, board: &mut impl Board, now: u64) {
        let unlocked = self.service.is_unlocked(now);
        self.chip.hand_to_bench(unlocked, self.calibration.block.is_some(), now);
        if !unlocked && self.self_test.running().is_some() {
            self.self_test.stop(board);
        }
        if let Some(pending) = self.service.pending.take() {
            match self.go_on(pending, now) {
                Outcome::Answered(mut answer) => self.send(board, &mut answer),
                Outcome::Waits(pending) => self.service.pending = Some(pending),
            }
            return;
        }
        self.service.complete |= self.service.receiver.on_time(now);
        if !core::mem::take(&mut self.service.complete) {
            return;
        }
        let Some((unit, pdu)) = self.service.receiver.frame() else { return };
        if unit != UNIT {
            self.service.receiver.clear();
            return;
        }
        self.service.frames = self.service.frames.wrapping_add(1);
        let function = pdu.first().copied().unwrap_or_default();
        // The request is copied, so that the meter can be changed while it is looked at.
        let request: heapless::Vec<u8, 256> = heapless::Vec::from_slice(pdu).unwrap_or_default();
        self.service.receiver.clear();
        match self.answer(&request, now) {
            Ok(Outcome::Answered(mut answer)) => self.send(board, &mut answer),
            Ok(Outcome::Waits(pending)) => self.service.pending = Some(pending),
            Err(exception) => self.send(board, &mut refusal(function, exception)),
        }
    }

    fn send(&mut self, board: &mut impl Board, answer: &mut Answer) {
        board.service_send(answer.finish());
    }

    fn answer(&mut self, pdu: &[u8], now: u64) -> Result<Outcome, Exception> {
        let (&function, data) = pdu.split_first().ok_or(Exception::IllegalFunction)?;
        if function == identification::FUNCTION {
            let mut answer = Answer::new(UNIT, function);
            identification::answer(data, self.calibration.block, &mut answer)?;
            return Ok(Outcome::Answered(answer));
        }
        if ![READ_HOLDING, READ_INPUT, WRITE_SINGLE, WRITE_MULTIPLE].contains(&function) {
            return Err(Exception::IllegalFunction);
        }
        match Pdu::try_from(pdu).map_err(|_| Exception::IllegalValue)? {
            Pdu::ReadInputRegisters(address, count) => self.read_input(address, count, now),
            Pdu::ReadHoldingRegisters(address, count) => self.read_holding(address, count, now),
            Pdu::WriteSingleRegister(address, word) => self.write(function, address, &[word], now),
            Pdu::WriteMultipleRegisters(address, data) => {
                let (pairs, rest) = data.payload().as_chunks::<2>();
                if pairs.len() != data.len()
                    || !rest.is_empty()
                    || !(1..=usize::from(WRITE_MOST)).contains(&pairs.len())
                {
                    return Err(Exception::IllegalValue);
                }
                let words: Words = pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect();
                self.write(function, address, &words, now)
            }
            _ => Err(Exception::IllegalFunction),
        }
    }

    fn read_input(&mut self, address: u16, count: u16, now: u64) -> Result<Outcome, Exception> {
        in_range(count, READ_MOST)?;
        let (window, offset) = Window::holding(address, count).ok_or(Exception::IllegalAddress)?;
        if let Window::Tally(register) = window {
            self.chip.focus(register, now);
        }
        let words = self.window(window, offset, count.into(), now);
        Ok(Outcome::Answered(words_answer(READ_INPUT, &words)))
    }

    fn read_holding(&mut self, address: u16, count: u16, now: u64) -> Result<Outcome, Exception> {
        in_range(count, READ_MOST)?;
        let mut words = Words::new();
        let mut of_chip = false;
        for (index, holding) in places(address, count).enumerate() {
            match holding? {
                // Alone, LSB would be some other reading's.
                Holding::LsbOf(_) if index == 0 => return Err(Exception::IllegalAddress),
                holding if !holding.readable() => return Err(Exception::IllegalAddress),
                Holding::Chip(_) | Holding::WithLsb(_) | Holding::LsbOf(_) => of_chip = true,
                Holding::Control(control) => {
                    let _full = words.push(self.control(control, now));
                }
                Holding::Echo(number) => {
                    let _full = words.push(self.service.echo.get(usize::from(number)).copied().unwrap_or_default());
                }
            }
        }
        if !of_chip {
            return Ok(Outcome::Answered(words_answer(READ_HOLDING, &words)));
        }
        if self.self_test.running() == Some(Test::Afe) {
            return Err(Exception::Busy);
        }
        let until = now + PATIENCE;
        // No request reaches from the chip's registers to others: there are gaps between them.
        Ok(self.go_on(
            Pending { function: READ_HOLDING, address, count, words: Words::new(), done: 0, asked: false, until },
            now,
        ))
    }

    fn control(&self, control: Control, now: u64) -> u16 {
        match control {
            Control::Barrier => self.service.barrier,
            Control::Unlock => self.service.unlocked_secs(now),
            Control::SelfTest => self.self_test.running().map_or(0, Test::number),
            Control::ClockHigh => (self.clock_secs() >> 16) as u16,
            Control::ClockLow => self.clock_secs() as u16,
            Control::Command | Control::Unknown(_) => 0,
        }
    }

    fn write(&mut self, function: u8, address: u16, words: &[u16], now: u64) -> Result<Outcome, Exception> {
        let count = words.len() as u16;
        let mut of_chip = false;
        for (holding, &word) in places(address, count).zip(words) {
            let holding = holding?;
            match holding.guard() {
                Guard::Never => return Err(Exception::IllegalAddress),
                Guard::Unlocked if !self.service.is_unlocked(now) => return Err(Exception::IllegalFunction),
                Guard::Unlocked | Guard::Anybody => {}
            }
            if !holding.takes(word) {
                return Err(Exception::IllegalValue);
            }
            self.check_control(holding, word)?;
            of_chip |= matches!(holding, Holding::Chip(_));
        }
        if of_chip {
            if self.self_test.running() == Some(Test::Afe) {
                return Err(Exception::Busy);
            }
            let words = Words::from_slice(words).map_err(|_| Exception::IllegalValue)?;
            let until = now + PATIENCE;
            return Ok(self.go_on(Pending { function, address, count, words, done: 0, asked: false, until }, now));
        }
        for (holding, &word) in places(address, count).zip(words) {
            match holding? {
                Holding::Control(control) => self.do_control(control, word, now),
                Holding::Echo(number) => {
                    if let Some(echo) = self.service.echo.get_mut(usize::from(number)) {
                        *echo = echoed(word);
                    }
                }
                Holding::Chip(_) | Holding::WithLsb(_) | Holding::LsbOf(_) => {}
            }
        }
        Ok(Outcome::Answered(written(function, address, words)))
    }

    /// Whether one of the meter's own registers takes the word now.
    fn check_control(&self, holding: Holding, word: u16) -> Result<(), Exception> {
        match holding {
            Holding::Control(Control::Unlock) if word != UNLOCK_KEY && word != LOCK => Err(Exception::IllegalValue),
            Holding::Control(Control::Command) => match Command::from_word(word) {
                Command::Unknown(_) => Err(Exception::IllegalValue),
                Command::Reload if self.calibration.block.is_none() => Err(Exception::Failure),
                _ => Ok(()),
            },
            Holding::Control(Control::SelfTest) => match (word, Test::from_number(word)) {
                (0, _) => Ok(()),
                (_, None) => Err(Exception::IllegalValue),
                (_, Some(_)) if self.self_test.running().is_some() => Err(Exception::Busy),
                (_, Some(_)) => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn do_control(&mut self, control: Control, word: u16, now: u64) {
        match control {
            Control::Barrier => self.service.barrier = word,
            Control::Unlock => {
                let secs = if word == UNLOCK_KEY { u64::from(UNLOCK_SECS) } else { 0 };
                self.service.unlocked_until = now + secs * 1_000_000;
            }
            Control::SelfTest => self.wanted_test = Some(word),
            Control::ClockHigh => self.clock_high = word,
            Control::ClockLow => self.wanted_clock = Some(u32::from(self.clock_high) << 16 | u32::from(word)),
            Control::Command => match Command::from_word(word) {
                Command::Restart => self.restart = Some((Restart::Program, now + RESTART_AFTER)),
                Command::BootLoader => self.restart = Some((Restart::BootLoader, now + RESTART_AFTER)),
                Command::Reload => self.chip.reload(now),
                Command::ClearEnergy => self.chip.set_totals(Totals::default()),
                Command::ClearCrash => self.facts.crash = None,
                Command::Unknown(_) => {}
            },
            Control::Unknown(_) => {}
        }
    }

    /// Asks the chip for the next register, or takes its answer; answers when all is done.
    fn go_on(&mut self, mut pending: Pending, now: u64) -> Outcome {
        let reads = pending.function == READ_HOLDING;
        if pending.asked {
            match self.chip.take_answer() {
                Some(Ok((word, lsb))) => {
                    pending.asked = false;
                    pending.done += 1;
                    if reads {
                        let _full = pending.words.push(word);
                        if pending.done < pending.count && self.is_with_lsb(&pending, pending.done - 1) {
                            let _full = pending.words.push(lsb);
                            pending.done += 1;
                        }
                    }
                }
                // The session has tried several times; as long as the bench waits, so does this. Reads here clear nothing, and a write may be repeated.
                Some(Err(_)) if now < pending.until => pending.asked = false,
                Some(Err(_)) => return Outcome::Answered(refusal(pending.function, Exception::ChipSilent)),
                None if now >= pending.until => {
                    self.chip.forget_request();
                    return Outcome::Answered(refusal(pending.function, Exception::ChipSilent));
                }
                None => return Outcome::Waits(pending),
            }
        }
        if pending.done >= pending.count {
            let answer = if reads {
                words_answer(READ_HOLDING, &pending.words)
            } else {
                written(pending.function, pending.address, &pending.words)
            };
            return Outcome::Answered(answer);
        }
        let request = match Holding::at(pending.address.wrapping_add(pending.done)) {
            Some(Holding::Chip(register)) if reads => Request::Read(register),
            Some(Holding::WithLsb(register)) => Request::ReadWithLsb(register),
            Some(Holding::Chip(register)) => {
                let word = pending.words.get(usize::from(pending.done)).copied().unwrap_or_default();
                Request::Write(register, word)
            }
            // Checked when the request came; a read of LSB follows its register above.
            _ => Request::Read(Register::Lsb),
        };
        self.chip.request(request);
        pending.asked = true;
        Outcome::Waits(pending)
    }

    fn is_with_lsb(&self, pending: &Pending, index: u16) -> bool {
        matches!(Holding::at(pending.address.wrapping_add(index)), Some(Holding::WithLsb(_)))
    }

    /// Starts or stops a self test as the port has asked.
    pub(super) fn command_test(&mut self, board: &mut impl Board, now: u64) {
        match self.wanted_test.take() {
            None => {}
            Some(number) => match Test::from_number(number) {
                Some(test) => self.self_test.start(test, now),
                None => self.self_test.stop(board),
            },
        }
    }
}

/// What stands at each address of a request.
fn places(address: u16, count: u16) -> impl Iterator<Item = Result<Holding, Exception>> {
    (0..count).map(move |index| address.checked_add(index).and_then(Holding::at).ok_or(Exception::IllegalAddress))
}

fn in_range(count: u16, most: u16) -> Result<(), Exception> {
    if (1..=most).contains(&count) { Ok(()) } else { Err(Exception::IllegalValue) }
}

fn words_answer(function: u8, words: &[u16]) -> Answer {
    let mut answer = Answer::new(UNIT, function);
    answer.byte((words.len() * 2) as u8);
    for &word in words {
        answer.word(word);
    }
    answer
}

/// Function 6 is answered with the word, function 16 with the count.
fn written(function: u8, address: u16, words: &[u16]) -> Answer {
    let mut answer = Answer::new(UNIT, function);
    answer.word(address);
    match (function, words) {
        (WRITE_SINGLE, [word, ..]) => answer.word(*word),
        _ => answer.word(words.len() as u16),
    };
    answer
}

fn refusal(function: u8, exception: Exception) -> Answer {
    let mut answer = Answer::new(UNIT, function | EXCEPTION);
    answer.byte(exception.word() as u8);
    answer
}

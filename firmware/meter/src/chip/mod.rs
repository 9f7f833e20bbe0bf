//! The metering chip as the meter uses it: one transaction after the other without pause, and each for somebody.
//!
//! Who comes first: the bench's request; then, while the chip is being loaded, the loading; then a tally the bench looks at closely, in
//! every second transaction; then the energy registers when they are due; then the round of readings. A round ends with SysStatus,
//! EnStatus, CalStart and AdjStart: only when they show a chip that worked all the while are its readings published.
//!
//! No pulse is lost or counted twice on a bad line: that is the session's work ([`m90e26::uart::Session`]). Here each value of an energy
//! register is added once, where it arrives.

pub mod reading;
mod start;
mod tally;

use m90e26::field::{EnStatus, SysStatus, command};
use m90e26::uart::{Action, Operation, Outcome, Session, SessionError, Statistics, Timing};
use m90e26::{Line, Register};
use meter_interface::block::Block;
use meter_interface::map::{FOCUS_MILLIS, QUANTITIES, State, TALLIED, TALLY_MILLIS};

use crate::energy::Totals;
use reading::{Reading, Readings};
pub use start::Refusal;
use start::{Progress, Start};
use tally::Tallies;

/// Speed of the chip's line.
pub const BAUD: u32 = 9_600;

/// How long after a failure an answer may still come. The line is a track on the board and the chip answers within 5 ms (DS), so this is
/// generous; the session's own default thinks of USB and networks.
const CAUTION_MICROS: u64 = 250_000;

/// What the main loop may add to an answer: it writes to the EEPROM and the display in between. Costs nothing while the chip answers.
const LOOP_MICROS: u64 = 10_000;

/// From one pass over the energy registers to the next; a pass takes its time too.
const TALLY_INTERVAL: u64 = TALLY_MILLIS as u64 * 1_000 * 3 / 5;

/// After the start nothing is asked for so long: the program before this one may have been restarted in the middle of a transaction, and its answer
/// must not be taken for the first of this one. The chip drops a torn request within 20 ms (DS).
const QUIET_START: u64 = 25_000;

/// So many failed transactions in a row, and the chip is looked at anew.
const FAILURES_UNTIL_DOUBT: u8 = 2;

/// A chip that did not answer for so long is silent.
pub const SILENT_AFTER: u64 = 500_000;

/// From a refused loading to the next try.
const RETRY: u64 = 300_000;

/// What the bench wants of the chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// A register.
    Read(Register),
    /// A register and LSB right after it.
    ReadWithLsb(Register),
    /// Write it.
    Write(Register, u16),
}

/// What the chip is used for.
#[derive(Debug)]
enum Phase {
    /// There is no block to load.
    Unloaded,
    /// It is being loaded, or looked at.
    Loading { start: Start, not_before: u64 },
    /// It meters.
    Metering,
    /// The last counts that belong to the total, before the bench takes over.
    Draining { next: usize },
    /// The bench owns it.
    Bench,
}

/// Whom the transaction under way is for.
#[derive(Clone, Copy, Debug)]
enum Job {
    Bench,
    BenchLsb(u16),
    Loading,
    Draining,
    Focus(Register),
    Tally(Register),
    Round(usize),
}

/// One exchange of a round.
#[derive(Clone, Copy, Debug)]
enum Look {
    Word(usize),
    Lsb(usize),
    Status,
    Energy,
    Metering,
    Measuring,
}

/// Transactions per second over the last ten.
#[derive(Debug, Default)]
struct Rate {
    buckets: [u16; 10],
    second: u64,
}

/// The chip and everything known of it.
#[derive(Debug)]
pub struct Chip {
    session: Session,
    phase: Phase,
    job: Option<Job>,
    wanted: Option<Request>,
    answer: Option<Result<(u16, u16), SessionError>>,

    round: usize,
    word: u16,
    word_at: u64,
    sound: bool,
    pass: usize,
    pass_due: u64,
    focus: Option<(Register, u64)>,
    focused: bool,

    readings: Readings,
    tallies: Tallies,
    totals: Totals,
    en_status: Option<(EnStatus, u64)>,
    refusal: Refusal,
    computed: [Option<u16>; 2],
    /// MMode as it was last written, which a self test compares.
    mmode: Option<u16>,

    begin_at: u64,
    failures: u8,
    answered_at: Option<u64>,
    silent_since: u64,
    loads: u16,
    resets: u16,
    ever_loaded: bool,
    /// The bench may write.
    unlocked: bool,
    rate: Rate,
}

impl Chip {
    /// A chip of which nothing is known. With a block it will be loaded.
    #[must_use]
    pub fn new(calibrated: bool, totals: Totals, now: u64) -> Self {
        let timing = Timing { caution_micros: CAUTION_MICROS, host_latency_micros: LOOP_MICROS, ..Timing::at(BAUD) };
        Self {
            session: Session::new(timing),
            phase: if calibrated { Phase::Loading { start: Start::warm(), not_before: now } } else { Phase::Unloaded },
            job: None,
            wanted: None,
            answer: None,
            round: 0,
            word: 0,
            word_at: 0,
            sound: true,
            pass: 0,
            pass_due: now,
            focus: None,
            focused: false,
            readings: Readings::default(),
            tallies: Tallies::default(),
            totals,
            en_status: None,
            refusal: Refusal::default(),
            computed: [None; 2],
            mmode: None,
            begin_at: now + QUIET_START,
            failures: 0,
            answered_at: None,
            silent_since: now,
            loads: 0,
            resets: 0,
            ever_loaded: false,
            unlocked: false,
            rate: Rate::default(),
        }
    }

    /// Passes bytes that came from the chip.
    pub fn on_bytes(&mut self, bytes: &[u8], now: u64) {
        self.session.on_bytes(bytes, now);
    }

    /// Does what can be done now. What has to be sent goes to `send`.
    #[inline(never)]
    pub fn poll(&mut self, block: Option<&Block>, mut send: impl FnMut(&[u8]), now: u64) {
        // Each round of the loop sends, ends a transaction or begins one; the chip's answers bound them.
        for _ in 0..16 {
            match self.session.poll(now) {
                Action::Send(bytes) => send(bytes),
                Action::Receive { until_micros } if until_micros > now => return,
                Action::Receive { .. } => {}
                Action::Done(result) => self.on_result(result, block, now),
                Action::Idle => {
                    let Some((job, operation)) = self.next(block, now) else { return };
                    self.job = Some(job);
                    self.session.start(operation, now);
                }
            }
        }
    }

    /// Asks for something; the answer is [`Self::take_answer`]'s. One request at a time.
    pub fn request(&mut self, request: Request) {
        self.answer = None;
        self.wanted = Some(request);
    }

    /// The answer to the request: value and LSB.
    pub fn take_answer(&mut self) -> Option<Result<(u16, u16), SessionError>> {
        self.answer.take()
    }

    /// Nobody waits for the answer any more.
    pub fn forget_request(&mut self) {
        (self.wanted, self.answer) = (None, None);
        if matches!(self.job, Some(Job::Bench | Job::BenchLsb(_))) {
            self.job = None;
        }
    }

    /// The bench looks closely at an energy register.
    pub fn focus(&mut self, register: Register, now: u64) {
        self.focus = Some((register, now + u64::from(FOCUS_MILLIS) * 1_000));
    }

    /// The bench takes over, or gives back.
    pub fn hand_to_bench(&mut self, unlocked: bool, calibrated: bool, now: u64) {
        match (&self.phase, unlocked) {
            (Phase::Metering, true) => self.phase = Phase::Draining { next: 0 },
            (Phase::Unloaded | Phase::Loading { .. }, true) => self.phase = Phase::Bench,
            (Phase::Bench | Phase::Draining { .. }, false) if calibrated => {
                // What was counted on the bench belongs to nobody, so the chip is not only looked at.
                self.ever_loaded = false;
                self.load(Start::cold(), now);
            }
            (Phase::Bench | Phase::Draining { .. }, false) => self.phase = Phase::Unloaded,
            _ => {}
        }
        self.unlocked = unlocked;
    }

    /// Loads the chip anew, whatever it holds.
    pub fn reload(&mut self, now: u64) {
        self.load(Start::cold(), now);
    }

    /// Sets the total energy.
    pub fn set_totals(&mut self, totals: Totals) {
        self.totals = totals;
    }

    /// What it is doing.
    #[must_use]
    pub fn state(&self, now: u64) -> State {
        match self.phase {
            Phase::Unloaded => State::NotCalibrated,
            Phase::Bench | Phase::Draining { .. } => State::Bench,
            _ if self.is_silent(now) => State::ChipSilent,
            Phase::Metering => State::Metering,
            Phase::Loading { .. } if !self.refusal.is_none() => State::ChipRefused,
            Phase::Loading { .. } => State::Starting,
        }
    }

    /// It has not answered for some time.
    #[must_use]
    pub fn is_silent(&self, now: u64) -> bool {
        now.saturating_sub(self.answered_at.unwrap_or(self.silent_since)) > SILENT_AFTER
    }

    /// What it measured.
    #[must_use]
    pub const fn readings(&self) -> &Readings {
        &self.readings
    }

    /// What it counted since the start.
    #[must_use]
    pub const fn tallies(&self) -> &Tallies {
        &self.tallies
    }

    /// What it counted for the total.
    #[must_use]
    pub const fn totals(&self) -> &Totals {
        &self.totals
    }

    /// EnStatus and when it was read.
    #[must_use]
    pub const fn en_status(&self) -> Option<(EnStatus, u64)> {
        self.en_status
    }

    /// What the chip has against the block.
    #[must_use]
    pub const fn refusal(&self) -> Refusal {
        self.refusal
    }

    /// CS1 and CS2 as the chip computed them.
    #[must_use]
    pub const fn computed(&self) -> [Option<u16>; 2] {
        self.computed
    }

    /// MMode as it was written last.
    #[must_use]
    pub const fn mmode(&self) -> Option<u16> {
        self.mmode
    }

    /// Times it was loaded, and times it was found reset.
    #[must_use]
    pub const fn loads_and_resets(&self) -> (u16, u16) {
        (self.loads, self.resets)
    }

    /// What the line did.
    #[must_use]
    pub const fn statistics(&self) -> Statistics {
        self.session.statistics()
    }

    /// Transactions in the last ten seconds.
    #[must_use]
    pub fn readings_per_10_secs(&self, now: u64) -> u16 {
        let now = now / 1_000_000;
        // Buckets of seconds that went by without a reading still hold old numbers.
        let first = (now + 1).max(10) - 10;
        (first..=self.rate.second).filter_map(|second| self.rate.buckets.get((second % 10) as usize)).sum()
    }

    fn next(&mut self, block: Option<&Block>, now: u64) -> Option<(Job, Operation)> {
        if now < self.begin_at {
            return None;
        }
        let drained = !matches!(self.phase, Phase::Draining { .. });
        if let (Some(request), true) = (self.wanted, drained) {
            let operation = match request {
                Request::Read(register) | Request::ReadWithLsb(register) => Operation::read(register),
                Request::Write(register, value) => Operation::write(register, value),
            };
            return Some((Job::Bench, operation));
        }
        match (&mut self.phase, block) {
            (Phase::Loading { not_before, .. }, _) if now < *not_before => return self.next_tally(now),
            (Phase::Loading { start, .. }, Some(block)) => return Some((Job::Loading, start.operation(block)?)),
            (Phase::Draining { next }, _) => {
                let register = TALLIED.get(*next).copied().unwrap_or(Register::APenergy);
                return Some((Job::Draining, Operation::read(register)));
            }
            _ => {}
        }
        self.focus = self.focus.filter(|(_, until)| now < *until);
        self.focused = !self.focused && self.focus.is_some();
        if let (true, Some((register, _))) = (self.focused, self.focus) {
            return Some((Job::Focus(register), Operation::read(register)));
        }
        self.next_tally(now).or_else(|| self.next_look(block))
    }

    fn next_tally(&mut self, now: u64) -> Option<(Job, Operation)> {
        if now < self.pass_due {
            return None;
        }
        let register = TALLIED.get(self.pass).copied()?;
        Some((Job::Tally(register), Operation::read(register)))
    }

    /// The next exchange of the round. Without a block there is nothing to measure by, and only the status is looked at.
    fn next_look(&mut self, block: Option<&Block>) -> Option<(Job, Operation)> {
        let look = match look(self.round) {
            Some(look) => look,
            None => {
                self.round = 0;
                look(0)?
            }
        };
        let register = match look {
            Look::Word(_) | Look::Lsb(_) if block.is_none() => {
                self.round = 2 * QUANTITIES.len();
                Register::SysStatus
            }
            Look::Word(index) => reading::register(*QUANTITIES.get(index)?, block.map_or(Line::L, |block| block.line)),
            Look::Lsb(index) => {
                let line = block.map_or(Line::L, |block| block.line);
                if !reading::register(*QUANTITIES.get(index)?, line).extended_by_lsb() {
                    self.take_word(index, 0, block);
                    self.round += 1;
                    return self.next_look(block);
                }
                Register::Lsb
            }
            Look::Status => Register::SysStatus,
            Look::Energy => Register::EnStatus,
            Look::Metering => Register::CalStart,
            Look::Measuring => Register::AdjStart,
        };
        Some((Job::Round(self.round), Operation::read(register)))
    }

    fn on_result(&mut self, result: Result<Outcome, SessionError>, block: Option<&Block>, now: u64) {
        let job = self.job.take();
        match result {
            Ok(outcome) => {
                self.failures = 0;
                self.answered_at = Some(now);
                self.rate.count(now);
                self.on_outcome(job, outcome, block, now);
            }
            Err(error) => {
                self.failures = self.failures.saturating_add(1);
                self.on_error(job, error, now);
            }
        }
    }

    fn on_outcome(&mut self, job: Option<Job>, outcome: Outcome, block: Option<&Block>, now: u64) {
        let value = outcome.value;
        match job {
            Some(Job::Bench) => self.on_bench_value(value, now),
            Some(Job::BenchLsb(word)) => self.finish_request(Ok((word, value))),
            Some(Job::Loading) => self.on_loading(value, block, now),
            Some(Job::Draining) => {
                if let Phase::Draining { next } = self.phase {
                    if let Some(&register) = TALLIED.get(next) {
                        self.tallies.on_energy(register, value, now);
                        self.totals.add(register, value);
                    }
                    let next = next + 1;
                    self.phase = if next < TALLIED.len() { Phase::Draining { next } } else { Phase::Bench };
                }
            }
            Some(Job::Focus(register)) => self.on_energy(register, value, now),
            Some(Job::Tally(register)) => {
                self.on_energy(register, value, now);
                self.next_in_pass(now);
            }
            Some(Job::Round(place)) => self.on_look(place, &outcome, block, now),
            None => {}
        }
    }

    fn on_error(&mut self, job: Option<Job>, error: SessionError, now: u64) {
        match job {
            Some(Job::Bench | Job::BenchLsb(_)) => self.finish_request(Err(error)),
            Some(Job::Loading) => {
                // The look is harmless, and tells whether loading has to begin again.
                if let Phase::Loading { start, not_before } = &mut self.phase {
                    (*start, *not_before) = (Start::warm(), now);
                }
            }
            // Nobody knows what the chip counted: the bench has it all the same.
            Some(Job::Draining) if self.failures >= FAILURES_UNTIL_DOUBT => self.phase = Phase::Bench,
            Some(Job::Tally(_)) => self.next_in_pass(now),
            Some(Job::Round(_)) => {
                self.readings.discard();
                self.round = 0;
            }
            Some(Job::Focus(_) | Job::Draining) | None => {}
        }
        if matches!(self.phase, Phase::Metering) && self.failures >= FAILURES_UNTIL_DOUBT {
            self.load(Start::warm(), now);
        }
    }

    fn next_in_pass(&mut self, now: u64) {
        self.pass += 1;
        if self.pass >= TALLIED.len() {
            (self.pass, self.pass_due) = (0, now + TALLY_INTERVAL);
        }
    }

    fn on_energy(&mut self, register: Register, value: u16, now: u64) {
        self.tallies.on_energy(register, value, now);
        // While it is being loaded again after having metered, what it counted before still counts.
        if matches!(self.phase, Phase::Metering) || (matches!(self.phase, Phase::Loading { .. }) && self.ever_loaded) {
            self.totals.add(register, value);
        }
    }

    fn on_bench_value(&mut self, value: u16, now: u64) {
        match self.wanted {
            Some(Request::ReadWithLsb(_)) => {
                // Nothing may come between a register and its LSB.
                self.job = Some(Job::BenchLsb(value));
                self.session.start(Operation::read(Register::Lsb), now);
            }
            Some(Request::Write(register, value)) => {
                self.note_write(register, value);
                self.finish_request(Ok((value, 0)));
            }
            Some(Request::Read(_)) | None => self.finish_request(Ok((value, 0))),
        }
    }

    fn finish_request(&mut self, result: Result<(u16, u16), SessionError>) {
        if self.wanted.take().is_some() {
            self.answer = Some(result);
        }
    }

    fn on_loading(&mut self, value: u16, block: Option<&Block>, now: u64) {
        let (Phase::Loading { start, .. }, Some(block)) = (&mut self.phase, block) else { return };
        let (operation, was_cold) = (start.operation(block), start.was_cold());
        let progress = start.on_value(value, block);
        let computed = start.computed;
        match operation {
            Some(Operation::Write(address, value)) => {
                if let Some(register) = Register::from_address(address) {
                    self.note_write(register, value);
                }
            }
            Some(Operation::Read(address)) => match Register::from_address(address) {
                Some(Register::SysStatus) => self.tallies.on_status(SysStatus::from_bits(value), now),
                Some(Register::CalStart) if self.ever_loaded && value == command::CAL_POWER_ON => {
                    self.note_reset();
                }
                Some(register) if TALLIED.contains(&register) => self.on_energy(register, value, now),
                _ => {}
            },
            None => {}
        }
        match progress {
            Progress::GoOn => {}
            Progress::Loaded => {
                if was_cold {
                    self.loads = self.loads.wrapping_add(1);
                }
                (self.refusal, self.computed) = (Refusal::default(), computed);
                self.mmode = block.register(Register::MMode);
                self.ever_loaded = true;
                self.round = 0;
                self.readings.discard();
                self.phase = if self.unlocked { Phase::Bench } else { Phase::Metering };
            }
            Progress::Refused(refusal) => {
                (self.refusal, self.computed) = (refusal, computed);
                self.load(Start::warm(), now + RETRY);
            }
        }
    }

    fn load(&mut self, start: Start, not_before: u64) {
        self.readings.discard();
        self.phase = Phase::Loading { start, not_before };
    }

    fn note_reset(&mut self) {
        self.resets = self.resets.wrapping_add(1);
        // Its counters are gone, and what it counts from now on it counts unloaded.
        self.ever_loaded = false;
    }

    fn note_write(&mut self, register: Register, value: u16) {
        self.mmode = match (register, value) {
            (Register::MMode, value) => Some(value),
            (Register::SoftReset, command::SOFT_RESET) | (Register::CalStart, command::CAL_START) => {
                Some(Register::MMode.power_on())
            }
            _ => self.mmode,
        };
    }

    fn on_look(&mut self, place: usize, outcome: &Outcome, block: Option<&Block>, now: u64) {
        let value = outcome.value;
        self.round = place + 1;
        match look(place) {
            Some(Look::Word(_)) => {
                if place == 0 {
                    self.sound = true;
                }
                (self.word, self.word_at) = (value, outcome.sent_at_micros);
            }
            Some(Look::Lsb(index)) => self.take_word(index, value, block),
            Some(Look::Status) => {
                let status = SysStatus::from_bits(value);
                self.tallies.on_status(status, now);
                self.sound &= !status.adj_error() && !status.cal_error();
                if matches!(self.phase, Phase::Metering) && !self.sound {
                    self.refusal = Refusal { cs1: status.cal_error(), cs2: status.adj_error() };
                    self.load(Start::warm(), now);
                }
            }
            Some(Look::Energy) => self.en_status = Some((EnStatus::from_bits(value), now)),
            Some(Look::Metering) => self.on_command(value, now),
            Some(Look::Measuring) => {
                self.on_command(value, now);
                let works = match self.phase {
                    Phase::Metering => self.sound,
                    Phase::Bench => self.sound && value != command::CAL_POWER_ON,
                    _ => false,
                };
                if works && block.is_some() {
                    self.readings.publish(now);
                } else {
                    self.readings.discard();
                }
            }
            None => {}
        }
    }

    /// CalStart or AdjStart at the end of a round.
    fn on_command(&mut self, value: u16, now: u64) {
        if matches!(self.phase, Phase::Metering) && value != command::CAL_CHECK {
            if value == command::CAL_POWER_ON {
                self.note_reset();
            }
            self.load(Start::cold(), now);
        }
    }

    fn take_word(&mut self, index: usize, lsb: u16, block: Option<&Block>) {
        if let (Some(&quantity), Some(block)) = (QUANTITIES.get(index), block) {
            let value = reading::integer(quantity, self.word, lsb, block.current_scale);
            self.readings.stage(quantity, Reading { value, at: self.word_at });
        }
    }
}

impl Rate {
    fn count(&mut self, now: u64) {
        let second = now / 1_000_000;
        for passed in (self.second + 1..=second).rev().take(10) {
            if let Some(bucket) = self.buckets.get_mut((passed % 10) as usize) {
                *bucket = 0;
            }
        }
        self.second = second;
        if let Some(bucket) = self.buckets.get_mut((second % 10) as usize) {
            *bucket = bucket.saturating_add(1);
        }
    }
}

/// The exchanges of a round by their place: each quantity with its LSB, then what tells whether the chip works.
fn look(place: usize) -> Option<Look> {
    const WORDS: usize = 2 * QUANTITIES.len();
    Some(match place {
        place if place < WORDS && place.is_multiple_of(2) => Look::Word(place / 2),
        place if place < WORDS => Look::Lsb(place / 2),
        place => *[Look::Status, Look::Energy, Look::Metering, Look::Measuring].get(place - WORDS)?,
    })
}

//! The inside of a session: how one exchange follows from the one before.

use super::rescue::Saved;
use super::timing::{FLOOD_FACTOR, HELD_UP_MICROS};
use super::{FENCE, Fault, MAX_DOUBTS, Next, Operation, Outcome, Session, SessionError, State, Step, Wait};
use crate::Register;
use crate::uart::codec::{decode_read_answer, encode_read, encode_write, write_answer};

impl Session {
    /// Passes bytes that came in.
    pub fn on_bytes(&mut self, bytes: &[u8], now_micros: u64) {
        if bytes.is_empty() {
            return;
        }
        let count = bytes.len() as u64;
        self.statistics.bytes_received += count;
        self.statistics.wire_micros += self.timing.characters_micros(count);
        match self.state {
            State::Await { .. } => self.take_answer(bytes, now_micros),
            State::Listen { .. } | State::Ready => {
                self.statistics.unexpected_bytes += count;
                self.fail(Fault::Flooded, now_micros);
            }
            State::Quiet { until: silent, hold, limit } => {
                self.statistics.unexpected_bytes += count;
                self.caution_until = now_micros + self.timing.caution_micros;
                let until = now_micros + hold;
                // What a driver that was held up finds has lain there: that time is no flood.
                let limit = limit + now_micros.saturating_sub(silent);
                if until > limit {
                    self.fault = Fault::Flooded;
                    self.give_up();
                } else {
                    self.state = State::Quiet { until, hold, limit };
                }
            }
            State::Idle | State::Finished(_) => {
                self.statistics.unexpected_bytes += count;
                self.doubt(now_micros);
            }
        }
    }

    /// Lets time pass, up to the point where the driver has to do something.
    pub(super) fn next(&mut self, now: u64) -> Next {
        // Each round either returns or moves on to a later state; silence and failures end in a state that waits.
        loop {
            match self.state {
                State::Idle => return Next::Idle,
                State::Quiet { until, .. } if now < until => return Next::Receive(until),
                State::Quiet { .. } => self.begin(now),
                State::Listen { until, listened } if now < until || !listened => {
                    self.state = State::Listen { until, listened: true };
                    return Next::Receive(until);
                }
                State::Listen { .. } | State::Ready => {
                    self.send(now);
                    return Next::Send;
                }
                State::Await { until, wait } if now < until => {
                    let wait = if wait == Wait::NotYet { Wait::Once } else { wait };
                    self.state = State::Await { until, wait };
                    return Next::Receive(until);
                }
                State::Await { until, wait }
                    if wait == Wait::NotYet || wait == Wait::Once && now > until + HELD_UP_MICROS =>
                {
                    let until = now + self.timing.answer_within_micros(u64::from(self.request.wanted));
                    self.state = State::Await { until, wait: Wait::Again };
                    return Next::Receive(until);
                }
                State::Await { .. } => {
                    self.statistics.timeouts += 1;
                    self.fail(Fault::NoAnswer, now);
                }
                State::Finished(result) => {
                    self.state = State::Idle;
                    return Next::Done(result);
                }
            }
        }
    }

    /// Begins an attempt, or ends the operation when there are none left.
    pub(super) fn begin(&mut self, now: u64) {
        if now >= self.caution_until {
            self.doubts = 0;
        }
        self.candidate = None;
        if self.operation.clears()
            && let Some(saved) = self.rescue.take(self.operation.address())
        {
            self.state = State::Finished(Ok(Outcome {
                value: saved.value,
                recovered: true,
                attempts: self.attempts(),
                sent_at_micros: saved.sent_at_micros,
                answered_at_micros: saved.recovered_at_micros,
            }));
            return;
        }
        let tries = self.timing.tries();
        // What is owed comes first: any other request would overwrite LastData.
        let owed = self.rescue.owes();
        if (owed && self.recovery_failures >= tries) || (!owed && self.failures >= tries) {
            self.give_up();
            return;
        }
        self.step = if owed {
            Step::Recover
        } else if self.needs_fence() {
            Step::Fence
        } else {
            Step::Operate
        };
        self.listen(now);
    }

    fn needs_fence(&self) -> bool {
        if self.operation.reads_last_data() {
            return false;
        }
        self.cautious() || (self.operation.clears() && self.last_data != Some(0))
    }

    fn cautious(&self) -> bool {
        self.doubts > 0
    }

    fn listen(&mut self, now: u64) {
        let settle = if self.cautious() { self.timing.settle_micros() } else { 0 };
        self.state = State::Listen { until: now + settle, listened: false };
    }

    /// The next exchange of the same attempt. Without doubts one look before the first exchange is enough.
    fn proceed(&mut self, now: u64) {
        if self.cautious() {
            self.listen(now);
        } else {
            self.state = State::Ready;
        }
    }

    fn send(&mut self, now: u64) {
        let reads = match (self.candidate, self.step) {
            (Some(_), _) | (None, Step::Recover) => Some(Register::LastData.address()),
            (None, Step::Fence) => Some(FENCE),
            (None, Step::Operate) => None,
        };
        let operation = reads.map_or(self.operation, Operation::Read);
        let request = &mut self.request;
        match operation {
            Operation::Read(address) => {
                let [start, command, checksum] = encode_read(address);
                request.bytes = [start, command, checksum, 0, 0];
                (request.length, request.wanted) = (3, 3);
            }
            Operation::Write(address, value) => {
                request.bytes = encode_write(address, value);
                (request.length, request.wanted) = (5, 1);
            }
        }
        request.received = 0;
        let (length, wanted) = (u64::from(request.length), u64::from(request.wanted));
        let wire = self.timing.characters_micros(length);
        let sent_at = now + wire;
        self.statistics.transactions += 1;
        self.statistics.bytes_sent += length;
        self.statistics.wire_micros += wire;
        self.state = State::Await { until: sent_at + self.timing.answer_within_micros(wanted), wait: Wait::NotYet };
        if reads.is_none() {
            self.sent_at_micros = sent_at;
            self.last_data = None;
            if self.operation.clears() {
                self.rescue.owe(self.operation.address(), sent_at);
            }
        }
    }

    fn take_answer(&mut self, bytes: &[u8], now: u64) {
        let request = &mut self.request;
        let start = usize::from(request.received);
        let missing = request.wanted - request.received;
        let room = request.answer.get_mut(start..usize::from(request.wanted)).unwrap_or_default();
        for (place, &byte) in room.iter_mut().zip(bytes) {
            *place = byte;
            request.received += 1;
        }
        let surplus = bytes.len().saturating_sub(usize::from(missing)) as u64;
        if surplus > 0 {
            self.statistics.unexpected_bytes += surplus;
            self.fail(Fault::Flooded, now);
        } else if request.received == request.wanted {
            match self.decode() {
                Some(value) => self.on_value(value, now),
                None => {
                    self.statistics.checksum_errors += 1;
                    self.fail(Fault::BadChecksum, now);
                }
            }
        }
    }

    /// The value in a complete answer; for a write the value written.
    fn decode(&self) -> Option<u16> {
        match self.operation {
            Operation::Write(address, value) if self.request.wanted == 1 => {
                let [answer, ..] = self.request.answer;
                (answer == write_answer(address, value)).then_some(value)
            }
            _ => decode_read_answer(&self.request.answer).ok(),
        }
    }

    fn on_value(&mut self, value: u16, now: u64) {
        match self.candidate {
            None if self.doubts > MAX_DOUBTS => {
                self.wait_out(now);
                return;
            }
            None if self.step == Step::Fence && value != 0 => {
                self.fail(Fault::Unconfirmed, now);
                return;
            }
            None => {
                self.candidate = Some(value);
                self.confirmations = self.confirmations_wanted();
            }
            Some(candidate) if candidate != value => {
                self.fail(Fault::Unconfirmed, now);
                return;
            }
            Some(_) => self.confirmations = self.confirmations.saturating_sub(1),
        }
        if self.confirmations > 0 {
            self.proceed(now);
        } else {
            self.candidate = None;
            self.complete(value, now);
        }
    }

    fn confirmations_wanted(&self) -> u8 {
        let more = match (self.step, self.operation) {
            (Step::Operate, operation) if operation.is_soft_reset() => return 0,
            (Step::Operate, Operation::Write(..)) => 1,
            (Step::Fence, _) if !self.fence_proven => 1,
            _ => 0,
        };
        self.doubts.saturating_add(more)
    }

    /// All answers of a step agree on `value`.
    fn complete(&mut self, value: u16, now: u64) {
        match self.step {
            Step::Recover => self.recovered(value, now),
            Step::Fence => {
                // Only a LastData that was something else before shows that the fence works.
                self.fence_proven |= !self.cautious() && self.last_data.is_some_and(|before| before != 0);
                self.last_data = Some(0);
                self.step = Step::Operate;
                self.proceed(now);
            }
            Step::Operate => {
                self.rescue.settle();
                let reset = self.operation.is_soft_reset();
                self.last_data = if reset { None } else { Some(value) };
                let fenced = self.cautious() && !reset && !self.operation.reads_last_data();
                if fenced && value == 0 {
                    // The operation's zero or the fence's: see the module's documentation.
                    self.wait_out(now);
                } else {
                    self.state = State::Finished(Ok(Outcome {
                        value,
                        recovered: false,
                        attempts: self.attempts().saturating_add(1),
                        sent_at_micros: self.sent_at_micros,
                        answered_at_micros: now,
                    }));
                }
            }
        }
    }

    /// LastData holds `value` after a read of the register owed went wrong.
    fn recovered(&mut self, value: u16, now: u64) {
        self.last_data = Some(value);
        if let Some((address, sent_at_micros)) = self.rescue.settle()
            && value != 0
        {
            self.statistics.recovered += 1;
            self.rescue.save(address, Saved { value, sent_at_micros, recovered_at_micros: now });
        }
        self.begin(now);
    }

    /// Something went wrong: one answer more may be under way, for some time from now.
    pub(super) fn doubt(&mut self, now: u64) {
        self.doubts = self.doubts.saturating_add(1);
        self.caution_until = now + self.timing.caution_micros;
    }

    fn fail(&mut self, fault: Fault, now: u64) {
        self.fault = fault;
        self.doubt(now);
        let failures = if self.step == Step::Recover { &mut self.recovery_failures } else { &mut self.failures };
        *failures = failures.saturating_add(1);
        if *failures < self.timing.tries() {
            self.statistics.retries += 1;
        }
        if self.step == Step::Fence {
            // It may have been executed or not.
            self.last_data = None;
        }
        self.quiet(self.timing.silence_micros, now);
    }

    /// Silence for `hold`, and longer if bytes come.
    pub(super) fn quiet(&mut self, hold: u64, now: u64) {
        self.state = State::Quiet { until: now + hold, hold, limit: now + FLOOD_FACTOR * hold };
    }

    /// Silence until no late answer can come any more.
    fn wait_out(&mut self, now: u64) {
        self.quiet(self.timing.caution_micros, now);
    }

    fn attempts(&self) -> u8 {
        self.failures.saturating_add(self.recovery_failures)
    }

    fn give_up(&mut self) {
        let (address, attempts) = (self.operation.address(), self.attempts());
        self.state = State::Finished(Err(match self.fault {
            Fault::NoAnswer => SessionError::NoAnswer { address, attempts },
            Fault::BadChecksum => SessionError::BadChecksum { address, attempts },
            Fault::Unconfirmed => SessionError::Unconfirmed { address, attempts },
            Fault::Flooded => SessionError::Flooded { address, attempts },
        }));
    }
}

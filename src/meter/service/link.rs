//! The loop that owns the port: one request at a time, its answer or an error, and certainty that the answer is to this request.
//!
//! Answers of Modbus RTU do not say what they answer. As long as every request has had its answer there is nothing to doubt. After one
//! that has not, a word is written that was not written before, and everything is thrown away up to the meter's answer to it, which
//! repeats the word: the meter answers in order, so what comes after that answer is new.

use std::time::Duration;

use meter_interface::map::{self, Control, Exception};

use super::ServiceError;
use super::codec::{Answer, Request};
use crate::clock::{Moment, SharedClock, sleep};
use crate::meter::BusStatistics;
use crate::port::{LineSettings, Port, PortError};

/// How often a request is tried.
const ATTEMPTS: u32 = 4;
/// And where the request before had its answer: hubs and networks stall for a while and come back.
const ATTEMPTS_OF_A_METER_THAT_ANSWERS: u32 = 8;
/// What USB converters, terminal servers and operating systems add to an answer's time.
const HOST_LATENCY: Duration = Duration::from_millis(150);
/// So long nothing is sent after a failure, until the meter has dropped half a frame.
const SILENCE: Duration = Duration::from_millis(map::FRAME_GAP_MILLIS as u64 + 10);
/// A meter that is busy, or could not reach its chip, is asked again so much later.
const PAUSE: Duration = Duration::from_millis(200);
/// Who comes back from waiting so much later than he was to has been held up, and the other end perhaps with him.
const HELD_UP: Duration = Duration::from_millis(20);
/// More bytes than any answers left behind can have.
const MOST_LEFT_BEHIND: usize = 4096;

/// A meter at the end of a port.
pub struct Link {
    port: Box<dyn Port>,
    clock: SharedClock,
    /// An answer is still owed, and it may come.
    doubtful: bool,
    /// The last request had its answer.
    answers: bool,
    barrier: u16,
    statistics: BusStatistics,
}

/// A good answer and its times.
#[derive(Debug)]
pub struct Reply {
    /// What the meter said; never an exception.
    pub answer: Answer,
    /// When the request had reached the meter, at the earliest, and never after the answer.
    pub sent: Moment,
    /// When the last byte of the answer was here.
    pub received: Moment,
}

impl Link {
    /// A link over an open port. What lies in it from before is doubted.
    #[must_use]
    pub fn new(port: Box<dyn Port>, clock: SharedClock) -> Self {
        Self { port, clock, doubtful: true, answers: false, barrier: 0, statistics: BusStatistics::default() }
    }

    /// Sets the line to the service port's speed.
    ///
    /// # Errors
    /// The port is gone or cannot.
    pub fn configure(&mut self) -> Result<(), PortError> {
        self.port.configure(LineSettings::eight_n_one(map::BAUD))
    }

    /// The clock everything here waits by.
    #[must_use]
    pub fn clock(&self) -> &SharedClock {
        &self.clock
    }

    /// What the line has done.
    #[must_use]
    pub fn statistics(&self) -> BusStatistics {
        self.statistics
    }

    /// Asks until there is a good answer. Every request may be repeated: none of the map's does harm twice.
    ///
    /// # Errors
    /// No good answer however often it was asked, or an exception; the port is gone.
    pub fn ask(&mut self, request: &Request) -> Result<Reply, ServiceError> {
        let start = self.clock.now();
        let result = self.ask_again_and_again(request);
        self.statistics.busy_micros += self.clock.now().since(start).as_micros() as u64;
        result
    }

    fn ask_again_and_again(&mut self, request: &Request) -> Result<Reply, ServiceError> {
        let attempts = if self.answers { ATTEMPTS_OF_A_METER_THAT_ANSWERS } else { ATTEMPTS };
        self.answers = false;
        let mut failure = ServiceError::NoAnswer { attempts };
        for attempt in 0..attempts {
            if attempt > 0 {
                self.statistics.retries += 1;
            }
            if self.doubtful && !self.pass_barrier()? {
                continue;
            }
            let tried = self.try_once(request)?;
            self.answers = tried.is_ok();
            match tried {
                Ok(Reply {
                    answer: Answer::Refused(exception @ (Exception::Busy | Exception::ChipSilent)), ..
                }) => {
                    failure = ServiceError::Refused { exception };
                    sleep(&*self.clock, PAUSE);
                }
                Ok(Reply { answer: Answer::Refused(exception), .. }) => {
                    return Err(ServiceError::Refused { exception });
                }
                Ok(reply) => return Ok(reply),
                Err(fault) => failure = fault.error(attempts),
            }
        }
        Err(failure)
    }

    /// Whether nothing old can come any more; a port that is gone is an error.
    fn pass_barrier(&mut self) -> Result<bool, PortError> {
        sleep(&*self.clock, SILENCE);
        self.barrier = self.barrier.wrapping_add(1);
        let request = Request::Write { address: Control::Barrier.address(), word: self.barrier };
        let passed = self.exchange(&request)?.is_ok();
        self.doubtful = !passed;
        Ok(passed)
    }

    /// The reply to one sending, or what was wrong; after that an answer may still be on its way.
    fn try_once(&mut self, request: &Request) -> Result<Result<Reply, Fault>, PortError> {
        // What lies here unasked for shows that something is out of step.
        let mut left = [0; 256];
        let count = self.port.read(&mut left, Moment::START)?;
        if count > 0 {
            self.statistics.unexpected_bytes += count as u64;
            self.doubtful = true;
            return Ok(Err(Fault::Garbled));
        }
        let result = self.exchange(request)?;
        self.doubtful = result.is_err();
        Ok(result)
    }

    fn exchange(&mut self, request: &Request) -> Result<Result<Reply, Fault>, PortError> {
        let frame = request.encode();
        tracing::trace!(target: "wire", sent = ?frame);
        let wire = on_the_wire(frame.len());
        let sent = self.clock.now() + wire;
        self.port.write(&frame)?;
        self.statistics.transactions += 1;
        self.statistics.wire_micros += wire.as_micros() as u64;
        let answer_time = Duration::from_millis(u64::from(map::ANSWER_MILLIS)) + HOST_LATENCY;
        // From here: what writing took is not the meter's.
        let mut deadline = self.clock.now() + wire + answer_time + on_the_wire(request.longest_answer());
        let mut held_up = false;
        let mut bytes = Vec::new();
        loop {
            let mut chunk = [0; 256];
            let count = self.port.read(&mut chunk, deadline)?;
            let received = self.clock.now();
            bytes.extend_from_slice(chunk.get(..count).unwrap_or_default());
            self.statistics.wire_micros += on_the_wire(count).as_micros() as u64;
            if let Some(found) = request.find(&bytes) {
                tracing::trace!(target: "wire", received = ?bytes);
                self.statistics.unexpected_bytes += (found.before + bytes.len() - found.end) as u64;
                return Ok(Ok(Reply { answer: found.answer, sent: sent.min(received), received }));
            }
            if count == 0 && received > deadline + HELD_UP && !std::mem::replace(&mut held_up, true) {
                deadline = received + answer_time;
                continue;
            }
            if count == 0 || bytes.len() > MOST_LEFT_BEHIND {
                tracing::debug!(target: "wire", received = ?bytes, "no good answer");
                return Ok(Err(if bytes.is_empty() {
                    self.statistics.timeouts += 1;
                    Fault::Silence
                } else {
                    self.statistics.checksum_errors += 1;
                    Fault::Garbled
                }));
            }
            // It has begun, so the rest follows at once; what is lost of it need not be waited for any longer. A barrier may find
            // another answer before its own.
            if self.doubtful {
                continue;
            }
            deadline = deadline.min(received + on_the_wire(request.longest_answer()) + HOST_LATENCY);
        }
    }
}

fn on_the_wire(bytes: usize) -> Duration {
    LineSettings::eight_n_one(map::BAUD).character_time() * u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// What can be wrong with one sending.
#[derive(Clone, Copy, Debug)]
enum Fault {
    Silence,
    Garbled,
}

impl Fault {
    const fn error(self, attempts: u32) -> ServiceError {
        match self {
            Self::Silence => ServiceError::NoAnswer { attempts },
            Self::Garbled => ServiceError::Garbled { attempts },
        }
    }
}

//! The metering chip's own UART: `afe+serial`, `afe+tcp`.
//!
//! The protocol is the chip crate's session; this is the loop that owns the port (Atmel-46002B, UART).

use std::time::Duration;

use m90e26::uart::{Action, Operation, Session, SessionError, Timing};
use m90e26::{Access, Register};

use super::{BusStatistics, Meter, MeterError, Word};
use crate::clock::{Moment, SharedClock};
use crate::port::{LineSettings, Port};

/// Speeds the chip understands, the usual one first (Atmel-46002B, UART).
const BAUDS: [u32; 2] = [9600, 2400];

/// What USB converters, terminal servers and operating systems add to an answer's time: FTDI's default latency timer is
/// 16 ms, and a loaded desktop adds its own.
const HOST_LATENCY: Duration = Duration::from_millis(40);

/// How often a transaction is tried.
const ATTEMPTS: u8 = 6;

/// How long after a failure answers are doubted: longer than a hub or a network keeps a byte back.
const CAUTION: Duration = Duration::from_secs(2);

/// A chip that has answered before is asked on for so long: hubs and networks stall for a while and come back.
const PATIENCE: Duration = Duration::from_secs(2);

/// A chip at the end of a port.
pub struct AfeMeter {
    port: Box<dyn Port>,
    clock: SharedClock,
    session: Session,
    baud: Option<u32>,
    /// The last operation has succeeded.
    answers: bool,
    busy: Duration,
}

impl AfeMeter {
    /// A chip on an open port. `baud` fixes the speed; `None` finds it out.
    #[must_use]
    pub fn new(port: Box<dyn Port>, clock: SharedClock, baud: Option<u32>) -> Self {
        let timing = Timing {
            baud: baud.unwrap_or(BAUDS[0]),
            host_latency_micros: HOST_LATENCY.as_micros() as u64,
            attempts: ATTEMPTS,
            caution_micros: CAUTION.as_micros() as u64,
            ..Timing::default()
        };
        Self { port, clock, session: Session::new(timing), baud, answers: false, busy: Duration::ZERO }
    }

    fn transact(&mut self, register: Register, operation: Operation) -> Result<Word, MeterError> {
        let until = self.clock.now() + if self.answers { PATIENCE } else { Duration::ZERO };
        loop {
            let result = self.transact_once(register, operation);
            self.answers = result.is_ok();
            match result {
                Err(error @ MeterError::Bus { .. }) if self.clock.now() < until => {
                    tracing::debug!(%error, "it has answered before and is asked on");
                }
                result => return result,
            }
        }
    }

    fn transact_once(&mut self, register: Register, operation: Operation) -> Result<Word, MeterError> {
        let start = self.clock.now();
        self.session.start(operation, start.micros());
        let mut buffer = [0; 64];
        let result = loop {
            let now = self.clock.now();
            match self.session.poll(now.micros()) {
                Action::Send(bytes) => self.port.write(bytes)?,
                Action::Receive { until_micros } => {
                    let count = self.port.read(&mut buffer, Moment::from_micros(until_micros))?;
                    let bytes = buffer.get(..count).unwrap_or_default();
                    self.session.on_bytes(bytes, self.clock.now().micros());
                }
                Action::Done(result) => break result,
                // Only before `start`; the session is never idle inside a transaction.
                Action::Idle => break Err(SessionError::NoAnswer { address: register.address(), attempts: 0 }),
            }
        };
        self.busy += self.clock.now().since(start);
        let outcome = result.map_err(|source| MeterError::Bus { register, source })?;
        let by = Moment::from_micros(outcome.answered_at_micros);
        // Over a network the request's characters need not take their time.
        let at = Moment::from_micros(outcome.sent_at_micros).min(by);
        Ok(Word { value: outcome.value, at, by })
    }

    fn try_speed(&mut self, baud: u32) -> Result<(), MeterError> {
        self.port.configure(LineSettings::eight_n_one(baud))?;
        self.session.set_baud(baud);
        self.read(Register::MMode).map(|_| ())
    }
}

impl Meter for AfeMeter {
    fn connect(&mut self) -> Result<(), MeterError> {
        let fixed = self.baud.map(|baud| vec![baud]);
        let tried = fixed.unwrap_or_else(|| BAUDS.to_vec());
        for &baud in &tried {
            match self.try_speed(baud) {
                Ok(()) => {
                    tracing::info!(baud, "the metering chip answers");
                    return Ok(());
                }
                Err(MeterError::Bus { source, .. }) => tracing::info!(baud, %source, "no sensible answer"),
                Err(error) => return Err(error),
            }
        }
        Err(MeterError::Silent { tried })
    }

    fn read(&mut self, register: Register) -> Result<Word, MeterError> {
        self.transact(register, Operation::Read(register.address()))
    }

    fn write(&mut self, register: Register, value: u16) -> Result<(), MeterError> {
        match register.access() {
            Access::ReadWrite | Access::Write => {
                self.transact(register, Operation::Write(register.address(), value)).map(|_| ())
            }
            Access::Read | Access::ReadClear => Err(MeterError::ReadOnly { register }),
        }
    }

    fn bus(&self) -> BusStatistics {
        let statistics = self.session.statistics();
        BusStatistics {
            transactions: statistics.transactions,
            retries: statistics.retries,
            timeouts: statistics.timeouts,
            checksum_errors: statistics.checksum_errors,
            recovered: statistics.recovered,
            unexpected_bytes: statistics.unexpected_bytes,
            wire_micros: statistics.wire_micros,
            busy_micros: self.busy.as_micros() as u64,
        }
    }
}

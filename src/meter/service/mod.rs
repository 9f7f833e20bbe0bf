//! The meter's own service port: `service+serial`, `service+tcp`.
//!
//! Modbus RTU with the map of [`meter_interface::map`]. The chip's registers are reached through the meter, which goes on reading its chip meanwhile.
//! So what clears by being read is read by the meter alone; here it is what the meter's counters gained (`counters`). The unlock for
//! writes is kept up as long as this side uses the port.

mod codec;
mod counters;
mod link;
mod selftest;

use std::time::Duration;

use m90e26::{Access, Register};
use meter_interface::block::{Block, BlockError, PAGE};
use meter_interface::map::identification::{Object, PRODUCT_CODE, VENDOR_NAME};
use meter_interface::map::{
    self, Command, Control, Crash, Diagnostics, Events, Exception, Holding, Identity, Program, Snapshot, TALLIED,
    Tally, control, tally_address, windows,
};

use super::{BusStatistics, Meter, MeterError, Reach, Relay, Word};
use crate::clock::{Moment, SharedClock, sleep};
use crate::port::{Port, PortError};
use codec::{Answer, Request};
use counters::{EnergyCounter, EventCounter, StartedAnew};
use link::{Link, Reply};

pub use selftest::{Echo, GRACE};

/// The unlock is renewed when so much of it is over.
const RENEW: Duration = Duration::from_secs(map::UNLOCK_SECS as u64 / 3);
/// A counter that the meter has not renewed for so long is not read any more, whatever it was promised.
const STALE: Duration = Duration::from_millis(map::TALLY_MILLIS as u64 * 10);
/// Between two looks at a counter that has to be renewed.
const LOOK: Duration = Duration::from_millis(2);

/// The clock is looked at so often after it was set, and so long apart.
const CLOCK_LOOKS: u32 = 10;
const CLOCK_LOOK: Duration = Duration::from_millis(100);
/// What it may show more than it was set to: it goes on.
const CLOCK_SLACK: u32 = 3;

/// A meter that runs its own firmware, reached over its service port.
pub struct ServiceMeter {
    link: Link,
    /// When the key was last written, while the lock should be open.
    unlocked: Option<Moment>,
    energy: [EnergyCounter; 6],
    events: EventCounter,
    /// LSB as it was read with the register before.
    lsb: u16,
    /// The word of the last transaction, as the chip's LastData would show it.
    last: u16,
}

/// Who answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Identification {
    /// Version of the firmware.
    pub firmware: String,
    /// What the image was built from.
    pub build: String,
    /// Serial number from the calibration block; empty without one.
    pub serial: String,
    /// Everything that does not change while the meter runs.
    pub identity: Identity,
}

/// Why the service port gave nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServiceError {
    /// The line failed.
    #[error("{0}")]
    Port(String),
    /// Silence.
    #[error("the meter's service port does not answer, asked {attempts} times")]
    NoAnswer {
        /// How often it was asked.
        attempts: u32,
    },
    /// Something came, but nothing good.
    #[error("the meter's service port answers only with broken frames, asked {attempts} times")]
    Garbled {
        /// How often it was asked.
        attempts: u32,
    },
    /// An exception.
    #[error("the meter refuses: {exception}")]
    Refused {
        /// Which.
        exception: Exception,
    },
    /// Another device.
    #[error("this is {vendor:?} {product:?}, not a meter with our firmware")]
    Foreign {
        /// The vendor's name it gave.
        vendor: String,
        /// The product code it gave.
        product: String,
    },
    /// A firmware this program does not know how to talk to.
    #[error("the meter's service port has map version {found}, this program speaks {spoken}")]
    Version {
        /// Of the meter.
        found: u16,
        /// Of this program.
        spoken: u16,
    },
    /// The meter restarted in the middle.
    #[error("the meter started anew meanwhile")]
    StartedAnew,
    /// The meter does not hear from its chip.
    #[error("the meter has not read {register} from its chip for {seconds} s")]
    Stale {
        /// The register.
        register: Register,
        /// For how long it was waited.
        seconds: u64,
    },
    /// An answer in order that makes no sense.
    #[error("the meter answered with {what}")]
    Nonsense {
        /// What is wrong.
        what: String,
    },
}

impl From<PortError> for ServiceError {
    fn from(error: PortError) -> Self {
        Self::Port(error.to_string())
    }
}

impl From<StartedAnew> for ServiceError {
    fn from(_: StartedAnew) -> Self {
        Self::StartedAnew
    }
}

impl ServiceMeter {
    /// A meter on an open port.
    #[must_use]
    pub fn new(port: Box<dyn Port>, clock: SharedClock) -> Self {
        Self {
            link: Link::new(port, clock),
            unlocked: None,
            energy: [EnergyCounter::default(); 6],
            events: EventCounter::default(),
            lsb: 0,
            last: 0,
        }
    }

    /// Who is there, checked to be a meter this program can talk to.
    ///
    /// # Errors
    /// Silence, another device, another version of the map.
    pub fn identify(&mut self) -> Result<Identification, ServiceError> {
        self.link.configure()?;
        let texts = match self.link.ask(&Request::Identify) {
            Ok(Reply { answer: Answer::Objects(objects), .. }) => objects,
            // A Modbus device that cannot say who it is.
            Err(ServiceError::Refused { .. }) => Vec::new(),
            Ok(reply) => return Err(nonsense(&reply)),
            Err(error) => return Err(error),
        };
        let text = |object: Object| {
            texts.iter().find(|(id, _)| *id == object.id()).map(|(_, text)| text.clone()).unwrap_or_default()
        };
        let (vendor, product) = (text(Object::VendorName), text(Object::ProductCode));
        if vendor != VENDOR_NAME || product != PRODUCT_CODE {
            return Err(ServiceError::Foreign { vendor, product });
        }
        let words = self.input(Identity::START, Identity::WORDS)?.0;
        let identity = Identity::decode(&words).map_err(|error| ServiceError::Nonsense { what: error.to_string() })?;
        if identity.magic != Identity::MAGIC {
            return Err(ServiceError::Nonsense { what: format!("{:04X} instead of its mark", identity.magic) });
        }
        let (found, spoken) = ((identity.map_version >> 16) as u16, map::VERSION.0);
        if found != spoken {
            return Err(ServiceError::Version { found, spoken });
        }
        let (firmware, build, serial) = (text(Object::Revision), text(Object::Build), text(Object::Serial));
        tracing::info!(firmware, build, serial, "the meter's service port answers");
        Ok(Identification { firmware, build, serial, identity })
    }

    /// The meter at one moment.
    ///
    /// # Errors
    /// The meter does not answer.
    pub fn snapshot(&mut self) -> Result<Snapshot, ServiceError> {
        let words = self.input(Snapshot::START, Snapshot::WORDS)?.0;
        Snapshot::decode(&words).map_err(|error| ServiceError::Nonsense { what: error.to_string() })
    }

    /// The calibration block in force, without its secrets.
    ///
    /// # Errors
    /// The meter does not answer; the inner error is what is wrong with the block, such as that there is none.
    pub fn block(&mut self) -> Result<Result<Block, BlockError>, ServiceError> {
        const CHUNK: usize = 64;
        let mut bytes = Vec::with_capacity(PAGE);
        for start in (0..windows::BLOCK_WORDS).step_by(CHUNK) {
            let (words, _) = self.input(windows::BLOCK_START + start as u16, CHUNK)?;
            bytes.extend(words.into_iter().flat_map(u16::to_be_bytes));
        }
        Ok(Block::decode(&bytes))
    }

    /// Has the meter do something.
    ///
    /// # Errors
    /// The meter does not answer or refuses.
    pub fn command(&mut self, command: Command) -> Result<(), ServiceError> {
        self.write_unlocked(Control::Command.address(), command.word())
    }

    /// How the meter's program gets on with its memory; `None` for a firmware that does not tell.
    ///
    /// # Errors
    /// The meter does not answer.
    pub fn diagnostics(&mut self) -> Result<Option<Diagnostics>, ServiceError> {
        let words = self.offered(Diagnostics::START, Diagnostics::WORDS)?;
        Ok(words.and_then(|words| Diagnostics::decode(&words).ok()))
    }

    /// What ended the meter's program last time, kept over restarts; its kind says whether anything did. `None` for a firmware that does not tell.
    ///
    /// # Errors
    /// The meter does not answer.
    pub fn crash(&mut self) -> Result<Option<Crash>, ServiceError> {
        let words = self.offered(Crash::START, Crash::WORDS)?;
        Ok(words.and_then(|words| Crash::decode(&words).ok()))
    }

    /// Input registers that not every version of the map has.
    fn offered(&mut self, address: u16, count: usize) -> Result<Option<Vec<u16>>, ServiceError> {
        match self.input(address, count) {
            Ok((words, _)) => Ok(Some(words)),
            Err(ServiceError::Refused { exception: Exception::IllegalAddress }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What the program found of itself in the flash when it started; `None` for a firmware that does not tell.
    ///
    /// # Errors
    /// The meter does not answer.
    pub fn program(&mut self) -> Result<Option<Program>, ServiceError> {
        match self.input(Program::START, Program::WORDS) {
            Ok((words, _)) => Ok(Program::decode(&words).ok()),
            Err(ServiceError::Refused { exception: Exception::IllegalAddress }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Sets the meter's clock to seconds since 2000-01-01 00:00:00, and returns what it shows then.
    ///
    /// # Errors
    /// The meter does not answer, refuses, or its clock does not take the time.
    pub fn set_clock(&mut self, secs: u32) -> Result<u32, ServiceError> {
        for (control, word) in [(Control::ClockHigh, secs >> 16), (Control::ClockLow, secs & 0xFFFF)] {
            self.write_unlocked(control.address(), word as u16)?;
        }
        let mut shown = 0;
        for _ in 0..CLOCK_LOOKS {
            sleep(&**self.link.clock(), CLOCK_LOOK);
            let (words, _) = self.words(&Request::ReadHolding { address: Control::ClockHigh.address(), count: 2 })?;
            shown = words.iter().fold(0, |secs, &word| secs << 16 | u32::from(word));
            if (secs..=secs.saturating_add(CLOCK_SLACK)).contains(&shown) {
                return Ok(shown);
            }
        }
        Err(ServiceError::Nonsense { what: format!("{shown} s on its clock, which was set to {secs} s") })
    }

    /// Shuts the lock, which has the meter load its chip from the calibration block again.
    ///
    /// # Errors
    /// The meter does not answer.
    pub fn lock(&mut self) -> Result<(), ServiceError> {
        self.unlocked = None;
        self.write_word(Control::Unlock.address(), control::LOCK).map(drop)
    }

    /// Input registers and the times of the exchange.
    fn input(&mut self, address: u16, count: usize) -> Result<(Vec<u16>, Reply), ServiceError> {
        let count = u16::try_from(count).unwrap_or(u16::MAX);
        self.words(&Request::ReadInput { address, count })
    }

    fn words(&mut self, request: &Request) -> Result<(Vec<u16>, Reply), ServiceError> {
        self.keep_unlocked()?;
        let mut reply = self.link.ask(request)?;
        match &mut reply.answer {
            Answer::Words(words) => Ok((std::mem::take(words), reply)),
            _ => Err(nonsense(&reply)),
        }
    }

    fn write_word(&mut self, address: u16, word: u16) -> Result<Reply, ServiceError> {
        self.link.ask(&Request::Write { address, word })
    }

    fn unlock(&mut self) -> Result<(), ServiceError> {
        let now = self.link.clock().now();
        self.write_word(Control::Unlock.address(), control::UNLOCK_KEY)?;
        self.unlocked = Some(now);
        Ok(())
    }

    /// Whoever has unlocked keeps it so: the meter would load its chip again in the middle of a measurement.
    fn keep_unlocked(&mut self) -> Result<(), ServiceError> {
        match self.unlocked {
            Some(since) if self.link.clock().now().since(since) >= RENEW => self.unlock(),
            _ => Ok(()),
        }
    }

    fn write_unlocked(&mut self, address: u16, word: u16) -> Result<(), ServiceError> {
        if self.unlocked.is_none() {
            self.unlock()?;
        }
        self.keep_unlocked()?;
        match self.write_word(address, word) {
            // The meter has started anew or was locked by somebody else.
            Err(ServiceError::Refused { exception: Exception::IllegalFunction }) => {
                self.unlock()?;
                self.write_word(address, word).map(drop)
            }
            result => result.map(drop),
        }
    }

    /// A counter's window, when the meter has renewed it after this was asked, and the earliest and latest moment that it can be of.
    fn renewed<T>(
        &mut self,
        register: Register,
        address: u16,
        count: usize,
        decode: impl Fn(&[u16]) -> Option<(u16, u16, T)>,
    ) -> Result<(T, [Moment; 2]), ServiceError> {
        let start = self.link.clock().now();
        let mut before = None;
        loop {
            let (words, reply) = self.input(address, count)?;
            let (reads, age_millis, window) = decode(&words).ok_or_else(|| nonsense(&reply))?;
            if before.is_some_and(|before| before != reads) {
                let age = Duration::from_millis(u64::from(age_millis));
                return Ok((window, [reply.sent, reply.received].map(|told| told - age)));
            }
            before = Some(reads);
            if self.link.clock().now().since(start) > STALE {
                return Err(ServiceError::Stale { register, seconds: STALE.as_secs() });
            }
            sleep(&**self.link.clock(), LOOK);
        }
    }

    fn energy(&mut self, register: Register, address: u16) -> Result<(u16, [Moment; 2]), ServiceError> {
        let decode = |words: &[u16]| Tally::decode(words).ok().map(|tally| (tally.reads, tally.age_millis, tally));
        let (tally, taken) = self.renewed(register, address, Tally::WORDS, decode)?;
        let counters = TALLIED.iter().zip(&mut self.energy);
        let counter = counters.into_iter().find(|(tallied, _)| **tallied == register).map(|(_, counter)| counter);
        Ok((counter.map_or(Ok(0), |counter| counter.take(&tally))?, taken))
    }

    fn status(&mut self) -> Result<(u16, [Moment; 2]), ServiceError> {
        let decode = |words: &[u16]| Events::decode(words).ok().map(|events| (events.reads, events.age_millis, events));
        let (events, taken) = self.renewed(Register::SysStatus, Events::START, Events::WORDS, decode)?;
        Ok((self.events.take(&events)?, taken))
    }

    /// The counters as they stand, so that the first readings tell what came after connecting.
    fn note_counters(&mut self) -> Result<(), ServiceError> {
        for register in TALLIED {
            let Some(address) = tally_address(register) else { continue };
            let (words, reply) = self.input(address, Tally::WORDS)?;
            let tally = Tally::decode(&words).map_err(|_| nonsense(&reply))?;
            for (_, counter) in TALLIED.iter().zip(&mut self.energy).filter(|(tallied, _)| **tallied == register) {
                *counter = EnergyCounter::default();
                counter.take(&tally)?;
            }
        }
        let (words, reply) = self.input(Events::START, Events::WORDS)?;
        let events = Events::decode(&words).map_err(|_| nonsense(&reply))?;
        self.events = EventCounter::default();
        self.events.take(&events)?;
        Ok(())
    }

    /// A register through the meter, with LSB where there is one.
    fn pass_through(&mut self, register: Register) -> Result<(u16, [Moment; 2]), ServiceError> {
        let extended = Holding::with_lsb(register);
        let request = match extended {
            Some(address) => Request::ReadHolding { address, count: 2 },
            None => Request::ReadHolding { address: Holding::of(register), count: 1 },
        };
        let (words, reply) = self.words(&request)?;
        let taken = [reply.sent, reply.received];
        match (words.as_slice(), extended) {
            ([word, lsb], Some(_)) => {
                self.lsb = *lsb;
                Ok((*word, taken))
            }
            ([word], None) => Ok((*word, taken)),
            _ => Err(nonsense(&reply)),
        }
    }
}

fn nonsense(reply: &Reply) -> ServiceError {
    ServiceError::Nonsense { what: format!("{:?}", reply.answer) }
}

impl Meter for ServiceMeter {
    fn connect(&mut self) -> Result<(), MeterError> {
        // A meter that was started meanwhile is locked, and stays so until something is to be written.
        self.unlocked = None;
        self.identify()?;
        self.note_counters()?;
        Ok(())
    }

    fn read(&mut self, register: Register) -> Result<Word, MeterError> {
        let now = self.link.clock().now();
        let (value, [at, by]) = match (register, tally_address(register)) {
            (_, Some(address)) => self.energy(register, address)?,
            (Register::SysStatus, _) => self.status()?,
            (Register::Lsb, _) => (self.lsb, [now, now]),
            (Register::LastData, _) => (self.last, [now, now]),
            _ => self.pass_through(register)?,
        };
        self.last = value;
        Ok(Word { value, at, by })
    }

    fn write(&mut self, register: Register, value: u16) -> Result<(), MeterError> {
        match register.access() {
            Access::ReadWrite | Access::Write => {
                self.write_unlocked(Holding::of(register), value)?;
                self.last = value;
                Ok(())
            }
            Access::Read | Access::ReadClear => Err(MeterError::ReadOnly { register }),
        }
    }

    fn bus(&self) -> BusStatistics {
        self.link.statistics()
    }

    fn reach(&self) -> Reach {
        Reach::Service
    }

    fn relay(&mut self) -> Result<Relay, MeterError> {
        Ok(self.snapshot()?.relay)
    }

    fn service(&mut self) -> Option<&mut ServiceMeter> {
        Some(self)
    }
}

//! The meter under test, whatever stands between it and the bench.
//!
//! [`Meter`] is what a procedure sees: registers, quantities, bus statistics. [`afe`] reaches the metering chip's UART
//! directly, [`service`] the service port of our firmware, [`log`] reads along what the stock firmware prints. A failed read is an error,
//! never a value.

pub use m90e26::Line;
use m90e26::{Register, value};
pub use meter_interface::map::Relay;

use crate::clock::Moment;
use crate::port::{OpenError, PortError};

pub mod afe;
pub mod log;
mod quantity;
pub mod service;

pub use quantity::{Quantity, Readings};

/// A register's content and when the meter gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// The content.
    pub value: u16,
    /// The earliest that the meter can have taken it: when the request's last byte had arrived there.
    pub at: Moment,
    /// The latest: when the answer was here. Later than `at` by what an answer takes, and by whatever stalled meanwhile.
    pub by: Moment,
}

/// Opens a meter at the moment it is needed.
pub type Opener = Box<dyn FnMut() -> Result<Box<dyn Meter>, OpenError> + Send>;

/// A way to a meter that is not open yet.
pub struct Way {
    /// How much of the meter it will show.
    pub reach: Reach,
    /// Opens it.
    pub open: Opener,
}

/// How much of a meter a way to it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The metering chip's registers.
    Chip,
    /// These, and what the meter's own program tells of itself.
    Service,
    /// Readings only.
    Readings,
}

impl Reach {
    /// The metering chip's registers, with the energy in them.
    #[must_use]
    pub const fn registers(self) -> bool {
        !matches!(self, Self::Readings)
    }

    /// The meter's service port, and through it the meter's own relay.
    #[must_use]
    pub const fn service(self) -> bool {
        matches!(self, Self::Service)
    }
}

/// A meter under test.
pub trait Meter: Send {
    /// Finds the meter's speed and makes sure that something answers sensibly.
    fn connect(&mut self) -> Result<(), MeterError>;

    /// Reads a register. Reading a read-clear register takes what was in it; nothing is lost when a transaction fails.
    fn read(&mut self, register: Register) -> Result<Word, MeterError>;

    /// Writes a register; returns when the chip has confirmed the value.
    fn write(&mut self, register: Register, value: u16) -> Result<(), MeterError>;

    /// What the bus has done so far.
    fn bus(&self) -> BusStatistics;

    /// How much of the meter this way shows.
    fn reach(&self) -> Reach {
        Reach::Chip
    }

    /// The service port, where this is the way.
    fn service(&mut self) -> Option<&mut service::ServiceMeter> {
        None
    }

    /// What the meter's relay was last switched to.
    fn relay(&mut self) -> Result<Relay, MeterError> {
        Err(MeterError::NoRelay)
    }

    /// One quantity with the resolution of its LSB register.
    fn quantity(&mut self, quantity: Quantity) -> Result<f64, MeterError> {
        let register = quantity.register();
        let word = self.read(register)?.value;
        let lsb = if quantity.has_lsb() { self.read(Register::Lsb)?.value } else { 0 };
        quantity.from_words(word, lsb).ok_or(MeterError::Implausible { register, value: word })
    }

    /// What the meter shows of one line, in real units: the registers' currents and powers times `current_scale`.
    fn readings(&mut self, line: Line, current_scale: f64) -> Result<Readings, MeterError> {
        Ok(Readings {
            u: self.quantity(Quantity::Urms)?,
            i: self.quantity(Quantity::Irms(line))? * current_scale,
            p: self.quantity(Quantity::Pmean(line))? * current_scale,
            q: Some(self.quantity(Quantity::Qmean(line))? * current_scale),
            pf: self.quantity(Quantity::PowerFactor(line))?,
            angle: Some(self.quantity(Quantity::Angle(line))?),
            f: self.quantity(Quantity::Frequency)?,
        })
    }

    /// What the meter has told about itself since the last call, besides readings.
    fn remarks(&mut self) -> Vec<String> {
        Vec::new()
    }

    /// The signed mean of a power register in small-power mode, in counts.
    fn small_power(&mut self, register: Register) -> Result<i16, MeterError> {
        Ok(value::twos_complement(self.read(register)?.value))
    }
}

/// What the bus to the meter has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct BusStatistics {
    /// Requests sent; confirmations and repetitions are requests too.
    pub transactions: u64,
    /// Times a transaction had to be tried again.
    pub retries: u64,
    /// Answers that did not come in time.
    pub timeouts: u64,
    /// Answers whose checksum was wrong.
    pub checksum_errors: u64,
    /// Values saved by LastData.
    pub recovered: u64,
    /// Bytes that nobody had asked for.
    pub unexpected_bytes: u64,
    /// Time that the bytes sent and received take on the wire, in microseconds.
    pub wire_micros: u64,
    /// Time spent in transactions, from the start of a request to the end of its answer, waiting after failures included, in
    /// microseconds.
    pub busy_micros: u64,
}

/// Why the meter gave no value.
#[derive(Debug, thiserror::Error)]
pub enum MeterError {
    /// The line failed.
    #[error(transparent)]
    Port(#[from] PortError),
    /// The chip did not answer properly, however often it was asked.
    #[error("{source}")]
    Bus {
        /// The register asked for.
        register: Register,
        /// What went wrong at the last try.
        source: m90e26::uart::SessionError,
    },
    /// Nobody answers, at any speed.
    #[error("no answer at {}", speeds(.tried))]
    Silent {
        /// The speeds tried, in baud.
        tried: Vec<u32>,
    },
    /// A word that cannot be a measured value.
    #[error("{register} reads {value:04X}, which is no measured value")]
    Implausible {
        /// The register asked for.
        register: Register,
        /// What it gave.
        value: u16,
    },
    /// The service port gave nothing.
    #[error(transparent)]
    Service(#[from] service::ServiceError),
    /// The stock firmware's log shows readings, and no registers.
    #[error("{register} is out of reach: the meter's log shows readings only")]
    LogOnly {
        /// The register asked for.
        register: Register,
    },
    /// The stock firmware's log shows nothing.
    #[error("the meter's log showed no {what} for {seconds} s")]
    LogSilent {
        /// What was waited for.
        what: &'static str,
        /// For how long.
        seconds: u64,
    },
    /// The metering chip has no relay; the meter's own program has.
    #[error("the relay is out of reach of this link")]
    NoRelay,
    /// A write to a register that takes none.
    #[error("{register} cannot be written")]
    ReadOnly {
        /// The register.
        register: Register,
    },
}

fn speeds(tried: &[u32]) -> String {
    let texts: Vec<String> = tried.iter().map(|baud| format!("{baud} baud")).collect();
    texts.join(" or ")
}

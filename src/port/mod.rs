//! Bytes with a deadline: what every protocol here stands on.
//!
//! A [`Port`] carries bytes and knows nothing of their meaning. Drivers take any port, so a serial line, a TCP connection and
//! a simulated device look the same to them. Opening one by its URL is [`open`]; only [`serial`] names serialport.

use std::time::Duration;

use crate::clock::{Moment, SharedClock};

pub mod absent;
pub mod pulse;
pub mod serial;
mod tcp;
pub mod url;

use url::{DeviceUrl, Transport, UrlError};

/// A line that carries bytes both ways.
pub trait Port: Send {
    /// Queues all of `bytes` for sending; does not wait for them to have left the wire.
    fn write(&mut self, bytes: &[u8]) -> Result<(), PortError>;

    /// Waits until there is at least one byte or the deadline is past, and returns how many were put into `into`; 0 means the
    /// deadline passed in silence. A deadline in the past takes what is already there.
    fn read(&mut self, into: &mut [u8], deadline: Moment) -> Result<usize, PortError>;

    /// Sets speed and frame of the line; a line that has neither (TCP) accepts and ignores it.
    fn configure(&mut self, line: LineSettings) -> Result<(), PortError>;

    /// Sets a modem control signal.
    fn set_signal(&mut self, signal: Signal, level: Level) -> Result<(), PortError>;
}

/// Speed and frame of a serial line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineSettings {
    /// Bits per second.
    pub baud: u32,
    /// 7 or 8.
    pub data_bits: u8,
    /// Parity bit.
    pub parity: Parity,
    /// 1 or 2.
    pub stop_bits: u8,
}

impl LineSettings {
    /// Eight data bits, no parity, one stop bit.
    #[must_use]
    pub const fn eight_n_one(baud: u32) -> Self {
        Self { baud, data_bits: 8, parity: Parity::None, stop_bits: 1 }
    }

    /// Time one character takes on the wire, start bit included.
    #[must_use]
    pub fn character_time(self) -> Duration {
        let bits = 1 + u32::from(self.data_bits) + u32::from(self.parity != Parity::None) + u32::from(self.stop_bits);
        Duration::from_nanos(1_000_000_000) * bits / self.baud.max(1)
    }
}

/// The parity bit of a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Parity {
    None,
    Even,
    Odd,
}

/// A modem control output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Signal {
    Dtr,
    Rts,
}

/// State of a control signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Level {
    Off,
    On,
}

/// Opens the port an address names.
///
/// # Errors
/// The options are no line settings, or the system refuses.
pub fn open(url: &DeviceUrl, default: LineSettings, clock: &SharedClock) -> Result<Box<dyn Port>, OpenError> {
    let line = line_settings(url, default)?;
    match &url.transport {
        Transport::Serial(name) => Ok(Box::new(serial::SerialLine::open(name, line, clock.clone())?)),
        Transport::Tcp(address) => Ok(Box::new(tcp::TcpLine::open(address, clock.clone())?)),
        Transport::Direct | Transport::Usb(_) => Err(url.error("it names no port: say +serial: or +tcp:").into()),
    }
}

/// The options of an address that [`open`] understands.
pub const LINE_OPTIONS: [&str; 4] = ["baud", "parity", "data", "stop"];

/// Speed and frame an address asks for, and the default where it says nothing.
///
/// # Errors
/// An option that is no line setting.
pub fn line_settings(url: &DeviceUrl, default: LineSettings) -> Result<LineSettings, UrlError> {
    let parity = match url.option("parity") {
        None => default.parity,
        Some("none") => Parity::None,
        Some("even") => Parity::Even,
        Some("odd") => Parity::Odd,
        Some(_) => return Err(url.error("the option parity is none, even or odd")),
    };
    let line = LineSettings {
        baud: url.parsed("baud")?.unwrap_or(default.baud),
        data_bits: url.parsed("data")?.unwrap_or(default.data_bits),
        parity,
        stop_bits: url.parsed("stop")?.unwrap_or(default.stop_bits),
    };
    if line.baud == 0 || !matches!(line.data_bits, 7 | 8) || !matches!(line.stop_bits, 1 | 2) {
        return Err(url.error("baud is above 0, data is 7 or 8, stop is 1 or 2"));
    }
    Ok(line)
}

/// Why an address could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address is wrong.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// The port is not there.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Why bytes could not be carried.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// The port could not be opened at all.
    #[error("{port} cannot be opened: {reason}")]
    Open {
        /// The port as the user named it.
        port: String,
        /// What the system said.
        reason: String,
    },
    /// It was there and is not any more: unplugged, or the other side hung up.
    #[error("{port} is gone: {reason}")]
    Gone {
        /// The port as the user named it.
        port: String,
        /// What the system said.
        reason: String,
    },
    /// The line cannot do this.
    #[error("{port} cannot {what}")]
    Unsupported {
        /// The port as the user named it.
        port: String,
        /// What was asked of it.
        what: &'static str,
    },
}

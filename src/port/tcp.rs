//! The bytes of a serial line over TCP: ser2net, terminal servers, QEMU, the simulator.

use std::fmt;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use super::{Level, LineSettings, Port, PortError, Signal};
use crate::clock::{Moment, SharedClock};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A peer that takes no bytes for so long has hung.
const WRITE_TIMEOUT: Duration = Duration::from_secs(2);

/// A connection.
pub struct TcpLine {
    address: String,
    clock: SharedClock,
    stream: TcpStream,
}

impl TcpLine {
    /// Connects to `host:port`.
    ///
    /// # Errors
    /// The name is unknown, or nobody listens there.
    pub fn open(address: &str, clock: SharedClock) -> Result<Self, PortError> {
        let open = |reason: String| PortError::Open { port: address.to_owned(), reason };
        let mut last = "the name has no address".to_owned();
        for socket in address.to_socket_addrs().map_err(|error| open(error.to_string()))? {
            match TcpStream::connect_timeout(&socket, CONNECT_TIMEOUT) {
                Ok(stream) => {
                    stream
                        .set_nodelay(true)
                        .and_then(|()| stream.set_write_timeout(Some(WRITE_TIMEOUT)))
                        .map_err(|error| open(error.to_string()))?;
                    return Ok(Self { address: address.to_owned(), clock, stream });
                }
                Err(error) => last = error.to_string(),
            }
        }
        Err(open(last))
    }

    fn gone(&self, reason: impl fmt::Display) -> PortError {
        PortError::Gone { port: self.address.clone(), reason: reason.to_string() }
    }
}

impl Port for TcpLine {
    fn write(&mut self, bytes: &[u8]) -> Result<(), PortError> {
        self.stream.write_all(bytes).map_err(|error| self.gone(error))
    }

    fn read(&mut self, into: &mut [u8], deadline: Moment) -> Result<usize, PortError> {
        loop {
            let wait = deadline.since(self.clock.now());
            let set = if wait.is_zero() {
                self.stream.set_nonblocking(true)
            } else {
                self.stream.set_nonblocking(false).and_then(|()| self.stream.set_read_timeout(Some(wait)))
            };
            set.map_err(|error| self.gone(error))?;
            match self.stream.read(into) {
                Ok(0) => return Err(self.gone("the other side hung up")),
                Ok(count) => {
                    self.stream.set_nonblocking(false).map_err(|error| self.gone(error))?;
                    return Ok(count);
                }
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    self.stream.set_nonblocking(false).map_err(|error| self.gone(error))?;
                    return Ok(0);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.gone(error)),
            }
        }
    }

    fn configure(&mut self, _line: LineSettings) -> Result<(), PortError> {
        Ok(())
    }

    fn set_signal(&mut self, _signal: Signal, _level: Level) -> Result<(), PortError> {
        Err(PortError::Unsupported { port: self.address.clone(), what: "set modem signals" })
    }
}

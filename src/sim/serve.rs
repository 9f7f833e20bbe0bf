//! Simulated devices for other processes: on TCP, or as a serial port of this machine (a pty).
//!
//! Here time is real. A device answers as fast as the machine goes, or paced as its line would be.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::str::FromStr;
use std::time::Duration;

use super::device::Device;
use crate::clock::{Moment, SharedClock};
use crate::port::LineSettings;

/// How long a wait for bytes lasts before the server looks whether its device is still there.
const LOOK: Duration = Duration::from_millis(50);

/// Where a simulated device is to be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outlet {
    /// Listens on `host:port`; port 0 takes a free one.
    Tcp(String),
    /// A new pseudo terminal.
    Pty,
}

impl FromStr for Outlet {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "pty" => Ok(Self::Pty),
            Some(("tcp", address)) if address.contains(':') => Ok(Self::Tcp(address.to_owned())),
            _ => Err(format!("{text:?} is no outlet: say tcp:host:port or pty")),
        }
    }
}

/// A device that is being served.
pub struct Served {
    /// How the transport and address read in a device's address: `+tcp:127.0.0.1:5000`.
    pub address: String,
}

impl fmt::Display for Served {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address)
    }
}

/// Serves a device on a thread of its own until the process ends, one connection at a time. `baud` paces the line.
///
/// # Errors
/// The outlet cannot be opened.
pub fn serve<D: Device + Clone + 'static>(
    outlet: &Outlet,
    device: D,
    baud: Option<u32>,
    clock: &SharedClock,
) -> io::Result<Served> {
    let pacing =
        Pacing { clock: clock.clone(), character: baud.map(|baud| LineSettings::eight_n_one(baud).character_time()) };
    match outlet {
        Outlet::Tcp(address) => {
            let listener = TcpListener::bind(address)?;
            let served = Served { address: format!("+tcp:{}", listener.local_addr()?) };
            thread("simulated device on TCP", move || {
                while let Ok((stream, peer)) = listener.accept() {
                    tracing::info!(%peer, "connected");
                    if let Err(error) = serve_stream(stream, &mut device.clone(), &pacing) {
                        tracing::info!(%error, "connection over");
                    }
                }
            })?;
            Ok(served)
        }
        Outlet::Pty => serve_pty(device, pacing),
    }
}

fn thread(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work).map(|_| ())
}

fn serve_stream(stream: TcpStream, device: &mut dyn Device, pacing: &Pacing) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(LOOK))?;
    converse(stream, device, pacing)
}

#[cfg(unix)]
fn serve_pty<D: Device + 'static>(mut device: D, pacing: Pacing) -> io::Result<Served> {
    use nix::pty::openpty;
    use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};
    use nix::unistd::ttyname;

    let ends = openpty(None, None)?;
    let mut settings = tcgetattr(&ends.slave)?;
    cfmakeraw(&mut settings);
    tcsetattr(&ends.slave, SetArg::TCSANOW, &settings)?;
    let address = format!("+serial:{}", ttyname(&ends.slave)?.display());
    thread("simulated device on a pty", move || {
        // The other end stays open here, so that the terminal outlives its users.
        let _kept = ends.slave;
        let master = PtyEnd(std::fs::File::from(ends.master));
        if let Err(error) = converse(master, &mut device, &pacing) {
            tracing::info!(%error, "terminal over");
        }
    })?;
    Ok(Served { address })
}

#[cfg(not(unix))]
fn serve_pty<D: Device + 'static>(_device: D, _pacing: Pacing) -> io::Result<Served> {
    Err(io::Error::new(ErrorKind::Unsupported, "this system has no pseudo terminals: use tcp:"))
}

/// The master end of a pty, whose reads end after [`LOOK`].
#[cfg(unix)]
struct PtyEnd(std::fs::File);

#[cfg(unix)]
impl Read for PtyEnd {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        use std::os::fd::AsFd as _;

        use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
        let mut ready = [PollFd::new(self.0.as_fd(), PollFlags::POLLIN)];
        let timeout = PollTimeout::try_from(LOOK).unwrap_or(PollTimeout::ZERO);
        if poll(&mut ready, timeout)? == 0 {
            return Err(ErrorKind::TimedOut.into());
        }
        self.0.read(into)
    }
}

#[cfg(unix)]
impl Write for PtyEnd {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// How fast the bytes go.
struct Pacing {
    clock: SharedClock,
    character: Option<Duration>,
}

/// Carries bytes between a stream and a device until one of them goes away.
fn converse(mut stream: impl Read + Write, device: &mut dyn Device, pacing: &Pacing) -> io::Result<()> {
    let mut buffer = [0; 256];
    let character = pacing.character.unwrap_or_default();
    let mut wire_free = Moment::START;
    loop {
        if device.is_gone(pacing.clock.now()) {
            return Err(io::Error::new(ErrorKind::ConnectionAborted, "the device was unplugged"));
        }
        let count = match stream.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => count,
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted) =>
            {
                continue;
            }
            Err(error) => return Err(error),
        };
        wire_free = wire_free.max(pacing.clock.now());
        for &byte in buffer.get(..count).unwrap_or_default() {
            wire_free = wire_free + character;
            pacing.clock.sleep_until(wire_free);
            let Some(answer) = device.on_byte(byte, wire_free) else { continue };
            let mut at = wire_free + answer.delay;
            if pacing.character.is_none() {
                pacing.clock.sleep_until(at);
                stream.write_all(&answer.bytes)?;
                continue;
            }
            for byte in answer.bytes {
                at = at + character;
                pacing.clock.sleep_until(at);
                stream.write_all(&[byte])?;
            }
        }
    }
}

//! A serial port of this machine with a TCP connection behind it, for clients that open serial ports only.

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use nix::pty::openpty;
use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};
use nix::unistd::ttyname;

/// The port; it goes away with the connection.
pub struct Terminal {
    /// What to open.
    pub path: PathBuf,
    /// Kept open, so that the terminal outlives its users.
    _slave: OwnedFd,
}

impl Terminal {
    /// A terminal in front of `stream`.
    pub fn new(stream: TcpStream) -> Self {
        let ends = openpty(None, None).expect("a terminal");
        let mut settings = tcgetattr(&ends.slave).expect("settings");
        cfmakeraw(&mut settings);
        tcsetattr(&ends.slave, SetArg::TCSANOW, &settings).expect("raw");
        let path = ttyname(&ends.slave).expect("a name");
        let master = File::from(ends.master);
        carry(master.try_clone().expect("a copy"), stream.try_clone().expect("a copy"));
        carry(stream, master);
        Self { path, _slave: ends.slave }
    }
}

/// Copies bytes until one side goes away.
fn carry(mut from: impl Read + Send + 'static, mut to: impl Write + Send + 'static) {
    let work = move || {
        let mut buffer = [0; 256];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            if to.write_all(buffer.get(..count).unwrap_or_default()).is_err() {
                break;
            }
        }
    };
    std::thread::Builder::new().name("terminal".to_owned()).spawn(work).expect("a thread");
}

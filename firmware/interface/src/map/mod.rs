//! The service port: Modbus RTU, 115200 baud, 8N1, unit 1.
//!
//! Functions 03, 04, 06, 16 and 43/14. Numbers wider than a register come high word first, as most instruments send them.
//!
//! - Input registers are [`windows`]: a request stays inside one window, and its answer is one moment of the meter. All other addresses are
//!   exception 02.
//! - Holding registers are the chip's registers and a few of the meter's own ([`Holding`]). Writes need the unlock ([`control`]),
//!   the barrier, the unlock and the echo registers excepted.
//!
//! # Nothing is lost with an answer
//!
//! Answers of Modbus RTU name neither their request nor an address. What follows from that is solved here, not by luck:
//!
//! - Nothing that clears by being read is reachable. Energy registers and SysStatus are read by the meter alone, which adds them up in
//!   free-running counters ([`Tally`], [`Events`]): an answer that gets lost costs nothing, the next one tells the same and more. Each
//!   carries the number of the meter's start, so that counting anew is not mistaken for counting on, and the number of readings so far,
//!   so that a reading newer than a certain request can be waited for.
//! - A write is answered with its address and value, so it knows its answer. Every write may be repeated.
//! - After a request without a good answer, a late one may still come. So the bench then writes a fresh word to [`Control::Barrier`] and throws away all that comes
//!   before the answer to it: the meter answers in the order of the requests, so nothing old is left behind that answer.

mod codes;
pub mod control;
mod holding;
pub mod identification;
mod selftest;
pub mod windows;
mod words;

pub use codes::{Alarms, CrashKind, Exception, Protections, Relay, ResetCause, State, TestState};
pub use control::{Command, Control};
pub use holding::{ECHO, Guard, Holding, echoed};
pub use selftest::{Judge, Test, TestResult};
pub use windows::{
    Crash, Diagnostics, Events, Floats, Identity, Program, QUANTITIES, Quantity, SelfTest, Snapshot, TALLIED, Tally,
    Window, tally_address,
};
pub use words::{Measured, Row, WordError};

/// Speed of the line, 8N1.
pub const BAUD: u32 = 115_200;

/// The meter's address on the line. Nothing is sent in answer to others, and nothing is broadcast.
pub const UNIT: u8 = 1;

/// The version of this map: a bench talks to meters with its own major number only.
pub const VERSION: (u16, u16) = (1, 2);

/// Most registers in one reading request.
pub const READ_MOST: u16 = 125;

/// Most registers in one writing request.
pub const WRITE_MOST: u16 = 123;

/// An answer has begun so many milliseconds after its request's end, or none will come. The meter may need the time to try its chip
/// several times.
pub const ANSWER_MILLIS: u32 = 500;

/// A frame is complete by its length and CRC. A pause of so many milliseconds inside of one drops what came of it: networks and USB converters
/// tear frames apart, so the 1.75 ms of the standard would drop good ones.
pub const FRAME_GAP_MILLIS: u32 = 20;

/// The meter reads SysStatus and each energy register at least so often while its chip answers, in milliseconds.
pub const TALLY_MILLIS: u32 = 500;

/// A tally that is read on its own is read from the chip in every second transaction for so many milliseconds, so that an energy
/// measurement sees each step of it.
pub const FOCUS_MILLIS: u32 = 2000;

/// The unlock ends so many seconds after the key was last written.
pub const UNLOCK_SECS: u16 = 60;

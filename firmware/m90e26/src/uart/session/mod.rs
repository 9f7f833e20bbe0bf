//! One transaction after the other, with retries, over a line that loses, garbles and delays bytes.
//!
//! A [`Session`] does no I/O and reads no clock. Its driver calls [`Session::poll`] and does what the [`Action`] says:
//! write the bytes of `Send`; after `Receive` read the port until there is at least one byte or the time is up, and
//! pass what came to [`Session::on_bytes`]; stop at `Done`. Then it polls again.
//!
//! # What can go wrong, and why the session does what it does
//!
//! **A failed transaction** ends in silence: no answer, a wrong checksum, too many bytes. The chip wants the host to
//! be silent for 20 ms then (DS); meanwhile the session drains what comes in, and then tries again.
//!
//! **A late answer.** Answers carry no address (DS). An answer that comes when its request has been given up looks
//! like the answer to the next request. So for `caution_micros` after a failure the session does not believe a
//! single answer. It counts its *doubts*, the failures since the last quiet `caution_micros`: no more answers than
//! that can be under way, for each belongs to a request that failed. In caution an operation then goes thus:
//!
//! 1. Fence: read [`FENCE`], which holds nothing and reads 0000, so that LastData becomes 0000.
//! 2. The read or the write itself.
//! 3. Read LastData once for each doubt (once more after a write). All answers must be equal.
//!
//! Bytes keep their order on the way, so of *doubts + 1* equal answers one at least belongs to a request of this
//! operation. It is either the answer itself, or it is what LastData holds, and that is no longer the fence's zero:
//! the operation happened and this is its value. Only a value of zero can be mistaken for the fence; then the
//! session waits until no late answer can come, and does the operation again without doubts.
//!
//! **Registers that reading clears** (SysStatus and the energies). When such a read fails, nobody knows whether the
//! chip got the request. LastData knows, provided it was 0000 before: hence the fence before such a read, unless the
//! last transaction left a zero there. After a failure the session reads LastData. If it is not zero, it is the value,
//! and the register has been cleared. If it is zero, either the request did not arrive or the register was zero: in
//! both cases nothing was lost and the register can be read again. This is what the datasheet offers LastData for.
//!
//! When the chip stays silent for all attempts, the operation fails, but the session remembers what it is owed. The
//! next operation, whatever it is, first reads LastData, before anything else can overwrite it. A value recovered
//! that way waits for the next read of its register. So a count is neither lost nor delivered twice, as long as the
//! session and the chip both live. A chip that loses its supply loses its counts, and no protocol brings them back.
//!
//! **Writes** are confirmed by their answer and by LastData, and repeated if not: writing the same value twice does
//! what writing it once does. A soft reset is confirmed by its answer only, for it clears LastData too.
//!
//! # What it relies on
//!
//! That LastData becomes zero when [`FENCE`] is read is not spelled out by the datasheet. The session therefore checks it:
//! until a fence has visibly turned a LastData that was not zero into zero, each fence is confirmed by LastData. On a
//! chip that behaves otherwise reads that need a fence fail as [`SessionError::Unconfirmed`] instead of counting twice.
//! Further: no answer is later than `caution_micros`, bytes do not overtake each other, no other host is on the line,
//! and two wrong bits that cancel out in an eight-bit sum do not meet. The datasheet's protocol cannot see the latter.

mod exchange;
mod outcome;
mod rescue;
mod timing;

pub use outcome::{Outcome, SessionError, Statistics};
pub use timing::Timing;

use crate::Register;
use rescue::{Rescue, clears};

/// An address at which the chip has no register; reading it gives 0000 (DS).
pub const FENCE: u8 = 0x05;

/// With more doubts than this, waiting until no late answer can come is quicker than confirming.
const MAX_DOUBTS: u8 = 8;

/// A transaction the session is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Read the register at an address.
    Read(u8),
    /// Write a value to the register at an address.
    Write(u8, u16),
}

impl Operation {
    /// Read `register`.
    #[must_use]
    pub const fn read(register: Register) -> Self {
        Self::Read(register.address())
    }

    /// Write `value` to `register`.
    #[must_use]
    pub const fn write(register: Register, value: u16) -> Self {
        Self::Write(register.address(), value)
    }

    /// The address concerned, seven bits.
    #[must_use]
    pub const fn address(self) -> u8 {
        match self {
            Self::Read(address) | Self::Write(address, _) => address & 0x7F,
        }
    }

    fn clears(self) -> bool {
        matches!(self, Self::Read(_)) && clears(self.address())
    }

    fn is_soft_reset(self) -> bool {
        matches!(self, Self::Write(..)) && self.address() == Register::SoftReset.address()
    }

    fn reads_last_data(self) -> bool {
        matches!(self, Self::Read(_)) && self.address() == Register::LastData.address()
    }
}

/// What the driver has to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action<'a> {
    /// Write these bytes.
    Send(&'a [u8]),
    /// Read at least one byte, or wait until this time; a time that has come means: take what is there.
    Receive {
        /// When to stop waiting.
        until_micros: u64,
    },
    /// The operation is over.
    Done(Result<Outcome, SessionError>),
    /// Nothing to do until [`Session::start`].
    Idle,
}

/// Drives operations; see the [module](self).
#[derive(Clone, Debug)]
pub struct Session {
    timing: Timing,
    statistics: Statistics,
    state: State,
    request: Request,

    // The operation under way.
    operation: Operation,
    step: Step,
    /// The first answer of the step, which further answers have to confirm.
    candidate: Option<u16>,
    confirmations: u8,
    failures: u8,
    recovery_failures: u8,
    fault: Fault,
    sent_at_micros: u64,

    // What outlives an operation.
    /// What LastData holds, if that is certain.
    last_data: Option<u16>,
    fence_proven: bool,
    doubts: u8,
    caution_until: u64,
    rescue: Rescue,
}

/// The request last sent, and as much of the answer as came.
#[derive(Clone, Copy, Debug)]
struct Request {
    bytes: [u8; 5],
    length: u8,
    answer: [u8; 3],
    received: u8,
    wanted: u8,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Idle,
    /// Silent after a failure; each byte prolongs it by `hold`, at most until `limit`.
    Quiet {
        until: u64,
        hold: u64,
        limit: u64,
    },
    /// Looks for bytes that must not be there before a request goes out.
    Listen {
        until: u64,
        listened: bool,
    },
    /// The next request goes out.
    Ready,
    /// Waits for an answer.
    Await {
        until: u64,
        wait: Wait,
    },
    Finished(Result<Outcome, SessionError>),
}

/// How an answer has been waited for. A driver that was held up, and the other end perhaps with it, waits once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wait {
    NotYet,
    Once,
    Again,
}

/// The parts of an operation, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Gets a value owed out of LastData.
    Recover,
    /// Makes LastData zero.
    Fence,
    /// The operation itself.
    Operate,
}

/// Why an attempt failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    NoAnswer,
    BadChecksum,
    Unconfirmed,
    Flooded,
}

/// An [`Action`] that does not borrow yet.
enum Next {
    Send,
    Receive(u64),
    Done(Result<Outcome, SessionError>),
    Idle,
}

impl Session {
    /// A session that knows nothing of the chip yet.
    #[must_use]
    pub const fn new(timing: Timing) -> Self {
        Self {
            timing,
            statistics: Statistics {
                transactions: 0,
                retries: 0,
                timeouts: 0,
                checksum_errors: 0,
                recovered: 0,
                unexpected_bytes: 0,
                bytes_sent: 0,
                bytes_received: 0,
                wire_micros: 0,
            },
            state: State::Idle,
            request: Request { bytes: [0; 5], length: 0, answer: [0; 3], received: 0, wanted: 0 },
            operation: Operation::Read(FENCE),
            step: Step::Operate,
            candidate: None,
            confirmations: 0,
            failures: 0,
            recovery_failures: 0,
            fault: Fault::NoAnswer,
            sent_at_micros: 0,
            last_data: None,
            fence_proven: false,
            doubts: 0,
            caution_until: 0,
            rescue: Rescue::new(),
        }
    }

    /// Begins an operation. One that is still under way is given up, as if its answer had not come.
    pub fn start(&mut self, operation: Operation, now_micros: u64) {
        let under_way = !matches!(self.state, State::Idle | State::Finished(_));
        self.operation = operation;
        self.failures = 0;
        self.recovery_failures = 0;
        self.sent_at_micros = now_micros;
        if under_way {
            self.doubt(now_micros);
            self.quiet(self.timing.silence_micros, now_micros);
        } else {
            self.begin(now_micros);
        }
    }

    /// What to do next.
    pub fn poll(&mut self, now_micros: u64) -> Action<'_> {
        match self.next(now_micros) {
            Next::Send => {
                let length = usize::from(self.request.length);
                Action::Send(self.request.bytes.get(..length).unwrap_or_default())
            }
            Next::Receive(until_micros) => Action::Receive { until_micros },
            Next::Done(result) => Action::Done(result),
            Next::Idle => Action::Idle,
        }
    }

    /// Changes the rate; the chip finds it out with the next start byte.
    pub const fn set_baud(&mut self, baud: u32) {
        self.timing.baud = baud;
    }

    /// The times the session keeps.
    #[must_use]
    pub const fn timing(&self) -> Timing {
        self.timing
    }

    /// What happened on the line so far.
    #[must_use]
    pub const fn statistics(&self) -> Statistics {
        self.statistics
    }

    /// An upper bound for one operation, see [`Timing::worst_case_micros`].
    #[must_use]
    pub const fn worst_case_micros(&self) -> u64 {
        self.timing.worst_case_micros()
    }
}

//! What a session gives back: the outcome of an operation, its error, and counters of the line.

use core::fmt;

use crate::Register;

/// A read or a write that succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Outcome {
    /// The value read or written.
    pub value: u16,
    /// The answer was lost and the value came out of LastData.
    pub recovered: bool,
    /// How many times it was tried, recoveries included. 0: an earlier operation had recovered the value already.
    pub attempts: u8,
    /// When the last byte of the request that counted left the wire, estimated from when it was sent.
    pub sent_at_micros: u64,
    /// When the answer that brought the value was complete.
    pub answered_at_micros: u64,
}

/// A read or a write that failed, after all its attempts.
///
/// A value that a failed read may have cleared is not given up: see [`super`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SessionError {
    /// No answer, or not all of it, came in time.
    NoAnswer {
        /// The register asked.
        address: u8,
        /// How many times it was tried.
        attempts: u8,
    },
    /// Answers came with wrong checksums.
    BadChecksum {
        /// The register asked.
        address: u8,
        /// How many times it was tried.
        attempts: u8,
    },
    /// Answers came, but LastData did not agree with them.
    Unconfirmed {
        /// The register asked.
        address: u8,
        /// How many times it was tried.
        attempts: u8,
    },
    /// Bytes came that nothing had asked for.
    Flooded {
        /// The register asked.
        address: u8,
        /// How many times it was tried.
        attempts: u8,
    },
}

impl SessionError {
    /// The register asked.
    #[must_use]
    pub const fn address(&self) -> u8 {
        match *self {
            Self::NoAnswer { address, .. }
            | Self::BadChecksum { address, .. }
            | Self::Unconfirmed { address, .. }
            | Self::Flooded { address, .. } => address,
        }
    }

    /// How many times it was tried.
    #[must_use]
    pub const fn attempts(&self) -> u8 {
        match *self {
            Self::NoAnswer { attempts, .. }
            | Self::BadChecksum { attempts, .. }
            | Self::Unconfirmed { attempts, .. }
            | Self::Flooded { attempts, .. } => attempts,
        }
    }
}

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self {
            Self::NoAnswer { .. } => "the chip did not answer in time",
            Self::BadChecksum { .. } => "the answer's checksum was wrong",
            Self::Unconfirmed { .. } => "LastData did not confirm the value",
            Self::Flooded { .. } => "bytes arrived that nothing had asked for",
        };
        let (address, attempts) = (self.address(), self.attempts());
        let tries = if attempts == 1 { "try" } else { "tries" };
        match Register::from_address(address) {
            Some(register) => write!(f, "{register} ({address:02X}): {what} ({attempts} {tries})"),
            None => write!(f, "register {address:02X}: {what} ({attempts} {tries})"),
        }
    }
}

impl core::error::Error for SessionError {}

/// What happened on the line since the session was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Statistics {
    /// Requests sent, confirmations and fences included.
    pub transactions: u64,
    /// Failures after which it was tried again.
    pub retries: u64,
    /// Requests without a complete answer in time.
    pub timeouts: u64,
    /// Answers whose checksum byte was wrong; for a write also an answer that is not the request's checksum.
    pub checksum_errors: u64,
    /// Values of read-clear registers that came out of LastData.
    pub recovered: u64,
    /// Bytes that nothing had asked for, late answers among them.
    pub unexpected_bytes: u64,
    /// Bytes sent.
    pub bytes_sent: u64,
    /// Bytes received, wanted or not.
    pub bytes_received: u64,
    /// The time all these bytes take on the wire, ten bits each.
    pub wire_micros: u64,
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::string::ToString;

    #[test]
    fn errors_say_what_and_where() {
        let error = SessionError::NoAnswer { address: 0x49, attempts: 3 };
        assert_eq!(error.to_string(), "Urms (49): the chip did not answer in time (3 tries)");
        let error = SessionError::Unconfirmed { address: 0x7F, attempts: 1 };
        assert_eq!(error.to_string(), "register 7F: LastData did not confirm the value (1 try)");
        assert_eq!((error.address(), error.attempts()), (0x7F, 1));
    }
}

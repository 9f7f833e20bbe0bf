//! Frames of the UART, host's side and chip's side (DS).
//!
//! ```text
//! read :  host FE | 80+addr | checksum = 80+addr               chip MSB | LSB | checksum = MSB+LSB
//! write:  host FE | addr | MSB | LSB | checksum = addr+MSB+LSB  chip checksum, the same
//! ```
//!
//! Checksums are sums of bytes modulo 256: they catch every single wrong bit, but not two that cancel out. Answers
//! carry no address, so nothing in an answer says which request it belongs to; [`super::session`] deals with that.

use core::fmt;

/// The byte that starts each transaction.
pub const START: u8 = 0xFE;

/// The chip drops a transaction when the host pauses longer than this between two bytes (DS).
pub const ABORT_GAP_MICROS: u64 = 20_000;

/// Set in the address byte of a read.
const READ: u8 = 0x80;

/// A read of `address`, of which the low seven bits count.
#[must_use]
pub const fn encode_read(address: u8) -> [u8; 3] {
    let command = address | READ;
    [START, command, command]
}

/// A write of `value` to `address`, of which the low seven bits count.
#[must_use]
pub const fn encode_write(address: u8, value: u16) -> [u8; 5] {
    let [msb, lsb] = value.to_be_bytes();
    [START, address & !READ, msb, lsb, write_answer(address, value)]
}

/// What the chip answers to a write: the checksum of the request.
#[must_use]
pub const fn write_answer(address: u8, value: u16) -> u8 {
    let [msb, lsb] = value.to_be_bytes();
    (address & !READ).wrapping_add(msb).wrapping_add(lsb)
}

/// What the chip answers to a read of a register that holds `value`.
#[must_use]
pub const fn encode_read_answer(value: u16) -> [u8; 3] {
    let [msb, lsb] = value.to_be_bytes();
    [msb, lsb, msb.wrapping_add(lsb)]
}

/// The value in the chip's answer to a read.
///
/// # Errors
/// When the third byte is not the sum of the first two.
pub const fn decode_read_answer(answer: &[u8; 3]) -> Result<u16, ChecksumMismatch> {
    let [msb, lsb, found] = *answer;
    let expected = msb.wrapping_add(lsb);
    if found == expected { Ok(u16::from_be_bytes([msb, lsb])) } else { Err(ChecksumMismatch { expected, found }) }
}

/// A checksum byte that does not fit the bytes before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ChecksumMismatch {
    /// The sum of the bytes received.
    pub expected: u8,
    /// The checksum byte received.
    pub found: u8,
}

impl fmt::Display for ChecksumMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "checksum is {:02X}, the bytes before it sum up to {:02X}", self.found, self.expected)
    }
}

impl core::error::Error for ChecksumMismatch {}

/// A transaction as the chip understands it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Request {
    /// Send the value of a register.
    Read {
        /// Seven bits.
        address: u8,
    },
    /// Set a register.
    Write {
        /// Seven bits.
        address: u8,
        /// What to set it to.
        value: u16,
    },
}

/// A request the chip answers with silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RequestError {
    /// The last byte is not the sum of the bytes after the start byte.
    BadChecksum(ChecksumMismatch),
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RequestError::BadChecksum(mismatch) => write!(f, "bad request: {mismatch}"),
        }
    }
}

impl core::error::Error for RequestError {}

/// Requests out of the host's bytes, for simulators and for listening on the bus.
///
/// Start byte FE, then a request of fixed length; bytes outside a request are ignored. FE inside a request is data. A
/// pause of more than 20 ms inside a request drops it, and the byte after the pause may start a new one.
#[derive(Clone, Debug, Default)]
pub struct RequestDecoder {
    state: State,
    last_micros: u64,
}

/// How much of a request is there.
#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Outside,
    Started,
    Read(u8),
    Write(u8),
    WriteMsb(u8, u8),
    WriteLsb(u8, u8, u8),
}

impl RequestDecoder {
    /// A decoder that waits for a start byte.
    #[must_use]
    pub const fn new() -> Self {
        Self { state: State::Outside, last_micros: 0 }
    }

    /// Takes one byte that arrived at `at_micros`; gives the request that it completes.
    pub fn push(&mut self, byte: u8, at_micros: u64) -> Option<Result<Request, RequestError>> {
        if at_micros.saturating_sub(self.last_micros) > ABORT_GAP_MICROS {
            self.state = State::Outside;
        }
        self.last_micros = at_micros;
        let complete = |expected: u8, request| {
            if byte == expected {
                Ok(request)
            } else {
                Err(RequestError::BadChecksum(ChecksumMismatch { expected, found: byte }))
            }
        };
        let (state, request) = match self.state {
            State::Outside if byte == START => (State::Started, None),
            State::Outside => (State::Outside, None),
            State::Started if byte & READ != 0 => (State::Read(byte), None),
            State::Started => (State::Write(byte), None),
            State::Read(command) => {
                (State::Outside, Some(complete(command, Request::Read { address: command & !READ })))
            }
            State::Write(address) => (State::WriteMsb(address, byte), None),
            State::WriteMsb(address, msb) => (State::WriteLsb(address, msb, byte), None),
            State::WriteLsb(address, msb, lsb) => {
                let value = u16::from_be_bytes([msb, lsb]);
                let expected = write_answer(address, value);
                (State::Outside, Some(complete(expected, Request::Write { address, value })))
            }
        };
        self.state = state;
        request
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use proptest::prelude::*;
    use std::{string::ToString, vec::Vec};

    /// Pushes bytes a millisecond apart and collects what comes out.
    fn decode(bytes: &[u8]) -> Vec<Result<Request, RequestError>> {
        let mut decoder = RequestDecoder::new();
        bytes.iter().zip((0..).step_by(1000)).filter_map(|(&byte, at)| decoder.push(byte, at)).collect()
    }

    #[test]
    fn frames_of_the_datasheet() {
        assert_eq!(encode_read(0x49), [0xFE, 0xC9, 0xC9]);
        assert_eq!(encode_write(0x20, 0x5678), [0xFE, 0x20, 0x56, 0x78, 0xEE]);
        assert_eq!(write_answer(0x20, 0x5678), 0xEE);
        assert_eq!(encode_read_answer(0xD174), [0xD1, 0x74, 0x45]);
        assert_eq!(decode_read_answer(&[0xD1, 0x74, 0x45]), Ok(0xD174));
        let mismatch = decode_read_answer(&[0xD1, 0x74, 0x44]).unwrap_err();
        assert_eq!(mismatch, ChecksumMismatch { expected: 0x45, found: 0x44 });
        assert_eq!(mismatch.to_string(), "checksum is 44, the bytes before it sum up to 45");
    }

    #[test]
    fn junk_before_the_start_is_ignored() {
        assert_eq!(decode(&[0x00, 0xC9, 0x12, 0xFE, 0xC9, 0xC9]), [Ok(Request::Read { address: 0x49 })]);
    }

    #[test]
    fn every_truncation_is_silent() {
        let write = encode_write(0x2B, 0x7C22);
        for length in 0..write.len() {
            assert_eq!(decode(&write[..length]), []);
        }
        let read = encode_read(0x2B);
        for length in 0..read.len() {
            assert_eq!(decode(&read[..length]), []);
        }
    }

    #[test]
    fn a_pause_drops_what_came_before() {
        let mut decoder = RequestDecoder::new();
        assert_eq!(decoder.push(START, 0), None);
        assert_eq!(decoder.push(0xC9, 20_000), None);
        // 20 ms are still within; one microsecond more is not, and the byte starts anew.
        assert_eq!(decoder.push(START, 40_001), None);
        assert_eq!(decoder.push(0xC9, 41_000), None);
        assert_eq!(decoder.push(0xC9, 42_000), Some(Ok(Request::Read { address: 0x49 })));
    }

    #[test]
    fn the_start_byte_inside_a_request_is_data() {
        let request = Request::Write { address: 0x21, value: 0xFEFE };
        assert_eq!(decode(&encode_write(0x21, 0xFEFE)), [Ok(request)]);
        assert_eq!(decode(&encode_read(0x7E)), [Ok(Request::Read { address: 0x7E })]);
    }

    #[test]
    fn a_wrong_checksum_is_reported_once_and_forgotten() {
        let mut bytes = encode_read(0x49).to_vec();
        bytes[2] ^= 1;
        bytes.extend(encode_read(0x48));
        let error = RequestError::BadChecksum(ChecksumMismatch { expected: 0xC9, found: 0xC8 });
        assert_eq!(decode(&bytes), [Err(error), Ok(Request::Read { address: 0x48 })]);
        assert_eq!(error.to_string(), "bad request: checksum is C8, the bytes before it sum up to C9");
    }

    proptest! {
        #[test]
        fn requests_round_trip(address in 0u8..0x80, value: u16) {
            prop_assert_eq!(decode(&encode_read(address)), [Ok(Request::Read { address })]);
            prop_assert_eq!(decode(&encode_write(address, value)), [Ok(Request::Write { address, value })]);
        }

        #[test]
        fn answers_round_trip(value: u16) {
            prop_assert_eq!(decode_read_answer(&encode_read_answer(value)), Ok(value));
        }

        #[test]
        fn one_wrong_bit_is_caught(value: u16, byte in 0usize..3, bit in 0u32..8) {
            let mut answer = encode_read_answer(value);
            answer[byte] ^= 1 << bit;
            prop_assert!(decode_read_answer(&answer).is_err());
        }

        #[test]
        fn any_bytes_are_survived(bytes: Vec<u8>) {
            decode(&bytes);
        }
    }
}

//! The chip's UART (DS): 8N1 at 2400 or 9600 baud, which the chip finds out from the start byte of each transaction.
//!
//! [`codec`] turns transactions into bytes and back, on the host's side and on the chip's. [`session`] drives whole
//! transactions with retries. Neither reads or writes a port or looks at a clock.

pub mod codec;
pub mod session;

pub use codec::{
    ChecksumMismatch, Request, RequestDecoder, RequestError, START, decode_read_answer, encode_read,
    encode_read_answer, encode_write, write_answer,
};
pub use session::{Action, Operation, Outcome, Session, SessionError, Statistics, Timing};

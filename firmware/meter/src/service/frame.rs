//! Frames: unit, function, data, CRC.
//!
//! A frame is complete by the length its function tells and its CRC; the length of a function that is not known here is what came before
//! a pause. A pause inside of a frame drops it. After a wrong CRC nobody knows where the next frame begins, so all is dropped up to the
//! next pause.
//!
//! Document: MODBUS over Serial Line V1.02, section 2.5.1.

use heapless::Vec;
use meter_interface::map::FRAME_GAP_MILLIS;
use modbus_core::rtu::{MAX_FRAME_LEN, crc16};

use super::identification::FUNCTION;

/// A pause ends what came before it.
const GAP: u64 = FRAME_GAP_MILLIS as u64 * 1_000;

/// Unit before, and CRC after, function and data.
const AROUND: usize = 3;

/// Bytes of function 43/14's request: function, kind, code, object.
const IDENTIFICATION: usize = 4;

/// Collects frames.
#[derive(Debug, Default)]
pub struct Receiver {
    bytes: Vec<u8, MAX_FRAME_LEN>,
    last: u64,
    lost: bool,
    errors: u32,
}

impl Receiver {
    /// Takes a byte; true when it completes a frame, which [`Self::frame`] then has until the next byte.
    pub fn on_byte(&mut self, byte: u8, now: u64) -> bool {
        if now.saturating_sub(self.last) > GAP {
            self.drop_rest();
        }
        self.last = now;
        if self.lost || self.bytes.push(byte).is_err() {
            self.lost = true;
            return false;
        }
        match self.length() {
            Some(length) if self.bytes.len() >= length => {
                let good = self.is_good();
                self.lost = !good;
                good
            }
            _ => false,
        }
    }

    /// A byte nobody waits for: what it belongs to is dropped, up to the next pause.
    pub fn skip(&mut self, now: u64) {
        self.lost = true;
        self.last = now;
    }

    /// Lets time pass; true when a pause completes a frame of a function that is not known here.
    pub fn on_time(&mut self, now: u64) -> bool {
        if self.bytes.is_empty() || now.saturating_sub(self.last) <= GAP {
            return false;
        }
        let complete = !self.lost && self.length().is_none() && self.is_good();
        if !complete {
            self.drop_rest();
        }
        complete
    }

    /// The frame that was completed: unit, and function with data.
    #[must_use]
    pub fn frame(&self) -> Option<(u8, &[u8])> {
        let (body, _) = self.bytes.split_last_chunk::<2>()?;
        let (&unit, pdu) = body.split_first()?;
        Some((unit, pdu))
    }

    /// The frame is done with.
    pub fn clear(&mut self) {
        self.bytes.clear();
    }

    /// Frames that were dropped.
    #[must_use]
    pub const fn errors(&self) -> u32 {
        self.errors
    }

    fn drop_rest(&mut self) {
        if self.lost || !self.bytes.is_empty() {
            self.errors = self.errors.wrapping_add(1);
        }
        self.bytes.clear();
        self.lost = false;
    }

    /// How long the frame will be, as soon as that can be told. Not modbus-core's `request_pdu_len`: in 0.2.0 that takes the byte count of
    /// function 16 from the wrong place.
    fn length(&self) -> Option<usize> {
        let pdu = match self.bytes.get(1)? {
            1..=6 => 5,
            15 | 16 => 6 + usize::from(*self.bytes.get(6)?),
            &FUNCTION => IDENTIFICATION,
            _ => return None,
        };
        Some(pdu + AROUND)
    }

    fn is_good(&self) -> bool {
        self.bytes
            .split_last_chunk::<2>()
            .is_some_and(|(body, crc)| body.len() >= 2 && crc16(body) == u16::from_be_bytes(*crc))
    }
}

/// An answer in the making: unit, function and data, then the CRC.
#[derive(Debug, Default)]
pub struct Answer {
    bytes: Vec<u8, MAX_FRAME_LEN>,
}

impl Answer {
    /// Begins an answer to a function.
    #[must_use]
    pub fn new(unit: u8, function: u8) -> Self {
        let mut answer = Self::default();
        answer.byte(unit).byte(function);
        answer
    }

    /// Appends a byte. The map's limits keep every answer within a frame.
    pub fn byte(&mut self, byte: u8) -> &mut Self {
        let _full = self.bytes.push(byte);
        self
    }

    /// Appends a word, high byte first.
    pub fn word(&mut self, word: u16) -> &mut Self {
        let [high, low] = word.to_be_bytes();
        self.byte(high).byte(low)
    }

    /// The whole frame.
    pub fn finish(&mut self) -> &[u8] {
        let crc = crc16(&self.bytes);
        self.word(crc);
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use proptest::prelude::*;

    fn framed(body: &[u8]) -> std::vec::Vec<u8> {
        let mut frame = body.to_vec();
        frame.extend(crc16(body).to_be_bytes());
        frame
    }

    fn feed(receiver: &mut Receiver, bytes: &[u8], at: &mut u64) -> usize {
        bytes
            .iter()
            .filter(|&&byte| {
                *at += 87;
                let complete = receiver.on_byte(byte, *at);
                if complete {
                    receiver.clear();
                }
                complete
            })
            .count()
    }

    #[test]
    fn frames_by_length() {
        let mut receiver = Receiver::default();
        let mut at = 0;
        for body in [
            &[1, 4, 1, 0, 0, 68][..],
            &[1, 16, 0, 0x31, 0, 2, 4, 1, 2, 3, 4],
            &[1, 0x2B, 0x0E, 1, 0],
            &[1, 6, 2, 0, 0xAB, 0xCD],
        ] {
            assert_eq!(feed(&mut receiver, &framed(body), &mut at), 1, "{body:?}");
        }
        assert_eq!(receiver.errors(), 0);
    }

    #[test]
    fn an_unknown_function_ends_with_a_pause() {
        let mut receiver = Receiver::default();
        let mut at = 0;
        assert_eq!(feed(&mut receiver, &framed(&[1, 0x41, 7, 7, 7]), &mut at), 0);
        assert!(!receiver.on_time(at + GAP));
        assert!(receiver.on_time(at + GAP + 1));
        assert_eq!(receiver.frame(), Some((1, &[0x41, 7, 7, 7][..])));
    }

    #[test]
    fn half_a_frame_is_dropped_by_a_pause() {
        let mut receiver = Receiver::default();
        let good = framed(&[1, 3, 0, 0x21, 0, 1]);
        let mut at = 0;
        assert_eq!(feed(&mut receiver, &good[..5], &mut at), 0);
        at += GAP + 1;
        assert!(!receiver.on_time(at));
        assert_eq!(feed(&mut receiver, &good, &mut at), 1);
        assert_eq!(receiver.errors(), 1);
    }

    #[test]
    fn what_is_skipped_ends_with_a_pause() {
        let mut receiver = Receiver::default();
        let good = framed(&[1, 3, 0, 0x21, 0, 1]);
        let mut at = 0;
        receiver.skip(at);
        receiver.skip(at);
        assert_eq!(feed(&mut receiver, &good, &mut at), 0);
        at += GAP + 1;
        assert_eq!(feed(&mut receiver, &good, &mut at), 1);
        assert_eq!(receiver.errors(), 1);
    }

    proptest! {
        #[test]
        fn after_any_garbage_and_a_pause_a_frame_gets_through(garbage in prop::collection::vec(any::<u8>(), 0..700)) {
            let mut receiver = Receiver::default();
            let mut at = 0;
            feed(&mut receiver, &garbage, &mut at);
            at += GAP + 1;
            if receiver.on_time(at) {
                receiver.clear();
            }
            prop_assert_eq!(feed(&mut receiver, &framed(&[1, 3, 0, 0x21, 0, 1]), &mut at), 1);
        }
    }
}

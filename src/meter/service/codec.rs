//! Modbus RTU as the service port speaks it: requests to bytes, answers found among bytes.
//!
//! Frames are coded by modbus-core. Its stream decoder is not used: it does not know function 43, and it guesses where this side
//! knows, since every request determines the length and the head of its answer.

use meter_interface::map::{Exception, UNIT};
use modbus_core::rtu::{self, Header, RequestAdu, client};
use modbus_core::{Data, ExceptionResponse, FunctionCode, RequestPdu, Response};

/// Longest frame there is (Modbus over Serial Line V1.02, 2.5.1).
const LONGEST: usize = 256;

/// Function 43, encapsulated interface.
const ENCAPSULATED: u8 = 0x2B;
/// Its interface 14: device identification.
const IDENTIFICATION: u8 = 0x0E;
/// All objects, from the first on.
const EXTENDED: u8 = 0x03;
/// Bytes of an identification's answer before its objects, unit included: unit, 2B, 0E, code, conformity, more, next, count.
const IDENTIFICATION_HEAD: usize = 8;
/// Bit of the function code that says exception.
const REFUSED: u8 = 0x80;

/// What can be asked of the meter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Function 03.
    ReadHolding {
        /// The first register.
        address: u16,
        /// How many.
        count: u16,
    },
    /// Function 04.
    ReadInput {
        /// The first register.
        address: u16,
        /// How many.
        count: u16,
    },
    /// Function 06.
    Write {
        /// The register.
        address: u16,
        /// Its new content.
        word: u16,
    },
    /// Function 16.
    WriteMany {
        /// The first register.
        address: u16,
        /// Their new contents.
        words: Vec<u16>,
    },
    /// Function 43/14, all objects.
    Identify,
}

/// What the meter says to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The registers asked for.
    Words(Vec<u16>),
    /// Written.
    Written,
    /// Number and text of each object.
    Objects(Vec<(u8, String)>),
    /// An exception.
    Refused(Exception),
}

/// An answer and where it stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What it says.
    pub answer: Answer,
    /// Bytes before it, which are none of it.
    pub before: usize,
    /// The first byte behind it.
    pub end: usize,
}

impl Request {
    /// The frame; empty for more registers than fit into one, which nobody here asks for.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut words = [0; LONGEST];
        let request = match self {
            Self::ReadHolding { address, count } => modbus_core::Request::ReadHoldingRegisters(*address, *count),
            Self::ReadInput { address, count } => modbus_core::Request::ReadInputRegisters(*address, *count),
            Self::Write { address, word } => modbus_core::Request::WriteSingleRegister(*address, *word),
            Self::WriteMany { address, words: all } => {
                // The library takes the whole of the buffer for data.
                let exact = words.get_mut(..2 * all.len()).unwrap_or_default();
                match Data::from_words(all, exact) {
                    Ok(data) => modbus_core::Request::WriteMultipleRegisters(*address, data),
                    Err(_) => return Vec::new(),
                }
            }
            Self::Identify => modbus_core::Request::Custom(
                FunctionCode::Custom(ENCAPSULATED),
                const { &[IDENTIFICATION, EXTENDED, 0] },
            ),
        };
        let mut frame = vec![0; LONGEST];
        let adu = RequestAdu { hdr: Header { slave: UNIT }, pdu: RequestPdu(request) };
        let length = client::encode_request(adu, &mut frame).unwrap_or_default();
        frame.truncate(length);
        frame
    }

    const fn function(&self) -> u8 {
        match self {
            Self::ReadHolding { .. } => 0x03,
            Self::ReadInput { .. } => 0x04,
            Self::Write { .. } => 0x06,
            Self::WriteMany { .. } => 0x10,
            Self::Identify => ENCAPSULATED,
        }
    }

    /// Bytes of the longest answer to it.
    #[must_use]
    pub fn longest_answer(&self) -> usize {
        match self {
            Self::ReadHolding { count, .. } | Self::ReadInput { count, .. } => 5 + 2 * usize::from(*count),
            Self::Write { .. } | Self::WriteMany { .. } => 8,
            Self::Identify => LONGEST,
        }
    }

    /// The first answer to this request among `bytes`, wherever it begins; `None` when there is none, or not all of it yet.
    #[must_use]
    pub fn find(&self, bytes: &[u8]) -> Option<Found> {
        for before in 0..bytes.len() {
            let rest = bytes.get(before..)?;
            let Some(length) = self.answer_length(rest) else { continue };
            if rest.len() < length && self.begins_with_data(rest) {
                // Its words may hold what looks like a refusal, so the rest of it is waited for.
                return None;
            }
            let frame = length.checked_sub(3).and_then(|pdu| rtu::extract_frame(rest, pdu).ok()?);
            if let Some(answer) = frame.and_then(|frame| self.read(frame.pdu)) {
                return Some(Found { answer, before, end: before + length });
            }
        }
        None
    }

    /// Unit, function and number of bytes are those of the words asked for: three bytes that noise seldom has.
    fn begins_with_data(&self, frame: &[u8]) -> bool {
        let reads = matches!(self, Self::ReadHolding { .. } | Self::ReadInput { .. });
        reads && frame.get(1) == Some(&self.function())
    }

    /// Bytes of the frame that begins here, when it begins like an answer to this.
    fn answer_length(&self, frame: &[u8]) -> Option<usize> {
        let [UNIT, function, ..] = *frame else { return None };
        if function == self.function() | REFUSED {
            return Some(5);
        }
        if function != self.function() {
            return None;
        }
        match self {
            Self::ReadHolding { count, .. } | Self::ReadInput { count, .. } => {
                let bytes = usize::from(*frame.get(2)?);
                (bytes == 2 * usize::from(*count)).then_some(5 + bytes)
            }
            Self::Write { .. } | Self::WriteMany { .. } => Some(8),
            Self::Identify => {
                let objects = *frame.get(IDENTIFICATION_HEAD - 1)?;
                let mut end = IDENTIFICATION_HEAD;
                for _ in 0..objects {
                    end += 2 + usize::from(*frame.get(end + 1)?);
                }
                Some(end + 2)
            }
        }
    }

    /// What a frame's content says, when it can be an answer to this.
    fn read(&self, pdu: &[u8]) -> Option<Answer> {
        if pdu.first()? & REFUSED != 0 {
            // The codes of newer meters survive too, which the library's own table would not let through.
            let code = match ExceptionResponse::try_from(pdu) {
                Ok(response) => response.exception as u8,
                Err(_) => *pdu.get(1)?,
            };
            return Some(Answer::Refused(Exception::from_word(u16::from(code))));
        }
        if *self == Self::Identify {
            return objects(pdu).map(Answer::Objects);
        }
        match (self, Response::try_from(pdu).ok()?) {
            (Self::ReadHolding { .. }, Response::ReadHoldingRegisters(data))
            | (Self::ReadInput { .. }, Response::ReadInputRegisters(data)) => {
                Some(Answer::Words((0..data.len()).filter_map(|index| data.get(index)).collect()))
            }
            (Self::Write { address, word }, Response::WriteSingleRegister(at, written)) => {
                (at == *address && written == *word).then_some(Answer::Written)
            }
            (Self::WriteMany { address, words }, Response::WriteMultipleRegisters(at, count)) => {
                (at == *address && usize::from(count) == words.len()).then_some(Answer::Written)
            }
            _ => None,
        }
    }
}

fn objects(pdu: &[u8]) -> Option<Vec<(u8, String)>> {
    let [_, IDENTIFICATION, _, _, _, _, count, objects @ ..] = pdu else { return None };
    let (mut objects, mut found) = (objects, Vec::new());
    for _ in 0..*count {
        let [id, length, rest @ ..] = objects else { return None };
        let (text, rest) = rest.split_at_checked(usize::from(*length))?;
        found.push((*id, String::from_utf8_lossy(text).into_owned()));
        objects = rest;
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_that_look_like_a_refusal_are_none() {
        let request = Request::ReadInput { address: 0, count: 8 };
        let refusal = sealed(&[1, 0x84, 0]);
        let mut answer = vec![1, 4, 16, 0, 0];
        answer.extend(&refusal);
        answer.resize(19, 0);
        let answer = sealed(&answer);
        for end in 0..answer.len() {
            assert_eq!(request.find(&answer[..end]), None, "{end}");
        }
        let words = vec![0, 0x0184, u16::from(refusal[3]), u16::from(refusal[4]) << 8, 0, 0, 0, 0];
        assert!(matches!(request.find(&answer).map(|found| found.answer), Some(Answer::Words(read)) if read == words));
    }

    fn requests() -> Vec<Request> {
        vec![
            Request::ReadHolding { address: 0x0033, count: 1 },
            Request::ReadInput { address: 0x0100, count: 68 },
            Request::Write { address: 0x0201, word: 0xCA1B },
            Request::WriteMany { address: 0x0240, words: vec![1, 2, 3] },
            Request::Identify,
        ]
    }

    /// The CRC by another library, so that two have to agree.
    fn sealed(frame: &[u8]) -> Vec<u8> {
        let crc = crc::Crc::<u16>::new(&crc::CRC_16_MODBUS).checksum(frame);
        [frame, &crc.to_le_bytes()].concat()
    }

    #[test]
    fn frames_of_another_implementation() {
        // Bytes printed by pymodbus 3.16 (FramerRTU.buildFrame) for the same requests.
        let expected = [
            "0103003300017405",
            "010401000044f1c5",
            "01060201ca1bcf19",
            "0110024000030600010002000333ed",
            "012b0e03007117",
        ];
        for (request, expected) in requests().iter().zip(expected) {
            let frame: String = request.encode().iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(frame, expected, "{request:?}");
        }
    }

    #[test]
    fn answers_are_read() {
        let [holding, input, write, many, identify] = requests().try_into().expect("five");
        let found = |request: &Request, frame: &[u8]| request.find(&sealed(frame)).map(|found| found.answer);
        assert_eq!(found(&holding, &[1, 3, 2, 0x0F, 0x56]), Some(Answer::Words(vec![0x0F56])));
        let long: Vec<u8> = [1, 4, 136].into_iter().chain(0..136).collect();
        assert!(matches!(found(&input, &long), Some(Answer::Words(words)) if words.len() == 68 && words[1] == 0x0203));
        assert_eq!(found(&write, &[1, 6, 2, 1, 0xCA, 0x1B]), Some(Answer::Written));
        assert_eq!(found(&many, &[1, 16, 2, 0x40, 0, 3]), Some(Answer::Written));
        let objects = [1, 0x2B, 0x0E, 3, 0x83, 0, 0, 2, 0, 2, b'M', b'B', 0x80, 0];
        let texts = vec![(0, "MB".to_owned()), (0x80, String::new())];
        assert_eq!(found(&identify, &objects), Some(Answer::Objects(texts)));
        assert_eq!(found(&holding, &[1, 0x83, 2]), Some(Answer::Refused(Exception::IllegalAddress)));
        assert_eq!(found(&holding, &[1, 0x83, 11]), Some(Answer::Refused(Exception::ChipSilent)));
        assert_eq!(found(&holding, &[1, 0x83, 0x40]), Some(Answer::Refused(Exception::Unknown(0x40))));
    }

    #[test]
    fn what_answers_another_request_is_no_answer() {
        let [holding, input, write, many, _] = requests().try_into().expect("five");
        let found = |request: &Request, frame: &[u8]| request.find(&sealed(frame));
        assert_eq!(found(&holding, &[1, 4, 2, 0, 1]), None, "another function");
        assert_eq!(found(&holding, &[2, 3, 2, 0, 1]), None, "another unit");
        assert_eq!(found(&input, &[1, 4, 2, 0, 1]), None, "another count");
        assert_eq!(found(&write, &[1, 6, 2, 1, 0xCA, 0x1C]), None, "another word");
        assert_eq!(found(&write, &[1, 6, 2, 2, 0xCA, 0x1B]), None, "another address");
        assert_eq!(found(&many, &[1, 16, 2, 0x40, 0, 2]), None, "another number");
    }

    #[test]
    fn every_truncation_and_flipped_bit_is_noticed() {
        let request = Request::ReadHolding { address: 0x0033, count: 2 };
        let good = sealed(&[1, 3, 4, 0x0F, 0x56, 0x71, 0xD8]);
        for length in 0..good.len() {
            assert_eq!(request.find(&good[..length]), None, "{length}");
        }
        for bit in 0..good.len() * 8 {
            let mut bytes = good.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(request.find(&bytes), None, "bit {bit}");
        }
    }

    #[test]
    fn an_answer_is_found_behind_junk() {
        let request = Request::Write { address: 0x0200, word: 0x1234 };
        let answer = sealed(&[1, 6, 2, 0, 0x12, 0x34]);
        let bytes = [&[0xFF, 1, 6, 1, 3][..], &answer, &[7]].concat();
        assert_eq!(request.find(&bytes), Some(Found { answer: Answer::Written, before: 5, end: 13 }));
    }

    proptest! {
        #[test]
        fn foreign_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..300), head in 0..5usize) {
            let request = requests().remove(head);
            let mut frame = vec![1, request.function()];
            frame.extend(bytes);
            let _ = request.find(&frame);
            let _ = request.find(&sealed(&frame));
        }
    }
}

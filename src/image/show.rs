//! What an image is, in figures: its parts, its checksums, and whether a chip could start it.

use std::fmt::Write as _;

use crc::{CRC_32_ISO_HDLC, Crc};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{Image, ImageError};

/// RAM of a Cortex-M starts here (PM0056, memory map).
const RAM: u32 = 0x2000_0000;
/// Beyond any RAM such a chip has; a stack pointer up there is none.
const RAM_END: u32 = RAM + (1 << 20);

/// The first two words of a vector table (PM0056, vector table).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VectorTable {
    /// Where the table stands.
    pub address: u32,
    /// What the stack pointer is set to.
    pub initial_sp: u32,
    /// Where the processor starts, with bit 0 set for Thumb code.
    pub reset: u32,
}

impl VectorTable {
    /// The table at the start of the image, where a chip looks for it; `None` when the image has not even eight bytes there.
    #[must_use]
    pub fn of(image: &Image) -> Option<Self> {
        let address = image.first();
        Some(Self { address, initial_sp: image.word(address)?, reset: image.word(address.checked_add(4)?)? })
    }

    /// Why a chip could not start this image; empty when it could.
    #[must_use]
    pub fn problems(self, image: &Image) -> Vec<String> {
        let mut problems = Vec::new();
        let Self { initial_sp, reset, .. } = self;
        // A stack that starts at the very end of RAM points one past it.
        if initial_sp <= RAM || initial_sp > RAM_END || initial_sp % 4 != 0 {
            problems.push(format!("the initial stack pointer {initial_sp:#010x} is not in RAM"));
        }
        if reset & 1 == 0 {
            problems.push(format!("the reset vector {reset:#010x} is even, which is no Thumb code"));
        }
        if image.byte(reset & !1).is_none() {
            problems.push(format!("the reset vector {reset:#010x} points outside the image"));
        }
        problems
    }
}

/// One part of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    /// First address, as 0x and eight digits.
    pub address: String,
    /// Bytes.
    pub length: usize,
}

/// What there is to say of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Its parts.
    pub segments: Vec<Part>,
    /// Bytes in all, without gaps.
    pub length: usize,
    /// CRC-32 (ISO-HDLC, as zip has it) of the bytes from first to last, gaps as FF, in eight digits.
    pub crc32: String,
    /// SHA-256 of the same bytes, so that it equals that of the written binary.
    pub sha256: String,
    /// What the stack pointer starts as, if there is a vector table.
    pub initial_sp: Option<String>,
    /// Where the program starts.
    pub reset: Option<String>,
    /// Why a chip could not start it; empty when it could.
    pub problems: Vec<String>,
}

impl Summary {
    /// Looks at an image.
    ///
    /// # Errors
    /// Its parts are too far apart for a checksum over all.
    pub fn of(image: &Image) -> Result<Self, ImageError> {
        let flat = image.flat()?;
        let vectors = VectorTable::of(image);
        let hex = |value: u32| format!("{value:#010x}");
        let part = |segment: &super::Segment| Part { address: hex(segment.address), length: segment.bytes.len() };
        Ok(Self {
            segments: image.segments().iter().map(part).collect(),
            length: image.length(),
            crc32: format!("{:08x}", Crc::<u32>::new(&CRC_32_ISO_HDLC).checksum(&flat)),
            sha256: Sha256::digest(&flat).iter().fold(String::new(), |mut text, byte| {
                write!(text, "{byte:02x}").ok();
                text
            }),
            initial_sp: vectors.map(|table| hex(table.initial_sp)),
            reset: vectors.map(|table| hex(table.reset)),
            problems: vectors
                .map_or_else(|| vec!["it is too short for a vector table".to_owned()], |table| table.problems(image)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Segment;

    fn image(words: &[u32]) -> Image {
        let bytes = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        Image::from_segments([Segment { address: 0x0800_0000, bytes }]).expect("fits")
    }

    #[test]
    fn checksums_are_the_usual_ones() {
        let image = Image::from_segments([Segment { address: 0, bytes: b"123456789".to_vec() }]).expect("fits");
        let summary = Summary::of(&image).expect("small");
        assert_eq!(summary.crc32, "cbf43926");
        assert!(summary.sha256.starts_with("15e2b0d3c33891ebb0f1ef609ec41942"), "{}", summary.sha256);
    }

    #[test]
    fn a_program_that_could_start() {
        let image = image(&[0x2000_5000, 0x0800_0009, 0xBF00_BF00]);
        assert_eq!(Summary::of(&image).expect("small").problems, Vec::<String>::new());
    }

    #[test]
    fn programs_that_could_not() {
        for (words, part) in [
            (vec![0xFFFF_FFFF, 0x0800_0009, 0], "not in RAM"),
            (vec![0x2000_0000, 0x0800_0009, 0], "not in RAM"),
            (vec![0x2000_5000, 0x0800_0008, 0], "even"),
            (vec![0x2000_5000, 0x0800_0101, 0], "outside"),
            (vec![0x2000_5000], "too short"),
        ] {
            let problems = Summary::of(&image(&words)).expect("small").problems;
            assert!(problems.iter().any(|problem| problem.contains(part)), "{problems:?}");
        }
    }
}

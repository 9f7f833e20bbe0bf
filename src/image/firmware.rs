//! The firmware all units of a type share, and the image of one unit made of it.

use std::fmt;

use meter_interface::block::{Block, Copy};
use meter_interface::map::Program;

use super::block::{Pages, PatchError};
use super::show::Summary;
use super::{Format, Image, ImageError, Segment};

/// No meter's flash is larger: a length beyond it is nonsense, and not worth the sum.
const MOST_PROGRAM: u64 = 1 << 20;

/// An image with places for a calibration block.
#[derive(Clone, Debug)]
pub struct Firmware {
    image: Image,
    pages: Pages,
}

/// The image of one unit. It holds the unit's secrets.
pub struct UnitImage {
    /// What is flashed.
    pub image: Image,
    /// The block in it, with its sequence number.
    pub block: Block,
    /// The page that holds the block.
    pub copy: Copy,
    /// What is the same in the images of all units.
    pub program: ProgramImage,
    /// SHA-256 over all bytes from the first to the last, gaps as FF, in hexadecimal digits.
    pub sha256: String,
}

/// The bytes below the calibration pages, up to the last that is not as erased. There is nothing of a unit in it.
#[derive(Clone, Debug)]
pub struct ProgramImage(Image);

/// Why a file is no firmware of a meter.
#[derive(Debug, thiserror::Error)]
pub enum FirmwareError {
    /// It is no image.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// It is an image of something else.
    #[error(transparent)]
    Patch(#[from] PatchError),
}

impl Firmware {
    /// Reads a file's content; a binary begins at `address`.
    ///
    /// # Errors
    /// It is no image, or one without calibration pages.
    pub fn read(content: &[u8], format: Option<Format>, address: u32) -> Result<Self, FirmwareError> {
        let image = Image::read(content, format, address)?;
        let pages = Pages::find(content, &image)?;
        Ok(Self { image, pages })
    }

    /// The image of a unit.
    ///
    /// # Errors
    /// The block cannot be encoded, or the image has gaps too large for a checksum over all.
    pub fn of_unit(&self, block: Block) -> Result<UnitImage, FirmwareError> {
        let (image, copy) = self.pages.patch(&self.image, block)?;
        let sha256 = Summary::of(&image)?.sha256;
        // As it stands in the image: what encoding changed would otherwise be missed.
        let (_, block) = self.pages.read(&image).map_err(|[a, _]| PatchError::Block(a))?;
        let program = self.program()?;
        Ok(UnitImage { image, block, copy, program, sha256 })
    }

    /// The bytes below the calibration pages. Erased ones at their end may be a binary's filling, and belong to nothing.
    fn program(&self) -> Result<ProgramImage, ImageError> {
        let [a, b] = Copy::ALL.map(|copy| self.pages.address(copy));
        let below = |segment: &Segment| {
            let length = a.min(b).saturating_sub(segment.address) as usize;
            Segment { address: segment.address, bytes: segment.bytes.iter().copied().take(length).collect() }
        };
        let mut segments: Vec<Segment> = self.image.segments().iter().map(below).collect();
        while let Some(last) = segments.last_mut() {
            last.bytes.truncate(last.bytes.iter().rposition(|&byte| byte != 0xFF).map_or(0, |at| at + 1));
            if !last.bytes.is_empty() {
                break;
            }
            segments.pop();
        }
        Image::from_segments(segments).map(ProgramImage)
    }
}

impl ProgramImage {
    /// The bytes.
    #[must_use]
    pub const fn image(&self) -> &Image {
        &self.0
    }

    /// Whether a program that found this in its flash when it started is the one of this image, all of it and nothing else.
    #[must_use]
    pub fn is(&self, found: &Program) -> bool {
        let last = self.0.segments().last().map_or(0, Segment::end);
        let end = u64::from(found.start) + u64::from(found.length);
        let all = found.start == self.0.first() && end >= last;
        // What is behind the last byte has to be as erased, wherever the meter says that its program ends.
        let bytes = (u64::from(found.start)..end.min(MOST_PROGRAM + u64::from(found.start)))
            .map(|address| u32::try_from(address).ok().and_then(|address| self.0.byte(address)).unwrap_or(0xFF));
        all && Program::over(found.start, &bytes.collect::<Vec<u8>>()) == *found
    }
}

impl fmt::Debug for UnitImage {
    /// Without the block, which holds secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnitImage {{ copy {}, sha256 {} }}", self.copy, self.sha256)
    }
}

#[cfg(test)]
mod tests {
    use meter_interface::block::{FLASH_START, PAGE};

    use super::*;

    /// A program of these bytes with erased calibration pages, as ELF or HEX have it, or as a binary without gaps.
    fn unit(bytes: &[u8], filled: bool) -> UnitImage {
        let pages = Segment { address: Copy::A.address(), bytes: vec![0xFF; 2 * PAGE] };
        let mut program = Segment { address: FLASH_START, bytes: bytes.to_vec() };
        if filled {
            program.bytes.resize((Copy::A.address() - FLASH_START) as usize, 0xFF);
        }
        let image = Image::from_segments([program, pages]).expect("an image");
        let pages = Pages::find(b"", &image).expect("pages");
        Firmware { image, pages }.of_unit(Block::default()).expect("a unit's image")
    }

    #[test]
    fn a_program_is_known_by_all_of_its_bytes() {
        // It ends with bytes that look erased.
        let bytes = [&[0x42; 3000][..], &[0xFF, 0xFF]].concat();
        for unit in [unit(&bytes, false), unit(&bytes, true)] {
            assert_eq!(unit.program.image().length(), 3000);
            assert!(unit.program.is(&Program::over(FLASH_START, &bytes)));
            for at in [0, 1500, 2999, 3001] {
                let mut other = bytes.clone();
                other[at] ^= 1;
                assert!(!unit.program.is(&Program::over(FLASH_START, &other)), "{at}");
            }
            // Less than all of it, or more.
            assert!(!unit.program.is(&Program::over(FLASH_START, &bytes[..2999])));
            assert!(!unit.program.is(&Program::over(FLASH_START, b"")));
            assert!(!unit.program.is(&Program::over(FLASH_START, &[&bytes[..], &[0]].concat())));
            assert!(!unit.program.is(&Program::over(FLASH_START + 4, &bytes)));
            assert!(!unit.program.is(&Program { start: FLASH_START, length: u32::MAX, crc: 0 }));
        }
    }
}

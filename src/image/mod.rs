//! Firmware images: what bytes belong at which addresses of a chip.
//!
//! An [`Image`] is read from ELF, Intel HEX or raw binary ([`Format`]), looked at ([`show`]), compared ([`diff`]) and written as
//! HEX or binary. [`block`] exchanges the calibration block in the meter's own firmware, [`firmware`] makes it one unit's, [`source`] rewrites the calibration in the stock OpenSmartMeter's C++ source instead. Not here: putting an
//! image on a chip, which is `flash`, and what the values in it ought to be.
//!
//! Documents: TIS ELF 1.2, Intel "Hexadecimal Object File Format" revision A, PM0056 (vector table).

use std::fmt;
use std::path::Path;

pub mod block;
pub mod compiled;
pub mod compose;
pub mod diff;
mod elf;
pub mod field;
pub mod firmware;
mod hex;
pub mod pages;
pub mod show;
pub mod source;

/// A gap longer than this is no padding but another memory, and a raw binary of it would be absurdly large.
const MAX_BINARY: u64 = 16 << 20;

/// Bytes at addresses, in order, without overlaps; neighbours are joined.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Image {
    segments: Vec<Segment>,
}

/// Bytes in a row.
#[derive(Clone, PartialEq, Eq)]
pub struct Segment {
    /// Address of the first byte.
    pub address: u32,
    /// The bytes; at least one, and none beyond the last address.
    pub bytes: Vec<u8>,
}

/// A file format of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Executable and Linkable Format; read only.
    Elf,
    /// Intel HEX.
    Hex,
    /// The bytes alone; the address comes from elsewhere.
    Bin,
}

/// Why bytes are no image, or an image cannot be written.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// There are no bytes in it.
    #[error("the image is empty")]
    Empty,
    /// Two places in the file give different homes to one address.
    #[error("address {address:#010x} is given twice")]
    Overlap {
        /// The first such address.
        address: u32,
    },
    /// Bytes beyond the last 32-bit address.
    #[error("{length} bytes at {address:#010x} reach beyond the last address")]
    BeyondMemory {
        /// Where they start.
        address: u32,
        /// How many they are.
        length: usize,
    },
    /// The ELF file cannot be used.
    #[error("not an ELF image for this kind of chip: {problem}")]
    Elf {
        /// What is wrong with it.
        problem: String,
    },
    /// The HEX file cannot be used.
    #[error("line {line} is no Intel HEX: {problem}")]
    Hex {
        /// Line, from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// The HEX file ends without its end record.
    #[error("the Intel HEX file has no end record: part of it is missing")]
    HexUnfinished,
    /// Too much space between the parts.
    #[error("a binary from {first:#010x} to {last:#010x} would be mostly padding: write HEX instead")]
    TooSparse {
        /// First address.
        first: u32,
        /// Last address.
        last: u32,
    },
    /// Only read, never written.
    #[error("ELF is read, not written: choose hex or bin")]
    ElfIsReadOnly,
}

impl Image {
    /// Sorts and joins segments; empty ones are dropped.
    ///
    /// # Errors
    /// Nothing is left, an address is given twice, or one lies beyond the last.
    pub fn from_segments(segments: impl IntoIterator<Item = Segment>) -> Result<Self, ImageError> {
        let mut sorted: Vec<Segment> = segments.into_iter().filter(|segment| !segment.bytes.is_empty()).collect();
        sorted.sort_by_key(|segment| segment.address);
        let mut joined: Vec<Segment> = Vec::new();
        for segment in sorted {
            if segment.end() > 1 << 32 {
                return Err(ImageError::BeyondMemory { address: segment.address, length: segment.bytes.len() });
            }
            match joined.last_mut() {
                Some(last) if last.end() > u64::from(segment.address) => {
                    return Err(ImageError::Overlap { address: segment.address });
                }
                Some(last) if last.end() == u64::from(segment.address) => last.bytes.extend(segment.bytes),
                _ => joined.push(segment),
            }
        }
        if joined.is_empty() { Err(ImageError::Empty) } else { Ok(Self { segments: joined }) }
    }

    /// Reads a file's content. Without a format it is found out: ELF by its magic number, HEX by its colons, or else binary.
    /// `address` is where a binary belongs; the other formats know it themselves.
    ///
    /// # Errors
    /// The bytes are not what the format says.
    pub fn read(content: &[u8], format: Option<Format>, address: u32) -> Result<Self, ImageError> {
        match format.unwrap_or_else(|| Format::of(content)) {
            Format::Elf => elf::read(content),
            Format::Hex => hex::read(content),
            Format::Bin => Self::from_segments([Segment { address, bytes: content.to_vec() }]),
        }
    }

    /// The content of a file of this format. A binary starts at the first address; its gaps read FF, as erased flash does.
    ///
    /// # Errors
    /// The format cannot hold the image.
    pub fn write(&self, format: Format) -> Result<Vec<u8>, ImageError> {
        match format {
            Format::Elf => Err(ImageError::ElfIsReadOnly),
            Format::Hex => hex::write(self),
            Format::Bin => self.flat(),
        }
    }

    /// All bytes from the first to the last address, gaps as FF.
    ///
    /// # Errors
    /// The gaps are too large.
    pub fn flat(&self) -> Result<Vec<u8>, ImageError> {
        let (first, end) = (self.first(), self.end());
        if end.saturating_sub(u64::from(first)) > MAX_BINARY {
            return Err(ImageError::TooSparse {
                first,
                last: u32::try_from(end.saturating_sub(1)).unwrap_or(u32::MAX),
            });
        }
        let mut flat: Vec<u8> = Vec::new();
        for segment in &self.segments {
            // Segments are in order and the span is bounded, so this fits.
            flat.resize(segment.address.saturating_sub(first) as usize, 0xFF);
            flat.extend_from_slice(&segment.bytes);
        }
        Ok(flat)
    }

    /// The parts, in order.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The first address.
    #[must_use]
    pub fn first(&self) -> u32 {
        self.segments.first().map_or(0, |segment| segment.address)
    }

    /// One past the last address.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.segments.last().map_or(0, Segment::end)
    }

    /// How many bytes it has, gaps not counted.
    #[must_use]
    pub fn length(&self) -> usize {
        self.segments.iter().map(|segment| segment.bytes.len()).sum()
    }

    /// The byte at an address, if the image has one there.
    #[must_use]
    pub fn byte(&self, address: u32) -> Option<u8> {
        let after = self.segments.partition_point(|segment| segment.address <= address);
        let segment = self.segments.get(after.checked_sub(1)?)?;
        segment.bytes.get((address - segment.address) as usize).copied()
    }

    /// `length` bytes in a row from an address on, if the image has all of them.
    #[must_use]
    pub fn bytes(&self, address: u32, length: usize) -> Option<&[u8]> {
        let after = self.segments.partition_point(|segment| segment.address <= address);
        let segment = self.segments.get(after.checked_sub(1)?)?;
        let start = (address - segment.address) as usize;
        segment.bytes.get(start..start.checked_add(length)?)
    }

    /// The same image with other bytes from an address on; `None` unless it has bytes at all these places.
    #[must_use]
    pub fn overwritten(&self, address: u32, bytes: &[u8]) -> Option<Self> {
        let mut image = self.clone();
        let after = image.segments.partition_point(|segment| segment.address <= address);
        let segment = image.segments.get_mut(after.checked_sub(1)?)?;
        let start = (address - segment.address) as usize;
        segment.bytes.get_mut(start..start.checked_add(bytes.len())?)?.copy_from_slice(bytes);
        Some(image)
    }

    /// Where an ELF file says a symbol is; `None` for other files, and without such a symbol.
    #[must_use]
    pub fn symbol(content: &[u8], name: &str) -> Option<u32> {
        elf::symbol(content, name)
    }

    /// The little-endian word at an address, if the image has all of it.
    #[must_use]
    pub fn word(&self, address: u32) -> Option<u32> {
        let mut bytes = [0; 4];
        for (offset, byte) in (0..).zip(bytes.iter_mut()) {
            *byte = self.byte(address.checked_add(offset)?)?;
        }
        Some(u32::from_le_bytes(bytes))
    }
}

impl Segment {
    /// One past the last address.
    #[must_use]
    pub fn end(&self) -> u64 {
        u64::from(self.address) + self.bytes.len() as u64
    }
}

impl fmt::Debug for Segment {
    /// Without the bytes: they fill screens and may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Segment {{ {:#010x}, {} bytes }}", self.address, self.bytes.len())
    }
}

impl Format {
    /// What a file is by the ending of its name, or else by what it looks like: a HEX file that is damaged is no binary.
    #[must_use]
    pub fn of_file(file: &Path, content: &[u8]) -> Self {
        let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
        match ending.as_str() {
            "elf" | "axf" => Self::Elf,
            "hex" | "ihex" => Self::Hex,
            _ => Self::of(content),
        }
    }

    /// What a file's content looks like.
    #[must_use]
    pub fn of(content: &[u8]) -> Self {
        let text = content.trim_ascii_start();
        if content.starts_with(b"\x7FELF") {
            Self::Elf
        } else if text.starts_with(b":")
            && text.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace())
        {
            Self::Hex
        } else {
            Self::Bin
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(address: u32, bytes: &[u8]) -> Segment {
        Segment { address, bytes: bytes.to_vec() }
    }

    #[test]
    fn neighbours_are_joined_in_order() {
        let image = Image::from_segments([
            segment(0x104, &[5]),
            segment(0x100, &[1, 2]),
            segment(0x102, &[3]),
            segment(0, &[]),
        ]);
        let image = image.expect("fits");
        assert_eq!(image.segments(), [segment(0x100, &[1, 2, 3]), segment(0x104, &[5])]);
        assert_eq!((image.first(), image.end(), image.length()), (0x100, 0x105, 4));
        assert_eq!(image.flat(), Ok(vec![1, 2, 3, 0xFF, 5]));
        assert_eq!((image.byte(0x102), image.byte(0x103), image.byte(0xFF)), (Some(3), None, None));
    }

    #[test]
    fn what_makes_no_image() {
        assert_eq!(Image::from_segments([]), Err(ImageError::Empty));
        let twice = Image::from_segments([segment(0, &[1, 2]), segment(1, &[3])]);
        assert_eq!(twice, Err(ImageError::Overlap { address: 1 }));
        let beyond = Image::from_segments([segment(u32::MAX, &[1, 2])]);
        assert_eq!(beyond, Err(ImageError::BeyondMemory { address: u32::MAX, length: 2 }));
        assert!(Image::from_segments([segment(u32::MAX, &[1])]).is_ok());
    }

    #[test]
    fn a_word_needs_all_its_bytes() {
        let image = Image::from_segments([segment(0, &[1, 2, 3, 4, 5])]).expect("fits");
        assert_eq!(image.word(1), Some(0x0504_0302));
        assert_eq!(image.word(2), None);
    }

    #[test]
    fn ram_and_flash_make_no_binary() {
        let image = Image::from_segments([segment(0x0800_0000, &[1]), segment(0x2000_0000, &[2])]).expect("fits");
        assert!(matches!(image.write(Format::Bin), Err(ImageError::TooSparse { .. })));
        assert!(image.write(Format::Hex).is_ok());
    }

    #[test]
    fn formats_are_told_apart() {
        assert_eq!(Format::of(b"\x7FELF..."), Format::Elf);
        assert_eq!(Format::of(b"\r\n:00000001FF\r\n"), Format::Hex);
        assert_eq!(Format::of(b":\x00\x01"), Format::Bin);
        assert_eq!(Format::of(b""), Format::Bin);
    }
}

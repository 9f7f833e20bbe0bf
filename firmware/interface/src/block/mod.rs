//! The calibration block: everything that makes one meter differ from another of its type.
//!
//! It stands twice at the end of the flash, each copy in an erase page of its own, so that one of them stays whole while the other
//! is written. The meter takes the newer valid one ([`choose`]); with none it is not calibrated and meters nothing.
//!
//! A block is little-endian: a header with magic, layout version, length and sequence number, the fields of [`FIELDS`], and a CRC-32
//! (ISO-HDLC, as in zip files) over all bytes before it, in the last four bytes of the length. Fields are only ever added at the end, and the
//! version rises then. So an older reader skips what it does not know, and a newer one takes defaults for what is missing.

mod field;
mod layout;
mod secret;
mod text;

use core::fmt;

use crc::{CRC_32_ISO_HDLC, Crc, NoTable};

pub use field::{Date, Invalid, Ratio};
use layout::Secrets;
pub use layout::{Block, FIELDS, Row};
pub use secret::{Bytes, Secret};
pub use text::Text;

/// The start of the flash in the meter's address space.
pub const FLASH_START: u32 = 0x0800_0000;

/// Bytes of flash the meter counts on (STM32F103C8).
pub const FLASH_SIZE: u32 = 64 * 1024;

/// Bytes that are erased together (STM32F103, medium density).
pub const PAGE: usize = 1024;

/// A place for a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Copy {
    /// The last page but one.
    A,
    /// The last page.
    B,
}

impl Copy {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::A, Self::B];

    /// Where the block begins in the meter's address space.
    #[must_use]
    pub const fn address(self) -> u32 {
        let pages = match self {
            Self::A => 2,
            Self::B => 1,
        };
        FLASH_START + FLASH_SIZE - pages * PAGE as u32
    }

    /// The ELF symbol of the page.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::A => "CALIBRATION_A",
            Self::B => "CALIBRATION_B",
        }
    }

    /// The ELF section that is the page.
    #[must_use]
    pub const fn section(self) -> &'static str {
        match self {
            Self::A => ".calibration_a",
            Self::B => ".calibration_b",
        }
    }

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

impl fmt::Display for Copy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::A => "A",
            Self::B => "B",
        })
    }
}

/// The first four bytes: `MBLK`.
pub const MAGIC: [u8; 4] = *b"MBLK";

/// The version of the layout in [`FIELDS`].
pub const LAYOUT_VERSION: u16 = 1;

/// Bytes before the first field.
pub const HEADER: usize = 12;

/// Bytes of the CRC at the end.
pub const CRC: usize = 4;

/// Bytes of an encoded block, CRC included: a multiple of 4.
pub const LENGTH: usize = (layout::END + CRC).next_multiple_of(4);

/// Bytes of the shortest block there can be: one that ends after what the chip needs.
pub const SHORTEST: usize = (layout::ESSENTIAL + CRC).next_multiple_of(4);

const _: () = assert!(LENGTH <= PAGE, "a block fits into its page");

/// Without a table: a block is looked at once in a while, and a kilobyte of the meter's flash is not to be had for that.
pub(crate) const CRC_32: Crc<u32, NoTable> = Crc::<u32, NoTable>::new(&CRC_32_ISO_HDLC);

/// Why some bytes are no block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockError {
    /// Nothing but FF: an erased page.
    Blank,
    /// The first four bytes are not [`MAGIC`].
    Magic([u8; 4]),
    /// The length says something that no block has.
    Length(u16),
    /// Fewer bytes than the block needs.
    Truncated {
        /// Bytes there are.
        have: usize,
        /// Bytes there should be.
        need: usize,
    },
    /// The CRC is wrong.
    Crc {
        /// In the block.
        stored: u32,
        /// Over its bytes.
        computed: u32,
    },
    /// The CRC is right, but a field holds what it must not hold.
    Field {
        /// Its name.
        name: &'static str,
        /// What is wrong with it.
        invalid: Invalid,
    },
    /// The block was read out of a meter, without its secrets: no meter may run on it.
    SecretsWithheld,
}

impl fmt::Display for BlockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blank => write!(f, "the page is erased"),
            Self::Magic(found) => write!(f, "it begins with {found:02X?}, not with {MAGIC:02X?}"),
            Self::Length(length) => write!(f, "it says it is {length} bytes long, which no block is"),
            Self::Truncated { have, need } => write!(f, "there are {have} bytes where {need} are needed"),
            Self::Crc { stored, computed } => {
                write!(f, "its CRC is {stored:08X}, but its bytes give {computed:08X}")
            }
            Self::Field { name, invalid } => write!(f, "its field {name} {invalid}"),
            Self::SecretsWithheld => write!(f, "it was read out of a meter and lacks the secrets"),
        }
    }
}

impl core::error::Error for BlockError {}

impl Block {
    /// Writes the block into the beginning of `into` and returns its [`LENGTH`]; bytes behind it are left as they are.
    ///
    /// # Errors
    /// `into` is shorter than [`LENGTH`].
    pub fn encode(&self, into: &mut [u8]) -> Result<usize, BlockError> {
        self.encode_with(Secrets::Kept, into)
    }

    /// The same of what [`Block::without_secrets`] gives, which needs no second block.
    ///
    /// # Errors
    /// `into` is shorter than [`LENGTH`].
    pub fn encode_without_secrets(&self, into: &mut [u8]) -> Result<usize, BlockError> {
        self.encode_with(Secrets::Withheld, into)
    }

    fn encode_with(&self, secrets: Secrets, into: &mut [u8]) -> Result<usize, BlockError> {
        let have = into.len();
        let block = into.get_mut(..LENGTH).ok_or(BlockError::Truncated { have, need: LENGTH })?;
        block.fill(0);
        field::fill(block, 0, &MAGIC);
        field::fill(block, 4, &LAYOUT_VERSION.to_le_bytes());
        field::fill(block, 6, &(LENGTH as u16).to_le_bytes());
        field::fill(block, 8, &self.sequence.to_le_bytes());
        self.put_fields(secrets, block);
        let crc = CRC_32.checksum(block.get(..LENGTH - CRC).unwrap_or_default());
        field::fill(block, LENGTH - CRC, &crc.to_le_bytes());
        Ok(LENGTH)
    }

    /// The block at the beginning of `bytes`; what follows it is not looked at.
    ///
    /// # Errors
    /// Why the bytes are no block.
    pub fn decode(bytes: &[u8]) -> Result<Self, BlockError> {
        let mut block = Self::default();
        block.read(bytes)?;
        Ok(block)
    }

    /// In place, because a block is large for a small processor. After an error the block is of no use.
    #[inline(never)]
    fn read(&mut self, bytes: &[u8]) -> Result<(), BlockError> {
        let truncated = |need| BlockError::Truncated { have: bytes.len(), need };
        let header = bytes.first_chunk::<HEADER>().ok_or(truncated(SHORTEST))?;
        let [m0, m1, m2, m3, _, _, l0, l1, s0, s1, s2, s3] = *header;
        if header.iter().all(|&byte| byte == 0xFF) {
            return Err(BlockError::Blank);
        }
        if [m0, m1, m2, m3] != MAGIC {
            return Err(BlockError::Magic([m0, m1, m2, m3]));
        }
        let length = u16::from_le_bytes([l0, l1]);
        let need = usize::from(length);
        if !(SHORTEST..=PAGE).contains(&need) || !need.is_multiple_of(4) {
            return Err(BlockError::Length(length));
        }
        let block = bytes.get(..need).ok_or(truncated(need))?;
        let (body, stored) = block.split_last_chunk::<CRC>().ok_or(truncated(need))?;
        let (stored, computed) = (u32::from_le_bytes(*stored), CRC_32.checksum(body));
        if stored != computed {
            return Err(BlockError::Crc { stored, computed });
        }
        *self = Self::default();
        self.sequence = u32::from_le_bytes([s0, s1, s2, s3]);
        self.take_fields(body)
    }

    /// The same, for a meter that is to run on it; returns its sequence number.
    fn read_usable(&mut self, bytes: &[u8]) -> Result<u32, BlockError> {
        self.read(bytes)?;
        if self.secrets_withheld() { Err(BlockError::SecretsWithheld) } else { Ok(self.sequence) }
    }
}

/// What the two pages hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// The page whose block is in force.
    pub copy: Copy,
    /// The block in force.
    pub block: Block,
    /// What is wrong with the other page, when it holds no block.
    pub other: Option<BlockError>,
}

/// No page holds a block the meter may run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoBlock {
    /// What is wrong with copy A.
    pub a: BlockError,
    /// What is wrong with copy B.
    pub b: BlockError,
}

impl fmt::Display for NoBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no calibration: in copy A {}; in copy B {}", self.a, self.b)
    }
}

impl core::error::Error for NoBlock {}

/// The block a meter runs on: of two valid ones the newer, A when both are equally new. Sequence numbers may wrap.
///
/// # Errors
/// Neither copy is a block, or what is one lacks its secrets.
pub fn choose(copy_a: &[u8], copy_b: &[u8]) -> Result<Choice, NoBlock> {
    let mut choice = Choice { copy: Copy::B, block: Block::default(), other: None };
    let a = choice.block.read_usable(copy_a);
    let b = choice.block.read_usable(copy_b);
    choice.copy = match (a, b) {
        (Ok(a), Ok(b)) if b.wrapping_sub(a).cast_signed() > 0 => Copy::B,
        (Ok(_), _) => Copy::A,
        (Err(_), Ok(_)) => Copy::B,
        (Err(a), Err(b)) => return Err(NoBlock { a, b }),
    };
    choice.other = if choice.copy == Copy::A { b.err() } else { a.err() };
    if choice.copy == Copy::A {
        // It was read a moment ago, so it can be read again.
        let _good = choice.block.read_usable(copy_a);
    }
    Ok(choice)
}

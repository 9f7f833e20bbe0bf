//! Frames of the boot loader, host's side (AN3155, sections 2 and 3).
//!
//! ```text
//! opening   7F                                                  ACK, once after reset
//! command   code | complement                                   ACK or NACK
//! address   four bytes, high first | xor of them                ACK or NACK
//! read      N | complement                                      ACK, N + 1 bytes
//! write     N | N + 1 bytes | xor of all                        ACK when programmed
//! erase     N | N + 1 pages, a byte each | xor of all           ACK when erased
//!           FF | 00                                             ACK when all is erased
//! extended  N, two bytes | N + 1 pages, two bytes each | xor    ACK when erased
//!           FF FF | 00                                          ACK when all is erased
//! ```
//!
//! All numbers have their high byte first.

/// Tells the loader the speed: it measures the bits of this byte.
pub const OPENING: u8 = 0x7F;
/// Accepted.
pub const ACK: u8 = 0x79;
/// Refused.
pub const NACK: u8 = 0x1F;

/// Most bytes one read or write carries.
pub const BLOCK: usize = 256;

/// What is sent to a loader that waits for nobody knows what. As a command it is refused, for its complement is 00; as data it
/// leaves erased flash as it is; as a page number it is none. (7F would program flash, 00 would be pages to erase.)
pub const FILLER: u8 = 0xFF;

/// The longest message the loader can be in the middle of: count, block, checksum; and a command's two bytes to be told so.
pub const LONGEST: usize = BLOCK + 4;

/// A command, by its code. Codes this program does not know survive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Command(pub u8);

impl Command {
    /// Version and commands of the loader.
    pub const GET: Self = Self(0x00);
    /// Version and two bytes that were once the protection.
    pub const GET_VERSION: Self = Self(0x01);
    /// Product number of the chip.
    pub const GET_ID: Self = Self(0x02);
    /// Reads memory.
    pub const READ: Self = Self(0x11);
    /// Jumps to a program.
    pub const GO: Self = Self(0x21);
    /// Writes memory.
    pub const WRITE: Self = Self(0x31);
    /// Erases pages, numbered in one byte.
    pub const ERASE: Self = Self(0x43);
    /// Erases pages, numbered in two bytes.
    pub const EXTENDED_ERASE: Self = Self(0x44);
    /// Protects sectors from writing, then resets.
    pub const WRITE_PROTECT: Self = Self(0x63);
    /// Lets all sectors be written, then resets.
    pub const WRITE_UNPROTECT: Self = Self(0x73);
    /// Protects the chip from being read, then resets.
    pub const READOUT_PROTECT: Self = Self(0x82);
    /// Erases the whole chip, lets it be read, then resets.
    pub const READOUT_UNPROTECT: Self = Self(0x92);

    /// The two bytes that ask for it.
    #[must_use]
    pub const fn frame(self) -> [u8; 2] {
        [self.0, !self.0]
    }

    /// Its name in AN3155.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::GET => "Get",
            Self::GET_VERSION => "Get Version",
            Self::GET_ID => "Get ID",
            Self::READ => "Read Memory",
            Self::GO => "Go",
            Self::WRITE => "Write Memory",
            Self::ERASE => "Erase Memory",
            Self::EXTENDED_ERASE => "Extended Erase Memory",
            Self::WRITE_PROTECT => "Write Protect",
            Self::WRITE_UNPROTECT => "Write Unprotect",
            Self::READOUT_PROTECT => "Readout Protect",
            Self::READOUT_UNPROTECT => "Readout Unprotect",
            _ => return None,
        })
    }
}

impl std::fmt::Display for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "command {:02X}", self.0),
        }
    }
}

/// The exclusive or of bytes.
#[must_use]
pub fn xor(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum ^ byte)
}

/// An address and its checksum.
#[must_use]
pub const fn address(address: u32) -> [u8; 5] {
    let [a, b, c, d] = address.to_be_bytes();
    [a, b, c, d, a ^ b ^ c ^ d]
}

/// How many bytes to read, less one, and its complement. `count` is 1 to 256.
#[must_use]
pub fn read_count(count: usize) -> [u8; 2] {
    let less_one = count.clamp(1, BLOCK).wrapping_sub(1) as u8;
    [less_one, !less_one]
}

/// A block to write: 1 to 256 bytes; the loader wants whole words, so FF fills the last one.
#[must_use]
pub fn write_data(data: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(data.len() + 6);
    let padded = data.len().next_multiple_of(4);
    frame.push(padded.saturating_sub(1) as u8);
    frame.extend_from_slice(data);
    frame.resize(padded + 1, FILLER);
    frame.push(xor(&frame));
    frame
}

/// Pages to erase by [`Command::ERASE`]; at most 255 of them, the number 255 standing for all.
#[must_use]
pub fn erase_pages(pages: &[u8]) -> Vec<u8> {
    let mut frame = vec![pages.len().saturating_sub(1) as u8];
    frame.extend_from_slice(pages);
    frame.push(xor(&frame));
    frame
}

/// All pages by [`Command::ERASE`].
pub const ERASE_ALL: [u8; 2] = [0xFF, 0x00];

/// Pages to erase by [`Command::EXTENDED_ERASE`].
#[must_use]
pub fn extended_erase_pages(pages: &[u16]) -> Vec<u8> {
    let count = pages.len().saturating_sub(1) as u16;
    let mut frame: Vec<u8> = [count].iter().chain(pages).flat_map(|number| number.to_be_bytes()).collect();
    frame.push(xor(&frame));
    frame
}

/// All pages by [`Command::EXTENDED_ERASE`].
pub const EXTENDED_ERASE_ALL: [u8; 3] = [0xFF, 0xFF, 0x00];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_the_application_note() {
        assert_eq!(Command::GET.frame(), [0x00, 0xFF]);
        assert_eq!(Command::READOUT_UNPROTECT.frame(), [0x92, 0x6D]);
        assert_eq!(address(0x0800_1000), [0x08, 0x00, 0x10, 0x00, 0x18]);
        assert_eq!(read_count(256), [0xFF, 0x00]);
        assert_eq!(read_count(1), [0x00, 0xFF]);
        assert_eq!(erase_pages(&[2, 3]), [0x01, 0x02, 0x03, 0x00]);
        assert_eq!(extended_erase_pages(&[0x0102]), [0x00, 0x00, 0x01, 0x02, 0x03]);
    }

    #[test]
    fn a_block_is_filled_to_whole_words() {
        assert_eq!(write_data(&[1, 2, 3, 4]), [3, 1, 2, 3, 4, 7]);
        assert_eq!(write_data(&[1]), [3, 1, 0xFF, 0xFF, 0xFF, 3 ^ 1 ^ 0xFF]);
        assert_eq!(write_data(&[0; 256]).len(), 258);
    }

    #[test]
    fn unknown_commands_print_in_hex() {
        assert_eq!(Command(0xA1).to_string(), "command A1");
        assert_eq!(Command::GO.to_string(), "Go");
    }
}

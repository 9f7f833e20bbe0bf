//! The chip's own flash controller, worked from outside (PM0075: 2.3 erasing and programming, 2.4 and 2.5 protections, 3 registers).

use std::time::Duration;

use super::error::SwdError;
use super::link::Link;
use crate::clock::{self, SharedClock};

const KEYR: u32 = 0x4002_2004;
const OPTKEYR: u32 = 0x4002_2008;
const SR: u32 = 0x4002_200C;
const CR: u32 = 0x4002_2010;
const AR: u32 = 0x4002_2014;
const OBR: u32 = 0x4002_201C;

const KEYS: [u32; 2] = [0x4567_0123, 0xCDEF_89AB];

const SR_BSY: u32 = 1 << 0;
const SR_PGERR: u32 = 1 << 2;
const SR_WRPRTERR: u32 = 1 << 4;
const SR_EOP: u32 = 1 << 5;

const CR_PG: u32 = 1 << 0;
const CR_PER: u32 = 1 << 1;
const CR_MER: u32 = 1 << 2;
const CR_OPTPG: u32 = 1 << 4;
const CR_OPTER: u32 = 1 << 5;
const CR_STRT: u32 = 1 << 6;
const CR_LOCK: u32 = 1 << 7;
const CR_OPTWRE: u32 = 1 << 9;

const OBR_RDPRT: u32 = 1 << 1;

/// RDP, USER, Data0, Data1, WRP0 to WRP3, each with its complement.
const OPTION_BYTES: u32 = 0x1FFF_F800;
const OPTIONS_LENGTH: usize = 16;
/// RDP of a chip that may be read.
const RDP_OPEN: u8 = 0xA5;

/// An erase takes 40 ms at most (datasheet, flash memory characteristics); lifting the protection erases everything besides.
const ERASE_LIMIT: Duration = Duration::from_millis(500);
const POLL: Duration = Duration::from_millis(1);

/// Whether the chip was protected from being read when it was last reset.
///
/// # Errors
/// The access failed.
pub fn is_protected(link: &Link) -> Result<bool, SwdError> {
    Ok(link.read_word(OBR)? & OBR_RDPRT != 0)
}

/// The controller of a halted chip.
pub struct Controller<'a> {
    link: &'a Link,
    clock: &'a SharedClock,
}

impl<'a> Controller<'a> {
    /// Unlocks the controller. A key to an open lock would jam it until the next reset.
    ///
    /// # Errors
    /// It stays locked.
    pub fn unlock(link: &'a Link, clock: &'a SharedClock) -> Result<Self, SwdError> {
        let controller = Self { link, clock };
        if link.read_word(CR)? & CR_LOCK != 0 {
            for key in KEYS {
                link.write_word(KEYR, key)?;
            }
        }
        if link.read_word(CR)? & CR_LOCK != 0 {
            return Err(SwdError::Stuck { what: "unlock its flash", millis: 0 });
        }
        // Errors of an attempt before this one.
        link.write_word(SR, SR_PGERR | SR_WRPRTERR | SR_EOP)?;
        Ok(controller)
    }

    /// Erases the page at `address`.
    ///
    /// # Errors
    /// It is write-protected, or does not end.
    pub fn erase_page(&self, address: u32) -> Result<(), SwdError> {
        self.link.write_word(CR, CR_PER)?;
        self.link.write_word(AR, address)?;
        self.link.write_word(CR, CR_PER | CR_STRT)?;
        self.settle(address)
    }

    /// Erases all pages.
    ///
    /// # Errors
    /// One of them is write-protected, or it does not end.
    pub fn erase_all(&self, first: u32) -> Result<(), SwdError> {
        self.link.write_word(CR, CR_MER)?;
        self.link.write_word(CR, CR_MER | CR_STRT)?;
        self.settle(first)
    }

    /// Gets ready for [`Self::program`].
    ///
    /// # Errors
    /// The access failed.
    pub fn begin_programming(&self) -> Result<(), SwdError> {
        self.link.write_word(CR, CR_PG)
    }

    /// Programs erased flash.
    ///
    /// # Errors
    /// It was not erased or is write-protected.
    pub fn program(&self, address: u32, bytes: &[u8]) -> Result<(), SwdError> {
        self.link.write_half_words(address, bytes)?;
        self.settle(address)
    }

    /// Locks the controller again.
    ///
    /// # Errors
    /// The access failed.
    pub fn lock(&self) -> Result<(), SwdError> {
        self.link.write_word(CR, CR_LOCK)
    }

    /// Writes the option bytes with the readout protection on or off; they count from the next reset on. USER and the two data
    /// bytes stay as they are, write protections go.
    ///
    /// # Errors
    /// It does not end, or the bytes do not take.
    pub fn set_readout_protection(&self, on: bool) -> Result<(), SwdError> {
        let old = self.link.read(OPTION_BYTES, OPTIONS_LENGTH)?;
        for key in KEYS {
            self.link.write_word(OPTKEYR, key)?;
        }
        self.link.write_word(CR, CR_OPTER | CR_OPTWRE)?;
        self.link.write_word(CR, CR_OPTER | CR_OPTWRE | CR_STRT)?;
        self.settle(OPTION_BYTES)?;
        self.link.write_word(CR, CR_OPTPG | CR_OPTWRE)?;
        // RDP last: with A5 in it the chip erases its flash, and what came before is safe by then.
        let kept = old.chunks(2).enumerate().skip(1).take(3);
        for (number, pair) in kept {
            if let [byte, complement] = *pair
                && byte == !complement
            {
                self.write_option(number, byte)?;
            }
        }
        self.write_option(0, if on { 0x00 } else { RDP_OPEN })?;
        self.link.write_word(CR, CR_LOCK)
    }

    /// The controller computes the complement itself.
    fn write_option(&self, number: usize, byte: u8) -> Result<(), SwdError> {
        let address = OPTION_BYTES + 2 * number as u32;
        self.link.write_half_words(address, &[byte, !byte])?;
        self.settle(address)
    }

    /// Waits until the controller is through, and looks how it went.
    fn settle(&self, address: u32) -> Result<(), SwdError> {
        let deadline = self.clock.now() + ERASE_LIMIT;
        loop {
            let status = self.link.read_word(SR)?;
            if status & SR_BSY == 0 {
                // Errors stay until they are cleared.
                if status & (SR_PGERR | SR_WRPRTERR) != 0 {
                    self.link.write_word(SR, SR_PGERR | SR_WRPRTERR | SR_EOP)?;
                }
                return match status {
                    _ if status & SR_WRPRTERR != 0 => Err(SwdError::WriteProtected { address }),
                    _ if status & SR_PGERR != 0 => Err(SwdError::NotErased { address }),
                    _ => Ok(()),
                };
            }
            if self.clock.now() >= deadline {
                let millis = ERASE_LIMIT.as_millis() as u64;
                return Err(SwdError::Stuck { what: "finish with its flash", millis });
            }
            clock::sleep(&**self.clock, POLL);
        }
    }
}

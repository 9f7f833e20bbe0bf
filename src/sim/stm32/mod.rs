//! A simulated STM32F103, medium density: the chip itself, whichever door one comes in by.
//!
//! [`Memories`] is what both doors reach: flash that has to be erased first, RAM, option bytes, what the maker wrote. The ROM's boot
//! loader ([`super::rom`]) sits right on it; a debug probe ([`super::probe`]) comes over the [`bus`], through the flash
//! [`controller`] and past the [`core`]. Flash behaves as PM0075 has it: an erased half-word reads FFFF, programming one that is
//! not erased raises PGERR and leaves it as it was, except that 0000 can be programmed over anything.
//!
//! Not here: instructions. A program that was started is only known to run.

use std::collections::BTreeSet;

pub mod bus;
pub mod controller;
pub mod core;

/// First address of the flash.
pub const FLASH: u32 = 0x0800_0000;
/// Bytes in a page.
pub const PAGE: usize = 1024;
/// First address of the RAM.
pub const RAM: u32 = 0x2000_0000;
/// Bytes of RAM.
pub const RAM_LENGTH: usize = 20 << 10;
/// Flash size, reserved, unique id.
const SIGNATURE: u32 = 0x1FFF_F7E0;
/// RDP, USER, Data0, Data1, WRP0 to WRP3, each with its complement.
pub const OPTION_BYTES: u32 = 0x1FFF_F800;
/// Product number of the medium-density parts.
pub const PRODUCT: u16 = 0x410;

/// What the RDP option byte holds when the flash may be read.
const UNLOCKED: [u8; 2] = [0xA5, 0x5A];

/// What a specimen is like.
#[derive(Clone, Debug)]
pub struct Specimen {
    /// Flash size in KiB.
    pub flash_kib: u16,
    /// Tells chips apart: the end of the unique id.
    pub seed: u32,
    /// Readout protection is on.
    pub protected: bool,
    /// Pages that are write-protected.
    pub write_protected: BTreeSet<u16>,
    /// The half-word with this offset takes only every second programming: a cell at its end.
    pub weak_at: Option<u32>,
    /// The half-word with this offset takes no programming at all any more.
    pub dead_at: Option<u32>,
}

/// What became of a half-word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Programming {
    /// It was programmed, as far as anybody can tell.
    Done,
    /// It was not erased: PGERR.
    NotErased,
    /// Its page is write-protected: WRPRTERR.
    WriteProtected,
}

/// Flash, RAM, option bytes and what the maker wrote.
pub struct Memories {
    specimen: Specimen,
    flash: Vec<u8>,
    ram: Vec<u8>,
    option_bytes: [u8; 16],
    /// As the last reset found the option bytes.
    protected: bool,
    weak_tries: u32,
    pgerr: u64,
    erased_pages: u64,
}

impl Memories {
    /// A chip with its flash erased.
    #[must_use]
    pub fn new(specimen: Specimen) -> Self {
        let mut option_bytes = [0xFF; 16];
        // USER and what follows were programmed to FF, so their complements are 00.
        for complement in option_bytes.iter_mut().skip(1).step_by(2) {
            *complement = 0x00;
        }
        let mut memories = Self {
            flash: vec![0xFF; usize::from(specimen.flash_kib) * 1024],
            ram: vec![0; RAM_LENGTH],
            option_bytes,
            protected: false,
            weak_tries: 0,
            pgerr: 0,
            erased_pages: 0,
            specimen,
        };
        memories.set_protection(memories.specimen.protected);
        memories.load_options();
        memories
    }

    /// The flash as it is.
    #[must_use]
    pub fn flash(&self) -> &[u8] {
        &self.flash
    }

    /// Puts something into the flash, as an earlier program.
    pub fn fill(&mut self, byte: u8) {
        self.flash.fill(byte);
    }

    /// Puts a program at the start of the flash, as it was made.
    pub fn place(&mut self, program: &[u8]) {
        for (place, byte) in self.flash.iter_mut().zip(program) {
            *place = *byte;
        }
    }

    /// Cells change by themselves: these bits of the byte at this offset turn over.
    pub fn disturb(&mut self, offset: usize, bits: u8) {
        if let Some(byte) = self.flash.get_mut(offset) {
            *byte ^= bits;
        }
    }

    /// Whether the flash was protected from being read when the chip was last reset.
    #[must_use]
    pub fn is_protected(&self) -> bool {
        self.protected
    }

    /// How often a half-word was programmed that was not erased.
    #[must_use]
    pub fn programming_errors(&self) -> u64 {
        self.pgerr
    }

    /// Pages erased so far one by one.
    #[must_use]
    pub fn erased_pages(&self) -> u64 {
        self.erased_pages
    }

    /// What a reset does to protection: the option bytes are looked at.
    pub fn load_options(&mut self) {
        self.protected = !self.option_bytes.starts_with(&UNLOCKED);
        if self.option_bytes.get(8..) == Some(&[0xFF; 8]) {
            // Erased bytes protect no page. What pages are protected otherwise is not computed from WRP, but given.
            self.specimen.write_protected.clear();
        }
    }

    /// Writes RDP; it counts from the next reset on.
    pub fn set_protection(&mut self, on: bool) {
        let [rdp, complement, ..] = &mut self.option_bytes;
        [*rdp, *complement] = if on { [0x00, 0xFF] } else { UNLOCKED };
    }

    /// Protects these pages, and no others, from being written.
    pub fn protect_pages(&mut self, pages: BTreeSet<u16>) {
        self.specimen.write_protected = pages;
    }

    /// Erases a page; false when it is write-protected.
    pub fn erase_page(&mut self, page: u16) -> bool {
        self.erased_pages += 1;
        if self.specimen.write_protected.contains(&page) {
            return false;
        }
        let start = usize::from(page) * PAGE;
        if let Some(bytes) = self.flash.get_mut(start..start + PAGE) {
            bytes.fill(0xFF);
        }
        true
    }

    /// Erases all pages that are not write-protected.
    pub fn erase_all(&mut self) {
        for (page, bytes) in self.flash.chunks_mut(PAGE).enumerate() {
            if !self.specimen.write_protected.contains(&(page as u16)) {
                bytes.fill(0xFF);
            }
        }
    }

    /// Programs a half-word of the flash.
    pub fn program(&mut self, offset: u32, half_word: [u8; 2]) -> Programming {
        if self.specimen.write_protected.contains(&((offset as usize / PAGE) as u16)) {
            return Programming::WriteProtected;
        }
        if self.specimen.dead_at == Some(offset) {
            return Programming::Done;
        }
        if self.specimen.weak_at == Some(offset) {
            self.weak_tries += 1;
            if self.weak_tries % 2 == 1 {
                return Programming::Done;
            }
        }
        let Some(place) = self.flash.get_mut(offset as usize..offset as usize + 2) else { return Programming::Done };
        if place == [0xFF; 2] || half_word == [0; 2] {
            place.copy_from_slice(&half_word);
            Programming::Done
        } else {
            self.pgerr += 1;
            Programming::NotErased
        }
    }

    /// Erases the option bytes, which also lifts every write protection from the next reset on.
    pub fn erase_options(&mut self) {
        self.option_bytes = [0xFF; 16];
    }

    /// Programs an option byte, its complement along with it (PM0075, 2.5); lifting the protection erases the flash.
    pub fn program_option(&mut self, offset: u32, byte: u8) -> Programming {
        let at = offset as usize & !1;
        let lifts = at == 0 && byte == UNLOCKED[0] && self.protected;
        let Some(place) = self.option_bytes.get_mut(at..at + 2) else { return Programming::Done };
        if place != [0xFF; 2] {
            return Programming::NotErased;
        }
        place.copy_from_slice(&[byte, !byte]);
        if lifts {
            self.flash.fill(0xFF);
        }
        Programming::Done
    }

    /// The option bytes as they are.
    #[must_use]
    pub fn option_bytes(&self) -> &[u8; 16] {
        &self.option_bytes
    }

    /// Writes into RAM; false when it is not all RAM.
    pub fn write_ram(&mut self, address: u32, data: &[u8]) -> bool {
        let place = address.checked_sub(RAM).and_then(|offset| {
            let offset = offset as usize;
            self.ram.get_mut(offset..offset.checked_add(data.len())?)
        });
        place.is_some_and(|place| {
            place.copy_from_slice(data);
            true
        })
    }

    /// What is at an address, whoever may read it.
    #[must_use]
    pub fn read(&self, address: u32, length: usize) -> Option<Vec<u8>> {
        let read = |base: u32, memory: &[u8]| {
            let offset = address.checked_sub(base)? as usize;
            memory.get(offset..offset.checked_add(length)?).map(<[u8]>::to_vec)
        };
        read(FLASH, &self.flash)
            .or_else(|| read(RAM, &self.ram))
            .or_else(|| read(SIGNATURE, &self.signature()))
            .or_else(|| read(OPTION_BYTES, &self.option_bytes))
    }

    /// Whether an address is in the flash.
    #[must_use]
    pub fn is_flash(&self, address: u32) -> bool {
        address.checked_sub(FLASH).is_some_and(|offset| (offset as usize) < self.flash.len())
    }

    /// Flash size, two reserved half-words and one more, then the unique id, of which a real chip never has this text.
    fn signature(&self) -> Vec<u8> {
        let mut bytes = self.specimen.flash_kib.to_le_bytes().to_vec();
        bytes.extend([0xFF; 6]);
        bytes.extend(b"SIMULATE");
        bytes.extend(self.specimen.seed.to_le_bytes());
        bytes
    }
}

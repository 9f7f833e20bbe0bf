//! The simulated chip's memories: flash that has to be erased first, RAM, and what the maker wrote into it.

use std::time::Duration;

use super::{FLASH, HALF_WORD, OPTION_BYTES, PAGE, RAM, RAM_LENGTH, RAM_USED, RomDevice, SIGNATURE, THINKING};

impl RomDevice {
    pub(super) fn erase_page(&mut self, page: u16) {
        self.erased_pages += 1;
        if self.options.write_protected.contains(&page) {
            return;
        }
        let start = usize::from(page) * PAGE;
        if let Some(bytes) = self.flash.get_mut(start..start + PAGE) {
            bytes.fill(0xFF);
        }
    }

    pub(super) fn erase_all(&mut self) {
        for (page, bytes) in self.flash.chunks_mut(PAGE).enumerate() {
            if !self.options.write_protected.contains(&(page as u16)) {
                bytes.fill(0xFF);
            }
        }
    }

    pub(super) fn write(&mut self, address: u32, data: &[u8]) -> Duration {
        if let Some(offset) = address.checked_sub(RAM)
            && let Some(place) = self.ram.get_mut(offset as usize..offset as usize + data.len())
        {
            place.copy_from_slice(data);
            return THINKING;
        }
        let mut offset = address.saturating_sub(FLASH);
        for half_word in data.chunks_exact(2) {
            self.program(offset, half_word);
            offset += 2;
        }
        HALF_WORD * (data.len() as u32 / 2)
    }

    fn program(&mut self, offset: u32, half_word: &[u8]) {
        if self.options.write_protected.contains(&((offset as usize / PAGE) as u16)) {
            return;
        }
        if self.options.weak_at == Some(offset) {
            self.weak_tries += 1;
            if self.weak_tries % 2 == 1 {
                return;
            }
        }
        let Some(place) = self.flash.get_mut(offset as usize..offset as usize + 2) else { return };
        let erased = place.iter().all(|byte| *byte == 0xFF);
        let zero = half_word.iter().all(|byte| *byte == 0);
        if erased || zero {
            place.copy_from_slice(half_word);
        } else {
            self.pgerr += 1;
        }
    }

    /// Whether a command may go to an address: programs start and are written in flash and RAM, reading goes further.
    pub(super) fn may(&self, code: u8, address: u32) -> bool {
        let in_flash = address.checked_sub(FLASH).is_some_and(|offset| (offset as usize) < self.flash.len());
        let in_ram = (RAM + RAM_USED..RAM + RAM_LENGTH as u32).contains(&address);
        match code {
            0x11 => in_flash || in_ram || self.memory(address, 1).is_some(),
            0x31 => (in_flash || in_ram) && address.is_multiple_of(4),
            _ => in_flash || in_ram,
        }
    }

    pub(super) fn memory(&self, address: u32, length: usize) -> Option<Vec<u8>> {
        let read = |base: u32, memory: &[u8]| {
            let offset = address.checked_sub(base)? as usize;
            memory.get(offset..offset.checked_add(length)?).map(<[u8]>::to_vec)
        };
        let options = if self.options.protected { [0x00, 0xFF] } else { [0xA5, 0x5A] };
        read(FLASH, &self.flash)
            .or_else(|| read(RAM, &self.ram))
            .or_else(|| read(SIGNATURE, &self.signature()))
            .or_else(|| read(OPTION_BYTES, &[&options[..], &[0xFF; 14]].concat()))
    }

    /// Flash size, two reserved half-words and one more, then the unique id, of which a real chip never has this text.
    fn signature(&self) -> Vec<u8> {
        let mut bytes = self.options.flash_kib.to_le_bytes().to_vec();
        bytes.extend([0xFF; 6]);
        bytes.extend(b"SIMULATE");
        bytes.extend(self.options.seed.to_le_bytes());
        bytes
    }
}

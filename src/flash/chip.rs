//! Chips by their product number: where their flash is and how it is erased (AN2606, RM0008, RM0041).

/// Most bytes read or written at once, and the size that planning goes by. Every page is a multiple of it.
pub const BLOCK: usize = 256;

/// A family of chips with one product number.
#[derive(Debug, PartialEq, Eq)]
pub struct Chip {
    /// Product number, as Get ID and the debug unit give it.
    pub id: u16,
    /// Name of the family.
    pub name: &'static str,
    /// First address of the flash.
    pub flash: u32,
    /// Largest flash of the family, KiB; for a chip that does not tell its own.
    pub largest_kib: u32,
    /// Bytes in a page, which is the least that can be erased.
    pub page: u32,
    /// Where a half-word holds the size of the flash in KiB.
    pub flash_size_at: u32,
    /// Where the 96-bit unique id starts.
    pub unique_id_at: u32,
}

const fn stm32f1(id: u16, name: &'static str, largest_kib: u32, page: u32) -> Chip {
    Chip { id, name, flash: 0x0800_0000, largest_kib, page, flash_size_at: 0x1FFF_F7E0, unique_id_at: 0x1FFF_F7E8 }
}

/// The OpenSmartMeter's chip.
pub const STM32F103_MEDIUM: u16 = 0x410;

const CHIPS: [Chip; 5] = [
    stm32f1(STM32F103_MEDIUM, "STM32F10x medium-density", 128, 1024),
    stm32f1(0x412, "STM32F10x low-density", 32, 1024),
    stm32f1(0x414, "STM32F10x high-density", 512, 2048),
    stm32f1(0x418, "STM32F105/107", 256, 2048),
    stm32f1(0x420, "STM32F100 value line", 128, 1024),
];

impl Chip {
    /// The family with a product number.
    #[must_use]
    pub fn of(id: u16) -> Option<&'static Self> {
        CHIPS.iter().find(|chip| chip.id == id)
    }

    /// The flash size its half-word tells. A chip whose half-word was never programmed is taken for the family's largest: too
    /// large an image then fails when it is read back.
    #[must_use]
    pub fn flash_kib(&self, half_word: u16) -> u32 {
        if matches!(half_word, 0 | 0xFFFF) { self.largest_kib } else { u32::from(half_word) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_whole_blocks() {
        for chip in &CHIPS {
            assert_eq!(chip.page as usize % BLOCK, 0);
            assert_eq!(Chip::of(chip.id), Some(chip));
        }
        assert_eq!(Chip::of(0x413), None);
    }

    #[test]
    fn a_blank_size_is_the_largest() {
        let chip = Chip::of(STM32F103_MEDIUM).expect("known");
        assert_eq!((chip.flash_kib(64), chip.flash_kib(0xFFFF)), (64, 128));
    }
}

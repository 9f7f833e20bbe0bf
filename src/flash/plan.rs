//! Which pages an image needs, and what each of them will hold.

use super::chip::{BLOCK, Chip};
use super::error::FlashError;
use crate::image::Image;

/// Whole words are programmed (AN3155, Write Memory), and a chip that starts there wants its vector table so.
const ALIGNMENT: u32 = 4;

/// How much is erased.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EraseScope {
    /// Only the pages that are written.
    #[default]
    Pages,
    /// Everything, in one go: quicker, and nothing old stays.
    Chip,
}

/// One page as it will be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PagePlan {
    /// Its first address.
    pub address: u32,
    /// Its number, from 0.
    pub number: u16,
    /// All its bytes; FF where the image has none.
    pub bytes: Vec<u8>,
}

/// What to erase and write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// How much is erased.
    pub erase: EraseScope,
    /// The pages concerned, by address.
    pub pages: Vec<PagePlan>,
}

impl PagePlan {
    /// Its blocks with their addresses.
    pub fn blocks(&self) -> impl DoubleEndedIterator<Item = (u32, &[u8])> {
        self.bytes.chunks(BLOCK).enumerate().map(|(number, bytes)| (self.address + (number * BLOCK) as u32, bytes))
    }
}

/// Whether erased flash already reads like this.
pub(super) fn is_blank(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0xFF)
}

impl Plan {
    /// The plan for an image on a chip.
    ///
    /// # Errors
    /// A part of the image lies outside the flash, or starts where no word does.
    pub fn new(image: &Image, chip: &Chip, flash_kib: u32, erase: EraseScope) -> Result<Self, FlashError> {
        let flash_end = u64::from(chip.flash) + u64::from(flash_kib) * 1024;
        let mut pages: Vec<PagePlan> = Vec::new();
        for segment in image.segments() {
            if segment.address < chip.flash || u64::from(segment.address) >= flash_end {
                return Err(FlashError::OutsideFlash { address: segment.address, first: chip.flash, flash_kib });
            }
            if segment.end() > flash_end {
                return Err(FlashError::TooLarge { end: segment.end(), flash_end, flash_kib });
            }
            if segment.address % ALIGNMENT != 0 {
                return Err(FlashError::Misaligned { address: segment.address });
            }
            let mut address = segment.address;
            let mut rest = segment.bytes.as_slice();
            while !rest.is_empty() {
                let number = (address - chip.flash) / chip.page;
                let start = chip.flash + number * chip.page;
                let offset = (address - start) as usize;
                let count = rest.len().min(chip.page as usize - offset);
                let (part, more) = rest.split_at_checked(count).unwrap_or((rest, &[]));
                if pages.last().is_none_or(|page| page.address != start) {
                    let number = u16::try_from(number).unwrap_or(u16::MAX);
                    pages.push(PagePlan { address: start, number, bytes: vec![0xFF; chip.page as usize] });
                }
                let place = pages.last_mut().and_then(|page| page.bytes.get_mut(offset..offset + part.len()));
                if let Some(place) = place {
                    place.copy_from_slice(part);
                }
                address = address.wrapping_add(count as u32);
                rest = more;
            }
        }
        Ok(Self { erase, pages })
    }

    /// Bytes of all its pages.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.pages.iter().map(|page| page.bytes.len() as u64).sum()
    }

    /// All blocks by address.
    pub fn blocks(&self) -> impl DoubleEndedIterator<Item = (u32, &[u8])> {
        self.pages.iter().flat_map(PagePlan::blocks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Segment;

    const CHIP: u16 = super::super::chip::STM32F103_MEDIUM;

    fn plan(parts: &[(u32, usize)]) -> Result<Plan, FlashError> {
        let segments = parts.iter().map(|&(address, length)| Segment { address, bytes: vec![0x5A; length] });
        Plan::new(&Image::from_segments(segments).expect("fits"), Chip::of(CHIP).expect("known"), 64, EraseScope::Pages)
    }

    #[test]
    fn only_the_pages_needed() {
        let plan = plan(&[(0x0800_0000, 1025), (0x0800_0800, 4), (0x0800_FFFC, 4)]).expect("fits");
        assert_eq!(plan.pages.iter().map(|page| page.number).collect::<Vec<_>>(), [0, 1, 2, 63]);
        assert_eq!(plan.length(), 4096);
        let page = &plan.pages[1];
        assert_eq!((page.address, page.bytes[0], page.bytes[1]), (0x0800_0400, 0x5A, 0xFF));
        assert_eq!(plan.blocks().count(), 16);
        assert_eq!(plan.blocks().next_back().map(|(address, _)| address), Some(0x0800_FF00));
    }

    #[test]
    fn two_parts_share_a_page() {
        let plan = plan(&[(0x0800_0000, 4), (0x0800_0010, 4)]).expect("fits");
        assert_eq!(plan.pages.len(), 1);
        assert_eq!(plan.pages[0].bytes.iter().filter(|byte| **byte == 0x5A).count(), 8);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert!(matches!(plan(&[(0x0800_0000, 65537)]), Err(FlashError::TooLarge { flash_kib: 64, .. })));
        assert!(matches!(plan(&[(0x0801_0000, 4)]), Err(FlashError::OutsideFlash { .. })));
        assert!(matches!(plan(&[(0x2000_0000, 4)]), Err(FlashError::OutsideFlash { .. })));
        assert!(matches!(plan(&[(0, 4)]), Err(FlashError::OutsideFlash { .. })));
        assert!(matches!(plan(&[(0x0800_0002, 4)]), Err(FlashError::Misaligned { address: 0x0800_0002 })));
    }
}

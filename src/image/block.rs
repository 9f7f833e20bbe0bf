//! The calibration block in a firmware image: where it is, what it holds, and how a new one gets in.
//!
//! An ELF file names the two pages by symbols. Other formats have no names; there the pages are where the interface says, provided the
//! image has bytes there that are erased or begin like a block: anything else is not the meter's own firmware. Layout and checks are
//! [`meter_interface::block`]'s.

use std::fmt;

use meter_interface::block::{Block, BlockError, Copy, MAGIC, PAGE, choose};

use super::{Image, elf};

/// Why a block cannot be put into an image, or taken out of it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatchError {
    /// The image has no place for a block.
    #[error("the image has no calibration page {copy} at {address:#010x}: it is not the firmware of this meter")]
    NoPage {
        /// Which page.
        copy: Copy,
        /// Where it should be.
        address: u32,
    },
    /// The block cannot be encoded.
    #[error("the block cannot be written: {0}")]
    Block(BlockError),
}

/// The two pages of an image, A and B, by their addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pages([u32; 2]);

impl Pages {
    /// Finds them: `content` is the file the image was read from.
    ///
    /// # Errors
    /// The image has no such pages.
    pub fn find(content: &[u8], image: &Image) -> Result<Self, PatchError> {
        let mut addresses = [0; 2];
        for (address, copy) in addresses.iter_mut().zip(Copy::ALL) {
            let named = elf::symbol(content, copy.symbol());
            *address = named.unwrap_or(copy.address());
            let page = image.bytes(*address, PAGE).ok_or(PatchError::NoPage { copy, address: *address })?;
            let erased = page.iter().all(|&byte| byte == 0xFF);
            if named.is_none() && !erased && !page.starts_with(&MAGIC) {
                return Err(PatchError::NoPage { copy, address: *address });
            }
        }
        Ok(Self(addresses))
    }

    /// Where a page begins.
    #[must_use]
    pub fn address(self, copy: Copy) -> u32 {
        let [a, b] = self.0;
        if copy == Copy::A { a } else { b }
    }

    /// What the meter would run on.
    ///
    /// # Errors
    /// No page holds a valid block: what is wrong with each.
    pub fn read(self, image: &Image) -> Result<(Copy, Block), [BlockError; 2]> {
        let [a, b] = self.pages(image);
        choose(&a, &b).map(|choice| (choice.copy, choice.block)).map_err(|none| [none.a, none.b])
    }

    /// Puts a block into the page that is not in force, with the next sequence number; the page in force stays as it is. Returns the new image and
    /// the page.
    ///
    /// # Errors
    /// The block cannot be encoded.
    pub fn patch(self, image: &Image, mut block: Block) -> Result<(Image, Copy), PatchError> {
        let (copy, sequence) = match self.read(image) {
            Ok((copy, old)) => (copy.other(), old.sequence.wrapping_add(1)),
            Err(_) => (Copy::A, 1),
        };
        block.sequence = sequence;
        let mut page = [0xFF; PAGE];
        block.encode(&mut page).map_err(PatchError::Block)?;
        let address = self.address(copy);
        let patched = image.overwritten(address, &page).ok_or(PatchError::NoPage { copy, address })?;
        Ok((patched, copy))
    }

    fn pages(self, image: &Image) -> [Vec<u8>; 2] {
        self.0.map(|address| image.bytes(address, PAGE).unwrap_or_default().to_vec())
    }
}

impl fmt::Display for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b] = self.0;
        write!(f, "A at {a:#010x}, B at {b:#010x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Segment;

    fn image() -> Image {
        let segments = [
            Segment { address: 0x0800_0000, bytes: vec![0x20; 64] },
            Segment { address: Copy::A.address(), bytes: vec![0xFF; 2 * PAGE] },
        ];
        Image::from_segments(segments).expect("an image")
    }

    #[test]
    fn blocks_take_turns_and_the_one_in_force_is_never_touched() {
        let mut image = image();
        let pages = Pages::find(b"", &image).expect("pages");
        assert_eq!(pages.read(&image), Err([BlockError::Blank; 2]));
        for (sequence, copy) in [(1, Copy::A), (2, Copy::B), (3, Copy::A)] {
            let before = image.bytes(pages.address(copy.other()), PAGE).expect("page").to_vec();
            let (patched, into) = pages.patch(&image, Block { sequence: 99, ..Block::default() }).expect("patched");
            assert_eq!(into, copy);
            assert_eq!(patched.bytes(pages.address(copy.other()), PAGE), Some(&before[..]));
            assert_eq!(patched.length(), image.length());
            image = patched;
            let (in_force, block) = pages.read(&image).expect("a block");
            assert_eq!((in_force, block.sequence), (copy, sequence));
        }
    }

    #[test]
    fn other_images_have_no_pages() {
        let small = Image::from_segments([Segment { address: 0x0800_0000, bytes: vec![0; 64] }]).expect("an image");
        assert!(matches!(Pages::find(b"", &small), Err(PatchError::NoPage { copy: Copy::A, .. })));
        let full =
            Image::from_segments([Segment { address: 0x0800_0000, bytes: vec![0x4B; 65_536] }]).expect("an image");
        let error = Pages::find(b"", &full).expect_err("code is no page");
        assert_eq!(
            error.to_string(),
            "the image has no calibration page A at 0x0800f800: it is not the firmware of this meter"
        );
    }
}

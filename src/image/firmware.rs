//! The firmware all units of a type share, and the image of one unit made of it.

use std::fmt;

use meter_interface::block::{Block, Copy};

use super::block::{Pages, PatchError};
use super::show::Summary;
use super::{Format, Image, ImageError};

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
    /// SHA-256 over all bytes from the first to the last, gaps as FF, in hexadecimal digits.
    pub sha256: String,
}

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
        Ok(UnitImage { image, block, copy, sha256 })
    }
}

impl fmt::Debug for UnitImage {
    /// Without the block, which holds secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnitImage {{ copy {}, sha256 {} }}", self.copy, self.sha256)
    }
}

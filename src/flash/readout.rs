//! Reading what is on a chip, changing nothing.

use super::chip::BLOCK;
use super::error::FlashError;
use super::watch::{Stage, Watch};
use super::{Identity, Target};

/// What was read, and of which chip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readout {
    /// The chip.
    pub identity: Identity,
    /// All bytes of the range.
    pub bytes: Vec<u8>,
}

/// Reads `length` bytes at `address`, flash or anything else that can be read. Can be cancelled between two blocks.
///
/// # Errors
/// The chip is not there, protected, or has nothing at one of these addresses.
pub fn read_out(
    target: &mut dyn Target,
    address: u32,
    length: u32,
    watch: &mut Watch<'_>,
) -> Result<Readout, FlashError> {
    watch.begin(Stage::Identify, 0);
    let identity = target.identify(watch)?;
    if identity.protected {
        return Err(FlashError::Protected);
    }
    watch.begin(Stage::Read, length.into());
    let mut bytes = Vec::new();
    while bytes.len() < length as usize {
        watch.checkpoint()?;
        let count = BLOCK.min(length as usize - bytes.len());
        let from = address.wrapping_add(bytes.len() as u32);
        bytes.extend(target.read(from, count).map_err(|error| match error {
            FlashError::Refused { .. } => FlashError::NothingThere { address: from },
            error => error,
        })?);
        watch.reached(bytes.len() as u64);
    }
    Ok(Readout { identity, bytes })
}

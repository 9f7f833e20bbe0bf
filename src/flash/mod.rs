//! Putting an image on a chip and proving that it is there.
//!
//! [`flash`] is the sequence, the same for each way to a chip: identify, check, compare, erase and write, read back, protect,
//! start. A [`Target`] is one way: [`rom::RomTarget`] talks to the boot loader in the chip's ROM, [`swd::SwdTarget`] to the chip's
//! debug port. Nothing is erased before the chip has been identified and the image is known to fit it. A failed or cancelled
//! attempt leaves a chip that the next attempt can flash: neither the ROM's boot loader nor the debug port can be overwritten.
//!
//! Not here: making the image ([`crate::image`]) and what the operator does with the result.

pub mod advice;
pub mod chip;
mod error;
mod plan;
mod readout;
pub mod rom;
mod sequence;
pub mod swd;
mod watch;

pub use error::FlashError;
pub use plan::{EraseScope, PagePlan, Plan};
pub use readout::{Readout, read_out};
pub use sequence::{Options, Report, Reuse, flash, start};
pub use watch::{Progress, Stage, Watch};

use crate::clock::SharedClock;
use crate::port::OpenError;
use crate::port::url::{DeviceUrl, UrlError};
use chip::Chip;

/// What can be told about a chip's address without opening anything.
///
/// # Errors
/// The address names no way to a chip, or an option that way does not have.
pub fn check(url: &DeviceUrl) -> Result<(), UrlError> {
    match url.kind.as_str() {
        "swd" => swd::SwdAddress::from_url(url).map(|_| ()),
        _ => rom::RomTarget::check(url),
    }
}

/// Opens the way to a chip that an address names: `rom+serial:`, `rom+tcp:`, `swd:`.
///
/// # Errors
/// The address names no such way, or its port is not there.
pub fn open(url: &DeviceUrl, clock: &SharedClock) -> Result<Box<dyn Target>, OpenError> {
    match url.kind.as_str() {
        "swd" => Ok(Box::new(swd::SwdTarget::open(url, clock)?)),
        _ => Ok(Box::new(rom::RomTarget::open(url, clock)?)),
    }
}

/// Opens the way to a chip at the moment it is needed.
pub type Opener = Box<dyn FnMut() -> Result<Box<dyn Target>, OpenError> + Send>;

/// What has to be done by hand, because the way to the chip cannot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hands {
    /// Nothing: it gets the chip's attention and starts its program.
    None,
    /// Nothing, unless it switches readout protection on: then the program starts when the supply was off (PM0075, 2.4.1).
    SupplyAfterProtecting,
    /// BOOT0 and reset, before and after.
    Boot0,
}

/// What is left to hands at an address that [`open`] takes.
///
/// # Errors
/// The address names no way to a chip.
pub fn hands(url: &DeviceUrl) -> Result<Hands, UrlError> {
    match url.kind.as_str() {
        "swd" => Ok(Hands::SupplyAfterProtecting),
        _ => rom::RomTarget::check(url).and_then(|()| rom::entry::Entry::from_url(url)).map(rom::entry::Entry::hands),
    }
}

/// What a chip says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The family, from its product number.
    pub chip: &'static Chip,
    /// What the chip was reached through: the boot loader with its version, or the probe.
    pub loader: String,
    /// Flash in KiB; none when the chip is protected from being read.
    pub flash_kib: Option<u32>,
    /// The 96 bits that no other chip has; none when the chip is protected.
    pub unique_id: Option<UniqueId>,
    /// Readout protection is on: the flash can neither be read nor written before the whole chip is erased.
    pub protected: bool,
}

impl Identity {
    /// Whether it is one of the chips with these product numbers.
    ///
    /// # Errors
    /// It is another.
    pub fn expect(&self, chips: &[u16]) -> Result<(), FlashError> {
        let found = self.chip.id;
        if chips.contains(&found) { Ok(()) } else { Err(FlashError::WrongChip { expected: chips.to_vec(), found }) }
    }
}

/// The 96-bit number of a chip, in the order of its addresses (RM0008, section 30.2).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct UniqueId(pub [u8; 12]);

impl UniqueId {
    /// What a simulated chip has in the place of wafer and lot number, as a simulated instrument says so in its name.
    const SIMULATED: &'static [u8] = b"SIMULATE";

    /// Whether the chip says of itself that it is simulated.
    #[must_use]
    pub fn is_simulated(&self) -> bool {
        self.0.starts_with(Self::SIMULATED)
    }
}

impl std::fmt::Display for UniqueId {
    /// Three words, the highest first, as RM0008 and most tools print it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().rev().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::fmt::Debug for UniqueId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "UniqueId({self})")
    }
}

/// What erasing and writing took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Programmed {
    /// Bytes sent to the chip, the filling of the last word included.
    pub bytes_written: u64,
    /// Bytes not sent because erased flash already reads so.
    pub bytes_skipped: u64,
    /// Pages erased.
    pub pages_erased: u32,
    /// Times that a page or a list of pages was done again after a fault of the line.
    pub retries: u32,
}

/// A way to a chip.
pub trait Target: Send {
    /// Gets the chip's attention and asks what it is. Changes nothing on it.
    ///
    /// # Errors
    /// There is no answer, or none that makes sense; the chip is of an unknown family.
    fn identify(&mut self, watch: &mut Watch<'_>) -> Result<Identity, FlashError>;

    /// Erases and writes what the plan says, from its end to its start: an image whose vector table is missing never starts.
    /// Can be cancelled between two groups of pages and between two blocks; then part of the chip is erased.
    ///
    /// # Errors
    /// The line or the chip failed more often than is tried, or it was cancelled.
    fn program(&mut self, plan: &Plan, watch: &mut Watch<'_>) -> Result<Programmed, FlashError>;

    /// Reads at most [`chip::BLOCK`] bytes.
    ///
    /// # Errors
    /// The line or the chip failed more often than is tried.
    fn read(&mut self, address: u32, length: usize) -> Result<Vec<u8>, FlashError>;

    /// Switches readout protection on. Cannot be cancelled: the chip resets itself.
    ///
    /// # Errors
    /// The chip refused, or did not come back.
    fn protect(&mut self) -> Result<(), FlashError>;

    /// Switches readout protection off, which erases all of the chip. Cannot be cancelled: the chip erases and resets itself.
    ///
    /// # Errors
    /// The chip refused, or did not come back.
    fn unprotect(&mut self) -> Result<(), FlashError>;

    /// Starts the program whose vector table is at `address`.
    ///
    /// # Errors
    /// The chip refused.
    fn start(&mut self, address: u32) -> Result<(), FlashError>;
}

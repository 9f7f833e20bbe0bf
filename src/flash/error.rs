//! What can go wrong between an image and a chip.

use super::rom::codec::Command;
use super::swd::SwdError;
use super::watch::Stage;
use crate::port::PortError;

/// Why a chip was not flashed. The words for the operator are in [`super::advice`].
#[derive(Debug, thiserror::Error)]
pub enum FlashError {
    /// The line failed.
    #[error(transparent)]
    Port(#[from] PortError),
    /// The probe or the chip's debug port failed.
    #[error(transparent)]
    Swd(#[from] SwdError),
    /// Nothing came back at all.
    #[error("the boot loader does not answer")]
    NoAnswer,
    /// What was sent came back as it was.
    #[error("the line sends back what it is sent")]
    Echo,
    /// Bytes came, but none that a boot loader sends.
    #[error("byte {found:02X} came where the boot loader answers 79 or 1F")]
    Strange {
        /// The first of them.
        found: u8,
    },
    /// The loader stopped answering in the middle.
    #[error("no answer to {command}")]
    Silent {
        /// What it was asked.
        command: Command,
    },
    /// The loader said no.
    #[error("the boot loader refuses {command} (stage {stage})")]
    Refused {
        /// What it was asked.
        command: Command,
        /// 0 for the command itself, then address, data.
        stage: usize,
    },
    /// The loader answered out of turn.
    #[error("byte {found:02X} came as the answer to {command}")]
    Unexpected {
        /// What it was asked.
        command: Command,
        /// The byte.
        found: u8,
    },
    /// The answer was complete and made no sense.
    #[error("the answer to {command} makes no sense: {problem}")]
    Malformed {
        /// What it was asked.
        command: Command,
        /// What is wrong with it.
        problem: String,
    },
    /// The loader does not have a command that is needed.
    #[error("this boot loader has no command {command}")]
    MissingCommand {
        /// The command.
        command: Command,
    },
    /// Readout protection is on.
    #[error("the chip is protected from being read and written")]
    Protected,
    /// The chip's family is unknown here.
    #[error("chip {found:#05x} is unknown")]
    UnknownChip {
        /// Its product number.
        found: u16,
    },
    /// It is a chip, but not the one expected.
    #[error("this is chip {found:#05x}, expected was {}", numbers(.expected))]
    WrongChip {
        /// The product numbers the profile or the user names.
        expected: Vec<u16>,
        /// The one the chip tells.
        found: u16,
    },
    /// The image does not fit.
    #[error("the image ends at {end:#010x}, the flash of {flash_kib} KiB at {flash_end:#010x}")]
    TooLarge {
        /// One past the image's last address.
        end: u64,
        /// One past the flash's last address.
        flash_end: u64,
        /// Size of the flash, KiB.
        flash_kib: u32,
    },
    /// Part of the image belongs elsewhere.
    #[error("the image has bytes at {address:#010x}, outside the flash of {flash_kib} KiB at {first:#010x}")]
    OutsideFlash {
        /// The first such address.
        address: u32,
        /// First address of the flash.
        first: u32,
        /// Size of the flash, KiB.
        flash_kib: u32,
    },
    /// The chip answers, is not protected, and has no memory there that could be read.
    #[error("there is nothing to be read at {address:#010x}")]
    NothingThere {
        /// The address.
        address: u32,
    },
    /// A part starts in the middle of a word.
    #[error("the image has bytes at {address:#010x}, where no word starts")]
    Misaligned {
        /// The address.
        address: u32,
    },
    /// What was read back is not what was written.
    #[error("at {address:#010x} the chip holds {found:02X}, written was {expected:02X}; {differing} bytes differ")]
    VerifyMismatch {
        /// The first address that differs.
        address: u32,
        /// The image's byte.
        expected: u8,
        /// The chip's byte.
        found: u8,
        /// How many bytes differ in all.
        differing: u64,
    },
    /// Somebody stopped it.
    #[error("stopped during {stage:?}")]
    Cancelled {
        /// What was being done.
        stage: Stage,
    },
}

impl FlashError {
    /// Whether doing the same again may help: a byte was lost or garbled, or the loader lost its place.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Silent { .. } | Self::Refused { .. } | Self::Unexpected { .. } | Self::Malformed { .. })
    }
}

fn numbers(chips: &[u16]) -> String {
    chips.iter().map(|chip| format!("{chip:#05x}")).collect::<Vec<_>>().join(" or ")
}

//! What a simulated chip is like, and what goes wrong with it.

use std::collections::BTreeSet;

use crate::port::url::{DeviceUrl, UrlError};
use crate::sim::stm32::PRODUCT;

/// Which command the loader has for erasing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EraseCommand {
    /// 43, as the STM32F103.
    Erase,
    /// 44, as later loaders.
    Extended,
}

/// What a simulated chip is like, and what goes wrong.
#[derive(Clone, Debug)]
pub struct RomOptions {
    /// Flash size in KiB.
    pub flash_kib: u16,
    /// Product number.
    pub product: u16,
    /// Tells chips apart: the end of the unique id.
    pub seed: u32,
    /// Readout protection is on.
    pub protected: bool,
    /// Pages that are write-protected.
    pub write_protected: BTreeSet<u16>,
    /// How it erases.
    pub erase: EraseCommand,
    /// This ACK, from 1, becomes a NACK, and what it stood for is not done.
    pub nack_at: Option<u64>,
    /// This byte from the host, from 1, is lost.
    pub lose_at: Option<u64>,
    /// This byte to the host, from 1, is lost.
    pub lose_answer_at: Option<u64>,
    /// From this byte of the host on the chip is dead.
    pub silent_at: Option<u64>,
    /// From this byte of the host on the line is gone.
    pub gone_at: Option<u64>,
    /// The half-word with this offset takes only every second programming: a cell at its end.
    pub weak_at: Option<u32>,
}

impl Default for RomOptions {
    /// The OpenSmartMeter's chip, erased, on a good line.
    fn default() -> Self {
        Self {
            flash_kib: 64,
            product: PRODUCT,
            seed: 1,
            protected: false,
            write_protected: BTreeSet::new(),
            erase: EraseCommand::Erase,
            nack_at: None,
            lose_at: None,
            lose_answer_at: None,
            silent_at: None,
            gone_at: None,
            weak_at: None,
        }
    }
}

impl RomOptions {
    /// Reads `sim:?flash=64&seed=1&...`: flash (KiB), product, seed, protected (1), write_protected (a page), erase (43 or 44),
    /// nack_at, lose_at, lose_answer_at, silent_at, gone_at, weak_at.
    ///
    /// # Errors
    /// An unknown option or a value that is none.
    pub fn from_url(url: &DeviceUrl) -> Result<Self, UrlError> {
        url.expect_options(&[
            "flash",
            "product",
            "seed",
            "protected",
            "write_protected",
            "erase",
            "nack_at",
            "lose_at",
            "lose_answer_at",
            "silent_at",
            "gone_at",
            "weak_at",
        ])?;
        let usual = Self::default();
        let erase = match url.option("erase") {
            None | Some("43") => EraseCommand::Erase,
            Some("44") => EraseCommand::Extended,
            Some(_) => return Err(url.error("erase is 43 or 44")),
        };
        Ok(Self {
            flash_kib: url.parsed("flash")?.unwrap_or(usual.flash_kib),
            product: url.parsed("product")?.unwrap_or(usual.product),
            seed: url.parsed("seed")?.unwrap_or(usual.seed),
            protected: url.parsed::<u8>("protected")?.is_some_and(|flag| flag != 0),
            write_protected: url.parsed("write_protected")?.into_iter().collect(),
            erase,
            nack_at: url.parsed("nack_at")?,
            lose_at: url.parsed("lose_at")?,
            lose_answer_at: url.parsed("lose_answer_at")?,
            silent_at: url.parsed("silent_at")?,
            gone_at: url.parsed("gone_at")?,
            weak_at: url.parsed("weak_at")?,
        })
    }
}

//! What a simulated probe and the chip behind it are like, and what goes wrong.

use std::collections::BTreeSet;

use crate::port::url::{DeviceUrl, UrlError};
use crate::sim::stm32::{PRODUCT, Specimen};

/// What probe and chip are like.
#[derive(Clone, Debug)]
pub struct ProbeOptions {
    /// The chip.
    pub specimen: Specimen,
    /// Its product number.
    pub product: u16,
    /// Flash takes its time; otherwise it is a thousand times as quick.
    pub paced: bool,
    /// No chip is connected.
    pub no_chip: bool,
    /// The program that runs uses the pins of SWD for something else.
    pub pins_taken: bool,
    /// From this byte of the host on nothing is answered.
    pub silent_at: Option<u64>,
    /// At this byte of the host the connection is gone.
    pub gone_at: Option<u64>,
}

impl Default for ProbeOptions {
    /// The OpenSmartMeter's chip, erased, on a good line.
    fn default() -> Self {
        Self {
            specimen: Specimen {
                flash_kib: 64,
                seed: 1,
                protected: false,
                write_protected: BTreeSet::new(),
                weak_at: None,
                dead_at: None,
            },
            product: PRODUCT,
            paced: false,
            no_chip: false,
            pins_taken: false,
            silent_at: None,
            gone_at: None,
        }
    }
}

impl ProbeOptions {
    /// Reads `sim:?flash=64&seed=1&...`: flash (KiB), product, seed, protected (1), write_protected (a page), weak_at and dead_at
    /// (offsets of half-words), paced (1), no_chip (1), pins_taken (1), silent_at, gone_at (numbers of bytes).
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
            "weak_at",
            "dead_at",
            "paced",
            "no_chip",
            "pins_taken",
            "silent_at",
            "gone_at",
        ])?;
        let usual = Self::default();
        let flag = |name: &str| Ok::<_, UrlError>(url.parsed::<u8>(name)?.is_some_and(|flag| flag != 0));
        Ok(Self {
            specimen: Specimen {
                flash_kib: url.parsed("flash")?.unwrap_or(usual.specimen.flash_kib),
                seed: url.parsed("seed")?.unwrap_or(usual.specimen.seed),
                protected: flag("protected")?,
                write_protected: url.parsed("write_protected")?.into_iter().collect(),
                weak_at: url.parsed("weak_at")?,
                dead_at: url.parsed("dead_at")?,
            },
            product: url.parsed("product")?.unwrap_or(usual.product),
            paced: flag("paced")?,
            no_chip: flag("no_chip")?,
            pins_taken: flag("pins_taken")?,
            silent_at: url.parsed("silent_at")?,
            gone_at: url.parsed("gone_at")?,
        })
    }
}

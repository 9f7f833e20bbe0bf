//! The devices a station has, as the connection bar and its panel speak of them.

use super::session::{AddressTexts, Link, Links};
use crate::flash;
use crate::port::url::{DeviceUrl, Transport};
use crate::station::check::{self, Instruments};

/// One device of the station.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Device {
    /// Meter under test.
    Meter,
    /// Reference.
    Reference,
    /// Source.
    Source,
    /// The chip to flash.
    Target,
}

impl Device {
    /// All of them, from left to right.
    pub const ALL: [Self; 4] = [Self::Meter, Self::Reference, Self::Source, Self::Target];

    /// Its name in a heading.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Meter => t!("Meter"),
            Self::Reference => t!("Reference"),
            Self::Source => t!("Source"),
            Self::Target => t!("Flash target"),
        }
    }

    /// Its name in a sentence.
    #[must_use]
    pub fn noun(self) -> &'static str {
        match self {
            Self::Meter => t!("the meter"),
            Self::Reference => t!("the reference"),
            Self::Source => t!("the source"),
            Self::Target => t!("the flash target"),
        }
    }

    /// The kind its addresses begin with when bytes go to it.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Meter => "afe",
            Self::Reference | Self::Source => "scpi",
            Self::Target => "rom",
        }
    }

    /// It is opened with the station and held open.
    #[must_use]
    pub const fn is_held(self) -> bool {
        !matches!(self, Self::Target)
    }

    /// The text of its address; empty is none.
    #[must_use]
    pub fn address<'a>(self, station: &'a AddressTexts, target: &'a str) -> &'a str {
        match self {
            Self::Meter => &station.meter,
            Self::Reference => &station.reference,
            Self::Source => &station.source,
            Self::Target => target,
        }
    }

    /// The station's addresses with another one for this device; the target is none of them.
    #[must_use]
    pub fn readdressed(self, station: &AddressTexts, text: String) -> AddressTexts {
        let mut station = station.clone();
        match self {
            Self::Meter => station.meter = text,
            Self::Reference => station.reference = text,
            Self::Source => station.source = text,
            Self::Target => {}
        }
        station
    }

    /// Its links: a meter has one for each position.
    #[must_use]
    pub fn links(self, links: &Links) -> Vec<&Link> {
        match self {
            Self::Meter => links.meters.iter().collect(),
            Self::Reference => vec![&links.reference],
            Self::Source => vec![&links.source],
            Self::Target => Vec::new(),
        }
    }

    /// Reads an address, as far as it can be told without opening it; an empty one is none.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn read(self, text: &str, instruments: &Instruments) -> Result<Option<DeviceUrl>, String> {
        let text = text.trim();
        if text.is_empty() {
            return match self {
                Self::Meter => Err(t!("a meter has an address: choose one of the list").to_owned()),
                _ => Ok(None),
            };
        }
        let check = |url: &DeviceUrl| match self {
            Self::Meter => check::meter(url),
            Self::Reference => check::reference(url, instruments),
            Self::Source => check::source(url, instruments),
            Self::Target => flash::check(url),
        };
        let read = text.parse::<DeviceUrl>().and_then(|url| check(&url).map(|()| url));
        read.map(Some).map_err(|error| error.problem)
    }
}

/// The serial port an address names.
#[must_use]
pub fn serial_port(text: &str) -> Option<String> {
    match text.trim().parse::<DeviceUrl>().ok()?.transport {
        Transport::Serial(name) => Some(name),
        Transport::Tcp(_) | Transport::Usb(_) | Transport::Direct => None,
    }
}

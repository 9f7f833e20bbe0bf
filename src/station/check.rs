//! What can be told about an address without opening anything: kind, options, and the instrument's profile it names.
//!
//! Nothing is read here, as that waits for a disk: who has listed the profiles says which [`Instruments`] there are. A profile
//! in a file outside of the library is taken as it is, and opening the station says what is wrong with it.

use std::sync::LazyLock;

use meter_interface::map;

use super::{LOG_OPTIONS, METER_KINDS};
use crate::flash;
use crate::meter::log;
use crate::port::url::{DeviceUrl, Transport, UrlError};
use crate::port::{self, LINE_OPTIONS, LineSettings};
use crate::profile::library::{Entry, Library};
use crate::profile::{self, InstrumentProfile, Kind};
use crate::reference::manual::ManualReference;
use crate::sim::SimOptions;
use crate::sim::rom::RomOptions;

static SHIPPED: LazyLock<Instruments> = LazyLock::new(|| Instruments::of(&Library::default().list()));

/// An instrument whose profile is known.
#[derive(Clone, Debug)]
pub struct Instrument {
    /// Its profile's name, as addresses have it.
    pub name: String,
    /// What it is, in a few words.
    pub title: String,
    /// What is known about it.
    pub profile: InstrumentProfile,
}

/// The instruments an address may name.
#[derive(Clone, Debug)]
pub struct Instruments(Vec<Instrument>);

impl Default for Instruments {
    fn default() -> Self {
        Self::shipped().clone()
    }
}

impl Instruments {
    /// Those of the program.
    #[must_use]
    pub fn shipped() -> &'static Self {
        &SHIPPED
    }

    /// Those of a list of profiles; one with faults is none.
    #[must_use]
    pub fn of(entries: &[Entry]) -> Self {
        let usable = entries.iter().filter(|entry| entry.kind == Kind::Instrument && entry.usable());
        let instrument = |entry: &Entry| {
            let profile = profile::parse::<InstrumentProfile>(&entry.text, &entry.name).ok()?.profile;
            Some(Instrument { name: entry.name.clone(), title: entry.title.clone(), profile })
        };
        Self(usable.filter_map(instrument).collect())
    }

    /// All of them, the program's first.
    pub fn iter(&self) -> impl Iterator<Item = &Instrument> {
        self.0.iter()
    }
}

/// A meter under test.
///
/// # Errors
/// What is wrong with the address.
pub fn meter(url: &DeviceUrl) -> Result<(), UrlError> {
    match (url.kind.as_str(), &url.transport) {
        ("sim", Transport::Direct) => SimOptions::from_url(url).map(|_| ()),
        ("afe", Transport::Serial(_) | Transport::Tcp(_)) => {
            url.expect_options(&LINE_OPTIONS)?;
            port::line_settings(url, LineSettings::eight_n_one(9600)).map(|_| ())
        }
        ("service", Transport::Serial(_) | Transport::Tcp(_)) => {
            url.expect_options(&LINE_OPTIONS)?;
            port::line_settings(url, LineSettings::eight_n_one(map::BAUD)).map(|_| ())
        }
        ("log", Transport::Serial(_) | Transport::Tcp(_)) => {
            url.expect_options(&LOG_OPTIONS)?;
            url.parsed::<u64>("patience")?;
            port::line_settings(url, LineSettings::eight_n_one(log::BAUD)).map(|_| ())
        }
        _ => Err(url.error(METER_KINDS)),
    }
}

/// An optical head. What its options say is read when it is opened.
///
/// # Errors
/// What is wrong with the address.
pub fn head(url: &DeviceUrl) -> Result<(), UrlError> {
    if url.kind != "pulse" || !matches!(url.transport, Transport::Serial(_)) {
        return Err(url.error("an optical head is pulse+serial:PORT"));
    }
    url.expect_options(&["line", "lit", "output", "gap_ms", "width_ms"])
}

/// A reference.
///
/// # Errors
/// What is wrong with the address; also an instrument that reads nothing.
pub fn reference(url: &DeviceUrl, instruments: &Instruments) -> Result<(), UrlError> {
    if (url.kind.as_str(), &url.transport) == ("manual", &Transport::Direct) {
        return ManualReference::check(url);
    }
    match instrument(url, instruments)? {
        Some(profile) if profile.read.is_none() => Err(url.error("this instrument's profile reads nothing")),
        _ => Ok(()),
    }
}

/// A source.
///
/// # Errors
/// What is wrong with the address; also an instrument that supplies nothing.
pub fn source(url: &DeviceUrl, instruments: &Instruments) -> Result<(), UrlError> {
    if (url.kind.as_str(), &url.transport) == ("manual", &Transport::Direct) {
        return url.expect_options(&[]);
    }
    match instrument(url, instruments)? {
        Some(profile) if profile.source.is_none() => Err(url.error("this instrument's profile supplies nothing")),
        _ => Ok(()),
    }
}

/// A chip to flash.
///
/// # Errors
/// What is wrong with the address.
pub fn target(url: &DeviceUrl) -> Result<(), UrlError> {
    match (url.kind.as_str(), &url.transport) {
        ("sim", Transport::Direct) => RomOptions::from_url(url).map(|_| ()),
        _ => flash::check(url),
    }
}

/// The instrument's profile, where it is a known one.
fn instrument<'a>(url: &DeviceUrl, instruments: &'a Instruments) -> Result<Option<&'a InstrumentProfile>, UrlError> {
    match (url.kind.as_str(), &url.transport) {
        ("sim", Transport::Direct) => return SimOptions::from_url(url).map(|_| None),
        ("scpi", Transport::Serial(_) | Transport::Tcp(_)) => {}
        _ => return Err(url.error("an instrument is manual:, scpi+tcp:, scpi+serial: or sim:")),
    }
    let known: Vec<&str> = LINE_OPTIONS.into_iter().chain(["profile"]).collect();
    url.expect_options(&known)?;
    let name =
        url.option("profile").ok_or_else(|| url.error("the option profile is missing: which instrument is it?"))?;
    if name.ends_with(".toml") {
        return Ok(None);
    }
    let known = instruments.iter().find(|known| known.name == name);
    let profile = &known
        .ok_or_else(|| url.error(format!("there is no instrument profile named {name:?} without faults")))?
        .profile;
    profile.line_settings(url)?;
    Ok(Some(profile))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Check = fn(&DeviceUrl, &Instruments) -> Result<(), UrlError>;

    fn meter(url: &DeviceUrl, _: &Instruments) -> Result<(), UrlError> {
        super::meter(url)
    }

    fn problem(check: Check, text: &str) -> Option<String> {
        let checked = text.parse::<DeviceUrl>().and_then(|url| check(&url, Instruments::shipped()));
        checked.err().map(|error| error.problem)
    }

    #[test]
    fn an_instrument_of_the_users_own_is_known_when_it_is_listed() {
        let mut entries = Library::default().list();
        let mut own = entries.iter().find(|entry| entry.name == "scpi-source").expect("shipped").clone();
        own.name = "lab-source".to_owned();
        own.text = own.text.replace("scpi-source", "lab-source");
        entries.push(own.clone());
        let url: DeviceUrl = "scpi+tcp:10.0.0.5:5025?profile=lab-source".parse().expect("address");
        assert!(source(&url, Instruments::shipped()).is_err());
        assert!(source(&url, &Instruments::of(&entries)).is_ok());
        let nothing = reference(&url, &Instruments::of(&entries)).expect_err("it reads nothing");
        assert!(nothing.problem.contains("reads nothing"));
        own.text.clear();
        own.findings = profile::library::findings(own.kind, &own.name, &own.text);
        assert!(source(&url, &Instruments::of(&[own])).is_err());
    }

    #[test]
    fn good_addresses_pass() {
        for text in ["sim:?seed=7&pace=10", "afe+serial:/dev/ttyUSB0?baud=9600", "afe+tcp:127.0.0.1:5000"] {
            assert_eq!(problem(meter, text), None, "{text}");
        }
        for text in [
            "manual:?model=MT310",
            "sim:",
            "scpi+tcp:10.0.0.5:6320?profile=zera-mt310s2",
            "scpi+serial:X?profile=own.toml",
        ] {
            assert_eq!(problem(reference, text), None, "{text}");
        }
        for text in ["manual:", "scpi+serial:/dev/ttyUSB1?profile=scpi-source&baud=19200"] {
            assert_eq!(problem(source, text), None, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let cases: [(Check, &str, &str); 10] = [
            (meter, "manual:", "a meter under test is"),
            (meter, "afe+serial:/dev/ttyUSB0?baud=fast", "baud"),
            (meter, "afe+serial:/dev/ttyUSB0?speed=1", "speed"),
            (meter, "sim:?sed=7", "sed"),
            (meter, "afe:", "a meter under test is"),
            (reference, "scpi+tcp:10.0.0.5:6320", "which instrument"),
            (reference, "scpi+tcp:10.0.0.5:6320?profile=zera", "no instrument profile"),
            (reference, "scpi+serial:/dev/ttyUSB1?profile=scpi-source", "reads nothing"),
            (source, "scpi+serial:/dev/ttyUSB1?profile=zera-mt310s2", "supplies nothing"),
            (source, "manual:?u=230", "no options"),
        ];
        for (check, text, part) in cases {
            let found = problem(check, text).unwrap_or_default();
            assert!(found.contains(part), "{text}: {found}");
        }
    }
}

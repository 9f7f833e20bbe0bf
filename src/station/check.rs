//! What can be told about an address without opening anything: kind, options, and the shipped profile it names.
//!
//! A profile in a file of one's own is not read here: that waits for a disk, and opening the station says what is wrong with it.

use crate::flash::rom::RomTarget;
use crate::port::url::{DeviceUrl, Transport, UrlError};
use crate::port::{self, LINE_OPTIONS, LineSettings};
use crate::profile::{self, InstrumentProfile, Kind};
use crate::reference::manual::ManualReference;
use crate::sim::SimOptions;
use crate::sim::rom::RomOptions;

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
        _ => Err(url.error("a meter under test is afe+serial:, afe+tcp: or sim:")),
    }
}

/// A reference.
///
/// # Errors
/// What is wrong with the address; also an instrument that reads nothing.
pub fn reference(url: &DeviceUrl) -> Result<(), UrlError> {
    if (url.kind.as_str(), &url.transport) == ("manual", &Transport::Direct) {
        return ManualReference::check(url);
    }
    match instrument(url)? {
        Some(profile) if profile.read.is_none() => Err(url.error("this instrument's profile reads nothing")),
        _ => Ok(()),
    }
}

/// A source.
///
/// # Errors
/// What is wrong with the address; also an instrument that supplies nothing.
pub fn source(url: &DeviceUrl) -> Result<(), UrlError> {
    if (url.kind.as_str(), &url.transport) == ("manual", &Transport::Direct) {
        return url.expect_options(&[]);
    }
    match instrument(url)? {
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
        _ => RomTarget::check(url),
    }
}

/// The instrument's profile, where it is a shipped one.
fn instrument(url: &DeviceUrl) -> Result<Option<InstrumentProfile>, UrlError> {
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
    if !profile::list().iter().any(|listed| listed.kind == Kind::Instrument && listed.name == name) {
        return Err(
            url.error(format!("there is no instrument profile named {name:?}; a file of your own ends in .toml"))
        );
    }
    let profile = profile::load_instrument(name).map_err(|error| url.error(error.to_string()))?.profile;
    profile.line_settings(url)?;
    Ok(Some(profile))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(check: fn(&DeviceUrl) -> Result<(), UrlError>, text: &str) -> Option<String> {
        text.parse::<DeviceUrl>().and_then(|url| check(&url)).err().map(|error| error.problem)
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
        type Check = fn(&DeviceUrl) -> Result<(), UrlError>;
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

//! Why the flash target cannot be worked on now, and why the station must leave a port alone meanwhile.

use crate::advice::Advice;
use crate::flash;
use crate::gui::core::Core;
use crate::gui::device::Device;
use crate::gui::session::{AddressTexts, Link};
use crate::port::url::{DeviceUrl, Transport};

/// Why nothing is done with the flash target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// In words.
    pub advice: Advice,
    /// Letting go of the station would help.
    pub disconnect: bool,
}

fn refusal(what: impl Into<String>, why: &str, next: &str) -> Refusal {
    Refusal { advice: Advice::new(what, why, next), disconnect: false }
}

/// The flash target's address, when it can be opened now.
///
/// # Errors
/// Why it cannot.
pub fn target(core: &Core, station: &AddressTexts) -> Result<DeviceUrl, Refusal> {
    if core.run().running {
        return Err(refusal(
            t!("A run goes on"),
            t!("It may be about to flash this very chip, and it uses the bench's ports"),
            t!("Wait until it is over, or cancel it"),
        ));
    }
    let text = core.settings.target.trim();
    if text.is_empty() {
        return Err(refusal(
            t!("No flash target is chosen"),
            t!("A chip is reached through its boot loader on a serial port, or through a debug probe"),
            t!("Choose the port or the probe"),
        ));
    }
    let wrong = |problem: String| {
        refusal(problem, t!("The address names no way to a chip"), t!("Choose the port or the probe"))
    };
    let url: DeviceUrl = text.parse().map_err(|error: crate::port::url::UrlError| wrong(error.to_string()))?;
    if url.kind == "sim" {
        return Err(refusal(
            t!("The simulated meter's chip is reached by a run only"),
            t!("It is part of the simulated station, which works on it between two steps"),
            t!("Choose another flash target; meterbench simulate --rom serves a chip for training"),
        ));
    }
    flash::check(&url).map_err(|error| wrong(error.to_string()))?;
    if let Some(holder) = holder(core, station, &url.transport) {
        let port = place(&url.transport);
        return Err(Refusal {
            advice: Advice::new(
                t!("{noun} holds {port}", noun = holder.noun(), port),
                t!("One port cannot be open twice"),
                t!("Disconnect the station, or choose another port for the flash target"),
            ),
            disconnect: true,
        });
    }
    Ok(url)
}

/// The device of the open station whose port this is.
fn holder(core: &Core, station: &AddressTexts, transport: &Transport) -> Option<Device> {
    let opening = |device: &Device| device.links(&core.links).iter().any(|link| **link == Link::Opening);
    let held = |device: &Device| {
        device.is_held() && (core.links.open || opening(device)) && names(*device, station, transport)
    };
    Device::ALL.into_iter().find(held)
}

fn names(device: Device, station: &AddressTexts, transport: &Transport) -> bool {
    if *transport == Transport::Direct {
        return false;
    }
    let more = if device == Device::Meter { station.more_meters.as_slice() } else { &[] };
    let texts = std::iter::once(device.address(station, "")).chain(more.iter().map(String::as_str));
    texts.filter_map(|text| text.trim().parse::<DeviceUrl>().ok()).any(|url| url.transport == *transport)
}

/// Why the station must not be opened at these addresses: the flash target's thread holds one of them.
#[must_use]
pub fn of_station(core: &Core, station: &AddressTexts) -> Option<String> {
    let held = &core.firmware.held()?.transport;
    let device = Device::ALL.into_iter().filter(|device| device.is_held()).find(|device| names(*device, station, held));
    device.map(|device| {
        t!("The flash target is at work on {port}, which is {noun}'s too", port = place(held), noun = device.noun())
    })
}

fn place(transport: &Transport) -> &str {
    match transport {
        Transport::Serial(name) | Transport::Tcp(name) | Transport::Usb(name) => name,
        Transport::Direct => "",
    }
}

//! An address while it is chosen: each choice changes one part of the text, and the text is the only truth.

use crate::flash::rom::entry::ENTRY_OPTIONS;
use crate::gui::device::Device;
use crate::port::LINE_OPTIONS;
use crate::port::serial::PluggedPort;
use crate::port::url::{DeviceUrl, Transport};

/// The way to a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// This serial port.
    Port(String),
    /// Host and port.
    Network,
    /// The simulator.
    Simulated,
    /// The operator.
    ByHand,
    /// No address.
    Nothing,
}

/// One line of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What is chosen.
    pub way: Way,
    /// What it is.
    pub title: String,
    /// More about it: the system's name of a port.
    pub detail: String,
}

/// Simulated meter: ten virtual seconds a second, as a new installation has it.
const SIMULATED_METER: &str = "sim:?seed=7&pace=10";

/// Speeds that are offered, in bits per second.
pub const SPEEDS: [u32; 7] = [2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200];

/// What can be chosen for a device, ports first. A port that the draft names and nobody has plugged in is in the list too.
#[must_use]
pub fn choices(device: Device, ports: &[PluggedPort], draft: &str) -> Vec<Choice> {
    let choice = |way, title: &str, detail: &str| Choice { way, title: title.to_owned(), detail: detail.to_owned() };
    let of_port = |port: &PluggedPort| {
        let title = if port.description.is_empty() { t!("Serial port") } else { &port.description };
        choice(Way::Port(port.name.clone()), title, &port.name)
    };
    let mut all: Vec<Choice> = ports.iter().map(of_port).collect();
    if let Way::Port(name) = way(draft)
        && !ports.iter().any(|port| port.name == name)
    {
        all.push(choice(Way::Port(name.clone()), t!("Not in the list of ports"), &name));
    }
    all.push(choice(Way::Network, t!("Network"), "host:port"));
    match device {
        Device::Meter => all.push(choice(Way::Simulated, t!("Simulated meter"), "sim:")),
        Device::Reference => {
            all.push(choice(Way::ByHand, t!("Read by the operator"), "manual:"));
            all.push(choice(Way::Simulated, t!("Simulated reference"), "sim:"));
            all.push(choice(Way::Nothing, t!("The simulated meter's own"), t!("no address")));
        }
        Device::Source => {
            all.push(choice(Way::ByHand, t!("Set by the operator"), "manual:"));
            all.push(choice(Way::Simulated, t!("Simulated source"), "sim:"));
            all.push(choice(Way::Nothing, t!("The reference's own"), t!("or else the operator")));
        }
        Device::Target => {
            all.push(choice(Way::Simulated, t!("Simulated meter's chip"), "sim:"));
            all.push(choice(Way::Nothing, t!("None"), t!("no address")));
        }
    }
    all
}

/// What a meter under test can be reached by, and the word an address begins with then.
pub const METER_KINDS: [&str; 3] = ["afe", "service", "log"];

/// What answers behind an address, where it is one of [`METER_KINDS`].
#[must_use]
pub fn meter_kind(draft: &str) -> Option<&'static str> {
    let (kind, _) = draft.trim().split_once('+')?;
    METER_KINDS.into_iter().find(|known| *known == kind)
}

/// The draft with another kind of meter behind it; the line's settings were the other one's.
#[must_use]
pub fn with_meter_kind(draft: &str, kind: &str) -> String {
    let way = draft.trim().split_once('+').map_or(draft.trim(), |(_, way)| way);
    format!("{kind}+{}", way.split('?').next().unwrap_or_default())
}

/// The way a text names.
#[must_use]
pub fn way(text: &str) -> Way {
    let text = text.trim();
    match text.parse::<DeviceUrl>() {
        Ok(DeviceUrl { transport: Transport::Serial(name), .. }) => Way::Port(name),
        Ok(DeviceUrl { transport: Transport::Tcp(_), .. }) => Way::Network,
        Ok(url) if url.kind == "manual" => Way::ByHand,
        Ok(url) if url.kind == "sim" => Way::Simulated,
        _ if text.contains("+tcp:") => Way::Network,
        _ => Way::Nothing,
    }
}

/// The draft with another way; what the new address can keep, it keeps.
#[must_use]
pub fn over(device: Device, draft: &str, to: &Way) -> String {
    let present = draft.trim().parse::<DeviceUrl>().ok();
    let instrument = matches!(device, Device::Reference | Device::Source);
    let profile: &[&str] = if instrument { &["profile"] } else { &[] };
    let entry: &[&str] = if device == Device::Target { &ENTRY_OPTIONS } else { &[] };
    let base = present.clone().unwrap_or_else(DeviceUrl::sim);
    let kind = meter_kind(draft).filter(|_| device == Device::Meter).unwrap_or(device.kind());
    match to {
        Way::Port(name) => {
            let known = [&LINE_OPTIONS[..], profile, entry].concat();
            base.keeping(&known).over(kind, Transport::Serial(name.clone())).to_string()
        }
        Way::Network => match present {
            Some(DeviceUrl { transport: Transport::Tcp(_), .. }) => draft.to_owned(),
            // The host is still to be typed.
            _ => base.keeping(profile).over(kind, Transport::Tcp(String::new())).to_string(),
        },
        Way::Simulated if way(draft) == Way::Simulated => draft.to_owned(),
        Way::Simulated if device == Device::Meter => SIMULATED_METER.to_owned(),
        Way::Simulated => "sim:".to_owned(),
        Way::ByHand if way(draft) == Way::ByHand => draft.to_owned(),
        Way::ByHand => "manual:".to_owned(),
        Way::Nothing => String::new(),
    }
}

/// The draft with another value of an option; a text that is no address yet stays.
#[must_use]
pub fn with_option(draft: &str, name: &str, value: Option<&str>) -> String {
    // A network address whose host is missing has its options behind the question mark already.
    if let Some(rest) = draft.trim().strip_prefix("scpi+tcp:")
        && rest.split('?').next().is_some_and(str::is_empty)
    {
        let url = DeviceUrl::sim().over("scpi", Transport::Tcp(String::new()));
        return url.with_option(name, value).to_string();
    }
    draft.trim().parse::<DeviceUrl>().map_or_else(|_| draft.to_owned(), |url| url.with_option(name, value).to_string())
}

/// The value of an option.
#[must_use]
pub fn option(draft: &str, name: &str) -> Option<String> {
    let (_, query) = draft.trim().split_once('?')?;
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::station::check::Instruments;

    fn port(name: &str) -> Way {
        Way::Port(name.to_owned())
    }

    #[test]
    fn a_choice_makes_an_address_that_can_be_read() {
        for (device, draft, to, made) in [
            (Device::Meter, "", port("/dev/ttyUSB0"), "afe+serial:/dev/ttyUSB0"),
            (Device::Meter, "sim:?seed=7&pace=10", port("COM3"), "afe+serial:COM3"),
            (Device::Meter, "afe+serial:COM3?baud=9600", port("COM4"), "afe+serial:COM4?baud=9600"),
            (Device::Meter, "service+serial:COM3", port("COM4"), "service+serial:COM4"),
            (Device::Meter, "afe+serial:COM3", Way::Simulated, SIMULATED_METER),
            (Device::Meter, "sim:?seed=9", Way::Simulated, "sim:?seed=9"),
            (
                Device::Reference,
                "scpi+tcp:h:1?profile=zera-mt310s2",
                port("COM4"),
                "scpi+serial:COM4?profile=zera-mt310s2",
            ),
            (Device::Reference, "sim:", Way::ByHand, "manual:"),
            (Device::Source, "manual:", Way::Nothing, ""),
            (Device::Target, "", Way::Simulated, "sim:"),
            (Device::Target, "rom+serial:A?reset=dtr&boot0=rts", port("B"), "rom+serial:B?boot0=rts&reset=dtr"),
        ] {
            let text = over(device, draft, &to);
            assert_eq!(text, made);
            device.read(&text, Instruments::shipped()).unwrap();
            assert_eq!(way(&text), to);
        }
    }

    #[test]
    fn a_host_is_asked_for_and_options_stay() {
        let text = over(Device::Reference, "scpi+serial:A?profile=zera-mt310s2&baud=9600", &Way::Network);
        assert_eq!(text, "scpi+tcp:?profile=zera-mt310s2");
        assert_eq!(way(&text), Way::Network);
        assert!(Device::Reference.read(&text, Instruments::shipped()).unwrap_err().contains("host:port"));
        let text = with_option(&text, "profile", Some("yokogawa-wt310"));
        assert_eq!(
            (text.as_str(), option(&text, "profile").as_deref()),
            ("scpi+tcp:?profile=yokogawa-wt310", Some("yokogawa-wt310"))
        );
    }

    #[test]
    fn an_instrument_is_never_guessed() {
        let text = over(Device::Reference, "manual:", &port("COM4"));
        assert!(Device::Reference.read(&text, Instruments::shipped()).unwrap_err().contains("which instrument"));
    }
}

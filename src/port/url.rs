//! How a device is named everywhere: `kind+transport:address?option=value&...`.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// A device's address, checked for form; what the kind means is up to who opens it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceUrl {
    /// What speaks there: `afe`, `scpi`, `manual`, `sim`, ...
    pub kind: String,
    /// Where the bytes go.
    pub transport: Transport,
    options: BTreeMap<String, String>,
}

/// The way to a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transport {
    /// No bytes at all: `manual:`, `sim:`.
    Direct,
    /// A serial port by its system name.
    Serial(String),
    /// `host:port`.
    Tcp(String),
    /// A debug probe by its USB numbers: `VID:PID` or `VID:PID:SERIAL`, hexadecimal.
    Usb(String),
}

/// What is wrong with a URL.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the address {url:?} cannot be used: {problem}")]
pub struct UrlError {
    /// The text as given.
    pub url: String,
    /// What is wrong with it, and what would be right.
    pub problem: String,
}

impl DeviceUrl {
    /// The simulated station with everything as usual: `sim:`.
    #[must_use]
    pub fn sim() -> Self {
        Self { kind: "sim".to_owned(), transport: Transport::Direct, options: BTreeMap::new() }
    }

    /// The same address without this option.
    #[must_use]
    pub fn without(&self, name: &str) -> Self {
        let mut other = self.clone();
        other.options.remove(name);
        other
    }

    /// The same address with this option.
    #[must_use]
    pub fn with(&self, name: &str, value: impl fmt::Display) -> Self {
        let mut other = self.clone();
        other.options.insert(name.to_owned(), value.to_string());
        other
    }

    /// The value of one option.
    #[must_use]
    pub fn option(&self, name: &str) -> Option<&str> {
        self.options.get(name).map(String::as_str)
    }

    /// The value of one option, parsed; absent is `None`.
    ///
    /// # Errors
    /// The value does not read as a `T`.
    pub fn parsed<T: FromStr>(&self, name: &str) -> Result<Option<T>, UrlError> {
        let Some(text) = self.option(name) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| self.error(format!("the option {name} cannot be {text:?}")))
    }

    /// # Errors
    /// An option that is none of `known`: a misspelt option must not be ignored in silence.
    pub fn expect_options(&self, known: &[&str]) -> Result<(), UrlError> {
        match self.options.keys().find(|name| !known.contains(&name.as_str())) {
            None => Ok(()),
            Some(name) if known.is_empty() => Err(self.error(format!("it takes no options, but has {name:?}"))),
            Some(name) => Err(self.error(format!("the option {name:?} is unknown; it takes {}", known.join(", ")))),
        }
    }

    /// The same options on another way.
    #[must_use]
    pub fn over(mut self, kind: &str, transport: Transport) -> Self {
        kind.clone_into(&mut self.kind);
        self.transport = transport;
        self
    }

    /// With an option of this value, or without it.
    #[must_use]
    pub fn with_option(mut self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => drop(self.options.insert(name.to_owned(), value.to_owned())),
            None => drop(self.options.remove(name)),
        }
        self
    }

    /// With only these options.
    #[must_use]
    pub fn keeping(mut self, known: &[&str]) -> Self {
        self.options.retain(|name, _| known.contains(&name.as_str()));
        self
    }

    /// An error about this address.
    #[must_use]
    pub fn error(&self, problem: impl Into<String>) -> UrlError {
        UrlError { url: self.to_string(), problem: problem.into() }
    }
}

impl FromStr for DeviceUrl {
    type Err = UrlError;

    fn from_str(url: &str) -> Result<Self, UrlError> {
        let error = |problem: &str| UrlError { url: url.to_owned(), problem: problem.to_owned() };
        let (scheme, rest) =
            url.split_once(':').ok_or_else(|| error("a kind and a colon come first, as in afe+serial:/dev/ttyUSB0"))?;
        let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (kind, transport) = match scheme.split_once('+') {
            None if address.is_empty() => (scheme, Transport::Direct),
            None if scheme == "swd" => (scheme, Transport::Usb(usb(address).ok_or_else(|| error(USB_FORM))?)),
            None => return Err(error("only kinds with +serial or +tcp take an address")),
            Some((kind, "serial")) if !address.is_empty() => (kind, Transport::Serial(address.to_owned())),
            Some((_, "serial")) => return Err(error("the serial port's name is missing")),
            Some((kind, "tcp")) => {
                let port = address.rsplit_once(':').map(|(_, port)| port.parse::<u16>());
                if !matches!(port, Some(Ok(_))) {
                    return Err(error("after +tcp: comes host:port"));
                }
                (kind, Transport::Tcp(address.to_owned()))
            }
            Some((_, other)) => return Err(error(&format!("bytes travel by +serial or +tcp, not by +{other}"))),
        };
        if kind.is_empty() {
            return Err(error("the kind is missing"));
        }
        let mut options = BTreeMap::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').ok_or_else(|| error("an option reads name=value"))?;
            if options.insert(name.to_owned(), value.to_owned()).is_some() {
                return Err(error(&format!("the option {name:?} stands there twice")));
            }
        }
        Ok(Self { kind: kind.to_owned(), transport, options })
    }
}

const USB_FORM: &str = "after swd: comes VID:PID or VID:PID:SERIAL, each of the two four hexadecimal digits";

/// A probe's numbers, if they are some; the serial number may have colons of its own.
fn usb(address: &str) -> Option<String> {
    let mut parts = address.splitn(3, ':');
    let number = |text: &str| text.len() <= 4 && u16::from_str_radix(text, 16).is_ok();
    let (vendor, product) = (parts.next()?, parts.next()?);
    // Some probes have more than one interface: VID:PID-1.
    let (product, interface) = product.split_once('-').unwrap_or((product, "0"));
    let interface = interface.is_empty() || interface.parse::<u8>().is_ok();
    (number(vendor) && number(product) && interface).then(|| address.to_owned())
}

impl fmt::Display for DeviceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.transport {
            Transport::Direct => write!(f, "{}:", self.kind)?,
            Transport::Serial(port) => write!(f, "{}+serial:{port}", self.kind)?,
            Transport::Tcp(address) => write!(f, "{}+tcp:{address}", self.kind)?,
            Transport::Usb(probe) => write!(f, "{}:{probe}", self.kind)?,
        }
        for (position, (name, value)) in self.options.iter().enumerate() {
            write!(f, "{}{name}={value}", if position == 0 { '?' } else { '&' })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_read_and_print_the_same() {
        for text in [
            "afe+serial:/dev/ttyUSB0?baud=9600",
            "afe+tcp:127.0.0.1:5000",
            "scpi+tcp:10.0.0.5:5025?profile=zera-mt310s2",
            "manual:",
            "sim:?seed=7&speed=10",
            "swd:1d50:6018:127.0.0.1:4000?connect=reset",
            "swd:0483:374b-1",
        ] {
            assert_eq!(text.parse::<DeviceUrl>().map(|url| url.to_string()).as_deref(), Ok(text));
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, part) in [
            ("ttyUSB0", "colon"),
            ("afe+usb:1", "+usb"),
            ("afe+tcp:host", "host:port"),
            ("afe+serial:", "missing"),
            ("sim:7", "+serial or +tcp"),
            ("swd:1d50", "VID:PID"),
            ("swd:host:4000", "VID:PID"),
            ("sim:?seed", "name=value"),
            ("sim:?seed=1&seed=2", "twice"),
        ] {
            let error = text.parse::<DeviceUrl>().expect_err(text).to_string();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn an_address_is_changed_in_parts() {
        let url: DeviceUrl = "afe+serial:/dev/ttyUSB0?baud=9600&parity=none".parse().expect("address");
        let url = url.over("scpi", Transport::Tcp("host:5025".to_owned())).keeping(&["baud", "profile"]);
        assert_eq!(url.to_string(), "scpi+tcp:host:5025?baud=9600");
        let url = url.with_option("profile", Some("own.toml")).with_option("baud", None);
        assert_eq!(url.to_string(), "scpi+tcp:host:5025?profile=own.toml");
    }

    #[test]
    fn an_unknown_option_is_not_ignored() {
        let url: DeviceUrl = "sim:?sed=7".parse().expect("form is right");
        assert!(url.expect_options(&["seed"]).is_err());
        assert!(url.expect_options(&["sed"]).is_ok());
        assert_eq!(url.parsed::<u64>("sed"), Ok(Some(7)));
        assert!("sim:?seed=x".parse::<DeviceUrl>().expect("form").parsed::<u64>("seed").is_err());
    }
}

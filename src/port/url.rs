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
}

/// What is wrong with a URL.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{url:?} is not a device address: {problem}")]
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

impl fmt::Display for DeviceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.transport {
            Transport::Direct => write!(f, "{}:", self.kind)?,
            Transport::Serial(port) => write!(f, "{}+serial:{port}", self.kind)?,
            Transport::Tcp(address) => write!(f, "{}+tcp:{address}", self.kind)?,
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
            ("sim:?seed", "name=value"),
            ("sim:?seed=1&seed=2", "twice"),
        ] {
            let error = text.parse::<DeviceUrl>().expect_err(text).to_string();
            assert!(error.contains(part), "{error}");
        }
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

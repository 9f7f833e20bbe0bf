//! Which probe, and how the chip is approached: `swd:`, `swd:VID:PID`, `swd:VID:PID:SERIAL`, with options.

use crate::port::url::{DeviceUrl, Transport, UrlError};

/// As fast as wires of a hand's length carry without a thought; every probe goes this fast.
const USUAL_KHZ: u32 = 1000;

/// How the chip is approached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connect {
    /// While it runs; where it does not answer, with its reset pin held.
    AsNeeded,
    /// With its reset pin held from the start.
    UnderReset,
}

/// A probe and how to use it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SwdAddress {
    /// `VID:PID` or `VID:PID:SERIAL`, hexadecimal; none is the only probe there is.
    pub probe: Option<String>,
    /// Clock of the wires, kHz.
    pub speed_khz: u32,
    /// How the chip is approached.
    pub connect: Connect,
}

impl SwdAddress {
    /// Reads `swd:VID:PID:SERIAL?speed=1000&connect=reset`.
    ///
    /// # Errors
    /// Another kind of address or option.
    pub fn from_url(url: &DeviceUrl) -> Result<Self, UrlError> {
        url.expect_options(&["speed", "connect"])?;
        let probe = match &url.transport {
            Transport::Direct => None,
            Transport::Usb(probe) => Some(probe.clone()),
            Transport::Serial(_) | Transport::Tcp(_) => {
                return Err(url.error("a probe is swd:, swd:VID:PID or swd:VID:PID:SERIAL"));
            }
        };
        let connect = match url.option("connect") {
            None => Connect::AsNeeded,
            Some("reset") => Connect::UnderReset,
            Some(_) => return Err(url.error("the option connect can only be reset")),
        };
        let speed_khz = url.parsed("speed")?.unwrap_or(USUAL_KHZ);
        if !(5..=50_000).contains(&speed_khz) {
            return Err(url.error("the option speed is 5 to 50000 kHz"));
        }
        Ok(Self { probe, speed_khz, connect })
    }
}

impl std::fmt::Display for SwdAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "swd:{}", self.probe.as_deref().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<SwdAddress, UrlError> {
        SwdAddress::from_url(&text.parse()?)
    }

    #[test]
    fn probes_have_addresses() {
        assert_eq!(read("swd:"), Ok(SwdAddress { probe: None, speed_khz: 1000, connect: Connect::AsNeeded }));
        let tcp = read("swd:1d50:6018:127.0.0.1:4000?speed=4000&connect=reset").expect("an address");
        assert_eq!(tcp.probe.as_deref(), Some("1d50:6018:127.0.0.1:4000"));
        assert_eq!((tcp.speed_khz, tcp.connect), (4000, Connect::UnderReset));
        assert_eq!(tcp.to_string(), "swd:1d50:6018:127.0.0.1:4000");
    }

    #[test]
    fn what_is_wrong_is_said() {
        for text in ["swd:1d50", "swd:xyz:6018", "swd+tcp:host:1", "swd:?speed=0", "swd:?connect=x", "swd:?baud=9600"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}

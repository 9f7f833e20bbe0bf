//! Serial ports of the machine. The only file that names serialport.

use std::fmt;
use std::io::{ErrorKind, Read, Write};
use std::time::Duration;

use serialport::{DataBits, FlowControl, SerialPort, StopBits};

use super::pulse::watch::Line;
use super::{Level, LineSettings, Parity, Port, PortError, Signal};
use crate::clock::{Moment, SharedClock};

/// An open serial port.
pub struct SerialLine {
    name: String,
    clock: SharedClock,
    port: Box<dyn SerialPort>,
}

impl SerialLine {
    /// Opens a port by its system name, exclusively.
    ///
    /// # Errors
    /// The port does not exist, is in use, or may not be opened by this user.
    pub fn open(name: &str, line: LineSettings, clock: SharedClock) -> Result<Self, PortError> {
        let builder = serialport::new(name, line.baud)
            .data_bits(data_bits(line))
            .parity(parity(line))
            .stop_bits(stop_bits(line))
            .flow_control(FlowControl::None)
            .timeout(Duration::from_millis(100));
        let port =
            builder.open().map_err(|error| PortError::Open { port: name.to_owned(), reason: error.to_string() })?;
        Ok(Self { name: name.to_owned(), clock, port })
    }

    fn gone(&self, reason: impl fmt::Display) -> PortError {
        PortError::Gone { port: self.name.clone(), reason: reason.to_string() }
    }
}

impl Port for SerialLine {
    fn write(&mut self, bytes: &[u8]) -> Result<(), PortError> {
        self.port.write_all(bytes).map_err(|error| self.gone(error))
    }

    fn read(&mut self, into: &mut [u8], deadline: Moment) -> Result<usize, PortError> {
        loop {
            let wait = deadline.since(self.clock.now());
            self.port.set_timeout(wait).map_err(|error| self.gone(error))?;
            match self.port.read(into) {
                // A terminal that ends is an unplugged converter, not silence.
                Ok(0) => return Err(self.gone("it was unplugged")),
                Ok(count) => return Ok(count),
                Err(error) if error.kind() == ErrorKind::TimedOut => return Ok(0),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.gone(error)),
            }
        }
    }

    fn configure(&mut self, line: LineSettings) -> Result<(), PortError> {
        self.port
            .set_baud_rate(line.baud)
            .and_then(|()| self.port.set_data_bits(data_bits(line)))
            .and_then(|()| self.port.set_parity(parity(line)))
            .and_then(|()| self.port.set_stop_bits(stop_bits(line)))
            .map_err(|error| self.gone(error))
    }

    fn set_signal(&mut self, signal: Signal, level: Level) -> Result<(), PortError> {
        let on = level == Level::On;
        match signal {
            Signal::Dtr => self.port.write_data_terminal_ready(on),
            Signal::Rts => self.port.write_request_to_send(on),
        }
        .map_err(|error| match error.kind() {
            serialport::ErrorKind::Io(ErrorKind::Other | ErrorKind::Unsupported) => {
                PortError::Unsupported { port: self.name.clone(), what: "set modem signals" }
            }
            _ => self.gone(error),
        })
    }
}

/// A modem input of a serial port, for an optical head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// Clear to send.
    Cts,
    /// Data set ready.
    Dsr,
    /// Carrier detect.
    Dcd,
    /// Ring indicator.
    Ri,
}

impl Input {
    /// The inputs with the names they have in an address.
    pub const NAMES: [(&str, Self); 4] = [("cts", Self::Cts), ("dsr", Self::Dsr), ("dcd", Self::Dcd), ("ri", Self::Ri)];
}

/// An open serial port of which one modem input is looked at.
pub struct InputLine {
    name: String,
    port: Box<dyn SerialPort>,
    input: Input,
    /// The level that means light.
    lit: Level,
}

impl InputLine {
    /// Opens a port by its system name. DTR and RTS are switched on: many heads live on them.
    ///
    /// # Errors
    /// The port does not exist, is in use, or has no modem lines.
    pub fn open(name: &str, input: Input, lit: Level) -> Result<Self, PortError> {
        let failed = |error: serialport::Error| PortError::Open { port: name.to_owned(), reason: error.to_string() };
        let mut port = serialport::new(name, 9600).flow_control(FlowControl::None).open().map_err(failed)?;
        port.write_data_terminal_ready(true).map_err(failed)?;
        port.write_request_to_send(true).map_err(failed)?;
        Ok(Self { name: name.to_owned(), port, input, lit })
    }
}

impl Line for InputLine {
    fn is_lit(&mut self) -> Result<bool, PortError> {
        let on = match self.input {
            Input::Cts => self.port.read_clear_to_send(),
            Input::Dsr => self.port.read_data_set_ready(),
            Input::Dcd => self.port.read_carrier_detect(),
            Input::Ri => self.port.read_ring_indicator(),
        };
        on.map(|on| on == (self.lit == Level::On))
            .map_err(|error| PortError::Gone { port: self.name.clone(), reason: error.to_string() })
    }
}

fn data_bits(line: LineSettings) -> DataBits {
    if line.data_bits == 7 { DataBits::Seven } else { DataBits::Eight }
}

fn parity(line: LineSettings) -> serialport::Parity {
    match line.parity {
        Parity::None => serialport::Parity::None,
        Parity::Even => serialport::Parity::Even,
        Parity::Odd => serialport::Parity::Odd,
    }
}

fn stop_bits(line: LineSettings) -> StopBits {
    if line.stop_bits == 2 { StopBits::Two } else { StopBits::One }
}

/// A port that is plugged in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PluggedPort {
    /// The system's name, as it goes into an address.
    pub name: String,
    /// What it is, in words: from the USB descriptor where there is one.
    pub description: String,
    /// The converter, where it is a USB device with a serial number of its own.
    pub unique: Option<UniqueUsb>,
}

/// What tells one USB converter from all others, whatever name the system gives it next time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UniqueUsb {
    /// Maker's and product's number.
    pub product: (u16, u16),
    /// Serial number.
    pub serial: String,
    /// Which of the converter's ports, where it has several.
    pub interface: Option<u8>,
}

/// The serial ports that are plugged in now, sorted by name.
#[must_use]
pub fn plugged() -> Vec<PluggedPort> {
    let mut ports: Vec<PluggedPort> = serialport::available_ports()
        .unwrap_or_default()
        .into_iter()
        .map(|port| PluggedPort {
            description: describe(&port.port_type),
            unique: unique(&port.port_type),
            name: port.port_name,
        })
        .collect();
    ports.sort();
    ports
}

fn describe(kind: &serialport::SerialPortType) -> String {
    match kind {
        serialport::SerialPortType::UsbPort(usb) => {
            // Descriptors know no spaces, so the system puts underscores there.
            let part = |text: &Option<String>| text.as_deref().map(|text| text.replace('_', " ").trim().to_owned());
            let maker = part(&usb.manufacturer);
            // Some products repeat their maker.
            let product = part(&usb.product).filter(|product| maker.as_ref() != Some(product));
            let parts = [maker, product, usb.serial_number.clone()];
            let text = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
            if text.is_empty() { format!("USB {:04x}:{:04x}", usb.vid, usb.pid) } else { text }
        }
        serialport::SerialPortType::BluetoothPort => "Bluetooth".to_owned(),
        serialport::SerialPortType::PciPort => "built in".to_owned(),
        serialport::SerialPortType::Unknown => String::new(),
    }
}

fn unique(kind: &serialport::SerialPortType) -> Option<UniqueUsb> {
    let serialport::SerialPortType::UsbPort(usb) = kind else { return None };
    let serial = usb.serial_number.clone().filter(|serial| !serial.trim().is_empty())?;
    Some(UniqueUsb { product: (usb.vid, usb.pid), serial, interface: usb.interface })
}

#[cfg(test)]
mod tests {
    use serialport::{SerialPortType, UsbPortInfo};

    use super::*;

    fn usb(maker: Option<&str>, product: Option<&str>, serial: Option<&str>) -> SerialPortType {
        let text = |text: Option<&str>| text.map(str::to_owned);
        SerialPortType::UsbPort(UsbPortInfo {
            vid: 0x0403,
            pid: 0x6001,
            serial_number: text(serial),
            manufacturer: text(maker),
            product: text(product),
            interface: Some(0),
        })
    }

    #[test]
    fn a_port_is_called_by_its_descriptor() {
        for (kind, name, is_unique) in [
            (usb(Some("FTDI"), Some("FT232R_USB_UART"), Some("A50285BI")), "FTDI FT232R USB UART A50285BI", true),
            (usb(Some("1a86"), Some("1a86"), Some(" ")), "1a86  ", false),
            (usb(None, None, None), "USB 0403:6001", false),
            (SerialPortType::PciPort, "built in", false),
        ] {
            assert_eq!(describe(&kind).trim(), name.trim());
            assert_eq!(unique(&kind).is_some(), is_unique, "{name}");
        }
    }
}

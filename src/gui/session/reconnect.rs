//! Asking one device again, and telling which device kept the station from opening.

use super::{Link, Links, Worker, name};
use crate::advice::Advice;
use crate::gui::device::Device;
use crate::meter::MeterError;
use crate::port::url::DeviceUrl;
use crate::port::{OpenError, PortError};
use crate::procedure::{Bench, StepError};
use crate::reference::InstrumentError;
use crate::settings::StationAddresses;
use crate::station::StationError;
use crate::station::check::Instruments;

/// Whether the ports of the devices asked are still there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ports {
    /// They are.
    There,
    /// One of them is not.
    Lost,
}

impl Worker<'_> {
    /// Closes all ports of the station.
    pub(super) fn disconnect(&mut self) {
        if self.open.take().is_some() {
            tracing::info!(target: "meterbench::station", "station closed");
        }
        self.shown.clear();
        self.links = Links::default();
        self.reference = None;
        self.show_links();
    }

    /// Asks one device who it is. Where its port is lost, or the station is not open, the whole station is opened again.
    pub(super) fn reconnect(&mut self, device: Device) {
        let Some(mut open) = self.open.take() else { return self.connect(&self.addresses.clone()) };
        tracing::info!(target: "meterbench::station", device = device.noun(), "asking again");
        let ports = self.ask_again(device, &mut open.bench);
        self.open = Some(open);
        match ports {
            Ports::Lost => self.connect(&self.addresses.clone()),
            Ports::There => self.show_links(),
        }
    }

    fn ask_again(&mut self, device: Device, bench: &mut Bench) -> Ports {
        let found = match device {
            Device::Meter => return self.connect_meters(bench),
            Device::Reference => {
                self.links.reference = Link::Opening;
                self.show_links();
                bench.reference.identify()
            }
            Device::Source => {
                self.links.source = Link::Opening;
                self.show_links();
                bench.source.identify()
            }
            Device::Target => return Ports::There,
        };
        if device == Device::Reference {
            self.reference = found.as_ref().ok().cloned();
        }
        let found = found.map(|found| name(&found)).map_err(StepError::Instrument);
        if found.as_ref().is_err_and(lost_port) {
            return Ports::Lost;
        }
        let link = self.link(device, found);
        match device {
            Device::Reference => self.links.reference = link,
            _ => self.links.source = link,
        }
        Ports::There
    }
}

pub(super) fn lost_port(error: &StepError) -> bool {
    let (StepError::Meter(MeterError::Port(port)) | StepError::Instrument(InstrumentError::Port { source: port, .. })) =
        error
    else {
        return false;
    };
    matches!(port, PortError::Open { .. } | PortError::Gone { .. })
}

/// Advice where a real meter stands alone: the address of the reference is what is wrong, not the meter's.
pub(super) fn missing_reference(error: &StationError, texts: &StationAddresses) -> Option<Advice> {
    let alone = texts.reference.trim().is_empty() && !texts.meter.trim().starts_with("sim:");
    let named = culprit(error, texts) == Some(Device::Meter)
        && Device::Meter.read(&texts.meter, Instruments::shipped()).is_ok();
    (matches!(error, StationError::Url(_)) && alone && named).then(|| {
        Advice::new(
            t!("The station has no reference"),
            t!("A real meter is compared with a reference, and none is named"),
            t!("Choose the reference in the bar: an instrument, or read by the operator"),
        )
    })
}

/// The device whose address kept the station from opening, as far as the error tells.
pub(super) fn culprit(error: &StationError, texts: &StationAddresses) -> Option<Device> {
    let held = || Device::ALL.into_iter().filter(|device| device.is_held());
    let address = |device: Device| device.address(texts, "").trim().to_owned();
    match error {
        StationError::Url(error) | StationError::Open(OpenError::Url(error)) => held().find(|device| {
            let text = address(*device);
            // An error of the address's meaning prints it in the order of its options' names.
            text == error.url || text.parse::<DeviceUrl>().is_ok_and(|url| url.to_string() == error.url)
        }),
        StationError::Open(OpenError::Port(
            PortError::Open { port, .. } | PortError::Gone { port, .. } | PortError::Unsupported { port, .. },
        )) => held().find(|device| address(*device).contains(port.as_str())),
        StationError::Profile(_) => {
            let of_instruments = held().filter(|device| *device != Device::Meter);
            of_instruments.into_iter().find(|device| address(*device).contains("profile="))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts() -> StationAddresses {
        let text = str::to_owned;
        StationAddresses {
            meter: text("afe+serial:/dev/ttyUSB0?baud=9600"),
            reference: text("scpi+tcp:10.0.0.5:6320?profile=none"),
            source: text("manual:"),
            ..StationAddresses::default()
        }
    }

    #[test]
    fn the_device_at_fault_is_found() {
        let port = |port: &str| {
            let port = PortError::Open { port: port.to_owned(), reason: "no such file".to_owned() };
            StationError::Open(OpenError::Port(port))
        };
        assert_eq!(culprit(&port("/dev/ttyUSB0"), &texts()), Some(Device::Meter));
        assert_eq!(culprit(&port("10.0.0.5:6320"), &texts()), Some(Device::Reference));
        assert_eq!(culprit(&port("/dev/ttyS9"), &texts()), None);
        let error = "manual:".parse::<DeviceUrl>().unwrap().error("no");
        assert_eq!(culprit(&StationError::Url(error), &texts()), Some(Device::Source));
    }
}

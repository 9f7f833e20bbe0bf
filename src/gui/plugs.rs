//! Which converter stood behind each device, and what to do when it goes and comes back.
//!
//! Only what was once seen can go: pseudo terminals and links into `/dev` work as ports and are in no list.

use std::collections::BTreeMap;

use super::device::Device;
use crate::port::serial::PluggedPort;

/// Where a device's converter is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plug {
    /// Unplugged.
    Gone,
    /// A port of that name is there again.
    Back {
        /// The system's name for it now.
        port: String,
        /// It is the very converter that went, by its serial number.
        same: bool,
    },
}

/// What has changed for one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The device.
    pub device: Device,
    /// What happened to its converter.
    pub plug: Plug,
}

/// The converters of all devices.
#[derive(Default)]
pub struct Plugs {
    /// The port of each device when it was there last.
    seen: BTreeMap<Device, PluggedPort>,
    state: BTreeMap<Device, Plug>,
}

impl Plugs {
    /// Takes a look: `ports` are plugged in now, `wanted` are the ports the addresses name. Returns what has changed.
    pub fn see(&mut self, ports: &[PluggedPort], wanted: &[(Device, String)]) -> Vec<Change> {
        self.seen.retain(|device, seen| wanted.contains(&(*device, seen.name.clone())));
        let seen = &self.seen;
        self.state.retain(|device, _| seen.contains_key(device));
        let mut changes = Vec::new();
        for (device, name) in wanted {
            let named = ports.iter().find(|port| port.name == *name);
            let plug = match (self.seen.get(device), named) {
                (None, None) => continue,
                (None, Some(port)) => {
                    self.seen.insert(*device, port.clone());
                    continue;
                }
                (Some(seen), named) => now(seen, named, ports),
            };
            let known = self.state.get(device);
            // What is there and never went has no state.
            let unmoved = known.is_none() && matches!(&plug, Plug::Back { port, same: true } if port == name);
            if !unmoved && known != Some(&plug) {
                self.state.insert(*device, plug.clone());
                changes.push(Change { device: *device, plug });
            }
        }
        changes
    }

    /// Where a device's converter is, when it is not simply there.
    #[must_use]
    pub fn of(&self, device: Device) -> Option<&Plug> {
        self.state.get(&device)
    }

    /// The devices whose very converter is back.
    #[must_use]
    pub fn returned(&self) -> Vec<Device> {
        let same = |(device, plug): (&Device, &Plug)| matches!(plug, Plug::Back { same: true, .. }).then_some(*device);
        self.state.iter().filter_map(same).collect()
    }

    /// A device was connected to again with the port it is at now, whichever converter that is.
    pub fn settle(&mut self, device: Device) {
        if matches!(self.state.get(&device), Some(Plug::Back { .. })) {
            self.state.remove(&device);
            self.seen.remove(&device);
        }
    }
}

/// Where the converter seen as `seen` is now. A port without a serial number is known by its name and words only, and does not
/// count as the same after it went.
fn now(seen: &PluggedPort, named: Option<&PluggedPort>, ports: &[PluggedPort]) -> Plug {
    let back = |port: &PluggedPort, same| Plug::Back { port: port.name.clone(), same };
    if let Some(unique) = &seen.unique {
        if let Some(port) = ports.iter().find(|port| port.unique.as_ref() == Some(unique)) {
            return back(port, true);
        }
        return named.map_or(Plug::Gone, |port| back(port, false));
    }
    match named {
        // It may never have been away.
        Some(port) => back(port, port.unique.is_none()),
        None => Plug::Gone,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::serial::UniqueUsb;

    fn usb(name: &str, serial: &str) -> PluggedPort {
        let unique = UniqueUsb { product: (1, 2), serial: serial.to_owned(), interface: None };
        PluggedPort { name: name.to_owned(), description: "FTDI".to_owned(), unique: Some(unique) }
    }

    fn wanted(name: &str) -> Vec<(Device, String)> {
        vec![(Device::Meter, name.to_owned())]
    }

    fn plugs(changes: Vec<Change>) -> Vec<Plug> {
        changes.into_iter().map(|change| change.plug).collect()
    }

    #[test]
    fn it_goes_and_comes_back_under_another_name() {
        let mut seen = Plugs::default();
        assert_eq!(seen.see(&[usb("A", "1")], &wanted("A")), []);
        assert_eq!(seen.see(&[usb("A", "1"), usb("B", "2")], &wanted("A")), []);
        assert_eq!(plugs(seen.see(&[usb("B", "2")], &wanted("A"))), [Plug::Gone]);
        assert_eq!(seen.see(&[], &wanted("A")), [], "said once");
        let back = Plug::Back { port: "C".to_owned(), same: true };
        assert_eq!(plugs(seen.see(&[usb("C", "1")], &wanted("A"))), [back]);
        assert_eq!(seen.returned(), [Device::Meter]);
        seen.settle(Device::Meter);
        assert_eq!(seen.of(Device::Meter), None);
        assert_eq!(seen.see(&[usb("C", "1")], &wanted("C")), []);
        assert_eq!(plugs(seen.see(&[], &wanted("C"))), [Plug::Gone]);
    }

    #[test]
    fn another_converter_at_the_same_name_is_not_the_same() {
        let mut seen = Plugs::default();
        seen.see(&[usb("A", "1")], &wanted("A"));
        let other = Plug::Back { port: "A".to_owned(), same: false };
        assert_eq!(plugs(seen.see(&[usb("A", "9")], &wanted("A"))), [other], "swapped between two looks");
        assert_eq!(seen.returned(), []);
    }

    #[test]
    fn what_was_never_listed_cannot_go() {
        let mut seen = Plugs::default();
        assert_eq!(seen.see(&[], &wanted("/dev/pts/3")), []);
        assert_eq!(seen.see(&[usb("A", "1")], &wanted("/dev/pts/3")), []);
        assert_eq!(seen.of(Device::Meter), None);
    }

    #[test]
    fn another_address_forgets() {
        let mut seen = Plugs::default();
        seen.see(&[usb("A", "1")], &wanted("A"));
        seen.see(&[], &wanted("A"));
        assert_eq!(seen.of(Device::Meter), Some(&Plug::Gone));
        assert_eq!(seen.see(&[], &wanted("B")), []);
        assert_eq!(seen.of(Device::Meter), None);
    }
}

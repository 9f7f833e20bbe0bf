//! Converters that are unplugged and plugged in again.

use super::{Core, Tone};
use crate::advice::Advice;
use crate::gui::device::{Device, serial_port};
use crate::gui::plugs::Plug;
use crate::gui::session::AddressTexts;

impl Core {
    /// Compares the ports plugged in with those the addresses name, and says what went and what came back.
    pub fn see_plugs(&mut self, station: &AddressTexts) {
        let Some(ports) = &self.ports else { return };
        let port =
            |device: Device| serial_port(device.address(station, &self.settings.target)).map(|port| (device, port));
        let wanted: Vec<(Device, String)> = Device::ALL.into_iter().filter_map(port).collect();
        for change in self.plugs.see(ports, &wanted) {
            let (name, noun) = (change.device.word(), change.device.noun());
            let (text, tone) = match &change.plug {
                Plug::Gone => (t!("{name}: its converter was unplugged", name), Tone::Attention),
                Plug::Back { port, same: true } => {
                    (t!("{name}: its converter is back as {port}", name, port), Tone::Plain)
                }
                Plug::Back { port, same: false } => (
                    t!(
                        "{name}: a converter is at {port} again, reconnect {noun} if it is the right one",
                        name,
                        port,
                        noun
                    ),
                    Tone::Attention,
                ),
            };
            tracing::info!("{text}");
            if change.plug == Plug::Gone {
                let advice = Advice::new(
                    text.clone(),
                    t!("Its cable was pulled, or the hub it hangs on lost its supply"),
                    t!("Plug it in again, then reconnect"),
                );
                self.troubles.insert(change.device, advice);
            }
            self.say(&text, tone);
        }
    }
}

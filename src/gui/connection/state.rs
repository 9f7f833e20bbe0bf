//! How a device is, in a shape, a word and its own name.

use egui::Color32;

use crate::gui::core::Core;
use crate::gui::device::{Device, serial_port};
use crate::gui::plugs::Plug;
use crate::gui::session::{AddressTexts, Link};
use crate::gui::supply::{Supply, switch_off};
use crate::gui::tokens::Tokens;
use crate::gui::widgets::status::Mark;
use crate::reference::LoadPoint;

/// The state of a device as it is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// Shape.
    pub mark: Mark,
    /// Colour of the shape.
    pub colour: Color32,
    /// Word.
    pub word: String,
    /// What it calls itself, or more about its state.
    pub name: String,
    /// Something is to be done.
    pub trouble: bool,
}

/// The state of a device.
#[must_use]
pub fn state(core: &Core, station: &AddressTexts, tokens: &Tokens, device: Device) -> State {
    let colours = &tokens.colours;
    let plain =
        |(mark, colour), word: &str, name: String| State { mark, colour, word: word.to_owned(), name, trouble: false };
    let trouble = |word: &str, name: String| State {
        mark: Mark::Triangle,
        colour: colours.attention,
        word: word.to_owned(),
        name,
        trouble: true,
    };
    match core.plugs.of(device) {
        Some(Plug::Gone) => return trouble(t!("unplugged"), String::new()),
        Some(Plug::Back { port, .. }) if device.is_held() => return trouble(t!("plugged in again"), port.clone()),
        _ => {}
    }
    let (quiet, tick) = ((Mark::Ring, colours.text_quiet), (Mark::Tick, colours.pass));
    if device == Device::Target {
        return target(
            core,
            station,
            (plain(quiet, t!("not set"), String::new()), plain(tick, t!("set"), String::new())),
            trouble,
        );
    }
    let links = device.links(&core.links);
    let ready = links.iter().filter(|link| matches!(link, Link::Ready(_))).count();
    let reason =
        links.iter().find_map(|link| if let Link::Trouble(reason) = link { Some(reason.clone()) } else { None });
    let name = links.iter().find_map(|link| if let Link::Ready(name) = link { Some(name.clone()) } else { None });
    let name = name.unwrap_or_default();
    if device == Device::Source {
        let at = |point: &LoadPoint| format!("{:.1}, {:.3}", point.u, point.i);
        match &core.supply {
            Supply::Off => {}
            Supply::Asked(point) => return plain((Mark::Play, colours.running), t!("going to"), at(point)),
            Supply::On(point) => return plain((Mark::Play, colours.attention), t!("on"), at(point)),
            Supply::OffByHand => return trouble(t!("switch it off"), switch_off().to_owned()),
        }
    }
    match (reason, links.len()) {
        _ if links.iter().any(|link| **link == Link::Opening) => {
            plain((Mark::Play, colours.running), t!("connecting"), String::new())
        }
        (Some(reason), _) if !core.links.open => trouble(t!("not open"), reason),
        (Some(reason), 0 | 1) => trouble(t!("no answer"), reason),
        (Some(reason), count) => trouble(&t!("ready {ready} of {count}", ready, count), reason),
        (None, _) if ready == 0 => plain(quiet, t!("not connected"), String::new()),
        (None, 0 | 1) => plain(tick, t!("connected"), name),
        (None, count) => plain(tick, &t!("ready {ready} of {count}", ready, count), name),
    }
}

/// The chip to flash: its port is opened when it is flashed, so nothing can be asked before.
fn target(
    core: &Core,
    station: &AddressTexts,
    (unset, set): (State, State),
    trouble: impl Fn(&str, String) -> State,
) -> State {
    let text = core.settings.target.trim();
    if text.is_empty() {
        return unset;
    }
    if let Err(problem) = Device::Target.read(text, &core.instruments) {
        return trouble(t!("wrong address"), problem);
    }
    if core.firmware.is_busy() {
        return State { mark: Mark::Play, word: t!("at work").to_owned(), name: text.to_owned(), ..set };
    }
    let Some(name) = serial_port(text) else { return State { name: text.to_owned(), ..set } };
    let shared = |device: &Device| serial_port(device.address(station, text)).as_ref() == Some(&name);
    let holder = Device::ALL.into_iter().filter(|device| device.is_held() && core.links.open).find(shared);
    if let Some(holder) = holder {
        let name = t!("{noun} holds this port", noun = holder.noun());
        return State { mark: Mark::Bar, word: t!("busy").to_owned(), name, ..set };
    }
    let known = core.ports.iter().flatten().find(|port| port.name == name).map(|port| port.description.clone());
    State { name: known.filter(|known| !known.is_empty()).unwrap_or(name), ..set }
}

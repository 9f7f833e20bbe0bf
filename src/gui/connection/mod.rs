//! The bar on top of every page: how each device is, and under it the panel in which one device is connected.

mod bar;
mod draft;
mod panel;
mod positions;
mod state;

use egui::{Context, Id, Key, Modifiers};

use super::core::Core;
use super::device::Device;
use super::session::AddressTexts;
use crate::port::serial::PluggedPort;

pub(super) use bar::bar_ui;
pub use state::{State, state};

/// The bar and its panel.
pub struct Connection {
    open: Option<Device>,
    /// Opened by its key next time.
    last: Device,
    /// The address as it is chosen and typed.
    draft: String,
    /// What is wrong with that; checked when it changes.
    fault: Option<String>,
    /// The addresses of the meters at further positions, one a line.
    more: String,
    /// The addresses of the optical heads, by position, one a line.
    heads: String,
    /// The addresses of the flash targets at further positions, one a line.
    targets: String,
    /// The line of the list that gets the focus in the next frame.
    focus: Option<usize>,
    /// The line of the list that has the focus.
    row: Option<usize>,
    /// What had the focus before the panel was opened, and gets it back.
    before: Option<Id>,
}

impl Default for Connection {
    fn default() -> Self {
        Self {
            open: None,
            last: Device::Meter,
            draft: String::new(),
            fault: None,
            more: String::new(),
            heads: String::new(),
            targets: String::new(),
            focus: None,
            row: None,
            before: None,
        }
    }
}

impl Connection {
    /// The device whose panel is open.
    #[must_use]
    pub const fn shown(&self) -> Option<Device> {
        self.open
    }

    /// Opens the panel of a device, with the address it has.
    pub fn open(&mut self, ctx: &Context, device: Device, core: &Core, station: &AddressTexts) {
        if self.open.is_none() {
            self.before = ctx.memory(egui::Memory::focused);
        }
        (self.open, self.last) = (Some(device), device);
        self.write(core, device, device.address(station, &core.settings.target).to_owned());
        self.more = station.more_meters.join("\n");
        self.heads = station.pulses.join("\n");
        self.targets = core.settings.more_targets.join("\n");
        let ports = core.ports.as_deref().unwrap_or_default();
        let way = draft::way(&self.draft);
        self.focus = draft::choices(device, ports, &self.draft).iter().position(|choice| choice.way == way).or(Some(0));
    }

    /// Opens the panel of the device that was shown last, or closes it.
    pub fn toggle(&mut self, ctx: &Context, core: &Core, station: &AddressTexts) {
        if self.open.is_some() { self.close(ctx) } else { self.open(ctx, self.last, core, station) }
    }

    /// Closes the panel; the focus goes back to where it was.
    pub fn close(&mut self, ctx: &Context) {
        if self.open.take().is_some()
            && let Some(id) = self.before.take()
        {
            ctx.memory_mut(|memory| memory.request_focus(id));
        }
    }

    /// Takes the keys of the panel before the window sees them.
    pub(super) fn keys(&mut self, ctx: &Context, core: &Core, station: &AddressTexts) {
        let Some(device) = self.open else { return };
        let pressed = |key| ctx.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        if pressed(Key::Escape) {
            return self.close(ctx);
        }
        let Some(row) = self.row else { return };
        let choices = draft::choices(device, core.ports.as_deref().unwrap_or_default(), &self.draft);
        let rows = choices.len().max(1);
        let step = match (pressed(Key::ArrowUp), pressed(Key::ArrowDown)) {
            (true, false) => rows - 1,
            (false, true) => 1,
            _ => 0,
        };
        if step > 0 {
            let to = (row + step) % rows;
            self.focus = Some(to);
            if let Some(choice) = choices.get(to) {
                self.write(core, device, draft::over(device, &self.draft, &choice.way));
            }
        }
        let at = Device::ALL.iter().position(|other| *other == device).unwrap_or_default();
        let neighbour = match (pressed(Key::ArrowLeft), pressed(Key::ArrowRight)) {
            (true, false) => at.checked_sub(1).and_then(|at| Device::ALL.get(at)),
            (false, true) => Device::ALL.get(at + 1),
            _ => None,
        };
        if let Some(neighbour) = neighbour {
            self.open(ctx, *neighbour, core, station);
        }
    }

    fn write(&mut self, core: &Core, device: Device, draft: String) {
        self.fault = device.read(&draft, &core.instruments).err();
        self.draft = draft;
    }
}

/// Flash targets that can be chosen without typing: each port with the present target's options, and the present one.
#[must_use]
pub fn target_choices(ports: &[PluggedPort], present: &str) -> Vec<(String, String)> {
    let choices = draft::choices(Device::Target, ports, present).into_iter();
    let ports = choices.filter(|choice| matches!(choice.way, draft::Way::Port(_)));
    let mut all: Vec<(String, String)> = ports
        .map(|choice| {
            (format!("{}   {}", choice.title, choice.detail), draft::over(Device::Target, present, &choice.way))
        })
        .collect();
    if !present.is_empty() && !all.iter().any(|(_, address)| address == present) {
        all.push((present.to_owned(), present.to_owned()));
    }
    all
}

//! The flash target: which port or probe, and what the chip behind it said of itself.

use egui::{ComboBox, RichText, Ui};

use super::{FirmwareCommand, PageCtx, quiet_ui, row_ui, warning_ui};
use crate::flash::Identity;
use crate::flash::chip::Chip;
use crate::gui::command::Command;
use crate::gui::connection::target_choices;
use crate::gui::device::Device;
use crate::gui::widgets::card;
use crate::gui::widgets::command_button::command_button_ui;

pub(super) fn chip_ui(ui: &mut Ui, page: &mut PageCtx<'_>) {
    let view = &page.core.firmware;
    let name = view.chip.as_ref().map_or("", |identity| identity.chip.name);
    card::heading_ui(ui, page.tokens, t!("2  Chip"), name);
    target_ui(ui, page);
    let Some(identity) = &page.core.firmware.chip else {
        return quiet_ui(ui, page, t!("Nothing is known of the chip yet; asking it changes nothing on it"));
    };
    let tokens = page.tokens;
    let mono = |text: String| RichText::new(text).font(egui::FontId::monospace(tokens.sizes.body));
    if !view.has_expected_chip() {
        let name = |id: &u16| Chip::of(*id).map_or_else(|| format!("{id:#05x}"), |chip| chip.name.to_owned());
        let expected = view.expected.iter().map(name).collect::<Vec<_>>().join(", ");
        warning_ui(ui, page, &t!("This is not the meter's chip, which is {expected}", expected));
    }
    row_ui(ui, page, t!("Chip"), mono(format!("{:#05x}", identity.chip.id)));
    let flash = identity.flash_kib.map_or_else(|| t!("unknown while protected").to_owned(), |kib| format!("{kib} KiB"));
    row_ui(ui, page, t!("Flash"), RichText::new(flash));
    let unique = identity.unique_id.map_or_else(|| t!("unknown while protected").to_owned(), |id| id.to_string());
    row_ui(ui, page, t!("Unique id"), mono(unique));
    let protected = if identity.protected { t!("on: it can be neither read nor written") } else { t!("off") };
    row_ui(ui, page, t!("Readout protection"), RichText::new(protected));
    row_ui(ui, page, t!("Reached through"), RichText::new(&identity.loader));
    if is_simulated(identity) {
        ui.label(RichText::new(t!("SIMULATED")).font(tokens.strong(tokens.sizes.body)).color(tokens.colours.simulated));
    }
}

/// The chip says of itself that it is simulated.
pub(super) fn is_simulated(identity: &Identity) -> bool {
    identity.unique_id.is_some_and(|id| id.is_simulated())
}

/// Ports and probes in one list.
fn target_ui(ui: &mut Ui, page: &mut PageCtx<'_>) {
    let tokens = page.tokens;
    let core = page.core;
    let present = core.settings.target.trim().to_owned();
    let idle = !core.firmware.is_busy();
    let mut wanted = None;
    ui.horizontal_wrapped(|ui| {
        let label = ui.label(RichText::new(t!("Flash target")).color(tokens.colours.text_quiet)).id;
        let shown = if present.is_empty() { t!("none") } else { present.as_str() };
        ui.add_enabled_ui(idle, |ui| {
            let combo = ComboBox::from_id_salt("flash-target").selected_text(shown).width(230.0).truncate();
            let shown = combo.show_ui(ui, |ui| {
                for (title, address) in target_choices(core.ports.as_deref().unwrap_or_default(), &present) {
                    if ui.selectable_label(address == present, title).clicked() {
                        wanted = Some(address);
                    }
                }
                for probe in core.firmware.probes.iter().flatten() {
                    let title = format!("{}   {}", probe.kind, probe.name);
                    let row =
                        ui.add_enabled(probe.accessible, egui::Button::selectable(probe.address == present, title));
                    let row = row.on_disabled_hover_text(t!("This user may not open it: install the udev rules"));
                    if row.clicked() {
                        wanted = Some(probe.address.clone());
                    }
                }
            });
            shown.response.labelled_by(label);
        });
    });
    ui.horizontal_wrapped(|ui| {
        command_button_ui(ui, page, FirmwareCommand::LookForProbes.into(), idle && !core.firmware.is_probing());
        command_button_ui(ui, page, Command::OpenDevice(Device::Target), idle);
        command_button_ui(ui, page, FirmwareCommand::Ask.into(), idle && !present.is_empty());
    });
    match &core.firmware.probes {
        _ if core.firmware.is_probing() => quiet_ui(ui, page, t!("Looking for probes")),
        Some(found) if found.is_empty() => {
            quiet_ui(ui, page, t!("No debug probe is plugged in; one on TCP is not found by itself"));
        }
        Some(found) => quiet_ui(ui, page, &t!("{count} probes are in the list", count = found.len())),
        None => {}
    }
    if let Some(address) = wanted.filter(|address| *address != present) {
        page.commands.push(Command::Address(Device::Target, address));
    }
}

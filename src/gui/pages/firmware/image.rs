//! What the image is: file, size, checksums, whether a chip could start it, and the calibration block in words.

use egui::{CollapsingHeader, RichText, Ui};

use super::{FirmwareCommand, PageCtx, quiet_ui, row_ui, warning_ui};
use crate::gui::change::Change;
use crate::gui::command::Command;
use crate::gui::firmware_view::Chosen;
use crate::gui::firmware_view::opened::Opened;
use crate::gui::widgets::card;
use crate::gui::widgets::command_button::command_button_ui;
use crate::gui::widgets::input::{Look, input_ui};
use crate::image::Format;
use crate::image::pages::InWords;

/// Draws the card; `address` is where a binary begins, as it is typed.
pub(super) fn image_ui(ui: &mut Ui, page: &mut PageCtx<'_>, address: &mut String) {
    let idle = !page.core.firmware.is_busy();
    let name = match &page.core.firmware.image {
        Chosen::Image(opened) => opened.name.clone(),
        Chosen::Reading(name, _) | Chosen::Bad(name, _) => name.clone(),
        Chosen::Nothing => String::new(),
    };
    card::heading_ui(ui, page.tokens, t!("1  Image"), &name);
    ui.horizontal_wrapped(|ui| {
        command_button_ui(ui, page, FirmwareCommand::Choose.into(), idle);
        for_runs_ui(ui, page, idle);
    });
    let core = page.core;
    match &core.firmware.image {
        Chosen::Nothing => quiet_ui(ui, page, t!("ELF, Intel HEX or binary; a file can also be dropped here")),
        Chosen::Reading(..) => quiet_ui(ui, page, t!("Reading the file")),
        Chosen::Bad(..) => warning_ui(ui, page, t!("This file is no image")),
        Chosen::Image(opened) => opened_ui(ui, page, opened, address),
    }
}

/// Has runs give this image to their units.
fn for_runs_ui(ui: &mut Ui, page: &mut PageCtx<'_>, idle: bool) {
    let core = page.core;
    let Some(opened) = core.firmware.opened() else { return };
    let path = opened.path.display().to_string();
    let same = core.settings.image.trim() == path;
    let tooltip = t!("Units that a run flashes get this image, with their own calibration");
    let text = if same { t!("Used for runs") } else { t!("Use for runs") };
    if ui.add_enabled(!same && idle, egui::Button::new(text)).on_hover_text(tooltip).clicked() {
        page.commands.push(Command::Set(Change::Image(path)));
    }
}

fn opened_ui(ui: &mut Ui, page: &mut PageCtx<'_>, opened: &Opened, address: &mut String) {
    let tokens = page.tokens;
    let mono = |text: &str| RichText::new(text).font(egui::FontId::monospace(tokens.sizes.body));
    for problem in &opened.summary.problems {
        warning_ui(ui, page, &t!("A chip could not start it: {problem}", problem));
    }
    row_ui(ui, page, t!("File"), RichText::new(opened.path.display().to_string()));
    let format = match opened.format {
        Format::Elf => "ELF",
        Format::Hex => t!("Intel HEX"),
        Format::Bin => t!("binary"),
    };
    let parts = opened.image.segments();
    let range = t!("{bytes} bytes, {format}", bytes = grouped(opened.summary.length as u64), format);
    row_ui(ui, page, t!("Size"), RichText::new(range));
    let places: Vec<String> =
        parts.iter().take(4).map(|part| format!("{:08X}–{:08X}", part.address, part.end().saturating_sub(1))).collect();
    let more = parts.len().saturating_sub(4);
    let more = if more == 0 { String::new() } else { t!(" and {more} more", more) };
    row_ui(ui, page, t!("Addresses"), mono(&format!("{}{more}", places.join("  "))));
    if opened.format == Format::Bin {
        address_ui(ui, page, opened, address);
    }
    row_ui(ui, page, "SHA-256", mono(&opened.summary.sha256));
    if let (Some(stack), Some(reset)) = (&opened.summary.initial_sp, &opened.summary.reset) {
        row_ui(ui, page, t!("Starts at"), mono(&t!("{reset}, stack {stack}", reset, stack)));
    }
    ui.add_space(tokens.spacing.grid * 0.5);
    match &opened.calibration {
        Ok(words) => calibration_ui(ui, page, words, "image"),
        Err(reason) => {
            row_ui(ui, page, t!("Calibration"), RichText::new(t!("none in it")));
            quiet_ui(ui, page, reason);
        }
    }
}

/// A binary does not say where it belongs.
fn address_ui(ui: &mut Ui, page: &mut PageCtx<'_>, opened: &Opened, address: &mut String) {
    let tokens = page.tokens;
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(t!("Begins at")).color(tokens.colours.text_quiet));
        let read = |text: &str| u32::from_str_radix(text.trim().strip_prefix("0x")?, 16).ok();
        let fault = read(address).is_none().then_some(t!("An address such as 0x08000000"));
        let look = Look { name: t!("Begins at"), hint: "0x08000000", fault, width: 120.0, rows: 1, mono: true };
        let left = input_ui(ui, tokens, look, address).lost_focus();
        let moved = read(address).is_some_and(|typed| typed != opened.image.first());
        if left && moved && !page.core.firmware.is_busy() {
            page.commands.push(FirmwareCommand::Open(opened.path.clone()).into());
        }
    });
}

/// The blocks of an image or a chip, in words.
pub(super) fn calibration_ui(ui: &mut Ui, page: &PageCtx<'_>, words: &InWords, salt: &str) {
    let tokens = page.tokens;
    let state = if words.is_calibrated() { words.field("serial") } else { t!("none: a meter with it meters nothing") };
    let state = if state.is_empty() { t!("without serial number") } else { state };
    row_ui(ui, page, t!("Calibration"), RichText::new(state).strong());
    for held in &words.pages {
        let name = t!("Block {copy}", copy = held.copy);
        row_ui(ui, page, &name, RichText::new(&held.state));
    }
    for problem in &words.problems {
        warning_ui(ui, page, problem);
    }
    if words.is_calibrated() {
        let title = t!(
            "{fields} fields and {registers} registers",
            fields = words.set_fields().count(),
            registers = words.registers.len()
        );
        CollapsingHeader::new(title).id_salt(salt).show(ui, |ui| {
            let registers = words.registers.iter().map(|register| (register.name, &register.word));
            for (name, value) in words.set_fields().map(|field| (field.name, &field.value)).chain(registers) {
                row_ui(ui, page, name, RichText::new(value).font(egui::FontId::monospace(tokens.sizes.body)));
            }
        });
    }
}

/// Digits in groups of three.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('\u{202F}');
        }
        text.push(digit);
    }
    text
}

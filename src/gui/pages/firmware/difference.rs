//! What flashing would change: the calibration by its names first, then pages and bytes.

use egui::{Grid, RichText, Ui};

use super::image::{calibration_ui, grouped};
use super::{PageCtx, quiet_ui, warning_ui};
use crate::gui::firmware_view::comparison::{Comparison, Warning};
use crate::gui::widgets::card;
use crate::gui::widgets::status::{Mark, mark_ui};

/// Changes shown at once; a first calibration has all of them.
const SHOWN: usize = 40;

pub(super) fn difference_ui(ui: &mut Ui, page: &mut PageCtx<'_>) {
    let Some(found) = &page.core.firmware.comparison else { return };
    card::heading_ui(ui, page.tokens, t!("3  Difference"), t!("chip → image"));
    if let Some(warning) = &found.warning {
        warning_ui(ui, page, &warning_words(warning));
    }
    summary_ui(ui, page, found);
    if !found.changes.is_empty() {
        let tokens = page.tokens;
        let mono = |text: &str| {
            let text = if text.is_empty() { t!("not set") } else { text };
            RichText::new(text).font(egui::FontId::monospace(tokens.sizes.body))
        };
        Grid::new("changes").num_columns(4).spacing([tokens.spacing.grid, 2.0]).show(ui, |ui| {
            for change in found.changes.iter().take(SHOWN) {
                ui.label(RichText::new(&change.name).color(tokens.colours.text_quiet));
                ui.label(mono(&change.old));
                ui.label("→");
                ui.label(mono(&change.new));
                ui.end_row();
            }
        });
        let more = found.changes.len().saturating_sub(SHOWN);
        if more > 0 {
            quiet_ui(ui, page, &t!("and {more} more", more));
        }
    }
    if !found.places.is_empty() && !found.blank {
        let places: Vec<String> =
            found.places.iter().map(|(address, length)| format!("{address:08X} +{length}")).collect();
        let more =
            if found.more_places == 0 { String::new() } else { t!(" and {more} more", more = found.more_places) };
        quiet_ui(ui, page, &t!("Program bytes differ at {places}{more}", places = places.join(", "), more));
    }
    if let Some(words) = found.on_chip.as_ref().filter(|words| words.is_calibrated()) {
        quiet_ui(ui, page, t!("What the chip holds now"));
        calibration_ui(ui, page, words, "chip");
    }
}

fn summary_ui(ui: &mut Ui, page: &PageCtx<'_>, found: &Comparison) {
    let tokens = page.tokens;
    let (mark, colour, text) = if found.is_same() {
        (Mark::Tick, tokens.colours.pass, t!("The chip holds this image, byte for byte").to_owned())
    } else if found.blank {
        (Mark::Ring, tokens.colours.text_quiet, t!("The chip is erased where the image goes").to_owned())
    } else {
        let text = t!(
            "{differing} of {pages} pages differ, {bytes} bytes",
            differing = found.pages_differing,
            pages = found.pages,
            bytes = grouped(found.bytes_differing as u64)
        );
        (Mark::Play, tokens.colours.running, text)
    };
    ui.horizontal_top(|ui| {
        mark_ui(ui, tokens, mark, colour);
        ui.add(egui::Label::new(text).wrap());
    });
    if found.on_chip.is_some() && found.changes.is_empty() && !found.is_same() && !found.blank {
        quiet_ui(ui, page, t!("The calibration is the same in both"));
    }
}

/// What flashing would do that may not be meant.
pub(super) fn warning_words(warning: &Warning) -> String {
    let unit = |serial: &str| if serial.is_empty() { t!("a unit without serial number") } else { serial }.to_owned();
    match warning {
        Warning::Lost { serial } => {
            t!(
                "The chip holds the calibration of {unit}, and the image brings none: flashing loses it",
                unit = unit(serial)
            )
        }
        Warning::OtherUnit { chip, image } => {
            t!("The chip is {chip}'s, and the image was made for {image}", chip = unit(chip), image = unit(image))
        }
    }
}

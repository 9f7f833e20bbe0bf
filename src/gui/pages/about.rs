//! The about page: what this is, what is simulated and how it is marked, keys, licences.

use egui::{CollapsingHeader, RichText, Ui};

use super::PageCtx;
use super::sheet::{card_ui, quiet_ui, row_ui, sheet_ui};
use crate::gui::offers::Offer;
use crate::gui::texts;

const SIMULATED: &str = mark!(
    "An address that begins with sim: opens a simulated meter, and with it a simulated reference and \
    source where none are named. They speak the same bytes over the same code as real ones. An instrument that calls itself \
    SIMULATED when it is asked who it is counts as simulated too."
);

const MARKED: &str = mark!(
    "While a part of the station is simulated, the status line is violet and says SIMULATED, and the banner of a \
    run and its verdict are hatched. The report of such a run says so as well. A verdict without these marks was measured."
);

const FONTS: &str = include_str!("../../../assets/fonts/LICENSE.txt");

/// Draws the page.
pub fn about_ui(ui: &mut Ui, page: &mut PageCtx<'_>, offers: &[Offer]) {
    sheet_ui(ui, page, |ui, page| {
        card_ui(ui, page, concat!("Meterbench ", env!("CARGO_PKG_VERSION")), |ui, page| {
            ui.label(env!("CARGO_PKG_DESCRIPTION"));
            row_ui(ui, page, t!("Licence"), |ui, _| {
                ui.label(env!("CARGO_PKG_LICENSE"));
            });
            row_ui(ui, page, t!("Fonts"), |ui, _| {
                ui.label(t!("Inter and JetBrains Mono, SIL Open Font License 1.1"));
            });
        });
        card_ui(ui, page, t!("What is simulated"), |ui, page| {
            ui.label(texts::of(SIMULATED));
            ui.label(RichText::new(texts::of(MARKED)).color(page.tokens.colours.text_quiet));
        });
        card_ui(ui, page, t!("Keyboard shortcuts"), |ui, page| shortcuts_ui(ui, page, offers));
        card_ui(ui, page, t!("Licence of the fonts"), |ui, page| {
            let title = RichText::new("SIL Open Font License").color(page.tokens.colours.text);
            CollapsingHeader::new(title).show(ui, |ui| quiet_ui(ui, page, FONTS));
        });
    });
}

fn shortcuts_ui(ui: &mut Ui, page: &PageCtx<'_>, offers: &[Offer]) {
    let quiet = page.tokens.colours.text_quiet;
    let row = |ui: &mut Ui, key: &str, name: &str, about: &str| {
        ui.label(RichText::new(key).monospace());
        ui.label(name);
        ui.add(egui::Label::new(RichText::new(about).color(quiet)).wrap());
        ui.end_row();
    };
    egui::Grid::new("keys").num_columns(3).spacing([page.tokens.spacing.grid * 3.0, 4.0]).show(ui, |ui| {
        for offer in offers {
            let look = offer.command.look();
            if let Some(key) = look.shortcut {
                row(ui, &ui.ctx().format_shortcut(&key), &offer.command.title(), &look.tooltip);
            }
        }
        row(ui, "Enter", t!("Start"), t!("In the serial number, where the scanner ends"));
        row(ui, t!("Enter, Space"), t!("Acknowledge"), t!("After a FAIL"));
        row(ui, "Enter", t!("Answer"), t!("In a question"));
    });
}

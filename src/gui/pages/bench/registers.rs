//! The registers written: what was in them, what is in them now, and what that does.

use egui::{Grid, Label, RichText, ScrollArea, Ui, vec2};

use crate::calibration::registers::RegisterChange;
use crate::gui::pages::PageCtx;
use crate::gui::widgets::card;

pub(super) fn registers_ui(ui: &mut Ui, page: &PageCtx<'_>) {
    let tokens = page.tokens;
    let colours = &tokens.colours;
    let changes = &page.core.run.registers;
    let count = if changes.is_empty() { String::new() } else { format!("{} changed", changes.len()) };
    card::heading_ui(ui, tokens, "Registers", &count);
    if changes.is_empty() {
        let text = "Old and new values of the calibration registers show up here when they are written";
        ui.label(RichText::new(text).color(colours.text_quiet));
        return;
    }
    ui.spacing_mut().interact_size.y = tokens.spacing.grid * 2.0;
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        let spacing = vec2(tokens.spacing.grid * 3.0, tokens.spacing.grid * 0.5);
        Grid::new("registers").num_columns(6).spacing(spacing).min_row_height(tokens.spacing.grid * 2.0).show(
            ui,
            |ui| {
                for head in ["Register", "Old", "New", "Old, decimal", "New, decimal", "What it does"] {
                    ui.label(RichText::new(head).size(tokens.sizes.secondary).color(colours.text_quiet));
                }
                ui.end_row();
                for change in changes {
                    change_ui(ui, page, change);
                    ui.end_row();
                }
            },
        );
    });
}

fn change_ui(ui: &mut Ui, page: &PageCtx<'_>, change: &RegisterChange) {
    let colours = &page.tokens.colours;
    let RegisterChange { register, old, new, meaning } = change;
    ui.label(RichText::new(register.name()).color(colours.text));
    ui.label(RichText::new(format!("{old:04X}")).monospace().color(colours.text_quiet));
    ui.label(RichText::new(format!("{new:04X}")).monospace().color(colours.text));
    ui.label(RichText::new(format!("{old:>6}")).monospace().color(colours.text_quiet));
    ui.label(RichText::new(format!("{new:>6}")).monospace().color(colours.text_quiet));
    ui.add(Label::new(meaning).truncate());
}

//! The registers written: what was in them, what is in them now, and what that does.

use egui::{Grid, Label, RichText, ScrollArea, Ui, vec2};

use crate::calibration::registers::RegisterChange;
use crate::gui::pages::PageCtx;
use crate::gui::widgets::card;

/// Narrower tables have no decimal values.
const ALL_FROM: f32 = 600.0;

#[derive(Clone, Copy, PartialEq)]
enum Columns {
    All,
    Hexadecimal,
}

pub(super) fn registers_ui(ui: &mut Ui, page: &PageCtx<'_>) {
    let tokens = page.tokens;
    let colours = &tokens.colours;
    let changes = &page.core.run().registers;
    let count = if changes.is_empty() { String::new() } else { t!("{count} changed", count = changes.len()) };
    card::heading_ui(ui, tokens, t!("Registers"), &count);
    if changes.is_empty() {
        let text = t!("Old and new values of the calibration registers show up here when they are written");
        ui.label(RichText::new(text).color(colours.text_quiet));
        return;
    }
    ui.spacing_mut().interact_size.y = tokens.spacing.grid * 2.0;
    let columns = if ui.available_width() < ALL_FROM { Columns::Hexadecimal } else { Columns::All };
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        let spacing = vec2(tokens.spacing.grid * 3.0, tokens.spacing.grid * 0.5);
        Grid::new("registers")
            .num_columns(if columns == Columns::All { 6 } else { 4 })
            .spacing(spacing)
            .min_row_height(tokens.spacing.grid * 2.0)
            .show(ui, |ui| {
                let heads = match columns {
                    Columns::All => &[
                        t!("Register"),
                        t!("Old"),
                        t!("New"),
                        t!("Old, decimal"),
                        t!("New, decimal"),
                        t!("What it does"),
                    ][..],
                    Columns::Hexadecimal => &[t!("Register"), t!("Old"), t!("New"), t!("What it does")],
                };
                for &head in heads {
                    ui.label(RichText::new(head).size(tokens.sizes.secondary).color(colours.text_quiet));
                }
                ui.end_row();
                for change in changes {
                    change_ui(ui, page, change, columns);
                    ui.end_row();
                }
            });
    });
}

fn change_ui(ui: &mut Ui, page: &PageCtx<'_>, change: &RegisterChange, columns: Columns) {
    let colours = &page.tokens.colours;
    let RegisterChange { register, old, new, meaning } = change;
    ui.label(RichText::new(register.name()).color(colours.text));
    ui.label(RichText::new(format!("{old:04X}")).monospace().color(colours.text_quiet));
    ui.label(RichText::new(format!("{new:04X}")).monospace().color(colours.text));
    if columns == Columns::All {
        ui.label(RichText::new(format!("{old:>6}")).monospace().color(colours.text_quiet));
        ui.label(RichText::new(format!("{new:>6}")).monospace().color(colours.text_quiet));
    }
    ui.add(Label::new(meaning).truncate());
}

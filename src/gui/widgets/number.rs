//! A number, right-aligned, with its unit in the secondary colour.

use egui::{Align, Layout, RichText, Ui, vec2};

use crate::gui::tokens::Tokens;

/// Shown where there is no value: never a zero.
pub const NOTHING: &str = "–";

/// Draws `text` as printed by a quantity ("239.98 V") into a cell of that width.
pub fn number_ui(ui: &mut Ui, tokens: &Tokens, cell: (f32, f32), text: Option<&str>) {
    sized_number_ui(ui, tokens, (cell, tokens.sizes.reading), text);
}

/// As [`number_ui`], with digits of another size.
pub fn sized_number_ui(ui: &mut Ui, tokens: &Tokens, (cell, size): ((f32, f32), f32), text: Option<&str>) {
    let (width, height) = cell;
    ui.allocate_ui_with_layout(vec2(width, height), Layout::right_to_left(Align::Center), |ui| {
        ui.set_min_size(vec2(width, height));
        ui.spacing_mut().item_spacing.x = tokens.spacing.grid * 0.5;
        let (number, unit) = text.map_or((NOTHING, ""), |text| text.split_once(' ').unwrap_or((text, "")));
        let (unit_rect, _) = ui.allocate_exact_size(vec2(tokens.spacing.grid * 2.5, height), egui::Sense::hover());
        if !unit.is_empty() {
            // Beside the digits' own base line, not in the middle of them.
            ui.painter().text(
                unit_rect.left_center() + vec2(0.0, size * 0.18),
                egui::Align2::LEFT_CENTER,
                unit,
                egui::FontId::proportional(tokens.sizes.heading),
                tokens.colours.text_quiet,
            );
        }
        let colour = if text.is_some() { tokens.colours.text } else { tokens.colours.text_quiet };
        let label = ui.label(RichText::new(number).font(tokens.strong(size)).color(colour));
        if let Some(text) = text {
            label.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, text));
        }
    });
}

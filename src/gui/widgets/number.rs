//! A number, right-aligned, with its unit in the secondary colour.

use egui::{Align, Layout, RichText, Ui, vec2};

use crate::gui::tokens::Tokens;

/// Shown where there is no value: never a zero.
pub const NOTHING: &str = "–";

/// A deviation with its sign and so many decimals; what is nothing has no sign.
#[must_use]
pub fn signed(value: f64, decimals: usize) -> String {
    let text = format!("{value:+.decimals$}");
    match text.strip_prefix(['+', '-']) {
        Some(digits) if digits.chars().all(|sign| matches!(sign, '0' | '.')) => digits.to_owned(),
        _ => text,
    }
}

/// Six significant digits, a whole number without any behind its point.
#[must_use]
pub fn plain(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e9 {
        return format!("{:.0}", value + 0.0);
    }
    let digits = if value == 0.0 { 0 } else { value.abs().log10().floor() as i32 };
    let decimals = usize::try_from(5 - digits).unwrap_or(0).min(9);
    format!("{value:.decimals$}")
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_has_no_sign() {
        let shown = [-0.000_4, 0.000_4, -0.0, 0.0, -0.000_5, 0.013].map(|value| signed(value, 3));
        assert_eq!(shown, ["0.000", "0.000", "0.000", "0.000", "-0.001", "+0.013"]);
        assert_eq!((plain(-0.0), plain(-3.0), plain(0.25)), ("0".to_owned(), "-3".to_owned(), "0.250000".to_owned()));
    }
}

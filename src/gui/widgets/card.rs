//! A card: one subject with its heading.

use egui::{Frame, Label, Margin, RichText, Stroke, Ui};

use crate::gui::tokens::Tokens;

/// The frame of a card.
pub fn frame(tokens: &Tokens) -> Frame {
    Frame::new()
        .fill(tokens.colours.card)
        .stroke(Stroke::new(1.0, tokens.colours.line))
        .corner_radius(tokens.spacing.radius)
        .inner_margin(Margin::same(tokens.spacing.card as i8))
}

/// A heading, with something quiet behind it.
pub fn heading_ui(ui: &mut Ui, tokens: &Tokens, text: &str, behind: &str) {
    ui.horizontal(|ui| {
        ui.heading(text);
        if !behind.is_empty() {
            let behind = RichText::new(behind).size(tokens.sizes.secondary).color(tokens.colours.text_quiet);
            ui.add(Label::new(behind).truncate());
        }
    });
}

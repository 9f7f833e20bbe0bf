//! A text field that has a name and says when what stands in it cannot be used.

use egui::accesskit::Invalid;
use egui::{Align, Align2, FontId, Response, Stroke, StrokeKind, TextEdit, Ui, vec2};

use crate::gui::tokens::Tokens;

/// How a field looks.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    /// Its accessible name.
    pub name: &'a str,
    /// Shown while it is empty.
    pub hint: &'a str,
    /// What is wrong with its content; none when nothing is.
    pub fault: Option<&'a str>,
    /// In points.
    pub width: f32,
    /// Lines; more than one is left-aligned and takes Enter.
    pub rows: usize,
    /// Letters of one width.
    pub mono: bool,
}

/// Draws the field; the fault's words are for the caller to draw where there is room.
pub fn input_ui(ui: &mut Ui, tokens: &Tokens, look: Look<'_>, text: &mut String) -> Response {
    let size = tokens.sizes.body;
    let font = if look.mono { FontId::monospace(size) } else { FontId::proportional(size) };
    let edit =
        if look.rows > 1 { TextEdit::multiline(text).desired_rows(look.rows) } else { TextEdit::singleline(text) };
    let horizontal = if look.rows > 1 || look.mono { Align::LEFT } else { Align::RIGHT };
    let vertical = if look.rows > 1 { Align::TOP } else { Align::Center };
    let edit = edit
        .font(font)
        .hint_text(look.hint)
        .align(Align2([horizontal, vertical]))
        .min_size(vec2(look.width, ui.spacing().interact_size.y))
        .desired_width(look.width - 8.0);
    let response = ui.add(edit);
    if look.fault.is_some() {
        let stroke = Stroke::new(1.5, tokens.colours.fail);
        ui.painter().rect_stroke(response.rect, 4.0, stroke, StrokeKind::Inside);
    }
    ui.ctx().accesskit_node_builder(response.id, |node| {
        node.set_label(look.name);
        if let Some(fault) = look.fault {
            node.set_invalid(Invalid::True);
            node.set_description(fault);
        }
    });
    match look.fault {
        Some(fault) => response.on_hover_text(fault),
        None => response,
    }
}

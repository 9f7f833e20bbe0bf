//! A button for a command, with the command's own text, explanation and key.

use egui::{Button, Color32, Response, RichText, Stroke, Ui, vec2};

use crate::gui::command::{Command, Look};
use crate::gui::pages::PageCtx;
use crate::gui::shelf::ShelfRequest;

/// A short word's button is no narrower.
const LEAST_WIDTH: f32 = 72.0;

/// Draws the button and queues its command when it is pressed. Its key is the application's affair: it works on every page.
pub fn command_button_ui(ui: &mut Ui, page: &mut PageCtx<'_>, command: Command, enabled: bool) -> Response {
    let response = look_button_ui(ui, page, &command, enabled);
    if response.clicked() {
        page.commands.push(command);
    }
    response
}

/// Width of a button with this text; it is known before the button is drawn, so that a row can be laid out for any language.
#[must_use]
pub fn button_width(ui: &Ui, page: &PageCtx<'_>, text: &str) -> f32 {
    let font = egui::TextStyle::Button.resolve(ui.style());
    let galley = ui.painter().layout_no_wrap(text.to_owned(), font, page.tokens.colours.text);
    (galley.size().x + 2.0 * ui.spacing().button_padding.x).max(LEAST_WIDTH)
}

/// Draws the button only.
pub fn look_button_ui(ui: &mut Ui, page: &PageCtx<'_>, command: &Command, enabled: bool) -> Response {
    let Look { text, tooltip, shortcut } = command.look();
    let colours = &page.tokens.colours;
    let button = match command {
        Command::Start(_)
        | Command::Answer(_)
        | Command::Acknowledge
        | Command::Profile(ShelfRequest::Save { .. } | ShelfRequest::Copy { .. } | ShelfRequest::Rename { .. })
            if enabled =>
        {
            Button::new(RichText::new(text).color(colours.text_on_strong))
                .fill(colours.accent_fill)
                .stroke(Stroke::NONE)
        }
        _ => Button::new(text),
    };
    let tooltip = match shortcut {
        Some(key) => format!("{tooltip} ({})", ui.ctx().format_shortcut(&key)),
        None => tooltip.into_owned(),
    };
    ui.add_enabled(enabled, button.min_size(vec2(LEAST_WIDTH, 0.0))).on_hover_text(tooltip)
}

/// One of several: the button of the one that holds is marked.
pub fn choice_button_ui(ui: &mut Ui, page: &mut PageCtx<'_>, command: Command, chosen: bool) {
    let Look { text, tooltip, .. } = command.look();
    if choice_ui(ui, page, &text, chosen).on_hover_text(tooltip).clicked() {
        page.commands.push(command);
    }
}

/// A button of one among several.
pub fn choice_ui(ui: &mut Ui, page: &PageCtx<'_>, text: &str, chosen: bool) -> Response {
    let colours = &page.tokens.colours;
    let (colour, fill) =
        if chosen { (colours.text_on_strong, colours.accent_fill) } else { (colours.text, Color32::TRANSPARENT) };
    let text = RichText::new(text).color(colour);
    ui.add(Button::selectable(chosen, text).fill(fill).min_size(vec2(64.0, 0.0)))
}

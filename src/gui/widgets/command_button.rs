//! A button for a command, with the command's own text, explanation and key.

use egui::{Button, RichText, Stroke, Ui, vec2};

use crate::gui::command::{Command, Look};
use crate::gui::pages::PageCtx;

/// Draws the button; its key works wherever the focus is, as long as the button is enabled.
pub fn command_button_ui(ui: &mut Ui, page: &mut PageCtx<'_>, command: Command, enabled: bool) {
    let Look { text, tooltip, shortcut } = command.look();
    let colours = &page.tokens.colours;
    let button = match &command {
        Command::Start(_) | Command::Answer(_) if enabled => {
            Button::new(RichText::new(text).color(colours.text_on_strong))
                .fill(colours.accent_fill)
                .stroke(Stroke::NONE)
        }
        _ => Button::new(text),
    };
    let tooltip = shortcut.map_or(tooltip.to_owned(), |key| format!("{tooltip} ({})", ui.ctx().format_shortcut(&key)));
    let response = ui.add_enabled(enabled, button.min_size(vec2(72.0, 0.0))).on_hover_text(tooltip);
    let pressed = enabled && shortcut.is_some_and(|key| ui.input_mut(|input| input.consume_shortcut(&key)));
    if response.clicked() || pressed {
        page.commands.push(command);
    }
}

//! What is wrong, why that usually is, what to do next, with the buttons that help.

use egui::{Label, RichText, Ui};

use super::command_button::command_button_ui;
use super::status::{Mark, mark_ui};
use crate::advice::Advice;
use crate::gui::command::Command;
use crate::gui::core::Core;
use crate::gui::pages::PageCtx;
use crate::gui::session::Link;
use crate::gui::texts;

/// The command that may help against the problem that stands: connecting again while a device is in trouble.
#[must_use]
pub fn remedy(core: &Core) -> Option<Command> {
    let links = [&core.links.meter(), &core.links.reference, &core.links.source];
    let trouble = !core.links.open || links.into_iter().any(|link| matches!(link, Link::Trouble(_)));
    (trouble && !core.run().running).then_some(Command::Reconnect(None))
}

/// Draws the advice; `remedy` is the button that helps.
pub fn problem_ui(ui: &mut Ui, page: &mut PageCtx<'_>, problem: &Advice, remedy: Option<Command>) {
    let tokens = page.tokens;
    let (quiet, attention) = (tokens.colours.text_quiet, tokens.colours.attention);
    ui.horizontal_top(|ui| {
        mark_ui(ui, tokens, Mark::Triangle, attention);
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = tokens.spacing.grid * 0.5;
            ui.add(Label::new(RichText::new(texts::of(&problem.what)).color(attention)).wrap());
            if !problem.why.is_empty() {
                ui.add(
                    Label::new(RichText::new(texts::of(&problem.why)).size(tokens.sizes.secondary).color(quiet)).wrap(),
                );
            }
            if !problem.next.is_empty() {
                ui.add(Label::new(texts::of(&problem.next)).wrap());
            }
            ui.horizontal_wrapped(|ui| {
                if let Some(command) = remedy {
                    command_button_ui(ui, page, command, true);
                }
                command_button_ui(ui, page, Command::ShowLog, true);
                let parts = [problem.what.as_str(), &problem.why, &problem.next];
                let text = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n");
                command_button_ui(ui, page, Command::Copy(t!("the problem"), text), true);
            });
        });
    });
}

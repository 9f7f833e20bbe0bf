//! What the station says of itself before a unit is scanned: records are gone, the reference may not be used, a golden unit is due,
//! the bench is suspected.

use egui::{Label, RichText, Sense, Ui, vec2};

use super::form::note_ui;
use crate::advice::Advice;
use crate::gui::command::Command;
use crate::gui::core::Core;
use crate::gui::pages::PageCtx;
use crate::gui::session::Vigil;
use crate::gui::texts;
use crate::gui::widgets::command_button::command_button_ui;
use crate::gui::widgets::status::Mark;

/// Title and text of what is to be done before the units of the line; none where nothing is.
pub(super) fn instruction(core: &Core) -> Option<(String, String)> {
    let Vigil { lost, reference, due, alarm, .. } = &core.vigil;
    let titled = |title: &'static str, advice: &Option<Advice>| {
        advice.as_ref().map(|advice| (title.to_owned(), capitalised(texts::of(&advice.what))))
    };
    if core.golden {
        let text = t!("The bench is judged; scan the golden unit, then press Enter");
        return Some((t!("Golden unit").to_owned(), text.to_owned()));
    }
    titled(t!("Check the reference"), reference)
        .or_else(|| titled(t!("Golden unit due"), due))
        .or_else(|| titled(t!("Suspect the bench"), alarm))
        .or_else(|| titled(t!("Check the records"), lost))
}

/// Draws it: all of the text, for who it is meant for has to know why.
pub(super) fn instruction_ui(ui: &mut Ui, page: &PageCtx<'_>, title: &str, text: &str) {
    let (tokens, colours) = (page.tokens, &page.tokens.colours);
    let used = tokens.sizes.instruction * 1.25 + tokens.sizes.heading * 2.5;
    ui.add_space(((ui.available_height() - used) / 2.0).max(0.0));
    // However wide the window and long the language: the title is read from three metres, and never cut.
    let full = tokens.sizes.instruction;
    let width = ui.painter().layout_no_wrap(title.to_owned(), tokens.strong(full), colours.text).size().x;
    let size = full * ((ui.available_width() - full - tokens.spacing.grid) / width).clamp(0.5, 1.0);
    ui.horizontal(|ui| {
        let side = size * 0.8;
        let (square, _) = ui.allocate_exact_size(vec2(side, side), Sense::hover());
        Mark::Triangle.paint(ui.painter(), square, colours.attention, colours.neutral_fill);
        let title = RichText::new(title).font(tokens.strong(size)).color(colours.text);
        ui.add(Label::new(title).truncate());
    });
    let text = RichText::new(text).size(tokens.sizes.heading).color(colours.text_quiet);
    ui.add(Label::new(text).wrap());
}

/// The same in the form, where there are other notes.
pub(super) fn notes_ui(ui: &mut Ui, page: &PageCtx<'_>) {
    let core = page.core;
    if core.run().running {
        return;
    }
    let Vigil { lost, reference, due, alarm, .. } = &core.vigil;
    for advice in [lost, reference].into_iter().flatten() {
        let text = format!("{}. {}", capitalised(texts::of(&advice.what)), texts::of(&advice.next));
        note_ui(ui, page, &text);
    }
    if core.golden {
        return;
    }
    if let Some(due) = due {
        note_ui(ui, page, &capitalised(texts::of(&due.what)));
    }
    if let Some(alarm) = alarm {
        let text = format!("{}. {}", capitalised(texts::of(&alarm.what)), texts::of(&alarm.why));
        note_ui(ui, page, &text);
    }
}

/// The station knows golden units.
pub(super) fn offers_choice(core: &Core) -> bool {
    core.golden || !core.vigil.golden_units.is_empty()
}

/// Chooses between golden units and those of the line.
pub(super) fn choice_ui(ui: &mut Ui, page: &mut PageCtx<'_>) {
    let (golden, running) = (page.core.golden, page.core.run().running);
    command_button_ui(ui, page, Command::Golden(!golden), !running && !page.core.unacknowledged);
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(char::to_uppercase).into_iter().flatten().chain(letters).collect()
}

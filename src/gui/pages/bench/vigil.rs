//! What the station says of itself before a unit is scanned: a golden unit is due, the bench is suspected.

use egui::Ui;

use super::form::note_ui;
use crate::gui::command::Command;
use crate::gui::core::Core;
use crate::gui::pages::PageCtx;
use crate::gui::texts;
use crate::gui::widgets::command_button::command_button_ui;

/// Title and text of what is to be done before the units of the line; none where nothing is.
pub(super) fn instruction(core: &Core) -> Option<(String, String)> {
    if core.golden {
        let text = t!("The bench is judged; scan the golden unit, then press Enter");
        return Some((t!("Golden unit").to_owned(), text.to_owned()));
    }
    if let Some(due) = &core.vigil.due {
        return Some((t!("Golden unit due").to_owned(), capitalised(texts::of(&due.what))));
    }
    let alarm = core.vigil.alarm.as_ref()?;
    Some((t!("Suspect the bench").to_owned(), capitalised(texts::of(&alarm.what))))
}

/// The same in full, where it wraps.
pub(super) fn notes_ui(ui: &mut Ui, page: &PageCtx<'_>) {
    let core = page.core;
    if core.golden || core.run().running {
        return;
    }
    if let Some(due) = &core.vigil.due {
        note_ui(ui, page, &capitalised(texts::of(&due.what)));
    }
    if let Some(alarm) = &core.vigil.alarm {
        let text = format!("{}. {}", capitalised(texts::of(&alarm.what)), texts::of(&alarm.why));
        note_ui(ui, page, &text);
    }
}

/// Chooses between golden units and those of the line, where the station knows golden ones.
pub(super) fn choice_ui(ui: &mut Ui, page: &mut PageCtx<'_>) {
    if page.core.golden || !page.core.vigil.golden_units.is_empty() {
        let (golden, running) = (page.core.golden, page.core.run().running);
        command_button_ui(ui, page, Command::Golden(!golden), !running && !page.core.unacknowledged);
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(char::to_uppercase).into_iter().flatten().chain(letters).collect()
}

//! What differs between a profile of the user's and a shipped one.

use egui::{ComboBox, Label, RichText, ScrollArea, Ui};

use super::editor::Editor;
use super::{PageCtx, quiet_ui};
use crate::profile::changes::{self, Fate, Line};
use crate::profile::{self, library};

/// What a profile is compared with at first: the one it was copied from, or the first shipped one of its kind.
pub(super) fn base(editor: &Editor) -> String {
    let copied = library::copied_from(editor.text()).map(str::to_owned);
    copied.or_else(|| profile::names(editor.kind()).next().map(str::to_owned)).unwrap_or_default()
}

/// Draws the changed lines with those round them.
pub(super) fn differences_ui(ui: &mut Ui, page: &PageCtx<'_>, editor: &mut Editor) {
    let Some(mut name) = editor.compared.clone() else { return };
    ui.horizontal(|ui| {
        let label = ui.label(t!("Compared with")).id;
        let width = ui.available_width().min(page.tokens.spacing.form);
        let combo = ComboBox::from_id_salt("shipped").selected_text(&name).width(width).truncate();
        let response = combo.show_ui(ui, |ui| {
            for shipped in profile::names(editor.kind()) {
                ui.selectable_value(&mut name, shipped.to_owned(), shipped);
            }
        });
        response.response.labelled_by(label);
    });
    let old = library::shipped_text(&name).unwrap_or_default();
    let groups = changes::between(old, editor.text());
    let count = |fate: Fate| groups.iter().flatten().filter(|line| line.fate == fate).count();
    let (removed, added) = (count(Fate::Removed), count(Fate::Added));
    if groups.is_empty() {
        quiet_ui(ui, page, &t!("No line differs from {name}", name));
    } else {
        quiet_ui(
            ui,
            page,
            &t!("{removed} lines of {name} are gone (−), {added} lines are new (+)", removed, name, added),
        );
    }
    ScrollArea::vertical().id_salt("differences").auto_shrink([false, false]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        for (number, group) in groups.iter().enumerate() {
            if number > 0 {
                ui.separator();
            }
            for line in group {
                line_ui(ui, page, line);
            }
        }
    });
    editor.compared = Some(name);
}

fn line_ui(ui: &mut Ui, page: &PageCtx<'_>, line: &Line) {
    let colours = &page.tokens.colours;
    let (sign, colour) = match line.fate {
        Fate::Kept => (' ', colours.text_quiet),
        Fate::Removed => ('−', colours.fail),
        Fate::Added => ('+', colours.pass),
    };
    let number = line.new.or(line.old).unwrap_or_default();
    let text = RichText::new(format!("{sign} {number:>4}  {}", line.text)).monospace().color(colour);
    ui.add(Label::new(text).wrap());
}

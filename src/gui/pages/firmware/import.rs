//! The dialog in which a CSV becomes a provisioning list: its columns, what each is taken for, and whether it can be imported so.

use egui::{Button, ComboBox, Grid, Id, Key, Label, Modal, Modifiers, Popup, RichText, ScrollArea, Stroke, Ui};

use super::{PageCtx, ProvisionCommand, quiet_ui, warning_ui};
use crate::gui::provision_view::draft::{Checked, Draft};
use crate::gui::texts;
use crate::gui::widgets::card;
use crate::gui::widgets::input::{Look, input_ui};
use crate::gui::widgets::problem::problem_ui;
use crate::gui::widgets::status::{Mark, mark_ui};
use crate::provision::{Imported, TakenFor};

/// Rows of the file that are shown of each column.
const ROWS: usize = 3;

/// Draws the dialog while a file is open. `importable` is whether it could be imported when it was drawn last.
pub(super) fn import_ui(ui: &mut Ui, page: &mut PageCtx<'_>, importable: &mut bool) {
    let Some(draft) = &page.core.provisioning.draft else {
        *importable = false;
        return;
    };
    let tokens = page.tokens;
    let modal = Modal::new(Id::unique("provisioning-import"))
        .backdrop_color(tokens.colours.backdrop)
        .frame(card::frame(tokens));
    let ctx = ui.ctx().clone();
    let room = ctx.content_rect().size() - egui::Vec2::splat(tokens.spacing.page * 4.0);
    // A box that is open has Esc for itself.
    let choosing = Popup::is_any_open(&ctx);
    modal.show(&ctx, |ui| {
        ui.set_width(room.x.min(760.0));
        ui.spacing_mut().item_spacing.y = tokens.spacing.grid * 0.75;
        let heading = t!("Import {file}", file = draft.file);
        ui.add(Label::new(RichText::new(heading).font(tokens.strong(tokens.sizes.heading))).wrap());
        let below = tokens.spacing.grid * 6.0 + ui.spacing().interact_size.y;
        let columns = ScrollArea::vertical().auto_shrink([false, true]).max_height((room.y - below).max(below));
        columns.show(ui, |ui| {
            name_ui(ui, page, draft);
            // Above the columns: in large letters only some of them have room.
            found_ui(ui, page, draft);
            columns_ui(ui, page, draft);
        });
        buttons_ui(ui, page, draft, importable);
    });
    if !choosing && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape)) && !draft.is_importing() {
        page.commands.push(ProvisionCommand::Leave.into());
    }
}

fn name_ui(ui: &mut Ui, page: &mut PageCtx<'_>, draft: &Draft) {
    let rows = draft.table.rows();
    quiet_ui(ui, page, &t!("{rows} rows; values that are or may be secrets are not shown", rows));
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(t!("Name of the list")).color(page.tokens.colours.text_quiet));
        let mut name = draft.name.clone();
        let fault = name.trim().is_empty().then_some(t!("The list has no name"));
        let width = page.tokens.spacing.grid * 26.0;
        let look = Look { name: t!("Name of the list"), hint: "", fault, width, rows: 1, mono: true };
        if input_ui(ui, page.tokens, look, &mut name).changed() {
            page.commands.push(ProvisionCommand::Rename(name).into());
        }
    });
}

fn columns_ui(ui: &mut Ui, page: &mut PageCtx<'_>, draft: &Draft) {
    let tokens = page.tokens;
    let widest = ui.available_width() / 3.0;
    Grid::new("columns").num_columns(3).spacing([tokens.spacing.grid * 1.5, tokens.spacing.grid * 0.5]).show(
        ui,
        |ui| {
            for title in [t!("Column"), t!("First rows"), t!("Taken for")] {
                ui.label(RichText::new(title).color(tokens.colours.text_quiet));
            }
            ui.end_row();
            for (column, (header, taken)) in draft.table.headers().zip(&draft.taken).enumerate() {
                ui.scope(|ui| {
                    ui.set_max_width(widest);
                    ui.add(Label::new(header).truncate());
                });
                ui.scope(|ui| {
                    ui.set_max_width(widest);
                    let shown = first_rows(draft, column, *taken);
                    ui.add(Label::new(RichText::new(shown).monospace().size(tokens.sizes.secondary)).truncate());
                });
                taken_ui(ui, page, (column, header), *taken);
                ui.end_row();
            }
        },
    );
}

/// The first values of a column; masked ones with how long they are.
fn first_rows(draft: &Draft, column: usize, taken: TakenFor) -> String {
    let field = Some(taken.name()).filter(|name| !name.is_empty());
    let values: Vec<&str> = draft.table.shown(column, field).take(ROWS).collect();
    let shown = values.join("  ");
    if !values.iter().any(|value| value.contains("***")) {
        return shown;
    }
    match draft.table.lengths(column) {
        (least, most) if least == most => t!("{shown}  length {most}", shown, most),
        (least, most) => t!("{shown}  length {least} to {most}", shown, least, most),
    }
}

/// What a column is taken for.
fn taken_ui(ui: &mut Ui, page: &mut PageCtx<'_>, (column, header): (usize, &str), taken: TakenFor) {
    let combo =
        ComboBox::from_id_salt(("column", column)).selected_text(word(taken)).width(page.tokens.spacing.grid * 24.0);
    let response = combo.height(480.0).show_ui(ui, |ui| {
        for other in TakenFor::all() {
            if ui.selectable_label(other == taken, word(other)).clicked() {
                page.commands.push(ProvisionCommand::Take(column, other).into());
            }
        }
    });
    ui.ctx().accesskit_node_builder(response.response.id, |node| {
        node.set_label(t!("Column {header} is taken for", header));
        node.set_value(word(taken));
    });
}

fn word(taken: TakenFor) -> &'static str {
    match taken {
        TakenFor::Nothing => t!("left out"),
        TakenFor::Serial => t!("serial number of the unit"),
        TakenFor::Field(name) => name,
    }
}

/// What came of checking it, and what should not be missed.
fn found_ui(ui: &mut Ui, page: &mut PageCtx<'_>, draft: &Draft) {
    let tokens = page.tokens;
    if !draft.taken.contains(&TakenFor::Serial) {
        warning_ui(ui, page, t!("No column is the serial number: units get the rows in turn"));
    }
    if draft.readable {
        warning_ui(ui, page, t!("The file can be read by others than its owner, and there are secrets in it"));
    }
    match draft.checked() {
        Checked::Busy => quiet_ui(ui, page, t!("Checking the list")),
        Checked::Right(Imported { added, known, .. }) => {
            ui.horizontal_top(|ui| {
                mark_ui(ui, tokens, Mark::Tick, tokens.colours.pass);
                let text = t!("Nothing is wrong: {added} rows are new, {known} are there already", added, known);
                ui.add(Label::new(text).wrap());
            });
        }
        Checked::Wrong(faults, more) => {
            for fault in faults {
                warning_ui(ui, page, texts::of(fault));
            }
            if *more > 0 {
                quiet_ui(ui, page, &t!("and {more} more lines with faults", more));
            }
        }
    }
    if let Some(refused) = &draft.refused {
        problem_ui(ui, page, refused, None);
    }
}

fn buttons_ui(ui: &mut Ui, page: &mut PageCtx<'_>, draft: &Draft, importable: &mut bool) {
    let tokens = page.tokens;
    let mut for_runs = draft.for_runs;
    if ui.checkbox(&mut for_runs, t!("Runs take their rows from this list")).changed() {
        page.commands.push(ProvisionCommand::ForRuns(for_runs).into());
    }
    ui.horizontal_wrapped(|ui| {
        let text = RichText::new(ProvisionCommand::Import.look().text);
        let can = page.core.provisioning.can_import();
        let import = if can {
            let text = text.color(tokens.colours.text_on_strong);
            Button::new(text).fill(tokens.colours.accent_fill).stroke(Stroke::NONE)
        } else {
            Button::new(text)
        };
        let import = ui.add_enabled(can, import.min_size(egui::vec2(96.0, 0.0)));
        if can && !std::mem::replace(importable, true) {
            import.request_focus();
        }
        if import.on_hover_text(ProvisionCommand::Import.look().tooltip).clicked() {
            page.commands.push(ProvisionCommand::Import.into());
        }
        let leave = Button::new(t!("Cancel")).min_size(egui::vec2(96.0, 0.0));
        if ui.add_enabled(!draft.is_importing(), leave).clicked() {
            page.commands.push(ProvisionCommand::Leave.into());
        }
    });
}

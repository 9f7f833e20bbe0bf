//! Which provisioning list runs give their units' values from, how far it is used up, and which of its rows wait for somebody.

use std::path::PathBuf;

use egui::{ComboBox, Id, Key, Label, Modal, Modifiers, RichText, Ui};

use super::{FirmwareCommand, PageCtx, quiet_ui, warning_ui};
use crate::gui::change::Change;
use crate::gui::command::{Command, Look, named};
use crate::gui::widgets::card;
use crate::gui::widgets::command_button::{command_button_ui, look_button_ui};
use crate::gui::widgets::problem::problem_ui;
use crate::provision::{Overview, Row, State, TakenFor};

/// Rows that wait for somebody and are shown one by one.
const SHOWN: usize = 5;

/// What is asked for about lists.
#[derive(Clone, Debug, PartialEq)]
pub enum ProvisionCommand {
    /// Choose a file in the system's dialog.
    Choose,
    /// Read this file.
    Open(PathBuf),
    /// Take a column of it for this.
    Take(usize, TakenFor),
    /// Name the list.
    Rename(String),
    /// Have runs use it, or not.
    ForRuns(bool),
    /// Import it.
    Import,
    /// Close it; nothing of it is taken.
    Leave,
    /// Say what became of a row, by list and number.
    Decide(String, u64, State),
}

impl From<ProvisionCommand> for Command {
    fn from(command: ProvisionCommand) -> Self {
        FirmwareCommand::Provisioning(command).into()
    }
}

impl ProvisionCommand {
    /// Text, explanation and key.
    #[must_use]
    pub fn look(&self) -> Look {
        let (text, tooltip) = match self {
            Self::Choose | Self::Open(_) => {
                (t!("Import list…"), t!("Tokens, keys and numbers of units, as CSV; it can also be dropped here"))
            }
            Self::Take(..) | Self::Rename(_) | Self::ForRuns(_) => (t!("Set"), t!("Change a setting")),
            Self::Import => (t!("Import"), t!("All of the list, or nothing where anything is wrong")),
            Self::Leave => (t!("Cancel"), t!("Nothing of the list is taken (Esc)")),
            Self::Decide(list, number, State::Used) => {
                return named(
                    t!("{list} row {number} is used", list, number),
                    t!("The unit has the values and keeps them"),
                );
            }
            Self::Decide(list, number, _) => {
                return named(
                    t!("{list} row {number} is free", list, number),
                    t!("No board has the values: its chip was erased, or never got them"),
                );
            }
        };
        Look { text: text.into(), tooltip: tooltip.into(), shortcut: None }
    }
}

/// The question whether a row is free that stands.
pub(super) struct Releasing {
    list: String,
    number: u64,
    serial: String,
    asked: bool,
}

/// Draws the card.
pub(super) fn provisioning_ui(ui: &mut Ui, page: &mut PageCtx<'_>, releasing: &mut Option<Releasing>) {
    let view = &page.core.provisioning;
    let chosen = page.core.settings.provisioning.trim();
    card::heading_ui(ui, page.tokens, t!("Provisioning"), t!("for runs"));
    if let Some(trouble) = &view.trouble {
        problem_ui(ui, page, trouble, None);
    }
    let opening = view.is_opening();
    ui.horizontal_wrapped(|ui| {
        choice_ui(ui, page, chosen);
        command_button_ui(ui, page, ProvisionCommand::Choose.into(), !opening);
    });
    match (&view.lists, view.list(chosen)) {
        (None, _) => quiet_ui(ui, page, t!("Reading the lists")),
        (_, Some(list)) => list_ui(ui, page, list),
        (_, None) if chosen.is_empty() => quiet_ui(
            ui,
            page,
            t!(
                "Each unit that a run flashes can get a row of a list: tokens, keys and numbers that servers know it by"
            ),
        ),
        (_, None) => {
            let text = t!(
                "There is no list {list}: no run that flashes would begin; import it, or choose another",
                list = chosen
            );
            warning_ui(ui, page, &text);
        }
    }
    let waiting: Vec<&Row> = view.lists.iter().flatten().flat_map(|list| &list.waiting).collect();
    for row in waiting.iter().take(SHOWN) {
        row_ui(ui, page, row, releasing);
    }
    let more = waiting.len().saturating_sub(SHOWN);
    if more > 0 {
        quiet_ui(ui, page, &t!("and {more} more rows: meterbench provision list", more));
    }
}

/// Which list runs use.
fn choice_ui(ui: &mut Ui, page: &mut PageCtx<'_>, chosen: &str) {
    let none = t!("No list");
    let shown = if chosen.is_empty() { none } else { chosen };
    let combo = ComboBox::from_id_salt("provisioning-list").selected_text(shown).width(page.tokens.spacing.grid * 20.0);
    let combo = combo.truncate();
    let lists = page.core.provisioning.lists.as_deref().unwrap_or_default();
    let mut wanted = None;
    let response = combo.show_ui(ui, |ui| {
        if ui.selectable_label(chosen.is_empty(), none).clicked() {
            wanted = Some(String::new());
        }
        for list in lists {
            let text = t!("{list}, {free} free", list = list.name, free = list.free);
            if ui.selectable_label(list.name == chosen, text).clicked() {
                wanted = Some(list.name.clone());
            }
        }
    });
    let id = response.response.id;
    ui.ctx().accesskit_node_builder(id, |node| {
        node.set_label(t!("Provisioning list for runs"));
        node.set_value(shown);
    });
    if let Some(list) = wanted {
        page.commands.push(Command::Set(Change::Provisioning(list)));
    }
}

fn list_ui(ui: &mut Ui, page: &PageCtx<'_>, list: &Overview) {
    let Overview { free, reserved, used, waiting, .. } = list;
    let mut text = t!("{free} free, {used} used", free, used);
    for (count, word) in [(*reserved, t!("reserved by runs")), (waiting.len(), t!("waiting for somebody"))] {
        if count > 0 {
            text = format!("{text}, {count} {word}");
        }
    }
    ui.add(Label::new(RichText::new(text)).wrap());
    if *free == 0 {
        warning_ui(ui, page, t!("No row is free: a run that flashes another unit would not begin"));
    }
    quiet_ui(
        ui,
        page,
        t!(
            "A unit's row is reserved when its run begins, used up by a PASS, and returned otherwise unless its chip was flashed with it"
        ),
    );
}

/// A row that somebody has to do something about, and what.
fn row_ui(ui: &mut Ui, page: &mut PageCtx<'_>, row: &Row, releasing: &mut Option<Releasing>) {
    let serial = row.serial.as_deref().unwrap_or_default();
    let (list, number) = (&row.list, row.number);
    let (what, next) = match row.state {
        State::OnChip => (
            t!("{list} row {number} is on the chip of {serial}, which did not pass", list, number, serial),
            t!(
                "Test the unit again, it gets the same row; once its chip was erased or the board is scrapped, the row is free"
            ),
        ),
        _ => (
            t!("{list} row {number} was left behind by a run of {serial} that was cut off", list, number, serial),
            t!("Test the unit again, it gets the same row; or look whether it has the values, and decide"),
        ),
    };
    warning_ui(ui, page, &what);
    quiet_ui(ui, page, next);
    ui.horizontal_wrapped(|ui| {
        let decide = |into| Command::from(ProvisionCommand::Decide(list.clone(), number, into));
        if look_button_ui(ui, page, &decide(State::Free), true).clicked() {
            let (list, serial) = (list.clone(), serial.to_owned());
            *releasing = Some(Releasing { list, number, serial, asked: false });
        }
        command_button_ui(ui, page, decide(State::Used), true);
    });
}

/// Asks before a row goes to whoever comes next: two boards with the same keys must not exist.
pub(super) fn releasing_ui(ui: &mut Ui, page: &mut PageCtx<'_>, releasing: &mut Option<Releasing>) {
    let Some(asked) = releasing else { return };
    let tokens = page.tokens;
    let modal = Modal::new(Id::unique("provisioning-release"))
        .backdrop_color(tokens.colours.backdrop)
        .frame(card::frame(tokens));
    let ctx = ui.ctx().clone();
    let width = (ctx.content_rect().width() - tokens.spacing.page * 4.0).min(520.0);
    let decide: Command = ProvisionCommand::Decide(asked.list.clone(), asked.number, State::Free).into();
    let closed = modal.show(&ctx, |ui| {
        ui.set_width(width);
        let (list, number, serial) = (&asked.list, asked.number, &asked.serial);
        let question = t!("Is {list} row {number} free?", list, number);
        ui.add(Label::new(RichText::new(question).font(tokens.strong(tokens.sizes.heading))).wrap());
        let text = t!(
            "Another unit gets its values then; if the chip of {serial} still holds them, two meters have the same keys",
            serial
        );
        ui.add(Label::new(text).wrap());
        ui.horizontal_wrapped(|ui| {
            let free = command_button_ui(ui, page, decide, true);
            let leave = ui.button(t!("Leave it as it is"));
            if !std::mem::replace(&mut asked.asked, true) {
                // A second Enter by accident releases nothing.
                leave.request_focus();
            }
            free.clicked() || leave.clicked()
        })
        .inner
    });
    if closed.inner || ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape)) {
        *releasing = None;
    }
}

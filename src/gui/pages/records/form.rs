//! What is searched for: the serial number as one types it, and what else the records have in common.

use std::str::FromStr as _;

use egui::{Align2, ComboBox, Id, Modifiers, Response, RichText, TextEdit, Ui, vec2};

use crate::gui::pages::PageCtx;
use crate::gui::texts::words;
use crate::gui::widgets::command_button::choice_ui;
use crate::gui::widgets::input::{Look, input_ui};
use crate::gui::widgets::status::{Mark, mark_ui};
use crate::procedure::Verdict;
use crate::record::listing::{Choices, Wanted};
use crate::record::{Day, Filter};

/// Longer than any serial number.
const LONGEST: usize = 120;
/// Verdicts to choose from; what was not run is an error.
const VERDICTS: [Verdict; 4] = [Verdict::Pass, Verdict::Fail, Verdict::Error, Verdict::Aborted];

/// What the filters restrict: not all of them say something of everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Restricted {
    /// Runs one by one.
    Runs,
    /// Runs counted, of all verdicts: a yield of the PASSes alone is none.
    Statistics,
    /// Flashings, which have no verdict, batch or procedure.
    Flashings,
}

/// What is typed and chosen.
#[derive(Debug, Default)]
pub(super) struct Form {
    /// Beginning or end of a serial number.
    pub part: String,
    /// The next letter begins another serial number.
    pub replace: bool,
    /// Enter was pressed in this frame.
    pub entered: bool,
    /// The filters are shown where there is little room for them.
    pub open: bool,
    verdict: Option<Verdict>,
    filter: Filter,
    from: String,
    to: String,
}

impl Form {
    /// Where serial numbers are typed.
    pub(super) fn field() -> Id {
        Id::unique("records-search")
    }

    /// The search as it stands; a day that is none does not restrict.
    pub(super) fn wanted(&self) -> Wanted {
        let day = |text: &str| Day::from_str(text.trim()).ok();
        let filter = Filter { from: day(&self.from), to: day(&self.to), ..self.filter.clone() };
        Wanted { part: self.part.trim().to_owned(), filter, verdict: self.verdict }
    }

    /// The same for flashings: what they do not have does not restrict them.
    pub(super) fn wanted_flashings(&self) -> Wanted {
        let Wanted { part, filter, .. } = self.wanted();
        let Filter { from, to, station, operator, simulated, .. } = filter;
        let filter = Filter { from, to, station, operator, simulated, ..Filter::default() };
        Wanted { part, filter, verdict: None }
    }

    /// How many filters restrict the records.
    pub(super) fn active(&self) -> usize {
        let Wanted { filter, verdict, .. } = self.wanted();
        let words = [&filter.batch, &filter.profile, &filter.procedure, &filter.operator];
        words.into_iter().flatten().count()
            + [filter.from, filter.to].into_iter().flatten().count()
            + usize::from(filter.position.is_some())
            + usize::from(filter.simulated.is_some())
            + usize::from(verdict.is_some())
    }

    /// Takes all restrictions away.
    pub(super) fn clear(&mut self) {
        *self = Self { open: self.open, ..Self::default() };
    }

    /// Draws the field for the serial number.
    pub(super) fn search_ui(&mut self, ui: &mut Ui, page: &PageCtx<'_>, width: f32) -> Response {
        let edit = TextEdit::singleline(&mut self.part)
            .id(Self::field())
            .char_limit(LONGEST)
            .hint_text(t!("Serial number, its beginning or end"))
            .align(Align2::LEFT_CENTER)
            .min_size(vec2(width, ui.spacing().interact_size.y))
            .desired_width(width - 8.0);
        let key = ui.ctx().format_shortcut(&egui::KeyboardShortcut::new(Modifiers::COMMAND, egui::Key::F));
        let response = ui.add(edit);
        ui.ctx().accesskit_node_builder(response.id, |node| node.set_label(t!("Search by serial number")));
        let _ = page;
        response.on_hover_text(t!("Scan or type a serial number, Enter opens its unit ({key})", key))
    }

    /// Draws the filters that say something there; true when one was changed.
    pub(super) fn filters_ui(&mut self, ui: &mut Ui, page: &PageCtx<'_>, choices: &Choices, of: Restricted) -> bool {
        let before = (self.wanted(), self.from.clone(), self.to.clone());
        let runs = of != Restricted::Flashings;
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = page.tokens.spacing.grid * 0.75;
            // All of them in one row of a usual window.
            ui.spacing_mut().button_padding.x = page.tokens.spacing.grid;
            if of == Restricted::Runs {
                self.verdict_ui(ui);
            }
            if runs {
                word_ui(ui, t!("Batch"), (&mut self.filter.batch, &choices.batches));
                word_ui(ui, t!("Profile"), (&mut self.filter.profile, &choices.profiles));
                word_ui(ui, t!("Procedure"), (&mut self.filter.procedure, &choices.procedures));
            }
            word_ui(ui, t!("Operator"), (&mut self.filter.operator, &choices.operators));
            if runs {
                position_ui(ui, &mut self.filter.position, &choices.positions);
            }
            kind_ui(ui, &mut self.filter.simulated);
            for (name, text) in [(t!("From day"), &mut self.from), (t!("To day"), &mut self.to)] {
                let fault = is_no_day(text).then_some(t!("Write a day as 2026-11-21"));
                let width = page.tokens.spacing.grid * 14.0;
                let look = Look { name, hint: name, fault, width, rows: 1, mono: true };
                input_ui(ui, page.tokens, look, text);
            }
            if self.active() > 0 && ui.button(t!("Clear filters")).clicked() {
                let part = std::mem::take(&mut self.part);
                self.clear();
                self.part = part;
            }
        });
        // A day that is none must not look like one that restricts.
        for text in [&self.from, &self.to].into_iter().filter(|text| is_no_day(text)) {
            let words = t!("{text} is no day and restricts nothing; write 2026-11-21", text = text.trim());
            ui.horizontal_wrapped(|ui| {
                mark_ui(ui, page.tokens, Mark::Triangle, page.tokens.colours.attention);
                ui.label(RichText::new(words).color(page.tokens.colours.attention));
            });
        }
        before != (self.wanted(), self.from.clone(), self.to.clone())
    }

    fn verdict_ui(&mut self, ui: &mut Ui) {
        let shown = self.verdict.map_or(t!("any"), words::verdict);
        combo_ui(ui, t!("Verdict"), shown, |ui| {
            ui.selectable_value(&mut self.verdict, None, t!("any"));
            for verdict in VERDICTS {
                ui.selectable_value(&mut self.verdict, Some(verdict), words::verdict(verdict));
            }
        });
    }

    /// The button that shows the filters where there is little room.
    pub(super) fn open_ui(&mut self, ui: &mut Ui, page: &PageCtx<'_>) {
        let text = match self.active() {
            0 => t!("Filters").to_owned(),
            count => t!("Filters ({count})", count),
        };
        if choice_ui(ui, page, &text, self.open).clicked() {
            self.open = !self.open;
        }
    }
}

fn is_no_day(text: &str) -> bool {
    !text.trim().is_empty() && Day::from_str(text.trim()).is_err()
}

/// A box with its name in it: "Batch: any".
fn combo_ui(ui: &mut Ui, name: &str, shown: &str, content: impl FnOnce(&mut Ui)) {
    let text = RichText::new(t!("{name}: {value}", name, value = shown));
    let combo = ComboBox::from_id_salt(name).selected_text(text).width(90.0).height(320.0);
    let response = combo.show_ui(ui, content).response;
    response.ctx.accesskit_node_builder(response.id, |node| {
        node.set_label(name);
        node.set_value(shown);
    });
}

fn word_ui(ui: &mut Ui, name: &str, (chosen, words): (&mut Option<String>, &[String])) {
    let shown = chosen.clone().unwrap_or_else(|| t!("any").to_owned());
    combo_ui(ui, name, &shown, |ui| {
        ui.selectable_value(chosen, None, t!("any"));
        for word in words {
            ui.selectable_value(chosen, Some(word.clone()), word);
        }
    });
}

fn position_ui(ui: &mut Ui, chosen: &mut Option<u32>, positions: &[u32]) {
    let shown = chosen.map_or(t!("any").to_owned(), |position| position.to_string());
    combo_ui(ui, t!("Position"), &shown, |ui| {
        ui.selectable_value(chosen, None, t!("any"));
        for position in positions {
            ui.selectable_value(chosen, Some(*position), position.to_string());
        }
    });
}

fn kind_ui(ui: &mut Ui, chosen: &mut Option<bool>) {
    let word = |kind: Option<bool>| match kind {
        None => t!("any"),
        Some(false) => t!("real"),
        Some(true) => t!("simulated"),
    };
    combo_ui(ui, t!("Run"), word(*chosen), |ui| {
        for kind in [None, Some(false), Some(true)] {
            ui.selectable_value(chosen, kind, word(kind));
        }
    });
}

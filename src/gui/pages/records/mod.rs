//! The records page: every run that was kept, found as one types its unit's serial number; one of them in full, several beside
//! each other, and what all of them say together.
//!
//! What is asked for goes to the archive's thread as a [`Command`]; what came of it arrives by [`RecordsPage::told`], and until
//! then the page draws what came last. Not here: reading the store ([`crate::gui::archive`]), printing
//! ([`crate::gui::reprint`]).

use egui::text::{CCursor, CCursorRange};
use egui::text_edit::TextEditState;
use egui::{CentralPanel, Context, Event, Frame, Key, Label, Margin, Modifiers, RichText, Ui};

use super::PageCtx;
use crate::advice::Advice;
use crate::gui::archive::{ArchiveNotice, ArchiveRequest, Key as Place, Lane, SIDE_BY_SIDE};
use crate::gui::command::Command;
use crate::gui::reprint::Sheet;
use crate::gui::widgets::card;
use crate::gui::widgets::command_button::choice_ui;
use crate::gui::widgets::problem::problem_ui;
use crate::record::Receipt;
use crate::record::listing::{Choices, Wanted};

mod cells;
mod charts;
mod compare;
mod curves;
mod detail;
mod figures;
mod flashings;
mod form;
mod list;
mod measurements;
mod registers;
mod statistics;

use compare::Comparison;
use detail::DetailView;
use flashings::FlashingsView;
use form::{Form, Restricted};
use list::{Listing, total_words};
use statistics::StatisticsView;

/// Pages narrower than this show the filters on request.
const NARROW: f32 = 900.0;

/// Something about records.
#[derive(Clone, Debug, PartialEq)]
pub enum RecordsCommand {
    /// Read something.
    Ask(ArchiveRequest),
    /// Give the search the focus.
    Find,
    /// Back to the list.
    Back,
    /// Read the list again.
    Again,
    /// Print a record's certificate or label once more.
    Reprint(Sheet, Place, String),
}

/// What is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum View {
    #[default]
    List,
    Detail,
    Compare,
    Statistics,
    Flashings,
}

/// What is chosen and typed on the page, and what came of it.
#[derive(Default)]
pub struct RecordsPage {
    form: Form,
    view: View,
    /// What was asked for last.
    wanted: Option<Wanted>,
    list: Listing,
    choices: Choices,
    detail: Option<DetailView>,
    comparison: Comparison,
    statistics: StatisticsView,
    flashings: FlashingsView,
    /// Something was asked for and has not come.
    awaited: bool,
    problem: Option<(Lane, Advice)>,
    said: String,
    /// The run that was kept last when the list was read.
    kept: Option<Receipt>,
    /// There is a thread that reads.
    pub reading: bool,
    /// There is a press that prints.
    pub printing: bool,
}

fn ask(page: &mut PageCtx<'_>, request: ArchiveRequest) {
    page.commands.push(Command::Records(RecordsCommand::Ask(request)));
}

impl RecordsPage {
    /// The list as it is to be read now: when the page is shown, and when a run was kept.
    pub fn list_again(&mut self, kept: Option<Receipt>) -> ArchiveRequest {
        self.kept = kept;
        self.awaited = true;
        let wanted = self.form.wanted();
        self.wanted = Some(wanted.clone());
        ArchiveRequest::List(wanted)
    }

    /// The flashings as they are to be read now, where they are shown.
    #[must_use]
    pub fn flashings_again(&self) -> Option<ArchiveRequest> {
        (self.view == View::Flashings).then(|| ArchiveRequest::Flashings(self.form.wanted_flashings()))
    }

    /// A run was kept since the list was read.
    #[must_use]
    pub fn outdated(&self, kept: Option<Receipt>) -> bool {
        self.kept != kept
    }

    /// Gives the search its focus: whatever is typed next begins another serial number.
    pub fn find(&mut self, ctx: &Context) {
        self.form.replace = true;
        ctx.memory_mut(|memory| memory.request_focus(Form::field()));
    }

    /// Something is asked for.
    pub fn asked(&mut self, request: &ArchiveRequest) {
        if !matches!(request, ArchiveRequest::Rows(..)) {
            self.awaited = true;
        }
    }

    /// Back to the list, or out of the search.
    pub fn back(&mut self) {
        self.view = View::List;
        self.said.clear();
    }

    /// Takes in what came of a request.
    pub fn told(&mut self, notice: ArchiveNotice) {
        let lane = match &notice {
            ArchiveNotice::Refused(lane, _) => *lane,
            ArchiveNotice::Listed { .. } | ArchiveNotice::Ready(_) => Lane::List,
            ArchiveNotice::Rows { .. } => Lane::Rows,
            ArchiveNotice::Opened(_) | ArchiveNotice::NotFound(_) | ArchiveNotice::Compared(_) => Lane::Records,
            ArchiveNotice::Counted(_) => Lane::Statistics,
            ArchiveNotice::Flashings { .. } => Lane::Flashings,
        };
        self.awaited &= lane == Lane::Rows;
        if !matches!(notice, ArchiveNotice::Refused(..)) {
            self.problem = None;
        }
        match notice {
            ArchiveNotice::Ready(_) => {}
            ArchiveNotice::Listed { wanted, total, rows, choices } => {
                self.choices = choices;
                if wanted == self.form.wanted() {
                    self.list.told(wanted, total, rows);
                }
            }
            ArchiveNotice::Rows { wanted, offset, rows } => self.list.told_part(&wanted, offset, rows),
            ArchiveNotice::Opened(detail) => {
                self.said.clear();
                self.detail = Some(DetailView::of(*detail));
                self.view = View::Detail;
            }
            ArchiveNotice::NotFound(serial) => {
                self.said = t!("No record of {serial}", serial);
                self.view = View::List;
            }
            ArchiveNotice::Compared(records) => {
                self.comparison.told(records);
                self.view = View::Compare;
            }
            ArchiveNotice::Counted(insight) => self.statistics.told(*insight),
            ArchiveNotice::Flashings { wanted, flashings } => {
                if wanted == self.form.wanted_flashings() {
                    self.flashings.told(wanted, flashings);
                }
            }
            ArchiveNotice::Refused(lane, advice) => {
                self.list.refused();
                self.problem = Some((lane, advice));
            }
        }
    }

    /// Keys of the page, before those of the window: Esc goes back one step, and what a scanner types is a serial number
    /// wherever it comes.
    pub fn keys(&mut self, ctx: &Context) {
        let focused = ctx.memory(egui::Memory::focused);
        let searching = focused == Some(Form::field());
        if focused.is_some() && !searching || egui::Popup::is_any_open(ctx) {
            return;
        }
        let back = self.view != View::List || !self.form.part.is_empty();
        if back && ctx.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape)) {
            if self.view == View::List {
                self.form.part.clear();
            }
            self.back();
            // egui takes the focus away at Esc.
            ctx.memory_mut(|memory| memory.request_focus(Form::field()));
        }
        let typed = |event: &Event| matches!(event, Event::Text(text) if !text.trim().is_empty());
        let types = ctx.input(|input| input.events.iter().any(typed));
        if types && (!searching || self.form.replace) {
            self.form.part.clear();
            self.form.replace = false;
            if !searching {
                // The field has the focus only in the next frame; no letter is lost until then.
                let mut taken = String::new();
                ctx.input_mut(|input| {
                    input.events.retain(|event| match event {
                        Event::Text(text) => {
                            taken.push_str(text);
                            false
                        }
                        _ => true,
                    });
                });
                self.form.part = taken.trim().to_owned();
                self.find(ctx);
                self.form.replace = false;
                // The field's caret is where it was left; what comes next belongs behind what is there.
                let mut state = TextEditState::load(ctx, Form::field()).unwrap_or_default();
                let end = CCursorRange::one(CCursor::new(self.form.part.chars().count()));
                state.cursor.set_char_range(Some(end));
                state.store(ctx, Form::field());
            }
        }
    }

    /// Draws the page.
    pub fn records_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let tokens = page.tokens;
        let frame = Frame::new().fill(tokens.colours.window).inner_margin(Margin::same(tokens.spacing.page as i8));
        CentralPanel::default().frame(frame).show(ui, |ui| {
            if !self.reading {
                let problem = Advice::new(
                    t!("There are no records here"),
                    t!("This window was opened without a folder for records"),
                    t!("Start the program with a folder: --data"),
                );
                card::frame(tokens).show(ui, |ui| problem_ui(ui, page, &problem, None));
                return;
            }
            self.head_ui(ui, page);
            let wide = ui.available_width() >= NARROW;
            if self.filtered() && (wide || self.form.open) {
                let of = match self.view {
                    View::Flashings => Restricted::Flashings,
                    View::Statistics => Restricted::Statistics,
                    _ => Restricted::Runs,
                };
                self.form.filters_ui(ui, page, &self.choices, of);
            }
            let wanted = self.form.wanted();
            if self.wanted.as_ref().is_some_and(|before| *before != wanted) {
                let typed = self.wanted.as_ref().is_some_and(|before| before.part != wanted.part);
                self.wanted_again(page, typed);
            }
            self.enter(ui, page);
            if let Some((_, problem)) = self.problem.clone() {
                let again = Command::Records(RecordsCommand::Again);
                card::frame(tokens).show(ui, |ui| {
                    ui.set_width(ui.available_width());
                    problem_ui(ui, page, &problem, Some(again));
                });
            }
            match self.view {
                View::List => self.listing_ui(ui, page),
                View::Detail => self.one_ui(ui, page),
                View::Compare => self.comparison.compare_ui(ui, page),
                View::Statistics => {
                    let searched = !self.form.part.trim().is_empty();
                    self.statistics.statistics_ui(ui, page, searched);
                }
                View::Flashings => self.flashings.flashings_ui(ui, page),
            }
        });
    }

    /// Another search: what was asked for before is outdated by it.
    fn wanted_again(&mut self, page: &mut PageCtx<'_>, typed: bool) {
        if typed && !self.form.part.is_empty() && self.view != View::Flashings {
            self.view = View::List;
        }
        self.said.clear();
        let wanted = self.form.wanted();
        self.wanted = Some(wanted.clone());
        let filter = wanted.filter.clone();
        ask(page, ArchiveRequest::List(wanted));
        if self.view == View::Statistics {
            ask(page, ArchiveRequest::Count(filter, self.statistics.trend_of()));
        }
        if let Some(request) = self.flashings_again() {
            ask(page, request);
        }
    }

    /// Arrows and Enter, while nothing but the search has the focus.
    fn enter(&mut self, ui: &Ui, page: &mut PageCtx<'_>) {
        let focused = ui.memory(egui::Memory::focused);
        if focused.is_some_and(|focused| focused != Form::field()) || egui::Popup::is_any_open(ui.ctx()) {
            return;
        }
        match self.view {
            View::List => self.list.keys(ui),
            View::Flashings => self.flashings.keys(ui),
            View::Detail | View::Compare | View::Statistics => {}
        }
        if !std::mem::take(&mut self.form.entered) {
            return;
        }
        if self.view == View::Flashings && self.flashings.toggle(&self.form.wanted_flashings()) {
            self.form.replace = true;
            return;
        }
        let row = self.list.chosen_of(&self.form.wanted()).filter(|_| self.view == View::List);
        let part = self.form.part.trim();
        if let Some(found) = row {
            ask(page, ArchiveRequest::Open(Place::of(found)));
        } else if !part.is_empty() {
            ask(page, ArchiveRequest::Find(part.to_owned()));
        } else {
            return;
        }
        // The next label is another unit's.
        self.form.replace = true;
    }

    /// What is shown is what matches the filters.
    const fn filtered(&self) -> bool {
        matches!(self.view, View::List | View::Statistics | View::Flashings)
    }

    fn head_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let tokens = page.tokens;
        ui.horizontal_wrapped(|ui| {
            let width = (tokens.spacing.grid * 34.0).min(ui.available_width());
            let focused = ui.memory(egui::Memory::focused);
            let mine = focused.is_none_or(|focused| focused == Form::field()) && !egui::Popup::is_any_open(ui.ctx());
            self.form.entered = mine && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Enter));
            self.form.search_ui(ui, page, width);
            let views =
                [(View::List, t!("List")), (View::Statistics, t!("Statistics")), (View::Flashings, t!("Flashings"))];
            for (view, word) in views {
                if choice_ui(ui, page, word, self.view == view).clicked() {
                    self.view = view;
                    if view == View::Statistics {
                        ask(page, ArchiveRequest::Count(self.form.wanted().filter, self.statistics.trend_of()));
                    }
                    if let Some(request) = self.flashings_again() {
                        ask(page, request);
                    }
                }
            }
            let kept = self.comparison.kept().len();
            if kept > 0 && choice_ui(ui, page, &t!("Compare ({kept})", kept), self.view == View::Compare).clicked() {
                ask(page, ArchiveRequest::Compare(self.comparison.kept().to_vec()));
            }
            if self.filtered() && ui.available_width() < NARROW && ui.ctx().content_rect().width() < NARROW + 200.0 {
                self.form.open_ui(ui, page);
            }
            let total = match self.view {
                View::Flashings => self.flashings.total_words(),
                // These say themselves how much they count.
                View::Statistics => None,
                _ => self.list.total.map(total_words),
            };
            let words = match (self.said.as_str(), self.awaited, total) {
                ("", true, _) => t!("Reading…").to_owned(),
                ("", false, total) => total.unwrap_or_default(),
                (said, ..) => said.to_owned(),
            };
            let colour = if self.said.is_empty() { tokens.colours.text_quiet } else { tokens.colours.attention };
            if !words.is_empty() {
                ui.add(Label::new(RichText::new(words).color(colour)).extend());
            }
        });
    }

    fn listing_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let tokens = page.tokens;
        card::frame(tokens).show(ui, |ui| {
            ui.set_min_size(ui.available_size());
            let Some(total) = self.list.total else {
                if self.problem.is_none() {
                    ui.label(RichText::new(t!("The records are being read")).color(tokens.colours.text_quiet));
                }
                return;
            };
            if total.listed() > 0 {
                return self.list.list_ui(ui, page);
            }
            if self.form.part.trim().is_empty() && self.form.active() == 0 {
                ui.heading(t!("No records yet"));
                let text = t!("Test a unit on the Bench page (F1); every run is kept and listed here");
                ui.label(RichText::new(text).color(tokens.colours.text_quiet));
            } else {
                ui.heading(t!("No record matches"));
                let text = t!("Type less of the serial number, or take filters away");
                ui.label(RichText::new(text).color(tokens.colours.text_quiet));
                if ui.button(t!("Show all records")).clicked() {
                    self.form.clear();
                    self.wanted_again(page, true);
                }
            }
        });
    }

    fn one_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let Some(detail) = &mut self.detail else { return };
        let place = detail.place();
        let kept = self.comparison.kept().contains(&place);
        let wish = detail.detail_ui(ui, page, (self.printing, kept, self.comparison.kept().len() < SIDE_BY_SIDE));
        match wish {
            None => {}
            Some(detail::Wish::Back) => self.back(),
            Some(detail::Wish::Compare) => self.comparison.toggle(place),
        }
    }
}

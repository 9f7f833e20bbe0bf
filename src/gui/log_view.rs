//! The log as a drawer at the bottom of every page: filtered by level and text, copied, saved.
//!
//! The lines come from [`Log`] in [`LogView::take_in`]; drawing reads only what is here.

use std::collections::VecDeque;
use std::ops::RangeInclusive;
use std::sync::Arc;

use egui::{
    Color32, Context, FontId, Frame, Key, Margin, Modifiers, Panel, Rect, RichText, Role, ScrollArea, Sense, Stroke,
    StrokeKind, Ui, WidgetInfo, pos2, vec2,
};

use super::command::Command;
use super::pages::PageCtx;
use super::tokens::Tokens;
use super::widgets::command_button::{choice_ui, look_button_ui};
use super::widgets::elided::elided;
use super::widgets::input::{Look, input_ui};
use super::widgets::status::Mark;
use crate::log::{Entry, LINES, Level, Log};

const HEIGHT: f32 = 240.0;
const LEAST_HEIGHT: f32 = 120.0;
/// The page keeps at least so much of the window.
const LEFT_FOR_PAGE: f32 = 0.35;
/// Width of the search field.
const SEARCH: f32 = 180.0;

/// What the drawer shows and how.
pub struct LogView {
    log: Option<Log>,
    lines: VecDeque<Arc<Entry>>,
    /// Number of the first of `lines`, counted from the start of the program.
    first: u64,
    next: u64,
    open: bool,
    /// Less than this is not shown.
    pub level: Level,
    /// Lines without this are not shown.
    pub text: String,
    /// The newest line is kept in view.
    pub follow: bool,
    /// Numbers of the first and the last selected line, in the order they were clicked.
    selected: Option<(u64, u64)>,
    /// Numbers of the lines that fit the filter, and the filter they fit.
    shown: Vec<u64>,
    shown_for: Option<(u64, u64, Level, String)>,
    unread: usize,
    /// The search field gets the focus in the next frame.
    focus: bool,
    /// It has the focus.
    searching: bool,
}

impl Default for LogView {
    fn default() -> Self {
        Self {
            log: None,
            lines: VecDeque::new(),
            first: 0,
            next: 0,
            open: false,
            level: Level::Info,
            text: String::new(),
            follow: true,
            selected: None,
            shown: Vec::new(),
            shown_for: None,
            unread: 0,
            focus: false,
            searching: false,
        }
    }
}

impl LogView {
    /// Of a log.
    #[must_use]
    pub fn of(log: Log) -> Self {
        Self { log: Some(log), ..Self::default() }
    }

    /// It is shown.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.open
    }

    /// Warnings and errors since it was looked into.
    #[must_use]
    pub const fn unread(&self) -> usize {
        self.unread
    }

    /// Shows it, with what was filtered out by its text.
    pub fn open(&mut self) {
        (self.open, self.follow, self.unread) = (true, true, 0);
        self.text.clear();
    }

    /// Gives its search the focus.
    pub fn find(&mut self) {
        self.focus = true;
    }

    /// Hides it.
    pub fn hide(&mut self) {
        self.open = false;
    }

    /// Takes in what the log has got since the last time.
    pub fn take_in(&mut self) {
        let Some(log) = &self.log else { return };
        let (fresh, next) = log.newer(self.next);
        // Lines that were pushed out before they were seen leave a gap in the numbers.
        let begin = next - fresh.len() as u64;
        if begin > self.next {
            self.lines.clear();
        }
        if !self.open {
            self.unread += fresh.iter().filter(|entry| entry.level >= Level::Warning).count();
        }
        self.lines.extend(fresh);
        let surplus = self.lines.len().saturating_sub(LINES);
        self.lines.drain(..surplus);
        self.next = next;
        self.first = next - self.lines.len() as u64;
    }

    /// Esc in its search asks to hide it.
    pub(super) fn keys(&self, ctx: &Context) -> bool {
        self.open && self.searching && ctx.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape))
    }

    /// The selected lines, or all that are shown.
    #[must_use]
    pub fn copied(&self) -> String {
        let selected = self.selection();
        let wanted = |number: &&u64| selected.as_ref().is_none_or(|selected| selected.contains(number));
        let lines = self.shown.iter().filter(wanted).filter_map(|number| self.line(*number));
        lines.map(|entry| entry.line()).collect::<Vec<_>>().join("\n")
    }

    /// Draws the drawer, if it is open.
    pub(super) fn log_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        if !self.open {
            return;
        }
        self.filter();
        let tokens = page.tokens;
        let margin = Margin::symmetric(tokens.spacing.page as i8, tokens.spacing.grid as i8);
        let frame = Frame::new().fill(tokens.colours.card).inner_margin(margin);
        let most = (ui.ctx().content_rect().height() * (1.0 - LEFT_FOR_PAGE)).max(LEAST_HEIGHT);
        let panel = Panel::bottom("log").frame(frame).resizable(true);
        panel.default_size(HEIGHT.min(most * 0.7)).size_range(LEAST_HEIGHT.min(most)..=most).show(ui, |ui| {
            self.head_ui(ui, page);
            ui.add_space(tokens.spacing.grid * 0.5);
            self.lines_ui(ui, page);
        });
    }

    fn head_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let tokens = page.tokens;
        ui.horizontal_wrapped(|ui| {
            ui.heading(t!("Log"));
            for (level, word) in [
                (Level::Debug, t!("All")),
                (Level::Info, t!("Info")),
                (Level::Warning, t!("Warnings")),
                (Level::Error, t!("Errors")),
            ] {
                if choice_ui(ui, page, word, self.level == level).clicked() {
                    self.level = level;
                }
            }
            let look =
                Look { name: t!("Find in the log"), hint: t!("find"), fault: None, width: SEARCH, rows: 1, mono: true };
            if ui.available_size_before_wrap().x < SEARCH {
                ui.end_row();
            }
            let search = input_ui(ui, tokens, look, &mut self.text);
            if std::mem::take(&mut self.focus) {
                search.request_focus();
            }
            self.searching = search.has_focus();
            ui.checkbox(&mut self.follow, t!("Follow"));
            let (count, what) = match self.selection() {
                Some(selected) => {
                    (self.shown.iter().filter(|number| selected.contains(number)).count(), t!("selected"))
                }
                None => (self.shown.len(), t!("shown")),
            };
            let name = if self.selected.is_some() { t!("selected lines") } else { t!("shown lines") };
            // The text is made when it is asked for, not in every frame.
            if look_button_ui(ui, page, &Command::Copy(name, String::new()), count > 0).clicked() {
                page.commands.push(Command::Copy(name, self.copied()));
            }
            if look_button_ui(ui, page, &Command::SaveLog(String::new()), count > 0).clicked() {
                page.commands.push(Command::SaveLog(self.copied()));
            }
            if ui.button(t!("Hide")).on_hover_text(t!("Hide the log (Esc in its field)")).clicked() {
                page.commands.push(Command::ToggleLog);
            }
            let text = t!("{count} of {all} lines {what}", count, all = self.lines.len(), what);
            let text = RichText::new(text).size(tokens.sizes.secondary).color(tokens.colours.text_quiet);
            ui.add(egui::Label::new(text).extend());
        });
    }

    fn lines_ui(&mut self, ui: &mut Ui, page: &PageCtx<'_>) {
        let tokens = page.tokens;
        if self.shown.is_empty() {
            let text =
                if self.lines.is_empty() { t!("Nothing has happened yet") } else { t!("No line fits the filter") };
            ui.label(RichText::new(text).color(tokens.colours.text_quiet));
            return;
        }
        ui.spacing_mut().item_spacing.y = 0.0;
        let height = tokens.sizes.secondary + tokens.spacing.grid;
        let selected = self.selection();
        let mut clicked = None;
        let area = ScrollArea::vertical().auto_shrink([false, false]).stick_to_bottom(self.follow);
        let output = area.show_rows(ui, height, self.shown.len(), |ui, range| {
            for number in self.shown.get(range).unwrap_or_default() {
                let Some(entry) = self.line(*number) else { continue };
                let chosen = selected.as_ref().is_some_and(|selected| selected.contains(number));
                if line_ui(ui, tokens, entry, (height, chosen)).clicked() {
                    clicked = Some(*number);
                }
            }
        });
        // Who scrolls back wants to read.
        let scrolled =
            ui.input(|input| input.smooth_scroll_delta.y > 0.0) && ui.rect_contains_pointer(output.inner_rect);
        self.follow &= !scrolled;
        if let Some(number) = clicked {
            let extend = ui.input(|input| input.modifiers.shift);
            self.selected = match self.selected {
                Some((from, _)) if extend => Some((from, number)),
                Some(present) if present == (number, number) => None,
                _ => Some((number, number)),
            };
            self.follow = false;
        }
    }

    fn filter(&mut self) {
        let key = (self.first, self.next, self.level, self.text.trim().to_lowercase());
        if self.shown_for.as_ref() == Some(&key) {
            return;
        }
        let fits = |entry: &Entry| {
            let known = || format!("{} {} {}", entry.level.word(), entry.place, entry.text).to_lowercase();
            entry.level >= self.level
                && (key.3.is_empty() || key.3.split_whitespace().all(|word| known().contains(word)))
        };
        self.shown =
            (self.first..).zip(&self.lines).filter(|(_, entry)| fits(entry)).map(|(number, _)| number).collect();
        self.shown_for = Some(key);
    }

    fn selection(&self) -> Option<RangeInclusive<u64>> {
        self.selected.map(|(from, to)| from.min(to)..=from.max(to))
    }

    fn line(&self, number: u64) -> Option<&Arc<Entry>> {
        self.lines.get(usize::try_from(number.checked_sub(self.first)?).ok()?)
    }
}

/// One line: time, shape and word of its level, room, text. What does not fit is under the pointer.
fn line_ui(ui: &mut Ui, tokens: &Tokens, entry: &Entry, (height, chosen): (f32, bool)) -> egui::Response {
    let (colours, grid) = (&tokens.colours, tokens.spacing.grid);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::click());
    let time = entry.at.strftime("%H:%M:%S%.3f").to_string();
    let name = format!("{time} {} {}: {}", entry.level.word(), entry.place, entry.text);
    response.widget_info(|| WidgetInfo::selected(Role::ListBoxOption, true, chosen, &name));
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    if chosen || response.hovered() {
        painter.rect_filled(rect, 2.0, if chosen { colours.button_hovered } else { colours.button });
    }
    if response.has_focus() {
        painter.rect_stroke(rect, 2.0, Stroke::new(1.5, colours.accent), StrokeKind::Inside);
    }
    let size = tokens.sizes.secondary;
    let (mono, plain) = (FontId::monospace(size), FontId::proportional(size));
    let (mark, colour) = match entry.level {
        Level::Error => (Mark::Cross, colours.fail),
        Level::Warning => (Mark::Triangle, colours.attention),
        Level::Info => (Mark::Ring, colours.text_quiet),
        Level::Debug => (Mark::Bar, colours.text_quiet),
    };
    let mut x = rect.left() + grid * 0.5;
    let put = |x: &mut f32, text: &str, font: &FontId, colour: Color32, least: f32| {
        let drawn = painter.text(pos2(*x, rect.center().y), egui::Align2::LEFT_CENTER, text, font.clone(), colour);
        *x = (*x + least).max(drawn.right() + grid);
    };
    put(&mut x, &time, &mono, colours.text_quiet, 0.0);
    let square = Rect::from_center_size(pos2(x + size / 2.0, rect.center().y.round()), vec2(size, size));
    mark.paint(&painter, square, colour, colours.card);
    x += size + grid * 0.75;
    put(&mut x, entry.level.word(), &plain, colour, grid * 7.0);
    put(&mut x, &entry.place, &plain, colours.text_quiet, grid * 9.0);
    let text = elided(&painter, &entry.text.replace('\n', "  "), plain, colours.text, rect.right() - x);
    let place = egui::Align2::LEFT_CENTER.anchor_size(pos2(x, rect.center().y), text.size());
    painter.galley(place.min, text, colours.text);
    response.on_hover_text(name)
}

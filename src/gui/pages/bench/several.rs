//! The bench page of several positions: a strip with the instruction, the scanner's field and the buttons, and below it all
//! positions or the one that is shown in detail.

use egui::{
    Button, CentralPanel, Frame, Key, Label, Layout, Margin, Modifiers, Panel, Rect, RichText, ScrollArea, Sense, Ui,
    UiBuilder, vec2,
};

use super::doing::doing;
use super::form::{choice_ui, serial_id};
use super::results::{in_card_ui, results_ui};
use super::{BenchPage, steps, verdict, vigil};
use crate::gui::command::Command;
use crate::gui::pages::PageCtx;
use crate::gui::positions::Positions;
use crate::gui::remaining;
use crate::gui::session::Link;
use crate::gui::texts::words;
use crate::gui::widgets::card;
use crate::gui::widgets::command_button::{button_width, command_button_ui};
use crate::procedure::Verdict;

/// Width of the scanner's field with its buttons.
const SCAN_WIDTH: f32 = 336.0;
/// Width of the steps beside the results in detail.
const STEPS_WIDTH: f32 = 280.0;
/// One position in detail is no lower; where it does not fit, it scrolls.
const LEAST_DETAIL: f32 = 320.0;
/// Pages lower than this have little room above the tiles.
const LOW: f32 = 440.0;
/// Strips narrower than this say what there is to do in more lines.
const NARROW: f32 = 700.0;
/// Fields to choose from are no narrower.
const LEAST_FIELD: f32 = 90.0;
/// Most serial numbers named in one line.
const NAMED: usize = 6;

impl BenchPage {
    pub(super) fn several_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let tokens = page.tokens;
        let (outer, gap) = (tokens.spacing.page as i8, tokens.spacing.grid as i8);
        self.arrows(ui, page);
        let low = ui.available_height() < LOW;
        let frame = Frame::new().fill(tokens.colours.window);
        let above = frame.inner_margin(Margin { left: outer, right: outer, top: outer, bottom: gap / 2 });
        Panel::top("strip").frame(above).resizable(false).show_separator_line(false).show(ui, |ui| {
            card::frame(tokens).show(ui, |ui| self.strip_ui(ui, page, low));
        });
        let below = frame.inner_margin(Margin { left: outer, right: outer, top: gap / 2, bottom: outer });
        CentralPanel::default().frame(below).show(ui, |ui| {
            let view = ui.available_rect_before_wrap();
            ScrollArea::vertical().id_salt(self.detail).auto_shrink([false, false]).show(ui, |ui| {
                if low && !page.core.run().running {
                    card::frame(tokens).show(ui, |ui| self.choice_row_ui(ui, page));
                    ui.add_space(tokens.spacing.grid);
                }
                let left = view.bottom() - ui.cursor().top();
                if self.detail {
                    let size = vec2(ui.available_width(), left.max(LEAST_DETAIL));
                    let area = Rect::from_min_size(ui.cursor().min, size);
                    detail_ui(ui, page, area);
                    ui.advance_cursor_after_rect(area);
                } else {
                    self.columns = super::tiles::tiles_ui(ui, page, left, &mut self.in_view);
                }
            });
        });
    }

    /// Arrows go from position to position, unless a text is being typed.
    fn arrows(&self, ui: &Ui, page: &mut PageCtx<'_>) {
        let focused = ui.memory(egui::Memory::focused);
        let elsewhere = focused.is_some_and(|id| id != serial_id());
        if elsewhere && !page.core.unacknowledged || page.core.question.is_some() {
            return;
        }
        let typing = focused.is_some() && !self.serial.is_empty() && !page.core.run().running && !page.core.resulted;
        let row = if self.detail { 1 } else { self.columns.max(1) };
        let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        let (shown, count) = (page.core.positions.shown(), page.core.positions.all().len());
        let mut to = shown;
        if pressed(Key::ArrowDown) {
            to += row;
        }
        if pressed(Key::ArrowUp) {
            to = to.checked_sub(row).unwrap_or(shown);
        }
        if !typing && pressed(Key::ArrowRight) {
            to += 1;
        }
        if !typing && pressed(Key::ArrowLeft) {
            to = to.saturating_sub(1);
        }
        if to != shown && to < count {
            page.commands.push(Command::ShowPosition(to));
        }
    }

    /// In a low window what is chosen scrolls with the tiles; the instruction and the scanner's field stay.
    fn strip_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>, low: bool) {
        let tokens = page.tokens;
        let height = tokens.spacing.grid * if ui.available_width() < NARROW { 12.5 } else { 10.5 };
        let (room, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
        let split = room.right() - SCAN_WIDTH.min(room.width() * 0.45);
        let said = room.with_max_x(split - tokens.spacing.page);
        ui.scope_builder(UiBuilder::new().max_rect(said), |ui| {
            ui.set_clip_rect(said.intersect(ui.clip_rect()));
            said_ui(ui, page);
        });
        ui.scope_builder(UiBuilder::new().max_rect(room.with_min_x(split)), |ui| self.scan_ui(ui, page));
        if !page.core.run().running && !low {
            ui.separator();
            self.choice_row_ui(ui, page);
        }
    }

    fn scan_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let tokens = page.tokens;
        ui.spacing_mut().item_spacing.y = tokens.spacing.grid * 0.5;
        // What is scanned while results stand is the first of the next units.
        let positions = &page.core.positions;
        let number = 1 + if page.core.resulted { positions.first() } else { positions.shown() };
        let small = |text: &str| RichText::new(text).size(tokens.sizes.secondary).color(tokens.colours.text_quiet);
        let label = ui.horizontal(|ui| {
            let label = ui.label(small(t!("Serial number"))).id;
            ui.label(small(&t!("of position {number}", number)));
            self.format_ui(ui, page, egui::TextWrapMode::Truncate);
            label
        });
        self.serial_ui(ui, page, label.inner);
        ui.horizontal(|ui| {
            ui.set_min_height(ui.spacing().interact_size.y);
            self.buttons_ui(ui, page);
        });
    }

    /// Who does what with which profile, and what is done with the position that is shown.
    fn choice_row_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let tokens = page.tokens;
        let (shown, out) = (page.core.positions.shown(), page.core.positions.current().left_out);
        let leave = Command::LeaveOut(shown, !out);
        let detail = if self.detail { t!("All positions") } else { t!("Details") };
        let names = [t!("Profile"), t!("Procedure"), t!("Operator")];
        let gap = ui.spacing().item_spacing.x;
        let labels = names.map(|name| text_width(ui, name));
        let golden = vigil::offers_choice(page.core).then(|| Command::Golden(!page.core.golden).look().text);
        let golden = golden.map_or(0.0, |text| button_width(ui, page, &text) + gap);
        // It is about the next units, and those are not asked for yet.
        let leave = (!page.core.resulted).then_some(leave);
        let leaving = leave.as_ref().map_or(0.0, |leave| button_width(ui, page, &leave.look().text) + gap);
        let buttons = leaving + button_width(ui, page, detail) + golden;
        // In one row where each field has room; else each with its label where it fits.
        let one_row = (ui.available_width() - buttons - labels.iter().sum::<f32>() - 7.0 * gap) / 3.0;
        let width = if one_row < LEAST_FIELD { LEAST_FIELD * 1.4 } else { one_row.min(200.0) };
        let room = ui.available_width();
        ui.horizontal_wrapped(|ui| {
            for ((name, label_width), number) in names.into_iter().zip(labels).zip(0..) {
                let size = vec2(label_width + gap + width, ui.spacing().interact_size.y);
                ui.allocate_ui_with_layout(size, Layout::left_to_right(egui::Align::Center), |ui| {
                    ui.set_min_size(size);
                    let label = ui.label(RichText::new(name).color(tokens.colours.text_quiet)).id;
                    match number {
                        0 => choice_ui(ui, label, (name, &mut self.profile), &self.profiles),
                        1 => choice_ui(ui, label, (name, &mut self.procedure), &self.procedures),
                        // The frame of a field is outside of its width.
                        _ => self.operator_ui(ui, page, label, width - gap),
                    }
                });
            }
            if one_row >= LEAST_FIELD {
                ui.add_space(room - buttons - labels.iter().sum::<f32>() - 3.0 * width - 8.0 * gap);
            }
            if vigil::offers_choice(page.core) {
                vigil::choice_ui(ui, page);
            }
            if let Some(leave) = leave {
                command_button_ui(ui, page, leave, true);
            }
            if ui
                .add(Button::new(detail).min_size(vec2(button_width(ui, page, detail), 0.0)))
                .on_hover_text("Ctrl+D")
                .clicked()
            {
                page.commands.push(Command::ToggleDetail);
            }
        });
        if page.core.operator_missing() || page.core.problem.is_some() {
            self.notes_ui(ui, page);
        }
    }
}

/// One instruction, or the step that is done, or how it ended.
fn said_ui(ui: &mut Ui, page: &PageCtx<'_>) {
    let tokens = page.tokens;
    let core = page.core;
    let running = core.run().running;
    let (title, text) = said(page);
    let simulated = core.links.simulated && (running || core.resulted);
    if running {
        verdict::working_ui(ui, tokens, (&title, &text), core.positions.fraction(), simulated);
    } else {
        verdict::marked_ui(ui, tokens, (&title, &text), simulated);
    }
}

/// Width of a label.
fn text_width(ui: &Ui, text: &str) -> f32 {
    let font = egui::TextStyle::Body.resolve(ui.style());
    ui.painter().layout_no_wrap(text.to_owned(), font, ui.visuals().text_color()).size().x
}

fn said(page: &PageCtx<'_>) -> (String, String) {
    let core = page.core;
    let positions = &core.positions;
    let number = positions.shown() + 1;
    if core.run().running {
        let runs = positions.all().iter().map(|position| &position.run).filter(|run| run.used());
        let title = doing(runs.clone()).into_owned();
        let units = runs.count();
        return (title, t!("{units} units    {left}", units, left = remaining::words(positions.time_left())));
    }
    if core.unacknowledged {
        return failed(positions);
    }
    if core.resulted {
        let then = match core.pause_left() {
            Some(_) => t!(", goes on by itself after {pause} s", pause = core.settings.pass_pause_secs),
            None => String::new(),
        };
        return (positions.tally_words(), t!("Take the units out, then press Space{then}", then));
    }
    if !core.links.open {
        return (t!("No station").to_owned(), t!("Connect the devices in the bar above").to_owned());
    }
    let taken = positions.all().iter().filter(|position| !position.next.is_empty()).count();
    let text = match (taken, core.links.meters.get(number - 1)) {
        (_, Some(Link::Trouble(reason))) => t!("Its meter does not answer: {reason}", reason),
        (0, _) => t!("Enter goes to the next position, the last one starts").to_owned(),
        _ => t!("{taken} scanned; F5 starts with these", taken),
    };
    let title = if positions.current().left_out {
        t!("Position {number} is left out", number)
    } else {
        t!("Scan the unit at position {number}", number)
    };
    // Which position is scanned stands at the field too.
    vigil::instruction(core).unwrap_or((title, text))
}

/// The failed units by their places.
fn failed(positions: &Positions) -> (String, String) {
    let failed = positions.failed();
    let numbers: Vec<String> = failed.iter().map(|number| (number + 1).to_string()).collect();
    let serials = failed.iter().filter_map(|&number| positions.all().get(number)).map(|one| one.run.serial.as_str());
    let most = if failed.len() > NAMED { 2 } else { NAMED };
    let mut named: Vec<&str> = serials.take(most).collect();
    if failed.len() > NAMED {
        named.push(t!("the others"));
    }
    let place = if failed.len() == 1 { t!("position") } else { t!("positions") };
    let verdict = words::verdict(Verdict::Fail);
    let title = if failed.len() > NAMED {
        // The tiles say which.
        t!("{verdict} at {count} positions", verdict, count = failed.len())
    } else {
        t!("{verdict} at {place} {numbers}", verdict, place, numbers = numbers.join(", "))
    };
    (title, t!("Set {named} apart, then acknowledge with Enter or Space", named = named.join(", ")))
}

/// One position as a bench with one position shows it, with the way to the others.
fn detail_ui(ui: &mut Ui, page: &mut PageCtx<'_>, area: Rect) {
    let tokens = page.tokens;
    let gap = tokens.spacing.grid;
    let chips = super::tiles::chips_ui(ui, page, area);
    let rest = area.with_min_y(area.top() + chips + gap);
    let (left, right) = rest.split_left_right_at_x(rest.left() + STEPS_WIDTH.min(rest.width() * 0.4));
    in_card_ui(ui, page, left, |ui| {
        ui.push_id("steps", |ui| {
            let run = page.core.run();
            let name = if run.serial.is_empty() { t!("no unit") } else { run.serial.as_str() };
            let heading = t!("Position {position}    {name}", position = run.position + 1, name);
            ui.add(Label::new(RichText::new(heading).font(tokens.strong(tokens.sizes.heading))).truncate());
            steps::steps_ui(ui, page);
        });
    });
    let right = right.with_min_x(right.left() + gap);
    ui.scope_builder(UiBuilder::new().id_salt("results").max_rect(right), |ui| results_ui(ui, page));
}

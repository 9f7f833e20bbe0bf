//! The bench page of several positions: a strip with the instruction, the scanner's field and the buttons, and below it all
//! positions or the one that is shown in detail.

use egui::{
    CentralPanel, Frame, Key, Label, Layout, Margin, Modifiers, Panel, Rect, RichText, Sense, Ui, UiBuilder, pos2, vec2,
};

use super::form::{choice_ui, serial_id};
use super::{BenchPage, in_card_ui, results_ui, steps, verdict, vigil};
use crate::gui::command::Command;
use crate::gui::pages::PageCtx;
use crate::gui::positions::Positions;
use crate::gui::remaining;
use crate::gui::session::Link;
use crate::gui::texts::words;
use crate::gui::widgets::card;
use crate::gui::widgets::command_button::command_button_ui;
use crate::procedure::Verdict;

/// Width of the scanner's field with its buttons.
const SCAN_WIDTH: f32 = 336.0;
/// Width of the steps beside the results in detail.
const STEPS_WIDTH: f32 = 280.0;
/// Lists to choose from are no narrower.
const LEAST_CHOICE: f32 = 90.0;
/// Most serial numbers named in one line.
const NAMED: usize = 6;

impl BenchPage {
    pub(super) fn several_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let tokens = page.tokens;
        let (outer, gap) = (tokens.spacing.page as i8, tokens.spacing.grid as i8);
        self.arrows(ui, page);
        let frame = Frame::new().fill(tokens.colours.window);
        let above = frame.inner_margin(Margin { left: outer, right: outer, top: outer, bottom: gap / 2 });
        Panel::top("strip").frame(above).resizable(false).show_separator_line(false).show(ui, |ui| {
            card::frame(tokens).show(ui, |ui| self.strip_ui(ui, page));
        });
        let below = frame.inner_margin(Margin { left: outer, right: outer, top: gap / 2, bottom: outer });
        CentralPanel::default().frame(below).show(ui, |ui| {
            let area = ui.available_rect_before_wrap();
            if self.detail { detail_ui(ui, page, area) } else { self.columns = super::tiles::tiles_ui(ui, page, area) }
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

    fn strip_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let tokens = page.tokens;
        let height = tokens.spacing.grid * 10.5;
        let (room, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
        let split = room.right() - SCAN_WIDTH.min(room.width() * 0.45);
        let said = room.with_max_x(split - tokens.spacing.page);
        ui.scope_builder(UiBuilder::new().max_rect(said), |ui| {
            ui.set_clip_rect(said.intersect(ui.clip_rect()));
            said_ui(ui, page, said);
        });
        ui.scope_builder(UiBuilder::new().max_rect(room.with_min_x(split)), |ui| self.scan_ui(ui, page));
        if !page.core.run().running {
            ui.separator();
            self.choice_row_ui(ui, page);
        }
    }

    fn scan_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let tokens = page.tokens;
        ui.spacing_mut().item_spacing.y = tokens.spacing.grid * 0.5;
        let number = page.core.positions.shown() + 1;
        let small = |text: &str| RichText::new(text).size(tokens.sizes.secondary).color(tokens.colours.text_quiet);
        let label = ui.horizontal(|ui| {
            let label = ui.label(small(t!("Serial number"))).id;
            ui.label(small(&t!("of position {number}", number)));
            label
        });
        self.serial_ui(ui, page, label.inner);
        ui.horizontal(|ui| {
            ui.set_min_height(ui.spacing().interact_size.y);
            self.buttons_ui(ui, page);
            self.format_ui(ui, page);
        });
    }

    /// Who does what with which profile, and what is done with the position that is shown.
    fn choice_row_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let tokens = page.tokens;
        let others = if vigil::offers_choice(page.core) { 610.0 } else { 480.0 };
        // Where they do not fit beside each other, the buttons have a row of their own.
        let two_rows = ui.available_width() < others + 3.0 * LEAST_CHOICE;
        ui.horizontal(|ui| {
            let quiet = |text: &str| RichText::new(text).color(tokens.colours.text_quiet);
            let others = if two_rows { 220.0 } else { others };
            let width = ((ui.available_width() - others) / 3.0).clamp(LEAST_CHOICE, 200.0);
            for (name, chosen, known) in [
                (t!("Profile"), &mut self.profile, &self.profiles),
                (t!("Procedure"), &mut self.procedure, &self.procedures),
            ] {
                let label = ui.label(quiet(name)).id;
                ui.allocate_ui(vec2(width, ui.spacing().interact_size.y), |ui| {
                    choice_ui(ui, label, (name, chosen), known);
                });
            }
            let label = ui.label(quiet(t!("Operator"))).id;
            self.operator_ui(ui, page, label, width);
            if !two_rows {
                self.choice_buttons_ui(ui, page);
            }
        });
        if two_rows {
            ui.horizontal(|ui| self.choice_buttons_ui(ui, page));
        }
        if page.core.operator_missing() || page.core.problem.is_some() {
            self.notes_ui(ui, page);
        }
    }

    fn choice_buttons_ui(&self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        ui.with_layout(Layout::right_to_left(egui::Align::Center), |ui| {
            if vigil::offers_choice(page.core) {
                vigil::choice_ui(ui, page);
            }
            let text = if self.detail { t!("All positions") } else { t!("Details") };
            if ui.button(text).on_hover_text("Ctrl+D").clicked() {
                page.commands.push(Command::ToggleDetail);
            }
            let (shown, out) = (page.core.positions.shown(), page.core.positions.current().left_out);
            command_button_ui(ui, page, Command::LeaveOut(shown, !out), true);
        });
    }
}

/// One instruction, or the step that is done, or how it ended.
fn said_ui(ui: &mut Ui, page: &PageCtx<'_>, area: Rect) {
    let tokens = page.tokens;
    let core = page.core;
    let running = core.run().running;
    let (title, text) = said(page);
    verdict::instruction_ui(ui, tokens, &title, &text);
    let simulated = core.links.simulated && (running || core.resulted);
    if simulated {
        let place = Rect::from_min_max(area.right_top() - vec2(140.0, 0.0), area.right_top() + vec2(0.0, 28.0));
        ui.scope_builder(UiBuilder::new().max_rect(place).layout(Layout::right_to_left(egui::Align::Center)), |ui| {
            verdict::simulated_ui(ui, tokens, tokens.sizes.body);
        });
    }
    if running {
        let track = Rect::from_min_max(pos2(area.left(), area.bottom() - 6.0), area.max);
        ui.painter().rect_filled(track, 2.0, tokens.colours.field);
        let done = track.with_max_x(track.left() + track.width() * core.positions.fraction());
        ui.painter().rect_filled(done, 2.0, tokens.colours.running_fill);
    }
}

fn said(page: &PageCtx<'_>) -> (String, String) {
    let core = page.core;
    let positions = &core.positions;
    let number = positions.shown() + 1;
    if core.run().running {
        let working = positions.all().iter().find(|position| position.run.active().is_some());
        let title = match (core.run().cancelling, working.and_then(|position| position.run.active())) {
            (true, _) => t!("Stopping, the source goes off").to_owned(),
            (false, Some(step)) => words::step(&step.title).into_owned(),
            (false, None) => t!("Getting ready").to_owned(),
        };
        let units = positions.all().iter().filter(|position| position.run.used()).count();
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
    let mut named: Vec<&str> = serials.take(NAMED).collect();
    if failed.len() > NAMED {
        named.push(t!("the others"));
    }
    let place = if failed.len() == 1 { t!("position") } else { t!("positions") };
    let title = t!(
        "{verdict} at {place} {numbers}",
        verdict = words::verdict(Verdict::Fail),
        place,
        numbers = numbers.join(", ")
    );
    (title, t!("Set {named} apart, then acknowledge with Enter or Space", named = named.join(", ")))
}

/// One position as a bench with one position shows it, with the way to the others.
fn detail_ui(ui: &mut Ui, page: &mut PageCtx<'_>, area: Rect) {
    let tokens = page.tokens;
    let gap = tokens.spacing.grid;
    let (strip, rest) = area.split_top_bottom_at_y(area.top() + tokens.spacing.grid * 4.5);
    super::tiles::chips_ui(ui, page, strip);
    let rest = rest.with_min_y(rest.top() + gap);
    let (left, right) = rest.split_left_right_at_x(rest.left() + STEPS_WIDTH);
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

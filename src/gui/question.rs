//! The operator's prompt as a dialog: one instruction, its sketch, and the keys that answer. Esc stops the run.

use egui::{Event, Id, Key, Modal, Modifiers, RichText, TextEdit, Ui, vec2};

use super::command::Command;
use super::pages::PageCtx;
use super::widgets::card;
use super::widgets::command_button::command_button_ui;
use super::widgets::scanner::Scanner;
use super::widgets::sketch::sketch_ui;
use super::widgets::status::{Mark, mark_ui};
use crate::gui::texts;
use crate::operator::{Answer, Kind, Prompt, number};

/// Width of the sketch.
const SKETCH: f32 = 300.0;
/// Width of the words and the answer.
const WORDS: f32 = 420.0;
/// Keys of the numbered options.
const DIGITS: [Key; 9] =
    [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7, Key::Num8, Key::Num9];

/// The answer as it is typed.
#[derive(Default)]
pub(super) struct Question {
    asked: Option<Prompt>,
    typed: String,
    /// Enter was pressed on something that is no answer.
    refused: bool,
    scanner: Scanner,
}

impl Question {
    /// Draws the prompt that stands, if one does.
    pub(super) fn question_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let fresh = self.asked != page.core.question;
        if fresh {
            self.asked.clone_from(&page.core.question);
            self.typed.clear();
            self.refused = false;
            // What had the focus in the question before is another widget by the same place in this one.
            if let Some(focused) = ui.memory(egui::Memory::focused) {
                ui.memory_mut(|memory| memory.surrender_focus(focused));
            }
        }
        // A label scanned too soon is neither an answer nor a confirmation.
        let scanned = self.scanner.scans(ui);
        let Some(prompt) = self.asked.clone() else { return };
        let tokens = page.tokens;
        let modal =
            Modal::new(Id::unique("question")).backdrop_color(tokens.colours.backdrop).frame(card::frame(tokens));
        let ctx = ui.ctx().clone();
        let commands = page.commands.len();
        modal.show(&ctx, |ui| {
            ui.spacing_mut().item_spacing = vec2(tokens.spacing.page, tokens.spacing.grid * 1.5);
            ui.horizontal_top(|ui| {
                if let Some(sketch) = prompt.sketch {
                    sketch_ui(ui, tokens, sketch, SKETCH);
                }
                ui.vertical(|ui| {
                    ui.set_width(WORDS);
                    let size = if prompt.question.chars().count() > 60 { 0.7 } else { 1.0 } * tokens.sizes.instruction;
                    let name = ui.label(RichText::new(texts::of(&prompt.question)).font(tokens.strong(size))).id;
                    match &prompt.kind {
                        Kind::Text | Kind::Number { .. } => self.typed_ui(ui, page, &prompt, (name, fresh)),
                        Kind::Choice { options, default } => choices_ui(ui, page, (options, *default), scanned),
                        Kind::Confirm => confirm_ui(ui, page, scanned),
                    }
                });
            });
        });
        if page.commands.iter().skip(commands).any(|command| matches!(command, Command::Answer(_))) {
            // Should the same be asked again, it begins with nothing typed.
            self.asked = None;
        }
    }

    fn typed_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>, prompt: &Prompt, (name, fresh): (Id, bool)) {
        let tokens = page.tokens;
        let unit = match &prompt.kind {
            Kind::Number { unit, .. } => *unit,
            _ => "",
        };
        let read = prompt.read(&self.typed);
        let entered = ui
            .horizontal(|ui| {
                let width = if unit.is_empty() { WORDS - 24.0 } else { WORDS * 0.5 };
                let edit = TextEdit::singleline(&mut self.typed)
                    .font(tokens.strong(tokens.sizes.reading))
                    .desired_width(width)
                    .margin(egui::Margin::symmetric(8, 6));
                let field = ui.add(edit).labelled_by(name);
                if fresh || !field.has_focus() && !field.lost_focus() {
                    field.request_focus();
                }
                self.refused &= !field.changed();
                if !unit.is_empty() {
                    ui.label(RichText::new(unit).size(tokens.sizes.reading).color(tokens.colours.text_quiet));
                }
                field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter))
            })
            .inner;
        // The line is there from the start, so that nothing moves when something is wrong.
        let told = !self.typed.trim().is_empty() || self.refused;
        // Why the same is asked again stands until a new answer is begun.
        let before = prompt.problem.as_ref().filter(|_| self.typed.is_empty());
        let wrong = read.as_ref().err().filter(|_| told).or(before);
        ui.horizontal_wrapped(|ui| match (wrong, &prompt.kind) {
            (Some(problem), _) => {
                mark_ui(ui, tokens, Mark::Triangle, tokens.colours.attention);
                ui.label(RichText::new(problem).color(tokens.colours.attention));
            }
            (_, Kind::Number { unit, least, most }) => {
                let range =
                    t!("{least} to {most} {unit}", least = number::short(*least), most = number::short(*most), unit);
                ui.label(RichText::new(range).color(tokens.colours.text_quiet));
            }
            _ => {
                ui.label(" ");
            }
        });
        self.refused |= entered && read.is_err();
        if let (true, Ok(answer)) = (entered, &read) {
            page.commands.push(Command::Answer(answer.clone()));
        }
        ui.horizontal(|ui| {
            let ready = read.is_ok();
            command_button_ui(ui, page, Command::Answer(read.unwrap_or(Answer::Confirmed)), ready);
            stop_ui(ui, page, t!("Enter answers, Esc stops the run"));
        });
    }
}

fn choices_ui(ui: &mut Ui, page: &mut PageCtx<'_>, (options, default): (&[String], Option<usize>), scanned: bool) {
    let tokens = page.tokens;
    for (number, option) in options.iter().enumerate() {
        let (front, fill) = if default == Some(number) {
            (tokens.colours.text_on_strong, tokens.colours.accent_fill)
        } else {
            (tokens.colours.text, tokens.colours.button)
        };
        let enter = if default == Some(number) { t!("   Enter") } else { "" };
        let text = RichText::new(format!("{}   {option}{enter}", number + 1)).size(tokens.sizes.heading).color(front);
        let button = egui::Button::new(text).fill(fill).min_size(vec2(WORDS, tokens.spacing.grid * 4.5));
        let pressed = ui.add(button).clicked() || DIGITS.get(number).is_some_and(|key| pressed(ui, *key));
        if pressed && !scanned {
            page.commands.push(Command::Answer(Answer::Choice(number)));
        }
    }
    if let Some(default) = default
        && enter(ui)
        && !scanned
    {
        page.commands.push(Command::Answer(Answer::Choice(default)));
    }
    let keys = if default.is_some() { t!("A number key or Enter chooses") } else { t!("A number key chooses") };
    ui.horizontal(|ui| stop_ui(ui, page, &t!("{keys}, Esc stops the run", keys)));
}

fn confirm_ui(ui: &mut Ui, page: &mut PageCtx<'_>, scanned: bool) {
    let tokens = page.tokens;
    ui.horizontal(|ui| {
        let text = RichText::new(t!("Enter: done")).size(tokens.sizes.heading).color(tokens.colours.text_on_strong);
        let button =
            egui::Button::new(text).fill(tokens.colours.accent_fill).min_size(vec2(120.0, tokens.spacing.grid * 4.5));
        if (ui.add(button).clicked() || enter(ui)) && !scanned {
            page.commands.push(Command::Answer(Answer::Confirmed));
        }
        stop_ui(ui, page, t!("Esc stops the run"));
    });
}

fn stop_ui(ui: &mut Ui, page: &mut PageCtx<'_>, keys: &str) {
    if page.core.asks_to_switch_off() {
        return;
    }
    command_button_ui(ui, page, Command::Cancel, !page.core.run().cancelling);
    ui.label(RichText::new(keys).size(page.tokens.sizes.secondary).color(page.tokens.colours.text_quiet));
}

/// Enter, unless a button has the focus: then it presses that one.
fn enter(ui: &Ui) -> bool {
    ui.memory(|memory| memory.focused().is_none()) && pressed(ui, Key::Enter)
}

fn pressed(ui: &Ui, key: Key) -> bool {
    ui.input_mut(|input| {
        let pressed = input.consume_key(Modifiers::NONE, key);
        if pressed {
            input.events.retain(|event| !matches!(event, Event::Text(_)));
        }
        pressed
    })
}

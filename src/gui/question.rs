//! The operator's question as a dialog: Enter answers, Esc stops the run.

use egui::{Id, Key, Modal, TextEdit, Ui};

use super::command::Command;
use super::pages::PageCtx;
use super::widgets::card;
use super::widgets::command_button::command_button_ui;

/// The answer as it is typed.
#[derive(Default)]
pub(super) struct Question {
    asked: Option<String>,
    answer: String,
}

impl Question {
    /// Draws the question that stands, if one does.
    pub(super) fn question_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let fresh = self.asked != page.core.question;
        if fresh {
            self.asked.clone_from(&page.core.question);
            self.answer.clear();
        }
        let Some(question) = &self.asked else { return };
        let tokens = page.tokens;
        let modal =
            Modal::new(Id::unique("question")).backdrop_color(tokens.colours.backdrop).frame(card::frame(tokens));
        let ctx = ui.ctx().clone();
        modal.show(&ctx, |ui| {
            ui.set_width(480.0);
            let label = ui.label(egui::RichText::new(question).font(tokens.strong(tokens.sizes.heading)));
            let field = ui
                .add(
                    TextEdit::singleline(&mut self.answer)
                        .desired_width(f32::INFINITY)
                        .margin(egui::Margin::symmetric(8, 6)),
                )
                .labelled_by(label.id);
            if fresh || !field.has_focus() && !field.lost_focus() {
                field.request_focus();
            }
            if field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter)) {
                page.commands.push(Command::Answer(self.answer.clone()));
            }
            ui.horizontal(|ui| {
                command_button_ui(ui, page, Command::Answer(self.answer.clone()), true);
                command_button_ui(ui, page, Command::Cancel, true);
                ui.weak("Enter answers, Esc stops the run");
            });
        });
    }
}

//! What is asked before a profile gets a name, goes, or is left unsaved. Enter and Esc mean the same in each.

use egui::{Button, Id, Key, Label, Modal, Modifiers, RichText, TextEdit, Ui};

use super::editor::Editor;
use super::{Leave, PageCtx, ProfilesPage};
use crate::gui::command::Command;
use crate::gui::shelf::ShelfRequest;
use crate::gui::widgets::card;
use crate::gui::widgets::command_button::command_button_ui;
use crate::gui::widgets::status::{Mark, mark_ui};
use crate::profile::library::{self, Origin};

/// The question that stands.
pub(super) struct Dialog {
    subject: Subject,
    /// It is drawn for the first time.
    fresh: bool,
}

enum Subject {
    Duplicate(String),
    Rename(String),
    Delete,
    Leave(Leave),
}

/// What came of a frame of the question.
enum Outcome {
    Open,
    Closed,
    Ask(ShelfRequest),
    SaveAndLeave,
    DropAndLeave,
}

impl Dialog {
    pub(super) fn duplicating(name: &str) -> Self {
        Self { subject: Subject::Duplicate(format!("{name}-own")), fresh: true }
    }

    pub(super) fn renaming(name: &str) -> Self {
        Self { subject: Subject::Rename(name.to_owned()), fresh: true }
    }

    pub(super) const fn deleting() -> Self {
        Self { subject: Subject::Delete, fresh: true }
    }

    pub(super) const fn leaving(leave: Leave) -> Self {
        Self { subject: Subject::Leave(leave), fresh: true }
    }
}

impl ProfilesPage {
    /// Draws the question that stands, if one does.
    pub(super) fn dialog_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let (Some(mut dialog), Some(editor)) = (self.dialog.take(), &self.editor) else { return };
        let tokens = page.tokens;
        let modal =
            Modal::new(Id::unique("profile dialog")).backdrop_color(tokens.colours.backdrop).frame(card::frame(tokens));
        let ctx = ui.ctx().clone();
        let width = (ctx.content_rect().width() - tokens.spacing.page * 4.0).min(480.0);
        let shown = modal.show(&ctx, |ui| {
            ui.set_width(width);
            let fresh = std::mem::take(&mut dialog.fresh);
            match &mut dialog.subject {
                Subject::Duplicate(new) => {
                    let request =
                        |new: &str| ShelfRequest::Copy { from: editor.name().to_owned(), new: new.to_owned() };
                    name_ui(ui, page, &t!("Duplicate {name}", name = editor.name()), (new, None), fresh, request)
                }
                Subject::Rename(new) => {
                    let (kind, name) = (editor.kind(), editor.name().to_owned());
                    let own = name.clone();
                    let request = |new: &str| ShelfRequest::Rename { kind, name: name.clone(), new: new.to_owned() };
                    name_ui(ui, page, &t!("Rename {name}", name), (new, Some(&own)), fresh, request)
                }
                Subject::Delete => delete_ui(ui, page, editor, fresh),
                Subject::Leave(_) => leave_ui(ui, page, editor, fresh),
            }
        });
        let escaped = ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape));
        match (shown.inner, dialog.subject) {
            (Outcome::Ask(request), _) => page.commands.push(Command::Profile(request)),
            (Outcome::SaveAndLeave, Subject::Leave(leave)) => {
                if let Some(save) = editor.save() {
                    self.after_save = Some(leave);
                    page.commands.push(Command::Profile(save));
                }
            }
            (Outcome::DropAndLeave, Subject::Leave(leave)) => {
                if let Some(editor) = &mut self.editor {
                    editor.revert();
                }
                self.said = None;
                page.commands.extend(self.leave(leave, &page.core.profiles));
            }
            (Outcome::Open, subject) if !escaped => self.dialog = Some(Dialog { subject, fresh: false }),
            _ => {}
        }
    }
}

/// A name, checked as it is typed.
fn name_ui(
    ui: &mut Ui,
    page: &mut PageCtx<'_>,
    heading: &str,
    (new, own): (&mut String, Option<&str>),
    fresh: bool,
    request: impl Fn(&str) -> ShelfRequest,
) -> Outcome {
    let tokens = page.tokens;
    ui.label(RichText::new(heading).font(tokens.strong(tokens.sizes.heading)));
    let label = ui.label(RichText::new(t!("New name")).color(tokens.colours.text_quiet)).id;
    let field = ui.add(TextEdit::singleline(new).desired_width(f32::INFINITY)).labelled_by(label);
    if fresh {
        field.request_focus();
    }
    let taken = page.core.profiles.iter().map(|entry| entry.name.as_str()).filter(|name| Some(*name) != own);
    let problem = library::name_problem(new.trim(), taken);
    let problem = if own == Some(new.trim()) { Some(t!("That is its name already").to_owned()) } else { problem };
    ui.horizontal_top(|ui| match &problem {
        Some(problem) => {
            mark_ui(ui, tokens, Mark::Triangle, tokens.colours.attention);
            ui.add(Label::new(problem).wrap());
        }
        None => {
            mark_ui(ui, tokens, Mark::Tick, tokens.colours.pass);
            ui.label(t!("This name is free"));
        }
    });
    let request = request(new.trim());
    let entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    let free = problem.is_none();
    let mut outcome = Outcome::Open;
    ui.horizontal_wrapped(|ui| {
        let before = page.commands.len();
        command_button_ui(ui, page, Command::Profile(request.clone()), free);
        if page.commands.len() > before {
            page.commands.truncate(before);
            outcome = Outcome::Ask(request.clone());
        }
        if ui.button(t!("Cancel")).clicked() {
            outcome = Outcome::Closed;
        }
    });
    if entered && free {
        return Outcome::Ask(request);
    }
    if entered {
        field.request_focus();
    }
    outcome
}

fn delete_ui(ui: &mut Ui, page: &mut PageCtx<'_>, editor: &Editor, fresh: bool) -> Outcome {
    let tokens = page.tokens;
    let Origin::User(path) = editor.origin() else { return Outcome::Closed };
    ui.label(RichText::new(t!("Delete {name}?", name = editor.name())).font(tokens.strong(tokens.sizes.heading)));
    ui.add(Label::new(t!("The file {path} is deleted and cannot be brought back", path = path.display())).wrap());
    let request = ShelfRequest::Delete { kind: editor.kind(), name: editor.name().to_owned() };
    let mut outcome = Outcome::Open;
    ui.horizontal_wrapped(|ui| {
        if ui.button(t!("Delete the file")).clicked() {
            outcome = Outcome::Ask(request);
        }
        let keep = ui.add(Button::new(t!("Keep it")));
        if fresh {
            // A second Enter by accident deletes nothing.
            keep.request_focus();
        }
        if keep.clicked() {
            outcome = Outcome::Closed;
        }
    });
    outcome
}

fn leave_ui(ui: &mut Ui, page: &PageCtx<'_>, editor: &Editor, fresh: bool) -> Outcome {
    let tokens = page.tokens;
    let heading = t!("{name} is not saved", name = editor.name());
    ui.label(RichText::new(heading).font(tokens.strong(tokens.sizes.heading)));
    ui.add(Label::new(t!("What was changed since it was saved is lost if you leave without saving")).wrap());
    let mut outcome = Outcome::Open;
    ui.horizontal_wrapped(|ui| {
        let save = ui.button(t!("Save and leave"));
        if save.clicked() {
            outcome = Outcome::SaveAndLeave;
        }
        if ui.button(t!("Leave without saving")).clicked() {
            outcome = Outcome::DropAndLeave;
        }
        let stay = ui.button(t!("Go on editing"));
        if fresh {
            stay.request_focus();
        }
        if stay.clicked() {
            outcome = Outcome::Closed;
        }
    });
    outcome
}

//! One profile: whose it is, what can be done with it, its text, and what is wrong with that.

use std::ops::Range;
use std::sync::Arc;

use egui::accesskit::Invalid;
use egui::text::{CCursor, CCursorRange};
use egui::text_edit::TextEditState;
use egui::{
    Align2, Button, FontId, Frame, Galley, Id, Label, Margin, Panel, Pos2, RichText, ScrollArea, TextEdit, Ui, pos2,
};

use super::colouring::{job, marked};
use super::dialogs::Dialog;
use super::{PageCtx, ProfilesPage, quiet_ui};
use crate::gui::command::Command;
use crate::gui::shelf::ShelfRequest;
use crate::gui::tokens::Tokens;
use crate::gui::widgets::command_button::command_button_ui;
use crate::gui::widgets::status::{Mark, mark_ui};
use crate::profile::library::{self, Entry, LARGEST_BYTES, Origin};
use crate::profile::{Finding, Kind};

/// Room in front of the lines for their numbers, in points.
const NUMBERS: f32 = 36.0;

/// A profile that is shown or changed.
#[derive(Clone, Debug)]
pub(super) struct Editor {
    kind: Kind,
    name: String,
    title: String,
    origin: Origin,
    /// The text as it stands in the file.
    before: String,
    text: String,
    findings: Vec<Finding>,
    /// The places to underline.
    marks: Vec<Range<usize>>,
    /// What the text is compared with, while it is.
    pub(super) compared: Option<String>,
}

impl Editor {
    pub(super) fn of(entry: &Entry) -> Self {
        let mut editor = Self {
            kind: entry.kind,
            name: entry.name.clone(),
            title: entry.title.clone(),
            origin: entry.origin.clone(),
            before: entry.text.clone(),
            text: entry.text.clone(),
            findings: Vec::new(),
            marks: Vec::new(),
            compared: None,
        };
        editor.found(entry.findings.clone());
        editor
    }

    pub(super) fn is(&self, kind: Kind, name: &str) -> bool {
        self.kind == kind && self.name == name
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn origin(&self) -> &Origin {
        &self.origin
    }

    pub(super) fn shipped(&self) -> bool {
        self.origin == Origin::Shipped
    }

    pub(super) fn unsaved(&self) -> bool {
        self.text != self.before
    }

    pub(super) fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// It shows this profile as it is.
    pub(super) fn shows(&self, entry: &Entry) -> bool {
        self.before == entry.text && self.findings == entry.findings
    }

    /// What saving it asks for; none for one of the program's.
    pub(super) fn save(&self) -> Option<ShelfRequest> {
        let save = || ShelfRequest::Save {
            kind: self.kind,
            name: self.name.clone(),
            text: self.text.clone(),
            before: self.before.clone(),
        };
        (!self.shipped()).then(save)
    }

    /// This text stands in the file now.
    pub(super) fn saved(&mut self, text: &str) {
        text.clone_into(&mut self.before);
    }

    /// Back to the text of the file.
    pub(super) fn revert(&mut self) {
        self.text.clone_from(&self.before);
        self.check();
    }

    /// Checks the text as it is now.
    fn check(&mut self) {
        self.found(library::findings(self.kind, &self.name, &self.text));
    }

    fn found(&mut self, findings: Vec<Finding>) {
        let places = findings.iter().filter_map(|finding| finding.place.as_ref());
        self.marks = places.map(|place| marked(&self.text, place)).collect();
        self.findings = findings;
    }
}

impl ProfilesPage {
    pub(super) fn editor_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        if self.editor.is_none() {
            return quiet_ui(ui, page, t!("There is no profile"));
        }
        self.head_ui(ui, page);
        self.actions_ui(ui, page);
        self.faults_ui(ui, page);
        let tokens = page.tokens;
        let Some(editor) = &mut self.editor else { return };
        if editor.compared.is_some() {
            super::differences::differences_ui(ui, page, editor);
        } else {
            let field = Frame::new().fill(tokens.colours.field).corner_radius(tokens.spacing.radius);
            field.show(ui, |ui| text_ui(ui, tokens, editor));
        }
    }

    /// What it is, whose it is, whether it is saved.
    fn head_ui(&self, ui: &mut Ui, page: &PageCtx<'_>) {
        let Some(editor) = &self.editor else { return };
        let tokens = page.tokens;
        let title = if editor.title.is_empty() { &editor.name } else { &editor.title };
        ui.add(Label::new(RichText::new(title).heading()).wrap());
        let copied =
            library::copied_from(&editor.text).map_or_else(String::new, |from| t!(", copied from {from}", from));
        let origin = match &editor.origin {
            Origin::Shipped => {
                t!("{kind} profile {name}, part of the program, read only", kind = editor.kind, name = editor.name)
            }
            Origin::User(path) => {
                t!(
                    "{kind} profile {name}, yours{copied}, in {path}",
                    kind = editor.kind,
                    name = editor.name,
                    copied,
                    path = path.display()
                )
            }
        };
        ui.add(Label::new(RichText::new(origin).size(tokens.sizes.secondary).color(tokens.colours.text_quiet)).wrap());
        ui.horizontal_wrapped(|ui| {
            let good = editor.findings.is_empty();
            let (mark, colour, word) = match editor.findings.len() {
                0 => (Mark::Tick, tokens.colours.pass, t!("Passes its checks").to_owned()),
                1 => (Mark::Cross, tokens.colours.fail, t!("1 fault").to_owned()),
                faults => (Mark::Cross, tokens.colours.fail, t!("{faults} faults", faults)),
            };
            mark_ui(ui, tokens, mark, colour);
            ui.label(if good { word } else { t!("{word}, so it cannot be used", word) });
            if editor.unsaved() {
                mark_ui(ui, tokens, Mark::Ring, tokens.colours.attention);
                ui.label(t!("Not saved"));
            }
            if let Some((refused, words)) = &self.said {
                let (mark, colour) = if *refused {
                    (Mark::Triangle, tokens.colours.attention)
                } else {
                    (Mark::Tick, tokens.colours.pass)
                };
                mark_ui(ui, tokens, mark, colour);
                ui.add(Label::new(words).wrap());
            }
        });
    }

    fn actions_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let can_save = self.can_save(page.core);
        let busy = page.core.profiles_busy;
        let Some(editor) = &mut self.editor else { return };
        let unsaved = editor.unsaved();
        ui.horizontal_wrapped(|ui| {
            if let Some(save) = editor.save() {
                command_button_ui(ui, page, Command::Profile(save), can_save);
                let revert = ui.add_enabled(unsaved, Button::new(t!("Revert")));
                if revert.on_hover_text(t!("Back to the text of the file")).clicked() {
                    editor.revert();
                    self.said = None;
                }
            }
            let first = t!("Save or revert first");
            let duplicate =
                ui.add_enabled(!unsaved && !busy, Button::new(t!("Duplicate…"))).on_disabled_hover_text(first);
            if duplicate.on_hover_text(t!("Make a copy that is yours to change")).clicked() {
                self.dialog = Some(Dialog::duplicating(editor.name()));
            }
            if !editor.shipped() {
                let rename =
                    ui.add_enabled(!unsaved && !busy, Button::new(t!("Rename…"))).on_disabled_hover_text(first);
                if rename.clicked() {
                    self.dialog = Some(Dialog::renaming(editor.name()));
                }
                if ui.add_enabled(!busy, Button::new(t!("Delete…"))).clicked() {
                    self.dialog = Some(Dialog::deleting());
                }
                let comparing = editor.compared.is_some();
                let compare = ui.add(Button::new(t!("Compare")).selected(comparing));
                if compare.on_hover_text(t!("Show what differs from a shipped profile")).clicked() {
                    editor.compared = (!comparing).then(|| super::differences::base(editor));
                }
            }
            command_button_ui(ui, page, Command::Copy(t!("the text"), editor.text.clone()), true);
        });
    }

    /// What is wrong, in words, below the text; pressing a line goes to its place.
    fn faults_ui(&mut self, ui: &mut Ui, page: &PageCtx<'_>) {
        let tokens = page.tokens;
        let Some(editor) = &mut self.editor else { return };
        if editor.findings.is_empty() {
            return;
        }
        let frame = Frame::new().inner_margin(Margin { top: tokens.spacing.grid as i8, ..Margin::ZERO });
        let panel = Panel::bottom("profile faults").frame(frame).resizable(false).show_separator_line(false);
        panel.show(ui, |ui| {
            let area = ScrollArea::vertical().max_height(tokens.spacing.grid * 14.0).auto_shrink([false, true]);
            area.show(ui, |ui| {
                let mut wanted = None;
                for (number, finding) in editor.findings.iter().enumerate() {
                    ui.horizontal_top(|ui| {
                        mark_ui(ui, tokens, Mark::Cross, tokens.colours.fail);
                        let text = RichText::new(finding.to_string()).color(tokens.colours.fail);
                        let button = ui.add(Button::new(text).frame(false).wrap());
                        if button.on_hover_text(t!("Go to this place")).clicked() {
                            wanted = editor.marks.get(number).cloned();
                        }
                    });
                }
                if let Some(place) = wanted {
                    editor.compared = None;
                    go_to(ui, editor, &place);
                }
            });
        });
    }
}

fn field_id(editor: &Editor) -> Id {
    Id::unique(("profile text", editor.kind as u8, editor.name.as_str(), editor.shipped()))
}

/// Puts the cursor to a place of the text.
fn go_to(ui: &Ui, editor: &Editor, place: &Range<usize>) {
    let id = field_id(editor);
    let mut state = TextEditState::load(ui.ctx(), id).unwrap_or_default();
    let letters = |end: usize| editor.text.get(..end).map_or(0, |text| text.chars().count());
    let range = CCursorRange::two(CCursor::new(letters(place.start)), CCursor::new(letters(place.end)));
    state.cursor.set_char_range(Some(range));
    state.store(ui.ctx(), id);
    ui.ctx().memory_mut(|memory| memory.request_focus(id));
}

/// The text in colours with numbered lines.
fn text_ui(ui: &mut Ui, tokens: &Tokens, editor: &mut Editor) {
    let (id, name) = (field_id(editor), t!("Text of {name}", name = editor.name));
    let shipped = editor.shipped();
    ScrollArea::vertical().id_salt(id).auto_shrink([false, false]).show(ui, |ui| {
        let marks = &editor.marks;
        let mut layouter = |ui: &Ui, text: &dyn egui::TextBuffer, width: f32| -> Arc<Galley> {
            // While a letter is being taken in, the marks are those of the text before.
            let known = marks.iter().filter(|mark| text.as_str().get((*mark).clone()).is_some()).cloned();
            let job = job(tokens, text.as_str(), &known.collect::<Vec<_>>(), width);
            ui.painter().layout_job(job)
        };
        let mut read_only = editor.text.as_str();
        let buffer: &mut dyn egui::TextBuffer = if shipped { &mut read_only } else { &mut editor.text };
        let margin = Margin { left: NUMBERS as i8 + 8, right: 8, top: 4, bottom: 4 };
        let output = TextEdit::multiline(buffer)
            .id(id)
            .frame(Frame::new().inner_margin(margin))
            .desired_width(f32::INFINITY)
            .desired_rows(12)
            .char_limit(LARGEST_BYTES / 4)
            .layouter(&mut layouter)
            .show(ui);
        numbers_ui(ui, tokens, &output.galley, output.galley_pos, editor);
        let changed = output.response.changed();
        let fault = editor.findings.first().map(ToString::to_string);
        ui.ctx().accesskit_node_builder(id, |node| {
            node.set_label(name);
            if let Some(fault) = fault {
                node.set_invalid(Invalid::True);
                node.set_description(fault);
            }
        });
        if changed {
            editor.check();
        }
    });
}

/// The numbers of the lines, with a cross at those that have a fault.
fn numbers_ui(ui: &Ui, tokens: &Tokens, galley: &Galley, at: Pos2, editor: &Editor) {
    let clip = ui.clip_rect();
    let faulty: Vec<usize> = editor.findings.iter().filter_map(|finding| finding.line).collect();
    let (mut number, mut begins) = (1, true);
    for row in &galley.rows {
        let rect = row.rect().translate(at.to_vec2());
        if begins && rect.bottom() > clip.top() && rect.top() < clip.bottom() {
            let fault = faulty.contains(&number);
            let colour = if fault { tokens.colours.fail } else { tokens.colours.text_quiet };
            let text = if fault { format!("× {number}") } else { number.to_string() };
            let place = pos2(at.x - tokens.spacing.grid, rect.center().y);
            ui.painter().text(place, Align2::RIGHT_CENTER, text, FontId::monospace(tokens.sizes.secondary), colour);
        }
        begins = row.ends_with_newline;
        number += usize::from(begins);
    }
}

//! What to run: serial number, operator, profile, procedure, Start and Cancel.

use egui::text::{CCursor, CCursorRange};
use egui::{
    ComboBox, FontId, Id, Key, Margin, Order as Layer, RichText, Stroke, StrokeKind, TextEdit, TextWrapMode, Ui,
};

use super::{BenchPage, vigil};
use crate::gui::change::Change;
use crate::gui::command::Command;
use crate::gui::pages::PageCtx;
use crate::gui::widgets::card;
use crate::gui::widgets::command_button::{button_width, command_button_ui, look_button_ui};
use crate::gui::widgets::elided::ending;
use crate::gui::widgets::problem::{problem_ui, remedy};
use crate::gui::widgets::status::{Mark, mark_ui};
use crate::procedure::Verdict;

impl BenchPage {
    /// What cannot be changed in a run gives its room to the steps where there is little.
    pub(super) fn form_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>, low: bool) {
        let tokens = page.tokens;
        card::heading_ui(ui, tokens, t!("Unit"), "");
        ui.horizontal(|ui| {
            let label = label_ui(ui, page, t!("Serial number"), ui.spacing().interact_size.y + 6.0);
            self.serial_ui(ui, page, label);
        });
        ui.horizontal(|ui| {
            let indent = label_width(page) + ui.spacing().item_spacing.x;
            ui.add_space(indent);
            self.format_ui(ui, page, TextWrapMode::Wrap);
        });
        let running = page.core.run().running;
        if !running || !low {
            ui.add_enabled_ui(!running, |ui| {
                ui.horizontal(|ui| {
                    let label = label_ui(ui, page, t!("Operator"), ui.spacing().interact_size.y);
                    self.operator_ui(ui, page, label, f32::INFINITY);
                });
                self.choices_ui(ui, page);
                if vigil::offers_choice(page.core) {
                    ui.horizontal(|ui| {
                        ui.add_space(label_width(page) + ui.spacing().item_spacing.x);
                        vigil::choice_ui(ui, page);
                    });
                }
            });
        }
        ui.add_space(tokens.spacing.grid * 0.25);
        ui.horizontal_wrapped(|ui| {
            let gap = ui.spacing().item_spacing.x;
            let indent = label_width(page) + gap;
            let resulted = page.core.resulted && !self.can_start(page.core);
            let first = if resulted { t!("Space: next unit") } else { t!("Start") };
            let both = button_width(ui, page, first) + gap + button_width(ui, page, t!("Cancel"));
            if ui.available_width() > indent + both {
                ui.add_space(indent);
            }
            self.buttons_ui(ui, page);
        });
        self.notes_ui(ui, page);
    }

    /// What there is to do now, and why something cannot be done.
    pub(super) fn notes_ui(&self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let core = page.core;
        let pause = core.settings.pass_pause_secs;
        let golden = core
            .positions
            .all()
            .iter()
            .filter_map(|position| position.run.result())
            .any(|report| report.traceability.golden.is_some());
        if core.unacknowledged && golden {
            note_ui(ui, page, t!("Look for the cause at the bench, then acknowledge with Enter or Space"));
        } else if core.unacknowledged {
            note_ui(ui, page, t!("Set the unit apart, then acknowledge with Enter or Space"));
        } else if core.resulted && core.pause_left().is_some() {
            let text = t!("Goes on by itself after {pause} s", pause);
            ui.label(RichText::new(text).size(page.tokens.sizes.secondary).color(page.tokens.colours.text_quiet));
        }
        vigil::notes_ui(ui, page);
        if core.operator_missing() && !core.run().running {
            note_ui(ui, page, t!("Type your name first; it is required here"));
        }
        if let Some(warning) = core.tested.warning_of(self.serial.trim()).filter(|_| !core.run().running) {
            note_ui(ui, page, warning);
        }
        if let Some(problem) = &page.core.problem {
            ui.add_space(page.tokens.spacing.grid * 0.5);
            problem_ui(ui, page, problem, remedy(page.core));
        }
    }

    /// The one or two buttons that make sense now.
    pub(super) fn buttons_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let (running, cancelling) = (page.core.run().running, page.core.run().cancelling);
        if page.core.unacknowledged {
            return self.acknowledge_ui(ui, page);
        }
        if page.core.resulted && !self.can_start(page.core) {
            let text = RichText::new(t!("Space: next unit")).color(page.tokens.colours.text_on_strong);
            let button = egui::Button::new(text).fill(page.tokens.colours.accent_fill).stroke(Stroke::NONE);
            if ui.add(button).clicked() {
                page.commands.push(Command::NextUnit);
            }
        } else {
            command_button_ui(ui, page, Command::Start(self.order(page.core)), self.can_start(page.core));
        }
        command_button_ui(ui, page, Command::Cancel, running && !cancelling);
    }

    /// The scanner's field.
    pub(super) fn serial_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>, label: Id) {
        let core = page.core;
        self.follow(ui, core);
        let out = core.positions.current().left_out;
        // In the frame behind a question its dialog still keeps the focus from all others.
        let asked = core.question.is_some();
        let closing = std::mem::replace(&mut self.asked, asked) && !asked;
        if closing {
            ui.ctx().request_repaint();
        }
        let free = !asked && !closing && !core.unacknowledged && !out;
        // Esc, a click beside it or a dialog took the focus away, and nothing else got it.
        let lost = ui.memory(|memory| memory.focused().is_none());
        // Before the field is drawn, so that what a scanner types in this frame already finds it.
        if (self.wants_focus || lost) && free && !is_covered(ui) {
            self.wants_focus = false;
            ui.memory_mut(|memory| memory.request_focus(serial_id()));
            // The next scan replaces the number of the last unit.
            let mut state = egui::text_edit::TextEditState::load(ui.ctx(), serial_id()).unwrap_or_default();
            let all = CCursorRange::two(CCursor::new(0), CCursor::new(self.serial.chars().count()));
            state.cursor.set_char_range(Some(all));
            state.store(ui.ctx(), serial_id());
        }
        let edit = TextEdit::singleline(&mut self.serial)
            .id(serial_id())
            .font(FontId::monospace(page.tokens.sizes.heading))
            .margin(Margin::symmetric(8, 5))
            .hint_text(t!("scan or type"))
            // Enter keeps the focus: the next scan may follow at once.
            .return_key(None)
            .desired_width(f32::INFINITY);
        let field = ui.add_enabled(!out, edit).labelled_by(label);
        if self.refused && self.fault().is_some() {
            let stroke = Stroke::new(1.5, page.tokens.colours.attention);
            ui.painter().rect_stroke(field.rect, 4.0, stroke, StrokeKind::Inside);
        }
        self.refused &= !field.changed();
        if !free && field.has_focus() {
            field.surrender_focus();
            self.wants_focus = true;
        }
        if free && field.has_focus() && ui.input(|input| input.key_pressed(Key::Enter)) {
            self.entered(page);
            self.wants_focus = true;
        }
    }

    /// Enter in the scanner's field.
    fn entered(&mut self, page: &mut PageCtx<'_>) {
        let core = page.core;
        let serial = self.serial.trim();
        let report = core.run().result().filter(|report| report.serial == serial && report.verdict == Verdict::Pass);
        if core.run().running || core.unacknowledged {
            return;
        }
        if core.resulted && (serial.is_empty() || report.is_some()) {
            page.commands.push(Command::NextUnit);
        } else if serial.is_empty() {
            // No unit here: on to the next position.
            if let Some(free) = core.positions.free().filter(|_| core.positions.several()) {
                page.commands.push(Command::ShowPosition(free));
            }
        } else if self.fault().is_some() {
            self.refused = true;
        } else if core.ready() && !core.operator_missing() {
            page.commands.push(Command::Scan(serial.to_owned()));
        }
    }

    /// What a serial number looks like, or what is wrong with this one. The line is always there, so that nothing moves.
    pub(super) fn format_ui(&self, ui: &mut Ui, page: &PageCtx<'_>, wrap: TextWrapMode) {
        let tokens = page.tokens;
        let words = self.rules.get(&self.profile).map(crate::profile::meter::SerialRule::words).unwrap_or_default();
        let small = |text: &str| RichText::new(text).size(tokens.sizes.secondary);
        let (said, colour) = match self.fault().filter(|_| !page.core.run().running) {
            Some(fault) => {
                ui.spacing_mut().item_spacing.x = tokens.spacing.grid * 0.5;
                mark_ui(ui, tokens, Mark::Triangle, tokens.colours.attention);
                (capitalised(&fault), tokens.colours.attention)
            }
            None if words.is_empty() => (t!("any text without blanks").to_owned(), tokens.colours.text_quiet),
            None => (words, tokens.colours.text_quiet),
        };
        ui.add(egui::Label::new(small(&said).color(colour)).wrap_mode(wrap));
    }

    /// Who works at the bench.
    pub(super) fn operator_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>, label: Id, width: f32) {
        let hint = if page.core.settings.operator_required { t!("your name, required") } else { t!("your name") };
        let mut name = page.core.settings.operator.clone();
        let field = ui.add(TextEdit::singleline(&mut name).desired_width(width).hint_text(hint)).labelled_by(label);
        if field.changed() {
            page.commands.push(Command::Set(Change::Operator(name)));
        }
    }

    fn choices_ui(&mut self, ui: &mut Ui, page: &PageCtx<'_>) {
        for (name, chosen, known) in [
            (t!("Profile"), &mut self.profile, &self.profiles),
            (t!("Procedure"), &mut self.procedure, &self.procedures),
        ] {
            ui.horizontal(|ui| {
                let label = label_ui(ui, page, name, ui.spacing().interact_size.y);
                choice_ui(ui, label, (name, chosen), known);
            });
        }
    }

    /// The button holds the focus until it is pressed, so that Enter and Space press it; a scan does not.
    fn acknowledge_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let button = look_button_ui(ui, page, &Command::Acknowledge, true);
        if page.core.question.is_none() && ui.memory(|memory| memory.focused().is_none()) {
            button.request_focus();
        }
        let scanned = self.scanned && ui.input(|input| input.key_pressed(Key::Enter));
        if button.clicked() && !scanned {
            page.commands.push(Command::Acknowledge);
        }
    }
}

/// The scanner's field, of which there is one.
pub(super) fn serial_id() -> Id {
    Id::unique("serial number")
}

/// A question, the list of commands, a panel or a list to choose from lies over the page; keys belong to it.
fn is_covered(ui: &Ui) -> bool {
    let over = |layer: &egui::LayerId| matches!(layer.order, Layer::Middle | Layer::Foreground);
    ui.memory(|memory| memory.areas().visible_layer_ids().iter().any(over))
}

/// A text is being typed into another field.
pub(super) fn types_elsewhere(ui: &Ui) -> bool {
    let focused = ui.memory(egui::Memory::focused).filter(|id| *id != serial_id());
    focused.is_some_and(|id| egui::text_edit::TextEditState::load(ui.ctx(), id).is_some())
}

/// Something to do, in a line that wraps.
pub(super) fn note_ui(ui: &mut Ui, page: &PageCtx<'_>, text: &str) {
    let tokens = page.tokens;
    ui.add_space(tokens.spacing.grid * 0.5);
    ui.horizontal_top(|ui| {
        mark_ui(ui, tokens, Mark::Triangle, tokens.colours.attention);
        ui.vertical(|ui| ui.label(RichText::new(text).color(tokens.colours.attention)));
    });
}

fn label_width(page: &PageCtx<'_>) -> f32 {
    page.tokens.spacing.grid * 11.0
}

fn label_ui(ui: &mut Ui, page: &PageCtx<'_>, text: &str, height: f32) -> Id {
    let size = egui::vec2(label_width(page), height);
    let layout = egui::Layout::left_to_right(egui::Align::Center);
    ui.allocate_ui_with_layout(size, layout, |ui| {
        ui.set_min_size(size);
        ui.label(RichText::new(text).color(page.tokens.colours.text_quiet)).id
    })
    .inner
}

/// A list to choose from, as wide as the room there is.
pub(super) fn choice_ui(ui: &mut Ui, label: Id, (name, chosen): (&str, &mut String), known: &[(String, String)]) {
    let spacing = ui.spacing();
    let around = 2.0 * spacing.button_padding.x + spacing.icon_width + spacing.icon_spacing + 2.0;
    let font = egui::TextStyle::Button.resolve(ui.style());
    // Profiles that were made from each other differ at their ends.
    let shown = ending(ui.painter(), chosen, &font, ui.available_width() - around).into_owned();
    let combo = ComboBox::from_id_salt(name).selected_text(shown).width(ui.available_width()).truncate();
    let response = combo.show_ui(ui, |ui| {
        for (value, title) in known {
            ui.selectable_value(chosen, value.clone(), value).on_hover_text(title);
        }
    });
    let title = known.iter().find(|(value, _)| value == chosen).map_or("", |(_, title)| title.as_str());
    response.response.labelled_by(label).on_hover_text(title);
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

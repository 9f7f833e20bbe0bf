//! What to run: serial number, profile, procedure, Start and Cancel.

use egui::text::{CCursor, CCursorRange};
use egui::{ComboBox, Event, Key, Margin, RichText, TextEdit, Ui};

use super::BenchPage;
use crate::advice::Advice;
use crate::gui::command::Command;
use crate::gui::pages::PageCtx;
use crate::gui::widgets::card;
use crate::gui::widgets::command_button::{command_button_ui, look_button_ui};
use crate::gui::widgets::status::{Mark, mark_ui};

/// Room for Start and Cancel side by side.
const BUTTONS: f32 = 152.0;

/// A scanner types a whole label in less, its Enter included.
const SCAN_SECS: f64 = 0.5;

impl BenchPage {
    pub(super) fn form_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let tokens = page.tokens;
        card::heading_ui(ui, tokens, "Unit", "");
        self.serial_ui(ui, page);
        let running = page.core.run.running;
        ui.add_enabled_ui(!running, |ui| {
            choice_ui(ui, page, "Profile", &mut self.profile, &self.profiles);
            choice_ui(ui, page, "Procedure", &mut self.procedure, &self.procedures);
        });
        ui.add_space(tokens.spacing.grid * 0.25);
        ui.horizontal(|ui| {
            let indent = label_width(page) + ui.spacing().item_spacing.x;
            if ui.available_width() > indent + BUTTONS {
                ui.add_space(indent);
            }
            if page.core.unacknowledged {
                self.acknowledge_ui(ui, page);
            } else {
                command_button_ui(ui, page, Command::Start(self.order()), self.can_start(page.core));
                command_button_ui(ui, page, Command::Cancel, running && !page.core.run.cancelling);
            }
        });
        if page.core.unacknowledged {
            note_ui(ui, page, "Set the unit apart, then acknowledge with Enter or Space");
        }
        if let Some(warning) = page.core.tested.warning_of(self.serial.trim()).filter(|_| !running) {
            note_ui(ui, page, warning);
        }
        if let Some(problem) = &page.core.problem {
            problem_ui(ui, page, problem);
        }
    }

    fn serial_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        ui.horizontal(|ui| {
            let label = label_ui(ui, page, "Serial number", ui.spacing().interact_size.y + 6.0);
            let edit = TextEdit::singleline(&mut self.serial)
                .font(egui::FontId::monospace(page.tokens.sizes.heading))
                .margin(Margin::symmetric(8, 5))
                .hint_text("scan or type")
                .desired_width(f32::INFINITY);
            let field = ui.add(edit).labelled_by(label);
            // The scanner's field takes the focus back by itself: at the start and after each run.
            if self.focused_at != Some(page.core.turn) && page.core.question.is_none() && !page.core.unacknowledged {
                self.focused_at = Some(page.core.turn);
                field.request_focus();
                // The next scan replaces the number of the last unit.
                let mut state = egui::text_edit::TextEditState::load(ui.ctx(), field.id).unwrap_or_default();
                let all = CCursorRange::two(CCursor::new(0), CCursor::new(self.serial.chars().count()));
                state.cursor.set_char_range(Some(all));
                state.store(ui.ctx(), field.id);
            }
            let entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
            if entered && self.can_start(page.core) {
                page.commands.push(Command::Start(self.order()));
            } else if entered {
                field.request_focus();
            }
        });
    }

    /// The button holds the focus until it is pressed, so that Enter and Space press it; a scan does not.
    fn acknowledge_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let button = look_button_ui(ui, page, &Command::Acknowledge, true);
        if page.core.question.is_none() && ui.memory(|memory| memory.focused().is_none()) {
            button.request_focus();
        }
        let letters =
            |event: &Event| matches!(event, Event::Text(text) if text.chars().any(|letter| !letter.is_whitespace()));
        let (typed, entered, now) =
            ui.input(|input| (input.events.iter().any(letters), input.key_pressed(Key::Enter), input.time));
        if typed {
            self.typed_at = now;
        }
        let scanned = entered && now - self.typed_at < SCAN_SECS;
        if button.clicked() && !scanned {
            page.commands.push(Command::Acknowledge);
        }
    }
}

/// Something to do, in a line that wraps.
fn note_ui(ui: &mut Ui, page: &PageCtx<'_>, text: &str) {
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

fn label_ui(ui: &mut Ui, page: &PageCtx<'_>, text: &str, height: f32) -> egui::Id {
    let size = egui::vec2(label_width(page), height);
    let layout = egui::Layout::left_to_right(egui::Align::Center);
    ui.allocate_ui_with_layout(size, layout, |ui| {
        ui.set_min_size(size);
        ui.label(RichText::new(text).color(page.tokens.colours.text_quiet)).id
    })
    .inner
}

fn choice_ui(ui: &mut Ui, page: &PageCtx<'_>, name: &str, chosen: &mut String, known: &[(String, String)]) {
    ui.horizontal(|ui| {
        let label = label_ui(ui, page, name, ui.spacing().interact_size.y);
        let combo = ComboBox::from_id_salt(name).selected_text(chosen.as_str()).width(ui.available_width()).truncate();
        let response = combo.show_ui(ui, |ui| {
            for (value, title) in known {
                ui.selectable_value(chosen, value.clone(), value).on_hover_text(title);
            }
        });
        let title = known.iter().find(|(value, _)| value == chosen).map_or("", |(_, title)| title.as_str());
        response.response.labelled_by(label).on_hover_text(title);
    });
}

/// What could not be done, why that usually is, and what to do next.
fn problem_ui(ui: &mut Ui, page: &PageCtx<'_>, problem: &Advice) {
    let tokens = page.tokens;
    ui.add_space(tokens.spacing.grid * 0.5);
    ui.horizontal_top(|ui| {
        mark_ui(ui, tokens, Mark::Triangle, tokens.colours.attention);
        ui.vertical(|ui| {
            ui.label(RichText::new(&problem.what).color(tokens.colours.attention));
            ui.label(RichText::new(&problem.why).size(tokens.sizes.secondary).color(tokens.colours.text_quiet));
            ui.label(&problem.next);
        });
    });
}

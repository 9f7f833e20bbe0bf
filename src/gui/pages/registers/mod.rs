//! The registers page: the chip's whole map by section, decoded, compared, and written one register at a time.
//!
//! What it draws was read by the station's thread between the runs; reading and writing are commands. A write takes two
//! steps and tells beforehand what it does. Not here: files, and what a run writes.

use egui::{CentralPanel, ComboBox, Frame, Margin, Panel, RichText, TextEdit, Ui};
use m90e26::Register;

use super::PageCtx;
use crate::gui::command::Command;
use crate::gui::core::Core;
use crate::gui::session::{Link, Scope};
use crate::gui::widgets::card;
use crate::gui::widgets::command_button::command_button_ui;
use crate::gui::widgets::status::{Mark, mark_ui};

mod compare;
mod decode;
mod detail;
mod table;

use compare::{Other, Others};
use detail::Form;

/// What is chosen and typed on the page.
#[derive(Default)]
pub struct RegistersPage {
    filter: String,
    only_differing: bool,
    other: Other,
    others: Others,
    selected: Option<Register>,
    form: Form,
}

impl RegistersPage {
    /// Draws the page into what the bars have left.
    pub fn registers_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let tokens = page.tokens;
        let (outer, gap) = (tokens.spacing.page as i8, tokens.spacing.grid as i8);
        let fill = tokens.colours.window;
        let detail =
            Frame::new().fill(fill).inner_margin(Margin { left: gap, right: outer, top: outer, bottom: outer });
        let width = (ui.available_width() * 0.32).clamp(300.0, 440.0);
        Panel::right("register").frame(detail).resizable(false).show_separator_line(false).exact_size(width).show(
            ui,
            |ui| {
                card::frame(tokens).show(ui, |ui| {
                    ui.set_min_size(ui.available_size());
                    self.detail_ui(ui, page);
                });
            },
        );
        let map = Frame::new().fill(fill).inner_margin(Margin { left: outer, right: gap, top: outer, bottom: outer });
        CentralPanel::default().frame(map).show(ui, |ui| {
            card::frame(tokens).show(ui, |ui| {
                ui.set_min_width(ui.available_width());
                self.tools_ui(ui, page);
            });
            ui.add_space(tokens.spacing.grid * 0.5);
            card::frame(tokens).show(ui, |ui| {
                ui.set_min_size(ui.available_size());
                self.table_ui(ui, page);
            });
        });
    }

    fn tools_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let tokens = page.tokens;
        let reason = unavailable(page.core);
        ui.horizontal_wrapped(|ui| {
            ui.heading("Registers");
            command_button_ui(ui, page, Command::ReadRegisters(Scope::Map), reason.is_none());
            command_button_ui(ui, page, Command::ReadRegisters(Scope::Clearing), reason.is_none());
        });
        ui.horizontal_wrapped(|ui| {
            let quiet = |text: &str| RichText::new(text).color(tokens.colours.text_quiet);
            let label = ui.label(quiet("Filter")).id;
            let edit = TextEdit::singleline(&mut self.filter).hint_text("name, address, words").desired_width(150.0);
            ui.add(edit).labelled_by(label);
            let label = ui.label(quiet("Compare with")).id;
            self.other_ui(ui, page.core).labelled_by(label);
            ui.checkbox(&mut self.only_differing, "Only differing");
        });
        if self.other == Other::Typed {
            self.typed_ui(ui, page);
        }
        state_ui(ui, page, reason.as_deref());
    }

    fn other_ui(&mut self, ui: &mut Ui, core: &Core) -> egui::Response {
        let combo = ComboBox::from_id_salt("other").selected_text(self.other.name()).width(190.0).truncate();
        let shown = combo.show_ui(ui, |ui| {
            let fixed = [Other::PowerOn, Other::LastRun, Other::Typed];
            let profiles = self.others.profiles.iter().map(|(name, _)| Other::Profile(name.clone()));
            for other in fixed.into_iter().chain(profiles) {
                let there = other != Other::LastRun || core.run.report.is_some();
                let name = other.name().to_owned();
                ui.add_enabled_ui(there, |ui| {
                    ui.selectable_value(&mut self.other, other, name).on_disabled_hover_text("No run has ended yet");
                });
            }
        });
        shown.response
    }

    fn typed_ui(&mut self, ui: &mut Ui, page: &PageCtx<'_>) {
        let tokens = page.tokens;
        let label = ui.label(RichText::new("Names and values as TOML or JSON").color(tokens.colours.text_quiet)).id;
        let edit = TextEdit::multiline(&mut self.others.text)
            .font(egui::FontId::monospace(tokens.sizes.body))
            .hint_text("Ugain = 0x71D8")
            .desired_rows(3)
            .desired_width(f32::INFINITY);
        let height = tokens.spacing.grid * 12.0;
        let area = egui::ScrollArea::vertical().id_salt("typed").max_height(height);
        if area.show(ui, |ui| ui.add(edit).labelled_by(label).changed()).inner {
            self.others.read_text();
        }
        match &self.others.typed {
            Err(error) => warning_ui(ui, page, error),
            Ok(pasted) if !pasted.unknown.is_empty() => {
                warning_ui(ui, page, &format!("No register has the name {}", pasted.unknown.join(", ")));
            }
            Ok(pasted) if !pasted.words.is_empty() => {
                let text = format!("{} registers to compare with", pasted.words.len());
                ui.label(RichText::new(text).size(tokens.sizes.secondary).color(tokens.colours.text_quiet));
            }
            Ok(_) => {}
        }
    }
}

/// Why registers can be neither read nor written now.
fn unavailable(core: &Core) -> Option<String> {
    if core.run.running {
        return Some("A run goes on; registers can be read and written when it is over".to_owned());
    }
    if !core.links.open {
        return Some("No station is connected; connect one to read its registers".to_owned());
    }
    match &core.links.meter {
        Link::Ready(_) if core.registers.busy => Some("Reading the registers".to_owned()),
        Link::Ready(_) => None,
        Link::Trouble(reason) => Some(format!("The meter does not answer ({reason}); connect again")),
        Link::Opening | Link::Off => Some("The meter has not answered yet".to_owned()),
    }
}

/// Why nothing can be done, what went wrong, or how old what is shown is.
fn state_ui(ui: &mut Ui, page: &PageCtx<'_>, reason: Option<&str>) {
    let tokens = page.tokens;
    let quiet = |text: &str| RichText::new(text).size(tokens.sizes.secondary).color(tokens.colours.text_quiet);
    if let Some(reason) = reason {
        ui.horizontal_wrapped(|ui| {
            let mark = if page.core.registers.busy { Mark::Play } else { Mark::Bar };
            mark_ui(ui, tokens, mark, tokens.colours.running);
            ui.label(reason);
        });
    } else if let Some(problem) = &page.core.problem {
        warning_ui(ui, page, &problem.what);
        ui.label(quiet(&problem.why));
        ui.label(&problem.next);
    } else if page.core.registers.words.is_empty() {
        ui.label(quiet("Nothing read yet; currents and powers will be the chip's own, without the profile's scale"));
    } else if page.core.registers.outdated {
        warning_ui(ui, page, "Read before a run, which may have changed them; read again");
    } else {
        ui.label(quiet("As read last; currents and powers are the chip's own, without the profile's scale"));
    }
}

/// A line of attention with its shape.
fn warning_ui(ui: &mut Ui, page: &PageCtx<'_>, text: &str) {
    let tokens = page.tokens;
    ui.horizontal_top(|ui| {
        mark_ui(ui, tokens, Mark::Triangle, tokens.colours.attention);
        ui.add(egui::Label::new(RichText::new(text).color(tokens.colours.attention)).wrap());
    });
}

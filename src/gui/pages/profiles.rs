//! The profiles page: every shipped profile by kind, its text as it is, and whether it passes its checks.

use egui::{CentralPanel, Frame, Margin, Panel, RichText, ScrollArea, TextEdit, Ui};

use super::PageCtx;
use super::sheet::quiet_ui;
use crate::gui::command::Command;
use crate::gui::widgets::card;
use crate::gui::widgets::command_button::{choice_ui, command_button_ui};
use crate::gui::widgets::status::{Mark, mark_ui};
use crate::profile::{self, Kind, Listed};

/// Width of the list.
const LIST: f32 = 250.0;

/// Which profile is shown.
pub struct ProfilesPage {
    listed: Vec<Listed>,
    chosen: usize,
    shown: Option<Shown>,
}

/// The profile shown: checked when it is chosen, not when it is drawn.
struct Shown {
    number: usize,
    text: String,
    faults: Vec<String>,
}

impl Default for ProfilesPage {
    fn default() -> Self {
        Self { listed: profile::list(), chosen: 0, shown: None }
    }
}

impl ProfilesPage {
    /// Draws the page.
    pub fn profiles_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let tokens = page.tokens;
        let (outer, gap) = (tokens.spacing.page as i8, tokens.spacing.grid as i8);
        let fill = tokens.colours.window;
        let left = Frame::new().fill(fill).inner_margin(Margin { left: outer, right: gap, top: outer, bottom: outer });
        Panel::left("profiles").frame(left).resizable(false).show_separator_line(false).exact_size(LIST).show(
            ui,
            |ui| {
                card::frame(tokens).show(ui, |ui| {
                    ui.set_min_size(ui.available_size());
                    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
                        let layout = egui::Layout::top_down_justified(egui::Align::Min);
                        ui.with_layout(layout, |ui| self.list_ui(ui, page));
                    });
                });
            },
        );
        let right = Frame::new().fill(fill).inner_margin(Margin { left: gap, right: outer, top: outer, bottom: outer });
        CentralPanel::default().frame(right).show(ui, |ui| {
            card::frame(tokens).show(ui, |ui| {
                ui.set_min_size(ui.available_size());
                self.text_ui(ui, page);
            });
        });
    }

    fn list_ui(&mut self, ui: &mut Ui, page: &PageCtx<'_>) {
        let tokens = page.tokens;
        for (kind, heading) in
            [(Kind::Meter, "Meters"), (Kind::Procedure, "Procedures"), (Kind::Instrument, "Instruments")]
        {
            card::heading_ui(ui, tokens, heading, "");
            for (number, listed) in self.listed.iter().enumerate().filter(|(_, listed)| listed.kind == kind) {
                if choice_ui(ui, page, &listed.name, number == self.chosen).on_hover_text(&listed.title).clicked() {
                    self.chosen = number;
                }
            }
            ui.add_space(tokens.spacing.grid);
        }
    }

    fn text_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let tokens = page.tokens;
        let Some(listed) = self.listed.get(self.chosen) else {
            return quiet_ui(ui, page, "No profile is shipped with this program");
        };
        if self.shown.as_ref().is_none_or(|shown| shown.number != self.chosen) {
            self.shown = Some(Shown::of(self.chosen, &listed.name));
        }
        let Some(shown) = &self.shown else { return };
        ui.horizontal(|ui| {
            ui.heading(&listed.title);
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                command_button_ui(ui, page, Command::Copy("the text", shown.text.clone()), true);
            });
        });
        ui.horizontal(|ui| {
            let good = shown.faults.is_empty();
            let (mark, colour, word) = if good {
                (Mark::Tick, tokens.colours.pass, "Passes its checks")
            } else {
                (Mark::Cross, tokens.colours.fail, "Has faults")
            };
            mark_ui(ui, tokens, mark, colour);
            ui.label(word);
            quiet_ui(ui, page, &format!("{} profile {}, part of the program, read only", listed.kind, listed.name));
        });
        for fault in &shown.faults {
            ui.label(RichText::new(fault).color(tokens.colours.fail));
        }
        ui.add_space(tokens.spacing.grid * 0.5);
        let id = ("text", self.chosen);
        ScrollArea::both().id_salt(id).auto_shrink([false, false]).show(ui, |ui| {
            let mut text = shown.text.as_str();
            let edit = TextEdit::multiline(&mut text).code_editor().frame(Frame::NONE).desired_width(f32::INFINITY);
            let field = ui.add(edit.id_salt(id));
            let name = format!("Text of {}", listed.name);
            field.widget_info(|| {
                let mut info = egui::WidgetInfo::text_edit(true, "", shown.text.as_str(), "");
                info.label = Some(name.clone());
                info
            });
        });
    }
}

impl Shown {
    fn of(number: usize, name: &str) -> Self {
        let (text, faults) = match profile::text_of(name) {
            Ok((_, text)) => {
                let faults = profile::check_text(&text, name).err().map(|error| error.to_string());
                (text, faults)
            }
            Err(error) => (String::new(), Some(error.to_string())),
        };
        Self { number, text, faults: faults.iter().flat_map(|text| text.lines()).map(str::to_owned).collect() }
    }
}

//! MMode on the page: a list for each field, and the word.

use egui::{ComboBox, Ui};

use super::CalculatorPage;
use super::fields::Field;
use super::groups::{fault_ui, in_card_ui, kept_ui, label_ui, label_width};
use super::mode::MODE_FIELDS;
use super::typed::{self, Typed};
use crate::gui::tokens::Tokens;
use crate::gui::widgets::input::{Look, input_ui};

impl CalculatorPage {
    pub(super) fn mode_ui(&mut self, ui: &mut Ui, tokens: &Tokens) {
        in_card_ui(ui, tokens, "MMode", t!("the fields, or the word"), |ui| {
            self.word_ui(ui, tokens);
            for mode in MODE_FIELDS {
                let Some(field) = Field::of(mode.name) else { continue };
                ui.horizontal(|ui| {
                    label_ui(ui, tokens, field.label(), label_width(tokens));
                    let mut chosen = self.form.text(mode.name).to_owned();
                    let shown = if chosen.is_empty() { t!("not given") } else { chosen.as_str() };
                    let combo =
                        ComboBox::from_id_salt(mode.name).selected_text(shown).width(ui.available_width()).truncate();
                    let mut changed = false;
                    let response = combo.show_ui(ui, |ui| {
                        for option in mode.offered() {
                            changed |= ui.selectable_value(&mut chosen, option.clone(), option).clicked();
                        }
                    });
                    ui.ctx().accesskit_node_builder(response.response.id, |node| node.set_label(field.label()));
                    if changed {
                        *self.form.text_mut(mode.name) = chosen;
                        self.form.mmode_typed = None;
                    }
                });
                self.faults_ui(ui, tokens, &[mode.name]);
            }
        });
    }

    /// The word; typing one chooses the fields.
    fn word_ui(&mut self, ui: &mut Ui, tokens: &Tokens) {
        let typed = self.form.mmode_typed.clone();
        let mut text =
            typed.unwrap_or_else(|| self.form.mmode().map_or_else(String::new, |word| format!("{word:04X}")));
        let fault = self.form.mmode_typed.as_ref().map(|_| t!("not a word of four hex digits"));
        let (name, width) = (t!("MMode hex"), tokens.spacing.grid * 11.0);
        let look = Look { name, hint: "9422", fault, width, rows: 1, mono: true };
        ui.horizontal(|ui| {
            label_ui(ui, tokens, t!("Word, hex"), label_width(tokens));
            if kept_ui(ui, "mmode", true, |ui| input_ui(ui, tokens, look, &mut text)).changed() {
                match typed::word(&text) {
                    Typed::Value(word) if text.trim().len() >= 4 => self.form.set_mmode(word),
                    _ => self.form.mmode_typed = Some(text),
                }
            }
        });
        if let Some(fault) = fault {
            fault_ui(ui, tokens, &format!("{name}: {fault}"));
        }
    }
}

//! The left side: the inputs in groups.

use egui::{Align, Id, Layout, RichText, ScrollArea, Ui, UiBuilder, vec2};

use super::case::{Arithmetic, Form};
use super::fields::Field;
use super::results::readings_said;
use super::{CalculatorCommand, CalculatorPage};
use crate::gui::texts;
use crate::gui::tokens::Tokens;
use crate::gui::widgets::card;
use crate::gui::widgets::input::{Look, input_ui};

/// A row of inputs: what it says in front, an input or a gap for each column, the unit.
struct Line(&'static str, &'static [Option<&'static str>], &'static str);

/// Inputs under one heading.
struct Group {
    title: &'static str,
    behind: &'static str,
    heads: &'static [&'static str],
    lines: &'static [Line],
}

const LINES: [&str; 2] = [mark!("L line"), mark!("N line")];

const GROUPS: [Group; 4] = [
    Group {
        title: mark!("Energy error at PF 1"),
        behind: mark!("frequencies or percent"),
        heads: &LINES,
        lines: &[
            Line(mark!("Reference frequency"), &[Some("f_ref_hz")], "Hz"),
            Line(mark!("Meter frequency"), &[Some("f_meas_hz")], "Hz"),
            Line(mark!("Error"), &[Some("error_pct"), Some("error_n_pct")], "%"),
        ],
    },
    Group {
        title: mark!("Phase"),
        behind: mark!("error at PF 0.5L, with the new gain in force"),
        heads: &LINES,
        lines: &[
            Line(mark!("Error"), &[Some("error_05l_pct"), Some("error_n_05l_pct")], "%"),
            Line(mark!("Mains frequency"), &[Some("frequency_hz")], "Hz"),
        ],
    },
    Group {
        title: mark!("Voltage and current"),
        behind: "",
        heads: &[mark!("Voltage, V"), mark!("L current, A"), mark!("N current, A")],
        lines: &[
            Line(mark!("Meter shows"), &[Some("vol_mea_v"), Some("cur_mea_a"), Some("cur_mea_n_a")], ""),
            Line(mark!("Reference shows"), &[Some("un_actual_v"), Some("ib_actual_a"), Some("ib_actual_n_a")], ""),
            Line(mark!("Old gain"), &[Some("ugain_old"), Some("igain_old"), Some("igain_n_old")], ""),
            Line(mark!("Current scale"), &[None, Some("current_scale")], ""),
        ],
    },
    Group {
        title: mark!("Thresholds"),
        behind: mark!("fractions: 0.004 is 0.4 %, 0.78 is 22 % below"),
        heads: &[],
        lines: &[
            Line(mark!("Start-up of Un Ib"), &[Some("start_fraction")], ""),
            Line(mark!("No load of Un Ib"), &[Some("noload_fraction")], ""),
            Line(mark!("Sag, nominal voltage"), &[Some("sag_un_v")], "V"),
            Line(mark!("Sag, fraction of it"), &[Some("sag_x")], ""),
        ],
    },
];

/// Gets the focus when the page is shown.
const FIRST: &str = "un_v";

/// The impulse rate, two inputs in a row with their units.
const IMPULSE: [[(&str, &str); 2]; 4] = [
    [("un_v", "V"), ("ib_a", "A")],
    [("vl_mv", "mV"), ("vu_mv", "mV")],
    [("k1_ohm", "Ω"), ("k2_kohm", "kΩ")],
    [("gl", ""), ("mc_imp_kwh", "imp/kWh")],
];

/// Lists of readings in small-power mode.
const LISTS: [(&str, &str); 4] = [
    ("offset_power_l", mark!("Active, L line")),
    ("offset_power_n", mark!("Active, N line")),
    ("offset_reactive_l", mark!("Reactive, L line")),
    ("offset_reactive_n", mark!("Reactive, N line")),
];

/// Width of the left side.
pub(super) fn width(tokens: &Tokens) -> f32 {
    tokens.spacing.page
        + tokens.spacing.grid
        + label_width(tokens)
        + 3.0 * input_width(tokens)
        + tokens.spacing.grid * 10.0
}

pub(super) fn label_width(tokens: &Tokens) -> f32 {
    tokens.spacing.grid * 17.0
}

fn input_width(tokens: &Tokens) -> f32 {
    tokens.spacing.grid * 10.0
}

impl CalculatorPage {
    pub(super) fn inputs_ui(&mut self, ui: &mut Ui, tokens: &Tokens, commands: &mut Vec<CalculatorCommand>) {
        ui.horizontal(|ui| {
            if ui.button(t!("Open case…")).clicked() {
                commands.push(CalculatorCommand::OpenCase);
            }
            if ui
                .button(t!("Open workbook…"))
                .on_hover_text(t!("Take over the inputs of the old Excel sheet"))
                .clicked()
            {
                commands.push(CalculatorCommand::OpenWorkbook);
            }
            if ui.button(t!("Save case…")).clicked() {
                commands.push(CalculatorCommand::SaveCase(self.form.to_case()));
            }
            if ui.button(t!("Clear")).on_hover_text(t!("Empty all inputs")).clicked() {
                let arithmetic = self.form.arithmetic;
                self.form = Form::default();
                self.form.arithmetic = arithmetic;
                self.tell(String::new());
                self.remarks.clear();
            }
        });
        ui.add_space(tokens.spacing.grid * 0.5);
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = tokens.spacing.grid * 0.5;
            // Room for the scroll bar.
            ui.set_max_width(ui.available_width() - tokens.spacing.grid * 1.25);
            self.impulse_ui(ui, tokens);
            let [energy, phase, gains, thresholds] = &GROUPS;
            for group in [energy, phase, gains] {
                self.group_ui(ui, tokens, group);
            }
            self.offsets_ui(ui, tokens);
            self.group_ui(ui, tokens, thresholds);
            self.mode_ui(ui, tokens);
            self.registers_ui(ui, tokens);
        });
    }

    fn impulse_ui(&mut self, ui: &mut Ui, tokens: &Tokens) {
        in_card_ui(ui, tokens, t!("Impulse rate"), "", |ui| {
            for pair in IMPULSE {
                ui.horizontal(|ui| {
                    for (name, unit) in pair {
                        let label = Field::of(name).map_or("", |field| field.label());
                        label_ui(ui, tokens, label, tokens.spacing.grid * 4.0);
                        self.input_ui(ui, tokens, name);
                        label_ui(ui, tokens, unit, tokens.spacing.grid * 8.0);
                    }
                });
                self.faults_ui(ui, tokens, &pair.map(|(name, _)| name));
            }
            let sheet = self.form.arithmetic == Arithmetic::Sheet;
            let (vl, vu) = if sheet {
                (t!("VL by the formula of B25"), t!("VU by the formula of B26"))
            } else {
                (t!("VL from K1 and Ib"), t!("VU from K2 and Un"))
            };
            ui.horizontal(|ui| {
                ui.checkbox(&mut self.form.vl_computed, vl);
                ui.checkbox(&mut self.form.vu_computed, vu);
            });
            let mut by_four = self.form.text("pl_multiple") == "4";
            let text = t!("PL_Constant as a multiple of four");
            if ui.add_enabled(!sheet, egui::Checkbox::new(&mut by_four, text)).changed() {
                *self.form.text_mut("pl_multiple") = if by_four { "4".to_owned() } else { String::new() };
            }
        });
    }

    fn group_ui(&mut self, ui: &mut Ui, tokens: &Tokens, group: &Group) {
        in_card_ui(ui, tokens, texts::of(group.title), texts::of(group.behind), |ui| {
            if !group.heads.is_empty() {
                ui.horizontal(|ui| {
                    label_ui(ui, tokens, "", label_width(tokens));
                    for head in group.heads {
                        let size = vec2(input_width(tokens), tokens.spacing.grid * 2.0);
                        ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
                            ui.set_min_size(size);
                            let head = quiet(tokens, texts::of(head)).size(tokens.sizes.secondary);
                            ui.add(egui::Label::new(head).truncate());
                        });
                    }
                });
            }
            for Line(label, inputs, unit) in group.lines {
                ui.horizontal(|ui| {
                    label_ui(ui, tokens, texts::of(label), label_width(tokens));
                    for input in *inputs {
                        match input {
                            Some(name) => self.input_ui(ui, tokens, name),
                            None => ui.add_space(input_width(tokens) + ui.spacing().item_spacing.x),
                        }
                    }
                    if !unit.is_empty() {
                        ui.label(quiet(tokens, unit));
                    }
                });
                let names: Vec<&str> = inputs.iter().copied().flatten().collect();
                self.faults_ui(ui, tokens, &names);
            }
        });
    }

    fn offsets_ui(&mut self, ui: &mut Ui, tokens: &Tokens) {
        in_card_ui(ui, tokens, t!("Offsets"), t!("without current, with offset 0"), |ui| {
            for (name, label) in
                [("offset_current_l_a", t!("L current shown")), ("offset_current_n_a", t!("N current shown"))]
            {
                ui.horizontal(|ui| {
                    label_ui(ui, tokens, texts::of(label), label_width(tokens));
                    self.input_ui(ui, tokens, name);
                    ui.label(quiet(tokens, "A"));
                });
                self.faults_ui(ui, tokens, &[name]);
            }
            ui.label(
                quiet(tokens, t!("Power in small-power mode: four digits are hex, a sign makes a number decimal"))
                    .size(tokens.sizes.secondary),
            );
            for (name, label) in LISTS {
                ui.horizontal(|ui| {
                    label_ui(ui, tokens, texts::of(label), label_width(tokens));
                    let width = ui.available_width();
                    self.wide_input_ui(ui, tokens, name, t!("such as FFC4 FFCA"), (width, 1));
                });
                self.faults_ui(ui, tokens, &[name]);
                if let Some(said) = readings_said(self.form.text(name)) {
                    ui.horizontal(|ui| {
                        label_ui(ui, tokens, "", label_width(tokens));
                        ui.label(quiet(tokens, &said).size(tokens.sizes.secondary));
                    });
                }
            }
        });
    }

    fn registers_ui(&mut self, ui: &mut Ui, tokens: &Tokens) {
        in_card_ui(ui, tokens, t!("Registers in force"), t!("during the readings; others at power-on"), |ui| {
            let width = ui.available_width();
            self.wide_input_ui(
                ui,
                tokens,
                "registers",
                t!("such as Ugain 71D8, a line each;\nalso C or TOML as copied here"),
                (width, 4),
            );
            self.faults_ui(ui, tokens, &["registers"]);
        });
    }

    /// One number.
    fn input_ui(&mut self, ui: &mut Ui, tokens: &Tokens, name: &'static str) {
        let Some(field) = Field::of(name) else { return };
        let fault = self.form.fault(field);
        let hint = match name {
            "frequency_hz" => "50",
            "current_scale" => "1",
            _ => "",
        };
        let look = Look {
            name: field.label(),
            hint,
            fault: fault.as_deref(),
            width: input_width(tokens),
            rows: 1,
            mono: false,
        };
        let known = self.form.arithmetic == Arithmetic::Nearest || field.cell().is_some();
        if self.form.computed(name) {
            let [vl, vu] = self.results.sampling;
            let value = if name == "vl_mv" { vl } else { vu };
            let mut shown = value.map_or_else(|| "–".to_owned(), |mv| format!("{mv:.4}"));
            kept_ui(ui, name, false, |ui| input_ui(ui, tokens, look, &mut shown));
        } else {
            let text = self.form.text_mut(name);
            let input = kept_ui(ui, name, known, |ui| input_ui(ui, tokens, look, text));
            if name == FIRST && std::mem::take(&mut self.wants_focus) {
                input.request_focus();
            }
        }
    }

    /// A list or more lines.
    fn wide_input_ui(
        &mut self,
        ui: &mut Ui,
        tokens: &Tokens,
        name: &'static str,
        hint: &str,
        (width, rows): (f32, usize),
    ) {
        let Some(field) = Field::of(name) else { return };
        let fault = self.form.fault(field);
        let look = Look { name: field.label(), hint, fault: fault.as_deref(), width, rows, mono: true };
        let enabled = self.form.arithmetic == Arithmetic::Nearest;
        let text = self.form.text_mut(name);
        kept_ui(ui, name, enabled, |ui| input_ui(ui, tokens, look, text));
    }

    /// What is wrong with the inputs of a row, under it.
    pub(super) fn faults_ui(&self, ui: &mut Ui, tokens: &Tokens, names: &[&str]) {
        for field in names.iter().filter_map(|name| Field::of(name)) {
            if let Some(fault) = self.form.fault(field) {
                fault_ui(ui, tokens, &format!("{}: {fault}", field.label()));
            }
        }
    }
}

/// An input keeps its id, and with it the focus, whatever appears above it or goes from there while one types.
pub(super) fn kept_ui<R>(ui: &mut Ui, name: &str, enabled: bool, input: impl FnOnce(&mut Ui) -> R) -> R {
    let scope = UiBuilder::new().scope_id(Id::unique(("calculator", name)));
    ui.scope_builder(scope, |ui| {
        if !enabled {
            ui.disable();
        }
        input(ui)
    })
    .inner
}

pub(super) fn fault_ui(ui: &mut Ui, tokens: &Tokens, words: &str) {
    ui.label(RichText::new(words).size(tokens.sizes.secondary).color(tokens.colours.fail));
}

pub(super) fn in_card_ui(ui: &mut Ui, tokens: &Tokens, title: &str, behind: &str, content: impl FnOnce(&mut Ui)) {
    card::frame(tokens).show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        card::heading_ui(ui, tokens, title, behind);
        content(ui);
    });
    ui.add_space(tokens.spacing.grid * 0.5);
}

pub(super) fn quiet(tokens: &Tokens, text: &str) -> RichText {
    RichText::new(text).color(tokens.colours.text_quiet)
}

/// Text in a column of that width, or the column alone.
pub(super) fn label_ui(ui: &mut Ui, tokens: &Tokens, text: &str, width: f32) {
    let size = vec2(width, ui.spacing().interact_size.y);
    ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
        ui.set_min_size(size);
        if !text.is_empty() {
            ui.label(quiet(tokens, text));
        }
    });
}

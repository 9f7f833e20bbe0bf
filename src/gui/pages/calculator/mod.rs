//! The calculator: what the Excel sheet does, live as one types, without a meter.
//!
//! On the left the inputs in groups, on the right the registers. A [`Form`] holds what is typed, [`Results`] what follows from
//! it; both are data and have no window. Opening and saving files is asked for by [`CalculatorCommand`]s and done elsewhere:
//! [`CalculatorPage::load_case`] and [`CalculatorPage::load_workbook`] take what was read.

use egui::{Button, CentralPanel, Frame, Label, Margin, Panel, RichText, Ui};

use crate::advice::Advice;
use crate::calibration::workbook::Workbook;
use crate::gui::command::Command;
use crate::gui::offers::Offer;
use crate::gui::texts::{self, catalog::Catalog};
use crate::gui::tokens::Tokens;
use crate::gui::widgets::status::{Mark, mark_ui};

mod case;
mod copy;
mod fields;
mod groups;
mod mode;
mod mode_ui;
mod results;
mod sheet_rows;
mod table;
mod typed;

pub use case::{Arithmetic, CaseError, Form};
pub use copy::Format;
pub use fields::{FIELDS, Field, Kind};
pub use mode::{MODE_FIELDS, ModeField};
pub use results::{Results, Row, State};

/// Room the results need beside the inputs, in points.
const LEAST_RESULTS: f32 = 380.0;

/// What the page cannot do itself.
#[derive(Clone, Debug, PartialEq)]
pub enum CalculatorCommand {
    /// Choose a case and give its text to [`CalculatorPage::load_case`].
    OpenCase,
    /// Choose a file and write this text to it.
    SaveCase(String),
    /// Choose an .xlsx, read it with [`Workbook::read`] and give it to [`CalculatorPage::load_workbook`].
    OpenWorkbook,
}

impl CalculatorCommand {
    /// What can be asked for at any time, for the list of commands.
    #[must_use]
    pub fn offers() -> Vec<Offer> {
        let of = |wish| Offer { command: Command::Calculator(wish), enabled: true };
        vec![of(Self::OpenCase), of(Self::OpenWorkbook)]
    }
}

/// What is typed on the page and what follows from it.
#[derive(Clone, Debug)]
pub struct CalculatorPage {
    /// What is typed and chosen.
    pub form: Form,
    /// What was said last about copying, opening or saving.
    said: String,
    /// What could not be opened or saved.
    problem: Option<Advice>,
    /// What an opened workbook has that looks wrong.
    remarks: Vec<String>,
    results: Results,
    /// The form the results are of, and the language they are in.
    computed_for: (Form, Option<&'static Catalog>),
    /// The results stand where the inputs would, as there is no room for both.
    results_shown: bool,
    /// The first input gets the focus in the next frame.
    wants_focus: bool,
}

impl Default for CalculatorPage {
    fn default() -> Self {
        Self::with(Form::default())
    }
}

impl CalculatorPage {
    /// With these inputs.
    #[must_use]
    pub fn with(form: Form) -> Self {
        let results = Results::of(&form);
        Self {
            computed_for: (form.clone(), texts::spoken()),
            form,
            said: String::new(),
            problem: None,
            remarks: Vec::new(),
            results,
            results_shown: false,
            wants_focus: false,
        }
    }

    /// Gives the first input the focus: who comes here types.
    pub const fn focus(&mut self) {
        self.wants_focus = true;
    }

    /// What follows from the inputs.
    #[must_use]
    pub const fn results(&self) -> &Results {
        &self.results
    }

    /// Says what came of copying, opening or saving.
    pub fn tell(&mut self, said: String) {
        (self.said, self.problem) = (said, None);
    }

    /// Says what could not be opened or saved, until something else is asked for.
    pub fn refuse(&mut self, problem: Advice) {
        (self.said, self.problem) = (String::new(), Some(problem));
    }

    /// Takes over a case somebody saved.
    ///
    /// # Errors
    /// A text that is no case; the inputs stay as they are.
    pub fn load_case(&mut self, text: &str) -> Result<(), CaseError> {
        let form = Form::from_case(text)?;
        *self = Self { said: t!("Opened a case").to_owned(), ..Self::with(form) };
        Ok(())
    }

    /// Takes over the inputs of a workbook, computed as the sheet does.
    ///
    /// # Errors
    /// An input this page cannot show, which a workbook does not hold; the inputs stay as they are.
    pub fn load_workbook(&mut self, workbook: Workbook) -> Result<(), CaseError> {
        let mut form = Form::from_fields(&workbook.fields)?;
        form.arithmetic = Arithmetic::Sheet;
        let said = t!("Opened a workbook with {count} inputs", count = workbook.fields.len());
        *self = Self { said, remarks: workbook.remarks, ..Self::with(form) };
        Ok(())
    }

    /// Draws the page into what the bars have left; returns what is asked of others.
    pub fn calculator_ui(&mut self, ui: &mut Ui, tokens: &Tokens) -> Vec<CalculatorCommand> {
        let mut commands = Vec::new();
        let (outer, gap) = (tokens.spacing.page as i8, tokens.spacing.grid as i8);
        let fill = tokens.colours.window;
        self.problem_ui(ui, tokens);
        let inputs = groups::width(tokens);
        if ui.available_width() < inputs + LEAST_RESULTS {
            let frame = Frame::new().fill(fill).inner_margin(Margin::same(outer));
            CentralPanel::default().frame(frame).show(ui, |ui| self.one_part_ui(ui, tokens, &mut commands));
            self.compute(ui);
            return commands;
        }
        let left = Frame::new().fill(fill).inner_margin(Margin { left: outer, right: gap, top: outer, bottom: outer });
        Panel::left("calculator inputs")
            .frame(left)
            .resizable(false)
            .show_separator_line(false)
            .exact_size(inputs)
            .show(ui, |ui| self.inputs_ui(ui, tokens, &mut commands));
        self.compute(ui);
        let right = Frame::new().fill(fill).inner_margin(Margin { left: gap, right: outer, top: outer, bottom: outer });
        CentralPanel::default().frame(right).show(ui, |ui| self.results_ui(ui, tokens));
        commands
    }

    /// What could not be opened or saved, above everything.
    fn problem_ui(&self, ui: &mut Ui, tokens: &Tokens) {
        let Some(problem) = &self.problem else { return };
        let (attention, quiet, outer) =
            (tokens.colours.attention, tokens.colours.text_quiet, tokens.spacing.page as i8);
        let frame = Frame::new().fill(tokens.colours.window).inner_margin(Margin { bottom: 0, ..Margin::same(outer) });
        Panel::top("calculator problem").frame(frame).show_separator_line(false).show(ui, |ui| {
            ui.horizontal_top(|ui| {
                mark_ui(ui, tokens, Mark::Triangle, attention);
                ui.vertical(|ui| {
                    ui.spacing_mut().item_spacing.y = tokens.spacing.grid * 0.5;
                    ui.add(Label::new(RichText::new(&problem.what).color(attention)).wrap());
                    if !problem.why.is_empty() {
                        let why = RichText::new(&problem.why).size(tokens.sizes.secondary).color(quiet);
                        ui.add(Label::new(why).wrap());
                    }
                    ui.add(Label::new(&problem.next).wrap());
                });
            });
        });
    }

    /// Inputs or results, where there is no room for both.
    fn one_part_ui(&mut self, ui: &mut Ui, tokens: &Tokens, commands: &mut Vec<CalculatorCommand>) {
        ui.horizontal(|ui| {
            for (results, word) in [(false, t!("Inputs")), (true, t!("Results"))] {
                let chosen = self.results_shown == results;
                let colours = &tokens.colours;
                let (colour, fill) =
                    if chosen { (colours.text_on_strong, colours.accent_fill) } else { (colours.text, colours.button) };
                let word = RichText::new(word).color(colour);
                if ui.add(Button::selectable(chosen, word).fill(fill)).clicked() {
                    self.results_shown = results;
                }
            }
        });
        if self.results_shown {
            self.results_ui(ui, tokens);
        } else {
            self.inputs_ui(ui, tokens, commands);
        }
    }

    /// After the inputs, so that no result is older than them.
    fn compute(&mut self, ui: &Ui) {
        let (form, language) = &self.computed_for;
        let changed = *form != self.form;
        if changed || !same(*language, texts::spoken()) {
            self.results = Results::of(&self.form);
            // It was said about what stood here before. A problem stands until something else is asked for: nothing moves while
            // one types.
            if changed {
                self.said.clear();
            }
            self.computed_for = (self.form.clone(), texts::spoken());
            // Computed inputs on the left show them too.
            ui.request_repaint();
        }
    }
}

/// Whether both are one language; its texts need not be compared.
fn same(one: Option<&'static Catalog>, other: Option<&'static Catalog>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => std::ptr::eq(one, other),
        (one, other) => one.is_none() && other.is_none(),
    }
}

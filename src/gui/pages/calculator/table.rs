//! The right side: arithmetic, copying, the table of results, warnings.

use egui::{Align, Button, Label, Layout, Panel, RichText, ScrollArea, Ui, vec2};

use super::CalculatorPage;
use super::case::Arithmetic;
use super::copy::Format;
use super::groups::quiet;
use super::results::{Row, State};
use crate::gui::texts;
use crate::gui::tokens::Tokens;
use crate::gui::widgets::card;
use crate::gui::widgets::number::NOTHING;
use crate::gui::widgets::status::{Mark, mark_ui};

const NEAREST: &str = mark!("Rounded to nearest, range-checked, all registers, L and N");
const SHEET: &str =
    mark!("Truncated, unchecked, with the sheet's errors; N line, phase, offsets and checksums are not in it");

impl CalculatorPage {
    pub(super) fn results_ui(&mut self, ui: &mut Ui, tokens: &Tokens) {
        self.arithmetic_ui(ui, tokens);
        self.copy_ui(ui, tokens);
        self.warnings_ui(ui, tokens);
        let columns = columns(tokens, self.form.arithmetic);
        card::frame(tokens).show(ui, |ui| {
            ui.set_min_size(ui.available_size());
            ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                ui.spacing_mut().item_spacing = vec2(tokens.spacing.grid * 1.5, tokens.spacing.grid * 0.25);
                ui.spacing_mut().interact_size.y = tokens.spacing.grid * 2.25;
                for (number, (title, rows)) in self.results.groups.iter().enumerate() {
                    heading_ui(ui, tokens, columns, title, number == 0);
                    for row in rows {
                        row_ui(ui, tokens, columns, row);
                    }
                    ui.add_space(tokens.spacing.grid * 0.75);
                }
            });
        });
    }

    fn arithmetic_ui(&mut self, ui: &mut Ui, tokens: &Tokens) {
        ui.horizontal(|ui| {
            for (arithmetic, text) in
                [(Arithmetic::Nearest, t!("Nearest (bench)")), (Arithmetic::Sheet, t!("As the sheet"))]
            {
                let chosen = self.form.arithmetic == arithmetic;
                let button = if chosen {
                    Button::new(RichText::new(text).color(tokens.colours.text_on_strong))
                        .fill(tokens.colours.accent_fill)
                } else {
                    Button::new(text)
                };
                if ui.add(button.selected(chosen)).clicked() {
                    // Computed in the next frame, before it is drawn.
                    self.form.arithmetic = arithmetic;
                    ui.request_repaint();
                }
            }
            let difference =
                if self.form.arithmetic == Arithmetic::Nearest { texts::of(NEAREST) } else { texts::of(SHEET) };
            ui.add(Label::new(quiet(tokens, difference).size(tokens.sizes.secondary)).wrap());
        });
    }

    fn copy_ui(&mut self, ui: &mut Ui, tokens: &Tokens) {
        ui.horizontal_wrapped(|ui| {
            ui.label(quiet(tokens, t!("Copy as")));
            for format in Format::ALL {
                let enabled = !self.results.words.is_empty();
                let button = ui.add_enabled(enabled, Button::new(format.word()));
                ui.ctx().accesskit_node_builder(button.id, |node| {
                    node.set_label(t!("Copy as {form}", form = format.word()));
                });
                if button.clicked() {
                    ui.ctx().copy_text(format.text(&self.results.words));
                    self.tell(format.said(&self.results.words, self.results.missing()));
                }
            }
            if !self.said.is_empty() {
                ui.label(RichText::new(&self.said).size(tokens.sizes.secondary).color(tokens.colours.text));
            }
        });
    }

    fn warnings_ui(&self, ui: &mut Ui, tokens: &Tokens) {
        let warnings: Vec<&String> = self.remarks.iter().chain(&self.results.warnings).collect();
        if warnings.is_empty() {
            return;
        }
        let frame =
            egui::Frame::new().inner_margin(egui::Margin { top: tokens.spacing.grid as i8, ..egui::Margin::ZERO });
        Panel::bottom("calculator warnings").frame(frame).resizable(false).show_separator_line(false).show(ui, |ui| {
            card::frame(tokens).show(ui, |ui| {
                ui.set_min_width(ui.available_width());
                let count = if warnings.len() == 1 {
                    t!("1 thing").to_owned()
                } else {
                    t!("{count} things", count = warnings.len())
                };
                card::heading_ui(ui, tokens, t!("Look again"), &t!("{count} that may be swapped or mistyped", count));
                ScrollArea::vertical().max_height(tokens.spacing.grid * 16.0).auto_shrink([false, true]).show(
                    ui,
                    |ui| {
                        for warning in warnings {
                            ui.horizontal_top(|ui| {
                                mark_ui(ui, tokens, Mark::Triangle, tokens.colours.attention);
                                ui.add(Label::new(warning).wrap());
                            });
                        }
                    },
                );
            });
        });
    }
}

/// Widths of name, hex and decimal. The sheet shows more digits than a register has.
fn columns(tokens: &Tokens, arithmetic: Arithmetic) -> [f32; 3] {
    let grids = match arithmetic {
        Arithmetic::Nearest => [13.0, 8.5, 9.5],
        Arithmetic::Sheet => [13.5, 12.0, 17.0],
    };
    grids.map(|grids| grids * tokens.spacing.grid)
}

/// A part of the table; the first one names the columns.
fn heading_ui(ui: &mut Ui, tokens: &Tokens, [name, hex, decimal]: [f32; 3], title: &str, first: bool) {
    let small = |text: &str| quiet(tokens, text).size(tokens.sizes.secondary);
    ui.horizontal(|ui| {
        let title = RichText::new(title).font(tokens.strong(tokens.sizes.body)).color(tokens.colours.text);
        cell_ui(ui, name, Align::LEFT, title);
        if first {
            cell_ui(ui, hex, Align::LEFT, small(t!("Hex")));
            cell_ui(ui, decimal, Align::RIGHT, small(t!("Decimal")));
            ui.label(small(t!("Meaning")));
        }
    });
}

fn row_ui(ui: &mut Ui, tokens: &Tokens, [name, hex, decimal]: [f32; 3], row: &Row) {
    let colours = &tokens.colours;
    let colour = match row.state {
        State::Computed => colours.text,
        State::Kept => colours.text_quiet,
        State::Failed => colours.fail,
    };
    let failed = row.state == State::Failed;
    ui.horizontal(|ui| {
        cell_ui(ui, name, Align::LEFT, RichText::new(&row.name).color(colour));
        let none = if failed && row.decimal.is_none() { NOTHING } else { "" };
        cell_ui(ui, hex, Align::LEFT, RichText::new(row.hex.as_deref().unwrap_or(none)).monospace().color(colour));
        let decimal_text = RichText::new(row.decimal.as_deref().unwrap_or("")).color(colour);
        cell_ui(ui, decimal, Align::RIGHT, decimal_text);
        if !failed || row.hex.is_some() || row.decimal.is_some() {
            let kept = if row.state == State::Kept { t!("kept · ") } else { "" };
            let text = quiet(tokens, &format!("{kept}{}", row.meaning));
            let text = if row.state == State::Computed { text.color(colours.text) } else { text };
            ui.add(Label::new(text).wrap());
        }
    });
    if failed && row.hex.is_none() && row.decimal.is_none() {
        ui.add(Label::new(RichText::new(&row.meaning).size(tokens.sizes.secondary).color(colours.fail)).wrap());
    }
}

fn cell_ui(ui: &mut Ui, width: f32, align: Align, text: RichText) {
    let size = vec2(width, ui.spacing().interact_size.y);
    let layout =
        if align == Align::RIGHT { Layout::right_to_left(Align::Center) } else { Layout::left_to_right(Align::Center) };
    ui.allocate_ui_with_layout(size, layout, |ui| {
        ui.set_min_size(size);
        if !text.text().is_empty() {
            ui.add(Label::new(text).extend());
        }
    });
}

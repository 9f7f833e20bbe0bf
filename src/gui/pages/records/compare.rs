//! Several records beside each other: what was measured at each load point, and the registers that differ.

use egui::{RichText, ScrollArea, Ui};

use super::cells::{Cell, Choice, Column, Columns, least, row_ui};
use super::{RecordsCommand, figures, measurements, registers};
use crate::gui::archive::{Key as Place, SIDE_BY_SIDE, Shown};
use crate::gui::command::Command;
use crate::gui::pages::PageCtx;
use crate::gui::pages::sheet::{card_ui, quiet_ui};
use crate::gui::texts::words;
use crate::gui::widgets::card;
use crate::gui::widgets::number::NOTHING;
use crate::procedure::Verdict;
use crate::record::Entry;
use crate::record::entry::Measurement;

/// The records that are compared, and what is known of them.
#[derive(Default)]
pub(super) struct Comparison {
    kept: Vec<Place>,
    shown: Vec<Shown>,
    only_differing: bool,
}

impl Comparison {
    pub(super) fn kept(&self) -> &[Place] {
        &self.kept
    }

    /// Keeps a record to be compared, or lets it go.
    pub(super) fn toggle(&mut self, place: Place) {
        let count = self.kept.len();
        self.kept.retain(|other| *other != place);
        if self.kept.len() == count && count < SIDE_BY_SIDE {
            self.kept.push(place);
        }
    }

    pub(super) fn told(&mut self, shown: Vec<Shown>) {
        self.shown = shown;
    }

    pub(super) fn compare_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let mut gone = None;
        ui.horizontal_wrapped(|ui| {
            if ui.button(t!("Back")).on_hover_text(t!("To the list (Esc)")).clicked() {
                page.commands.push(Command::Records(RecordsCommand::Back));
            }
            for shown in &self.shown {
                let entry = &shown.record.record.entry;
                let text = t!(
                    "Take away {serial}, record {number}",
                    serial = entry.serial,
                    number = shown.record.record.number
                );
                if ui.button(text).clicked() {
                    gone = Some(shown.key());
                }
            }
            ui.checkbox(&mut self.only_differing, t!("Only what differs"));
        });
        if let Some(gone) = gone {
            self.kept.retain(|other| *other != gone);
            self.shown.retain(|shown| shown.key() != gone);
        }
        if self.shown.len() < 2 {
            let text =
                t!("Open another record and press “Compare with others” there; up to four stand beside each other");
            quiet_ui(ui, page, text);
        }
        if self.shown.is_empty() {
            return;
        }
        let tokens = page.tokens;
        let wanted = self.columns(ui.available_width());
        ScrollArea::horizontal().id_salt("sideways").auto_shrink(false).show(ui, |ui| {
            // The cards have margins, and the bar of the inner area has its own room.
            let margins = 2.0 * (tokens.spacing.card + 1.0) + tokens.spacing.grid;
            let columns = Columns::fit(&wanted, (ui.available_width() - margins).max(least(&wanted)));
            ui.set_min_width(columns.width + margins);
            // Whose columns they are stays in sight.
            card::frame(tokens).show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = 0.0;
                self.heads_ui(ui, page, &columns);
            });
            ScrollArea::vertical().id_salt("comparison").auto_shrink(false).show(ui, |ui| {
                ui.set_max_width(ui.available_width() - tokens.spacing.grid);
                card_ui(ui, page, t!("Measurements"), |ui, page| self.measured_ui(ui, page, &columns));
                let title = t!("Registers the units were left with");
                card_ui(ui, page, title, |ui, page| self.registers_ui(ui, page, &columns));
            });
        });
    }

    fn columns(&self, width: f32) -> Vec<Column> {
        let mut columns = vec![Column::left("", 200.0_f32.min(width * 0.3), 1.0)];
        columns.extend(self.shown.iter().map(|_| Column::right("", 120.0, 1.0)));
        columns
    }

    /// Whose columns they are: serial number, verdict, when.
    fn heads_ui(&self, ui: &mut Ui, page: &PageCtx<'_>, columns: &Columns) {
        let tokens = page.tokens;
        type Words = fn(&Shown) -> String;
        let lines: [(&str, Words); 3] = [
            (t!("Serial number"), |shown| shown.record.record.entry.serial.clone()),
            (t!("Verdict"), |shown| {
                let entry = &shown.record.record.entry;
                let simulated = if entry.simulated { t!(", simulated") } else { "" };
                format!("{}{simulated}", words::verdict(entry.verdict))
            }),
            (t!("Ended"), |shown| shown.record.record.entry.at.minute()),
        ];
        for (name, of) in lines {
            let said: Vec<String> = self.shown.iter().map(of).collect();
            let label = format!("{name}: {}", said.join(", "));
            let mut cells = vec![Cell::Quiet(name.to_owned())];
            cells.extend(self.shown.iter().zip(said).map(|(shown, text)| {
                let verdict = shown.record.record.entry.verdict;
                if name == t!("Verdict") { Cell::In(tokens.verdict(verdict), text) } else { Cell::Text(text) }
            }));
            row_ui(ui, tokens, columns, (&cells, &label), (tokens.spacing.grid * 2.75, Choice::None));
        }
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.shown.iter().map(|shown| &shown.record.record.entry)
    }

    fn measured_ui(&self, ui: &mut Ui, page: &PageCtx<'_>, columns: &Columns) {
        let tokens = page.tokens;
        let mut rows: Vec<&Measurement> = Vec::new();
        for one in self.entries().flat_map(|entry| &entry.measurements) {
            if !rows.iter().any(|row| row.name == one.name && row.load_point == one.load_point) {
                rows.push(one);
            }
        }
        if rows.is_empty() {
            return quiet_ui(ui, page, t!("Nothing was measured in these runs"));
        }
        ui.scope(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for row in rows {
                let found: Vec<Option<&Measurement>> =
                    self.entries().map(|entry| measurements::same(row, entry)).collect();
                let values: Vec<Option<f64>> = found.iter().map(|one| one.and_then(|one| one.value)).collect();
                if self.only_differing && values.windows(2).all(|pair| pair.first() == pair.last()) {
                    continue;
                }
                let name = figures::named(&row.name, &row.load_point);
                let said: Vec<String> =
                    found.iter().map(|one| one.map_or(NOTHING.to_owned(), measurements::value_words)).collect();
                let label = format!("{name}: {}", said.join(", "));
                let mut cells = vec![Cell::Text(name.clone())];
                cells.extend(found.iter().map(|one| match one {
                    None => Cell::Quiet(NOTHING.to_owned()),
                    Some(one) if one.verdict == Verdict::Fail => {
                        Cell::In(tokens.colours.fail, measurements::value_words(one))
                    }
                    Some(one) => Cell::Text(figures::value(one.value, &one.unit)),
                }));
                let look = (tokens.spacing.grid * 2.75, Choice::None);
                ui.push_id(&name, |ui| row_ui(ui, tokens, columns, (&cells, &label), look));
            }
        });
    }

    fn registers_ui(&self, ui: &mut Ui, page: &PageCtx<'_>, columns: &Columns) {
        let tokens = page.tokens;
        let mut names: Vec<&str> = Vec::new();
        for (name, _) in self.entries().flat_map(|entry| &entry.registers_after) {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        if names.is_empty() {
            return quiet_ui(ui, page, t!("No register was read"));
        }
        ui.scope(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for name in names {
                let found: Vec<Option<&str>> =
                    self.entries().map(|entry| registers::word(name, &entry.registers_after)).collect();
                let differs = found.windows(2).any(|pair| pair.first() != pair.last());
                if self.only_differing && !differs {
                    continue;
                }
                let first = found.first().copied().flatten();
                let first_of = self.entries().next().map(|entry| entry.registers_after.as_slice());
                let said: Vec<String> = found
                    .iter()
                    .zip(self.entries())
                    .map(|(word, entry)| {
                        let by = first_of.and_then(|first| registers::change(name, first, &entry.registers_after));
                        let digits = registers::digits(*word);
                        by.map_or(digits.clone(), |by| format!("{digits} ({by:+})"))
                    })
                    .collect();
                let label = format!("{name}: {}", said.join(", "));
                let mut cells = vec![Cell::Text(name.to_owned())];
                cells.extend(said.into_iter().zip(&found).map(|(text, word)| {
                    if *word == first { Cell::Mono(text) } else { Cell::In(tokens.colours.attention, text) }
                }));
                let look = (tokens.spacing.grid * 2.75, Choice::None);
                ui.push_id(name, |ui| row_ui(ui, tokens, columns, (&cells, &label), look));
            }
        });
        if self.shown.len() > 1 {
            let text = RichText::new(t!("In brackets: the distance from the first unit"));
            ui.label(text.size(tokens.sizes.secondary).color(tokens.colours.text_quiet));
        }
    }
}

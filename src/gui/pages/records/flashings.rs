//! Flashings outside of runs: what was put on which chip, when, by whom, and whether it was proven. One of them opens in its place.

use egui::{Key, Label, Modifiers, RichText, ScrollArea, Ui};

use super::cells::{Cell, Choice, Column, Columns, filled, head_ui, least, outcome_sign, row_ui};
use super::figures;
use crate::gui::archive::FLASHINGS;
use crate::gui::command::Command;
use crate::gui::pages::PageCtx;
use crate::gui::pages::sheet::{quiet_ui, row_ui as fact_ui};
use crate::gui::widgets::card;
use crate::gui::widgets::command_button::command_button_ui;
use crate::gui::widgets::number::NOTHING;
use crate::record::FlashRecord;
use crate::record::flashing::Written;
use crate::record::listing::Wanted;

const COLUMNS: [Column; 9] = [
    Column::left(mark!("Outcome"), 0.0, 0.0),
    Column::left(mark!("Serial number"), 100.0, 1.0),
    Column::left(mark!("Ended"), 122.0, 0.0),
    Column::left(mark!("Image"), 110.0, 2.0),
    Column::left(mark!("Through"), 70.0, 0.2),
    Column::left(mark!("Operator"), 64.0, 0.8),
    Column::right(mark!("Written"), 76.0, 0.0),
    Column::right(mark!("Time"), 60.0, 0.0),
    Column::right(mark!("Flashing"), 60.0, 0.0),
];

/// What is known of them, and which one is open.
#[derive(Default)]
pub(super) struct FlashingsView {
    flashings: Option<Vec<FlashRecord>>,
    /// What they are the list of.
    wanted: Option<Wanted>,
    /// The chosen row.
    chosen: Option<usize>,
    /// The chosen row is to be seen.
    reveal: bool,
    /// Rows that fit into the window, less one.
    page: usize,
    /// Station and number of the open one.
    open: Option<(String, u64)>,
}

impl FlashingsView {
    /// Another list, or the same one anew.
    pub(super) fn told(&mut self, wanted: Wanted, flashings: Vec<FlashRecord>) {
        let same = self.wanted.as_ref() == Some(&wanted);
        self.wanted = Some(wanted);
        self.chosen = self.chosen.filter(|chosen| same && *chosen < flashings.len());
        self.flashings = Some(flashings);
    }

    /// Arrows choose, also while the serial number is typed.
    pub(super) fn keys(&mut self, ui: &Ui) {
        let Some(last) = self.flashings.as_ref().and_then(|all| all.len().checked_sub(1)) else { return };
        let pressed = |modifiers: Modifiers, key: Key| ui.input_mut(|input| input.consume_key(modifiers, key));
        let by = |step: usize| move |chosen: usize| last.min(chosen + step);
        let back = |step: usize| move |chosen: usize| chosen.saturating_sub(step);
        let next = match self.chosen {
            chosen if pressed(Modifiers::NONE, Key::ArrowDown) => chosen.map_or(0, by(1)),
            chosen if pressed(Modifiers::NONE, Key::ArrowUp) => chosen.map_or(0, back(1)),
            chosen if pressed(Modifiers::NONE, Key::PageDown) => by(self.page)(chosen.unwrap_or(0)),
            chosen if pressed(Modifiers::NONE, Key::PageUp) => chosen.map_or(0, back(self.page)),
            _ if pressed(Modifiers::COMMAND, Key::Home) => 0,
            _ if pressed(Modifiers::COMMAND, Key::End) => last,
            _ => return,
        };
        (self.chosen, self.reveal) = (Some(next), true);
    }

    /// Opens the chosen row in its place, or closes it; false where none is chosen of the list that is wanted.
    pub(super) fn toggle(&mut self, wanted: &Wanted) -> bool {
        let all = self.flashings.as_ref().filter(|_| self.wanted.as_ref() == Some(wanted));
        let chosen = all.zip(self.chosen).and_then(|(all, chosen)| all.get(chosen)).map(place);
        let Some(chosen) = chosen else { return false };
        self.open = if self.open.as_ref() == Some(&chosen) { None } else { Some(chosen) };
        self.reveal = true;
        true
    }

    /// How many there are, in words.
    pub(super) fn total_words(&self) -> Option<String> {
        Some(match self.flashings.as_ref()?.len() {
            1 => t!("1 flashing").to_owned(),
            FLASHINGS => t!("{count} flashings and more; older ones are found by their days", count = FLASHINGS),
            count => t!("{count} flashings", count),
        })
    }

    pub(super) fn flashings_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let tokens = page.tokens;
        let Self { flashings, chosen, reveal, open, page: rows_of_page, .. } = self;
        card::frame(tokens).show(ui, |ui| {
            ui.set_min_size(ui.available_size());
            let Some(flashings) = flashings else {
                return quiet_ui(ui, page, t!("The flashings are being read"));
            };
            if flashings.is_empty() {
                ui.heading(t!("No flashings here"));
                let text = t!("What the Firmware page (F6) or the command line puts on a chip is kept and listed here; flashing in a run is part of the run's record");
                return quiet_ui(ui, page, text);
            }
            let rows: Vec<_> = flashings.iter().map(|one| (one, cells(one))).collect();
            let wanted = filled(ui, tokens, &COLUMNS, rows.iter().map(|(_, cells)| cells.as_slice()));
            let height = tokens.spacing.grid * 3.5;
            *rows_of_page = ((ui.available_height() / height) as usize).max(3) - 2;
            ScrollArea::both().id_salt("flashings").auto_shrink(false).show(ui, |ui| {
                let columns = Columns::fit(&wanted, ui.available_width().max(least(&wanted)));
                ui.spacing_mut().item_spacing.y = 0.0;
                head_ui(ui, tokens, &columns);
                for (number, (one, cells)) in rows.iter().enumerate() {
                    let opened = open.as_ref() == Some(&place(one));
                    let marked = opened || *chosen == Some(number);
                    let look = (height, if marked { Choice::Chosen } else { Choice::Open });
                    ui.push_id(one.hash, |ui| {
                        let row = row_ui(ui, tokens, &columns, (cells, &label(page, one)), look);
                        if *chosen == Some(number) && std::mem::take(reveal) {
                            row.scroll_to_me(None);
                        }
                        if row.clicked() {
                            *chosen = Some(number);
                            *open = (!opened).then(|| place(one));
                        }
                        if opened {
                            ui.indent("facts", |ui| facts_ui(ui, page, one));
                        }
                    });
                }
            });
        });
    }
}

/// Station and number.
fn place(of: &FlashRecord) -> (String, u64) {
    (of.record.station.clone(), of.record.number)
}

fn cells(of: &FlashRecord) -> Vec<Cell> {
    let flashing = &of.record.flashing;
    let word =
        |word: Option<&String>| word.map_or_else(|| Cell::Quiet(NOTHING.to_owned()), |word| Cell::Text(word.clone()));
    let serial = flashing.serial.clone();
    let written = flashing.written.map(|written| t!("{count} B", count = figures::count(written.bytes_written)));
    vec![
        Cell::Outcome(flashing.outcome, flashing.simulated),
        serial.map_or_else(|| Cell::Quiet(NOTHING.to_owned()), Cell::Serial),
        Cell::Text(flashing.at.minute()),
        Cell::Text(flashing.image.clone()),
        Cell::Text(flashing.through.clone()),
        word(flashing.operator.as_ref()),
        word(written.as_ref()),
        Cell::Text(figures::seconds(Some(flashing.seconds))),
        Cell::Quiet(of.name()),
    ]
}

/// A row in words.
fn label(page: &PageCtx<'_>, of: &FlashRecord) -> String {
    let flashing = &of.record.flashing;
    let (.., outcome) = outcome_sign(page.tokens, flashing.outcome);
    let simulated = if flashing.simulated { t!(", simulated") } else { "" };
    t!(
        "{serial} {outcome}{simulated}, {ended}, {image}, {through}, flashing {name}",
        serial = flashing.serial.as_deref().unwrap_or(NOTHING),
        outcome,
        simulated,
        ended = flashing.at.minute(),
        image = flashing.image,
        through = flashing.through,
        name = of.name()
    )
}

fn facts_ui(ui: &mut Ui, page: &mut PageCtx<'_>, of: &FlashRecord) {
    let (sealed, flashing) = (&of.record, &of.record.flashing);
    ui.spacing_mut().item_spacing.y = page.tokens.spacing.grid / 2.0;
    ui.add_space(page.tokens.spacing.grid / 2.0);
    if let Some(failure) = &flashing.failure {
        ui.add(Label::new(RichText::new(failure).color(page.tokens.colours.attention)).wrap());
    }
    let yes = |is: bool| if is { t!("yes") } else { t!("no") }.to_owned();
    let mut facts = vec![
        (t!("Ended"), flashing.at.to_string()),
        (t!("Chip"), flashing.chip_id.clone()),
        (t!("Unique id"), flashing.unique_id.clone().unwrap_or_else(|| NOTHING.to_owned())),
        (t!("Through"), format!("{}: {}", flashing.through, flashing.loader)),
        (t!("Image"), flashing.image.clone()),
        (t!("SHA-256"), flashing.image_sha256.to_string()),
    ];
    if let Some(Written { bytes_written, bytes_skipped, bytes_trusted, verified, protected, started }) =
        flashing.written
    {
        let count = figures::count;
        facts.extend([
            (t!("Written"), t!("{count} B", count = count(bytes_written))),
            (t!("Skipped"), t!("{count} B that were there already", count = count(bytes_skipped))),
        ]);
        if bytes_trusted > 0 {
            facts.push((t!("Trusted"), t!("{count} B that were not read back", count = count(bytes_trusted))));
        }
        facts.extend([
            (t!("Verified"), if verified { t!("every byte") } else { t!("no") }.to_owned()),
            (t!("Protected"), yes(protected)),
            (t!("Started"), yes(started)),
        ]);
    }
    let hash = of.hash.to_string();
    facts.extend([
        (t!("Program"), flashing.program.clone()),
        (t!("Station"), sealed.station.clone()),
        (t!("Hash"), hash.clone()),
    ]);
    for (name, text) in facts {
        fact_ui(ui, page, name, |ui, _| {
            ui.add(Label::new(text).wrap());
        });
    }
    command_button_ui(ui, page, Command::Copy(t!("the flashing's hash"), hash), true);
    ui.add_space(page.tokens.spacing.grid);
}

//! The list of records: as long as there are any, with only the part in memory that is looked at.

use std::collections::BTreeMap;

use egui::{Key, Modifiers, ScrollArea, Ui};

use super::cells::{Cell, Choice, Column, Columns, head_ui, least, row_ui, verdicts_width};
use super::figures;
use super::{RecordsCommand, ask};
use crate::gui::archive::{ArchiveRequest, Key as Place, PAGE};
use crate::gui::command::Command;
use crate::gui::pages::PageCtx;
use crate::gui::texts::words;
use crate::gui::widgets::number::NOTHING;
use crate::record::listing::{Total, Wanted};
use crate::record::search::Found;

/// Parts of the list that are kept; a person goes back a few pages at most.
const KEPT: usize = 24;
/// Height of a row in points: a multiple of four, so that the place of the millionth is still exact in single precision.
const ROW: f32 = 28.0;

const COLUMNS: [Column; 10] = [
    Column::left(mark!("Verdict"), 0.0, 0.0),
    Column::left(mark!("Serial number"), 100.0, 3.0),
    Column::left(mark!("Ended"), 122.0, 0.0),
    Column::left(mark!("Profile"), 90.0, 2.0),
    Column::left(mark!("Procedure"), 70.0, 0.8),
    Column::left(mark!("Batch"), 64.0, 0.8),
    Column::left(mark!("Operator"), 64.0, 0.8),
    Column::right(mark!("Position"), 56.0, 0.0),
    Column::right(mark!("Time"), 60.0, 0.0),
    Column::right(mark!("Record"), 60.0, 0.4),
];

/// What is known of the list.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// What it is the list of.
    wanted: Option<Wanted>,
    pub total: Option<Total>,
    parts: BTreeMap<u64, Vec<Found>>,
    /// The part that was asked for and has not come.
    awaited: Option<u64>,
    pub chosen: Option<u64>,
    /// The chosen row is to be seen.
    reveal: bool,
    /// Rows that were seen the last time.
    seen: (u64, u64),
}

impl Listing {
    /// Another list, or the same one anew.
    pub(super) fn told(&mut self, wanted: Wanted, total: Total, rows: Vec<Found>) {
        let same = self.wanted.as_ref() == Some(&wanted);
        let kept = self.chosen.filter(|chosen| same && *chosen < total.listed());
        *self = Self { wanted: Some(wanted), total: Some(total), chosen: kept, seen: self.seen, ..Self::default() };
        self.reveal = !same;
        self.parts.insert(0, rows);
    }

    /// A part of it.
    pub(super) fn told_part(&mut self, wanted: &Wanted, offset: u64, rows: Vec<Found>) {
        if self.wanted.as_ref() != Some(wanted) {
            return;
        }
        self.awaited = self.awaited.filter(|awaited| *awaited != offset);
        self.parts.insert(offset, rows);
        while self.parts.len() > KEPT {
            // The farthest from what is looked at goes.
            let away = |part: &u64| part.abs_diff(self.seen.0);
            let Some(farthest) = self.parts.keys().copied().max_by_key(away) else { return };
            self.parts.remove(&farthest);
        }
    }

    /// A part could not be read; it may be asked for again.
    pub(super) fn refused(&mut self) {
        self.awaited = None;
    }

    pub(super) fn row(&self, number: u64) -> Option<&Found> {
        let part = number - number % PAGE as u64;
        self.parts.get(&part)?.get(usize::try_from(number - part).ok()?)
    }

    /// The chosen row, where this is the list that is wanted: what a scanner types is followed by its Enter before another list is there.
    pub(super) fn chosen_of(&self, wanted: &Wanted) -> Option<&Found> {
        self.wanted.as_ref().filter(|of| *of == wanted).and(self.chosen).and_then(|chosen| self.row(chosen))
    }

    /// Arrows choose, also while the serial number is typed.
    pub(super) fn keys(&mut self, ui: &Ui) {
        let listed = self.total.map_or(0, Total::listed);
        let Some(last) = listed.checked_sub(1) else { return };
        let page = (self.seen.1.saturating_sub(self.seen.0)).max(2) - 1;
        let pressed = |modifiers: Modifiers, key: Key| ui.input_mut(|input| input.consume_key(modifiers, key));
        let step = |from: Option<u64>, by: u64| from.map_or(0, |from| from.saturating_add(by).min(last));
        let back = |from: Option<u64>, by: u64| from.map_or(0, |from| from.saturating_sub(by));
        let now = self.chosen;
        let next = if pressed(Modifiers::NONE, Key::ArrowDown) {
            step(now, 1)
        } else if pressed(Modifiers::NONE, Key::ArrowUp) {
            back(now, 1)
        } else if pressed(Modifiers::NONE, Key::PageDown) {
            step(now.or(Some(0)), page)
        } else if pressed(Modifiers::NONE, Key::PageUp) {
            back(now, page)
        } else if pressed(Modifiers::COMMAND, Key::Home) {
            0
        } else if pressed(Modifiers::COMMAND, Key::End) {
            last
        } else {
            return;
        };
        (self.chosen, self.reveal) = (Some(next), true);
    }

    pub(super) fn list_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let listed = self.total.map_or(0, Total::listed);
        let tokens = page.tokens;
        let mut wanted = COLUMNS;
        if let Some(verdict) = wanted.first_mut() {
            verdict.least = verdicts_width(ui, tokens);
        }
        ScrollArea::horizontal().id_salt("sideways").auto_shrink(false).show(ui, |ui| {
            // The bar of the inner area has its own room.
            let columns = Columns::fit(&wanted, (ui.available_width() - 14.0).max(least(&wanted)));
            ui.spacing_mut().item_spacing.y = 0.0;
            head_ui(ui, tokens, &columns);
            let mut area = ScrollArea::vertical().id_salt("records").auto_shrink(false);
            let height = ui.available_height();
            if let Some(chosen) = self.chosen.filter(|_| std::mem::take(&mut self.reveal)) {
                let (first, behind) = (chosen as f32 * ROW, (chosen + 1) as f32 * ROW);
                let top = self.seen.0 as f32 * ROW;
                if chosen <= self.seen.0 {
                    area = area.vertical_scroll_offset(first);
                } else if behind > top + height {
                    area = area.vertical_scroll_offset(behind - height);
                }
            }
            let count = usize::try_from(listed).unwrap_or(usize::MAX);
            area.show_rows(ui, ROW, count, |ui, range| {
                self.seen = (range.start as u64, range.end as u64);
                for number in range {
                    self.entry_ui(ui, page, &columns, number as u64);
                }
            });
        });
        self.fetch(page);
    }

    fn entry_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>, columns: &Columns, number: u64) {
        let chosen = if self.chosen == Some(number) { Choice::Chosen } else { Choice::Open };
        let Some(found) = self.row(number) else {
            let waiting = [Cell::Quiet("…".to_owned())];
            let label = t!("Row {number} is being read", number = number + 1);
            row_ui(ui, page.tokens, columns, (&waiting, &label), (ROW, Choice::None));
            return;
        };
        let key = Place::of(found);
        let (cells, label) = (cells(found), label(found));
        let response = ui.push_id(number, |ui| row_ui(ui, page.tokens, columns, (&cells, &label), (ROW, chosen))).inner;
        if response.clicked() {
            self.chosen = Some(number);
            ask(page, ArchiveRequest::Open(key));
        }
    }

    /// Asks for one part that is looked at and not there.
    fn fetch(&mut self, page: &mut PageCtx<'_>) {
        let (Some(wanted), None) = (&self.wanted, self.awaited) else { return };
        let listed = self.total.map_or(0, Total::listed);
        let size = PAGE as u64;
        let (first, last) = (self.seen.0 / size, self.seen.1.min(listed).saturating_sub(1) / size);
        let missing =
            (first..=last).map(|part| part * size).find(|part| *part < listed && !self.parts.contains_key(part));
        if let Some(offset) = missing {
            self.awaited = Some(offset);
            let request = ArchiveRequest::Rows(wanted.clone(), offset);
            page.commands.push(Command::Records(RecordsCommand::Ask(request)));
        }
    }
}

fn cells(found: &Found) -> Vec<Cell> {
    let word = |word: &Option<String>| match word {
        Some(word) => Cell::Text(word.clone()),
        None => Cell::Quiet(NOTHING.to_owned()),
    };
    // The verdict of a golden unit is the bench's: it is none of the batch.
    let batch = match &found.batch {
        batch if !found.golden => word(batch),
        None => Cell::Text(t!("golden").to_owned()),
        Some(batch) => Cell::Text(t!("golden, {batch}", batch)),
    };
    vec![
        Cell::Verdict(found.verdict, found.simulated),
        Cell::Serial(found.serial.clone()),
        Cell::Text(found.at.minute()),
        Cell::Text(found.profile.clone()),
        Cell::Text(found.procedure.clone()),
        batch,
        word(&found.operator),
        Cell::Text(found.position.to_string()),
        Cell::Text(format!("{:.0} s", found.duration_s)),
        Cell::Quiet(found.number.to_string()),
    ]
}

/// A row in words.
pub(super) fn label(found: &Found) -> String {
    let verdict = words::verdict(found.verdict);
    let simulated = if found.simulated { t!(", simulated") } else { "" };
    let golden = if found.golden { t!(", golden unit: the bench was judged") } else { "" };
    let batch = found.batch.as_ref().map_or(String::new(), |batch| t!(", batch {batch}", batch));
    let operator = found.operator.as_ref().map_or(String::new(), |operator| t!(", operator {operator}", operator));
    t!(
        "{serial} {verdict}{simulated}{golden}, {ended}, {profile}, {procedure}{batch}{operator}, position {position}, record {record}",
        serial = found.serial,
        verdict,
        simulated,
        golden,
        ended = found.at.minute(),
        profile = found.profile,
        procedure = found.procedure,
        batch,
        operator,
        position = found.position,
        record = found.number
    )
}

/// How many there are, in words.
pub(super) fn total_words(total: Total) -> String {
    match total {
        Total::Exactly(1) => t!("1 record").to_owned(),
        Total::Exactly(count) => t!("{count} records", count = figures::count(count)),
        Total::AtLeast(count) => {
            t!("{count} records and more; type on to narrow them down", count = figures::count(count))
        }
    }
}

//! Registers of one run: what the unit was found with and left with, and what the attempt before had left in it.

use egui::{ScrollArea, Ui};

use super::cells::{Cell, Choice, Column, Columns, head_ui, row_ui};
use crate::gui::pages::PageCtx;
use crate::gui::pages::sheet::quiet_ui;
use crate::gui::widgets::number::NOTHING;
use crate::record::Entry;

const COLUMNS: [Column; 5] = [
    Column::left(mark!("Register"), 80.0, 1.0),
    Column::left(mark!("Attempt before"), 64.0, 0.4),
    Column::left(mark!("Found"), 56.0, 0.4),
    Column::left(mark!("Left"), 56.0, 0.4),
    Column::left(mark!("Difference"), 90.0, 0.6),
];

/// A word of a list.
pub(super) fn word<'a>(name: &str, among: &'a [(String, String)]) -> Option<&'a str> {
    among.iter().find(|(other, _)| other == name).map(|(_, word)| word.as_str())
}

/// The digits as they are shown: the prefix only where they are copied.
pub(super) fn digits(word: Option<&str>) -> String {
    word.map_or(NOTHING, |word| word.strip_prefix("0x").unwrap_or(word)).to_owned()
}

/// By how much a word has changed, as the signed number it is; none where it has not.
pub(super) fn change(old: Option<&str>, new: Option<&str>) -> Option<i64> {
    let number = |word: &str| i64::from_str_radix(word.strip_prefix("0x")?, 16).ok();
    let (old, new) = (number(old?)?, number(new?)?);
    (old != new).then_some(new - old)
}

pub(super) fn table_ui(ui: &mut Ui, page: &mut PageCtx<'_>, entry: &Entry, before: Option<&Entry>) {
    let tokens = page.tokens;
    let mut names: Vec<&str> = entry.registers_after.iter().map(|(name, _)| name.as_str()).collect();
    for (name, _) in &entry.registers_before {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    if names.is_empty() {
        return quiet_ui(ui, page, t!("No register was read"));
    }
    let differing = names.iter().filter(|name| {
        let (old, new) = words_of(name, entry, before);
        old.is_some() && old != new
    });
    if before.is_some() {
        let text = match differing.count() {
            0 => t!("All registers are as the attempt before left them").to_owned(),
            count => t!("{count} of {all} registers differ from the attempt before", count, all = names.len()),
        };
        ui.label(text);
    }
    let least: f32 = COLUMNS.iter().map(|column| column.least + 10.0).sum();
    ScrollArea::horizontal().id_salt("registers").auto_shrink([false, true]).show(ui, |ui| {
        let columns = Columns::fit(&COLUMNS, ui.available_width().max(least));
        ui.spacing_mut().item_spacing.y = 0.0;
        head_ui(ui, tokens, &columns);
        for name in names {
            let (old, new) = words_of(name, entry, before);
            let found = word(name, &entry.registers_before);
            let differs = old.is_some() && old != new;
            let difference = match (old, change(old, new)) {
                (None, _) => NOTHING.to_owned(),
                (Some(_), Some(change)) => format!("≠ {change:+}"),
                (Some(_), None) if differs => "≠".to_owned(),
                (Some(_), None) => "=".to_owned(),
            };
            let (said, found, left) = (digits(old), digits(found), digits(new));
            let outcome = match (old, differs) {
                (None, _) => t!("nothing to compare"),
                (_, true) => t!("differs"),
                (_, false) => t!("same"),
            };
            let label = t!(
                "{name}: attempt before {said}, found {found}, left {left}, {outcome}",
                name,
                said,
                found,
                left,
                outcome
            );
            let difference =
                if differs { Cell::In(tokens.colours.attention, difference) } else { Cell::Quiet(difference) };
            let cells =
                [Cell::Text(name.to_owned()), Cell::Mono(said), Cell::Mono(found), Cell::Mono(left), difference];
            let look = (tokens.spacing.grid * 2.75, Choice::None);
            ui.push_id(name, |ui| row_ui(ui, tokens, &columns, (&cells, &label), look));
        }
    });
}

/// What the attempt before left in a register, and what this one did.
fn words_of<'a>(name: &str, entry: &'a Entry, before: Option<&'a Entry>) -> (Option<&'a str>, Option<&'a str>) {
    (before.and_then(|before| word(name, &before.registers_after)), word(name, &entry.registers_after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_a_number_and_no_change_is_none() {
        assert_eq!(change(Some("0x71D8"), Some("0x71E0")), Some(8));
        assert_eq!(change(Some("0x0002"), Some("0x0001")), Some(-1));
        assert_eq!(change(Some("0x0002"), Some("0x0002")), None);
        assert_eq!(change(None, Some("0x0002")), None);
        assert_eq!(change(Some("0xZZ"), Some("0x0002")), None);
        assert_eq!((digits(Some("0x71D8")), digits(None)), ("71D8".to_owned(), NOTHING.to_owned()));
    }
}

//! Registers of one run: what the unit was found with and left with, and what the attempt before had left in it.

use egui::{ScrollArea, Ui};
use m90e26::{Encoding, Register, value};

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

/// By how much a register has changed from one list of words to another, as the number that the chip takes its bits for; none
/// where it has not, or where its bits are no number.
pub(super) fn change(name: &str, old: &[(String, String)], new: &[(String, String)]) -> Option<i64> {
    let word_of = |name: &str, list| u16::from_str_radix(word(name, list)?.strip_prefix("0x")?, 16).ok();
    let number = |list| {
        let raw = word_of(name, list)?;
        Some(match (Register::from_name(name), Register::from_name(name).map(Register::encoding)) {
            (Some(Register::Cs1 | Register::Cs2), _) | (_, Some(Encoding::Fields | Encoding::Command)) => return None,
            // PL_Constant is one number in two registers; its change stands beside the first that differs.
            (Some(Register::PLconstH), _) => i64::from(raw) << 16 | i64::from(word_of(PLCONST_L, list)?),
            (_, Some(Encoding::TwosComplement)) => value::twos_complement(raw).into(),
            (_, Some(Encoding::SignMagnitude)) => value::sign_magnitude(raw).into(),
            (_, Some(Encoding::Unsigned) | None) => raw.into(),
        })
    };
    let differs = |name: &str| word(name, old) != word(name, new);
    if !differs(name) || name == PLCONST_L && differs(Register::PLconstH.name()) {
        return None;
    }
    let (old, new): (i64, i64) = (number(old)?, number(new)?);
    (old != new).then_some(new - old)
}

const PLCONST_L: &str = Register::PLconstL.name();

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
            let by = before.and_then(|before| change(name, &before.registers_after, &entry.registers_after));
            let difference = match (old, by) {
                (None, _) => NOTHING.to_owned(),
                (Some(_), Some(by)) => format!("≠ {by:+}"),
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

    fn of(name: &str, old: &str, new: &str) -> Option<i64> {
        let list = |word: &str| vec![(name.to_owned(), word.to_owned())];
        change(name, &list(old), &list(new))
    }

    #[test]
    fn a_change_is_a_number_and_no_change_is_none() {
        assert_eq!(of("Ugain", "0x71D8", "0x71E0"), Some(8));
        assert_eq!(of("Ugain", "0x0002", "0x0001"), Some(-1));
        assert_eq!(of("Ugain", "0x0002", "0x0002"), None);
        assert_eq!(change("Ugain", &[], &[("Ugain".to_owned(), "0x0002".to_owned())]), None);
        assert_eq!(of("Ugain", "0xZZ", "0x0002"), None);
        assert_eq!((digits(Some("0x71D8")), digits(None)), ("71D8".to_owned(), NOTHING.to_owned()));
    }

    /// Datasheet, register table: gains and offsets are two's complement, the phases have a sign beside their magnitude.
    #[test]
    fn a_signed_register_changes_as_the_number_it_is() {
        assert_eq!(of("Ngain", "0x187F", "0xFC2B"), Some(-7252));
        assert_eq!(of("IoffsetL", "0xFFFF", "0x0001"), Some(2));
        assert_eq!(of("Lphi", "0x0000", "0x801A"), Some(-26));
        assert_eq!(of("Nphi", "0x8026", "0x8025"), Some(1));
        // Minus zero is another word and no other number.
        assert_eq!(of("Lphi", "0x0000", "0x8000"), None);
    }

    #[test]
    fn what_is_no_number_has_no_difference() {
        for name in ["CS1", "CS2", "MMode", "FuncEn"] {
            assert_eq!(of(name, "0x1234", "0x4321"), None, "{name}");
        }
    }

    #[test]
    fn pl_constant_is_one_number_in_two_registers() {
        let list = |high: &str, low: &str| {
            vec![("PLconstH".to_owned(), high.to_owned()), ("PLconstL".to_owned(), low.to_owned())]
        };
        let (old, new) = (list("0x0015", "0xFFFF"), list("0x0016", "0x0001"));
        assert_eq!((change("PLconstH", &old, &new), change("PLconstL", &old, &new)), (Some(2), None));
        let near = list("0x0015", "0xFFFE");
        assert_eq!((change("PLconstL", &old, &near), word("PLconstH", &near)), (Some(-1), Some("0x0015")));
    }
}

//! What differs between the chip and the other side, in words, and writing it to the chip in two steps.

use egui::{Button, Checkbox, FontId, Key, Label, Modifiers, RichText, ScrollArea, Stroke, Ui};
use m90e26::Register;
use m90e26::field::command;

use super::detail::effect;
use super::{PageCtx, RegistersPage, decode, unavailable, warning_ui};
use crate::calibration::registers::RegisterSet;
use crate::gui::command::Command;
use crate::gui::core::Core;
use crate::gui::session::{Registers, Write};
use crate::gui::widgets::card;
use crate::gui::widgets::command_button::command_button_ui;

/// The second step of writing the differences, while it stands.
pub(super) struct Asked {
    /// The checksums that match are written too.
    sums: bool,
    /// The harmless button is to have the focus.
    focus_keep: bool,
}

/// A register that differs: what the chip has, what the other side has.
pub(super) type Difference = (Register, u16, u16);

/// The register that keeps the other half of the same number.
pub(super) const fn other_half(register: Register) -> Option<Register> {
    match register {
        Register::PLconstH => Some(Register::PLconstL),
        Register::PLconstL => Some(Register::PLconstH),
        _ => None,
    }
}

/// How two words of a register differ: a line for each field, or one for a number. What the other side has in the register `with`
/// belongs to that number.
pub(super) fn in_words(
    register: Register,
    (chip, other): (u16, u16),
    with: Option<(Register, u16)>,
    registers: &Registers,
) -> Vec<String> {
    let (here, there) = (decode::fields(register, chip), decode::fields(register, other));
    if here.is_empty() {
        let with: Vec<Write> = with.into_iter().map(|(register, value)| Write { register, value }).collect();
        return vec![effect(Write { register, value: other }, &with, registers)];
    }
    let pairs = here.iter().zip(&there).filter(|(a, b)| a.text != b.text);
    pairs.map(|(a, b)| format!("{}: {} → {}", a.name, a.text, b.text)).collect()
}

/// What writing differences does.
struct Plan {
    /// In the order of writing.
    writes: Vec<Write>,
    /// What it does to the checksums.
    consequences: Vec<String>,
}

/// The writes that make the chip's calibration registers those of the other side, in the order of the map.
fn plan(differing: &[Difference], registers: &Registers, sums: bool) -> Option<Plan> {
    let mut after = registers.set()?;
    let mut plan = Plan { writes: Vec::new(), consequences: Vec::new() };
    for register in RegisterSet::ORDER {
        if let Some((_, _, value)) = differing.iter().find(|(other, ..)| *other == register) {
            after.set(register, *value).ok()?;
            plan.writes.push(Write { register, value: *value });
        }
    }
    // PL_Constant is taken over when its low word is written.
    let low = after.get(Register::PLconstL).ok()?;
    let halves = |half: Register| plan.writes.iter().position(|write| write.register == half);
    if let (Some(high), None) = (halves(Register::PLconstH), halves(Register::PLconstL)) {
        plan.writes.insert(high + 1, Write { register: Register::PLconstL, value: low });
    }
    let parts = [
        (&Register::METERING[..], Register::Cs1, Register::CalStart, after.cs1(), t!("metering")),
        (&Register::MEASUREMENT[..], Register::Cs2, Register::AdjStart, after.cs2(), t!("measuring")),
    ];
    for (part, sum, start, right, work) in parts {
        if !plan.writes.iter().any(|write| part.contains(&write.register)) {
            continue;
        }
        let normal = registers.value(start) == Some(command::CAL_CHECK);
        plan.consequences.push(match (normal, sums) {
            (true, true) => {
                t!("{sum} does not match meanwhile; then {right} is written to {sum} and 8765 to {start}, so {work} goes on", sum, right = format_args!("{right:04X}"), start, work)
            }
            (true, false) => t!("{sum} will not match any more, and the chip stops {work} until {sum} is {right} and 8765 is written to {start} again", sum, work, right = format_args!("{right:04X}"), start),
            (false, _) => t!("The chip does not watch {sum} now; it has to be {right} for normal operation", sum, right = format_args!("{right:04X}")),
        });
        if normal && sums {
            let normal = Write { register: start, value: command::CAL_CHECK };
            plan.writes.extend([Write { register: sum, value: right }, normal]);
        }
    }
    Some(plan)
}

impl RegistersPage {
    /// The registers that were read and differ from the other side.
    pub(super) fn differing(&self, core: &Core) -> Vec<Difference> {
        let pair = |register: Register| {
            let (chip, other) = (core.registers.value(register)?, self.others.word(&self.other, register, core)?);
            (chip != other).then_some((register, chip, other))
        };
        Register::ALL.into_iter().filter_map(pair).collect()
    }

    /// All differences, where no register is selected.
    pub(super) fn differences_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let tokens = page.tokens;
        let quiet = |text: &str| RichText::new(text).color(tokens.colours.text_quiet);
        card::heading_ui(ui, tokens, t!("Differences"), "");
        ui.add(Label::new(quiet(&t!("Chip → {other_name}", other_name = self.other_name()))).wrap());
        if page.core.registers.words.is_empty() {
            ui.add(
                Label::new(quiet(t!("Read the registers to see what differs, or select one to see its fields"))).wrap(),
            );
            return;
        }
        let differing = self.differing(page.core);
        if differing.is_empty() {
            ui.label(t!("No register differs"));
            return;
        }
        let reason = unavailable(page.core).or_else(|| {
            (page.core.registers.set().is_none() || page.core.registers.outdated)
                .then(|| t!("Read all registers first, so that the old values are known").to_owned())
        });
        if self.asked.is_some() {
            return self.confirm_all_ui(ui, page, &differing, reason.as_deref());
        }
        let writable = differing.iter().filter(|(register, ..)| RegisterSet::ORDER.contains(register)).count();
        let button = ui.add_enabled(writable > 0 && reason.is_none(), Button::new(t!("Write the differences…")));
        if button.clicked() {
            self.asked = Some(Asked { sums: true, focus_keep: true });
        }
        if let Some(reason) = &reason {
            ui.add(Label::new(quiet(reason)).wrap());
        }
        ScrollArea::vertical().id_salt("differences").auto_shrink(false).show(ui, |ui| {
            for difference in &differing {
                let half = other_half(difference.0);
                let half = half.and_then(|half| differing.iter().find(|(register, ..)| *register == half));
                // One number in two registers is told once, with its high word.
                if difference.0 != Register::PLconstL || half.is_none() {
                    difference_ui(ui, page, difference, half);
                }
            }
        });
    }

    /// The second step: what is written, and what it does to the checksums.
    fn confirm_all_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>, differing: &[Difference], reason: Option<&str>) {
        let tokens = page.tokens;
        let Some(asked) = &mut self.asked else { return };
        let Some(plan) = plan(differing, &page.core.registers, asked.sums) else {
            self.asked = None;
            return;
        };
        let refused = plan.writes.iter().find_map(|write| write.check().err());
        let watched = [Register::CalStart, Register::AdjStart]
            .into_iter()
            .any(|start| page.core.registers.value(start) == Some(command::CAL_CHECK));
        let mut done = false;
        ScrollArea::vertical().id_salt("confirm").auto_shrink(false).show(ui, |ui| {
            let heading = t!("Write {count} words to the chip?", count = plan.writes.len());
            ui.label(RichText::new(heading).font(tokens.strong(tokens.sizes.heading)));
            for Write { register, value } in &plan.writes {
                let old = page.core.registers.value(*register).map_or_else(String::new, |old| format!("{old:04X}"));
                let text = format!("{:02X} {register} {old} → {value:04X}", register.address());
                ui.label(RichText::new(text).font(FontId::monospace(tokens.sizes.body)));
            }
            for consequence in &plan.consequences {
                warning_ui(ui, page, consequence);
            }
            if watched {
                ui.add(Checkbox::new(&mut asked.sums, t!("Write the checksums that match, too")));
            }
            for problem in refused.iter().map(String::as_str).chain(reason) {
                warning_ui(ui, page, problem);
            }
            let before = page.commands.len();
            let mut keep = false;
            ui.horizontal_wrapped(|ui| {
                let good = reason.is_none() && refused.is_none();
                command_button_ui(ui, page, Command::WriteRegisters(plan.writes.clone()), good);
                let button = ui.add(Button::new(t!("Keep all")).stroke(Stroke::new(1.0, tokens.colours.line)));
                if std::mem::take(&mut asked.focus_keep) {
                    // A second Enter by accident writes nothing.
                    button.request_focus();
                }
                keep = button.clicked() || ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape));
            });
            done = keep || page.commands.len() > before;
        });
        if done {
            self.asked = None;
        }
    }
}

/// A difference, and that of the register that keeps the other half of its number where it differs too.
fn difference_ui(ui: &mut Ui, page: &PageCtx<'_>, (register, chip, other): &Difference, half: Option<&Difference>) {
    let tokens = page.tokens;
    ui.horizontal_wrapped(|ui| {
        let (name, words) = match half {
            Some((low, low_chip, low_other)) => {
                (format!("{register}, {low}"), format!("{chip:04X} {low_chip:04X} → {other:04X} {low_other:04X}"))
            }
            None => (register.name().to_owned(), format!("{chip:04X} → {other:04X}")),
        };
        ui.label(RichText::new(name).font(tokens.strong(tokens.sizes.body)));
        ui.label(RichText::new(words).font(FontId::monospace(tokens.sizes.body)));
        if !RegisterSet::ORDER.contains(register) {
            ui.label(RichText::new(t!("not written from here")).color(tokens.colours.text_quiet));
        }
    });
    let with = half.map(|(register, _, other)| (*register, *other));
    for words in in_words(*register, (*chip, *other), with, &page.core.registers) {
        ui.add(Label::new(RichText::new(words).color(tokens.colours.text_quiet)).wrap());
    }
}

//! One register: its fields, and the form that writes it in two steps.

use egui::{Button, FontId, Grid, Key, Modifiers, RichText, ScrollArea, Stroke, TextEdit, Ui};
use m90e26::field::command;
use m90e26::{Access, Register};

use super::compare::Other;
use super::{PageCtx, RegistersPage, compare, decode, differences, unavailable, warning_ui};
use crate::calibration::registers::{RegisterSet, dump};
use crate::gui::command::Command;
use crate::gui::core::Core;
use crate::gui::session::{Registers, Write};
use crate::gui::texts::words;
use crate::gui::widgets::card;
use crate::gui::widgets::command_button::command_button_ui;
use crate::gui::widgets::status::{Mark, mark_ui};

/// What is typed for the selected register.
#[derive(Default)]
pub(super) struct Form {
    text: String,
    /// The first step is taken: this write is to be confirmed.
    asked: Option<Write>,
    /// The harmless button is to have the focus.
    focus_keep: bool,
}

impl RegistersPage {
    pub(super) fn detail_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let tokens = page.tokens;
        let quiet = |text: &str| RichText::new(text).color(tokens.colours.text_quiet);
        let Some(register) = self.selected else { return self.differences_ui(ui, page) };
        ScrollArea::vertical().id_salt("detail").auto_shrink(false).show(ui, |ui| {
            let place = format!("{:02X}, {}", register.address(), decode::access(register.access()));
            ui.horizontal_wrapped(|ui| {
                card::heading_ui(ui, tokens, register.name(), &place);
                if ui.button(t!("Close")).on_hover_text(t!("Back to all differences")).clicked() {
                    self.selected = None;
                }
            });
            ui.label(quiet(words::meaning(register)));
            match page.core.registers.value(register) {
                None => {
                    ui.label(t!("Not read yet"));
                }
                Some(word) => {
                    value_ui(ui, page, register, word);
                    self.compared_ui(ui, page, register, word);
                }
            }
            ui.add_space(tokens.spacing.grid);
            if register.access() == Access::ReadWrite {
                self.write_ui(ui, page, register);
            } else if let Err(why) = (Write { register, value: 0 }).check() {
                ui.label(quiet(&why));
            }
        });
    }

    /// What the other side of the comparison has here, field by field.
    fn compared_ui(&self, ui: &mut Ui, page: &PageCtx<'_>, register: Register, word: u16) {
        let other = self.others.word(&self.other, register, page.core).filter(|other| *other != word);
        let Some(other) = other.filter(|_| self.other != Other::PowerOn) else { return };
        warning_ui(
            ui,
            page,
            &t!("≠ {other_name} has {other}", other_name = self.other_name(), other = format_args!("{other:04X}")),
        );
        let with = differences::other_half(register);
        let with = with.and_then(|half| Some((half, self.others.word(&self.other, half, page.core)?)));
        for words in differences::in_words(register, (word, other), with, &page.core.registers) {
            ui.add(egui::Label::new(words).wrap());
        }
    }

    fn write_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>, register: Register) {
        let tokens = page.tokens;
        ui.separator();
        let reason = unavailable(page.core).or_else(|| {
            let unread = page.core.registers.set().is_none() || page.core.registers.value(register).is_none();
            (unread || page.core.registers.outdated)
                .then(|| t!("Read all registers first, so that the old value is known").to_owned())
        });
        if let Some(written) = page.core.registers.written.filter(|written| written.register == register) {
            ui.horizontal_wrapped(|ui| {
                mark_ui(ui, tokens, Mark::Tick, tokens.colours.pass);
                ui.label(t!(
                    "Written and read back: {old} → {new}",
                    old = format_args!("{:04X}", written.old),
                    new = format_args!("{:04X}", written.new)
                ));
            });
        }
        match self.form.asked {
            Some(write) => self.confirm_ui(ui, page, write, reason.as_deref()),
            None => self.enter_ui(ui, page, register, reason.as_deref()),
        }
    }

    /// The first step: a value, checked while it is typed.
    fn enter_ui(&mut self, ui: &mut Ui, page: &PageCtx<'_>, register: Register, reason: Option<&str>) {
        let tokens = page.tokens;
        let mut entered = false;
        ui.horizontal(|ui| {
            let label = ui.label(RichText::new(t!("New value, hex")).color(tokens.colours.text_quiet)).id;
            let edit = TextEdit::singleline(&mut self.form.text)
                .font(FontId::monospace(tokens.sizes.heading))
                .hint_text("0000")
                .desired_width(72.0);
            let field = ui.add_enabled(reason.is_none(), edit).labelled_by(label);
            entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        });
        let old = page.core.registers.value(register);
        let checked = checked(register, &self.form.text, old);
        if reason.is_none() {
            match &checked {
                Ok(Some(write)) => {
                    ui.label(effect(*write, &[], &page.core.registers));
                }
                Ok(None) => {}
                Err(why) => warning_ui(ui, page, why),
            }
        }
        let write = checked.ok().flatten().filter(|_| reason.is_none());
        let clicked = ui.add_enabled(write.is_some(), Button::new(t!("Write…"))).clicked();
        if let Some(reason) = reason {
            ui.label(RichText::new(reason).color(tokens.colours.text_quiet));
        }
        if let Some(write) = write.filter(|_| clicked || entered) {
            self.form.asked = Some(write);
            self.form.focus_keep = true;
        }
    }

    /// The second step: old, new, and what comes of it.
    fn confirm_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>, write: Write, reason: Option<&str>) {
        let tokens = page.tokens;
        let Write { register, value } = write;
        let old = page.core.registers.value(register).map_or_else(String::new, |old| format!("{old:04X}"));
        ui.label(RichText::new(t!("Write {register}?", register)).font(tokens.strong(tokens.sizes.heading)));
        ui.label(RichText::new(format!("{old} → {value:04X}")).font(FontId::monospace(tokens.sizes.heading)));
        ui.label(effect(write, &[], &page.core.registers));
        for consequence in consequences(write, page.core) {
            warning_ui(ui, page, &consequence);
        }
        if let Some(reason) = reason {
            ui.label(RichText::new(reason).color(tokens.colours.text_quiet));
        }
        let wanted = page.commands.len();
        let mut keep = false;
        ui.horizontal_wrapped(|ui| {
            command_button_ui(ui, page, Command::WriteRegister(write), reason.is_none());
            let button = ui.add(Button::new(t!("Keep {old}", old)).stroke(Stroke::new(1.0, tokens.colours.line)));
            if std::mem::take(&mut self.form.focus_keep) {
                // A second Enter by accident writes nothing.
                button.request_focus();
            }
            keep = button.clicked() || ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape));
        });
        if page.commands.len() > wanted {
            self.form = Form::default();
        } else if keep {
            self.form.asked = None;
        }
    }
}

fn value_ui(ui: &mut Ui, page: &PageCtx<'_>, register: Register, word: u16) {
    let tokens = page.tokens;
    let quiet = |text: &str| RichText::new(text).color(tokens.colours.text_quiet);
    let number = decode::number(register, word);
    let decimal = if number.is_empty() { number } else { t!("{number} decimal", number) };
    ui.horizontal(|ui| {
        ui.label(RichText::new(format!("{word:04X}")).font(FontId::monospace(tokens.sizes.reading)));
        ui.label(quiet(&decimal));
    });
    let fields = decode::fields(register, word);
    if fields.is_empty() {
        ui.label(decode::meaning(register, word, &page.core.registers));
    } else {
        let spacing = egui::vec2(tokens.spacing.grid * 1.5, 2.0);
        Grid::new("fields").num_columns(3).spacing(spacing).min_row_height(tokens.spacing.grid * 2.0).show(ui, |ui| {
            for field in fields {
                ui.label(quiet(field.bits));
                ui.label(quiet(field.name));
                ui.label(field.text);
                ui.end_row();
            }
        });
    }
    if let Some(power_on) = compare::power_on(register).filter(|power_on| *power_on != word) {
        ui.label(quiet(&t!("≠ changed from power-on {power_on}", power_on = format_args!("{power_on:04X}"))));
    }
}

/// The write that a text asks for; none while nothing is typed.
fn checked(register: Register, text: &str, old: Option<u16>) -> Result<Option<Write>, String> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let value = dump::word(text).ok_or(t!("One to four hexadecimal digits are a value, as in 71D8"))?;
    let write = Write { register, value };
    write.check()?;
    // A command or a checksum may be written again.
    let again = RegisterSet::ORDER.contains(&register) && old == Some(value);
    if again {
        Err(t!("{register} is {value} already", register, value = format_args!("{value:04X}")))
    } else {
        Ok(Some(write))
    }
}

/// What a write changes, in words; others that come with it give it its meaning.
pub(super) fn effect(Write { register, value }: Write, with: &[Write], registers: &Registers) -> String {
    let before = registers.set();
    let change = before.and_then(|before| {
        let mut after = before.clone();
        after.set(register, value).ok()?;
        for Write { register, value } in with {
            after.set(*register, *value).ok()?;
        }
        before.changes_to(&after).into_iter().find(|change| change.register == register)
    });
    let text = match (change, registers.value(register)) {
        (Some(change), _) => change.meaning,
        (None, Some(old)) => {
            let meaning = |word| decode::meaning(register, word, registers);
            let (old, new) = (meaning(old), meaning(value));
            if old == new { new } else { format!("{old} -> {new}") }
        }
        (None, None) => decode::meaning(register, value, registers),
    };
    text.replace("->", "→")
}

/// What else a write brings about.
fn consequences(Write { register, value }: Write, core: &Core) -> Vec<String> {
    let registers = &core.registers;
    let Some(mut after) = registers.set() else { return Vec::new() };
    let in_set = after.set(register, value).is_ok();
    let metering = ("CS1", t!("metering"), "CalStart", after.cs1(), registers.value(Register::CalStart));
    let measuring = ("CS2", t!("measuring"), "AdjStart", after.cs2(), registers.value(Register::AdjStart));
    let (sum, work, start, right, state) = match register {
        _ if Register::METERING.contains(&register) || register == Register::Cs1 => metering,
        _ if Register::MEASUREMENT.contains(&register) || register == Register::Cs2 => measuring,
        Register::CalStart | Register::AdjStart if value == command::CAL_START => {
            let block = if register == Register::CalStart { "21–2B" } else { "31–3A" };
            return vec![t!("{block} go back to their power-on values", block)];
        }
        Register::SmallPMod if value == command::SMALL_POWER => {
            return vec![t!("Powers are shown in another scale until 0000 is written").to_owned()];
        }
        _ => return Vec::new(),
    };
    let mut texts = Vec::new();
    if register == Register::PLconstH {
        texts.push(t!("It takes effect when PLconstL is written").to_owned());
    }
    if state == Some(command::CAL_CHECK) && (in_set || value != right) {
        texts.push(t!(
            "The chip is in normal operation: {sum} will not match any more, and it stops {work} until {sum} is \
             {right} and 8765 is written to {start} again",
            sum,
            work,
            right = format_args!("{right:04X}"),
            start
        ));
    }
    texts
}

//! The registers page: the chip's whole map by section, decoded, compared, and written one register at a time.
//!
//! What it draws was read by the station's thread between the runs; reading and writing are commands. A write takes two
//! steps and tells beforehand what it does. Files are opened and saved elsewhere: [`RegistersPage::load`] takes what was read.
//! Not here: what a run writes.

use egui::{CentralPanel, ComboBox, Frame, Margin, Panel, RichText, ScrollArea, TextEdit, Ui, vec2};
use m90e26::Register;

use super::PageCtx;
use crate::calibration::registers::dump::Dump;
use crate::gui::command::Command;
use crate::gui::core::Core;
use crate::gui::offers::Offer;
use crate::gui::session::{Link, Scope};
use crate::gui::widgets::card;
use crate::gui::widgets::command_button::command_button_ui;
use crate::gui::widgets::problem::{problem_ui, remedy};
use crate::gui::widgets::status::{Mark, mark_ui};
use crate::profile::library::Entry;

mod compare;
pub(super) mod decode;
mod detail;
mod differences;
mod table;

use compare::{Other, Others};
use detail::Form;
use differences::Asked;

/// Pages narrower than this show the map or the register, one at a time.
const NARROW: f32 = 760.0;

/// A file of registers that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegisterFile {
    /// Choose one and give its text to [`RegistersPage::load`].
    Open,
    /// Choose a file and write this to it, as JSON or TOML by its ending; the time of saving is put in then.
    Save(Dump),
}

/// What is chosen and typed on the page.
#[derive(Default)]
pub struct RegistersPage {
    filter: String,
    only_differing: bool,
    other: Other,
    others: Others,
    selected: Option<Register>,
    form: Form,
    asked: Option<Asked>,
    /// The detail stands where the map would, as there is no room for both.
    detail_open: bool,
    /// The unit a dump is of, once somebody typed it.
    unit: Option<String>,
}

impl RegistersPage {
    /// Offers the profiles there are now.
    pub fn relist(&mut self, entries: &[Entry]) {
        self.others.relist(entries);
    }

    /// Compares with what a file holds; returns what it is, in words.
    ///
    /// # Errors
    /// The text holds no registers; what was compared with stays.
    pub fn load(&mut self, name: &str, text: &str) -> Result<String, String> {
        let dump = Dump::read(text).map_err(|error| format!("{name}: {error}"))?;
        if dump.words.is_empty() {
            return Err(t!("{name} names no register of the chip", name));
        }
        let said = t!("{name}: {count} registers to compare with", name, count = dump.words.len());
        self.others.file = Some((name.to_owned(), dump));
        self.other = Other::File;
        (self.selected, self.asked) = (None, None);
        Ok(said)
    }

    /// What the other side is called where there is room to say whose it is.
    fn other_name(&self) -> String {
        match (&self.other, &self.others.file) {
            (Other::File, Some((name, dump))) if dump.serial.is_empty() => name.clone(),
            (Other::File, Some((name, dump))) => format!("{} ({name})", dump.serial),
            (other, _) => other.name().to_owned(),
        }
    }

    /// Draws the page into what the bars have left.
    pub fn registers_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let tokens = page.tokens;
        let (outer, gap) = (tokens.spacing.page as i8, tokens.spacing.grid as i8);
        let fill = tokens.colours.window;
        let detail =
            Frame::new().fill(fill).inner_margin(Margin { left: gap, right: outer, top: outer, bottom: outer });
        let narrow = ui.available_width() < NARROW;
        let map = Frame::new().fill(fill).inner_margin(Margin {
            left: outer,
            right: if narrow { outer } else { gap },
            top: outer,
            bottom: outer,
        });
        if narrow {
            CentralPanel::default().frame(map).show(ui, |ui| self.narrow_ui(ui, page));
            return;
        }
        let width = (ui.available_width() * 0.32).clamp(300.0, 440.0);
        Panel::right("register").frame(detail).resizable(false).show_separator_line(false).exact_size(width).show(
            ui,
            |ui| {
                card::frame(tokens).show(ui, |ui| {
                    ui.set_min_size(ui.available_size());
                    self.detail_ui(ui, page);
                });
            },
        );
        CentralPanel::default().frame(map).show(ui, |ui| {
            card::frame(tokens).show(ui, |ui| {
                ui.set_min_width(ui.available_width());
                self.tools_ui(ui, page);
            });
            ui.add_space(tokens.spacing.grid * 0.5);
            card::frame(tokens).show(ui, |ui| {
                ui.set_min_size(ui.available_size());
                self.table_ui(ui, page);
            });
        });
    }

    /// Where there is no room beside the map: the map with its tools in one piece to scroll, or the register.
    fn narrow_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let tokens = page.tokens;
        card::frame(tokens).show(ui, |ui| {
            ui.set_min_size(ui.available_size());
            if self.detail_open {
                if ui.button(t!("Back to the map")).clicked() {
                    self.detail_open = false;
                }
                return self.detail_ui(ui, page);
            }
            ScrollArea::vertical().id_salt("narrow").auto_shrink(false).show(ui, |ui| {
                self.tools_ui(ui, page);
                if ui.button(t!("Differences")).clicked() {
                    self.selected = None;
                    self.detail_open = true;
                }
                let before = self.selected.take();
                ui.separator();
                self.rows_ui(ui, page);
                // A press on a row opens it, also on that which was open before.
                self.detail_open |= self.selected.is_some();
                self.selected = self.selected.or(before);
            });
        });
    }

    fn tools_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let tokens = page.tokens;
        let reason = unavailable(page.core);
        ui.horizontal_wrapped(|ui| {
            ui.heading(t!("Registers"));
            command_button_ui(ui, page, Command::ReadRegisters(Scope::Map), reason.is_none());
            command_button_ui(ui, page, Command::ReadRegisters(Scope::Clearing), reason.is_none());
            self.files_ui(ui, page);
        });
        ui.horizontal_wrapped(|ui| {
            let quiet = |text: &str| RichText::new(text).color(tokens.colours.text_quiet);
            let label = ui.label(quiet(t!("Filter"))).id;
            let edit = TextEdit::singleline(&mut self.filter)
                .hint_text(t!("name, address, words"))
                .desired_width(tokens.spacing.grid * 21.0);
            ui.add(edit).labelled_by(label);
            let label = ui.label(quiet(t!("Compare with"))).id;
            self.other_ui(ui, page.core).labelled_by(label);
            ui.checkbox(&mut self.only_differing, t!("Only differing"));
        });
        match self.other {
            Other::Typed => self.typed_ui(ui, page),
            Other::File => self.file_ui(ui, page),
            Other::PowerOn | Other::LastRun | Other::Profile(_) => {}
        }
        state_ui(ui, page, reason.as_deref());
    }

    /// Files in and out.
    fn files_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let tokens = page.tokens;
        command_button_ui(ui, page, Command::RegisterFile(RegisterFile::Open), true);
        let core = page.core;
        let mut unit = self.unit.clone().unwrap_or_else(|| core.run().serial.clone());
        let words = core.registers.words.iter().map(|(register, word)| (*register, word.value)).collect();
        let dump =
            Dump { serial: unit.trim().to_owned(), simulated: Some(core.links.simulated), words, ..Dump::default() };
        let read = !dump.words.is_empty();
        command_button_ui(ui, page, Command::RegisterFile(RegisterFile::Save(dump)), read);
        // Within a line that wraps, a field takes what is left of the line; label and field stay together, so both move on.
        let width = tokens.spacing.grid * 15.0;
        let words = RichText::new(t!("of unit")).color(tokens.colours.text_quiet);
        let height = ui.spacing().interact_size.y;
        let label_width = egui::WidgetText::from(words.clone())
            .into_galley(ui, Some(egui::TextWrapMode::Extend), f32::INFINITY, egui::TextStyle::Body)
            .size()
            .x;
        let needed = vec2(label_width + ui.spacing().item_spacing.x + width, height);
        ui.allocate_ui_with_layout(needed, egui::Layout::left_to_right(egui::Align::Center), |ui| {
            let label = ui.label(words).id;
            let edit = TextEdit::singleline(&mut unit).hint_text(t!("serial number"));
            if ui.add_sized(vec2(width, height), edit).labelled_by(label).changed() {
                self.unit = Some(unit);
            }
        });
    }

    /// Whose registers the file has.
    fn file_ui(&self, ui: &mut Ui, page: &PageCtx<'_>) {
        let Some((name, dump)) = &self.others.file else { return };
        let mut text = t!("{name}, {count} registers", name, count = dump.words.len());
        for (what, said) in [(t!("unit"), &dump.serial), (t!("saved"), &dump.saved)] {
            if !said.is_empty() {
                text.push_str(&format!(", {what} {said}"));
            }
        }
        let secondary = RichText::new(text).size(page.tokens.sizes.secondary).color(page.tokens.colours.text_quiet);
        ui.add(egui::Label::new(secondary).wrap());
        if dump.simulated == Some(true) {
            warning_ui(ui, page, t!("SIMULATED: these registers are of no real unit"));
        }
        if !dump.unknown.is_empty() {
            warning_ui(ui, page, &t!("No register has the name {unknown}", unknown = dump.unknown.join(", ")));
        }
    }

    fn other_ui(&mut self, ui: &mut Ui, core: &Core) -> egui::Response {
        let before = self.other.clone();
        let combo = ComboBox::from_id_salt("other").selected_text(self.other.name()).width(190.0).truncate();
        let shown = combo.show_ui(ui, |ui| {
            let file = self.others.file.is_some().then_some(Other::File);
            let fixed = [Other::PowerOn, Other::LastRun, Other::Typed].into_iter().chain(file);
            let profiles = self.others.profiles.iter().map(|(name, _)| Other::Profile(name.clone()));
            for other in fixed.chain(profiles) {
                let there = other != Other::LastRun || core.run().report.is_some();
                let name = other.name().to_owned();
                ui.add_enabled_ui(there, |ui| {
                    ui.selectable_value(&mut self.other, other, name)
                        .on_disabled_hover_text(t!("No run has ended yet"));
                });
            }
        });
        if self.other != before {
            self.asked = None;
        }
        shown.response
    }

    fn typed_ui(&mut self, ui: &mut Ui, page: &PageCtx<'_>) {
        let tokens = page.tokens;
        let label =
            ui.label(RichText::new(t!("Names and values as TOML, JSON, hex or C")).color(tokens.colours.text_quiet)).id;
        let edit = TextEdit::multiline(&mut self.others.text)
            .font(egui::FontId::monospace(tokens.sizes.body))
            .hint_text("Ugain = 0x71D8")
            .desired_rows(3)
            .desired_width(f32::INFINITY);
        let height = tokens.spacing.grid * 12.0;
        let area = ScrollArea::vertical().id_salt("typed").max_height(height);
        if area.show(ui, |ui| ui.add(edit).labelled_by(label).changed()).inner {
            self.others.read_text();
        }
        match &self.others.typed {
            Err(error) => warning_ui(ui, page, error),
            Ok(pasted) if !pasted.unknown.is_empty() => {
                warning_ui(ui, page, &t!("No register has the name {unknown}", unknown = pasted.unknown.join(", ")));
            }
            Ok(pasted) if !pasted.words.is_empty() => {
                let text = t!("{count} registers to compare with", count = pasted.words.len());
                ui.label(RichText::new(text).size(tokens.sizes.secondary).color(tokens.colours.text_quiet));
            }
            Ok(_) => {}
        }
    }
}

/// What the page can do now, for the list of commands.
#[must_use]
pub fn offers(core: &Core) -> Vec<Offer> {
    let reads = unavailable(core).is_none();
    let read = |scope| Offer { command: Command::ReadRegisters(scope), enabled: reads };
    let open = Offer { command: Command::RegisterFile(RegisterFile::Open), enabled: true };
    vec![read(Scope::Map), read(Scope::Clearing), open]
}

/// Why registers can be neither read nor written now.
fn unavailable(core: &Core) -> Option<String> {
    if core.run().running {
        return Some(t!("A run goes on; registers can be read and written when it is over").to_owned());
    }
    if !core.links.open {
        return Some(t!("No station is connected; connect one to read its registers").to_owned());
    }
    match core.links.meters.get(core.positions.shown()).unwrap_or(&Link::Off) {
        Link::Ready(_) if core.registers.busy => Some(t!("Reading the registers").to_owned()),
        Link::Ready(_) => None,
        Link::Trouble(reason) => Some(t!("The meter does not answer ({reason}); connect again", reason)),
        Link::Opening | Link::Off => Some(t!("The meter has not answered yet").to_owned()),
    }
}

/// Why nothing can be done, what went wrong, or how old what is shown is.
fn state_ui(ui: &mut Ui, page: &mut PageCtx<'_>, reason: Option<&str>) {
    let tokens = page.tokens;
    let quiet = |text: &str| RichText::new(text).size(tokens.sizes.secondary).color(tokens.colours.text_quiet);
    if let Some(reason) = reason {
        ui.horizontal_wrapped(|ui| {
            let mark = if page.core.registers.busy { Mark::Play } else { Mark::Bar };
            mark_ui(ui, tokens, mark, tokens.colours.running);
            ui.label(reason);
        });
    } else if let Some(problem) = &page.core.problem {
        problem_ui(ui, page, problem, remedy(page.core));
    } else if page.core.registers.words.is_empty() {
        ui.label(quiet(t!(
            "Nothing read yet; currents and powers will be the chip's own, without the profile's scale"
        )));
    } else if page.core.registers.outdated {
        warning_ui(ui, page, t!("Read before a run, which may have changed them; read again"));
    } else {
        ui.label(quiet(t!("As read last; currents and powers are the chip's own, without the profile's scale")));
    }
}

/// A line of attention with its shape.
fn warning_ui(ui: &mut Ui, page: &PageCtx<'_>, text: &str) {
    let tokens = page.tokens;
    ui.horizontal_top(|ui| {
        mark_ui(ui, tokens, Mark::Triangle, tokens.colours.attention);
        ui.add(egui::Label::new(RichText::new(text).color(tokens.colours.attention)).wrap());
    });
}

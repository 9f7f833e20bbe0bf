//! One record in full: what it says of its unit, what was measured, the curves, the registers, and the attempt before.

use egui::{Button, Key, Label, Modifiers, RichText, ScrollArea, Ui, vec2};

use super::cells::{Cell, Choice, Column, Columns, row_ui, simulated_ui};
use super::{RecordsCommand, ask, curves, figures, list, measurements, registers};
use crate::gui::archive::{ArchiveRequest, Detail, Key as Place};
use crate::gui::command::Command;
use crate::gui::measurand::Measurand;
use crate::gui::pages::PageCtx;
use crate::gui::pages::sheet::{card_ui, quiet_ui, row_ui as fact_ui};
use crate::gui::reprint::Sheet;
use crate::gui::texts::words;
use crate::gui::widgets::command_button::command_button_ui;
use crate::gui::widgets::number::NOTHING;
use crate::gui::widgets::status::Mark;
use crate::procedure::custody::Role;
use crate::procedure::{Traceability, Verdict};

/// With less room than this beside the tables, plots stand below them.
const PLOTS: f32 = 340.0;

/// What the page is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    Back,
    /// Take it to those that are compared, or away from them.
    Compare,
}

/// A record, and what is chosen about it.
pub(super) struct DetailView {
    detail: Detail,
    /// The quantity of the readings' plot.
    measurand: Measurand,
    /// It was not drawn yet; its page begins at the top, however far the one before was scrolled.
    fresh: bool,
}

impl DetailView {
    pub(super) fn of(detail: Detail) -> Self {
        let measurand = detail.shown.curves.first().map_or(Measurand::U, |curve| curve.quantity);
        Self { detail, measurand, fresh: true }
    }

    pub(super) fn place(&self) -> Place {
        self.detail.shown.key()
    }

    pub(super) fn detail_ui(
        &mut self,
        ui: &mut Ui,
        page: &mut PageCtx<'_>,
        (printing, kept, room): (bool, bool, bool),
    ) -> Option<Wish> {
        let mut wish = None;
        let tokens = page.tokens;
        ui.horizontal_wrapped(|ui| {
            let back = ui.add(Button::new(t!("Back")).min_size(vec2(72.0, 0.0)));
            if back.on_hover_text(t!("To the list (Esc)")).clicked() {
                wish = Some(Wish::Back);
            }
            self.attempts_ui(ui, page);
            if printing {
                self.papers_ui(ui, page);
            }
            let word = if kept { t!("Do not compare") } else { t!("Compare with others") };
            let button = ui.add_enabled(kept || room, Button::new(word));
            if button.on_hover_text(t!("Keep this record, open another one, then press Compare above")).clicked() {
                wish = Some(Wish::Compare);
            }
        });
        let mut area = ScrollArea::vertical().id_salt("record").auto_shrink(false);
        if std::mem::take(&mut self.fresh) {
            area = area.vertical_scroll_offset(0.0);
        }
        area.show(ui, |ui| {
            ui.set_max_width(ui.available_width() - tokens.spacing.grid);
            ui.spacing_mut().item_spacing.y = tokens.spacing.grid;
            self.head_ui(ui, page);
            let gap = tokens.spacing.grid;
            // Tables need more than plots do, and all of their figures are to be seen.
            let before = self.detail.previous.as_ref().map(|before| &before.record.record.entry);
            let table = measurements::width(ui, tokens, &self.detail.shown.record.record.entry, before)
                + 2.0 * (tokens.spacing.card + 1.0);
            let left = ((ui.available_width() - gap) * 0.57).max(table);
            let right = ui.available_width() - gap - left;
            if right < PLOTS {
                self.measured_ui(ui, page);
                self.curves_ui(ui, page);
                self.registers_ui(ui, page);
                self.steps_ui(ui, page);
                self.about_ui(ui, page);
                return;
            }
            ui.horizontal_top(|ui| {
                ui.spacing_mut().item_spacing.x = gap;
                ui.vertical(|ui| {
                    ui.set_width(left);
                    self.measured_ui(ui, page);
                    self.registers_ui(ui, page);
                });
                ui.vertical(|ui| {
                    ui.set_width(right);
                    self.curves_ui(ui, page);
                    self.steps_ui(ui, page);
                    self.about_ui(ui, page);
                });
            });
        });
        wish
    }

    /// The papers of this record: only a unit that passed gets a certificate and a label.
    fn papers_ui(&self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let entry = &self.detail.shown.record.record.entry;
        let passed = entry.verdict == Verdict::Pass;
        for sheet in [if passed { Sheet::Certificate } else { Sheet::Report }, Sheet::Label] {
            let command = RecordsCommand::Reprint(sheet, self.place(), entry.serial.clone());
            let button = command_button_ui(ui, page, Command::Records(command), passed || sheet != Sheet::Label);
            let verdict = words::verdict(entry.verdict);
            button.on_disabled_hover_text(t!("Only a unit that passed gets a label; this one: {verdict}", verdict));
        }
    }

    /// Goes from attempt to attempt at the same unit.
    fn attempts_ui(&self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let (place, count) = (self.detail.place, self.detail.attempts.len());
        if count < 2 {
            return;
        }
        let older = self.detail.attempts.get(place + 1);
        let newer = place.checked_sub(1).and_then(|newer| self.detail.attempts.get(newer));
        let alt = |key: Key| ui.input_mut(|input| input.consume_key(Modifiers::ALT, key));
        let (to_older, to_newer) = (alt(Key::ArrowLeft), alt(Key::ArrowRight));
        for (found, word, key, pressed) in [
            (older, t!("Attempt before"), Key::ArrowLeft, to_older),
            (newer, t!("Attempt after"), Key::ArrowRight, to_newer),
        ] {
            let shortcut = ui.ctx().format_shortcut(&egui::KeyboardShortcut::new(Modifiers::ALT, key));
            let button = ui.add_enabled(found.is_some(), Button::new(word)).on_hover_text(shortcut);
            if let Some(found) = found.filter(|_| button.clicked() || pressed) {
                ask(page, ArchiveRequest::Open(Place::of(found)));
            }
        }
        quiet_ui(ui, page, &t!("attempt {number} of {count}", number = count - place, count));
    }

    fn head_ui(&self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let tokens = page.tokens;
        let sealed = &self.detail.shown.record.record;
        let entry = &sealed.entry;
        if entry.simulated {
            simulated_ui(ui, tokens, t!("SIMULATED: nothing in this record was measured"));
        }
        if entry.traceability.golden.is_some() {
            let text = RichText::new(t!("Golden unit: the verdict is the bench's"));
            ui.label(text.font(tokens.strong(tokens.sizes.body)));
        }
        ui.horizontal(|ui| {
            let colour = tokens.verdict(entry.verdict);
            let side = tokens.sizes.reading * 0.75;
            let (square, _) = ui.allocate_exact_size(vec2(side, side), egui::Sense::hover());
            Mark::of(entry.verdict).paint(ui.painter(), square, colour, tokens.colours.window);
            let font = tokens.strong(tokens.sizes.reading);
            ui.label(RichText::new(words::verdict(entry.verdict)).font(font.clone()).color(colour));
            ui.add(Label::new(RichText::new(&entry.serial).font(font)).truncate());
            let behind = t!("record {number}, {ended}", number = sealed.number, ended = entry.at.minute());
            let behind = RichText::new(behind).size(tokens.sizes.secondary).color(tokens.colours.text_quiet);
            ui.add(Label::new(behind).truncate());
        });
        if let Some(advice) = &entry.advice {
            for text in [&advice.what, &advice.why, &advice.next].into_iter().filter(|text| !text.is_empty()) {
                ui.add(Label::new(RichText::new(crate::gui::texts::of(text)).color(tokens.colours.attention)).wrap());
            }
        }
    }

    fn measured_ui(&self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let before = self.detail.previous.as_ref().map(|before| &before.record.record.entry);
        card_ui(ui, page, t!("Measurements"), |ui, page| {
            measurements::table_ui(ui, page, &self.detail.shown.record.record.entry, before);
        });
    }

    fn curves_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let before = self.detail.previous.as_ref();
        curves::errors_ui(ui, page, &self.detail.shown, before);
        curves::readings_ui(ui, page, &self.detail.shown, &mut self.measurand);
    }

    fn registers_ui(&self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let attempts = &self.detail.attempts;
        let found = self.detail.previous.as_ref().and(attempts.get(self.detail.place + 1));
        card_ui(ui, page, t!("Registers"), |ui, page| {
            match found {
                Some(found) => quiet_ui(ui, page, &t!("Compared with {attempt}", attempt = list::label(found))),
                None => quiet_ui(ui, page, t!("The unit's first attempt: there is none before to compare with")),
            }
            let before = self.detail.previous.as_ref().map(|before| &before.record.record.entry);
            registers::table_ui(ui, page, &self.detail.shown.record.record.entry, before);
        });
    }

    fn steps_ui(&self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        const COLUMNS: [Column; 3] =
            [Column::left("", 92.0, 0.0), Column::left("", 150.0, 1.0), Column::right("", 60.0, 0.0)];
        card_ui(ui, page, t!("Steps"), |ui, page| {
            let columns = Columns::fit(&COLUMNS, ui.available_width());
            let entry = &self.detail.shown.record.record.entry;
            ui.spacing_mut().item_spacing.y = 0.0;
            if entry.steps.is_empty() {
                quiet_ui(ui, page, t!("No step was begun"));
            }
            for (number, step) in entry.steps.iter().enumerate() {
                let title = words::step(&step.title);
                let (verdict, took) = (words::verdict(step.verdict), figures::seconds(Some(step.duration_s)));
                let label = format!("{title}: {verdict}, {took}, {}", step.detail);
                let cells = [Cell::Verdict(step.verdict, false), Cell::Text(title.into_owned()), Cell::Quiet(took)];
                let height = page.tokens.spacing.grid * 3.0;
                ui.push_id(number, |ui| {
                    row_ui(ui, page.tokens, &columns, (&cells, &label), (height, Choice::None));
                    if !step.detail.is_empty() {
                        ui.indent("detail", |ui| quiet_ui(ui, page, &step.detail));
                    }
                });
            }
        });
    }

    fn about_ui(&self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let sealed = &self.detail.shown.record.record;
        let entry = &sealed.entry;
        let hash = self.detail.shown.record.hash.to_string();
        let none = || NOTHING.to_owned();
        let instruments = if entry.instruments.is_empty() { none() } else { entry.instruments.join("\n") };
        let back = sealed.clock_back_ms;
        let ended = match back {
            0 => entry.at.to_string(),
            back => t!(
                "{ended}, earlier than the record before by {secs} s: the clock was set back",
                ended = entry.at,
                secs = back / 1000
            ),
        };
        let mut facts = vec![
            (t!("Ended"), ended),
            (t!("Time"), figures::seconds(Some(entry.duration_s))),
            (t!("Profile"), entry.profile.name.clone()),
            (t!("Procedure"), entry.procedure.name.clone()),
            (t!("Batch"), entry.batch.clone().unwrap_or_else(none)),
            (t!("Operator"), entry.operator.clone().unwrap_or_else(none)),
            (t!("Position"), entry.position.to_string()),
            (t!("Instruments"), instruments),
            (t!("Readings"), figures::count(self.detail.shown.readings as u64)),
            (t!("Program"), entry.program.clone()),
            (t!("Station"), sealed.station.clone()),
            (t!("Hash"), hash.clone()),
        ];
        let place = facts.iter().position(|(name, _)| *name == t!("Readings")).unwrap_or(facts.len());
        facts.splice(place..place, traced(&entry.traceability));
        let exceptions = entry.traceability.mark().map(|mark| (t!("Exception"), mark));
        let continued = entry.traceability.continued.iter().map(|one| (t!("Continued"), one.to_string()));
        facts.splice(2..2, exceptions.into_iter().chain(continued));
        card_ui(ui, page, t!("About the run"), |ui, page| {
            for (name, text) in facts {
                fact_ui(ui, page, name, |ui, _| {
                    ui.add(Label::new(text).wrap());
                });
            }
            command_button_ui(ui, page, Command::Copy(t!("the record's hash"), hash), true);
        });
    }
}

/// What the verdicts stand on: certificates as they were used, and how it was decided.
fn traced(of: &Traceability) -> Vec<(&'static str, String)> {
    let known = |text: &Option<String>| text.clone().unwrap_or_else(|| NOTHING.to_owned());
    let certificates = of.instruments.iter().map(|used| {
        let role = match used.role {
            Role::Reference => t!("reference"),
            Role::Source => t!("source"),
        };
        let (certificate, due) = (known(&used.certificate), known(&used.due));
        t!("{role} {serial}: {certificate}, due {due}", role, serial = used.serial, certificate, due)
    });
    let certificates: Vec<String> = certificates.collect();
    let golden = of
        .golden
        .as_ref()
        .map(|golden| t!("certificate {number} of {day}", number = golden.certificate, day = golden.characterised));
    let facts = [
        (t!("Certificates"), (!certificates.is_empty()).then(|| certificates.join("\n"))),
        (t!("Golden unit"), golden),
        (t!("Decided by"), of.decision_rule.clone()),
        (t!("Uncertainties"), of.coverage.clone()),
    ];
    facts.into_iter().filter_map(|(name, text)| Some((name, text?))).collect()
}

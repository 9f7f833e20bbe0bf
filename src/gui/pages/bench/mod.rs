//! The bench page: units from their serial numbers to their verdicts.
//!
//! One position: on the left what to run and its steps; on top the verdict; below it live readings, their errors over time
//! and the registers written. Several positions (`several`): a strip on top, below it all of them or one in detail.

use std::collections::BTreeMap;

use egui::{CentralPanel, Event, Frame, Key, Margin, Modifiers, Panel, ScrollArea, Ui, vec2};

use super::PageCtx;
use crate::gui::command::Command;
use crate::gui::core::Core;
use crate::gui::session::{AddressTexts, Order};
use crate::gui::widgets::card;
use crate::gui::widgets::scanner::Scanner;
use crate::procedure::Verdict;
use crate::profile::library::{Entry, Library};
use crate::profile::meter::SerialRule;
use crate::profile::{self, Kind, MeterProfile};
use crate::settings::Settings;

mod doing;
mod form;
mod live;
mod plot;
mod reasons;
mod registers;
mod results;
mod several;
mod steps;
mod tiles;
pub(super) mod verdict;
mod vigil;

/// The form is no narrower.
const LEAST_FORM: f32 = 272.0;
/// The steps are no lower; where they do not fit, the left side scrolls.
const LEAST_STEPS: f32 = 120.0;
/// A left side lower than this has no room for both form and steps.
const LOW: f32 = 400.0;

/// What is typed and chosen on the page.
pub struct BenchPage {
    /// Serial number of the next unit.
    pub serial: String,
    /// Meter profile.
    pub profile: String,
    /// Procedure.
    pub procedure: String,
    /// Addresses of the station.
    pub addresses: AddressTexts,
    /// Meter profiles there are, with their titles.
    pub profiles: Vec<(String, String)>,
    /// Procedures there are, with their titles.
    pub procedures: Vec<(String, String)>,
    /// At a bench of several positions: one of them large.
    pub detail: bool,
    /// What serial numbers look like, by profile.
    rules: BTreeMap<String, SerialRule>,
    /// The core's turn, position and round that the form stands for; none before the first frame.
    seen: Option<(usize, usize, usize)>,
    /// The serial number gets the focus as soon as it may have it.
    wants_focus: bool,
    /// A question stood in the last frame.
    asked: bool,
    /// Enter was pressed on something that is no serial number.
    refused: bool,
    /// Tiles beside each other in the last frame.
    columns: usize,
    /// The position whose tile was brought into view last.
    in_view: Option<usize>,
    scanner: Scanner,
    /// Keys of this frame belong to a label that is being scanned.
    scanned: bool,
}

impl Default for BenchPage {
    fn default() -> Self {
        Self::remembered(&Settings::default())
    }
}

impl BenchPage {
    /// With what was chosen last.
    #[must_use]
    pub fn remembered(settings: &Settings) -> Self {
        let mut page = Self {
            serial: String::new(),
            profile: settings.profile.clone(),
            procedure: settings.procedure.clone(),
            addresses: settings.addresses.clone(),
            profiles: Vec::new(),
            procedures: Vec::new(),
            detail: false,
            rules: BTreeMap::new(),
            seen: None,
            wants_focus: true,
            asked: false,
            refused: false,
            columns: 1,
            in_view: None,
            scanner: Scanner::default(),
            scanned: false,
        };
        page.relist(&Library::default().list());
        // One of the user's, or a file outside of the library: read once, before there is a window.
        if !page.rules.contains_key(&page.profile)
            && let Ok(meter) = profile::load_meter(&page.profile)
        {
            page.rules.insert(page.profile.clone(), meter.profile.serial);
        }
        page
    }

    /// Offers the profiles there are now, and knows what their serial numbers look like; those with faults are none.
    pub fn relist(&mut self, entries: &[Entry]) {
        let of = |kind: Kind| -> Vec<(String, String)> {
            let usable = entries.iter().filter(|entry| entry.kind == kind && entry.usable());
            let title = |entry: &Entry| {
                if entry.shipped() { entry.title.clone() } else { t!("{title} (yours)", title = entry.title) }
            };
            usable.map(|entry| (entry.name.clone(), title(entry))).collect()
        };
        self.profiles = of(Kind::Meter);
        self.procedures = of(Kind::Procedure);
        let meters = entries.iter().filter(|entry| entry.kind == Kind::Meter && entry.usable());
        let rule = |entry: &Entry| {
            let meter = profile::parse::<MeterProfile>(&entry.text, &entry.name).ok()?.profile;
            Some((entry.name.clone(), meter.serial))
        };
        let listed = |name: &String| entries.iter().any(|entry| entry.name == *name);
        let outside = self.rules.remove_entry(&self.profile).filter(|(name, _)| !listed(name));
        self.rules = meters.filter_map(rule).chain(outside).collect();
    }

    /// The serial number gets the focus in the next frame.
    pub const fn focus_serial(&mut self) {
        self.wants_focus = true;
    }

    /// A run can be started with what stands in the form.
    #[must_use]
    pub fn can_start(&self, core: &Core) -> bool {
        let typed = self.serial.trim();
        let passed = core.run().result().filter(|report| report.verdict == Verdict::Pass && core.resulted);
        let repeated = passed.is_some_and(|report| report.serial == typed);
        let scanned = core.positions.all().iter().any(|position| !position.next.is_empty());
        let something = scanned || !typed.is_empty() && !repeated;
        core.ready() && something && self.fault().is_none() && !core.operator_missing()
    }

    /// What is wrong with the serial number that stands in the form, by the profile's rule; nothing while it is empty.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        let typed = self.serial.trim();
        let rule = self.rules.get(&self.profile).filter(|_| !typed.is_empty())?;
        rule.check(typed).err().map(|error| error.problem)
    }

    /// What stands in the form.
    #[must_use]
    pub fn order(&self, core: &Core) -> Order {
        let mut serials = core.positions.next();
        let typed = self.serial.trim();
        if let Some(serial) = serials.get_mut(core.positions.shown()).filter(|_| !typed.is_empty()) {
            typed.clone_into(serial);
        }
        let settings = &core.settings;
        Order {
            serials,
            profile: self.profile.clone(),
            procedure: self.procedure.clone(),
            targets: std::iter::once(&settings.target).chain(&settings.more_targets).cloned().collect(),
            image: settings.image.clone(),
            provisioning: settings.provisioning.clone(),
            golden: core.golden,
        }
    }

    /// The form follows the core: a new round forgets what was typed, another position has its own serial number.
    fn follow(&mut self, ui: &Ui, core: &Core) {
        let now = (core.turn, core.positions.shown(), core.round);
        let Some((turn, shown, round)) = self.seen.replace(now) else { return };
        if (shown, round) != (now.1, now.2) {
            self.serial.clone_from(&core.positions.current().next);
            self.refused = false;
        }
        if (turn, shown, round) != now {
            self.wants_focus |= !form::types_elsewhere(ui);
            // What lay over the page may go in this frame; in the next one the field can have the focus.
            ui.ctx().request_repaint();
        }
    }

    /// Space, and Enter where no field takes it, go on from the results to the next unit.
    fn next_keys(&self, ui: &Ui, page: &mut PageCtx<'_>) {
        let focused = ui.memory(egui::Memory::focused);
        let elsewhere = focused.is_some_and(|id| id != form::serial_id());
        if !page.core.resulted || page.core.unacknowledged || page.core.question.is_some() || elsewhere {
            return;
        }
        let pressed = ui.input_mut(|input| {
            let space = input.consume_key(Modifiers::NONE, Key::Space);
            if space {
                input.events.retain(|event| !matches!(event, Event::Text(text) if text == " "));
            }
            space || focused.is_none() && !self.scanned && input.consume_key(Modifiers::NONE, Key::Enter)
        });
        if pressed {
            page.commands.push(Command::NextUnit);
        }
    }

    /// Draws the page into what the bars have left.
    pub fn bench_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        self.scanned = self.scanner.scans(ui);
        self.next_keys(ui, page);
        if page.core.positions.several() {
            return self.several_ui(ui, page);
        }
        let tokens = page.tokens;
        let (outer, gap) = (tokens.spacing.page as i8, tokens.spacing.grid as i8);
        let fill = tokens.colours.window;
        let form = tokens.spacing.form.min((ui.available_width() * 0.36).max(LEAST_FORM));
        let left = Frame::new().fill(fill).inner_margin(Margin { left: outer, right: gap, top: outer, bottom: outer });
        Panel::left("run")
            .frame(left)
            .resizable(false)
            .show_separator_line(false)
            .exact_size(form)
            .show(ui, |ui| self.left_ui(ui, page));
        let right = Frame::new().fill(fill).inner_margin(Margin { left: gap, right: outer, top: outer, bottom: outer });
        CentralPanel::default().frame(right).show(ui, |ui| results::results_ui(ui, page));
    }

    fn left_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let tokens = page.tokens;
        let bottom = ui.max_rect().bottom();
        let low = ui.available_height() < LOW;
        ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
            card::frame(tokens).show(ui, |ui| self.form_ui(ui, page, low));
            ui.add_space(tokens.spacing.grid * 0.5);
            let room = bottom - ui.cursor().top() - 2.0 * (tokens.spacing.card + 1.0);
            card::frame(tokens).show(ui, |ui| {
                let room = room.max(LEAST_STEPS);
                ui.set_max_height(room);
                ui.set_min_size(vec2(ui.available_width(), room));
                steps::steps_ui(ui, page);
            });
        });
    }
}

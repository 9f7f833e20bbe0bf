//! The bench page: one unit, from its serial number to its verdict.
//!
//! On the left what to run and its steps; on top the verdict; below it live readings, their errors over time and the
//! registers written.

use egui::{CentralPanel, Frame, Margin, Panel, Rect, ScrollArea, Ui, UiBuilder, vec2};

use super::PageCtx;
use crate::gui::core::Core;
use crate::gui::session::{AddressTexts, Order};
use crate::gui::widgets::card;
use crate::profile::{self, Kind};
use crate::settings::Settings;

mod form;
mod live;
mod plot;
mod registers;
mod steps;
mod verdict;

/// The form is no narrower.
const LEAST_FORM: f32 = 272.0;
/// The steps are no lower; where they do not fit, the left side scrolls.
const LEAST_STEPS: f32 = 120.0;
/// Results narrower than this have readings, plot and registers in two rows of other shares.
const NARROW: f32 = 860.0;
/// Readings are no lower.
const UPPER_HEIGHT: f32 = 220.0;
/// What is below them is no lower; where both do not fit, the results scroll.
const LOWER_HEIGHT: f32 = 150.0;

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
    /// The addresses are shown.
    pub addresses_open: bool,
    /// Meter profiles there are, with their titles.
    pub profiles: Vec<(String, String)>,
    /// Procedures there are, with their titles.
    pub procedures: Vec<(String, String)>,
    /// The core's turn when the serial number had its focus given last; none before the first frame.
    focused_at: Option<usize>,
    /// When letters were typed last while a FAIL waits to be acknowledged: a scanner's Enter is no acknowledgement.
    typed_at: f64,
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
        let of = |kind: Kind| -> Vec<(String, String)> {
            let listed = profile::list().into_iter().filter(|listed| listed.kind == kind);
            listed.map(|listed| (listed.name, listed.title)).collect()
        };
        Self {
            serial: String::new(),
            profile: settings.profile.clone(),
            procedure: settings.procedure.clone(),
            addresses: settings.addresses.clone(),
            addresses_open: false,
            profiles: of(Kind::Meter),
            procedures: of(Kind::Procedure),
            focused_at: None,
            typed_at: f64::NEG_INFINITY,
        }
    }

    /// The serial number gets the focus in the next frame.
    pub const fn focus_serial(&mut self) {
        self.focused_at = None;
    }

    /// A run can be started with what stands in the form.
    #[must_use]
    pub fn can_start(&self, core: &Core) -> bool {
        core.ready() && !self.serial.trim().is_empty()
    }

    /// What stands in the form.
    #[must_use]
    pub fn order(&self) -> Order {
        Order {
            serial: self.serial.trim().to_owned(),
            profile: self.profile.clone(),
            procedure: self.procedure.clone(),
        }
    }

    /// Draws the page into what the bars have left.
    pub fn bench_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
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
        CentralPanel::default().frame(right).show(ui, |ui| results_ui(ui, page));
    }

    fn left_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let tokens = page.tokens;
        let bottom = ui.max_rect().bottom();
        // In a run the form is short, and the steps scroll to the one being done.
        let running = page.core.run.running;
        ScrollArea::new([false, !running]).auto_shrink([false, false]).show(ui, |ui| {
            card::frame(tokens).show(ui, |ui| self.form_ui(ui, page));
            ui.add_space(tokens.spacing.grid * 0.5);
            let room = bottom - ui.cursor().top() - 2.0 * (tokens.spacing.card + 1.0);
            card::frame(tokens).show(ui, |ui| {
                let room = room.max(if running { 0.0 } else { LEAST_STEPS });
                ui.set_max_height(room);
                ui.set_min_size(vec2(ui.available_width(), room));
                steps::steps_ui(ui, page);
            });
        });
    }
}

/// Verdict, readings, plot and registers, in shares of the room there is.
fn results_ui(ui: &mut Ui, page: &PageCtx<'_>) {
    let tokens = page.tokens;
    let gap = tokens.spacing.grid * 1.25;
    let room = ui.available_rect_before_wrap();
    let (banner, rest) = room.split_top_bottom_at_y(room.top() + verdict::height(page, room.size()));
    verdict::verdict_ui(ui, page, banner);
    let rest = Rect::from_min_max(rest.min + vec2(0.0, gap), rest.max);
    ui.scope_builder(UiBuilder::new().max_rect(rest), |ui| {
        ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
            let least = UPPER_HEIGHT + gap + LOWER_HEIGHT;
            let scrolls = rest.height() < least;
            let width = rest.width() - if scrolls { tokens.spacing.grid * 1.5 } else { 0.0 };
            let area = Rect::from_min_size(ui.cursor().min, vec2(width, rest.height().max(least)));
            numbers_ui(ui, page, area);
            ui.advance_cursor_after_rect(area);
        });
    });
}

/// All but the verdict. The registers' words need width, the plot does not.
fn numbers_ui(ui: &mut Ui, page: &PageCtx<'_>, area: Rect) {
    let gap = page.tokens.spacing.grid * 1.25;
    let narrow = area.width() < NARROW;
    let share = if narrow { 0.0 } else { 0.52 };
    let (upper, lower) = area.split_top_bottom_at_y(area.top() + (area.height() * share).max(UPPER_HEIGHT));
    let lower = Rect::from_min_max(lower.min + vec2(0.0, gap), lower.max);
    let (live, plot, registers) = if narrow {
        let (left, right) = lower.split_left_right_at_fraction(0.45);
        (upper, left, Rect::from_min_max(right.min + vec2(gap, 0.0), right.max))
    } else {
        let (left, right) = upper.split_left_right_at_x(upper.left() + (upper.width() * 0.6).clamp(500.0, 900.0));
        (left, Rect::from_min_max(right.min + vec2(gap, 0.0), right.max), lower)
    };
    in_card_ui(ui, page, live, |ui| live::live_ui(ui, page));
    in_card_ui(ui, page, plot, |ui| plot::plot_ui(ui, page));
    in_card_ui(ui, page, registers, |ui| registers::registers_ui(ui, page));
}

fn in_card_ui(ui: &mut Ui, page: &PageCtx<'_>, rect: Rect, content: impl FnOnce(&mut Ui)) {
    let margin = page.tokens.spacing.card;
    ui.scope_builder(UiBuilder::new().max_rect(rect), |ui| {
        ui.set_clip_rect(rect.expand(1.0).intersect(ui.clip_rect()));
        ui.painter().add(card::frame(page.tokens).paint(rect.shrink(margin + 1.0)));
        ui.scope_builder(UiBuilder::new().max_rect(rect.shrink(margin)), content);
    });
}

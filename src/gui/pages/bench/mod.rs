//! The bench page: one unit, from its serial number to its verdict.
//!
//! On the left what to run and its steps; on top the verdict; below it live readings, their errors over time and the
//! registers written.

use egui::{CentralPanel, Frame, Margin, Panel, Rect, Ui, UiBuilder, vec2};

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
        let left = Frame::new().fill(fill).inner_margin(Margin { left: outer, right: gap, top: outer, bottom: outer });
        Panel::left("run")
            .frame(left)
            .resizable(false)
            .show_separator_line(false)
            .exact_size(tokens.spacing.form)
            .show(ui, |ui| self.left_ui(ui, page));
        let right = Frame::new().fill(fill).inner_margin(Margin { left: gap, right: outer, top: outer, bottom: outer });
        CentralPanel::default().frame(right).show(ui, |ui| results_ui(ui, page));
    }

    fn left_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let tokens = page.tokens;
        card::frame(tokens).show(ui, |ui| self.form_ui(ui, page));
        ui.add_space(tokens.spacing.grid * 0.5);
        card::frame(tokens).show(ui, |ui| {
            ui.set_min_size(ui.available_size());
            steps::steps_ui(ui, page);
        });
    }
}

/// Verdict, readings, plot and registers, in shares of the height there is.
fn results_ui(ui: &mut Ui, page: &PageCtx<'_>) {
    let tokens = page.tokens;
    let gap = tokens.spacing.grid * 1.25;
    let area = ui.available_rect_before_wrap();
    let banner_height = verdict::height(tokens, area.height());
    let (banner, rest) = area.split_top_bottom_at_y(area.top() + banner_height);
    let rest = Rect::from_min_max(rest.min + vec2(0.0, gap), rest.max);
    let upper_height = (rest.height() * 0.52).max(220.0).min(rest.height());
    let (upper, lower) = rest.split_top_bottom_at_y(rest.top() + upper_height);
    let lower = Rect::from_min_max(lower.min + vec2(0.0, gap), lower.max);
    let (left, right) = upper.split_left_right_at_x(upper.left() + (upper.width() * 0.6).clamp(500.0, 900.0));
    let right = Rect::from_min_max(right.min + vec2(gap, 0.0), right.max);

    verdict::verdict_ui(ui, page, banner);
    in_card_ui(ui, page, left, |ui| live::live_ui(ui, page));
    in_card_ui(ui, page, right, |ui| plot::plot_ui(ui, page));
    in_card_ui(ui, page, lower, |ui| registers::registers_ui(ui, page));
    ui.advance_cursor_after_rect(area);
}

fn in_card_ui(ui: &mut Ui, page: &PageCtx<'_>, rect: Rect, content: impl FnOnce(&mut Ui)) {
    let margin = page.tokens.spacing.card;
    ui.scope_builder(UiBuilder::new().max_rect(rect), |ui| {
        ui.set_clip_rect(rect.expand(1.0));
        ui.painter().add(card::frame(page.tokens).paint(rect.shrink(margin + 1.0)));
        ui.scope_builder(UiBuilder::new().max_rect(rect.shrink(margin)), content);
    });
}

//! The last hour as a plot: one quantity, both sides or the error, with a cursor.
//!
//! The picture follows the newest reading until somebody pauses, moves or looks closer. Curves come in columns
//! ([`crate::gui::history::Decimated`]), so a frame costs what the screen is wide and not what the hour is long.

use egui::{Align, Color32, ComboBox, EventFilter, Key, Label, Layout, RichText, Ui};
use egui_plot::{HLine, Line, LineStyle, PlotPoint, PlotPoints, PlotUi, Points, Text, VLine};

use super::LiveCommand;
use crate::gui::command::Command;
use crate::gui::history::{Column, Curve, Decimated, SPAN_SECS};
use crate::gui::measurand::Measurand;
use crate::gui::pages::PageCtx;
use crate::gui::series::Scale;
use crate::gui::texts;
use crate::gui::tokens::Tokens;
use crate::gui::watch_view::{PAIR_SECS, WatchView};
use crate::gui::widgets::apart::apart;
use crate::gui::widgets::command_button::{choice_ui, command_button_ui};
use crate::gui::widgets::still_plot::{marks, round_step, seconds_step, still};

/// Nearer than this one does not look, in seconds.
const LEAST_SECS: f64 = 2.0;
/// Widths to choose from, in seconds.
const WIDTHS: [(&str, f64); 3] = [(mark!("1 min"), 60.0), (mark!("10 min"), 600.0), ("1 h", SPAN_SECS)];
/// Points are drawn where they are so far apart, in points of the screen.
const POINTS_APART: f64 = 6.0;

/// What is drawn of a quantity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Show {
    /// What both sides show.
    #[default]
    Value,
    /// How far the meter is off.
    Error,
}

/// The plot's view.
#[derive(Clone, Debug)]
pub struct PlotView {
    /// The quantity.
    pub measurand: Measurand,
    /// Value or error.
    pub show: Show,
    /// Seconds from the left edge to the newest moment.
    pub width_secs: f64,
    /// The moment at the right edge, in seconds of the station's clock, while the plot does not follow.
    pub held_at: Option<f64>,
    /// The moment that is read out.
    cursor: Option<f64>,
    values: Range,
    errors: Scale,
    curves: [Decimated; 3],
}

impl Default for PlotView {
    fn default() -> Self {
        let measurand = Measurand::default();
        Self {
            measurand,
            show: Show::default(),
            width_secs: 60.0,
            held_at: None,
            cursor: None,
            values: Range::default(),
            errors: Scale::default(),
            curves: curves(measurand),
        }
    }
}

fn curves(measurand: Measurand) -> [Decimated; 3] {
    [Curve::Meter(measurand), Curve::Reference(measurand), Curve::Error(measurand)].map(Decimated::new)
}

/// What the vertical axis shows: round figures that hold the values and do not jump about.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Range {
    /// Lower edge.
    pub low: f64,
    /// Upper edge.
    pub high: f64,
}

impl Range {
    /// Grows at once; shrinks only when the values need less than a quarter of it. `least` is the smallest height.
    #[must_use]
    pub fn fit(self, low: f64, high: f64, least: f64) -> Self {
        let need = (high - low).max(least);
        let height = self.high - self.low;
        if height > 0.0 && low >= self.low && high <= self.high && need >= height * 0.25 {
            return self;
        }
        // A step is a quarter to an eighth of what is needed, as 1, 2 or 5.
        let rough = need / 4.0;
        let decade = 10_f64.powf(rough.log10().floor());
        let step =
            [1.0, 2.0, 5.0, 10.0].into_iter().map(|part| part * decade).find(|step| *step >= rough).unwrap_or(rough);
        let middle = (low + high) / 2.0;
        let (low, high) = (low.min(middle - need / 2.0), high.max(middle + need / 2.0));
        Self { low: ((low / step).floor() - 0.5) * step, high: ((high / step).ceil() + 0.5) * step }
    }
}

impl PlotView {
    /// Holds the picture still, or lets it follow again.
    pub fn pause(&mut self, span: Option<(f64, f64)>) {
        self.held_at = match self.held_at {
            Some(_) => None,
            None => span.map(|(_, newest)| newest),
        };
    }

    /// Another quantity, or the other side of it.
    pub fn choose(&mut self, measurand: Measurand, show: Show) {
        if measurand != self.measurand {
            self.curves = curves(measurand);
            (self.values, self.errors) = (Range::default(), Scale::default());
        }
        (self.measurand, self.show) = (measurand, show);
    }

    /// Shows a shorter or longer time round a moment.
    fn zoom(&mut self, factor: f64, around: f64, newest: f64) {
        let right = self.held_at.unwrap_or(newest);
        let width = (self.width_secs * factor).clamp(LEAST_SECS, SPAN_SECS);
        let held = around + (right - around) * width / self.width_secs;
        self.width_secs = width;
        if self.held_at.is_some() || around < newest {
            self.hold(held, newest);
        }
    }

    /// Puts a moment at the right edge; at the newest one the picture follows again.
    fn hold(&mut self, right: f64, newest: f64) {
        self.held_at = Some(right.max(newest - SPAN_SECS)).filter(|right| *right < newest);
    }

    pub(super) fn plot_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let tokens = page.tokens;
        ui.spacing_mut().item_spacing.y = tokens.spacing.grid * 0.5;
        self.head_ui(ui, page);
        self.tools_ui(ui, page);
        let watch = &page.core.watch;
        let Some((first, newest)) = watch.history.span() else {
            let text = if !page.core.links.open {
                t!("Connect a station; its readings are drawn here")
            } else if watch.running {
                t!("The run's readings are drawn here as soon as it reads")
            } else {
                t!(
                    "Readings are drawn here as they come; a meter that was never calibrated measures nothing until a run starts it"
                )
            };
            ui.add(Label::new(RichText::new(text).color(tokens.colours.text_quiet)).wrap());
            return;
        };
        self.readout_ui(ui, tokens, watch, newest);
        self.curves_ui(ui, tokens, watch, (first, newest));
    }

    fn head_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let tokens = page.tokens;
        let there = !page.core.watch.history.is_empty();
        ui.horizontal(|ui| {
            let (name, unit) = (self.measurand.name(), self.measurand.unit());
            let title = match (self.show, unit) {
                (Show::Value, "") => name.to_owned(),
                (Show::Value, unit) => t!("{name} in {unit}", name, unit),
                (Show::Error, _) => t!(
                    "Error of {quantity} in {unit}",
                    quantity = self.measurand.noun(),
                    unit = self.measurand.error_unit()
                ),
            };
            ui.heading(title);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                command_button_ui(ui, page, Command::Live(LiveCommand::Export), there);
                command_button_ui(ui, page, Command::Live(LiveCommand::Clear), there);
                let look = Command::Live(LiveCommand::Pause).look();
                let text = if self.held_at.is_some() { t!("Follow") } else { t!("Pause") };
                let key = look.shortcut.map(|key| ui.ctx().format_shortcut(&key)).unwrap_or_default();
                let button = egui::Button::new(text).min_size(egui::vec2(72.0, 0.0));
                let button = ui.add_enabled(there, button).on_hover_text(format!("{} ({key})", look.tooltip));
                if button.clicked() {
                    page.commands.push(Command::Live(LiveCommand::Pause));
                }
                if self.held_at.is_some() {
                    ui.label(
                        RichText::new(t!("held still")).size(tokens.sizes.secondary).color(tokens.colours.attention),
                    );
                }
            });
        });
    }

    fn tools_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let tokens = page.tokens;
        let newest = page.core.watch.history.span().map_or(0.0, |(_, newest)| newest);
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = tokens.spacing.grid * 0.5;
            let combo = ComboBox::from_id_salt("quantity").selected_text(self.measurand.name()).width(120.0);
            let shown = combo.show_ui(ui, |ui| {
                let mut chosen = self.measurand;
                for measurand in Measurand::ALL {
                    ui.selectable_value(&mut chosen, measurand, measurand.name());
                }
                chosen
            });
            name_it(&shown.response, t!("Quantity of the plot"), self.measurand.name());
            let chosen = shown.inner.unwrap_or(self.measurand);
            self.choose(chosen, self.show);
            for (text, show) in [(t!("Value"), Show::Value), (t!("Error"), Show::Error)] {
                if choice_ui(ui, page, text, self.show == show).clicked() {
                    self.choose(self.measurand, show);
                }
            }
            ui.separator();
            for (text, width) in WIDTHS.map(|(text, width)| (texts::of(text), width)) {
                if choice_ui(ui, page, text, self.width_secs == width).clicked() {
                    self.width_secs = width;
                }
            }
            ui.separator();
            let right = self.held_at.unwrap_or(newest);
            let middle = right - self.width_secs / 2.0;
            let small = |text: &str, about: &str, ui: &mut Ui| {
                let response = ui.add(egui::Button::new(text).min_size(egui::vec2(28.0, 0.0)));
                name_it(&response, about, "");
                response.on_hover_text(about).clicked()
            };
            if small("−", t!("Show a longer time"), ui) {
                self.zoom(2.0, if self.held_at.is_some() { middle } else { newest }, newest);
            }
            if small("+", t!("Show a shorter time"), ui) {
                self.zoom(0.5, if self.held_at.is_some() { middle } else { newest }, newest);
            }
            if small("‹", t!("Look back"), ui) {
                self.hold(right - self.width_secs / 2.0, newest);
            }
            if small("›", t!("Look ahead"), ui) {
                self.hold(right + self.width_secs / 2.0, newest);
            }
        });
    }

    /// Both sides and the error at the cursor.
    fn readout_ui(&self, ui: &mut Ui, tokens: &Tokens, watch: &WatchView, newest: f64) {
        let row = self.cursor.and_then(|secs| watch.history.nearest(secs));
        let text = row.map_or_else(
            || t!("Point at the plot, or give it the focus and press ← or →, to read a moment").to_owned(),
            |row| {
                let side = |value: Option<f64>| value.map_or("–".to_owned(), |value| self.measurand.text(value));
                let error = self.measurand.error(&row.meter, &row.reference);
                let error =
                    error.map_or("–".to_owned(), |error| format!("{error:+.3} {}", self.measurand.error_unit()));
                let (meter, reference) = (self.measurand.of(&row.meter), self.measurand.of(&row.reference));
                let ago = row.secs - newest;
                t!(
                    "{ago} s   meter {meter}   reference {reference}   error {error}",
                    ago = format_args!("{ago:.1}"),
                    meter = side(meter),
                    reference = side(reference),
                    error
                )
            },
        );
        let colour = if row.is_some() { tokens.colours.text } else { tokens.colours.text_quiet };
        ui.add(Label::new(RichText::new(text).size(tokens.sizes.secondary).color(colour)).truncate());
    }

    fn curves_ui(&mut self, ui: &mut Ui, tokens: &Tokens, watch: &WatchView, (first, newest): (f64, f64)) {
        let colours = &tokens.colours;
        // Axis at the left, room for the last values at the right.
        let pixels = f64::from((ui.available_width() - tokens.spacing.grid * 7.0).max(16.0));
        let room = f64::from(tokens.spacing.grid * 9.0).min(pixels / 3.0);
        let width = self.width_secs;
        let right = self.held_at.unwrap_or(newest);
        let left = right - width;
        let seconds_a_point = width / (pixels - room);
        let edge = right + room * seconds_a_point;
        let column_secs = seconds_a_point / f64::from(ui.ctx().pixels_per_point());
        for curve in &mut self.curves {
            let wanted = matches!(curve.curve(), Curve::Error(_)) == (self.show == Show::Error);
            if wanted {
                curve.follow(&watch.history, column_secs);
            }
        }
        let [meter, reference, error] = &self.curves;
        let drawn: Vec<(&'static str, &Decimated, Color32, f32)> = match self.show {
            Show::Value => {
                vec![(t!("meter"), meter, colours.series_voltage, 2.5), (t!("reference"), reference, colours.text, 1.0)]
            }
            Show::Error => vec![(t!("error"), error, colours.series_voltage, 2.0)],
        };
        let limit = watch.limit(self.measurand).map(|(limit, _)| limit).filter(|_| self.show == Show::Error);
        let inside = drawn.iter().flat_map(|(_, curve, ..)| curve.between(left, right));
        let (low, high) = inside.fold((f64::MAX, f64::MIN), |(low, high), column: &Column| {
            (low.min(column.least.1), high.max(column.greatest.1))
        });
        let (low, high) = if low <= high { (low, high) } else { (0.0, 0.0) };
        let (bottom, top, y_step) = match self.show {
            Show::Value => {
                let least = 10_f64.powi(1 - self.measurand.decimals() as i32);
                self.values = self.values.fit(low, high, least);
                let Range { low, high } = self.values;
                (low, high, round_step(high - low))
            }
            Show::Error => {
                let largest = low.abs().max(high.abs()).max(limit.unwrap_or_default());
                self.errors = self.errors.fit(largest);
                let scale = self.errors.0;
                (-scale * 1.1, scale * 1.1, scale / 2.0)
            }
        };
        let x_step = seconds_step(width, 6.0);
        let signed = self.show == Show::Error;
        // A line of text, as a part of the vertical axis.
        let letters = f64::from(tokens.sizes.secondary);
        let line = letters * 1.4 / f64::from(ui.available_height()).max(letters * 6.0) * (top - bottom);
        let plot = still("history", tokens, 7.0)
            .label_formatter(|_| None)
            .x_axis_formatter(move |mark, _| ago(mark.value))
            .y_axis_formatter(move |mark, _| tick(mark.value, y_step, signed))
            .x_grid_spacer(move |grid| {
                let upto = grid.bounds.1.min(right - newest);
                marks(grid.bounds.0, upto, x_step)
            })
            .y_grid_spacer(move |grid| marks(grid.bounds.0, grid.bounds.1, y_step));
        let cursor = self.cursor.and_then(|secs| watch.history.nearest(secs)).map(|row| row.secs);
        // Seconds before the newest reading: large figures of the station's clock say nothing to anybody.
        let shown = plot.show(ui, |plot| {
            plot.set_plot_bounds_x(left - newest..=edge - newest);
            plot.set_plot_bounds_y(bottom..=top);
            if signed {
                plot.hline(HLine::new("zero", 0.0).color(colours.text_quiet).width(1.0).allow_hover(false));
            }
            for limit in limit.into_iter().flat_map(|limit| [limit, -limit]) {
                let line = HLine::new("limit", limit).color(colours.fail).width(1.0).style(LineStyle::dashed_loose());
                plot.hline(line.allow_hover(false));
            }
            let mut ends: Vec<(f64, Color32)> = Vec::new();
            for (name, curve, colour, stroke) in drawn {
                draw_curve(plot, name, curve.between(left, right), newest, (colour, stroke), seconds_a_point);
                let last = curve.between(left, right).filter(|column| column.least.0 <= right).last();
                ends.extend(last.map(|column| {
                    let (first, second) = column.points();
                    (second.unwrap_or(first)[1], colour)
                }));
            }
            ends.sort_by(|(one, _), (other, _)| one.total_cmp(other));
            let values: Vec<f64> = ends.iter().map(|(value, _)| *value).collect();
            let places = apart(&values, line, (bottom + line / 2.0, top - line / 2.0));
            let digits = if signed { 3 } else { self.measurand.decimals() };
            for ((value, colour), height) in ends.into_iter().zip(places) {
                let text = if signed { format!(" {value:+.digits$}") } else { format!(" {value:.digits$}") };
                let text = RichText::new(text).size(tokens.sizes.secondary).color(colour);
                let place = PlotPoint::new(right - newest, height);
                plot.text(Text::new("last", place, text).anchor(egui::Align2::LEFT_CENTER).allow_hover(false));
            }
            if let Some(secs) = cursor {
                plot.vline(VLine::new("cursor", secs - newest).color(colours.accent).width(1.0).allow_hover(false));
            }
        });
        let what = match self.show {
            Show::Value => t!("values"),
            Show::Error => t!("error"),
        };
        let name = t!(
            "Plot of {quantity}, {what}, {width} s",
            quantity = self.measurand.noun(),
            what,
            width = format_args!("{width:.0}")
        );
        name_it(&shown.response, &name, "");
        ui.ctx().accesskit_node_builder(shown.response.id, |node| node.set_role(egui::accesskit::Role::Image));
        let at = |position: egui::Pos2| newest + shown.transform.value_from_position(position).x;
        self.hand(ui, &shown.response, at, (first, newest), watch);
    }

    /// What mouse and keyboard do to the picture.
    fn hand(
        &mut self,
        ui: &Ui,
        plot: &egui::Response,
        at: impl Fn(egui::Pos2) -> f64,
        (first, newest): (f64, f64),
        watch: &WatchView,
    ) {
        if let Some(pointer) = plot.hover_pos() {
            self.cursor = Some(at(pointer).clamp(first, newest));
            let (scroll, pinch) = ui.input(|input| (input.smooth_scroll_delta().y, input.zoom_delta()));
            let factor = f64::from(pinch).recip() * f64::from(-scroll / 200.0).exp();
            if factor.is_finite() && (factor - 1.0).abs() > 1e-3 {
                // Near the right edge the picture goes on following.
                let near = self.held_at.is_none() && at(pointer) > newest - self.width_secs * 0.1;
                self.zoom(factor, if near { newest } else { at(pointer) }, newest);
            }
        } else if !plot.has_focus() {
            self.cursor = None;
        }
        if plot.dragged() {
            let moved = at(egui::Pos2::ZERO) - at(egui::Pos2::ZERO + plot.drag_delta());
            self.hold(self.held_at.unwrap_or(newest) + moved, newest);
        }
        if plot.double_clicked() {
            self.held_at = None;
        }
        if plot.has_focus() {
            let filter = EventFilter { horizontal_arrows: true, ..EventFilter::default() };
            ui.memory_mut(|memory| memory.set_focus_lock_filter(plot.id, filter));
            for (key, later) in [(Key::ArrowLeft, false), (Key::ArrowRight, true)] {
                if ui.input(|input| input.key_pressed(key)) {
                    let from = self.cursor.unwrap_or(newest);
                    self.cursor = watch.history.beside(from, later).map_or(self.cursor, |row| Some(row.secs));
                }
            }
            if let Some(cursor) = self.cursor {
                let right = self.held_at.unwrap_or(newest);
                if cursor < right - self.width_secs {
                    self.hold(cursor + self.width_secs * 0.9, newest);
                } else if cursor > right && self.held_at.is_some() {
                    self.hold(cursor, newest);
                }
            }
        }
    }
}

/// One curve: lines between neighbours, broken at gaps, and points where there is room for them.
fn draw_curve<'a>(
    plot: &mut PlotUi<'_>,
    name: &'static str,
    columns: impl Iterator<Item = &'a Column>,
    newest: f64,
    (colour, stroke): (Color32, f32),
    seconds_a_point: f64,
) {
    let gap = PAIR_SECS.max(seconds_a_point * 2.0);
    let mut pieces: Vec<Vec<[f64; 2]>> = Vec::new();
    let mut columns_drawn = 0_u32;
    for column in columns {
        columns_drawn += 1;
        let (one, other) = column.points();
        for [secs, value] in std::iter::once(one).chain(other) {
            let point = [secs - newest, value];
            match pieces.last_mut() {
                Some(piece) if piece.last().is_some_and(|last| point[0] - last[0] <= gap) => piece.push(point),
                _ => pieces.push(vec![point]),
            }
        }
    }
    let span = match (pieces.first().and_then(|piece| piece.first()), pieces.last().and_then(|piece| piece.last())) {
        (Some(first), Some(last)) => last[0] - first[0],
        _ => return,
    };
    let dotted = span / f64::from(columns_drawn) >= POINTS_APART * seconds_a_point;
    for piece in pieces {
        if dotted || piece.len() == 1 {
            let points = Points::new(name, PlotPoints::from(piece.clone())).color(colour).radius(stroke * 0.6 + 0.6);
            plot.points(points.allow_hover(false));
        }
        plot.line(Line::new(name, PlotPoints::from(piece)).color(colour).width(stroke).allow_hover(false));
    }
}

/// A figure of the vertical axis, with as many digits as its step needs.
fn tick(value: f64, step: f64, signed: bool) -> String {
    let whole = |decimals: &i32| (step * 10_f64.powi(*decimals)).fract().abs() < 1e-6;
    let decimals = (0..6).find(whole).unwrap_or(6) as usize;
    match value {
        value if value.abs() < step * 1e-3 => "0".to_owned(),
        value if signed => format!("{value:+.decimals$}"),
        value => format!("{value:.decimals$}"),
    }
}

/// Seconds before the newest reading, in the unit that fits.
fn ago(secs: f64) -> String {
    match secs {
        secs if secs.abs() < 1e-6 => "0 s".to_owned(),
        secs if secs <= -120.0 && (secs / 60.0).fract().abs() < 1e-6 => {
            t!("{secs} min", secs = format_args!("{:.0}", secs / 60.0))
        }
        secs if secs.fract().abs() < 1e-6 => format!("{secs:.0} s"),
        secs => format!("{secs:.1} s"),
    }
}

/// Gives something that can be pressed its accessible name, and what is chosen in it.
fn name_it(response: &egui::Response, name: &str, value: &str) {
    response.ctx.accesskit_node_builder(response.id, |node| {
        node.set_label(name);
        if !value.is_empty() {
            node.set_value(value);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_grows_at_once_and_shrinks_late() {
        let range = Range::default().fit(239.9, 240.1, 0.1);
        assert!(range.low < 239.9 && range.high > 240.1 && range.high - range.low < 0.5, "{range:?}");
        assert_eq!(range.fit(239.95, 240.05, 0.1), range, "a little less keeps the axis");
        let grown = range.fit(230.0, 240.0, 0.1);
        assert!(grown.low < 230.0 && grown.high > 240.0);
        assert_ne!(grown.fit(239.9, 240.1, 0.1), grown);
    }

    #[test]
    fn a_constant_has_an_axis() {
        for value in [0.0, 240.0, -5.0] {
            let range = Range::default().fit(value, value, 0.1);
            assert!(range.low < value && range.high > value && range.high - range.low <= 1.0, "{range:?}");
        }
    }

    #[test]
    fn zooming_keeps_what_is_under_the_pointer() {
        let mut view = PlotView { width_secs: 100.0, held_at: Some(1000.0), ..PlotView::default() };
        view.zoom(0.5, 975.0, 2000.0);
        // Three quarters from the left, before and after.
        let left = view.held_at.unwrap() - view.width_secs;
        assert!(((975.0 - left) / view.width_secs - 0.75).abs() < 1e-9);
        view.zoom(1e-9, 975.0, 2000.0);
        assert_eq!(view.width_secs, LEAST_SECS);
        view.hold(5000.0, 2000.0);
        assert_eq!(view.held_at, None, "beyond the newest moment it follows");
    }

    #[test]
    fn figures_of_the_axis_are_not_rounded() {
        assert_eq!([0.25, -0.25, 0.0].map(|value| tick(value, 0.25, true)), ["+0.25", "-0.25", "0"]);
        assert_eq!(tick(240.0, 10.0, false), "240");
        assert_eq!(tick(239.95, 0.05, false), "239.95");
    }

    #[test]
    fn moments_are_told_in_fitting_units() {
        assert_eq!([0.0, -5.0, -0.5, -120.0, -90.0].map(ago), ["0 s", "-5 s", "-0.5 s", "-2 min", "-90 s"]);
    }
}

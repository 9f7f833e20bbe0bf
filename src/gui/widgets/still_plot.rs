//! Plots that only show: nothing is dragged or zoomed with the pointer, edges and marks are given.

use egui::Vec2b;
use egui_plot::{GridMark, Plot};

use crate::gui::tokens::Tokens;

/// More marks than this are no help, whatever bounds were given.
const MOST_MARKS: i64 = 60;

/// A plot that stands still, with room for the figures of its y axis in units of the grid.
#[must_use]
pub fn still(name: &'static str, tokens: &Tokens, axis_grids: f32) -> Plot<'static> {
    Plot::new(name)
        .allow_drag(false)
        .allow_scroll(false)
        .allow_zoom(false)
        .allow_boxed_zoom(false)
        .allow_double_click_reset(false)
        .allow_axis_zoom_drag(false)
        .show_crosshair(false)
        .show_background(false)
        .auto_bounds(Vec2b::FALSE)
        .set_margin_fraction(egui::Vec2::ZERO)
        .y_axis_min_width(tokens.spacing.grid * axis_grids)
        .grid_color(tokens.colours.line)
}

/// The multiples of `step` within bounds.
#[must_use]
pub fn marks(from: f64, to: f64, step: f64) -> Vec<GridMark> {
    let (first, last) = ((from / step).ceil() as i64, (to / step).floor() as i64);
    let mark = |number: i64| GridMark { value: number as f64 * step, step_size: step };
    (first..=last.min(first.saturating_add(MOST_MARKS))).map(mark).collect()
}

/// Round figures within bounds, few enough to be read.
#[must_use]
pub fn round_marks(from: f64, to: f64) -> Vec<GridMark> {
    marks(from, to, round_step(to - from))
}

/// The step between figures of a time axis, in seconds: at most so many of them, as clocks count.
#[must_use]
pub fn seconds_step(range: f64, most: f64) -> f64 {
    const STEPS: [f64; 12] = [0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0];
    STEPS.into_iter().find(|step| range / step <= most).unwrap_or(3600.0)
}

/// A quarter of a range, as 1, 2 or 5 of a decade.
#[must_use]
pub fn round_step(range: f64) -> f64 {
    let rough = (range / 4.0).max(1e-12);
    let decade = 10_f64.powf(rough.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|part| part * decade).find(|step| *step >= rough).unwrap_or(rough)
}

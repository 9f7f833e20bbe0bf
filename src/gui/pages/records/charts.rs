//! Plots of records: what all of them share, the histogram of a measurement, the trend of a value.

use egui::{Align2, Color32, RichText, Ui};
use egui_plot::{
    Bar, BarChart, FilledArea, GridMark, HLine, Line, LineStyle, PlotPoint, PlotPoints, Points, Text, VLine,
};

use super::figures;
use crate::gui::pages::PageCtx;
use crate::gui::pages::sheet::quiet_ui;
use crate::gui::texts::words;
use crate::gui::widgets::still_plot::{marks, round_marks, round_step, still};
use crate::record::Day;
use crate::record::statistics::{Capability, TrendPoint};

/// Load points of one trend that can be told apart.
const SERIES: usize = 3;

/// A figure of an axis with as many digits as its step needs.
pub(super) fn tick(value: f64, step: f64) -> String {
    let decimals = usize::try_from(-(step.log10().floor() as i64)).unwrap_or(0).min(9);
    if value.abs() < step * 1e-3 { "0".to_owned() } else { format!("{value:.decimals$}") }
}

/// How the values of a measurement lie between its limits.
pub(super) fn histogram_ui(ui: &mut Ui, page: &PageCtx<'_>, of: &Capability) {
    let tokens = page.tokens;
    let colours = &tokens.colours;
    let unit = if of.unit.is_empty() { String::new() } else { t!(" in {unit}", unit = of.unit) };
    let name = figures::named(&of.name, &of.load_point);
    ui.heading(t!("{name}{unit}", name, unit));
    let Some(histogram) = &of.histogram else {
        return quiet_ui(ui, page, t!("A histogram needs a lower and an upper limit; this measurement has none"));
    };
    let (Some(lower), Some(upper)) = (of.lower, of.upper) else { return };
    let outside = histogram.below + histogram.above;
    let text = t!(
        "{n} values, {outside} out of limits; mean {mean}, standard deviation {deviation}",
        n = figures::count(of.n),
        outside = figures::count(outside),
        mean = figures::value(Some(of.mean), &of.unit),
        deviation = figures::amount(of.deviation, &of.unit)
    );
    quiet_ui(ui, page, &text);
    // What is beyond a limit has its own bar and word, apart from the values that lie within.
    let room = (upper - lower) * 0.16;
    let most = histogram.counts.iter().copied().max().unwrap_or(0).max(histogram.below).max(histogram.above) as f64;
    let bar = |at: f64, count: u64, width: f64, fill: Color32| Bar::new(at, count as f64).width(width).fill(fill);
    let mut bars: Vec<Bar> = Vec::new();
    for (number, count) in histogram.counts.iter().enumerate() {
        let at = histogram.from + histogram.width * (number as f64 + 0.5);
        bars.push(bar(at, *count, histogram.width * 0.92, colours.series_voltage));
    }
    let beyond: Vec<(f64, u64)> = [(lower - room * 0.6, histogram.below), (upper + room * 0.6, histogram.above)]
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .collect();
    bars.extend(beyond.iter().map(|(at, count)| bar(*at, *count, room * 0.5, colours.fail)));
    let (left, right) = (lower - room * 1.2, upper + room * 1.2);
    let (x_step, y_step) = (round_step(upper - lower), round_step(most).max(1.0));
    let plot = still("histogram", tokens, 6.0)
        .height(tokens.spacing.grid * 24.0)
        .x_axis_formatter(move |mark, _| tick(mark.value, x_step))
        .y_axis_formatter(move |mark, _| tick(mark.value, y_step))
        // What is beyond has no place on the scale.
        .x_grid_spacer(move |_| marks(lower, upper, x_step))
        // A count is a whole number.
        .y_grid_spacer(move |grid| marks(grid.bounds.0.max(0.0), grid.bounds.1, y_step))
        .label_formatter(|_| None);
    let shown = plot.show(ui, |plot| {
        plot.set_plot_bounds_x(left..=right);
        plot.set_plot_bounds_y(0.0..=most * 1.28);
        plot.bar_chart(BarChart::new("values", bars).allow_hover(false));
        for limit in [lower, upper] {
            plot.vline(VLine::new("limit", limit).color(colours.fail).width(1.5).style(LineStyle::dashed_loose()));
            // Not upon its line.
            let text = RichText::new(format!("\u{a0}{limit}\u{a0}")).size(tokens.sizes.secondary).color(colours.fail);
            let anchor = if limit == lower { Align2::LEFT_TOP } else { Align2::RIGHT_TOP };
            plot.text(Text::new("limit", PlotPoint::new(limit, most * 1.27), text).anchor(anchor));
        }
        for (at, count) in beyond {
            let text = RichText::new(t!("beyond")).size(tokens.sizes.secondary).color(colours.fail);
            let text = text.background_color(colours.card);
            plot.text(Text::new("beyond", PlotPoint::new(at, count as f64), text).anchor(Align2::CENTER_BOTTOM));
        }
        plot.vline(VLine::new("mean", of.mean).color(colours.text).width(1.5));
    });
    name_plot(&shown.response, &t!("Histogram of {name}: {text}", name, text));
}

/// A plot in words, for who cannot see it.
pub(super) fn name_plot(response: &egui::Response, words: &str) {
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, words));
}

/// How a value goes from day to day: its mean as a line, least and greatest as a band.
pub(super) fn trend_ui(ui: &mut Ui, page: &PageCtx<'_>, name: &str, trend: &[TrendPoint]) {
    let tokens = page.tokens;
    let name = words::measured(name);
    let colours = &tokens.colours;
    let mut series: Vec<(&str, Vec<&TrendPoint>)> = Vec::new();
    for point in trend {
        match series.iter_mut().find(|(load_point, _)| *load_point == point.load_point) {
            Some((_, points)) => points.push(point),
            None => series.push((&point.load_point, vec![point])),
        }
    }
    let (Some(first), Some(last)) = (trend.iter().map(|p| p.day).min(), trend.iter().map(|p| p.day).max()) else {
        return quiet_ui(ui, page, t!("No values to follow from day to day"));
    };
    let left_out = series.len().saturating_sub(SERIES);
    series.truncate(SERIES);
    let inks = [colours.series_voltage, colours.series_current, colours.series_energy];
    ui.horizontal_wrapped(|ui| {
        for ((load_point, _), ink) in series.iter().zip(inks) {
            let text = if load_point.is_empty() { &name } else { *load_point };
            ui.label(RichText::new(text).font(tokens.strong(tokens.sizes.secondary)).color(ink));
        }
        quiet_ui(ui, page, t!("mean of a day; band: least to greatest"));
        if left_out > 0 {
            quiet_ui(ui, page, &t!("{left_out} more load points are not drawn", left_out));
        }
    });
    let shown = series.iter().flat_map(|(_, points)| points.iter());
    let (low, high) =
        shown.fold((f64::MAX, f64::MIN), |(low, high), point| (low.min(point.least), high.max(point.greatest)));
    let air = ((high - low) * 0.08).max(high.abs() * 1e-6).max(1e-6);
    let (low, high) = (low - air, high + air);
    // A single day stands in the middle.
    let (left, right) = (f64::from(first.0) - 0.5, f64::from(last.0) + 0.5 + f64::from(last.0 - first.0) * 0.08);
    let y_step = round_step(high - low);
    let days = round_step(right - left).max(1.0).ceil() as i64;
    let plot = still("trend", tokens, 6.0)
        .height(tokens.spacing.grid * 26.0)
        .x_axis_formatter(|mark, _| Day(mark.value as i32).to_string())
        .y_axis_formatter(move |mark, _| tick(mark.value, y_step))
        .x_grid_spacer(move |grid| {
            let (first, last) = (grid.bounds.0.ceil() as i64, grid.bounds.1.floor() as i64);
            let from = first.div_euclid(days) * days;
            (0..8)
                .map(|number| from + number * days)
                .filter(|day| (first..=last).contains(day))
                .map(|day| GridMark { value: day as f64, step_size: days as f64 })
                .collect()
        })
        .y_grid_spacer(|grid| round_marks(grid.bounds.0, grid.bounds.1))
        .label_formatter(|_| None);
    let drawn = plot.show(ui, |plot| {
        plot.set_plot_bounds_x(left..=right);
        plot.set_plot_bounds_y(low..=high);
        for ((load_point, points), ink) in series.iter().zip(inks) {
            let days: Vec<f64> = points.iter().map(|point| f64::from(point.day.0)).collect();
            let least: Vec<f64> = points.iter().map(|point| point.least).collect();
            let greatest: Vec<f64> = points.iter().map(|point| point.greatest).collect();
            plot.add(
                FilledArea::new(*load_point, &days, &least, &greatest)
                    .fill_color(ink.gamma_multiply(0.15))
                    .allow_hover(false),
            );
            let means: Vec<[f64; 2]> = points.iter().map(|point| [f64::from(point.day.0), point.mean]).collect();
            plot.line(Line::new(*load_point, PlotPoints::from(means.clone())).color(ink).width(2.0).allow_hover(false));
            if let Some(&[day, mean]) = means.last() {
                let text = RichText::new(format!(" {}", figures::plain(mean))).size(tokens.sizes.secondary).color(ink);
                let text = text.background_color(colours.card);
                plot.text(Text::new("last", PlotPoint::new(day, mean), text).anchor(Align2::LEFT_CENTER));
            }
            if means.len() < 60 {
                plot.points(
                    Points::new(*load_point, PlotPoints::from(means)).color(ink).radius(3.0).allow_hover(false),
                );
            }
        }
    });
    let means = trend.first().zip(trend.last());
    let words = means.map_or(String::new(), |(begin, end)| {
        t!(
            "Trend of {name} from {first} to {last}: mean {begin} first, {end} last",
            name,
            first,
            last,
            begin = figures::plain(begin.mean),
            end = figures::plain(end.mean)
        )
    });
    name_plot(&drawn.response, &words);
}

/// A dashed line at a limit.
pub(super) fn limit_line(limit: f64, colour: Color32) -> HLine {
    HLine::new("limit", limit).color(colour).width(1.0).style(LineStyle::dashed_loose())
}

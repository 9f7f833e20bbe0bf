//! Curves of one run: its errors by load point within their limits, and what both sides showed on the way.

use egui::{Align2, Color32, ComboBox, RichText, Sense, Shape, Stroke, Ui, vec2};
use egui_plot::{GridMark, Line, LineStyle, MarkerShape, PlotPoint, PlotPoints, Points, Text};

use super::charts::{limit_line, name_plot, tick};
use super::figures;
use crate::gui::archive::Shown;
use crate::gui::measurand::Measurand;
use crate::gui::pages::PageCtx;
use crate::gui::pages::sheet::{card_ui, quiet_ui};
use crate::gui::texts::words;
use crate::gui::tokens::Tokens;
use crate::gui::widgets::still_plot::{marks, round_marks, round_step, still};
use crate::record::Entry;

/// The colour of an error by what it is the error of.
fn ink(name: &str, tokens: &Tokens) -> Color32 {
    let colours = &tokens.colours;
    match name {
        name if name.starts_with("voltage") => colours.series_voltage,
        name if name.starts_with("current") => colours.series_current,
        _ => colours.series_energy,
    }
}

/// Load points at which something was judged in percent, in the order of the run.
pub(super) fn load_points(entry: &Entry) -> Vec<&str> {
    let mut points: Vec<&str> = Vec::new();
    for one in entry.measurements.iter().filter(|one| is_error(&one.unit, one.upper)) {
        if !points.contains(&one.load_point.as_str()) {
            points.push(&one.load_point);
        }
    }
    points
}

fn is_error(unit: &str, upper: Option<f64>) -> bool {
    unit == "%" && upper.is_some()
}

/// The errors of a measurement by load point, as places and values.
fn series<'a>(entry: &'a Entry, points: &[&str]) -> Vec<(&'a str, Vec<[f64; 2]>)> {
    let mut all: Vec<(&str, Vec<[f64; 2]>)> = Vec::new();
    for one in entry.measurements.iter().filter(|one| is_error(&one.unit, one.upper)) {
        let place = points.iter().position(|point| *point == one.load_point);
        let Some((place, value)) = place.zip(one.value) else { continue };
        let at = [place as f64, value];
        match all.iter_mut().find(|(name, _)| *name == one.name) {
            Some((_, values)) => values.push(at),
            None => all.push((&one.name, vec![at])),
        }
    }
    all
}

/// Measurements of one colour are told apart by their shape; crosses are the attempt before.
const SHAPES: [MarkerShape; 7] = [
    MarkerShape::Circle,
    MarkerShape::Diamond,
    MarkerShape::Square,
    MarkerShape::Up,
    MarkerShape::Down,
    MarkerShape::Left,
    MarkerShape::Right,
];

/// The shape of a marker in the legend, as the plot draws it.
fn shape_ui(ui: &mut Ui, tokens: &Tokens, shape: MarkerShape, colour: Color32) {
    let side = tokens.sizes.secondary;
    let (rect, _) = ui.allocate_exact_size(vec2(side, side), Sense::hover());
    let (middle, radius) = (rect.center(), side * 0.38);
    let corners: &[(f32, f32)] = match shape {
        MarkerShape::Diamond => &[(0.0, -1.0), (1.0, 0.0), (0.0, 1.0), (-1.0, 0.0)],
        MarkerShape::Square => &[(-0.8, -0.8), (0.8, -0.8), (0.8, 0.8), (-0.8, 0.8)],
        MarkerShape::Up => &[(0.0, -1.0), (0.9, 0.7), (-0.9, 0.7)],
        MarkerShape::Down => &[(0.0, 1.0), (-0.9, -0.7), (0.9, -0.7)],
        MarkerShape::Left => &[(-1.0, 0.0), (0.7, -0.9), (0.7, 0.9)],
        MarkerShape::Right => &[(1.0, 0.0), (-0.7, 0.9), (-0.7, -0.9)],
        _ => &[],
    };
    if corners.is_empty() {
        ui.painter().circle_filled(middle, radius, colour);
    } else {
        let corners = corners.iter().map(|(x, y)| middle + radius * vec2(*x, *y)).collect();
        ui.painter().add(Shape::convex_polygon(corners, colour, Stroke::NONE));
    }
}

pub(super) fn errors_ui(ui: &mut Ui, page: &mut PageCtx<'_>, shown: &Shown, before: Option<&Shown>) {
    card_ui(ui, page, t!("Errors in % by load point"), |ui, page| {
        let tokens = page.tokens;
        let colours = &tokens.colours;
        let entry = &shown.record.record.entry;
        let points = load_points(entry);
        if points.is_empty() {
            return quiet_ui(ui, page, t!("No error was judged in this run"));
        }
        let mine = series(entry, &points);
        let old = before.map(|before| series(&before.record.record.entry, &points)).unwrap_or_default();
        let limits: Vec<f64> =
            entry.measurements.iter().filter(|one| one.unit == "%").filter_map(|one| one.upper).collect();
        let widest = limits.iter().copied().fold(0.0, f64::max);
        let errors = mine.iter().chain(&old).flat_map(|(_, values)| values).map(|[_, error]| error.abs());
        let scale = errors.fold(widest, f64::max) * 1.25;
        ui.horizontal_wrapped(|ui| {
            for ((name, _), shape) in mine.iter().zip(SHAPES.into_iter().cycle()) {
                shape_ui(ui, tokens, shape, ink(name, tokens));
                let text = RichText::new(words::measured(name))
                    .font(tokens.strong(tokens.sizes.secondary))
                    .color(ink(name, tokens));
                ui.label(text);
            }
            if !old.is_empty() {
                quiet_ui(ui, page, t!("crosses: the attempt before"));
            }
        });
        let names: Vec<String> = points.iter().map(|point| (*point).to_owned()).collect();
        // Figures on both sides of zero, whatever the scale.
        let y_step = Some(round_step(scale * 2.0)).filter(|step| *step <= scale).unwrap_or_else(|| round_step(scale));
        let plot = still("points", tokens, 6.0)
            .height(tokens.spacing.grid * 22.0)
            .x_axis_formatter(move |mark, _| {
                let place = usize::try_from(mark.value.round() as i64).unwrap_or(usize::MAX);
                names.get(place).cloned().unwrap_or_default()
            })
            .y_axis_formatter(move |mark, _| tick(mark.value, y_step))
            .x_grid_spacer({
                // As many names as there is room for.
                let each = points.len().div_ceil((ui.available_width() / 110.0).max(1.0) as usize);
                let count = points.len();
                move |_| {
                    let places = (0..count).step_by(each.max(1));
                    places.map(|place| GridMark { value: place as f64, step_size: each as f64 }).collect()
                }
            })
            .y_grid_spacer(move |grid| marks(grid.bounds.0, grid.bounds.1, y_step))
            .label_formatter(|_| None);
        let drawn = plot.show(ui, |plot| {
            plot.set_plot_bounds_x(-0.5..=points.len() as f64 - 0.5);
            plot.set_plot_bounds_y(-scale..=scale);
            plot.hline(limit_line(0.0, colours.text_quiet).style(LineStyle::Solid));
            // The limits of each load point: another point may have others.
            for one in entry.measurements.iter().filter(|one| is_error(&one.unit, one.upper)) {
                let Some(place) = points.iter().position(|point| *point == one.load_point) else { continue };
                for limit in [one.lower, one.upper].into_iter().flatten() {
                    let ends = vec![[place as f64 - 0.4, limit], [place as f64 + 0.4, limit]];
                    plot.line(
                        Line::new("limit", PlotPoints::from(ends)).color(colours.fail).width(1.5).allow_hover(false),
                    );
                }
            }
            for (name, values) in &old {
                let points = Points::new(*name, PlotPoints::from(values.clone()));
                plot.points(points.shape(MarkerShape::Cross).color(colours.text_quiet).radius(4.0).allow_hover(false));
            }
            for ((name, values), shape) in mine.iter().zip(SHAPES.into_iter().cycle()) {
                let colour = ink(name, tokens);
                plot.line(
                    Line::new(*name, PlotPoints::from(values.clone()))
                        .color(colour.gamma_multiply(0.5))
                        .width(1.0)
                        .allow_hover(false),
                );
                let points = Points::new(*name, PlotPoints::from(values.clone())).shape(shape).color(colour);
                plot.points(points.radius(4.0).allow_hover(false));
            }
        });
        let worst = entry.measurements.iter().filter(|one| is_error(&one.unit, one.upper)).filter_map(|one| one.value);
        let worst = worst.max_by(|a, b| a.abs().total_cmp(&b.abs()));
        let worst = figures::value(worst, "%");
        let words = t!("Errors at {count} load points, the largest {worst}", count = points.len(), worst);
        name_plot(&drawn.response, &words);
    });
}

pub(super) fn readings_ui(ui: &mut Ui, page: &mut PageCtx<'_>, shown: &Shown, measurand: &mut Measurand) {
    card_ui(ui, page, t!("Readings of the run"), |ui, page| {
        let tokens = page.tokens;
        let colours = &tokens.colours;
        if shown.curves.is_empty() {
            return quiet_ui(ui, page, t!("No readings were kept with this run"));
        }
        ui.horizontal_wrapped(|ui| {
            let title = |one: Measurand| match one.unit() {
                "" => one.name().to_owned(),
                unit => t!("{name} in {unit}", name = one.name(), unit),
            };
            let combo = ComboBox::from_id_salt("readings").selected_text(title(*measurand)).width(120.0);
            let response = combo
                .show_ui(ui, |ui| {
                    for one in Measurand::ALL.into_iter().filter(|one| shown.curves.iter().any(|c| c.quantity == *one))
                    {
                        ui.selectable_value(measurand, one, title(one));
                    }
                })
                .response;
            response.ctx.accesskit_node_builder(response.id, |node| node.set_label(t!("Quantity of the readings")));
            for (name, colour) in [(t!("meter"), colours.series_voltage), (t!("reference"), colours.text)] {
                ui.label(RichText::new(name).font(tokens.strong(tokens.sizes.secondary)).color(colour));
            }
        });
        let drawn: Vec<_> = shown.curves.iter().filter(|curve| curve.quantity == *measurand).collect();
        let all = || drawn.iter().flat_map(|curve| curve.points());
        let (low, high) = all().fold((f64::MAX, f64::MIN), |(low, high), point| (low.min(point.y), high.max(point.y)));
        let end = all().map(|point| point.x).fold(1.0, f64::max);
        let air = ((high - low) * 0.16).max(10_f64.powi(-(measurand.decimals() as i32)));
        let (low, high) = (low - air, high + air);
        let (x_step, y_step) = (round_step(end), round_step(high - low));
        let plot = still("readings", tokens, 6.0)
            .height(tokens.spacing.grid * 20.0)
            .x_axis_formatter(move |mark, _| format!("{} s", tick(mark.value, x_step)))
            .y_axis_formatter(move |mark, _| tick(mark.value, y_step))
            .x_grid_spacer(|grid| round_marks(grid.bounds.0.max(0.0), grid.bounds.1))
            .y_grid_spacer(|grid| round_marks(grid.bounds.0, grid.bounds.1))
            .label_formatter(|_| None);
        let plotted = plot.show(ui, |plot| {
            plot.set_plot_bounds_x(0.0..=end * 1.2);
            plot.set_plot_bounds_y(low..=high);
            for curve in &drawn {
                let (name, colour, width) = if curve.reference {
                    (t!("reference"), colours.text, 1.0)
                } else {
                    (t!("meter"), colours.series_voltage, 2.0)
                };
                for part in &curve.parts {
                    let line = Line::new(name, PlotPoints::Borrowed(part)).color(colour).width(width);
                    plot.line(line.allow_hover(false));
                }
                if let Some(last) = curve.points().next_back() {
                    let text = format!(" {:.*}", measurand.decimals(), last.y);
                    let text = RichText::new(text).size(tokens.sizes.secondary).color(colour);
                    let text = text.background_color(colours.card);
                    // One above, one below: they end at nearly the same value.
                    let anchor = if curve.reference { Align2::LEFT_TOP } else { Align2::LEFT_BOTTOM };
                    plot.text(Text::new("last", PlotPoint::new(last.x, last.y), text).anchor(anchor));
                }
            }
        });
        let ranges: Vec<String> = drawn
            .iter()
            .filter_map(|curve| {
                let side = if curve.reference { t!("reference") } else { t!("meter") };
                Some(format!("{side} {}", measurand.text(curve.points().next_back()?.y)))
            })
            .collect();
        let words = t!(
            "{name} over {secs} s, last {ranges}",
            name = measurand.name(),
            secs = format_args!("{end:.0}"),
            ranges = ranges.join(", ")
        );
        name_plot(&plotted.response, &words);
    });
}

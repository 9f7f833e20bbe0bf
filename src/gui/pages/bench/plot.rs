//! Errors over time, with their limits.

use egui::{Color32, RichText, Ui};
use egui_plot::{HLine, LineStyle, PlotPoint, PlotPoints, Points, Text};

use crate::gui::pages::PageCtx;
use crate::gui::widgets::still_plot::{marks, still};

/// A plot shows at least so many seconds, so that its axis does not race at the start.
const LEAST_SECS: f64 = 30.0;

pub(super) fn plot_ui(ui: &mut Ui, page: &PageCtx<'_>) {
    let tokens = page.tokens;
    let colours = &tokens.colours;
    let run = page.core.run();
    ui.horizontal_wrapped(|ui| {
        ui.heading(t!("Error in %"));
        for (name, colour) in [
            (t!("voltage"), colours.series_voltage),
            (t!("current"), colours.series_current),
            (t!("energy"), colours.series_energy),
        ] {
            ui.label(RichText::new(name).font(tokens.strong(tokens.sizes.secondary)).color(colour));
        }
    });
    if run.series.points.is_empty() {
        let text = if run.running {
            t!("Errors show up with the meter's first readings")
        } else {
            t!("Errors of a run are drawn here against time")
        };
        ui.label(RichText::new(text).color(colours.text_quiet));
        return;
    }
    let first = run.span.map_or(0.0, |(first, _)| first);
    let newest = run.span.map_or(0.0, |(_, newest)| newest) - first;
    let of = |pick: fn(&crate::gui::series::ErrorPoint) -> Option<crate::units::Percent>| -> Vec<[f64; 2]> {
        run.series.points.iter().filter_map(|point| Some([point.secs - first, pick(point)?.0])).collect()
    };
    let voltage = of(|point| point.u);
    let current = of(|point| point.i);
    let energy: Vec<[f64; 2]> = run.energy.iter().map(|(secs, error)| [secs - first, error.0]).collect();
    // Room for the last values behind the newest moment.
    let width = f64::from((ui.available_width() - tokens.spacing.grid * 6.0).max(1.0));
    let room = f64::from(tokens.spacing.grid * 7.0).min(width / 2.0);
    let (right, scale) = (newest.max(LEAST_SECS) * width / (width - room), run.scale.0);
    let limits = [run.limits.voltage, run.limits.energy];

    let plot = still("errors", tokens, 5.0)
        .x_axis_formatter(|mark, _| format!("{:.0} s", mark.value))
        .y_axis_formatter(|mark, _| signed(mark.value))
        .x_grid_spacer(move |grid| marks(grid.bounds.0, grid.bounds.1, seconds_step(right)))
        .y_grid_spacer(move |grid| marks(grid.bounds.0, grid.bounds.1, scale / 2.0));
    plot.show(ui, |plot| {
        plot.set_plot_bounds_x(0.0..=right);
        plot.set_plot_bounds_y(-scale * 1.15..=scale * 1.15);
        plot.hline(HLine::new("zero", 0.0).color(colours.text_quiet).width(1.0));
        for limit in limits.into_iter().flatten().flat_map(|limit| [limit, -limit]) {
            plot.hline(HLine::new("limit", limit).color(colours.fail).width(1.0).style(LineStyle::dashed_loose()));
        }
        let mut ends = Vec::new();
        let drawn: [(&str, Vec<[f64; 2]>, Color32); 2] =
            [(t!("voltage"), voltage, colours.series_voltage), (t!("current"), current, colours.series_current)];
        for (name, points, colour) in drawn {
            ends.extend(points.last().map(|&[secs, error]| End { secs, error, height: error, colour }));
            plot.points(Points::new(name, PlotPoints::from(points)).color(colour).radius(1.6));
        }
        plot.points(Points::new("energy", PlotPoints::from(energy)).color(colours.series_energy).radius(4.0));
        for end in apart(ends, scale) {
            let text = RichText::new(format!(" {:+.3}", end.error)).size(tokens.sizes.secondary).color(end.colour);
            plot.text(
                Text::new("last", PlotPoint::new(newest.max(end.secs), end.height), text)
                    .anchor(egui::Align2::LEFT_CENTER),
            );
        }
    });
}

/// A last value and the height its text stands at.
struct End {
    secs: f64,
    error: f64,
    height: f64,
    colour: Color32,
}

/// Heights so that no text covers another.
fn apart(mut ends: Vec<End>, scale: f64) -> Vec<End> {
    let least = scale * 0.18;
    ends.sort_by(|a, b| a.error.total_cmp(&b.error));
    let mut below = f64::NEG_INFINITY;
    for end in &mut ends {
        end.height = end.error.clamp(-scale * 0.9, scale * 0.7).max(below + least);
        below = end.height;
    }
    ends
}

/// The step between figures of the time axis, in seconds: few enough to be read.
fn seconds_step(range: f64) -> f64 {
    const STEPS: [f64; 9] = [5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0];
    STEPS.into_iter().find(|step| range / step <= 4.0).unwrap_or(3600.0)
}

fn signed(value: f64) -> String {
    if value.abs() < 1e-9 { "0".to_owned() } else { format!("{:+}", (value * 1000.0).round() / 1000.0) }
}

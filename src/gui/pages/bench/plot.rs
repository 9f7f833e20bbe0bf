//! Errors over time, with their limits.

use egui::{Color32, RichText, Ui};
use egui_plot::{HLine, LineStyle, MarkerShape, PlotPoint, PlotPoints, PlotUi, Points, Text};

use crate::gui::pages::PageCtx;
use crate::gui::series::ErrorPoint;
use crate::gui::widgets::apart::apart;
use crate::gui::widgets::number::signed;
use crate::gui::widgets::still_plot::{marks, seconds_step, still};
use crate::units::Percent;

/// A plot shows at least so many seconds, so that its axis does not race at the start.
const LEAST_SECS: f64 = 30.0;
/// Radius of the arrow of a point that is off the scale.
const ARROW: f32 = 3.0;

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
    let of = |pick: fn(&ErrorPoint) -> Option<Percent>| -> Vec<[f64; 2]> {
        run.series.points.iter().filter_map(|point| Some([point.secs - first, pick(point)?.0])).collect()
    };
    let energy: Vec<[f64; 2]> = run.energy.iter().map(|(secs, error)| [secs - first, error.0]).collect();
    let series = [
        Series { name: t!("voltage"), points: of(|point| point.u), colour: colours.series_voltage, radius: 1.6 },
        Series { name: t!("current"), points: of(|point| point.i), colour: colours.series_current, radius: 1.6 },
        Series { name: t!("energy"), points: energy, colour: colours.series_energy, radius: 4.0 },
    ];
    // Room for the last values behind the newest moment.
    let width = f64::from((ui.available_width() - tokens.spacing.grid * 6.0).max(1.0));
    let room = f64::from(tokens.spacing.grid * 8.0).min(width / 2.0);
    let (right, scale) = (newest.max(LEAST_SECS) * width / (width - room), run.scale.0);
    let edge = scale * 1.15;
    let letters = tokens.sizes.secondary;
    // The figures of the time axis are below the plot.
    let height = f64::from((ui.available_height() - 2.0 * letters).max(letters));
    let limits = [run.limits.voltage, run.limits.energy];

    let plot = still("errors", tokens, 5.0)
        .x_axis_formatter(|mark, _| format!("{:.0} s", mark.value))
        .y_axis_formatter(|mark, _| axis(mark.value))
        .x_grid_spacer(move |grid| {
            marks(grid.bounds.0, grid.bounds.1.min(newest.max(LEAST_SECS)), seconds_step(right, 4.0))
        })
        .y_grid_spacer(move |grid| marks(grid.bounds.0, grid.bounds.1, scale / 2.0));
    let mut ends: Vec<End> = series.iter().filter_map(|series| series.end(edge)).collect();
    ends.sort_by(|one, other| one.error.total_cmp(&other.error));
    let name = t!("Plot of the errors: {values}", values = words(&ends));
    let shown = plot.show(ui, |plot| {
        plot.set_plot_bounds_x(0.0..=right);
        plot.set_plot_bounds_y(-edge..=edge);
        plot.hline(HLine::new("zero", 0.0).color(colours.text_quiet).width(1.0));
        for limit in limits.into_iter().flatten().flat_map(|limit| [limit, -limit]) {
            plot.hline(HLine::new("limit", limit).color(colours.fail).width(1.0).style(LineStyle::dashed_loose()));
        }
        for series in series {
            series.draw(plot, edge, f64::from(letters) / height * edge);
        }
        let line = f64::from(letters) * 1.3 / height * 2.0 * edge;
        let values: Vec<f64> = ends.iter().map(|end| end.error).collect();
        let places = apart(&values, line, (line / 2.0 - edge, edge - line / 2.0));
        for (end, place) in ends.iter().zip(places) {
            // Lines do not cross the figures.
            let text = RichText::new(format!(" {}", end.text())).size(letters).color(end.colour);
            let text = text.background_color(colours.card);
            plot.text(Text::new("last", PlotPoint::new(newest, place), text).anchor(egui::Align2::LEFT_CENTER));
        }
    });
    ui.ctx().accesskit_node_builder(shown.response.id, |node| {
        node.set_role(egui::accesskit::Role::Image);
        node.set_label(name);
    });
}

/// The errors of one quantity.
struct Series {
    name: &'static str,
    points: Vec<[f64; 2]>,
    colour: Color32,
    radius: f32,
}

impl Series {
    fn end(&self, edge: f64) -> Option<End> {
        let &[_, error] = self.points.last()?;
        Some(End { name: self.name, error, beyond: error.abs() > edge, colour: self.colour })
    }

    /// What is beyond the axis is drawn as an arrow at its end, not left out.
    fn draw(self, plot: &mut PlotUi<'_>, edge: f64, inset: f64) {
        let Self { name, points, colour, radius } = self;
        let (beyond, inside): (Vec<_>, Vec<_>) = points.into_iter().partition(|point| point[1].abs() > edge);
        let (above, below): (Vec<_>, Vec<_>) = beyond.into_iter().partition(|point| point[1] > 0.0);
        plot.points(Points::new(name, PlotPoints::from(inside)).color(colour).radius(radius));
        for (points, shape, place) in [(above, MarkerShape::Up, edge - inset), (below, MarkerShape::Down, inset - edge)]
        {
            let points: Vec<[f64; 2]> = points.into_iter().map(|[secs, _]| [secs, place]).collect();
            plot.points(Points::new(name, PlotPoints::from(points)).color(colour).shape(shape).radius(ARROW));
        }
    }
}

/// A last value.
struct End {
    name: &'static str,
    error: f64,
    /// It is off the scale.
    beyond: bool,
    colour: Color32,
}

impl End {
    fn text(&self) -> String {
        let arrow = match self.beyond {
            true if self.error > 0.0 => "↑",
            true => "↓",
            false => "",
        };
        let decimals = if self.error.abs() < 100.0 { 3 } else { 1 };
        format!("{arrow}{}", signed(self.error, decimals))
    }
}

/// The last values for who does not see them.
fn words(ends: &[End]) -> String {
    let word = |end: &End| {
        let beyond = if end.beyond { t!(", off the scale") } else { "" };
        format!("{} {} %{beyond}", end.name, signed(end.error, 3))
    };
    ends.iter().map(word).collect::<Vec<_>>().join(", ")
}

/// A figure of the axis.
fn axis(value: f64) -> String {
    if value.abs() < 1e-9 { "0".to_owned() } else { format!("{:+}", (value * 1000.0).round() / 1000.0) }
}

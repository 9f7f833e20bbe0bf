//! The vectors of voltage and current on both sides, and whether the reference stands still.

use egui::{Label, Painter, Pos2, Rect, RichText, Role, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2};

use crate::gui::measurand::Measurand;
use crate::gui::pages::PageCtx;
use crate::gui::texts;
use crate::gui::tokens::Tokens;
use crate::gui::watch_view::{Stability, WatchView};
use crate::gui::widgets::card;
use crate::gui::widgets::status::{Mark, mark_ui};

/// Angles smaller than this are no shift, in degrees: the chip gives tenths.
const IN_PHASE: f64 = 0.25;

/// Voltage and current of one side.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Vectors {
    u: f64,
    i: f64,
    /// Degrees, inductive positive; none without a current.
    phase: Option<f64>,
}

pub(super) fn vector_ui(ui: &mut Ui, page: &mut PageCtx<'_>) {
    let tokens = page.tokens;
    let watch = &page.core.watch;
    card::heading_ui(ui, tokens, t!("Vectors"), t!("meter strong, reference thin"));
    let meter = vectors(|measurand| watch.meter(measurand));
    let reference = vectors(|measurand| watch.reference(measurand));
    let side = (ui.available_height() - tokens.spacing.grid * 16.5).clamp(96.0, ui.available_width());
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), side), Sense::hover());
    let words =
        [(t!("Meter"), meter), (t!("Reference"), reference)].map(|(name, side)| format!("{name}: {}", words(side)));
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, t!("Vector diagram")));
    // Its words stand at its right.
    let left = rect.left() + (rect.width() - side - tokens.spacing.grid * 14.0).max(0.0) / 2.0;
    let square = Rect::from_min_size(pos2(left, rect.top()), vec2(side, side));
    draw(ui.painter(), tokens, square, meter, reference);
    for text in words {
        ui.add(Label::new(RichText::new(text).color(tokens.colours.text)).truncate());
    }
    ui.separator();
    stability_ui(ui, tokens, watch);
}

fn vectors(of: impl Fn(Measurand) -> Option<f64>) -> Option<Vectors> {
    let (u, i) = (of(Measurand::U)?, of(Measurand::I)?);
    // Without its angle, active and reactive power have it.
    let of_powers = || Some(of(Measurand::Q)?.atan2(of(Measurand::P)?).to_degrees());
    let phase = of(Measurand::Phase).or_else(of_powers).filter(|_| u.abs() > 1.0 && i.abs() > 0.01);
    Some(Vectors { u, i, phase })
}

/// Lead and lag in words.
fn words(side: Option<Vectors>) -> String {
    let Some(side) = side else { return t!("no readings").to_owned() };
    let Some(phase) = side.phase else {
        return if side.u.abs() <= 1.0 { t!("no voltage") } else { t!("no current with a known angle") }.to_owned();
    };
    let back = if phase.abs() > 90.0 { t!(", energy flows back") } else { "" };
    if phase.abs() < IN_PHASE {
        t!("current in phase, {phase}°", phase = format_args!("{phase:+.2}"))
    } else if phase > 0.0 {
        t!("current lags by {phase}°, inductive{back}", phase = format_args!("{phase:.2}"), back)
    } else {
        t!("current leads by {phase}°, capacitive{back}", phase = format_args!("{:.2}", -phase), back)
    }
}

/// Voltages to the right, currents turned by their angle: behind is clockwise. Each quantity's larger side sets the length.
fn draw(painter: &Painter, tokens: &Tokens, square: Rect, meter: Option<Vectors>, reference: Option<Vectors>) {
    let colours = &tokens.colours;
    let centre = square.center();
    let radius = square.width() / 2.0 - tokens.spacing.grid;
    let thin = Stroke::new(1.0, colours.line);
    painter.circle_stroke(centre, radius, thin);
    painter.hline(square.x_range(), centre.y, thin);
    painter.vline(centre.x, square.y_range(), thin);
    let largest = |of: fn(&Vectors) -> f64| [meter, reference].iter().flatten().map(of).fold(0.0_f64, f64::max);
    let (u_full, i_full) = (largest(|side| side.u), largest(|side| side.i));
    let tip = |value: f64, full: f64, length: f32, phase: f64| {
        let share = if full > 0.0 { (value / full) as f32 } else { 0.0 };
        let angle = phase.to_radians() as f32;
        centre + vec2(angle.cos(), angle.sin()) * radius * length * share
    };
    for (side, strong) in [(meter, true), (reference, false)] {
        let Some(side) = side else { continue };
        let width = if strong { 4.0 } else { 1.5 };
        let shade = |colour: egui::Color32| if strong { colour } else { colours.text };
        if side.u > 1.0 {
            arrow(painter, centre, tip(side.u, u_full, 0.94, 0.0), Stroke::new(width, shade(colours.series_voltage)));
        }
        if let Some(phase) = side.phase {
            let end = tip(side.i, i_full, 0.7, phase);
            arrow(painter, centre, end, Stroke::new(width, shade(colours.series_current)));
            if strong || meter.is_none_or(|meter| meter.phase.is_none()) {
                let at = end + (end - centre).normalized() * tokens.spacing.grid * 1.25;
                painter.text(
                    at,
                    egui::Align2::CENTER_CENTER,
                    "I",
                    tokens.strong(tokens.sizes.body),
                    colours.series_current,
                );
            }
        }
    }
    if [meter, reference].iter().flatten().any(|side| side.u > 1.0) {
        let at = pos2(square.right() - tokens.spacing.grid * 1.5, centre.y - tokens.spacing.grid);
        painter.text(at, egui::Align2::CENTER_CENTER, "U", tokens.strong(tokens.sizes.body), colours.series_voltage);
    }
    let quiet = egui::FontId::proportional(tokens.sizes.secondary);
    for (above, text) in [(-1.0, t!("leads, capacitive")), (1.0, t!("lags, inductive"))] {
        let word = painter.layout_no_wrap(text.to_owned(), quiet.clone(), colours.text_quiet);
        // Beside the circle, or where a large one leaves no room there, in its corner.
        let beside = square.right() + tokens.spacing.grid;
        let x = beside.min(painter.clip_rect().right() - word.size().x - tokens.spacing.grid * 0.5);
        let y = centre.y + above * radius * 0.75 - word.size().y / 2.0;
        painter.galley(pos2(x, y), word, colours.text_quiet);
    }
}

fn arrow(painter: &Painter, from: Pos2, to: Pos2, stroke: Stroke) {
    let along = (to - from).normalized();
    if !(to - from).any_nan() && (to - from).length() > 1.0 {
        let head = (stroke.width * 2.5).max(7.0);
        let across = along.rot90() * head * 0.45;
        let neck = to - along * head;
        painter.line_segment([from, neck], stroke);
        painter.add(Shape::convex_polygon(vec![to, neck + across, neck - across], stroke.color, Stroke::NONE));
    }
}

fn stability_ui(ui: &mut Ui, tokens: &Tokens, watch: &WatchView) {
    let colours = &tokens.colours;
    let basis = watch.basis.as_ref();
    let (mark, colour, word, why) = match watch.stability() {
        None => (
            Mark::Ring,
            colours.text_quiet,
            t!("Stability not judged"),
            t!("The criterion is that of the procedure chosen on the bench page").to_owned(),
        ),
        Some(_) if !watch.reference_answers() => {
            (Mark::Ring, colours.text_quiet, t!("Stability not judged"), t!("The reference shows nothing").to_owned())
        }
        Some(Stability::Waiting { have_secs, need_secs }) => (
            Mark::Play,
            colours.running,
            t!("Waiting"),
            t!(
                "{have} of {need} s of readings that the criterion needs",
                have = format_args!("{have_secs:.0}"),
                need = format_args!("{need_secs:.0}")
            ),
        ),
        Some(Stability::Dead) => (
            Mark::Ring,
            colours.text_quiet,
            t!("No voltage"),
            t!("The source supplies nothing that could be stable").to_owned(),
        ),
        Some(Stability::Stable(change)) => (
            Mark::Tick,
            colours.pass,
            t!("Stable enough to calibrate"),
            t!(
                "Reference's {of} moved {change} %, scatter {scatter} %",
                of = texts::of(change.of),
                change = format_args!("{:.4}", change.change.0),
                scatter = format_args!("{:.4}", change.scatter.0)
            ),
        ),
        Some(Stability::Moving(change)) => (
            Mark::Triangle,
            colours.attention,
            t!("Not stable"),
            t!(
                "Reference's {of} moved {change} %, scatter {scatter} %",
                of = texts::of(change.of),
                change = format_args!("{:.4}", change.change.0),
                scatter = format_args!("{:.4}", change.scatter.0)
            ),
        ),
    };
    ui.horizontal(|ui| {
        mark_ui(ui, tokens, mark, colour);
        ui.label(RichText::new(word).font(tokens.strong(tokens.sizes.heading)).color(colour));
    });
    let quiet = |text: String| RichText::new(text).size(tokens.sizes.secondary).color(colours.text_quiet);
    ui.add(Label::new(quiet(why)).truncate());
    if let Some(basis) = basis {
        let criterion = t!(
            "{procedure}: means of {secs} s in a row within {tolerance} %",
            procedure = basis.procedure,
            secs = basis.window.as_secs_f64(),
            tolerance = basis.tolerance.0
        );
        ui.add(Label::new(quiet(criterion)).truncate());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(phase: f64) -> Option<Vectors> {
        Some(Vectors { u: 240.0, i: 5.0, phase: Some(phase) })
    }

    #[test]
    fn lead_and_lag_are_named() {
        assert_eq!(words(side(60.0)), "current lags by 60.00°, inductive");
        assert_eq!(words(side(-36.9)), "current leads by 36.90°, capacitive");
        assert_eq!(words(side(0.1)), "current in phase, +0.10°");
        assert_eq!(words(side(179.0)), "current lags by 179.00°, inductive, energy flows back");
        assert_eq!(words(None), "no readings");
        assert_eq!(words(Some(Vectors { u: 0.02, i: 0.0, phase: None })), "no voltage");
    }

    #[test]
    fn powers_stand_in_for_a_missing_angle() {
        let given = |measurand| match measurand {
            Measurand::U => Some(240.0),
            Measurand::I => Some(5.0),
            Measurand::P => Some(600.0),
            Measurand::Q => Some(600.0),
            _ => None,
        };
        assert_eq!(vectors(given).and_then(|side| side.phase), Some(45.0));
    }
}

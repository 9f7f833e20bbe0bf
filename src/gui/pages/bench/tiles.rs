//! All positions at a glance: a tile for each, to be read from three metres; or a row of small ones beside the detail.

use std::borrow::Cow;

use egui::text::{LayoutJob, TextFormat, TextWrapping};
use egui::{Color32, FontId, Painter, Pos2, Rect, Sense, Stroke, StrokeKind, Ui, pos2, vec2};

use super::verdict::{fill, hatch, mark, remarks};
use crate::gui::command::Command;
use crate::gui::core::Core;
use crate::gui::pages::PageCtx;
use crate::gui::positions::Position;
use crate::gui::session::Link;
use crate::gui::texts::{self, words};
use crate::gui::tokens::Tokens;
use crate::gui::widgets::status::Mark;
use crate::procedure::Verdict;

/// Tiles are about so much wider than high.
const SHAPE: f32 = 1.5;
/// Tiles are no higher; a bench of two positions needs no letters over half the screen.
const HIGHEST: f32 = 300.0;

/// What a tile says.
struct Face<'a> {
    mark: Mark,
    word: &'static str,
    /// Of mark and word.
    colour: Color32,
    fill: Color32,
    /// Of everything else.
    front: Color32,
    quiet: Color32,
    about: Cow<'a, str>,
    fraction: Option<f32>,
    /// A verdict is larger than a state.
    verdict: bool,
}

/// Draws all tiles and returns how many stand beside each other.
pub(super) fn tiles_ui(ui: &mut Ui, page: &mut PageCtx<'_>, area: Rect) -> usize {
    let gap = page.tokens.spacing.grid;
    let count = page.core.positions.all().len();
    let columns = columns(count, area.size());
    let rows = count.div_ceil(columns);
    let width = (area.width() + gap) / columns as f32 - gap;
    let height = ((area.height() + gap) / rows as f32 - gap).min(HIGHEST);
    for (number, position) in page.core.positions.all().iter().enumerate() {
        let (column, row) = (number % columns, number / columns);
        let corner = area.min + vec2(column as f32 * (width + gap), row as f32 * (height + gap));
        let rect = Rect::from_min_size(corner, vec2(width, height));
        let face = face(page.core, page.tokens, number, position);
        if place_ui(ui, page, rect, (number, &face)) {
            tile(ui.painter(), page, rect, (number, position, &face));
        }
    }
    ui.advance_cursor_after_rect(area);
    columns
}

/// Draws a narrow tile for each position in one row.
pub(super) fn chips_ui(ui: &mut Ui, page: &mut PageCtx<'_>, area: Rect) {
    let tokens = page.tokens;
    let gap = tokens.spacing.grid * 0.5;
    let count = page.core.positions.all().len();
    let width = ((area.width() + gap) / count.max(1) as f32 - gap).min(tokens.spacing.grid * 12.0);
    for (number, position) in page.core.positions.all().iter().enumerate() {
        let corner = area.min + vec2(number as f32 * (width + gap), 0.0);
        let rect = Rect::from_min_size(corner, vec2(width, area.height()));
        let face = face(page.core, tokens, number, position);
        if place_ui(ui, page, rect, (number, &face)) {
            frame(ui.painter(), page, rect, (number, &face));
            let side = tokens.sizes.body;
            let font = tokens.strong(tokens.sizes.body);
            let middle = rect.center();
            ui.painter().text(
                pos2(middle.x - side * 0.1, middle.y),
                egui::Align2::RIGHT_CENTER,
                number + 1,
                font,
                face.front,
            );
            let square = Rect::from_center_size(pos2(middle.x + side * 0.8, middle.y), vec2(side, side));
            face.mark.paint(ui.painter(), square, face.colour, face.fill);
        }
    }
    ui.advance_cursor_after_rect(area);
}

/// As many columns as give the largest tiles, and no holes where that costs little.
fn columns(count: usize, room: egui::Vec2) -> usize {
    let size = |columns: usize| {
        let rows = count.div_ceil(columns);
        let filled = count as f32 / (rows * columns) as f32;
        (room.x / columns as f32 / SHAPE).min(room.y / rows as f32) * filled
    };
    (1..=count.max(1)).max_by(|one, other| size(*one).total_cmp(&size(*other))).unwrap_or(1)
}

/// The tile as something to press; returns whether it is to be seen.
fn place_ui(ui: &mut Ui, page: &mut PageCtx<'_>, rect: Rect, (number, face): (usize, &Face<'_>)) -> bool {
    let response = ui.interact(rect, ui.scope_id().with((t!("position"), number)), Sense::CLICK);
    let shown = page.core.positions.shown() == number;
    response.widget_info(|| {
        let serial = page.core.positions.all().get(number).map_or("", |position| serial(page.core, position));
        let parts = [serial, face.word, &face.about];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        let label = t!("Position {number}: {parts}", number = number + 1, parts = parts.join(", "));
        egui::WidgetInfo::selected(egui::Role::ListBoxOption, true, shown, label)
    });
    if response.clicked() {
        page.commands.push(Command::ShowPosition(number));
    }
    if response.double_clicked() {
        page.commands.push(Command::ToggleDetail);
    }
    ui.is_rect_visible(rect)
}

/// The serial number of what is there, or of what comes.
fn serial<'a>(core: &Core, position: &'a Position) -> &'a str {
    if core.run().running || core.resulted { &position.run.serial } else { &position.next }
}

fn face<'a>(core: &'a Core, tokens: &Tokens, number: usize, position: &'a Position) -> Face<'a> {
    let colours = &tokens.colours;
    let plain = Face {
        mark: Mark::Ring,
        word: "",
        colour: colours.text_quiet,
        fill: colours.card,
        front: colours.text,
        quiet: colours.text_quiet,
        about: Cow::Borrowed(""),
        fraction: None,
        verdict: false,
    };
    let run = &position.run;
    if let Some(report) = run.result().filter(|_| core.resulted) {
        let about = match (&report.advice, remarks(report).first()) {
            (Some(advice), _) => Cow::Borrowed(texts::of(&advice.what)),
            (None, Some(remark)) => Cow::Owned(remark.clone()),
            (None, None) => worth_a_look(run),
        };
        let fill = fill(tokens, report);
        let strong = matches!(report.verdict, Verdict::Pass | Verdict::Fail | Verdict::Error);
        let front = if strong { colours.text_on_strong } else { colours.text };
        let (mark, word) = (mark(report), report.verdict.word());
        return Face { mark, word, colour: front, fill, front, quiet: front, about, verdict: true, ..plain };
    }
    if run.running && run.used() {
        let fraction = Some(run.fraction());
        let about = run.active().map_or(Cow::Borrowed(""), |step| words::step(&step.title));
        return match (run.trouble(), run.working()) {
            (Some(verdict), _) => {
                let colour = tokens.verdict(verdict);
                let about = if about.is_empty() { Cow::Borrowed(last_detail(run)) } else { about };
                Face { mark: Mark::of(verdict), word: verdict.word(), colour, about, fraction, verdict: true, ..plain }
            }
            (None, _) if about.is_empty() => {
                let begun = run.fraction() > 0.0;
                let about = Cow::Borrowed(if begun { t!("for the others") } else { t!("for the start") });
                Face { mark: Mark::Ring, word: t!("waiting"), about, fraction, ..plain }
            }
            (None, _) => {
                Face { mark: Mark::Play, word: t!("running"), colour: colours.running, about, fraction, ..plain }
            }
        };
    }
    let link = core.links.meters.get(number);
    if position.left_out {
        return Face { mark: Mark::Bar, word: t!("left out"), ..plain };
    }
    if run.running {
        return Face { mark: Mark::Bar, word: t!("not used"), ..plain };
    }
    match link {
        Some(Link::Trouble(reason)) => Face {
            mark: Mark::Triangle,
            word: t!("no answer"),
            colour: colours.attention,
            about: Cow::Borrowed(reason.as_str()),
            ..plain
        },
        Some(Link::Opening) => Face { mark: Mark::Play, word: t!("asking"), colour: colours.running, ..plain },
        None | Some(Link::Off) => Face { word: t!("off"), ..plain },
        Some(Link::Ready(_)) if !position.next.is_empty() => {
            Face { mark: Mark::Tick, word: t!("scanned"), colour: colours.accent, ..plain }
        }
        Some(Link::Ready(_)) if core.resulted => Face { mark: Mark::Bar, word: t!("not used"), ..plain },
        Some(Link::Ready(_)) if core.positions.shown() == number => {
            Face { mark: Mark::Play, word: t!("scan"), colour: colours.accent, ..plain }
        }
        Some(Link::Ready(_)) => Face { word: t!("free"), ..plain },
    }
}

/// The first measurement that failed, in words, or else the first that passed by little.
fn worth_a_look(run: &crate::gui::run_view::RunView) -> Cow<'_, str> {
    let bad = run.measurements.iter().find(|done| done.verdict == Verdict::Fail);
    let marginal = run.measurements.iter().find(|done| done.marginal);
    if let (None, Some(near)) = (bad, marginal) {
        let (name, value, load_point) = (near.name.replace('_', " "), near.value, &near.load_point);
        let value = format!("{value:+.3} {}", near.unit);
        return t!("MARGINAL {name} {value} at {load_point}", name, value, load_point).into();
    }
    bad.map_or(Cow::Borrowed(""), |bad| {
        let decimals = if bad.unit.is_empty() { 0 } else { 3 };
        t!(
            "{name} {value} {unit} at {load_point}",
            name = bad.name.replace('_', " "),
            value = format_args!("{:+.decimals$}", bad.value),
            unit = bad.unit,
            load_point = bad.load_point
        )
        .into()
    })
}

fn last_detail(run: &crate::gui::run_view::RunView) -> &str {
    let detail = run.steps.iter().rev().find_map(|step| match &step.state {
        crate::gui::run_view::StepState::Done { verdict, detail } if *verdict != Verdict::Pass => Some(detail.as_str()),
        _ => None,
    });
    detail.unwrap_or_default()
}

fn frame(painter: &Painter, page: &PageCtx<'_>, rect: Rect, (number, face): (usize, &Face<'_>)) {
    let (tokens, colours) = (page.tokens, &page.tokens.colours);
    let line = if page.core.positions.shown() == number {
        Stroke::new(3.0, colours.accent)
    } else {
        Stroke::new(1.0, colours.line)
    };
    painter.rect(rect, tokens.spacing.radius, face.fill, line, StrokeKind::Inside);
}

fn tile(painter: &Painter, page: &PageCtx<'_>, rect: Rect, (number, position, face): (usize, &Position, &Face<'_>)) {
    let (tokens, sizes) = (page.tokens, &page.tokens.sizes);
    frame(painter, page, rect, (number, face));
    let inside = rect.shrink(tokens.spacing.grid * 1.25);
    let small = (rect.height() * 0.1).clamp(sizes.secondary, sizes.heading * 1.4);
    let head = small * 1.25;
    let simulated = position.run.result().filter(|_| page.core.resulted).is_some_and(|report| report.simulated);
    let word_band = Rect::from_min_max(
        pos2(rect.left() + 3.0, inside.top() + head * 1.5),
        pos2(rect.right() - 3.0, inside.bottom() - small * 1.7),
    );
    if simulated {
        hatch(&painter.with_clip_rect(word_band), word_band, tokens.colours.hatch);
    }
    let label = (number + 1).to_string();
    let taken = text(painter, inside.left_top(), inside.width(), (&label, tokens.strong(head), face.front));
    let left = inside.left() + taken + tokens.spacing.grid;
    let room = inside.right() - left;
    let serial = serial(page.core, position);
    text(painter, pos2(left, inside.top()), room, (serial, FontId::monospace(head), face.front));

    let share = if face.verdict { 0.2 } else { 0.125 };
    let size = (inside.width() * share).min(word_band.height() * 0.85).clamp(sizes.heading, sizes.verdict);
    let side = size * 0.72;
    let middle = word_band.center().y;
    let square = Rect::from_center_size(pos2(inside.left() + side / 2.0, middle), vec2(side, side));
    face.mark.paint(painter, square, face.colour, face.fill);
    let left = square.right() + size * 0.3;
    let corner = pos2(left, middle - size * 0.62);
    text(painter, corner, inside.right() - left, (face.word, tokens.strong(size), face.colour));

    let mut bottom = inside.bottom();
    if let Some(fraction) = face.fraction {
        let track = Rect::from_min_max(pos2(inside.left(), bottom - 4.0), inside.max);
        painter.rect_filled(track, 2.0, tokens.colours.field);
        painter.rect_filled(
            track.with_max_x(track.left() + track.width() * fraction),
            2.0,
            tokens.colours.running_fill,
        );
        bottom -= 6.0;
    }
    let about = pos2(inside.left(), bottom - small * 1.25);
    text(painter, about, inside.width(), (&face.about, FontId::proportional(small), face.quiet));
}

/// One line, cut where the room ends; returns its width.
fn text(painter: &Painter, corner: Pos2, room: f32, (text, font, colour): (&str, FontId, Color32)) -> f32 {
    if text.is_empty() {
        return 0.0;
    }
    let mut job = LayoutJob::single_section(text.to_owned(), TextFormat::simple(font, colour));
    job.wrap = TextWrapping::truncate_at_width(room.max(1.0));
    let galley = painter.layout_job(job);
    let width = galley.size().x;
    painter.galley(corner, galley, colour);
    width
}

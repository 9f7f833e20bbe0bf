//! All positions at a glance: a tile for each, to be read from three metres; or a row of small ones beside the detail.

use std::borrow::Cow;

use egui::text::{LayoutJob, TextFormat, TextWrapping};
use egui::{Color32, FontId, Painter, Pos2, Rect, Sense, Stroke, StrokeKind, Ui, Vec2, pos2, vec2};

use super::reasons;
use super::verdict::{fill, hatch, mark, remarks};
use crate::gui::command::Command;
use crate::gui::core::Core;
use crate::gui::pages::PageCtx;
use crate::gui::positions::Position;
use crate::gui::session::Link;
use crate::gui::texts::{self, words};
use crate::gui::tokens::Tokens;
use crate::gui::widgets::status::Mark;
use crate::procedure::{RunReport, Verdict};

/// Tiles are about so much wider than high.
const SHAPE: f32 = 1.5;
/// Tiles are no higher; a bench of two positions needs no letters over half the screen.
const HIGHEST: f32 = 300.0;
/// Tiles are no smaller: number, serial number, verdict and reason can be read.
const LEAST: Vec2 = vec2(124.0, 84.0);
/// Tiles in the row beside the detail are no narrower.
const LEAST_CHIP: f32 = 36.0;

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

/// Draws all tiles, in a view of that height, and returns how many stand beside each other. Where they do not fit they are as
/// small as can be read, and the one that is shown is brought into view.
pub(super) fn tiles_ui(ui: &mut Ui, page: &mut PageCtx<'_>, view: f32, in_view: &mut Option<usize>) -> usize {
    let gap = page.tokens.spacing.grid;
    let count = page.core.positions.all().len();
    let grid = Grid::of(count, vec2(ui.available_width(), view), gap);
    let area = Rect::from_min_size(ui.cursor().min, grid.size(gap));
    for (number, position) in page.core.positions.all().iter().enumerate() {
        let (column, row) = (number % grid.columns, number / grid.columns);
        let corner = area.min + vec2(column as f32, row as f32) * (grid.tile + vec2(gap, gap));
        let rect = Rect::from_min_size(corner, grid.tile);
        let face = face(page.core, page.tokens, number, position);
        if place_ui(ui, page, rect, (number, &face)) {
            tile(ui.painter(), page, rect, (number, position, &face));
        }
    }
    let shown = page.core.positions.shown();
    if in_view.replace(shown).is_some_and(|before| before != shown) {
        let row = (shown / grid.columns) as f32 * (grid.tile.y + gap);
        ui.scroll_to_rect(Rect::from_min_size(area.min + vec2(0.0, row), grid.tile).expand(gap), None);
    }
    ui.advance_cursor_after_rect(area);
    grid.columns
}

/// Tiles in rows.
#[derive(Debug)]
struct Grid {
    columns: usize,
    rows: usize,
    tile: Vec2,
}

impl Grid {
    fn of(count: usize, room: Vec2, gap: f32) -> Self {
        let most = (((room.x + gap) / (LEAST.x + gap)) as usize).clamp(1, count.max(1));
        let columns = columns(count, room, most);
        let rows = count.div_ceil(columns);
        let width = |room: f32, columns: usize| (room + gap) / columns as f32 - gap;
        let height = (room.y + gap) / rows as f32 - gap;
        if height >= LEAST.y {
            return Self { columns, rows, tile: vec2(width(room.x, columns), height.min(HIGHEST)) };
        }
        // With room for the bar that scrolls them.
        let room = room.x - gap * 1.5;
        let columns = (((room + gap) / (LEAST.x + gap)) as usize).clamp(1, most);
        Self { columns, rows: count.div_ceil(columns), tile: vec2(width(room, columns), LEAST.y) }
    }

    fn size(&self, gap: f32) -> Vec2 {
        vec2(self.columns as f32, self.rows as f32) * (self.tile + vec2(gap, gap)) - vec2(gap, gap)
    }
}

/// How many narrow tiles stand in a row of that width, and how high all rows are.
fn chips(page: &PageCtx<'_>, width: f32) -> (usize, f32) {
    let (grid, gap) = (page.tokens.spacing.grid, page.tokens.spacing.grid * 0.5);
    let count = page.core.positions.all().len().max(1);
    let columns = (((width + gap) / (LEAST_CHIP + gap)) as usize).clamp(1, count);
    let rows = count.div_ceil(columns);
    (count.div_ceil(rows), if rows == 1 { grid * 4.5 } else { rows as f32 * (grid * 3.0 + gap) - gap })
}

/// Draws a narrow tile for each position, in one row where there is room; returns how high they are.
pub(super) fn chips_ui(ui: &mut Ui, page: &mut PageCtx<'_>, area: Rect) -> f32 {
    let tokens = page.tokens;
    let gap = tokens.spacing.grid * 0.5;
    let count = page.core.positions.all().len();
    let (columns, height) = chips(page, area.width());
    let rows = count.div_ceil(columns).max(1);
    let width = ((area.width() + gap) / columns as f32 - gap).min(tokens.spacing.grid * 12.0);
    let size = vec2(width, (height + gap) / rows as f32 - gap);
    for (number, position) in page.core.positions.all().iter().enumerate() {
        let place = vec2((number % columns) as f32, (number / columns) as f32);
        let rect = Rect::from_min_size(area.min + place * (size + vec2(gap, gap)), size);
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
    ui.advance_cursor_after_rect(area.with_max_y(area.top() + height));
    height
}

/// As many columns as give the largest tiles, and no holes where that costs little.
fn columns(count: usize, room: Vec2, most: usize) -> usize {
    let size = |columns: usize| {
        let rows = count.div_ceil(columns);
        let filled = count as f32 / (rows * columns) as f32;
        (room.x / columns as f32 / SHAPE).min(room.y / rows as f32) * filled
    };
    (1..=most).max_by(|one, other| size(*one).total_cmp(&size(*other))).unwrap_or(1)
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
            (None, None) => worth_a_look(report),
        };
        let fill = fill(tokens, report);
        let strong = matches!(report.verdict, Verdict::Pass | Verdict::Fail | Verdict::Error);
        let front = if strong { colours.text_on_strong } else { colours.text };
        let (mark, word) = (mark(report), words::verdict(report.verdict));
        return Face { mark, word, colour: front, fill, front, quiet: front, about, verdict: true, ..plain };
    }
    if run.running && run.used() {
        let fraction = Some(run.fraction());
        let about = run.active().map_or(Cow::Borrowed(""), |step| words::step(&step.title));
        return match (run.trouble(), run.working()) {
            (Some(verdict), _) => {
                let colour = tokens.verdict(verdict);
                let about = if about.is_empty() { Cow::Borrowed(last_detail(run)) } else { about };
                Face {
                    mark: Mark::of(verdict),
                    word: words::verdict(verdict),
                    colour,
                    about,
                    fraction,
                    verdict: true,
                    ..plain
                }
            }
            (None, _) if about.is_empty() => {
                let about = match run.coming() {
                    None if !run.steps.is_empty() => t!("for the result"),
                    _ if run.fraction() > 0.0 => t!("for the others"),
                    _ => t!("for the start"),
                };
                let about = Cow::Borrowed(about);
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

/// The first thing that failed, in words, or else the first value that passed by little.
fn worth_a_look(report: &RunReport) -> Cow<'_, str> {
    if let Some(first) = reasons::failures(report).into_iter().next() {
        return first.into();
    }
    let Some(near) = report.measurements.iter().find(|done| done.marginal) else { return "".into() };
    let (name, value, load_point) = (words::measured(&near.name), reasons::value(near), &near.load_point);
    t!("MARGINAL {name} {value} at {load_point}", name, value, load_point).into()
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
    let inside = rect.shrink(tokens.spacing.grid * 1.1);
    let small = (rect.height() * 0.1).clamp(sizes.secondary, sizes.heading * 1.4);
    let head = small * 1.25;
    let mut bottom = inside.bottom();
    let track = Rect::from_min_max(pos2(inside.left(), bottom - 4.0), inside.max);
    if face.fraction.is_some() {
        bottom -= 6.0;
    }
    // The higher a tile is, the more of a long reason is read.
    let rows = if face.about.is_empty() { 1 } else { ((rect.height() / (small * 5.0)) as usize).clamp(1, 4) };
    let about = paragraph(painter, &face.about, (FontId::proportional(small), face.quiet), (inside.width(), rows));
    let word_band = Rect::from_min_max(
        pos2(rect.left() + 3.0, inside.top() + head * 1.3),
        pos2(rect.right() - 3.0, bottom - about.size().y.max(small * 1.2) - 2.0),
    );
    let simulated = position.run.result().filter(|_| page.core.resulted).is_some_and(|report| report.simulated);
    if simulated {
        hatch(&painter.with_clip_rect(word_band), word_band, tokens.colours.hatch);
    }
    let label = painter.layout_no_wrap((number + 1).to_string(), tokens.strong(head), face.front);
    let left = inside.left() + label.size().x + tokens.spacing.grid;
    painter.galley(inside.left_top(), label, face.front);
    serial_number(painter, pos2(left, inside.top()), inside.right(), (serial(page.core, position), head, face, tokens));

    let share = if face.verdict { 0.2 } else { 0.125 };
    let most = (inside.width() * share).clamp(sizes.heading, sizes.verdict).min(word_band.height());
    let word = |size: f32| painter.layout_no_wrap(face.word.to_owned(), tokens.strong(size), face.colour);
    // Mark and word share the width; a word is never cut.
    let size = most * (inside.width() / (word(most).size().x + most * 1.02)).min(1.0);
    let side = size * 0.72;
    let middle = word_band.center().y;
    let square = Rect::from_center_size(pos2(inside.left() + side / 2.0, middle), vec2(side, side));
    face.mark.paint(painter, square, face.colour, face.fill);
    painter.galley(pos2(square.right() + size * 0.3, middle - size * 0.62), word(size), face.colour);

    painter.galley(pos2(inside.left(), bottom - about.size().y), about, face.quiet);
    if let Some(fraction) = face.fraction {
        painter.rect_filled(track, 2.0, tokens.colours.field);
        let done = track.with_max_x(track.left() + track.width() * fraction);
        painter.rect_filled(done, 2.0, tokens.colours.running_fill);
    }
}

/// A serial number in a line that ends at `right`. Its end tells units apart: where it does not fit it gets smaller, then it
/// loses its beginning.
fn serial_number(
    painter: &Painter,
    corner: Pos2,
    right: f32,
    (text, size, face, tokens): (&str, f32, &Face<'_>, &Tokens),
) {
    let width = |size: f32| painter.layout_no_wrap("0".to_owned(), FontId::monospace(size), face.front).size().x;
    let letters = text.chars().count();
    let fitting = size * (right - corner.x) / (width(size) * letters.max(1) as f32);
    let size = fitting.min(size).max(tokens.sizes.secondary);
    // A hair's breadth is no reason to cut.
    let room = ((right - corner.x + 0.5) / width(size)) as usize;
    let galley = painter.layout_no_wrap(ending(text, room).into_owned(), FontId::monospace(size), face.front);
    painter.galley(corner, galley, face.front);
}

/// A text in so many letters, without its beginning where it is longer.
fn ending(text: &str, room: usize) -> Cow<'_, str> {
    let letters = text.chars().count();
    if letters <= room {
        return text.into();
    }
    let rest = text.chars().skip(letters + 1 - room.clamp(1, letters));
    std::iter::once('…').chain(rest).collect::<String>().into()
}

/// Lines of text, cut where their room ends.
fn paragraph(
    painter: &Painter,
    text: &str,
    (font, colour): (FontId, Color32),
    (width, rows): (f32, usize),
) -> std::sync::Arc<egui::Galley> {
    let mut job = LayoutJob::single_section(text.to_owned(), TextFormat::simple(font, colour));
    job.wrap = TextWrapping { max_width: width.max(8.0), max_rows: rows, ..TextWrapping::default() };
    painter.layout_job(job)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_serial_number_is_never_lost() {
        assert_eq!(ending("OSM2026-000114", 14), "OSM2026-000114");
        assert_eq!(ending("OSM2026-000114", 11), "…026-000114");
        assert_eq!(ending("OSM2026-000114", 1), "…");
        assert_eq!(ending("OSM2026-000114", 0), "…");
        assert_eq!(ending("", 0), "");
    }

    #[test]
    fn tiles_are_never_smaller_than_can_be_read() {
        for count in 1..=24 {
            for room in
                [vec2(100.0, 60.0), vec2(550.0, 60.0), vec2(550.0, 150.0), vec2(1050.0, 470.0), vec2(3800.0, 2000.0)]
            {
                let grid = Grid::of(count, room, 8.0);
                assert!(grid.columns * grid.rows >= count, "{grid:?}");
                assert!(grid.tile.y >= LEAST.y, "{count} in {room:?}: {grid:?}");
                assert!(grid.tile.x >= LEAST.x || grid.columns == 1, "{count} in {room:?}: {grid:?}");
                assert!(grid.size(8.0).x <= room.x + 0.1, "{count} in {room:?}: {grid:?}");
            }
        }
        let grid = Grid::of(24, vec2(1050.0, 470.0), 8.0);
        assert!(grid.size(8.0).y <= 470.1, "they fit at 1280x720: {grid:?}");
    }
}

//! Rows of cells that are painted: a row is one thing to choose, and one thing for a screen reader to say.

use std::sync::Arc;

use egui::{
    Align2, Color32, FontId, Galley, Painter, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, UiBuilder,
    WidgetInfo, pos2, vec2,
};

use crate::gui::pages::bench::verdict::hatch;
use crate::gui::texts;
use crate::gui::texts::words;
use crate::gui::tokens::Tokens;
use crate::gui::widgets::elided::{elided, ending};
use crate::gui::widgets::error_bar::{Begin, bar_ui};
use crate::gui::widgets::status::Mark;
use crate::procedure::Verdict;
use crate::record::flashing::Outcome;

const GAP: f32 = 10.0;

/// A column as it is wanted.
#[derive(Clone, Copy)]
pub(super) struct Column {
    /// Its heading, marked to be translated.
    pub head: &'static str,
    /// Least width in points.
    pub least: f32,
    /// Its part of what is left.
    pub share: f32,
    /// Numbers stand to the right.
    pub right: bool,
}

impl Column {
    pub(super) const fn left(head: &'static str, least: f32, share: f32) -> Self {
        Self { head, least, share, right: false }
    }

    pub(super) const fn right(head: &'static str, least: f32, share: f32) -> Self {
        Self { head, least, share, right: true }
    }
}

/// Columns in the room there is.
pub(super) struct Columns {
    spans: Vec<(f32, f32, Column)>,
    pub width: f32,
}

impl Columns {
    /// Shares out the room; no column is narrower than it must be.
    pub(super) fn fit(wanted: &[Column], room: f32) -> Self {
        let least = least(wanted);
        let shares: f32 = wanted.iter().map(|column| column.share).sum::<f32>().max(1e-6);
        let rest = (room - least).max(0.0);
        let mut at = GAP / 2.0;
        let spans = wanted
            .iter()
            .map(|column| {
                let (start, width) = (at, column.least + rest * column.share / shares);
                at += width + GAP;
                (start, width, *column)
            })
            .collect();
        Self { spans, width: least.max(room) }
    }
}

/// The columns with the room that their headings and cells need, so that no figure ends in a sign that there is more.
pub(super) fn filled<'a>(
    ui: &Ui,
    tokens: &Tokens,
    wanted: &[Column],
    rows: impl Iterator<Item = &'a [Cell]>,
) -> Vec<Column> {
    let wide =
        |text: &str, font| ui.painter().layout_no_wrap(text.to_owned(), font, tokens.colours.text).size().x.ceil();
    let head = |column: &Column| wide(texts::of(column.head), FontId::proportional(tokens.sizes.secondary));
    let mut columns: Vec<Column> =
        wanted.iter().map(|column| Column { least: column.least.max(head(column)), ..*column }).collect();
    for row in rows {
        for (column, cell) in columns.iter_mut().zip(row) {
            let needed = match cell {
                Cell::Text(text) | Cell::Serial(text) | Cell::Quiet(text) | Cell::In(_, text) => {
                    wide(text, FontId::proportional(tokens.sizes.body))
                }
                Cell::Verdict(verdict, simulated) => {
                    Marked::of(ui.painter(), tokens, verdict_sign(tokens, *verdict), *simulated).width(tokens)
                }
                Cell::Outcome(outcome, simulated) => {
                    Marked::of(ui.painter(), tokens, outcome_sign(tokens, *outcome), *simulated).width(tokens)
                }
                Cell::Mono(_) | Cell::Bar(..) | Cell::Filled(..) => continue,
            };
            column.least = column.least.max(needed);
        }
    }
    columns
}

/// The width that these columns need.
pub(super) fn least(columns: &[Column]) -> f32 {
    columns.iter().map(|column| column.least + GAP).sum()
}

/// What stands in a cell.
#[derive(Clone, Debug)]
pub(super) enum Cell {
    /// Words.
    Text(String),
    /// A serial number; what tells it from the others is its end.
    Serial(String),
    /// Words that explain, or nothing to show.
    Quiet(String),
    /// Hexadecimal digits.
    Mono(String),
    /// Words in a colour of their own.
    In(Color32, String),
    /// Shape and word; hatched where it was simulated.
    Verdict(Verdict, bool),
    /// The same of a flashing.
    Outcome(Outcome, bool),
    /// How far a value is from its limits: the value and the limit, both from where the bar begins.
    Bar(Begin, Option<f64>, Option<f64>),
    /// A share of the cell filled, with words over it.
    Filled(f64, Color32, String),
}

/// Draws the headings.
pub(super) fn head_ui(ui: &mut Ui, tokens: &Tokens, columns: &Columns) {
    let (rect, response) = ui.allocate_exact_size(vec2(columns.width, tokens.spacing.grid * 2.75), Sense::hover());
    let heads: Vec<&str> = columns.spans.iter().map(|(.., column)| texts::of(column.head)).collect();
    let said = || heads.iter().copied().filter(|head| !head.is_empty()).collect::<Vec<_>>().join(", ");
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, said()));
    let font = FontId::proportional(tokens.sizes.secondary);
    for ((start, width, column), head) in columns.spans.iter().zip(&heads) {
        let galley = elided(ui.painter(), head, font.clone(), tokens.colours.text_quiet, *width);
        let (x, anchor) =
            if column.right { (start + width, Align2::RIGHT_CENTER) } else { (*start, Align2::LEFT_CENTER) };
        let place = anchor.anchor_size(pos2(rect.left() + x, rect.center().y), galley.size());
        ui.painter().galley(place.min, galley, Color32::PLACEHOLDER);
    }
    ui.painter().hline(rect.x_range(), rect.bottom(), Stroke::new(1.0, tokens.colours.line));
}

/// Whether a row can be chosen, and is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// It is to be read only.
    None,
    /// It can be chosen.
    Open,
    /// It is chosen.
    Chosen,
}

/// Draws a row of this height; `label` is what a screen reader says of it.
pub(super) fn row_ui(
    ui: &mut Ui,
    tokens: &Tokens,
    columns: &Columns,
    (cells, label): (&[Cell], &str),
    (height, choice): (f32, Choice),
) -> Response {
    let colours = &tokens.colours;
    let sense = if choice == Choice::None { Sense::hover() } else { Sense::click() };
    let (rect, response) = ui.allocate_exact_size(vec2(columns.width, height), sense);
    response.widget_info(|| match choice {
        Choice::None => WidgetInfo::labeled(Role::Label, true, label),
        _ => WidgetInfo::selected(Role::Button, true, choice == Choice::Chosen, label),
    });
    if !ui.is_rect_visible(rect) {
        return response;
    }
    if choice == Choice::Chosen || choice == Choice::Open && response.hovered() {
        ui.painter().rect_filled(rect, 3.0, colours.neutral_fill);
    }
    if choice == Choice::Chosen {
        ui.painter().rect_filled(Rect::from_min_size(rect.min, vec2(3.0, height)), 1.0, colours.accent);
    }
    if response.has_focus() {
        ui.painter().rect_stroke(rect, 3.0, Stroke::new(2.0, colours.accent), StrokeKind::Inside);
    }
    for ((start, width, column), cell) in columns.spans.iter().zip(cells) {
        let room = Rect::from_min_size(pos2(rect.left() + start, rect.top()), vec2(*width, height));
        cell_ui(ui, tokens, room, cell, column.right);
    }
    response
}

fn cell_ui(ui: &mut Ui, tokens: &Tokens, room: Rect, cell: &Cell, right: bool) {
    let colours = &tokens.colours;
    let plain = FontId::proportional(tokens.sizes.body);
    let end;
    let (text, font, colour) = match cell {
        Cell::Text(text) => (text.as_str(), plain, colours.text),
        Cell::Serial(text) => {
            end = ending(ui.painter(), text, &plain, room.width());
            (end.as_ref(), plain, colours.text)
        }
        Cell::Quiet(text) => (text.as_str(), plain, colours.text_quiet),
        Cell::Mono(text) => (text.as_str(), FontId::monospace(tokens.sizes.body), colours.text),
        Cell::In(colour, text) => (text.as_str(), plain, *colour),
        Cell::Verdict(verdict, simulated) => {
            return marked_ui(ui, tokens, room, verdict_sign(tokens, *verdict), *simulated);
        }
        Cell::Outcome(outcome, simulated) => {
            return marked_ui(ui, tokens, room, outcome_sign(tokens, *outcome), *simulated);
        }
        Cell::Bar(begin, value, limit) => {
            let (size, from) = ((room.width(), room.height()), (*value, *limit));
            ui.scope_builder(UiBuilder::new().max_rect(room), |ui| bar_ui(ui, tokens, size, *begin, from));
            return;
        }
        Cell::Filled(share, fill, text) => {
            let bar = room.shrink2(vec2(0.0, 3.0));
            let filled = bar.with_max_x(bar.left() + bar.width() * share.clamp(0.0, 1.0) as f32);
            ui.painter().rect_filled(bar, 2.0, colours.neutral_fill);
            ui.painter().rect_filled(filled, 2.0, *fill);
            (text.as_str(), plain, colours.text)
        }
    };
    let galley = elided(ui.painter(), text, font, colour, room.width());
    let place = if right {
        Align2::RIGHT_CENTER.anchor_size(room.right_center(), galley.size())
    } else {
        Align2::LEFT_CENTER.anchor_size(room.left_center(), galley.size())
    };
    ui.painter().galley(place.min, galley, Color32::PLACEHOLDER);
}

/// How something ended: shape, colour, word.
type Sign = (Mark, Color32, &'static str);

fn verdict_sign(tokens: &Tokens, verdict: Verdict) -> Sign {
    (Mark::of(verdict), tokens.verdict(verdict), words::verdict(verdict))
}

/// The same of a flashing.
pub(super) fn outcome_sign(tokens: &Tokens, outcome: Outcome) -> Sign {
    let colours = &tokens.colours;
    match outcome {
        Outcome::Verified => (Mark::Tick, colours.pass, t!("VERIFIED")),
        Outcome::Written => (Mark::Ring, colours.attention, t!("WRITTEN")),
        Outcome::Failed => (Mark::Triangle, colours.attention, t!("FAILED")),
        Outcome::Cancelled => (Mark::Bar, colours.text_quiet, t!("CANCELLED")),
    }
}

/// Room for the stripes behind the words of what was simulated, in units of the grid.
const STRIPES: f32 = 1.5;

/// The words of a marked cell, laid out without regard for the room they get.
struct Marked {
    said: Arc<Galley>,
    simulated: Option<Arc<Galley>>,
}

impl Marked {
    fn of(painter: &Painter, tokens: &Tokens, (_, colour, said): Sign, simulated: bool) -> Self {
        let word = |text: &str, size: f32, colour: Color32| {
            painter.layout_no_wrap(text.to_owned(), tokens.strong(size), colour)
        };
        let simulated = simulated.then(|| word(t!("SIMULATED"), tokens.sizes.secondary, tokens.colours.simulated));
        Self { said: word(said, tokens.sizes.body, colour), simulated }
    }

    /// From the left side of the cell to the first word: the shape.
    fn lead(tokens: &Tokens) -> f32 {
        tokens.sizes.body + 2.0 + Self::gap(tokens)
    }

    fn gap(tokens: &Tokens) -> f32 {
        tokens.spacing.grid * 0.75
    }

    /// Where the words end, from the left side of the cell.
    fn words_end(&self, tokens: &Tokens) -> f32 {
        let more = self.simulated.as_ref().map_or(0.0, |word| word.size().x + Self::gap(tokens));
        Self::lead(tokens) + self.said.size().x + more
    }

    /// The room all of it needs.
    fn width(&self, tokens: &Tokens) -> f32 {
        let stripes = if self.simulated.is_some() { Self::gap(tokens) + tokens.spacing.grid * STRIPES } else { 0.0 };
        (self.words_end(tokens) + stripes).ceil()
    }
}

/// The room that the longest verdict needs where it was simulated.
pub(super) fn verdicts_width(ui: &Ui, tokens: &Tokens) -> f32 {
    // What was not run is kept as an error.
    let all = [Verdict::Pass, Verdict::Fail, Verdict::Error, Verdict::Aborted];
    let width = |verdict: Verdict| Marked::of(ui.painter(), tokens, verdict_sign(tokens, verdict), true).width(tokens);
    all.into_iter().map(width).fold(0.0, f32::max)
}

fn marked_ui(ui: &Ui, tokens: &Tokens, room: Rect, sign: Sign, simulated: bool) {
    let (mark, colour, _) = sign;
    let painter = ui.painter().with_clip_rect(ui.clip_rect().intersect(room.expand2(vec2(GAP / 2.0, 0.0))));
    let marked = Marked::of(&painter, tokens, sign, simulated);
    if simulated {
        let end = room.left() + marked.words_end(tokens) + Marked::gap(tokens);
        simulated_band(&painter, tokens, room.expand2(vec2(GAP / 4.0, -2.0)), end);
    }
    let side = tokens.sizes.body;
    let square = Rect::from_center_size(pos2(room.left() + side / 2.0 + 2.0, room.center().y), vec2(side, side));
    mark.paint(&painter, square, colour, tokens.colours.card);
    let mut from = room.left() + Marked::lead(tokens);
    for galley in std::iter::once(marked.said).chain(marked.simulated) {
        let place = Align2::LEFT_CENTER.anchor_size(pos2(from, room.center().y), galley.size());
        painter.galley(place.min, galley, Color32::PLACEHOLDER);
        from = place.right() + Marked::gap(tokens);
    }
}

/// The sign of what was not measured: stripes from `end` on, behind the words. Stripes behind letters take their contrast.
fn simulated_band(painter: &Painter, tokens: &Tokens, band: Rect, end: f32) {
    painter.rect_filled(band, 2.0, tokens.colours.simulated_fill);
    if end >= band.right() {
        return;
    }
    let striped = band.with_min_x(end);
    let stripes = tokens.colours.simulated.gamma_multiply(0.35);
    hatch(&painter.with_clip_rect(painter.clip_rect().intersect(striped)), striped, stripes);
}

/// A band across the page that says what was not measured.
pub(super) fn simulated_ui(ui: &mut Ui, tokens: &Tokens, words: &str) {
    let size = vec2(ui.available_width(), tokens.spacing.grid * 4.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, words));
    let font = tokens.strong(tokens.sizes.body);
    let room = rect.shrink2(vec2(tokens.spacing.grid, 0.0));
    let galley = elided(ui.painter(), words, font, tokens.colours.simulated, room.width());
    let words_end = room.left() + galley.size().x + tokens.spacing.grid;
    let third = rect.right() - (rect.width() * 0.4 - tokens.spacing.grid * 5.0);
    simulated_band(ui.painter(), tokens, rect, words_end.max(third));
    let place = Align2::LEFT_CENTER.anchor_size(room.left_center(), galley.size());
    ui.painter().galley(place.min, galley, Color32::PLACEHOLDER);
}

//! States as shape and word, never by colour alone.

use egui::{Color32, Painter, Pos2, Rect, RichText, Sense, Shape, Stroke, Ui, pos2, vec2};

use crate::gui::tokens::Tokens;
use crate::procedure::Verdict;

/// A shape that means something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// A filled circle with a tick: good.
    Tick,
    /// A filled square on its corner with a tick: good, and near to what is not accepted.
    Diamond,
    /// A filled square with a cross: out of limits.
    Cross,
    /// A filled triangle with a bar: could not be done.
    Triangle,
    /// A bar: stopped.
    Bar,
    /// A triangle that points on: goes on.
    Play,
    /// An empty circle: nothing yet.
    Ring,
}

impl Mark {
    /// The shape of a verdict.
    #[must_use]
    pub const fn of(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Pass => Self::Tick,
            Verdict::Fail => Self::Cross,
            Verdict::Error => Self::Triangle,
            Verdict::Aborted => Self::Bar,
            Verdict::NotRun => Self::Ring,
        }
    }

    /// Draws the shape into a square; `inside` is the colour of what is cut out of it.
    pub fn paint(self, painter: &Painter, square: Rect, colour: Color32, inside: Color32) {
        let size = square.width().min(square.height());
        let at = |x: f32, y: f32| square.center() + vec2(x, y) * size;
        let pen = Stroke::new(size * 0.1, inside);
        let line = |points: Vec<Pos2>| painter.add(Shape::line(points, pen));
        let filled = |points: Vec<Pos2>| painter.add(Shape::convex_polygon(points, colour, Stroke::NONE));
        match self {
            Self::Tick => {
                painter.circle_filled(square.center(), size * 0.48, colour);
                line(vec![at(-0.22, 0.02), at(-0.06, 0.18), at(0.24, -0.16)]);
            }
            Self::Diamond => {
                filled(vec![at(0.0, -0.5), at(0.5, 0.0), at(0.0, 0.5), at(-0.5, 0.0)]);
                line(vec![at(-0.18, 0.02), at(-0.04, 0.16), at(0.2, -0.14)]);
            }
            Self::Cross => {
                painter.rect_filled(
                    Rect::from_center_size(square.center(), vec2(size, size) * 0.9),
                    size * 0.1,
                    colour,
                );
                line(vec![at(-0.22, -0.22), at(0.22, 0.22)]);
                line(vec![at(0.22, -0.22), at(-0.22, 0.22)]);
            }
            Self::Triangle => {
                filled(vec![at(0.0, -0.46), at(0.5, 0.42), at(-0.5, 0.42)]);
                line(vec![at(0.0, -0.16), at(0.0, 0.14)]);
                painter.circle_filled(at(0.0, 0.28), size * 0.06, inside);
            }
            Self::Bar => {
                painter.rect_filled(
                    Rect::from_center_size(square.center(), vec2(0.9, 0.3) * size),
                    size * 0.06,
                    colour,
                );
            }
            Self::Play => {
                filled(vec![at(-0.32, -0.42), at(0.46, 0.0), at(-0.32, 0.42)]);
            }
            Self::Ring => {
                painter.circle_stroke(square.center(), size * 0.36, Stroke::new((size * 0.12).max(1.0), colour));
            }
        }
    }
}

/// A shape of the line's height.
pub fn mark_ui(ui: &mut Ui, tokens: &Tokens, mark: Mark, colour: Color32) {
    let side = tokens.sizes.body;
    let (rect, _) = ui.allocate_exact_size(vec2(side, side), Sense::hover());
    let rect = Rect::from_center_size(pos2(rect.center().x, rect.center().y.round()), rect.size());
    mark.paint(ui.painter(), rect, colour, tokens.colours.card);
}

/// Name, shape and word of one state, as in "Meter ● connected".
pub fn status_ui(
    ui: &mut Ui,
    tokens: &Tokens,
    name: &str,
    (mark, colour): (Mark, Color32),
    word: &str,
) -> egui::Response {
    let row = ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = tokens.spacing.grid * 0.75;
        mark_ui(ui, tokens, mark, colour);
        ui.label(RichText::new(name).color(tokens.colours.text_quiet));
        if !word.is_empty() {
            ui.label(RichText::new(word).color(tokens.colours.text));
        }
    });
    row.response
}

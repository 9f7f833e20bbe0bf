//! An error as a bar from zero with its limits, so that one sees how far a value is from its limit without reading.

use egui::{Rect, Sense, Stroke, Ui, pos2, vec2};

use crate::gui::tokens::Tokens;

/// The limits stand so far out; beyond is room for what fails.
const LIMIT_AT: f32 = 0.6;

/// Where a bar begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// In the middle: values lie on both sides, and the limit is one of each.
    Middle,
    /// On the left: no value is below it.
    Left,
}

/// Draws the bar of an error. `error` and `limit` are in percent; without a limit there is nothing to judge and the bar is grey.
pub fn error_bar_ui(ui: &mut Ui, tokens: &Tokens, size: (f32, f32), error: Option<f64>, limit: Option<f64>) {
    bar_ui(ui, tokens, size, Begin::Middle, (error, limit));
}

/// Draws the bar of a value and its limit, both from where the bar begins, in the same unit.
pub fn bar_ui(
    ui: &mut Ui,
    tokens: &Tokens,
    size: (f32, f32),
    begin: Begin,
    (value, limit): (Option<f64>, Option<f64>),
) {
    let (rect, _) = ui.allocate_exact_size(vec2(size.0, size.1), Sense::hover());
    let track = Rect::from_center_size(rect.center(), vec2(rect.width(), (rect.height() * 0.3).clamp(6.0, 10.0)));
    let painter = ui.painter();
    let colours = &tokens.colours;
    painter.rect_filled(track, 2.0, colours.neutral_fill);
    let (zero, sides) = match begin {
        Begin::Middle => (track.center().x, [-1.0, 1.0].as_slice()),
        Begin::Left => (track.left(), [1.0].as_slice()),
    };
    // Limits on the right stand at the same place, wherever a bar begins.
    let right = track.center().x + track.width() / 2.0 * LIMIT_AT;
    if let (Some(value), Some(limit)) = (value, limit.filter(|limit| *limit > 0.0)) {
        let x = (zero + (value / limit) as f32 * (right - zero)).clamp(track.left(), track.right());
        let outside = value.abs() > limit;
        let bar = Rect::from_x_y_ranges(zero.min(x)..=zero.max(x), track.y_range());
        painter.rect_filled(bar, 0.0, if outside { colours.fail } else { colours.pass });
        let pointer = Rect::from_center_size(pos2(x, track.center().y), vec2(3.0, track.height() + 6.0));
        painter.rect_filled(pointer, 1.0, if outside { colours.fail } else { colours.text });
    }
    for side in sides {
        if limit.is_some() {
            let x = zero + side * (right - zero);
            painter.vline(x, track.y_range().expand(4.0), Stroke::new(1.0, colours.text_quiet));
        }
    }
    painter.vline(zero, track.y_range().expand(2.0), Stroke::new(1.0, colours.text_quiet));
}

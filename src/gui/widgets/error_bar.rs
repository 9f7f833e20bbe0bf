//! An error as a bar from zero with its limits, so that one sees how far a value is from its limit without reading.

use egui::{Rect, Sense, Stroke, Ui, pos2, vec2};

use crate::gui::tokens::Tokens;

/// The limits stand so far out; beyond is room for what fails.
const LIMIT_AT: f32 = 0.6;

/// Draws the bar. `error` and `limit` are in percent; without a limit there is nothing to judge and the bar is grey.
pub fn error_bar_ui(ui: &mut Ui, tokens: &Tokens, size: (f32, f32), error: Option<f64>, limit: Option<f64>) {
    let (rect, _) = ui.allocate_exact_size(vec2(size.0, size.1), Sense::hover());
    let track = Rect::from_center_size(rect.center(), vec2(rect.width(), (rect.height() * 0.3).clamp(6.0, 10.0)));
    let painter = ui.painter();
    let colours = &tokens.colours;
    painter.rect_filled(track, 2.0, colours.neutral_fill);
    let half = track.width() / 2.0;
    let middle = track.center();
    if let (Some(error), Some(limit)) = (error, limit.filter(|limit| *limit > 0.0)) {
        let end = (error / limit) as f32 * LIMIT_AT * half;
        let x = middle.x + end.clamp(-half, half);
        let outside = error.abs() > limit;
        let bar = Rect::from_x_y_ranges(middle.x.min(x)..=middle.x.max(x), track.y_range());
        painter.rect_filled(bar, 0.0, if outside { colours.fail } else { colours.pass });
        let pointer = Rect::from_center_size(pos2(x, middle.y), vec2(3.0, track.height() + 6.0));
        painter.rect_filled(pointer, 1.0, if outside { colours.fail } else { colours.text });
    }
    for side in [-1.0, 1.0] {
        if limit.is_some() {
            let x = middle.x + side * half * LIMIT_AT;
            painter.vline(x, track.y_range().expand(4.0), Stroke::new(1.0, colours.text_quiet));
        }
    }
    painter.vline(middle.x, track.y_range().expand(2.0), Stroke::new(1.0, colours.text_quiet));
}

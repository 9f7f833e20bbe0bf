//! Verdict, readings, plot and registers of one position, in shares of the room there is; where that is too little, they scroll.

use egui::{Rect, ScrollArea, Ui, UiBuilder, pos2, vec2};

use super::{live, plot, registers, verdict};
use crate::gui::pages::PageCtx;
use crate::gui::widgets::card;

/// Results narrower than this have the registers beside the plot, not below it.
const NARROW: f32 = 860.0;
/// Still narrower ones have all three below each other.
const NARROWEST: f32 = 520.0;
/// Readings are no lower.
const UPPER_HEIGHT: f32 = 220.0;
/// What is below them is no lower; where both do not fit, the results scroll.
const LOWER_HEIGHT: f32 = 150.0;
/// A plot below the readings alone is so high.
const PLOT_HEIGHT: f32 = 200.0;
/// So much is to be seen below a verdict that stands still; a higher one scrolls with the rest.
const LEAST_BELOW: f32 = 130.0;

pub(super) fn results_ui(ui: &mut Ui, page: &PageCtx<'_>) {
    let tokens = page.tokens;
    let gap = tokens.spacing.grid * 1.25;
    let room = ui.available_rect_before_wrap();
    let height = verdict::height(ui, page, room.size());
    if height + gap + LEAST_BELOW > room.height() {
        // Each result is shown from its beginning, however far the last one was scrolled.
        let area = ScrollArea::vertical().id_salt(("results", page.core.turn)).auto_shrink([false, false]);
        area.show(ui, |ui| {
            let width = room.width() - tokens.spacing.grid * 1.5;
            let height = verdict::height(ui, page, vec2(width, room.height()));
            let banner = Rect::from_min_size(ui.cursor().min, vec2(width, height));
            verdict::verdict_ui(ui, page, banner, room.height());
            let size = vec2(width, least_height(tokens.spacing.grid, width));
            let area = Rect::from_min_size(pos2(banner.left(), banner.bottom() + gap), size);
            numbers_ui(ui, page, area);
            ui.advance_cursor_after_rect(banner.union(area));
        });
        return;
    }
    let (banner, rest) = room.split_top_bottom_at_y(room.top() + height);
    verdict::verdict_ui(ui, page, banner, room.height());
    let rest = Rect::from_min_max(rest.min + vec2(0.0, gap), rest.max);
    ui.scope_builder(UiBuilder::new().max_rect(rest), |ui| {
        ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
            let least = least_height(tokens.spacing.grid, rest.width());
            let scrolls = rest.height() < least;
            let width = rest.width() - if scrolls { tokens.spacing.grid * 1.5 } else { 0.0 };
            let area = Rect::from_min_size(ui.cursor().min, vec2(width, rest.height().max(least)));
            numbers_ui(ui, page, area);
            ui.advance_cursor_after_rect(area);
        });
    });
}

/// All but the verdict need so much height.
fn least_height(grid: f32, width: f32) -> f32 {
    let gap = grid * 1.25;
    if width < NARROWEST {
        live::NARROW_HEIGHT + gap + PLOT_HEIGHT + gap + LOWER_HEIGHT
    } else {
        UPPER_HEIGHT + gap + LOWER_HEIGHT
    }
}

/// All but the verdict. The registers' words need width, the plot does not.
fn numbers_ui(ui: &mut Ui, page: &PageCtx<'_>, area: Rect) {
    let gap = page.tokens.spacing.grid * 1.25;
    let below = |rect: Rect, y: f32| {
        let (upper, lower) = rect.split_top_bottom_at_y(y);
        (upper, lower.with_min_y(lower.top() + gap))
    };
    let beside = |rect: Rect, x: f32| {
        let (left, right) = rect.split_left_right_at_x(x);
        (left, right.with_min_x(right.left() + gap))
    };
    let (live, plot, registers) = if area.width() < NARROWEST {
        let (live, rest) = below(area, area.top() + live::NARROW_HEIGHT);
        let (plot, registers) = below(rest, rest.top() + PLOT_HEIGHT);
        (live, plot, registers)
    } else if area.width() < NARROW {
        let (live, rest) = below(area, area.top() + UPPER_HEIGHT);
        let (plot, registers) = beside(rest, rest.left() + rest.width() * 0.45);
        (live, plot, registers)
    } else {
        let (upper, registers) = below(area, area.top() + (area.height() * 0.52).max(UPPER_HEIGHT));
        let (live, plot) = beside(upper, upper.left() + (upper.width() * 0.6).clamp(500.0, 900.0));
        (live, plot, registers)
    };
    in_card_ui(ui, page, live, |ui| live::live_ui(ui, page));
    in_card_ui(ui, page, plot, |ui| plot::plot_ui(ui, page));
    in_card_ui(ui, page, registers, |ui| registers::registers_ui(ui, page));
}

pub(super) fn in_card_ui(ui: &mut Ui, page: &PageCtx<'_>, rect: Rect, content: impl FnOnce(&mut Ui)) {
    let margin = page.tokens.spacing.card;
    ui.scope_builder(UiBuilder::new().max_rect(rect), |ui| {
        ui.set_clip_rect(rect.expand(1.0).intersect(ui.clip_rect()));
        ui.painter().add(card::frame(page.tokens).paint(rect.shrink(margin + 1.0)));
        ui.scope_builder(UiBuilder::new().max_rect(rect.shrink(margin)), content);
    });
}

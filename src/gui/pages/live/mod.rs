//! The live page: meter and reference side by side, their vectors, how the reference, the chip and the bus do, and the last
//! hour as a plot.
//!
//! It draws what [`crate::gui::watch_view`] knows. While it is shown and nothing runs, the application has the station's
//! thread read everything; while a run goes on, the page shows what the run reads.

use egui::{CentralPanel, Frame, Margin, Rect, ScrollArea, Ui, UiBuilder, pos2, vec2};

use super::PageCtx;
use crate::gui::widgets::card;

mod columns;
mod numbers;
mod plot;
mod reasons;
mod state;
mod vector;

pub use plot::Show;

use plot::PlotView;

/// From this width on numbers and vectors stand side by side.
const WIDE: f32 = 900.0;
/// Width of the right side then.
const SIDE_WIDTH: f32 = 352.0;
/// The numbers need this height.
const NUMBERS_HEIGHT: f32 = 348.0;
/// The plot needs at least this height.
const PLOT_HEIGHT: f32 = 262.0;
/// Vectors and stability need this height.
const VECTOR_HEIGHT: f32 = 324.0;
/// Chip and bus need this height.
const STATE_HEIGHT: f32 = 270.0;

/// What the page asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LiveCommand {
    /// Hold the plot still, or let it follow again.
    Pause,
    /// Forget the history.
    Clear,
    /// Write the history to a file.
    Export,
    /// Read the energy registers once a second, or leave them alone.
    CountEnergy(bool),
    /// Read SysStatus once.
    ReadStatus,
}

/// What is chosen on the page.
#[derive(Clone, Debug, Default)]
pub struct LivePage {
    /// The plot's view.
    pub plot: PlotView,
    /// The newest moment of the station, and the window's time when it was new.
    moved: (f64, f64),
}

impl LivePage {
    /// Holds the plot still, or lets it follow again.
    pub fn pause(&mut self, watch: &crate::gui::watch_view::WatchView) {
        self.plot.pause(watch.history.span());
    }

    /// Draws the page into what the bars have left.
    pub fn live_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let tokens = page.tokens;
        let silent = self.silent_secs(ui, page.core.watch.now());
        let frame = Frame::new().fill(tokens.colours.window).inner_margin(Margin::same(tokens.spacing.page as i8));
        CentralPanel::default().frame(frame).show(ui, |ui| {
            let room = ui.available_rect_before_wrap();
            let gap = tokens.spacing.grid * 1.25;
            ScrollArea::vertical().id_salt("live").auto_shrink([false, false]).show(ui, |ui| {
                let wide = room.width() >= WIDE;
                let least = if wide {
                    NUMBERS_HEIGHT + gap + PLOT_HEIGHT
                } else {
                    NUMBERS_HEIGHT + PLOT_HEIGHT + VECTOR_HEIGHT + STATE_HEIGHT + 3.0 * gap
                };
                let scrolls = room.height() < least;
                let width = room.width() - if scrolls { tokens.spacing.grid * 1.5 } else { 0.0 };
                let area = Rect::from_min_size(ui.cursor().min, vec2(width, room.height().max(least)));
                let [numbers, vector, plot, state] = places(area, wide, gap);
                in_card_ui(ui, page, numbers, |ui, page| numbers::numbers_ui(ui, page, silent));
                in_card_ui(ui, page, vector, vector::vector_ui);
                in_card_ui(ui, page, plot, |ui, page| self.plot.plot_ui(ui, page));
                in_card_ui(ui, page, state, state::state_ui);
                ui.advance_cursor_after_rect(area);
            });
        });
    }

    /// For how long nothing has come from the station, in seconds of the window's time.
    fn silent_secs(&mut self, ui: &Ui, now: f64) -> f64 {
        let time = ui.input(|input| input.time);
        if self.moved.0 != now || self.moved.1 > time {
            self.moved = (now, time);
        }
        time - self.moved.1
    }
}

/// Where numbers, vectors, plot and state stand.
fn places(area: Rect, wide: bool, gap: f32) -> [Rect; 4] {
    if !wide {
        let mut top = area.top();
        let rest = area.height() - NUMBERS_HEIGHT - VECTOR_HEIGHT - STATE_HEIGHT - 3.0 * gap;
        return [NUMBERS_HEIGHT, VECTOR_HEIGHT, rest, STATE_HEIGHT].map(|height| {
            let place = Rect::from_min_size(pos2(area.left(), top), vec2(area.width(), height));
            top += height + gap;
            place
        });
    }
    let (left, right) = area.split_left_right_at_x(area.right() - SIDE_WIDTH.max(area.width() * 0.3));
    let left = Rect::from_min_max(left.min, left.max - vec2(gap, 0.0));
    let split = |column: Rect, height: f32| {
        let (upper, lower) = column.split_top_bottom_at_y(column.top() + height);
        [upper, Rect::from_min_max(lower.min + vec2(0.0, gap), lower.max)]
    };
    let [numbers, plot] = split(left, NUMBERS_HEIGHT);
    let [vector, state] = split(right, VECTOR_HEIGHT.max(right.height() - STATE_HEIGHT - gap));
    [numbers, vector, plot, state]
}

fn in_card_ui(ui: &mut Ui, page: &mut PageCtx<'_>, rect: Rect, content: impl FnOnce(&mut Ui, &mut PageCtx<'_>)) {
    let margin = page.tokens.spacing.card;
    ui.scope_builder(UiBuilder::new().max_rect(rect), |ui| {
        ui.set_clip_rect(rect.expand(1.0).intersect(ui.clip_rect()));
        ui.painter().add(card::frame(page.tokens).paint(rect.shrink(margin + 1.0)));
        ui.scope_builder(UiBuilder::new().max_rect(rect.shrink(margin)), |ui| content(ui, page));
    });
}

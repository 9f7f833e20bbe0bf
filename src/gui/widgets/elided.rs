//! A line of text that is painted, not laid out: where it does not fit, it ends in a sign that there is more.

use std::sync::Arc;

use egui::epaint::text::{LayoutJob, TextFormat, TextWrapping};
use egui::{Color32, FontId, Galley, Painter, TextWrapMode};

/// The line, no wider than `width`.
#[must_use]
pub fn elided(painter: &Painter, text: &str, font: FontId, colour: Color32, width: f32) -> Arc<Galley> {
    let wrap = TextWrapping {
        max_rows: 1,
        break_anywhere: true,
        ..TextWrapping::from_wrap_mode_and_width(TextWrapMode::Truncate, width.max(8.0))
    };
    let mut job = LayoutJob { wrap, ..LayoutJob::default() };
    job.append(text, 0.0, TextFormat::simple(font, colour));
    painter.layout_job(job)
}

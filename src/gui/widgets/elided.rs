//! A line of text that is no wider than its room: where it does not fit, it ends in a sign that there is more, or begins with one.

use std::borrow::Cow;
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

/// The end of a name whose kin begin alike, no wider than `width`.
#[must_use]
pub fn ending<'a>(painter: &Painter, text: &'a str, font: &FontId, width: f32) -> Cow<'a, str> {
    let wide = |text: &str| painter.layout_no_wrap(text.to_owned(), font.clone(), Color32::PLACEHOLDER).size().x;
    if wide(text) <= width {
        return text.into();
    }
    let ends = text.char_indices().skip(1).filter_map(|(at, _)| text.get(at..)).map(|end| format!("…{end}"));
    ends.into_iter().find(|end| wide(end) <= width).map_or(Cow::Borrowed("…"), Cow::Owned)
}

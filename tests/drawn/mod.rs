//! What is drawn as text and cannot be read whole: an outline has all words, also those that nobody sees.

#![allow(dead_code, clippy::indexing_slicing, clippy::unwrap_used, reason = "not every test looks for all of it")]

use egui::{Rect, Shape};
use egui_kittest::Harness;

/// The texts that stick out sideways of where they may be drawn. What is only scrolled out above or below is not cut.
pub fn cut<S>(window: &Harness<'_, S>) -> Vec<String> {
    let screen = window.ctx.content_rect();
    let mut found = Vec::new();
    for clipped in &window.output().shapes {
        texts(&clipped.shape, &mut |text| {
            let (drawn, room) = (text.visual_bounding_rect(), clipped.clip_rect.intersect(screen));
            let seen = drawn.intersects(room);
            if seen && (drawn.left() < room.left() - 1.0 || drawn.right() > room.right() + 1.0) {
                found.push(text.galley.text().to_owned());
            }
        });
    }
    found
}

/// The texts that end in a sign that there is more.
pub fn elided<S>(window: &Harness<'_, S>) -> Vec<String> {
    let mut found = Vec::new();
    for clipped in &window.output().shapes {
        texts(&clipped.shape, &mut |text| {
            if text.galley.elided {
                found.push(text.galley.text().to_owned());
            }
        });
    }
    found
}

/// Texts that stand on each other, in the rows below the first of these texts and above the last, or above the status line.
pub fn overlapping<S>(window: &Harness<'_, S>, first: &str, last: &str) -> Vec<String> {
    let mut drawn: Vec<(String, Rect)> = Vec::new();
    for clipped in &window.output().shapes {
        texts(&clipped.shape, &mut |text| {
            drawn.push((text.galley.text().to_owned(), text.visual_bounding_rect()));
        });
    }
    let place = |begin: &str| drawn.iter().find(|(text, _)| text.starts_with(begin)).map(|(_, rect)| *rect);
    let status = window.ctx.content_rect().bottom() - 40.0;
    let (top, bottom) = (place(first).unwrap().bottom(), place(last).map_or(status, |rect| rect.top()));
    let rows: Vec<_> = drawn.iter().filter(|(_, rect)| rect.top() > top && rect.bottom() < bottom).collect();
    let mut found = Vec::new();
    for (number, (text, rect)) in rows.iter().enumerate() {
        for (other, on) in &rows[number + 1..] {
            if rect.shrink(0.5).intersects(on.shrink(0.5)) {
                found.push(format!("{text:?} on {other:?}"));
            }
        }
    }
    found
}

/// All texts that are drawn.
pub fn all<S>(window: &Harness<'_, S>) -> Vec<String> {
    let mut found = Vec::new();
    for clipped in &window.output().shapes {
        texts(&clipped.shape, &mut |text| found.push(text.galley.text().to_owned()));
    }
    found
}

fn texts(shape: &Shape, each: &mut impl FnMut(&egui::epaint::TextShape)) {
    match shape {
        Shape::Text(text) => each(text),
        Shape::Vec(shapes) => shapes.iter().for_each(|shape| texts(shape, each)),
        _ => {}
    }
}

//! Tells a person at the keyboard from a scanner, which types a whole label and its Enter at once.

use egui::{Event, Ui};

/// A scanner types a whole label in less, its Enter included.
const SCAN_SECS: f64 = 0.5;

/// Watches what is typed where no label is wanted.
#[derive(Debug)]
pub struct Scanner {
    typed_at: f64,
}

impl Default for Scanner {
    fn default() -> Self {
        Self { typed_at: f64::NEG_INFINITY }
    }
}

impl Scanner {
    /// Whether keys of this frame belong to a label that is being scanned; to be asked in each frame. The first character of
    /// a label looks like a key.
    pub fn scans(&mut self, ui: &Ui) -> bool {
        let characters = |event: &Event| match event {
            Event::Text(text) => text.chars().filter(|letter| !letter.is_whitespace()).count(),
            _ => 0,
        };
        let (typed, now) = ui.input(|input| (input.events.iter().map(characters).sum::<usize>(), input.time));
        let earlier = now - self.typed_at < SCAN_SECS;
        if typed > 0 {
            self.typed_at = now;
        }
        earlier || typed > 1
    }
}

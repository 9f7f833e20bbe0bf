//! Keys take effect one after the other, however slow the screen is: what is typed behind a key that may lead to another
//! field waits for the next frame, where that field is.
//!
//! egui moves the focus with a frame's first Tab, and gives all letters of a frame to the field that has it. Held back here,
//! before egui sees it, no letter lands in the field before and no second label is glued to the first.

use egui::{Context, Event, Key, Plugin, RawInput, Ui};

use super::route::Route;

/// What waits for the next frame.
#[derive(Debug, Default)]
pub struct InTurn {
    waiting: Vec<Event>,
}

impl InTurn {
    /// The events of this frame; the others wait.
    fn turn(&mut self, fresh: Vec<Event>) -> Vec<Event> {
        let mut events = std::mem::take(&mut self.waiting);
        events.extend(fresh);
        if let Some(first) = events.iter().position(leads_on) {
            self.waiting = events.split_off(first + 1);
        }
        events
    }
}

impl Plugin for InTurn {
    fn debug_name(&self) -> &'static str {
        "keys"
    }

    fn input_hook(&mut self, _ctx: &Context, input: &mut RawInput) {
        input.events = self.turn(std::mem::take(&mut input.events));
    }

    fn on_end_pass(&mut self, ui: &mut Ui) {
        if !self.waiting.is_empty() {
            ui.request_repaint();
        }
    }
}

/// What comes behind it may be meant for another field, page or dialog.
fn leads_on(event: &Event) -> bool {
    let Event::Key { key, pressed: true, modifiers, .. } = event else { return false };
    matches!(key, Key::Tab | Key::Enter | Key::Escape)
        || modifiers.command
        || Route::ALL.iter().any(|route| route.key() == *key)
}

#[cfg(test)]
mod tests {
    use egui::Modifiers;

    use super::*;

    fn key(key: Key) -> Event {
        Event::Key { key, physical_key: None, pressed: true, repeat: false, modifiers: Modifiers::NONE }
    }

    fn text(text: &str) -> Event {
        Event::Text(text.to_owned())
    }

    #[test]
    fn what_comes_behind_a_key_waits_for_it() {
        let mut turn = InTurn::default();
        let typed = vec![text("240"), key(Key::Tab), text("5"), key(Key::Tab), key(Key::Tab), text("1")];
        assert_eq!(turn.turn(typed), [text("240"), key(Key::Tab)]);
        // What is typed meanwhile comes last.
        assert_eq!(turn.turn(vec![text("0"), key(Key::F3)]), [text("5"), key(Key::Tab)]);
        assert_eq!(turn.turn(Vec::new()), [key(Key::Tab)]);
        assert_eq!(turn.turn(Vec::new()), [text("1"), text("0"), key(Key::F3)]);
        assert_eq!(turn.turn(vec![text("7")]), [text("7")]);
        assert!(turn.waiting.is_empty());
    }
}

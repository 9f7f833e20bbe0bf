//! Golden units at the window, and runs that were asked for and did not begin.

use super::{Core, Position, Tone};
use crate::gui::run_view::RunView;

impl Core {
    /// The next units are golden ones, or those of the line again; not while a run goes on.
    pub fn measure_golden(&mut self, golden: bool) {
        if self.run().running || self.unacknowledged || self.golden == golden {
            return;
        }
        self.next_unit();
        self.golden = golden;
        self.turn += 1;
        for position in self.positions.all_mut() {
            position.next.clear();
        }
        let text = if golden { t!("Scan a golden unit: the bench is judged") } else { t!("Units of the line again") };
        self.say(text, Tone::Plain);
    }

    /// Somebody stopped it at a question, or it was not allowed.
    pub(super) fn not_begun(&mut self) {
        for Position { run, .. } in self.positions.all_mut() {
            *run = RunView::default();
        }
        self.watch.run_ended();
        (self.control, self.question, self.ordered) = (None, None, None);
        self.cancel_wanted = false;
        self.turn += 1;
        self.say(t!("Not started"), Tone::Attention);
    }
}

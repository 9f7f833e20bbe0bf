//! The application's part in what the bench page is asked for besides runs.

use super::App;
use crate::gui::route::Route;

impl App {
    /// The next units are golden ones, or those of the line again.
    pub(super) fn measure_golden(&mut self, golden: bool) {
        self.route = Route::Bench;
        self.core.measure_golden(golden);
        self.page.focus_serial();
    }

    /// Opens the station with these optical heads before its meters.
    pub(super) fn connect_heads(&mut self, texts: Vec<String>) {
        self.page.addresses.pulses = texts;
        self.core.settings.addresses = self.page.addresses.clone();
        self.core.connect(self.page.addresses.clone());
    }
}

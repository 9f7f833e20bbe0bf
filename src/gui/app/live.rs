//! What the live page asks for.

use egui::Context;

use super::App;
use crate::gui::file_dialog::FileWish;
use crate::gui::history_csv::HistoryExport;
use crate::gui::pages::live::LiveCommand;

impl App {
    pub(super) fn execute_live(&mut self, ctx: &Context, command: LiveCommand) {
        let watch = &mut self.core.watch;
        match command {
            LiveCommand::Pause => self.live.pause(watch),
            LiveCommand::Clear => watch.history.clear(),
            LiveCommand::CountEnergy(on) => watch.count_energy = on,
            LiveCommand::ReadStatus => watch.read_status(),
            LiveCommand::Export => {
                let export = HistoryExport {
                    history: watch.history.clone(),
                    simulated: self.core.links.simulated,
                    position: watch.position,
                    profile: self.page.profile.clone(),
                    taken_at: jiff::Timestamp::now(),
                };
                self.open_file(ctx, FileWish::History(Box::new(export)));
            }
        }
    }
}

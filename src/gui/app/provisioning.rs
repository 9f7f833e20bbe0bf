//! What is asked for about provisioning lists, carried out.

use std::sync::Arc;

use egui::Context;

use super::App;
use crate::gui::command::Command;
use crate::gui::core::Tone;
use crate::gui::file_dialog::FileWish;
use crate::gui::pages::firmware::ProvisionCommand;
use crate::gui::route::Route;
use crate::job::Wake;

impl App {
    /// Takes in what the threads have told about lists; a list that was imported for runs is theirs from now on.
    pub(super) fn take_provisioning(&mut self) {
        let Some(taken) = self.core.provisioning.take_in() else { return };
        let (added, known) = (taken.imported.added, taken.imported.known);
        let list = &taken.list;
        let said =
            t!("{list}: {added} rows added, {known} were there already; its file can be deleted", list, added, known);
        self.core.say(&said, Tone::Plain);
        if taken.for_runs {
            self.core.settings.provisioning = taken.list;
        }
    }

    /// Has the lists looked at while their page is shown, when they may have changed.
    pub(super) fn see_provisioning(&mut self, ctx: &Context) {
        if let Some(folder) = self.core.data_folder.clone().filter(|_| self.route == Route::Firmware) {
            self.core.provisioning.look(folder, Arc::new(ctx.clone()));
        }
    }

    pub(super) fn execute_provisioning(&mut self, ctx: &Context, command: ProvisionCommand) {
        let Some(folder) = self.core.data_folder.clone() else {
            return self.core.say(t!("This window has no folder for data"), Tone::Attention);
        };
        let wake: Arc<dyn Wake> = Arc::new(ctx.clone());
        let view = &mut self.core.provisioning;
        match command {
            ProvisionCommand::Choose => self.open_file(ctx, FileWish::Provisioning),
            ProvisionCommand::Open(path) => {
                view.open(path, folder, wake);
                if self.route != Route::Firmware {
                    self.commands.push(Command::Go(Route::Firmware));
                }
            }
            ProvisionCommand::Take(column, taken) => view.take(column, taken),
            ProvisionCommand::Rename(name) => view.rename(name),
            ProvisionCommand::ForRuns(wanted) => {
                if let Some(draft) = &mut view.draft {
                    draft.for_runs = wanted;
                }
            }
            ProvisionCommand::Import => view.import(),
            ProvisionCommand::Leave => view.draft = None,
            ProvisionCommand::Decide(list, number, into) => view.decide(folder, (list, number, into), wake),
        }
    }
}

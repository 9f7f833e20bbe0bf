//! The records page's way to its thread, and to whoever prints.

use std::path::PathBuf;
use std::sync::Arc;

use egui::Context;

use super::App;
use crate::gui::archive::{Archive, ArchiveRequest};
use crate::gui::core::Tone;
use crate::gui::file_dialog::FileWish;
use crate::gui::pages::records::RecordsCommand;
use crate::gui::reprint::{Order, Press};
use crate::gui::route::Route;
use crate::job::Wake;

impl App {
    /// With a thread that reads the records in this file.
    #[must_use]
    pub fn reading_records(mut self, file: PathBuf, wake: Arc<dyn Wake>) -> Self {
        match Archive::spawn(file, wake) {
            Ok(archive) => {
                self.archive = Some(archive);
                self.records.reading = true;
            }
            Err(error) => self.core.say(&t!("The records cannot be looked at: {error}", error), Tone::Attention),
        }
        self
    }

    /// With somebody who prints certificates and labels from records.
    #[must_use]
    pub fn printing(mut self, press: Press) -> Self {
        self.press = Some(press);
        self.records.printing = true;
        self
    }

    /// Takes in what the thread has read; a run that was kept meanwhile is looked at.
    pub(super) fn take_records(&mut self) {
        while let Some(told) = self.archive.as_mut().and_then(Archive::poll) {
            match told {
                Ok(notice) => self.records.told(notice),
                Err(error) => {
                    self.archive = None;
                    self.records.reading = false;
                    self.core.say(&t!("The records cannot be looked at: {error}", error), Tone::Attention);
                }
            }
        }
        let shown = self.route == Route::Records;
        if shown && self.core.record.is_some() && self.records.outdated(self.core.record) {
            self.list_records();
        }
    }

    /// Reads the list as it is now.
    pub(super) fn list_records(&mut self) {
        let request = self.records.list_again(self.core.record);
        self.ask_records(request);
        if let Some(request) = self.records.flashings_again() {
            self.ask_records(request);
        }
    }

    pub(super) fn ask_records(&mut self, request: ArchiveRequest) {
        self.records.asked(&request);
        if let Some(archive) = &mut self.archive {
            archive.ask(request);
        }
    }

    pub(super) fn execute_records(&mut self, ctx: &Context, command: RecordsCommand) {
        match command {
            RecordsCommand::Ask(request) => self.ask_records(request),
            RecordsCommand::Back => self.records.back(),
            RecordsCommand::Again => self.list_records(),
            RecordsCommand::Find if self.route == Route::Records => self.records.find(ctx),
            RecordsCommand::Find => self.commands.push(crate::gui::command::Command::Go(Route::Records)),
            RecordsCommand::Reprint(sheet, key, serial) => {
                if let Some(press) = self.press.clone() {
                    self.open_file(ctx, FileWish::Reprint(Box::new(Order { press, sheet, key, serial })));
                }
            }
        }
    }

    /// The page is shown: what there is now, and whatever is typed is a serial number.
    pub(super) fn enter_records(&mut self, ctx: &Context) {
        self.list_records();
        self.records.find(ctx);
    }
}

//! What the firmware page asks for, carried out.

use std::path::Path;
use std::sync::Arc;

use egui::Context;

use super::App;
use crate::gui::command::Command;
use crate::gui::core::Tone;
use crate::gui::file_dialog::FileWish;
use crate::gui::firmware_view::refusal;
use crate::gui::firmware_view::work::{Keeping, Task};
use crate::gui::pages::firmware::{FirmwareCommand, ProvisionCommand};
use crate::gui::route::Route;
use crate::gui::texts;

impl App {
    /// Takes in what image and target have told; also while the window is hidden.
    pub(super) fn take_firmware(&mut self) {
        if let Some(said) = self.core.firmware.take_in() {
            self.core.say(&said, Tone::Plain);
        }
        self.take_provisioning();
    }

    pub(super) fn execute_firmware(&mut self, ctx: &Context, command: FirmwareCommand) {
        match command {
            FirmwareCommand::Provisioning(command) => self.execute_provisioning(ctx, command),
            FirmwareCommand::Choose => self.open_file(ctx, FileWish::Image),
            FirmwareCommand::Open(path) => {
                self.core.firmware.open(path, self.firmware.address(), Arc::new(ctx.clone()));
                if self.route != Route::Firmware {
                    self.commands.push(Command::Go(Route::Firmware));
                }
            }
            FirmwareCommand::LookForProbes => self.core.firmware.look_for_probes(Arc::new(ctx.clone())),
            FirmwareCommand::Ask => self.work_on_target(ctx, Task::Ask),
            FirmwareCommand::Compare => {
                if let Some(opened) = self.core.firmware.opened().cloned() {
                    self.work_on_target(ctx, Task::Compare(opened));
                }
            }
            FirmwareCommand::Confirm => self.firmware.confirm(),
            FirmwareCommand::Flash(wishes) => {
                if let Some(opened) = self.core.firmware.opened().cloned() {
                    let confirmed = self.core.firmware.chip.as_ref().and_then(|chip| chip.unique_id);
                    let operator = self.core.settings.operator.clone();
                    let keeping = Keeping { folder: self.core.data_folder.clone(), operator };
                    self.work_on_target(ctx, Task::Flash(opened, wishes, confirmed, keeping));
                }
            }
            FirmwareCommand::Start => {
                if let Some(first) = self.core.firmware.opened().map(|opened| opened.image.first()) {
                    self.work_on_target(ctx, Task::Start(first));
                }
            }
            FirmwareCommand::Cancel => self.core.firmware.cancel(),
            FirmwareCommand::NextBoard => self.core.firmware.forget_chip(),
        }
    }

    fn work_on_target(&mut self, ctx: &Context, task: Task) {
        match refusal::target(&self.core, &self.page.addresses) {
            Ok(url) => self.core.firmware.begin(url, self.page.profile.clone(), task, Arc::new(ctx.clone())),
            Err(refusal) => self.core.say(texts::of(&refusal.advice.what), Tone::Attention),
        }
    }

    /// On its own page every dropped file is meant as an image, or as a provisioning list.
    pub(super) fn takes_image(&mut self, ctx: &Context, path: &Path) -> bool {
        let taken = self.route == Route::Firmware;
        if taken && path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv")) {
            self.execute_provisioning(ctx, ProvisionCommand::Open(path.to_owned()));
        } else if taken {
            self.execute_firmware(ctx, FirmwareCommand::Open(path.to_owned()));
        }
        taken
    }
}

//! What is to be done now: one instruction in large letters, a picture where hands are needed, and the button that goes on.

use std::path::PathBuf;

use egui::{Button, Label, RichText, Stroke, Ui, vec2};

use super::{FirmwareCommand, FirmwarePage, PageCtx};
use crate::flash::{self, Hands};
use crate::gui::command::Command;
use crate::gui::core::Core;
use crate::gui::device::Device;
use crate::gui::firmware_view::Chosen;
use crate::gui::firmware_view::refusal::{self, Refusal};
use crate::gui::firmware_view::work::Cause;
use crate::gui::session::AddressTexts;
use crate::gui::widgets::card;
use crate::gui::widgets::command_button::command_button_ui;
use crate::gui::widgets::problem::problem_ui;
use crate::gui::widgets::sketch::sketch_ui;
use crate::operator::Sketch;
use crate::port::url::DeviceUrl;

/// Width of a sketch beside an instruction.
const SKETCH: f32 = 168.0;
/// The card keeps this height, so that nothing below it jumps.
const HEIGHT: f32 = 132.0;

impl FirmwarePage {
    pub(super) fn now_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>, station: &AddressTexts) {
        let view = &page.core.firmware;
        if let Some(outcome) = view.outcome.as_ref().filter(|_| !view.is_busy()) {
            return self.result_ui(ui, page, outcome);
        }
        card::frame(page.tokens).show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.set_min_height(HEIGHT);
            if page.core.firmware.is_busy() {
                super::working::working_ui(ui, page);
            } else {
                self.instruction_ui(ui, page, station);
            }
        });
    }

    fn instruction_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>, station: &AddressTexts) {
        let core = page.core;
        match &core.firmware.image {
            Chosen::Nothing => {
                large_ui(ui, page, t!("Choose the image"));
                plain_ui(ui, page, t!("Open it, or drop the file onto this window"));
                let of_runs = core.settings.image.trim();
                if of_runs.is_empty() {
                    return self.go_ui(ui, page, FirmwareCommand::Choose);
                }
                ui.horizontal_wrapped(|ui| {
                    self.go_ui(ui, page, FirmwareCommand::Open(PathBuf::from(of_runs)));
                    side_ui(ui, page, FirmwareCommand::Choose);
                });
            }
            Chosen::Reading(name, _) => large_ui(ui, page, &t!("Reading {name}", name)),
            Chosen::Bad(_, advice) => {
                large_ui(ui, page, t!("This file cannot be flashed"));
                problem_ui(ui, page, advice, None);
                self.go_ui(ui, page, FirmwareCommand::Choose);
            }
            Chosen::Image(_) => match refusal::target(core, station) {
                Err(refusal) => refused_ui(ui, page, &refusal),
                Ok(url) => self.target_ui(ui, page, &url),
            },
        }
    }

    fn target_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>, url: &DeviceUrl) {
        let view = &page.core.firmware;
        if let Some(stopped) = view.trouble.as_ref().filter(|stopped| stopped.cause != Cause::Protected) {
            let hands = stopped.cause == Cause::Silent && boot0_by_hand(url);
            return beside_ui(ui, page, hands.then_some(Sketch::Boot0Jumper), |ui, page| {
                let words = match stopped.cause {
                    Cause::Silent => t!("The flash target does not answer"),
                    _ => t!("This chip is not flashed"),
                };
                large_ui(ui, page, words);
                problem_ui(ui, page, &stopped.advice, None);
                self.go_ui(ui, page, FirmwareCommand::Ask);
            });
        }
        let Some(identity) = &view.chip else {
            let hands = boot0_by_hand(url);
            return beside_ui(ui, page, hands.then_some(Sketch::Boot0Jumper), |ui, page| {
                if hands {
                    large_ui(ui, page, t!("Set BOOT0 to 1 and reset the chip"));
                    plain_ui(ui, page, t!("Then ask the chip what it is"));
                } else {
                    large_ui(ui, page, t!("Connect the board"));
                    plain_ui(ui, page, t!("Then ask the chip what it is; nothing is changed on it"));
                }
                self.go_ui(ui, page, FirmwareCommand::Ask);
            });
        };
        if !view.has_expected_chip() {
            large_ui(ui, page, t!("This is another chip"));
            return self.go_ui(ui, page, FirmwareCommand::Ask);
        }
        if identity.protected {
            large_ui(ui, page, t!("The chip is protected"));
            plain_ui(ui, page, t!("Flashing lifts the protection, which erases all of it, its calibration with it"));
            return self.go_ui(ui, page, FirmwareCommand::Confirm);
        }
        match &view.comparison {
            None => {
                large_ui(ui, page, t!("Compare with the chip"));
                plain_ui(ui, page, t!("Or flash it without looking at what it holds"));
                ui.horizontal_wrapped(|ui| {
                    self.go_ui(ui, page, FirmwareCommand::Compare);
                    side_ui(ui, page, FirmwareCommand::Confirm);
                });
            }
            Some(found) if found.is_same() => {
                large_ui(ui, page, t!("The chip holds this image"));
                plain_ui(ui, page, t!("Nothing needs to be written"));
                ui.horizontal_wrapped(|ui| {
                    self.go_ui(ui, page, FirmwareCommand::Start);
                    side_ui(ui, page, FirmwareCommand::Confirm);
                    side_ui(ui, page, FirmwareCommand::NextBoard);
                });
            }
            Some(_) => {
                large_ui(ui, page, t!("Flash the chip"));
                plain_ui(ui, page, t!("What changes stands below; you are asked once more"));
                ui.horizontal_wrapped(|ui| {
                    self.go_ui(ui, page, FirmwareCommand::Confirm);
                    side_ui(ui, page, FirmwareCommand::Compare);
                });
            }
        }
    }

    /// The one button that goes on. It takes the focus when it comes, so that Enter presses it.
    pub(super) fn go_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>, command: FirmwareCommand) {
        let tokens = page.tokens;
        let look = command.look();
        let text = RichText::new(t!("{text}   Enter", text = look.text));
        let text = text.size(tokens.sizes.heading).color(tokens.colours.text_on_strong);
        let button = Button::new(text).fill(tokens.colours.accent_fill).stroke(Stroke::NONE);
        let button = ui.add(button.min_size(vec2(160.0, tokens.spacing.grid * 4.5))).on_hover_text(look.tooltip);
        let frame = ui.ctx().cumulative_frame_nr();
        let (focused, drawn) = &self.focused;
        let shown_again = frame > drawn + 2;
        if (shown_again || focused.as_ref() != Some(&command)) && self.confirm.is_none() {
            button.request_focus();
        }
        self.focused = (Some(command.clone()), frame);
        focus_ui(ui, page, &button);
        if button.clicked() {
            page.commands.push(command.into());
        }
    }
}

/// The focus is seen on a button that has the accent's colour itself.
pub(super) fn focus_ui(ui: &Ui, page: &PageCtx<'_>, button: &egui::Response) {
    if button.has_focus() {
        let stroke = Stroke::new(2.0, page.tokens.colours.text);
        ui.painter().rect_stroke(button.rect.expand(1.0), 6.0, stroke, egui::StrokeKind::Outside);
    }
}

/// A button beside the large one.
pub(super) fn side_ui(ui: &mut Ui, page: &mut PageCtx<'_>, command: FirmwareCommand) {
    ui.spacing_mut().interact_size.y = page.tokens.spacing.grid * 4.5;
    command_button_ui(ui, page, command.into(), true);
}

/// Whether somebody has to set BOOT0 and reset the chip.
pub(super) fn boot0_by_hand(url: &DeviceUrl) -> bool {
    flash::hands(url).is_ok_and(|hands| hands == Hands::Boot0)
}

/// The same of the address in the settings.
pub(super) fn hands_needed(core: &Core) -> bool {
    core.settings.target.trim().parse().is_ok_and(|url| boot0_by_hand(&url))
}

/// A sketch at the left of words, where there is one and room for it.
pub(super) fn beside_ui(
    ui: &mut Ui,
    page: &mut PageCtx<'_>,
    sketch: Option<Sketch>,
    words: impl FnOnce(&mut Ui, &mut PageCtx<'_>),
) {
    ui.horizontal_top(|ui| {
        if let Some(sketch) = sketch {
            sketch_ui(ui, page.tokens, sketch, SKETCH);
            ui.add_space(page.tokens.spacing.grid);
        }
        ui.vertical(|ui| words(ui, page));
    });
}

/// An instruction in the size an operator glances at.
pub(super) fn large_ui(ui: &mut Ui, page: &PageCtx<'_>, text: &str) {
    let tokens = page.tokens;
    let text = RichText::new(text).font(tokens.strong(tokens.sizes.instruction)).color(tokens.colours.text);
    ui.add(Label::new(text).wrap());
}

pub(super) fn plain_ui(ui: &mut Ui, page: &PageCtx<'_>, text: &str) {
    let tokens = page.tokens;
    let text = RichText::new(text).size(tokens.sizes.heading).color(tokens.colours.text_quiet);
    ui.add(Label::new(text).wrap());
    ui.add_space(tokens.spacing.grid * 0.5);
}

/// Why nothing can be done with the target, with the button that helps.
fn refused_ui(ui: &mut Ui, page: &mut PageCtx<'_>, refusal: &Refusal) {
    let running = page.core.run().running;
    let words = match refusal {
        _ if running => t!("A run goes on"),
        Refusal { disconnect: true, .. } => t!("The port is in use"),
        Refusal { .. } => t!("Choose the flash target"),
    };
    large_ui(ui, page, words);
    let remedy = match refusal {
        Refusal { disconnect: true, .. } => Some(Command::Disconnect),
        _ if running => None,
        _ => Some(Command::OpenDevice(Device::Target)),
    };
    problem_ui(ui, page, &refusal.advice, remedy);
}

//! The firmware page: an image, the chip it is for, how they differ, and flashing with its proof.
//!
//! On top stands what is to be done now (`now`), in large letters with the one button that goes on; below it what is known of
//! image and chip. It draws what [`crate::gui::firmware_view`] knows; the target's thread does the work.

use std::path::PathBuf;

use egui::{CentralPanel, Frame, Key, KeyboardShortcut, Margin, Modifiers, RichText, ScrollArea, Ui};
use meter_interface::block::FLASH_START;

use super::PageCtx;
use crate::gui::command::{Command, Look, named};
use crate::gui::core::Core;
use crate::gui::firmware_view::Chosen;
use crate::gui::firmware_view::refusal;
use crate::gui::firmware_view::work::{Erase, Wishes};
use crate::gui::offers::Offer;
use crate::gui::session::AddressTexts;
use crate::gui::widgets::card;

mod chip;
mod confirm;
mod difference;
mod image;
mod import;
mod now;
mod provisioning;
mod result;
mod wishes;
mod working;

pub use provisioning::ProvisionCommand;

/// From this width on image and chip stand side by side.
const WIDE: f32 = 820.0;

/// What the page asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum FirmwareCommand {
    /// Choose an image in the system's dialog.
    Choose,
    /// Read this image.
    Open(PathBuf),
    /// See which probes are plugged in.
    LookForProbes,
    /// Ask the chip what it is.
    Ask,
    /// Compare the image with what the chip holds.
    Compare,
    /// Ask whether to flash.
    Confirm,
    /// Flash.
    Flash(Wishes),
    /// Start the program.
    Start,
    /// Stop where it is safe.
    Cancel,
    /// Forget this chip; the next one may be connected.
    NextBoard,
    /// Something about provisioning lists.
    Provisioning(ProvisionCommand),
}

impl From<FirmwareCommand> for Command {
    fn from(command: FirmwareCommand) -> Self {
        Self::Firmware(command)
    }
}

impl FirmwareCommand {
    /// Text, explanation and key.
    #[must_use]
    pub fn look(&self) -> Look {
        let control = |key| Some(KeyboardShortcut::new(Modifiers::COMMAND, key));
        let (text, tooltip, shortcut) = match self {
            Self::Choose => (t!("Open image…"), t!("ELF, Intel HEX or binary"), control(Key::O)),
            Self::Open(path) => {
                let name = crate::gui::firmware_view::opened::name_of(path);
                return named(t!("Open {name}", name), t!("Read this image"));
            }
            Self::LookForProbes => (t!("Look for probes"), t!("See which debug probes are plugged in"), None),
            Self::Ask => (t!("Ask the chip"), t!("Which chip it is; nothing is changed on it"), None),
            Self::Compare => (t!("Compare"), t!("Read back what the image would replace; nothing is changed"), None),
            Self::Confirm => (t!("Flash…"), t!("Erase, write, read back and compare every byte"), None),
            Self::Flash(_) => (t!("Flash"), t!("Erase, write, read back and compare every byte"), None),
            Self::Start => (t!("Start the program"), t!("Have the chip run the image"), None),
            Self::Cancel => {
                (t!("Cancel"), t!("Stop between two blocks"), Some(KeyboardShortcut::new(Modifiers::NONE, Key::Escape)))
            }
            Self::Provisioning(command) => return command.look(),
            Self::NextBoard => (t!("Next board"), t!("Keep the image, ask the next chip"), None),
        };
        Look { text: text.into(), tooltip: tooltip.into(), shortcut }
    }
}

/// What the page can do now, for the keys and the list of commands.
#[must_use]
pub fn offers(core: &Core, station: &AddressTexts) -> Vec<Offer> {
    let (view, free) = (&core.firmware, refusal::target(core, station).is_ok());
    let idle = !view.is_busy();
    let read = view.opened().is_some();
    let known = view.has_expected_chip();
    let protected = view.chip.as_ref().is_some_and(|chip| chip.protected);
    let offer = |command: FirmwareCommand, enabled: bool| Offer { command: command.into(), enabled };
    let ready = free && idle && read && known;
    vec![
        offer(FirmwareCommand::Choose, idle),
        offer(FirmwareCommand::LookForProbes, !view.is_probing()),
        offer(FirmwareCommand::Ask, free && idle),
        offer(FirmwareCommand::Compare, ready && !protected),
        offer(FirmwareCommand::Confirm, ready),
        offer(FirmwareCommand::Start, ready && !protected),
        offer(FirmwareCommand::Provisioning(ProvisionCommand::Choose), core.data_folder.is_some()),
        offer(FirmwareCommand::Cancel, !idle && view.unstoppable().is_none() && !view.is_cancelling()),
    ]
}

/// What is chosen on the page.
pub struct FirmwarePage {
    wishes: Wishes,
    /// Where a binary begins, as it is typed.
    address: String,
    confirm: Option<confirm::Confirm>,
    /// The list that is open could be imported when it was drawn last.
    importable: bool,
    /// The question whether a row of a list is free.
    releasing: Option<provisioning::Releasing>,
    /// The large button that got the focus last, and the frame in which it was drawn.
    focused: (Option<FirmwareCommand>, u64),
}

impl Default for FirmwarePage {
    fn default() -> Self {
        Self {
            wishes: Wishes { erase: Erase::Changed, unprotect: false, protect: false, start: false },
            address: format!("{FLASH_START:#010x}"),
            confirm: None,
            importable: false,
            releasing: None,
            focused: (None, 0),
        }
    }
}

impl FirmwarePage {
    /// Where a binary begins; what cannot be read as a number is the start of the flash.
    #[must_use]
    pub fn address(&self) -> u32 {
        let digits = self.address.trim().strip_prefix("0x");
        digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).unwrap_or(FLASH_START)
    }

    /// Opens the question whether to flash.
    pub fn confirm(&mut self) {
        self.confirm = Some(confirm::Confirm::default());
    }

    /// Draws the page into what the bars have left.
    pub fn firmware_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>, station: &AddressTexts) {
        let tokens = page.tokens;
        let gap = tokens.spacing.grid * 1.25;
        let frame = Frame::new().fill(tokens.colours.window).inner_margin(Margin::same(tokens.spacing.page as i8));
        CentralPanel::default().frame(frame).show(ui, |ui| {
            ScrollArea::vertical().id_salt("firmware").auto_shrink([false, false]).show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = tokens.spacing.grid * 0.75;
                self.now_ui(ui, page, station);
                ui.add_space(gap);
                if ui.available_width() >= WIDE {
                    ui.spacing_mut().item_spacing.x = gap;
                    ui.columns(2, |columns| {
                        if let [left, right] = columns {
                            for column in [&mut *left, &mut *right] {
                                column.spacing_mut().item_spacing.x = tokens.spacing.grid;
                            }
                            self.image_card_ui(left, page);
                            self.provisioning_card_ui(left, page);
                            self.chip_card_ui(right, page);
                        }
                    });
                } else {
                    self.image_card_ui(ui, page);
                    ui.add_space(gap);
                    self.chip_card_ui(ui, page);
                    self.provisioning_card_ui(ui, page);
                }
            });
        });
        self.confirm_ui(ui, page);
        import::import_ui(ui, page, &mut self.importable);
        provisioning::releasing_ui(ui, page, &mut self.releasing);
    }

    fn image_card_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        card_ui(ui, page, |ui, page| image::image_ui(ui, page, &mut self.address));
    }

    /// Runs take their rows from lists in the folder for data; without one there are none.
    fn provisioning_card_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        if page.core.data_folder.is_some() {
            ui.add_space(page.tokens.spacing.grid * 1.25);
            card_ui(ui, page, |ui, page| provisioning::provisioning_ui(ui, page, &mut self.releasing));
        }
    }

    fn chip_card_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        card_ui(ui, page, chip::chip_ui);
        if page.core.firmware.comparison.is_some() {
            ui.add_space(page.tokens.spacing.grid * 1.25);
            card_ui(ui, page, difference::difference_ui);
        }
        if matches!(page.core.firmware.image, Chosen::Image(_)) {
            ui.add_space(page.tokens.spacing.grid * 1.25);
            let enabled = !page.core.firmware.is_busy();
            card_ui(ui, page, |ui, page| {
                ui.add_enabled_ui(enabled, |ui| wishes::wishes_ui(ui, page, &mut self.wishes));
            });
        }
    }
}

fn card_ui(ui: &mut Ui, page: &mut PageCtx<'_>, content: impl FnOnce(&mut Ui, &mut PageCtx<'_>)) {
    card::frame(page.tokens).show(ui, |ui| {
        ui.set_width(ui.available_width());
        content(ui, page);
    });
}

/// A name and what it stands for; the value wraps.
fn row_ui(ui: &mut Ui, page: &PageCtx<'_>, name: &str, value: RichText) {
    let tokens = page.tokens;
    ui.horizontal_top(|ui| {
        let width = tokens.spacing.grid * 16.0;
        let height = ui.text_style_height(&egui::TextStyle::Body);
        ui.allocate_ui_with_layout(egui::vec2(width, height), egui::Layout::left_to_right(egui::Align::Min), |ui| {
            ui.set_min_width(width);
            ui.add(egui::Label::new(RichText::new(name).color(tokens.colours.text_quiet)).wrap());
        });
        ui.add(egui::Label::new(value).wrap());
    });
}

/// A line of attention with its shape.
fn warning_ui(ui: &mut Ui, page: &PageCtx<'_>, text: &str) {
    use crate::gui::widgets::status::{Mark, mark_ui};
    let colour = page.tokens.colours.attention;
    ui.horizontal_top(|ui| {
        mark_ui(ui, page.tokens, Mark::Triangle, colour);
        ui.add(egui::Label::new(RichText::new(text).color(colour)).wrap());
    });
}

/// What explains, smaller and quiet.
fn quiet_ui(ui: &mut Ui, page: &PageCtx<'_>, text: &str) {
    let text = RichText::new(text).size(page.tokens.sizes.secondary).color(page.tokens.colours.text_quiet);
    ui.add(egui::Label::new(text).wrap());
}

//! The question before a chip is erased: it names the image and the chip.

use egui::{Button, Id, Key, Modal, Modifiers, RichText, Stroke, Ui};

use super::difference::warning_words;
use super::now::focus_ui;
use super::{FirmwareCommand, FirmwarePage, PageCtx, chip, quiet_ui, row_ui, warning_ui};
use crate::gui::firmware_view::work::{Erase, Wishes};
use crate::gui::widgets::card;

/// Digits of the hash that a person compares.
const HASH: usize = 16;

/// The question that stands.
#[derive(Default)]
pub(super) struct Confirm {
    asked: bool,
}

impl FirmwarePage {
    pub(super) fn confirm_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let Some(mut confirm) = self.confirm.take() else { return };
        let core = page.core;
        let (Some(opened), Some(identity)) = (core.firmware.opened(), &core.firmware.chip) else { return };
        if core.firmware.is_busy() {
            return;
        }
        let tokens = page.tokens;
        let modal =
            Modal::new(Id::unique("flash-question")).backdrop_color(tokens.colours.backdrop).frame(card::frame(tokens));
        let ctx = ui.ctx().clone();
        let width = (ctx.content_rect().width() - tokens.spacing.page * 4.0).min(560.0);
        let mono = |text: String| RichText::new(text).font(egui::FontId::monospace(tokens.sizes.body));
        let answer = modal.show(&ctx, |ui| {
            ui.set_width(width);
            let question = t!("Flash {image} onto this chip?", image = opened.name);
            ui.add(egui::Label::new(RichText::new(question).font(tokens.strong(tokens.sizes.reading))).wrap());
            let hash: String = opened.summary.sha256.chars().take(HASH).collect();
            row_ui(ui, page, t!("Image"), mono(format!("{}  {hash}…", opened.name)));
            if let Ok(words) = &opened.calibration {
                let unit = words.field("serial");
                let text = if words.is_calibrated() { unit } else { t!("none") };
                row_ui(ui, page, t!("Calibration"), RichText::new(text));
            }
            let unique =
                identity.unique_id.map_or_else(|| t!("unknown while protected").to_owned(), |id| id.to_string());
            row_ui(ui, page, t!("Chip"), RichText::new(identity.chip.name));
            row_ui(ui, page, t!("Unique id"), mono(unique));
            if chip::is_simulated(identity) {
                ui.label(
                    RichText::new(t!("SIMULATED"))
                        .font(tokens.strong(tokens.sizes.body))
                        .color(tokens.colours.simulated),
                );
            }
            let found = core.firmware.comparison.as_ref();
            let warning = found.and_then(|found| found.warning.as_ref()).map(warning_words);
            let cautions: Vec<String> = [
                warning,
                identity.protected.then(|| {
                    t!("The chip is protected: lifting that erases all of it, its calibration with it").to_owned()
                }),
                (!opened.summary.problems.is_empty()).then(|| t!("A chip could not start this image").to_owned()),
            ]
            .into_iter()
            .flatten()
            .collect();
            for caution in &cautions {
                warning_ui(ui, page, caution);
            }
            if found.is_none() && !identity.protected {
                quiet_ui(ui, page, t!("Not compared: what the chip holds now is not known here, and it is replaced"));
            }
            quiet_ui(ui, page, erased(self.wishes, identity.protected));
            ui.add_space(tokens.spacing.grid);
            let fresh = !std::mem::replace(&mut confirm.asked, true);
            answer_ui(ui, page, (fresh, cautions.is_empty()))
        });
        let escaped = ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape));
        match answer.inner {
            Some(true) => {
                let wishes = Wishes { unprotect: identity.protected, ..self.wishes };
                page.commands.push(FirmwareCommand::Flash(wishes).into());
            }
            Some(false) => {}
            None if escaped => {}
            None => self.confirm = Some(confirm),
        }
    }
}

/// Enter flashes where nothing speaks against it; where something is lost, a second Enter by accident changes nothing.
fn answer_ui(ui: &mut Ui, page: &PageCtx<'_>, (fresh, harmless): (bool, bool)) -> Option<bool> {
    let tokens = page.tokens;
    let mut answer = None;
    ui.horizontal_wrapped(|ui| {
        let text = RichText::new(t!("Flash")).size(tokens.sizes.heading).color(tokens.colours.text_on_strong);
        let flash = Button::new(text).fill(tokens.colours.accent_fill).stroke(Stroke::NONE);
        let flash = ui.add(flash.min_size(egui::vec2(120.0, tokens.spacing.grid * 4.5)));
        let leave = ui.add(Button::new(t!("Leave it as it is")).min_size(egui::vec2(120.0, tokens.spacing.grid * 4.5)));
        if fresh {
            if harmless { flash.request_focus() } else { leave.request_focus() }
        }
        for button in [&flash, &leave] {
            focus_ui(ui, page, button);
        }
        if flash.clicked() {
            answer = Some(true);
        }
        if leave.clicked() {
            answer = Some(false);
        }
        let keys = if harmless { t!("Enter flashes, Esc leaves it") } else { t!("Enter or Esc leaves it") };
        ui.label(RichText::new(keys).size(tokens.sizes.secondary).color(tokens.colours.text_quiet));
    });
    answer
}

fn erased(wishes: Wishes, protected: bool) -> &'static str {
    match wishes.erase {
        _ if protected => t!("The whole chip is erased, then the image is written and every byte read back"),
        Erase::Changed => t!("Pages that differ are erased and written, and read back"),
        Erase::Pages => t!("The pages of the image are erased and written, and every byte read back"),
        Erase::Chip => t!("The whole chip is erased, then the image is written and every byte read back"),
    }
}

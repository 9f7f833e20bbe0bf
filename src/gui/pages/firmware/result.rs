//! What came of flashing, in a word to be read from three metres, and what is to be done with the board now.

use egui::{Align, Color32, FontId, Label, Layout, RichText, Sense, Ui, UiBuilder, vec2};

use super::image::grouped;
use super::now::{beside_ui, hands_needed, large_ui, plain_ui, side_ui};
use super::{FirmwareCommand, FirmwarePage, PageCtx, chip, working};
use crate::advice::Advice;
use crate::flash::Report;
use crate::gui::firmware_view::Outcome;
use crate::gui::pages::bench::verdict::{hatch, simulated_ui};
use crate::gui::widgets::card;
use crate::gui::widgets::problem::problem_ui;
use crate::operator::Sketch;

impl FirmwarePage {
    pub(super) fn result_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>, outcome: &Outcome) {
        let colours = &page.tokens.colours;
        let (word, fill) = match outcome {
            Outcome::Verified(_) => (t!("VERIFIED"), colours.pass_fill),
            Outcome::Failed(_) => (t!("FAILED"), colours.fail_fill),
            Outcome::Cancelled(_) => (t!("CANCELLED"), colours.attention_fill),
            Outcome::Started => (t!("STARTED"), colours.running_fill),
        };
        let about = if let Outcome::Verified(report) = outcome { figures(report) } else { String::new() };
        word_ui(ui, page, word, &about, fill);
        card::frame(page.tokens).show(ui, |ui| {
            ui.set_width(ui.available_width());
            match outcome {
                Outcome::Verified(report) => self.verified_ui(ui, page, report),
                Outcome::Failed(advice) | Outcome::Cancelled(advice) => self.stopped_ui(ui, page, advice),
                Outcome::Started => {
                    plain_ui(
                        ui,
                        page,
                        t!("The chip runs what is in its flash; that it does so well is for a run to prove"),
                    );
                    self.after_ui(ui, page);
                }
            }
            working::past_ui(ui, page, page.core.firmware.stages());
        });
    }

    fn verified_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>, report: &Report) {
        if report.started {
            plain_ui(ui, page, t!("The program was started"));
            return self.after_ui(ui, page);
        }
        ui.horizontal_wrapped(|ui| {
            self.go_ui(ui, page, FirmwareCommand::Start);
            side_ui(ui, page, FirmwareCommand::NextBoard);
        });
    }

    /// The program runs; before the next reset BOOT0 has to be back.
    fn after_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let hands = hands_needed(page.core);
        beside_ui(ui, page, hands.then_some(Sketch::PowerCycle), |ui, page| {
            if hands {
                large_ui(ui, page, t!("Set BOOT0 back to 0"));
                plain_ui(ui, page, t!("Then take its supply away and give it back"));
            }
            self.go_ui(ui, page, FirmwareCommand::NextBoard);
        });
    }

    fn stopped_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>, advice: &Advice) {
        problem_ui(ui, page, advice, None);
        ui.horizontal_wrapped(|ui| {
            self.go_ui(ui, page, FirmwareCommand::Confirm);
            side_ui(ui, page, FirmwareCommand::Ask);
            side_ui(ui, page, FirmwareCommand::NextBoard);
        });
    }
}

/// The word on its colour, hatched when the chip is simulated.
fn word_ui(ui: &mut Ui, page: &PageCtx<'_>, word: &str, about: &str, fill: Color32) {
    let tokens = page.tokens;
    let (colours, grid) = (&tokens.colours, tokens.spacing.grid);
    let simulated = page.core.firmware.chip.as_ref().is_some_and(chip::is_simulated);
    let inside = ui.available_width() - 2.0 * tokens.spacing.page;
    let size = tokens.sizes.verdict.min(inside / 7.0);
    let font = FontId::proportional(tokens.sizes.heading);
    let about_height = ui.painter().layout(about.to_owned(), font, colours.text, inside).size().y;
    let height = size * 1.3 + about_height + 2.0 * grid;
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    ui.painter().rect_filled(rect, tokens.spacing.radius, fill);
    if simulated {
        hatch(&ui.painter().with_clip_rect(rect.intersect(ui.clip_rect())), rect, colours.hatch);
    }
    let room = rect.shrink2(vec2(tokens.spacing.page, grid));
    // Children of their own: the room is allocated already.
    let mut words = ui.new_child(UiBuilder::new().max_rect(room));
    words.spacing_mut().item_spacing.y = 0.0;
    let text = RichText::new(word).font(tokens.strong(size)).color(colours.text_on_strong);
    words.add(Label::new(text).extend());
    if !about.is_empty() {
        let about = RichText::new(about).size(tokens.sizes.heading).color(colours.text_on_strong);
        words.add(Label::new(about).wrap());
    }
    if simulated {
        let corner = UiBuilder::new().max_rect(room).layout(Layout::right_to_left(Align::Min));
        simulated_ui(&mut ui.new_child(corner), tokens, tokens.sizes.heading);
    }
}

fn figures(report: &Report) -> String {
    t!(
        "{written} bytes written, {skipped} were there or are blank, {seconds} s",
        written = grouped(report.bytes_written),
        skipped = grouped(report.bytes_skipped),
        seconds = format_args!("{:.1}", report.seconds)
    )
}

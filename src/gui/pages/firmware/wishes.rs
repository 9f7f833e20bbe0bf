//! How it is flashed, as far as it can be chosen.

use egui::Ui;

use super::{PageCtx, quiet_ui};
use crate::gui::firmware_view::work::{Erase, Wishes};
use crate::gui::widgets::card;

pub(super) fn wishes_ui(ui: &mut Ui, page: &mut PageCtx<'_>, wishes: &mut Wishes) {
    card::heading_ui(ui, page.tokens, t!("4  How it is flashed"), "");
    ui.radio_value(&mut wishes.erase, Erase::Changed, t!("Write only the pages that differ"));
    ui.radio_value(&mut wishes.erase, Erase::Pages, t!("Write all pages of the image"));
    ui.radio_value(&mut wishes.erase, Erase::Chip, t!("Erase the whole chip first, so that nothing old stays"));
    ui.checkbox(&mut wishes.start, t!("Start the program afterwards"));
    ui.checkbox(&mut wishes.protect, t!("Protect it from being read out afterwards"));
    quiet_ui(ui, page, t!("Every byte that is written is read back and compared"));
}

//! What pages of text share: a title, then cards that do not grow wider than one can read.

use egui::{CentralPanel, Frame, Margin, RichText, ScrollArea, Ui};

use super::PageCtx;
use crate::gui::widgets::card;

/// Wider than this nobody reads.
const WIDEST: f32 = 860.0;

/// Cards in two columns may take more.
const WIDEST_PAIR: f32 = 1280.0;

/// Draws the page's frame and scrolls what does not fit.
pub(super) fn sheet_ui(ui: &mut Ui, page: &mut PageCtx<'_>, content: impl FnOnce(&mut Ui, &mut PageCtx<'_>)) {
    framed_ui(ui, page, WIDEST, content);
}

/// The same for two columns.
pub(super) fn wide_sheet_ui(ui: &mut Ui, page: &mut PageCtx<'_>, content: impl FnOnce(&mut Ui, &mut PageCtx<'_>)) {
    framed_ui(ui, page, WIDEST_PAIR, content);
}

fn framed_ui(ui: &mut Ui, page: &mut PageCtx<'_>, widest: f32, content: impl FnOnce(&mut Ui, &mut PageCtx<'_>)) {
    let tokens = page.tokens;
    let frame = Frame::new().fill(tokens.colours.window).inner_margin(Margin::same(tokens.spacing.page as i8));
    CentralPanel::default().frame(frame).show(ui, |ui| {
        // Each page is scrolled by itself; their widths tell them apart.
        let area = ScrollArea::vertical().id_salt(widest.to_bits());
        area.auto_shrink([false, false]).show(ui, |ui| {
            ui.set_max_width(widest.min(ui.available_width() - tokens.spacing.grid));
            ui.spacing_mut().item_spacing.y = tokens.spacing.grid * 1.25;
            content(ui, page);
        });
    });
}

/// A card with its heading.
pub(super) fn card_ui<'a>(
    ui: &mut Ui,
    page: &mut PageCtx<'a>,
    heading: &str,
    content: impl FnOnce(&mut Ui, &mut PageCtx<'a>),
) {
    let tokens = page.tokens;
    card::frame(tokens).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.spacing_mut().item_spacing.y = tokens.spacing.grid * 0.75;
        card::heading_ui(ui, tokens, heading, "");
        content(ui, page);
    });
}

/// Something that explains.
pub(super) fn quiet_ui(ui: &mut Ui, page: &PageCtx<'_>, text: &str) {
    let tokens = page.tokens;
    ui.label(RichText::new(text).size(tokens.sizes.secondary).color(tokens.colours.text_quiet));
}

/// A name of the width all names have here, then what belongs to it.
pub(super) fn row_ui<'a>(
    ui: &mut Ui,
    page: &mut PageCtx<'a>,
    name: &str,
    content: impl FnOnce(&mut Ui, &mut PageCtx<'a>),
) {
    let tokens = page.tokens;
    ui.horizontal_wrapped(|ui| {
        let size = egui::vec2(tokens.spacing.grid * 13.0, ui.spacing().interact_size.y);
        ui.allocate_ui_with_layout(size, egui::Layout::left_to_right(egui::Align::Center), |ui| {
            ui.set_min_size(size);
            ui.label(RichText::new(name).color(tokens.colours.text_quiet));
        });
        content(ui, page);
    });
}

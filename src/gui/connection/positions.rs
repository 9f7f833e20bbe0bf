//! The meters at the further positions of a bench, below the first one's address.

use egui::{Label, RichText, Ui};

use super::Connection;
use crate::gui::command::Command;
use crate::gui::device::Device;
use crate::gui::pages::PageCtx;
use crate::gui::widgets::command_button::command_button_ui;
use crate::gui::widgets::input::{Look, input_ui};

/// Lines that are shown at once.
const ROWS: usize = 4;

impl Connection {
    /// Draws the addresses of the further meters, one a line, and connects to them when asked to.
    pub(super) fn positions_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let tokens = page.tokens;
        let colours = &tokens.colours;
        let texts: Vec<String> =
            self.more.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
        let fault = texts.iter().zip(2..).find_map(|(text, position)| {
            Device::Meter
                .read(text, &page.core.instruments)
                .err()
                .map(|problem| t!("Position {position}: {problem}", position, problem))
        });
        ui.add_space(tokens.spacing.grid * 0.5);
        let about = t!("Meters at further positions, one a line");
        ui.label(RichText::new(about).size(tokens.sizes.secondary).color(colours.text_quiet));
        let width = ui.available_width();
        let hint = "afe+serial:/dev/ttyUSB1";
        let look = Look { name: about, hint, fault: fault.as_deref(), width, rows: ROWS, mono: true };
        input_ui(ui, tokens, look, &mut self.more);
        if let Some(fault) = &fault {
            ui.add(Label::new(RichText::new(fault).color(colours.attention)).wrap());
        }
        let enabled = fault.is_none() && !page.core.run().running;
        command_button_ui(ui, page, Command::FurtherMeters(texts), enabled);
    }
}

//! The meters at the further positions of a bench, and the optical heads before the meters, below the first one's address.

use egui::{Label, RichText, Ui};

use super::Connection;
use crate::gui::command::Command;
use crate::gui::device::Device;
use crate::gui::pages::PageCtx;
use crate::gui::widgets::command_button::command_button_ui;
use crate::gui::widgets::input::{Look, input_ui};
use crate::station::check;

/// Lines that are shown at once.
const ROWS: usize = 4;
/// The same of the heads.
const HEAD_ROWS: usize = 2;

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
        self.heads_ui(ui, page);
    }

    /// The heads, one a line: an empty line is a position without one.
    fn heads_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let tokens = page.tokens;
        let colours = &tokens.colours;
        let texts: Vec<String> = self.heads.trim_end().lines().map(|line| line.trim().to_owned()).collect();
        let problem = |text: &String| {
            if text.is_empty() {
                return None;
            }
            let read = text.parse().and_then(|url| check::head(&url));
            read.err().map(|error| error.problem)
        };
        let fault = texts.iter().zip(1..).find_map(|(text, position)| {
            problem(text).map(|problem| t!("Position {position}: {problem}", position, problem))
        });
        ui.add_space(tokens.spacing.grid * 0.5);
        let about = t!("Optical heads before the meters, one a line from position 1");
        ui.label(RichText::new(about).size(tokens.sizes.secondary).color(colours.text_quiet));
        let width = ui.available_width();
        let hint = "pulse+serial:/dev/ttyUSB3?line=cts";
        let look = Look { name: about, hint, fault: fault.as_deref(), width, rows: HEAD_ROWS, mono: true };
        input_ui(ui, tokens, look, &mut self.heads);
        if let Some(fault) = &fault {
            ui.add(Label::new(RichText::new(fault).color(colours.attention)).wrap());
        }
        let enabled = fault.is_none() && !page.core.run().running;
        command_button_ui(ui, page, Command::Heads(texts), enabled);
    }
}

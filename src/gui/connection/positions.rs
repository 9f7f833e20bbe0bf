//! The further positions of a bench, below the first one's address: their meters with the optical heads, and their flash targets.

use egui::{Label, RichText, Ui};

use super::Connection;
use crate::gui::command::Command;
use crate::gui::device::Device;
use crate::gui::pages::PageCtx;
use crate::gui::widgets::command_button::command_button_ui;
use crate::gui::widgets::input::{Look, input_ui};
use crate::station::check;

/// A field with an address a line.
struct Lines<'a> {
    about: &'a str,
    hint: &'a str,
    /// Lines that are shown at once.
    rows: usize,
    /// Position of the first line.
    first: usize,
}

impl Connection {
    /// Draws the addresses of the further meters and of the heads, and connects to them when asked to.
    pub(super) fn meters_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let about = t!("Meters at further positions, one a line");
        let meters = Lines { about, hint: "afe+serial:/dev/ttyUSB1", rows: 4, first: 2 };
        let instruments = &page.core.instruments;
        let fine = meters.lines_ui(ui, page, &mut self.more, |text| Device::Meter.read(text, instruments).err());
        let texts = addresses(&self.more).into_iter().filter(|text| !text.is_empty()).collect();
        command_button_ui(ui, page, Command::FurtherMeters(texts), fine && !page.core.run().running);

        let about = t!("Optical heads before the meters, one a line from position 1");
        let heads = Lines { about, hint: "pulse+serial:/dev/ttyUSB3?line=cts", rows: 2, first: 1 };
        let read = |text: &str| text.parse().and_then(|url| check::head(&url)).err().map(|error| error.problem);
        let fine = heads.lines_ui(ui, page, &mut self.heads, read);
        let heads = Command::Heads(addresses(&self.heads));
        command_button_ui(ui, page, heads, fine && !page.core.run().running);
    }

    /// Draws the flash targets of the further positions.
    pub(super) fn targets_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let about = t!("Flash targets at further positions, one a line from position 2");
        let targets = Lines { about, hint: "rom+serial:/dev/ttyUSB4", rows: 4, first: 2 };
        let instruments = &page.core.instruments;
        let fine = targets.lines_ui(ui, page, &mut self.targets, |text| Device::Target.read(text, instruments).err());
        let targets = Command::FurtherTargets(addresses(&self.targets));
        command_button_ui(ui, page, targets, fine && !page.core.run().running);
    }
}

/// By position: an empty line is one without.
fn addresses(text: &str) -> Vec<String> {
    text.trim_end().lines().map(|line| line.trim().to_owned()).collect()
}

impl Lines<'_> {
    /// Draws the field and what is wrong in it; true when nothing is.
    fn lines_ui(
        &self,
        ui: &mut Ui,
        page: &PageCtx<'_>,
        text: &mut String,
        fault: impl Fn(&str) -> Option<String>,
    ) -> bool {
        let (tokens, colours) = (page.tokens, &page.tokens.colours);
        let addresses = addresses(text);
        let named = addresses.iter().zip(self.first..).filter(|(text, _)| !text.is_empty());
        let fault = named
            .filter_map(|(text, position)| Some((position, fault(text)?)))
            .map(|(position, problem)| t!("Position {position}: {problem}", position, problem))
            .next();
        ui.add_space(tokens.spacing.grid * 0.5);
        ui.label(RichText::new(self.about).size(tokens.sizes.secondary).color(colours.text_quiet));
        let width = ui.available_width();
        let look =
            Look { name: self.about, hint: self.hint, fault: fault.as_deref(), width, rows: self.rows, mono: true };
        input_ui(ui, tokens, look, text);
        if let Some(fault) = &fault {
            ui.add(Label::new(RichText::new(fault).color(colours.attention)).wrap());
        }
        fault.is_none()
    }
}

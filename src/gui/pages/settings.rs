//! The settings page: how the window looks, which ports are plugged in, where settings lie.

use egui::{Label, RichText, Ui};

use super::PageCtx;
use super::sheet::{card_ui, quiet_ui, row_ui, sheet_ui};
use crate::gui::command::Command;
use crate::gui::widgets::command_button::{choice_button_ui, command_button_ui};
use crate::gui::widgets::status::{Mark, mark_ui};
use crate::settings::{TEXT_SIZES, ThemeChoice};

/// Draws the page.
pub fn settings_ui(ui: &mut Ui, page: &mut PageCtx<'_>) {
    sheet_ui(ui, page, |ui, page| {
        card_ui(ui, page, "Look", look_ui);
        card_ui(ui, page, "Serial ports", ports_ui);
        card_ui(ui, page, "Where settings lie", place_ui);
    });
}

fn look_ui(ui: &mut Ui, page: &mut PageCtx<'_>) {
    let (theme, size) = (page.core.settings.theme, page.core.settings.text_size_percent);
    row_ui(ui, page, "Theme", |ui, page| {
        for choice in [ThemeChoice::Light, ThemeChoice::Dark, ThemeChoice::System] {
            choice_button_ui(ui, page, Command::Theme(choice), choice == theme);
        }
    });
    row_ui(ui, page, "Text size", |ui, page| {
        for percent in TEXT_SIZES {
            choice_button_ui(ui, page, Command::TextSize(percent), percent == size);
        }
    });
}

fn ports_ui(ui: &mut Ui, page: &mut PageCtx<'_>) {
    let tokens = page.tokens;
    match &page.core.ports {
        None => quiet_ui(ui, page, "Looking which ports are plugged in"),
        Some(ports) if ports.is_empty() => {
            ui.label("No serial port is plugged in");
            quiet_ui(ui, page, "Plug in the converter; it shows up here within two seconds");
        }
        Some(ports) => {
            egui::Grid::new("ports").num_columns(2).spacing([tokens.spacing.grid * 3.0, 4.0]).show(ui, |ui| {
                for port in ports {
                    ui.label(RichText::new(&port.name).monospace());
                    let known = if port.description.is_empty() { "no description" } else { &port.description };
                    ui.label(RichText::new(known).color(tokens.colours.text_quiet));
                    ui.end_row();
                }
            });
            quiet_ui(ui, page, "A meter at a port has the address afe+serial: and the port's name");
        }
    }
}

fn place_ui(ui: &mut Ui, page: &mut PageCtx<'_>) {
    let tokens = page.tokens;
    if let Some(problem) = &page.core.settings_problem {
        ui.horizontal_top(|ui| {
            mark_ui(ui, tokens, Mark::Triangle, tokens.colours.attention);
            ui.add(Label::new(RichText::new(problem).color(tokens.colours.attention)).wrap());
        });
    }
    match &page.core.settings_file {
        None => quiet_ui(ui, page, "Nothing is remembered: this user has no folder for settings"),
        Some(file) => {
            let path = file.display().to_string();
            ui.add(Label::new(RichText::new(&path).monospace()).wrap());
            command_button_ui(ui, page, Command::Copy("the path of the settings", path), true);
        }
    }
}

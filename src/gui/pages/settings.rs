//! The settings page: how the window looks and works, which ports are plugged in, where everything lies. Two columns of cards,
//! one where there is little room.

use egui::{DragValue, Label, RichText, Ui, vec2};

use super::PageCtx;
use super::sheet::{card_ui, quiet_ui, row_ui, wide_sheet_ui};
use crate::advice::Advice;
use crate::gui::change::Change;
use crate::gui::command::Command;
use crate::gui::device::Device;
use crate::gui::widgets::command_button::{choice_button_ui, command_button_ui};
use crate::gui::widgets::input::{Look, input_ui};
use crate::gui::widgets::problem::problem_ui;
use crate::settings::{TEXT_SIZES, ThemeChoice};

/// Narrower pages have one column.
const TWO_COLUMNS: f32 = 800.0;
/// A PASS that is shown longer than this is shown until a key is pressed, by another setting of the line.
const LONGEST_PAUSE: u16 = 600;

/// Draws the page.
pub fn settings_ui(ui: &mut Ui, page: &mut PageCtx<'_>) {
    wide_sheet_ui(ui, page, |ui, page| {
        if let Some(problem) = page.core.settings_problem.clone() {
            card_ui(ui, page, t!("Settings are not kept"), |ui, page| {
                problem_ui(ui, page, &Advice::new(problem, "", ""), None);
            });
        }
        let width = ui.available_width();
        if width < TWO_COLUMNS {
            left_ui(ui, page);
            right_ui(ui, page);
            return;
        }
        let gap = page.tokens.spacing.grid * 1.25;
        let column = ((width - gap) / 2.0).floor();
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = gap;
            for side in [left_ui, right_ui] {
                ui.allocate_ui(vec2(column, 0.0), |ui| {
                    ui.vertical(|ui| {
                        ui.set_width(column);
                        ui.spacing_mut().item_spacing.x = page.tokens.spacing.grid;
                        side(ui, page);
                    });
                });
            }
        });
    });
}

fn left_ui(ui: &mut Ui, page: &mut PageCtx<'_>) {
    card_ui(ui, page, t!("Look"), look_ui);
    card_ui(ui, page, t!("Work"), work_ui);
    card_ui(ui, page, t!("Folders"), place_ui);
}

fn right_ui(ui: &mut Ui, page: &mut PageCtx<'_>) {
    card_ui(ui, page, t!("Serial ports"), ports_ui);
    card_ui(ui, page, t!("Flash target"), target_ui);
}

fn look_ui(ui: &mut Ui, page: &mut PageCtx<'_>) {
    let (theme, size) = (page.core.settings.theme, page.core.settings.text_size_percent);
    row_ui(ui, page, t!("Theme"), |ui, page| {
        for choice in [ThemeChoice::Light, ThemeChoice::Dark, ThemeChoice::System] {
            choice_button_ui(ui, page, Command::Theme(choice), choice == theme);
        }
    });
    row_ui(ui, page, t!("Text size"), |ui, page| {
        for percent in TEXT_SIZES {
            choice_button_ui(ui, page, Command::TextSize(percent), percent == size);
        }
    });
    let core = page.core;
    row_ui(ui, page, t!("Language"), |ui, page| {
        for language in core.languages.iter().filter(|language| language.usable()) {
            let chosen = language.id == core.settings.language;
            choice_button_ui(ui, page, Command::Language(language.id.clone(), language.name.clone()), chosen);
        }
    });
    for language in core.languages.iter().filter(|language| !language.faults.is_empty()) {
        let Some(file) = &language.file else { continue };
        let what = t!("{file} has faults; what they concern stays English", file = file.display());
        let next = t!("Correct the file and start the program again").to_owned();
        problem_ui(ui, page, &Advice::new(what, language.faults.join("\n"), next), None);
    }
}

fn work_ui(ui: &mut Ui, page: &mut PageCtx<'_>) {
    let settings = &page.core.settings;
    for (name, hint, mut value, change) in [
        (t!("Operator"), t!("name or number"), settings.operator.clone(), Change::Operator as fn(String) -> Change),
        (
            t!("Batch"),
            t!("of the units that are tested now; kept until it is changed"),
            settings.batch.clone(),
            Change::Batch,
        ),
    ] {
        row_ui(ui, page, name, |ui, page| {
            let width = ui.available_size_before_wrap().x;
            let look = Look { name, hint, fault: None, width, rows: 1, mono: true };
            if input_ui(ui, page.tokens, look, &mut value).changed() {
                page.commands.push(Command::Set(change(value)));
            }
        });
    }
    let required = page.core.settings.operator_required;
    switch_ui(ui, page, t!("No run without an operator's name"), required, Change::OperatorRequired);
    row_ui(ui, page, t!("After a PASS"), |ui, page| {
        let mut seconds = page.core.settings.pass_pause_secs;
        let field = DragValue::new(&mut seconds).range(0..=LONGEST_PAUSE).suffix(" s");
        let response = ui.add(field);
        ui.ctx()
            .accesskit_node_builder(response.id, |node| node.set_label(t!("Seconds until the next unit after a PASS")));
        quiet_ui(ui, page, t!("until the next unit"));
        if response.changed() {
            page.commands.push(Command::Set(Change::PassPause(seconds)));
        }
    });
    let sounds = page.core.settings.sounds;
    switch_ui(ui, page, t!("A sound tells the verdict"), sounds, Change::Sounds);
}

fn ports_ui(ui: &mut Ui, page: &mut PageCtx<'_>) {
    let tokens = page.tokens;
    match &page.core.ports {
        None => quiet_ui(ui, page, t!("Looking which ports are plugged in")),
        Some(ports) if ports.is_empty() => {
            ui.label(t!("No serial port is plugged in"));
            quiet_ui(ui, page, t!("Plug in the converter; it shows up here within two seconds"));
        }
        Some(ports) => {
            for port in ports {
                let known = if port.description.is_empty() { t!("No description") } else { &port.description };
                ui.add(Label::new(known).wrap());
                let size = tokens.sizes.secondary;
                let name = RichText::new(&port.name).monospace().size(size).color(tokens.colours.text_quiet);
                ui.add(Label::new(name).wrap());
            }
        }
    }
    let by_itself = page.core.settings.reconnect_by_itself;
    switch_ui(
        ui,
        page,
        t!("Reconnect when the same converter is plugged in again"),
        by_itself,
        Change::ReconnectByItself,
    );
    ui.horizontal_wrapped(|ui| {
        for device in Device::ALL.into_iter().filter(|device| device.is_held()) {
            command_button_ui(ui, page, Command::OpenDevice(device), true);
        }
    });
}

fn target_ui(ui: &mut Ui, page: &mut PageCtx<'_>) {
    row_ui(ui, page, t!("Image"), |ui, page| {
        let mut file = page.core.settings.image.clone();
        let width = ui.available_size_before_wrap().x;
        let look =
            Look { name: t!("Image"), hint: t!("file with the firmware"), fault: None, width, rows: 1, mono: true };
        if input_ui(ui, page.tokens, look, &mut file).changed() {
            page.commands.push(Command::Set(Change::Image(file)));
        }
    });
    let target = page.core.settings.target.trim();
    if target.is_empty() {
        quiet_ui(ui, page, t!("Not set: the port at which the chip's boot loader is reached"));
    } else {
        ui.add(Label::new(RichText::new(target).monospace()).wrap());
        if let Err(problem) = Device::Target.read(target, &page.core.instruments) {
            problem_ui(
                ui,
                page,
                &Advice::new(problem, "", t!("Choose the port again")),
                Some(Command::OpenDevice(Device::Target)),
            );
            return;
        }
    }
    command_button_ui(ui, page, Command::OpenDevice(Device::Target), true);
}

fn place_ui(ui: &mut Ui, page: &mut PageCtx<'_>) {
    match &page.core.settings_file {
        None => quiet_ui(ui, page, t!("Nothing is remembered: this user has no folder for settings")),
        Some(file) => path_ui(ui, page, t!("Settings"), t!("the path of the settings"), file.display().to_string()),
    }
    if let Some(folder) = &page.core.data_folder {
        path_ui(ui, page, t!("Data and log"), t!("the path of the data folder"), folder.display().to_string());
    }
}

fn path_ui(ui: &mut Ui, page: &mut PageCtx<'_>, name: &str, what: &'static str, path: String) {
    quiet_ui(ui, page, name);
    ui.add(Label::new(RichText::new(&path).monospace()).wrap());
    command_button_ui(ui, page, Command::Copy(what, path), true);
}

fn switch_ui(ui: &mut Ui, page: &mut PageCtx<'_>, text: &str, mut on: bool, change: fn(bool) -> Change) {
    if ui.checkbox(&mut on, text).changed() {
        page.commands.push(Command::Set(change(on)));
    }
}

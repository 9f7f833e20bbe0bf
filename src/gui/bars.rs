//! The line at the bottom: what happened last, the run that goes on elsewhere, who works here, the time of day.

use std::time::Duration;

use egui::{Align, Frame, Label, Layout, Margin, Panel, RichText, Sense, Stroke, Ui};

use super::command::Command;
use super::core::Tone;
use super::pages::PageCtx;
use super::route::Route;
use super::widgets::status::{Mark, mark_ui};
use crate::gui::texts;
use crate::gui::texts::words;

/// The status line.
pub(super) fn status_ui(ui: &mut Ui, page: &mut PageCtx<'_>, route: Route) {
    let tokens = page.tokens;
    let colours = &tokens.colours;
    let simulated = page.core.links.simulated || page.core.run().report.as_ref().is_some_and(|report| report.simulated);
    let fill = if simulated { colours.simulated_fill } else { colours.card };
    let frame =
        Frame::new().fill(fill).stroke(Stroke::NONE).inner_margin(Margin::symmetric(tokens.spacing.page as i8, 0));
    Panel::bottom("status").frame(frame).exact_size(tokens.spacing.status).show(ui, |ui| {
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            let (text, tone) = &page.core.message;
            let attention = simulated || *tone == Tone::Plain;
            let colour = if attention { colours.text } else { colours.attention };
            let size = tokens.sizes.secondary;
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if simulated {
                    ui.label(RichText::new(t!("SIMULATED")).font(tokens.strong(size)).color(colours.simulated));
                }
                clock_ui(ui, page, size);
                let settings = &page.core.settings;
                for (name, value) in [(t!("Operator"), &settings.operator), (t!("Batch"), &settings.batch)] {
                    if !value.trim().is_empty() {
                        ui.label(RichText::new(value.trim()).size(size).color(colours.text));
                        ui.label(RichText::new(name).size(size).color(colours.text_quiet));
                    }
                }
                if route != Route::Firmware && page.core.firmware.is_flashing() {
                    flashing_ui(ui, page);
                }
                if route != Route::Bench && page.core.run().running {
                    run_ui(ui, page);
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let label = Label::new(RichText::new(texts::of(text)).size(size).color(colour)).truncate();
                    let clicked = !text.is_empty() && ui.add(label.sense(Sense::click())).clicked();
                    if clicked {
                        page.commands.push(Command::ShowLog);
                    }
                });
            });
        });
    });
}

/// Hours and minutes; the window is drawn again when they change, and not for them before.
fn clock_ui(ui: &mut Ui, page: &PageCtx<'_>, size: f32) {
    let Some(now) = &page.core.now else { return };
    ui.label(RichText::new(now.strftime("%H:%M").to_string()).size(size).color(page.tokens.colours.text_quiet));
    let left = 60 - u64::try_from(now.second()).unwrap_or_default().min(59);
    ui.ctx().request_repaint_after(Duration::from_secs(left));
}

/// The flashing that goes on while another page is shown.
fn flashing_ui(ui: &mut Ui, page: &PageCtx<'_>) {
    let tokens = page.tokens;
    let progress = page.core.firmware.progress().filter(|progress| progress.total > 0);
    let percent = progress.map(|progress| progress.done * 100 / progress.total);
    let stage = page.core.firmware.progress().map_or("", |progress| words::stage(progress.stage));
    let text = match percent {
        Some(percent) => t!("Flash target: {stage}, {percent} %", stage, percent),
        None => t!("Flash target: {stage}", stage),
    };
    ui.label(RichText::new(text).font(tokens.strong(tokens.sizes.secondary)).color(tokens.colours.text));
    mark_ui(ui, tokens, Mark::Play, tokens.colours.running);
}

/// The run that goes on while another page is shown.
fn run_ui(ui: &mut Ui, page: &PageCtx<'_>) {
    let tokens = page.tokens;
    let run = page.core.run();
    let what = match (run.cancelling, run.active()) {
        (true, _) => t!("stopping"),
        (false, Some(step)) => &words::step(&step.title),
        (false, None) => t!("getting ready"),
    };
    let positions = &page.core.positions;
    let who =
        if positions.several() { t!("Position {position}", position = run.position + 1) } else { run.serial.clone() };
    let text = t!(
        "{who}: {what}, {fraction} %, Esc cancels",
        who,
        what,
        fraction = format_args!("{:.0}", positions.fraction() * 100.0)
    );
    let text = RichText::new(text).font(tokens.strong(tokens.sizes.secondary)).color(tokens.colours.text);
    ui.label(text);
    mark_ui(ui, tokens, Mark::Play, tokens.colours.running);
}

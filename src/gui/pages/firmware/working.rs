//! The target's thread at work: stage, bytes, rate, time left, and whether it can be stopped.

use egui::{ProgressBar, RichText, Ui};

use super::image::grouped;
use super::now::{large_ui, plain_ui};
use super::{FirmwareCommand, PageCtx, quiet_ui};
use crate::flash::{Progress, Stage};
use crate::gui::firmware_view::{Ended, Past};
use crate::gui::texts::words::stage;
use crate::gui::widgets::command_button::command_button_ui;
use crate::gui::widgets::status::{Mark, mark_ui};

pub(super) fn working_ui(ui: &mut Ui, page: &mut PageCtx<'_>) {
    let view = &page.core.firmware;
    let Some(progress) = view.progress() else { return };
    let title = if view.is_cancelling() { t!("Stopping") } else { stage(progress.stage) };
    large_ui(ui, page, title);
    let fraction = if progress.total == 0 { 0.0 } else { progress.done as f32 / progress.total as f32 };
    let bar = ProgressBar::new(fraction).desired_width(ui.available_width()).fill(page.tokens.colours.running_fill);
    ui.add(bar).widget_info(|| {
        let mut info = egui::WidgetInfo::labeled(egui::Role::ProgressIndicator, true, stage(progress.stage));
        info.value = Some(f64::from(fraction * 100.0).round());
        info
    });
    plain_ui(ui, page, &figures(progress));
    ui.horizontal_wrapped(|ui| {
        let reason = view.unstoppable();
        let enabled = reason.is_none() && !view.is_cancelling();
        let button = command_button_ui(ui, page, FirmwareCommand::Cancel.into(), enabled);
        let words = reason.unwrap_or_else(|| consequence(progress.stage));
        if let Some(reason) = reason {
            button.on_disabled_hover_text(reason);
        }
        quiet_ui(ui, page, words);
    });
    if view.is_flashing() {
        past_ui(ui, page, view.stages());
    }
}

/// What stopping now would leave.
fn consequence(stage: Stage) -> &'static str {
    match stage {
        Stage::Erase | Stage::Write => t!("Stopped now, the chip holds no working program until it is flashed again"),
        Stage::Verify => t!("Stopped now, what was written is not proven"),
        _ => t!("Nothing is changed on the chip yet"),
    }
}

/// Bytes, rate and time left of a stage; one that is a single step has none of them.
fn figures(progress: Progress) -> String {
    let Progress { done, total, rate, left, .. } = progress;
    if total == 0 {
        return t!("One moment").to_owned();
    }
    let bytes = t!("{done} of {total} bytes", done = grouped(done), total = grouped(total));
    match (rate, left) {
        (Some(rate), Some(left)) => t!(
            "{bytes}    {rate} kB/s    {left} s left",
            bytes,
            rate = format_args!("{:.1}", rate / 1e3),
            left = left.as_secs_f64().ceil()
        ),
        _ => bytes,
    }
}

/// The stages that are over, in their order.
pub(super) fn past_ui(ui: &mut Ui, page: &PageCtx<'_>, stages: &[Past]) {
    let tokens = page.tokens;
    ui.horizontal_wrapped(|ui| {
        for past in stages {
            match past.ended {
                Ended::Well => mark_ui(ui, tokens, Mark::Tick, tokens.colours.pass),
                Ended::Stopped => mark_ui(ui, tokens, Mark::Triangle, tokens.colours.attention),
            }
            let text = if past.ended == Ended::Stopped {
                t!("{stage} stopped after {seconds} s", stage = stage(past.stage), seconds = seconds(past))
            } else if past.bytes == 0 {
                t!("{stage}, {seconds} s", stage = stage(past.stage), seconds = seconds(past))
            } else {
                t!(
                    "{stage}, {bytes} bytes, {seconds} s",
                    stage = stage(past.stage),
                    bytes = grouped(past.bytes),
                    seconds = seconds(past)
                )
            };
            ui.label(RichText::new(text).size(tokens.sizes.secondary).color(tokens.colours.text_quiet));
        }
    });
}

fn seconds(past: &Past) -> String {
    format!("{:.1}", past.took.as_secs_f64())
}

//! The steps of the procedure: done ones with their result, the current one open, coming ones quiet.

use egui::{Align, Label, Layout, ProgressBar, RichText, ScrollArea, Ui};

use crate::gui::pages::PageCtx;
use crate::gui::run_view::{RunView, StepState, StepView};
use crate::gui::texts::words;
use crate::gui::widgets::card;
use crate::gui::widgets::status::{Mark, mark_ui};
use crate::procedure::Verdict;

pub(super) fn steps_ui(ui: &mut Ui, page: &PageCtx<'_>) {
    let tokens = page.tokens;
    let steps = &page.core.run().steps;
    let done = steps.iter().filter(|step| matches!(step.state, StepState::Done { .. })).count();
    let count = if steps.is_empty() { String::new() } else { t!("{done} of {steps}", done, steps = steps.len()) };
    card::heading_ui(ui, tokens, t!("Steps"), &count);
    if steps.is_empty() {
        let text = if page.core.run().running {
            t!("The run is being prepared")
        } else {
            t!("The steps show up here when a run starts")
        };
        ui.label(RichText::new(text).color(tokens.colours.text_quiet));
        return;
    }
    let followed = ui.scope_id().with("followed");
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = tokens.spacing.grid * 0.25;
        ui.spacing_mut().interact_size.y = tokens.spacing.grid * 2.0;
        let failed = first_failed(page.core.run());
        for (number, step) in steps.iter().enumerate() {
            let drawn = ui.push_id(number, |ui| step_ui(ui, page, step)).response;
            let place = match &step.state {
                StepState::Active { .. } => Some(None),
                _ if failed == Some(number) => Some(Some(Align::Center)),
                _ => None,
            };
            // Once, when it begins or when the run is over: who scrolls away from it stays there.
            let now = (page.core.run().position, number, failed.is_some());
            if let Some(place) = place.filter(|_| ui.data(|data| data.get_temp(followed)) != Some(now)) {
                ui.data_mut(|data| data.insert_temp(followed, now));
                drawn.scroll_to_me(place);
            }
            ui.add_space(tokens.spacing.grid * 0.5);
        }
    });
}

/// The step that a run which did not pass is about, when it is over.
fn first_failed(run: &RunView) -> Option<usize> {
    run.result()?;
    let failed = |step: &StepView| matches!(step.state, StepState::Done { verdict, .. } if verdict != Verdict::Pass);
    run.steps.iter().position(failed)
}

fn step_ui(ui: &mut Ui, page: &PageCtx<'_>, step: &StepView) {
    let tokens = page.tokens;
    let colours = &tokens.colours;
    let (mark, colour, word, title) = match &step.state {
        StepState::Waiting => (Mark::Ring, colours.text_quiet, "", colours.text_quiet),
        StepState::Active { .. } => (Mark::Play, colours.running, t!("running"), colours.text),
        StepState::Done { verdict, .. } => {
            (Mark::of(*verdict), tokens.verdict(*verdict), words::verdict(*verdict), colours.text)
        }
    };
    ui.horizontal(|ui| {
        mark_ui(ui, tokens, mark, colour);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if !word.is_empty() {
                ui.label(RichText::new(word).font(tokens.strong(tokens.sizes.secondary)).color(colour));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add(Label::new(RichText::new(words::step(&step.title)).color(title)).truncate());
            });
        });
    });
    let quiet = |text: &str| RichText::new(text).size(tokens.sizes.secondary).color(colours.text_quiet);
    let indent = tokens.sizes.body + tokens.spacing.grid;
    match &step.state {
        StepState::Waiting => {}
        StepState::Active { fraction, detail } => {
            ui.horizontal(|ui| {
                ui.add_space(indent);
                ui.vertical(|ui| {
                    let bar = ProgressBar::new(*fraction)
                        .desired_height(tokens.spacing.grid * 0.75)
                        .fill(colours.running_fill)
                        .corner_radius(2.0);
                    let name = t!("Progress of {step}", step = words::step(&step.title));
                    let percent = f64::from(*fraction) * 100.0;
                    ui.add(bar).widget_info(|| {
                        let mut info = egui::WidgetInfo::labeled(egui::Role::ProgressIndicator, true, &name);
                        info.value = Some(percent.round());
                        info
                    });
                    // The line is there from the start, so that nothing below it moves.
                    ui.add(Label::new(quiet(if detail.is_empty() { " " } else { detail })).truncate());
                });
            });
        }
        StepState::Done { detail, .. } if detail.is_empty() => {}
        StepState::Done { verdict, detail } => {
            ui.horizontal(|ui| {
                ui.add_space(indent);
                // Why a step failed is read whole.
                let label = Label::new(quiet(detail));
                ui.add(if *verdict == Verdict::Pass { label.truncate() } else { label.wrap() });
            });
        }
    }
}

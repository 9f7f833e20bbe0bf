//! The bar on top that tells how the devices are, and the line at the bottom that tells what happened last.

use egui::{Align, Frame, Key, Layout, Margin, Panel, RichText, Stroke, TextEdit, Ui};

use super::command::Command;
use super::core::Tone;
use super::pages::PageCtx;
use super::pages::bench::BenchPage;
use super::route::Route;
use super::session::Link;
use super::tokens::Tokens;
use super::widgets::command_button::command_button_ui;
use super::widgets::status::{Mark, mark_ui, status_ui as state_ui};

/// Narrower bars have no room for a word behind each device.
const WORDS_FROM: f32 = 940.0;

/// The connection bar, with the addresses below it when they are wanted.
pub(super) fn connection_ui(ui: &mut Ui, page: &mut PageCtx<'_>, form: &mut BenchPage) {
    let tokens = page.tokens;
    let margin = Margin::symmetric(tokens.spacing.page as i8, 0);
    let frame = Frame::new().fill(tokens.colours.card).inner_margin(margin);
    Panel::top("connection").frame(frame).exact_size(tokens.spacing.bar).show(ui, |ui| {
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            let narrow = ui.available_width() < WORDS_FROM;
            ui.spacing_mut().item_spacing.x = if narrow { tokens.spacing.grid } else { tokens.spacing.page };
            let links = &page.core.links;
            let station = match (links.open, links.simulated) {
                (true, true) => (Mark::Tick, tokens.colours.simulated, "simulated"),
                (true, false) => (Mark::Tick, tokens.colours.pass, "open"),
                (false, _) if links.meter == Link::Opening => (Mark::Play, tokens.colours.running, "connecting"),
                (false, _) => (Mark::Ring, tokens.colours.text_quiet, "not connected"),
            };
            state_ui(ui, tokens, "Station", (station.0, station.1), station.2);
            for (name, link) in [("Meter", &links.meter), ("Reference", &links.reference), ("Source", &links.source)] {
                let (mark, colour, word, about) = look(tokens, link);
                // Where there is little room, the tick says that it is connected.
                let word = if narrow && mark == Mark::Tick { "" } else { word };
                state_ui(ui, tokens, name, (mark, colour), word).on_hover_text(about);
            }
            let supply = match &page.core.run.load_point {
                Some(point) => (Mark::Play, tokens.colours.attention, format!("{:.1}, {:.3}", point.u, point.i)),
                None => (Mark::Bar, tokens.colours.text_quiet, "off".to_owned()),
            };
            state_ui(ui, tokens, "Supply", (supply.0, supply.1), &supply.2);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.spacing_mut().item_spacing.x = tokens.spacing.grid * 0.5;
                command_button_ui(ui, page, Command::OpenPalette, true);
                command_button_ui(ui, page, Command::ToggleAddresses, true);
            });
        });
    });
    if form.addresses_open {
        let frame =
            Frame::new().fill(tokens.colours.card).inner_margin(Margin::symmetric(tokens.spacing.page as i8, 4));
        Panel::top("addresses").frame(frame).exact_size(tokens.spacing.bar).show(ui, |ui| addresses_ui(ui, page, form));
    }
}

fn addresses_ui(ui: &mut Ui, page: &mut PageCtx<'_>, form: &mut BenchPage) {
    let tokens = page.tokens;
    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
        let width = ((ui.available_width() - 3.0 * 80.0 - 100.0) / 3.0).max(80.0);
        let texts = &mut form.addresses;
        let mut entered = false;
        let hint = "the station's own";
        for (name, text, hint) in [
            ("Meter", &mut texts.meter, "afe+serial:/dev/ttyUSB0"),
            ("Reference", &mut texts.reference, hint),
            ("Source", &mut texts.source, hint),
        ] {
            let label = ui.label(RichText::new(name).color(tokens.colours.text_quiet));
            let field = ui.add(TextEdit::singleline(text).desired_width(width).hint_text(hint)).labelled_by(label.id);
            entered |= field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        }
        let command = Command::Connect(form.addresses.clone());
        if entered {
            page.commands.push(command.clone());
        }
        command_button_ui(ui, page, command, !page.core.run.running);
    });
}

fn look<'a>(tokens: &Tokens, link: &'a Link) -> (Mark, egui::Color32, &'static str, &'a str) {
    match link {
        Link::Off => (Mark::Ring, tokens.colours.text_quiet, "not connected", "Open the addresses and connect"),
        Link::Opening => (Mark::Play, tokens.colours.running, "connecting", "Asking who is there"),
        Link::Ready(name) => (Mark::Tick, tokens.colours.pass, "connected", name),
        Link::Trouble(reason) => (Mark::Triangle, tokens.colours.attention, "no answer", reason),
    }
}

/// The status line.
pub(super) fn status_ui(ui: &mut Ui, page: &mut PageCtx<'_>, route: Route) {
    let tokens = page.tokens;
    let colours = &tokens.colours;
    let simulated = page.core.links.simulated || page.core.run.report.as_ref().is_some_and(|report| report.simulated);
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
                    ui.label(RichText::new("SIMULATED").font(tokens.strong(size)).color(colours.simulated));
                }
                if route != Route::Bench && page.core.run.running {
                    run_ui(ui, page);
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.add(egui::Label::new(RichText::new(text).size(size).color(colour)).truncate());
                });
            });
        });
    });
}

/// The run that goes on while another page is shown.
fn run_ui(ui: &mut Ui, page: &PageCtx<'_>) {
    let tokens = page.tokens;
    let run = &page.core.run;
    let what = match (run.cancelling, run.active()) {
        (true, _) => "stopping",
        (false, Some(step)) => step.title.as_str(),
        (false, None) => "getting ready",
    };
    let text = format!("{}: {what}, {:.0} %, Esc cancels", run.serial, run.fraction() * 100.0);
    let text = RichText::new(text).font(tokens.strong(tokens.sizes.secondary)).color(tokens.colours.text);
    ui.label(text);
    mark_ui(ui, tokens, Mark::Play, tokens.colours.running);
}

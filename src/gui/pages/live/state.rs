//! How the chip is, in words, and how the bus to it does.

use egui::{Align, Label, Layout, RichText, Ui};
use m90e26::Register;
use m90e26::field::EnStatus;

use super::LiveCommand;
use crate::gui::command::Command;
use crate::gui::pages::PageCtx;
use crate::gui::pages::registers::decode;
use crate::gui::session::{ChipState, Registers};
use crate::gui::watch_view::BusHealth;
use crate::gui::widgets::command_button::command_button_ui;
use crate::gui::widgets::number::NOTHING;
use crate::gui::widgets::status::{Mark, mark_ui};

pub(super) fn state_ui(ui: &mut Ui, page: &mut PageCtx<'_>) {
    let tokens = page.tokens;
    let free = page.core.links.open && !page.core.watch.running;
    ui.spacing_mut().item_spacing.y = tokens.spacing.grid * 0.25;
    ui.horizontal(|ui| {
        ui.heading(t!("Chip"));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            command_button_ui(ui, page, Command::Live(LiveCommand::ReadStatus), free);
        });
    });
    let watch = &page.core.watch;
    match watch.state {
        Some(state) => chip_ui(ui, page, state),
        None => {
            let text = if watch.running {
                t!("Status is not read during a run, which needs it for itself")
            } else {
                t!("Status is read once a second while this page is shown")
            };
            line_ui(ui, page, None, text);
        }
    }
    events_ui(ui, page);
    ui.add(egui::Separator::default().spacing(tokens.spacing.grid));
    ui.heading(t!("Bus"));
    bus_ui(ui, page, watch.bus());
}

fn chip_ui(ui: &mut Ui, page: &PageCtx<'_>, state: ChipState) {
    let others = Registers::default();
    for (works, register, word) in
        [(state.measures(), Register::AdjStart, state.adj_start), (state.meters(), Register::CalStart, state.cal_start)]
    {
        let text = capital(&decode::meaning(register, word, &others));
        line_ui(ui, page, Some(if works { Mark::Tick } else { Mark::Triangle }), &text);
    }
    let fields = decode::fields(Register::EnStatus, state.en_status);
    let status = EnStatus::from_bits(state.en_status);
    let words = |from: usize, to: usize| {
        let texts: Vec<&str> = fields.iter().skip(from).take(to - from).map(|field| field.text.as_str()).collect();
        capital(&texts.join(", "))
    };
    // By bits: Qnoload, Pnoload, RevQ, RevP, Lline, LNMode.
    line_ui(ui, page, None, &words(0, 2));
    line_ui(ui, page, status.rev_p().then_some(Mark::Triangle), &words(2, 4));
    line_ui(ui, page, None, &words(4, 6));
}

fn events_ui(ui: &mut Ui, page: &PageCtx<'_>) {
    let watch = &page.core.watch;
    match watch.sys_status {
        Some((secs, status)) => {
            let text = decode::meaning(Register::SysStatus, status.bits(), &Registers::default());
            let ago = (watch.now() - secs).max(0.0);
            let mark = if status.is_clean() { Mark::Tick } else { Mark::Triangle };
            line_ui(
                ui,
                page,
                Some(mark),
                &t!("Events: {text}, read {ago} s ago", text, ago = format_args!("{ago:.0}")),
            );
        }
        None => line_ui(ui, page, None, t!("Events are read on request: reading sets them to zero")),
    }
}

fn line_ui(ui: &mut Ui, page: &PageCtx<'_>, mark: Option<Mark>, text: &str) {
    let tokens = page.tokens;
    ui.spacing_mut().interact_size.y = tokens.spacing.grid * 2.25;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = tokens.spacing.grid * 0.75;
        let colour = match mark {
            Some(Mark::Tick) => tokens.colours.pass,
            Some(Mark::Triangle) => tokens.colours.attention,
            _ => tokens.colours.text_quiet,
        };
        mark_ui(ui, tokens, mark.unwrap_or(Mark::Bar), colour);
        ui.add(Label::new(RichText::new(text).size(tokens.sizes.secondary)).truncate()).on_hover_text(text);
    });
}

fn bus_ui(ui: &mut Ui, page: &PageCtx<'_>, health: Option<BusHealth>) {
    let tokens = page.tokens;
    let Some(health) = health else {
        let text =
            if page.core.watch.running { t!("A run tells of the bus in its report") } else { t!("No readings yet") };
        return line_ui(ui, page, None, text);
    };
    let BusHealth { total, load_percent, rounds_per_sec } = health;
    let or_nothing = |text: Option<String>| text.unwrap_or_else(|| NOTHING.to_owned());
    let figures = [
        (t!("Wire load"), or_nothing(load_percent.map(|load| format!("{load:.0} %"))), false),
        (t!("Readings"), or_nothing(rounds_per_sec.map(|rate| format!("{rate:.1} /s"))), false),
        (t!("Transactions"), total.transactions.to_string(), false),
        (t!("Retries"), total.retries.to_string(), total.retries > 0),
        (t!("Timeouts"), total.timeouts.to_string(), total.timeouts > 0),
        (t!("Checksum errors"), total.checksum_errors.to_string(), total.checksum_errors > 0),
        (t!("Recovered"), total.recovered.to_string(), total.recovered > 0),
        (t!("Unasked bytes"), total.unexpected_bytes.to_string(), total.unexpected_bytes > 0),
    ];
    ui.spacing_mut().interact_size.y = 0.0;
    let half = (ui.available_width() - tokens.spacing.grid * 2.0) / 2.0;
    for pair in figures.chunks(2) {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = tokens.spacing.grid * 2.0;
            for (name, value, troubled) in pair {
                let place = egui::vec2(half, tokens.sizes.secondary * 1.4);
                ui.allocate_ui_with_layout(place, Layout::right_to_left(Align::Center), |ui| {
                    ui.set_min_size(place);
                    ui.spacing_mut().item_spacing.x = tokens.spacing.grid * 0.5;
                    let size = tokens.sizes.secondary;
                    ui.label(RichText::new(value).font(tokens.strong(size)));
                    if *troubled {
                        mark_ui(ui, tokens, Mark::Triangle, tokens.colours.attention);
                    }
                    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                        ui.label(RichText::new(*name).size(size).color(tokens.colours.text_quiet));
                    });
                });
            }
        });
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

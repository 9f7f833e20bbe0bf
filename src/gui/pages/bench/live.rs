//! What meter and reference show now, and how far they are apart.

use egui::{Align, Label, Layout, RichText, Ui, vec2};

use crate::gui::pages::PageCtx;
use crate::gui::widgets::card;
use crate::gui::widgets::error_bar::error_bar_ui;
use crate::gui::widgets::number::{NOTHING, number_ui, sized_number_ui};
use crate::units::{Hertz, Percent};

/// With less room than this, meter and reference of a quantity stand below its name and error.
const NARROW: f32 = 460.0;
/// Height of a card of readings with so little room.
pub(super) const NARROW_HEIGHT: f32 = 348.0;

struct Row {
    name: &'static str,
    meter: Option<String>,
    reference: Option<String>,
    error: Option<Percent>,
    limit: Option<f64>,
    /// What the error is one of, where it is not the row's own.
    error_of: &'static str,
}

struct Widths {
    name: f32,
    number: f32,
    error: f32,
    bar: f32,
    row: f32,
}

pub(super) fn live_ui(ui: &mut Ui, page: &PageCtx<'_>) {
    let tokens = page.tokens;
    let core = page.core;
    let (live, limits) = (core.live(), core.run().limits);
    let point = core.run().load_point.map_or_else(String::new, |point| t!("PF {pf}", pf = point.pf));
    card::heading_ui(ui, tokens, t!("Readings"), &point);
    ui.spacing_mut().item_spacing = vec2(tokens.spacing.grid, 0.0);

    let reference = live.reference.as_ref();
    let rows = [
        Row {
            name: t!("Voltage"),
            meter: live.u.map(|u| u.to_string()),
            reference: reference.map(|reading| reading.u.to_string()),
            error: live.errors.and_then(|errors| errors.u),
            limit: limits.voltage,
            error_of: "",
        },
        Row {
            name: t!("Current"),
            meter: live.i.map(|i| i.to_string()),
            reference: reference.map(|reading| reading.i.to_string()),
            error: live.errors.and_then(|errors| errors.i),
            limit: limits.current,
            error_of: "",
        },
        Row {
            name: t!("Power"),
            meter: None,
            reference: reference.map(|reading| reading.p.to_string()),
            error: live.energy.map(|(error, _)| error),
            limit: live.energy.and_then(|(_, limit)| limit).or(limits.energy),
            error_of: t!("energy"),
        },
    ];
    let room = ui.available_width();
    let grid = tokens.spacing.grid;
    if room < NARROW {
        return narrow_ui(ui, page, &rows);
    }
    let (name, error) = (grid * 7.5, grid * 10.5);
    let rest = room - name - error - 4.0 * grid;
    let number = (rest * 0.38).clamp(130.0, 190.0);
    let widths = Widths {
        name,
        number,
        error,
        bar: (rest - 2.0 * number).max(grid * 3.0),
        row: ((ui.available_height() - grid * 5.5) / 3.0).clamp(tokens.sizes.reading + 4.0, 64.0),
    };
    head_ui(ui, page, &widths);
    for row in &rows {
        row_ui(ui, page, &widths, row);
    }
    ui.add_space(grid * 0.5);
    more_ui(ui, page);
}

/// What else the reference shows, in a line.
fn more_ui(ui: &mut Ui, page: &PageCtx<'_>) {
    let tokens = page.tokens;
    let more = page.core.live().reference.as_ref().map_or_else(String::new, |reading| {
        let pf = reading.pf.map(|pf| t!("PF {pf}", pf = format_args!("{pf:.3}")));
        let f = reading.f.map(|f: Hertz| f.to_string());
        let q = reading.q.map(|q| q.to_string());
        [pf, f, q].into_iter().flatten().collect::<Vec<_>>().join("    ")
    });
    let more =
        if more.is_empty() { t!("The error of power is that of the energy metered last").to_owned() } else { more };
    ui.label(RichText::new(more).size(tokens.sizes.secondary).color(tokens.colours.text_quiet));
}

/// Each quantity in two lines: its name, bar and error, and below them meter and reference, with their names over them.
fn narrow_ui(ui: &mut Ui, page: &PageCtx<'_>, rows: &[Row]) {
    let tokens = page.tokens;
    let grid = tokens.spacing.grid;
    let number = (ui.available_width() - grid) / 2.0;
    let widths = Widths { name: grid * 7.5, number, error: grid * 10.5, bar: 0.0, row: grid * 4.25 };
    let bar = (2.0 * number - widths.name - widths.error - grid).max(grid * 2.0);
    let row_height = tokens.sizes.reading;
    head_cell_ui(ui, page, t!("Error"), (ui.available_width(), Layout::right_to_left(Align::Center)));
    for row in rows {
        ui.horizontal(|ui| {
            name_ui(ui, page, &widths, row);
            error_bar_ui(ui, tokens, (bar, widths.row), row.error.map(|error| error.0), row.limit);
            error_cell_ui(ui, page, &widths, row);
        });
        ui.horizontal(|ui| {
            for text in [t!("Meter"), t!("Reference")] {
                head_cell_ui(ui, page, text, (number, Layout::right_to_left(Align::Max)));
            }
        });
        ui.horizontal(|ui| {
            for text in [&row.meter, &row.reference] {
                let size = tokens.sizes.reading * 0.75;
                sized_number_ui(ui, tokens, ((number, row_height), size), text.as_deref());
            }
        });
    }
    ui.add_space(grid * 0.5);
    more_ui(ui, page);
}

fn head_ui(ui: &mut Ui, page: &PageCtx<'_>, widths: &Widths) {
    ui.horizontal(|ui| {
        for (text, width, layout) in [
            ("", widths.name, Layout::left_to_right(Align::Center)),
            (t!("Meter"), widths.number, Layout::right_to_left(Align::Center)),
            (t!("Reference"), widths.number, Layout::right_to_left(Align::Center)),
            (t!("Error"), widths.error, Layout::right_to_left(Align::Center)),
        ] {
            head_cell_ui(ui, page, text, (width, layout));
        }
    });
}

fn head_cell_ui(ui: &mut Ui, page: &PageCtx<'_>, text: &str, (width, layout): (f32, Layout)) {
    let tokens = page.tokens;
    let size = vec2(width, tokens.spacing.grid * 2.5);
    ui.allocate_ui_with_layout(size, layout, |ui| {
        ui.set_min_size(size);
        if !text.is_empty() {
            ui.label(RichText::new(text).size(tokens.sizes.secondary).color(tokens.colours.text_quiet));
        }
    });
}

fn row_ui(ui: &mut Ui, page: &PageCtx<'_>, widths: &Widths, row: &Row) {
    let tokens = page.tokens;
    ui.horizontal(|ui| {
        name_ui(ui, page, widths, row);
        number_ui(ui, tokens, (widths.number, widths.row), row.meter.as_deref());
        number_ui(ui, tokens, (widths.number, widths.row), row.reference.as_deref());
        error_cell_ui(ui, page, widths, row);
        error_bar_ui(ui, tokens, (widths.bar, widths.row), row.error.map(|error| error.0), row.limit);
    });
}

fn name_ui(ui: &mut Ui, page: &PageCtx<'_>, widths: &Widths, row: &Row) {
    let size = vec2(widths.name, widths.row);
    ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
        ui.set_min_size(size);
        ui.label(RichText::new(row.name).color(page.tokens.colours.text_quiet));
    });
}

fn error_cell_ui(ui: &mut Ui, page: &PageCtx<'_>, widths: &Widths, row: &Row) {
    let size = vec2(widths.error, widths.row);
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
        ui.set_min_size(size);
        error_ui(ui, page, row);
    });
}

/// The error in percent; out of limits it says so in a word.
fn error_ui(ui: &mut Ui, page: &PageCtx<'_>, row: &Row) {
    let tokens = page.tokens;
    let colours = &tokens.colours;
    let outside = row.error.zip(row.limit).is_some_and(|(error, limit)| error.0.abs() > limit);
    let text = row.error.map_or_else(
        || NOTHING.to_owned(),
        |error| if error.0.abs() < 100.0 { error.to_string() } else { format!("{error:.1}") },
    );
    let colour = match row.error {
        None => colours.text_quiet,
        Some(_) if outside => colours.fail,
        Some(_) => colours.text,
    };
    let of = Some((row.error_of, colours.text_quiet)).filter(|(of, _)| row.error.is_some() && !of.is_empty());
    let out = outside.then_some((t!("out of limits"), colours.fail));
    let below: Vec<_> = of.into_iter().chain(out).collect();
    ui.vertical(|ui| {
        let height = tokens.sizes.heading + 4.0 + below.len() as f32 * (tokens.sizes.secondary + 2.0);
        ui.add_space(((ui.available_height() - height) / 2.0).max(0.0));
        ui.with_layout(Layout::top_down(Align::Max), |ui| {
            ui.add(Label::new(RichText::new(text).font(tokens.strong(tokens.sizes.heading)).color(colour)).extend());
            ui.spacing_mut().item_spacing.y = 0.0;
            for (word, colour) in below {
                ui.label(RichText::new(word).size(tokens.sizes.secondary).color(colour));
            }
        });
    });
}

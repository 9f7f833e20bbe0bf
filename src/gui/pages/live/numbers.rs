//! Meter, reference and error of each quantity, with its limit.

use std::borrow::Cow;

use egui::{Align, ComboBox, Label, Layout, Response, RichText, Role, Sense, Ui, WidgetInfo, vec2};

use super::columns::{Widths, unit_size};

use super::LiveCommand;
use super::reasons::{self, SILENT_SECS};
use crate::gui::command::Command;
use crate::gui::core::Core;
use crate::gui::measurand::Measurand;
use crate::gui::pages::PageCtx;
use crate::gui::widgets::command_button::command_button_ui;
use crate::gui::widgets::error_bar::error_bar_ui;
use crate::gui::widgets::number::NOTHING;
use crate::gui::widgets::status::{Mark, mark_ui};
use crate::units::WattHours;

/// Errors larger than this are printed with fewer digits, in percent.
const LARGE: f64 = 100.0;

/// A value as it is printed, or why there is none.
type Cell = Result<String, String>;

pub(super) struct Row {
    pub name: &'static str,
    pub meter: Cell,
    pub reference: Cell,
    error: Result<f64, String>,
    error_unit: &'static str,
    pub limit: Option<f64>,
    /// Where the limit comes from, or why there is none.
    about_limit: String,
    pub large: bool,
}

impl Row {
    /// The error as it is printed.
    pub(super) fn error_text(&self) -> Result<String, &str> {
        let error = self.error.as_ref().map_err(String::as_str)?;
        let digits = if error.abs() < LARGE { 3 } else { 1 };
        Ok(format!("{error:+.digits$} {}", self.error_unit))
    }

    fn outside(&self) -> bool {
        self.error.as_ref().is_ok_and(|error| self.limit.is_some_and(|limit| error.abs() > limit))
    }
}

pub(super) fn numbers_ui(ui: &mut Ui, page: &mut PageCtx<'_>, silent_secs: f64) {
    let tokens = page.tokens;
    let grid = tokens.spacing.grid;
    head_ui(ui, page);
    ui.spacing_mut().item_spacing = vec2(grid, 0.0);
    // Rows are as high as they say; nothing in them is pressed.
    ui.spacing_mut().interact_size.y = 0.0;
    let core = page.core;
    // Readings of a silent station are shown as no readings; the run's own events have pauses of their own.
    let silent = silent_secs > SILENT_SECS && !core.watch.running;
    let mut rows: Vec<Row> = Measurand::ALL.into_iter().map(|measurand| row(core, measurand)).collect();
    rows.extend(energy_rows(core));
    if silent {
        for row in &mut rows {
            let old = || t!("Nothing has come from the station for {secs} s", secs = format_args!("{silent_secs:.0}"));
            for cell in [&mut row.meter, &mut row.reference].into_iter().filter(|cell| cell.is_ok()) {
                *cell = Err(old());
            }
            if row.error.is_ok() {
                row.error = Err(old());
            }
        }
    }
    let widths = Widths::fit(ui, tokens, &rows);
    names_ui(ui, page, &widths);
    for row in &rows {
        row_ui(ui, page, &widths, row);
    }
    foot_ui(ui, page);
}

fn row(core: &Core, measurand: Measurand) -> Row {
    let watch = &core.watch;
    let limit = watch.limit(measurand);
    let about_limit = match limit {
        Some((_, point)) if measurand == Measurand::P => {
            t!("The limit of energy at {point}: {source}", point = point.name, source = point.source)
        }
        Some((_, point)) => format!("{}: {}", point.name, point.source),
        None => no_limit(core).to_owned(),
    };
    Row {
        name: measurand.name(),
        meter: watch
            .meter(measurand)
            .map(|value| measurand.text(value))
            .ok_or_else(|| reasons::of_meter(core, measurand)),
        reference: watch
            .reference(measurand)
            .map(|value| measurand.text(value))
            .ok_or_else(|| reasons::of_reference(core, measurand)),
        error: watch.error(measurand).ok_or_else(|| reasons::of_error(core, measurand)),
        error_unit: measurand.error_unit(),
        limit: limit.map(|(limit, _)| limit),
        about_limit,
        large: matches!(measurand, Measurand::U | Measurand::I | Measurand::P),
    }
}

/// Why a quantity that procedures can judge has no limit now.
fn no_limit(core: &Core) -> &'static str {
    let watch = &core.watch;
    if watch.basis.is_none() {
        t!("No procedure is loaded yet")
    } else if watch.is_below_all() {
        t!("The procedure judges no current as small as this")
    } else {
        t!("The procedure does not judge it")
    }
}

fn energy_rows(core: &Core) -> [Row; 2] {
    let watch = &core.watch;
    let energy = watch.energy();
    let (limit, point) = watch.limit(Measurand::P).unzip();
    let about_limit =
        point.map_or_else(|| no_limit(core).to_owned(), |point| format!("{}: {}", point.name, point.source));
    let why = || reasons::of_energy(core);
    let error = match energy {
        // The run's own measurement, with its own limit behind it.
        _ if watch.running => core.live().energy.map(|(error, _)| error.0).ok_or_else(why),
        None => Err(why()),
        Some(energy) => energy.error(limit.unwrap_or(1.0)).map(|error| error.0).ok_or_else(|| {
            if energy.reference.is_none() {
                t!("The reference was silent meanwhile; stop counting and start again").to_owned()
            } else {
                let step = energy.resolution.0.min(999.0);
                t!(
                    "One count is still {step} % of what was counted; wait until it is less than the limit",
                    step = format_args!("{step:.1}")
                )
            }
        }),
    };
    let watt_hours = |energy: WattHours| energy.to_string();
    let no_reference = || {
        if energy.is_some() { t!("The reference was silent meanwhile").to_owned() } else { why() }
    };
    [
        Row {
            name: t!("Energy"),
            meter: energy.map(|energy| watt_hours(energy.meter)).ok_or_else(why),
            reference: energy.and_then(|energy| energy.reference).map(watt_hours).ok_or_else(no_reference),
            error,
            error_unit: "%",
            limit,
            about_limit,
            large: false,
        },
        Row {
            name: t!("Pulses"),
            meter: energy
                .map(|energy| t!("{pulses} imp", pulses = format_args!("{:.1}", energy.pulses)))
                .ok_or_else(why),
            reference: Err(t!("The reference gives power, from which its energy is added up, and no pulses").to_owned()),
            error: Err(t!("The error of the pulses is that of the energy").to_owned()),
            error_unit: "%",
            limit: None,
            about_limit: t!("The limit is that of the energy").to_owned(),
            large: false,
        },
    ]
}

/// Heading, what is read, and the button that counts energy.
fn head_ui(ui: &mut Ui, page: &mut PageCtx<'_>) {
    let tokens = page.tokens;
    let watch = &page.core.watch;
    let (text, mark) = if watch.running {
        (Cow::from(t!("A run reads; what it does not read is empty")), Some((Mark::Play, tokens.colours.running)))
    } else if let Some(problem) = &watch.problem {
        (Cow::from(problem.clone()), Some((Mark::Triangle, tokens.colours.attention)))
    } else if !page.core.links.open {
        (Cow::from(t!("Connect a station to see its readings")), Some((Mark::Ring, tokens.colours.text_quiet)))
    } else {
        let line = watch
            .basis
            .as_ref()
            .map_or(String::new(), |basis| t!(", {line} line", line = format_args!("{:?}", basis.line)));
        (Cow::from(t!("Position {position}{line}", position = watch.position + 1, line)), None)
    };
    let several = page.core.positions.several();
    let (counting, open) = (watch.count_energy, page.core.links.open && !watch.running);
    ui.horizontal(|ui| {
        ui.heading(t!("Readings"));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            command_button_ui(ui, page, Command::Live(LiveCommand::CountEnergy(!counting)), open);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                if several {
                    position_ui(ui, page);
                }
                if let Some((mark, colour)) = mark {
                    mark_ui(ui, tokens, mark, colour);
                }
                let text = RichText::new(text).size(tokens.sizes.secondary).color(tokens.colours.text_quiet);
                ui.add(Label::new(text).truncate());
            });
        });
    });
}

/// Which position is watched: the one that is shown everywhere.
fn position_ui(ui: &mut Ui, page: &mut PageCtx<'_>) {
    let positions = &page.core.positions;
    let (shown, count) = (positions.shown(), positions.all().len());
    let label = ui.label(t!("Position")).id;
    let combo = ComboBox::from_id_salt("position").selected_text((shown + 1).to_string()).width(0.0);
    let response = combo.show_ui(ui, |ui| {
        for number in 0..count {
            if ui.selectable_label(number == shown, (number + 1).to_string()).clicked() {
                page.commands.push(Command::ShowPosition(number));
            }
        }
    });
    response.response.labelled_by(label).on_hover_text(t!("Show this position"));
}

fn names_ui(ui: &mut Ui, page: &PageCtx<'_>, widths: &Widths) {
    let tokens = page.tokens;
    let height = tokens.spacing.grid * 2.25;
    ui.horizontal(|ui| {
        for (text, width) in [
            ("", widths.name),
            (t!("Meter"), widths.number),
            (t!("Reference"), widths.number),
            (t!("Error"), widths.error),
            ("", widths.bar),
            (t!("Limit"), widths.limit),
        ] {
            if width <= 0.0 {
                continue;
            }
            ui.allocate_ui_with_layout(vec2(width, height), Layout::right_to_left(Align::Center), |ui| {
                ui.set_min_size(vec2(width, height));
                if !text.is_empty() {
                    ui.label(RichText::new(text).size(tokens.sizes.secondary).color(tokens.colours.text_quiet));
                }
            });
        }
    });
}

fn row_ui(ui: &mut Ui, page: &PageCtx<'_>, widths: &Widths, row: &Row) {
    let tokens = page.tokens;
    let colours = &tokens.colours;
    let (size, height) = if row.large { (widths.large, 34.0) } else { (widths.small, 22.0) };
    ui.horizontal(|ui| {
        let place = vec2(widths.name, height);
        ui.allocate_ui_with_layout(place, Layout::left_to_right(Align::Center), |ui| {
            ui.set_min_size(place);
            ui.label(RichText::new(row.name).color(colours.text_quiet));
        });
        for cell in [&row.meter, &row.reference] {
            number_ui(ui, page, (widths.number, height), size, cell.as_deref().map_err(String::as_str), colours.text);
        }
        let (text, outside) = (row.error_text(), row.outside());
        let colour = if outside { colours.fail } else { colours.text };
        let text = text.as_ref().map(String::as_str).map_err(|reason| *reason);
        number_ui(ui, page, (widths.error, height), widths.errors, text, colour);
        if widths.bar > 0.0 {
            error_bar_ui(ui, tokens, (widths.bar, height), row.error.as_ref().ok().copied(), row.limit);
        }
        limit_ui(ui, page, (widths, height), row, outside);
    });
}

fn limit_ui(ui: &mut Ui, page: &PageCtx<'_>, (widths, height): (&Widths, f32), row: &Row, outside: bool) {
    let tokens = page.tokens;
    let colours = &tokens.colours;
    let place = vec2(widths.limit, height);
    ui.allocate_ui_with_layout(place, Layout::right_to_left(Align::Center), |ui| {
        ui.set_min_size(place);
        ui.spacing_mut().item_spacing.x = tokens.spacing.grid * 0.5;
        let (text, colour) = match row.limit {
            Some(limit) if outside && widths.words => (t!("outside ±{limit} %", limit), colours.fail),
            Some(limit) if outside => (format!("±{limit} %"), colours.fail),
            Some(limit) => (format!("±{limit} %"), colours.text_quiet),
            None => (NOTHING.to_owned(), colours.text_quiet),
        };
        ui.label(RichText::new(text).size(tokens.sizes.secondary).color(colour)).on_hover_text(&row.about_limit);
        if outside {
            mark_ui(ui, tokens, Mark::Cross, colours.fail);
        }
    });
}

/// A number with its unit, or a dash that tells its reason.
fn number_ui(
    ui: &mut Ui,
    page: &PageCtx<'_>,
    (width, height): (f32, f32),
    size: f32,
    cell: Result<&str, &str>,
    colour: egui::Color32,
) -> Response {
    let tokens = page.tokens;
    let colours = &tokens.colours;
    let (rect, response) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
    let unit_width = unit_size(tokens);
    let unit_at = rect.right_center() - vec2(unit_width - tokens.spacing.grid * 0.5, 0.0);
    let (number, unit) = cell.map_or((NOTHING, ""), |text| text.split_once(' ').unwrap_or((text, "")));
    let painter = ui.painter();
    let colour = if cell.is_ok() { colour } else { colours.text_quiet };
    let right = rect.right_center() - vec2(unit_width, 0.0);
    let drawn = painter.text(right, egui::Align2::RIGHT_CENTER, number, tokens.strong(size), colour);
    if !unit.is_empty() {
        // Beside the digits' own base line, not in the middle of them.
        let font = egui::FontId::proportional(if size > tokens.sizes.heading {
            tokens.sizes.heading
        } else {
            tokens.sizes.secondary
        });
        let sunk = (drawn.height() - font.size * 1.2) * 0.32;
        painter.text(unit_at + vec2(0.0, sunk), egui::Align2::LEFT_CENTER, unit, font, colours.text_quiet);
    }
    match cell {
        Ok(text) => {
            response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
            response
        }
        Err(reason) => {
            response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{NOTHING} {reason}")));
            response.on_hover_text(reason)
        }
    }
}

/// Where the limits come from.
fn foot_ui(ui: &mut Ui, page: &PageCtx<'_>) {
    let tokens = page.tokens;
    let watch = &page.core.watch;
    let text = match (&watch.basis, watch.limit_point(|_| true)) {
        (Some(_), Some(_)) if watch.is_below_all() => no_limit(page.core).to_owned(),
        (Some(basis), Some(point)) => {
            t!(
                "Limits of the procedure {procedure}, nearest load point {point}: {source}",
                procedure = basis.procedure,
                point = point.name,
                source = point.source
            )
        }
        (Some(basis), None) => t!("The procedure {procedure} has no limits", procedure = basis.procedure),
        (None, _) => t!("Limits are those of the procedure chosen on the bench page").to_owned(),
    };
    ui.add_space(tokens.spacing.grid * 0.5);
    let label =
        Label::new(RichText::new(&text).size(tokens.sizes.secondary).color(tokens.colours.text_quiet)).truncate();
    ui.add(label).on_hover_text(text);
}

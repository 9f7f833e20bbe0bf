//! The bar: a cell for each device with shape, word and its own name; at the right what concerns all of them.

use egui::epaint::text::{LayoutJob, TextFormat, TextWrapping};
use egui::{
    Align, FontId, Frame, Layout, Margin, Panel, Rect, Role, Sense, Shape, Stroke, StrokeKind, Ui, WidgetInfo, pos2,
    vec2,
};

use super::{Connection, State, state};
use crate::gui::command::Command;
use crate::gui::device::Device;
use crate::gui::pages::PageCtx;
use crate::gui::session::AddressTexts;
use crate::gui::tokens::Tokens;
use crate::gui::widgets::command_button::{button_width, command_button_ui};
use crate::gui::widgets::status::{Mark, mark_ui};

/// A device's cell is no wider.
const WIDEST: f32 = 280.0;
/// With less room than this beside its state, what a device calls itself is only told when one points at it.
const LEAST_NAME: f32 = 30.0;
/// Side of the button that reconnects one device.
const AGAIN: f32 = 26.0;

/// Draws the bar, with the panel of a device below it when one is open.
pub(in crate::gui) fn bar_ui(ui: &mut Ui, page: &mut PageCtx<'_>, connection: &mut Connection, station: &AddressTexts) {
    let tokens = page.tokens;
    let margin = Margin::symmetric(tokens.spacing.grid as i8, 0);
    let frame = Frame::new().fill(tokens.colours.card).inner_margin(margin);
    // How a device is matters more than a button that the list of commands has too; the log's has a mark of its own.
    let room = ui.available_width() - usual_width(ui, page);
    let buttons = [&BUTTONS[..], &BUTTONS[..2]].into_iter().find(|buttons| buttons_width(ui, page, buttons) <= room);
    let (stacked, buttons) = (buttons.is_none(), buttons.unwrap_or(&BUTTONS));
    let height = tokens.spacing.bar;
    let mut left = 0.0;
    let bar =
        Panel::top("connection").frame(frame).exact_size(height * if stacked { 2.0 } else { 1.0 }).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            let row = vec2(ui.available_width(), height);
            ui.allocate_ui_with_layout(row, Layout::right_to_left(Align::Center), |ui| {
                ui.set_min_height(height);
                buttons_ui(ui, page, buttons);
                if !stacked {
                    left = cells_ui(ui, page, connection, station);
                }
            });
            if stacked {
                ui.allocate_ui_with_layout(row, Layout::right_to_left(Align::Center), |ui| {
                    left = cells_ui(ui, page, connection, station);
                });
            }
        });
    let below = pos2(left, bar.response.rect.bottom());
    connection.panel_ui(ui, page, station, below);
}

/// What concerns all devices, from right to left.
const BUTTONS: [Command; 3] = [Command::OpenPalette, Command::ToggleLog, Command::Reconnect(None)];

fn buttons_ui(ui: &mut Ui, page: &mut PageCtx<'_>, buttons: &[Command]) {
    let tokens = page.tokens;
    ui.spacing_mut().item_spacing.x = tokens.spacing.grid * 0.5;
    for command in buttons.iter().cloned() {
        let enabled = !matches!(command, Command::Reconnect(_)) || !page.core.run().running;
        let log = command == Command::ToggleLog;
        command_button_ui(ui, page, command, enabled);
        if log && page.core.unread > 0 {
            mark_ui(ui, tokens, Mark::Triangle, tokens.colours.attention);
        }
    }
    ui.add_space(tokens.spacing.grid * 0.5);
}

/// The room the buttons take, whatever their language.
fn buttons_width(ui: &Ui, page: &PageCtx<'_>, buttons: &[Command]) -> f32 {
    let (size, grid) = (page.tokens.sizes.body, page.tokens.spacing.grid);
    let width = |command: &Command| button_width(ui, page, &command.look().text) + grid * 0.5;
    buttons.iter().map(width).sum::<f32>() + size + 3.0 * grid
}

/// The room that a text takes.
fn text_width(ui: &Ui, text: &str, size: f32) -> f32 {
    let galley = ui.painter().layout_no_wrap(text.to_owned(), FontId::proportional(size), ui.visuals().text_color());
    galley.size().x.ceil()
}

/// The room of a cell beside its words.
fn around_words(tokens: &Tokens) -> f32 {
    tokens.sizes.body + tokens.spacing.grid * 2.5 + 1.0
}

/// The room of all cells on a usual day: what a device says on others moves nothing on the page.
fn usual_width(ui: &Ui, page: &PageCtx<'_>) -> f32 {
    let tokens = page.tokens;
    let count = page.core.positions.all().len();
    let width = |device: Device| {
        let word = match device {
            Device::Target => t!("not set").to_owned(),
            Device::Meter if count > 1 => t!("ready {ready} of {count}", ready = count, count),
            _ => t!("connected").to_owned(),
        };
        let name = text_width(ui, device.word(), tokens.sizes.secondary);
        around_words(tokens) + text_width(ui, &word, tokens.sizes.body).max(name)
    };
    Device::ALL.into_iter().map(width).sum()
}

/// The width of each cell: all the same where their words have room in it, else each as wide as its own words need.
fn widths(ui: &Ui, tokens: &Tokens, states: &[State]) -> Vec<f32> {
    let (room, count) = (ui.available_width(), states.len().max(1) as f32);
    let need = |(device, state): (Device, &State)| {
        let words = text_width(ui, &state.word, tokens.sizes.body);
        let again = if has_again(device, state) { AGAIN + 4.0 } else { 0.0 };
        around_words(tokens) + words.max(text_width(ui, device.word(), tokens.sizes.secondary)) + again
    };
    let needed: Vec<f32> = Device::ALL.into_iter().zip(states).map(need).collect();
    let (all, widest) = (needed.iter().sum::<f32>(), needed.iter().copied().fold(0.0, f32::max));
    let same = (room / count).min(WIDEST);
    if same >= widest {
        return vec![same; states.len()];
    }
    let more = ((room - all) / count).max(0.0);
    let less = (room / all).min(1.0);
    needed.into_iter().map(|needed| needed * less + more).collect()
}

fn has_again(device: Device, state: &State) -> bool {
    state.trouble && device.is_held()
}

/// The devices; returns the left side of the one whose panel is open.
fn cells_ui(ui: &mut Ui, page: &mut PageCtx<'_>, connection: &Connection, station: &AddressTexts) -> f32 {
    let mut left = 0.0;
    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        let states = Device::ALL.map(|device| state(page.core, station, page.tokens, device));
        let widths = widths(ui, page.tokens, &states);
        for ((device, state), width) in Device::ALL.into_iter().zip(states).zip(widths) {
            let shown = connection.shown() == Some(device);
            let rect = cell_ui(ui, page, (device, shown), &state, width);
            if shown {
                left = rect.left();
            }
        }
    });
    left
}

/// A device's cell; the whole of it opens its panel.
fn cell_ui(ui: &mut Ui, page: &mut PageCtx<'_>, (device, shown): (Device, bool), state: &State, width: f32) -> Rect {
    let tokens = page.tokens;
    let (colours, grid) = (&tokens.colours, tokens.spacing.grid);
    let again = has_again(device, state);
    let height = tokens.spacing.bar - 4.0;
    let inner = width - if again { AGAIN + 2.0 } else { 0.0 };
    let (rect, response) = ui.allocate_exact_size(vec2(inner, height), Sense::click());
    let name = if state.name.is_empty() { String::new() } else { format!(", {}", state.name) };
    let about = format!("{}: {}{name}", device.word(), state.word);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, shown, &about));
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    let fill = match (shown, response.hovered()) {
        (_, true) => Some(colours.button_hovered),
        (true, false) => Some(colours.button),
        (false, false) => None,
    };
    if let Some(fill) = fill {
        painter.rect_filled(rect, 4.0, fill);
    }
    if shown {
        let line = Rect::from_min_max(pos2(rect.left(), rect.bottom() - 2.0), rect.max);
        painter.rect_filled(line, 0.0, colours.accent);
    }
    if response.has_focus() {
        painter.rect_stroke(rect, 4.0, Stroke::new(2.0, colours.accent), StrokeKind::Inside);
    }
    let side = tokens.sizes.body;
    let square =
        Rect::from_center_size(pos2(rect.left() + grid + side / 2.0, rect.center().y.round()), vec2(side, side));
    state.mark.paint(&painter, square, state.colour, colours.card);
    let x = square.right() + grid;
    let line = |parts: &[(&str, f32, egui::Color32)], y: f32| {
        let mut job = LayoutJob {
            wrap: TextWrapping {
                max_rows: 1,
                break_anywhere: true,
                ..TextWrapping::from_wrap_mode_and_width(
                    egui::TextWrapMode::Truncate,
                    (rect.right() - x - grid * 0.5).max(8.0),
                )
            },
            ..LayoutJob::default()
        };
        for (number, (text, size, colour)) in parts.iter().enumerate() {
            let gap = if number == 0 { 0.0 } else { grid };
            job.append(text, gap, TextFormat::simple(FontId::proportional(*size), *colour));
        }
        let galley = painter.layout_job(job);
        let top = y - galley.size().y / 2.0;
        painter.galley(pos2(x, top), galley, colours.text);
    };
    let (small, body) = (tokens.sizes.secondary, tokens.sizes.body);
    line(&[(device.word(), small, colours.text_quiet)], rect.center().y - 8.0);
    let word = (state.word.as_str(), body, colours.text);
    let beside = rect.right() - x - grid * 0.5 - text_width(ui, &state.word, body) - grid;
    if state.name.is_empty() || beside < LEAST_NAME {
        line(&[word], rect.center().y + 8.0);
    } else {
        line(&[word, (&state.name, small, colours.text_quiet)], rect.center().y + 8.0);
    }
    if response.on_hover_text(about).clicked() {
        page.commands.push(Command::OpenDevice(device));
    }
    if again {
        again_ui(ui, page, device);
        ui.add_space(2.0);
    }
    rect
}

/// One click connects a device in trouble again.
fn again_ui(ui: &mut Ui, page: &mut PageCtx<'_>, device: Device) {
    let colours = &page.tokens.colours;
    let sense = if page.core.run().running { Sense::hover() } else { Sense::click() };
    let (rect, response) = ui.allocate_exact_size(vec2(AGAIN, AGAIN), sense);
    let command = Command::Reconnect(Some(device));
    let text = command.look().text;
    response.widget_info(|| WidgetInfo::labeled(Role::Button, !page.core.run().running, &text));
    let painter = ui.painter();
    let fill = if response.hovered() { colours.button_hovered } else { colours.button };
    let pen = if response.has_focus() { Stroke::new(2.0, colours.accent) } else { Stroke::new(1.0, colours.line) };
    painter.rect(rect, 4.0, fill, pen, StrokeKind::Inside);
    // Most of a circle, and the head of an arrow at its end.
    let (middle, radius) = (rect.center(), AGAIN * 0.26);
    let at = |turn: f32| middle + radius * egui::Vec2::angled(turn * std::f32::consts::TAU);
    let colour = if page.core.run().running { colours.text_quiet } else { colours.text };
    let arc: Vec<_> = (0_u8..=24).map(|step| at(0.02 + 0.8 * f32::from(step) / 24.0)).collect();
    painter.add(Shape::line(arc, Stroke::new(1.8, colour)));
    let tip = at(0.82);
    let head = vec![tip + vec2(-2.5, -3.5), tip + vec2(4.5, 0.5), tip + vec2(-3.0, 4.0)];
    painter.add(Shape::convex_polygon(head, colour, Stroke::NONE));
    if response.on_hover_text(text.as_ref()).clicked() {
        page.commands.push(command);
    }
}

//! The panel under the bar: what can be chosen for one device, its address as text, and what was last wrong with it.

use egui::{
    Align, Area, ComboBox, EventFilter, Id, Key, Label, Layout, Order, Pos2, Rect, RichText, Role, ScrollArea, Sense,
    Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2,
};

use super::{Connection, draft, state};
use crate::gui::command::Command;
use crate::gui::device::Device;
use crate::gui::pages::PageCtx;
use crate::gui::session::AddressTexts;
use crate::gui::texts;
use crate::gui::widgets::card;
use crate::gui::widgets::command_button::command_button_ui;
use crate::gui::widgets::elided::elided;
use crate::gui::widgets::input::{Look, input_ui};
use crate::gui::widgets::problem::problem_ui;
use crate::gui::widgets::status::{Mark, mark_ui};
use crate::station::check::Instrument;

const WIDTH: f32 = 780.0;
/// Narrower panels have their parts below each other.
const TWO_COLUMNS: f32 = 560.0;

const UNHELD: &str = mark!(
    "The port is opened for flashing only and closed again, so whether a chip answers is known when it is flashed"
);
const RUNNING: &str = mark!("A run goes on; addresses can be changed when it is over");

impl Connection {
    /// Draws the panel, if one is open, with its corner at `below` or as far to the left as it has to be.
    pub(super) fn panel_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>, station: &AddressTexts, below: Pos2) {
        self.row = None;
        let Some(device) = self.open else { return };
        let tokens = page.tokens;
        let ctx = ui.ctx().clone();
        let window = ctx.content_rect();
        let outer = tokens.spacing.grid;
        let width = WIDTH.min(window.width() - 2.0 * outer);
        let left = below.x.min(window.right() - outer - width).max(window.left() + outer);
        let height = window.bottom() - below.y - tokens.spacing.status - 2.0 * outer;
        let area = Area::new(Id::unique("connection panel")).order(Order::Middle).fixed_pos(pos2(left, below.y));
        area.constrain(false).default_size(vec2(width, height)).show(&ctx, |ui| {
            let frame = card::frame(tokens).stroke(Stroke::new(1.0, tokens.colours.accent));
            frame.show(ui, |ui| {
                let inner = width - 2.0 * tokens.spacing.card;
                ui.set_width(inner);
                // As high as its content, up to the window: an area would keep it at the height it had before.
                let most = (height - 2.0 * tokens.spacing.card).max(80.0);
                ScrollArea::vertical().max_height(most).min_scrolled_height(most).show(ui, |ui| {
                    ui.set_width(inner);
                    self.content_ui(ui, page, station, device);
                });
            });
        });
    }

    fn content_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>, station: &AddressTexts, device: Device) {
        let tokens = page.tokens;
        let state = state(page.core, station, tokens, device);
        let head = vec2(ui.available_width(), ui.spacing().interact_size.y);
        ui.allocate_ui_with_layout(head, Layout::right_to_left(Align::Center), |ui| {
            command_button_ui(ui, page, Command::CloseDevice, true);
            if device.is_held() {
                command_button_ui(ui, page, Command::Reconnect(Some(device)), !page.core.run().running);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.heading(device.word());
                mark_ui(ui, tokens, state.mark, state.colour);
                let text = if state.name.is_empty() { state.word } else { format!("{}: {}", state.word, state.name) };
                ui.add(Label::new(RichText::new(text).color(tokens.colours.text_quiet)).truncate());
            });
        });
        let note = match (page.core.run().running, device) {
            (true, _) => Some(texts::of(RUNNING)),
            (false, Device::Target) => Some(texts::of(UNHELD)),
            _ => None,
        };
        if let Some(note) = note {
            quiet_ui(ui, page, note);
        }
        if let Some(advice) = page.core.troubles.get(&device) {
            if state.trouble {
                let remedy = device.is_held() && !page.core.run().running;
                problem_ui(ui, page, advice, remedy.then_some(Command::Reconnect(Some(device))));
            } else {
                ui.horizontal_wrapped(|ui| {
                    quiet_ui(ui, page, &t!("Last wrong: {what}", what = texts::of(&advice.what)));
                    command_button_ui(ui, page, Command::ShowLog, true);
                });
            }
        }
        ui.add_space(tokens.spacing.grid * 0.5);
        let enabled = !page.core.run().running;
        let gap = tokens.spacing.grid * 2.0;
        if ui.available_width() < TWO_COLUMNS {
            ui.add_enabled_ui(enabled, |ui| {
                self.list_ui(ui, page, device);
                self.address_ui(ui, page, station, device);
            });
        } else {
            let width = ui.available_width();
            ui.add_enabled_ui(enabled, |ui| {
                ui.horizontal_top(|ui| {
                    ui.spacing_mut().item_spacing.x = gap;
                    ui.vertical(|ui| {
                        ui.set_width((width - gap) * 0.52);
                        self.list_ui(ui, page, device);
                    });
                    ui.vertical(|ui| {
                        ui.set_width((width - gap) * 0.48 - 2.0);
                        ui.spacing_mut().item_spacing.x = tokens.spacing.grid;
                        self.address_ui(ui, page, station, device);
                    });
                });
            });
        }
    }

    fn list_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>, device: Device) {
        let tokens = page.tokens;
        let ports = page.core.ports.as_deref().unwrap_or_default();
        let title =
            if ports.is_empty() { t!("Connect over; no serial port is plugged in") } else { t!("Connect over") };
        quiet_ui(ui, page, title);
        let chosen = draft::way(&self.draft);
        ui.spacing_mut().item_spacing.y = 2.0;
        let focus = self.focus.take();
        for (number, choice) in draft::choices(device, ports, &self.draft).into_iter().enumerate() {
            let is_chosen = choice.way == chosen;
            let row = ui.push_id(number, |ui| row_ui(ui, page, &choice, is_chosen)).inner;
            if focus == Some(number) {
                row.request_focus();
                row.scroll_to_me(None);
            }
            if row.has_focus() {
                self.row = Some(number);
                let arrows = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
                ui.memory_mut(|memory| memory.set_focus_lock_filter(row.id, arrows));
            }
            let entered = row.has_focus() && ui.input(|input| input.key_pressed(Key::Enter));
            if entered && is_chosen {
                self.connect(page, device);
            } else if row.clicked() {
                self.write(page.core, device, draft::over(device, &self.draft, &choice.way));
                row.request_focus();
            }
            if row.double_clicked() {
                self.connect(page, device);
            }
        }
        ui.add_space(tokens.spacing.grid * 0.5);
    }

    fn address_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>, station: &AddressTexts, device: Device) {
        let tokens = page.tokens;
        // First, so that what shows up below it while one types does not take the field's place and focus.
        quiet_ui(ui, page, t!("Address"));
        let name = t!("Address of {noun}", noun = device.noun());
        let fault = self.fault.clone();
        let hint = if device == Device::Meter { "afe+serial:/dev/ttyUSB0" } else { t!("none") };
        let width = ui.available_width();
        let look = Look { name: &name, hint, fault: fault.as_deref(), width, rows: 1, mono: true };
        let field = input_ui(ui, tokens, look, &mut self.draft);
        if field.changed() {
            self.fault = device.read(&self.draft, &page.core.instruments).err();
        }
        let entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        ui.horizontal_top(|ui| {
            let present = device.address(station, &page.core.settings.target).trim();
            let (mark, colour, text) = match &self.fault {
                Some(fault) => (Mark::Triangle, tokens.colours.attention, fault.as_str()),
                None if self.draft.trim() == present => (Mark::Tick, tokens.colours.text_quiet, t!("In use")),
                None if device == Device::Target => (Mark::Tick, tokens.colours.pass, t!("Can be set")),
                None => (Mark::Tick, tokens.colours.pass, t!("Can be connected to")),
            };
            mark_ui(ui, tokens, mark, colour);
            ui.add(Label::new(RichText::new(text).color(colour)).wrap());
        });
        let way = draft::way(&self.draft);
        let spoken = matches!(way, draft::Way::Port(_) | draft::Way::Network);
        if spoken && matches!(device, Device::Reference | Device::Source) {
            self.instrument_ui(ui, page, device);
        }
        if spoken && device == Device::Meter {
            self.kind_ui(ui, page);
        }
        if matches!(way, draft::Way::Port(_)) {
            self.speed_ui(ui, page, device);
        }
        ui.horizontal_wrapped(|ui| {
            let command = Command::Address(device, self.draft.trim().to_owned());
            command_button_ui(ui, page, command, self.fault.is_none() && !page.core.run().running);
            quiet_ui(ui, page, t!("Enter does it, Esc closes"));
        });
        if entered {
            self.connect(page, device);
        }
        match device {
            Device::Meter => self.meters_ui(ui, page),
            Device::Target => self.targets_ui(ui, page),
            _ => {}
        }
    }

    fn instrument_ui(&mut self, ui: &mut Ui, page: &PageCtx<'_>, device: Device) {
        let present = draft::option(&self.draft, "profile");
        let fits = |instrument: &&Instrument| match device {
            Device::Source => instrument.profile.source.is_some(),
            _ => instrument.profile.read.is_some(),
        };
        let instruments = &page.core.instruments;
        let title = instruments.iter().find(|known| Some(&known.name) == present.as_ref());
        let title = title.map_or_else(
            || present.clone().unwrap_or_else(|| t!("Choose one").to_owned()),
            |known| known.title.clone(),
        );
        let label = quiet_ui(ui, page, t!("Instrument")).id;
        let mut chosen = None;
        let combo = ComboBox::from_id_salt("instrument").selected_text(title).width(ui.available_width()).truncate();
        let response = combo.show_ui(ui, |ui| {
            for known in instruments.iter().filter(fits) {
                if ui.selectable_label(present.as_ref() == Some(&known.name), &known.title).clicked() {
                    chosen = Some(known.name.clone());
                }
            }
        });
        response.response.labelled_by(label);
        if let Some(name) = chosen {
            self.write(page.core, device, draft::with_option(&self.draft, "profile", Some(&name)));
        }
    }

    /// What answers at the meter's end of the line.
    fn kind_ui(&mut self, ui: &mut Ui, page: &PageCtx<'_>) {
        let title = |kind: &str| match kind {
            "service" => t!("The meter's service port"),
            "log" => t!("The stock firmware's log, readings only"),
            _ => t!("The metering chip's UART"),
        };
        let present = draft::meter_kind(&self.draft).unwrap_or(Device::Meter.kind());
        let label = quiet_ui(ui, page, t!("What answers")).id;
        let mut chosen = None;
        let combo = ComboBox::from_id_salt("kind").selected_text(title(present)).width(ui.available_width()).truncate();
        let response = combo.show_ui(ui, |ui| {
            for kind in draft::METER_KINDS {
                if ui.selectable_label(kind == present, title(kind)).clicked() {
                    chosen = Some(kind);
                }
            }
        });
        response.response.labelled_by(label);
        if let Some(kind) = chosen {
            self.write(page.core, Device::Meter, draft::with_meter_kind(&self.draft, kind));
        }
    }

    fn speed_ui(&mut self, ui: &mut Ui, page: &PageCtx<'_>, device: Device) {
        let present = draft::option(&self.draft, "baud");
        let usual = match device {
            Device::Meter => match draft::meter_kind(&self.draft) {
                Some("service") => "115200",
                Some("log") => t!("As the firmware has it"),
                _ => t!("Found by trying"),
            },
            Device::Reference | Device::Source => t!("As the instrument's profile says"),
            Device::Target => "115200",
        };
        let label = quiet_ui(ui, page, t!("Speed in bits per second")).id;
        let mut chosen = None;
        let shown = present.clone().unwrap_or_else(|| usual.to_owned());
        let combo = ComboBox::from_id_salt("speed").selected_text(shown).width(ui.available_width()).truncate();
        let response = combo.show_ui(ui, |ui| {
            if ui.selectable_label(present.is_none(), usual).clicked() {
                chosen = Some(None);
            }
            for speed in draft::SPEEDS.map(|speed| speed.to_string()) {
                if ui.selectable_label(present.as_ref() == Some(&speed), &speed).clicked() {
                    chosen = Some(Some(speed));
                }
            }
        });
        response.response.labelled_by(label);
        if let Some(speed) = chosen {
            self.write(page.core, device, draft::with_option(&self.draft, "baud", speed.as_deref()));
        }
    }

    /// Carries it out, if the address is one.
    fn connect(&self, page: &mut PageCtx<'_>, device: Device) {
        if self.fault.is_none() && !page.core.run().running {
            page.commands.push(Command::Address(device, self.draft.trim().to_owned()));
        }
    }
}

fn quiet_ui(ui: &mut Ui, page: &PageCtx<'_>, text: &str) -> egui::Response {
    let tokens = page.tokens;
    let text = RichText::new(text).size(tokens.sizes.secondary).color(tokens.colours.text_quiet);
    ui.add(Label::new(text).wrap())
}

/// One line of the list: what it is, and at the right what the system calls it.
fn row_ui(ui: &mut Ui, page: &PageCtx<'_>, choice: &draft::Choice, chosen: bool) -> egui::Response {
    let tokens = page.tokens;
    let (colours, grid) = (&tokens.colours, tokens.spacing.grid);
    let size = vec2(ui.available_width(), ui.spacing().interact_size.y + 2.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let name = format!("{}, {}", choice.title, choice.detail);
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::selected(Role::RadioButton, enabled, chosen, &name));
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    let fill = if response.hovered() || chosen { colours.button_hovered } else { colours.field };
    painter.rect_filled(rect, 4.0, fill);
    if response.has_focus() {
        painter.rect_stroke(rect, 4.0, Stroke::new(2.0, colours.accent), StrokeKind::Inside);
    }
    let dot = pos2(rect.left() + grid * 1.5, rect.center().y);
    painter.circle_stroke(dot, 5.0, Stroke::new(1.5, if chosen { colours.accent } else { colours.text_quiet }));
    if chosen {
        painter.circle_filled(dot, 2.5, colours.accent);
    }
    let mono = egui::FontId::monospace(tokens.sizes.secondary);
    let right = painter.text(
        rect.right_center() - vec2(grid, 0.0),
        egui::Align2::RIGHT_CENTER,
        &choice.detail,
        mono,
        colours.text_quiet,
    );
    let room =
        Rect::from_x_y_ranges(dot.x + grid * 1.5..=(right.left() - grid).max(dot.x + grid * 2.0), rect.y_range());
    let font = egui::FontId::proportional(tokens.sizes.body);
    let title = elided(&painter, &choice.title, font, colours.text, room.width());
    let corner = room.left_center() - vec2(0.0, title.size().y / 2.0);
    painter.galley(corner, title, colours.text);
    response.on_hover_text(name)
}

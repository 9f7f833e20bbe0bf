//! All commands in one list, filtered as one types: arrows choose, Enter carries out, Esc closes.

use egui::{
    Context, Event, Id, Key, KeyboardShortcut, Modal, Modifiers, Role, ScrollArea, Sense, TextEdit, Ui, WidgetInfo,
    pos2, vec2,
};

use super::command::Command;
use super::offers::Offer;
use super::pages::PageCtx;
use super::widgets::card;
use super::widgets::elided::elided;

const WIDTH: f32 = 560.0;
const LIST_HEIGHT: f32 = 340.0;

/// The list while it is open.
#[derive(Default)]
pub struct Palette {
    open: bool,
    text: String,
    /// Number of the chosen one among those that fit.
    chosen: usize,
    moved: bool,
    /// What had the focus before.
    focus: Option<Id>,
    /// What gets the focus in the next frame; in the frame of closing the list still keeps it from all others.
    back: Option<Id>,
    /// Enter came together with letters, which count first.
    entered: bool,
    /// What came after the key that opened it, in the same frame: it was meant for the list.
    early: Vec<Event>,
    /// It was left by a click, with this command.
    left: Option<Option<Command>>,
}

impl Palette {
    /// It is shown.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.open
    }

    /// Opens it where its key is pressed. A slow screen brings the key, letters and Enter in one go, and none of them may get to
    /// the page below.
    pub(super) fn open_by_key(&mut self, ctx: &Context, shortcut: &KeyboardShortcut) {
        let is_key = |event: &Event| {
            matches!(event, Event::Key { key, pressed: true, modifiers, .. }
                if *key == shortcut.logical_key && modifiers.matches_logically(shortcut.modifiers))
        };
        let early = ctx.input_mut(|input| {
            let at = input.events.iter().position(is_key)?;
            let early = input.events.split_off(at + 1);
            input.events.truncate(at);
            Some(early)
        });
        if let Some(early) = early {
            self.open(ctx);
            self.early = early;
            ctx.request_repaint();
        }
    }

    /// Shows it, empty.
    pub fn open(&mut self, ctx: &Context) {
        let focus = ctx.memory(egui::Memory::focused);
        // At once, so that a fast typist's first letter does not go to the field that had it.
        ctx.memory_mut(|memory| memory.request_focus(field()));
        *self = Self { open: true, focus, moved: true, ..Self::default() };
    }

    fn close(&mut self, ctx: &Context) {
        self.open = false;
        self.back = self.focus.take();
        ctx.request_repaint();
    }

    /// Gives the focus back after it was closed; returns what was clicked.
    fn after(&mut self, ctx: &Context) -> Option<Command> {
        if let Some(id) = self.back.take() {
            ctx.memory_mut(|memory| memory.request_focus(id));
        }
        let command = self.left.take()?;
        self.close(ctx);
        command
    }

    /// Takes its keys before anything else sees them, and the command that was chosen with them.
    pub(super) fn keys(&mut self, ctx: &Context, offers: &[Offer]) -> Option<Command> {
        if !self.open {
            return self.after(ctx);
        }
        let early = std::mem::take(&mut self.early);
        ctx.input_mut(|input| drop(input.events.splice(0..0, early)));
        let pressed = |key| ctx.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        let fitting = fitting(&self.text, offers);
        let last = fitting.len().saturating_sub(1);
        self.chosen = self.chosen.min(last);
        if pressed(Key::ArrowDown) {
            self.chosen = if self.chosen == last { 0 } else { self.chosen + 1 };
            self.moved = true;
        }
        if pressed(Key::ArrowUp) {
            self.chosen = self.chosen.checked_sub(1).unwrap_or(last);
            self.moved = true;
        }
        let again = ctx.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::K));
        if pressed(Key::Escape) || again {
            self.close(ctx);
            return None;
        }
        let letters =
            ctx.input(|input| input.events.iter().any(|event| matches!(event, Event::Text(_) | Event::Paste(_))));
        let entered = std::mem::take(&mut self.entered) || pressed(Key::Enter);
        if entered && letters {
            self.entered = true;
            ctx.request_repaint();
        } else if entered && let Some(offer) = fitting.get(self.chosen).filter(|offer| offer.enabled) {
            self.close(ctx);
            return Some(offer.command.clone());
        }
        None
    }

    /// Draws it, if it is open.
    pub(super) fn palette_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>, offers: &[Offer]) {
        if !self.open {
            return;
        }
        let tokens = page.tokens;
        let ctx = ui.ctx().clone();
        let modal = Modal::new(Id::unique("palette")).backdrop_color(tokens.colours.backdrop);
        let room = ctx.content_rect().size();
        let response = modal.frame(card::frame(tokens)).show(&ctx, |ui| {
            ui.set_width(WIDTH.min(room.x - tokens.spacing.page * 4.0));
            let edit = TextEdit::singleline(&mut self.text).id(field()).hint_text(t!("Type what you want to do"));
            let field = ui.add(edit.desired_width(f32::INFINITY).margin(egui::Margin::symmetric(8, 6)));
            field.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, t!("Command")));
            if !field.has_focus() {
                field.request_focus();
            }
            if field.changed() {
                (self.chosen, self.moved) = (0, true);
            }
            let fitting = fitting(&self.text, offers);
            ui.add_space(tokens.spacing.grid * 0.5);
            // Of one height whatever fits, so that nothing jumps while one types.
            let height = LIST_HEIGHT.min(room.y - tokens.spacing.grid * 20.0).max(tokens.spacing.grid * 8.0);
            let mut clicked = None;
            ScrollArea::vertical().max_height(height).min_scrolled_height(height).auto_shrink([false, false]).show(
                ui,
                |ui| {
                    ui.spacing_mut().item_spacing.y = 0.0;
                    for (number, offer) in fitting.iter().enumerate() {
                        let chosen = number == self.chosen;
                        let row = ui.push_id(number, |ui| row_ui(ui, page, offer, chosen)).inner;
                        if chosen && self.moved {
                            row.scroll_to_me(None);
                        }
                        if row.clicked() {
                            clicked = Some(offer.command.clone());
                        }
                    }
                    if fitting.is_empty() {
                        ui.weak(t!("No command has this in its name"));
                    }
                },
            );
            self.moved = false;
            ui.add_space(tokens.spacing.grid * 0.5);
            ui.weak(t!("Arrows choose, Enter carries out, Esc closes"));
            clicked
        });
        if response.inner.is_some() || response.backdrop_response.clicked() {
            self.open = false;
            self.left = Some(response.inner);
            ctx.request_repaint();
        }
    }
}

fn field() -> Id {
    Id::unique("palette field")
}

/// Offers in which every typed word occurs; those that can be carried out come first.
fn fitting<'a>(text: &str, offers: &'a [Offer]) -> Vec<&'a Offer> {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    let fits = |offer: &&Offer| {
        let known = format!("{} {}", offer.command.title(), offer.command.look().tooltip).to_lowercase();
        words.iter().all(|word| known.contains(word))
    };
    let others = offers.iter().filter(|offer| offer.command != Command::OpenPalette);
    let mut all: Vec<&Offer> = others.filter(fits).collect();
    // What has the words in its name is meant rather than what merely mentions them; sorting keeps the order of equals.
    let named = |offer: &Offer| {
        let title = offer.command.title().to_lowercase();
        words.iter().all(|word| title.contains(word))
    };
    all.sort_by_key(|offer| (!offer.enabled, !named(offer)));
    all
}

fn row_ui(ui: &mut Ui, page: &PageCtx<'_>, offer: &Offer, chosen: bool) -> egui::Response {
    let tokens = page.tokens;
    let colours = &tokens.colours;
    let grid = tokens.spacing.grid;
    let sense = if offer.enabled { Sense::click() } else { Sense::hover() };
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), grid * 3.5), sense);
    let (title, look) = (offer.command.title(), offer.command.look());
    response.widget_info(|| WidgetInfo::selected(Role::ListBoxOption, offer.enabled, chosen, &title));
    if !ui.is_rect_visible(rect) {
        return response;
    }
    let painter = ui.painter().with_clip_rect(ui.clip_rect().intersect(rect));
    if chosen || response.hovered() && offer.enabled {
        painter.rect_filled(rect, 4.0, if chosen { colours.button_hovered } else { colours.button });
    }
    if chosen {
        let bar = egui::Rect::from_min_max(rect.min + vec2(0.0, 6.0), pos2(rect.left() + 3.0, rect.bottom() - 6.0));
        painter.rect_filled(bar, 1.5, colours.accent);
    }
    let front = if offer.enabled { colours.text } else { colours.text_quiet };
    let (body, small) =
        (egui::FontId::proportional(tokens.sizes.body), egui::FontId::proportional(tokens.sizes.secondary));
    let left = rect.left_center() + vec2(grid * 1.5, 0.0);
    let name = painter.text(left, egui::Align2::LEFT_CENTER, &title, body, front);
    let key = look.shortcut.map(|key| ui.ctx().format_shortcut(&key)).unwrap_or_default();
    let right = rect.right_center() - vec2(grid, 0.0);
    let key = painter.text(right, egui::Align2::RIGHT_CENTER, key, small.clone(), colours.text_quiet);
    let about = if offer.enabled { look.tooltip } else { t!("not now").into() };
    let between = egui::Rect::from_x_y_ranges(name.right() + grid * 1.5..=key.left() - grid, rect.y_range());
    if between.width() > grid * 2.0 {
        let about = elided(&painter, &about, small, colours.text_quiet, between.width());
        let corner = between.left_center() - vec2(0.0, about.size().y / 2.0);
        painter.galley(corner, about, colours.text_quiet);
    }
    response
}

//! The map as a table: a row is one thing to select, and one thing for a screen reader to say.

use std::sync::Arc;

use egui::text::{LayoutJob, TextWrapping};
use egui::{
    Align2, Color32, FontId, Galley, Rect, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2,
};
use m90e26::{Access, Register};

use super::{RegistersPage, decode};
use crate::gui::core::Core;
use crate::gui::pages::PageCtx;
use crate::gui::texts::{self, words};
use crate::gui::widgets::number::NOTHING;

/// Widths of the columns in points; the meaning takes what is left, and as many lines as it needs.
struct Columns {
    starts: [f32; COLUMNS],
    widths: [f32; COLUMNS],
}

const COLUMNS: usize = 7;
const HEADS: [&str; COLUMNS] = [
    mark!("Addr."),
    mark!("Name"),
    mark!("Access"),
    mark!("Hex"),
    mark!("Decimal"),
    mark!("Meaning"),
    mark!("Compared"),
];
const FIXED: [f32; COLUMNS] = [34.0, 76.0, 48.0, 36.0, 50.0, 0.0, 62.0];
/// These stand to the right: numbers.
const RIGHT: [usize; 2] = [3, 4];
const MEANING: usize = 5;
const LEAST_MEANING: f32 = 130.0;
const GAP: f32 = 10.0;

impl Columns {
    fn least() -> f32 {
        FIXED.iter().sum::<f32>() + GAP * FIXED.len() as f32 + LEAST_MEANING
    }

    fn of(width: f32) -> Self {
        let mut widths = FIXED;
        if let Some(meaning) = widths.get_mut(MEANING) {
            *meaning = LEAST_MEANING + (width - Self::least()).max(0.0);
        }
        let mut at = GAP / 2.0;
        let starts = widths.map(|width| {
            let start = at;
            at += width + GAP;
            start
        });
        Self { starts, widths }
    }
}

/// One row as it is shown.
struct Row {
    register: Register,
    cells: [String; COLUMNS],
    /// What a screen reader says of the access.
    access: &'static str,
    /// Its word is known.
    read: bool,
    /// Not as the other side has it.
    differs: bool,
}

impl Row {
    fn label(&self) -> String {
        let [address, name, _, value, decimal, meaning, compared] = &self.cells;
        let mut label = format!("{address} {name}, {}, {value}", self.access);
        for text in [decimal, meaning, compared] {
            if !text.is_empty() && text != NOTHING {
                label.push_str(&format!(", {text}"));
            }
        }
        match (compared.is_empty(), self.differs) {
            (true, _) => {}
            (false, true) => label.push_str(t!(" differs")),
            (false, false) => label.push_str(t!(" same")),
        }
        label
    }
}

impl RegistersPage {
    pub(super) fn table_ui(&mut self, ui: &mut Ui, page: &PageCtx<'_>) {
        let tokens = page.tokens;
        let rows = self.rows(page.core);
        if rows.is_empty() {
            let why = if self.only_differing {
                t!("No register differs")
            } else {
                t!("No register has this in its name or words")
            };
            ui.label(egui::RichText::new(why).color(tokens.colours.text_quiet));
            return;
        }
        ScrollArea::horizontal().id_salt("sideways").auto_shrink(false).show(ui, |ui| {
            // The bar of the inner area has its own room.
            let width = (ui.available_width() - 14.0).max(Columns::least());
            let columns = Columns::of(width);
            ui.spacing_mut().item_spacing.y = 0.0;
            head_ui(ui, page, &columns, width);
            ScrollArea::vertical().id_salt("map").auto_shrink(false).show(ui, |ui| {
                self.sections_ui(ui, page, &rows, &columns, width);
            });
        });
    }

    /// The table as a part of something that scrolls itself.
    pub(super) fn rows_ui(&mut self, ui: &mut Ui, page: &PageCtx<'_>) {
        let rows = self.rows(page.core);
        ScrollArea::horizontal().id_salt("sideways").auto_shrink([false, true]).show(ui, |ui| {
            let width = (ui.available_width() - 14.0).max(Columns::least());
            let columns = Columns::of(width);
            ui.spacing_mut().item_spacing.y = 0.0;
            head_ui(ui, page, &columns, width);
            self.sections_ui(ui, page, &rows, &columns, width);
        });
    }

    fn sections_ui(&mut self, ui: &mut Ui, page: &PageCtx<'_>, rows: &[Row], columns: &Columns, width: f32) {
        let grid = page.tokens.spacing.grid;
        let mut section = None;
        for row in rows {
            if section.replace(row.register.section()) != Some(row.register.section()) {
                ui.add_space(grid * 0.75);
                ui.heading(decode::section(row.register.section()));
                ui.add_space(grid * 0.25);
            }
            if row_ui(ui, page, columns, width, row, self.selected == Some(row.register)) {
                self.select(row.register);
            }
        }
    }

    fn rows(&self, core: &Core) -> Vec<Row> {
        let wanted = self.filter.trim().to_lowercase();
        let rows = Register::ALL.into_iter().map(|register| self.row(register, core));
        rows.filter(|row| {
            let section = decode::section(row.register.section());
            let texts = [words::meaning(row.register), section].into_iter().chain(row.cells.iter().map(String::as_str));
            let found = wanted.is_empty() || texts.into_iter().any(|text| text.to_lowercase().contains(&wanted));
            found && (row.differs || !self.only_differing)
        })
        .collect()
    }

    fn row(&self, register: Register, core: &Core) -> Row {
        let word = core.registers.value(register);
        let other = self.others.word(&self.other, register, core);
        let differs = word.zip(other).is_some_and(|(word, other)| word != other);
        let compared = match (other, word) {
            (None, _) => String::new(),
            (Some(other), None) => format!("{other:04X}"),
            (Some(other), Some(_)) => format!("{} {other:04X}", if differs { '≠' } else { '=' }),
        };
        let nothing = || NOTHING.to_owned();
        let cells = [
            format!("{:02X}", register.address()),
            register.name().to_owned(),
            short_access(register.access()).to_owned(),
            word.map_or_else(nothing, |word| format!("{word:04X}")),
            word.map_or_else(String::new, |word| decode::number(register, word)),
            match word {
                Some(word) => decode::meaning(register, word, &core.registers),
                None => words::meaning(register).to_owned(),
            },
            compared,
        ];
        Row { register, cells, access: decode::access(register.access()), read: word.is_some(), differs }
    }

    fn select(&mut self, register: Register) {
        if self.selected != Some(register) {
            self.selected = Some(register);
            self.form = super::Form::default();
            self.asked = None;
        }
    }
}

fn head_ui(ui: &mut Ui, page: &PageCtx<'_>, columns: &Columns, width: f32) {
    let tokens = page.tokens;
    let (rect, response) = ui.allocate_exact_size(vec2(width, tokens.spacing.grid * 2.75), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, HEADS.map(texts::of).join(", ")));
    for (number, head) in HEADS.map(texts::of).into_iter().enumerate() {
        let font = FontId::proportional(tokens.sizes.secondary);
        let head = galley(ui, columns, number, head, (font, tokens.colours.text_quiet));
        place(ui, rect, columns, number, head);
    }
    ui.painter().hline(rect.x_range(), rect.bottom(), Stroke::new(1.0, tokens.colours.line));
}

/// Draws a row; true when it was chosen.
fn row_ui(ui: &mut Ui, page: &PageCtx<'_>, columns: &Columns, width: f32, row: &Row, selected: bool) -> bool {
    let tokens = page.tokens;
    let colours = &tokens.colours;
    let plain = FontId::proportional(tokens.sizes.body);
    let small = FontId::proportional(tokens.sizes.secondary);
    let mono = FontId::monospace(tokens.sizes.body);
    let compared = if row.differs { colours.attention } else { colours.text_quiet };
    let looks: [(FontId, Color32); COLUMNS] = [
        (mono.clone(), colours.text_quiet),
        (plain.clone(), colours.text),
        (small, colours.text_quiet),
        (mono.clone(), colours.text),
        (mono.clone(), colours.text_quiet),
        (plain, if row.read { colours.text } else { colours.text_quiet }),
        (mono, compared),
    ];
    let galleys: Vec<Arc<Galley>> = row
        .cells
        .iter()
        .zip(&looks)
        .enumerate()
        .map(|(number, (text, (font, colour)))| galley(ui, columns, number, text, (font.clone(), *colour)))
        .collect();
    let lines = galleys.iter().map(|galley| galley.size().y).fold(tokens.sizes.body, f32::max);
    let size = vec2(width, lines.max(tokens.sizes.body + tokens.spacing.grid * 0.5) + tokens.spacing.grid * 0.5);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, selected, row.label()));
    let clicked = response.clicked();
    if !ui.is_rect_visible(rect) {
        return clicked;
    }
    if selected || response.hovered() {
        // A fill on which quiet text can be read in both themes; the bar is the sign of the selection.
        ui.painter().rect_filled(rect, 3.0, colours.neutral_fill);
    }
    if selected {
        let bar = Rect::from_min_size(rect.min, vec2(3.0, rect.height()));
        ui.painter().rect_filled(bar, 1.0, colours.accent);
    }
    if response.has_focus() {
        ui.painter().rect_stroke(rect, 3.0, Stroke::new(2.0, colours.accent), StrokeKind::Inside);
    }
    for (number, cell) in galleys.into_iter().enumerate() {
        place(ui, rect, columns, number, cell);
    }
    response.on_hover_text(words::meaning(row.register));
    clicked
}

/// The text of a cell laid out: the meaning in as many lines as it needs, anything else in one.
fn galley(ui: &Ui, columns: &Columns, number: usize, text: &str, (font, colour): (FontId, Color32)) -> Arc<Galley> {
    let width = columns.widths.get(number).copied().unwrap_or_default();
    let job = if number == MEANING {
        LayoutJob::simple(text.to_owned(), font, colour, width)
    } else {
        let mut job = LayoutJob::simple_singleline(text.to_owned(), font, colour);
        job.wrap = TextWrapping::truncate_at_width(width);
        job
    };
    ui.painter().layout_job(job)
}

/// Draws a cell at its column; numbers stand to the right.
fn place(ui: &Ui, row: Rect, columns: &Columns, number: usize, cell: Arc<Galley>) {
    let (Some(start), Some(width)) = (columns.starts.get(number), columns.widths.get(number)) else { return };
    let (x, anchor) =
        if RIGHT.contains(&number) { (start + width, Align2::RIGHT_CENTER) } else { (*start, Align2::LEFT_CENTER) };
    let place = anchor.anchor_size(pos2(row.left() + x, row.center().y), cell.size());
    ui.painter().galley(place.min, cell, Color32::PLACEHOLDER);
}

/// As the datasheet writes it.
const fn short_access(access: Access) -> &'static str {
    match access {
        Access::Read => "R",
        Access::Write => "W",
        Access::ReadWrite => "R/W",
        Access::ReadClear => "R/C",
    }
}

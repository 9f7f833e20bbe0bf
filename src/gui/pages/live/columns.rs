//! How the live page shares out its width among the columns of figures.
//!
//! A figure without its first digit is a wrong figure, so none is ever cut: where there is little room, first the bars go,
//! then the word beside the limit, and then the figures become smaller, all of a kind alike.

use egui::{FontId, Ui};

use super::numbers::Row;
use crate::gui::tokens::Tokens;

/// Room is kept for this much, so that a value that gets one digit more does not make all of them jump.
const USUAL: &str = "0000.0";
const USUAL_ERROR: &str = "+00.000";

/// Widths of the columns, and sizes of the figures in them.
pub(super) struct Widths {
    pub name: f32,
    pub number: f32,
    pub error: f32,
    /// Zero where there is no room for bars.
    pub bar: f32,
    pub limit: f32,
    /// A limit that is not kept says so in words; its mark and colour do so anyway.
    pub words: bool,
    /// Letters of the large readings, of the small ones and of the errors.
    pub large: f32,
    pub small: f32,
    pub errors: f32,
}

/// Room for a unit behind its figure.
pub(super) fn unit_size(tokens: &Tokens) -> f32 {
    tokens.spacing.grid * 3.0
}

impl Widths {
    /// For these rows, in the width there is.
    pub(super) fn fit(ui: &Ui, tokens: &Tokens, rows: &[Row]) -> Self {
        let grid = tokens.spacing.grid;
        let (sizes, unit) = (&tokens.sizes, unit_size(tokens));
        let wide = |text: &str, font: FontId| {
            ui.painter().layout_no_wrap(text.to_owned(), font, egui::Color32::WHITE).size().x
        };
        let widest = |texts: &mut dyn Iterator<Item = String>, font: FontId| {
            texts.map(|text| wide(&text, font.clone())).fold(0.0, f32::max)
        };
        let figure = |text: &str| text.split_once(' ').map_or(text, |(figure, _)| figure).to_owned();
        let figures = |large: bool| {
            let rows = rows.iter().filter(move |row| row.large == large);
            let shown = rows.flat_map(|row| [&row.meter, &row.reference]).flatten();
            shown.map(|text| figure(text)).chain([USUAL.to_owned()]).collect::<Vec<_>>()
        };
        let (reading, heading) = (tokens.strong(sizes.reading), tokens.strong(sizes.heading));
        let large_width = widest(&mut figures(true).into_iter(), reading);
        let small_width = widest(&mut figures(false).into_iter(), heading.clone());
        let errors = rows.iter().flat_map(|row| row.error_text().ok()).map(|text| figure(&text));
        let error_width = widest(&mut errors.chain([USUAL_ERROR.to_owned()]), heading);
        let quiet = FontId::proportional(sizes.secondary);
        let limits = |outside: bool| {
            let limits = rows.iter().filter_map(|row| row.limit);
            let text = |limit: f64| if outside { t!("outside ±{limit} %", limit) } else { format!("±{limit} %") };
            let mark = sizes.body + grid * 0.5;
            widest(&mut limits.map(text), quiet.clone()).max(wide(t!("Limit"), quiet.clone()) - mark) + mark
        };

        let room = ui.available_width();
        let mut name = widest(&mut rows.iter().map(|row| row.name.to_owned()), FontId::proportional(sizes.body));
        let (mut error, mut bar, mut limit) = (error_width + unit, grid * 3.0, limits(true));
        let mut words = true;
        let least = small_width.max(large_width) + unit;
        let numbers = |name: f32, error: f32, bar: f32, limit: f32| {
            let gaps = if bar > 0.0 { 5.0 } else { 4.0 };
            (room - name - error - bar - limit - gaps * grid) / 2.0
        };
        let mut number = numbers(name, error, bar, limit);
        if number < least {
            bar = 0.0;
            number = numbers(name, error, bar, limit);
        }
        if number < least {
            (words, limit) = (false, limits(false));
            number = numbers(name, error, bar, limit);
        }
        let roomy = [name.max(grid * 13.0), error.max(grid * 11.0), limit.max(grid * 12.5)];
        if bar > 0.0 && numbers(roomy[0], roomy[1], bar, roomy[2]) >= least {
            // What is left is for the bars, once the figures stand well apart.
            [name, error, limit] = roomy;
            let rest = room - name - error - limit - 5.0 * grid;
            number = (rest * 0.4).clamp(grid * 13.5, grid * 24.0).clamp(least, (rest - bar) / 2.0);
            bar = rest - 2.0 * number;
        }
        // Even in a window that is far too small a figure is whole.
        number = number.max(unit + grid * 2.0);
        let shrunk = |size: f32, width: f32| size * ((number - unit) / width).min(1.0);
        Self {
            name,
            number,
            error,
            bar,
            limit,
            words,
            large: shrunk(sizes.reading, large_width),
            small: shrunk(sizes.heading, small_width),
            errors: sizes.heading,
        }
    }
}

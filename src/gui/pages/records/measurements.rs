//! What was measured in one run: value, limits, how far it is from them, and what the attempt before had.

use egui::{ScrollArea, Ui};

use super::cells::{Cell, Choice, Column, Columns, filled, head_ui, least, row_ui};
use super::figures;
use crate::gui::pages::PageCtx;
use crate::gui::pages::sheet::quiet_ui;
use crate::gui::texts::words;
use crate::gui::tokens::Tokens;
use crate::gui::widgets::number::NOTHING;
use crate::procedure::Verdict;
use crate::record::Entry;
use crate::record::entry::Measurement;

const COLUMNS: [Column; 5] = [
    Column::left(mark!("Measurement"), 96.0, 1.2),
    Column::left(mark!("Load point"), 76.0, 0.8),
    Column::right(mark!("Value"), 78.0, 0.0),
    Column::left(mark!("Limits"), 96.0, 0.4),
    Column::left(mark!("Within"), 52.0, 0.2),
];
/// There where the record has expanded uncertainties.
const UNCERTAINTY: Column = Column::left(mark!("Uncertainty U"), 96.0, 0.0);
/// There where there is an attempt before.
const BEFORE: Column = Column::right(mark!("Before"), 78.0, 0.0);

/// The place of the bars among the columns.
const BARS: usize = 4;

/// The measurement of the same name and load point.
pub(super) fn same<'a>(of: &Measurement, among: &'a Entry) -> Option<&'a Measurement> {
    among.measurements.iter().find(|other| other.name == of.name && other.load_point == of.load_point)
}

/// What a value is called: fails say so, what was not measured too.
pub(super) fn value_words(of: &Measurement) -> String {
    let value = figures::value(of.value, &of.unit);
    match (of.value, of.verdict) {
        (None, _) => t!("no value").to_owned(),
        (_, Verdict::Pass) => value,
        (_, verdict) => format!("{value} {}", words::verdict(verdict)),
    }
}

pub(super) fn table_ui(ui: &mut Ui, page: &mut PageCtx<'_>, entry: &Entry, before: Option<&Entry>) {
    let tokens = page.tokens;
    if entry.measurements.is_empty() {
        return quiet_ui(ui, page, t!("Nothing was measured before the run ended"));
    }
    let Table { rows, columns: wanted } = Table::of(ui, tokens, entry, before).within(ui.available_width());
    ScrollArea::horizontal().id_salt("measurements").auto_shrink([false, true]).show(ui, |ui| {
        let columns = Columns::fit(&wanted, ui.available_width().max(least(&wanted)));
        ui.spacing_mut().item_spacing.y = 0.0;
        head_ui(ui, tokens, &columns);
        for (number, (one, (cells, label))) in entry.measurements.iter().zip(&rows).enumerate() {
            let look = (tokens.spacing.grid * 3.0, Choice::None);
            let row = ui.push_id(number, |ui| row_ui(ui, tokens, &columns, (cells, label), look)).inner;
            let origin = origin(one);
            if !origin.is_empty() {
                row.on_hover_text(origin);
            }
        }
    });
}

/// Where value and limits come from, a line for each thing that is known.
fn origin(of: &Measurement) -> String {
    let lines = [
        of.expanded.map(|sure| {
            let uncertainty = figures::amount(Some(sure.expanded), &of.unit);
            let k = format!("{:.3}", sure.coverage_factor);
            t!("Expanded uncertainty U {uncertainty} (k = {k})", uncertainty, k)
        }),
        of.uncertainty.map(|scatter| {
            let scatter = figures::amount(Some(scatter), &of.unit);
            t!("Scatter of this measurement {scatter} (standard uncertainty)", scatter)
        }),
        of.guard_band.map(|band| {
            let band = figures::amount(Some(band), &of.unit);
            t!("Guard band {band} taken from the limits on either side", band)
        }),
        of.marginal.then(|| t!("MARGINAL: near to what is not accepted").to_owned()),
        (!of.limit_source.is_empty()).then(|| t!("Limits from {source}", source = of.limit_source)),
        (!of.method.is_empty()).then(|| t!("Method: {method}", method = of.method)),
    ];
    lines.into_iter().flatten().collect::<Vec<_>>().join("\n")
}

/// The room that all of the table needs.
pub(super) fn width(ui: &Ui, tokens: &Tokens, entry: &Entry, before: Option<&Entry>) -> f32 {
    least(&Table::of(ui, tokens, entry, before).columns)
}

/// Rows with what a screen reader says of them, and columns with the room these need.
struct Table {
    rows: Vec<(Vec<Cell>, String)>,
    columns: Vec<Column>,
}

impl Table {
    /// Without an attempt before there is no column for it.
    fn of(ui: &Ui, tokens: &Tokens, entry: &Entry, before: Option<&Entry>) -> Self {
        let sure = entry.measurements.iter().any(|one| one.expanded.is_some());
        let rows: Vec<_> = entry.measurements.iter().map(|one| row(tokens, one, sure, before)).collect();
        let more = sure.then_some(UNCERTAINTY).into_iter().chain(before.map(|_| BEFORE));
        let wanted: Vec<Column> = COLUMNS.into_iter().chain(more).collect();
        let columns = filled(ui, tokens, &wanted, rows.iter().map(|(cells, _)| cells.as_slice()));
        Self { rows, columns }
    }

    /// Where there is too little room, the bars go first: they show what the figures say.
    fn within(mut self, room: f32) -> Self {
        if least(&self.columns) > room {
            for cells in self.rows.iter_mut().map(|(cells, _)| cells).filter(|cells| cells.len() > BARS) {
                cells.remove(BARS);
            }
            self.columns.remove(BARS);
        }
        self
    }
}

/// The cells of a measurement, and what a screen reader says of them.
fn row(tokens: &Tokens, one: &Measurement, sure: bool, before: Option<&Entry>) -> (Vec<Cell>, String) {
    let old = before.and_then(|before| same(one, before));
    let old_text = old.map_or(NOTHING.to_owned(), |old| figures::value(old.value, &old.unit));
    let value = figures::value(one.value, &one.unit);
    let limits = figures::limits(one.lower, one.upper, &one.unit);
    let value = match one.verdict {
        Verdict::Fail => Cell::In(tokens.colours.fail, value),
        Verdict::Pass => Cell::Text(value),
        _ => Cell::In(tokens.colours.attention, value),
    };
    let uncertainty = figures::uncertainty(one);
    let said = one.expanded.map_or_else(String::new, |_| t!(", uncertainty {uncertainty}", uncertainty));
    let label = t!(
        "{name}: {value}{said}, limits {limits}, before {before}",
        name = figures::named(&one.name, &one.load_point),
        value = value_words(one),
        said,
        limits,
        before = old_text
    );
    let bar = match figures::bar(one) {
        (_, _, None) => Cell::Quiet(String::new()),
        (begin, value, limit) => Cell::Bar(begin, value, limit),
    };
    let mut cells = vec![
        Cell::Text(words::measured(&one.name)),
        Cell::Quiet(one.load_point.clone()),
        value,
        Cell::Quiet(limits),
        bar,
    ];
    cells.extend(sure.then_some(Cell::Quiet(uncertainty)));
    cells.extend(before.map(|_| Cell::Quiet(old_text)));
    (cells, label)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::procedure::uncertainty::Expanded;

    const EXPANDED: Expanded = Expanded {
        expanded: 0.0315,
        coverage_factor: 2.025,
        degrees_of_freedom: Some(40.0),
        from_reference: 0.01,
        from_resolution: 0.0,
        from_time_base: 0.0,
    };

    #[test]
    fn what_is_not_known_of_a_value_is_not_named() {
        let mut of = Measurement {
            name: "energy_error".to_owned(),
            load_point: String::new(),
            value: Some(0.1),
            unit: "%".to_owned(),
            lower: None,
            upper: None,
            verdict: Verdict::Pass,
            uncertainty: None,
            expanded: None,
            guard_band: None,
            marginal: false,
            limit_source: String::new(),
            method: "energy register".to_owned(),
        };
        assert_eq!(origin(&of), "Method: energy register");
        (of.uncertainty, of.limit_source) = (Some(0.01), "the procedure".to_owned());
        let scatter = "Scatter of this measurement 0.0100 % (standard uncertainty)";
        assert_eq!(origin(&of), format!("{scatter}\nLimits from the procedure\nMethod: energy register"));
        (of.expanded, of.guard_band) = (Some(EXPANDED), Some(0.02));
        let expanded = "Expanded uncertainty U 0.0315 % (k = 2.025)";
        let band = "Guard band 0.0200 % taken from the limits on either side";
        assert!(origin(&of).starts_with(&format!("{expanded}\n{scatter}\n{band}\n")), "{}", origin(&of));
        (of.expanded, of.guard_band) = (None, None);
        (of.uncertainty, of.limit_source, of.method) = (None, String::new(), String::new());
        assert_eq!(origin(&of), "");
    }
}

//! What many records say: yield and takt, causes of failure, each measurement against its limits, drift from day to day.

use egui::{RichText, ScrollArea, Ui};

use super::cells::{Cell, Choice, Column, Columns, filled, head_ui, least, row_ui, simulated_ui};
use super::{ask, charts, figures};
use crate::gui::archive::{ArchiveRequest, Insight, is_gain};
use crate::gui::pages::PageCtx;
use crate::gui::pages::sheet::{card_ui, quiet_ui};
use crate::gui::texts::words;
use crate::gui::tokens::Tokens;
use crate::gui::widgets::command_button::choice_ui;
use crate::gui::widgets::number::NOTHING;
use crate::procedure::Verdict;
use crate::record::statistics::Capability;

/// Below this a process is taken for one that will give bad units (four standard deviations to the nearer limit).
const CAPABLE: f64 = 1.33;
/// Causes that are listed; who looks for more sets a filter.
const CAUSES: usize = 12;
/// A plot that is narrower stands below the tables instead of beside them.
const PLOT: f32 = 340.0;
/// With less height all of it scrolls together.
const LOW: f32 = 420.0;

const MEASURED: [Column; 7] = [
    Column::left(mark!("Measurement"), 92.0, 1.0),
    Column::left(mark!("Load point"), 84.0, 1.0),
    Column::right(mark!("Values"), 48.0, 0.0),
    Column::right(mark!("Failed"), 44.0, 0.0),
    Column::right(mark!("Mean"), 78.0, 0.0),
    Column::left(mark!("Limits"), 64.0, 0.3),
    Column::right("Cpk", 60.0, 0.0),
];

/// What came last, and what is chosen of it.
#[derive(Default)]
pub(super) struct StatisticsView {
    insight: Option<Insight>,
    /// The measurement whose histogram is drawn: name and load point.
    chosen: Option<(String, String)>,
}

impl StatisticsView {
    pub(super) fn told(&mut self, insight: Insight) {
        self.insight = Some(insight);
    }

    /// The measurement whose trend is followed.
    pub(super) fn trend_of(&self) -> Option<String> {
        self.insight.as_ref().and_then(|insight| insight.trend_of.clone())
    }

    /// Draws what came last; a serial number may be `searched` for, which says nothing here.
    pub(super) fn statistics_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>, searched: bool) {
        let tokens = page.tokens;
        let Some(insight) = &self.insight else {
            return quiet_ui(ui, page, t!("The records are being counted"));
        };
        let gap = tokens.spacing.grid;
        ui.spacing_mut().item_spacing.y = gap;
        kind_ui(ui, page, insight);
        if searched {
            quiet_ui(
                ui,
                page,
                t!("Counted are all units that match the filters; the serial number restricts the list only"),
            );
        }
        if insight.yields.attempts == 0 {
            ui.heading(t!("Nothing to count"));
            return quiet_ui(ui, page, t!("No attempt matches the filters; test units, or take filters away"));
        }
        // Tables need more than plots do, and all of their figures are to be seen; each side has its bar.
        let table = table_width(ui, tokens, insight) + 2.0 * (tokens.spacing.card + 1.0) + gap;
        let left = ((ui.available_width() - gap) * 0.57).max(table);
        let right = ui.available_width() - gap - left;
        let chosen = &mut self.chosen;
        if right < PLOT || ui.available_height() < LOW {
            side(ui, "statistics", ui.available_width(), |ui| {
                yields_ui(ui, page, insight);
                let asked = capabilities_ui(ui, page, insight, chosen);
                let histogram = ui.scope(|ui| histogram_ui(ui, page, insight, chosen.as_ref())).response;
                if asked {
                    histogram.scroll_to_me(None);
                }
                trend_ui(ui, page, insight);
                causes_ui(ui, page, insight);
            });
            return;
        }
        yields_ui(ui, page, insight);
        // However long the tables are: what is chosen in them is seen beside them.
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = gap;
            side(ui, "tables", left, |ui| {
                capabilities_ui(ui, page, insight, chosen);
                causes_ui(ui, page, insight);
            });
            side(ui, "plots", right, |ui| {
                histogram_ui(ui, page, insight, chosen.as_ref());
                trend_ui(ui, page, insight);
            });
        });
    }
}

/// A column that scrolls by itself.
fn side(ui: &mut Ui, name: &str, width: f32, add: impl FnOnce(&mut Ui)) {
    let gap = ui.spacing().item_spacing.y;
    let size = egui::vec2(width, ui.available_height());
    ui.allocate_ui_with_layout(size, egui::Layout::top_down(egui::Align::Min), |ui| {
        ScrollArea::vertical().id_salt(name).auto_shrink(false).show(ui, |ui| {
            ui.set_width(ui.available_width() - gap);
            ui.spacing_mut().item_spacing.y = gap;
            add(ui);
        });
    });
}

/// Which runs are counted: simulated ones never stand among real ones.
fn kind_ui(ui: &mut Ui, page: &PageCtx<'_>, insight: &Insight) {
    let tokens = page.tokens;
    if insight.simulated && insight.yields.attempts > 0 {
        simulated_ui(ui, tokens, t!("SIMULATED: these figures are of simulated runs"));
    }
    if insight.left_out > 0 {
        let text = t!(
            "{count} simulated runs are left out; choose them with the filter Run",
            count = figures::count(insight.left_out)
        );
        quiet_ui(ui, page, &text);
    }
}

fn yields_ui(ui: &mut Ui, page: &mut PageCtx<'_>, insight: &Insight) {
    let yields = &insight.yields;
    let of = |passed: u64, units: u64| {
        t!("{passed} of {units} units", passed = figures::count(passed), units = figures::count(units))
    };
    let figures = [
        (
            t!("First-pass yield"),
            figures::percent(yields.first_pass_percent()),
            of(yields.first_passed, yields.first_units),
        ),
        (t!("Final yield"), figures::percent(yields.final_percent()), of(yields.last_passed, yields.last_units)),
        (t!("Takt at a position"), figures::seconds(yields.takt_s), t!("from end to end, breaks left out").to_owned()),
        (t!("Time of a run"), figures::seconds(yields.mean_duration_s), t!("on average").to_owned()),
    ];
    card_ui(ui, page, t!("Yield and pace"), |ui, page| {
        let tokens = page.tokens;
        let each = (ui.available_width() / figures.len() as f32 - tokens.spacing.grid).max(150.0);
        let row = egui::Layout::left_to_right(egui::Align::Min).with_main_wrap(true);
        let size = egui::vec2(ui.available_width(), 0.0);
        ui.allocate_ui_with_layout(size, row, |ui| {
            for (name, value, behind) in figures {
                ui.allocate_ui(egui::vec2(each, 0.0), |ui| {
                    ui.vertical(|ui| {
                        ui.set_width(each);
                        ui.spacing_mut().item_spacing.y = 0.0;
                        quiet_ui(ui, page, name);
                        ui.label(RichText::new(value).font(tokens.strong(tokens.sizes.reading)));
                        quiet_ui(ui, page, &behind);
                    });
                });
            }
        });
        let counts = [
            (Verdict::Pass, yields.passed),
            (Verdict::Fail, yields.failed),
            (Verdict::Error, yields.errors),
            (Verdict::Aborted, yields.aborted),
        ];
        let counts: Vec<String> = counts
            .iter()
            .map(|(verdict, count)| format!("{} {}", figures::count(*count), words::verdict(*verdict)))
            .collect();
        ui.label(t!(
            "{attempts} attempts: {counts}",
            attempts = figures::count(yields.attempts),
            counts = counts.join(", ")
        ));
    });
}

fn causes_ui(ui: &mut Ui, page: &mut PageCtx<'_>, insight: &Insight) {
    const COLUMNS: [Column; 3] = [
        Column::left(mark!("Cause"), 140.0, 1.0),
        Column::right(mark!("Attempts"), 64.0, 0.0),
        Column::right(mark!("Cumulated"), 70.0, 0.0),
    ];
    card_ui(ui, page, t!("Causes of FAIL and ERROR"), |ui, page| {
        let tokens = page.tokens;
        let Some(most) = insight.failures.first().map(|failure| failure.attempts) else {
            return quiet_ui(ui, page, t!("No attempt failed"));
        };
        let columns = Columns::fit(&COLUMNS, ui.available_width());
        ui.spacing_mut().item_spacing.y = 0.0;
        head_ui(ui, tokens, &columns);
        for failure in insight.failures.iter().take(CAUSES) {
            let share = failure.attempts as f64 / most.max(1) as f64;
            let cumulated = figures::percent(Some(failure.cumulated_percent));
            let attempts = figures::count(failure.attempts);
            let cause = cause_words(&failure.cause);
            let label = t!("{cause}: {attempts} attempts, cumulated {cumulated}", cause, attempts, cumulated);
            let fill = tokens.colours.fail.gamma_multiply(0.35);
            let cells = [Cell::Filled(share, fill, format!(" {cause}")), Cell::Text(attempts), Cell::Quiet(cumulated)];
            let look = (tokens.spacing.grid * 3.25, Choice::None);
            ui.push_id(&failure.cause, |ui| row_ui(ui, tokens, &columns, (&cells, &label), look));
        }
        if let Some(more) = insight.failures.len().checked_sub(CAUSES).filter(|more| *more > 0) {
            quiet_ui(ui, page, &t!("{more} rarer causes", more));
        }
    });
}

/// A cause as it is read: a value by its name and where it was measured, or the step that could not be done.
fn cause_words(cause: &str) -> String {
    if let Some(step) = cause.strip_prefix("ERROR: ") {
        return format!("{}: {}", words::verdict(Verdict::Error), words::step(step));
    }
    match cause.split_once(" at ") {
        // Steps have titles, values have names.
        Some((name, load_point)) if name.contains('_') => figures::named(name, load_point),
        None if !cause.contains(' ') => words::measured(cause),
        _ => words::step(cause).into_owned(),
    }
}

/// Cpk with its word: what is below the usual demand says so.
fn cpk_words(of: &Capability) -> (String, bool) {
    match of.cpk {
        None => (NOTHING.to_owned(), false),
        // As it is printed: who reads 1.33 is not to be told that it is less.
        Some(cpk) if (cpk * 100.0).round() / 100.0 < CAPABLE => (t!("{cpk} low", cpk = format_args!("{cpk:.2}")), true),
        Some(cpk) => (format!("{cpk:.2}"), false),
    }
}

fn is_chosen(of: &Capability, chosen: Option<&(String, String)>) -> bool {
    chosen.is_some_and(|(name, load_point)| *name == of.name && *load_point == of.load_point)
}

/// The cells of a measurement, and what a screen reader says of them.
fn capability(tokens: &Tokens, one: &Capability) -> ([Cell; 7], String) {
    let (cpk, low) = cpk_words(one);
    let limits = figures::limits(one.lower, one.upper, &one.unit);
    let (mean, failed) = (figures::value(Some(one.mean), &one.unit), figures::count(one.failed));
    let label = t!(
        "{name}: {n} values, {failed} failed, mean {mean}, limits {limits}, Cpk {cpk}",
        name = figures::named(&one.name, &one.load_point),
        n = figures::count(one.n),
        failed,
        mean,
        limits,
        cpk
    );
    let quiet_or = |bad: bool, text: String, colour| if bad { Cell::In(colour, text) } else { Cell::Text(text) };
    let cells = [
        Cell::Text(words::measured(&one.name)),
        Cell::Quiet(one.load_point.clone()),
        Cell::Text(figures::count(one.n)),
        quiet_or(one.failed > 0, failed, tokens.colours.fail),
        Cell::Text(mean),
        Cell::Quiet(limits),
        quiet_or(low, cpk, tokens.colours.attention),
    ];
    (cells, label)
}

/// The rows of the table of measurements, and its columns with the room these need.
fn table(ui: &Ui, tokens: &Tokens, insight: &Insight) -> (Vec<([Cell; 7], String)>, Vec<Column>) {
    let rows: Vec<_> = insight.capabilities.iter().map(|one| capability(tokens, one)).collect();
    let wanted = filled(ui, tokens, &MEASURED, rows.iter().map(|(cells, _)| cells.as_slice()));
    (rows, wanted)
}

fn table_width(ui: &Ui, tokens: &Tokens, insight: &Insight) -> f32 {
    least(&table(ui, tokens, insight).1)
}

/// The table; true when another row was chosen just now.
fn capabilities_ui(
    ui: &mut Ui,
    page: &mut PageCtx<'_>,
    insight: &Insight,
    chosen: &mut Option<(String, String)>,
) -> bool {
    let mut asked = false;
    if chosen.is_none() {
        let judged = || insight.capabilities.iter().filter(|one| one.histogram.is_some());
        let followed = judged().any(|one| Some(&one.name) == insight.trend_of.as_ref());
        // Histogram and trend begin with one measurement; of its load points, the one nearest to its limits is what one looks for.
        let begin = judged().filter(|one| !followed || Some(&one.name) == insight.trend_of.as_ref());
        let worst = begin.min_by(|a, b| a.cpk.unwrap_or(f64::MAX).total_cmp(&b.cpk.unwrap_or(f64::MAX)));
        *chosen = worst.map(|one| (one.name.clone(), one.load_point.clone()));
    }
    card_ui(ui, page, t!("Measurements and their limits"), |ui, page| {
        let tokens = page.tokens;
        if insight.capabilities.is_empty() {
            return quiet_ui(ui, page, t!("Nothing was measured in these runs"));
        }
        let (rows, wanted) = table(ui, tokens, insight);
        ScrollArea::horizontal().id_salt("capabilities").auto_shrink([false, true]).show(ui, |ui| {
            let columns = Columns::fit(&wanted, ui.available_width().max(least(&wanted)));
            ui.spacing_mut().item_spacing.y = 0.0;
            head_ui(ui, tokens, &columns);
            for (number, (one, (cells, label))) in insight.capabilities.iter().zip(&rows).enumerate() {
                let choice = if is_chosen(one, chosen.as_ref()) { Choice::Chosen } else { Choice::Open };
                let look = (tokens.spacing.grid * 3.0, choice);
                let row = ui.push_id(number, |ui| row_ui(ui, tokens, &columns, (cells, label), look)).inner;
                let row = match one.limit_source.as_str() {
                    "" => row,
                    source => row.on_hover_text(t!("Limits from {source}", source)),
                };
                if row.clicked() {
                    *chosen = Some((one.name.clone(), one.load_point.clone()));
                    asked = true;
                }
            }
        });
    });
    asked
}

fn histogram_ui(ui: &mut Ui, page: &mut PageCtx<'_>, insight: &Insight, chosen: Option<&(String, String)>) {
    let found = insight.capabilities.iter().find(|one| is_chosen(one, chosen));
    card_ui(ui, page, t!("Histogram"), |ui, page| match found {
        Some(one) => charts::histogram_ui(ui, page, one),
        None => quiet_ui(ui, page, t!("Choose a measurement with limits in the table")),
    });
}

fn trend_ui(ui: &mut Ui, page: &mut PageCtx<'_>, insight: &Insight) {
    card_ui(ui, page, t!("Trend from day to day"), |ui, page| {
        let mut names: Vec<&str> = Vec::new();
        for one in &insight.capabilities {
            if !names.contains(&one.name.as_str()) {
                names.push(&one.name);
            }
        }
        // Gains first: the drift of a lot of components shows in them.
        names.sort_by_key(|name| !is_gain(name));
        ui.horizontal_wrapped(|ui| {
            for name in names {
                let chosen = insight.trend_of.as_deref() == Some(name);
                if choice_ui(ui, page, &words::measured(name), chosen).clicked() {
                    ask(page, ArchiveRequest::Count(insight.filter.clone(), Some(name.to_owned())));
                }
            }
        });
        match &insight.trend_of {
            Some(name) => charts::trend_ui(ui, page, name, &insight.trend),
            None => quiet_ui(ui, page, t!("No values to follow from day to day")),
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_read_as_what_was_measured() {
        for (cause, words) in [
            ("energy_error at Un Ib PF 1", "energy error Un Ib PF 1"),
            ("no_load_pulses at No load", "no load pulses No load"),
            ("Ugain", "Ugain"),
            ("Verify at Ib, PF 1", "Verify at Ib, PF 1"),
            ("ERROR: Voltage and current gain", "ERROR: Voltage and current gain"),
            ("no value out of limits", "no value out of limits"),
        ] {
            assert_eq!(cause_words(cause), words);
        }
    }
}

//! A measured value as a row of a table: digits, limits, what was taken from them, and the value rounded for a certificate.

use serde::Serialize;

use super::certificate::printable;
use super::figures::{self, Sign};
use crate::record::entry::Measurement;

/// What the name of a rounded error ends with; the rest is the name of the error.
const ROUNDED: &str = "_rounded";

/// A measured value as it is printed.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// What was measured.
    pub name: String,
    /// Where.
    pub load_point: String,
    /// The value; none where the result was no number.
    pub value: Option<String>,
    /// The value rounded to a tenth of the class, where the record has that.
    pub rounded: Option<String>,
    /// It is such a rounded value itself, and stands beside the error it belongs to.
    pub beside: bool,
    /// Its unit.
    pub unit: String,
    /// Least value that passes.
    pub lower: Option<String>,
    /// Greatest value that passes.
    pub upper: Option<String>,
    /// The least value the decision rule accepts; none where it takes nothing from the limits.
    pub accepted_lower: Option<String>,
    /// The greatest value it accepts.
    pub accepted_upper: Option<String>,
    /// What it takes from the limits on either side.
    pub guard_band: Option<String>,
    /// Which of the limit sources, from 1.
    pub limit_note: Option<usize>,
    /// Standard uncertainty from the scatter.
    pub uncertainty: Option<String>,
    /// Expanded uncertainty; none where it is not known.
    pub expanded: Option<String>,
    /// What it was expanded by.
    pub coverage_factor: Option<String>,
    /// How it was obtained.
    pub method: String,
    /// How it compares.
    pub verdict: &'static str,
    /// PASS, and near to what is not accepted.
    pub marginal: bool,
}

/// The name of the error that this is the rounded value of.
pub(super) fn rounded_of(name: &str) -> Option<&str> {
    name.strip_suffix(ROUNDED)
}

/// All values as rows. `tenth` is a tenth of the class in percent, where the procedure names one.
pub(super) fn of_all(all: &[&Measurement], tenth: Option<f64>, limit_sources: &mut Vec<String>) -> Vec<Row> {
    let same = |one: &Measurement, name: &str, at: &Measurement| one.name == name && one.load_point == at.load_point;
    let row = |one: &&Measurement| {
        let short = all.iter().find(|other| rounded_of(&other.name).is_some_and(|name| same(one, name, other)));
        let long = rounded_of(&one.name).and_then(|name| all.iter().find(|other| same(other, name, one)));
        let rounded = short.and_then(|short| short.value).map(|value| in_steps(value, tenth));
        Row { rounded, beside: long.is_some(), ..of(one, limit_sources) }
    };
    all.iter().map(row).collect()
}

/// With the decimals of the step it was rounded to, or else with those it has.
fn in_steps(value: f64, step: Option<f64>) -> String {
    let decimals = |number: f64| number.to_string().split_once('.').map_or(0, |(_, decimals)| decimals.len());
    figures::fixed(value, step.map_or_else(|| decimals(value).max(1), decimals), Sign::Both)
}

fn of(one: &Measurement, limit_sources: &mut Vec<String>) -> Row {
    let sign = Sign::for_unit(&one.unit);
    let limits = [one.lower, one.upper];
    let limited = limits.iter().any(Option::is_some) && !one.limit_source.is_empty();
    let limit_note = limited.then(|| {
        let source = printable(&one.limit_source);
        let known = limit_sources.iter().position(|other| *other == source);
        known.unwrap_or_else(|| {
            limit_sources.push(source);
            limit_sources.len() - 1
        }) + 1
    });
    let guard = one.guard_band.unwrap_or(0.0);
    let accepted = [one.lower.map(|lower| lower + guard), one.upper.map(|upper| upper - guard)];
    let [lower, upper] = limits.map(|limit| limit.map(|limit| figures::limit(limit, sign)));
    let stated = one.expanded.map(|of| of.expanded).or(one.uncertainty);
    let value = one.value.map(|value| figures::value(value, stated, accepted, sign));
    let beside = one.value.zip(value.as_deref().and_then(|written| written.parse().ok()));
    let [accepted_lower, accepted_upper] =
        accepted.map(|limit| one.guard_band.and(limit).map(|limit| figures::near(limit, guard, beside, sign)));
    Row {
        name: printable(&one.name).replace('_', " "),
        load_point: printable(&one.load_point),
        value,
        rounded: None,
        beside: false,
        unit: printable(&one.unit),
        lower,
        upper,
        accepted_lower,
        accepted_upper,
        guard_band: one.guard_band.map(figures::uncertainty),
        limit_note,
        uncertainty: one.uncertainty.map(figures::uncertainty),
        expanded: one.expanded.map(|of| figures::uncertainty(of.expanded)),
        coverage_factor: one.expanded.map(|of| format!("{:.2}", of.coverage_factor)),
        method: printable(&one.method),
        verdict: one.verdict.word(),
        marginal: one.marginal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rounded_value_has_the_decimals_of_its_step() {
        assert_eq!(in_steps(0.0, Some(0.1)), "0.0");
        assert_eq!(in_steps(-0.4, Some(0.2)), "-0.4");
        assert_eq!(in_steps(0.1, Some(0.05)), "+0.10");
        assert_eq!(in_steps(0.04, Some(0.02)), "+0.04");
        assert_eq!((in_steps(1.0, None), in_steps(0.05, None)), ("+1.0".to_owned(), "+0.05".to_owned()));
    }
}

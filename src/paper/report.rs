//! What a report of many records says: yield, causes, capability, drift, pace, and every unit.
//!
//! The figures are those of [`crate::record::statistics`]; here they get their words and digits.

use std::collections::BTreeMap;

use serde::Serialize;

use super::certificate::printable;
use super::error::PaperError;
use super::figures::{self, Sign};
use super::row::rounded_of;
use super::template::Template;
use super::typeset::{Imprint, Paper, Press};
use super::units::{Excepted, Outside, Unit, Units};
use crate::record::statistics::{Capability, Failure, Histogram, TrendPoint, Yields};
use crate::record::{Filter, Stamp, Store};

/// Records listed at most, the newest; the statistics are over all.
const LISTED: usize = 10_000;
/// Causes of failure drawn at most; the table has all of them up to here, and the rest in one line.
const CAUSES: usize = 15;

/// Many records as they are printed.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// What it is.
    pub title: &'static str,
    /// What was chosen, by name and value; empty where everything was.
    pub chosen: Vec<(String, String)>,
    /// Attempts that match.
    pub attempts: u64,
    /// Those of them that were simulated.
    pub simulated: u64,
    /// Attempts the list of units is made of.
    pub listed: usize,
    /// End of the first listed run and of the last.
    pub period: [String; 2],
    /// Station, number and hash of the newest record that matches.
    pub newest: Newest,
    /// Counts.
    pub yields: Yields,
    /// Share of units that passed at once.
    pub first_pass_percent: Option<String>,
    /// Share of units that passed in the end.
    pub final_percent: Option<String>,
    /// Mean time of a run.
    pub mean_duration: Option<String>,
    /// Takt.
    pub takt: Option<String>,
    /// Causes of failure, the most frequent first.
    pub failures: Vec<Failure>,
    /// Attempts that failed for causes not listed.
    pub failures_more: u64,
    /// Measurements.
    pub capabilities: Vec<CapabilityRow>,
    /// Values from day to day.
    pub trends: Vec<Trend>,
    /// Units, by serial number.
    pub units: Vec<Unit>,
    /// Units whose first or last attempt lies elsewhere.
    pub outside: Outside,
    /// What supervisors allowed in the listed attempts.
    pub exceptions: Vec<Excepted>,
}

/// The newest record.
#[derive(Clone, Debug, Serialize)]
pub struct Newest {
    /// Station of its chain.
    pub station: String,
    /// Number in that chain.
    pub number: u64,
    /// Hash.
    pub hash: String,
}

/// A measurement's capability as it is printed.
#[derive(Clone, Debug, Serialize)]
pub struct CapabilityRow {
    /// What was measured.
    pub name: String,
    /// Where.
    pub load_point: String,
    /// Unit.
    pub unit: String,
    /// How many values.
    pub n: u64,
    /// Those out of limits.
    pub failed: u64,
    /// Mean.
    pub mean: String,
    /// Standard deviation.
    pub deviation: Option<String>,
    /// The least value.
    pub least: String,
    /// The greatest value.
    pub greatest: String,
    /// Limits.
    pub lower: Option<String>,
    /// Limits.
    pub upper: Option<String>,
    /// Cpk.
    pub cpk: Option<String>,
    /// Less than 1: not capable.
    pub poor: bool,
    /// Where the limits come from.
    pub limit_source: String,
    /// The values by size, with the limits as numbers; none without two limits.
    pub histogram: Option<Drawn>,
}

/// A histogram with its limits.
#[derive(Clone, Debug, Serialize)]
pub struct Drawn {
    /// The bars.
    #[serde(flatten)]
    pub bars: Histogram,
    /// Lower limit.
    pub lower: f64,
    /// Upper limit.
    pub upper: f64,
}

/// A value from day to day.
#[derive(Clone, Debug, Serialize)]
pub struct Trend {
    /// What was measured.
    pub name: String,
    /// Where.
    pub load_point: String,
    /// Unit.
    pub unit: String,
    /// The days.
    pub days: Vec<TrendPoint>,
}

impl Report {
    /// Of all records that match, and the moment the newest of them ended.
    ///
    /// # Errors
    /// The store cannot be read, or nothing matches.
    pub fn of(store: &Store, filter: &Filter) -> Result<(Self, Stamp), PaperError> {
        let yields = store.yields(filter)?;
        let found = store.list(filter, None, LISTED)?;
        let (Some(newest), Some(oldest)) = (found.first(), found.last()) else { return Err(PaperError::Empty) };
        let simulated = match filter.simulated {
            Some(true) => yields.attempts,
            Some(false) => 0,
            None => store.yields(&Filter { simulated: Some(true), ..filter.clone() })?.attempts,
        };
        let mut failures = store.failures(filter)?;
        let rest = failures.split_off(failures.len().min(CAUSES));
        let capabilities = in_order(store.capabilities(filter)?);
        let Units { units, outside, exceptions } = Units::of(store, filter, &found)?;
        let percent = |share: Option<f64>| share.map(|share| figures::fixed(share, 1, Sign::Minus));
        let seconds = |time: Option<f64>| time.map(|time| format!("{time:.1} s"));
        let report = Self {
            title: "Batch report",
            chosen: chosen(filter),
            attempts: yields.attempts,
            simulated,
            listed: found.len(),
            period: [oldest.at.to_string(), newest.at.to_string()],
            newest: Newest { station: newest.station.clone(), number: newest.number, hash: newest.hash.to_string() },
            first_pass_percent: percent(yields.first_pass_percent()),
            final_percent: percent(yields.final_percent()),
            mean_duration: seconds(yields.mean_duration_s),
            takt: seconds(yields.takt_s),
            yields,
            failures: failures.into_iter().map(|one| Failure { cause: words(&one.cause), ..one }).collect(),
            failures_more: rest.iter().map(|failure| failure.attempts).sum(),
            trends: trends(store, filter, &capabilities)?,
            capabilities: capabilities.into_iter().map(capability).collect(),
            units,
            outside,
            exceptions,
        };
        Ok((report, newest.at.clone()))
    }

    /// Prints it; `at` is the moment its newest record ended.
    ///
    /// # Errors
    /// The template has a mistake, or a sign no font has.
    pub fn print(&self, at: Stamp, press: &Press) -> Result<Paper, PaperError> {
        let ident = format!("report {} {:?}", self.newest.hash, self.chosen);
        press.print(Template::Report, self, Imprint { ident, at })
    }
}

fn words(text: &str) -> String {
    printable(text).replace('_', " ")
}

fn chosen(filter: &Filter) -> Vec<(String, String)> {
    let Filter { from, to, station, profile, procedure, batch, operator, position, simulated } = filter;
    let text = |text: &Option<String>| text.as_deref().map(printable);
    let all = [
        ("First day", from.map(|day| day.to_string())),
        ("Last day", to.map(|day| day.to_string())),
        ("Station", text(station)),
        ("Meter profile", text(profile)),
        ("Procedure", text(procedure)),
        ("Batch", text(batch)),
        ("Operator", text(operator)),
        ("Position", position.map(|position| position.to_string())),
        ("Runs", simulated.map(|simulated| if simulated { "simulated only" } else { "real only" }.to_owned())),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// By name, whose number at its end counts as a number. Rounded values are for certificates, and their errors stand here.
fn in_order(mut all: Vec<Capability>) -> Vec<Capability> {
    fn key(one: &Capability) -> (&str, u64) {
        let numbered = one.name.rsplit_once('_').and_then(|(name, number)| Some((name, number.parse().ok()?)));
        numbered.unwrap_or((&one.name, 0))
    }
    all.retain(|one| rounded_of(&one.name).is_none());
    all.sort_by(|a, b| key(a).cmp(&key(b)).then_with(|| a.load_point.cmp(&b.load_point)));
    all
}

fn capability(one: Capability) -> CapabilityRow {
    let sign = Sign::for_unit(&one.unit);
    let limits = [one.lower, one.upper];
    // A mean is as good as its spread lets it be; extremes are values like those of a certificate.
    let value = |value: f64| figures::value(value, one.deviation, limits, sign);
    CapabilityRow {
        n: one.n,
        failed: one.failed,
        mean: figures::value(one.mean, one.deviation.map(|deviation| deviation / 10.0), [None, None], sign),
        deviation: one.deviation.map(figures::uncertainty),
        least: value(one.least),
        greatest: value(one.greatest),
        lower: one.lower.map(|limit| figures::limit(limit, sign)),
        upper: one.upper.map(|limit| figures::limit(limit, sign)),
        cpk: one.cpk.map(|cpk| figures::fixed(cpk, 2, Sign::Minus)),
        poor: one.cpk.is_some_and(|cpk| cpk < 1.0),
        histogram: one.histogram.zip(one.lower.zip(one.upper)).map(|(bars, (lower, upper))| Drawn {
            bars,
            lower,
            upper,
        }),
        name: words(&one.name),
        load_point: printable(&one.load_point),
        unit: printable(&one.unit),
        limit_source: printable(&one.limit_source),
    }
}

/// Every measurement from day to day; a register and its load points each for themselves.
fn trends(store: &Store, filter: &Filter, of: &[Capability]) -> Result<Vec<Trend>, PaperError> {
    let mut units: Vec<(&str, &str)> = of.iter().map(|one| (one.name.as_str(), one.unit.as_str())).collect();
    units.dedup_by_key(|(name, _)| *name);
    let mut trends = Vec::new();
    for (name, unit) in units {
        let mut places: BTreeMap<String, Vec<TrendPoint>> = BTreeMap::new();
        for point in store.trend(filter, name)? {
            places.entry(point.load_point.clone()).or_default().push(point);
        }
        for (load_point, mut days) in places {
            days.sort_by_key(|point| point.day);
            let (name, unit) = (words(name), printable(unit));
            trends.push(Trend { name, load_point: printable(&load_point), unit, days });
        }
    }
    Ok(trends)
}

//! `meterbench records stats`: yield, capability, causes of failure, drift, pace.

use serde_json::json;

use super::Output;
use super::filter::Chosen;
use crate::cli::exit::Exit;
use crate::cli::message;
use crate::record::Store;
use crate::record::statistics::{Capability, Failure, TrendPoint, Yields};

/// Counts: first-pass and final yield, Cpk and histogram of each measurement, causes of failure, takt
#[derive(clap::Args, Debug)]
pub(super) struct Stats {
    /// How a measurement goes from day to day: Ugain, energy_error
    #[arg(long, value_name = "NAME")]
    trend: Vec<String>,
    #[command(flatten)]
    chosen: Chosen,
}

impl Stats {
    pub(super) fn run(&self, store: &Store, output: &mut Output<'_>) -> anyhow::Result<Exit> {
        let filter = self.chosen.filter()?;
        let yields = store.yields(&filter)?;
        if yields.attempts == 0 {
            message("no attempt to count matches; golden units are not counted");
        }
        let failures = store.failures(&filter)?;
        let capabilities = store.capabilities(&filter)?;
        let mut trends = serde_json::Map::new();
        let mut days = Vec::new();
        for name in &self.trend {
            let trend = store.trend(&filter, name)?;
            if trend.is_empty() {
                message(&format!("no measurement with the name {name:?} is in these records"));
            }
            trends.insert(name.clone(), serde_json::to_value(&trend)?);
            days.push((name, trend));
        }
        if output.json {
            let all = json!({
                "yields": yields,
                "first_pass_percent": yields.first_pass_percent(),
                "final_percent": yields.final_percent(),
                "failures": failures,
                "measurements": capabilities,
                "trends": trends,
            });
            writeln!(output.out, "{all}")?;
            return Ok(Exit::DONE);
        }
        print_yields(&yields, output)?;
        print_failures(&failures, output)?;
        print_capabilities(&capabilities, output)?;
        for (name, trend) in days {
            print_trend(name, &trend, output)?;
        }
        Ok(Exit::DONE)
    }
}

fn some(value: Option<f64>, decimals: usize) -> String {
    value.map_or("-".to_owned(), |value| format!("{value:.decimals$}"))
}

fn print_yields(yields: &Yields, output: &mut Output<'_>) -> anyhow::Result<()> {
    let Yields { attempts, passed, marginal, failed, errors, aborted, .. } = yields;
    let Yields { first_units, first_passed, last_units, last_passed, .. } = yields;
    writeln!(
        output.out,
        "attempts      {attempts}: {passed} PASS ({marginal} marginal), {failed} FAIL, {errors} ERROR, {aborted} ABORTED"
    )?;
    let (first, last) = (some(yields.first_pass_percent(), 2), some(yields.final_percent(), 2));
    writeln!(
        output.out,
        "first pass    {first} %  ({first_passed} of {first_units} units at their first measured attempt)"
    )?;
    writeln!(
        output.out,
        "final yield   {last} %  ({last_passed} of {last_units} units at their last measured attempt)"
    )?;
    writeln!(output.out, "run           {} s on average", some(yields.mean_duration_s, 1))?;
    writeln!(output.out, "takt          {} s from end to end at a position, breaks left out", some(yields.takt_s, 1))?;
    Ok(())
}

fn print_failures(failures: &[Failure], output: &mut Output<'_>) -> anyhow::Result<()> {
    for failure in failures {
        writeln!(output.out, "{:>8}  {:>5.1} %  {}", failure.attempts, failure.cumulated_percent, failure.cause)?;
    }
    Ok(())
}

fn print_capabilities(capabilities: &[Capability], output: &mut Output<'_>) -> anyhow::Result<()> {
    for one in capabilities {
        let (mean, deviation, cpk) = (one.mean, some(one.deviation, 5), some(one.cpk, 2));
        let (lower, upper) = (some(one.lower, 3), some(one.upper, 3));
        writeln!(
            output.out,
            "{:<18} {:<18} n {:>7}  failed {:>6}  marginal {:>6}  mean {mean:+.5} {}  s {deviation}  limits {lower} .. {upper}  Cpk {cpk}",
            one.name, one.load_point, one.n, one.failed, one.marginal, one.unit
        )?;
    }
    Ok(())
}

fn print_trend(name: &str, trend: &[TrendPoint], output: &mut Output<'_>) -> anyhow::Result<()> {
    writeln!(output.out, "{name}")?;
    for point in trend {
        let (day, deviation) = (point.day.to_string(), some(point.deviation, 5));
        let (at, n, mean) = (&point.load_point, point.n, point.mean);
        let (least, greatest) = (point.least, point.greatest);
        writeln!(output.out, "  {day}  {at:<18} n {n:>6}  mean {mean:.5}  s {deviation}  {least} .. {greatest}")?;
    }
    Ok(())
}

//! `meterbench records list`: the newest records that match, flashings among them.

use super::filter::{Chosen, verdict};
use super::{NOTHING_MATCHES, Output};
use crate::cli::exit::Exit;
use crate::cli::message;
use crate::procedure::Verdict;
use crate::record::search::Found;
use crate::record::{FlashRecord, Store};

/// Lists records, newest first
#[derive(clap::Args, Debug)]
pub(super) struct List {
    /// Beginning or end of the serial number
    #[arg(long)]
    serial: Option<String>,
    /// PASS, FAIL, ERROR or ABORTED
    #[arg(long, value_parser = verdict)]
    verdict: Option<Verdict>,
    /// How many at most
    #[arg(long, default_value_t = 50)]
    limit: usize,
    #[command(flatten)]
    chosen: Chosen,
}

impl List {
    pub(super) fn run(&self, store: &Store, output: &mut Output<'_>) -> anyhow::Result<Exit> {
        let part = self.serial.as_deref().unwrap_or_default();
        let filter = self.chosen.filter()?;
        let runs = store.search(part, &filter, self.verdict, self.limit)?;
        // A verdict is a run's.
        let flashings = if self.verdict.is_none() { store.flashings(part, &filter, self.limit)? } else { Vec::new() };
        if runs.is_empty() && flashings.is_empty() {
            message(NOTHING_MATCHES);
        }
        // Runs keep their order among themselves, which is not always that of the clock.
        let (mut runs, mut flashings) = (runs.iter().peekable(), flashings.iter().peekable());
        for _ in 0..self.limit {
            let run_is_next = match (runs.peek(), flashings.peek()) {
                (Some(run), Some(flashing)) => run.at.at_ms >= flashing.record.flashing.at.at_ms,
                (run, _) => run.is_some(),
            };
            let line = if run_is_next {
                runs.next().map(|run| if output.json { serde_json::to_string(run) } else { Ok(line(store, run)) })
            } else {
                flashings.next().map(|one| if output.json { json(one) } else { Ok(flashing_line(store, one)) })
            };
            let Some(line) = line.transpose()? else { break };
            writeln!(output.out, "{line}")?;
        }
        Ok(Exit::DONE)
    }
}

fn line(store: &Store, found: &Found) -> String {
    let foreign = if found.station == store.station() { "" } else { found.station.as_str() };
    let simulated = if found.simulated { "SIMULATED" } else { "" };
    let marks = [(found.marginal, "MARGINAL"), (found.exception.is_some(), "EXCEPTION"), (found.golden, "GOLDEN")];
    let marks: String = marks.iter().filter(|(so, _)| *so).map(|(_, mark)| format!("{mark}  ")).collect();
    format!(
        "{:>8}  {}  {:<16} {:<8} {:<22} {:<16} {simulated:<10}{marks}{foreign}",
        found.number, found.at, found.serial, found.verdict, found.profile, found.procedure
    )
}

fn flashing_line(store: &Store, found: &FlashRecord) -> String {
    let (sealed, flashing) = (&found.record, &found.record.flashing);
    let foreign = if sealed.station == store.station() { "" } else { sealed.station.as_str() };
    let simulated = if flashing.simulated { "SIMULATED" } else { "" };
    let (serial, chip) = (flashing.serial.as_deref().unwrap_or("-"), flashing.unique_id.as_deref().unwrap_or("-"));
    format!(
        "{:>8}  {}  {serial:<16} {:<9} {:<10} chip {chip:<24} {simulated:<10}{foreign}",
        found.name(),
        flashing.at,
        flashing.outcome.word(),
        flashing.through
    )
}

/// A flashing in a list: what tells it from a run is its name.
fn json(found: &FlashRecord) -> serde_json::Result<String> {
    let mut json = serde_json::to_value(&found.record.flashing)?;
    if let Some(json) = json.as_object_mut() {
        json.insert("flashing".to_owned(), found.name().into());
        json.insert("station".to_owned(), found.record.station.as_str().into());
        json.insert("hash".to_owned(), found.hash.to_string().into());
        json.insert("at".to_owned(), found.record.flashing.at.to_string().into());
    }
    Ok(json.to_string())
}

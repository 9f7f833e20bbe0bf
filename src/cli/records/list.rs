//! `meterbench records list`: the newest records that match.

use super::Output;
use super::filter::{Chosen, verdict};
use crate::cli::exit::Exit;
use crate::procedure::Verdict;
use crate::record::Store;

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
        for found in store.search(part, &self.chosen.filter(), self.verdict, self.limit)? {
            if output.json {
                writeln!(output.out, "{}", serde_json::to_string(&found)?)?;
                continue;
            }
            let foreign = if found.station == store.station() { "" } else { found.station.as_str() };
            let simulated = if found.simulated { "SIMULATED" } else { "" };
            let golden = if found.golden { "GOLDEN  " } else { "" };
            writeln!(
                output.out,
                "{:>8}  {}  {:<16} {:<8} {:<22} {:<16} {simulated:<10}{golden}{foreign}",
                found.number, found.at, found.serial, found.verdict, found.profile, found.procedure
            )?;
        }
        Ok(Exit::DONE)
    }
}

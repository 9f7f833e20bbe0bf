//! The options by which records are chosen, the same for every subcommand.

use anyhow::bail;

use crate::procedure::Verdict;
use crate::record::{Day, Filter};

/// Which records are meant.
#[derive(clap::Args, Debug)]
pub(super) struct Chosen {
    /// First day: 2026-11-21
    #[arg(long)]
    from: Option<Day>,
    /// Last day
    #[arg(long)]
    to: Option<Day>,
    /// Station of the chain, where records were imported
    #[arg(long)]
    station: Option<String>,
    /// Meter profile
    #[arg(long)]
    profile: Option<String>,
    /// Procedure
    #[arg(long)]
    procedure: Option<String>,
    /// Batch
    #[arg(long)]
    batch: Option<String>,
    /// Operator
    #[arg(long)]
    operator: Option<String>,
    /// Place on the bench, from 1
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    position: Option<u32>,
    /// Only simulated runs
    #[arg(long, conflicts_with = "real")]
    simulated: bool,
    /// Only real runs
    #[arg(long)]
    real: bool,
}

impl Chosen {
    /// # Errors
    /// The days are the wrong way round.
    pub(super) fn filter(&self) -> anyhow::Result<Filter> {
        if let (Some(from), Some(to)) = (self.from, self.to)
            && from > to
        {
            bail!("--from {from} lies behind --to {to}");
        }
        Ok(Filter {
            from: self.from,
            to: self.to,
            station: self.station.clone(),
            profile: self.profile.clone(),
            procedure: self.procedure.clone(),
            batch: self.batch.clone(),
            operator: self.operator.clone(),
            position: self.position,
            simulated: (self.simulated || self.real).then_some(self.simulated),
        })
    }
}

/// A verdict as it is printed, in letters of any case.
pub(super) fn verdict(text: &str) -> Result<Verdict, String> {
    let all = [Verdict::Pass, Verdict::Fail, Verdict::Error, Verdict::Aborted];
    let found = all.into_iter().find(|verdict| verdict.word().eq_ignore_ascii_case(text));
    found.ok_or_else(|| "it is one of PASS, FAIL, ERROR, ABORTED".to_owned())
}

//! `meterbench records report`: what many records say, on paper.

use std::path::PathBuf;

use serde_json::json;

use super::Output;
use super::filter::Chosen;
use super::out_file::put_paper;
use crate::cli::exit::Exit;
use crate::paper::{Press, report};
use crate::record::Store;

/// Writes yield, causes of failure, capability, drift and all units of a batch (or of whatever is chosen) as PDF
#[derive(clap::Args, Debug)]
pub(super) struct Report {
    /// The file; one that is there is replaced
    #[arg(long = "output", alias = "out", value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    chosen: Chosen,
}

impl Report {
    pub(super) fn run(&self, store: &Store, press: &Press, output: &mut Output<'_>) -> anyhow::Result<Exit> {
        let (report, at) = report::Report::of(store, &self.chosen.filter()?)?;
        let paper = report.print(at, press)?;
        let told = [("attempts", json!(report.attempts)), ("units", json!(report.units.len()))];
        let told = told.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        put_paper(&paper, &self.out, told, output)
    }
}

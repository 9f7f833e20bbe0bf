//! `meterbench records certificate`: what stands in one record, on paper.

use std::path::PathBuf;

use super::Output;
use super::out_file::{Which, of_record, put_paper};
use crate::cli::exit::Exit;
use crate::paper::{Press, certificate};
use crate::record::Store;

/// Writes the certificate of a unit that passed, or the test report of one that did not, as PDF
#[derive(clap::Args, Debug)]
pub(super) struct Certificate {
    #[command(flatten)]
    which: Which,
    /// The file; one that is there is replaced
    #[arg(long = "output", alias = "out", value_name = "FILE")]
    out: PathBuf,
}

impl Certificate {
    pub(super) fn run(&self, store: &Store, press: &Press, output: &mut Output<'_>) -> anyhow::Result<Exit> {
        let Some(record) = self.which.find(store)? else { return Ok(Exit::BAD_INPUT) };
        let paper = certificate::Certificate::from_store(store, &record)?.print(&record, press)?;
        put_paper(&paper, &self.out, of_record(&record), output)
    }
}

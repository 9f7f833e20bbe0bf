//! `meterbench records backup`: a copy while others write.

use std::path::PathBuf;

use serde_json::json;

use super::Output;
use crate::cli::exit::Exit;
use crate::record::Store;

/// Copies all records to a new file, while others may go on writing
#[derive(clap::Args, Debug)]
pub(super) struct Backup {
    /// The file; it must not be there yet
    output: PathBuf,
}

impl Backup {
    pub(super) fn run(&self, store: &Store, output: &mut Output<'_>) -> anyhow::Result<Exit> {
        let count = store.backup(&self.output)?;
        if output.json {
            writeln!(output.out, "{}", json!({ "records": count, "output": self.output }))?;
        } else {
            writeln!(output.out, "{count} records, and the flashings beside them, in {}", self.output.display())?;
        }
        Ok(Exit::DONE)
    }
}

//! `meterbench records import`: records of another station.

use std::path::PathBuf;

use super::Output;
use crate::cli::exit::Exit;
use crate::cli::message;
use crate::record::Store;

/// Takes in the records of another station, from its file or a backup; those that are here already are told by their hash
#[derive(clap::Args, Debug)]
pub(super) struct Import {
    /// The file
    input: PathBuf,
}

impl Import {
    pub(super) fn run(&self, store: &mut Store, output: &mut Output<'_>) -> anyhow::Result<Exit> {
        let imported = match store.import(&self.input) {
            Err(error) if error.is_foreign() => {
                message(&format!("{} is neither a station's records nor a backup of them", self.input.display()));
                return Ok(Exit::BAD_INPUT);
            }
            imported => imported?,
        };
        if output.json {
            writeln!(output.out, "{}", serde_json::to_string(&imported)?)?;
        } else {
            writeln!(
                output.out,
                "{} added, {} were here already, records and flashings together",
                imported.added, imported.known
            )?;
        }
        Ok(Exit::DONE)
    }
}

//! `meterbench records export`: records in files for other programs.

use std::path::PathBuf;

use serde_json::json;

use super::filter::Chosen;
use super::{NOTHING_MATCHES, Output};
use crate::cli::exit::Exit;
use crate::cli::message;
use crate::record::Store;
use crate::record::export::Format;

/// Exports records as CSV, XLSX or JSON lines
#[derive(clap::Args, Debug)]
pub(super) struct Export {
    /// csv (a folder of tables), xlsx (a workbook of tables) or jsonl (the records themselves)
    #[arg(long, value_parser = format)]
    format: Format,
    /// The file, or the folder for CSV; it must not be there yet
    #[arg(long)]
    output: PathBuf,
    #[command(flatten)]
    chosen: Chosen,
}

fn format(text: &str) -> Result<Format, String> {
    match text {
        "csv" => Ok(Format::Csv),
        "xlsx" => Ok(Format::Xlsx),
        "jsonl" => Ok(Format::JsonLines),
        _ => Err("it is one of csv, xlsx, jsonl".to_owned()),
    }
}

impl Export {
    pub(super) fn run(&self, store: &Store, output: &mut Output<'_>) -> anyhow::Result<Exit> {
        let count = store.export(&self.chosen.filter()?, self.format, &self.output)?;
        if count == 0 {
            message(NOTHING_MATCHES);
        }
        if output.json {
            writeln!(output.out, "{}", json!({ "records": count, "output": self.output }))?;
        } else {
            writeln!(output.out, "{count} records in {}", self.output.display())?;
        }
        Ok(Exit::DONE)
    }
}

//! `meterbench calculate`: readings in, registers out; JSON lines both ways.
//!
//! One line `{"in": {...}}` gives one line `{"out": {...}}`; other keys beside `in` are ignored. With `--sheet` the output is
//! what the Excel sheet shows, errors of the sheet included ([`sheet`](crate::calibration::sheet)). Without, it is the
//! registers the bench would write, each range-checked ([`readings`](crate::calibration::readings)):
//!
//! ```text
//! {"out": {"registers": {"Ugain": "0x71D8", "Lgain": null, ...},   null: no value, see errors
//!          "checksums": {"CS1": null, "CS2": "0x993B"},            null: a register under it has none
//!          "errors": ["..."], "warnings": ["..."]}}
//! ```

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use m90e26::Register;
use serde_json::{Map, Value as Json, json};
use thiserror::Error;

use crate::calibration::readings::{Evaluation, ReadingError, Readings};
use crate::calibration::registers::RegisterSet;
use crate::calibration::sheet::{InputError, SheetInputs, SheetOutputs};
use crate::cli::exit::Exit;

/// Some editors put this in front of a file.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Computes calibration registers from readings
///
/// Reads lines of JSON, {"in": {FIELD: VALUE, ...}}, and writes one line {"out": {...}} for each.
#[derive(Clone, Debug, Args)]
#[command(after_long_help = fields_help())]
pub struct Calculate {
    /// Compute exactly what the Excel sheet computes, without any check
    #[arg(long)]
    sheet: bool,
    /// Read this file instead of standard input
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
}

/// A line that cannot be used.
#[derive(Debug, Error)]
#[error("line {number}: {fault}")]
pub struct BadLine {
    /// Counted from 1.
    number: usize,
    /// What is wrong with it.
    fault: Fault,
}

#[derive(Debug, Error)]
enum Fault {
    #[error("expected {{\"in\": {{FIELD: VALUE, ...}}}}, but this is no JSON: {0}")]
    Syntax(#[from] serde_json::Error),
    #[error("expected {{\"in\": {{FIELD: VALUE, ...}}}}, found no object called \"in\"")]
    NoInput,
    #[error(transparent)]
    Sheet(#[from] InputError),
    #[error(transparent)]
    Reading(#[from] ReadingError),
}

impl Calculate {
    /// Computes line by line from the file of `--input`, or else from `input`, onto `out`.
    ///
    /// # Errors
    /// A line that cannot be used ([`BadLine`]; results of the lines before it are written), a file that cannot be read, output
    /// that cannot be written.
    pub fn run(&self, input: &mut dyn BufRead, out: &mut dyn Write) -> anyhow::Result<Exit> {
        let done = match &self.input {
            Some(path) => open(path).and_then(|mut file| self.lines(&mut file, out)),
            None => self.lines(input, out),
        };
        out.flush().context("cannot write the results")?;
        done.map(|()| Exit::DONE)
    }

    fn lines(&self, input: &mut dyn BufRead, out: &mut dyn Write) -> anyhow::Result<()> {
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            if input.read_until(b'\n', &mut line).context("cannot read the readings")? == 0 {
                break;
            }
            let text = line.strip_prefix(BYTE_ORDER_MARK).filter(|_| number == 1).unwrap_or(&line);
            if text.trim_ascii().is_empty() {
                continue;
            }
            let output = self.line(text).map_err(|fault| BadLine { number, fault })?;
            writeln!(out, "{}", json!({ "out": output })).context("cannot write the results")?;
        }
        Ok(())
    }

    fn line(&self, text: &[u8]) -> Result<Json, Fault> {
        let line: Json = serde_json::from_slice(text)?;
        let fields = line.get("in").and_then(Json::as_object).ok_or(Fault::NoInput)?;
        Ok(if self.sheet {
            sheet_json(&SheetInputs::from_json(fields)?.calculate())
        } else {
            evaluation_json(&Readings::from_json(fields)?.evaluate())
        })
    }
}

fn open(path: &Path) -> anyhow::Result<BufReader<File>> {
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    Ok(BufReader::new(file))
}

fn sheet_json(outputs: &SheetOutputs) -> Json {
    let fields = outputs.fields().map(|(field, _, value)| (field.to_owned(), value.to_json()));
    Json::Object(fields.collect())
}

fn evaluation_json(evaluation: &Evaluation) -> Json {
    let registers: Map<String, Json> = RegisterSet::ORDER
        .into_iter()
        .map(|register| (register.name().to_owned(), word_json(evaluation.value(register))))
        .collect();
    json!({
        "registers": registers,
        "checksums": {
            Register::Cs1.name(): word_json(evaluation.cs1()),
            Register::Cs2.name(): word_json(evaluation.cs2()),
        },
        "errors": evaluation.errors,
        "warnings": evaluation.warnings,
    })
}

fn word_json(word: Option<u16>) -> Json {
    word.map_or(Json::Null, |word| format!("0x{word:04X}").into())
}

/// The fields for the long help.
fn fields_help() -> String {
    let mut help = "Fields:\n".to_owned();
    for (field, meaning) in Readings::FIELDS {
        help.push_str(&format!("  {field:20} {meaning}\n"));
    }
    let sheet: Vec<String> = SheetInputs::FIELDS.iter().map(|(field, cell)| format!("{field} ({cell})")).collect();
    help.push_str("\nWith --sheet only those of the sheet, in cells; a missing field is an empty cell:\n  ");
    help.push_str(&sheet.join(", "));
    help
}

//! `meterbench records label`: what goes onto a unit that passed.

use std::path::PathBuf;

use super::Output;
use super::out_file::{Which, of_record, put, put_paper};
use crate::cli::exit::Exit;
use crate::paper::Press;
use crate::paper::label::{self, Size};
use crate::paper::zpl::{self, Dots};
use crate::record::Store;

/// Writes the label of a unit that passed: serial number, day, and a code that scans as the serial number
#[derive(clap::Args, Debug)]
pub(super) struct Label {
    #[command(flatten)]
    which: Which,
    /// The file; one that is there is replaced. Not needed with --zpl, which then goes to standard output
    #[arg(long = "output", alias = "out", value_name = "FILE", required_unless_present = "zpl")]
    out: Option<PathBuf>,
    /// Width and height in millimetres
    #[arg(long, default_value = "50x25")]
    size: Size,
    /// ZPL for a label printer instead of PDF
    #[arg(long)]
    zpl: bool,
    /// Resolution of the label printer: 203, 300 or 600
    #[arg(long, default_value = "203", value_parser = dots, requires = "zpl")]
    dpi: Dots,
}

fn dots(text: &str) -> Result<Dots, String> {
    match text {
        "203" => Ok(Dots::PerMm8),
        "300" => Ok(Dots::PerMm12),
        "600" => Ok(Dots::PerMm24),
        _ => Err("it is one of 203, 300, 600".to_owned()),
    }
}

impl Label {
    pub(super) fn run(&self, store: &Store, press: &Press, output: &mut Output<'_>) -> anyhow::Result<Exit> {
        let Some(record) = self.which.find(store)? else { return Ok(Exit::BAD_INPUT) };
        let label = label::Label::from_store(store, &record, self.size)?;
        let told = of_record(&record);
        match &self.out {
            Some(out) if self.zpl => put(zpl::of(&label, self.dpi).as_bytes(), out, told, output),
            Some(out) => put_paper(&label.print(&record, press)?, out, told, output),
            None => {
                let form = zpl::of(&label, self.dpi);
                if output.json {
                    let mut told = told;
                    told.insert("zpl".to_owned(), form.into());
                    writeln!(output.out, "{}", serde_json::Value::Object(told))?;
                } else {
                    write!(output.out, "{form}")?;
                }
                Ok(Exit::DONE)
            }
        }
    }
}

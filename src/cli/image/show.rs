//! `meterbench image show`: what an image consists of, and the calibration in it.

use std::io::Write;
use std::path::PathBuf;

use serde_json::json;

use super::Reading;
use crate::cli::exit::Exit;
use crate::image::block::Pages;
use crate::image::pages::InWords;
use crate::image::show::Summary;

/// Say what an image consists of, whether a chip could start it, and what its calibration block holds
#[derive(clap::Args, Debug)]
pub(super) struct Show {
    /// The image
    file: PathBuf,
    #[command(flatten)]
    reading: Reading,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Show {
    pub(super) fn run(&self, out: &mut dyn Write) -> anyhow::Result<Exit> {
        let opened = self.reading.load(&self.file)?;
        let summary = Summary::of(&opened.image)?;
        let block = Pages::find(&opened.content, &opened.image).map(|pages| InWords::of(pages, &opened.image));
        if self.json {
            let calibration = match &block {
                Ok(words) => serde_json::to_value(words)?,
                Err(error) => json!({ "missing": error.to_string() }),
            };
            serde_json::to_writer(&mut *out, &Described { summary: &summary, calibration })?;
            writeln!(out)?;
            return Ok(Exit::DONE);
        }
        print(&summary, out)?;
        match block {
            Ok(words) => print_block(&words, out)?,
            Err(error) => writeln!(out, "calibration none: {error}")?,
        }
        Ok(Exit::DONE)
    }
}

/// An image with its calibration, as one object.
#[derive(serde::Serialize)]
struct Described<'a> {
    #[serde(flatten)]
    summary: &'a Summary,
    calibration: serde_json::Value,
}

fn print(summary: &Summary, out: &mut dyn Write) -> anyhow::Result<()> {
    for part in &summary.segments {
        writeln!(out, "segment     {}  {} bytes", part.address, part.length)?;
    }
    writeln!(
        out,
        "in all      {} bytes\nCRC-32      {}\nSHA-256     {}",
        summary.length, summary.crc32, summary.sha256
    )?;
    if let (Some(stack), Some(reset)) = (&summary.initial_sp, &summary.reset) {
        writeln!(out, "stack       {stack}\nreset       {reset}")?;
    }
    for problem in &summary.problems {
        writeln!(out, "problem     {problem}")?;
    }
    Ok(())
}

fn print_block(words: &InWords, out: &mut dyn Write) -> anyhow::Result<()> {
    for page in &words.pages {
        writeln!(out, "block {}     {}  {}", page.copy, page.address, page.state)?;
    }
    for problem in &words.problems {
        writeln!(out, "problem     {problem}")?;
    }
    for register in &words.registers {
        writeln!(out, "  {:<21} {:<20} {}", register.name, register.word, register.meaning)?;
    }
    for field in words.fields.iter().filter(|field| !field.value.is_empty()) {
        writeln!(out, "  {:<21} {:<20} {}", field.name, field.value, field.meaning)?;
    }
    let unset: Vec<&str> = words.fields.iter().filter(|field| field.value.is_empty()).map(|field| field.name).collect();
    if !unset.is_empty() {
        writeln!(out, "  not set: {}", unset.join(", "))?;
    }
    Ok(())
}

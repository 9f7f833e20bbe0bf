//! `meterbench image`: look at firmware images, compare, convert; change the calibration in the stock sources.

use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use m90e26::Register;
use serde_json::json;

use super::exit::Exit;
use crate::image::diff::{Difference, differences};
use crate::image::show::Summary;
use crate::image::{Format, Image, source};

/// Show, compare and convert firmware images; change the calibration in the stock sources
#[derive(clap::Args, Debug)]
pub struct ImageCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand, Debug)]
enum Action {
    /// Say what an image consists of and whether a chip could start it
    Show {
        /// The image
        file: PathBuf,
        #[command(flatten)]
        reading: Reading,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Say where two images differ; exit code 1 when they do
    Diff {
        /// The one image
        old: PathBuf,
        /// The other
        new: PathBuf,
        #[command(flatten)]
        reading: Reading,
        /// Print one JSON array
        #[arg(long)]
        json: bool,
    },
    /// Write an image in another format
    Convert {
        /// The image
        file: PathBuf,
        /// Where it goes; .hex is Intel HEX, .bin binary
        output: PathBuf,
        #[command(flatten)]
        reading: Reading,
    },
    /// Replace the literals of AFECHIP(0, NAME, 0x....) calls in a source of the stock OpenSmartMeter firmware
    PatchSource {
        /// The source, SAM_UART.cpp
        file: PathBuf,
        /// Where the result goes; the source itself when it is its name
        #[arg(long, short)]
        output: PathBuf,
        /// A register and its value: Ugain=0x71D8; several times
        #[arg(long = "set", required = true, value_parser = assignment)]
        set: Vec<(Register, u16)>,
        /// Print what was replaced as one JSON array
        #[arg(long)]
        json: bool,
    },
}

/// How files are read.
#[derive(clap::Args, Debug)]
struct Reading {
    /// What kind of file it is; without it, what it looks like
    #[arg(long)]
    format: Option<Format>,
    /// Where a binary belongs
    #[arg(long, default_value = "0x08000000", value_parser = number)]
    address: u32,
}

impl ImageCommand {
    /// Does it.
    ///
    /// # Errors
    /// A file that cannot be read, is no image, or is no source that can be changed with certainty.
    pub fn run(&self, out: &mut dyn Write) -> anyhow::Result<Exit> {
        match &self.action {
            Action::Show { file, reading, json } => {
                let summary = Summary::of(&reading.load(file)?)?;
                if *json {
                    serde_json::to_writer(&mut *out, &summary)?;
                    writeln!(out)?;
                } else {
                    print(&summary, out)?;
                }
                Ok(Exit::DONE)
            }
            Action::Diff { old, new, reading, json } => {
                let found = differences(&reading.load(old)?, &reading.load(new)?);
                if *json {
                    let list: Vec<_> = found.iter().map(to_json).collect();
                    writeln!(out, "{}", serde_json::Value::from(list))?;
                } else {
                    for difference in &found {
                        print_difference(difference, out)?;
                    }
                }
                Ok(if found.is_empty() { Exit::DONE } else { Exit::FAILED })
            }
            Action::Convert { file, output, reading } => {
                let format = match output.extension().and_then(|extension| extension.to_str()) {
                    Some("hex" | "ihex") => Format::Hex,
                    Some("bin") => Format::Bin,
                    _ => bail!("{} ends neither in .hex nor in .bin", output.display()),
                };
                let content = reading.load(file)?.write(format)?;
                std::fs::write(output, content).with_context(|| output.display().to_string())?;
                Ok(Exit::DONE)
            }
            Action::PatchSource { file, output, set, json } => {
                let source = std::fs::read(file).with_context(|| file.display().to_string())?;
                let (patched, replaced) = source::patch(&source, set).with_context(|| file.display().to_string())?;
                std::fs::write(output, patched).with_context(|| output.display().to_string())?;
                if *json {
                    serde_json::to_writer(&mut *out, &replaced)?;
                    writeln!(out)?;
                } else {
                    for source::Replaced { name, line, old, new } in replaced {
                        writeln!(out, "line {line}: {name} {old} -> {new}")?;
                    }
                }
                Ok(Exit::DONE)
            }
        }
    }
}

impl Reading {
    fn load(&self, file: &Path) -> anyhow::Result<Image> {
        load(file, self.format, self.address)
    }
}

/// Reads an image file.
pub(super) fn load(file: &Path, format: Option<Format>, address: u32) -> anyhow::Result<Image> {
    let name = || file.display().to_string();
    let content = std::fs::read(file).with_context(name)?;
    Image::read(&content, format, address).with_context(name)
}

/// Reads a number, decimal or hexadecimal after 0x.
pub(super) fn number(text: &str) -> Result<u32, String> {
    let result = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => text.parse(),
    };
    result.map_err(|error| format!("{text:?} is no number: {error}"))
}

fn assignment(text: &str) -> Result<(Register, u16), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| "say NAME=VALUE".to_owned())?;
    let register = Register::from_name(name).ok_or_else(|| format!("the chip has no register {name:?}"))?;
    let value = u16::try_from(number(value)?).map_err(|_| format!("{value} has more than 16 bits"))?;
    Ok((register, value))
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

/// Bytes shown of a difference; the rest is counted.
const SHOWN: usize = 16;

fn hex(bytes: &[Option<u8>]) -> String {
    bytes.iter().take(SHOWN).fold(String::new(), |mut text, byte| {
        match byte {
            Some(byte) => write!(text, "{byte:02X}").ok(),
            None => write!(text, "--").ok(),
        };
        text
    })
}

fn print_difference(difference: &Difference, out: &mut dyn Write) -> anyhow::Result<()> {
    let more = difference.length().saturating_sub(SHOWN);
    let more = if more == 0 { String::new() } else { format!("  and {more} bytes more") };
    let (old, new) = (hex(&difference.old), hex(&difference.new));
    writeln!(out, "{:#010x}  {old} -> {new}{more}", difference.address)?;
    Ok(())
}

fn to_json(difference: &Difference) -> serde_json::Value {
    json!({ "address": format!("{:#010x}", difference.address), "length": difference.length() })
}

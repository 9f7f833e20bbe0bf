//! `meterbench image`: look at firmware images, compare, convert; put a unit's own calibration into them.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use m90e26::Register;

use self::unit::Unit;
use super::exit::Exit;
use crate::disk;
use crate::image::{Format, Image, compiled, source};
use crate::profile;

mod diff;
mod patch;
mod project;
mod show;
mod unit;

/// Show, compare, convert and patch firmware images
#[derive(clap::Args, Debug)]
pub struct ImageCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand, Debug)]
enum Action {
    Show(show::Show),
    Diff(diff::Diff),
    Patch(Box<patch::Patch>),
    PatchProject(Box<project::PatchProject>),
    /// Write an image in another format
    Convert {
        /// The image
        file: PathBuf,
        /// Where it goes; .hex is Intel HEX, .bin binary
        output: PathBuf,
        #[command(flatten)]
        reading: Reading,
    },
    /// Replace the registers in a compiled image of the stock OpenSmartMeter firmware, and the checksums over them
    PatchCompiled {
        /// The image
        file: PathBuf,
        /// Where the result goes; .hex is Intel HEX, .bin binary
        #[arg(long, short)]
        output: PathBuf,
        /// A register and its value: Ugain=0x71D8; several times
        #[arg(long = "set", value_parser = assignment, required_unless_present = "registers")]
        set: Vec<(Register, u16)>,
        /// Registers from a file: a dump, a report of `run --json`, a list as TOML, JSON, hex or C
        #[arg(long, conflicts_with = "set")]
        registers: Option<PathBuf>,
        /// Meter profile: the windows registers must lie in
        #[arg(long, default_value = "opensmartmeter-mt50")]
        profile: String,
        #[command(flatten)]
        reading: Reading,
        /// Print what was replaced as one JSON array
        #[arg(long)]
        json: bool,
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
    /// A file that cannot be read, is no image, or is no source that can be changed with certainty; values that belong nowhere.
    pub fn run(&self, data: anyhow::Result<PathBuf>, out: &mut dyn Write) -> anyhow::Result<Exit> {
        match &self.action {
            Action::Show(show) => show.run(out),
            Action::Diff(diff) => diff.run(out),
            Action::Patch(patch) => patch.run(data, out),
            Action::PatchProject(project) => project.run(data, out),
            Action::Convert { file, output, reading } => {
                let content = reading.load(file)?.image.write(written_as(output)?)?;
                disk::replace_secretly(output, &content).with_context(|| output.display().to_string())?;
                Ok(Exit::DONE)
            }
            Action::PatchCompiled { file, output, set, registers, profile, reading, json } => {
                let format = written_as(output)?;
                let image = reading.load(file)?.image;
                let held = compiled::values(&image).with_context(|| file.display().to_string())?;
                let mut unit = Unit::default();
                match registers {
                    Some(registers) => unit.add_registers(registers)?,
                    None => unit.content.registers.extend(set.iter().copied()),
                }
                unit.content.windows = profile::load_meter(profile)?.windows();
                let words = unit.words_over(&held)?;
                let (patched, replaced) = compiled::patch(&image, &words)?;
                disk::replace_secretly(output, &patched.write(format)?)
                    .with_context(|| output.display().to_string())?;
                if *json {
                    serde_json::to_writer(&mut *out, &replaced)?;
                    writeln!(out)?;
                } else {
                    for compiled::Replaced { name, address, old, new } in replaced {
                        writeln!(out, "{address}: {name} 0x{old:04X} -> 0x{new:04X}")?;
                    }
                }
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

/// A file and what was read from it.
struct Opened {
    content: Vec<u8>,
    image: Image,
}

impl Reading {
    fn load(&self, file: &Path) -> anyhow::Result<Opened> {
        let name = || file.display().to_string();
        let content = std::fs::read(file).with_context(name)?;
        let format = self.format.unwrap_or_else(|| Format::of_file(file, &content));
        let image = Image::read(&content, Some(format), self.address).with_context(name)?;
        Ok(Opened { content, image })
    }
}

/// Reads an image file.
pub(super) fn load(file: &Path, format: Option<Format>, address: u32) -> anyhow::Result<Image> {
    Ok(Reading { format, address }.load(file)?.image)
}

/// The format that a file's name wants.
fn written_as(output: &Path) -> anyhow::Result<Format> {
    match output.extension().and_then(|extension| extension.to_str()) {
        Some("hex" | "ihex") => Ok(Format::Hex),
        Some("bin") => Ok(Format::Bin),
        _ => bail!("{} ends neither in .hex nor in .bin", output.display()),
    }
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

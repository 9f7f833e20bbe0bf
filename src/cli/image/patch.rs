//! `meterbench image patch`: a unit's own image. Its calibration block is composed from registers, a serial number and values of
//! the provisioning, and goes into the page that is not in force.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use meter_interface::block::Block;
use serde_json::json;

use super::unit::{Unit, recorded};
use super::{Reading, written_as};
use crate::cli::exit::Exit;
use crate::cli::{message, provision};
use crate::disk;
use crate::image::block::Pages;
use crate::image::pages::{self, InWords};
use crate::profile::{self, MeterProfile};

/// Put a unit's registers, serial number and provisioning into an image
#[derive(clap::Args, Debug)]
pub(super) struct Patch {
    /// The image: a meter's firmware, or what `flash read` has read from a unit
    file: PathBuf,
    /// Where the result goes, .hex or .bin; several times for several files
    #[arg(long, short, required = true)]
    output: Vec<PathBuf>,
    /// Registers from a file: a dump, a report of `run --json`, a list as TOML, JSON, hex or C
    #[arg(long, conflicts_with = "record")]
    registers: Option<PathBuf>,
    /// Registers, serial number and profile from a record of a run that passed
    #[arg(long, value_name = "NUMBER")]
    record: Option<u64>,
    /// Meter profile: gives line, factors and constants, and the windows registers must lie in
    #[arg(long)]
    profile: Option<String>,
    /// Serial number
    #[arg(long)]
    serial: Option<String>,
    /// Values of the provisioning from a file of names and values, TOML or JSON; secrets come this way only
    #[arg(long, value_name = "FILE")]
    values: Option<PathBuf>,
    /// Values of the provisioning list of this name, from the row that the unit with this serial number has
    #[arg(long, value_name = "NAME")]
    provision: Option<String>,
    /// A register or field and its value: Ugain=0x71D8, host=example.org; several times
    #[arg(long = "set", value_name = "NAME=VALUE")]
    set: Vec<String>,
    #[command(flatten)]
    reading: Reading,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Patch {
    pub(super) fn run(&self, data: anyhow::Result<PathBuf>, out: &mut dyn Write) -> anyhow::Result<Exit> {
        for output in &self.output {
            written_as(output)?;
        }
        let opened = self.reading.load(&self.file)?;
        let pages = Pages::find(&opened.content, &opened.image)?;
        let base = pages.read(&opened.image).ok().map(|(_, block)| block);
        let unit = self.unit(data, base.as_ref())?;
        let fields = unit.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let block = unit.content.block(base, fields)?;
        let (patched, copy) = pages.patch(&opened.image, block)?;
        for output in &self.output {
            let content = patched.write(written_as(output)?)?;
            disk::replace_secretly(output, &content).with_context(|| output.display().to_string())?;
        }
        let changes = pages::changes((pages, &opened.image), (pages, &patched));
        if self.json {
            let words = InWords::of(pages, &patched);
            let object = json!({
                "block": copy.to_string(), "address": format!("{:#010x}", pages.address(copy)),
                "changes": changes, "calibration": words,
            });
            writeln!(out, "{object}")?;
        } else {
            for change in changes {
                let [old, new] =
                    [&change.old, &change.new].map(|value| if value.is_empty() { "not set" } else { value });
                writeln!(out, "{:<21} {old} -> {new}", change.name)?;
            }
            writeln!(out, "written into block {copy} at {:#010x}", pages.address(copy))?;
        }
        Ok(Exit::DONE)
    }

    /// Later sources win: the profile, then registers or a record, then values, then what stands on the command line.
    fn unit(&self, data: anyhow::Result<PathBuf>, base: Option<&Block>) -> anyhow::Result<Unit> {
        let mut unit = Unit::default();
        let data = if self.record.is_some() || self.provision.is_some() { data? } else { PathBuf::new() };
        let record = self.record.map(|number| recorded(&data, number)).transpose()?;
        if let Some(name) = &self.profile {
            unit.add_profile(&profile::load_meter(name)?.profile);
        } else if let Some((_, Some(text))) = &record {
            unit.add_profile(&profile::parse::<MeterProfile>(text, "the record's profile")?.profile);
        }
        if let Some(file) = &self.registers {
            unit.add_registers(file)?;
        }
        if let Some((record, _)) = &record {
            unit.add_record(record)?;
        }
        if let Some(file) = &self.values {
            unit.add_values(file)?;
        }
        for assignment in &self.set {
            unit.add_assignment(assignment)?;
        }
        if let (Some(said), Some((record, _))) = (&self.serial, &record)
            && *said != record.record.entry.serial
        {
            let (number, serial) = (record.record.number, &record.record.entry.serial);
            bail!(
                "record {number} is of {serial}, and what was calibrated is that unit alone: --serial {said} is another one"
            );
        }
        if let (Some(said), Some(known)) = (&self.serial, unit.serial())
            && said != known
        {
            message(&format!("The registers are said to be those of {known}, and go into the image of {said}"));
        }
        if let Some(serial) = &self.serial {
            unit.add("serial", serial.as_str());
        }
        if unit.content.registers.is_empty() && unit.fields.is_empty() && self.provision.is_none() {
            bail!("nothing is said that could go into the image: --registers, --record, --serial, --values or --set");
        }
        if let Some(list) = &self.provision {
            let serial = unit.serial().or(base.map(|block| block.serial.as_str())).filter(|serial| !serial.is_empty());
            let serial = serial.context("no serial number is known that could have a row: say --serial")?;
            // What stands on the command line still wins.
            let values = provision::values_of(&data, list, serial)?;
            unit.fields.splice(0..0, values);
        }
        unit.refuse_foreign_serial(base, self.serial.as_deref())?;
        Ok(unit)
    }
}

//! `meterbench image patch`: a unit's own image. Its calibration block is composed from registers, a serial number and values of
//! the provisioning, and goes into the page that is not in force.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use m90e26::Register;
use meter_interface::block::Block;
use serde_json::json;

use super::{Opened, Reading, number, written_as};
use crate::calibration::registers::dump::Dump;
use crate::cli::exit::Exit;
use crate::cli::{message, provision};
use crate::disk;
use crate::image::block::Pages;
use crate::image::compose::Content;
use crate::image::field;
use crate::image::pages::{self, InWords};
use crate::procedure::Verdict;
use crate::profile::{self, MeterProfile};
use crate::record::{Record, Store, file_in};

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

/// What is known of the unit, from all that was named.
#[derive(Default)]
struct Unit {
    content: Content,
    /// Fields in the order they are set; of two of a name the later one holds.
    fields: Vec<(String, String)>,
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
        let patched = Opened { content: opened.content.clone(), image: patched };
        for output in &self.output {
            let content = patched.image.write(written_as(output)?)?;
            disk::replace_secretly(output, &content).with_context(|| output.display().to_string())?;
        }
        let changes =
            pages::changes((&opened.content, &opened.image), (&patched.content, &patched.image)).unwrap_or_default();
        if self.json {
            let words = InWords::of(&patched.content, &patched.image)?;
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
            let dump = text_of(file).and_then(|text| Dump::read(&text).map_err(anyhow::Error::msg));
            unit.add_dump(dump.with_context(|| file.display().to_string())?)?;
        }
        if let Some((record, _)) = &record {
            unit.add_record(record)?;
        }
        if let Some(file) = &self.values {
            unit.add_values(file).with_context(|| file.display().to_string())?;
        }
        for assignment in &self.set {
            unit.add_assignment(assignment)?;
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

impl Unit {
    fn add(&mut self, name: &str, value: impl Into<String>) {
        self.fields.push((name.to_owned(), value.into()));
    }

    fn add_profile(&mut self, profile: &MeterProfile) {
        self.content.windows = profile.windows();
        for (name, value) in profile.block_fields() {
            self.add(name, value);
        }
    }

    /// A dump of a whole chip has readings too; a name that is no register's is a slip of the pen.
    fn add_dump(&mut self, dump: Dump) -> anyhow::Result<()> {
        if !dump.unknown.is_empty() {
            bail!("the chip has no registers {}", dump.unknown.join(", "));
        }
        if dump.words.is_empty() {
            bail!("there are no registers in it");
        }
        let (held, rest): (BTreeMap<Register, u16>, BTreeMap<_, _>) =
            dump.words.into_iter().partition(|(register, _)| Block::default().register(*register).is_some());
        if !rest.is_empty() {
            let names: Vec<&str> = rest.keys().map(|register| register.name()).collect();
            message(&format!("No part of a calibration, and left out: {}", names.join(", ")));
        }
        if !dump.serial.is_empty() {
            self.add("serial", dump.serial);
        }
        if dump.simulated == Some(true) {
            self.add("bench", SIMULATED);
            message("The registers are those of a simulated meter: the block says so in its field bench");
        }
        self.content.registers.extend(held);
        Ok(())
    }

    fn add_record(&mut self, Record { record, .. }: &Record) -> anyhow::Result<()> {
        let entry = &record.entry;
        if entry.verdict != Verdict::Pass {
            bail!(
                "record {} is of a run that ended with {}: only what passed goes into an image",
                record.number,
                entry.verdict
            );
        }
        for (name, word) in &entry.registers_after {
            let register = Register::from_name(name).with_context(|| format!("the chip has no register {name}"))?;
            let word = u16::try_from(number(word).map_err(anyhow::Error::msg)?)?;
            self.content.registers.insert(register, word);
        }
        self.add("serial", entry.serial.as_str());
        self.add("record", format!("{}/{}", record.station, record.number));
        let day = entry.at.day().to_string();
        self.add("calibrated_on", day);
        let bench = if entry.simulated { SIMULATED } else { record.station.get(..BENCH).unwrap_or(&record.station) };
        self.add("bench", bench);
        Ok(())
    }

    fn add_values(&mut self, file: &Path) -> anyhow::Result<()> {
        let text = text_of(file)?;
        // What a parser says may quote the line, and there are secrets in it.
        let values: BTreeMap<String, serde_json::Value> = if text.trim_start().starts_with('{') {
            serde_json::from_str(&text).map_err(|error| anyhow::anyhow!("line {} is no JSON", error.line()))?
        } else {
            toml::from_str(&text).map_err(|error| {
                let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
                anyhow::anyhow!("line {} is no TOML", before.matches('\n').count() + 1)
            })?
        };
        for (name, value) in values {
            let text = match value {
                serde_json::Value::String(text) => text,
                serde_json::Value::Number(number) => number.to_string(),
                _ => bail!("{name} is neither a text nor a number"),
            };
            self.add(&name, text);
        }
        Ok(())
    }

    fn add_assignment(&mut self, assignment: &str) -> anyhow::Result<()> {
        let (name, value) = assignment.split_once('=').context("say --set NAME=VALUE")?;
        if field::is_secret(name) {
            bail!("{name} is a secret, and a command line is seen by others: put it into a file for --values");
        }
        match Register::from_name(name) {
            Some(register) => {
                let word = u16::try_from(number(value).map_err(anyhow::Error::msg)?);
                let word = word.map_err(|_| anyhow::anyhow!("{value} has more than 16 bits"))?;
                // A register changed by hand no longer has the checksum that came with the others.
                for checksum in [Register::Cs1, Register::Cs2].into_iter().filter(|_| !is_checksum(register)) {
                    self.content.registers.remove(&checksum);
                }
                self.content.registers.insert(register, word);
            }
            None => self.add(name, value),
        }
        Ok(())
    }

    /// The serial number that is said last.
    fn serial(&self) -> Option<&str> {
        self.fields.iter().rev().find(|(name, _)| name == "serial").map(|(_, serial)| serial.as_str())
    }

    /// A unit's own image must not become another unit's without that being said.
    fn refuse_foreign_serial(&self, base: Option<&Block>, said: Option<&str>) -> anyhow::Result<()> {
        let new = self.serial();
        let old = base.map(|block| block.serial.as_str()).filter(|serial| !serial.is_empty());
        match (old, new, said) {
            (Some(old), Some(new), None) if old != new => {
                bail!("the image is that of {old}, and the registers are those of {new}: say --serial if that is meant")
            }
            _ => Ok(()),
        }
    }
}

const fn is_checksum(register: Register) -> bool {
    matches!(register, Register::Cs1 | Register::Cs2)
}

/// In the field `bench` of a block whose registers come from a simulated meter.
const SIMULATED: &str = "SIMULATED";

/// Characters of a station's name that fit into the field `bench`.
const BENCH: usize = 24;

/// Longest file of registers or values; more is another kind of file.
const LONGEST: u64 = 1 << 20;

fn text_of(file: &Path) -> anyhow::Result<String> {
    if std::fs::metadata(file)?.len() > LONGEST {
        bail!("it is longer than any list of values");
    }
    Ok(std::fs::read_to_string(file)?)
}

/// A record, and the text of its meter profile.
fn recorded(data: &Path, number: u64) -> anyhow::Result<(Record, Option<String>)> {
    let store = Store::read_only(&file_in(data))?;
    let record = store.record(None, number)?.with_context(|| format!("there is no record {number}"))?;
    let profile = store.document(record.record.entry.profile.sha256)?;
    Ok((record, profile))
}

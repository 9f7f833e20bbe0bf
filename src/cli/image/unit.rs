//! What is known of a unit, gathered from a profile, registers, a record, values and the command line.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, bail};
use m90e26::Register;
use meter_interface::block::Block;

use super::number;
use crate::calibration::registers::dump::Dump;
use crate::cli::message;
use crate::image::compose::Content;
use crate::image::field;
use crate::procedure::Verdict;
use crate::profile::MeterProfile;
use crate::record::{Record, Store, file_in};

/// What is known of the unit, from all that was named.
#[derive(Default)]
pub(super) struct Unit {
    pub(super) content: Content,
    /// Fields in the order they are set; of two of a name the later one holds.
    pub(super) fields: Vec<(String, String)>,
}

impl Unit {
    pub(super) fn add(&mut self, name: &str, value: impl Into<String>) {
        self.fields.push((name.to_owned(), value.into()));
    }

    pub(super) fn add_profile(&mut self, profile: &MeterProfile) {
        self.content.windows = profile.windows();
        for (name, value) in profile.block_fields() {
            self.add(name, value);
        }
    }

    pub(super) fn add_registers(&mut self, file: &Path) -> anyhow::Result<()> {
        let dump = text_of(file).and_then(|text| Dump::read(&text).map_err(anyhow::Error::msg));
        dump.and_then(|dump| self.add_dump(dump)).with_context(|| file.display().to_string())
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

    pub(super) fn add_record(&mut self, Record { record, .. }: &Record) -> anyhow::Result<()> {
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

    pub(super) fn add_values(&mut self, file: &Path) -> anyhow::Result<()> {
        self.read_values(file).with_context(|| file.display().to_string())
    }

    fn read_values(&mut self, file: &Path) -> anyhow::Result<()> {
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

    pub(super) fn add_assignment(&mut self, assignment: &str) -> anyhow::Result<()> {
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

    /// The words to write over those that a firmware writes, checked, with the checksums over all of them. A register that the firmware
    /// leaves alone need not be written with the word it has anyway.
    pub(super) fn words_over(&self, held: &BTreeMap<Register, u16>) -> anyhow::Result<Vec<(Register, u16)>> {
        // What a firmware does not write has its power-on word in the chip.
        let mut base = Block::default();
        for (&register, &word) in held {
            base.set_register(register, word);
        }
        let block = self.content.block(Some(base), [])?;
        let given = self.content.registers.iter().map(|(register, word)| (*register, *word));
        let mut words: Vec<(Register, u16)> = given
            .filter(|(register, word)| {
                !is_checksum(*register) && (held.contains_key(register) || *word != register.power_on())
            })
            .collect();
        words.extend([(Register::Cs1, block.cs1), (Register::Cs2, block.cs2)]);
        Ok(words)
    }

    /// The serial number that is said last.
    pub(super) fn serial(&self) -> Option<&str> {
        self.fields.iter().rev().find(|(name, _)| name == "serial").map(|(_, serial)| serial.as_str())
    }

    /// A unit's own image must not become another unit's without that being said.
    pub(super) fn refuse_foreign_serial(&self, base: Option<&Block>, said: Option<&str>) -> anyhow::Result<()> {
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
pub(super) fn recorded(data: &Path, number: u64) -> anyhow::Result<(Record, Option<String>)> {
    let store = Store::read_only(&file_in(data))?;
    let record = store.record(None, number)?.with_context(|| format!("there is no record {number}"))?;
    let profile = store.document(record.record.entry.profile.sha256)?;
    Ok((record, profile))
}

//! `meterbench image patch-project`: a unit's values into the sources of the stock firmware, and its image by PlatformIO.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use m90e26::Register;
use serde_json::json;

use super::unit::{Unit, recorded};
use super::{load, written_as};
use crate::cli::exit::Exit;
use crate::cli::{cancel_on_signals, message, provision};
use crate::clock::RealClock;
use crate::disk;
use crate::image::{Format, source};
use crate::procedure::Control;
use crate::profile::sources::Sources;
use crate::profile::{self, MeterProfile};
use crate::provision::check;
use crate::stock::{Build, BuildError, Built, Project, Values, build};

/// Put a unit's registers and provisioning into the sources of the stock firmware; build its image with PlatformIO
#[derive(clap::Args, Debug)]
pub(super) struct PatchProject {
    /// The folder with platformio.ini; its sources are changed in place
    folder: PathBuf,
    /// Meter profile: where the values stand in the sources, and the windows registers must lie in
    #[arg(long, default_value = "opensmartmeter-mt50")]
    profile: String,
    /// Registers from a file: a dump, a report of `run --json`, a list as TOML, JSON, hex or C
    #[arg(long, conflicts_with = "record")]
    registers: Option<PathBuf>,
    /// Registers and serial number from a record of a run that passed
    #[arg(long, value_name = "NUMBER")]
    record: Option<u64>,
    /// Values from a file of names and values, TOML or JSON; secrets come this way only
    #[arg(long, value_name = "FILE")]
    values: Option<PathBuf>,
    /// Values of the provisioning list of this name, from the row that the unit with this serial number has
    #[arg(long, value_name = "NAME")]
    provision: Option<String>,
    /// Serial number, for --provision
    #[arg(long)]
    serial: Option<String>,
    /// A register or value: Ugain=0x71D8, apn=internet; several times
    #[arg(long = "set", value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// Build with PlatformIO (pio) afterwards; its output goes to standard error
    #[arg(long)]
    build: bool,
    /// The environment of platformio.ini
    #[arg(long, value_name = "NAME", requires = "build")]
    environment: Option<String>,
    /// How long the build may take
    #[arg(long, value_name = "SECONDS", default_value = "1800", requires = "build")]
    limit: u64,
    /// Where the image goes, .hex or .bin; several times for several files
    #[arg(long, short, requires = "build")]
    output: Vec<PathBuf>,
    /// Where a binary belongs
    #[arg(long, default_value = "0x08000000", value_parser = super::number)]
    address: u32,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl PatchProject {
    pub(super) fn run(&self, data: anyhow::Result<PathBuf>, out: &mut dyn Write) -> anyhow::Result<Exit> {
        for output in &self.output {
            written_as(output)?;
        }
        let profile = profile::load_meter(&self.profile)?;
        let sources = profile.sources.as_ref();
        let sources = sources.with_context(|| format!("the profile {} has no [sources]", profile.name))?;
        let project = Project { folder: &self.folder, sources };
        let values = self.values(data, &profile.profile, sources)?;
        if values.registers.is_empty() && values.values.is_empty() && !self.build {
            bail!(
                "nothing is said that could go into the sources: --registers, --record, --values, --provision or --set"
            );
        }
        let patched = project.patch(&values)?;
        for place in patched.iter().filter(|_| !self.json) {
            writeln!(out, "{} line {}: {}", place.file, place.line, place.name)?;
        }
        let built = if self.build { Some(self.build(out)?) } else { None };
        let (exit, built) = match built {
            Some(Err(error)) => return Ok(tell(&error)),
            Some(Ok(built)) => (Exit::DONE, Some(built)),
            None => (Exit::DONE, None),
        };
        if self.json {
            let built = built.map(|Built { bin, elf }| json!({ "bin": bin, "elf": elf }));
            writeln!(out, "{}", json!({ "patched": patched, "built": built }))?;
        }
        Ok(exit)
    }

    fn values(
        &self,
        data: anyhow::Result<PathBuf>,
        profile: &MeterProfile,
        sources: &Sources,
    ) -> anyhow::Result<Values> {
        let mut unit = Unit::default();
        let data = if self.record.is_some() || self.provision.is_some() { data? } else { PathBuf::new() };
        if let Some(file) = &self.registers {
            unit.add_registers(file)?;
        }
        if let Some(number) = self.record {
            unit.add_record(&recorded(&data, number)?.0)?;
        }
        let serial = self.serial.clone().or(unit.serial().map(str::to_owned));
        // What a block says of its unit stands nowhere in these sources.
        unit.fields.clear();
        if let Some(list) = &self.provision {
            let serial = serial.context("no serial number is known that could have a row: say --serial")?;
            unit.fields.extend(provision::stock_values_of(&data, list, &serial)?);
        }
        if let Some(file) = &self.values {
            unit.add_values(file)?;
        }
        for assignment in &self.set {
            unit.add_assignment(assignment)?;
        }
        let values: BTreeMap<String, String> = unit.fields.iter().cloned().collect();
        for (name, value) in &values {
            check(name, value)?;
        }
        unit.content.windows = profile.windows();
        Ok(Values { registers: self.words(&unit, sources)?, values })
    }

    /// The words that go into calls: those given, and the checksums over them and over what the source keeps.
    fn words(&self, unit: &Unit, sources: &Sources) -> anyhow::Result<Vec<(Register, u16)>> {
        if unit.content.registers.is_empty() {
            return Ok(Vec::new());
        }
        let file = self.folder.join(&sources.registers);
        let text = std::fs::read(&file).with_context(|| file.display().to_string())?;
        unit.words_over(&source::values(&text).into_iter().collect())
    }

    fn build(&self, out: &mut dyn Write) -> anyhow::Result<Result<Built, BuildError>> {
        let wanted = Build {
            folder: &self.folder,
            program: "pio",
            environment: self.environment.as_deref(),
            limit: Duration::from_secs(self.limit),
        };
        let control = Arc::new(Control::new(|_| {}));
        cancel_on_signals(&control);
        let built = match build(&wanted, &RealClock::shared(), || control.is_cancelled(), message) {
            Ok(built) => built,
            Err(error) => return Ok(Err(error)),
        };
        // The binary is what the chip gets; the ELF file says the same with addresses of its own.
        let file = built.elf.as_ref().or(built.bin.as_ref()).context("there is no image")?;
        let image = load(file, None, self.address)?;
        for output in &self.output {
            let content = image.write(written_as(output)?)?;
            disk::replace_secretly(output, &content).with_context(|| output.display().to_string())?;
        }
        if !self.json {
            writeln!(out, "built {}, {} bytes", file.display(), image.write(Format::Bin)?.len())?;
        }
        Ok(Ok(built))
    }
}

/// Why there is no image. A build that fails is what was given to it; one that cannot be run is the bench's.
fn tell(error: &BuildError) -> Exit {
    message(&error.to_string());
    match error {
        BuildError::Cancelled => Exit::ABORTED,
        BuildError::NotInstalled { .. } | BuildError::Several { .. } => Exit::BAD_INPUT,
        _ => Exit::COULD_NOT_MEASURE,
    }
}

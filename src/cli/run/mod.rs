//! `meterbench run`: a procedure on one unit, or on several at once.

mod flashing;
mod unfinished;

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use anyhow::bail;

use super::exit::Exit;
use super::message;
use super::operator::Terminal;
use super::provision;
use crate::port::OpenError;
use crate::port::url::DeviceUrl;
use crate::procedure::{self, Bench, Control, Event, FlashReport, Measurement, Place, Plan, RunReport, Verdict};
use crate::profile;
use crate::profile::vigilance::{GoldenUnit, Vigilance};
use crate::provision::{Allotment, Standing};
use crate::record::{About, Intent, Journal, Keeper, Readiness, Readings, Receipt, Sitting, Units};
use crate::reference::SWITCH_OFF;
use crate::station::{self, Addresses, Station, StationError};
use unfinished::Earlier;

/// Run a procedure on a unit; several units with --meter and --serial given several times
#[derive(clap::Args, Debug)]
pub struct Run {
    /// Meter profile: a shipped name or a file
    #[arg(long, default_value = "opensmartmeter-mt50")]
    profile: String,
    /// Procedure: a shipped name or a file
    #[arg(long, default_value = "calibrate")]
    procedure: String,
    /// Meter under test: sim:?seed=7, afe+serial:/dev/ttyUSB0, afe+tcp:host:port, service+serial:/dev/ttyUSB1
    #[arg(long, required = true)]
    meter: Vec<DeviceUrl>,
    /// Serial number of the unit, in the order of the meters
    #[arg(long, required = true)]
    serial: Vec<String>,
    /// Reference: manual:, scpi+tcp:host:port?profile=NAME, scpi+serial:...; a simulated meter brings its own
    #[arg(long)]
    reference: Option<DeviceUrl>,
    /// Optical head before each meter, in their order: pulse+serial:/dev/ttyUSB3?line=cts; a simulated meter brings its own
    #[arg(long)]
    pulses: Vec<DeviceUrl>,
    /// Source; without one the reference's instrument if it can supply, or else the operator
    #[arg(long)]
    source: Option<DeviceUrl>,
    /// The unit's chip, for a procedure that flashes: rom+serial:/dev/ttyUSB2?reset=dtr&boot0=rts, swd:, sim:; in the order of the meters
    #[arg(long)]
    flash: Vec<DeviceUrl>,
    /// The firmware that is made the unit's own and flashed: ELF, Intel HEX or binary; one for all units, or one for each
    #[arg(long)]
    image: Vec<PathBuf>,
    /// The meter after flashing, when it is reached on another way than before: service+serial:...; in the order of the meters
    #[arg(long)]
    service: Vec<DeviceUrl>,
    /// Name of this bench, for the unit's calibration block
    #[arg(long, default_value = "")]
    bench: String,
    /// Who sits at the bench, for the record
    #[arg(long, value_parser = super::words)]
    operator: Option<String>,
    /// The units are golden ones, of errors known to bench.toml: the bench is judged, and nothing may be adjusted
    #[arg(long)]
    golden: bool,
    /// Who allows a run with instruments whose calibration is over; every result is marked
    #[arg(long, value_name = "NAME", value_parser = super::words)]
    supervisor: Option<String>,
    /// Batch the units belong to, for the record
    #[arg(long, value_parser = super::words)]
    batch: Option<String>,
    /// Give each unit its row of a provisioning list: the name of one, or a CSV file with columns named as the fields are
    #[arg(long, value_name = "NAME|FILE")]
    provision: Option<String>,
    /// Go on with a run of this unit that was cut off, without asking
    #[arg(long, conflicts_with_all = ["restart", "no_record"])]
    r#continue: bool,
    /// Start again where a run of this unit was cut off, without asking
    #[arg(long)]
    restart: bool,
    /// Keep no record of this run, and say so in its result
    #[arg(long)]
    no_record: bool,
    /// Print one JSON object for each unit on standard output
    #[arg(long)]
    json: bool,
}

impl Run {
    /// Runs it. Progress goes to standard error, results to `out` once they are recorded in the folder `data`.
    ///
    /// # Errors
    /// Bad usage: a profile, an address or a serial number that is none; no folder for records.
    pub fn run(&self, data: anyhow::Result<PathBuf>, out: &mut dyn Write) -> anyhow::Result<Exit> {
        let folder = data.as_ref().ok().cloned();
        // Neither records nor provisioning is wanted without its folder; a run that keeps nothing needs none.
        let data = if self.no_record && self.provision.is_none() { None } else { Some(data?) };
        let mut keeper = data.clone().filter(|_| !self.no_record).map(Keeper::in_folder);
        let plan =
            Plan { meter: profile::load_meter(&self.profile)?, procedure: profile::load_procedure(&self.procedure)? };
        self.check_serials(&plan)?;
        if self.supervisor.as_deref().is_some_and(|name| name.trim().is_empty()) {
            bail!("--supervisor is who allows it: name the person");
        }
        let images = flashing::images(self, &plan)?;
        let addresses = Addresses {
            meters: self.meter.clone(),
            reference: self.reference.clone(),
            source: self.source.clone(),
            later: self.flash.iter().chain(&self.service).cloned().collect(),
        };
        let Readiness { custody, said, blocked, vigilance, .. } = match &folder {
            Some(folder) => Readiness::of(folder, keeper.as_mut(), self.intent(&addresses))?,
            None => Readiness::default(),
        };
        let golden = self.golden_units(&vigilance, &plan)?;
        for advice in said.iter().chain(&blocked) {
            message(&format!("{}\n  why   {}\n  next  {}", advice.what, advice.why, advice.next));
        }
        if blocked.is_some() {
            return Ok(Exit::COULD_NOT_MEASURE);
        }
        let readings = Arc::new(Readings::default());
        let journal: Arc<OnceLock<Journal>> = Arc::default();
        let (heard, written) = (Arc::clone(&readings), Arc::clone(&journal));
        let control = Arc::new(Control::new(move |event| {
            heard.hear(&event);
            if let Some(journal) = written.get() {
                journal.hear(&event);
            }
            say(event);
        }));
        let operator = Terminal::shared(&control);
        let mut earlier = Earlier::default();
        if let Some(folder) = data.as_ref().filter(|_| !self.no_record) {
            earlier = unfinished::earlier(self, folder, &plan, (&operator, &readings))?;
            journal.set(Journal::new(folder, &plan, self.sitting(), &readings).taking_up(&earlier.pages)).ok();
        }
        let allotment = match (&self.provision, &data) {
            (Some(name), Some(data)) => match provision::reserve(data, name, &self.serial) {
                Ok(allotment) => Some(allotment),
                Err(error) => return Ok(provision::refused(&error.downcast()?)),
            },
            _ => None,
        };
        let kept = Kept { keeper, allotment, golden };
        let station = match station::open(&addresses, &operator) {
            Ok(station) => station,
            Err(error) => return self.not_opened(error, kept, (&plan, &readings), out),
        };
        let Station { meters, mut heads, reference, source, ways, clock, simulated } = station;
        let mut sites = match flashing::sites(self, &images, &ways, kept.allotment.as_ref()) {
            Ok(sites) => sites.into_iter(),
            Err(error) => {
                kept.give_back();
                return Err(error);
            }
        };
        super::cancel_on_signals(&control);
        for (place, url) in heads.iter_mut().zip(&self.pulses) {
            match station::open_head(url, &clock) {
                Ok(head) => *place = Some(head),
                Err(error) => return self.not_opened(error, kept, (&plan, &readings), out),
            }
        }
        let places = self.serial.iter().cloned().zip(meters).zip(heads);
        let positions =
            places.map(|((serial, meter), head)| Place { serial, meter, head, flash: sites.next() }).collect();
        let mut bench = Bench { positions, reference, source, clock, operator, simulated };
        let reports = procedure::go_on(&mut bench, &plan, &custody, earlier.taken_up, &control);
        self.finish(reports, kept, (&plan, &readings), out)
    }

    fn sitting(&self) -> Sitting {
        Sitting {
            operator: self.operator.clone(),
            batch: self.batch.clone(),
            meters: self.meter.iter().map(ToString::to_string).collect(),
        }
    }

    fn intent(&self, addresses: &Addresses) -> Intent {
        let simulated = addresses.meters.iter().any(|url| url.kind == "sim");
        Intent {
            reference_address: addresses.reference.as_ref().map(ToString::to_string),
            source_address: addresses.source.as_ref().map(ToString::to_string),
            supervisor: self.supervisor.clone(),
            units: if self.golden { Units::Golden } else { Units::Ordinary },
            simulated: Some(simulated),
        }
    }

    /// What is known of the units, where they are golden ones.
    fn golden_units(&self, vigilance: &Vigilance, plan: &Plan) -> anyhow::Result<Vec<GoldenUnit>> {
        if !self.golden {
            if let Some(serial) = self.serial.iter().find(|serial| vigilance.golden.unit(serial).is_some()) {
                bail!("{serial} is a golden unit (bench.toml): it is measured with --golden, and never adjusted");
            }
            return Ok(Vec::new());
        }
        let unit = |serial: &String| {
            let Some(unit) = vigilance.golden.unit(serial) else {
                bail!("{serial} is no golden unit: bench.toml has none of that serial number");
            };
            procedure::golden::check(unit, &plan.procedure)?;
            Ok(unit.clone())
        };
        self.serial.iter().map(unit).collect()
    }

    /// A port that is not there is the units' ERROR and recorded as one; anything else is bad usage, and nothing was begun.
    fn not_opened(
        &self,
        error: StationError,
        kept: Kept,
        (plan, readings): (&Plan, &Readings),
        out: &mut dyn Write,
    ) -> anyhow::Result<Exit> {
        match error {
            StationError::Open(OpenError::Port(error)) => {
                let reports = self.serial.iter().map(|serial| RunReport::not_opened(serial, plan, &error));
                self.finish(reports.collect(), kept, (plan, readings), out)
            }
            error => {
                kept.give_back();
                Err(error.into())
            }
        }
    }

    /// Nothing is printed before it is recorded.
    fn finish(
        &self,
        mut reports: Vec<RunReport>,
        Kept { keeper, mut allotment, golden }: Kept,
        (plan, readings): (&Plan, &Readings),
        out: &mut dyn Write,
    ) -> anyhow::Result<Exit> {
        for (report, unit) in reports.iter_mut().zip(&golden) {
            procedure::golden::judge(report, unit);
        }
        let provisioning_rows = allotment.as_ref().map(Allotment::rows).unwrap_or_default();
        let about = About {
            operator: self.operator.clone(),
            batch: self.batch.clone(),
            provisioning_rows: provisioning_rows.clone(),
            ..About::now(1)
        };
        let recording = keeper.is_some();
        let receipts = match keeper {
            Some(mut keeper) => keeper.keep_run(&mut reports, plan, readings, &about),
            None => vec![None; reports.len()],
        };
        // All of them before anything is printed: a reader that has gone away changes nothing.
        for (report, record) in reports.iter().zip(&receipts) {
            let standing = if recording && record.is_none() { Standing::Waiting } else { Standing::Final };
            if let Some(told) = allotment.as_mut().and_then(|allotment| allotment.settle(report, standing)) {
                message(&told);
            }
        }
        let mut text = Vec::new();
        for (report, record) in reports.iter().zip(receipts) {
            let provisioning_row = provisioning_rows.get(&report.serial);
            if self.json {
                serde_json::to_writer(&mut text, &Recorded { report, record, provisioning_row })?;
                writeln!(text)?;
            } else {
                print(report, &mut text)?;
                match record {
                    Some(Receipt { number, hash }) => writeln!(text, "  record {number}  {hash}")?,
                    None => writeln!(text, "  NOT RECORDED")?,
                }
                if let Some(row) = provisioning_row {
                    writeln!(text, "  provisioning {row}")?;
                }
            }
        }
        let exit = Exit::of(reports.iter().map(|report| report.verdict));
        match out.write_all(&text).and_then(|()| out.flush()) {
            // The verdict is recorded, whether or not somebody still listens.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(exit),
            written => Ok(written.map(|()| exit)?),
        }
    }

    fn check_serials(&self, plan: &Plan) -> anyhow::Result<()> {
        if self.serial.len() != self.meter.len() {
            bail!(
                "{} meters and {} serial numbers: one serial number belongs to each meter",
                self.meter.len(),
                self.serial.len()
            );
        }
        if self.pulses.len() > self.meter.len() {
            bail!("{} optical heads and {} meters", self.pulses.len(), self.meter.len());
        }
        for serial in &self.serial {
            plan.meter.serial.check(serial)?;
        }
        let different: BTreeSet<_> = self.serial.iter().collect();
        if different.len() < self.serial.len() {
            bail!("a serial number stands there twice, and each unit has its own");
        }
        let addresses: BTreeSet<String> = self.meter.iter().map(ToString::to_string).collect();
        if addresses.len() < self.meter.len() {
            bail!("a meter's address stands there twice, and each position has its own");
        }
        Ok(())
    }
}

/// A report and its place in the store; none where it has none.
#[derive(serde::Serialize)]
struct Recorded<'a> {
    #[serde(flatten)]
    report: &'a RunReport,
    record: Option<Receipt>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provisioning_row: Option<&'a String>,
}

/// What a run must come to terms with when it ends.
struct Kept {
    keeper: Option<Keeper>,
    allotment: Option<Allotment>,
    /// What is known of the units, where they are golden ones.
    golden: Vec<GoldenUnit>,
}

impl Kept {
    /// Nothing was begun.
    fn give_back(self) {
        if let Some(allotment) = self.allotment {
            allotment.give_back();
        }
    }
}

/// Progress in words, on standard error.
fn say(event: Event) {
    match event {
        Event::LoadPoint { point } => message(&format!("Source: {}, {}, PF {}", point.u, point.i, point.pf)),
        Event::SourceOff => message("Source: off"),
        Event::SwitchOffByHand => message(SWITCH_OFF),
        Event::StepDone { position, step, verdict, detail } => {
            message(&format!("[{}] step {}: {verdict} {detail}", position + 1, step + 1));
        }
        Event::Registers { position, changes } => {
            for change in changes {
                tracing::debug!(position, %change);
            }
        }
        _ => {}
    }
}

/// The report for people.
fn print(report: &RunReport, out: &mut dyn Write) -> anyhow::Result<()> {
    let simulated = if report.simulated { "   (SIMULATED)" } else { "" };
    let marginal = if report.is_marginal() { "  (marginal)" } else { "" };
    writeln!(out, "{}  {}{marginal}{simulated}", report.serial, report.verdict)?;
    if report.traceability.golden.is_some() {
        writeln!(out, "  GOLDEN UNIT: the verdict is the bench's")?;
    }
    if let Some(mark) = report.traceability.mark() {
        writeln!(out, "  EXCEPTION  {mark}")?;
    }
    for continued in &report.traceability.continued {
        writeln!(out, "  CONTINUED  {continued}")?;
    }
    for measurement in report.measurements.iter().filter(|measurement| measurement.lower.is_some()) {
        writeln!(out, "  {}", line(measurement))?;
    }
    for (name, value) in &report.registers {
        let before = report.registers_before.get(name);
        if before != Some(value) {
            let old = before.and_then(serde_json::Value::as_str).unwrap_or("?");
            writeln!(out, "  {name:<9} {old} -> {}", value.as_str().unwrap_or("?"))?;
        }
    }
    match &report.flash {
        Some(flash) if report.verdict == Verdict::Pass => print_flash(flash, out)?,
        None if report.verdict == Verdict::Pass && report.registers != report.registers_before => {
            writeln!(out, "  The chip forgets these at power-off: they belong into the meter's firmware")?;
        }
        _ => {}
    }
    if let Some(advice) = &report.advice {
        writeln!(out, "  what  {}\n  why   {}\n  next  {}", advice.what, advice.why, advice.next)?;
    }
    Ok(())
}

fn print_flash(flash: &FlashReport, out: &mut dyn Write) -> anyhow::Result<()> {
    writeln!(out, "  image     {}, copy {} number {}", flash.image_sha256, flash.copy, flash.sequence)?;
    if let Some(chip) = &flash.chip {
        let id = chip.unique_id.as_deref().unwrap_or("unknown");
        writeln!(out, "  chip      {} {id}, {} bytes written", chip.chip_id, chip.bytes_written)?;
        let crc = flash.answered.as_ref().and_then(|answered| answered.program_crc.as_deref());
        match (chip.bytes_trusted, crc) {
            (0, _) => writeln!(out, "  read back {} bytes, all of it", chip.bytes_read_back)?,
            (trusted, crc) => {
                let crc = crc.unwrap_or("unknown");
                writeln!(out, "  read back {} bytes, {trusted} by the program's CRC {crc}", chip.bytes_read_back)?;
            }
        }
    }
    if let Some(answered) = &flash.answered {
        let firmware = answered.firmware.as_deref().map_or_else(String::new, |version| format!(", firmware {version}"));
        writeln!(out, "  proven    through {}{firmware}", answered.through)?;
    }
    Ok(())
}

fn line(measurement: &Measurement) -> String {
    let Measurement { name, load_point, value, unit, lower, upper, verdict, expanded, guard_band, marginal, .. } =
        measurement;
    let decimals = if unit.is_empty() { 0 } else { 4 };
    let limit = |limit: &Option<f64>| limit.map_or(String::new(), |limit| format!("{limit:+.*}", decimals.min(2)));
    format!(
        "{verdict:<5} {name:<18} {load_point:<18} {value:>+10.decimals$} {unit}  ({} .. {}){}{}{}",
        limit(lower),
        limit(upper),
        expanded.map_or_else(String::new, |of| format!("  U {:.4} (k = {:.2})", of.expanded, of.coverage_factor)),
        guard_band.map_or_else(String::new, |w| format!("  guard band {w:.4}")),
        if *marginal { "  MARGINAL" } else { "" }
    )
}

impl Exit {
    /// The worst of all units decides.
    fn of(verdicts: impl Iterator<Item = Verdict>) -> Self {
        Self(verdicts.map(Verdict::exit_code).max().unwrap_or(3))
    }
}

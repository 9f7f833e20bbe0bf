//! `meterbench instruments`: the station's own instruments, their certificates and when they are due.

use std::io::Write;
use std::path::Path;

use anyhow::{Context as _, bail};
use serde_json::json;

use super::exit::Exit;
use super::message;
use crate::disk;
use crate::profile::inventory::{self, CalendarDate, Certified, Inventory, Measurand, Owned, Resolution};

/// The station's own instruments: certificates, due dates, uncertainties
#[derive(clap::Args, Debug)]
pub struct InstrumentsCommand {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand, Debug)]
enum What {
    List(List),
    Add(Box<Add>),
    Check(Check),
}

/// Lists the instruments and when they are due
#[derive(clap::Args, Debug)]
struct List {
    /// Print one JSON object for each on standard output
    #[arg(long)]
    json: bool,
}

/// Adds an instrument, or the new certificate of one that is listed
#[derive(clap::Args, Debug)]
struct Add {
    /// Serial number, as the instrument says it or as it stands on its plate
    #[arg(long)]
    serial: String,
    /// Model, as the instrument says it
    #[arg(long)]
    model: Option<String>,
    /// Address, for an instrument that does not say its serial number: scpi+tcp:10.0.0.5:6320
    #[arg(long)]
    address: Option<String>,
    /// Number of the calibration certificate
    #[arg(long)]
    certificate: String,
    /// Who calibrated it
    #[arg(long, default_value = "")]
    laboratory: String,
    /// When: 2026-03-01
    #[arg(long)]
    calibrated: CalendarDate,
    /// Last day on which it may be used
    #[arg(long)]
    due: CalendarDate,
    /// Expanded uncertainty of active power and energy, in % of the reading; ranges are written into the file by hand
    #[arg(long, value_name = "PERCENT")]
    energy: Option<f64>,
    /// Expanded uncertainty of voltage
    #[arg(long, value_name = "PERCENT")]
    voltage: Option<f64>,
    /// Expanded uncertainty of current
    #[arg(long, value_name = "PERCENT")]
    current: Option<f64>,
    /// Coverage factor of these uncertainties
    #[arg(short, default_value_t = 2.0)]
    k: f64,
}

/// Checks the file, and whether anything is due within the next 30 days; exit code 1 when something is over
#[derive(clap::Args, Debug)]
struct Check {}

/// Said before it is too late to send an instrument away.
const SOON_DAYS: i32 = 30;

impl InstrumentsCommand {
    /// Does it with the file in the folder `data`.
    ///
    /// # Errors
    /// The file is wrong or cannot be written.
    pub fn run(&self, data: &Path, out: &mut dyn Write) -> anyhow::Result<Exit> {
        let today = CalendarDate::today();
        match &self.what {
            What::List(list) => list.run(&Inventory::load(data)?, today, out),
            What::Add(add) => add.run(data, out),
            What::Check(_) => check(&Inventory::load(data)?, today, out),
        }
    }
}

/// How it stands with an instrument on a day.
fn state(owned: &Owned, today: CalendarDate) -> String {
    if owned.calibrated > today {
        return "calibrated in the future: the clock or the date is wrong".to_owned();
    }
    match owned.due.days_after(today) {
        days if days < 0 => format!("OVERDUE since {} days", -days),
        days if days <= SOON_DAYS => format!("due in {days} days"),
        _ => "good".to_owned(),
    }
}

impl List {
    fn run(&self, inventory: &Inventory, today: CalendarDate, out: &mut dyn Write) -> anyhow::Result<Exit> {
        for owned in &inventory.instruments {
            let state = state(owned, today);
            if self.json {
                writeln!(out, "{}", json!({ "instrument": owned, "state": state }))?;
                continue;
            }
            let Owned { serial, certificate, calibrated, due, .. } = owned;
            let name = owned.model.as_deref().or(owned.address.as_deref()).unwrap_or("-");
            writeln!(out, "{serial:<16} {name:<24} {certificate:<20} {calibrated} .. {due}  {state}")?;
            for line in &owned.uncertainty {
                let range = |name: &str, range: Option<[f64; 2]>, unit: &str| {
                    range.map_or_else(String::new, |[from, to]| format!("  {name} {from} .. {to} {unit}"))
                };
                let of = format!("{:?}", line.measurand).to_lowercase();
                let ranges =
                    [range("U", line.u_volts, "V"), range("I", line.i_amps, "A"), range("PF", line.pf, "")].concat();
                writeln!(out, "    {of:<8} {} % (k = {}){ranges}", line.expanded_percent, line.k)?;
            }
        }
        if inventory.instruments.is_empty() {
            message("no instrument is listed; meterbench instruments add does that");
        }
        Ok(Exit::DONE)
    }
}

impl Add {
    fn run(&self, data: &Path, out: &mut dyn Write) -> anyhow::Result<Exit> {
        let file = inventory::file_in(data);
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => bail!("{} cannot be read: {error}", file.display()),
        };
        let of =
            [(Measurand::Energy, self.energy), (Measurand::Voltage, self.voltage), (Measurand::Current, self.current)];
        let line = |(measurand, percent): (Measurand, Option<f64>)| {
            Some(Certified { measurand, u_volts: None, i_amps: None, pf: None, expanded_percent: percent?, k: self.k })
        };
        let new = Owned {
            serial: self.serial.clone(),
            model: self.model.clone(),
            address: self.address.clone(),
            certificate: self.certificate.clone(),
            laboratory: self.laboratory.clone(),
            calibrated: self.calibrated,
            due: self.due,
            uncertainty: of.into_iter().filter_map(line).collect(),
            resolution: Resolution::default(),
        };
        let (text, _) = Inventory::with(&text, &new, &file.display().to_string())?;
        disk::replace(&file, text.as_bytes()).with_context(|| format!("{} cannot be written", file.display()))?;
        writeln!(out, "{} is in {}", self.serial, file.display())?;
        if new.uncertainty.is_empty() {
            message(
                "no uncertainty of its certificate was given, so results carry the maker's figures, or none; --energy, --voltage and --current give it",
            );
        }
        Ok(Exit::DONE)
    }
}

/// Only the newest certificate of each counts.
fn check(inventory: &Inventory, today: CalendarDate, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let mut over = false;
    for owned in &inventory.instruments {
        let same = |other: &&Owned| other.serial == owned.serial && other.model == owned.model;
        let newer = inventory.instruments.iter().filter(same).any(|other| other.calibrated > owned.calibrated);
        if !newer {
            over |= today > owned.due || owned.calibrated > today;
            writeln!(out, "{:<16} {}  {}", owned.serial, owned.certificate, state(owned, today))?;
        }
    }
    Ok(if over { Exit::FAILED } else { Exit::DONE })
}

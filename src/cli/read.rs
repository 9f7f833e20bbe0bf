//! `meterbench read`: what meter and reference show now, and the errors.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use m90e26::Register;
use m90e26::field::command::CAL_POWER_ON;
use serde_json::json;

use super::exit::Exit;
use super::health::Health;
use super::operator::Terminal;
use crate::clock::{Moment, SharedClock};
use crate::meter::{Line, Meter, MeterError, Readings};
use crate::operator::Operator;
use crate::port::OpenError;
use crate::port::url::DeviceUrl;
use crate::procedure::Control;
use crate::profile;
use crate::reference::{InstrumentError, LoadPoint, Off, PowerFactor, Reference, ReferenceReading, SWITCH_OFF, Source};
use crate::station::{self, Addresses, Station, StationError};
use crate::units::{Amps, Percent, Volts};

/// Read a meter and a reference side by side
#[derive(clap::Args, Debug)]
pub struct Read {
    /// Meter profile: a shipped name or a file
    #[arg(long, default_value = "opensmartmeter-mt50")]
    profile: String,
    /// Meter: sim:?seed=7, afe+serial:/dev/ttyUSB0, service+tcp:host:port, log+serial:/dev/ttyUSB1
    #[arg(long)]
    meter: DeviceUrl,
    /// Reference; a simulated meter brings its own. Without one a real meter is read alone
    #[arg(long)]
    reference: Option<DeviceUrl>,
    /// How many readings
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    count: u32,
    /// Time between two readings, in seconds
    #[arg(long, default_value = "1", value_parser = super::seconds)]
    interval: Duration,
    /// Supply a load point while reading, as multiples of Un and Ib and a power factor: 1,1,0.5L
    #[arg(long, value_parser = load)]
    at: Option<(f64, f64, PowerFactor)>,
    /// Print one JSON object for each reading
    #[arg(long)]
    json: bool,
}

impl Read {
    /// Reads, prints, and switches the source off again if it was switched on.
    ///
    /// # Errors
    /// Bad usage: a profile or an address that is none.
    pub fn run(&self, out: &mut dyn Write) -> anyhow::Result<Exit> {
        let profile = profile::load_meter(&self.profile)?;
        let control = Arc::new(Control::new(|_| {}));
        let operator = Terminal::shared(&control);
        let addresses = Addresses {
            meters: vec![self.meter.clone()],
            reference: self.reference.clone(),
            source: None,
            later: Vec::new(),
        };
        if self.reference.is_none() && self.at.is_none() && self.meter.kind != "sim" {
            return self.alone(&profile, &operator, &control, out);
        }
        let Some(mut station) = super::open_station(&addresses, &operator)? else {
            return Ok(Exit::COULD_NOT_MEASURE);
        };
        super::cancel_on_signals(&control);
        let result = self.readings(&profile, &mut station, &control, out);
        if let Err(error) = &result {
            super::message(&format!("{error:#}"));
        }
        let off = if self.at.is_some() { switch_off(&mut *station.source) } else { Ok(Off::Done) };
        match off {
            Ok(Off::Done) => {}
            Ok(Off::ByHand) => super::message(SWITCH_OFF),
            Err(error) => {
                super::message(&format!("The source may still be on, switch it off by hand: {error}"));
                return Ok(Exit::COULD_NOT_MEASURE);
            }
        }
        Ok(result.unwrap_or(Exit::COULD_NOT_MEASURE))
    }

    fn readings(
        &self,
        profile: &profile::MeterProfile,
        station: &mut Station,
        control: &Control,
        out: &mut dyn Write,
    ) -> anyhow::Result<Exit> {
        let simulated = station.reference.identify()?.simulated || station.simulated;
        let (u_of_un, i_of_ib, pf) = self.at.unwrap_or((1.0, 1.0, PowerFactor::UNITY));
        let point: LoadPoint = profile.rating.load_point(u_of_un, i_of_ib, pf);
        if self.at.is_some() {
            station.source.identify()?;
            station.source.apply(&point)?;
        }
        station.reference.load_point_changed(&point)?;
        if self.at.is_some() && !arrive(&point, station, control)? {
            return Ok(Exit::ABORTED);
        }
        let Station { meters, reference, clock, .. } = station;
        let Some(meter) = meters.first_mut() else { return Ok(Exit::BAD_INPUT) };
        self.follow(profile, &mut **meter, Some(&mut **reference), simulated, (control, clock), out)
    }

    /// A meter without a reference.
    fn alone(
        &self,
        profile: &profile::MeterProfile,
        operator: &Arc<dyn Operator>,
        control: &Arc<Control>,
        out: &mut dyn Write,
    ) -> anyhow::Result<Exit> {
        let (mut meter, clock) = match station::open_meter(&self.meter, operator) {
            Ok(opened) => opened,
            Err(error @ StationError::Open(OpenError::Port(_))) => {
                super::message(&error.to_string());
                return Ok(Exit::COULD_NOT_MEASURE);
            }
            Err(error) => return Err(error.into()),
        };
        super::cancel_on_signals(control);
        let result = self.follow(profile, &mut *meter, None, false, (control, &clock), out);
        Ok(result.unwrap_or_else(|error| {
            super::message(&format!("{error:#}"));
            Exit::COULD_NOT_MEASURE
        }))
    }

    fn follow(
        &self,
        profile: &profile::MeterProfile,
        meter: &mut dyn Meter,
        mut reference: Option<&mut dyn Reference>,
        simulated: bool,
        (control, clock): (&Control, &SharedClock),
        out: &mut dyn Write,
    ) -> anyhow::Result<Exit> {
        meter.connect()?;
        let line = profile.calibration.lines.first().copied().unwrap_or(Line::L);
        for number in 0..self.count {
            let pause = if number > 0 { self.interval } else { Duration::ZERO };
            if control.wait(&**clock, pause).is_err() {
                return Ok(Exit::ABORTED);
            }
            let truth = reference.as_mut().map(|reference| reference.read()).transpose()?;
            let readings = meter.readings(line, profile.calibration.current_scale)?;
            let mut remarks = meter.remarks();
            let stopped = stopped(meter)?;
            remarks.extend(stopped.clone());
            let measures = stopped.is_none();
            let at = clock.now();
            let health = meter.service().map(Health::of).transpose()?;
            let shown = Shown { at, readings, measures, truth, remarks, health, simulated };
            if self.json {
                writeln!(out, "{}", shown.to_json())?;
            } else {
                shown.print(out)?;
            }
            out.flush()?;
        }
        Ok(Exit::DONE)
    }
}

/// Waits until the reference shows the load point and stands still; false when cancelled meanwhile.
fn arrive(point: &LoadPoint, station: &mut Station, control: &Control) -> anyhow::Result<bool> {
    let give_up = station.clock.now() + station.source.patience();
    let mut before: Option<ReferenceReading> = None;
    loop {
        if control.is_cancelled() {
            return Ok(false);
        }
        let reading = station.reference.read()?;
        let missed = point.missed_by(&reading);
        let stands_still = before.is_some_and(|before| Percent::error(reading.u.0, before.u.0).0.abs() < STILL.0);
        match missed {
            None if stands_still => return Ok(true),
            Some(shown) if station.clock.now() >= give_up => anyhow::bail!("the reference shows {shown} instead"),
            None if station.clock.now() >= give_up => anyhow::bail!("the reference does not stand still"),
            _ => before = Some(reading),
        }
    }
}

/// Why the chip shows nothing, if it does not measure.
fn stopped(meter: &mut dyn Meter) -> Result<Option<String>, MeterError> {
    if !meter.reach().registers() {
        return Ok(None);
    }
    let words = |register: Register, value: u16| {
        format!(
            "The chip does not measure: {register} is {value:04X}, as after power-on. Calibrate the meter, or load its registers"
        )
    };
    let start = meter.read(Register::AdjStart)?.value;
    Ok((start == CAL_POWER_ON).then(|| words(Register::AdjStart, start)))
}

/// Tried more than once: this one matters.
fn switch_off(source: &mut dyn Source) -> Result<Off, InstrumentError> {
    source.switch_off().or_else(|_| source.switch_off()).or_else(|_| source.switch_off())
}

/// Two readings of a settled source differ by less.
const STILL: Percent = Percent(0.05);

/// `1,1,0.5L`: multiples of Un and Ib, and a power factor.
fn load(text: &str) -> Result<(f64, f64, PowerFactor), String> {
    let wrong = || format!("{text:?} is no load point; it reads 1,1,0.5L: multiples of Un and of Ib, power factor");
    let parts: Vec<&str> = text.split(',').collect();
    let [u, i, pf] = parts.as_slice() else { return Err(wrong()) };
    let multiple = |text: &str| text.parse::<f64>().ok().filter(|value| value.is_finite() && *value >= 0.0);
    match (multiple(u), multiple(i), pf.parse()) {
        (Some(u), Some(i), Ok(pf)) => Ok((u, i, pf)),
        _ => Err(wrong()),
    }
}

/// What meter and reference show, in real amperes and watts.
struct Shown {
    at: Moment,
    readings: Readings,
    /// What it shows is measured, so it can be wrong.
    measures: bool,
    truth: Option<ReferenceReading>,
    remarks: Vec<String>,
    /// What the meter's own program tells of itself, over its service port.
    health: Option<Health>,
    simulated: bool,
}

impl Shown {
    fn errors(&self) -> [Option<Percent>; 3] {
        // Without a value by the reference there is nothing to be wrong by.
        let error =
            |meter: f64, truth: f64| (self.measures && truth.abs() > 1e-6).then(|| Percent::error(meter, truth));
        let Readings { u, i, p, .. } = self.readings;
        self.truth.as_ref().map_or([None; 3], |truth| [error(u, truth.u.0), error(i, truth.i.0), error(p, truth.p.0)])
    }

    fn to_json(&self) -> serde_json::Value {
        let [u, i, p] = self.errors().map(|error| error.map(|error| error.0));
        // What a chip shows that does not measure is no value.
        let meter = self.measures.then_some(&self.readings);
        let of = |pick: fn(&Readings) -> f64| meter.map(pick);
        let reference = self.truth.as_ref().map(|truth| {
            json!({
                "u_v": truth.u.0, "i_a": truth.i.0, "p_w": truth.p.0,
                "q_var": truth.q.map(|q| q.0), "pf": truth.pf, "phase_deg": truth.phase.map(|phase| phase.0),
                "f_hz": truth.f.map(|f| f.0),
            })
        });
        json!({
            "simulated": self.simulated,
            "at_s": self.at.secs(),
            "meter": {
                "u_v": of(|meter| meter.u), "i_a": of(|meter| meter.i), "p_w": of(|meter| meter.p),
                "q_var": meter.map(|meter| meter.q), "pf": of(|meter| meter.pf),
                "phase_deg": meter.map(|meter| meter.angle), "f_hz": of(|meter| meter.f),
            },
            "reference": reference,
            "error_percent": { "u": u, "i": i, "p": p },
            "remarks": self.remarks,
            "diagnostics": self.health.as_ref().map(Health::diagnostics),
            "crash": self.health.as_ref().map(Health::crash),
        })
    }

    fn print(&self, out: &mut dyn Write) -> std::io::Result<()> {
        for remark in &self.remarks {
            writeln!(out, "{remark}")?;
        }
        let [u, i, p] = self.errors().map(|error| error.map_or("-".to_owned(), |error| error.to_string()));
        let [u_true, i_true, p_true] = self.truth.as_ref().map_or_else(
            || ["-"; 3].map(str::to_owned),
            |truth| [truth.u.to_string(), truth.i.to_string(), truth.p.to_string()],
        );
        let Readings { u: u_shown, i: i_shown, p: p_shown, angle, pf, f, .. } = self.readings;
        let meter = |text: String| if self.measures { text } else { "-".to_owned() };
        let mark = if self.simulated { "   (SIMULATED)" } else { "" };
        writeln!(out, "{:<4} {:>12} {:>12} {:>12}{mark}", "", "meter", "reference", "error")?;
        writeln!(out, "{:<4} {:>12} {u_true:>12} {u:>12}", "U", meter(Volts(u_shown).to_string()))?;
        writeln!(out, "{:<4} {:>12} {i_true:>12} {i:>12}", "I", meter(Amps(i_shown).to_string()))?;
        writeln!(out, "{:<4} {:>12} {p_true:>12} {p:>12}", "P", meter(format!("{p_shown:.1} W")))?;
        if self.measures {
            let angle = angle.map_or(String::new(), |angle| format!("{angle:.1} °, "));
            writeln!(out, "PF {pf:.3}, {angle}{f:.2} Hz")?;
        }
        // Atmel-46102B: Lphi and Nphi act on energy; a phase error of the board stays in P, Q and PF.
        writeln!(out, "P, PF and angle are the measuring path's, which the phase compensation does not reach")?;
        let health = self.health.as_ref().map(ToString::to_string).filter(|health| !health.is_empty());
        health.map_or(Ok(()), |health| writeln!(out, "{health}"))
    }
}

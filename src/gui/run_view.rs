//! A run as the window shows it, built from events in the order they come.

use std::time::Duration;

use super::remaining::Remaining;
use super::series::{ErrorPoint, ErrorSeries, Scale};
use super::session::Limits;
use crate::calibration::registers::{RegisterChange, RegisterSet};
use crate::procedure::{Event, Measurement, RunReport, Verdict};
use crate::reference::{LoadPoint, ReferenceReading};
use crate::units::{Amps, Percent, Volts};

/// Recent errors decide the scale of the plot: those of the last so many seconds.
const RECENT_SECS: f64 = 15.0;

/// A meter's reading holds so long.
const STALE_SECS: f64 = 3.0;

/// A step.
#[derive(Clone, Debug, PartialEq)]
pub struct StepView {
    /// Its title.
    pub title: String,
    /// How far it is.
    pub state: StepState,
}

/// How far a step is.
#[derive(Clone, Debug, PartialEq)]
pub enum StepState {
    /// It comes later.
    Waiting,
    /// It is being done.
    Active {
        /// 0 to 1.
        fraction: f32,
        /// What it sees.
        detail: String,
    },
    /// It is over.
    Done {
        /// How it ended.
        verdict: Verdict,
        /// What it found.
        detail: String,
    },
}

/// What meter and reference show now.
#[derive(Clone, Debug, Default)]
pub struct Live {
    /// The reference.
    pub reference: Option<ReferenceReading>,
    /// The meter's voltage.
    pub u: Option<Volts>,
    /// The meter's current.
    pub i: Option<Amps>,
    /// When the meter was read, in seconds of the station's clock.
    read_at: f64,
    /// Errors of the newest pair.
    pub errors: Option<ErrorPoint>,
    /// The energy's error measured last, and its limit.
    pub energy: Option<(Percent, Option<f64>)>,
}

impl Live {
    /// What a look between the runs has shown.
    pub(super) fn look(&mut self, reference: Option<ReferenceReading>, u: Option<Volts>) {
        (self.reference, self.u) = (reference, u);
        (self.i, self.errors) = (None, None);
    }

    /// Nothing of before holds any more.
    fn outdated(&mut self) {
        let energy = self.energy;
        *self = Self { energy, ..Self::default() };
    }
}

/// The run that goes on, or the last one.
#[derive(Default)]
pub struct RunView {
    /// It goes on.
    pub running: bool,
    /// Somebody asked it to stop.
    pub cancelling: bool,
    /// Its place on the bench, from 0.
    pub position: usize,
    /// Serial number of the unit; empty where the position is not used.
    pub serial: String,
    /// All steps.
    pub steps: Vec<StepView>,
    /// What changed from the registers found to those written.
    pub registers: Vec<RegisterChange>,
    /// What was measured.
    pub measurements: Vec<Measurement>,
    /// Errors over time.
    pub series: ErrorSeries,
    /// Errors of the energy, by time.
    pub energy: Vec<(f64, Percent)>,
    /// Scale of the plot.
    pub scale: Scale,
    /// Limits of the procedure.
    pub limits: Limits,
    /// Where the source is; none is off.
    pub load_point: Option<LoadPoint>,
    /// The result.
    pub report: Option<RunReport>,
    /// First and newest moment, in seconds of the station's clock.
    pub span: Option<(f64, f64)>,
    /// How long it still takes.
    pub remaining: Remaining,
    sets: Option<(RegisterSet, RegisterSet)>,
}

impl RunView {
    /// A run that begins on the unit at a position.
    #[must_use]
    pub fn begun(position: usize, serial: &str, limits: Limits, expected: &[Duration]) -> Self {
        let remaining = Remaining::of(expected);
        Self { running: true, position, serial: serial.to_owned(), limits, remaining, ..Self::default() }
    }

    /// A unit is there.
    #[must_use]
    pub fn used(&self) -> bool {
        !self.serial.is_empty()
    }

    /// The result, when the run is over.
    #[must_use]
    pub fn result(&self) -> Option<&RunReport> {
        self.report.as_ref().filter(|_| !self.running)
    }

    /// The worst that is known of the steps so far; `None` while nothing is bad.
    #[must_use]
    pub fn trouble(&self) -> Option<Verdict> {
        let verdicts = self.steps.iter().filter_map(|step| match step.state {
            StepState::Done { verdict, .. } => Some(verdict),
            StepState::Waiting | StepState::Active { .. } => None,
        });
        verdicts.filter(|verdict| *verdict != Verdict::Pass).max_by_key(|verdict| verdict.exit_code())
    }

    /// Something is done here, or will be: a position that could not do a step drops out, and the bench goes on without it.
    #[must_use]
    pub fn working(&self) -> bool {
        self.running && self.used() && (self.trouble().is_none() || self.active().is_some())
    }

    /// How far it is, 0 to 1: by time, or by steps where nothing is known of their time.
    #[must_use]
    pub fn fraction(&self) -> f32 {
        if let Some(fraction) = self.remaining.fraction() {
            return fraction;
        }
        let part = |step: &StepView| match &step.state {
            StepState::Waiting => 0.0,
            StepState::Active { fraction, .. } => *fraction,
            StepState::Done { .. } => 1.0,
        };
        self.steps.iter().map(part).sum::<f32>() / self.steps.len().max(1) as f32
    }

    /// The step being done.
    #[must_use]
    pub fn active(&self) -> Option<&StepView> {
        self.steps.iter().find(|step| matches!(step.state, StepState::Active { .. }))
    }

    /// The step that comes next.
    #[must_use]
    pub fn coming(&self) -> Option<&StepView> {
        self.steps.iter().find(|step| step.state == StepState::Waiting)
    }

    /// Takes in what happened here or on the whole bench; `live` follows.
    pub fn apply(&mut self, event: &Event, live: &mut Live) {
        match event {
            Event::Started { serials, steps } => {
                self.serial = serials.get(self.position).cloned().unwrap_or_default();
                let waiting = |title: &String| StepView { title: title.clone(), state: StepState::Waiting };
                self.steps = steps.iter().map(waiting).collect();
            }
            Event::LoadPoint { point } => {
                self.load_point = Some(*point);
                self.series.interrupt();
                live.outdated();
            }
            Event::SourceOff | Event::SwitchOffByHand => {
                self.load_point = None;
                self.series.interrupt();
                live.outdated();
            }
            Event::Reference { reading } => {
                let secs = reading.at.secs();
                self.span = Some(self.span.map_or((secs, secs), |(first, _)| (first, secs)));
                self.remaining.follow(&self.steps, secs);
                live.reference = Some(*reading);
                if secs - live.read_at > STALE_SECS {
                    // The step does something else now; what the meter showed then is no reading any more.
                    (live.u, live.i, live.errors) = (None, None, None);
                }
                self.series.push_reference(*reading);
                self.newest(live);
            }
            Event::Meter { reading, .. } => {
                live.read_at = reading.at.secs();
                (live.u, live.i) = (Some(reading.u), reading.i);
                self.series.push_meter(*reading);
                self.newest(live);
            }
            Event::StepStarted { step, .. } => {
                self.set_step(*step, StepState::Active { fraction: 0.0, detail: String::new() });
            }
            Event::StepProgress { step, fraction, rest, detail, .. } => {
                if let Some(rest) = rest {
                    self.remaining.told(*step, *rest);
                }
                self.set_step(*step, StepState::Active { fraction: *fraction, detail: detail.clone() });
            }
            Event::StepDone { step, verdict, detail, .. } => {
                self.set_step(*step, StepState::Done { verdict: *verdict, detail: detail.clone() });
            }
            Event::Registers { changes, .. } => self.written(changes),
            Event::Measured { measurement, .. } => self.measured(measurement.clone(), live),
            // The verdict comes with the report, when the source is off. What is kept in case the run is cut off is the journal's.
            Event::PositionDone { .. }
            | Event::LoadPointReached { .. }
            | Event::Admitted(_)
            | Event::Reached { .. }
            | Event::StartsAgain { .. } => {}
        }
    }

    /// The run is over.
    pub fn end(&mut self, report: RunReport) {
        self.running = false;
        self.cancelling = false;
        for step in &mut self.steps {
            if matches!(step.state, StepState::Active { .. }) {
                step.state = StepState::Waiting;
            }
        }
        // The report tells the unit's own old values; on the way only those since its reset were known.
        if !self.registers.is_empty()
            && let (Some(before), Some(after)) =
                (RegisterSet::from_json(&report.registers_before), RegisterSet::from_json(&report.registers))
        {
            self.registers = before.changes_to(&after);
        }
        self.report = Some(report);
    }

    fn set_step(&mut self, number: usize, state: StepState) {
        if let Some(step) = self.steps.get_mut(number) {
            step.state = state;
        }
    }

    fn newest(&mut self, live: &mut Live) {
        let Some(point) = self.series.points.back().copied() else { return };
        if live.u.is_some() {
            live.errors = Some(point);
        }
        let recent = self.series.points.iter().rev().take_while(|old| point.secs - old.secs < RECENT_SECS);
        let errors = recent.flat_map(|point| [point.u, point.i]).flatten().map(|error| error.0.abs());
        let limit = self.limits.voltage.or(self.limits.energy).unwrap_or_default();
        self.scale = self.scale.fit(errors.fold(limit, f64::max));
    }

    fn written(&mut self, changes: &[RegisterChange]) {
        let (before, after) = self.sets.get_or_insert_with(|| (RegisterSet::power_on(), RegisterSet::power_on()));
        for change in changes {
            after.set(change.register, change.new).ok();
        }
        self.registers = before.changes_to(after);
    }

    fn measured(&mut self, measurement: Measurement, live: &mut Live) {
        if measurement.name == "energy_error" {
            let error = Percent(measurement.value);
            live.energy = Some((error, measurement.upper));
            if let Some((_, now)) = self.span {
                self.energy.push((now, error));
            }
        }
        self.measurements.push(measurement);
    }
}

//! Energy counted against the reference's energy: the meter constant, or what a dial test shows.
//!
//! Counted from the moment of one step of the energy register to that of another, so that what is counted is not short of a part of a
//! step at either end.

use std::time::Duration;

use m90e26::Register;

use crate::clock::Moment;
use crate::meter::{Line, Word};
use crate::procedure::durations::{self, words};
use crate::procedure::error::StepError;
use crate::procedure::position::Position;
use crate::procedure::position::assess::Doubt;
use crate::procedure::report::Measurement;
use crate::procedure::uncertainty::Standard;
use crate::profile::inventory::Measurand;
use crate::profile::verification::Dial;
use crate::reference::LoadPoint;
use crate::units::Percent;

/// In the middle the register is looked at so often; at both ends all the time.
const LOOK: Duration = Duration::from_millis(500);
/// From one reading of the register to the next, as a slow link has it.
const READING: Duration = Duration::from_millis(25);
/// By this factor longer than the quickest is no usual reading.
const UNUSUAL: u32 = 2;
/// The reference's readings do not reach back much farther.
const LONGEST: Duration = Duration::from_secs(800);
/// Longer than expected by this factor, and the meter is not counting what flows.
const GIVE_UP: f64 = 1.5;

/// A step of the register, seen by the two readings around it.
#[derive(Clone, Copy)]
struct Step {
    /// In the middle of the time it can have come in.
    at: Moment,
    /// Of that time.
    width: Duration,
    /// Counts it brought.
    counts: u64,
}

impl Position<'_> {
    /// Counts, and compares with what the reference's power adds up to meanwhile.
    pub(in crate::procedure::position) fn dial(
        &mut self,
        name: &str,
        dial: &Dial,
        point: &LoadPoint,
    ) -> Result<String, StepError> {
        self.settle_at(point, &[], Duration::ZERO)?;
        let plan = self.around.plan;
        let duration = durations::dial(dial, &plan.meter.rating).max(self.time_for(dial.limit, point));
        let line = self.measured_lines()?.first().copied().unwrap_or(Line::L);
        let give_up = self.now() + duration.mul_f64(GIVE_UP) + self.around.plan.count_time(point).mul_f64(10.0);
        self.read(Register::APenergy)?;
        let first = self.next_step((line, point), give_up)?;
        let mut counts = 0;
        loop {
            let elapsed = self.now().since(first.at);
            let pulses = self.pulses(counts);
            let part = (elapsed.as_secs_f64() / duration.as_secs_f64()).min(pulses / dial.pulses);
            let rest = duration.saturating_sub(elapsed);
            self.progress_until(Some(rest), part, format!("{pulses:.1} impulses, {} remain", words(rest)));
            if rest.is_zero() && pulses >= dial.pulses {
                break;
            }
            if self.now() >= give_up {
                return Err(self.why_no_energy(line, elapsed)?);
            }
            self.wait(LOOK)?;
            counts += u64::from(self.read(Register::APenergy)?);
            self.show_readings(line)?;
        }
        let last = self.next_step((line, point), give_up)?;
        counts += last.counts;
        if !self.is_intact()? {
            return Err(StepError::LostRegisters);
        }
        self.judge_dial((name, point), dial, (first, last), counts)?;
        self.still_the_same()?;
        let error = self.measurements.last().map_or(Percent(f64::NAN), |last| Percent(last.value));
        Ok(format!("{:.1} impulses counted, energy {error}", self.pulses(counts)))
    }

    /// Time after which the ends, each somewhere between two readings, make a tenth of the limit at the most.
    fn time_for(&self, limit: Percent, point: &LoadPoint) -> Duration {
        let ends = READING.min(self.around.plan.count_time(point)).mul_f64((2.0_f64 / 12.0).sqrt());
        Duration::try_from_secs_f64(ends.as_secs_f64() / (limit.fraction() / 10.0)).unwrap_or(LONGEST).min(LONGEST)
    }

    /// The next step of the register whose moment is known as well as it can be here: no reading around it took longer than usual.
    fn next_step(&mut self, (line, point): (Line, &LoadPoint), give_up: Moment) -> Result<Step, StepError> {
        let mut counts = 0;
        let start = self.now();
        let mut before: Word = self.meter.read(Register::APenergy)?;
        // What every answer takes moves both ends alike.
        let mut always = before.by.since(before.at);
        let mut usual = Duration::MAX;
        counts += u64::from(before.value);
        loop {
            self.around.control.checkpoint()?;
            let word = self.meter.read(Register::APenergy)?;
            counts += u64::from(word.value);
            always = always.min(word.by.since(word.at));
            let latest = word.by - always;
            let between = latest.since(before.at);
            usual = usual.min(between);
            if word.value > 0 && between <= usual * UNUSUAL {
                // Several steps at once: the last came within one step's time.
                let earliest = before.at.max(word.at - self.around.plan.count_time(point));
                let width = latest.since(earliest);
                return Ok(Step { at: latest - width / 2, width, counts });
            }
            before = word;
            if self.now() >= give_up {
                return Err(self.why_no_energy(line, self.now().since(start))?);
            }
        }
    }

    fn judge_dial(
        &mut self,
        (name, point): (&str, &LoadPoint),
        dial: &Dial,
        (first, last): (Step, Step),
        counts: u64,
    ) -> Result<(), StepError> {
        self.reference_at(last.at)?;
        let energy = self.around.feed.stretch(first.at, last.at)?.energy();
        let wh = energy.wh_at(last.at) - energy.wh_at(first.at);
        let error = Percent::error(counts as f64 / self.around.plan.counts_per_wh(), wh);
        // Each end lies anywhere between two readings.
        let ends = (first.width.as_secs_f64().powi(2) + last.width.as_secs_f64().powi(2)).sqrt() / 12.0_f64.sqrt();
        let uncertainty = ends / last.at.since(first.at).as_secs_f64() * 100.0;
        let pulses = Measurement::judged("dial_pulses", name, (self.pulses(counts), "imp"), None);
        self.record(pulses.obtained("energy register", None));
        let reference = Measurement::judged("dial_reference", name, (wh, "Wh"), None);
        self.record(reference.obtained("power of the reference over time", None));
        let judged = Measurement::judged("dial_error", name, (error.0, "%"), Some((-dial.limit.0, dial.limit.0)))
            .limited_by(&dial.limit_source)
            .obtained("energy register, counted from step to step", Some(uncertainty));
        let scatter = Some(Standard { value: uncertainty, freedom: None });
        let doubt = Doubt { measurand: Measurand::Energy, point, scatter, meter_step: 0.0 };
        self.record(self.assess(judged, doubt)?);
        Ok(())
    }
}

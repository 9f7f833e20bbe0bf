//! The meter's energy against the reference's, by the chip's energy register.

use std::time::Duration;

use m90e26::Register;

use super::averages::ENOUGH;
use super::{Mode, Position};
use crate::clock::Moment;
use crate::meter::{Line, Quantity};
use crate::operator::{Prompt, Sketch, ask_number};
use crate::procedure::error::StepError;
use crate::procedure::estimator::{Poll, Slope, slope};
use crate::procedure::event::MeterReading;
use crate::procedure::feed::Stretch;
use crate::profile::procedure::EnergyMethod;
use crate::reference::{InstrumentError, LoadPoint};
use crate::units::{Percent, Volts};

/// How often the slope is looked at meanwhile.
const LOOK: Duration = Duration::from_secs(1);
/// Without a single count for so long the meter counts nothing.
const PATIENCE: Duration = Duration::from_secs(10);
/// Nor for so many times an exact meter's time for a count, where counts come seldom.
const COUNTS_OF_PATIENCE: f64 = 3.0;
/// A pause between two polls is no longer than this.
const LONGEST_DITHER: Duration = Duration::from_millis(10);

/// How far the meter's energy is off.
#[derive(Clone, Copy, Debug)]
pub(super) struct EnergyError {
    /// (meter - reference) / reference.
    pub error: Percent,
    /// Standard uncertainty.
    pub uncertainty: Option<Percent>,
    /// Degrees of freedom of that uncertainty.
    pub freedom: Option<f64>,
    /// How it was obtained.
    pub method: &'static str,
    /// Angle of the current behind the voltage meanwhile, by the reference, in degrees.
    pub phi: f64,
}

/// How well an energy error has to be known, and how long that may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    /// Standard uncertainty of the slope.
    pub uncertainty: Percent,
    /// At most so long, then the uncertainty is what it is.
    pub max: Duration,
}

impl Position<'_> {
    /// Measures the energy error of `line` at `point` until it is known as well as wanted.
    pub(super) fn energy_error(
        &mut self,
        line: Line,
        point: &LoadPoint,
        wanted: Wanted,
    ) -> Result<EnergyError, StepError> {
        match self.around.plan.procedure.energy.method {
            EnergyMethod::Registers => self.energy_by_registers(line, point, wanted),
            EnergyMethod::Pulses => self.energy_by_pulses(line, point, wanted),
            EnergyMethod::Displayed => self.energy_as_displayed(line, point),
        }
    }

    fn energy_as_displayed(&mut self, line: Line, point: &LoadPoint) -> Result<EnergyError, StepError> {
        let question = format!(
            "{}: the energy error that the bench displays for the {line} line at {}, {}, PF {}",
            self.serial, point.u, point.i, point.pf
        );
        // A meter that is off by half is broken or wired wrongly, and cannot be corrected by the chip's gain either.
        let prompt = Prompt::number(question, "%", [-50.0, 50.0]).with(Sketch::ReadDisplay);
        let error = ask_number(self.around.operator, &prompt)
            .map_err(|source| InstrumentError::Operator { question: prompt.question.clone(), source })?;
        let reading = self.reference_at(self.now())?;
        let phi = phase_of(point, reading.p.0, reading.u.0 * reading.i.0);
        Ok(EnergyError {
            error: Percent(error),
            uncertainty: None,
            freedom: None,
            method: "displayed by the bench",
            phi,
        })
    }

    fn energy_by_registers(&mut self, line: Line, point: &LoadPoint, wanted: Wanted) -> Result<EnergyError, StepError> {
        let full = self.registers.clone();
        let quickening = self.quicken()?;
        let result = self.follow_register((line, point), wanted, quickening);
        // PL_Constant goes back also after a failure; the chip may be looked at by somebody else next.
        let restored = self.clear_up(|position| position.apply(&full));
        let (slope, stretch) = result?;
        restored?;
        let ratio = slope.counts_per_wh / quickening / self.around.plan.counts_per_wh();
        let (p, s) = (stretch.mean(|reading| reading.p.0), stretch.mean(|reading| reading.u.0 * reading.i.0));
        Ok(EnergyError {
            error: Percent((ratio - 1.0) * 100.0),
            uncertainty: Some(Percent::from_fraction(slope.uncertainty)),
            // A straight line takes two.
            freedom: Some(slope.steps as f64 - 2.0),
            method: "energy register",
            phi: stretch.mean(|reading| reading.phase.map_or(phase_of(point, p, s), |phase| phase.0)),
        })
    }

    /// Divides PL_Constant, so that the register steps more often (Atmel-46102B, verification at low current); returns by
    /// how much. Only in calibration mode: otherwise it would break the checksum.
    fn quicken(&mut self) -> Result<f64, StepError> {
        let divisor = u32::from(self.around.plan.procedure.energy.pl_divisor);
        if self.mode != Some(Mode::Calibrating) || divisor <= 1 {
            return Ok(1.0);
        }
        let full = self.registers.pl_constant();
        let divided = (full / divisor).max(1);
        let mut set = self.registers.clone();
        set.set_pl_constant(divided);
        self.apply(&set)?;
        Ok(f64::from(full) / f64::from(divided))
    }

    fn follow_register(
        &mut self,
        (line, point): (Line, &LoadPoint),
        wanted: Wanted,
        quickening: f64,
    ) -> Result<(Slope, Stretch), StepError> {
        let least = self.around.plan.procedure.energy.min.min(wanted.max);
        let patience = PATIENCE.max(self.around.plan.count_time(point).mul_f64(COUNTS_OF_PATIENCE));
        // What was counted before belongs to another time.
        self.read(Register::APenergy)?;
        let mut polls: Vec<Poll> = Vec::new();
        let (mut total, mut steps, mut look_at) = (0, 0, self.now() + least.min(PATIENCE));
        loop {
            self.around.control.checkpoint()?;
            let word = self.meter.read(Register::APenergy)?;
            total += u64::from(if polls.is_empty() { 0 } else { word.value });
            polls.push(Poll { at: word.at, by: word.by, total });
            if word.value > 0 {
                steps += 1;
                self.wait(dither(steps, &polls))?;
            }
            let now = self.now();
            if now < look_at {
                continue;
            }
            look_at = now + LOOK;
            self.show_readings(line)?;
            let from = polls.first().map_or(now, |poll| poll.at);
            let elapsed = now.since(from);
            if total == 0 && elapsed >= patience {
                return Err(self.why_no_energy(line, elapsed)?);
            }
            let Some(slope) = slope(&polls, &self.around.feed.so_far(from)?.energy()) else {
                if elapsed >= wanted.max.max(patience) {
                    return Err(self.why_no_energy(line, elapsed)?);
                } else {
                    continue;
                }
            };
            let achieved = Percent::from_fraction(slope.uncertainty);
            self.progress_of(slope, quickening, elapsed, wanted);
            let target = wanted.uncertainty;
            let known = achieved.0 <= target.0 && elapsed >= least;
            if known || elapsed >= wanted.max && achieved.0 <= target.0 * ENOUGH {
                return self.final_slope(&polls, from, now);
            }
            if elapsed >= wanted.max {
                return Err(StepError::Uncertain {
                    quantity: "the energy error",
                    seconds: elapsed.as_secs_f64(),
                    achieved_percent: achieved.0,
                    target_percent: target.0,
                });
            }
        }
    }

    /// Voltage and current meanwhile, for whoever watches.
    pub(super) fn show_readings(&mut self, line: Line) -> Result<(), StepError> {
        let u = Volts(self.meter.quantity(Quantity::Urms)?);
        let i = self.around.plan.amps_from_register(self.meter.quantity(Quantity::Irms(line))?);
        self.show(MeterReading { at: self.now(), u, i: Some(i) });
        Ok(())
    }

    /// Once more, with the reference's readings up to the very end.
    fn final_slope(&self, polls: &[Poll], from: Moment, to: Moment) -> Result<(Slope, Stretch), StepError> {
        self.reference_at(to)?;
        let stretch = self.around.feed.stretch(from, to)?;
        let slope = slope(polls, &stretch.energy()).ok_or(StepError::Panicked)?;
        Ok((slope, stretch))
    }

    fn progress_of(&self, slope: Slope, quickening: f64, elapsed: Duration, wanted: Wanted) {
        let error = Percent((slope.counts_per_wh / quickening / self.around.plan.counts_per_wh() - 1.0) * 100.0);
        let known = Percent::from_fraction(slope.uncertainty).0;
        // The uncertainty falls with the time to the power of 3/2.
        let by_time = elapsed.as_secs_f64() / wanted.max.as_secs_f64();
        let by_certainty = (wanted.uncertainty.0 / known.max(1e-12)).powf(2.0 / 3.0);
        self.progress(by_time.max(by_certainty), format!("Energy error {error} ± {known:.4} %"));
    }

    /// Zero counts forward: the power may flow the other way.
    pub(super) fn why_no_energy(&mut self, line: Line, elapsed: Duration) -> Result<StepError, StepError> {
        let backwards = self.read(Register::ANenergy)?;
        if backwards > 0 {
            return Ok(StepError::Reversed { line, degrees: 180.0 });
        }
        let watts = self.reference_at(self.now())?.p.0;
        Ok(StepError::NoEnergy { seconds: elapsed.as_secs_f64(), watts })
    }
}

/// A pause of up to one polling interval. Without it the polls can fall into step with the counter: then all steps lie at
/// the same place between two polls, their scatter promises a certainty that is not there, and the slope is off. The golden
/// ratio spreads the places evenly.
fn dither(steps: u32, polls: &[Poll]) -> Duration {
    let [.., before, last] = polls else { return Duration::ZERO };
    let interval = last.at.since(before.at).min(LONGEST_DITHER);
    interval.mul_f64((f64::from(steps) * 0.618_033_988_749_895).fract())
}

/// The angle from the powers; near PF 1 that is ill-conditioned, and the load point's own angle serves better.
pub(super) fn phase_of(point: &LoadPoint, p: f64, s: f64) -> f64 {
    if point.pf.magnitude > 0.98 || s <= 0.0 {
        return point.pf.phase().0;
    }
    (p / s).clamp(-1.0, 1.0).acos().to_degrees().copysign(point.pf.phase().0)
}

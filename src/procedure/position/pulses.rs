//! The meter's energy against the reference's, by the pulses an optical head sees.
//!
//! Counted from the moment of one pulse to that of another. A meter that needs longer for its pulses lets more of the reference's
//! energy pass meanwhile: it is slow, and its error negative.

use std::time::Duration;

use super::Position;
use super::averages::ENOUGH;
use super::energy::{EnergyError, Wanted, phase_of};
use crate::clock::Moment;
use crate::meter::Line;
use crate::port::pulse::{Output, PulseError, PulseInput};
use crate::procedure::durations;
use crate::procedure::error::StepError;
use crate::reference::LoadPoint;
use crate::units::Percent;

/// A cancel is heard within this.
const LOOK: Duration = Duration::from_millis(500);
/// A pulse is waited for so many times an exact meter's time, and a little more.
const PATIENCE: (f64, Duration) = (2.5, Duration::from_secs(2));
/// The reference's readings do not reach back much farther.
const LONGEST: Duration = Duration::from_secs(800);

impl Position<'_> {
    /// Counts pulses until there are enough of them and their ends make little enough of the time.
    ///
    /// A lamp does not tell which way the energy flows: the chip's registers do, where the link shows them.
    pub(super) fn energy_by_pulses(
        &mut self,
        line: Line,
        point: &LoadPoint,
        wanted: Wanted,
    ) -> Result<EnergyError, StepError> {
        let plan = self.around.plan;
        let per_kwh = match self.head()?.output() {
            Output::Lamp => plan.meter.rating.constant_imp_per_kwh,
            Output::Chip => plan.meter.calibration.chip_constant_imp_per_kwh,
        };
        let watts = point.u.0 * point.i.0 * point.pf.magnitude;
        let exact = durations::bounded(3_600_000.0 / (per_kwh * watts));
        let (least, times) = (f64::from(plan.procedure.energy.pulses), &plan.procedure.energy);
        let mut counted = if self.meter.reach().registers() { Some(self.count_from_now()?) } else { None };
        self.head()?.clear()?;
        let resolution = self.head()?.resolution().as_secs_f64();
        let first = self.next_pulse(exact, 0)?;
        let mut count = 0_u32;
        let (last, uncertainty) = loop {
            let last = self.next_pulse(exact, u64::from(count) + 1)?;
            count += 1;
            let elapsed = last.since(first);
            // Each end lies anywhere within what the head can tell apart.
            let uncertainty = Percent::from_fraction(resolution * (2.0_f64 / 12.0).sqrt() / elapsed.as_secs_f64());
            let part = f64::from(count) / least;
            self.progress(part, format!("{count} pulses in {:.1} s", elapsed.as_secs_f64()));
            let enough = f64::from(count) >= least && elapsed >= times.min.min(wanted.max);
            let late = elapsed >= LONGEST || enough && elapsed >= wanted.max;
            let target = if late { wanted.uncertainty.0 * ENOUGH } else { wanted.uncertainty.0 };
            if enough && uncertainty.0 <= target {
                break (last, uncertainty);
            }
            if late {
                return Err(StepError::Uncertain {
                    quantity: "the energy error by pulses",
                    seconds: elapsed.as_secs_f64(),
                    achieved_percent: uncertainty.0,
                    target_percent: wanted.uncertainty.0,
                });
            }
        };
        if let Some(counted) = &mut counted {
            self.count_on(counted)?;
            if counted.backward > counted.forward {
                return Err(StepError::Reversed { line, degrees: 180.0 });
            }
        }
        self.reference_at(last)?;
        let stretch = self.around.feed.stretch(first, last)?;
        let energy = stretch.energy();
        let wh = energy.wh_at(last) - energy.wh_at(first);
        let (p, s) = (stretch.mean(|reading| reading.p.0), stretch.mean(|reading| reading.u.0 * reading.i.0));
        Ok(EnergyError {
            error: Percent::error(f64::from(count) / per_kwh * 1000.0, wh),
            uncertainty: Some(uncertainty),
            freedom: None,
            method: if counted.is_some() {
                "pulses of the optical head against the reference's power"
            } else {
                "pulses of the optical head against the reference's power, their direction not seen"
            },
            phi: stretch.mean(|reading| reading.phase.map_or(phase_of(point, p, s), |phase| phase.0)),
        })
    }

    fn head(&mut self) -> Result<&mut dyn PulseInput, StepError> {
        match &mut self.head {
            Some(head) => Ok(&mut ***head),
            None => Err(StepError::Panicked),
        }
    }

    /// The next pulse, waited for as long as a meter that is not broken can need.
    fn next_pulse(&mut self, exact: Duration, seen: u64) -> Result<Moment, StepError> {
        let start = self.now();
        let give_up = start + exact.mul_f64(PATIENCE.0) + PATIENCE.1;
        loop {
            self.around.control.checkpoint()?;
            let until = (self.now() + LOOK).min(give_up);
            if let Some(moment) = self.head()?.next(until)? {
                return Ok(moment);
            }
            if self.now() >= give_up {
                let seconds = self.now().since(start).as_secs_f64();
                return Err(PulseError::Missing { seen, seconds }.into());
            }
        }
    }
}

//! Counts of energy over a long time, either way.

use std::time::Duration;

use m90e26::Register;

use crate::clock::Moment;
use crate::procedure::error::StepError;
use crate::procedure::position::Position;
use crate::reference::LoadPoint;

/// Between two looks at the counters: seldom enough to leave the line alone, often enough for a person who watches.
pub(super) const LOOK: Duration = Duration::from_secs(4);

/// What the chip has counted since a moment, in counts of 0.1 pulse.
pub(in crate::procedure::position) struct Counted {
    /// Since when.
    pub since: Moment,
    /// Forward.
    pub forward: u64,
    /// Backward.
    pub backward: u64,
}

impl Counted {
    /// Both ways.
    pub(in crate::procedure::position) const fn total(&self) -> u64 {
        self.forward + self.backward
    }
}

impl Position<'_> {
    /// Forgets what was counted before: it belongs to another load.
    pub(in crate::procedure::position) fn count_from_now(&mut self) -> Result<Counted, StepError> {
        self.read(Register::APenergy)?;
        self.read(Register::ANenergy)?;
        Ok(Counted { since: self.now(), forward: 0, backward: 0 })
    }

    /// Adds what has come. A chip that reset itself has lost its counts, and with them the test.
    pub(in crate::procedure::position) fn count_on(&mut self, counted: &mut Counted) -> Result<(), StepError> {
        if !self.is_intact()? {
            return Err(StepError::LostRegisters);
        }
        counted.forward += u64::from(self.read(Register::APenergy)?);
        counted.backward += u64::from(self.read(Register::ANenergy)?);
        Ok(())
    }

    /// Impulses of the nameplate's constant from counts of the chip's.
    pub(super) fn pulses(&self, counts: u64) -> f64 {
        let plan = self.around.plan;
        counts as f64 / plan.counts_per_wh() * plan.meter.rating.constant_imp_per_kwh / 1000.0
    }

    /// The source still supplies the test's voltage and the meter sees it: what counts nothing may also be dead.
    pub(super) fn expect_voltage(&mut self, point: &LoadPoint) -> Result<f64, StepError> {
        let reading = self.reference_at(self.now())?;
        if let Some(shown) = point.voltage_missed_by(&reading) {
            return Err(StepError::LoadPointMissed { point: *point, shown });
        }
        let reference_volts = reading.u.0;
        let meter_volts = self.meter.quantity(crate::meter::Quantity::Urms)?;
        if meter_volts < LIVE * reference_volts {
            return Err(StepError::NoVoltage { meter_volts, reference_volts });
        }
        Ok(meter_volts)
    }
}

/// Below this part of the reference's voltage a meter does not see it.
const LIVE: f64 = 0.9;

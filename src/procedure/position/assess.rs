//! What an error is worth: its expanded uncertainty, and the verdict by the procedure's decision rule.

use super::Position;
use crate::load::LoadPoint;
use crate::procedure::decision::decide;
use crate::procedure::error::StepError;
use crate::procedure::report::Measurement;
use crate::procedure::uncertainty::{Budget, Standard};
use crate::profile::inventory::Measurand;

/// What is doubtful about an error apart from the reference, in percent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Doubt<'a> {
    /// Of what.
    pub measurand: Measurand,
    /// Where.
    pub point: &'a LoadPoint,
    /// Scatter; none where nobody knows it, and then the whole is not known.
    pub scatter: Option<Standard>,
    /// Step of the meter's reading; 0 where the steps are what scatters.
    pub meter_step: f64,
}

impl Position<'_> {
    /// Adds the expanded uncertainty as far as it is known, and decides.
    pub(super) fn assess(&self, measurement: Measurement, doubt: Doubt<'_>) -> Result<Measurement, StepError> {
        let decision = &self.around.plan.procedure.decision;
        let Doubt { measurand, point, scatter, meter_step } = doubt;
        let budget = self.around.trust.get().and_then(|trust| {
            let steps = [meter_step, trust.step_percent(measurand, point)].map(Standard::resolution);
            Some(Budget {
                scatter: scatter?,
                reference: trust.reference(measurand, point)?,
                resolution: Standard::combined(&steps),
                // A voltage has no time in it.
                time_base: if measurand == Measurand::Energy { trust.time_base() } else { Standard::ZERO },
            })
        });
        let expanded = budget.map(|budget| budget.expanded(decision.coverage));
        let (quantity, test) = (measurement.name.clone(), measurement.load_point.clone());
        decide(Measurement { expanded, ..measurement }, decision).map_err(|cause| StepError::Undecided {
            quantity,
            test,
            cause,
        })
    }
}

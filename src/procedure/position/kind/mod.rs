//! The kinds of test, a file each. What a test needs of the link to the meter stands here, so that it is known before anything is
//! switched on.

use crate::meter::Reach;
use crate::procedure::error::{HEAD, StepError};
use crate::procedure::plan::Plan;
use crate::profile::procedure::{EnergyMethod, Mode};
use crate::profile::verification::{Kind, Test};

mod accuracy;
mod connect;
mod counting;
mod dial;
mod no_load;
mod protection;
mod questions;
mod repeatability;
mod starting;
mod warm_up;

/// Nothing is loaded beyond this part of its nameplate's current; standards go to 1.2 Imax for transformer-operated meters.
const MOST_OF_IMAX: f64 = 1.2;
/// Nor beyond this part of its voltage; the no-load test goes to 1.15 Un.
const MOST_OF_UN: f64 = 1.3;

/// What the procedure asks for and the nameplate does not allow: a list of points may have been written for another meter type.
pub(super) fn check_loads(plan: &Plan) -> Result<(), StepError> {
    let rating = &plan.meter.rating;
    for test in &plan.procedure.verify {
        let beyond =
            |asked: String, allowed: String| Err(StepError::BeyondRating { test: test.name.clone(), asked, allowed });
        let Some(load) = test.load().map(|load| load.at(rating)) else { continue };
        let (most_amps, most_volts) = (rating.imax * MOST_OF_IMAX, rating.un * MOST_OF_UN);
        if load.i > most_amps {
            return beyond(load.i.to_string(), most_amps.to_string());
        }
        let volts = match &test.kind {
            Kind::Protection(protection) => protection.beyond,
            _ => load.u,
        };
        if volts > most_volts {
            return beyond(volts.to_string(), most_volts.to_string());
        }
    }
    Ok(())
}

/// What the procedure needs and the links do not give: the one that is open, and the one over which the tests are done.
pub(super) fn check_reach(plan: &Plan, here: Reach, later: Reach) -> Result<(), StepError> {
    const REGISTERS: &str = "the metering chip's registers";
    if plan.procedure.mode == Mode::Adjust && !here.registers() {
        return Err(StepError::OutOfReach { test: "Calibration".to_owned(), needs: REGISTERS });
    }
    for test in &plan.procedure.verify {
        let out_of_reach = |needs| Err(StepError::OutOfReach { test: test.name.clone(), needs });
        if needs_registers(plan, test) && !later.registers() {
            return out_of_reach(REGISTERS);
        }
        if matches!(test.kind, Kind::Protection(_)) && !later.service() {
            return out_of_reach("the meter's relay");
        }
    }
    Ok(())
}

/// Pulses are counted by a head.
pub(super) fn check_head(plan: &Plan, has_head: bool) -> Result<(), StepError> {
    let adjusts = (plan.procedure.mode == Mode::Adjust).then_some("Calibration");
    let by_energy = |test: &&Test| match &test.kind {
        Kind::Accuracy(accuracy) => accuracy.limits.energy.is_some(),
        Kind::Repeatability(_) => true,
        _ => false,
    };
    let first = plan.procedure.verify.iter().find(by_energy).map(|test| test.name.as_str());
    match adjusts.or(first) {
        Some(test) if plan.procedure.energy.method == EnergyMethod::Pulses && !has_head => {
            Err(StepError::OutOfReach { test: test.to_owned(), needs: HEAD })
        }
        _ => Ok(()),
    }
}

/// Energy is counted in the chip, unless the bench counts the pulses and shows the error. Of a unit that was flashed and only prints, the
/// power stands for the energy, within limits that its digits can keep.
fn needs_registers(plan: &Plan, test: &Test) -> bool {
    let by_registers = plan.procedure.energy.method == EnergyMethod::Registers;
    match &test.kind {
        Kind::Accuracy(accuracy) => by_registers && accuracy.limits.energy.is_some() && plan.procedure.flash.is_none(),
        Kind::Repeatability(_) => by_registers,
        Kind::Dial(_) | Kind::Starting(_) | Kind::NoLoad(_) => true,
        Kind::WarmUp(_) | Kind::Protection(_) | Kind::Questions(_) => false,
    }
}

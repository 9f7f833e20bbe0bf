//! The kinds of test, a file each. What a test needs of the link to the meter stands here, so that it is known before anything is
//! switched on.

use crate::meter::Reach;
use crate::procedure::error::StepError;
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

/// What the procedure needs and the link does not give.
pub(super) fn check_reach(plan: &Plan, reach: Reach) -> Result<(), StepError> {
    const REGISTERS: &str = "the metering chip's registers";
    if plan.procedure.mode == Mode::Adjust && !reach.registers {
        return Err(StepError::OutOfReach { test: "Calibration".to_owned(), needs: REGISTERS });
    }
    for test in &plan.procedure.verify {
        let out_of_reach = |needs| Err(StepError::OutOfReach { test: test.name.clone(), needs });
        if needs_registers(plan, test) && !reach.registers {
            return out_of_reach(REGISTERS);
        }
        if matches!(test.kind, Kind::Protection(_)) && !reach.relay {
            return out_of_reach("the meter's relay");
        }
    }
    Ok(())
}

/// Energy is counted in the chip, unless the bench counts the pulses and shows the error.
fn needs_registers(plan: &Plan, test: &Test) -> bool {
    let by_registers = plan.procedure.energy.method == EnergyMethod::Registers;
    match &test.kind {
        Kind::Accuracy(accuracy) => by_registers && accuracy.limits.energy.is_some(),
        Kind::Repeatability(_) => by_registers,
        Kind::Dial(_) | Kind::Starting(_) | Kind::NoLoad(_) => true,
        Kind::WarmUp(_) | Kind::Protection(_) | Kind::Questions(_) => false,
    }
}

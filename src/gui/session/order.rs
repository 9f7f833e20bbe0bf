//! From an order to a plan: profiles are loaded and the serial numbers are checked before anything is switched on.

use super::{Limits, Order};
use crate::advice::Advice;
use crate::procedure::Plan;
use crate::profile;

/// Plan of an order, or why there is none.
pub(super) fn plan(order: &Order) -> Result<Plan, Advice> {
    let of_profile = |error: profile::ProfileError| Advice {
        what: error.to_string(),
        why: t!("The profile is missing or has a fault").to_owned(),
        next: t!("Choose another profile, or correct this one").to_owned(),
    };
    let plan = Plan {
        meter: profile::load_meter(&order.profile).map_err(of_profile)?,
        procedure: profile::load_procedure(&order.procedure).map_err(of_profile)?,
    };
    for serial in order.serials.iter().filter(|serial| !serial.is_empty()) {
        plan.meter.serial.check(serial).map_err(|error| Advice {
            what: error.to_string(),
            why: t!("The label was read wrongly, or the unit is of another type").to_owned(),
            next: t!("Scan the label again, or choose the profile of this unit").to_owned(),
        })?;
    }
    Ok(plan)
}

/// Limits to draw.
pub(super) fn limits(plan: &Plan) -> Limits {
    let points = || plan.procedure.accuracy_points().map(|(_, accuracy)| &accuracy.limits);
    Limits {
        voltage: points().find_map(|limits| limits.voltage).map(|limit| limit.0),
        current: points().find_map(|limits| limits.current).map(|limit| limit.0),
        energy: points().find_map(|limits| limits.energy).map(|limit| limit.0),
    }
}

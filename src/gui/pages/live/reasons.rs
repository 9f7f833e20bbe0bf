//! Why a cell is empty, in words.

use crate::gui::core::Core;
use crate::gui::measurand::Measurand;
use crate::gui::session::Link;
use crate::gui::watch_view::{FRESH_SECS, PAIR_SECS};

/// Silence of the whole station that makes everything old, in seconds of the window's time.
pub(super) const SILENT_SECS: f64 = 3.0;

/// Why the meter shows nothing of a quantity.
pub(super) fn of_meter(core: &Core, measurand: Measurand) -> String {
    let watch = &core.watch;
    if let Some(reason) = of_link(&core.links.meter(), |reason| t!("The meter does not answer: {reason}", reason)) {
        return reason;
    }
    if watch.running {
        return match measurand {
            Measurand::U | Measurand::I => t!("This step of the run does not read it").to_owned(),
            _ => t!("A run reads voltage and current only").to_owned(),
        };
    }
    if let Some(state) = watch.state.filter(|state| !state.measures()) {
        return t!(
            "The chip measures nothing: AdjStart reads {word}; a run starts it",
            word = format_args!("{:04X}", state.adj_start)
        );
    }
    match watch.meter_age(measurand) {
        Some(age) if age > FRESH_SECS => {
            t!(
                "Read {age} s ago; after {fresh} s it is no value any more",
                age = format_args!("{age:.0}"),
                fresh = format_args!("{:.0}", FRESH_SECS)
            )
        }
        Some(_) => t!("The register holds no measured value").to_owned(),
        None => of_problem(core).unwrap_or_else(|| t!("Not read yet").to_owned()),
    }
}

/// Why the reference shows nothing of a quantity.
pub(super) fn of_reference(core: &Core, _measurand: Measurand) -> String {
    if let Some(reason) = of_link(&core.links.reference, |reason| t!("The reference does not answer: {reason}", reason))
    {
        return reason;
    }
    if core.watch.reference_answers() {
        return t!("This reference does not give it").to_owned();
    }
    if core.settings.addresses.reference.trim().starts_with("manual") && !core.watch.running {
        return t!("This reference is read by a person, and only in a run").to_owned();
    }
    of_problem(core).unwrap_or_else(|| t!("Not read yet").to_owned())
}

/// Why there is no error of a quantity.
pub(super) fn of_error(core: &Core, measurand: Measurand) -> String {
    let (meter, reference) = (core.watch.meter(measurand), core.watch.reference(measurand));
    match (meter, reference) {
        (None, None) => t!("Neither side shows it").to_owned(),
        (None, Some(_)) => t!("The meter does not show it").to_owned(),
        (Some(_), None) => t!("The reference does not show it").to_owned(),
        (Some(meter), Some(reference)) => {
            let mut sides = [crate::gui::measurand::NO_VALUES; 2];
            for (side, value) in sides.iter_mut().zip([meter, reference]) {
                for (other, slot) in Measurand::ALL.into_iter().zip(side.iter_mut()) {
                    *slot = core.watch.reference(other).unwrap_or(f64::NAN);
                    if other == measurand {
                        *slot = value;
                    }
                }
            }
            let [meter, reference] = sides;
            if measurand.error(&meter, &reference).is_none() {
                t!("The reference shows too little of it for an error to say anything").to_owned()
            } else {
                t!(
                    "No readings of both sides within {secs} s of each other at a steady load",
                    secs = format_args!("{:.0}", PAIR_SECS)
                )
            }
        }
    }
}

/// Why the energy is not counted.
pub(super) fn of_energy(core: &Core) -> String {
    let watch = &core.watch;
    if let Some(reason) = of_link(&core.links.meter(), |reason| t!("The meter does not answer: {reason}", reason)) {
        return reason;
    }
    if watch.running {
        return t!("The run measures energy itself and shows its error").to_owned();
    }
    if !watch.count_energy {
        return t!("Not counted: reading the energy registers sets them to zero").to_owned();
    }
    match watch.state.filter(|state| !state.meters()) {
        Some(state) => t!(
            "The chip meters nothing: CalStart reads {word}; a run starts it",
            word = format_args!("{:04X}", state.cal_start)
        ),
        None => t!("The counting begins").to_owned(),
    }
}

fn of_link(link: &Link, silent: fn(&str) -> String) -> Option<String> {
    match link {
        Link::Ready(_) => None,
        Link::Off => Some(t!("No station is connected").to_owned()),
        Link::Opening => Some(t!("Asking who is there").to_owned()),
        Link::Trouble(reason) => Some(silent(reason)),
    }
}

fn of_problem(core: &Core) -> Option<String> {
    core.watch.problem.clone()
}

//! From an error with its limits and its uncertainty to a verdict, by the rule the procedure names.

use super::report::{Measurement, Verdict};
use crate::profile::decision::{Decision, Rule};

/// Why the rule gives no verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undecided {
    /// A guard band is wanted, and the uncertainty is not known.
    #[error("its uncertainty is not known")]
    NoUncertainty,
    /// The guard band takes all there is between the limits.
    #[error("its uncertainty leaves nothing between the limits")]
    NothingLeft,
}

/// Applies the rule: notes the guard band, judges anew, and marks a PASS that is near to what is not accepted.
///
/// # Errors
/// The rule cannot tell, and what is not out of the limits anyway would be neither PASS nor FAIL.
pub fn decide(mut measurement: Measurement, decision: &Decision) -> Result<Measurement, Undecided> {
    let Some((lower, upper)) = measurement.lower.zip(measurement.upper) else { return Ok(measurement) };
    if measurement.verdict != Verdict::Pass {
        return Ok(measurement);
    }
    let guard = match (decision.rule, measurement.expanded) {
        (Rule::SimpleAcceptance, _) => None,
        (Rule::GuardBand, Some(of)) => Some(decision.guard_factor() * of.expanded),
        (Rule::GuardBand, None) => return Err(Undecided::NoUncertainty),
    };
    let (middle, accepted) = (f64::midpoint(lower, upper), (upper - lower) / 2.0 - guard.unwrap_or(0.0));
    if accepted <= 0.0 {
        return Err(Undecided::NothingLeft);
    }
    let distance = (measurement.value - middle).abs();
    measurement.guard_band = guard;
    if distance > accepted {
        measurement.verdict = Verdict::Fail;
    } else {
        measurement.marginal = distance > accepted * decision.marginal.fraction();
    }
    Ok(measurement)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::procedure::uncertainty::Expanded;

    fn measured(value: f64, expanded: Option<f64>) -> Measurement {
        let expanded = expanded.map(|expanded| Expanded {
            expanded,
            coverage_factor: 2.0,
            degrees_of_freedom: None,
            from_reference: expanded / 2.0,
            from_resolution: 0.0,
            from_time_base: 0.0,
        });
        Measurement { expanded, ..Measurement::judged("energy_error", "Ib", (value, "%"), Some((-1.0, 1.0))) }
    }

    fn guarded(factor: Option<f64>) -> Decision {
        Decision { rule: Rule::GuardBand, guard_factor: factor, ..Decision::default() }
    }

    #[test]
    fn simple_acceptance_asks_for_the_limits_alone() {
        for (value, verdict, marginal) in [
            (0.0, Verdict::Pass, false),
            (0.8, Verdict::Pass, false),
            (-0.81, Verdict::Pass, true),
            (1.0, Verdict::Pass, true),
            (1.001, Verdict::Fail, false),
            (f64::NAN, Verdict::Error, false),
        ] {
            let decided = decide(measured(value, None), &Decision::default()).expect("decided");
            assert_eq!((decided.verdict, decided.marginal), (verdict, marginal), "{value}");
            assert_eq!(decided.guard_band, None);
        }
    }

    #[test]
    fn a_guard_band_takes_from_the_limits() {
        // U 0.2: with r = 1 up to 0.8 is accepted, with r = 0.5 up to 0.9.
        for (factor, value, verdict, marginal) in [
            (None, 0.79, Verdict::Pass, true),
            (None, 0.63, Verdict::Pass, false),
            (None, -0.81, Verdict::Fail, false),
            (Some(0.5), 0.89, Verdict::Pass, true),
            (Some(0.5), 0.91, Verdict::Fail, false),
            (Some(0.5), 1.1, Verdict::Fail, false),
        ] {
            let decided = decide(measured(value, Some(0.2)), &guarded(factor)).expect("decided");
            assert_eq!((decided.verdict, decided.marginal), (verdict, marginal), "{value} with {factor:?}");
        }
    }

    #[test]
    fn without_an_uncertainty_a_guard_band_decides_nothing() {
        assert_eq!(decide(measured(0.1, None), &guarded(None)), Err(Undecided::NoUncertainty));
        assert_eq!(decide(measured(0.1, Some(1.0)), &guarded(None)), Err(Undecided::NothingLeft));
        // Out of the limits is out of them under any rule.
        assert_eq!(decide(measured(1.1, None), &guarded(None)).expect("decided").verdict, Verdict::Fail);
    }
}

//! What a verdict stands on, in lines: on a FAIL all that failed and nothing else, on a PASS the errors, the nearest first.

use crate::gui::texts::words;
use crate::gui::widgets::number::{plain, signed};
use crate::procedure::{Measurement, RunReport, StepReport, Verdict};

/// Lines beside a verdict; what is more is counted.
const MOST: usize = 6;
/// Errors beside a PASS: the large word says it of all of them.
const ERRORS: usize = 4;

/// The lines beside a verdict.
pub(super) fn lines(report: &RunReport) -> Vec<String> {
    if report.verdict != Verdict::Fail {
        return errors(report).take(ERRORS).map(|done| marked_line(done, report.verdict)).collect();
    }
    let all = failures(report);
    let more = all.len().saturating_sub(MOST);
    let left_out = (more > 0).then(|| t!("{more} more did not pass: see the steps", more));
    all.into_iter().take(MOST).chain(left_out).collect()
}

/// All that failed, values in their order, then steps that no failed value tells of.
pub(super) fn failures(report: &RunReport) -> Vec<String> {
    let failed: Vec<&Measurement> =
        report.measurements.iter().filter(|done| done.verdict != Verdict::Pass && counts(report, done)).collect();
    let told = |step: &StepReport| failed.iter().any(|done| is_step_of(&step.title, &done.load_point));
    let untold = report.steps.iter().filter(|step| step.verdict == Verdict::Fail && !told(step)).map(step_line);
    failed.iter().map(|done| line(done)).chain(untold).collect()
}

/// A step's title has the name of its test, which its values have as their load point: "Verify at Ib", "Ib: back again".
fn is_step_of(title: &str, load_point: &str) -> bool {
    let last = title.strip_suffix(load_point).is_some_and(|what| what.ends_with(" at ") || what.ends_with(": "));
    !load_point.is_empty() && (last || title.strip_prefix(load_point).is_some_and(|rest| rest.starts_with(": ")))
}

/// Of a golden unit it is how far the bench is from its laboratory that counts.
fn counts(report: &RunReport, done: &Measurement) -> bool {
    report.traceability.golden.is_none() || done.name.starts_with("golden_")
}

/// Judged errors: what did not pass, what passed by little, the rest.
fn errors(report: &RunReport) -> impl Iterator<Item = &Measurement> {
    let all =
        || report.measurements.iter().filter(|done| done.lower.is_some() && done.unit == "%" && counts(report, done));
    let failed = all().filter(|done| done.verdict != Verdict::Pass);
    let near = all().filter(|done| done.verdict == Verdict::Pass && done.marginal);
    failed.chain(near).chain(all().filter(|done| done.verdict == Verdict::Pass && !done.marginal))
}

/// What was measured, how much, and where. The large word says of all of them how they compare.
fn line(done: &Measurement) -> String {
    format!("{} {}{}  {}", words::measured(&done.name), value(done), limits(done), done.load_point)
}

/// The same where the large word is another.
fn marked_line(done: &Measurement, of: Verdict) -> String {
    let marginal = if done.marginal { t!(" MARGINAL") } else { "" };
    match of {
        Verdict::Pass if !done.marginal => line(done),
        _ => format!("{}{marginal}  {}", words::verdict(done.verdict), line(done)),
    }
}

/// A step with what it found, by which an operator knows what failed.
fn step_line(step: &StepReport) -> String {
    let title = words::step(&step.title);
    if step.detail.is_empty() { title.into_owned() } else { format!("{title}: {}", step.detail) }
}

/// A value with its unit: an error with its sign, a count as it was counted.
pub(super) fn value(of: &Measurement) -> String {
    match of.unit.as_ref() {
        _ if !of.value.is_finite() => t!("no value").to_owned(),
        "%" => format!("{} %", signed(of.value, 3)),
        "" => plain(of.value),
        unit if of.value.fract() == 0.0 => format!("{} {unit}", plain(of.value)),
        unit => format!("{:.2} {unit}", of.value),
    }
}

fn limits(of: &Measurement) -> String {
    match (of.lower, of.upper) {
        (Some(lower), Some(upper)) if (lower + upper).abs() < 1e-12 => {
            t!("  (limit {limit})", limit = format_args!("{upper:.2}"))
        }
        (Some(lower), Some(upper)) => {
            t!("  (limits {lower} to {upper})", lower = plain(lower), upper = plain(upper))
        }
        (Some(lower), None) => t!("  (at least {lower})", lower = plain(lower)),
        (None, Some(upper)) => t!("  (at most {upper})", upper = plain(upper)),
        (None, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_its_own_unit_and_limits() {
        assert!(is_step_of("Verify at Ib, PF 1", "Ib, PF 1") && is_step_of("Starting current: 0.01 Ib", "0.01 Ib"));
        assert!(is_step_of("Trip: back again", "Trip"));
        assert!(!is_step_of("Verify at 0.05 Ib, PF 1", "Ib, PF 1") && !is_step_of("Find the meter", ""));
        let pulses = Measurement::at_least("starting_pulses", "Starting current", (0.0, "imp"), 1.0);
        assert_eq!(line(&pulses), "starting pulses 0 imp  (at least 1)  Starting current");
        let many = Measurement::judged("no_load_pulses", "No load", (3.25, "imp"), Some((0.0, 1.0)));
        assert_eq!(line(&many), "no load pulses 3.25 imp  (limits 0 to 1)  No load");
        let error = Measurement::judged("energy_error", "Ib", (-0.000_04, "%"), Some((-0.2, 0.2)));
        assert_eq!(marked_line(&error, Verdict::Pass), "energy error 0.000 %  (limit 0.20)  Ib");
        assert_eq!(marked_line(&error, Verdict::Aborted), "PASS  energy error 0.000 %  (limit 0.20)  Ib");
    }
}

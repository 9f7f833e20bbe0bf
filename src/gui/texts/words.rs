//! Words of the core as the window says them; records, log and command line have the English ones.

use std::borrow::Cow;

use m90e26::Register;

use crate::flash::Stage;
use crate::procedure::Verdict;

/// The titles of steps, as the plan gives them.
const STEPS: [&str; 7] = [
    mark!("Identify the chip and reset it"),
    mark!("Prepare for calibration"),
    mark!("Voltage and current gain"),
    mark!("Energy gain at PF 1"),
    mark!("Phase at PF 0.5L"),
    mark!("Offsets without current"),
    mark!("Checksums and normal operation"),
];

/// What a register is for.
#[must_use]
pub fn meaning(register: Register) -> &'static str {
    super::of(register.meaning())
}
/// What is measured, as records name it with underscores in place of the blanks.
const MEASURED: [&str; 15] = [
    mark!("energy error"),
    mark!("voltage error"),
    mark!("current error"),
    mark!("power error"),
    mark!("dial error"),
    mark!("dial pulses"),
    mark!("dial reference"),
    mark!("no load pulses"),
    mark!("no load time"),
    mark!("starting pulses"),
    mark!("starting time"),
    mark!("starting goes on"),
    mark!("relay closes before"),
    mark!("relay opens"),
    mark!("relay closes"),
];

/// A verdict.
#[must_use]
pub fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => t!("PASS"),
        Verdict::Fail => t!("FAIL"),
        Verdict::Error => t!("ERROR"),
        Verdict::Aborted => t!("ABORTED"),
        Verdict::NotRun => t!("NOT RUN"),
    }
}

/// The title of a step.
#[must_use]
pub fn step(title: &str) -> Cow<'_, str> {
    match title.strip_prefix("Verify at ") {
        Some(point) => t!("Verify at {point}", point).into(),
        None => STEPS.iter().find(|known| **known == title).map_or(title, |known| super::of(known)).into(),
    }
}

/// What was measured, as it is read: "energy error" for `energy_error`, "energy error N" for that of the N line.
#[must_use]
pub fn measured(name: &str) -> String {
    if let Some(found) = name.strip_suffix("_start") {
        return t!("{what} as found", what = measured(found));
    }
    let plain = name.replace('_', " ");
    let of_line = plain.rsplit_once(' ').filter(|(_, line)| line.len() == 1);
    let (words, line) = of_line.unwrap_or((&plain, ""));
    let words = MEASURED.iter().find(|known| **known == words).map_or(words, |known| super::of(known));
    if line.is_empty() { words.to_owned() } else { format!("{words} {line}") }
}

/// What flashing is at.
#[must_use]
pub fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Identify => t!("Asking the chip"),
        Stage::Unprotect => t!("Lifting the protection"),
        Stage::Compare => t!("Comparing"),
        Stage::Read => t!("Reading the chip"),
        Stage::Erase => t!("Erasing"),
        Stage::Write => t!("Writing"),
        Stage::Verify => t!("Verifying"),
        Stage::Protect => t!("Protecting"),
        Stage::Start => t!("Starting the program"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::procedure::Plan;
    use crate::procedure::plan::Step;
    use crate::profile;

    #[test]
    fn what_was_measured_is_read_without_underscores() {
        for (name, words) in [
            ("energy_error", "energy error"),
            ("energy_error_N", "energy error N"),
            ("current_error_L_start", "current error L as found"),
            ("no_load_pulses", "no load pulses"),
            ("Ugain", "Ugain"),
            ("never_heard_of", "never heard of"),
        ] {
            assert_eq!(measured(name), words);
        }
    }

    #[test]
    fn the_words_are_those_of_the_core() {
        for word in [Verdict::Pass, Verdict::Fail, Verdict::Error, Verdict::Aborted, Verdict::NotRun] {
            assert_eq!(verdict(word), word.word());
        }
        let meter = profile::load_meter("opensmartmeter-mt50").expect("meter");
        let plan = Plan { meter, procedure: profile::load_procedure("calibrate").expect("procedure") };
        let steps =
            [Step::Identify, Step::Prepare, Step::Gains, Step::EnergyGain, Step::Phase, Step::Offsets, Step::Commit];
        assert_eq!(steps.map(|step| plan.title(step)), STEPS);
        let verify = plan.title(Step::Verify(0));
        assert!(verify.starts_with("Verify at ") && step(&verify) == verify);
    }
}

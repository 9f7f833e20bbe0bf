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

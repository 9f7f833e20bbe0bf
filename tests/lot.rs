//! A small lot: every defect is found, no sound unit fails, every unit is in the store.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test stops at what it did not expect")]

#[path = "lot/mod.rs"]
mod inspecting;

mod firmware_rig;
mod service_port;
mod simulated;

use inspecting::{Inspected, Procedures};
use meterbench::procedure::Verdict;
use meterbench::record::{About, Keeper};

const UNITS: u64 = 60;
const GOOD_IN: u64 = 13;

#[test]
fn every_defect_is_found_and_no_sound_unit_fails() {
    let procedures = Procedures::new();
    let folder = tempfile::tempdir().expect("folder");
    let mut keeper = Keeper::in_folder(folder.path().to_owned());
    let (mut sound, mut defective) = (0, 0);
    for number in 0..UNITS {
        let unit: Inspected = procedures.inspect(number, GOOD_IN);
        let verdict = unit.report.verdict;
        assert!(!unit.misjudged(), "{} {:?} {verdict}: {}", unit.report.serial, unit.defect, unit.reason());
        assert!(verdict == Verdict::Pass || !unit.reason().is_empty(), "{:?} has a reason in words", unit.defect);
        if unit.defect.is_none() {
            sound += 1;
        } else {
            defective += 1;
        }
        let mut reports = [unit.report.clone()];
        let kept = keeper.keep_run(&mut reports, procedures.plan_of(&unit), &unit.readings, &About::now(1));
        assert!(kept[0].is_some() && reports[0].verdict == verdict, "{:?}", reports[0].advice);
    }
    assert!(sound >= 26 && defective >= 26, "{sound} sound, {defective} defective");
}

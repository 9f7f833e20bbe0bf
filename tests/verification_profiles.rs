//! Procedures that verify: what is refused, where, and what the shipped ones say.

#![allow(clippy::expect_used, clippy::panic, reason = "a test stops at what it did not expect")]

mod simulated;
mod verifying;

use std::time::Duration;

use meterbench::procedure::{Verdict, durations};
use meterbench::profile::procedure::Mode;
use meterbench::profile::verification::{Kind, Test};
use meterbench::profile::{self, Procedure};
use simulated::plan;
use verifying::{DIAL, LOOK, SHORT_NO_LOAD, STARTING, of_entries, run, text_of_entries};

/// Key and problem of the first finding, which stands in the line that holds `to`.
fn finding(entries: &str, from: &str, to: &str) -> (String, String) {
    assert!(entries.contains(from), "{from}");
    let text = text_of_entries(&entries.replacen(from, to, 1));
    let error = profile::parse::<Procedure>(&text, "own.toml").expect_err(to);
    let first = error.findings().first().expect("a finding").clone();
    let added = to.lines().next().expect("a line");
    let line = text.lines().position(|line| line.contains(added)).map(|line| line + 1);
    assert_eq!(first.line, line, "{error}");
    (first.key, first.problem)
}

#[test]
fn what_stands_at_the_wrong_place_is_named_in_its_line() {
    for (entries, from, to, key, part) in [
        (
            STARTING,
            "time_factor = 1.2",
            "pulses = 2\ntime_factor = 1.2",
            "verify[0].pulses",
            "kind starting does not take it",
        ),
        (STARTING, "time_factor = 1.2", "time_faktor = 1.2", "verify[0].time_faktor", "unknown field"),
        (STARTING, "time_factor = 1.2", "time_factor = 0.9", "verify[0].time_factor", "1 to 10"),
        (STARTING, "i_of_ib = 0.004", "i_of_ib = 0.4", "verify[0].i_of_ib", "0.0001 to 0.1"),
        (STARTING, "kind = \"starting\"", "kind = \"start\"", "verify[0].kind", "unknown variant"),
        (SHORT_NO_LOAD, "u_of_un = 1.15", "u_of_un = 1.5", "verify[0].u_of_un", "0.5 to 1.3"),
        (SHORT_NO_LOAD, "coefficient = 60000000.0", "coefficient = nan", "verify[0].coefficient", "out of range"),
        (SHORT_NO_LOAD, "pulses = 0.1", "pulses = 11", "verify[0].pulses", "0 to 10"),
        (SHORT_NO_LOAD, "formula = \"imax\"", "formula = \"ib\"", "verify[0].formula", "unknown variant"),
        (SHORT_NO_LOAD, "limit_source = \"test\"", "limit_source = \"\"", "verify[0].limit_source", "empty"),
        (SHORT_NO_LOAD, "pulses = 0.1", "elements = 4\npulses = 0.1", "verify[0].elements", "1 to 3"),
    ] {
        let (found, problem) = finding(entries, from, to);
        assert_eq!(found, key, "{problem}");
        assert!(problem.contains(part), "{problem}");
    }
}

fn found_in(entries: &str) -> (String, String) {
    let error = profile::parse::<Procedure>(&text_of_entries(entries), "own.toml").expect_err("a fault");
    let first = error.findings().first().expect("a finding");
    assert!(first.line.is_some(), "{error}");
    (first.key.clone(), first.problem.clone())
}

#[test]
fn what_is_missing_is_named() {
    for (entries, from, part) in [
        (STARTING, "i_of_ib = 0.004\n", "needs i_of_ib"),
        (STARTING, "limit_source = \"test\"\n", "needs limit_source"),
        (SHORT_NO_LOAD, "formula = \"imax\"\n", "needs formula"),
        (SHORT_NO_LOAD, "pulses = 0.1\n", "needs pulses"),
        (SHORT_NO_LOAD, "name = \"115 % Un\"\n", "missing field `name`"),
    ] {
        let (key, problem) = found_in(&entries.replacen(from, "", 1));
        assert!(key.starts_with("verify"), "{key}: {problem}");
        assert!(problem.contains(part), "{problem}");
    }
    for (text, part) in [
        (LOOK.to_owned() + "i_of_ib = 1.0\n", "needs u_of_un"),
        (DIAL.replace("limits = { ", "limits = { voltage_percent = 1, "), "judges energy alone"),
    ] {
        let (key, problem) = found_in(&text);
        assert!(key.starts_with("verify") && problem.contains(part), "{key}: {problem}");
    }
    let (_, problem) = found_in(&SHORT_NO_LOAD.replace("\"imax\"", "\"starting-current\""));
    assert!(problem.contains("needs start_of_ib"), "{problem}");
}

#[test]
fn adjusting_and_verifying_are_two_modes() {
    let text = text_of_entries(STARTING).replace("mode = \"verify\"\n", "");
    let error = profile::parse::<Procedure>(&text, "own.toml").expect_err("no offsets");
    assert_eq!(error.findings().first().expect("one").key, "offsets");
    let (_, text) = profile::text_of("opensmartmeter-protections").expect("shipped");
    let adjusting = text.replacen("mode = \"verify\"", "mode = \"adjust\"", 1);
    let error = profile::parse::<Procedure>(&adjusting, "own.toml").expect_err("held open");
    assert!(error.findings().iter().any(|finding| finding.problem.contains("protects nothing")), "{error}");
    for name in ["calibrate", "calibrate-quick", "production"] {
        assert_eq!(profile::load_procedure(name).expect(name).mode, Mode::Adjust);
    }
}

const STANDARDS: [&str; 4] = ["iec62053-21-class1", "iec62053-21-class2", "iec62053-22-class05s", "mid-class-b"];

#[test]
fn the_shipped_standards_name_edition_source_and_what_is_unverified() {
    for name in STANDARDS {
        let procedure = profile::load_procedure(name).expect(name);
        let standard = procedure.standard.as_ref().expect(name);
        assert!(!standard.edition.is_empty() && !standard.unverified.is_empty(), "{name}");
        assert_eq!(procedure.mode, Mode::Verify);
        let has = |wanted: fn(&Kind) -> bool| procedure.verify.iter().any(|test| wanted(&test.kind));
        assert!(has(|kind| matches!(kind, Kind::Starting(_))) && has(|kind| matches!(kind, Kind::NoLoad(_))), "{name}");
        assert!(has(|kind| matches!(kind, Kind::Dial(_))) && has(|kind| matches!(kind, Kind::WarmUp(_))), "{name}");
        // The tenth of the greatest limit at the load of the dial test.
        for test in &procedure.verify {
            if let Kind::Dial(dial) = &test.kind {
                let at_it = procedure.accuracy_points().find(|(_, point)| point.load == dial.load).expect("same load");
                let limit = at_it.1.limits.energy.expect("judged").0;
                assert!((dial.limit.0 - limit / 10.0).abs() < 1e-9, "{name}");
            }
        }
    }
    let limit = |name: &str, point: &str| {
        let procedure = profile::load_procedure(name).expect(name);
        let found = procedure.verify.iter().find(|test| test.name == point).and_then(Test::accuracy).cloned();
        found.and_then(|found| found.limits.energy).expect(point).0
    };
    for (name, point, percent) in [
        ("iec62053-21-class1", "0.05 Ib, PF 1", 1.5),
        ("iec62053-21-class1", "0.1 Ib, PF 1", 1.0),
        ("iec62053-21-class1", "0.1 Ib, PF 0.5L", 1.5),
        ("iec62053-21-class1", "0.2 Ib, PF 0.8C", 1.0),
        ("iec62053-21-class1", "Ib, PF 0.25L", 3.5),
        ("iec62053-21-class2", "0.05 Ib, PF 1", 2.5),
        ("iec62053-21-class2", "Imax, PF 0.5L", 2.0),
        ("iec62053-22-class05s", "0.01 In, PF 1", 1.0),
        ("iec62053-22-class05s", "0.1 In, PF 0.5L", 0.6),
        ("mid-class-b", "Imin, PF 1", 1.5),
        ("mid-class-b", "Itr, PF 0.8C", 1.0),
        ("opensmartmeter-points", "0.25 A, PF 1", 1.5),
    ] {
        assert_eq!(limit(name, point), percent, "{name} {point}");
    }
    assert_eq!(profile::load_procedure("opensmartmeter-points").expect("shipped").verify.len(), 10);
}

#[test]
fn no_load_takes_as_long_as_the_standard_says() {
    // 240 V, 80 A, 1000 imp/kWh, in minutes.
    for (name, minutes) in [
        ("iec62053-21-class1", 600e6 / (1000.0 * 240.0 * 80.0)),
        ("iec62053-21-class2", 480e6 / (1000.0 * 240.0 * 80.0)),
        ("mid-class-b", 240e3 / (1000.0 * 1.15 * 240.0 * 0.02)),
    ] {
        let plan = plan("opensmartmeter-mt50", name);
        let no_load = plan.procedure.verify.iter().find_map(|test| match &test.kind {
            Kind::NoLoad(no_load) => Some(durations::no_load(no_load, &plan.meter.rating)),
            _ => None,
        });
        assert!((no_load.expect(name).as_secs_f64() / 60.0 - minutes).abs() < 1e-6, "{name}");
    }
}

#[test]
fn a_calibrated_meter_passes_the_shipped_verifications() {
    for name in ["iec62053-21-class1", "iec62053-21-class2", "mid-class-b", "opensmartmeter-points"] {
        let report = run("sim:?state=calibrated&seed=3", &plan("opensmartmeter-mt50", name));
        assert_eq!(report.verdict, Verdict::Pass, "{name}: {:?} {:?}", report.advice, report.steps);
        assert_eq!(report.registers, report.registers_before);
        let expected: Duration = plan("opensmartmeter-mt50", name).expected().iter().sum();
        let ratio = expected.as_secs_f64() / report.duration_s;
        assert!((0.75..1.25).contains(&ratio), "{name}: the time left is told {ratio:.2} times too long");
        println!("{name}: {:.1} min, {:.1} min expected", report.duration_s / 60.0, expected.as_secs_f64() / 60.0);
    }
    let report = run("sim:?state=calibrated&seed=3&board=m90e26-l24", &plan("m90e26-l24", "iec62053-21-class1"));
    assert_eq!(report.verdict, Verdict::Pass, "m90e26-l24: {:?} {:?}", report.advice, report.steps);
}

#[test]
fn a_meter_calibrated_for_class_1_is_in_05s_but_for_its_starting_current() {
    let report = run("sim:?state=calibrated&seed=3&board=m90e26-l24", &plan("m90e26-l24", "iec62053-22-class05s"));
    assert_eq!(report.verdict, Verdict::Fail, "{:?}", report.advice);
    let failed: Vec<&str> =
        report.steps.iter().filter(|step| step.verdict != Verdict::Pass).map(|step| step.title.as_str()).collect();
    // Its threshold is 0.25 % of In, and 0.1 % is asked for.
    assert_eq!(failed, ["Starting current: 0.001 In"], "{:?}", report.steps);
}

#[test]
fn production_calibrates_and_proves_from_raw() {
    let report = run("sim:?seed=3", &plan("opensmartmeter-mt50", "production"));
    assert_eq!(report.verdict, Verdict::Pass, "{:?} {:?}", report.advice, report.steps);
    println!("production: {:.1} min", report.duration_s / 60.0);
}

#[test]
fn the_stock_threshold_does_not_reach_class_1() {
    // Calibrated with the profile's words, PStartTh 08BD among them: 0.5 % of Ib on this board, and class 1 asks for 0.4 %.
    let mut plan = plan("opensmartmeter-mt50", "calibrate-quick");
    plan.procedure.profile.verify.extend(of_entries(STARTING).procedure.profile.verify);
    let report = run("sim:?seed=3", &plan);
    assert_eq!(report.verdict, Verdict::Fail);
    assert!(
        report.steps.iter().any(|step| step.detail.contains("does not start: nothing registered")),
        "{:?}",
        report.steps
    );
}

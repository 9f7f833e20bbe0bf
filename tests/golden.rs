//! The bench doubts itself: golden units, when they are due, and failures that come too often.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at what it did not expect"
)]

mod recorded;
mod simulated;
mod verifying;

use std::path::Path;
use std::process::Command;

use meterbench::procedure::golden;
use meterbench::procedure::{Control, Plan, RunReport, Verdict};
use meterbench::profile::inventory::Inventory;
use meterbench::profile::vigilance::{Alarm, Golden, Vigilance};
use meterbench::record::statistics::{Alarmed, GoldenState};
use meterbench::record::{About, Draft, Filter, Stamp, Store, file_in};
use recorded::draft;
use simulated::Setup;
use verifying::{measured, of_entries, text_of_entries};

const ENTRY: &str = r#"
[[verify]]
name = "Ib"
u_of_un = 1.0
i_of_ib = 1.0
pf = "1.0"
limits = { energy_percent = 0.5 }
limit_source = "test"
"#;

/// The simulated station calls each unit so.
const SERIAL: &str = "MT100001";

fn run(plan: &Plan) -> RunReport {
    Setup::new("sim:?seed=7&state=calibrated").run(plan, &Control::new(|_| {})).report
}

fn rules(policy: &str, lab_percent: f64, quantity: &str) -> String {
    format!(
        "[golden]\n{policy}\n[[golden.unit]]\nserial = \"{SERIAL}\"\ncertificate = \"L-5\"\ncharacterised = \"2026-01-10\"\n\
         value = [{{ quantity = \"{quantity}\", at = \"Ib\", lab_percent = {lab_percent:?}, alarm_percent = 0.05 }}]\n"
    )
}

fn golden(policy: &str, lab_percent: f64, quantity: &str) -> Golden {
    let text = rules(policy, lab_percent, quantity);
    Vigilance::parse(&text, "test").unwrap_or_else(|error| panic!("{error}")).golden
}

#[test]
fn the_bench_is_judged_by_what_the_laboratory_found() {
    let plan = of_entries(ENTRY);
    let error = measured(&run(&plan), "energy_error").value;
    for (lab, quantity, verdict) in [
        (error, "energy_error", Verdict::Pass),
        (error + 0.04, "energy_error", Verdict::Pass),
        (error - 0.06, "energy_error", Verdict::Fail),
        (error, "voltage_error", Verdict::Error),
    ] {
        let rules = golden("", lab, quantity);
        let mut report = run(&plan);
        golden::judge(&mut report, rules.unit(SERIAL).expect("known"));
        assert_eq!(report.verdict, verdict, "{lab} {quantity}: {:?}", report.advice);
        assert_eq!(report.advice.is_none(), verdict == Verdict::Pass);
        assert_eq!(report.traceability.golden.as_ref().expect("marked").certificate, "L-5");
        if quantity == "energy_error" {
            let apart = measured(&report, "golden_energy_error");
            assert!((apart.value - (error - lab)).abs() < 1e-9, "{apart:?}");
        }
    }
}

#[test]
fn what_is_out_of_its_class_may_be_a_golden_unit_and_what_was_not_measured_may_not() {
    let mut report = run(&of_entries(&ENTRY.replace("0.5 }", "0.2 }")));
    report.verdict = Verdict::Fail;
    let error = measured(&report, "energy_error").value;
    let rules = golden("", error, "energy_error");
    golden::judge(&mut report, rules.unit(SERIAL).expect("known"));
    assert_eq!(report.verdict, Verdict::Pass);
    report.verdict = Verdict::Error;
    golden::judge(&mut report, rules.unit(SERIAL).expect("known"));
    assert_eq!(report.verdict, Verdict::Error);
    let adjusting = simulated::plan("opensmartmeter-mt50", "calibrate");
    assert!(golden::check(rules.unit(SERIAL).expect("known"), &adjusting.procedure).is_err());
    let other = of_entries(&ENTRY.replace("\"Ib\"", "\"Imax\""));
    assert!(golden::check(rules.unit(SERIAL).expect("known"), &other.procedure).is_err());
}

/// A golden unit's result at this time, found as the laboratory found it or not.
fn golden_draft(at_ms: i64, verdict: Verdict) -> Draft {
    let plan = of_entries(ENTRY);
    let mut report = run(&plan);
    let rules = golden("", measured(&report, "energy_error").value, "energy_error");
    golden::judge(&mut report, rules.unit(SERIAL).expect("known"));
    report.verdict = verdict;
    let mut draft = Draft::of_run(&report, &plan, About::now(1), Vec::new());
    draft.entry.at.at_ms = at_ms;
    draft
}

#[test]
fn a_golden_unit_is_due_by_hours_by_units_and_after_a_failure() {
    let folder = tempfile::tempdir().expect("folder");
    let mut store = Store::open(&file_in(folder.path())).expect("store");
    let hours = |count: i64| recorded::BEGIN_MS + count * 3_600_000;
    let state = |store: &Store, policy: &str, at_ms: i64| {
        let now = Stamp { at_ms, utc_offset_s: 0, zone: String::new() };
        let rules = golden(policy, 0.0, "energy_error");
        store.golden_state(&rules, &Inventory::default(), &now, Some(true)).expect("read")
    };
    assert_eq!(state(&store, "", hours(0)), GoldenState::Good, "nothing is asked");
    assert_eq!(state(&store, "every_hours = 8", hours(0)), GoldenState::Never);
    store.append(&golden_draft(hours(0), Verdict::Pass)).expect("stored");
    let rules = golden("every_hours = 8", 0.0, "energy_error");
    let now = Stamp { at_ms: hours(0), utc_offset_s: 0, zone: String::new() };
    let real = store.golden_state(&rules, &Inventory::default(), &now, Some(false)).expect("read");
    assert_eq!(real, GoldenState::Never, "a simulated golden unit proves no real bench");
    assert_eq!(state(&store, "every_hours = 8", hours(8)), GoldenState::Good);
    assert_eq!(state(&store, "every_hours = 8", hours(9)), GoldenState::TooLongAgo { hours: 9 });
    store.append_all(&[draft(1), draft(2), draft(3)]).expect("stored");
    assert_eq!(state(&store, "after_units = 4", hours(1)), GoldenState::Good);
    assert_eq!(state(&store, "after_units = 3", hours(1)), GoldenState::TooManyUnits { units: 3 });
    store.append(&golden_draft(hours(1), Verdict::Error)).expect("stored");
    assert_eq!(state(&store, "every_hours = 8", hours(1)), GoldenState::Good, "an ERROR says nothing");
    store.append(&golden_draft(hours(2), Verdict::Fail)).expect("stored");
    assert_eq!(state(&store, "every_hours = 8", hours(2)), GoldenState::Failed);

    // The line's numbers know nothing of golden units.
    let yields = store.yields(&Filter::default()).expect("read");
    assert_eq!((yields.attempts, yields.first_units), (3, 3));
    assert_eq!(store.list(&Filter::default(), None, 10).expect("read").iter().filter(|one| one.golden).count(), 3);
    assert!(store.check().expect("read").clean());
    store.rebuild_sums().expect("made anew");
    assert_eq!(store.yields(&Filter::default()).expect("read"), yields);
}

#[test]
fn a_new_certificate_wants_a_golden_unit() {
    let folder = tempfile::tempdir().expect("folder");
    let mut store = Store::open(&file_in(folder.path())).expect("store");
    let inventory = |certificate: &str| {
        let text = format!(
            "[[instrument]]\nserial = \"SIMULATED-7\"\ncertificate = {certificate:?}\ncalibrated = \"2026-01-01\"\ndue = \"2027-01-01\"\n"
        );
        Inventory::parse(&text, "test").unwrap_or_else(|error| panic!("{error}"))
    };
    let mut draft = golden_draft(recorded::BEGIN_MS, Verdict::Pass);
    let used = &mut draft.entry.traceability.instruments[0];
    assert_eq!(used.serial, "SIMULATED-7");
    used.certificate = Some("K-1".to_owned());
    store.append(&draft).expect("stored");
    let rules = golden("after_certificate_change = true", 0.0, "energy_error");
    let state =
        |certificate: &str| store.golden_state(&rules, &inventory(certificate), &draft.entry.at, None).expect("read");
    assert_eq!(state("K-1"), GoldenState::Good);
    assert_eq!(state("K-2"), GoldenState::OtherCertificate { serial: "SIMULATED-7".to_owned() });
}

#[test]
fn failures_in_a_row_raise_the_alarm_until_a_golden_unit_passes() {
    let folder = tempfile::tempdir().expect("folder");
    let mut store = Store::open(&file_in(folder.path())).expect("store");
    let rules = Alarm { streak: 3, rate_percent: 50.0, of_last: 10 };
    let alarm = |store: &Store| store.alarm(&rules, &Filter::default()).expect("read");
    for number in 1..=3 {
        assert_eq!(alarm(&store), None, "before {number}");
        let mut failing = draft(number);
        failing.entry.verdict = Verdict::Error;
        store.append(&failing).expect("stored");
    }
    assert_eq!(alarm(&store), Some(Alarmed::Streak { units: 3 }));
    let real = Filter { simulated: Some(false), ..Filter::default() };
    assert_eq!(store.alarm(&rules, &real).expect("read"), None, "simulated failures are none of the real bench's");
    store.append(&golden_draft(recorded::BEGIN_MS, Verdict::Fail)).expect("stored");
    assert!(alarm(&store).is_some(), "the golden unit failed too");
    store.append(&golden_draft(recorded::BEGIN_MS, Verdict::Pass)).expect("stored");
    assert_eq!(alarm(&store), None);
}

fn meterbench(data: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meterbench"));
    let output = command.args(["--data", data.to_str().expect("text")]).args(arguments).output().expect("ran");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code().expect("ended"), text(output.stdout), text(output.stderr))
}

#[test]
fn the_command_line_asks_for_a_golden_unit_first() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("folder");
    let data = folder.path();
    let error = measured(&run(&of_entries(ENTRY)), "energy_error").value;
    std::fs::write(data.join("bench.toml"), rules("every_hours = 8", error, "energy_error")).expect("written");
    let procedure = data.join("test.toml");
    std::fs::write(&procedure, text_of_entries(ENTRY)).expect("written");
    let procedure = procedure.to_str().expect("text");
    let unit = ["run", "--procedure", procedure, "--meter", "sim:?seed=7&state=calibrated", "--serial"];
    let with = |more: &[&str]| meterbench(data, &[unit.as_slice(), more].concat());

    let (code, printed, said) = with(&["MT1"]);
    assert_eq!((code, printed.as_str()), (3, ""), "{said}");
    assert!(said.contains("no golden unit was measured") && said.contains("--golden"), "{said}");
    let (code, printed, _) = with(&["MT1", "--supervisor", "Ada"]);
    assert_eq!(code, 0);
    assert!(printed.contains("EXCEPTION") && printed.contains("allowed by Ada"), "{printed}");
    assert_eq!(with(&["MT1", "--golden"]).0, 2, "not every unit is a golden one");
    let (code, _, said) = with(&[SERIAL]);
    assert_eq!(code, 2, "a golden unit is nobody's ordinary unit: {said}");
    assert!(said.contains("is a golden unit"), "{said}");
    assert_eq!(with(&["MT1", "--supervisor", " "]).0, 2, "nobody allows nothing");
    let (code, printed, said) = with(&[SERIAL, "--golden"]);
    assert_eq!(code, 0, "{printed}{said}");
    assert!(printed.contains("GOLDEN UNIT") && printed.contains("golden_energy_error"), "{printed}");
    let (_, listed, _) = meterbench(data, &["records", "list"]);
    assert_eq!(listed.matches("GOLDEN").count(), 1, "{listed}");
    let (code, printed, _) = with(&["MT1"]);
    assert_eq!(code, 0, "{printed}");
    assert!(!printed.contains("EXCEPTION"), "{printed}");
}

#[test]
fn an_exchanged_reference_wants_a_golden_unit() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("folder");
    let data = folder.path();
    let error = measured(&run(&of_entries(ENTRY)), "energy_error").value;
    let rules = rules("every_hours = 8", error, "energy_error");
    std::fs::write(data.join("bench.toml"), &rules).expect("written");
    let procedure = data.join("test.toml");
    std::fs::write(&procedure, text_of_entries(ENTRY)).expect("written");
    let procedure = procedure.to_str().expect("text");
    // The simulated reference has its serial number from the seed.
    let with = |seed: &str, more: &[&str]| {
        let meter = format!("sim:?seed={seed}&state=calibrated");
        meterbench(data, &[&["run", "--procedure", procedure, "--meter", &meter, "--serial"], more].concat())
    };
    assert_eq!(with("7", &[SERIAL, "--golden"]).0, 0);
    assert_eq!(with("7", &["MT1"]).0, 0, "the same reference");
    let (code, printed, said) = with("8", &["MT2"]);
    assert_eq!(code, 3, "{said}");
    let words = "the reference \"SIMULATED-8\" is another one than at the last golden unit, \"SIMULATED-7\" then";
    assert!(printed.contains(words) && printed.contains("--golden"), "{printed}");
    assert!(!said.contains("Source: 2"), "nothing was switched on: {said}");
    let (code, printed, _) = with("8", &["MT2", "--supervisor", "Ada"]);
    assert_eq!(code, 0, "{printed}");
    assert!(printed.contains(words) && printed.contains("allowed by Ada"), "{printed}");
    std::fs::write(data.join("bench.toml"), rules.replace("every_hours = 8", "every_hours = 8\nmissing = \"warn\""))
        .expect("written");
    let (code, printed, said) = with("8", &["MT3"]);
    assert_eq!(code, 0, "{printed}");
    assert!(said.contains(words) && !printed.contains("EXCEPTION"), "{said}");
    // Who asks nothing of golden units is asked nothing.
    std::fs::write(data.join("bench.toml"), rules.replace("every_hours = 8", "")).expect("written");
    let (code, _, said) = with("8", &["MT4"]);
    assert!(code == 0 && !said.contains("golden"), "{said}");
    // A golden unit with the new reference proves it.
    std::fs::write(data.join("bench.toml"), rules.replace("alarm_percent = 0.05", "alarm_percent = 5.0"))
        .expect("written");
    assert_eq!(with("8", &[SERIAL, "--golden"]).0, 0);
    assert_eq!(with("8", &["MT5"]).0, 0);
    assert_eq!(with("7", &["MT6"]).0, 3, "and no other");
}

//! What makes a verdict trustworthy: expanded uncertainty, decision rule, marginal results, instruments with due dates.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at what it did not expect"
)]

mod simulated;
mod verifying;

use meterbench::procedure::custody::{Custody, Role};
use meterbench::procedure::{Control, Plan, RunReport, Verdict};
use meterbench::profile;
use meterbench::profile::inventory::Inventory;
use meterbench::record::{About, Draft, Filter, Store, file_in};
use simulated::Setup;
use verifying::{measured, text_of_entries};

const ENERGY: &str = r#"
[[verify]]
name = "Ib"
u_of_un = 1.0
i_of_ib = 1.0
pf = "1.0"
limits = { energy_percent = LIMIT, voltage_percent = 1.0 }
limit_source = "test"
repeats = 3
"#;

fn plan(decision: &str, limit: &str) -> Plan {
    let text = text_of_entries(&format!("{decision}{}", ENERGY.replace("LIMIT", limit)));
    let procedure = profile::parse(&text, "test.toml").unwrap_or_else(|error| panic!("{error}"));
    Plan { meter: profile::load_meter("opensmartmeter-mt50").expect("shipped"), procedure }
}

const UNIT: &str = "sim:?seed=7&state=calibrated";

fn run(plan: &Plan, custody: &Custody) -> RunReport {
    let outcome = Setup::new(UNIT).run_with(plan, custody, &Control::new(|_| {}));
    assert!(!outcome.source_on, "the source is off");
    outcome.report
}

/// The simulator's instrument says the serial number SIM0001 or whatever it says: the list takes it from a run.
fn listed(due: &str, expanded: &str) -> Custody {
    let serial = run(&plan("", "1.0"), &Custody::default()).traceability.instruments[0].serial.clone();
    let text = format!(
        "[[instrument]]\nserial = {serial:?}\ncertificate = \"K-17\"\ncalibrated = \"2026-03-01\"\ndue = \"{due}\"\n\
         uncertainty = [{{ measurand = \"energy\", expanded_percent = {expanded}, k = 2 }}]\n"
    );
    Custody {
        inventory: Inventory::parse(&text, "test").unwrap_or_else(|error| panic!("{error}")),
        today: Some("2026-11-21".parse().expect("day")),
        ..Custody::default()
    }
}

#[test]
fn an_error_s_uncertainty_adds_up_from_its_parts() {
    let report = run(&plan("", "1.0"), &listed("2027-03-01", "0.04"));
    assert_eq!(report.verdict, Verdict::Pass, "{:?}", report.advice);
    let energy = measured(&report, "energy_error");
    let of = energy.expanded.expect("known");
    assert!((of.from_reference - 0.02).abs() < 1e-12, "{of:?}");
    assert!((of.from_time_base - 0.005 / 3.0_f64.sqrt()).abs() < 1e-12, "{of:?}");
    let scatter = energy.uncertainty.expect("known");
    let parts = [scatter, of.from_reference, of.from_resolution, of.from_time_base];
    let combined = parts.map(|part| part * part).iter().sum::<f64>().sqrt();
    assert!((of.expanded - of.coverage_factor * combined).abs() < 1e-12 && of.coverage_factor >= 2.0, "{of:?}");
    // The list says nothing of voltage, so nothing is said of its error's uncertainty.
    assert_eq!(measured(&report, "voltage_error").expanded, None);
    let used = &report.traceability.instruments[0];
    assert_eq!((used.role, used.certificate.as_deref(), used.by_maker), (Role::Reference, Some("K-17"), false));
    assert!(report.traceability.decision_rule.as_deref().expect("named").contains("simple acceptance"));
    assert_eq!(report.traceability.mark(), None);
}

#[test]
fn without_a_certificate_the_maker_s_figures_stand_in_and_are_said_to() {
    let report = run(&plan("", "1.0"), &Custody::default());
    let of = measured(&report, "energy_error").expanded.expect("known");
    assert!((of.from_reference - 0.02 / 3.0_f64.sqrt()).abs() < 1e-12, "{of:?}");
    let used = &report.traceability.instruments[0];
    assert!(used.by_maker && used.certificate.is_none(), "{used:?}");
    assert!(measured(&report, "voltage_error").expanded.is_some());
}

/// A verification of energy alone.
fn energy_alone(decision: &str, limit: &str) -> Plan {
    let entry = ENERGY.replace("LIMIT", limit).replace(", voltage_percent = 1.0", "");
    let procedure = profile::parse(&text_of_entries(&format!("{decision}{entry}")), "test.toml");
    let procedure = procedure.unwrap_or_else(|error| panic!("{error}"));
    Plan { meter: profile::load_meter("opensmartmeter-mt50").expect("shipped"), procedure }
}

#[test]
fn a_guard_band_fails_what_simple_acceptance_passes() {
    let custody = listed("2027-03-01", "0.1");
    let simple = run(&energy_alone("", "0.2"), &custody);
    assert_eq!(simple.verdict, Verdict::Pass, "{:?}", simple.advice);
    let energy = measured(&simple, "energy_error");
    let (error, expanded) = (energy.value.abs(), energy.expanded.expect("known").expanded);
    assert_eq!(energy.guard_band, None);
    // The same seed gives the same error: a band that leaves half of it, and one that leaves twice as much.
    for (left, verdict) in [(0.5, Verdict::Fail), (2.0, Verdict::Pass)] {
        let factor = (0.2 - error * left) / expanded;
        let rule = format!("[decision]\nrule = \"guard-band\"\nguard_factor = {factor}\n");
        let guarded = run(&energy_alone(&rule, "0.2"), &custody);
        let energy = measured(&guarded, "energy_error");
        assert_eq!((guarded.verdict, energy.verdict), (verdict, verdict), "{energy:?}");
        assert!((energy.guard_band.unwrap_or(0.2 - error * left) - factor * expanded).abs() < 1e-9, "{energy:?}");
        assert!(guarded.traceability.decision_rule.as_deref().expect("named").starts_with("guard band"));
    }
}

#[test]
fn a_guard_band_that_cannot_tell_gives_no_verdict() {
    let rule = "[decision]\nrule = \"guard-band\"\n";
    let nothing_left = run(&energy_alone(rule, "0.2"), &listed("2027-03-01", "0.5"));
    assert_eq!(nothing_left.verdict, Verdict::Error);
    assert!(nothing_left.advice.expect("advice").what.contains("leaves nothing"));
    // The certificate says nothing of voltage.
    let uncovered = run(&plan(rule, "1.0"), &listed("2027-03-01", "0.1"));
    assert_eq!(uncovered.verdict, Verdict::Error);
    assert!(uncovered.advice.expect("advice").what.contains("is not known"));
}

#[test]
fn near_to_the_limit_is_marginal_in_report_record_and_statistics() {
    let folder = tempfile::tempdir().expect("folder");
    let mut store = Store::open(&file_in(folder.path())).expect("store");
    // From a thousandth of the limit on everything is near to it.
    for (decision, marginal) in [("[decision]\nmarginal_percent = 1\n", true), ("", false)] {
        let plan = plan(decision, "0.2");
        let report = run(&plan, &listed("2027-03-01", "0.04"));
        assert_eq!((report.verdict, report.is_marginal()), (Verdict::Pass, marginal), "{:?}", report.measurements);
        let draft = Draft::of_run(&report, &plan, About::now(1), Vec::new());
        let receipt = store.append(&draft).expect("stored");
        let entry = store.record(None, receipt.number).expect("read").expect("there").record.entry;
        assert_eq!(entry, draft.entry);
        assert!(entry.measurements.iter().any(|one| one.marginal) == marginal);
        assert_eq!(entry.traceability.instruments[0].certificate.as_deref(), Some("K-17"));
    }
    let yields = store.yields(&Filter::default()).expect("read");
    assert_eq!((yields.passed, yields.marginal), (2, 1));
    assert!(store.capabilities(&Filter::default()).expect("read").iter().any(|one| one.marginal == 1));
    assert!(store.check().expect("read").clean());
}

#[test]
fn an_overdue_reference_stops_the_run_before_anything_is_switched_on() {
    let overdue = listed("2026-11-20", "0.04");
    let plan = plan("", "1.0");
    let outcome = Setup::new(UNIT).run_with(&plan, &overdue, &Control::new(|_| {}));
    let report = outcome.report;
    assert_eq!((report.verdict, report.steps.len()), (Verdict::Error, 0));
    let advice = report.advice.expect("advice");
    assert!(
        advice.what.contains("ended on 2026-11-20, 1 days ago") && advice.next.contains("--supervisor"),
        "{advice:?}"
    );

    let allowed = Custody { supervisor: Some("Ada".to_owned()), ..overdue };
    let report = run(&plan, &allowed);
    assert_eq!(report.verdict, Verdict::Pass, "{:?}", report.advice);
    assert_eq!(report.traceability.supervisor.as_deref(), Some("Ada"));
    let mark = report.traceability.mark().expect("marked");
    assert!(mark.contains("ended on 2026-11-20") && mark.contains("Ada"), "{mark}");
    let entry = Draft::of_run(&report, &plan, About::now(1), Vec::new()).entry;
    assert_eq!(entry.traceability.mark(), Some(mark));
}

#[test]
fn another_serial_number_stops_the_run_and_nobody_can_allow_it() {
    let mut custody = listed("2027-03-01", "0.04");
    let address = Some("scpi+tcp:10.0.0.5:6320".to_owned());
    custody.inventory.instruments[0].serial = "another".to_owned();
    custody.inventory.instruments[0].address.clone_from(&address);
    custody.reference_address = address;
    custody.supervisor = Some("Ada".to_owned());
    let report = run(&plan("", "1.0"), &custody);
    assert_eq!((report.verdict, report.steps.len()), (Verdict::Error, 0));
    assert!(report.advice.expect("advice").what.contains("\"another\""));
}

//! Runs that were cut off, on virtual time: what a later run takes up, and what it does not.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at what it did not expect"
)]

mod cut_off;
mod simulated;
mod verifying;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use meterbench::procedure::unfinished::{Admitted, Unfinished, Watched};
use meterbench::procedure::{self, Bench, Control, Custody, Event, Place, Plan, RunReport, TakenUp, Verdict};
use meterbench::record::{About, Interrupted, Keeper, Readings, Stamp};
use simulated::Setup;
use verifying::{SHORT_NO_LOAD, STARTING, detail, measured, of_entries};

const ENTRY: &str = r#"
[[verify]]
name = "Ib"
u_of_un = 1.0
i_of_ib = 1.0
pf = "1.0"
limits = { energy_percent = 0.5 }
limit_source = "test"

# It keeps its place, so what stands behind it is done behind it.
[[verify]]
name = "a moment"
kind = "warm-up"
u_of_un = 1.0
i_of_ib = 1.0
pf = "1.0"
duration_secs = 2
"#;
const UNIT: &str = "sim:?seed=7&state=calibrated";
const SERIAL: &str = "UNIT";

/// Everything a run told of how far it is.
#[derive(Default)]
struct Told {
    states: Vec<Unfinished>,
    admitted: Admitted,
    again: Vec<String>,
}

fn run(address: &str, plan: &Plan, earlier: Option<TakenUp>) -> (RunReport, Told) {
    let told = Arc::new(Mutex::new(Told::default()));
    let heard = Arc::clone(&told);
    let control = Control::new(move |event| {
        let mut heard = heard.lock().expect("alone");
        match event {
            Event::Reached { state, .. } => heard.states.push(*state),
            Event::Admitted(admitted) => heard.admitted = *admitted,
            Event::StartsAgain { reason, .. } => heard.again.push(reason),
            _ => {}
        }
    });
    let Setup { clock, meter, reference, source, operator, flash, .. } = Setup::new(address);
    let positions = vec![Place { serial: SERIAL.to_owned(), meter, head: None, flash }];
    let mut bench = Bench { positions, reference, source, clock, operator, simulated: true };
    let earlier: BTreeMap<_, _> = earlier.into_iter().map(|earlier| (SERIAL.to_owned(), earlier)).collect();
    let report = procedure::go_on(&mut bench, plan, &Custody::default(), earlier, &control).remove(0);
    let told = std::mem::take(&mut *told.lock().expect("alone"));
    (report, told)
}

/// What lies beside the records when the program is killed at this state.
fn cut_off(told: &Told, at: impl Fn(&Unfinished) -> bool) -> TakenUp {
    let state = told.states.iter().find(|state| at(state)).expect("it came so far");
    let text = serde_json::to_string(state).expect("JSON");
    let unit: Unfinished = serde_json::from_str(&text).expect("the same");
    assert_eq!(unit, *state, "what is written is read");
    let words = |text: &str| text.to_owned();
    let admitted = told.admitted.clone();
    TakenUp { unit, admitted, interrupted: words("2026-11-21 10:00"), continued: words("2026-11-21 10:20") }
}

fn watched_for(secs: f64) -> impl Fn(&Unfinished) -> bool {
    move |state| state.watched.is_some_and(|watched| watched.secs >= secs)
}

#[test]
fn a_no_load_test_goes_on_where_it_was_watched_and_finished_tests_stand() {
    let plan = of_entries(&format!("{ENTRY}{SHORT_NO_LOAD}"));
    let (whole, told) = run(UNIT, &plan, None);
    assert_eq!(whole.verdict, Verdict::Pass);
    let full = measured(&whole, "no_load_time").value;
    let earlier = cut_off(&told, watched_for(full / 2.0));
    let done = earlier.unit.watched.expect("in it").secs;
    let before = earlier.unit.clone();
    let (report, again) = run(UNIT, &plan, Some(earlier));
    assert_eq!(report.verdict, Verdict::Pass, "{:?} {:?}", report.advice, report.steps);
    assert!(again.again.is_empty());
    assert_eq!(report.measurements[0], before.measurements[0], "the figure of before, not another one");
    assert_eq!(report.steps[..before.steps.len()], before.steps[..]);
    let time = measured(&report, "no_load_time").value;
    assert!((time - full).abs() < 0.5, "{time} s watched in all, {full} s wanted");
    let step = report.steps.last().expect("no load");
    assert!(step.duration_s < full - done + 10.0, "{} s of it now", step.duration_s);
    assert!(step.started_s >= before.elapsed_s, "time goes on");
    assert!(step.detail.contains("of them before the last of 1 interruptions"), "{}", step.detail);
    assert!(measured(&report, "no_load_pulses").method.contains("for each interruption"));
    let told = &report.traceability.continued;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].step, "No load: 115 % Un");
    assert!(whole.traceability.continued.is_empty());
    // Interrupted once more: the charge for each interruption adds up, and so does what is told.
    let earlier = cut_off(&again, watched_for(full * 0.8));
    assert_eq!((earlier.unit.watched.expect("in it").interruptions, earlier.unit.continued.len()), (1, 1));
    let (report, _) = run(UNIT, &plan, Some(earlier));
    assert_eq!((report.verdict, report.traceability.continued.len()), (Verdict::Pass, 2));
}

#[test]
fn pieces_of_a_test_never_convict_and_acquit_only_within_the_limit() {
    let plan = of_entries(SHORT_NO_LOAD);
    let (whole, told) = run(UNIT, &plan, None);
    let full = measured(&whole, "no_load_time").value;
    let mut earlier = cut_off(&told, watched_for(full / 2.0));
    // So much was counted that the charge for the interruption goes beyond the limit of 0.1 impulses, two counts.
    earlier.unit.watched = Some(Watched { secs: full / 2.0, counts: 2, interruptions: 0 });
    let (report, _) = run(UNIT, &plan, Some(earlier));
    let step = report.steps.last().expect("no load");
    assert_eq!(report.verdict, Verdict::Pass);
    assert!(step.duration_s >= full, "all of it anew: {} s of {full} s", step.duration_s);
    assert!(!step.detail.contains("interruption"), "{}", step.detail);
    // A creeping unit is convicted by an uninterrupted test.
    let creeping = "sim:?seed=7&state=calibrated&defect=creeping";
    let (whole, told) = run(creeping, &plan, None);
    assert_eq!(whole.verdict, Verdict::Fail);
    let (report, _) = run(creeping, &plan, Some(cut_off(&told, watched_for(0.0))));
    assert_eq!(report.verdict, Verdict::Fail, "{:?}", report.steps);
    assert!(detail(&report).starts_with("it creeps"), "{}", detail(&report));
    assert_eq!(measured(&report, "no_load_pulses").method, "energy registers, forward and backward");
}

#[test]
fn a_starting_test_begins_anew_and_says_so() {
    let plan = of_entries(&format!("{ENTRY}{STARTING}"));
    let (whole, told) = run(UNIT, &plan, None);
    let time = measured(&whole, "starting_time").value;
    let earlier = cut_off(&told, |state| state.steps.len() == 3 && watched_for(time / 2.0)(state));
    let (report, _) = run(UNIT, &plan, Some(earlier));
    assert_eq!(report.verdict, Verdict::Pass, "{:?}", report.advice);
    assert!(measured(&report, "starting_time").value > time * 0.9, "from the beginning");
    assert!(detail(&report).contains("begun anew after an interruption at"), "{}", detail(&report));
    assert_eq!(report.measurements.iter().filter(|one| one.name == "energy_error").count(), 1);
    // Cut off when its first impulse was recorded and it had to go on: nothing of it stands twice.
    let recorded =
        |state: &Unfinished| state.steps.len() == 3 && state.measurements.iter().any(|one| one.name == "starting_time");
    let (report, _) = run(UNIT, &plan, Some(cut_off(&told, recorded)));
    assert_eq!(report.measurements.iter().filter(|one| one.name == "starting_time").count(), 1);
}

#[test]
fn another_unit_or_another_instrument_starts_again() {
    let plan = of_entries(&format!("{ENTRY}{SHORT_NO_LOAD}"));
    let (_, told) = run(UNIT, &plan, None);
    let (report, again) = run("sim:?seed=8&state=calibrated", &plan, Some(cut_off(&told, watched_for(20.0))));
    assert_eq!(report.verdict, Verdict::Pass);
    assert!(
        again.again[0].contains("another reference") || again.again[0].contains("is another one"),
        "{:?}",
        again.again
    );
    assert!(report.traceability.continued.is_empty());
    assert!(report.steps[1].started_s > 0.0 && report.steps.len() == 4);

    // The same instruments, and a chip with other registers.
    let mut earlier = cut_off(&told, watched_for(20.0));
    earlier.unit.registers.insert("Ugain".to_owned(), "0x1234".into());
    let (report, again) = run(UNIT, &plan, Some(earlier));
    assert!(again.again[0].contains("it is another unit, or its chip was reset"), "{:?}", again.again);
    assert!(report.traceability.continued.is_empty());
    assert_eq!(report.verdict, Verdict::Pass);
    assert_ne!(report.measurements[0].value, 0.0);

    // A chip that lost its supply holds nothing of what the bench had written into it.
    let (report, again) = run("sim:?seed=7", &plan, Some(cut_off(&told, watched_for(20.0))));
    assert!(again.again[0].contains("does not meter"), "{:?}", again.again);
    assert_eq!(report.verdict, Verdict::Error);
}

#[test]
fn what_stopped_a_unit_before_stops_it_still() {
    let plan = of_entries(&format!("{ENTRY}{SHORT_NO_LOAD}"));
    let bad = "sim:?seed=7&state=calibrated&defect=ct-open";
    let (whole, told) = run(bad, &plan, None);
    assert_eq!(whole.verdict, Verdict::Error);
    let (report, _) = run(UNIT, &plan, Some(cut_off(&told, |state| state.failure.is_some())));
    assert_eq!((report.verdict, &report.advice), (whole.verdict, &whole.advice));
    assert_eq!(report.steps, whole.steps);
}

#[test]
fn a_calibration_is_not_taken_up_and_its_verification_is() {
    let plan = simulated::plan("opensmartmeter-mt50", "calibrate-quick");
    let (whole, told) = run("sim:?seed=7", &plan, None);
    assert_eq!(whole.verdict, Verdict::Pass);
    let tests = plan.tests_begin();
    let state = |steps: usize| told.states.iter().find(|state| state.steps.len() == steps).expect("there");
    assert_eq!(state(tests - 1).why_not(&plan).as_deref(), Some("its tests had not begun"));
    assert_eq!(state(tests).why_not(&plan), None);
    let flashing = simulated::plan("opensmartmeter-mt50", "calibrate-flash-quick");
    assert!(state(tests).why_not(&flashing).expect("not").contains("flashed"));
}

#[test]
fn what_is_too_old_or_not_the_same_any_more_says_why() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("folder");
    let (cold, warmed) = (of_entries(SHORT_NO_LOAD), of_entries(&format!("{ENTRY}{SHORT_NO_LOAD}")));
    for (serial, plan) in [("COLD", &cold), ("WARM", &warmed)] {
        cut_off::in_no_load(folder.path(), (serial, UNIT), plan, 40.0);
    }
    let found = |serial: &str, plan: &Plan, minutes: i64| {
        let now = Stamp { at_ms: Stamp::now().at_ms + minutes * 60_000, ..Stamp::now() };
        Interrupted::of(folder.path(), &[serial.to_owned(), String::new()], plan, &now).expect("read")
    };
    let reason = |serial: &str, plan: &Plan, minutes: i64| {
        let Interrupted { open, closed, busy } = found(serial, plan, minutes);
        assert!(busy.is_empty() && open.len() + closed.len() == 1);
        closed.into_iter().next().map(|(_, reason)| reason)
    };
    assert_eq!(reason("COLD", &cold, 8 * 60 - 2), None);
    assert!(reason("COLD", &cold, 8 * 60 + 1).expect("too old").contains("8 hours ago, and 8 are allowed"));
    assert_eq!(reason("COLD", &cold, -60).as_deref(), Some("the clock was set back since"));
    assert_eq!(reason("WARM", &warmed, 8), None);
    assert!(reason("WARM", &warmed, 11).expect("cold").contains("had been warmed up"));
    assert!(reason("COLD", &warmed, 0).expect("another plan").contains("the procedure is another one now"));
    let meter =
        Plan { meter: meterbench::profile::load_meter("opensmartmeter-mt100").expect("shipped"), ..cold.clone() };
    assert!(reason("COLD", &meter, 0).expect("another type").contains("the meter profile is another one now"));
    let question = found("COLD", &cold, 0).question(&cold).expect("asked");
    assert!(question.starts_with("COLD was interrupted on 2") && question.contains("of it watched"), "{question}");
    assert!(found("NOBODY", &cold, 0).question(&cold).is_none());

    // Another version of the program counts its steps otherwise.
    for file in std::fs::read_dir(folder.path().join("unfinished")).expect("folder") {
        let path = file.expect("file").path();
        let text = std::fs::read_to_string(&path).expect("text").replace("\"meterbench ", "\"meterbench 0.0.");
        std::fs::write(&path, text).expect("written");
    }
    assert!(reason("COLD", &cold, 0).expect("another program").starts_with("it was begun by meterbench 0.0."));
}

#[test]
fn a_unit_that_does_not_answer_is_not_taken_up_and_loses_nothing() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("folder");
    let plan = of_entries(SHORT_NO_LOAD);
    cut_off::in_no_load(folder.path(), (SERIAL, UNIT), &plan, 40.0);
    let pages = || std::fs::read_dir(folder.path().join("unfinished")).expect("folder").count();
    let readings = Readings::default();
    let page = || {
        let found = Interrupted::of(folder.path(), &[SERIAL.to_owned()], &plan, &Stamp::now()).expect("read");
        found.open.into_iter().next().expect("open")
    };
    let taken_up = || page().take_up(folder.path(), (0, &readings)).expect("read");
    let mut keeper = Keeper::in_folder(folder.path().to_owned());
    let (report, _) = run("sim:?seed=7&state=calibrated&defect=chip-dead", &plan, Some(taken_up()));
    assert_eq!((report.verdict, report.steps.len()), (Verdict::Error, 0));
    keeper.keep_run(&mut [report], &plan, &readings, &About::now(1));
    assert_eq!(pages(), 2, "for the next try");
    let (report, _) = run(UNIT, &plan, Some(taken_up()));
    assert_eq!((report.verdict, report.traceability.continued.len()), (Verdict::Pass, 1));
    keeper.keep_run(&mut [report], &plan, &readings, &About::now(1));
    assert_eq!(pages(), 0);
}

#[test]
fn a_run_that_has_its_record_is_not_asked_about_whatever_is_left_of_its_files() {
    let plan = of_entries(SHORT_NO_LOAD);
    for is_given_up in [false, true] {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("folder");
        let whole = cut_off::in_no_load(folder.path(), (SERIAL, UNIT), &plan, 40.0);
        let unfinished = folder.path().join("unfinished");
        let files = || std::fs::read_dir(&unfinished).expect("folder").map(|file| file.expect("file").path());
        let kept: Vec<_> = files().map(|path| (path.clone(), std::fs::read(&path).expect("read"))).collect();
        let found = || Interrupted::of(folder.path(), &[SERIAL.to_owned()], &plan, &Stamp::now()).expect("read");
        let mut keeper = Keeper::in_folder(folder.path().to_owned());
        if is_given_up {
            found().open[0].give_up(folder.path(), "started again").expect("kept");
        } else {
            keeper.keep_run(&mut [whole], &plan, &Readings::default(), &About::now(1));
        }
        assert_eq!(files().count(), 0);
        // Killed between the two: the record is kept, and the files are still there.
        for (path, bytes) in &kept {
            std::fs::write(path, bytes).expect("written");
        }
        let again = found();
        assert!(again.open.is_empty() && again.closed.is_empty() && again.busy.is_empty());
        assert_eq!(files().count(), 0, "they go");
        assert_eq!(keeper.store().expect("opens").len().expect("counted"), 1);
    }
}

#[test]
fn what_a_supervisor_allowed_before_marks_the_whole_run() {
    let plan = of_entries(SHORT_NO_LOAD);
    let (_, told) = run(UNIT, &plan, None);
    let mut earlier = cut_off(&told, watched_for(20.0));
    earlier.admitted.traceability.exceptions = vec!["no golden unit was measured".to_owned()];
    earlier.admitted.traceability.supervisor = Some("Ada".to_owned());
    let (report, _) = run(UNIT, &plan, Some(earlier));
    assert_eq!(report.traceability.mark().as_deref(), Some("no golden unit was measured; allowed by Ada"));
}

#[test]
fn units_that_had_come_to_different_steps_go_on_side_by_side() {
    let plan = of_entries(&format!("{ENTRY}{SHORT_NO_LOAD}"));
    let (first, second) = ("sim:?seed=7&state=calibrated", "sim:?seed=7&state=calibrated");
    let (_, told) = run(first, &plan, None);
    let early = cut_off(&told, |state| state.steps.len() == 2);
    let late = cut_off(&told, watched_for(60.0));
    let states = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&states);
    let control = Control::new(move |event| {
        if let Event::StepStarted { position, step } = event {
            heard.lock().expect("alone").push((position, step));
        }
    });
    // Two boards on the same wires, alike to the last register.
    let setup = Setup::new(first);
    let options = meterbench::sim::SimOptions::from_url(&second.parse().expect("address")).expect("options");
    let port = setup.station.meter_port(&options, setup.station.meter(&options));
    let twin = Box::new(meterbench::meter::afe::AfeMeter::new(port, setup.clock.clone(), None));
    let Setup { clock, meter, reference, source, operator, .. } = setup;
    let place = |serial: &str, meter| Place { serial: serial.to_owned(), meter, head: None, flash: None };
    let positions = vec![place("EARLY", meter), place("LATE", twin)];
    let mut bench = Bench { positions, reference, source, clock, operator, simulated: true };
    let named = |serial: &str, mut of: TakenUp| {
        of.unit.serial = serial.to_owned();
        (serial.to_owned(), of)
    };
    let earlier = BTreeMap::from([named("EARLY", early), named("LATE", late)]);
    let reports = procedure::go_on(&mut bench, &plan, &Custody::default(), earlier, &control);
    for report in &reports {
        assert_eq!((report.verdict, report.steps.len()), (Verdict::Pass, 4), "{:?}", report.steps);
        assert_eq!(report.traceability.continued.len(), 1);
    }
    assert!(reports[1].steps[3].duration_s < reports[0].steps[3].duration_s - 50.0);
    let started = states.lock().expect("alone").clone();
    let of =
        |position: usize| started.iter().filter(|(at, _)| *at == position).map(|(_, step)| *step).collect::<Vec<_>>();
    assert_eq!((of(0), of(1)), (vec![2, 3], vec![3]), "nobody does again what is done");
}

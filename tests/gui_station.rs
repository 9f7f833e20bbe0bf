//! What the station knows of itself, in the window: instruments that are overdue, golden units, runs that were cut off, optical heads.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on stops"
)]

mod cut_off;
mod outline;
mod simulated;
mod verifying;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use egui::accesskit::Role;
use egui::{Key, ViewportCommand, ViewportEvent, ViewportId};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use meterbench::gui::app::{App, dress};
use meterbench::gui::command::Command;
use meterbench::gui::offers::offers;
use meterbench::gui::route::Route;
use meterbench::job::NoWake;
use meterbench::procedure::{RunReport, Verdict};
use meterbench::record::{Store, file_in};
use meterbench::settings;
use verifying::{SHORT_NO_LOAD, measured, of_entries, text_of_entries};

type Window = Harness<'static, App>;

const UNIT: &str = "sim:?seed=7&state=calibrated";
const GOLDEN: &str = "GOLD-1";
const ENTRY: &str = r#"
[[verify]]
name = "Ib"
u_of_un = 1.0
i_of_ib = 1.0
pf = "1.0"
limits = { energy_percent = 0.5 }
limit_source = "test"
"#;

/// A window on the simulated station that keeps everything in this folder and runs these entries.
fn window(folder: &Path, entries: &str, adapt: impl FnOnce(&mut settings::Settings)) -> Window {
    let procedure = folder.join("procedure.toml");
    std::fs::write(&procedure, text_of_entries(entries)).unwrap();
    let store = settings::Store::in_folder(folder.to_owned());
    let mut found = store.load();
    found.settings.addresses.meter = UNIT.to_owned();
    found.settings.procedure = procedure.to_str().unwrap().to_owned();
    found.settings.pass_pause_secs = 0;
    found.writable = false;
    adapt(&mut found.settings);
    let app = App::recording(Arc::new(NoWake), Some(store), found, folder.to_owned());
    let mut window = Harness::builder().with_size([1280.0, 720.0]).with_context_setup(dress).build_ui_state(
        |ui, app: &mut App| {
            app.take_in();
            app.draw_ui(ui);
        },
        app,
    );
    until(&mut window, "connected", |app| app.core.ready());
    window
}

/// Draws frames until it is so, for two minutes at most.
fn until(window: &mut Window, what: &str, so: impl Fn(&App) -> bool) {
    for _ in 0..24_000 {
        window.step();
        if so(window.state()) {
            window.step();
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("not {what}: {}", outline::outline(window, usize::MAX));
}

fn scan(window: &mut Window, serial: &str) {
    window.run_steps(4);
    window.get_by_role_and_label(Role::TextInput, "Serial number").type_text(serial);
    window.step();
    window.key_press(Key::Enter);
    window.step();
}

fn question(window: &mut Window) -> String {
    until(window, "asked", |app| app.core.question.is_some());
    window.state().core.question.clone().unwrap().question
}

fn answer(window: &mut Window, name: &str) {
    let asked = window.state().core.question.clone().unwrap().question;
    // A name is typed by a person, not scanned.
    window.run_steps(8);
    if !name.is_empty() {
        window.get_by_role_and_label(Role::TextInput, asked.as_str()).type_text(name);
    }
    window.run_steps(2);
    window.key_press(Key::Enter);
    window.step();
}

fn result(window: &mut Window) -> RunReport {
    until(window, "over", |app| app.core.run().report.is_some() && !app.core.run().running);
    window.state().core.run().report.clone().unwrap()
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

fn shows(window: &Window, part: &str) -> bool {
    window.query_all_by_label_contains(part).next().is_some()
}

#[test]
fn an_overdue_instrument_asks_for_a_supervisor_and_marks_the_result() {
    let folder = folder();
    let overdue = "[[instrument]]\nserial = \"SIMULATED-7\"\ncertificate = \"K-1\"\ncalibrated = \"2024-01-01\"\ndue = \"2025-01-01\"\n";
    std::fs::write(folder.path().join("instruments.toml"), overdue).unwrap();
    let mut window = window(folder.path(), ENTRY, |_| {});
    until(&mut window, "told", |app| app.core.vigil.reference.is_some());
    assert!(shows(&window, "Check the reference") && shows(&window, "ended on 2025-01-01"), "before a unit is scanned");
    scan(&mut window, "MT1");
    let asked = question(&mut window);
    assert!(asked.starts_with("The calibration of the reference SIMULATED-7 ended on 2025-01-01"), "{asked}");
    assert!(asked.contains("A supervisor who allows the run types a name here"), "{asked}");
    answer(&mut window, "");
    let report = result(&mut window);
    assert_eq!(report.verdict, Verdict::Error, "nobody allows nothing");
    assert!(report.advice.unwrap().what.contains("ended on 2025-01-01"));
    window.state_mut().core.next_unit();

    scan(&mut window, "MT2");
    question(&mut window);
    answer(&mut window, "Ada");
    until(&mut window, "MT2 over", |app| app.core.resulted && app.core.run().serial == "MT2");
    let report = result(&mut window);
    assert_eq!(report.verdict, Verdict::Pass, "{:?}", report.advice);
    assert!(report.traceability.mark().unwrap().ends_with("allowed by Ada"));
    assert!(shows(&window, "EXCEPTION  the calibration of the reference") && shows(&window, "allowed by Ada"));
    window.state_mut().core.next_unit();

    scan(&mut window, "MT3");
    question(&mut window);
    window.key_press(Key::Escape);
    until(&mut window, "stopped", |app| !app.core.run().running);
    assert_eq!(result(&mut window).verdict, Verdict::Aborted);
}

fn bench_toml(lab_percent: f64) -> String {
    format!(
        "[golden]\nevery_hours = 8\n[[golden.unit]]\nserial = \"{GOLDEN}\"\ncertificate = \"L-5\"\ncharacterised = \"2026-01-10\"\n\
         value = [{{ quantity = \"energy_error\", at = \"Ib\", lab_percent = {lab_percent:?}, alarm_percent = 0.05 }}]\n\
         [alarm]\nstreak = 2\nrate_percent = 100.0\nof_last = 20\n"
    )
}

#[test]
fn a_golden_unit_is_due_before_a_scan_and_measured_from_the_window() {
    let folder = folder();
    let error = measured(&verifying::run(UNIT, &of_entries(ENTRY)), "energy_error").value;
    std::fs::write(folder.path().join("bench.toml"), bench_toml(error + 0.01)).unwrap();
    let mut window = window(folder.path(), ENTRY, |_| {});
    until(&mut window, "told", |app| app.core.vigil.due.is_some());
    assert!(shows(&window, "Golden unit due") && shows(&window, "No golden unit was measured on this bench yet"));
    // Who scans a unit all the same is asked for a supervisor; Esc leaves everything as it is.
    scan(&mut window, "MT1");
    assert!(question(&mut window).starts_with("No golden unit was measured on this bench yet. A supervisor"));
    window.key_press(Key::Escape);
    until(&mut window, "not begun", |app| app.core.ready() && app.core.question.is_none());
    assert!(window.state().core.run().report.is_none(), "no attempt, no record");
    // A golden unit is no unit of the line.
    scan(&mut window, GOLDEN);
    until(&mut window, "refused", |app| app.core.problem.is_some());
    assert_eq!(window.state().core.problem.clone().unwrap().what, "GOLD-1 is a golden unit");
    window.state_mut().core.problem = None;

    let offered = offers(&window.state().core, &window.state().page);
    assert!(offered.iter().any(|offer| offer.command == Command::Golden(true) && offer.enabled), "in the palette");
    window.get_by_role_and_label(Role::Button, "Golden unit").click();
    window.run_steps(3);
    assert!(shows(&window, "The bench is judged; scan the golden unit"));
    scan(&mut window, "MT1");
    until(&mut window, "refused", |app| app.core.problem.is_some());
    assert_eq!(window.state().core.problem.clone().unwrap().what, "MT1 is no golden unit");
    scan(&mut window, GOLDEN);
    until(&mut window, "over", |app| app.core.resulted);
    let report = result(&mut window);
    assert_eq!(report.verdict, Verdict::Pass, "{:?}", report.advice);
    assert!(shows(&window, "Golden unit: the verdict is the bench's"));
    assert!(shows(&window, "golden energy error -0.010 %  (limit 0.05)"), "the drift from the laboratory's value");
    until(&mut window, "no more due", |app| app.core.vigil.due.is_none());
    window.key_press(Key::Space);
    window.run_steps(3);
    assert!(!window.state().core.golden, "the next unit is one of the line");
    scan(&mut window, "MT2");
    until(&mut window, "over", |app| app.core.resulted && app.core.run().serial == "MT2");
    assert_eq!(result(&mut window).traceability.mark(), None);
    assert!(!shows(&window, "Golden unit: the verdict"));
    window.state_mut().core.next_unit();
    // Another reference is connected: the golden unit is due before anybody scans.
    window.state_mut().core.connect(settings::StationAddresses {
        meter: "sim:?seed=8&state=calibrated".to_owned(),
        ..settings::StationAddresses::default()
    });
    until(&mut window, "due again", |app| app.core.vigil.due.is_some());
    assert!(shows(&window, "is another one than at the last golden unit"));
}

#[test]
fn failures_in_a_row_suspect_the_bench_on_the_bench_page() {
    let folder = folder();
    std::fs::write(folder.path().join("bench.toml"), "[alarm]\nstreak = 2\n").unwrap();
    let mut window = window(folder.path(), ENTRY, |settings| settings.addresses.meter += "&defect=burden-wrong");
    assert!(!shows(&window, "Suspect the bench"));
    for serial in ["MT1", "MT2"] {
        scan(&mut window, serial);
        until(&mut window, "over", |app| app.core.resulted && app.core.run().serial == serial);
        window.state_mut().core.acknowledge();
        window.state_mut().core.next_unit();
        window.run_steps(2);
    }
    until(&mut window, "told", |app| app.core.vigil.alarm.is_some());
    assert!(shows(&window, "Suspect the bench") && shows(&window, "2 units one after the other did not pass"));
}

#[test]
fn a_run_that_was_cut_off_goes_on_or_starts_again_as_the_operator_says() {
    let folder = folder();
    for serial in ["MT1", "MT2"] {
        cut_off::in_no_load(folder.path(), (serial, UNIT), &of_entries(SHORT_NO_LOAD), 60.0);
    }
    let mut window = window(folder.path(), SHORT_NO_LOAD, |settings| settings.batch = " W47".to_owned());
    assert!(shows(&window, "W47"), "the batch stands in the status line");
    scan(&mut window, "MT1");
    let asked = question(&mut window);
    assert!(asked.starts_with("MT1 was interrupted on 2") && asked.contains("at \"No load: 115 % Un\""), "{asked}");
    assert!(shows(&window, "1   Continue") && shows(&window, "2   Start again"));
    // Who does not know stops here, and everything stays as it is.
    window.key_press(Key::Escape);
    until(&mut window, "not begun", |app| app.core.ready() && app.core.question.is_none());
    scan(&mut window, "MT1");
    question(&mut window);
    window.run_steps(8);
    window.key_press(Key::Num1);
    until(&mut window, "over", |app| app.core.resulted);
    let report = result(&mut window);
    assert_eq!(report.verdict, Verdict::Pass, "{:?} {:?}", report.advice, report.steps);
    assert_eq!(report.traceability.continued.len(), 1);
    assert!(shows(&window, "CONTINUED  interrupted after 2"));
    assert!(report.steps[1].detail.contains("before the last of 1 interruptions"), "{:?}", report.steps);
    window.state_mut().core.next_unit();

    scan(&mut window, "MT2");
    assert!(question(&mut window).starts_with("MT2 was interrupted on"));
    window.run_steps(8);
    window.key_press(Key::Num2);
    until(&mut window, "over", |app| app.core.resulted && app.core.run().serial == "MT2");
    assert!(result(&mut window).traceability.continued.is_empty());
    let store = Store::open(&file_in(folder.path())).unwrap();
    let kept: Vec<(Verdict, Option<String>, Option<String>)> = (1..=3)
        .map(|number| store.record(None, number).unwrap().unwrap().record.entry)
        .map(|entry| (entry.verdict, entry.operator, entry.batch))
        .collect();
    let (ada, batch) = (Some("Ada".to_owned()), Some("W47".to_owned()));
    assert_eq!(
        kept,
        [(Verdict::Pass, None, batch.clone()), (Verdict::Aborted, ada, None), (Verdict::Pass, None, batch)]
    );
    assert!(store.check().unwrap().clean());
    assert_eq!(std::fs::read_dir(folder.path().join("unfinished")).unwrap().count(), 0);
}

#[test]
fn the_window_does_not_close_over_a_run() {
    let folder = folder();
    let slow = |settings: &mut settings::Settings| settings.addresses.meter = format!("{UNIT}&pace=20");
    let mut window = window(folder.path(), SHORT_NO_LOAD, slow);
    scan(&mut window, "MT1");
    until(&mut window, "running", |app| app.core.run().running);
    window.state_mut().route = Route::Live;
    assert!(stays_when_closed(&mut window));
    assert_eq!(window.state().route, Route::Bench);
    assert!(window.state().core.run().running && shows(&window, "A run is going on"));
    window.key_press(Key::Escape);
    until(&mut window, "cancelled", |app| !app.core.run().running);
    assert!(!stays_when_closed(&mut window));
}

fn stays_when_closed(window: &mut Window) -> bool {
    let viewport = |window: &mut Window, events: Vec<ViewportEvent>| {
        window.input_mut().viewports.entry(ViewportId::ROOT).or_default().events = events;
        window.step();
        window.output().viewport_output[&ViewportId::ROOT].commands.contains(&ViewportCommand::CancelClose)
    };
    let stays = viewport(window, vec![ViewportEvent::Close]);
    viewport(window, Vec::new());
    stays
}

#[test]
fn optical_heads_are_named_by_position_and_opened_with_the_station() {
    let folder = folder();
    let mut window = window(folder.path(), ENTRY, |_| {});
    window.get_by_role_and_label(Role::Button, "Meter: connected, M90E26").click();
    window.run_steps(4);
    let heads = "Optical heads before the meters, one a line from position 1";
    window.get_by_role_and_label(Role::MultilineTextInput, heads).focus();
    window.run_steps(2);
    window.get_by_role_and_label(Role::MultilineTextInput, heads).type_text("pulse+tcp:host:1");
    window.run_steps(4);
    assert!(shows(&window, "an optical head is pulse+serial:PORT"));
    assert!(window.get_by_role_and_label(Role::Button, "Connect heads").accesskit_node().is_disabled());
    let nowhere = "pulse+serial:/dev/nowhere?line=dsr";
    window.get_by_role_and_label(Role::MultilineTextInput, heads).focus();
    window.run_steps(2);
    window.key_press_modifiers(egui::Modifiers::COMMAND, Key::A);
    window.step();
    window.get_by_role_and_label(Role::MultilineTextInput, heads).type_text(nowhere);
    window.run_steps(4);
    window.get_by_role_and_label(Role::Button, "Connect heads").click();
    let said =
        |app: &App| app.core.troubles.values().any(|advice| advice.what.starts_with("Optical head of position 1: "));
    until(&mut window, "said", said);
    until(&mut window, "open all the same", |app| app.core.ready());
    assert_eq!(window.state().core.settings.addresses.pulses, [nowhere]);
    let advice = window.state().core.troubles.values().next().cloned().unwrap();
    assert!(advice.what.contains("/dev/nowhere") && !advice.why.is_empty(), "{advice:?}");
}

//! The bench page as a person meets it: what it says in each state, and whole runs on the simulated station.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that cannot go on stops")]

mod notices;
mod outline;

use std::sync::Arc;
use std::time::Duration;

use egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use meterbench::advice::Advice;
use meterbench::gui::app::{App, dress};
use meterbench::gui::core::Core;
use meterbench::gui::pages::bench::BenchPage;
use meterbench::gui::session::{Links, Notice, Vigil};
use meterbench::job::NoWake;
use meterbench::operator::Prompt;
use meterbench::procedure::golden::GoldenRun;
use meterbench::procedure::{Event, Measurement, StepReport, Verdict};
use notices::bench::{began, connected, energy_error, reference, report, running};

type Window = Harness<'static, App>;

fn window(app: App) -> Window {
    Harness::builder().with_size([1280.0, 720.0]).with_context_setup(dress).build_ui_state(
        |ui, app: &mut App| {
            app.take_in();
            app.draw_ui(ui);
        },
        app,
    )
}

/// The window as text.
fn outline(window: &Window) -> String {
    outline::outline(window, usize::MAX)
}

/// A window whose core has been told these things.
fn told(notices: Vec<Notice>) -> Window {
    let mut core = Core::default();
    for notice in notices {
        core.apply(notice);
    }
    let mut window = window(App::with(core, BenchPage::default()));
    // The application draws once more after a command only, so a still page comes to rest.
    window.run();
    window
}

#[test]
fn idle_reads_as() {
    insta::assert_snapshot!("idle", outline(&told(vec![Notice::Links(connected())])));
}

#[test]
fn not_connected_reads_as() {
    let advice = Advice {
        what: "/dev/ttyUSB0 cannot be opened: no such file".to_owned(),
        why: "It is not plugged in".to_owned(),
        next: "Plug it in".to_owned(),
    };
    insta::assert_snapshot!(
        "not_connected",
        outline(&told(vec![Notice::Links(Links::default()), Notice::Refused(advice)]))
    );
}

#[test]
fn running_reads_as() {
    insta::assert_snapshot!("running", outline(&told(running())));
}

#[test]
fn pass_reads_as() {
    let notices = running().into_iter().chain([report(Verdict::Pass, vec![energy_error(0.013)], None)]);
    insta::assert_snapshot!("pass", outline(&told(notices.collect())));
}

#[test]
fn a_marginal_pass_reads_as() {
    let near = Measurement { marginal: true, ..energy_error(0.17) };
    let notices = running().into_iter().chain([report(Verdict::Pass, vec![energy_error(0.013), near], None)]);
    insta::assert_snapshot!("marginal", outline(&told(notices.collect())));
}

#[test]
fn what_the_station_says_of_itself_reads_as() {
    let advice =
        |what: &str| Some(Advice::new(what, "Suspect the bench first: contacts, cables", "Measure a golden unit"));
    let vigil = Vigil {
        golden_units: vec!["GOLD-1".to_owned()],
        due: advice("the last golden unit was measured 9 hours ago"),
        alarm: advice("4 units one after the other did not pass"),
        ..Vigil::default()
    };
    let mut window = told(vec![Notice::Links(connected()), Notice::Vigil(vigil)]);
    insta::assert_snapshot!("vigil", outline(&window));
    window.get_by_role_and_label(Role::Button, "Golden unit").click();
    window.run();
    insta::assert_snapshot!("golden", outline(&window));
}

#[test]
fn fail_reads_as() {
    let notices = running().into_iter().chain([report(Verdict::Fail, vec![energy_error(0.313)], None)]);
    insta::assert_snapshot!("fail", outline(&told(notices.collect())));
}

/// What failed is what an operator looks for: of any kind, a step without a value too, and nothing that passed.
#[test]
fn a_fail_names_all_that_failed_and_nothing_else() {
    let starting = Measurement::at_least("starting_pulses", "0.01 Ib", (0.0, "imp"), 1.0);
    let no_load = Measurement::judged("no_load_pulses", "1.15 Un", (3.0, "imp"), Some((0.0, 1.0)));
    let measured = vec![energy_error(0.013), starting, no_load, energy_error(0.007)];
    let mut ended = report(Verdict::Fail, measured, None);
    let Notice::Ended(reports) = &mut ended else { panic!("no end") };
    let step = |title: &str, verdict, detail: &str| StepReport {
        title: title.to_owned(),
        verdict,
        detail: detail.to_owned(),
        started_s: 0.0,
        duration_s: 1.0,
    };
    reports[0].steps = vec![
        step("Verify at Un, Ib, PF 1.0", Verdict::Pass, "energy +0.013 %"),
        step("Starting current: 0.01 Ib", Verdict::Fail, "it does not start"),
        step("Display and LED", Verdict::Fail, "the LED does not blink"),
    ];
    let window = told(running().into_iter().chain([ended]).collect());
    for line in [
        "starting pulses 0 imp  (at least 1)  0.01 Ib",
        "no load pulses 3 imp  (limits 0 to 1)  1.15 Un",
        "Display and LED: the LED does not blink",
    ] {
        window.get_by_label(line);
    }
    assert_eq!(window.query_all_by_label_contains("it does not start").count(), 0, "its value has told of it");
    let banner = |text: &str| window.query_all_by_label_contains(text).count();
    assert_eq!((banner("energy error +0.013"), banner("energy error +0.007")), (0, 0));
}

#[test]
fn the_steps_show_the_one_that_failed() {
    let titles: Vec<String> = (0..16).map(|number| format!("Check {number}")).collect();
    let started = Event::Started { serials: vec!["MT7".to_owned()], steps: titles };
    let mut notices = vec![Notice::Links(connected()), began(), Notice::Run(started)];
    for step in 0..16 {
        let verdict = if step == 2 { Verdict::Fail } else { Verdict::Pass };
        notices.push(Notice::Run(Event::StepStarted { position: 0, step }));
        notices.push(Notice::Run(Event::StepDone { position: 0, step, verdict, detail: format!("seen {step}") }));
    }
    let mut core = Core::default();
    for notice in notices {
        core.apply(notice);
    }
    let mut window = window(App::with(core, BenchPage::default()));
    window.run();
    // While it ran, the list followed it to its end.
    window.state_mut().core.apply(Notice::Run(Event::StepStarted { position: 0, step: 15 }));
    window.run();
    let place = |window: &Window, label: &str| window.get_by_label(label).rect();
    assert!(place(&window, "Check 2").top() < place(&window, "Steps").bottom(), "it is scrolled away");
    window.state_mut().core.apply(report(Verdict::Fail, Vec::new(), None));
    window.run();
    let (failed, steps) = (place(&window, "seen 2"), place(&window, "Steps"));
    assert!(failed.top() > steps.bottom() && failed.bottom() < 690.0, "{failed:?} below {steps:?}");
}

#[test]
fn a_golden_unit_that_fails_is_not_set_apart() {
    let set_apart = "Set the unit apart, then acknowledge with Enter or Space";
    let mut ended = report(Verdict::Fail, Vec::new(), None);
    let unit = told(running().into_iter().chain([report(Verdict::Fail, Vec::new(), None)]).collect());
    unit.get_by_label(set_apart);
    let Notice::Ended(reports) = &mut ended else { panic!("no end") };
    reports[0].traceability.golden = Some(GoldenRun {
        certificate: "L-1".to_owned(),
        laboratory: "Laboratory".to_owned(),
        characterised: "2026-01-01".to_owned(),
    });
    let golden = told(running().into_iter().chain([ended]).collect());
    assert!(golden.query_by_label(set_apart).is_none());
    golden.get_by_label("Look for the cause at the bench, then acknowledge with Enter or Space");
}

#[test]
fn error_reads_as() {
    let advice = Advice {
        what: "the reference: it showed nothing new for 10 s".to_owned(),
        why: "The reference stopped answering".to_owned(),
        next: "Check the reference's cable".to_owned(),
    };
    let notices = running().into_iter().chain([report(Verdict::Error, Vec::new(), Some(advice))]);
    insta::assert_snapshot!("error", outline(&told(notices.collect())));
}

#[test]
fn a_question_takes_the_keyboard_and_enter_answers_it() {
    let mut window = told(vec![
        Notice::Links(connected()),
        began(),
        Notice::Question(Prompt::number("U in V", "V", [120.0, 360.0])),
    ]);
    window.get_by_role_and_label(Role::TextInput, "U in V").type_text("239.98");
    window.run();
    window.key_press(egui::Key::Enter);
    window.run();
    assert!(window.query_by_role_and_label(Role::TextInput, "U in V").is_none());
    assert_eq!(window.state().core.question, None);
}

#[test]
fn escape_at_a_question_stops_the_run() {
    let mut window = told(vec![
        Notice::Links(connected()),
        began(),
        Notice::Question(Prompt::number("U in V", "V", [120.0, 360.0])),
    ]);
    window.key_press(egui::Key::Escape);
    window.run();
    assert!(window.state().core.run().cancelling);
    assert!(window.get_all_by_label("Stopping, the source goes off").count() > 1);
}

#[test]
fn windows_small_and_large_hold_it_all() {
    for size in [[480.0, 270.0], [640.0, 360.0], [960.0, 600.0], [3840.0, 2160.0]] {
        let mut core = Core::default();
        for notice in running() {
            core.apply(notice);
        }
        let mut window = window(App::with(core, BenchPage::default()));
        window.set_size(size.into());
        window.run();
        window.get_by_label("Cancel");
    }
}

#[test]
fn what_the_meter_showed_long_ago_is_no_reading() {
    let window = told(running().into_iter().chain([reference(8000)]).collect());
    assert!(window.query_by_label("240.12 V").is_none());
}

#[test]
fn the_connections_open_by_key() {
    let mut window = told(vec![Notice::Links(connected())]);
    assert!(window.query_by_label("Connect").is_none());
    window.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::L);
    window.run();
    window.get_by_label("Connect");
}

/// A window on the simulated station of that address.
fn bench(meter: &str) -> Window {
    let mut page = BenchPage::default();
    page.addresses.meter = meter.to_owned();
    let mut window = window(App::at(Arc::new(NoWake), page));
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
    panic!("not {what}: {}", outline(window));
}

fn scan(window: &mut Window, serial: &str) {
    window.get_by_role_and_label(Role::TextInput, "Serial number").type_text(serial);
    window.step();
    window.key_press(egui::Key::Enter);
    window.step();
}

fn verdict(app: &App) -> Option<Verdict> {
    app.core.run().report.as_ref().filter(|_| !app.core.run().running).map(|report| report.verdict)
}

#[test]
fn from_the_scan_to_pass() {
    let mut window = bench("sim:?seed=7");
    scan(&mut window, "MT7");
    until(&mut window, "over", |app| verdict(app).is_some());
    assert_eq!(verdict(window.state()), Some(Verdict::Pass), "{}", outline(&window));
    assert!(window.get_all_by_label("PASS").count() > 1);
    assert!(window.get_all_by_label("SIMULATED").count() > 1);
    assert!(!window.state().core.run().registers.is_empty());
    assert!(window.state().core.run().load_point.is_none());
}

#[test]
fn a_reversed_transformer_fails_with_its_advice() {
    let mut window = bench("sim:?seed=7&defect=ct-reversed");
    scan(&mut window, "MT8");
    until(&mut window, "over", |app| verdict(app).is_some());
    assert_eq!(verdict(window.state()), Some(Verdict::Fail), "{}", outline(&window));
    window.get_by_label("Turn the transformer's wires round, or the meter's current terminals");
}

#[test]
fn cancel_aborts_and_the_source_is_off() {
    let mut window = bench("sim:?seed=7&pace=20");
    scan(&mut window, "MT9");
    until(&mut window, "on", |app| app.core.live().reference.is_some_and(|now| now.u.0 > 200.0));
    window.get_by_label("Cancel").click();
    until(&mut window, "over", |app| verdict(app).is_some());
    assert_eq!(verdict(window.state()), Some(Verdict::Aborted));
    // What the reference shows afterwards is the proof.
    until(&mut window, "off", |app| app.core.live().reference.is_some_and(|now| now.u.0 < 1.0));
    assert!(window.get_all_by_label("ABORTED").count() > 0);
}

#[test]
fn a_second_unit_follows_by_the_scanner_alone() {
    let mut window = bench("sim:?seed=7");
    scan(&mut window, "MT7");
    until(&mut window, "over", |app| verdict(app).is_some());
    scan(&mut window, "MT8");
    until(&mut window, "started", |app| app.core.run().serial == "MT8");
    until(&mut window, "over", |app| verdict(app).is_some());
    assert_eq!(window.state().core.run().report.as_ref().unwrap().serial, "MT8");
}

#[test]
fn a_serial_number_that_is_none_is_refused_in_words() {
    let mut window = bench("sim:?seed=7");
    scan(&mut window, "MT 7");
    window.get_by_label("The character ' ' cannot stand in it");
    assert!(window.state().core.ready());
    assert!(!window.state().core.run().running);
}

#[test]
fn a_real_meter_without_a_reference_says_what_is_missing() {
    let mut page = BenchPage::default();
    page.addresses.meter = "afe+serial:/dev/there-is-none".to_owned();
    let mut window = window(App::at(Arc::new(NoWake), page));
    until(&mut window, "refused", |app| app.core.problem.is_some());
    window.get_by_label("No station");
}

#[test]
fn a_simulated_meter_with_a_manual_reference_asks_for_its_readings() {
    let mut page = BenchPage::default();
    page.addresses.reference = "manual:".to_owned();
    let mut window = window(App::at(Arc::new(NoWake), page));
    until(&mut window, "connected", |app| app.core.ready());
    // Some looks in between: real time is not to be slept away at the simulator's pace.
    std::thread::sleep(Duration::from_millis(1200));
    scan(&mut window, "MT7");
    until(&mut window, "asked", |app| app.core.question.is_some());
    window.key_press(egui::Key::Escape);
    until(&mut window, "over", |app| verdict(app).is_some());
    assert!(verdict(window.state()) != Some(Verdict::Pass));
}

#[test]
fn closing_the_window_in_the_middle_of_a_run_ends_it() {
    let mut window = bench("sim:?seed=7&pace=20");
    scan(&mut window, "MT9");
    until(&mut window, "on", |app| app.core.live().reference.is_some_and(|now| now.u.0 > 200.0));
    assert!(window.state_mut().core.close());
}

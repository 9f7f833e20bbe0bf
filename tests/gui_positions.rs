//! A bench of several positions as a person meets it: scanned, run, shown and acknowledged by the keyboard alone.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on stops")]

mod outline;

use std::sync::Arc;
use std::time::Duration;

use egui::accesskit::Role;
use egui::{Event, Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use meterbench::gui::app::{App, dress};
use meterbench::gui::pages::bench::BenchPage;
use meterbench::gui::session::Link;
use meterbench::gui::sound::Cue;
use meterbench::job::NoWake;
use meterbench::procedure::Verdict;
use meterbench::settings::Settings;

type Window = Harness<'static, App>;

fn window(settings: Settings) -> Window {
    let mut app = App::at(Arc::new(NoWake), BenchPage::remembered(&settings));
    app.core.settings = settings;
    let window = Harness::builder().with_size([1280.0, 720.0]).with_context_setup(dress);
    let mut window = window.build_ui_state(
        |ui, app: &mut App| {
            app.take_in();
            app.draw_ui(ui);
        },
        app,
    );
    until(&mut window, "connected", |app| {
        app.core.ready() && app.core.links.meters.iter().all(|link| !matches!(link, Link::Opening))
    });
    window
}

fn settings(meter: &str, more: &[&str]) -> Settings {
    let mut settings = Settings { pass_pause_secs: 0, ..Settings::default() };
    settings.addresses.meter = meter.to_owned();
    settings.addresses.more_meters = more.iter().map(|&meter| meter.to_owned()).collect();
    settings
}

fn outline(window: &Window) -> String {
    outline::outline(window, usize::MAX)
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

fn key(window: &mut Window, key: Key) {
    window.key_press(key);
    window.step();
    window.step();
}

fn scan(window: &mut Window, serial: &str) {
    window.event(Event::Text(serial.to_owned()));
    window.step();
    key(window, Key::Enter);
}

fn over(app: &App) -> bool {
    app.core.resulted && !app.core.run().running
}

fn verdicts(app: &App) -> Vec<Option<Verdict>> {
    let of = |position: &meterbench::gui::positions::Position| position.run.result().map(|report| report.verdict);
    app.core.positions.all().iter().map(of).collect()
}

/// Tiles of the positions, as a screen reader meets them.
fn tiles(window: &Window) -> Vec<String> {
    let labels = window.get_all_by_role(Role::ListBoxOption).filter_map(|node| node.accesskit_node().label());
    labels.filter(|label| label.starts_with("Position ")).collect()
}

#[test]
fn twenty_four_units_by_keyboard_alone() {
    let mut window = window(settings("sim:?seed=7&positions=24", &[]));
    assert_eq!(tiles(&window).len(), 24);
    for number in 1..=24 {
        scan(&mut window, &format!("MT{number}"));
    }
    assert!(window.state().core.run().running, "the last one starts");
    until(&mut window, "over", over);
    assert_eq!(verdicts(window.state()), vec![Some(Verdict::Pass); 24], "{}", outline(&window));
    let serials: Vec<&str> = window.state().core.positions.all().iter().map(|one| one.run.serial.as_str()).collect();
    let scanned: Vec<String> = (1..=24).map(|number| format!("MT{number}")).collect();
    assert_eq!(serials, scanned);
    assert_eq!(tiles(&window)[2], "Position 3: MT3, PASS");
    assert_eq!(window.get_all_by_label("24 PASS").count(), 2, "in the strip and in the status line");
    // Arrows go from tile to tile, Ctrl+D shows one in detail.
    assert_eq!(window.state().core.positions.shown(), 23);
    key(&mut window, Key::ArrowUp);
    key(&mut window, Key::ArrowLeft);
    assert_eq!(window.state().core.positions.shown(), 16);
    window.key_press_modifiers(Modifiers::COMMAND, Key::D);
    window.run();
    window.get_by_label("Position 17    MT17");
    // Space asks for the next units.
    key(&mut window, Key::Space);
    assert_eq!(window.state().core.positions.shown(), 0);
    assert_eq!(window.state().page.serial, "");
    assert!(!window.state().core.resulted);
    assert!(window.get_by_role_and_label(Role::TextInput, "Serial number").is_focused());
}

#[test]
fn labels_that_arrive_in_one_frame_are_not_glued_together() {
    let mut window = window(settings("sim:?seed=7&positions=4", &[]));
    for serial in ["MT1", "MT2", "MT3"] {
        window.event(Event::Text(serial.to_owned()));
        let press = |pressed| Event::Key {
            key: Key::Enter,
            physical_key: None,
            pressed,
            repeat: false,
            modifiers: Modifiers::NONE,
        };
        window.event(press(true));
        window.event(press(false));
    }
    window.run();
    assert_eq!(window.state().core.positions.next(), ["MT1", "MT2", "MT3", ""]);
}

#[test]
fn one_fail_and_one_dead_meter_among_four_hold_nobody_up() {
    let mut window =
        window(settings("sim:?seed=7", &["sim:?seed=8&defect=ct-reversed", "sim:?seed=9&gone_at=0", "sim:?seed=10"]));
    let links = &window.state().core.links;
    assert!(matches!(links.meters[2], Link::Trouble(_)), "{links:?}");
    assert!(matches!(links.meter(), Link::Trouble(reason) if reason.starts_with("Position 3: ")));
    assert!(tiles(&window)[2].starts_with("Position 3: no answer"), "{:?}", tiles(&window));
    for serial in ["MT1", "MT2", "MT3", "MT4"] {
        scan(&mut window, serial);
    }
    until(&mut window, "over", over);
    let expected = [Verdict::Pass, Verdict::Fail, Verdict::Error, Verdict::Pass].map(Some);
    assert_eq!(verdicts(window.state()), expected, "{}", outline(&window));
    window.get_by_label("FAIL at position 2");
    window.get_by_label("Set MT2 apart, then acknowledge with Enter or Space");
    assert!(window.state().core.unacknowledged);
    insta::assert_snapshot!("four_with_a_fail", outline(&window));
    window.run_steps(8);
    key(&mut window, Key::Enter);
    assert!(!window.state().core.unacknowledged);
    window.get_by_label("Scan the unit at position 1");
}

#[test]
fn a_position_left_out_is_passed_over() {
    let mut window = window(settings("sim:?seed=7", &["sim:?seed=8&gone_at=0", "sim:?seed=9"]));
    key(&mut window, Key::ArrowDown);
    key(&mut window, Key::ArrowRight);
    let shown = window.state().core.positions.shown();
    window.state_mut().core.show(1);
    window.step();
    window.step();
    window.get_by_label("Leave out position 2").click();
    window.step();
    window.step();
    assert!(shown > 0);
    window.state_mut().core.show(0);
    window.step();
    window.step();
    scan(&mut window, "MT1");
    assert_eq!(window.state().core.positions.shown(), 2);
    scan(&mut window, "MT3");
    assert!(window.state().core.run().running, "{}", outline(&window));
    until(&mut window, "over", over);
    assert_eq!(verdicts(window.state()), [Some(Verdict::Pass), None, Some(Verdict::Pass)]);
    assert!(tiles(&window)[1].starts_with("Position 2: left out"));
}

#[test]
fn fewer_units_start_by_a_key_and_the_same_unit_stands_at_one_place_only() {
    let mut window = window(settings("sim:?seed=7&positions=4", &[]));
    scan(&mut window, "MT1");
    scan(&mut window, "MT1");
    assert_eq!(window.state().core.positions.shown(), 1, "refused");
    assert_eq!(window.state().core.message.0, "MT1 is at position 1 already");
    window.state_mut().core.cues.clear();
    window.state_mut().core.tested.note("MT2", Verdict::Pass);
    scan(&mut window, "MT2");
    assert_eq!(window.state().core.positions.shown(), 1, "warned, at this position too");
    key(&mut window, Key::Enter);
    assert_eq!(window.state().core.positions.next(), ["MT1", "MT2", "", ""]);
    key(&mut window, Key::F5);
    assert!(window.state().core.run().running);
    until(&mut window, "over", over);
    assert_eq!(verdicts(window.state()), [Some(Verdict::Pass), Some(Verdict::Pass), None, None]);
}

#[test]
fn cancel_stops_every_position_and_the_source_is_off() {
    let mut window = window(settings("sim:?seed=7&pace=20&positions=3", &[]));
    for serial in ["MT1", "MT2", "MT3"] {
        scan(&mut window, serial);
    }
    until(&mut window, "on", |app| app.core.live().reference.is_some_and(|now| now.u.0 > 200.0));
    assert!(tiles(&window)[1].starts_with("Position 2: MT2, "), "{:?}", tiles(&window));
    key(&mut window, Key::Escape);
    until(&mut window, "over", over);
    assert_eq!(verdicts(window.state()), vec![Some(Verdict::Aborted); 3]);
    until(&mut window, "off", |app| app.core.live().reference.is_some_and(|now| now.u.0 < 1.0));
}

#[test]
fn scanning_reads_as() {
    let mut window = window(settings("sim:?seed=7&positions=4", &[]));
    scan(&mut window, "MT1");
    window.run();
    insta::assert_snapshot!("scanning", outline(&window));
}

#[test]
fn a_pass_goes_on_by_itself_after_its_pause() {
    let mut window = window(Settings { pass_pause_secs: 2, ..settings("sim:?seed=7", &[]) });
    scan(&mut window, "MT7");
    until(&mut window, "over", over);
    assert!(window.get_all_by_label("PASS").count() > 0);
    until(&mut window, "asked for the next", |app| !app.core.resulted);
    assert_eq!(window.state().page.serial, "");
    scan(&mut window, "MT8");
    assert_eq!(window.state().core.run().serial, "MT8");
}

#[test]
fn space_asks_for_the_next_unit_and_is_not_typed() {
    let mut window = window(settings("sim:?seed=7", &[]));
    scan(&mut window, "MT7");
    until(&mut window, "over", over);
    window.get_by_label("Space: next unit");
    window.event(Event::Text(" ".to_owned()));
    key(&mut window, Key::Space);
    assert!(!window.state().core.resulted);
    assert_eq!(window.state().page.serial, "");
}

#[test]
fn a_wrong_serial_number_is_told_while_it_is_typed_and_starts_nothing() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("serial-rule.toml");
    let text = include_str!("../profiles/meters/opensmartmeter-mt50.toml");
    let (before, after) = text.split_once("[serial]\n").unwrap();
    let rule = "[serial]\nprefix = \"MT\"\ndigits_min = 4\ndigits_max = 6\n";
    let rest = after.split_once("\n[").unwrap().1;
    std::fs::write(&folder, format!("{before}{rule}\n[{rest}")).unwrap();
    let profile = folder.display().to_string();
    let mut window = window(Settings { profile, ..settings("sim:?seed=7", &[]) });
    window.get_by_label("MT and 4 to 6 digits");
    scan(&mut window, "MX1234");
    window.get_by_label("It should begin with MT");
    assert!(!window.state().core.run().running);
    // The next scan replaces the wrong one.
    scan(&mut window, "MT1234");
    until(&mut window, "started", |app| app.core.run().running || over(app));
}

#[test]
fn a_required_operator_is_asked_for_and_remembered() {
    let mut window = window(Settings { operator_required: true, ..settings("sim:?seed=7", &[]) });
    scan(&mut window, "MT7");
    assert!(!window.state().core.run().running);
    window.get_by_label("Type your name first; it is required here");
    window.get_by_role_and_label(Role::TextInput, "Operator").focus();
    window.step();
    window.event(Event::Text("A. Tester".to_owned()));
    window.step();
    window.step();
    assert_eq!(window.state().core.settings.operator, "A. Tester");
    key(&mut window, Key::F5);
    until(&mut window, "started", |app| app.core.run().running || over(app));
}

#[test]
fn a_bench_that_lacks_a_port_works_with_the_others() {
    let mut settings = settings("afe+serial:/dev/there-is-none", &["sim:?seed=8"]);
    settings.addresses.reference = "sim:?seed=8".to_owned();
    let window = window(settings);
    let links = &window.state().core.links;
    assert!(links.open);
    assert!(matches!(&links.meters[0], Link::Trouble(reason) if reason.contains("there-is-none")), "{links:?}");
    assert!(matches!(links.meters[1], Link::Ready(_)), "{links:?}");
}

#[test]
fn time_left_goes_down_and_results_are_heard() {
    let mut window = window(settings("sim:?seed=7&pace=40", &[]));
    // Somebody takes the cues; here nobody does before this look.
    scan(&mut window, "MT7");
    let mut shown = Vec::new();
    for _ in 0..24_000 {
        let core = &mut window.state_mut().core;
        core.drain();
        if core.run().span.is_some() && core.run().running {
            shown.push(core.positions.time_left().as_secs_f64());
        }
        if core.resulted {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(shown.len() > 20, "{}", shown.len());
    assert!(shown[0] > 90.0 && shown[0] < 400.0, "{}", shown[0]);
    assert!(shown.last().unwrap() < &25.0, "{:?}", shown.last());
    let up: f64 = shown.windows(2).map(|pair| (pair[1] - pair[0]).max(0.0)).sum();
    assert!(up < 60.0, "it went up by {up} s in all: {shown:?}");
    assert!(window.state().core.cues.contains(&Cue::Pass));
}

/// CPU time of this thread so far.
#[cfg(target_os = "linux")]
fn cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(text.split_whitespace().next().unwrap().parse().unwrap())
}

#[cfg(target_os = "linux")]
#[test]
fn a_frame_of_twenty_four_positions_is_cheap() {
    let mut window = window(settings("sim:?seed=7&pace=5&positions=24", &[]));
    for number in 1..=24 {
        scan(&mut window, &format!("MT{number}"));
    }
    until(&mut window, "on", |app| app.core.live().reference.is_some_and(|now| now.u.0 > 200.0));
    let mut frames: Vec<Duration> = (0..200)
        .map(|_| {
            std::thread::sleep(Duration::from_millis(5));
            let before = cpu();
            window.step();
            cpu() - before
        })
        .collect();
    frames.sort();
    println!("24 positions running: median {:?}, p99 {:?} of CPU a frame", frames[100], frames[197]);
    // A debug build with the whole tree of names; the window itself is several times faster.
    assert!(frames[100] < Duration::from_millis(20), "{:?}", frames[100]);
    key(&mut window, Key::Escape);
    until(&mut window, "over", over);
}

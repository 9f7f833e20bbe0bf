//! The shell round the pages: routes, palette, settings, what is asked of the operator between two units.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on stops")]

mod outline;

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use meterbench::calibration::registers::RegisterSet;
use meterbench::gui::app::{App, dress};
use meterbench::gui::core::Core;
use meterbench::gui::pages::bench::BenchPage;
use meterbench::gui::route::Route;
use meterbench::gui::session::{Limits, Link, Links, Notice};
use meterbench::job::NoWake;
use meterbench::meter::BusStatistics;
use meterbench::port::serial::PluggedPort;
use meterbench::procedure::{Control, Event, RunReport, Verdict};
use meterbench::settings::{Settings, Store, ThemeChoice};

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
    outline::outline(window, 80)
}

fn connected() -> Notice {
    let ready = || Link::Ready("Meterbench SIM".to_owned());
    Notice::Links(Links { meters: vec![ready()], reference: ready(), source: ready(), simulated: true, open: true })
}

fn began() -> Notice {
    Notice::Began { control: Arc::new(Control::new(|_| {})), limits: Limits::default(), expected: Vec::new() }
}

fn ended(serial: &str, verdict: Verdict) -> Notice {
    Notice::Ended(vec![RunReport {
        record: String::new(),
        verdict,
        simulated: true,
        serial: serial.to_owned(),
        profile: "opensmartmeter-mt50".to_owned(),
        procedure: "calibrate".to_owned(),
        traceability: meterbench::procedure::Traceability::default(),
        instruments: Vec::new(),
        registers: RegisterSet::power_on().to_json(),
        registers_before: RegisterSet::power_on().to_json(),
        flash: None,
        measurements: Vec::new(),
        steps: Vec::new(),
        advice: None,
        bus: BusStatistics::default(),
        duration_s: 152.0,
    }])
}

fn told(notices: Vec<Notice>) -> Window {
    let mut core = Core::default();
    for notice in notices {
        core.apply(notice);
    }
    let mut window = window(App::with(core, BenchPage::default()));
    window.run();
    window
}

fn press(window: &mut Window, modifiers: Modifiers, key: Key) {
    window.key_press_modifiers(modifiers, key);
    window.run();
}

fn key(window: &mut Window, key: Key) {
    press(window, Modifiers::NONE, key);
}

/// Puts a text where the focus is, as a keyboard does.
fn typed(window: &mut Window, text: &str) {
    window.event(egui::Event::Text(text.to_owned()));
    window.run();
}

fn until(window: &mut Window, what: &str, so: impl Fn(&App) -> bool) {
    for _ in 0..6000 {
        window.step();
        if so(window.state()) {
            window.run_steps(3);
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("not {what}: {}", outline(window));
}

/// An empty folder of this test's own.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("gui_shell").join(name);
    fs::remove_dir_all(&folder).ok();
    folder
}

#[test]
fn pages_are_reached_by_key_and_by_click() {
    let mut window = told(vec![connected()]);
    for route in Route::ALL {
        key(&mut window, route.key());
        assert_eq!(window.state().route, route);
    }
    for route in Route::ALL {
        window.get_by_role_and_label(Role::Tab, route.word()).click();
        window.run();
        assert_eq!(window.state().route, route);
    }
}

#[test]
fn the_rail_folds_by_key_and_in_a_narrow_window() {
    let mut window = told(vec![connected()]);
    let width = |window: &Window| window.get_by_role_and_label(Role::Tab, "Bench").rect().width();
    assert!(width(&window) > 150.0);
    press(&mut window, Modifiers::COMMAND, Key::B);
    assert!(width(&window) < 60.0);
    press(&mut window, Modifiers::COMMAND, Key::B);
    assert!(width(&window) > 150.0);
    window.set_size([1000.0, 700.0].into());
    window.run();
    assert!(width(&window) < 60.0);
}

#[test]
fn a_run_goes_on_while_another_page_is_shown() {
    let started = Event::Started { serials: vec!["MT7".to_owned()], steps: vec!["Identify".to_owned()] };
    let step = Event::StepStarted { position: 0, step: 0 };
    let mut window = told(vec![connected(), began(), Notice::Run(started), Notice::Run(step)]);
    key(&mut window, Route::Profiles.key());
    window.get_by_label("MT7: Identify, 0 %, Esc cancels");
    window.state_mut().core.apply(Notice::Question(meterbench::operator::Prompt::text("U in V")));
    window.run();
    window.get_by_role_and_label(Role::TextInput, "U in V");
    key(&mut window, Key::F1);
    assert_eq!(window.state().route, Route::Profiles, "a question keeps the keyboard");
    key(&mut window, Key::Escape);
    window.get_by_label("MT7: stopping, 0 %, Esc cancels");
    window.state_mut().core.apply(ended("MT7", Verdict::Aborted));
    window.run();
    window.get_by_label("MT7 ABORTED");
    assert_eq!(window.state().route, Route::Profiles);
}

#[test]
fn the_palette_finds_and_carries_out() {
    let mut window = told(vec![connected()]);
    press(&mut window, Modifiers::COMMAND, Key::K);
    window.get_by_role_and_label(Role::TextInput, "Command");
    typed(&mut window, "theme li");
    // The other theme mentions light letters in its explanation, so it comes second.
    assert!(outline(&window).contains("ListBoxOption \"Theme light\" chosen"), "{}", outline(&window));
    key(&mut window, Key::Enter);
    assert_eq!(window.state().core.settings.theme, ThemeChoice::Light);
    assert!(window.query_by_role_and_label(Role::TextInput, "Command").is_none());
    // What had the focus has it again.
    assert!(window.get_by_role_and_label(Role::TextInput, "Serial number").is_focused());
}

#[test]
fn the_first_letter_goes_to_the_palette() {
    let mut window = told(vec![connected()]);
    window.key_press_modifiers(Modifiers::COMMAND, Key::K);
    window.step();
    window.event(egui::Event::Text("q".to_owned()));
    window.run();
    assert_eq!(window.state().page.serial, "");
    assert!(outline(&window).contains("TextInput \"Command\" \"q\""), "{}", outline(&window));
}

#[test]
fn a_slow_screen_brings_it_all_at_once() {
    let mut window = told(vec![connected()]);
    window.key_press_modifiers(Modifiers::COMMAND, Key::K);
    window.event(egui::Event::Text("theme dark".to_owned()));
    window.key_press(Key::Enter);
    window.run();
    assert_eq!(window.state().page.serial, "");
    assert_eq!(window.state().core.settings.theme, ThemeChoice::Dark);
    assert!(!window.state().core.run().running);
    assert!(window.query_by_role_and_label(Role::TextInput, "Command").is_none());
}

#[test]
fn a_click_in_the_palette_carries_out_too() {
    let mut window = told(vec![connected()]);
    window.get_by_role_and_label(Role::Button, "Commands").click();
    window.run();
    typed(&mut window, "next unit");
    window.get_by_role_and_label(Role::ListBoxOption, "Next unit").click();
    window.run();
    assert!(window.query_by_role_and_label(Role::TextInput, "Command").is_none());
    assert!(window.get_by_role_and_label(Role::TextInput, "Serial number").is_focused());
}

#[test]
fn arrows_choose_in_the_palette() {
    let mut window = told(vec![connected()]);
    press(&mut window, Modifiers::COMMAND, Key::K);
    typed(&mut window, "go to");
    key(&mut window, Key::ArrowDown);
    key(&mut window, Key::ArrowDown);
    key(&mut window, Key::ArrowUp);
    key(&mut window, Key::ArrowUp);
    key(&mut window, Key::ArrowUp);
    key(&mut window, Key::Enter);
    assert_eq!(Some(&window.state().route), Route::ALL.last());
}

#[test]
fn escape_closes_the_palette_and_leaves_the_run_alone() {
    let mut window = told(vec![connected(), began()]);
    press(&mut window, Modifiers::COMMAND, Key::K);
    key(&mut window, Key::Escape);
    assert!(window.query_by_role_and_label(Role::TextInput, "Command").is_none());
    assert!(!window.state().core.run().cancelling);
    key(&mut window, Key::Escape);
    assert!(window.state().core.run().cancelling);
}

#[test]
fn what_cannot_be_done_now_is_shown_and_does_nothing() {
    let mut window = told(vec![]);
    press(&mut window, Modifiers::COMMAND, Key::K);
    typed(&mut window, "start procedure on this unit");
    assert!(window.get_by_role_and_label(Role::ListBoxOption, "Start").accesskit_node().is_disabled());
    key(&mut window, Key::Enter);
    assert!(!window.state().core.run().running);
    window.get_by_role_and_label(Role::TextInput, "Command");
}

#[test]
fn palette_reads_as() {
    let mut window = told(vec![connected()]);
    press(&mut window, Modifiers::COMMAND, Key::K);
    let options: Vec<String> =
        outline(&window).lines().filter_map(|line| line.strip_prefix("ListBoxOption ")).map(str::to_owned).collect();
    insta::assert_snapshot!("palette", options.join("\n"));
}

#[test]
fn every_key_is_given_once() {
    let window = told(vec![connected()]);
    let all = meterbench::gui::offers::offers(&window.state().core, &window.state().page);
    let mut keys: Vec<String> = all
        .iter()
        .filter_map(|offer| offer.command.look().shortcut)
        .map(|key| window.ctx.format_shortcut(&key))
        .collect();
    let count = keys.len();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), count);
}

#[test]
fn pages_read_as() {
    let mut window = told(vec![connected()]);
    window.state_mut().core.settings_file = Some("/home/user/.config/meterbench/settings.toml".into());
    let port =
        |name: &str, about: &str| PluggedPort { name: name.to_owned(), description: about.to_owned(), unique: None };
    window.state_mut().core.ports = Some(vec![port("/dev/ttyS0", ""), port("/dev/ttyUSB0", "FTDI FT232R A50285BI")]);
    for (route, name) in [(Route::Profiles, "profiles"), (Route::Settings, "settings"), (Route::About, "about")] {
        key(&mut window, route.key());
        insta::assert_snapshot!(name, outline(&window));
    }
}

#[test]
fn every_shipped_profile_is_shown_and_passes() {
    let mut window = told(vec![connected()]);
    key(&mut window, Route::Profiles.key());
    for listed in meterbench::profile::list() {
        // The list is longer than the window.
        window.get_by_role_and_label(Role::Button, &listed.name).scroll_to_me();
        window.run();
        window.get_by_role_and_label(Role::Button, &listed.name).click();
        window.run();
        window.get_by_label(&listed.title);
        window.get_by_label("Passes its checks");
        window.get_by_role_and_label(Role::MultilineTextInput, &format!("Text of {}", listed.name));
    }
}

#[test]
fn text_size_is_applied_by_button_and_by_key() {
    let mut window = told(vec![connected()]);
    key(&mut window, Route::Settings.key());
    window.get_by_label("150 %").click();
    window.run();
    window.run();
    assert!((window.ctx.zoom_factor() - 1.5).abs() < 1e-6);
    press(&mut window, Modifiers::COMMAND, Key::Minus);
    window.run();
    assert!((window.ctx.zoom_factor() - 1.25).abs() < 1e-6);
    press(&mut window, Modifiers::COMMAND, Key::Num0);
    window.run();
    assert!((window.ctx.zoom_factor() - 1.0).abs() < 1e-6);
}

#[test]
fn every_page_holds_in_small_windows_and_large_text() {
    for size in [[480.0, 300.0], [640.0, 360.0], [1280.0, 720.0], [3840.0, 2160.0]] {
        let mut window = told(vec![connected()]);
        window.set_size(size.into());
        for route in Route::ALL {
            key(&mut window, route.key());
            press(&mut window, Modifiers::COMMAND, Key::K);
            key(&mut window, Key::Escape);
        }
    }
}

#[test]
fn settings_come_back() {
    let store = Store::in_folder(folder("round"));
    let found = store.load();
    assert_eq!((&found.settings, &found.problem), (&Settings::default(), &None));
    let mut app = App::remembering(Arc::new(NoWake), Some(store.clone()), found);
    app.core.settings.rail_folded = true;
    let mut window = window(app);
    window.run();
    key(&mut window, Route::Settings.key());
    window.get_by_label("125 %").click();
    window.run();
    window.get_by_label("Dark").click();
    window.run();
    window.state_mut().page.profile = "opensmartmeter-mt25".to_owned();
    window.run();
    window.state_mut().close();
    let again = store.load();
    assert_eq!(again.problem, None);
    let Settings { theme, text_size_percent, rail_folded, profile, .. } = again.settings.clone();
    assert_eq!((theme, text_size_percent, rail_folded), (ThemeChoice::Dark, 125, true));
    assert_eq!(profile, "opensmartmeter-mt25");
    assert_eq!(BenchPage::remembered(&again.settings).profile, "opensmartmeter-mt25");
    // Nothing half written stays behind.
    assert_eq!(fs::read_dir(store.file().parent().unwrap()).unwrap().count(), 1);
}

#[test]
fn a_broken_file_is_kept_aside_and_reported() {
    let folder = folder("broken");
    fs::create_dir_all(&folder).unwrap();
    let store = Store::in_folder(folder.clone());
    for text in ["theme = \"pink\"", "this is not TOML", "version = 99"] {
        fs::write(store.file(), text).unwrap();
        let found = store.load();
        assert_eq!(found.settings, Settings::default());
        assert!(found.problem.as_ref().is_some_and(|problem| problem.contains("settings.broken.toml")));
        assert_eq!(fs::read_to_string(folder.join("settings.broken.toml")).unwrap(), text);
        assert!(!store.file().exists());
        let mut window = window(App::remembering(Arc::new(NoWake), Some(store.clone()), found));
        until(&mut window, "connected", |app| app.core.ready());
        key(&mut window, Route::Settings.key());
        assert!(outline(&window).contains("could not be used"));
    }
}

#[test]
fn a_file_with_some_keys_gets_the_rest_from_the_defaults() {
    let folder = folder("partial");
    fs::create_dir_all(&folder).unwrap();
    let store = Store::in_folder(folder);
    fs::write(store.file(), "text_size_percent = 9000\n[addresses]\nmeter = \"sim:\"\n").unwrap();
    let found = store.load();
    assert_eq!(found.problem, None);
    assert!((found.settings.text_factor() - 2.0).abs() < 1e-6);
    assert_eq!(found.settings.addresses.meter, "sim:");
    assert_eq!(found.settings.procedure, "calibrate");
}

#[test]
fn a_folder_that_cannot_be_written_is_reported() {
    let folder = folder("blocked");
    fs::create_dir_all(folder.parent().unwrap()).unwrap();
    // A file where the folder should be.
    fs::write(&folder, "").ok();
    let store = Store::in_folder(folder.clone());
    assert!(store.save(&Settings::default()).is_err());
    fs::remove_file(&folder).unwrap();
}

#[test]
fn ports_are_looked_at_on_every_page() {
    fn look() -> Vec<PluggedPort> {
        vec![PluggedPort { name: "/dev/ttyUSB7".to_owned(), description: "FTDI".to_owned(), unique: None }]
    }
    let mut window = window(App::with(Core::default(), BenchPage::default()).watching_ports(look, Arc::new(NoWake)));
    until(&mut window, "looked", |app| app.core.ports.is_some());
    key(&mut window, Route::Settings.key());
    window.get_by_label("/dev/ttyUSB7");
}

#[test]
fn a_fail_is_acknowledged_before_the_next_start() {
    for acknowledge in [Key::Enter, Key::Space] {
        let mut window = told(vec![connected(), began(), ended("MT7", Verdict::Fail)]);
        window.state_mut().page.serial = "MT8".to_owned();
        window.run();
        assert!(!window.state().core.ready());
        assert!(window.get_by_label("Acknowledge").is_focused());
        key(&mut window, Key::F5);
        assert!(window.query_by_label("Start").is_none());
        key(&mut window, acknowledge);
        assert!(window.state().core.ready());
        window.get_by_label("Start");
        assert!(window.get_by_role_and_label(Role::TextInput, "Serial number").is_focused());
    }
}

#[test]
fn a_scan_is_no_acknowledgement() {
    let mut window = told(vec![connected(), began(), ended("MT7", Verdict::Fail)]);
    window.event(egui::Event::Text("MT8".to_owned()));
    window.key_press(Key::Enter);
    window.run();
    assert!(window.state().core.unacknowledged);
}

#[test]
fn a_pass_goes_on_by_itself() {
    let window = told(vec![connected(), began(), ended("MT7", Verdict::Pass)]);
    assert!(window.state().core.ready());
    assert!(window.get_by_role_and_label(Role::TextInput, "Serial number").is_focused());
}

#[test]
fn a_unit_tested_before_asks_twice() {
    let store = Store::in_folder(folder("repeated"));
    let mut found = store.load();
    found.settings.addresses.meter = "sim:?seed=7".to_owned();
    found.writable = false;
    let mut window = window(App::remembering(Arc::new(NoWake), Some(store), found));
    until(&mut window, "connected", |app| app.core.ready());
    window.state_mut().core.tested.note("MT7", Verdict::Pass);
    typed(&mut window, "MT7");
    key(&mut window, Key::Enter);
    let warning = "MT7 was already tested: PASS just now. Enter again goes on anyway";
    assert_eq!(window.get_all_by_label(warning).count(), 2, "in the form and in the status line");
    assert!(!window.state().core.run().running);
    window.key_press(Key::Enter);
    until(&mut window, "over", |app| app.core.run().report.is_some());
    assert_eq!(window.state().core.run().serial, "MT7");
}

#[test]
fn the_calculator_takes_what_is_typed_when_it_is_shown() {
    let mut window = window(App::with(Core::default(), BenchPage::default()));
    key(&mut window, Route::Calculator.key());
    window.run();
    typed(&mut window, "230");
    let un = window.get_by_role_and_label(Role::TextInput, "Un");
    assert_eq!(un.accesskit_node().value().as_deref(), Some("230"));
}

#[test]
fn the_list_of_commands_has_those_of_the_page_too() {
    let mut window = window(App::with(Core::default(), BenchPage::default()));
    for (route, titles) in [
        (Route::Registers, vec!["Read all registers", "Open file…"]),
        (Route::Calculator, vec!["Open case…", "Open workbook…"]),
    ] {
        key(&mut window, route.key());
        press(&mut window, Modifiers::COMMAND, Key::K);
        for title in titles {
            typed(&mut window, title);
            assert!(window.query_all_by_label_contains(title).count() > 0, "{title}: {}", outline(&window));
            press(&mut window, Modifiers::COMMAND, Key::A);
        }
        key(&mut window, Key::Escape);
    }
}

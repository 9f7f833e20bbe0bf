//! The connection bar and its panel: ports that come and go, addresses that are chosen, devices that are connected again.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on stops")]

mod outline;

use std::sync::Arc;
use std::time::Duration;

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use meterbench::advice::Advice;
use meterbench::gui::app::{App, dress};
use meterbench::gui::core::Core;
use meterbench::gui::device::Device;
use meterbench::gui::pages::bench::BenchPage;
use meterbench::gui::route::Route;
use meterbench::gui::session::{Link, Links, Notice};
use meterbench::job::NoWake;
use meterbench::port::serial::{PluggedPort, UniqueUsb};
use meterbench::settings::Store;

type Window = Harness<'static, App>;

fn window(app: App) -> Window {
    let mut window = Harness::builder().with_size([1280.0, 720.0]).with_context_setup(dress).build_ui_state(
        |ui, app: &mut App| {
            app.take_in();
            app.draw_ui(ui);
        },
        app,
    );
    window.run();
    window
}

fn outline(window: &Window) -> String {
    outline::outline(window, 90)
}

fn links(meter: Link) -> Links {
    let ready = || Link::Ready("ZERA MT310s2".to_owned());
    Links { meters: vec![meter], reference: ready(), source: ready(), simulated: false, open: true }
}

fn port(name: &str, serial: &str) -> PluggedPort {
    PluggedPort {
        name: name.to_owned(),
        description: format!("FTDI FT232R USB UART {serial}"),
        unique: Some(UniqueUsb { product: (0x0403, 0x6001), serial: serial.to_owned(), interface: Some(0) }),
    }
}

/// A connected window with real addresses and nobody behind them.
fn connected() -> Window {
    let mut page = BenchPage::default();
    page.addresses.meter = "afe+serial:/dev/ttyUSB0?baud=9600".to_owned();
    page.addresses.reference = "scpi+tcp:10.0.0.5:6320?profile=zera-mt310s2".to_owned();
    let mut core = Core::default();
    core.apply(Notice::Links(links(Link::Ready("M90E26".to_owned()))));
    let mut window = window(App::with(core, page));
    plugged(&mut window, vec![port("/dev/ttyUSB0", "A1"), port("/dev/ttyUSB1", "B2")]);
    window
}

/// What a look at the ports would bring.
fn plugged(window: &mut Window, ports: Vec<PluggedPort>) {
    let app = window.state_mut();
    app.core.ports = Some(ports);
    app.core.see_plugs(&app.page.addresses);
    window.run();
}

fn press(window: &mut Window, modifiers: Modifiers, key: Key) {
    window.key_press_modifiers(modifiers, key);
    window.run();
    window.run();
}

fn key(window: &mut Window, key: Key) {
    press(window, Modifiers::NONE, key);
}

fn typed_address(window: &mut Window, label: &str, text: &str) {
    window.get_by_role_and_label(Role::TextInput, label).click();
    window.run();
    press(window, Modifiers::COMMAND, Key::A);
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

#[test]
fn the_bar_tells_each_device_in_words_with_its_own_name() {
    let window = connected();
    window.get_by_role_and_label(Role::Button, "Meter: connected, M90E26");
    window.get_by_role_and_label(Role::Button, "Reference: connected, ZERA MT310s2");
    window.get_by_role_and_label(Role::Button, "Flash target: not set");
}

#[test]
fn a_port_is_chosen_by_keyboard_from_names_of_descriptors() {
    let mut window = connected();
    press(&mut window, Modifiers::COMMAND, Key::L);
    insta::assert_snapshot!("panel_meter", outline(&window));
    let row = "FTDI FT232R USB UART A1, /dev/ttyUSB0";
    assert!(window.get_by_role_and_label(Role::RadioButton, row).is_focused());
    key(&mut window, Key::ArrowDown);
    assert!(window.get_by_role_and_label(Role::RadioButton, "FTDI FT232R USB UART B2, /dev/ttyUSB1").is_focused());
    window.get_by_label("Can be connected to");
    assert_eq!(window.state().page.addresses.meter, "afe+serial:/dev/ttyUSB0?baud=9600", "nothing before Enter");
    key(&mut window, Key::Enter);
    assert_eq!(window.state().page.addresses.meter, "afe+serial:/dev/ttyUSB1?baud=9600");
    key(&mut window, Key::Escape);
    assert_eq!(window.state().connection.shown(), None);
}

#[test]
fn escape_closes_the_panel_before_it_stops_a_run() {
    let mut window = connected();
    window.state_mut().core.positions.current_mut().run.running = true;
    press(&mut window, Modifiers::COMMAND, Key::L);
    window.get_by_label("A run goes on; addresses can be changed when it is over");
    key(&mut window, Key::Escape);
    assert!(!window.state().core.run().cancelling);
    key(&mut window, Key::Escape);
    assert!(window.state().core.run().cancelling);
}

#[test]
fn a_wrong_address_is_explained_and_does_nothing() {
    let mut window = connected();
    window.get_by_label("Reference: connected, ZERA MT310s2").click();
    window.run();
    typed_address(&mut window, "Address of the reference", "scpi+serial:/dev/ttyUSB1?profile=scpi-source");
    window.get_by_label("this instrument's profile reads nothing");
    assert!(window.get_by_role_and_label(Role::Button, "Connect").accesskit_node().is_disabled());
    key(&mut window, Key::Enter);
    assert_eq!(window.state().page.addresses.reference, "scpi+tcp:10.0.0.5:6320?profile=zera-mt310s2");
    insta::assert_snapshot!("panel_wrong", outline(&window));
}

#[test]
fn a_converter_that_goes_and_comes_back_is_connected_by_one_click() {
    let mut window = connected();
    window.state_mut().core.settings.reconnect_by_itself = false;
    plugged(&mut window, vec![port("/dev/ttyUSB1", "B2")]);
    window.get_by_label("Meter: unplugged");
    window.get_by_label("Meter: its converter was unplugged");
    plugged(&mut window, vec![port("/dev/ttyUSB1", "B2"), port("/dev/ttyUSB2", "A1")]);
    window.get_by_label("Meter: plugged in again, /dev/ttyUSB2");
    window.get_by_role_and_label(Role::Button, "Reconnect the meter").click();
    window.run();
    assert_eq!(window.state().page.addresses.meter, "afe+serial:/dev/ttyUSB2?baud=9600");
    assert_eq!(window.state().core.settings.addresses.meter, "afe+serial:/dev/ttyUSB2?baud=9600");
}

#[test]
fn the_same_converter_is_connected_by_itself_but_not_in_a_run_and_no_other_one() {
    let mut window = connected();
    plugged(&mut window, vec![]);
    plugged(&mut window, vec![port("/dev/ttyUSB0", "OTHER")]);
    window.get_by_label("Meter: plugged in again, /dev/ttyUSB0");
    window.state_mut().core.positions.current_mut().run.running = true;
    plugged(&mut window, vec![port("/dev/ttyUSB5", "A1")]);
    assert_eq!(window.state().page.addresses.meter, "afe+serial:/dev/ttyUSB0?baud=9600");
    window.state_mut().core.positions.current_mut().run.running = false;
    window.run();
    assert_eq!(window.state().page.addresses.meter, "afe+serial:/dev/ttyUSB5?baud=9600");
    assert_eq!(window.state().core.plugs.of(Device::Meter), None);
}

#[test]
fn trouble_shows_advice_with_the_log_one_click_away() {
    let mut window = connected();
    let advice = Advice::new("no answer at 9600 baud", "TX and RX are swapped", "Swap them and reconnect");
    let core = &mut window.state_mut().core;
    core.apply(Notice::Trouble(Device::Meter, advice));
    core.apply(Notice::Links(links(Link::Trouble("no answer at 9600 baud".to_owned()))));
    window.run();
    window.get_by_label("Meter: no answer, no answer at 9600 baud").click();
    window.run();
    window.run();
    insta::assert_snapshot!("panel_trouble", outline(&window));
    assert!(window.get_all_by_label("TX and RX are swapped").count() > 0);
    // The panel's own is the last one; the bench page's lies behind it.
    window.get_all_by_label("Open log").last().unwrap().click();
    window.run();
    assert!(window.state().log.is_open());
}

#[test]
fn one_device_is_asked_again() {
    let mut page = BenchPage::default();
    page.addresses.meter = "sim:?seed=7".to_owned();
    let mut window = window(App::at(Arc::new(NoWake), page));
    until(&mut window, "connected", |app| app.core.ready());
    let mut links = window.state().core.links.clone();
    links.meters = vec![Link::Trouble("silence".to_owned())];
    window.state_mut().core.apply(Notice::Links(links));
    window.run_steps(2);
    window.get_by_role_and_label(Role::Button, "Reconnect the meter").click();
    until(&mut window, "asked again", |app| app.core.links.meter() == Link::Ready("M90E26".to_owned()));
    assert!(window.state().core.links.open);
}

#[test]
fn a_port_that_is_not_there_is_the_trouble_of_its_device() {
    let mut page = BenchPage::default();
    page.addresses.meter = "afe+serial:/dev/there-is-none".to_owned();
    page.addresses.reference = "manual:".to_owned();
    let mut window = window(App::at(Arc::new(NoWake), page));
    until(&mut window, "refused", |app| app.core.problem.is_some());
    assert!(matches!(window.state().core.links.meter(), Link::Trouble(_)));
    assert_eq!(window.state().core.links.reference, Link::Off);
    assert!(window.state().core.troubles.contains_key(&Device::Meter));
}

#[test]
fn the_flash_target_is_set_busy_and_never_held() {
    let mut window = connected();
    window.get_by_label("Flash target: not set").click();
    window.run();
    typed_address(&mut window, "Address of the flash target", "rom+serial:/dev/ttyUSB0");
    window.get_by_label("Can be set");
    key(&mut window, Key::Enter);
    assert_eq!(window.state().core.settings.target, "rom+serial:/dev/ttyUSB0", "{}", outline(&window));
    window.get_by_label("Flash target: busy, the meter holds this port");
    assert!(window.query_by_label("Reconnect the flash target").is_none());
    window.state_mut().core.settings.target = "rom+serial:/dev/ttyUSB1".to_owned();
    window.run();
    window.get_by_label("Flash target: set, FTDI FT232R USB UART B2");
}

#[test]
fn further_positions_have_flash_targets_of_their_own() {
    let mut window = connected();
    window.get_by_label("Flash target: not set").click();
    window.run();
    let field = "Flash targets at further positions, one a line from position 2";
    let typed = |window: &mut Window, text: &str| {
        let input = window.get_by_role_and_label(Role::MultilineTextInput, field);
        input.focus();
        window.run();
        window.get_by_role_and_label(Role::MultilineTextInput, field).type_text(text);
        window.run();
    };
    // Nothing is flashed at position 2.
    typed(&mut window, "\nrom+serial:/dev/ttyUSB7\nswd");
    window.get_by_label_contains("Position 4: ");
    let set =
        |window: &Window| window.get_by_role_and_label(Role::Button, "Set targets").accesskit_node().is_disabled();
    assert!(set(&window));
    typed(&mut window, ":");
    window.get_by_role_and_label(Role::Button, "Set targets").click();
    window.run();
    assert_eq!(
        window.state().core.settings.more_targets,
        ["", "rom+serial:/dev/ttyUSB7", "swd:"],
        "{}",
        outline(&window)
    );
    let order = window.state().page.order(&window.state().core);
    assert_eq!(order.targets, ["", "", "rom+serial:/dev/ttyUSB7", "swd:"]);
}

#[test]
fn what_is_set_on_the_page_is_remembered() {
    let folder = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("gui_connection");
    std::fs::remove_dir_all(&folder).ok();
    let store = Store::in_folder(folder);
    let mut found = store.load();
    found.settings.addresses.meter = "sim:?seed=7".to_owned();
    let mut window = window(App::remembering(Arc::new(NoWake), Some(store.clone()), found));
    until(&mut window, "connected", |app| app.core.ready());
    window.key_press(Route::Settings.key());
    window.run_steps(3);
    for label in ["A sound tells the verdict", "No run without an operator's name"] {
        window.get_by_label(label).click();
        window.run_steps(3);
    }
    window.get_by_role_and_label(Role::TextInput, "Operator").click();
    window.run_steps(3);
    window.event(egui::Event::Text("A. Ray".to_owned()));
    window.run_steps(3);
    window.get_by_label("Reconnect when the same converter is plugged in again").click();
    window.run_steps(3);
    window.state_mut().close();
    let settings = store.load().settings;
    assert_eq!(settings.operator, "A. Ray");
    assert_eq!((settings.sounds, settings.operator_required, settings.reconnect_by_itself), (false, true, false));
}

#[test]
fn the_bar_and_the_panel_hold_in_small_windows_and_large_text() {
    for size in [[480.0, 300.0], [640.0, 360.0], [3840.0, 2160.0]] {
        let mut window = connected();
        window.set_size(size.into());
        for device in Device::ALL {
            press(&mut window, Modifiers::COMMAND, Key::L);
            let panel = window.get_by_role_and_label(Role::Button, "Close").rect();
            assert!(panel.right() <= size[0] + 0.5, "{device:?} at {size:?}: {panel}");
            key(&mut window, Key::Escape);
        }
    }
}

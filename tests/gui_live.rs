//! The live page as a person meets it: what it says in each state, what its controls do, and the simulated station behind it.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on stops")]

mod notices;
mod outline;

use std::sync::Arc;
use std::time::Duration;

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use meterbench::clock::RealClock;
use meterbench::gui::app::{App, dress};
use meterbench::gui::core::Core;
use meterbench::gui::history_csv::HistoryExport;
use meterbench::gui::measurand::{Measurand, Values};
use meterbench::gui::pages::bench::BenchPage;
use meterbench::gui::pages::live::Show;
use meterbench::gui::route::Route;
use meterbench::gui::session::{
    AddressTexts, Basis, ChipState, EnergyCount, Limits, Link, Links, Notice, Session, WatchNotice,
};
use meterbench::job::NoWake;
use meterbench::procedure::event::MeterReading;
use meterbench::procedure::{Control, Event};
use meterbench::profile;
use meterbench::reference::{LoadPoint, PowerFactor, ReferenceReading};
use meterbench::sim::serve::{Outlet, serve};
use meterbench::sim::{SimOptions, Station};
use meterbench::units::{Amps, Degrees, Hertz, Volts, Watts};
use notices::live::{at, links, readings, reference, round, watching};

type Window = Harness<'static, App>;

const POWER_ON: ChipState = ChipState { en_status: 0xC800, cal_start: 0x6886, adj_start: 0x6886 };

fn window_of(core: Core) -> Window {
    let mut app = App::with(core, BenchPage::default());
    app.route = Route::Live;
    // Small steps: readings told once are not to grow old while a test presses buttons.
    let mut window =
        Harness::builder().with_size([1280.0, 720.0]).with_step_dt(0.01).with_context_setup(dress).build_ui_state(
            |ui, app: &mut App| {
                app.take_in();
                app.draw_ui(ui);
            },
            app,
        );
    window.run();
    window
}

fn told(notices: Vec<Notice>) -> Window {
    let mut core = Core::default();
    for notice in notices {
        core.apply(notice);
    }
    window_of(core)
}

fn outline(window: &Window) -> String {
    // Only the page: the bars and the rail have their own tests.
    let text = outline::outline(window, 110);
    let start = text.find("Label \"Readings\"").unwrap_or_else(|| panic!("no page in {text}"));
    text[start..].to_owned()
}

fn live(volts: f64) -> Window {
    let mut notices = vec![links(), watching()];
    notices.extend(readings(1.0, 13.0, volts));
    told(notices)
}

fn press(window: &mut Window, label: &str) {
    window.get_by_role_and_label(Role::Button, label).click();
    window.run();
}

fn key(window: &mut Window, modifiers: Modifiers, key: Key) {
    window.key_press_modifiers(modifiers, key);
    window.run();
}

#[test]
fn empty_reads_as() {
    let mut window = told(Vec::new());
    insta::assert_snapshot!("empty", outline(&window));
    assert!(window.get_by_role_and_label(Role::Button, "Export CSV…").accesskit_node().is_disabled());
    // Connected, and a chip that was never calibrated.
    let mut idle = round(1.0, 0.0);
    (idle.state, idle.values, idle.secs) = (Some(POWER_ON), [f64::NAN; 8], [f64::NAN; 8]);
    for notice in [links(), watching(), Notice::Watch(WatchNotice::Meter(vec![idle]))] {
        window.state_mut().core.apply(notice);
    }
    window.run();
    let text = outline(&window);
    assert!(text.contains("The chip measures nothing: AdjStart reads 6886; a run starts it"), "{text}");
    assert!(text.contains("After power-on, no measuring"), "{text}");
    assert!(!text.contains("\"0.00 V\""), "{text}");
}

#[test]
fn live_reads_as() {
    let window = live(240.024);
    insta::assert_snapshot!("live", outline(&window));
    let watch = &window.state().core.watch;
    assert!((watch.error(Measurand::U).unwrap() - 0.01).abs() < 1e-6);
    assert!((watch.error(Measurand::Phase).unwrap() + 0.1).abs() < 1e-6);
    assert_eq!(watch.error(Measurand::F), None, "the reference gives none");
    // At 0.5L the limit is that of 0.5L.
    let (limit, point) = watch.limit(Measurand::P).unwrap();
    assert_eq!((limit, point.name.as_str()), (0.3, "Un, Ib, PF 0.5L"));
}

#[test]
fn a_starting_current_has_no_limit_of_load_points_far_above_it() {
    let mut window = live(240.024);
    let small = ReferenceReading { i: Amps(0.02), p: Watts(4.8), phase: Some(Degrees(0.0)), ..reference(14.0) };
    let mut slow = round(14.0, 240.024);
    slow.values[1] = 0.021;
    window.state_mut().core.apply(Notice::Watch(WatchNotice::Reference(vec![small])));
    window.state_mut().core.apply(Notice::Watch(WatchNotice::Meter(vec![slow])));
    window.run();
    let watch = &window.state().core.watch;
    assert!(watch.limit(Measurand::I).is_none());
    assert!(watch.limit(Measurand::P).is_none());
    assert!(watch.limit(Measurand::U).is_some(), "a voltage is judged at any current");
    let text = outline(&window);
    assert!(text.contains("The procedure judges no current as small as this"), "{text}");
    assert!(!text.contains("outside ±"), "{text}");
}

#[test]
fn out_of_limits_reads_as() {
    let window = live(241.2);
    insta::assert_snapshot!("outside", outline(&window));
    window.get_by_label("outside ±0.2 %");
}

#[test]
fn paused_reads_as() {
    let mut window = live(240.024);
    key(&mut window, Modifiers::COMMAND, Key::P);
    insta::assert_snapshot!("paused", outline(&window));
    let held = window.state().live.plot.held_at.unwrap();
    for notice in readings(13.1, 15.0, 240.024) {
        window.state_mut().core.apply(notice);
    }
    window.run();
    assert_eq!(window.state().live.plot.held_at, Some(held));
    assert!(window.state().core.watch.history.span().unwrap().1 > 14.0, "readings go on being kept");
    press(&mut window, "Follow");
    assert_eq!(window.state().live.plot.held_at, None);
}

#[test]
fn a_silent_meter_reads_as() {
    let mut window = live(240.024);
    let quiet = Link::Trouble("Urms (49): the chip did not answer in time (6 tries)".to_owned());
    let ready = || Link::Ready("Meterbench SIM".to_owned());
    let links = Links { meters: vec![quiet], reference: ready(), source: ready(), simulated: true, open: true };
    window.state_mut().core.apply(Notice::Links(links));
    window.run();
    insta::assert_snapshot!("silent", outline(&window));
    assert_eq!(window.state().core.watch.meter(Measurand::U), None);
    assert!(window.state().core.watch.reference(Measurand::U).is_some());
}

#[test]
fn a_meter_that_hangs_is_no_reading_after_three_seconds() {
    let mut window = live(240.024);
    for tenth in 0..20 {
        let reading = reference(13.2 + f64::from(tenth) * 0.2);
        window.state_mut().core.apply(Notice::Watch(WatchNotice::Reference(vec![reading])));
    }
    window.run();
    let text = outline(&window);
    assert!(text.contains("– Read 4 s ago; after 3 s it is no value any more"), "{text}");
    assert!(!text.contains("240.02 V"), "{text}");
}

#[test]
fn a_silent_station_is_no_reading() {
    let mut window = live(240.024);
    for _ in 0..400 {
        window.step();
    }
    let text = outline(&window);
    assert!(text.contains("Nothing has come from the station for"), "{text}");
    assert!(!text.contains("240.02 V") && !text.contains("240.00 V"), "{text}");
}

#[test]
fn during_a_run_reads_as() {
    let mut notices = vec![links(), watching()];
    let control = Arc::new(Control::new(|_| {}));
    notices.push(Notice::Began { control, limits: Limits::default(), expected: Vec::new() });
    notices.push(Notice::Run(Event::Started { serials: vec!["MT7".to_owned()], steps: vec!["Gains".to_owned()] }));
    let point = LoadPoint { u: Volts(240.0), i: Amps(5.0), pf: PowerFactor::HALF_INDUCTIVE, f: Hertz(50.0) };
    notices.push(Notice::Run(Event::LoadPoint { point }));
    for tenth in 0..40 {
        let secs = 20.0 + f64::from(tenth) * 0.25;
        notices.push(Notice::Run(Event::Reference { reading: reference(secs) }));
        let reading = MeterReading { at: at(secs + 0.1), u: Volts(239.9), i: Some(Amps(5.001)) };
        notices.push(Notice::Run(Event::Meter { position: 0, reading }));
        // Another position is not the one that is watched.
        let other = MeterReading { at: at(secs + 0.12), u: Volts(1.0), i: None };
        notices.push(Notice::Run(Event::Meter { position: 1, reading: other }));
    }
    let mut window = told(notices);
    insta::assert_snapshot!("run", outline(&window));
    assert!(window.get_by_role_and_label(Role::Button, "Read events").accesskit_node().is_disabled());
    // What was still on its way from the watch is not taken for the run's.
    window.state_mut().core.apply(Notice::Watch(WatchNotice::Meter(vec![round(29.9, 111.0)])));
    assert_eq!(window.state().core.watch.meter(Measurand::U), Some(239.9));
    window.state_mut().core.apply(Notice::Run(Event::SourceOff));
    assert_eq!(window.state().core.watch.meter(Measurand::U), None);
}

#[test]
fn energy_is_counted_only_when_asked_for() {
    let mut window = live(240.024);
    let cost = "– Not counted: reading the energy registers sets them to zero";
    assert!(window.get_all_by_label(cost).count() > 1);
    press(&mut window, "Count energy");
    assert!(window.state().core.watch.count_energy);
    let mut counted = round(14.0, 240.024);
    counted.energy = Some(EnergyCount { from: at(2.0), to: at(13.0), forward: 36, reverse: 0 });
    window.state_mut().core.apply(Notice::Watch(WatchNotice::Meter(vec![counted])));
    window.run();
    let text = outline(&window);
    assert!(text.contains("\"3.6 imp\"") && text.contains("\"1.800 Wh\"") && text.contains("\"1.833 Wh\""), "{text}");
    assert!(
        text.contains("– One count is still 2.8 % of what was counted; wait until it is less than the limit"),
        "{text}"
    );
    press(&mut window, "Stop counting");
    assert!(!window.state().core.watch.count_energy);
}

#[test]
fn the_plot_is_chosen_zoomed_and_read_by_keyboard() {
    let mut window = live(240.024);
    press(&mut window, "Error");
    assert_eq!(window.state().live.plot.show, Show::Error);
    window.get_by_role_and_label(Role::ComboBox, "Quantity of the plot").click();
    window.run();
    press(&mut window, "Current");
    window.get_by_label("Error of current in %");
    press(&mut window, "10 min");
    assert_eq!(window.state().live.plot.width_secs, 600.0);
    press(&mut window, "Show a shorter time");
    assert_eq!(window.state().live.plot.width_secs, 300.0);
    assert_eq!(window.state().live.plot.held_at, None, "it goes on following");
    press(&mut window, "Look back");
    assert!(window.state().live.plot.held_at.is_some());
    press(&mut window, "Follow");
    let plot = window.get_by(|node| node.label().is_some_and(|label| label.starts_with("Plot of current")));
    plot.focus();
    window.run();
    for _ in 0..3 {
        key(&mut window, Modifiers::NONE, Key::ArrowLeft);
    }
    let readout = outline(&window);
    let line = readout.lines().find(|line| line.contains("s   meter")).unwrap_or_else(|| panic!("{readout}"));
    assert!(line.contains("meter 5.0005 A   reference 5.0000 A   error +0.010 %"), "{line}");
}

#[test]
fn what_is_exported_reads_back() {
    let window = live(240.24);
    let export = HistoryExport {
        history: window.state().core.watch.history.clone(),
        simulated: true,
        position: 0,
        profile: "opensmartmeter-mt50".to_owned(),
        taken_at: "2026-03-04T05:06:07Z".parse().unwrap(),
    };
    let folder = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let path = folder.join("gui_live.csv");
    export.write(std::fs::File::create(&path).unwrap()).unwrap();
    let mut table = csv::ReaderBuilder::new().comment(Some(b'#')).from_path(&path).unwrap();
    let names = table.headers().unwrap().clone();
    let place = |name: &str| names.iter().position(|other| other == name).unwrap_or_else(|| panic!("{names:?}"));
    let lines: Vec<csv::StringRecord> = table.records().map(Result::unwrap).collect();
    assert!(lines.len() > 100, "{}", lines.len());
    for line in lines.iter().skip(5) {
        assert_eq!(&line[place("meter_U_V")], "240.24000");
        assert_eq!(&line[place("reference_U_V")], "240.00000");
        assert_eq!(&line[place("error_U_percent")], "0.10000");
        assert_eq!(&line[place("reference_f_Hz")], "", "what the reference does not give is no zero");
        assert_eq!(&line[place("mark")], "SIMULATED");
    }
}

#[test]
fn clearing_forgets_the_history_only() {
    let mut window = live(240.024);
    press(&mut window, "Clear");
    assert!(window.state().core.watch.history.is_empty());
    window.get_by_label("240.02 V");
}

#[test]
fn another_station_begins_anew() {
    let mut window = live(240.024);
    window.state_mut().core.apply(Notice::Links(Links::default()));
    window.run();
    assert!(window.state().core.watch.history.is_empty());
    let text = outline(&window);
    assert!(text.contains("– No station is connected") && !text.contains("240.0"), "{text}");
}

#[test]
fn windows_small_and_large_hold_it_all() {
    for size in [[640.0, 360.0], [960.0, 600.0], [853.0, 480.0], [3840.0, 2160.0]] {
        let mut window = live(240.024);
        window.set_size(size.into());
        window.run();
        window.get_by_label("240.02 V");
        window.get_by_label("Vector diagram");
    }
}

/// A served station, so that the test can switch its wires on without a run.
#[test]
fn the_station_reads_everything_while_the_page_is_shown() {
    let clock = RealClock::shared();
    let options = SimOptions::from_url(&"sim:?seed=7".parse().unwrap()).unwrap();
    let station = Station::new(clock.clone(), options.seed, options.unrest);
    let device = station.meter(&options);
    let tcp = || Outlet::Tcp("127.0.0.1:0".to_owned());
    let meter = serve(&tcp(), device.clone(), Some(9600), &clock).unwrap();
    let bench = serve(&tcp(), station.bench().clone(), None, &clock).unwrap();
    // As a run would leave it, without waiting for one: calibration mode works whatever the checksum.
    let now = clock.now().secs();
    for register in [m90e26::Register::CalStart, m90e26::Register::AdjStart] {
        device.lock().chip().write(register.address(), 0x5678, now);
    }
    station.world().set(now, |mains| (mains.u, mains.i, mains.phi, mains.f) = (240.0, 5.0, 60.0, 50.0));
    station.world().switch(now, true);

    let mut core = Core::with(Session::spawn(Arc::new(NoWake)).unwrap());
    core.connect(AddressTexts {
        meter: format!("afe{meter}"),
        reference: format!("scpi{bench}?profile=meterbench-sim"),
        source: String::new(),
        ..AddressTexts::default()
    });
    let mut window = window_of(core);
    let until = |window: &mut Window, what: &str, so: &dyn Fn(&App) -> bool| {
        for _ in 0..2000 {
            window.step();
            if so(window.state()) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("not {what}: {}", outline(window));
    };
    until(&mut window, "paired", &|app| {
        Measurand::ALL.into_iter().all(|measurand| app.core.watch.error(measurand).is_some())
    });
    let shown = |app: &App| -> Values { Measurand::ALL.map(|measurand| app.core.watch.meter(measurand).unwrap()) };
    let [u, _, p, q, s, pf, f, phase] = shown(window.state());
    assert!((u - 240.0).abs() < 40.0 && (f - 50.0).abs() < 0.1, "uncalibrated {u} {f}");
    assert!((p.hypot(q) / s - 1.0).abs() < 0.02 && (pf - 0.5).abs() < 0.1 && (phase - 60.0).abs() < 5.0);
    until(&mut window, "rated", &|app| app.core.watch.bus().is_some_and(|bus| bus.rounds_per_sec.is_some()));
    assert!(window.state().core.watch.state.unwrap().measures());
    // Nothing that reading clears was read.
    assert!(window.state().core.watch.sys_status.is_none() && window.state().core.watch.energy().is_none());
    window.get_by_role_and_label(Role::Button, "Read events").click();
    until(&mut window, "events read", &|app| app.core.watch.sys_status.is_some());
    // The lease ends by itself when another page is shown: after its 2.5 s nothing is read any more.
    window.state_mut().route = Route::About;
    let rest = |window: &mut Window, secs: u64| {
        for _ in 0..secs * 10 {
            std::thread::sleep(Duration::from_millis(100));
            window.step();
        }
        window.state().core.watch.history.len()
    };
    let rows = rest(&mut window, 5);
    assert_eq!(rest(&mut window, 1), rows);
    // And begins again.
    window.state_mut().route = Route::Live;
    until(&mut window, "read again", &|app| app.core.watch.history.len() > rows + 3);
    window.state_mut().core.close();
}

#[test]
fn another_position_is_watched_without_what_the_first_one_showed() {
    let ready = || Link::Ready("Meterbench SIM".to_owned());
    let (reference, source) = (ready(), ready());
    let links = Links { meters: vec![ready(); 3], reference, source, simulated: true, open: true };
    let mut notices = vec![Notice::Links(links), watching()];
    notices.extend(readings(0.0, 2.0, 240.0));
    let mut window = told(notices);
    let volts = |window: &Window| window.state().core.watch.meter(Measurand::U);
    assert_eq!(volts(&window), Some(240.0));
    // The list is opened and a position taken by keyboard.
    window.get_by_role_and_label(Role::ComboBox, "Position").focus();
    window.run();
    key(&mut window, Modifiers::NONE, Key::Space);
    window.get_by_label("3").click();
    window.run();
    assert_eq!((window.state().route, window.state().core.positions.shown()), (Route::Live, 2));
    assert_eq!((volts(&window), window.state().core.watch.history.len()), (None, 0));
    // What was on its way is of the position before.
    window.state_mut().core.apply(Notice::Watch(WatchNotice::Meter(vec![round(2.1, 239.0)])));
    assert_eq!(volts(&window), None);
    let meter = profile::load_meter("opensmartmeter-mt50").unwrap();
    let procedure = profile::load_procedure("calibrate").unwrap();
    let basis = Arc::new(Basis::new(2, &meter, &procedure));
    window.state_mut().core.apply(Notice::Watch(WatchNotice::Began(basis)));
    window.state_mut().core.apply(Notice::Watch(WatchNotice::Meter(vec![round(2.3, 238.0)])));
    assert_eq!(volts(&window), Some(238.0));
}

#[test]
fn the_reference_goes_on_without_a_meter() {
    let clock = RealClock::shared();
    let station = Station::new(clock.clone(), 7, 1.0);
    let bench = serve(&Outlet::Tcp("127.0.0.1:0".to_owned()), station.bench().clone(), None, &clock).unwrap();
    let now = clock.now().secs();
    station.world().set(now, |mains| (mains.u, mains.i) = (240.0, 5.0));
    station.world().switch(now, true);
    // Takes connections and says nothing.
    let deaf = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut core = Core::with(Session::spawn(Arc::new(NoWake)).unwrap());
    core.connect(AddressTexts {
        meter: format!("afe+tcp:{}", deaf.local_addr().unwrap()),
        reference: format!("scpi{bench}?profile=meterbench-sim"),
        source: String::new(),
        ..AddressTexts::default()
    });
    let mut window = window_of(core);
    for _ in 0..3000 {
        window.step();
        if window.state().core.watch.history.len() > 3 {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let watch = &window.state().core.watch;
    assert!((watch.reference(Measurand::U).unwrap() - 240.0).abs() < 1.0);
    assert!(watch.meter(Measurand::U).is_none() && watch.history.rows().all(|row| row.meter[0].is_nan()));
    assert!(window.state().core.links.simulated, "the instrument says so itself");
    let text = outline(&window);
    assert!(text.contains("– The meter does not answer"), "{text}");
    window.state_mut().core.close();
}

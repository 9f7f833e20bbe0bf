//! The window in other languages: chosen in the settings, remembered, and longer texts have room on every page.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on stops")]

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use egui::accesskit::Role;
use egui::{Key, Modifiers, Rect, Shape};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use meterbench::advice::Advice;
use meterbench::calibration::registers::RegisterSet;
use meterbench::gui::app::{App, dress};
use meterbench::gui::core::Core;
use meterbench::gui::device::Device;
use meterbench::gui::pages::bench::BenchPage;
use meterbench::gui::route::Route;
use meterbench::gui::session::{Limits, Link, Links, Notice};
use meterbench::gui::texts::catalog;
use meterbench::gui::texts::language::{self, Language};
use meterbench::job::NoWake;
use meterbench::meter::BusStatistics;
use meterbench::operator::{Prompt, Sketch};
use meterbench::procedure::{Control, Event, RunReport, Verdict};
use meterbench::settings::Store;

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

fn connected() -> Notice {
    let ready = || Link::Ready("Meterbench SIM".to_owned());
    Notice::Links(Links { meters: vec![ready()], reference: ready(), source: ready(), simulated: true, open: true })
}

fn began() -> Notice {
    Notice::Began { control: Arc::new(Control::new(|_| {})), limits: Limits::default(), expected: Vec::new() }
}

fn ended(verdict: Verdict) -> Notice {
    Notice::Ended(vec![RunReport {
        record: String::new(),
        verdict,
        simulated: true,
        serial: "MT7".to_owned(),
        profile: "opensmartmeter-mt50".to_owned(),
        procedure: "calibrate".to_owned(),
        traceability: meterbench::procedure::Traceability::default(),
        instruments: Vec::new(),
        registers: RegisterSet::power_on().to_json(),
        registers_before: RegisterSet::power_on().to_json(),
        measurements: Vec::new(),
        steps: Vec::new(),
        flash: None,
        advice: None,
        bus: BusStatistics::default(),
        duration_s: 152.0,
    }])
}

/// A window that has been told this, in a language.
fn told(language: &Language, notices: Vec<Notice>) -> Window {
    let mut core = Core::default();
    for notice in notices {
        core.apply(notice);
    }
    let mut app = App::with(core, BenchPage::default());
    app.core.settings.language.clone_from(&language.id);
    app.core.languages.retain(|other| other.id != language.id);
    app.core.languages.push(language.clone());
    let mut window = window(app);
    window.run();
    window
}

fn key(window: &mut Window, key: Key) {
    window.key_press_modifiers(Modifiers::NONE, key);
    window.run();
}

fn german() -> Language {
    language::shipped().into_iter().find(|language| language.id == "deutsch").unwrap()
}

/// Each word lengthened by two fifths, the values kept: longer than most languages are.
fn lengthened(text: &str) -> String {
    let mut long = String::new();
    let mut word = Vec::new();
    let mut value = false;
    for letter in text.chars().chain(['\0']) {
        value |= letter == '{';
        if letter.is_alphabetic() && !value {
            word.push(letter);
            continue;
        }
        long.extend(&word);
        long.extend(word.iter().take((word.len() * 2).div_ceil(5)));
        word.clear();
        if letter != '\0' {
            long.push(letter);
        }
        value &= letter != '}';
    }
    long
}

fn pseudo() -> Language {
    let line = |key: &str| format!("{key:?} = {:?}\n", lengthened(key));
    let lines: String = catalog::keys().map(line).collect();
    Language::of("pseudo", &format!("name = \"Pseudo\"\n[texts]\n{lines}"), None)
}

/// A text as it is drawn: where, what of it is seen, what it says.
struct Drawn {
    whole: Rect,
    seen: Rect,
    text: String,
    elided: bool,
}

fn collect(shape: &Shape, clip: Rect, into: &mut Vec<Drawn>) {
    match shape {
        Shape::Vec(shapes) => shapes.iter().for_each(|shape| collect(shape, clip, into)),
        // What lies under a dialog or a panel is not seen; a backdrop lies over everything.
        Shape::Rect(rect) if rect.fill.a() == 255 || rect.fill.a() > 0 && rect.rect.width() > 2000.0 => {
            let over = rect.rect.intersect(clip);
            into.retain(|drawn| !over.intersects(drawn.seen));
        }
        Shape::Text(text) if text.angle == 0.0 && !text.galley.text().trim().is_empty() => {
            // A line has some air above and below its letters.
            let whole = text.visual_bounding_rect().shrink(1.5);
            let (seen, elided) = (whole.intersect(clip), text.galley.elided);
            if seen.is_positive() {
                into.push(Drawn { whole, seen, text: text.galley.text().to_owned(), elided });
            }
        }
        _ => {}
    }
}

/// What is wrong with the texts of the last frame: cut at a side without the sign of it, or over another.
fn faults(window: &Window) -> Vec<String> {
    let mut drawn = Vec::new();
    for clipped in &window.output().shapes {
        collect(&clipped.shape, clipped.clip_rect, &mut drawn);
    }
    assert!(drawn.len() > 10, "a page has texts");
    let mut faults = Vec::new();
    for (number, one) in drawn.iter().enumerate() {
        let cut = one.whole.left() < one.seen.left() - 1.0 || one.whole.right() > one.seen.right() + 1.0;
        if cut && !one.elided {
            faults.push(format!("cut: {:?} {:?} in {:?}", one.text, one.whole, one.seen));
        }
        for other in drawn.iter().skip(number + 1) {
            let both = one.seen.intersect(other.seen);
            if both.width() > 2.0 && both.height() > 2.0 && one.text != other.text {
                faults.push(format!("{:?} over {:?} at {both:?}", one.text, other.text));
            }
        }
    }
    faults
}

fn on_every_page(window: &mut Window, what: &str, found: &mut Vec<String>) {
    for route in Route::ALL {
        key(window, route.key());
        window.run();
        assert_eq!(window.state().route, route);
        found.extend(faults(window).into_iter().map(|fault| format!("{what}, {route:?}: {fault}")));
        // What is reached by scrolling otherwise.
        window.set_size([1280.0, 2400.0].into());
        window.run();
        window.run();
        found.extend(faults(window).into_iter().map(|fault| format!("{what}, {route:?}, scrolled: {fault}")));
        window.set_size([1280.0, 720.0].into());
        window.run();
    }
}

#[test]
fn longer_texts_have_room_on_every_page() {
    let english = language::shipped().remove(0);
    let mut found = Vec::new();
    for language in [english, german(), pseudo()] {
        assert_eq!(language.faults, Vec::<String>::new());
        let name = &language.name;
        let nothing = || told(&language, vec![]);
        on_every_page(&mut nothing(), &format!("{name}, nothing connected"), &mut found);
        on_every_page(&mut told(&language, vec![connected()]), &format!("{name}, connected"), &mut found);
        let started = Event::Started { serials: vec!["MT7".to_owned()], steps: vec!["Phase at PF 0.5L".to_owned()] };
        let step = Event::StepStarted { position: 0, step: 0 };
        let run = || vec![connected(), began(), Notice::Run(started.clone()), Notice::Run(step.clone())];
        on_every_page(&mut told(&language, run()), &format!("{name}, running"), &mut found);
        for verdict in [Verdict::Pass, Verdict::Fail, Verdict::Error, Verdict::Aborted] {
            let window = told(&language, vec![connected(), began(), ended(verdict)]);
            found.extend(faults(&window).into_iter().map(|fault| format!("{name}, {verdict}: {fault}")));
        }
    }
    assert!(found.is_empty(), "{} faults\n{}", found.len(), found.join("\n"));
}

#[test]
fn longer_texts_have_room_over_the_pages() {
    let mut found = Vec::new();
    for language in [language::shipped().remove(0), german(), pseudo()] {
        let name = language.name.clone();
        let mut see = |window: &Window, what: &str| {
            found.extend(faults(window).into_iter().map(|fault| format!("{name}, {what}: {fault}")));
        };
        let prompts = [
            Prompt::number("U in V".to_owned(), "V", [0.0, 300.0]).with(Sketch::ReadDisplay),
            Prompt::text("P in W as the reference shows (about 1150.0 W), or the power factor as PF 0.5".to_owned()),
            Prompt::choice("Which lamps are lit?".to_owned(), &["Both", "Neither"], Some(1)),
            Prompt::confirm("Connect the unit".to_owned()).with(Sketch::Connect),
        ];
        for prompt in prompts {
            let what = prompt.question.clone();
            see(&told(&language, vec![connected(), began(), Notice::Question(prompt)]), &what);
        }
        for device in Device::ALL {
            let mut window = told(&language, vec![connected()]);
            let ctx = window.ctx.clone();
            let App { connection, core, page, .. } = window.state_mut();
            connection.open(&ctx, device, core, &page.addresses);
            window.run();
            window.run();
            see(&window, &format!("{device:?}"));
        }
        let mut window = told(&language, vec![connected()]);
        window.key_press_modifiers(Modifiers::COMMAND, Key::K);
        window.run();
        see(&window, "commands");
        key(&mut window, Key::Escape);
        window.key_press_modifiers(Modifiers::COMMAND, Key::J);
        window.run();
        see(&window, "log");
        let four = || Links { meters: vec![Link::Ready("SIM".to_owned()); 4], ..Links::default() };
        let several = Notice::Links(Links { open: true, simulated: true, ..four() });
        let mut window = told(&language, vec![several]);
        see(&window, "four positions");
        window.key_press_modifiers(Modifiers::COMMAND, Key::D);
        window.run();
        see(&window, "one of four positions");
    }
    assert!(found.is_empty(), "{} faults\n{}", found.len(), found.join("\n"));
}

#[test]
fn the_bar_keeps_its_buttons_in_large_text() {
    for language in language::shipped().into_iter().chain([pseudo()]) {
        let mut window = told(&language, vec![connected()]);
        let words = ["Commands", "Log", "Reconnect"]
            .map(|word| language.catalog.and_then(|catalog| catalog.translation(word)).unwrap_or(word).to_owned());
        for (size, percent) in [([1280.0, 720.0], 200_u16), ([1280.0, 720.0], 100), ([960.0, 600.0], 200)] {
            let points = size.map(|side: f32| side * 100.0 / f32::from(percent));
            window.set_size(points.into());
            window.run();
            let screen = Rect::from_min_size(egui::Pos2::ZERO, points.into());
            let mut rects: Vec<Rect> = Vec::new();
            let [kept @ .., reconnect] = &words;
            for word in kept {
                rects.push(window.get_by_role_and_label(Role::Button, word).rect());
            }
            // The list of commands has it too: how the devices are comes first.
            rects.extend(window.query_by_role_and_label(Role::Button, reconnect).map(|button| button.rect()));
            for device in Device::ALL {
                let is_cell = |label: &str| label.starts_with(&format!("{}: ", name_of(&language, device)));
                let cell = window.query_all_by_role(Role::Button).find(|node| {
                    use egui_kittest::kittest::NodeT as _;
                    node.accesskit_node().label().is_some_and(|label| is_cell(&label))
                });
                rects.push(cell.unwrap_or_else(|| panic!("{device:?}")).rect());
            }
            for (number, rect) in rects.iter().enumerate() {
                assert!(screen.contains_rect(*rect), "{}: {rect:?} leaves {screen:?}", language.name);
                for other in rects.iter().skip(number + 1) {
                    let both = rect.intersect(*other);
                    assert!(both.width() < 1.0 || both.height() < 1.0, "{}: {rect:?} over {other:?}", language.name);
                }
            }
        }
    }
}

fn name_of(language: &Language, device: Device) -> String {
    let word = match device {
        Device::Meter => "Meter",
        Device::Reference => "Reference",
        Device::Source => "Source",
        Device::Target => "Flash target",
    };
    language.catalog.and_then(|catalog| catalog.translation(word)).unwrap_or(word).to_owned()
}

#[test]
fn a_language_is_chosen_at_once_and_remembered() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("gui_texts");
    fs::remove_dir_all(&folder).ok();
    let texts = folder.join("texts");
    fs::create_dir_all(&texts).unwrap();
    fs::write(texts.join("svenska.toml"), "name = \"Svenska\"\n[texts]\n\"Bench\" = \"Bänk\"\n\"Log\" = \"{x}\"\n")
        .unwrap();
    fs::write(texts.join("broken.toml"), "no TOML").unwrap();
    let store = Store::in_folder(folder);
    let app = || {
        let app = App::remembering(Arc::new(NoWake), Some(store.clone()), store.load());
        app.reading_texts(texts.clone(), Arc::new(NoWake))
    };
    let read = |window: &mut Window| {
        for _ in 0..2000 {
            window.step();
            if window.state().core.languages.len() > 3 {
                return window.run_steps(3);
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        panic!("the folder was not read");
    };
    let mut first = window(app());
    read(&mut first);
    key(&mut first, Route::Settings.key());
    first.get_by_role_and_label(Role::Button, "Deutsch").click();
    first.run_steps(4);
    first.get_by_role_and_label(Role::Tab, "Prüfstand");
    first.get_by_label("Sprache");
    first.get_by_role_and_label(Role::Button, "Svenska").click();
    first.run_steps(4);
    first.get_by_role_and_label(Role::Tab, "Bänk");
    // What the language does not have, and what has a mistake, is English.
    first.get_by_role_and_label(Role::Button, "Log");
    assert!(first.query_by_role_and_label(Role::Button, "broken").is_none());
    let told = |window: &Window, part: &str| window.query_all_by_label_contains(part).count() > 0;
    assert!(told(&first, "svenska.toml has faults") && told(&first, "“Log”") && told(&first, "not TOML"));
    first.state_mut().close();
    assert_eq!(store.load().settings.language, "svenska");
    let mut again = window(app());
    read(&mut again);
    again.get_by_role_and_label(Role::Tab, "Bänk");
}

#[test]
fn a_run_is_shown_in_german_and_reported_in_english() {
    let steps = vec!["Phase at PF 0.5L".to_owned(), "Verify at Un Ib".to_owned()];
    let started = Event::Started { serials: vec!["MT7".to_owned()], steps };
    let mut window = told(&german(), vec![connected(), began(), Notice::Run(started)]);
    window.get_by_label("Prüfen bei Un Ib");
    window.state_mut().core.apply(ended(Verdict::Fail));
    window.run();
    assert!(window.query_all_by_label("SCHLECHT").count() > 0);
    let report = window.state().core.run().result().unwrap();
    assert_eq!((report.verdict.to_string().as_str(), report.verdict.word()), ("FAIL", "FAIL"));
    assert!(serde_json::to_string(report).unwrap().contains("\"FAIL\""));
    key(&mut window, Key::Enter);
    let prompt = Prompt::number("U in V".to_owned(), "V", [0.0, 300.0]).with(Sketch::ReadDisplay);
    window.state_mut().core.apply(Notice::Question(prompt));
    window.run();
    window.get_by_label("0 bis 300 V");
}

#[test]
fn the_advice_of_a_verdict_is_translated_and_seen_whole() {
    let advices = [
        [
            "the N line reads 0.0837 A where the reference shows 4.9803 A",
            "The current transformer is open or not connected, or the load current does not pass through the meter",
            "Check the current terminals first, then the transformer and its burden",
        ],
        [
            "Ugain would be 12000, plausible is 24772 to 32767",
            "A part of the board has another value than the profile expects: burden, current transformer ratio or divider; \
             or the unit is of another type",
            "Compare the unit with the profile; take it out for repair if the type is right",
        ],
    ];
    for language in language::shipped() {
        for advice @ [what, why, next] in advices {
            let Notice::Ended(mut reports) = ended(Verdict::Error) else { panic!("a run ended") };
            reports[0].advice = Some(Advice::new(what, why, next));
            let window = told(&language, vec![connected(), began(), Notice::Ended(reports)]);
            let mut drawn = Vec::new();
            for clipped in &window.output().shapes {
                collect(&clipped.shape, clipped.clip_rect, &mut drawn);
            }
            for text in advice {
                let said = language.catalog.and_then(|catalog| catalog.translation(text)).unwrap_or(text);
                assert!(language.catalog.is_none() || said != text || text == what, "{}: {text}", language.name);
                let Some(seen) = drawn.iter().find(|drawn| drawn.text == said) else { panic!("{said} is not drawn") };
                assert!(seen.whole.bottom() <= seen.seen.bottom() + 1.0, "{}: {said} is cut", language.name);
            }
        }
    }
}

#[test]
fn a_page_key_and_a_scan_in_one_frame_lose_nothing() {
    let english = language::shipped().remove(0);
    let mut window = told(&english, vec![connected()]);
    key(&mut window, Route::Profiles.key());
    let of = |key: Key, pressed: bool| egui::Event::Key {
        key,
        physical_key: None,
        pressed,
        repeat: false,
        modifiers: Modifiers::NONE,
    };
    // Past the harness, which gives each event a frame of its own.
    let scan = egui::Event::Text("MT7".to_owned());
    window.input_mut().events.extend([of(Route::Bench.key(), true), of(Route::Bench.key(), false), scan]);
    window.run();
    assert_eq!((window.state().route, window.state().page.serial.as_str()), (Route::Bench, "MT7"));
}

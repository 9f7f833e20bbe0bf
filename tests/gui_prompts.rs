//! Prompts as a person meets them: by number key, Enter and Esc, with their sketches.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on stops")]

mod outline;

use std::sync::Arc;
use std::time::Duration;

use egui::accesskit::Role;
use egui::{Event, Key};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use meterbench::gui::app::{App, dress};
use meterbench::gui::core::Core;
use meterbench::gui::pages::bench::BenchPage;
use meterbench::gui::session::{Limits, Link, Links, Notice};
use meterbench::gui::supply::Supply;
use meterbench::job::NoWake;
use meterbench::operator::{Prompt, Sketch};
use meterbench::procedure::Control;

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

/// A window in whose run this prompt stands.
fn asked(prompt: Prompt) -> Window {
    let ready = || Link::Ready("SIM".to_owned());
    let links = Links { meters: vec![ready()], reference: ready(), source: ready(), simulated: true, open: true };
    let control = Arc::new(Control::new(|_| {}));
    let mut core = Core::default();
    core.apply(Notice::Links(links));
    core.apply(Notice::Began { control, limits: Limits::default(), expected: vec![Duration::from_secs(90)] });
    core.apply(Notice::Question(prompt));
    let mut window = window(App::with(core, BenchPage::default()));
    window.run();
    window
}

fn lamps(default: Option<usize>) -> Prompt {
    Prompt::choice("Which lamp blinks", &["the red one", "the green one", "none"], default).with(Sketch::ReadDisplay)
}

fn key(window: &mut Window, key: Key) {
    window.key_press(key);
    window.run();
}

fn stands(window: &Window) -> bool {
    window.state().core.question.is_some()
}

#[test]
fn a_number_key_chooses() {
    let mut window = asked(lamps(None));
    key(&mut window, Key::Enter);
    assert!(stands(&window), "there is no default");
    key(&mut window, Key::Num9);
    assert!(stands(&window), "there is no ninth");
    key(&mut window, Key::Num2);
    assert!(!stands(&window));
}

#[test]
fn enter_is_the_default() {
    let mut window = asked(lamps(Some(1)));
    window.get_by_label("2   the green one   Enter");
    key(&mut window, Key::Enter);
    assert!(!stands(&window));
}

#[test]
fn escape_stops_the_run() {
    for prompt in [lamps(Some(0)), Prompt::confirm("Connect the unit"), Prompt::text("A remark")] {
        let mut window = asked(prompt);
        key(&mut window, Key::Escape);
        assert!(window.state().core.run().cancelling);
    }
}

#[test]
fn a_confirmation_takes_enter_but_no_scan() {
    let mut window = asked(Prompt::confirm("Connect the unit").with(Sketch::Connect));
    window.event(Event::Text("MT8".to_owned()));
    window.key_press(Key::Enter);
    window.run();
    assert!(stands(&window), "a label is no confirmation");
    window.run_steps(8);
    key(&mut window, Key::Enter);
    assert!(!stands(&window));
}

#[test]
fn a_number_is_checked_while_it_is_typed() {
    let mut window = asked(Prompt::number("U as the reference shows", "V", [120.0, 360.0]));
    window.get_by_label("120 to 360 V");
    window.get_by_role_and_label(Role::TextInput, "U as the reference shows").type_text("24");
    window.run();
    window.get_by_label("24 V is outside of 120 to 360 V");
    key(&mut window, Key::Enter);
    assert!(stands(&window));
    window.get_by_role_and_label(Role::TextInput, "U as the reference shows").type_text("0,5");
    window.run();
    key(&mut window, Key::Enter);
    assert!(!stands(&window), "240,5");
}

#[test]
fn prompts_read_as() {
    let prompts = [
        ("choice", lamps(Some(1))),
        ("confirm", Prompt::confirm("Set the source to 240.0 V, 5.000 A, PF 0.5L, 50.0 Hz").with(Sketch::LoadOn)),
        ("number", Prompt::number("U as the reference shows", "V", [120.0, 360.0]).with(Sketch::ReadDisplay)),
    ];
    for (name, prompt) in prompts {
        insta::assert_snapshot!(name, outline::outline(&asked(prompt), usize::MAX));
    }
}

#[test]
fn every_sketch_is_drawn_and_has_words() {
    for sketch in Sketch::ALL {
        asked(Prompt::confirm("Do this").with(sketch)).get_by_role_and_label(Role::Image, sketch.alt());
    }
}

#[test]
fn a_manual_source_is_confirmed_with_its_sketch_and_readings_are_typed() {
    let mut page = BenchPage::default();
    page.addresses.reference = "manual:".to_owned();
    let mut window = window(App::at(Arc::new(NoWake), page));
    let until = |window: &mut Window, what: &str, so: &dyn Fn(&App) -> bool| {
        for _ in 0..6000 {
            window.step();
            if so(window.state()) {
                return window.step();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("not {what}");
    };
    until(&mut window, "connected", &|app| app.core.ready());
    window.event(Event::Text("MT7".to_owned()));
    window.step();
    window.key_press(Key::Enter);
    window.step();
    let question = |app: &App| app.core.question.as_ref().map(|prompt| prompt.question.clone()).unwrap_or_default();
    until(&mut window, "asked to set the source", &|app| question(app).starts_with("Set the source to 240.0 V"));
    window.get_by_role_and_label(Role::Image, Sketch::LoadOn.alt());
    assert!(matches!(window.state().core.supply, Supply::Asked(_)), "nobody has set it yet");
    window.run_steps(4);
    window.key_press(Key::Enter);
    until(&mut window, "asked for U", &|app| question(app).starts_with("U as"));
    window.event(Event::Text("240.1".to_owned()));
    window.step();
    window.key_press(Key::Enter);
    until(&mut window, "asked for I", &|app| question(app).starts_with("I as"));
    window.key_press(Key::Escape);
    until(&mut window, "over", &|app| app.core.resulted);
    // The bench cannot know whether the source is off, so this stands until somebody says so, whatever is scanned meanwhile.
    assert_eq!(question(window.state()), "Switch voltage and current off");
    assert_eq!(window.state().core.supply, Supply::OffByHand);
    window.event(Event::Text("MT8".to_owned()));
    window.key_press(Key::Enter);
    window.run_steps(8);
    key(&mut window, Key::Escape);
    assert!(stands(&window), "neither a label nor Esc is a confirmation");
    key(&mut window, Key::Enter);
    assert!(!stands(&window));
    assert_eq!(window.state().core.supply, Supply::Off);
}

#[test]
fn an_answer_that_is_refused_is_asked_for_again_with_the_reason() {
    let prompt = Prompt::text("P as the reference shows");
    let mut window = asked(prompt.clone());
    window.event(Event::Text("500".to_owned()));
    window.run();
    key(&mut window, Key::Enter);
    window.state_mut().core.apply(Notice::Question(prompt.after(Some("500 W is far from 1200 W".to_owned()))));
    window.run();
    window.get_by_label("500 W is far from 1200 W");
    let field = window.get_by_role_and_label(Role::TextInput, "P as the reference shows");
    assert_eq!((field.accesskit_node().value().as_deref(), field.accesskit_node().is_focused()), (Some(""), true));
    window.event(Event::Text("1199.9".to_owned()));
    window.run();
    assert!(window.query_by_label("500 W is far from 1200 W").is_none());
}

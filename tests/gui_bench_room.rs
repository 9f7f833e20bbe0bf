//! The bench page in windows with little room and where texts are long, and the scanner's field, which always has the cursor.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on stops")]

mod drawn;
mod notices;

use egui::accesskit::Role;
use egui::{Event, Key, Modifiers, Pos2, Rect, pos2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use meterbench::advice::Advice;
use meterbench::clock::Moment;
use meterbench::gui::app::{App, dress};
use meterbench::gui::core::Core;
use meterbench::gui::pages::bench::BenchPage;
use meterbench::gui::session::{Link, Links, Notice};
use meterbench::operator::Prompt;
use meterbench::procedure::event::MeterReading;
use meterbench::procedure::{Event as Happened, Verdict};
use meterbench::units::Volts;
use notices::bench::{began, connected, energy_error, reference, report, running};

type Window = Harness<'static, App>;

/// 1280x720 with texts of 100, 150 and 200 %.
const SIZES: [[f32; 2]; 3] = [[1280.0, 720.0], [853.0, 480.0], [640.0, 360.0]];

fn told_in(language: &str, size: [f32; 2], notices: Vec<Notice>) -> Window {
    let mut core = Core::default();
    core.settings.language = language.to_owned();
    for notice in notices {
        core.apply(notice);
    }
    let window = Harness::builder().with_size(size).with_context_setup(dress);
    let mut window = window.build_ui_state(
        |ui, app: &mut App| {
            app.take_in();
            app.draw_ui(ui);
        },
        App::with(core, BenchPage::default()),
    );
    window.run();
    window
}

fn told(notices: Vec<Notice>) -> Window {
    told_in("english", SIZES[0], notices)
}

fn key(window: &mut Window, key: Key) {
    window.key_press(key);
    window.run();
}

fn typed(window: &mut Window, text: &str) {
    window.event(Event::Text(text.to_owned()));
    window.run();
}

fn click(window: &mut Window, place: Pos2) {
    window.event(Event::PointerMoved(place));
    for pressed in [true, false] {
        let button = egui::PointerButton::Primary;
        window.event(Event::PointerButton { pos: place, button, pressed, modifiers: Modifiers::NONE });
        window.run();
    }
}

fn scanner_ready(window: &Window) -> bool {
    window.get_by_role_and_label(Role::TextInput, "Serial number").is_focused()
}

fn ended(verdict: Verdict, advice: Option<Advice>) -> Vec<Notice> {
    running().into_iter().chain([report(verdict, vec![energy_error(0.013)], advice)]).collect()
}

fn place(window: &Window, label: &str) -> Rect {
    window.get_all_by_label(label).map(|node| node.rect()).reduce(Rect::union).unwrap()
}

#[test]
fn escape_and_a_click_beside_it_leave_the_scanner_its_field() {
    let mut window = told(vec![Notice::Links(connected())]);
    assert!(scanner_ready(&window));
    key(&mut window, Key::Escape);
    assert!(scanner_ready(&window), "after Esc");
    click(&mut window, pos2(1000.0, 600.0));
    assert!(scanner_ready(&window), "after a click on an empty place");
    typed(&mut window, "MT9");
    assert_eq!(window.state().page.serial, "MT9");
    // What was begun is replaced by the next label, not continued by it.
    click(&mut window, pos2(1000.0, 600.0));
    typed(&mut window, "MT10");
    assert_eq!(window.state().page.serial, "MT10");
}

#[test]
fn a_question_that_was_escaped_leaves_the_scanner_its_field() {
    let question = Notice::Question(Prompt::number("U in V", "V", [120.0, 360.0]));
    let mut window = told(vec![Notice::Links(connected()), began(), question]);
    assert!(!scanner_ready(&window));
    key(&mut window, Key::Escape);
    for notice in [Notice::QuestionOver, report(Verdict::Aborted, Vec::new(), None)] {
        window.state_mut().core.apply(notice);
    }
    window.run();
    assert!(scanner_ready(&window));
    // A label and its Enter in one frame are no Enter on the result.
    window.state_mut().page.serial.clear();
    window.event(Event::Text("MT9".to_owned()));
    window.run();
    assert!(window.state().core.resulted);
    assert_eq!(window.state().page.serial, "MT9");
}

#[test]
fn the_scanner_takes_no_field_that_somebody_types_into() {
    let mut window = told(vec![Notice::Links(connected())]);
    window.get_by_role_and_label(Role::TextInput, "Operator").click();
    window.run();
    typed(&mut window, "A. Tester");
    assert_eq!(window.state().core.settings.operator, "A. Tester");
    assert!(!scanner_ready(&window));
    // Esc in it is the way back.
    key(&mut window, Key::Escape);
    assert!(scanner_ready(&window));
    window.key_press_modifiers(Modifiers::COMMAND, Key::K);
    window.run();
    typed(&mut window, "theme");
    click(&mut window, pos2(640.0, 500.0));
    assert_eq!(window.state().page.serial, "", "the list of commands keeps what is typed");
}

#[test]
fn the_next_unit_does_not_interrupt_a_search_in_the_log() {
    let mut window = told(running());
    window.key_press(Key::F12);
    window.run();
    key(&mut window, Key::F1);
    window.get_by_label("Log").click();
    window.run();
    window.get_by_role_and_label(Role::TextInput, "Find in the log").click();
    window.run();
    window.state_mut().core.apply(report(Verdict::Pass, vec![energy_error(0.01)], None));
    window.run();
    assert!(window.get_by_role_and_label(Role::TextInput, "Find in the log").is_focused());
}

#[test]
fn the_next_unit_has_no_error_of_the_last() {
    let mut notices = running();
    notices.push(Notice::Run(Happened::Measured { position: 0, measurement: energy_error(0.013) }));
    notices.push(report(Verdict::Pass, vec![energy_error(0.013)], None));
    let mut window = told(notices);
    assert!(window.query_by_label("+0.013 %").is_some());
    key(&mut window, Key::Space);
    let Notice::Run(Happened::Reference { reading }) = reference(9000) else { return };
    window.state_mut().core.apply(Notice::Look { reference: Some(reading), position: 0, meter: None });
    window.run();
    assert!(!window.state().core.resulted);
    assert!(window.query_by_label("+0.013 %").is_none());
}

#[test]
fn an_error_off_the_scale_is_said_to_be_so() {
    let plot = |energy: f64| {
        let mut notices = running();
        let reading = MeterReading { at: Moment::from_micros(1_500_000), u: Volts(1885.86), i: None };
        notices.push(Notice::Run(Happened::Meter { position: 0, reading }));
        notices.push(reference(2000));
        notices.push(Notice::Run(Happened::Measured { position: 0, measurement: energy_error(energy) }));
        told(notices).get_by_role(Role::Image).accesskit_node().label().unwrap()
    };
    assert_eq!(
        plot(-0.005),
        "Plot of the errors: energy -0.005 %, current +0.400 %, voltage +685.775 %, off the scale"
    );
    assert!(plot(-250.0).contains("energy -250.000 %, off the scale"));
}

#[test]
fn what_to_do_next_is_never_cut() {
    let long = "Turn the transformer's wires round, or the meter's current terminals, then test the unit again, and if \
                that does not help look at the burden resistor";
    let why = "The current transformer is reversed, or the current flows through the meter the wrong way, which a meter \
               that was built at this factory should not show after its inspection at the line";
    for size in SIZES {
        for verdict in [Verdict::Error, Verdict::Fail, Verdict::Aborted] {
            let advice =
                Advice { what: "the N line reads -179.7 °".to_owned(), why: why.to_owned(), next: long.to_owned() };
            let window = told_in("english", size, ended(verdict, Some(advice)));
            let (next, below) = (place(&window, long), place(&window, "Readings"));
            assert!(next.bottom() < below.top(), "{verdict:?} in {size:?}: {next:?} {below:?}");
            assert!(next.right() < size[0] - 16.0, "{verdict:?} in {size:?}: {next:?}");
        }
    }
}

#[test]
fn verdicts_have_room_in_german_too() {
    for (verdict, word) in [(Verdict::Fail, "SCHLECHT"), (Verdict::Aborted, "ABGEBROCHEN"), (Verdict::Pass, "GUT")] {
        for size in SIZES {
            let window = told_in("deutsch", size, ended(verdict, None));
            let word = place(&window, word);
            assert!(word.right() < size[0] - 16.0, "{verdict:?} in {size:?}: {word:?}");
        }
    }
}

#[test]
fn readings_have_room_for_all_their_columns() {
    for size in SIZES {
        let window = told_in("english", size, running());
        for label in ["240.12 V", "240.00 V", "5.0200 A", "5.0000 A", "1200.0 W", "+0.050 %"] {
            let seen = place(&window, label);
            assert!(seen.right() < size[0] - 16.0, "{label} in {size:?}: {seen:?}");
        }
        let (meter, reference) = (place(&window, "240.12 V"), place(&window, "240.00 V"));
        assert!(meter.right() < reference.left(), "{size:?}");
    }
}

#[test]
fn readings_stand_below_what_they_are_of() {
    for size in SIZES {
        let mut notices = running();
        notices.push(Notice::Run(Happened::Measured { position: 0, measurement: energy_error(0.013) }));
        let window = told_in("english", size, notices);
        for (value, head) in
            [("240.12 V", "Meter"), ("240.00 V", "Reference"), ("5.0200 A", "Meter"), ("5.0000 A", "Reference")]
        {
            let value = place(&window, value);
            let above = window.query_all_by_label(head).map(|head| head.rect());
            let above = above.filter(|head| head.bottom() <= value.top() + 2.0 && head.right() <= value.right() + 30.0);
            let nearest = above.map(|head| (head.right() - value.right()).abs()).fold(f32::MAX, f32::min);
            let heads: Vec<Rect> = window.query_all_by_label(head).map(|head| head.rect()).collect();
            assert!(nearest < 30.0, "{head} in {size:?}: {heads:?} beside {value:?}");
        }
        let (head, error) = (place(&window, "Error"), place(&window, "+0.050 %"));
        assert!(head.bottom() <= error.top() && (head.right() - error.right()).abs() < 4.0, "{head:?} {error:?}");
        // The meter's power is not read: what stands there is the energy's, and says so.
        let (error, of) = (place(&window, "+0.013 %"), window.query_all_by_label("energy"));
        let below = |of: Rect| of.top() >= error.top() && of.top() < error.bottom() + 20.0;
        assert!(of.map(|of| of.rect()).any(|of| below(of) && (of.right() - error.right()).abs() < 4.0), "{size:?}");
    }
}

#[test]
fn profiles_that_begin_alike_are_told_apart() {
    for size in SIZES {
        let window = told_in("english", size, vec![Notice::Links(connected())]);
        let shown = drawn::all(&window);
        assert!(shown.iter().any(|text| text.ends_with("-mt50")), "{size:?}: {shown:?}");
        assert!(!drawn::elided(&window).iter().any(|text| text.contains("without")), "{size:?}");
        assert!(shown.iter().any(|text| text.starts_with("any text without")), "{size:?}");
    }
}

#[test]
fn steps_stand_below_their_heading() {
    for size in SIZES {
        let window = told_in("english", size, running());
        let heading = place(&window, "Steps");
        let step = window.get_by_label("Progress of Voltage and current gain").rect();
        assert!(heading.bottom() < step.top() && step.bottom() < size[1], "{size:?}: {heading:?} {step:?}");
    }
}

#[test]
fn the_row_of_choices_does_not_cover_itself() {
    for size in SIZES {
        let ready = || Link::Ready("M90E26".to_owned());
        let meters = (0..24).map(|_| ready()).collect();
        let window = told_in("english", size, vec![Notice::Links(Links { meters, ..connected() })]);
        let labels = ["Profile", "Procedure", "Operator", "Leave out position 1", "Details"];
        let places = labels.map(|label| place(&window, label));
        for (number, one) in places.iter().enumerate() {
            for other in &places[number + 1..] {
                assert!(!one.intersects(*other), "{size:?}: {one:?} {other:?}");
            }
        }
    }
}

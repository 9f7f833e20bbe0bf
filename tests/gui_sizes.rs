//! Every page at every size of text in a window of 1280 to 720: what is drawn can be read.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on stops")]

mod drawn;
mod notices;

use std::sync::Arc;

use egui_kittest::Harness;
use meterbench::gui::app::{App, dress};
use meterbench::gui::core::{Core, Tone};
use meterbench::gui::pages::bench::BenchPage;
use meterbench::gui::route::Route;
use meterbench::gui::session::{Link, Links, Notice};
use meterbench::job::NoWake;
use meterbench::log::{LINES, Level, Log};
use meterbench::settings::TEXT_SIZES;
use notices::live;

type Window = Harness<'static, App>;

/// A window of 1280 to 720 points of the desktop with text of this size in percent.
fn window(route: Route, percent: u16, language: &str, told: Vec<Notice>) -> Window {
    let mut core = Core::default();
    core.settings.language = language.to_owned();
    for notice in told {
        core.apply(notice);
    }
    let log = Log::in_memory(LINES, || {
        jiff::civil::date(2026, 3, 1).at(8, 30, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).unwrap()
    });
    log.tell(Level::Warning, "station", &"a line that tells more than a narrow window has room for, ".repeat(4));
    let mut app = App::with(core, BenchPage::default()).showing_log(log, Arc::new(NoWake));
    app.route = route;
    let factor = f32::from(percent) / 100.0;
    let window = Harness::builder().with_size([1280.0 / factor, 720.0 / factor]).with_pixels_per_point(factor);
    // Small steps: what was told once is not to grow old before it is drawn.
    let mut window = window.with_step_dt(0.01).with_context_setup(dress).build_ui_state(
        |ui, app: &mut App| {
            app.take_in();
            app.draw_ui(ui);
        },
        app,
    );
    window.run_steps(3);
    window
}

fn side_by_side(volts: f64) -> Vec<Notice> {
    let mut told = vec![live::links(), live::watching()];
    told.extend(live::readings(1.0, 3.0, volts));
    told
}

#[test]
fn live_figures_are_whole_at_every_size() {
    for percent in TEXT_SIZES {
        for language in ["english", "deutsch"] {
            for volts in [239.86, 240.024, 12_345.67] {
                let window = window(Route::Live, percent, language, side_by_side(volts));
                let cut = drawn::cut(&window);
                assert_eq!(cut, Vec::<String>::new(), "{percent} % {language}");
                let (first, last) =
                    if language == "english" { ("Readings", "Limits of") } else { ("Messwerte", "Limits of") };
                assert_eq!(drawn::overlapping(&window, first, last), Vec::<String>::new(), "{percent} % {language}");
                // The number itself.
                let shown = drawn::all(&window);
                let wanted = format!("{volts:.2}");
                assert!(shown.contains(&wanted), "{percent} % {language}: no {wanted} in {shown:?}");
            }
        }
    }
}

#[test]
fn no_text_runs_out_of_a_page() {
    let mut found = Vec::new();
    for percent in TEXT_SIZES {
        for language in ["english", "deutsch"] {
            for route in Route::ALL {
                let mut window = window(route, percent, language, side_by_side(240.0));
                window.state_mut().core.say(&"something long has happened to the station ".repeat(5), Tone::Plain);
                for log in [false, true] {
                    if log {
                        window.state_mut().log.open();
                    }
                    window.run_steps(2);
                    let cut = drawn::cut(&window);
                    if !cut.is_empty() {
                        found.push(format!("{route:?} {percent} % {language} log {log}: {cut:?}"));
                    }
                }
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn how_each_device_is_stands_whole_at_every_size() {
    let ready = || Link::Ready("Meterbench SIM-BENCH SIMULATED-7".to_owned());
    for (meters, english, german) in [(1, "connected", "verbunden"), (4, "ready 4 of 4", "bereit 4 von 4")] {
        for percent in TEXT_SIZES {
            for (language, word, other) in [("english", english, "connected"), ("deutsch", german, "verbunden")] {
                let meters = (0..meters).map(|_| ready()).collect();
                let links = Links { meters, reference: ready(), source: ready(), simulated: true, open: true };
                let window = window(Route::Bench, percent, language, vec![Notice::Links(links)]);
                let (all, elided) = (drawn::all(&window), drawn::elided(&window));
                for word in [word, other] {
                    let whole =
                        |text: &&String| text.starts_with(word) && (text.len() > word.len() || !elided.contains(text));
                    let count = all.iter().filter(whole).count();
                    assert!(count >= 1, "{percent} % {language}: {word} in {all:?}, cut {elided:?}");
                }
                assert!(!elided.iter().any(|text| word == text || other == text), "{percent} % {language}: {elided:?}");
            }
        }
    }
}

#[test]
fn all_pages_stand_in_the_rail_at_every_size() {
    use egui::accesskit::Role;
    use egui_kittest::kittest::{NodeT as _, Queryable as _};
    for percent in TEXT_SIZES {
        let window = window(Route::Bench, percent, "english", Vec::new());
        let bottom = window.ctx.content_rect().bottom() - 24.0;
        let tabs: Vec<_> = window.get_all_by_role(Role::Tab).collect();
        assert_eq!(tabs.len(), Route::ALL.len());
        for tab in tabs {
            let low = tab.accesskit_node().bounding_box().unwrap().y1 as f32 / window.ctx.pixels_per_point();
            assert!(
                low <= bottom,
                "{percent} %: {:?} reaches {low}, the status line begins at {bottom}",
                tab.accesskit_node().label()
            );
        }
    }
}

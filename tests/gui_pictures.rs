//! A few pages as pictures, drawn by a software renderer: what an outline in words cannot see.
//!
//! `UPDATE_SNAPSHOTS=1 scripts/pictures` draws them anew; look at every one of them then.

mod notices;

use egui_kittest::{Harness, OsThreshold, SnapshotOptions, SnapshotResults};
use meterbench::advice::Advice;
use meterbench::gui::app::{App, dress};
use meterbench::gui::core::Core;
use meterbench::gui::pages::bench::BenchPage;
use meterbench::gui::route::Route;
use meterbench::gui::session::Notice;
use meterbench::procedure::Verdict;
use meterbench::settings::{Settings, ThemeChoice};
use notices::{bench, live};

/// Pixels that may differ: the renderer's version decides on the shade of an edge.
const PIXELS: usize = 60;

/// A page in a state, and what the session told to bring it there.
struct Scene {
    name: &'static str,
    route: Route,
    told: fn() -> Vec<Notice>,
}

const SCENES: [Scene; 7] = [
    Scene { name: "bench", route: Route::Bench, told: Vec::new },
    Scene { name: "running", route: Route::Bench, told: bench::running },
    Scene { name: "pass", route: Route::Bench, told: passed },
    Scene { name: "fail", route: Route::Bench, told: failed },
    Scene { name: "live", route: Route::Live, told: side_by_side },
    Scene { name: "calculator", route: Route::Calculator, told: Vec::new },
    Scene { name: "settings", route: Route::Settings, told: Vec::new },
];

fn passed() -> Vec<Notice> {
    ended(Verdict::Pass, 0.012, None)
}

fn failed() -> Vec<Notice> {
    let advice = Advice {
        what: "energy error 0.420 %, outside of \u{b1}0.2 %".to_owned(),
        why: "The meter counts too much at Un, Ib, PF 1.0.".to_owned(),
        next: "Check the burden resistor of the current transformer.".to_owned(),
    };
    ended(Verdict::Fail, 0.42, Some(advice))
}

fn ended(verdict: Verdict, error_percent: f64, advice: Option<Advice>) -> Vec<Notice> {
    let mut told = bench::running();
    told.push(bench::report(verdict, vec![bench::energy_error(error_percent)], advice));
    told
}

fn side_by_side() -> Vec<Notice> {
    let mut told = vec![live::links(), live::watching()];
    told.extend(live::readings(1.0, 13.0, 240.1));
    told
}

fn picture(scene: &Scene, theme: ThemeChoice) -> Harness<'static, App> {
    let settings = Settings { theme, text_size_percent: 100, ..Settings::default() };
    let mut core = Core::default();
    core.settings = settings.clone();
    for notice in (scene.told)() {
        core.apply(notice);
    }
    let mut app = App::with(core, BenchPage::remembered(&settings));
    app.route = scene.route;
    // Small steps: what was told once is not to grow old before it is drawn.
    let window = Harness::builder().with_size([1280.0, 720.0]).with_step_dt(0.01).with_context_setup(dress).wgpu();
    let mut window = window.build_ui_state(
        |ui, app: &mut App| {
            app.take_in();
            app.draw_ui(ui);
        },
        app,
    );
    window.run();
    window
}

#[test]
fn pages_look_as_they_did() {
    let mut results = SnapshotResults::new();
    for scene in &SCENES {
        for (theme, word) in [(ThemeChoice::Dark, "dark"), (ThemeChoice::Light, "light")] {
            let options = SnapshotOptions::new()
                .output_path("tests/pictures")
                .failed_pixel_count_threshold(OsThreshold::new(PIXELS));
            let name = format!("{}-{word}", scene.name);
            results.add(picture(scene, theme).try_snapshot_options(name, &options));
        }
    }
}

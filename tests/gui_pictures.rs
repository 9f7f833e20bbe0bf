//! A few pages as pictures, drawn by a software renderer: what an outline in words cannot see.
//!
//! `UPDATE_SNAPSHOTS=1 cargo test --features pictures --test gui_pictures` draws them anew; look at every one of them then.

use egui_kittest::{Harness, OsThreshold, SnapshotOptions, SnapshotResults};
use meterbench::gui::app::{App, dress};
use meterbench::gui::core::Core;
use meterbench::gui::pages::bench::BenchPage;
use meterbench::gui::route::Route;
use meterbench::settings::{Settings, ThemeChoice};

/// Pixels that may differ: the renderer's version decides on the shade of an edge.
const PIXELS: usize = 60;

fn picture(route: Route, theme: ThemeChoice) -> Harness<'static, App> {
    let settings = Settings { theme, text_size_percent: 100, ..Settings::default() };
    let mut core = Core::default();
    core.settings = settings.clone();
    let mut app = App::with(core, BenchPage::remembered(&settings));
    app.route = route;
    let mut window = Harness::builder().with_size([960.0, 600.0]).with_context_setup(dress).wgpu().build_ui_state(
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
    for route in [Route::Bench, Route::Calculator, Route::Settings] {
        for (theme, word) in [(ThemeChoice::Dark, "dark"), (ThemeChoice::Light, "light")] {
            let options = SnapshotOptions::new()
                .output_path("tests/pictures")
                .failed_pixel_count_threshold(OsThreshold::new(PIXELS));
            let name = format!("{}-{word}", route.word().to_lowercase());
            results.add(picture(route, theme).try_snapshot_options(name, &options));
        }
    }
}

//! The window and the store: a verdict is shown once it is kept, and a unit tested before the window was opened is known.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on stops")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use meterbench::gui::app::{App, dress};
use meterbench::job::NoWake;
use meterbench::procedure::Verdict;
use meterbench::record::{Store, file_in};
use meterbench::settings;

type Window = Harness<'static, App>;

/// A window on the simulated station that records in this folder.
fn window(folder: &Path) -> Window {
    let store = settings::Store::in_folder(folder.to_owned());
    let mut found = store.load();
    found.settings.addresses.meter = "sim:?seed=7".to_owned();
    found.writable = false;
    let app = App::recording(Arc::new(NoWake), Some(store), found, folder.to_owned());
    let mut window = Harness::builder().with_size([1280.0, 720.0]).with_context_setup(dress).build_ui_state(
        |ui, app: &mut App| {
            app.take_in();
            app.draw_ui(ui);
        },
        app,
    );
    until(&mut window, "connected", |app| app.core.ready());
    window
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
    panic!("not {what}");
}

fn scan(window: &mut Window, serial: &str) {
    window.get_by_role_and_label(Role::TextInput, "Serial number").type_text(serial);
    window.step();
    window.key_press(egui::Key::Enter);
    window.step();
}

fn verdict(app: &App) -> Option<Verdict> {
    app.core.run().report.as_ref().filter(|_| !app.core.run().running).map(|report| report.verdict)
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

#[test]
fn a_verdict_comes_with_its_record_and_is_known_the_next_day() {
    let folder = folder();
    let mut first = window(folder.path());
    scan(&mut first, "MT7");
    until(&mut first, "over", |app| verdict(app).is_some());
    assert_eq!(verdict(first.state()), Some(Verdict::Pass));
    first.get_by_label("MT7 PASS, record 1");
    drop(first);

    let mut second = window(folder.path());
    scan(&mut second, "MT7");
    let warned = |app: &App| app.core.tested.warning_of("MT7").is_some();
    until(&mut second, "warned", warned);
    assert!(!second.state().core.run().running && second.state().core.ready());
    let warning = second.state().core.message.0.clone();
    assert!(warning.starts_with("MT7 was already tested: PASS on 2"), "{warning}");
    assert_eq!(second.get_all_by_label(&warning).count(), 2, "in the form and in the status line");
    second.key_press(egui::Key::Enter);
    until(&mut second, "over", |app| verdict(app).is_some());
    second.get_by_label("MT7 PASS, record 2");
    let store = Store::open(&file_in(folder.path())).unwrap();
    assert!(store.len().unwrap() == 2 && store.check().unwrap().clean());
}

#[test]
fn what_cannot_be_stored_is_shown_as_an_error_and_waits() {
    let folder = folder();
    // A folder where the file should be.
    std::fs::create_dir_all(file_in(folder.path())).unwrap();
    let mut window = window(folder.path());
    until(&mut window, "told", |app| app.core.problem.is_some());
    scan(&mut window, "MT8");
    until(&mut window, "over", |app| verdict(app).is_some());
    assert_eq!(verdict(window.state()), Some(Verdict::Error));
    let report = window.state().core.run().report.clone().unwrap();
    assert!(report.advice.unwrap().what.contains("The result (PASS) could not be stored"));
    assert_eq!(std::fs::read_dir(folder.path().join("spool")).unwrap().count(), 1);
}

//! A window on the records page, and what a person and a scanner do to it.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "each test uses a part of it, and stops at what it did not expect"
)]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use egui::{Event, Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use meterbench::gui::app::{App, dress};
use meterbench::gui::core::Core;
use meterbench::gui::pages::bench::BenchPage;
use meterbench::gui::route::Route;
use meterbench::job::NoWake;
use meterbench::record::{Draft, Store, file_in};

use crate::outline;

pub type Window = Harness<'static, App>;

pub fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

pub fn stored(drafts: &[Draft]) -> tempfile::TempDir {
    let folder = folder();
    Store::open(&file_in(folder.path())).unwrap().append_all(drafts).unwrap();
    folder
}

/// A window without a station that reads the records of a folder, on their page.
pub fn window_of(folder: &Path, size: [f32; 2]) -> Window {
    let app = App::with(Core::default(), BenchPage::default());
    let app = app.reading_records(file_in(folder), Arc::new(NoWake));
    let mut window = Harness::builder().with_size(size).with_context_setup(dress).build_ui_state(
        |ui, app: &mut App| {
            app.take_in();
            app.draw_ui(ui);
        },
        app,
    );
    window.step();
    window.key_press(Route::Records.key());
    window.step();
    window
}

pub fn window(folder: &Path) -> Window {
    window_of(folder, [1280.0, 720.0])
}

/// Draws frames until there is a label that contains this, for half a minute at most.
pub fn until(window: &mut Window, part: &str) {
    for _ in 0..6000 {
        window.step();
        if window.query_all_by_label_contains(part).count() > 0 {
            window.run_steps(2);
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("no {part} in\n{}", outline::outline(window, 200));
}

pub fn press(window: &mut Window, modifiers: Modifiers, key: Key) {
    window.key_press_modifiers(modifiers, key);
    window.run_steps(2);
}

/// All characters of a label and its Enter in one frame, as a scanner types them.
pub fn scan(window: &mut Window, serial: &str) {
    let key = |pressed| Event::Key {
        key: Key::Enter,
        physical_key: None,
        pressed,
        repeat: false,
        modifiers: Modifiers::NONE,
    };
    window.input_mut().events.extend([Event::Text(serial.to_owned()), key(true), key(false)]);
    window.step();
}

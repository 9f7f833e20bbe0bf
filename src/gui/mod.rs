//! The window: a rail of pages, drawn from a [`core::Core`] that a worker fills.
//!
//! Drawing reads the core and queues [`command::Command`]s; [`app::App`] carries them out in one place. Devices belong to the
//! station's own thread ([`session`]); nothing here opens a port, waits or locks while it draws. Colours and spacings come
//! from the tokens in `assets`. Not here: procedures, protocols; files are written on threads ([`shelf`], `file_dialog`, settings).

use std::sync::Arc;

// Before all others: its macros are written in them.
#[macro_use]
pub mod texts;

pub mod app;
pub mod archive;
pub mod bars;
pub mod change;
pub mod command;
pub mod connection;
pub mod core;
pub mod device;
mod file_dialog;
pub mod firmware_view;
mod fonts;
pub mod history;
pub mod history_csv;
mod in_turn;
pub mod log_view;
pub mod measurand;
pub mod offers;
mod operator;
pub mod pages;
pub mod palette;
pub mod plugs;
pub mod ports;
pub mod positions;
pub mod provision_view;
mod question;
mod rail;
pub mod remaining;
pub mod reprint;
pub mod route;
pub mod run_view;
pub mod series;
pub mod session;
pub mod shelf;
pub mod sound;
pub mod supply;
pub mod tested;
pub mod tokens;
pub mod watch_view;
pub mod widgets;

use reprint::Press;

use crate::clock::wall_time;
use crate::folders::Folders;
use crate::job::Wake;
use crate::log::Log;
use crate::port::serial;
use crate::profile::library::Library;
use crate::settings::{Found, Settings, Store};

impl Wake for egui::Context {
    fn wake(&self) {
        self.request_repaint();
    }
}

/// Opens the window and returns when it is closed, with the source switched off.
///
/// # Errors
/// There is no display, or it cannot draw; there is no folder for records.
pub fn open(folders: Option<Folders>, log: Option<Log>) -> eframe::Result {
    let Some(folders) = folders else {
        let problem = "there is no folder for records, and without one nothing is tested: name one with --data";
        return Err(eframe::Error::AppCreation(problem.into()));
    };
    let store = Some(Store::of(&folders));
    let nothing = || Found { settings: Settings::default(), problem: None, writable: false };
    let found = store.as_ref().map_or_else(nothing, Store::load);
    let place = found.settings.window;
    let viewport = egui::ViewportBuilder::default()
        .with_title("Meterbench")
        .with_app_id("meterbench")
        .with_inner_size([place.width as f32, place.height as f32])
        .with_maximized(place.maximised)
        .with_min_inner_size([960.0, 600.0]);
    let options = eframe::NativeOptions { viewport, ..Default::default() };
    eframe::run_native(
        "meterbench",
        options,
        Box::new(move |creation| {
            let ctx = &creation.egui_ctx;
            app::dress(ctx);
            let wake: Arc<dyn Wake> = Arc::new(ctx.clone());
            let records = folders.data.clone();
            let texts = folders.texts();
            let app = app::App::recording(Arc::clone(&wake), store, found, records).telling_time(wall_time);
            let mut app = app.keeping_profiles(Library::installed(), Arc::clone(&wake));
            app = app.reading_texts(texts, Arc::clone(&wake));
            app = app.printing(Press::of_records(&folders.data, folders.templates()));
            app.core.data_folder = Some(folders.data);
            if let Some(log) = log {
                app = app.showing_log(log, Arc::clone(&wake));
            }
            Ok(Box::new(app.watching_ports(serial::plugged, wake).heard_by(sound::Sounds::spawn())))
        }),
    )
}

//! The window: a rail of pages, drawn from a [`core::Core`] that a worker fills.
//!
//! Drawing reads the core and queues [`command::Command`]s; [`app::App`] carries them out in one place. Devices belong to the
//! station's own thread ([`session`]); nothing here opens a port, waits or locks while it draws. Colours and spacings come
//! from the tokens in `assets`. Not here: procedures, protocols; the one file, that of the settings, is [`crate::settings`]' own.

use std::sync::Arc;

pub mod app;
pub mod bars;
pub mod command;
pub mod core;
mod file_dialog;
mod fonts;
pub mod offers;
mod operator;
pub mod pages;
pub mod palette;
pub mod ports;
mod question;
mod rail;
pub mod route;
pub mod run_view;
pub mod series;
pub mod session;
pub mod tested;
pub mod tokens;
pub mod widgets;

use crate::job::Wake;
use crate::port::serial;
use crate::settings::{Found, Settings, Store};

impl Wake for egui::Context {
    fn wake(&self) {
        self.request_repaint();
    }
}

/// Opens the window and returns when it is closed, with the source switched off.
///
/// # Errors
/// There is no display, or it cannot draw.
pub fn open() -> eframe::Result {
    let store = Store::of_user();
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
            let app = app::App::remembering(Arc::clone(&wake), store, found);
            Ok(Box::new(app.watching_ports(serial::plugged, wake)))
        }),
    )
}

//! The window: one page at a bench, drawn from a [`core::Core`] that a worker fills.
//!
//! Drawing reads the core and queues [`command::Command`]s; [`app::App`] carries them out in one place. Devices belong to the
//! station's own thread ([`session`]); nothing here opens a port, waits or locks while it draws. Colours and spacings come
//! from the tokens in `assets`. Not here: procedures, protocols, files.

use std::sync::Arc;

pub mod app;
pub mod bars;
pub mod command;
pub mod core;
mod fonts;
mod operator;
pub mod pages;
mod question;
pub mod run_view;
pub mod series;
pub mod session;
pub mod tokens;
pub mod widgets;

use crate::job::Wake;

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
    let viewport = egui::ViewportBuilder::default()
        .with_title("Meterbench")
        .with_app_id("meterbench")
        .with_inner_size([1280.0, 720.0])
        .with_min_inner_size([960.0, 600.0]);
    let options = eframe::NativeOptions { viewport, ..Default::default() };
    eframe::run_native(
        "meterbench",
        options,
        Box::new(|creation| {
            let ctx = &creation.egui_ctx;
            app::dress(ctx);
            Ok(Box::new(app::App::live(Arc::new(ctx.clone()))))
        }),
    )
}

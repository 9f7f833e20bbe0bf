//! How the window looks and speaks: language, theme, size of the text, and its place on the desktop.

use std::path::PathBuf;
use std::sync::Arc;

use egui::{Context, ThemePreference};

use super::App;
use crate::gui::core::Tone;
use crate::gui::texts;
use crate::gui::texts::shelf::TextShelf;
use crate::job::Wake;
use crate::settings::ThemeChoice;

impl App {
    /// With the languages of this folder.
    #[must_use]
    pub fn reading_texts(mut self, folder: PathBuf, wake: Arc<dyn Wake>) -> Self {
        match TextShelf::spawn(folder, wake) {
            Ok(texts) => self.texts = Some(texts),
            Err(error) => self.core.say(&t!("Languages of your own are not there: {error}", error), Tone::Attention),
        }
        self
    }

    pub(super) fn step_text<'a>(&mut self, further: fn(u16, u16) -> bool, mut sizes: impl Iterator<Item = &'a u16>) {
        let now = self.core.settings.text_size_percent;
        if let Some(size) = sizes.find(|size| further(**size, now)) {
            self.core.settings.text_size_percent = *size;
        }
    }

    /// Has this thread speak the chosen language; English where it is not there.
    pub(super) fn speak(&self) {
        let chosen = self.core.languages.iter().find(|language| language.id == self.core.settings.language);
        texts::speak(chosen.and_then(|language| language.catalog));
    }

    /// Gives the context theme and text size when the settings have changed.
    pub(super) fn dress_again(&mut self, ctx: &Context) {
        let settings = &self.core.settings;
        let wanted = Some((settings.theme, settings.text_size_percent));
        if self.worn != wanted {
            self.worn = wanted;
            ctx.set_theme(match settings.theme {
                ThemeChoice::Light => ThemePreference::Light,
                ThemeChoice::Dark => ThemePreference::Dark,
                ThemeChoice::System => ThemePreference::System,
            });
            ctx.set_zoom_factor(settings.text_factor());
        }
    }

    /// The window's size, in points of the desktop.
    pub(super) fn see_place(&mut self, ctx: &Context) {
        let zoom = ctx.zoom_factor();
        let (size, maximised) = ctx.input(|input| {
            let viewport = input.viewport();
            (viewport.inner_rect.map(|rect| rect.size() * zoom), viewport.maximized.unwrap_or(false))
        });
        self.place.maximised = maximised;
        if let Some(size) = size.filter(|size| !maximised && size.x >= 100.0 && size.y >= 100.0) {
            (self.place.width, self.place.height) = (size.x.round() as u32, size.y.round() as u32);
        }
    }
}

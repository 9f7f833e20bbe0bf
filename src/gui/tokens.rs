//! Colours, spacings and type sizes of the window, from the two files in `assets`. No other file makes a colour.

use egui::epaint::CornerRadius;
use egui::style::{Selection, WidgetVisuals};
use egui::{Color32, FontFamily, FontId, Stroke, TextStyle, Theme, Visuals, vec2};
use serde::{Deserialize, Deserializer};

use super::fonts;
use crate::procedure::Verdict;

/// One theme.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tokens {
    /// Colours.
    pub colours: Colours,
    /// Distances in points.
    pub spacing: Spacing,
    /// Sizes of letters in points.
    #[serde(rename = "type")]
    pub sizes: Sizes,
}

macro_rules! colours {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// Colours by their task.
        #[derive(Clone, Debug, Default, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Colours {
            $($(#[$doc])* #[serde(deserialize_with = "colour")] pub $name: Color32,)*
        }
    };
}

colours! {
    /// Behind everything.
    window,
    /// Cards and bars.
    card,
    /// Text fields and plots.
    field,
    /// Lines between things.
    line,
    /// What is read.
    text,
    /// What explains.
    text_quiet,
    /// On a verdict's fill.
    text_on_strong,
    /// What can be pressed, and the focus.
    accent,
    /// The one button that goes on.
    accent_fill,
    /// Behind text that is selected, which has the accent's colour.
    selection,
    /// Other buttons.
    button,
    /// A button under the pointer.
    button_hovered,
    /// PASS as a word or shape.
    pass,
    /// PASS as an area.
    pass_fill,
    /// FAIL as a word or shape.
    fail,
    /// FAIL as an area.
    fail_fill,
    /// ERROR and attention as a word or shape.
    attention,
    /// ERROR as an area.
    attention_fill,
    /// Running as a word or shape.
    running,
    /// Running as an area.
    running_fill,
    /// No verdict as an area.
    neutral_fill,
    /// SIMULATED as a word.
    simulated,
    /// SIMULATED as an area.
    simulated_fill,
    /// The hatch over a simulated verdict.
    hatch,
    /// The voltage's error in the plot.
    series_voltage,
    /// The current's error in the plot.
    series_current,
    /// The energy's error in the plot.
    series_energy,
    /// A comment in a profile's text.
    syntax_comment,
    /// A table's heading in a profile's text.
    syntax_table,
    /// A key in a profile's text.
    syntax_key,
    /// A string in a profile's text.
    syntax_string,
    /// A number in a profile's text.
    syntax_number,
    /// Behind a question.
    backdrop,
}

/// Distances.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spacing {
    /// Everything is a multiple or half of it.
    pub grid: f32,
    /// Round the page.
    pub page: f32,
    /// Inside a card.
    pub card: f32,
    /// Corners of cards.
    pub radius: f32,
    /// Height of the connection bar.
    pub bar: f32,
    /// Height of the status line.
    pub status: f32,
    /// Width of the run form.
    pub form: f32,
}

/// Sizes of letters.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sizes {
    /// What explains.
    pub secondary: f32,
    /// What is read.
    pub body: f32,
    /// Headings.
    pub heading: f32,
    /// Live readings.
    pub reading: f32,
    /// An instruction.
    pub instruction: f32,
    /// The verdict, at least.
    pub verdict: f32,
}

fn colour<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Color32, D::Error> {
    let text = String::deserialize(deserializer)?;
    Color32::from_hex(&text).map_err(|_| serde::de::Error::custom(format!("{text:?} is not a colour")))
}

impl Tokens {
    /// The tokens of a theme.
    #[must_use]
    pub fn of(theme: Theme) -> Self {
        let text = match theme {
            Theme::Dark => include_str!("../../assets/tokens-dark.toml"),
            Theme::Light => include_str!("../../assets/tokens-light.toml"),
        };
        // A test reads both files; they are part of the program.
        toml::from_str(text).unwrap_or_default()
    }

    /// Colour of a verdict's word and shape.
    #[must_use]
    pub const fn verdict(&self, verdict: Verdict) -> Color32 {
        match verdict {
            Verdict::Pass => self.colours.pass,
            Verdict::Fail => self.colours.fail,
            Verdict::Error => self.colours.attention,
            Verdict::Aborted | Verdict::NotRun => self.colours.text_quiet,
        }
    }

    /// A font of the family for headings, readings and the verdict.
    #[must_use]
    pub fn strong(&self, size: f32) -> FontId {
        FontId::new(size, fonts::strong())
    }

    /// egui's own look for this theme.
    #[must_use]
    pub fn visuals(&self, theme: Theme) -> Visuals {
        let colours = &self.colours;
        let mut visuals = match theme {
            Theme::Dark => Visuals::dark(),
            Theme::Light => Visuals::light(),
        };
        let radius = CornerRadius::same(4);
        let widget = |fill: Color32, line: Color32, text: Color32| WidgetVisuals {
            bg_fill: fill,
            weak_bg_fill: fill,
            bg_stroke: Stroke::new(1.0, line),
            corner_radius: radius,
            fg_stroke: Stroke::new(1.0, text),
            expansion: 0.0,
        };
        visuals.widgets.noninteractive = widget(colours.card, colours.line, colours.text);
        visuals.widgets.inactive = widget(colours.button, colours.line, colours.text);
        visuals.widgets.hovered = widget(colours.button_hovered, colours.accent, colours.text);
        visuals.widgets.active = widget(colours.button_hovered, colours.accent, colours.text);
        visuals.widgets.open = widget(colours.button_hovered, colours.accent, colours.text);
        visuals.selection = Selection { bg_fill: colours.selection, stroke: Stroke::new(2.0, colours.accent) };
        visuals.weak_text_color = Some(colours.text_quiet);
        visuals.extreme_bg_color = colours.field;
        visuals.text_edit_bg_color = Some(colours.field);
        visuals.panel_fill = colours.window;
        visuals.window_fill = colours.card;
        visuals.window_stroke = Stroke::new(1.0, colours.line);
        visuals.warn_fg_color = colours.attention;
        visuals.error_fg_color = colours.fail;
        // A caret that blinks draws the whole window again and again while a bench waits for its next unit.
        visuals.text_cursor.blink = false;
        visuals.window_shadow = egui::Shadow::NONE;
        visuals.popup_shadow = egui::Shadow::NONE;
        visuals
    }

    /// Gives spacing and type to every style of the context.
    pub fn dress(&self, ctx: &egui::Context) {
        let sizes = self.sizes.clone();
        let grid = self.spacing.grid;
        ctx.all_styles_mut(|style| {
            let font = |size, family| FontId::new(size, family);
            style.text_styles = [
                (TextStyle::Small, font(sizes.secondary, FontFamily::Proportional)),
                (TextStyle::Body, font(sizes.body, FontFamily::Proportional)),
                (TextStyle::Button, font(sizes.body, FontFamily::Proportional)),
                (TextStyle::Monospace, font(sizes.body, FontFamily::Monospace)),
                (TextStyle::Heading, font(sizes.heading, fonts::strong())),
            ]
            .into();
            style.spacing.item_spacing = vec2(grid, grid * 0.75);
            style.spacing.button_padding = vec2(grid * 1.5, grid * 0.5);
            style.spacing.interact_size.y = grid * 3.0;
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(theme: Theme) -> Tokens {
        toml::from_str(match theme {
            Theme::Dark => include_str!("../../assets/tokens-dark.toml"),
            Theme::Light => include_str!("../../assets/tokens-light.toml"),
        })
        .unwrap()
    }

    /// Relative luminance after WCAG 2.1.
    fn luminance(colour: Color32) -> f64 {
        let part = |byte: u8| {
            let c = f64::from(byte) / 255.0;
            if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(colour.r()) + 0.7152 * part(colour.g()) + 0.0722 * part(colour.b())
    }

    fn contrast(a: Color32, b: Color32) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_can_be_read_in_both_themes() {
        for theme in [Theme::Dark, Theme::Light] {
            let Tokens { colours: c, .. } = file(theme);
            let pairs = [
                ("text", c.text, c.card),
                ("quiet", c.text_quiet, c.card),
                ("quiet on window", c.text_quiet, c.window),
                ("quiet on banner", c.text_quiet, c.neutral_fill),
                ("pass", c.pass, c.card),
                ("fail", c.fail, c.card),
                ("attention", c.attention, c.card),
                ("running", c.running, c.card),
                ("simulated", c.simulated, c.simulated_fill),
                ("PASS", c.text_on_strong, c.pass_fill),
                ("FAIL", c.text_on_strong, c.fail_fill),
                ("ERROR", c.text_on_strong, c.attention_fill),
                ("RUNNING", c.text_on_strong, c.running_fill),
                ("Start", c.text_on_strong, c.accent_fill),
                ("selected", c.accent, c.selection),
                ("comment", c.syntax_comment, c.field),
                ("table", c.syntax_table, c.field),
                ("key", c.syntax_key, c.field),
                ("string", c.syntax_string, c.field),
                ("number", c.syntax_number, c.field),
            ];
            for (what, front, back) in pairs {
                assert!(contrast(front, back) >= 4.5, "{theme:?} {what}: {:.2}", contrast(front, back));
            }
        }
    }
}

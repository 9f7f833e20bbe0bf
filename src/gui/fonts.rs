//! The fonts of the window: one family with tabular digits and a monospaced one for register words.

use std::sync::Arc;

use egui::{FontData, FontDefinitions, FontFamily};

/// The heavier cut, for headings, readings and the verdict.
#[must_use]
pub fn strong() -> FontFamily {
    FontFamily::Name("strong".into())
}

/// The program's own fonts, with egui's behind them for signs they lack.
pub(super) fn definitions() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    let files: [(&str, &[u8]); 3] = [
        ("Inter", include_bytes!("../../assets/fonts/Inter-Regular.otf")),
        ("Inter SemiBold", include_bytes!("../../assets/fonts/Inter-SemiBold.otf")),
        ("JetBrains Mono", include_bytes!("../../assets/fonts/JetBrainsMono-Regular.ttf")),
    ];
    for (name, bytes) in files {
        fonts.font_data.insert(name.to_owned(), Arc::new(FontData::from_static(bytes)));
    }
    let fallback = fonts.families.get(&FontFamily::Proportional).cloned().unwrap_or_default();
    for (family, first) in
        [(FontFamily::Proportional, "Inter"), (strong(), "Inter SemiBold"), (FontFamily::Monospace, "JetBrains Mono")]
    {
        let names = fonts.families.entry(family).or_insert_with(|| fallback.clone());
        names.insert(0, first.to_owned());
    }
    fonts
}

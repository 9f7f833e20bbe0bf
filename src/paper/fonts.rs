//! The fonts of the papers: those of the window, compiled in, and what lies beside a user's templates.

use std::fs;
use std::path::Path;

use typst::foundations::Bytes;
use typst::text::Font;

use super::error::PaperError;
use super::template::read;

/// Inter and JetBrains Mono are cut to Latin and Greek; Ubuntu and Hack have Cyrillic too.
const COMPILED_IN: [&[u8]; 5] = [
    include_bytes!("../../assets/fonts/Inter-Regular.otf"),
    include_bytes!("../../assets/fonts/Inter-SemiBold.otf"),
    include_bytes!("../../assets/fonts/JetBrainsMono-Regular.ttf"),
    epaint_default_fonts::UBUNTU_LIGHT,
    epaint_default_fonts::HACK_REGULAR,
];

/// The user's own first, in the order of their names, so that they are preferred where two have the same name.
pub(super) fn all(folder: Option<&Path>) -> Result<Vec<Font>, PaperError> {
    let mut own = Vec::new();
    for entry in folder.into_iter().flat_map(fs::read_dir).flatten().flatten() {
        let path = entry.path();
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        if ["otf", "ttf", "ttc", "otc"].iter().any(|known| extension.eq_ignore_ascii_case(known)) {
            own.push(path);
        }
    }
    own.sort();
    let mut fonts = Vec::new();
    for path in own {
        fonts.extend(read(&path)?.into_iter().flat_map(|bytes| Font::iter(Bytes::new(bytes))));
    }
    fonts.extend(COMPILED_IN.into_iter().flat_map(|bytes| Font::iter(Bytes::new(bytes))));
    Ok(fonts)
}

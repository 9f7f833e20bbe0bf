//! QR codes, as shapes a template can draw.

use qrcode::{Color, EcLevel, QrCode};
use serde::Serialize;

use super::error::PaperError;

/// The dark modules of a code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Qr {
    /// What the code says.
    pub text: String,
    /// Modules in a row, without the quiet zone of four around them (ISO/IEC 18004).
    pub size: usize,
    /// Dark modules as runs: column, row, length.
    pub runs: Vec<[usize; 3]>,
}

impl Qr {
    /// A code of medium error correction: 15 % of it may be scratched.
    pub(super) fn of(text: &str) -> Result<Self, PaperError> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M)
            .map_err(|_| PaperError::TooLong { text: text.to_owned() })?;
        let size = code.width();
        let colours = code.into_colors();
        let mut runs: Vec<[usize; 3]> = Vec::new();
        for (y, row) in colours.chunks(size).enumerate() {
            let mut from = 0;
            for same in row.chunk_by(|a, b| a == b) {
                if same.first() == Some(&Color::Dark) {
                    runs.push([from, y, same.len()]);
                }
                from += same.len();
            }
        }
        Ok(Self { text: text.to_owned(), size, runs })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_the_dark_modules() {
        let qr = Qr::of("MT1234").expect("short");
        let code = QrCode::with_error_correction_level("MT1234", EcLevel::M).expect("short");
        let mut modules = vec![false; qr.size * qr.size];
        for [x, y, length] in &qr.runs {
            modules[y * qr.size + x..y * qr.size + x + length].fill(true);
        }
        let dark: Vec<bool> = code.into_colors().into_iter().map(|colour| colour == Color::Dark).collect();
        assert_eq!(modules, dark);
        assert!(matches!(Qr::of(&"x".repeat(5000)), Err(PaperError::TooLong { .. })));
    }
}

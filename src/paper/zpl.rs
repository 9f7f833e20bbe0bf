//! A label in ZPL II, the language of Zebra's label printers (Zebra, "ZPL II Programming Guide").
//!
//! A printer is told what to draw and where in dots; text goes as UTF-8 (`^CI28`) with every byte that is a command's or no
//! plain ASCII as `_` and two hexadecimal digits (`^FH`), so no serial number can become a command.

use std::fmt::Write as _;

use super::label::Label;

/// Dots of a printer's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dots {
    /// 203 dpi.
    PerMm8,
    /// 300 dpi.
    PerMm12,
    /// 600 dpi.
    PerMm24,
}

impl Dots {
    const fn per_mm(self) -> u32 {
        match self {
            Self::PerMm8 => 8,
            Self::PerMm12 => 12,
            Self::PerMm24 => 24,
        }
    }
}

/// Quiet zone of a code, in modules on each side (ISO/IEC 18004).
const QUIET: u32 = 4;
/// Greatest magnification `^BQ` takes.
const LARGEST_MODULE: u32 = 10;

/// The label as one form.
#[must_use]
pub fn of(label: &Label, dots: Dots) -> String {
    let to_dots = |mm: f64| (mm * f64::from(dots.per_mm())).round() as u32;
    let (width, height) = (to_dots(label.width_mm), to_dots(label.height_mm));
    let modules = u32::try_from(label.qr.size).unwrap_or(u32::MAX).saturating_add(2 * QUIET);
    let module = (height.min(width / 2) / modules).clamp(1, LARGEST_MODULE);
    let code = module * modules;
    let (text_x, lines) = (code, 3 + u32::from(label.simulated) + u32::from(label.exception));
    let room = width.saturating_sub(text_x);
    let line = height / (lines + 1);
    let mut form = format!("^XA\n^CI28\n^PW{width}\n^LL{height}\n^LH0,0\n");
    let (x, y) = (QUIET * module, height.saturating_sub(code) / 2 + QUIET * module);
    writeln!(form, "^FO{x},{y}^BQN,2,{module}^FH_^FD{}^FS", code_data(&label.qr.text)).ok();
    let mut y = line / 2;
    let mut text = |size: u32, text: &str| {
        // Font 0 is proportional; its letters are about three fifths as wide as high.
        let letters = u32::try_from(text.chars().count().max(1)).unwrap_or(u32::MAX);
        let size = size.min(room.saturating_mul(5) / letters.saturating_mul(3)).max(10);
        writeln!(form, "^FO{text_x},{y}^A0N,{size},{size}^FH_^FD{}^FS", escaped(text)).ok();
        y += line;
    };
    text(line * 9 / 10, &label.serial);
    text(line * 6 / 10, &label.profile);
    text(line * 6 / 10, &label.day);
    if label.simulated {
        text(line * 7 / 10, "SIMULATED");
    }
    if label.exception {
        text(line * 7 / 10, "UNDER EXCEPTION");
    }
    form.push_str("^XZ\n");
    form
}

/// Field data of `^BQ`: error correction M as in the PDF, then how the text is told. Automatic input (A) takes plain ASCII only;
/// anything else goes as 8-bit bytes (M, B) with their number in four digits (ZPL II Programming Guide, considerations for
/// ^FD when using the QR code).
fn code_data(text: &str) -> String {
    if text.is_ascii() { format!("MA,{}", escaped(text)) } else { format!("MM,B{:04}{}", text.len(), escaped(text)) }
}

/// Field data: letters, digits and harmless signs as they are, every other byte in hexadecimal digits.
fn escaped(text: &str) -> String {
    let mut data = String::new();
    for byte in text.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b" .,:;/()+-#".contains(&byte);
        if plain {
            data.push(char::from(byte));
        } else {
            write!(data, "_{byte:02X}").ok();
        }
    }
    data
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_says_how_its_text_is_told() {
        assert_eq!(code_data("MT-1"), "MA,MT-1");
        assert_eq!(code_data("Ä1"), "MM,B0003_C3_841");
    }

    #[test]
    fn nothing_in_a_serial_number_is_a_command() {
        assert_eq!(escaped("MT-1/2"), "MT-1/2");
        assert_eq!(escaped("^XZ~JA_\\é\n"), "_5EXZ_7EJA_5F_5C_C3_A9_0A");
    }
}

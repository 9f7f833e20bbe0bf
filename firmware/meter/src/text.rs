//! Short text, for the display, the device identification and the crash record. By hand, because `core::fmt` takes 6 KiB of the flash.

use meter_interface::block::Date;

/// Characters of the longest text. One length for all, or the image holds this code once for each.
pub const LONGEST: usize = 48;

/// Characters written so far, and blanks behind them.
#[derive(Clone, Copy, Debug)]
pub struct Writer {
    bytes: [u8; LONGEST],
    used: usize,
}

impl Default for Writer {
    fn default() -> Self {
        Self::new()
    }
}

impl Writer {
    /// Nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: [b' '; LONGEST], used: 0 }
    }

    /// Appends a character; what does not fit is left out, and what is no printable ASCII becomes a question mark.
    pub fn byte(&mut self, byte: u8) -> &mut Self {
        if let Some(place) = self.bytes.get_mut(self.used) {
            *place = if matches!(byte, b' '..=b'~') { byte } else { b'?' };
            self.used += 1;
        }
        self
    }

    /// Appends text.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.ascii(text.as_bytes())
    }

    /// Appends characters.
    pub fn ascii(&mut self, characters: &[u8]) -> &mut Self {
        for &byte in characters {
            self.byte(byte);
        }
        self
    }

    /// Appends `value` with its last `decimals` digits behind a point.
    pub fn number(&mut self, value: i32, decimals: usize) -> &mut Self {
        if value < 0 {
            self.byte(b'-');
        }
        let (mut rest, mut weight, mut begun) = (value.unsigned_abs(), 1_000_000_000, false);
        for place in (0..10).rev() {
            let digit = (rest / weight) as u8;
            rest %= weight;
            weight = (weight / 10).max(1);
            begun |= digit > 0 || place <= decimals;
            if begun {
                self.byte(b'0' + digit);
            }
            if place == decimals && decimals > 0 {
                self.byte(b'.');
            }
        }
        self
    }

    /// Appends four hexadecimal digits.
    pub fn hex(&mut self, word: u16) -> &mut Self {
        for shift in [12, 8, 4, 0] {
            let digit = (word >> shift & 0xF) as u8;
            self.byte(if digit < 10 { b'0' + digit } else { b'A' - 10 + digit });
        }
        self
    }

    /// Appends a day: year-month-day.
    pub fn date(&mut self, date: Date) -> &mut Self {
        self.number(date.year().into(), 0);
        for part in [date.month(), date.day()] {
            self.byte(b'-').pair(part / 10, part % 10);
        }
        self
    }

    /// Appends two digits.
    pub fn pair(&mut self, tens: u8, ones: u8) -> &mut Self {
        self.byte(b'0' + tens).byte(b'0' + ones)
    }

    /// Continues at a column.
    pub fn column(&mut self, column: usize) -> &mut Self {
        self.used = column.min(LONGEST);
        self
    }

    /// A line of `N` characters, cut or filled up with blanks.
    #[must_use]
    pub fn padded<const N: usize>(&self) -> [u8; N] {
        self.bytes.first_chunk().copied().unwrap_or([b' '; N])
    }

    /// What was written.
    #[must_use]
    pub fn written(&self) -> &[u8] {
        self.bytes.get(..self.used).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(value: i32, decimals: usize) -> [u8; 10] {
        Writer::new().number(value, decimals).padded()
    }

    #[test]
    fn numbers() {
        assert_eq!(&number(0, 0), b"0         ");
        assert_eq!(&number(5, 3), b"0.005     ");
        assert_eq!(&number(-23_012, 2), b"-230.12   ");
        assert_eq!(&number(1_000, 0), b"1000      ");
        assert_eq!(Writer::new().number(i32::MIN, 0).written(), b"-2147483648");
    }

    #[test]
    fn what_does_not_fit_is_left_out() {
        assert_eq!(&Writer::new().text("CS").hex(0xA3F0).padded(), b"CSA3");
        assert_eq!(&Writer::new().column(2).text("x").padded(), b"  x ");
        assert_eq!(Writer::new().text("\u{7f}a").written(), b"?a");
        assert_eq!(Writer::new().text(&"x".repeat(LONGEST + 1)).written(), [b'x'; LONGEST]);
    }
}

//! Text of a fixed length, for the display and the crash record. By hand, because `core::fmt` takes 6 KiB of the flash.

use meter_interface::block::Date;

/// Characters written so far, and blanks behind them.
#[derive(Clone, Copy, Debug)]
pub struct Writer<const N: usize> {
    bytes: [u8; N],
    used: usize,
}

impl<const N: usize> Default for Writer<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Writer<N> {
    /// Nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: [b' '; N], used: 0 }
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
    pub fn number(&mut self, value: i64, decimals: usize) -> &mut Self {
        if value < 0 {
            self.byte(b'-');
        }
        let mut digits = [b'0'; 20];
        let mut rest = value.unsigned_abs();
        let mut first = digits.len();
        for (index, digit) in digits.iter_mut().enumerate().rev() {
            let shown = 20 - index;
            if rest == 0 && shown > decimals + 1 {
                break;
            }
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
            first = index;
        }
        for (index, &digit) in digits.iter().enumerate().skip(first) {
            if decimals > 0 && index == digits.len() - decimals {
                self.byte(b'.');
            }
            self.byte(digit);
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
            self.byte(b'-').byte(b'0' + part / 10).byte(b'0' + part % 10);
        }
        self
    }

    /// Continues at a column.
    pub fn column(&mut self, column: usize) -> &mut Self {
        self.used = column.min(N);
        self
    }

    /// All characters, the blanks included.
    #[must_use]
    pub const fn padded(&self) -> [u8; N] {
        self.bytes
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

    fn number(value: i64, decimals: usize) -> [u8; 10] {
        Writer::<10>::new().number(value, decimals).padded()
    }

    #[test]
    fn numbers() {
        assert_eq!(&number(0, 0), b"0         ");
        assert_eq!(&number(5, 3), b"0.005     ");
        assert_eq!(&number(-23_012, 2), b"-230.12   ");
        assert_eq!(&number(1_000, 0), b"1000      ");
        assert_eq!(Writer::<24>::new().number(i64::MIN, 0).written(), b"-9223372036854775808");
    }

    #[test]
    fn what_does_not_fit_is_left_out() {
        assert_eq!(Writer::<4>::new().text("CS").hex(0xA3F0).written(), b"CSA3");
        assert_eq!(Writer::<4>::new().text("\u{7f}a").written(), b"?a");
        assert_eq!(&Writer::<4>::new().column(2).text("x").padded(), b"  x ");
    }
}

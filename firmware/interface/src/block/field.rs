//! What a field of the block can be, and how it becomes bytes.

use core::fmt;

use m90e26::Line;

/// A value with a fixed number of bytes in the block.
pub trait Field: Sized {
    /// Bytes it takes.
    const SIZE: usize;
    /// Its kind, as the documentation names it.
    const KIND: &'static str;
    /// It must not be shown.
    const SECRET: bool = false;

    /// Writes it; `into` has [`Self::SIZE`] zero bytes.
    fn put(&self, into: &mut [u8]);

    /// Reads it from [`Self::SIZE`] bytes.
    ///
    /// # Errors
    /// The bytes are not what such a value looks like.
    fn take(bytes: &[u8]) -> Result<Self, Invalid>;
}

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invalid {
    /// A number outside of what the field may hold.
    Number(u32),
    /// A character that is not printable ASCII, or something behind the end of a text.
    Character(u8),
    /// Too long for its field.
    TooLong {
        /// Bytes that fit.
        most: usize,
    },
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "cannot be {number}"),
            Self::Character(byte) => write!(f, "has the byte {byte:02X} in its text, which takes printable ASCII"),
            Self::TooLong { most } => write!(f, "is longer than {most} bytes"),
        }
    }
}

impl core::error::Error for Invalid {}

/// Copies `bytes` to `into` from `start` on; what does not fit is left out.
pub(super) fn fill(into: &mut [u8], start: usize, bytes: &[u8]) {
    for (target, &byte) in into.iter_mut().skip(start).zip(bytes) {
        *target = byte;
    }
}

macro_rules! numbers {
    ($($kind:ident)*) => {$(
        impl Field for $kind {
            const SIZE: usize = size_of::<$kind>();
            const KIND: &'static str = stringify!($kind);

            fn put(&self, into: &mut [u8]) {
                fill(into, 0, &self.to_le_bytes());
            }

            fn take(bytes: &[u8]) -> Result<Self, Invalid> {
                Ok(bytes.first_chunk().map_or(0, |chunk| Self::from_le_bytes(*chunk)))
            }
        }
    )*};
}

numbers! { u8 u16 u32 }

macro_rules! words {
    ($($count:literal $kind:literal)*) => {$(
        impl Field for [u16; $count] {
            const SIZE: usize = 2 * $count;
            const KIND: &'static str = $kind;

            fn put(&self, into: &mut [u8]) {
                let (chunks, _) = into.as_chunks_mut::<2>();
                for (chunk, word) in chunks.iter_mut().zip(self) {
                    *chunk = word.to_le_bytes();
                }
            }

            fn take(bytes: &[u8]) -> Result<Self, Invalid> {
                let mut words = [0; $count];
                let (chunks, _) = bytes.as_chunks::<2>();
                for (word, chunk) in words.iter_mut().zip(chunks) {
                    *word = u16::from_le_bytes(*chunk);
                }
                Ok(words)
            }
        }
    )*};
}

words! { 10 "10 u16" 11 "11 u16" }

impl Field for Line {
    const SIZE: usize = 1;
    const KIND: &'static str = "line";

    fn put(&self, into: &mut [u8]) {
        fill(into, 0, &[u8::from(*self == Self::N)]);
    }

    fn take(bytes: &[u8]) -> Result<Self, Invalid> {
        match bytes {
            [0, ..] | [] => Ok(Self::L),
            [1, ..] => Ok(Self::N),
            [other, ..] => Err(Invalid::Number(u32::from(*other))),
        }
    }
}

/// A positive factor, exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ratio {
    numerator: u16,
    denominator: u16,
}

impl Ratio {
    /// One.
    pub const ONE: Self = Self { numerator: 1, denominator: 1 };

    /// `numerator / denominator`; `None` when one of them is 0.
    #[must_use]
    pub const fn new(numerator: u16, denominator: u16) -> Option<Self> {
        if numerator == 0 || denominator == 0 { None } else { Some(Self { numerator, denominator }) }
    }

    /// What is above the line.
    #[must_use]
    pub const fn numerator(self) -> u16 {
        self.numerator
    }

    /// What is below the line, never 0.
    #[must_use]
    pub const fn denominator(self) -> u16 {
        self.denominator
    }

    /// `value` times the factor, towards zero; `None` beyond 64 bits.
    #[must_use]
    pub fn scale(self, value: i64) -> Option<i64> {
        // By the magnitude: a division with signs is a function of its own in the meter's image.
        let scaled = value.unsigned_abs().checked_mul(self.numerator.into())?.checked_div(self.denominator.into())?;
        let scaled = i64::try_from(scaled).ok()?;
        Some(if value < 0 { -scaled } else { scaled })
    }
}

impl Default for Ratio {
    fn default() -> Self {
        Self::ONE
    }
}

impl Field for Ratio {
    const SIZE: usize = 4;
    const KIND: &'static str = "ratio";

    fn put(&self, into: &mut [u8]) {
        fill(into, 0, &self.numerator.to_le_bytes());
        fill(into, 2, &self.denominator.to_le_bytes());
    }

    fn take(bytes: &[u8]) -> Result<Self, Invalid> {
        let whole = u32::take(bytes)?;
        Self::new((whole & 0xFFFF) as u16, (whole >> 16) as u16).ok_or(Invalid::Number(whole))
    }
}

/// A day of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// That day; `None` for a day that no calendar has, and outside of the years 2000 to 2199.
    #[must_use]
    pub const fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => 0,
        };
        if year < 2000 || year > 2199 || day == 0 || day > days { None } else { Some(Self { year, month, day }) }
    }

    /// 2000 to 2199.
    #[must_use]
    pub const fn year(self) -> u16 {
        self.year
    }

    /// 1 to 12.
    #[must_use]
    pub const fn month(self) -> u8 {
        self.month
    }

    /// 1 to 31.
    #[must_use]
    pub const fn day(self) -> u8 {
        self.day
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// Year, month, day; all zero is no date.
impl Field for Option<Date> {
    const SIZE: usize = 4;
    const KIND: &'static str = "date";

    fn put(&self, into: &mut [u8]) {
        if let Some(Date { year, month, day }) = *self {
            let [low, high] = year.to_le_bytes();
            fill(into, 0, &[low, high, month, day]);
        }
    }

    fn take(bytes: &[u8]) -> Result<Self, Invalid> {
        let whole = u32::take(bytes)?;
        let [low, high, month, day] = whole.to_le_bytes();
        match Date::new(u16::from_le_bytes([low, high]), month, day) {
            None if whole != 0 => Err(Invalid::Number(whole)),
            date => Ok(date),
        }
    }
}

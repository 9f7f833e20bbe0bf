//! Values in registers of sixteen bits, high word first.

use core::fmt;

use crate::block::Text;

/// A value with a fixed number of registers.
pub trait Words: Sized {
    /// Registers it takes.
    const COUNT: usize;
    /// Its kind, as the documentation names it.
    const KIND: &'static str;

    /// Writes it into [`Self::COUNT`] words.
    fn put(&self, into: &mut [u16]);

    /// Reads it from [`Self::COUNT`] words.
    fn take(words: &[u16]) -> Self;
}

/// One row of a window, for the documentation.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Its first register, counted from the beginning of the window.
    pub offset: u16,
    /// Registers it takes.
    pub words: u16,
    /// Its name in the code.
    pub name: &'static str,
    /// What kind of value it is.
    pub kind: &'static str,
    /// What it means, with its unit.
    pub meaning: &'static str,
}

/// A window was given with a wrong number of registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WordError {
    /// Registers there are.
    pub have: usize,
    /// Registers there should be.
    pub need: usize,
}

impl fmt::Display for WordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} registers where {} are needed", self.have, self.need)
    }
}

impl core::error::Error for WordError {}

/// Copies `words` to the beginning of `into`.
pub(super) fn fill(into: &mut [u16], words: &[u16]) {
    for (target, &word) in into.iter_mut().zip(words) {
        *target = word;
    }
}

fn wide(words: &[u16]) -> u64 {
    words.iter().fold(0, |sum, &word| (sum << 16) | u64::from(word))
}

macro_rules! numbers {
    ($($kind:ident $count:literal)*) => {$(
        impl Words for $kind {
            const COUNT: usize = $count;
            const KIND: &'static str = stringify!($kind);

            fn put(&self, into: &mut [u16]) {
                for (place, word) in into.iter_mut().take($count).rev().enumerate() {
                    *word = (*self >> (16 * place)) as u16;
                }
            }

            fn take(words: &[u16]) -> Self {
                wide(words) as Self
            }
        }
    )*};
}

numbers! { u32 2 i32 2 u64 4 }

impl Words for u16 {
    const COUNT: usize = 1;
    const KIND: &'static str = "u16";

    fn put(&self, into: &mut [u16]) {
        fill(into, &[*self]);
    }

    fn take(words: &[u16]) -> Self {
        words.first().copied().unwrap_or_default()
    }
}

impl Words for f32 {
    const COUNT: usize = 2;
    const KIND: &'static str = "f32";

    fn put(&self, into: &mut [u16]) {
        self.to_bits().put(into);
    }

    fn take(words: &[u16]) -> Self {
        Self::from_bits(u32::take(words))
    }
}

macro_rules! arrays {
    ($($kind:ty, $count:literal, $text:literal;)*) => {$(
        impl Words for [$kind; $count] {
            const COUNT: usize = $count * <$kind as Words>::COUNT;
            const KIND: &'static str = $text;

            fn put(&self, into: &mut [u16]) {
                for (words, value) in into.chunks_exact_mut(<$kind as Words>::COUNT).zip(self) {
                    value.put(words);
                }
            }

            fn take(words: &[u16]) -> Self {
                let mut chunks = words.chunks_exact(<$kind as Words>::COUNT);
                core::array::from_fn(|_| <$kind as Words>::take(chunks.next().unwrap_or_default()))
            }
        }
    )*};
}

arrays! {
    u16, 3, "3 u16";
    u16, 6, "6 u16";
    u16, 16, "16 u16";
    f32, 8, "8 f32";
    super::TestResult, 12, "12 results";
    Measured, 8, "8 measured";
}

/// Two characters in a register, the first in the high byte; padded with zeros.
impl<const N: usize> Words for Text<N> {
    const COUNT: usize = N / 2;
    const KIND: &'static str = "text";

    fn put(&self, into: &mut [u16]) {
        let mut bytes = self.as_bytes().iter().copied();
        for word in into.iter_mut().take(Self::COUNT) {
            let high = bytes.next().unwrap_or_default();
            *word = u16::from_be_bytes([high, bytes.next().unwrap_or_default()]);
        }
    }

    fn take(words: &[u16]) -> Self {
        let mut text = [0; N];
        let (pairs, _) = text.as_chunks_mut::<2>();
        for (pair, word) in pairs.iter_mut().zip(words) {
            *pair = word.to_be_bytes();
        }
        Self::lossy(&text)
    }
}

/// A reading with its age.
///
/// In registers: the value as i32 in the unit of its [`Quantity`](super::Quantity), 80000000 for none, then the age in
/// milliseconds, FFFF for that much or more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measured {
    /// The value; `None` when there is none, be it that nothing was read yet or that what was read is no measured value.
    pub value: Option<i32>,
    /// Milliseconds since it was read from the chip.
    pub age_millis: u16,
}

/// The i32 that is no value.
const NO_VALUE: i32 = i32::MIN;

impl Measured {
    /// Nothing was read.
    pub const NONE: Self = Self { value: None, age_millis: u16::MAX };
}

impl Words for Measured {
    const COUNT: usize = 3;
    const KIND: &'static str = "measured";

    fn put(&self, into: &mut [u16]) {
        self.value.unwrap_or(NO_VALUE).put(into.get_mut(..2).unwrap_or_default());
        self.age_millis.put(into.get_mut(2..).unwrap_or_default());
    }

    fn take(words: &[u16]) -> Self {
        let (value, age) = words.split_at_checked(2).unwrap_or_default();
        Self { value: Some(i32::take(value)).filter(|&value| value != NO_VALUE), age_millis: u16::take(age) }
    }
}

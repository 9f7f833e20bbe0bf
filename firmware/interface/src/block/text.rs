//! Text in a fixed number of bytes: printable ASCII, padded with zeros.

use core::fmt;

use super::field::{Field, Invalid, fill};

/// Up to `N` characters.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Text<const N: usize>([u8; N]);

impl<const N: usize> Text<N> {
    /// `text`, when it fits.
    ///
    /// # Errors
    /// It is too long, or a character is not printable ASCII.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        if text.len() > N {
            return Err(Invalid::TooLong { most: N });
        }
        match text.bytes().find(|byte| !printable(*byte)) {
            Some(byte) => Err(Invalid::Character(byte)),
            None => {
                let mut bytes = [0; N];
                fill(&mut bytes, 0, text.as_bytes());
                Ok(Self(bytes))
            }
        }
    }

    /// The text without its padding.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let text = self.0.split(|&byte| byte == 0).next().unwrap_or_default();
        // Only printable ASCII gets in, so this cannot fail.
        core::str::from_utf8(text).unwrap_or_default()
    }

    /// No character at all: the value was not set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.as_str().is_empty()
    }
}

fn printable(byte: u8) -> bool {
    matches!(byte, b' '..=b'~')
}

impl<const N: usize> Default for Text<N> {
    fn default() -> Self {
        Self([0; N])
    }
}

impl<const N: usize> fmt::Debug for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl<const N: usize> fmt::Display for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl<const N: usize> Field for Text<N> {
    const SIZE: usize = N;
    const KIND: &'static str = "text";

    fn put(&self, into: &mut [u8]) {
        fill(into, 0, &self.0);
    }

    fn take(bytes: &[u8]) -> Result<Self, Invalid> {
        let length = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
        let (text, padding) = bytes.split_at_checked(length).unwrap_or((bytes, &[]));
        let wrong = text.iter().find(|&&byte| !printable(byte)).or_else(|| padding.iter().find(|&&byte| byte != 0));
        match wrong {
            Some(&byte) => Err(Invalid::Character(byte)),
            None => {
                let mut own = [0; N];
                fill(&mut own, 0, text);
                Ok(Self(own))
            }
        }
    }
}

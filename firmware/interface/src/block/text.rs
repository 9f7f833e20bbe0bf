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
        let mut own = [0; N];
        copy(text.as_bytes(), &mut own).map(|()| Self(own))
    }

    /// What is printable of `bytes` up to the first zero; anything else becomes a question mark, and what does not fit is left out.
    #[must_use]
    pub fn lossy(bytes: &[u8]) -> Self {
        let mut own = [0; N];
        for (place, &byte) in own.iter_mut().zip(bytes.iter().take_while(|&&byte| byte != 0)) {
            *place = if printable(byte) { byte } else { b'?' };
        }
        Self(own)
    }

    /// The characters without their padding.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.split(|&byte| byte == 0).next().unwrap_or_default()
    }

    /// The text without its padding.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Only printable ASCII gets in, so this cannot fail.
        core::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// No character at all: the value was not set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.as_bytes().is_empty()
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
        let mut own = [0; N];
        copy_padded(bytes, &mut own).map(|()| Self(own))
    }
}

// For all lengths together, not for each: the meter's flash is small.

#[inline(never)]
fn copy(text: &[u8], into: &mut [u8]) -> Result<(), Invalid> {
    if text.len() > into.len() {
        return Err(Invalid::TooLong { most: into.len() });
    }
    match text.iter().find(|&&byte| !printable(byte)) {
        Some(&byte) => Err(Invalid::Character(byte)),
        None => {
            fill(into, 0, text);
            Ok(())
        }
    }
}

#[inline(never)]
fn copy_padded(bytes: &[u8], into: &mut [u8]) -> Result<(), Invalid> {
    let length = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    let (text, padding) = bytes.split_at_checked(length).unwrap_or((bytes, &[]));
    match padding.iter().find(|&&byte| byte != 0) {
        // The text comes first, so what is wrong with it is told first.
        Some(&byte) => copy(text, into).and(Err(Invalid::Character(byte))),
        None => copy(text, into),
    }
}

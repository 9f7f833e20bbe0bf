//! Values that must not be printed: tokens, passwords, keys.

use core::fmt;

use super::field::{Field, Invalid, fill};

/// A value that formatting hides: as text it is `***`, or nothing when it is not set.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Hides `value`.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself, for where it is used; it must not be printed from there.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Default + PartialEq> Secret<T> {
    /// Whether there is a value.
    pub fn is_set(&self) -> bool {
        self.0 != T::default()
    }

    fn mask(&self) -> &'static str {
        if self.is_set() { "***" } else { "" }
    }
}

impl<T: Default + PartialEq> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({})", self.mask())
    }
}

impl<T: Default + PartialEq> fmt::Display for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.mask())
    }
}

/// What kinds the documentation names: a secret is named so.
trait SecretKind {
    const KIND: &'static str;
}

impl<const N: usize> SecretKind for super::Text<N> {
    const KIND: &'static str = "secret text";
}

impl<const N: usize> SecretKind for Bytes<N> {
    const KIND: &'static str = "secret bytes";
}

impl SecretKind for u32 {
    const KIND: &'static str = "secret u32";
}

impl<T: Field + SecretKind> Field for Secret<T> {
    const SIZE: usize = T::SIZE;
    const KIND: &'static str = <T as SecretKind>::KIND;
    const SECRET: bool = true;

    fn put(&self, into: &mut [u8]) {
        self.0.put(into);
    }

    fn take(bytes: &[u8]) -> Result<Self, Invalid> {
        // An error names the offending byte; here it would be part of the secret.
        T::take(bytes).map(Self).map_err(|_| Invalid::Character(0))
    }
}

/// Up to `N` bytes of a key; the first byte in the block is their number.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Bytes<const N: usize> {
    length: u8,
    bytes: [u8; N],
}

impl<const N: usize> Bytes<N> {
    /// `bytes`, when they fit.
    ///
    /// # Errors
    /// There are more than `N` or 255 of them.
    pub fn new(bytes: &[u8]) -> Result<Self, Invalid> {
        let too_long = Invalid::TooLong { most: N };
        let length = u8::try_from(bytes.len()).map_err(|_| too_long)?;
        if bytes.len() > N {
            return Err(too_long);
        }
        let mut own = [0; N];
        fill(&mut own, 0, bytes);
        Ok(Self { length, bytes: own })
    }

    /// The bytes there are.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or(&self.bytes)
    }
}

/// How many, not which: bytes are keys.
impl<const N: usize> fmt::Debug for Bytes<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.length)
    }
}

impl<const N: usize> Default for Bytes<N> {
    fn default() -> Self {
        Self { length: 0, bytes: [0; N] }
    }
}

impl<const N: usize> Field for Bytes<N> {
    const SIZE: usize = N + 1;
    const KIND: &'static str = "bytes";

    fn put(&self, into: &mut [u8]) {
        fill(into, 0, &[self.length]);
        fill(into, 1, &self.bytes);
    }

    fn take(bytes: &[u8]) -> Result<Self, Invalid> {
        let (&length, rest) = bytes.split_first().unwrap_or((&0, &[]));
        let used = rest.get(..usize::from(length)).ok_or(Invalid::Number(u32::from(length)))?;
        match rest.get(used.len()..).unwrap_or_default().iter().find(|&&byte| byte != 0) {
            Some(&byte) => Err(Invalid::Character(byte)),
            None => Self::new(used),
        }
    }
}

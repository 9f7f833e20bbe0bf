//! The registers made of bit fields, and the magic words of the command registers (DS).
//!
//! A field type holds the sixteen bits as they are and names them; `from_bits` and `bits` lose nothing, reserved bits
//! included, so a register read, changed in one field and written back keeps the rest.

pub mod command;
mod mmode;
mod status;

pub use mmode::{ActiveEnergy, HighPass, LineGain, LnSel, MMode, NGain, Pthresh, ReactiveEnergy, ZeroCrossing};
pub use status::{ChecksumState, EnStatus, FuncEn, LnMode, SysStatus};

/// A type around the sixteen bits of a register.
macro_rules! bits {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct $name(u16);

        impl $name {
            /// The fields in a register's value.
            #[must_use]
            pub const fn from_bits(bits: u16) -> Self {
                Self(bits)
            }

            /// The register's value.
            #[must_use]
            pub const fn bits(self) -> u16 {
                self.0
            }

            #[allow(dead_code, reason = "a register of single bits has no use for it")]
            const fn field(self, shift: u32, mask: u16) -> u16 {
                (self.0 >> shift) & mask
            }

            #[allow(dead_code, reason = "a register that is only read has no use for it")]
            const fn with_field(self, shift: u32, mask: u16, value: u16) -> Self {
                Self((self.0 & !(mask << shift)) | ((value & mask) << shift))
            }
        }

        impl From<u16> for $name {
            fn from(bits: u16) -> Self {
                Self(bits)
            }
        }

        impl From<$name> for u16 {
            fn from(fields: $name) -> Self {
                fields.0
            }
        }
    };
}
use bits;

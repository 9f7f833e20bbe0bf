//! The two current channels, each with its own calibration registers.

use crate::Register;

/// The current channel a register belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Line {
    /// The L line, registers without a suffix or with an L.
    L,
    /// The N line.
    N,
}

impl Line {
    /// The energy gain, 23H or 25H.
    #[must_use]
    pub const fn gain(self) -> Register {
        match self {
            Self::L => Register::Lgain,
            Self::N => Register::Ngain,
        }
    }

    /// The phase compensation, 24H or 26H.
    #[must_use]
    pub const fn phase(self) -> Register {
        match self {
            Self::L => Register::Lphi,
            Self::N => Register::Nphi,
        }
    }

    /// The current gain, 32H or 33H.
    #[must_use]
    pub const fn igain(self) -> Register {
        match self {
            Self::L => Register::IgainL,
            Self::N => Register::IgainN,
        }
    }

    /// The current offset, 35H or 36H.
    #[must_use]
    pub const fn ioffset(self) -> Register {
        match self {
            Self::L => Register::IoffsetL,
            Self::N => Register::IoffsetN,
        }
    }

    /// The active power offset, 37H or 39H.
    #[must_use]
    pub const fn poffset(self) -> Register {
        match self {
            Self::L => Register::PoffsetL,
            Self::N => Register::PoffsetN,
        }
    }

    /// The reactive power offset, 38H or 3AH.
    #[must_use]
    pub const fn qoffset(self) -> Register {
        match self {
            Self::L => Register::QoffsetL,
            Self::N => Register::QoffsetN,
        }
    }

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::L => Self::N,
            Self::N => Self::L,
        }
    }
}

impl core::fmt::Display for Line {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.pad(match self {
            Self::L => "L",
            Self::N => "N",
        })
    }
}

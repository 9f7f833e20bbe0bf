//! The formulas of the application note as the bench uses them: rounded to nearest, range-checked, both ways.
//!
//! Source: application note AN-46102B section 3; register formats from the datasheet DS-46002B. The sheet truncates where this
//! rounds, so the two differ by at most one step ([`super::sheet`]). A value the register cannot hold is never cut to fit:
//! it is a [`RangeError`] that says which fault of the board it smells of.

mod error;
mod measurement;
mod metering;

pub use error::{FormulaError, RangeError};
pub(super) use error::{finite, positive};
pub use measurement::{
    amps_from_current_offset, current_offset, igain, mean_power, power_offset, sag_threshold, ugain,
    volts_from_sag_threshold,
};
pub(super) use measurement::{igain_from_exact, ioffset_from_exact, register_amps};
pub use metering::{
    AnalogPath, PlRounding, Threshold, degrees_from_phase, degrees_per_step, fraction_from_gain,
    fraction_from_threshold, gain, gain_from_fraction, mc_from_pl_constant, phase, phase_from_steps, pl_constant,
    steps_from_error, steps_from_phase, threshold,
};

use m90e26::Register;

/// The current channel a register belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
}

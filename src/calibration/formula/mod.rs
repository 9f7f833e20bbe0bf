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

pub use m90e26::Line;

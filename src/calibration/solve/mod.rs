//! Registers from two measurements at once, exact for the model of the chip and not only for small errors.
//!
//! The application note corrects gain and phase one after the other, each by a formula that is linear in the error. With the
//! registers in force known, two load points determine the channel completely, so [`energy::gain_and_phase`] finds both
//! corrections in one step, whatever was in the registers before. [`current`] does the same for current gain and offset.

pub mod current;
pub mod energy;

//! Readings in, registers out: formulas, the sheet's own arithmetic, register sets.

pub mod sheet;
pub mod formula;

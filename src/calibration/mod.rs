//! Readings in, registers out: formulas, the sheet's own arithmetic, register sets.

pub mod formula;
pub mod readings;
pub mod registers;
pub mod sheet;
pub mod solve;
pub mod workbook;

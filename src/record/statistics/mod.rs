//! What many records say: yield, capability of each measurement, causes of failure, drift, pace.
//!
//! All of it is read from the sums beside the records, so it takes the same few milliseconds for a thousand as for a million.
//! First-pass yield counts each unit's first measured attempt at a procedure, final yield its last; an attempt that ended in
//! an ERROR or was stopped says nothing of the unit and is neither. Simulated attempts never stand for real units. Golden units are
//! in none of it: by them the bench is judged.

mod alarm;
mod capability;
mod failures;
mod golden;
mod trend;
mod yields;

pub use alarm::Alarmed;
pub use capability::{Capability, Histogram};
pub use failures::Failure;
pub use golden::GoldenState;
pub use trend::TrendPoint;
pub use yields::Yields;

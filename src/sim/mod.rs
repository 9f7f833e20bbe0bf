//! The simulated station: real bytes over simulated lines.

pub mod instrument;

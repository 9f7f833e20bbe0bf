//! The simulated station: real bytes over simulated lines.

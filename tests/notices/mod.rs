//! What a session tells the window, for tests that look at its pages without a station.

#![allow(dead_code, clippy::unwrap_used, reason = "each test takes what it looks at")]

pub mod bench;
pub mod live;

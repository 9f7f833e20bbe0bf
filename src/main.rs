//! The one binary: window and command line.
fn main() {}

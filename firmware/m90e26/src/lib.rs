#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]

pub mod checksum;
pub mod field;
pub mod line;
pub mod register;
pub mod uart;
pub mod value;

pub use checksum::checksum;
pub use line::Line;
pub use register::{Access, Encoding, Register, Section};

//! The boot loader in the ROM of an STM32, on its USART (AN3155; AN2606 for what differs between families).
//!
//! [`codec`] has the frames, [`session`] one command's stages, [`loader`] the loop that owns the port, [`entry`] how the chip is
//! brought into its boot loader; [`RomTarget`] is a chip to flash. The line has eight data bits and even parity, up to
//! 115200 baud; the loader finds out the speed from the first byte after reset and keeps it until the next.

pub mod codec;
pub mod entry;
pub mod loader;
pub mod session;
pub mod target;
mod timing;

pub use target::RomTarget;

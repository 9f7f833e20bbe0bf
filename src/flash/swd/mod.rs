//! A chip over its debug port (SWD), through any probe that probe-rs drives: ST-LINK, CMSIS-DAP, J-Link, Black Magic.
//!
//! Only `link` and `list` name probe-rs, and of it only the transport is used: opening a probe, attaching, reading and writing
//! memory. `core` stops, resets and starts the processor, `controller` works the chip's own flash controller (PM0075), and
//! [`SwdTarget`] is a chip to flash.
//!
//! Why not probe-rs' flash loader: once it runs it cannot be cancelled, it wants a description of each chip, and it wins nothing
//! here, as half-words need 52.5 us each whoever writes them. Half-words written straight to the controller can be stopped
//! between any two blocks, as in the ROM's way. And memory is read without stopping the program that runs.

mod address;
mod controller;
mod core;
mod error;
mod link;
mod list;
mod target;

pub use address::{Connect, SwdAddress};
pub use error::SwdError;
pub use link::DRIVER_THREAD;
pub use list::{ProbeFound, list};
pub use target::SwdTarget;

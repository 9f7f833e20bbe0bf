//! Meterbench calibrates and tests electricity meters: see README.md for what it does and ARCHITECTURE.md for how it is built.

pub mod advice;
pub mod calibration;
pub mod cli;
pub mod clock;
pub mod disk;
pub mod flash;
pub mod folders;
pub mod gui;
pub mod image;
pub mod job;
pub mod load;
pub mod log;
pub mod meter;
pub mod operator;
pub mod paper;
pub mod port;
pub mod procedure;
pub mod profile;
pub mod provision;
pub mod record;
pub mod reference;
pub mod settings;
pub mod sim;
pub mod station;
pub mod stock;
pub mod units;

#![doc = include_str!("../README.md")]
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

pub mod board;
pub mod chip;
pub mod crash;
pub mod display;
pub mod division;
pub mod energy;
pub mod i2c;
pub mod keypad;
pub mod lcd;
pub mod meter;
pub mod protect;
pub mod relay;
pub mod rtc;
pub mod selftest;
pub mod service;
pub mod store;
pub mod text;

pub use meter::Meter;

//! Small things drawn in several places.

pub mod apart;
pub mod card;
pub mod command_button;
pub mod elided;
pub mod error_bar;
pub mod input;
pub mod number;
pub mod problem;
pub mod scanner;
pub mod sketch;
pub mod status;
pub mod still_plot;

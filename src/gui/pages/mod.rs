//! Pages draw what the core knows and queue commands; they change nothing but their own form.

pub mod about;
pub mod bench;
pub mod calculator;
pub mod firmware;
pub mod live;
pub mod profiles;
pub mod records;
pub mod registers;
pub mod settings;

mod sheet;

use super::command::Commands;
use super::core::Core;
use super::tokens::Tokens;

/// What a page is given to draw.
pub struct PageCtx<'a> {
    /// What is known.
    pub core: &'a Core,
    /// What is asked for.
    pub commands: &'a mut Commands,
    /// Colours and spacings.
    pub tokens: &'a Tokens,
}

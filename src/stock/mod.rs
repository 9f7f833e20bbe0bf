//! The stock firmware as a project on the disk: a unit's values go into its sources, and PlatformIO makes an image of them.
//!
//! Which value goes where, the meter profile says (`profile::sources`); how a literal is replaced, and when that is refused, is
//! [`crate::image::source`]'s. Not here: the values themselves, and putting the image on a chip.

mod pio;
mod project;

pub use pio::{Build, BuildError, Built, build};
pub use project::{Patched, Project, ProjectError, Values};

//! Whether the units are supplied, as far as the bench knows.

use crate::procedure::Event;
use crate::reference::LoadPoint;

/// What the source was told last, and what came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Supply {
    /// Nothing was asked of it, or it is off again.
    #[default]
    Off,
    /// It was told to go there; the reference does not show it yet.
    Asked(LoadPoint),
    /// The reference shows it.
    On(LoadPoint),
    /// A person has to switch it off, and has not said yet that it is.
    OffByHand,
}

/// What a person is told who has to switch the source off.
#[must_use]
pub fn switch_off() -> &'static str {
    t!("Switch voltage and current off")
}

impl Supply {
    /// Takes in what happened on the bench.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::LoadPoint { point } => *self = Self::Asked(*point),
            Event::LoadPointReached { point } => *self = Self::On(*point),
            Event::SourceOff => *self = Self::Off,
            Event::SwitchOffByHand => *self = Self::OffByHand,
            _ => {}
        }
    }
}

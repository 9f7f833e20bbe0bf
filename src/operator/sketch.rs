//! What hands have to do at the bench, as far as there is a picture of it.

/// A picture of an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub enum Sketch {
    /// Put the unit into its place and connect it.
    Connect,
    /// Set the BOOT0 jumper.
    Boot0Jumper,
    /// Switch voltage and current on.
    LoadOn,
    /// Switch the current off.
    LoadOff,
    /// Press the unit's key.
    PressKey,
    /// Take the unit's supply away and give it back.
    PowerCycle,
    /// Read something.
    ReadDisplay,
}

impl Sketch {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Connect,
        Self::Boot0Jumper,
        Self::LoadOn,
        Self::LoadOff,
        Self::PressKey,
        Self::PowerCycle,
        Self::ReadDisplay,
    ];

    /// The picture in words.
    #[must_use]
    pub const fn alt(self) -> &'static str {
        match self {
            Self::Connect => "A meter below four open plugs, with an arrow that moves it onto them",
            Self::Boot0Jumper => "Three pins with a jumper over BOOT0 and 3V3",
            Self::LoadOn => "A closed switch between the source and the meter, with a current flowing",
            Self::LoadOff => "An open switch between the source and the meter, no current flows",
            Self::PressKey => "A finger that presses the key below the meter's display",
            Self::PowerCycle => "A plug pulled out of its socket, with an arrow back into it",
            Self::ReadDisplay => "An eye that looks at the meter's display",
        }
    }
}

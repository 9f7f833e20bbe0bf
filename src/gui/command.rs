//! Everything a person can ask the window for. Pages queue commands; the application carries them out in one place.

use egui::{Key, KeyboardShortcut, Modifiers, ThemePreference};

use super::session::{AddressTexts, Order, Scope, Write};

/// One wish.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Open the station at these addresses.
    Connect(AddressTexts),
    /// Show or hide the addresses.
    ToggleAddresses,
    /// Run a procedure on a unit.
    Start(Order),
    /// Stop the run.
    Cancel,
    /// Answer the question that stands.
    Answer(String),
    /// Read the meter's registers.
    ReadRegisters(Scope),
    /// Write one of the meter's registers.
    WriteRegister(Write),
    /// Another theme.
    Theme(ThemePreference),
}

/// Commands of one frame.
pub type Commands = Vec<Command>;

/// How a command presents itself.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// On the button.
    pub text: &'static str,
    /// Beside the pointer.
    pub tooltip: &'static str,
    /// On the keyboard.
    pub shortcut: Option<KeyboardShortcut>,
}

impl Command {
    /// Text, explanation and key.
    #[must_use]
    pub const fn look(&self) -> Look {
        let (text, tooltip, key) = match self {
            Self::Connect(_) => ("Connect", "Open the station at these addresses", None),
            Self::ToggleAddresses => ("Addresses", "Show or hide the addresses of the station", Some(Key::F2)),
            Self::Start(_) => ("Start", "Run the procedure on this unit", Some(Key::F5)),
            Self::Cancel => ("Cancel", "Stop the run and switch the source off", Some(Key::Escape)),
            Self::Answer(_) => ("Answer", "Go on with this answer", None),
            Self::ReadRegisters(Scope::Map) => ("Read all", "Read every register that reading does not change", None),
            Self::ReadRegisters(Scope::Clearing) => {
                ("Read and clear status and energy", "Reading SysStatus and the energies sets them to zero", None)
            }
            Self::WriteRegister(_) => ("Write to the chip", "Write the register and read it back", None),
            Self::Theme(ThemePreference::Dark) => ("Dark", "Light letters on dark", None),
            Self::Theme(ThemePreference::Light) => ("Light", "Dark letters on light", None),
            Self::Theme(ThemePreference::System) => ("System", "As the desktop has it", None),
        };
        let shortcut = match key {
            Some(key) => Some(KeyboardShortcut::new(Modifiers::NONE, key)),
            None => None,
        };
        Look { text, tooltip, shortcut }
    }
}

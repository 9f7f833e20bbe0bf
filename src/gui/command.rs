//! Everything a person can ask the window for. Pages queue commands; the application carries them out in one place.

use std::borrow::Cow;

use egui::{Key, KeyboardShortcut, Modifiers, gui_zoom::kb_shortcuts};

use super::pages::calculator::CalculatorCommand;
use super::route::Route;
use super::session::{AddressTexts, Order, Scope, Write};
use crate::settings::ThemeChoice;

/// One wish.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Show a page.
    Go(Route),
    /// A file the calculator wants.
    Calculator(CalculatorCommand),
    /// Show all commands.
    OpenPalette,
    /// Give the serial number the focus.
    NextUnit,
    /// Run a procedure on a unit.
    Start(Order),
    /// Stop the run.
    Cancel,
    /// The FAIL was seen.
    Acknowledge,
    /// Answer the question that stands.
    Answer(String),
    /// Read the meter's registers.
    ReadRegisters(Scope),
    /// Write one of the meter's registers.
    WriteRegister(Write),
    /// Open the station at these addresses.
    Connect(AddressTexts),
    /// Show or hide the addresses.
    ToggleAddresses,
    /// Use this meter profile.
    UseProfile(String),
    /// Use this procedure.
    UseProcedure(String),
    /// Light or dark.
    Theme(ThemeChoice),
    /// Size of everything in percent.
    TextSize(u16),
    /// The next size up.
    TextLarger,
    /// The next size down.
    TextSmaller,
    /// Icons only in the rail, or words too.
    ToggleRail,
    /// Put a text onto the clipboard; the first word says what it is.
    Copy(&'static str, String),
    /// Close the window.
    Quit,
}

/// Commands of one frame.
pub type Commands = Vec<Command>;

/// How a command presents itself.
#[derive(Clone, Debug)]
pub struct Look {
    /// On the button.
    pub text: Cow<'static, str>,
    /// Beside the pointer.
    pub tooltip: Cow<'static, str>,
    /// On the keyboard.
    pub shortcut: Option<KeyboardShortcut>,
}

impl Command {
    /// Text, explanation and key.
    #[must_use]
    pub fn look(&self) -> Look {
        let plain = |key| Some(KeyboardShortcut::new(Modifiers::NONE, key));
        let control = |key| Some(KeyboardShortcut::new(Modifiers::COMMAND, key));
        let (text, tooltip, shortcut) = match self {
            Self::Go(route) => (route.word(), route.purpose(), plain(route.key())),
            Self::OpenPalette => ("Commands", "Find a command by its name", control(Key::K)),
            Self::NextUnit => ("Next unit", "Give the serial number the focus", control(Key::N)),
            Self::Start(_) => ("Start", "Run the procedure on this unit", plain(Key::F5)),
            Self::Cancel => ("Cancel", "Stop the run and switch the source off", plain(Key::Escape)),
            Self::Acknowledge => ("Acknowledge", "The FAIL was seen, the unit is set apart", None),
            Self::Answer(_) => ("Answer", "Go on with this answer", None),
            Self::ReadRegisters(Scope::Map) => ("Read all", "Read every register that reading does not change", None),
            Self::ReadRegisters(Scope::Clearing) => {
                ("Read and clear status and energy", "Reading SysStatus and the energies sets them to zero", None)
            }
            Self::WriteRegister(_) => ("Write to the chip", "Write the register and read it back", None),
            Self::Connect(_) => ("Connect", "Open the station at these addresses", control(Key::R)),
            Self::ToggleAddresses => ("Addresses", "Show or hide the addresses of the station", control(Key::L)),
            Self::UseProfile(name) => return named(format!("Profile {name}"), "Calibrate units of this type"),
            Self::UseProcedure(name) => return named(format!("Procedure {name}"), "Do this to the next unit"),
            Self::Theme(ThemeChoice::Dark) => ("Dark", "Light letters on dark", None),
            Self::Theme(ThemeChoice::Light) => ("Light", "Dark letters on light", None),
            Self::Theme(ThemeChoice::System) => ("System", "As the desktop has it", None),
            Self::TextSize(100) => ("100 %", "Text in its usual size", Some(kb_shortcuts::ZOOM_RESET)),
            Self::TextSize(percent) => return named(format!("{percent} %"), "Everything larger"),
            Self::TextLarger => ("Larger text", "The next size up", Some(kb_shortcuts::ZOOM_IN)),
            Self::TextSmaller => ("Smaller text", "The next size down", Some(kb_shortcuts::ZOOM_OUT)),
            Self::Calculator(CalculatorCommand::OpenCase) => ("Open case…", "Take over inputs saved before", None),
            Self::Calculator(CalculatorCommand::SaveCase(_)) => ("Save case…", "Keep the inputs in a file", None),
            Self::Calculator(CalculatorCommand::OpenWorkbook) => {
                ("Open workbook…", "Take over the inputs of the old Excel sheet", None)
            }
            Self::ToggleRail => ("Fold the rail", "Icons only in the rail, or words too", control(Key::B)),
            Self::Copy(what, _) => return named(format!("Copy {what}"), "Put it onto the clipboard"),
            Self::Quit => ("Quit", "Switch the source off and close the window", control(Key::Q)),
        };
        Look { text: text.into(), tooltip: tooltip.into(), shortcut }
    }

    /// What a list of all commands calls it, where its button's word needs the button's surroundings.
    #[must_use]
    pub fn title(&self) -> Cow<'static, str> {
        let text = self.look().text;
        match self {
            Self::Go(_) => format!("Go to {text}").into(),
            Self::Theme(_) => format!("Theme {}", text.to_lowercase()).into(),
            Self::TextSize(_) => format!("Text size {text}").into(),
            _ => text,
        }
    }
}

fn named(text: String, tooltip: &'static str) -> Look {
    Look { text: text.into(), tooltip: tooltip.into(), shortcut: None }
}

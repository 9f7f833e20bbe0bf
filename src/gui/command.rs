//! Everything a person can ask the window for. Pages queue commands; the application carries them out in one place.

use std::borrow::Cow;

use egui::{Key, KeyboardShortcut, Modifiers, gui_zoom::kb_shortcuts};

use super::change::Change;
use super::device::Device;
use super::pages::calculator::CalculatorCommand;
use super::pages::firmware::FirmwareCommand;
use super::pages::live::LiveCommand;
use super::pages::records::RecordsCommand;
use super::pages::registers::RegisterFile;
use super::reprint::Sheet;
use super::route::Route;
use super::session::{Order, Scope, Write};
use super::shelf::ShelfRequest;
use crate::operator::Answer;
use crate::settings::ThemeChoice;

/// One wish.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Show a page.
    Go(Route),
    /// A file the calculator wants.
    Calculator(CalculatorCommand),
    /// Something about image and chip.
    Firmware(FirmwareCommand),
    /// Something about the live readings.
    Live(LiveCommand),
    /// Show all commands.
    OpenPalette,
    /// Give the serial number the focus.
    NextUnit,
    /// Put the unit of this serial number to the position that is shown.
    Scan(String),
    /// Show this position, counted from 0.
    ShowPosition(usize),
    /// Put no units to this position, or units again.
    LeaveOut(usize, bool),
    /// One position large, or all of them.
    ToggleDetail,
    /// Run a procedure on the units.
    Start(Order),
    /// Stop the run.
    Cancel,
    /// The FAIL was seen.
    Acknowledge,
    /// Answer the question that stands.
    Answer(Answer),
    /// Read the meter's registers.
    ReadRegisters(Scope),
    /// Write one of the meter's registers.
    WriteRegister(Write),
    /// Give a device this address, and connect.
    Address(Device, String),
    /// Connect one device again, or all of them.
    Reconnect(Option<Device>),
    /// Let go of all devices.
    Disconnect,
    /// Show how a device is connected.
    OpenDevice(Device),
    /// Open the station with these meters at the positions after the first.
    FurtherMeters(Vec<String>),
    /// The chips to flash at the positions behind the first.
    FurtherTargets(Vec<String>),
    /// Open the station with these optical heads before the meters, by position.
    Heads(Vec<String>),
    /// The next units are golden ones, or those of the line again.
    Golden(bool),
    /// Write several of the meter's registers, one after the other.
    WriteRegisters(Vec<Write>),
    /// Something about files of registers.
    RegisterFile(RegisterFile),
    /// Something about records.
    Records(RecordsCommand),
    /// Something about the user's profiles.
    Profile(ShelfRequest),
    /// Show or hide how the last device shown is connected.
    ToggleAddresses,
    /// Hide it.
    CloseDevice,
    /// Show or hide the log.
    ToggleLog,
    /// Show the log.
    ShowLog,
    /// Keep these lines of the log in a file.
    SaveLog(String),
    /// Change a setting.
    Set(Change),
    /// Use this meter profile.
    UseProfile(String),
    /// Use this procedure.
    UseProcedure(String),
    /// Light or dark.
    Theme(ThemeChoice),
    /// Size of everything in percent.
    TextSize(u16),
    /// The window's language: the name of its file, and what it calls itself.
    Language(String, String),
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
            Self::OpenPalette => (t!("Commands"), t!("Find a command by its name"), control(Key::K)),
            Self::NextUnit => {
                (t!("Next unit"), t!("Give the serial number the focus for the next unit"), control(Key::N))
            }
            Self::Scan(_) => ("Enter", t!("Put the unit to this position"), None),
            Self::ShowPosition(number) => {
                return named(t!("Position {number}", number = number + 1), t!("Show this position"));
            }
            Self::LeaveOut(number, true) => {
                return named(
                    t!("Leave out position {number}", number = number + 1),
                    t!("Put no units there until it is used again"),
                );
            }
            Self::LeaveOut(number, false) => {
                return named(t!("Use position {number}", number = number + 1), t!("Put units there again"));
            }
            Self::ToggleDetail => (t!("Details"), t!("One position large, or all of them"), control(Key::D)),
            Self::Start(_) => (t!("Start"), t!("Run the procedure on this unit"), plain(Key::F5)),
            Self::Cancel => (t!("Cancel"), t!("Stop the run and switch the source off"), plain(Key::Escape)),
            Self::Acknowledge => (t!("Acknowledge"), t!("The FAIL was seen, the unit is set apart"), None),
            Self::Answer(_) => (t!("Answer"), t!("Go on with this answer"), None),
            Self::ReadRegisters(Scope::Map) => {
                (t!("Read all"), t!("Read every register that reading does not change"), None)
            }
            Self::ReadRegisters(Scope::Clearing) => (
                t!("Read and clear status and energy"),
                t!("Reading SysStatus and the energies sets them to zero"),
                None,
            ),
            Self::WriteRegister(_) => (t!("Write to the chip"), t!("Write the register and read it back"), None),
            Self::Address(Device::Target, _) => (t!("Set"), t!("Flash the chip at this address"), None),
            Self::Address(..) => (t!("Connect"), t!("Use this address and connect the station"), None),
            Self::Reconnect(None) => (t!("Reconnect"), t!("Connect all devices of the station again"), control(Key::R)),
            Self::Reconnect(Some(device)) => {
                return named(t!("Reconnect {noun}", noun = device.noun()), t!("Ask it again"));
            }
            Self::Disconnect => {
                (t!("Disconnect"), t!("Close all ports of the station; Reconnect opens them again"), None)
            }
            Self::Firmware(command) => return command.look(),
            Self::OpenDevice(device) => {
                return named(
                    t!("Connect {noun}…", noun = device.noun()),
                    t!("Its port, its address, what was wrong with it"),
                );
            }
            Self::Heads(_) => (t!("Connect heads"), t!("Open the station with these optical heads too"), None),
            Self::Golden(true) => (t!("Golden unit"), t!("Measure a unit of known errors: the bench is judged"), None),
            Self::Golden(false) => (t!("Units of the line"), t!("Measure no golden unit"), None),
            Self::FurtherTargets(_) => (t!("Set targets"), t!("Flash the units at further positions there"), None),
            Self::FurtherMeters(_) => (t!("Connect positions"), t!("Open the station with these meters too"), None),
            Self::ToggleAddresses => {
                (t!("Connections"), t!("Show or hide how the devices are connected"), control(Key::L))
            }
            Self::CloseDevice => (t!("Close"), t!("Hide how the device is connected (Esc)"), None),
            Self::ToggleLog => (t!("Log"), t!("Show or hide what the program has done"), control(Key::J)),
            Self::ShowLog => (t!("Open log"), t!("What the program has done, and what went wrong"), None),
            Self::SaveLog(_) => (t!("Save…"), t!("Keep these lines in a file"), None),
            Self::Set(_) => (t!("Set"), t!("Change a setting"), None),
            Self::WriteRegisters(writes) => {
                return named(
                    t!("Write {count} words to the chip", count = writes.len()),
                    t!("One after the other, each read back"),
                );
            }
            Self::RegisterFile(RegisterFile::Open) => {
                (t!("Open file…"), t!("Compare with registers saved before, or copied as hex, C or TOML"), None)
            }
            Self::RegisterFile(RegisterFile::Save(_)) => {
                (t!("Save dump…"), t!("Keep the registers read in a file"), None)
            }
            Self::Profile(ShelfRequest::Save { .. }) => (t!("Save"), t!("Put the text into its file"), control(Key::S)),
            Self::Profile(ShelfRequest::Delete { .. }) => (t!("Delete the file"), t!("The profile is gone then"), None),
            Self::Profile(ShelfRequest::Copy { .. }) => (t!("Duplicate"), t!("Keep a copy under this name"), None),
            Self::Profile(ShelfRequest::Rename { .. }) => (t!("Rename"), t!("In its file and inside"), None),
            Self::Profile(ShelfRequest::List) => (t!("Look again"), t!("Read the folder of your profiles again"), None),
            Self::UseProfile(name) => return named(t!("Profile {name}", name), t!("Calibrate units of this type")),
            Self::UseProcedure(name) => return named(t!("Procedure {name}", name), t!("Do this to the next unit")),
            Self::Theme(ThemeChoice::Dark) => (t!("Dark"), t!("Light letters on dark"), None),
            Self::Theme(ThemeChoice::Light) => (t!("Light"), t!("Dark letters on light"), None),
            Self::Theme(ThemeChoice::System) => (t!("System"), t!("As the desktop has it"), None),
            Self::Language(_, name) => {
                return named(name.clone(), t!("Texts of the window; records and log stay English"));
            }
            Self::TextSize(100) => ("100 %", t!("Text in its usual size"), Some(kb_shortcuts::ZOOM_RESET)),
            Self::TextSize(percent) => return named(format!("{percent} %"), t!("Everything larger")),
            Self::TextLarger => (t!("Larger text"), t!("The next size up"), Some(kb_shortcuts::ZOOM_IN)),
            Self::TextSmaller => (t!("Smaller text"), t!("The next size down"), Some(kb_shortcuts::ZOOM_OUT)),
            Self::Calculator(CalculatorCommand::OpenCase) => {
                (t!("Open case…"), t!("Take over inputs saved before"), None)
            }
            Self::Calculator(CalculatorCommand::SaveCase(_)) => {
                (t!("Save case…"), t!("Keep the inputs in a file"), None)
            }
            Self::Calculator(CalculatorCommand::OpenWorkbook) => {
                (t!("Open workbook…"), t!("Take over the inputs of the old Excel sheet"), None)
            }
            Self::Live(LiveCommand::Pause) => {
                (t!("Pause"), t!("Hold the plot still or let it follow again; readings go on"), control(Key::P))
            }
            Self::Live(LiveCommand::Clear) => {
                (t!("Clear"), t!("Forget the readings of the last hour"), control(Key::Delete))
            }
            Self::Live(LiveCommand::Export) => {
                (t!("Export CSV…"), t!("Write the readings of the last hour to a file"), control(Key::E))
            }
            Self::Live(LiveCommand::CountEnergy(true)) => (
                t!("Count energy"),
                t!(
                    "Reads the energy registers once a second, which sets them to zero: the meter's own controller misses that energy"
                ),
                None,
            ),
            Self::Live(LiveCommand::CountEnergy(false)) => {
                (t!("Stop counting"), t!("Leave the energy registers alone"), None)
            }
            Self::Live(LiveCommand::ReadStatus) => {
                (t!("Read events"), t!("Reads SysStatus once, which sets its event bits to zero"), None)
            }
            Self::Records(RecordsCommand::Find) => {
                (t!("Find a record"), t!("Search the records by serial number"), control(Key::F))
            }
            Self::Records(RecordsCommand::Back) => (t!("Back"), t!("To the list (Esc)"), None),
            Self::Records(RecordsCommand::Ask(_) | RecordsCommand::Again) => {
                (t!("Read again"), t!("Read the records as they are now"), None)
            }
            Self::Records(RecordsCommand::Reprint(Sheet::Certificate, ..)) => {
                (t!("Certificate…"), t!("Save it as a PDF"), None)
            }
            Self::Records(RecordsCommand::Reprint(Sheet::Report, ..)) => {
                (t!("Test report…"), t!("Save it as a PDF"), None)
            }
            Self::Records(RecordsCommand::Reprint(Sheet::Label, ..)) => (t!("Label…"), t!("Save it as a PDF"), None),
            Self::ToggleRail => (t!("Fold the rail"), t!("Icons only in the rail, or words too"), control(Key::B)),
            Self::Copy(what, _) => return named(t!("Copy {what}", what), t!("Put it onto the clipboard")),
            Self::Quit => (t!("Quit"), t!("Switch the source off and close the window"), control(Key::Q)),
        };
        Look { text: text.into(), tooltip: tooltip.into(), shortcut }
    }

    /// What a list of all commands calls it, where its button's word needs the button's surroundings.
    #[must_use]
    pub fn title(&self) -> Cow<'static, str> {
        let text = self.look().text;
        match self {
            Self::Go(_) => t!("Go to {text}", text).into(),
            Self::Profile(ShelfRequest::Save { name, .. }) => t!("Save profile {name}", name).into(),
            Self::Theme(ThemeChoice::Dark) => t!("Theme dark").into(),
            Self::Theme(ThemeChoice::Light) => t!("Theme light").into(),
            Self::Theme(ThemeChoice::System) => t!("Theme system").into(),
            Self::TextSize(_) => t!("Text size {text}", text).into(),
            Self::ReadRegisters(Scope::Map) => t!("Read all registers").into(),
            Self::Live(LiveCommand::Pause) => t!("Pause the live plot").into(),
            Self::Live(LiveCommand::Clear) => t!("Clear the live history").into(),
            Self::Live(LiveCommand::Export) => t!("Export the live history as CSV…").into(),
            Self::Live(LiveCommand::CountEnergy(false)) => t!("Stop counting energy").into(),
            Self::Live(LiveCommand::ReadStatus) => t!("Read the chip's events").into(),
            _ => text,
        }
    }
}

pub(super) fn named(text: String, tooltip: &'static str) -> Look {
    Look { text: text.into(), tooltip: tooltip.into(), shortcut: None }
}

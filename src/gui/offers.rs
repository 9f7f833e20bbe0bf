//! The one table of what can be done: palette, keys and the list of keys are made from it.

use super::command::Command;
use super::core::Core;
use super::device::Device;
use super::pages::bench::BenchPage;
use super::pages::live::LiveCommand;
use super::pages::records::RecordsCommand;
use super::route::Route;
use crate::settings::{TEXT_SIZES, ThemeChoice};

/// A command as it would be carried out now.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// The command.
    pub command: Command,
    /// It can be carried out.
    pub enabled: bool,
}

/// Every action of the window, those of the daily work first.
#[must_use]
pub fn offers(core: &Core, bench: &BenchPage) -> Vec<Offer> {
    let running = core.run().running;
    let mut all = Vec::new();
    let mut offer = |command: Command, enabled: bool| all.push(Offer { command, enabled });
    offer(Command::Start(bench.order(core)), bench.can_start(core));
    offer(Command::Cancel, running && !core.run().cancelling);
    offer(Command::Acknowledge, core.unacknowledged);
    offer(Command::NextUnit, core.question.is_none());
    offer(Command::Golden(!core.golden), !running && (core.golden || !core.vigil.golden_units.is_empty()));
    if core.positions.several() {
        offer(Command::ToggleDetail, core.question.is_none());
        for (number, position) in core.positions.all().iter().enumerate() {
            offer(Command::ShowPosition(number), number != core.positions.shown());
            offer(Command::LeaveOut(number, !position.left_out), !running);
        }
    }
    for route in Route::ALL {
        offer(Command::Go(route), true);
    }
    offer(Command::Records(RecordsCommand::Find), true);
    offer(Command::OpenPalette, true);
    offer(Command::ToggleAddresses, true);
    offer(Command::Reconnect(None), !running);
    offer(Command::Disconnect, core.links.open && !running);
    for device in Device::ALL {
        offer(Command::OpenDevice(device), true);
        if device.is_held() {
            offer(Command::Reconnect(Some(device)), !running);
        }
    }
    offer(Command::ToggleLog, true);
    for (name, _) in &bench.profiles {
        offer(Command::UseProfile(name.clone()), !running && *name != bench.profile);
    }
    for (name, _) in &bench.procedures {
        offer(Command::UseProcedure(name.clone()), !running && *name != bench.procedure);
    }
    let (watch, there) = (&core.watch, !core.watch.history.is_empty());
    for command in [LiveCommand::Pause, LiveCommand::Clear, LiveCommand::Export] {
        offer(Command::Live(command), there);
    }
    offer(Command::Live(LiveCommand::CountEnergy(!watch.count_energy)), core.links.open && !running);
    offer(Command::Live(LiveCommand::ReadStatus), core.links.open && !running);
    for theme in [ThemeChoice::Dark, ThemeChoice::Light, ThemeChoice::System] {
        offer(Command::Theme(theme), core.settings.theme != theme);
    }
    let size = core.settings.text_size_percent;
    offer(Command::TextLarger, size < 200);
    offer(Command::TextSmaller, size > 100);
    for percent in TEXT_SIZES {
        offer(Command::TextSize(percent), percent != size);
    }
    offer(Command::ToggleRail, true);
    if let Some(problem) = &core.problem {
        offer(Command::Copy(t!("the problem"), format!("{}\n{}\n{}", problem.what, problem.why, problem.next)), true);
    }
    if let Some(folder) = &core.data_folder {
        offer(Command::Copy(t!("the path of the data folder"), folder.display().to_string()), true);
    }
    if let Some(file) = &core.settings_file {
        offer(Command::Copy(t!("the path of the settings"), file.display().to_string()), true);
    }
    offer(Command::Quit, true);
    all
}

//! The one table of what can be done: palette, keys and the list of keys are made from it.

use super::command::Command;
use super::core::Core;
use super::pages::bench::BenchPage;
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
    let running = core.run.running;
    let mut all = Vec::new();
    let mut offer = |command: Command, enabled: bool| all.push(Offer { command, enabled });
    offer(Command::Start(bench.order()), bench.can_start(core));
    offer(Command::Cancel, running && !core.run.cancelling);
    offer(Command::Acknowledge, core.unacknowledged);
    offer(Command::NextUnit, core.question.is_none());
    for route in Route::ALL {
        offer(Command::Go(route), true);
    }
    offer(Command::OpenPalette, true);
    offer(Command::ToggleAddresses, true);
    offer(Command::Connect(bench.addresses.clone()), !running);
    for (name, _) in &bench.profiles {
        offer(Command::UseProfile(name.clone()), !running && *name != bench.profile);
    }
    for (name, _) in &bench.procedures {
        offer(Command::UseProcedure(name.clone()), !running && *name != bench.procedure);
    }
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
        offer(Command::Copy("the problem", format!("{}\n{}\n{}", problem.what, problem.why, problem.next)), true);
    }
    if let Some(file) = &core.settings_file {
        offer(Command::Copy("the path of the settings", file.display().to_string()), true);
    }
    offer(Command::Quit, true);
    all
}

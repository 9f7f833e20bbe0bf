//! The command line, one file a subcommand.
//!
//! Results go to standard output, with `--json` as one JSON object or one a line; messages go to standard error.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser;

use crate::advice::Advice;
use crate::folders::Folders;
use crate::operator::Operator;
use crate::port::OpenError;
use crate::procedure::Control;
use crate::station::{self, Addresses, Station, StationError};

pub mod calculate;
pub mod exit;
pub mod flash;
mod health;
pub mod image;
pub mod instruments;
pub mod operator;
pub mod profile;
pub mod provision;
pub mod read;
pub mod records;
pub mod run;
pub mod selftest;
pub mod simulate;

use exit::Exit;

/// Calibrates and tests electricity meters. Without a subcommand the window opens
#[derive(Parser, Debug)]
#[command(name = "meterbench", version)]
pub struct Cli {
    /// Keeps records, settings, profiles of one's own and the log here instead of in the platform's folders
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    Calculate(calculate::Calculate),
    Flash(flash::Flash),
    Image(image::ImageCommand),
    Instruments(instruments::InstrumentsCommand),
    Read(read::Read),
    Records(records::RecordsCommand),
    Run(run::Run),
    Selftest(selftest::Selftest),
    Profile(profile::ProfileCommand),
    Provision(provision::ProvisionCommand),
    Simulate(simulate::Simulate),
}

impl Cli {
    /// The window is wanted.
    #[must_use]
    pub const fn wants_window(&self) -> bool {
        self.command.is_none()
    }

    /// The exit code of a command that ended in this error, and whether somebody is to be told of it.
    #[must_use]
    pub fn exit_of(&self, error: &anyhow::Error) -> (Exit, bool) {
        let kind = error.chain().find_map(|cause| cause.downcast_ref::<io::Error>()).map(io::Error::kind);
        match kind {
            // Whoever read the output has what he wanted; only of a self test nobody knows how it ended.
            Some(io::ErrorKind::BrokenPipe) if matches!(self.command, Some(Command::Selftest(_))) => {
                (Exit::COULD_NOT_MEASURE, true)
            }
            Some(io::ErrorKind::BrokenPipe) => (Exit::DONE, false),
            Some(io::ErrorKind::StorageFull) => (Exit::COULD_NOT_MEASURE, true),
            _ => (Exit::BAD_INPUT, true),
        }
    }

    /// Where settings and log are kept; none where the user has no home.
    #[must_use]
    pub fn folders(&self) -> Option<Folders> {
        self.data.as_deref().map(Folders::below).or_else(Folders::of_user)
    }

    /// Does what was asked; `None` means that the window is wanted.
    ///
    /// # Errors
    /// Bad usage or bad input, in words.
    pub fn execute(&self) -> anyhow::Result<Option<Exit>> {
        let Some(command) = &self.command else { return Ok(None) };
        let mut out = io::stdout().lock();
        let exit = match command {
            Command::Calculate(calculate) => calculate.run(&mut io::stdin().lock(), &mut out)?,
            Command::Flash(flash) => flash.run(self.data_folder(), &mut out)?,
            Command::Image(image) => image.run(self.data_folder(), &mut out)?,
            Command::Instruments(instruments) => instruments.run(&self.data_folder()?, &mut out)?,
            Command::Read(read) => read.run(&mut out)?,
            Command::Records(records) => records.run(&self.data_folder()?, &mut out)?,
            Command::Run(run) => run.run(self.data_folder(), &mut out)?,
            Command::Selftest(selftest) => selftest.run(&mut out)?,
            Command::Provision(provision) => provision.run(&self.data_folder()?, &mut out)?,
            Command::Simulate(simulate) => simulate.run(&mut out)?,
            Command::Profile(profile) => profile.run(&mut out, &mut io::stderr())?,
        };
        out.flush()?;
        Ok(Some(exit))
    }

    /// The folder for records: the one that was named, or else the platform's.
    ///
    /// # Errors
    /// None was named, and the user has no home.
    pub fn data_folder(&self) -> anyhow::Result<PathBuf> {
        self.folders().map(|folders| folders.data).context("there is no folder for records: name one with --data")
    }
}

/// Opens a station; `None` when a port is not there, which is said and is no bad usage: it may be there tomorrow.
fn open_station(addresses: &Addresses, operator: &Arc<dyn Operator>) -> anyhow::Result<Option<Station>> {
    match station::open(addresses, operator) {
        Ok(station) => Ok(Some(station)),
        Err(error @ StationError::Open(OpenError::Port(_))) => {
            message(&error.to_string());
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// An error with its causes in one line; what one of them says already is not said again.
#[must_use]
pub fn told(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |told, cause| match told.as_str() {
        "" => cause,
        said if said.contains(&cause) => told,
        said => format!("{said}: {cause}"),
    })
}

/// A time in seconds on the command line.
fn seconds(text: &str) -> Result<Duration, String> {
    let secs: f64 = text.parse().map_err(|error| format!("{error}"))?;
    Duration::try_from_secs_f64(secs).map_err(|_| "it is no time in seconds that could be waited for".to_owned())
}

/// Words for the record, on one line.
fn words(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("there is nothing in it".to_owned()),
        text if text.chars().any(char::is_control) => {
            Err("it has a line's end or another control character".to_owned())
        }
        text => Ok(text.to_owned()),
    }
}

/// A line on standard error. Nobody may be reading it, and that must not stop anything: `eprintln!` would panic.
pub(crate) fn message(text: &str) {
    writeln!(io::stderr(), "{text}").ok();
}

/// Why something was not done, and what to do, on standard error.
pub(crate) fn advise(advice: &Advice) {
    message(&format!("{}\nwhy   {}\nnext  {}", advice.what, advice.why, advice.next));
}

/// Ctrl-C and a polite kill stop the run at its next safe point: the source goes off first.
fn cancel_on_signals(control: &Arc<Control>) {
    let control = Arc::clone(control);
    if let Err(error) = ctrlc::set_handler(move || control.cancel()) {
        tracing::warn!(%error, "signals will not stop the run politely");
    }
}

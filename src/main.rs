//! The one binary: window and command line.

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use clap::Parser as _;
use meterbench::cli::exit::Exit;
use meterbench::cli::{Cli, told};
use meterbench::clock::wall_time;
use meterbench::flash::swd::DRIVER_THREAD;
use meterbench::log::{self, Log};
use meterbench::profile::library::Library;
use tracing_subscriber::prelude::*;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_env("METERBENCH_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("error,probe_rs=off"));
    let to_stderr =
        tracing_subscriber::fmt::layer().with_ansi(std::io::stderr().is_terminal()).with_writer(std::io::stderr);
    let to_stderr = to_stderr.with_filter(filter);
    keep_driver_panics_quiet();
    let folders = cli.folders();
    if let Some(folders) = &folders {
        Library::in_folder(folders.profiles()).install();
    }
    // The command line speaks on standard error only; the window keeps a log.
    let kept = cli.wants_window().then(|| match &folders {
        Some(folders) => Log::in_folder(folders.log(), wall_time),
        None => Log::in_memory(log::LINES, wall_time),
    });
    tracing_subscriber::registry().with(to_stderr).with(kept.clone().map(log::layer)).init();
    let exit = match cli.execute() {
        Ok(Some(exit)) => exit,
        Ok(None) => match meterbench::gui::open(folders, kept) {
            Ok(()) => Exit::DONE,
            Err(error) => {
                writeln!(std::io::stderr(), "the window cannot be opened: {error}").ok();
                Exit::COULD_NOT_MEASURE
            }
        },
        Err(error) => {
            let (exit, is_told) = cli.exit_of(&error);
            if is_told {
                writeln!(std::io::stderr(), "{}", told(&error)).ok();
            }
            exit
        }
    };
    ExitCode::from(exit.0)
}

/// A probe driver that panics when its probe goes away ends only its own thread, and the operator is told in words.
fn keep_driver_panics_quiet() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().name() == Some(DRIVER_THREAD) {
            tracing::debug!(%panic, "probe driver");
        } else {
            usual(panic);
        }
    }));
}

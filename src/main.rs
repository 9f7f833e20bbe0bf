//! The one binary: window and command line.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use meterbench::cli::Cli;
use meterbench::cli::exit::Exit;

fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_env("METERBENCH_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("error"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let exit = match Cli::parse().execute() {
        Ok(Some(exit)) => exit,
        Ok(None) => match meterbench::gui::open() {
            Ok(()) => Exit::DONE,
            Err(error) => {
                writeln!(std::io::stderr(), "the window cannot be opened: {error}").ok();
                Exit::COULD_NOT_MEASURE
            }
        },
        Err(error) => {
            writeln!(std::io::stderr(), "{error:#}").ok();
            Exit::BAD_INPUT
        }
    };
    ExitCode::from(exit.0)
}

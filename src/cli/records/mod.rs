//! `meterbench records`: what was tested, when and how it ended; statistics, papers, exports, backups, and whether it is
//! untouched.

use std::io::Write;
use std::path::Path;

use super::advise;
use super::exit::Exit;
use crate::folders::Folders;
use crate::paper::{PaperError, Press};
use crate::record::{Keeper, Store, StoreError, file_in};

mod backup;
mod certificate;
mod check;
mod export;
mod filter;
mod import;
mod label;
mod list;
mod out_file;
mod report;
mod show;
mod stats;
mod template;

/// Lists, shows, prints, exports, counts and checks the records of the runs
#[derive(clap::Args, Debug)]
pub struct RecordsCommand {
    #[command(subcommand)]
    action: Action,
    /// One JSON object, or one a line
    #[arg(long, global = true)]
    json: bool,
}

#[derive(clap::Subcommand, Debug)]
enum Action {
    List(list::List),
    Show(show::Show),
    Export(export::Export),
    Stats(stats::Stats),
    Certificate(certificate::Certificate),
    Report(report::Report),
    Label(label::Label),
    Template(template::Template),
    Check(check::Check),
    Backup(backup::Backup),
    Import(import::Import),
}

/// Said where the filter leaves nothing, so that a misspelt batch does not look like an empty one.
const NOTHING_MATCHES: &str = "no record matches";

/// How results are written.
struct Output<'a> {
    out: &'a mut dyn Write,
    json: bool,
}

impl RecordsCommand {
    /// Does it with the records in the folder `data`.
    ///
    /// # Errors
    /// `out` cannot be written.
    pub fn run(&self, data: &Path, out: &mut dyn Write) -> anyhow::Result<Exit> {
        let mut output = Output { out, json: self.json };
        match self.act(data, &mut output) {
            Ok(exit) => Ok(exit),
            Err(error) => match error.downcast::<StoreError>() {
                Ok(error) => Ok(refused(&error)),
                Err(error) => Ok(out_file::refused(&error.downcast::<PaperError>()?)),
            },
        }
    }

    fn act(&self, data: &Path, output: &mut Output<'_>) -> anyhow::Result<Exit> {
        if let Action::Template(template) = &self.action {
            return template.run(output);
        }
        let press = Press::new(Some(Folders::below(data).templates()));
        let mut keeper = Keeper::in_folder(data.to_owned());
        // Only an import may begin a store; who reads has named the wrong folder.
        if !matches!(self.action, Action::Import(_)) && !file_in(data).is_file() {
            return Err(StoreError::Missing { file: file_in(data) }.into());
        }
        let mut copy;
        let store: &mut Store = match keeper.store() {
            Ok(store) => store,
            // An auditor's copy need not be one that can be written.
            Err(error) if error.is_read_only() && !matches!(self.action, Action::Import(_)) => {
                copy = Store::read_only(&file_in(data))?;
                &mut copy
            }
            Err(error) => return Err(error.into()),
        };
        match &self.action {
            Action::List(list) => list.run(store, output),
            Action::Show(show) => show.run(store, output),
            Action::Export(export) => export.run(store, output),
            Action::Stats(stats) => stats.run(store, output),
            Action::Certificate(certificate) => certificate.run(store, &press, output),
            Action::Report(report) => report.run(store, &press, output),
            Action::Label(label) => label.run(store, &press, output),
            Action::Template(template) => template.run(output),
            Action::Check(check) => check.run(store, output),
            Action::Backup(backup) => backup.run(store, output),
            Action::Import(import) => import.run(store, output),
        }
    }
}

/// Says why the store refused. A wrong folder or file is bad input; a store that cannot be used is an ERROR.
fn refused(error: &StoreError) -> Exit {
    advise(&error.advice());
    match error {
        StoreError::Missing { .. }
        | StoreError::Newer { .. }
        | StoreError::Older { .. }
        | StoreError::Export(_)
        | StoreError::File { .. } => Exit::BAD_INPUT,
        StoreError::Forked { .. }
        | StoreError::Gap { .. }
        | StoreError::Changed { .. }
        | StoreError::Damaged { .. } => Exit::FAILED,
        StoreError::Database { .. } | StoreError::Json(_) => Exit::COULD_NOT_MEASURE,
    }
}

//! Between a run and the store: nothing is lost, whatever the store does, and no verdict is shown that is not kept.
//!
//! A result that cannot be stored waits in a file beside the store, and the store takes it over as soon as it can. Meanwhile
//! what is shown is an ERROR of the bench: a PASS that nobody can prove is none.

use std::io::Write as _;
use std::path::PathBuf;

use super::entry::{About, Draft, Entry};
use super::error::StoreError;
use super::flashing::Flashing;
use super::readings::Readings;
use super::seal::Receipt;
use super::spool::Waiting;
use super::store::Store;
use super::{file_in, journal, spool};
use crate::advice::Advice;
use crate::procedure::{Plan, RunReport, Verdict};

/// Owns the store of a folder.
#[derive(Debug)]
pub struct Keeper {
    folder: PathBuf,
    store: Option<Store>,
}

impl Keeper {
    /// Records in this folder, which need not be there yet.
    #[must_use]
    pub const fn in_folder(folder: PathBuf) -> Self {
        Self { folder, store: None }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &std::path::Path {
        &self.folder
    }

    /// The store, opened when it is first needed; what waits beside it is taken over then.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn store(&mut self) -> Result<&mut Store, StoreError> {
        let mut store = match self.store.take() {
            Some(store) => store,
            None => Store::open(&file_in(&self.folder))?,
        };
        take_over(&self.folder, &mut store)?;
        Ok(self.store.insert(store))
    }

    /// Keeps the reports of one run, in the order of their positions, with what was read on the way.
    ///
    /// Gives the receipt of each; a report without one has become an ERROR with advice, and its result waits in a file.
    pub fn keep_run(
        &mut self,
        reports: &mut [RunReport],
        plan: &Plan,
        readings: &Readings,
        about: &About,
    ) -> Vec<Option<Receipt>> {
        let keep = |(nth, report): (usize, &mut RunReport)| {
            let position = readings.position_of(nth);
            let place = u32::try_from(position + 1).unwrap_or(u32::MAX);
            let about = About { position: place, ..about.clone() };
            let draft = Draft::of_run(report, plan, about, readings.of(position));
            match self.keep(&draft) {
                Ok(receipt) => Some(receipt),
                Err(advice) => {
                    report.verdict = Verdict::Error;
                    report.advice = Some(advice);
                    None
                }
            }
        };
        reports.iter_mut().enumerate().map(keep).collect()
    }

    /// Keeps one result.
    ///
    /// # Errors
    /// It could not be stored; what to do about it, and where the result is.
    pub fn keep(&mut self, draft: &Draft) -> Result<Receipt, Advice> {
        let stored = self.store().and_then(|store| store.append(draft));
        let error = match stored {
            Ok(receipt) => {
                self.is_over(&draft.entry);
                return Ok(receipt);
            }
            Err(error) => error,
        };
        // It is opened anew the next time: the disk may be another by then.
        self.store = None;
        let Advice { what, why, next } = error.advice();
        let verdict = draft.entry.verdict;
        match spool::put(&self.folder, draft) {
            Ok(path) => {
                self.is_over(&draft.entry);
                Err(Advice {
                    what: format!("The result ({verdict}) could not be stored: {what}"),
                    why,
                    next: format!(
                        "{next}. The result waits in {} and is taken over at the next start; nothing has to be measured again",
                        path.display()
                    ),
                })
            }
            Err(problem) => {
                tell(draft);
                Err(Advice {
                    what: format!("The result ({verdict}) could be stored nowhere: {what}; {problem}"),
                    why,
                    next: format!("{next}. Then test the unit again; the result stands on standard error"),
                })
            }
        }
    }
}

impl Keeper {
    /// Keeps one flashing.
    ///
    /// # Errors
    /// It could not be stored; what to do about it, and where it waits.
    pub fn keep_flashing(&mut self, flashing: &Flashing) -> Result<Receipt, Advice> {
        let stored = self.store().and_then(|store| store.append_flashing(flashing));
        let error = match stored {
            Ok(receipt) => return Ok(receipt),
            Err(error) => error,
        };
        self.store = None;
        let Advice { what, why, next } = error.advice();
        let outcome = flashing.outcome.word();
        let waits = match spool::put_flashing(&self.folder, flashing) {
            Ok(path) => format!("It waits in {} and is taken over at the next start", path.display()),
            Err(problem) => format!("It could be kept nowhere: {problem}"),
        };
        Err(Advice {
            what: format!("The flashing ({outcome}) could not be recorded: {what}"),
            why,
            next: format!("{next}. {waits}"),
        })
    }

    /// The run has its record, so nothing is left of it to be taken up.
    fn is_over(&self, entry: &Entry) {
        if let Err(error) = journal::done(&self.folder, entry) {
            tracing::error!(%error, serial = entry.serial, "what was kept of the run could not be removed");
        }
    }
}

/// The last resort: the whole result on standard error, on one line.
fn tell(draft: &Draft) {
    let text = serde_json::to_string(draft).unwrap_or_default();
    writeln!(std::io::stderr(), "RESULT NOT STORED {text}").ok();
}

/// Adds what waits beside the store to it. What cannot be read or added stays where it is, is reported, and holds nobody up.
fn take_over(folder: &std::path::Path, store: &mut Store) -> Result<(), StoreError> {
    let file = |source| StoreError::File { file: folder.to_owned(), source };
    let Waiting { drafts, flashings, broken } = spool::waiting(folder).map_err(file)?;
    for path in broken {
        tracing::error!(path = %path.display(), "a result that waits to be stored cannot be read");
    }
    let runs = drafts.into_iter().map(|(path, draft)| (path, store.append(&draft)));
    let mut done: Vec<_> = runs.collect();
    done.extend(flashings.into_iter().map(|(path, flashing)| (path, store.append_flashing(&flashing))));
    for (path, stored) in done {
        match stored {
            Ok(_) => spool::done(&path).map_err(file)?,
            Err(error) => tracing::error!(path = %path.display(), %error, "a result goes on waiting to be stored"),
        }
    }
    Ok(())
}

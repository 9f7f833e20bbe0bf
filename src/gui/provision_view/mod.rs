//! What is known of the provisioning lists, and of the one that is about to be imported. Threads read and write the files; what
//! they have told is here. Not here: giving rows to units, which the station's own thread does when a run begins.

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub mod draft;

use draft::{Checked, Draft};

use crate::advice::Advice;
use crate::gui::firmware_view::opened::name_of;
use crate::job::{JobError, JobEvent, JobHandle, Wake};
use crate::provision::{Imported, Overview, ProvisionError, Provisioning, State, TakenFor, file_in};

/// A list that was taken into the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Its name.
    pub list: String,
    /// What was done.
    pub imported: Imported,
    /// Runs are to use it.
    pub for_runs: bool,
}

/// All that the page draws.
pub struct ProvisionView {
    /// The lists, once they were looked at.
    pub lists: Option<Vec<Overview>>,
    /// Why they cannot be looked at, or a file cannot be opened or imported.
    pub trouble: Option<Advice>,
    /// The file that is about to be imported.
    pub draft: Option<Draft>,
    looking: Option<JobHandle<(), Result<Vec<Overview>, Advice>>>,
    /// Something happened since the look that goes on began.
    outdated: bool,
    opening: Option<JobHandle<(), Result<Draft, Advice>>>,
}

impl Default for ProvisionView {
    fn default() -> Self {
        Self { lists: None, trouble: None, draft: None, looking: None, outdated: true, opening: None }
    }
}

impl ProvisionView {
    /// Reads the lists in a folder for data, on a thread, when they may be other than they were.
    pub fn look(&mut self, folder: PathBuf, wake: Arc<dyn Wake>) {
        if self.looking.is_none() && std::mem::take(&mut self.outdated) {
            self.begin_look(folder, wake, None);
        }
    }

    /// A person says what became of a row that waits for somebody; on a thread.
    pub fn decide(&mut self, folder: PathBuf, (list, number, into): (String, u64, State), wake: Arc<dyn Wake>) {
        if self.looking.is_none() {
            self.begin_look(folder, wake, Some((list, number, into)));
        }
    }

    fn begin_look(&mut self, folder: PathBuf, wake: Arc<dyn Wake>, decided: Option<(String, u64, State)>) {
        let work = move || {
            // Looking makes no file.
            if !file_in(&folder).is_file() {
                return Ok(Vec::new());
            }
            let mut lists = Provisioning::open(&folder)?;
            if let Some((list, number, into)) = decided {
                lists.release(&list, number, into)?;
            }
            lists.overview()
        };
        let job = JobHandle::spawn("provisioning-lists", wake, move |_| {
            Ok::<_, JobError>(work().map_err(|error: ProvisionError| error.advice()))
        });
        match job {
            Ok(job) => self.looking = Some(job),
            Err(error) => self.trouble = Some(of_thread(&error)),
        }
    }

    /// The lists may be other than they were when they were looked at.
    pub const fn outdate(&mut self) {
        self.outdated = true;
    }

    /// Reads a CSV that is to be imported into the lists of this folder.
    pub fn open(&mut self, file: PathBuf, folder: PathBuf, wake: Arc<dyn Wake>) {
        self.trouble = None;
        let for_check = Arc::clone(&wake);
        let job = JobHandle::spawn("provisioning-file", wake, move |_| {
            Ok::<_, JobError>(Draft::read(&file, folder, for_check))
        });
        match job {
            Ok(job) => self.opening = Some(job),
            Err(error) => self.trouble = Some(of_thread(&error)),
        }
    }

    /// A file is being read.
    #[must_use]
    pub const fn is_opening(&self) -> bool {
        self.opening.is_some()
    }

    /// Takes a column for something else.
    pub fn take(&mut self, column: usize, taken: TakenFor) {
        if let Some(draft) = &mut self.draft {
            draft.take(column, taken);
        }
    }

    /// Gives the list another name.
    pub fn rename(&mut self, name: String) {
        if let Some(draft) = &mut self.draft {
            draft.rename(name);
        }
    }

    /// Imports what is open, if nothing is wrong with it.
    pub fn import(&mut self) {
        if let Some(draft) = &mut self.draft {
            draft.import();
        }
    }

    /// Takes in what the threads have told; returns a list that is in the store now. Never waits.
    pub fn take_in(&mut self) -> Option<Taken> {
        if let Some(JobEvent::Finished(result)) = self.opening.as_mut().and_then(JobHandle::poll) {
            self.opening = None;
            match result.unwrap_or_else(|error| Err(of_job(&error))) {
                Ok(draft) => self.draft = Some(draft),
                Err(advice) => self.trouble = Some(advice),
            }
        }
        let taken = self.draft.as_mut().and_then(Draft::take_in);
        if taken.is_some() {
            self.draft = None;
            self.outdated = true;
        }
        if let Some(JobEvent::Finished(result)) = self.looking.as_mut().and_then(JobHandle::poll) {
            self.looking = None;
            match result.unwrap_or_else(|error| Err(of_job(&error))) {
                Ok(lists) => self.lists = Some(lists),
                Err(advice) => self.trouble = Some(advice),
            }
        }
        taken
    }

    /// A list of this name, if there is one.
    #[must_use]
    pub fn list(&self, name: &str) -> Option<&Overview> {
        self.lists.as_ref()?.iter().find(|list| list.name == name)
    }

    /// What is open can be imported as it is.
    #[must_use]
    pub fn can_import(&self) -> bool {
        self.draft.as_ref().is_some_and(|draft| matches!(draft.checked(), Checked::Right(_)) && !draft.is_importing())
    }
}

pub(super) fn unreadable(file: &Path, reason: &dyn std::fmt::Display) -> Advice {
    Advice::new(
        format!("{}: {reason}", name_of(file)),
        mark!("The file was moved or deleted, or this user may not read it"),
        mark!("Choose the list again"),
    )
}

pub(super) fn of_thread(error: &std::io::Error) -> Advice {
    Advice::new(
        error.to_string(),
        mark!("The system has no thread left"),
        mark!("Close other programs, then start this one again"),
    )
}

pub(super) fn of_job(error: &JobError) -> Advice {
    Advice::new(
        error.to_string(),
        mark!("This is a fault of the program; the log tells where"),
        mark!("Do the same again; nothing of the list was taken"),
    )
}

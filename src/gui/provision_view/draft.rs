//! A CSV that is about to become a provisioning list: what its columns are taken for, and whether it can be imported so. Each change
//! is checked on a thread, to the point of an import that is undone.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Taken, of_job, of_thread, unreadable};
use crate::advice::Advice;
use crate::job::{JobError, JobEvent, JobHandle, Wake};
use crate::provision::{
    Imported, Mapping, ProvisionError, Provisioning, Table, TakenFor, file_in, is_readable_by_others,
};

/// No list is larger; what is was chosen by mistake.
const LARGEST_FILE: u64 = 64 * 1024 * 1024;

/// What came of a check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Checked {
    /// It goes on.
    #[default]
    Busy,
    /// An import would do this.
    Right(Imported),
    /// These are wrong, and so many more.
    Wrong(Vec<String>, usize),
}

/// The file that is open.
pub struct Draft {
    /// The file's name without its folders.
    pub file: String,
    /// Name of the list.
    pub name: String,
    /// What was read.
    pub table: Arc<Table>,
    /// What each column is taken for.
    pub taken: Vec<TakenFor>,
    /// Others than its owner can read the file.
    pub readable: bool,
    /// Runs are to use the list.
    pub for_runs: bool,
    /// Why it could not be imported.
    pub refused: Option<Advice>,
    folder: PathBuf,
    wake: Arc<dyn Wake>,
    checked: Checked,
    checking: Option<JobHandle<(), Checked>>,
    importing: Option<JobHandle<(), Result<Imported, Advice>>>,
}

impl Draft {
    /// Reads a file, with what columns of its names were taken for the last time.
    pub(super) fn read(path: &Path, folder: PathBuf, wake: Arc<dyn Wake>) -> Result<Self, Advice> {
        let csv = content(path)?;
        let file = super::name_of(path);
        let of_list = |error: ProvisionError| {
            let advice = error.advice();
            Advice { what: format!("{file}: {}", advice.what), ..advice }
        };
        let table = Arc::new(Table::read(&csv).map_err(of_list)?);
        let known = file_in(&folder).is_file();
        let remembered =
            if known { Provisioning::open(&folder).and_then(|lists| lists.headings()) } else { Ok([].into()) };
        let taken = table.guess(&remembered.map_err(|error| error.advice())?);
        let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let readable = is_readable_by_others(path);
        let mut draft = Self {
            file,
            name,
            table,
            taken,
            readable,
            for_runs: true,
            refused: None,
            folder,
            wake,
            checked: Checked::Busy,
            checking: None,
            importing: None,
        };
        draft.check();
        Ok(draft)
    }

    /// What came of the last check.
    #[must_use]
    pub const fn checked(&self) -> &Checked {
        &self.checked
    }

    /// It is being imported.
    #[must_use]
    pub const fn is_importing(&self) -> bool {
        self.importing.is_some()
    }

    pub(super) fn take(&mut self, column: usize, taken: TakenFor) {
        if let Some(place) = self.taken.get_mut(column) {
            *place = taken;
            self.check();
        }
    }

    pub(super) fn rename(&mut self, name: String) {
        self.name = name;
        self.check();
    }

    pub(super) fn import(&mut self) {
        if !matches!(self.checked, Checked::Right(_)) || self.importing.is_some() {
            return;
        }
        let work = self.work(Provisioning::import_table);
        match JobHandle::spawn("provisioning-import", Arc::clone(&self.wake), move |_| {
            Ok::<_, JobError>(work().map_err(|error| error.advice()))
        }) {
            Ok(job) => (self.importing, self.refused) = (Some(job), None),
            Err(error) => self.refused = Some(of_thread(&error)),
        }
    }

    /// Something to do with the list as it is described now.
    fn work<T, F>(&self, act: F) -> impl FnOnce() -> Result<T, ProvisionError> + use<T, F>
    where
        F: FnOnce(&mut Provisioning, &str, &Table, &Mapping) -> Result<T, ProvisionError>,
    {
        let (folder, name) = (self.folder.clone(), self.name.trim().to_owned());
        let (table, taken) = (Arc::clone(&self.table), self.taken.clone());
        move || {
            let mapping = table.mapping(&taken)?;
            act(&mut Provisioning::open(&folder)?, &name, &table, &mapping)
        }
    }

    /// Begins a check; one that goes on counts no more.
    fn check(&mut self) {
        self.checked = Checked::Busy;
        if self.name.trim().is_empty() {
            self.checking = None;
            self.checked = Checked::Wrong(vec![mark!("The list has no name").to_owned()], 0);
            return;
        }
        let (table, taken) = (Arc::clone(&self.table), self.taken.clone());
        let rehearse = self.work(Provisioning::rehearse);
        let work = move || {
            let faults = table.faults(&table.mapping(&taken)?);
            if faults.told.is_empty() {
                return rehearse().map(Checked::Right);
            }
            Ok(Checked::Wrong(faults.told.iter().map(ToString::to_string).collect(), faults.more))
        };
        let spawned = JobHandle::spawn("provisioning-check", Arc::clone(&self.wake), move |_| {
            Ok::<_, JobError>(work().unwrap_or_else(|error: ProvisionError| Checked::Wrong(vec![error.to_string()], 0)))
        });
        self.checking = match spawned {
            Ok(job) => Some(job),
            Err(error) => {
                self.checked = Checked::Wrong(vec![error.to_string()], 0);
                None
            }
        };
    }

    /// Takes in what the threads have told; returns the list when it is in the store.
    pub(super) fn take_in(&mut self) -> Option<Taken> {
        if let Some(JobEvent::Finished(result)) = self.checking.as_mut().and_then(JobHandle::poll) {
            self.checking = None;
            self.checked = result.unwrap_or_else(|error| Checked::Wrong(vec![error.to_string()], 0));
        }
        let Some(JobEvent::Finished(result)) = self.importing.as_mut().and_then(JobHandle::poll) else { return None };
        self.importing = None;
        match result.unwrap_or_else(|error| Err(of_job(&error))) {
            Ok(imported) => Some(Taken { list: self.name.trim().to_owned(), imported, for_runs: self.for_runs }),
            Err(advice) => {
                self.refused = Some(advice);
                None
            }
        }
    }
}

fn content(path: &Path) -> Result<Vec<u8>, Advice> {
    let mut csv = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| unreadable(path, &error))?;
    // A folder opens, and fails only when it is read.
    file.take(LARGEST_FILE + 1).read_to_end(&mut csv).map_err(|error| unreadable(path, &error))?;
    if csv.len() as u64 > LARGEST_FILE { Err(unreadable(path, &mark!("it is larger than 64 MiB"))) } else { Ok(csv) }
}

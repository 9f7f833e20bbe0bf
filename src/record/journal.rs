//! A run that goes on, kept beside the records, so that a crash or a power cut in the middle loses neither hours of a long test nor a
//! result that somebody did not like.
//!
//! For each unit a file, replaced in one step after every step and at every look of a long test, and another to which readings are
//! added. They go when the run's record is written. Who starts the unit again instead of going on writes a record of what there was,
//! as of a run that was stopped. Writing happens on the thread that has come so far: nothing is timed there at that moment.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::entry::{About, Draft, Entry, Step};
use super::readings::{Reading, Readings};
use super::seal::Hash;
use super::store::Store;
use super::time::Stamp;
use super::{file_in, spool};
use crate::disk;
use crate::procedure::unfinished::Admitted;
use crate::procedure::{Event, Plan, StepReport, TakenUp, Unfinished};
use crate::profile::verification::Kind;
use crate::profile::{self, Loaded};

/// Why a run was given up that could have been gone on with.
const STARTED_AGAIN: &str = "The operator started the unit again";

const FOLDER: &str = "unfinished";
/// A run is taken up within a shift: later the bench is another one, whatever its instruments say.
const OLDEST_HOURS: i64 = 8;
/// A unit that had to be warm is no more, after so long.
const WARM_MINUTES: i64 = 10;
const PROGRAM: &str = concat!("meterbench ", env!("CARGO_PKG_VERSION"));

/// One unit's run as its file has it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// The program that wrote it: steps are counted as its version counts them.
    program: String,
    /// When it was written.
    at: Stamp,
    operator: Option<String>,
    batch: Option<String>,
    /// Place on the bench, from 1.
    position: u32,
    /// Address of the meter.
    meter: String,
    profile: Text,
    procedure: Text,
    admitted: Admitted,
    unit: Unfinished,
}

/// A profile as it was used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    name: String,
    text: String,
}

/// What a unit's run has to say of itself besides what happens in it.
#[derive(Clone, Debug, Default)]
pub struct Sitting {
    /// Who sits at the bench.
    pub operator: Option<String>,
    /// Batch the units belong to.
    pub batch: Option<String>,
    /// Addresses of the meters, by position.
    pub meters: Vec<String>,
}

/// Listens to a run and writes down how far it is.
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    sitting: Sitting,
    profile: Text,
    procedure: Text,
    readings: Arc<Readings>,
    admitted: Mutex<Admitted>,
    /// By position: the file of readings, and how many of all readings are in it.
    added: Mutex<BTreeMap<usize, (File, usize)>>,
    /// Pages that may be taken up in this run, by position.
    earlier: BTreeMap<String, Page>,
    serials: Mutex<Vec<String>>,
}

impl Journal {
    /// For a run of this plan whose records go into the folder.
    #[must_use]
    pub fn new(folder: &Path, plan: &Plan, sitting: Sitting, readings: &Arc<Readings>) -> Self {
        Self {
            folder: folder.to_owned(),
            sitting,
            profile: Text { name: plan.meter.name.clone(), text: plan.meter.text.clone() },
            procedure: Text { name: plan.procedure.name.clone(), text: plan.procedure.text.clone() },
            readings: Arc::clone(readings),
            admitted: Mutex::default(),
            added: Mutex::default(),
            earlier: BTreeMap::new(),
            serials: Mutex::default(),
        }
    }

    /// With the earlier runs that this one takes up.
    #[must_use]
    pub fn taking_up(mut self, pages: &[Page]) -> Self {
        self.earlier = pages.iter().map(|page| (page.unit.serial.clone(), page.clone())).collect();
        self
    }

    /// Writes down what is worth it. A page that cannot be written is reported, and the run goes on: it could not be taken up.
    pub fn hear(&self, event: &Event) {
        match event {
            Event::Started { serials, .. } => lock(&self.serials).clone_from(serials),
            Event::Admitted(admitted) => lock(&self.admitted).clone_from(admitted),
            Event::Reached { position, state } => {
                if let Err(error) = self.write(*position, state) {
                    tracing::error!(%error, serial = state.serial, "how far the run is could not be written down");
                }
            }
            Event::StartsAgain { position, reason } => {
                let serial = lock(&self.serials).get(*position).cloned().unwrap_or_default();
                self.readings.forget_earlier(*position);
                if let Some(page) = self.earlier.get(&serial)
                    && let Err(error) = page.give_up(&self.folder, reason)
                {
                    tracing::error!(%error, serial, "the run that was cut off could not be recorded");
                }
            }
            _ => {}
        }
    }

    fn write(&self, position: usize, state: &Unfinished) -> io::Result<()> {
        let place = Place::of(&self.folder, &state.serial);
        let mut added = lock(&self.added);
        let (file, known) = match added.remove(&position) {
            Some(open) => open,
            None => (place.begin(!self.earlier.contains_key(&state.serial))?, 0),
        };
        let (new, known) = self.readings.since(position, known);
        // Kept locked: as long as this process lives, nobody else takes the run for one that was cut off.
        let (file, _) = added.entry(position).or_insert((file, known));
        let mut lines = Vec::new();
        for reading in new {
            serde_json::to_writer(&mut lines, &reading)?;
            lines.push(b'\n');
        }
        file.write_all(&lines)?;
        file.sync_data()?;
        let page = Page {
            program: PROGRAM.to_owned(),
            at: Stamp::now(),
            operator: self.sitting.operator.clone(),
            batch: self.sitting.batch.clone(),
            position: u32::try_from(position + 1).unwrap_or(u32::MAX),
            meter: self.sitting.meters.get(position).cloned().unwrap_or_default(),
            profile: self.profile.clone(),
            procedure: self.procedure.clone(),
            admitted: lock(&self.admitted).clone(),
            unit: state.clone(),
        };
        disk::replace(&place.page, &serde_json::to_vec(&page)?)
    }
}

/// What stands beside the records for some units that are about to be tested.
#[derive(Debug, Default)]
pub struct Interrupted {
    /// Runs that can be taken up.
    pub open: Vec<Page>,
    /// Runs that cannot, and why.
    pub closed: Vec<(Page, String)>,
    /// Units that another process is testing at this moment.
    pub busy: Vec<String>,
}

impl Interrupted {
    /// Of these units, for a run of this plan now.
    ///
    /// # Errors
    /// A file is there and cannot be read by the system.
    pub fn of(folder: &Path, serials: &[String], plan: &Plan, now: &Stamp) -> io::Result<Self> {
        let mut found = Self::default();
        let different: BTreeSet<&String> = serials.iter().filter(|serial| !serial.is_empty()).collect();
        for serial in different {
            let place = Place::of(folder, serial);
            if place.is_in_use()? {
                found.busy.push(serial.clone());
                continue;
            }
            let Some(page) = place.read()? else { continue };
            if page.is_recorded(folder)? {
                place.clear()?;
                continue;
            }
            match page.why_not(plan, now) {
                None => found.open.push(page),
                Some(reason) => found.closed.push((page, reason)),
            }
        }
        Ok(found)
    }

    /// What the operator is asked about those that can be taken up; none where there is nothing to ask.
    #[must_use]
    pub fn question(&self, plan: &Plan) -> Option<String> {
        let words: Vec<String> = self.open.iter().map(|page| page.words(plan)).collect();
        (!words.is_empty()).then(|| words.join("; "))
    }

    /// Takes up, or else gives up, those that can be taken up; `serials` are the units by position. Returns the taken up ones by serial
    /// number, and as they lie beside the records.
    ///
    /// # Errors
    /// A file cannot be read, or what is given up cannot be kept.
    pub fn settle(
        open: Vec<Page>,
        goes_on: bool,
        folder: &Path,
        (serials, readings): (&[String], &Readings),
    ) -> io::Result<(BTreeMap<String, TakenUp>, Vec<Page>)> {
        let (mut taken_up, mut pages) = (BTreeMap::new(), Vec::new());
        for page in open {
            match serials.iter().position(|serial| serial == page.serial()).filter(|_| goes_on) {
                Some(position) => {
                    let earlier = page.take_up(folder, (position, readings))?;
                    taken_up.insert(page.serial().to_owned(), earlier);
                    pages.push(page);
                }
                None => page.give_up(folder, STARTED_AGAIN)?,
            }
        }
        Ok((taken_up, pages))
    }
}

impl Page {
    /// Why it cannot be taken up by a run of this plan now.
    fn why_not(&self, plan: &Plan, now: &Stamp) -> Option<String> {
        let profile = (&plan.meter.name, &plan.meter.text) == (&self.profile.name, &self.profile.text);
        let procedure = (&plan.procedure.name, &plan.procedure.text) == (&self.procedure.name, &self.procedure.text);
        let minutes = now.at_ms.saturating_sub(self.at.at_ms) / 60_000;
        let warmed = plan.procedure.verify.iter().any(|test| matches!(test.kind, Kind::WarmUp(_)));
        if !profile || !procedure {
            let what = if profile { "procedure" } else { "meter profile" };
            return Some(format!("it was a run of {}, and the {what} is another one now", self.procedure.name));
        }
        if self.program != PROGRAM {
            return Some(format!("it was begun by {}, and this is {PROGRAM}", self.program));
        }
        if minutes < 0 {
            return Some("the clock was set back since".to_owned());
        }
        if minutes >= OLDEST_HOURS * 60 {
            return Some(format!("that is {} hours ago, and {OLDEST_HOURS} are allowed", minutes / 60));
        }
        if warmed && minutes >= WARM_MINUTES {
            return Some(format!("the unit had been warmed up, and that is {minutes} minutes ago"));
        }
        self.unit.why_not(plan)
    }

    /// Its run came to its end and has its record; only its files were left. What cannot be looked up is asked about.
    fn is_recorded(&self, folder: &Path) -> io::Result<bool> {
        let Unfinished { record, serial, .. } = &self.unit;
        let stored = Store::read_only(&file_in(folder)).and_then(|store| store.holds(serial, record));
        Ok(stored.unwrap_or(false) || spool::holds(folder, record)?)
    }

    /// Serial number of its unit.
    #[must_use]
    pub fn serial(&self) -> &str {
        &self.unit.serial
    }

    /// Which run it is, in words.
    #[must_use]
    pub fn words(&self, plan: &Plan) -> String {
        let (serial, minute, at) = (&self.unit.serial, self.at.minute(), self.unit.at(plan));
        let watched = self.unit.watched.map_or_else(String::new, |watched| {
            format!(", {} of it watched", crate::procedure::durations::words(watched.time()))
        });
        format!("{serial} was interrupted on {minute} at {at:?}{watched}")
    }

    /// For a run that goes on with it; its readings are given to those of that run, at this position.
    ///
    /// # Errors
    /// Its readings cannot be read.
    pub fn take_up(&self, folder: &Path, (position, readings): (usize, &Readings)) -> io::Result<TakenUp> {
        readings.begin_with(position, Place::of(folder, &self.unit.serial).readings()?);
        Ok(TakenUp {
            unit: self.unit.clone(),
            admitted: self.admitted.clone(),
            interrupted: self.at.to_string(),
            continued: Stamp::now().to_string(),
        })
    }

    /// Records what there is of it as a run that was stopped: it waits beside the records, and its own files go.
    ///
    /// # Errors
    /// It could not be written; its own files stay.
    pub fn give_up(&self, folder: &Path, reason: &str) -> io::Result<()> {
        let place = Place::of(folder, &self.unit.serial);
        let (Ok(meter), Ok(procedure)) = (parsed(&self.profile), parsed(&self.procedure)) else {
            return place.put_aside("its profiles are none to this program");
        };
        let plan = Plan { meter, procedure };
        let report = self.unit.given_up(&plan, &self.admitted, reason);
        let about = About {
            at: self.at.clone(),
            operator: self.operator.clone(),
            batch: self.batch.clone(),
            ..About::now(self.position)
        };
        spool::put(folder, &Draft::of_run(&report, &plan, about, place.readings()?))?;
        place.clear()
    }
}

fn parsed<P: profile::Profile>(of: &Text) -> io::Result<Loaded<P>> {
    profile::parse(&of.text, &of.name).map_err(|error| io::Error::other(error.to_string()))
}

/// The run has its record, or it waits beside the records: nothing is left to be taken up. A record that does not hold what the page
/// does is that of a run which did not come to take it up, and the page stays.
///
/// # Errors
/// The files are there and stay.
pub(super) fn done(folder: &Path, entry: &Entry) -> io::Result<()> {
    let place = Place::of(folder, &entry.serial);
    let Some(page) = place.read()? else { return Ok(()) };
    let same =
        |(kept, recorded): (&StepReport, &Step)| (&kept.title, &kept.detail) == (&recorded.title, &recorded.detail);
    let steps = &page.unit.steps;
    if steps.len() <= entry.steps.len() && steps.iter().zip(&entry.steps).all(same) { place.clear() } else { Ok(()) }
}

/// A unit's two files.
struct Place {
    page: PathBuf,
    readings: PathBuf,
}

impl Place {
    fn of(folder: &Path, serial: &str) -> Self {
        // A serial number may hold what no file's name may.
        let name: String = Hash::of(serial.as_bytes()).to_string().chars().take(32).collect();
        let folder = folder.join(FOLDER);
        Self { page: folder.join(format!("{name}.json")), readings: folder.join(format!("{name}.readings")) }
    }

    /// The file of readings, held by this process; a run that begins has none yet.
    fn begin(&self, new: bool) -> io::Result<File> {
        if let Some(folder) = self.readings.parent() {
            fs::create_dir_all(folder)?;
        }
        if new {
            // The old page belongs to the old readings.
            self.clear()?;
        }
        let file = File::options().create(true).append(true).open(&self.readings)?;
        file.try_lock().map_err(io::Error::from)?;
        Ok(file)
    }

    fn is_in_use(&self) -> io::Result<bool> {
        let file = match File::open(&self.readings) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(fs::TryLockError::WouldBlock) => Ok(true),
            Err(fs::TryLockError::Error(error)) => Err(error),
        }
    }

    fn read(&self) -> io::Result<Option<Page>> {
        let bytes = match fs::read(&self.page) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        match serde_json::from_slice(&bytes) {
            Ok(page) => Ok(Some(page)),
            Err(error) => {
                self.put_aside(&error.to_string())?;
                Ok(None)
            }
        }
    }

    /// What nobody can use is kept for a person, and holds nobody up.
    fn put_aside(&self, reason: &str) -> io::Result<()> {
        let aside = self.page.with_extension("broken");
        tracing::error!(reason, file = %aside.display(), "what is left of a run that was cut off cannot be used");
        fs::rename(&self.page, aside)
    }

    /// All readings that are whole: the last line may have been cut off with the run.
    fn readings(&self) -> io::Result<Vec<Reading>> {
        let bytes = match fs::read(&self.readings) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        Ok(bytes.split(|byte| *byte == b'\n').map_while(|line| serde_json::from_slice(line).ok()).collect())
    }

    fn clear(&self) -> io::Result<()> {
        for file in [&self.page, &self.readings] {
            match fs::remove_file(file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

fn lock<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

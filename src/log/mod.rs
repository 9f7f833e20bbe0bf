//! What the program tells about its work: the last lines in memory for the window, all of them in daily files.
//!
//! Rooms speak through `tracing`; nobody else knows this one but the front ends. A line is freed of secrets before anything
//! keeps it ([`redact`]). The lock round the ring is held for one push or one copy, and never while anybody waits.

mod files;
mod layer;
mod redact;
mod ring;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use jiff::Zoned;

pub use files::{DailyFiles, LARGEST_BYTES, MOST_FILES};
pub use layer::layer;
pub use redact::redact;
pub use ring::Ring;

use crate::job::Wake;

/// Lines the window can look back on.
pub const LINES: usize = 5000;
/// Lines that may wait for the disk; more are counted and left out of the file.
const WAITING: usize = 4096;

/// How much a line matters, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For whoever hunts a fault.
    Debug,
    /// What happened.
    Info,
    /// Something to know before it becomes trouble.
    Warning,
    /// Something that failed.
    Error,
}

impl Level {
    /// All, least first.
    pub const ALL: [Self; 4] = [Self::Debug, Self::Info, Self::Warning, Self::Error];

    /// In a line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One line.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// When, in this place's time.
    pub at: Zoned,
    /// How much it matters.
    pub level: Level,
    /// The room that speaks.
    pub place: String,
    /// What it says.
    pub text: String,
}

impl Entry {
    /// As files and the clipboard have it: date and time with its offset, level, room, text.
    #[must_use]
    pub fn line(&self) -> String {
        let at = self.at.strftime("%Y-%m-%dT%H:%M:%S.%3f%:z");
        format!("{at} {:<7} {}: {}", self.level.word(), self.place, self.text)
    }
}

/// The log: cheap to clone, the same for all.
#[derive(Clone)]
pub struct Log(Arc<Shared>);

struct Shared {
    ring: Mutex<Ring>,
    now: fn() -> Zoned,
    file: OnceLock<SyncSender<Entry>>,
    /// Lines the file has not got because the disk was behind.
    left_out: AtomicU64,
    folder: Option<PathBuf>,
    wake: OnceLock<Arc<dyn Wake>>,
    watched: AtomicBool,
}

impl Log {
    /// A log in memory only, by that clock.
    #[must_use]
    pub fn in_memory(lines: usize, now: fn() -> Zoned) -> Self {
        Self::new(lines, now, None)
    }

    /// A log whose lines also go into a folder's files, which a thread of their own writes.
    #[must_use]
    pub fn in_folder(folder: PathBuf, now: fn() -> Zoned) -> Self {
        let log = Self::new(LINES, now, Some(folder.clone()));
        let (sender, lines) = sync_channel(WAITING);
        let own = log.clone();
        let started = std::thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || own.write(&lines, DailyFiles::new(folder, LARGEST_BYTES, MOST_FILES)));
        match started {
            Ok(_) => drop(log.0.file.set(sender)),
            Err(error) => log.keep(log.own(format!("no thread writes the log's file: {error}"))),
        }
        log
    }

    fn new(lines: usize, now: fn() -> Zoned, folder: Option<PathBuf>) -> Self {
        Self(Arc::new(Shared {
            ring: Mutex::new(Ring::new(lines)),
            now,
            file: OnceLock::new(),
            left_out: AtomicU64::new(0),
            folder,
            wake: OnceLock::new(),
            watched: AtomicBool::new(false),
        }))
    }

    /// Where its files lie.
    #[must_use]
    pub fn folder(&self) -> Option<&PathBuf> {
        self.0.folder.as_ref()
    }

    /// Keeps a line, freed of secrets. Never waits for a disk.
    pub fn tell(&self, level: Level, place: &str, text: &str) {
        let entry = Entry { at: (self.0.now)(), level, place: place.to_owned(), text: redact(text) };
        if let Some(file) = self.0.file.get()
            && file.try_send(entry.clone()).is_err()
        {
            self.0.left_out.fetch_add(1, Ordering::Relaxed);
        }
        self.keep(entry);
    }

    /// Who is woken by a line after [`Log::newer`] was asked. The first one counts.
    pub fn wakes(&self, wake: Arc<dyn Wake>) {
        self.0.wake.set(wake).ok();
    }

    /// The lines from number `from` on, and the number of the next. Numbers count from the start of the program.
    #[must_use]
    pub fn newer(&self, from: u64) -> (Vec<Arc<Entry>>, u64) {
        self.0.watched.store(true, Ordering::Relaxed);
        let ring = self.0.ring.lock().unwrap_or_else(PoisonError::into_inner);
        (ring.newer(from), ring.next())
    }

    fn keep(&self, entry: Entry) {
        self.0.ring.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
        if self.0.watched.swap(false, Ordering::Relaxed)
            && let Some(wake) = self.0.wake.get()
        {
            wake.wake();
        }
    }

    /// A line of the log about itself.
    fn own(&self, text: String) -> Entry {
        Entry { at: (self.0.now)(), level: Level::Warning, place: "log".to_owned(), text }
    }

    /// The writing thread. What it cannot write it says once, in memory, and says again when writing goes on.
    fn write(&self, lines: &Receiver<Entry>, mut files: DailyFiles) {
        let mut failing = false;
        while let Ok(entry) = lines.recv() {
            let left_out = self.0.left_out.swap(0, Ordering::Relaxed);
            let notice =
                (left_out > 0).then(|| self.own(format!("{left_out} lines are missing here: the disk was behind")));
            let written = notice.iter().chain([&entry]).try_for_each(|entry| files.append(entry));
            match (written, failing) {
                (Err(error), false) => {
                    failing = true;
                    self.keep(self.own(format!("the log's file cannot be written: {error}")));
                }
                (Ok(()), true) => {
                    failing = false;
                    self.keep(self.own("the log's file is written again".to_owned()));
                }
                _ => {}
            }
        }
    }
}

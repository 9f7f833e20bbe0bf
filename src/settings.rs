//! What the window remembers from one day to the next, as TOML in the platform's folder for settings.
//!
//! A missing key has its default, a file that cannot be used is put aside and reported, and a new file takes the place of the
//! old one in one step, so that pulling the plug leaves one of the two. Not here: anything about units or measurements.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::disk;
use crate::folders::Folders;
use crate::job::{JobEvent, JobHandle, Wake};

/// Version of the file; another one is not guessed at.
pub const VERSION: u32 = 1;
/// Sizes of text that are offered, in percent.
pub const TEXT_SIZES: [u16; 5] = [100, 125, 150, 175, 200];

const FILE: &str = "settings.toml";
const BROKEN_FILE: &str = "settings.broken.toml";

/// Settings that may wait to be written; a person changes one at a time.
const WAITING: usize = 8;
/// How soon the writer notices that nobody needs it any more.
const LOOK: Duration = Duration::from_millis(250);

/// Everything that is remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// [`VERSION`].
    pub version: u32,
    /// Light or dark.
    pub theme: ThemeChoice,
    /// Size of everything, 100 to 200.
    pub text_size_percent: u16,
    /// Language of the window, by the name of its file.
    pub language: String,
    /// The rail of pages shows icons only.
    pub rail_folded: bool,
    /// Meter profile used last.
    pub profile: String,
    /// Procedure used last.
    pub procedure: String,
    /// Address of the chip to flash; empty is none.
    pub target: String,
    /// Addresses of the chips at the further positions; empty where there is none.
    pub more_targets: Vec<String>,
    /// File with the firmware that units get; empty is none.
    pub image: String,
    /// Provisioning list from which units that are flashed get their rows; empty is none.
    pub provisioning: String,
    /// A device whose converter is plugged in again is connected to without being asked for.
    pub reconnect_by_itself: bool,
    /// Who works here.
    pub operator: String,
    /// Batch the units belong to; empty is none.
    pub batch: String,
    /// No run starts without an operator's name.
    pub operator_required: bool,
    /// A sound tells the verdict.
    pub sounds: bool,
    /// Seconds after a PASS until the next unit is asked for.
    pub pass_pause_secs: u16,
    /// Addresses connected to last.
    pub addresses: StationAddresses,
    /// The window's size.
    pub window: WindowPlace,
}

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ThemeChoice {
    /// Dark letters on light.
    Light,
    /// Light letters on dark.
    Dark,
    /// As the desktop has it.
    #[default]
    System,
}

/// Addresses as they were typed; empty is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StationAddresses {
    /// Meter under test; at a bench of several positions the first.
    pub meter: String,
    /// Meters at the further positions.
    pub more_meters: Vec<String>,
    /// Optical heads by position; empty where there is none.
    pub pulses: Vec<String>,
    /// Reference.
    pub reference: String,
    /// Source.
    pub source: String,
}

/// The window's size in points of the desktop. Its position is the desktop's affair: a screen may be gone tomorrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WindowPlace {
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
    /// It fills the screen.
    pub maximised: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            version: VERSION,
            theme: ThemeChoice::System,
            text_size_percent: 100,
            language: "english".to_owned(),
            rail_folded: false,
            profile: "opensmartmeter-mt50".to_owned(),
            procedure: "calibrate".to_owned(),
            addresses: StationAddresses::default(),
            window: WindowPlace::default(),
            target: String::new(),
            more_targets: Vec::new(),
            image: String::new(),
            provisioning: String::new(),
            reconnect_by_itself: true,
            operator: String::new(),
            batch: String::new(),
            operator_required: false,
            sounds: true,
            pass_pause_secs: 5,
        }
    }
}

impl Default for StationAddresses {
    fn default() -> Self {
        // Ten virtual seconds a second: a run takes as long as a person likes to watch.
        Self {
            meter: "sim:?seed=7&pace=10".to_owned(),
            more_meters: Vec::new(),
            pulses: Vec::new(),
            reference: String::new(),
            source: String::new(),
        }
    }
}

impl Default for WindowPlace {
    fn default() -> Self {
        Self { width: 1280, height: 720, maximised: false }
    }
}

impl Settings {
    /// The factor of the text's size; whatever the file says, it is one that can be read.
    #[must_use]
    pub fn text_factor(&self) -> f32 {
        f32::from(self.text_size_percent.clamp(100, 200)) / 100.0
    }
}

/// Settings as they were found.
#[derive(Debug)]
pub struct Found {
    /// To work with.
    pub settings: Settings,
    /// What was wrong with the file, in words.
    pub problem: Option<String>,
    /// The file may be written. Not so where a file that cannot be used could not be put aside either.
    pub writable: bool,
}

/// A folder that holds settings.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
}

impl Store {
    /// Settings in a folder, which need not be there yet.
    #[must_use]
    pub const fn in_folder(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The settings among a user's folders.
    #[must_use]
    pub fn of(folders: &Folders) -> Self {
        Self::in_folder(folders.settings.clone())
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.folder.join(FILE)
    }

    /// Reads the settings. Nobody is kept from working by a file: what cannot be used is put aside.
    #[must_use]
    pub fn load(&self) -> Found {
        let read = fs::read_to_string(self.file());
        let reason = match read {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Found { settings: Settings::default(), problem: None, writable: true };
            }
            Err(error) => error.to_string(),
            Ok(text) => match toml::from_str::<Settings>(&text) {
                Ok(settings) if settings.version == VERSION => {
                    return Found { settings, problem: None, writable: true };
                }
                Ok(settings) => format!("it has version {}, and {VERSION} is known", settings.version),
                Err(error) => error.message().replace('\n', "; "),
            },
        };
        tracing::error!(reason, file = %self.file().display(), "the settings cannot be used");
        let (what, writable) = match fs::rename(self.file(), self.folder.join(BROKEN_FILE)) {
            Ok(()) => (format!("it is kept as {BROKEN_FILE}"), true),
            Err(error) => (format!("it could not be put aside ({error}), so nothing is saved"), false),
        };
        let problem = format!("The settings could not be used and start afresh: {reason}; {what}");
        Found { settings: Settings::default(), problem: Some(problem), writable }
    }

    /// Writes the settings beside the old ones, then puts them in their place.
    ///
    /// # Errors
    /// The folder cannot be made or written.
    pub fn save(&self, settings: &Settings) -> io::Result<()> {
        let text = toml::to_string_pretty(settings).map_err(io::Error::other)?;
        disk::replace(&self.file(), text.as_bytes())
    }
}

/// A thread that writes settings, so that drawing never waits for a disk.
pub struct Keeper {
    job: JobHandle<String, ()>,
    inbox: Option<SyncSender<Settings>>,
    given: Settings,
}

impl Keeper {
    /// Starts the thread. `known` is what the file holds.
    ///
    /// # Errors
    /// The system has no thread left.
    pub fn spawn(store: Store, known: Settings, wake: Arc<dyn Wake>) -> io::Result<Self> {
        let (inbox, waiting) = sync_channel::<Settings>(WAITING);
        let job = JobHandle::spawn("settings", wake, move |ctl| {
            loop {
                match waiting.recv_timeout(LOOK) {
                    Ok(mut settings) => {
                        // Only the newest of those that wait is worth a write.
                        while let Ok(newer) = waiting.try_recv() {
                            settings = newer;
                        }
                        if let Err(error) = store.save(&settings) {
                            tracing::error!(%error, file = %store.file().display(), "the settings could not be saved");
                            ctl.progress(format!("The settings could not be saved: {error}"));
                        }
                    }
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => return Ok(()),
                }
            }
        })?;
        Ok(Self { job, inbox: Some(inbox), given: known })
    }

    /// Has settings written if they differ from those given last. Never waits; what finds no room is given again next time.
    pub fn keep(&mut self, settings: &Settings) {
        if *settings != self.given
            && let Some(inbox) = &self.inbox
            && inbox.try_send(settings.clone()).is_ok()
        {
            self.given = settings.clone();
        }
    }

    /// What went wrong, if something did.
    pub fn poll(&mut self) -> Option<String> {
        match self.job.poll()? {
            JobEvent::Progress(problem) => Some(problem),
            JobEvent::Finished(Ok(())) => None,
            JobEvent::Finished(Err(error)) => Some(format!("The settings are not saved any more: {error}")),
        }
    }

    /// Takes no more; the thread writes what waits and ends.
    pub fn close(&mut self) {
        self.inbox = None;
    }

    /// Everything is written.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.job.is_over()
    }
}

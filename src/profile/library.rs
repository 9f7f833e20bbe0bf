//! The profiles there are: those of the program, which nobody changes, and those of the user in a folder of his own.
//!
//! A user's profile is `meters/NAME.toml`, `references/NAME.toml` or `procedures/NAME.toml` below the folder, and its name
//! inside is that of the file. A name of the program's is never a user's: nothing stands in for a shipped profile unseen.
//! Files are replaced in one step. Not here: threads; who draws asks for this on one.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, OnceLock};

use super::error::Finding;
use super::{Kind, check_text, locate, shipped};
use crate::disk;

/// More than any profile needs; a larger file is something else.
pub const LARGEST_BYTES: usize = 256 * 1024;

/// Files looked at in a folder; nobody has more profiles.
const MOST_FILES: usize = 1000;
const LONGEST_NAME: usize = 64;
const ENDING: &str = "toml";
/// How a copy says what it was copied from.
const COPIED: &str = "# Copied from ";
/// Names Windows keeps for devices: such a file could not be taken there.
const DEVICES: [&str; 22] = [
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9", "lpt1", "lpt2",
    "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

/// Parsed and checked once; they do not change while the program runs.
static SHIPPED: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let entry = |(kind, name, text)| Entry {
        kind,
        name: str::to_owned(name),
        title: shipped::title_of(text),
        origin: Origin::Shipped,
        text: str::to_owned(text),
        findings: findings(kind, name, text),
    };
    shipped::texts().map(entry).collect()
});

static INSTALLED: OnceLock<Library> = OnceLock::new();

/// Where a profile comes from.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// It is part of the program.
    Shipped,
    /// It is the user's, in this file.
    User(PathBuf),
}

/// A profile in the library, as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it describes, by its folder.
    pub kind: Kind,
    /// Its name, by its file.
    pub name: String,
    /// What it is, in a few words; empty where its text does not say.
    pub title: String,
    /// Whose it is.
    pub origin: Origin,
    /// Its text.
    pub text: String,
    /// What is wrong with it; a profile with faults is not used.
    pub findings: Vec<Finding>,
}

impl Entry {
    /// It can be used by its name.
    #[must_use]
    pub fn usable(&self) -> bool {
        self.findings.is_empty()
    }

    /// It is part of the program.
    #[must_use]
    pub fn shipped(&self) -> bool {
        self.origin == Origin::Shipped
    }
}

/// Why nothing was done. Whatever it is, the files stand as they stood, unless it says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// There is nowhere to put them.
    #[error("there is no folder for profiles of your own: this user has no home; name one with --data")]
    NoFolder,
    /// No profile has this name.
    #[error("there is no profile named {name:?} any more; somebody removed or renamed it")]
    Missing {
        /// As given.
        name: String,
    },
    /// A profile of the program's.
    #[error("{name} is part of the program and cannot be changed; duplicate it and change the copy")]
    Shipped {
        /// Its name.
        name: String,
    },
    /// The new name is none, or taken.
    #[error("{problem}")]
    Name {
        /// Why, and what would be right.
        problem: String,
    },
    /// Somebody else wrote the file meanwhile.
    #[error(
        "{file} was changed by another program since it was opened, so it is not overwritten; copy your text, then revert"
    )]
    Changed {
        /// The file.
        file: String,
    },
    /// The disk refused.
    #[error("{file} cannot be {done}: {source}")]
    Disk {
        /// The file.
        file: String,
        /// Read, written, renamed or deleted.
        done: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The copy is there, and so is the old one.
    #[error("{new} is written, but {old} cannot be removed: {source}; delete it yourself")]
    OldStays {
        /// The new file.
        new: String,
        /// The old one.
        old: String,
        /// What the system said.
        source: io::Error,
    },
}

/// The program's profiles and those of one folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Library {
    folder: Option<PathBuf>,
}

impl Library {
    /// With the user's profiles below this folder, which need not be there yet.
    #[must_use]
    pub const fn in_folder(folder: PathBuf) -> Self {
        Self { folder: Some(folder) }
    }

    /// From now on, profiles are found by name in this one; only the first call counts.
    pub fn install(self) {
        INSTALLED.set(self).ok();
    }

    /// The one profiles are found in by name: the program's own profiles alone until another one is installed.
    #[must_use]
    pub fn installed() -> Self {
        INSTALLED.get().cloned().unwrap_or_default()
    }

    /// Where the user's profiles lie.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// Every profile, the program's first.
    #[must_use]
    pub fn list(&self) -> Vec<Entry> {
        SHIPPED
            .iter()
            .cloned()
            .chain(self.files().into_iter().map(|(kind, name, path)| user_entry(kind, &name, path)))
            .collect()
    }

    /// The names of a kind, or of all.
    #[must_use]
    pub fn names(&self, kind: Option<Kind>) -> Vec<String> {
        let wanted = |other: Kind| kind.is_none_or(|kind| kind == other);
        let shipped = shipped::texts().filter(|entry| wanted(entry.0)).map(|entry| entry.1.to_owned());
        let own = self.files().into_iter().filter(|file| wanted(file.0) && !is_shipped(&file.1));
        shipped.chain(own.map(|file| file.1)).collect()
    }

    /// The user's file of that name.
    pub(super) fn find(&self, kind: Option<Kind>, name: &str) -> Option<String> {
        let mut files = self.files().into_iter().filter(|file| !is_shipped(&file.1));
        files
            .find(|file| file.1 == name && kind.is_none_or(|kind| kind == file.0))
            .map(|file| file.2.display().to_string())
    }

    /// Duplicates a profile, shipped or not, as a new one of the user's; returns its kind.
    ///
    /// # Errors
    /// There is no such profile, the new name is none or taken, or the disk refuses.
    pub fn copy(&self, from: &str, new: &str) -> Result<Kind, LibraryError> {
        let (kind, text) = match shipped::texts().find(|entry| entry.1 == from) {
            Some((kind, _, text)) => (kind, format!("{COPIED}{from}\n{text}")),
            None => {
                let (kind, _, path) = self.own(None, from)?;
                (kind, self.read(&path)?)
            }
        };
        let path = self.free(kind, new)?;
        self.write(&path, &renamed(&text, new))?;
        Ok(kind)
    }

    /// Gives a user's profile a new text. `before` is the text it was opened with.
    ///
    /// # Errors
    /// It is not the user's, is not there any more, was changed by somebody else meanwhile, or the disk refuses.
    pub fn save(&self, kind: Kind, name: &str, text: &str, before: &str) -> Result<(), LibraryError> {
        let (_, _, path) = self.own(Some(kind), name)?;
        if self.read(&path)? != before {
            return Err(LibraryError::Changed { file: path.display().to_string() });
        }
        self.write(&path, text)
    }

    /// Gives a user's profile a new name, in its file and inside.
    ///
    /// # Errors
    /// It is not the user's, the new name is none or taken, or the disk refuses.
    pub fn rename(&self, kind: Kind, name: &str, new: &str) -> Result<(), LibraryError> {
        let (_, _, old) = self.own(Some(kind), name)?;
        let path = self.free(kind, new)?;
        self.write(&path, &renamed(&self.read(&old)?, new))?;
        fs::remove_file(&old).map_err(|source| LibraryError::OldStays {
            new: path.display().to_string(),
            old: old.display().to_string(),
            source,
        })
    }

    /// Deletes a user's profile.
    ///
    /// # Errors
    /// It is not the user's, or the disk refuses.
    pub fn delete(&self, kind: Kind, name: &str) -> Result<(), LibraryError> {
        let (_, _, path) = self.own(Some(kind), name)?;
        fs::remove_file(&path).map_err(|source| refused(&path, "deleted", source))
    }

    /// Kind, name and path of the user's files, by kind and name.
    fn files(&self) -> Vec<(Kind, String, PathBuf)> {
        let mut files = Vec::new();
        for kind in [Kind::Meter, Kind::Procedure, Kind::Instrument] {
            let Some(folder) = self.folder_of(kind) else { continue };
            let Ok(entries) = fs::read_dir(folder) else { continue };
            for path in entries.take(MOST_FILES).flatten().map(|entry| entry.path()) {
                let name = path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned);
                if let Some(name) = name.filter(|_| path.extension().is_some_and(|ending| ending == ENDING)) {
                    files.push((kind, name, path));
                }
            }
        }
        files.sort_by(|a, b| (a.0 as u8, &a.1).cmp(&(b.0 as u8, &b.1)));
        files
    }

    fn folder_of(&self, kind: Kind) -> Option<PathBuf> {
        let name = match kind {
            Kind::Meter => "meters",
            Kind::Procedure => "procedures",
            Kind::Instrument => "references",
        };
        Some(self.folder.as_ref()?.join(name))
    }

    /// The user's file of that name.
    fn own(&self, kind: Option<Kind>, name: &str) -> Result<(Kind, String, PathBuf), LibraryError> {
        let mut files = self.files().into_iter();
        if let Some(file) = files.find(|file| file.1 == name && kind.is_none_or(|kind| kind == file.0)) {
            return Ok(file);
        }
        let name = name.to_owned();
        let shipped = shipped::find(None, &name).is_some();
        Err(if shipped { LibraryError::Shipped { name } } else { LibraryError::Missing { name } })
    }

    /// The file for a new name.
    fn free(&self, kind: Kind, name: &str) -> Result<PathBuf, LibraryError> {
        let names = self.names(None);
        if let Some(problem) = name_problem(name, names.iter().map(String::as_str)) {
            return Err(LibraryError::Name { problem });
        }
        Ok(self.folder_of(kind).ok_or(LibraryError::NoFolder)?.join(format!("{name}.{ENDING}")))
    }

    fn read(&self, path: &Path) -> Result<String, LibraryError> {
        read_text(path).map_err(|source| refused(path, "read", source))
    }

    fn write(&self, path: &Path, text: &str) -> Result<(), LibraryError> {
        disk::replace(path, text.as_bytes()).map_err(|source| refused(path, "written", source))
    }
}

/// What is wrong with a text as the profile of that kind and name; empty when it can be used.
#[must_use]
pub fn findings(kind: Kind, name: &str, text: &str) -> Vec<Finding> {
    match check_text(text, name) {
        Err(error) => error.findings().to_vec(),
        Ok((found, _)) if found != kind => {
            let problem = format!("this is a {found} profile, and {name} is a {kind} profile; \"{kind}\" is wanted");
            vec![locate::finding_at_key(text, "kind", problem)]
        }
        Ok((_, found)) => name_finding(text, &found, name).into_iter().collect(),
    }
}

/// What is wrong with a new name beside those there are; nothing when it can be taken.
#[must_use]
pub fn name_problem<'a>(name: &str, mut taken: impl Iterator<Item = &'a str>) -> Option<String> {
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    let begins = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    if name.is_empty() {
        return Some("Give it a name, such as mt50-lab".to_owned());
    }
    if !plain || !begins || name.len() > LONGEST_NAME {
        return Some(format!(
            "{name:?} is no name: up to {LONGEST_NAME} letters, digits, - and _ are allowed, a letter or digit first"
        ));
    }
    if DEVICES.iter().any(|device| device.eq_ignore_ascii_case(name)) {
        return Some(format!("{name} is the name of a device on Windows; take another one"));
    }
    if is_shipped(name) {
        return Some(format!("{name} is the name of a shipped profile; take another one"));
    }
    let known = taken.find(|other| other.eq_ignore_ascii_case(name))?;
    Some(format!("There is a profile named {known} already; take another name"))
}

/// The name is one of the program's; letters large or small are the same, as on some disks.
fn is_shipped(name: &str) -> bool {
    shipped::texts().any(|entry| entry.1.eq_ignore_ascii_case(name))
}

/// The shipped profile a text says it was copied from.
#[must_use]
pub fn copied_from(text: &str) -> Option<&str> {
    let mut comments = text.lines().take_while(|line| line.starts_with('#'));
    let name = comments.find_map(|line| line.strip_prefix(COPIED))?.trim();
    shipped::find(None, name).map(|_| name)
}

/// The text of a shipped profile.
#[must_use]
pub fn shipped_text(name: &str) -> Option<&'static str> {
    shipped::find(None, name)
}

/// A file's text, if it is no larger than a profile can be.
pub(super) fn read_text(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(LARGEST_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > LARGEST_BYTES {
        return Err(io::Error::other("it is larger than 256 KiB, and no profile is"));
    }
    String::from_utf8(bytes).map_err(|_| io::Error::other("it is no text in UTF-8"))
}

/// The name inside must be that of the file, or a record would tell another name than the one that was asked for.
pub(super) fn name_finding(text: &str, inside: &str, name: &str) -> Option<Finding> {
    let wrong = inside != name;
    wrong.then(|| {
        let problem = format!("{inside:?} is not the name of the file; \"{name}\" is wanted, or rename the profile");
        locate::finding_at_key(text, "name", problem)
    })
}

fn user_entry(kind: Kind, name: &str, path: PathBuf) -> Entry {
    let bare = |problem: String| Finding { line: None, column: None, place: None, key: String::new(), problem };
    let (text, findings) = match read_text(&path) {
        Err(error) => (String::new(), vec![bare(format!("{} cannot be read: {error}", path.display()))]),
        Ok(text) => {
            let problem = name_problem(name, std::iter::empty());
            let found = problem.map_or_else(
                || findings(kind, name, &text),
                |problem| vec![bare(format!("{problem}: rename it, as the file is not used like this"))],
            );
            (text, found)
        }
    };
    let title = shipped::title_of(&text);
    Entry { kind, name: name.to_owned(), title, origin: Origin::User(path), text, findings }
}

/// The text with the name inside changed; as it is where it has none to change, which its check then says.
fn renamed(text: &str, name: &str) -> String {
    locate::with_string(text, "name", name).unwrap_or_else(|| text.to_owned())
}

fn refused(path: &Path, done: &'static str, source: io::Error) -> LibraryError {
    LibraryError::Disk { file: path.display().to_string(), done, source }
}

//! The newest number and hash of each chain, in a small file beside the data base.
//!
//! A chain that is cut off at its end is still a chain; only what lies outside of it tells. The file is written after the
//! record, so it may be behind by what a crash came between, and never ahead. Who cuts off both cannot be found here: a
//! certificate or a backup that carries a later hash tells then.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::seal::Receipt;

/// How the names of notes end that were put aside.
const GONE: &str = ".gone";

/// Of which chains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Those of runs.
    Runs,
    /// Those of flashings.
    Flashings,
}

impl Kind {
    fn folder(self, folder: &Path) -> PathBuf {
        folder.join(match self {
            Self::Runs => "heads",
            Self::Flashings => "heads-of-flashings",
        })
    }

    /// The table of the data base that has these chains.
    pub(super) const fn table(self) -> &'static str {
        match self {
            Self::Runs => "attempt",
            Self::Flashings => "flashing",
        }
    }

    fn file(self, folder: &Path, station: &str) -> PathBuf {
        self.folder(folder).join(format!("{station}.head"))
    }
}

/// Notes the newest record of a chain; an older one than is noted changes nothing.
pub(super) fn note(folder: &Path, kind: Kind, station: &str, newest: Receipt) -> io::Result<()> {
    if read(folder, kind, station)?.is_some_and(|noted| noted.number >= newest.number) {
        return Ok(());
    }
    let path = kind.file(folder, station);
    fs::create_dir_all(kind.folder(folder))?;
    // Each process has a name of its own for the new file, so that two never write the same one.
    let new = path.with_extension(format!("new{}", std::process::id()));
    let mut out = File::create(&new)?;
    writeln!(out, "{} {}", newest.number, newest.hash)?;
    out.sync_all()?;
    drop(out);
    fs::rename(&new, &path)
}

fn of_text(text: &str) -> Option<Receipt> {
    let (number, hash) = text.trim().split_once(' ')?;
    Some(Receipt { number: number.parse().ok()?, hash: hash.parse().ok()? })
}

/// What is noted for a chain; none where nothing is. A file that says nothing sensible is an error.
pub(super) fn read(folder: &Path, kind: Kind, station: &str) -> io::Result<Option<Receipt>> {
    let text = match fs::read_to_string(kind.file(folder, station)) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    of_text(&text).map(Some).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "not a number and a hash"))
}

/// The end of a chain that somebody has given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutAside {
    kind: Kind,
    station: String,
    noted: Receipt,
}

impl fmt::Display for PutAside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, station, noted } = self;
        let what = match kind {
            Kind::Runs => "record ",
            Kind::Flashings => "flashing F",
        };
        write!(f, "{what}{} of station {station} ({}) was given up as lost", noted.number, noted.hash)
    }
}

/// Puts the note of a chain aside, under the number that it has.
pub(super) fn put_aside(folder: &Path, kind: Kind, station: &str, noted: Receipt) -> io::Result<PutAside> {
    let path = kind.file(folder, station);
    let mut aside = path.with_extension(format!("{}{GONE}", noted.number));
    while aside.exists() {
        aside.as_mut_os_string().push(GONE);
    }
    fs::rename(path, aside)?;
    Ok(PutAside { kind, station: station.to_owned(), noted })
}

/// What was put aside, as far as it can be read.
pub(super) fn all_put_aside(folder: &Path, kind: Kind) -> Vec<PutAside> {
    let Ok(entries) = fs::read_dir(kind.folder(folder)) else { return Vec::new() };
    let of = |path: PathBuf| {
        let name = path.file_name()?.to_string_lossy().into_owned();
        let station = name.ends_with(GONE).then(|| name.split('.').next().unwrap_or_default().to_owned())?;
        let noted = of_text(&fs::read_to_string(path).ok()?)?;
        Some(PutAside { kind, station, noted })
    };
    entries.flatten().filter_map(|entry| of(entry.path())).collect()
}

/// Stations that have something noted.
pub(super) fn stations(folder: &Path, kind: Kind) -> Vec<String> {
    let Ok(entries) = fs::read_dir(kind.folder(folder)) else { return Vec::new() };
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter_map(|name| name.strip_suffix(".head").map(str::to_owned)).collect()
}

//! Results that could not be stored wait here, a file each, until the store takes them over.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::entry::Draft;
use super::flashing::Flashing;

const FOLDER: &str = "spool";

/// Endings of the files: of runs, and of flashings.
const OF_RUN: &str = "json";
const OF_FLASHING: &str = "flashing";

/// Keeps a result, durably: the file and its name in the folder are on the disk when this returns.
pub(super) fn put(folder: &Path, draft: &Draft) -> io::Result<PathBuf> {
    keep(folder, &format!("{}-{}.{OF_RUN}", draft.entry.at.at_ms, draft.entry.uid), draft)
}

/// The same of a flashing.
pub(super) fn put_flashing(folder: &Path, flashing: &Flashing) -> io::Result<PathBuf> {
    keep(folder, &format!("{}-{}.{OF_FLASHING}", flashing.at.at_ms, flashing.uid), flashing)
}

fn keep(folder: &Path, name: &str, content: &impl Serialize) -> io::Result<PathBuf> {
    let spool = folder.join(FOLDER);
    fs::create_dir_all(&spool)?;
    let path = spool.join(name);
    let new = path.with_extension("new");
    let mut out = File::create(&new)?;
    out.write_all(&serde_json::to_vec(content)?)?;
    out.sync_all()?;
    drop(out);
    fs::rename(&new, &path)?;
    sync_folder(&spool)?;
    sync_folder(folder)?;
    Ok(path)
}

/// Whether a result could wait here.
pub(super) fn takes(folder: &Path) -> io::Result<()> {
    let spool = folder.join(FOLDER);
    fs::create_dir_all(&spool)?;
    let trial = spool.join("trial.new");
    File::create(&trial)?;
    fs::remove_file(&trial)
}

/// Whether the result of this run waits.
pub(super) fn holds(folder: &Path, record: &str) -> io::Result<bool> {
    let ending = format!("-{record}.{OF_RUN}");
    let of_it = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(&ending));
    Ok(paths(folder)?.iter().any(of_it))
}

/// What waits beside the store.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// Results, oldest first.
    pub(super) drafts: Vec<(PathBuf, Draft)>,
    /// Flashings, oldest first.
    pub(super) flashings: Vec<(PathBuf, Flashing)>,
    /// Files that nobody can read; they stay.
    pub(super) broken: Vec<PathBuf>,
}

/// Reads what waits.
pub(super) fn waiting(folder: &Path) -> io::Result<Waiting> {
    let Waiting { mut drafts, mut flashings, mut broken } = Waiting::default();
    for path in paths(folder)? {
        match fs::read(&path) {
            Ok(bytes) if ends(&path, OF_FLASHING) => match serde_json::from_slice(&bytes) {
                Ok(flashing) => flashings.push((path, flashing)),
                Err(_) => broken.push(path),
            },
            Ok(bytes) => match serde_json::from_slice(&bytes) {
                Ok(draft) => drafts.push((path, draft)),
                Err(_) => broken.push(path),
            },
            // Another program has just taken it over.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(_) => broken.push(path),
        }
    }
    Ok(Waiting { drafts, flashings, broken })
}

fn ends(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|extension| extension == ending)
}

/// The files that wait, oldest first.
fn paths(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths: Vec<PathBuf> = match fs::read_dir(folder.join(FOLDER)) {
        Ok(entries) => entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<_>>()?,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Vec::new(),
        Err(error) => return Err(error),
    };
    paths.retain(|path| ends(path, OF_RUN) || ends(path, OF_FLASHING));
    paths.sort();
    Ok(paths)
}

/// The store has it now.
pub(super) fn done(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

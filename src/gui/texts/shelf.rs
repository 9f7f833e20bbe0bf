//! The thread that reads the languages in a user's folder, so that drawing never waits for a disk. It reads once and ends.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::language::{self, Language};
use crate::job::{JobEvent, JobHandle, Wake};

/// No catalog is larger; what is was put there by mistake.
const LARGEST_FILE: u64 = 1 << 20;
/// Files that are read; a person speaks fewer languages.
const MOST_FILES: usize = 32;

/// The window's end of the thread.
pub struct TextShelf {
    job: JobHandle<(), Vec<Language>>,
}

impl TextShelf {
    /// Has the files `NAME.toml` of a folder read, which need not be there.
    ///
    /// # Errors
    /// The system has no thread left.
    pub fn spawn(folder: PathBuf, wake: Arc<dyn Wake>) -> io::Result<Self> {
        Ok(Self { job: JobHandle::spawn("texts", wake, move |_| Ok(languages(&folder)))? })
    }

    /// The languages of the folder, once, when they are read. Never waits.
    pub fn poll(&mut self) -> Option<Vec<Language>> {
        match self.job.poll()? {
            JobEvent::Finished(Ok(languages)) => Some(languages),
            JobEvent::Finished(Err(error)) => {
                tracing::error!(%error, "the texts of the user cannot be read");
                Some(Vec::new())
            }
            JobEvent::Progress(()) => None,
        }
    }
}

/// The languages in a folder, by name.
#[must_use]
pub fn languages(folder: &Path) -> Vec<Language> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut paths: Vec<_> = paths.filter(|path| path.extension().is_some_and(|ending| ending == "toml")).collect();
    paths.sort();
    paths.truncate(MOST_FILES);
    paths.into_iter().map(read).collect()
}

fn read(path: PathBuf) -> Language {
    let id = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    if language::shipped().iter().any(|shipped| shipped.id == id) {
        return Language::refused(&id, t!("a language of the program has this name").to_owned(), path);
    }
    match text(&path) {
        Ok(text) => Language::of(&id, &text, Some(path)),
        Err(error) => Language::refused(&id, error.to_string(), path),
    }
}

fn text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(LARGEST_FILE + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LARGEST_FILE {
        return Err(io::Error::other(t!("it is larger than 1 MiB")));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_read_file_by_file() {
        let folder = tempfile::tempdir().expect("folder");
        let put = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).expect("written");
        put("svenska.toml", b"name = \"Svenska\"\n[texts]\n\"Connect\" = \"Anslut\"\n");
        put("deutsch.toml", b"[texts]\n");
        put("binary.toml", &[0xFF, 0xFE]);
        put("large.toml", &vec![b'#'; LARGEST_FILE as usize + 5]);
        put("notes.txt", b"");
        let found = languages(folder.path());
        let names: Vec<_> = found.iter().map(|language| (language.id.as_str(), language.usable())).collect();
        assert_eq!(names, [("binary", false), ("deutsch", false), ("large", false), ("svenska", true)]);
        assert!(found.iter().all(|language| language.usable() == language.faults.is_empty()));
        assert!(languages(Path::new("no/such/folder")).is_empty());
    }
}

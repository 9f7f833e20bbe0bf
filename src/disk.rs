//! A file that takes the place of another in one step, so that pulling the plug leaves one of the two and never half of one.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

/// Writes `bytes` beside `path`, as its name with `.new` behind it, then puts them in its place. Missing folders are made.
///
/// # Errors
/// The folder cannot be made or written; what stood at `path` stands there still.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut name = path.file_name().ok_or_else(|| io::Error::other("this is no file's name"))?.to_owned();
    name.push(".new");
    let new = path.with_file_name(name);
    let done = write_through(&new, bytes).and_then(|()| fs::rename(&new, path));
    if done.is_err() {
        // Half a file beside the old one is of use to nobody.
        fs::remove_file(&new).ok();
    }
    done
}

fn write_through(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_old_file_stands_when_the_new_one_cannot_be_written() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target").join("disk-test");
        fs::remove_dir_all(&folder).ok();
        let file = folder.join("deep").join("a.toml");
        replace(&file, b"one").expect("written");
        replace(&file, b"two").expect("replaced");
        fs::create_dir_all(folder.join("deep").join("a.toml.new").join("in the way")).expect("folder");
        assert!(replace(&file, b"three").is_err());
        assert_eq!(fs::read(&file).expect("file"), b"two");
    }
}

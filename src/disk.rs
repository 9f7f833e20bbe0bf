//! Files that take their place in one step, so that pulling the plug leaves the old one or the new one and never half of one.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Readers {
    /// Whom the system lets by default.
    Anybody,
    /// The user who wrote it, and nobody else: there are secrets in it.
    Owner,
}

/// Writes `bytes` beside `path`, as its name with `.new` behind it, then puts them in its place. Missing folders are made.
///
/// # Errors
/// The folder cannot be made or written; what stood at `path` stands there still.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    exchange(path, bytes, Readers::Anybody)
}

/// The same for what holds secrets: the file is its owner's alone from its first byte on, whoever could read the old one.
///
/// # Errors
/// As [`replace`].
pub fn replace_secretly(path: &Path, bytes: &[u8]) -> io::Result<()> {
    exchange(path, bytes, Readers::Owner)
}

fn exchange(path: &Path, bytes: &[u8], readers: Readers) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let new = beside(path, ".new")?;
    let done = write_through(&new, bytes, readers).and_then(|()| fs::rename(&new, path));
    if done.is_err() {
        // Half a file beside the old one is of use to nobody.
        fs::remove_file(&new).ok();
    }
    done
}

/// Something new, a file or a folder, that has its name only when all of it is there. `write` makes it beside `to`, as its name with
/// `.part` behind it; what an interrupted one left there is removed first. Missing folders are made.
///
/// # Errors
/// There is something at `to` already, or it cannot be put there (`wrong`), or what `write` says. Nothing is left of it then.
pub fn appear<T, E>(
    to: &Path,
    wrong: impl Fn(io::Error) -> E,
    write: impl FnOnce(&Path) -> Result<T, E>,
) -> Result<T, E> {
    let part = make_room(to).map_err(&wrong)?;
    let done = write(&part).and_then(|made| {
        is_free(to).and_then(|()| fs::rename(&part, to)).map_err(&wrong)?;
        Ok(made)
    });
    if done.is_err() {
        remove(&part).ok();
    }
    done
}

fn make_room(to: &Path) -> io::Result<PathBuf> {
    is_free(to)?;
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    let part = beside(to, ".part")?;
    remove(&part)?;
    Ok(part)
}

fn is_free(to: &Path) -> io::Result<()> {
    if to.exists() { Err(io::ErrorKind::AlreadyExists.into()) } else { Ok(()) }
}

/// Removes a file, or a folder with what is in it, if there is one.
fn remove(path: &Path) -> io::Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn beside(path: &Path, ending: &str) -> io::Result<PathBuf> {
    let mut name = path.file_name().ok_or_else(|| io::Error::other("this is no file's name"))?.to_owned();
    name.push(ending);
    Ok(path.with_file_name(name))
}

fn write_through(path: &Path, bytes: &[u8], readers: Readers) -> io::Result<()> {
    let mut file = match readers {
        Readers::Anybody => File::create(path)?,
        Readers::Owner => create_for_owner(path)?,
    };
    file.write_all(bytes)?;
    file.sync_all()
}

/// A new, empty file that only its owner may read and write (mode 0600). What was left there is removed, as it may be readable.
/// Elsewhere than on Unix the folder's own rules hold.
///
/// # Errors
/// It cannot be made.
pub fn create_for_owner(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    new_for_owner(path)
}

/// A new file as [`create_for_owner`] makes it, where there is none yet.
///
/// # Errors
/// There is one, or it cannot be made.
pub fn new_for_owner(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
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

    #[test]
    fn what_is_new_appears_whole_or_not_at_all() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target").join("disk-test-new");
        fs::remove_dir_all(&folder).ok();
        let (to, part) = (folder.join("deep").join("out"), folder.join("deep").join("out.part"));
        let stopped = appear(
            &to,
            |error| error,
            |part| {
                fs::create_dir(part)?;
                fs::write(part.join("half"), b"half")?;
                Err::<(), _>(io::Error::other("stopped"))
            },
        );
        assert_eq!(stopped.expect_err("stopped").to_string(), "stopped");
        assert!(!part.exists() && !to.exists());
        // A crash has left some of it.
        fs::create_dir_all(part.join("left")).expect("folder");
        appear(&to, |error| error, |part| fs::write(part, b"all")).expect("written");
        assert_eq!(fs::read(&to).expect("file"), b"all");
        let again = appear(&to, |error| error, |part| fs::write(part, b"other"));
        assert_eq!(again.expect_err("there already").kind(), io::ErrorKind::AlreadyExists);
        // Somebody else was first.
        fs::remove_file(&to).expect("removed");
        let late = appear(&to, |error| error, |part| fs::write(part, b"late").and_then(|()| fs::write(&to, b"first")));
        assert_eq!(late.expect_err("there by now").kind(), io::ErrorKind::AlreadyExists);
        assert_eq!((fs::read(&to).expect("file").as_slice(), part.exists()), (b"first".as_slice(), false));
    }

    #[cfg(unix)]
    #[test]
    fn secrets_are_their_owners_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target").join("disk-test-secret");
        fs::remove_dir_all(&folder).ok();
        let file = folder.join("a.bin");
        replace(&file, b"for all").expect("written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("allowed");
        // What a crash has left is not written into either.
        fs::write(folder.join("a.bin.new"), b"left").expect("written");
        replace_secretly(&file, b"for one").expect("replaced");
        assert_eq!(fs::metadata(&file).expect("file").permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read(&file).expect("file"), b"for one");
    }
}

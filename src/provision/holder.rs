//! Who holds reservations: a lock on a file, which the system takes back when its process ends, however it ends. Process numbers
//! would be given to others.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest as _, Sha256};

const FOLDER: &str = "provisioning-holders";

/// This process's own lock; it ends with this value.
#[derive(Debug)]
pub(super) struct Holder {
    name: String,
    file: PathBuf,
    // Held until it is dropped.
    _lock: File,
}

impl Holder {
    /// A lock of a name that no other has.
    pub(super) fn take(folder: &Path) -> io::Result<Self> {
        static TAKEN: AtomicU64 = AtomicU64::new(0);
        let locks = folder.join(FOLDER);
        fs::create_dir_all(&locks)?;
        let nanos = jiff::Timestamp::now().as_nanosecond();
        let seed = format!("{nanos} {} {}", std::process::id(), TAKEN.fetch_add(1, Ordering::Relaxed));
        let name: String = Sha256::digest(seed).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let file = locks.join(&name);
        let lock = File::options().write(true).create_new(true).open(&file)?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::Error(error) => error,
            TryLockError::WouldBlock => io::Error::other("a lock of this name is there already"),
        })?;
        Ok(Self { name, file, _lock: lock })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether the process that took this lock still runs. Where that cannot be told it does.
    pub(super) fn is_alive(folder: &Path, name: &str) -> bool {
        match File::options().write(true).open(folder.join(FOLDER).join(name)) {
            Ok(file) => file.try_lock().is_err(),
            Err(error) => error.kind() != io::ErrorKind::NotFound,
        }
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        fs::remove_file(&self.file).ok();
    }
}

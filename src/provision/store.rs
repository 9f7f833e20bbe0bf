//! The file with the lists: opening, and transactions that are on the disk when they return.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OptionalExtension as _, Transaction, TransactionBehavior};

use super::error::ProvisionError;
use super::holder::Holder;
use super::{file_in, schema};
use crate::disk;

/// How long another program's writing is waited for, and how long between two looks. SQLite's own waiting looks ever more rarely,
/// and was seen to starve for 5 s beside a program that writes one row after the other.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// How often another program's first opening of a new file is waited for, and how long each time.
const FIRST_OPENING: (u32, Duration) = (100, Duration::from_millis(50));

/// The lists of a station, open.
#[derive(Debug)]
pub struct Provisioning {
    pub(super) connection: Connection,
    pub(super) folder: PathBuf,
    pub(super) file: PathBuf,
    holder: Option<Holder>,
}

/// Result of a call of the data base.
pub(super) trait InFile<T> {
    /// Adds which file it was.
    fn in_file(self, file: &Path) -> Result<T, ProvisionError>;
}

impl<T> InFile<T> for rusqlite::Result<T> {
    fn in_file(self, file: &Path) -> Result<T, ProvisionError> {
        self.map_err(|source| ProvisionError::Database { file: file.to_owned(), source })
    }
}

impl Provisioning {
    /// Opens the lists in a folder for data; a file that is not there yet is made, readable by its owner only.
    ///
    /// # Errors
    /// The file cannot be used, or belongs to a newer program.
    pub fn open(folder: &Path) -> Result<Self, ProvisionError> {
        let file = file_in(folder);
        let wrong = |source| ProvisionError::File { file: file.clone(), source };
        std::fs::create_dir_all(folder).map_err(wrong)?;
        // SQLite gives its journal the mode of the file. Two programs may try at once: one of them makes it.
        match disk::new_for_owner(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(wrong(error)),
            _ => {}
        }
        let mut connection = Connection::open(&file).in_file(&file)?;
        connection.busy_handler(Some(wait)).in_file(&file)?;
        use_wal(&connection).in_file(&file)?;
        for (pragma, value) in [("synchronous", "full"), ("secure_delete", "on")] {
            connection.pragma_update(None, pragma, value).in_file(&file)?;
        }
        let found = schema::migrate(&mut connection).in_file(&file)?;
        connection.pragma_update(None, "foreign_keys", "on").in_file(&file)?;
        if found > schema::VERSION {
            return Err(ProvisionError::Newer { file, found, known: schema::VERSION });
        }
        Ok(Self { connection, folder: folder.to_owned(), file, holder: None })
    }

    /// A transaction that writes; on the disk when this returns.
    pub(super) fn transaction<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, ProvisionError>,
    ) -> Result<T, ProvisionError> {
        let file = &self.file;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).in_file(file)?;
        let result = work(&transaction)?;
        transaction.commit().in_file(file)?;
        Ok(result)
    }

    /// This process's name as a holder, taken when it is first needed.
    pub(super) fn holder(&mut self) -> Result<String, ProvisionError> {
        let wrong = |source| ProvisionError::File { file: self.folder.clone(), source };
        let holder = match self.holder.take() {
            Some(holder) => holder,
            None => Holder::take(&self.folder).map_err(wrong)?,
        };
        Ok(self.holder.insert(holder).name().to_owned())
    }
}

/// Another program is writing: whether to look again.
fn wait(looks: i32) -> bool {
    std::thread::sleep(LOOK_AGAIN);
    LOOK_AGAIN * u32::try_from(looks).unwrap_or(0) < PATIENCE
}

/// Readers wait for nobody, as in the records.
fn use_wal(connection: &Connection) -> rusqlite::Result<()> {
    let (tries, pause) = FIRST_OPENING;
    for turn in 1.. {
        // Changing to WAL needs the file alone, and SQLite does not wait for that itself.
        match connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get::<_, String>(0)) {
            Err(error) if turn < tries && error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                std::thread::sleep(pause);
            }
            other => return other.map(drop),
        }
    }
    Ok(())
}

/// The row of a list by its name.
pub(super) fn list_id(connection: &Connection, name: &str, file: &Path) -> Result<(i64, bool), ProvisionError> {
    let find = "SELECT id, keyed FROM list WHERE name = ?1";
    let found = connection.query_row(find, [name], |row| Ok((row.get(0)?, row.get(1)?))).optional().in_file(file)?;
    match found {
        Some(found) => Ok(found),
        None => {
            let mut names = connection.prepare("SELECT name FROM list ORDER BY name").in_file(file)?;
            let names: rusqlite::Result<Vec<String>> = names.query_map([], |row| row.get(0)).in_file(file)?.collect();
            let known = names.in_file(file)?;
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            Err(ProvisionError::NoList { name: name.to_owned(), known })
        }
    }
}

/// Notes for good what happened to a row.
pub(super) fn note(connection: &Connection, row: i64, event: &str, serial: Option<&str>) -> rusqlite::Result<()> {
    let sql = "INSERT INTO history (row, at_ms, event, serial) VALUES (?1, ?2, ?3, ?4)";
    connection.execute(sql, (row, now_ms(), event, serial))?;
    Ok(())
}

/// The world's time, for people who look at the lists.
pub(super) fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

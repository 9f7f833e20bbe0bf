//! The file: opening, adding, reading. One writer at a time, whatever the process; a record is on the disk when
//! [`Store::append`] returns.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension as _, TransactionBehavior};

use super::entry::Draft;
use super::error::StoreError;
use super::schema::{self, Found};
use super::seal::{Hash, Receipt, Record, Sealed};
use super::words::Words;
use super::{file_in, heads, rows, summary};

/// How long another program's writing is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// Memory SQLite may use for pages, in KiB, negative as its pragma has it.
const CACHE_KIB: i64 = -65_536;
/// Statements that are kept ready: all that this module has.
const STATEMENTS: usize = 128;
/// How long another program's first opening of a new file is waited for, and in which steps.
const FIRST_OPENING: (u32, Duration) = (100, Duration::from_millis(50));

/// An open store.
#[derive(Debug)]
pub struct Store {
    pub(super) connection: Connection,
    pub(super) file: PathBuf,
    pub(super) words: Words,
    own: i64,
    station: String,
}

/// Result of a call of the data base.
pub(super) trait InFile<T> {
    /// Adds which file it was.
    fn in_file(self, file: &Path) -> Result<T, StoreError>;
}

impl<T> InFile<T> for rusqlite::Result<T> {
    fn in_file(self, file: &Path) -> Result<T, StoreError> {
        self.map_err(|source| StoreError::Database { file: file.to_owned(), source })
    }
}

impl Store {
    /// Opens the records in this file, and makes the file where there is none.
    ///
    /// # Errors
    /// The file or its folder cannot be written, is none of this program's, or belongs to a newer one.
    pub fn open(file: &Path) -> Result<Self, StoreError> {
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).map_err(|source| StoreError::File { file: folder.to_owned(), source })?;
        }
        let mut connection = Connection::open(file).in_file(file)?;
        prepare(&connection).in_file(file)?;
        let found = schema::migrate(&mut connection).in_file(file)?;
        let mut store = Self::around(connection, file, found)?;
        if found == (Found::Ready { sums_missing: true }) {
            store.rebuild_sums()?;
        }
        Ok(store)
    }

    /// Opens records of another station, and changes nothing of them.
    ///
    /// # Errors
    /// The file is not there, or is none of this program's, or belongs to a newer one.
    pub fn read_only(file: &Path) -> Result<Self, StoreError> {
        if !file.is_file() {
            return Err(StoreError::Missing { file: file.to_owned() });
        }
        let mut connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).in_file(file)?;
        connection.busy_timeout(PATIENCE).in_file(file)?;
        let mut version = schema::version(&connection).in_file(file);
        if version.as_ref().is_err_and(StoreError::is_read_only) && has_no_log(file) {
            connection = never_written(file).in_file(file)?;
            version = schema::version(&connection).in_file(file);
        }
        let found = match version? {
            newer if newer > schema::VERSION => Found::Newer(newer),
            found if found < schema::VERSION => {
                return Err(StoreError::Older { file: file.to_owned(), found, known: schema::VERSION });
            }
            _ => Found::Ready { sums_missing: false },
        };
        Self::around(connection, file, found)
    }

    fn around(connection: Connection, file: &Path, found: Found) -> Result<Self, StoreError> {
        if let Found::Newer(found) = found {
            return Err(StoreError::Newer { file: file.to_owned(), found, known: schema::VERSION });
        }
        quicken(&connection).in_file(file)?;
        let (own, station) = connection
            .query_row("SELECT id, uid FROM station WHERE own = 1", [], |row| Ok((row.get(0)?, row.get(1)?)))
            .in_file(file)?;
        Ok(Self { connection, file: file.to_owned(), words: Words::default(), own, station })
    }

    /// Adds one result. It is on the disk when this returns.
    ///
    /// # Errors
    /// It could not be written, and nothing of it was.
    pub fn append(&mut self, draft: &Draft) -> Result<Receipt, StoreError> {
        let receipts = self.append_all(std::slice::from_ref(draft))?;
        receipts.into_iter().next().ok_or_else(|| self.damaged(0, "it was not written"))
    }

    /// Adds many results in one transaction: all of them, or none.
    ///
    /// A result that is there already is not added again; its receipt is that of the record.
    ///
    /// # Errors
    /// They could not be written, and nothing of them was.
    pub fn append_all(&mut self, drafts: &[Draft]) -> Result<Vec<Receipt>, StoreError> {
        let file = self.file.clone();
        let (own, station) = (self.own, self.station.clone());
        let write = |connection: &Connection, words: &mut Words| -> Result<Vec<Receipt>, StoreError> {
            let mut receipts = Vec::with_capacity(drafts.len());
            let (mut newest, mut newest_at) = newest(connection, own, &station).in_file(&file)?;
            for draft in drafts {
                if let Some(known) = known(connection, &draft.entry.serial, &draft.entry.uid).in_file(&file)? {
                    receipts.push(known);
                    continue;
                }
                let entry = &draft.entry;
                let clock_back_ms = newest_at.map_or(0, |before| before.saturating_sub(entry.at.at_ms).max(0));
                let sealed = Sealed {
                    station: station.clone(),
                    number: newest.number + 1,
                    previous: newest.hash,
                    clock_back_ms,
                    entry: entry.clone(),
                };
                let hash = Hash::of(sealed.canonical()?.as_bytes());
                add(connection, words, own, &Record { hash, record: sealed }, &draft.documents, &file)?;
                newest = Receipt { number: newest.number + 1, hash };
                newest_at = Some(entry.at.at_ms);
                receipts.push(newest);
            }
            Ok(receipts)
        };
        let receipts = self.transaction(write)?;
        if let Some(newest) = receipts.iter().max_by_key(|receipt| receipt.number) {
            self.note_head(&self.station, *newest);
        }
        Ok(receipts)
    }

    /// A transaction that writes; what words were learned in it is forgotten when it fails.
    pub(super) fn transaction<T>(
        &mut self,
        work: impl FnOnce(&Connection, &mut Words) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let Self { connection, words, file, .. } = self;
        let done = (|| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).in_file(file)?;
            let result = work(&transaction, words)?;
            transaction.commit().in_file(file)?;
            Ok(result)
        })();
        if done.is_err() {
            self.words = Words::default();
        }
        done
    }

    /// The folder whose store this is; none for a copy, which has nothing noted beside it.
    pub(super) fn folder(&self) -> Option<&Path> {
        self.file.parent().filter(|folder| file_in(folder) == self.file)
    }

    pub(super) fn note_head(&self, station: &str, newest: Receipt) {
        self.note(heads::Kind::Runs, station, newest);
    }

    /// Notes the newest hash of a chain beside the file.
    pub(super) fn note(&self, kind: heads::Kind, station: &str, newest: Receipt) {
        if let Some(folder) = self.folder()
            && let Err(error) = heads::note(folder, kind, station, newest)
        {
            tracing::warn!(%error, "the newest record's hash could not be noted beside the records");
        }
    }

    /// The row of this station.
    pub(super) const fn own(&self) -> i64 {
        self.own
    }

    /// This station's own name in its chain.
    #[must_use]
    pub fn station(&self) -> &str {
        &self.station
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// A record by its number in a station's chain; in this station's own where none is named.
    ///
    /// # Errors
    /// The file cannot be read, or the record in it cannot.
    pub fn record(&self, station: Option<&str>, number: u64) -> Result<Option<Record>, StoreError> {
        let station = station.unwrap_or(&self.station);
        let sql = "SELECT a.id FROM attempt a JOIN station s ON s.id = a.station WHERE s.uid = ?1 AND a.number = ?2";
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        let id: Option<i64> =
            self.connection.query_row(sql, (station, number), |row| row.get(0)).optional().in_file(&self.file)?;
        id.map(|id| self.record_at(id)).transpose()
    }

    /// A record by its row.
    pub(super) fn record_at(&self, id: i64) -> Result<Record, StoreError> {
        let read = rows::read(&self.connection, id).in_file(&self.file)?;
        read.ok_or_else(|| self.damaged(u64::try_from(id).unwrap_or(0), "something it refers to is gone"))
    }

    /// A text that records name by its hash.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn document(&self, sha256: Hash) -> Result<Option<String>, StoreError> {
        let sql = "SELECT content FROM document WHERE sha256 = ?1";
        self.connection.query_row(sql, [sha256], |row| row.get(0)).optional().in_file(&self.file)
    }

    /// Whether there is the record of this run of a unit.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn holds(&self, serial: &str, uid: &str) -> Result<bool, StoreError> {
        Ok(known(&self.connection, serial, uid).in_file(&self.file)?.is_some())
    }

    /// How many records there are.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn len(&self) -> Result<u64, StoreError> {
        let count: i64 =
            self.connection.query_row("SELECT count(*) FROM attempt", [], |row| row.get(0)).in_file(&self.file)?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// There are none.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn is_empty(&self) -> Result<bool, StoreError> {
        Ok(self.len()? == 0)
    }

    /// Lets the file grow to so many pages and no further, as a quota or a small disk does.
    ///
    /// # Errors
    /// The file cannot be used.
    pub fn limit_pages(&self, pages: i64) -> Result<(), StoreError> {
        let limit = |_: &rusqlite::Row<'_>| Ok(());
        self.connection.pragma_update_and_check(None, "max_page_count", pages, limit).in_file(&self.file)
    }

    /// Makes the sums beside the records anew.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn rebuild_sums(&mut self) -> Result<(), StoreError> {
        let file = self.file.clone();
        self.transaction(|connection, _| summary::rebuild(connection).in_file(&file))
    }

    pub(super) fn damaged(&self, number: u64, problem: &str) -> StoreError {
        StoreError::Damaged { station: self.station.clone(), number, problem: problem.to_owned() }
    }
}

/// Nothing of the file lies in a log beside it.
fn has_no_log(file: &Path) -> bool {
    let log = file.with_file_name(format!("{}-wal", file.file_name().unwrap_or_default().to_string_lossy()));
    std::fs::metadata(log).map_or(true, |log| log.len() == 0)
}

/// A file in a folder that nobody may write, such as a copy for an auditor: SQLite makes no files beside it then.
fn never_written(file: &Path) -> rusqlite::Result<Connection> {
    let escaped = file.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    Connection::open_with_flags(format!("file:{escaped}?immutable=1"), flags)
}

/// Adds a sealed record and counts it. What would not come back as it went in is refused.
pub(super) fn add(
    connection: &Connection,
    words: &mut Words,
    station: i64,
    record: &Record,
    documents: &[String],
    file: &Path,
) -> Result<(), StoreError> {
    for document in documents {
        words.add_document(connection, document).in_file(file)?;
    }
    let id = rows::write(connection, words, station, record).in_file(file)?;
    if rows::read(connection, id).in_file(file)?.as_ref() != Some(record) {
        return Err(StoreError::Damaged {
            station: record.record.station.clone(),
            number: record.record.number,
            problem: "it does not come back as it was written".to_owned(),
        });
    }
    summary::add(connection, id).in_file(file)
}

/// The newest record of a chain and its time.
pub(super) fn newest(connection: &Connection, id: i64, station: &str) -> rusqlite::Result<(Receipt, Option<i64>)> {
    let sql = "SELECT number, hash, at_ms FROM attempt WHERE station = ?1 ORDER BY number DESC LIMIT 1";
    let found = connection
        .prepare_cached(sql)?
        .query_row([id], |row| {
            let number = row.get::<_, i64>(0)?;
            let number = u64::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, number))?;
            Ok((Receipt { number, hash: row.get(1)? }, Some(row.get(2)?)))
        })
        .optional()?;
    Ok(found.unwrap_or((Receipt { number: 0, hash: Hash::before_all(station) }, None)))
}

/// The record of this very run, if it is there.
fn known(connection: &Connection, serial: &str, uid: &str) -> rusqlite::Result<Option<Receipt>> {
    let Some(uid) = super::seal::bytes_from_hex::<16>(uid) else { return Ok(None) };
    let sql = "SELECT a.number, a.hash FROM attempt a JOIN unit u ON u.id = a.unit WHERE u.serial = ?1 AND a.uid = ?2";
    connection
        .prepare_cached(sql)?
        .query_row((serial, uid.as_slice()), |row| {
            let number = row.get::<_, i64>(0)?;
            Ok(Receipt { number: u64::try_from(number).unwrap_or(0), hash: row.get(1)? })
        })
        .optional()
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(PATIENCE)?;
    let (tries, pause) = FIRST_OPENING;
    for turn in 1.. {
        // Changing to WAL needs the file alone, and SQLite does not wait for that itself.
        match connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get::<_, String>(0)) {
            Err(error) if turn < tries && error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                std::thread::sleep(pause);
            }
            other => {
                other?;
                break;
            }
        }
    }
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // INSERT OR REPLACE must meet the triggers too.
    connection.pragma_update(None, "recursive_triggers", true)?;
    Ok(())
}

/// What makes reading quick, whatever it is opened for.
fn quicken(connection: &Connection) -> rusqlite::Result<()> {
    // SQLite is built with STAT4, and would plan a statement anew with each other parameter: most of the time of a check.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "cache_size", CACHE_KIB)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(())
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;

    #[test]
    fn a_statement_is_planned_once_whatever_its_parameters() {
        let folder = tempfile::tempdir().unwrap();
        let file = file_in(folder.path());
        let planned = |store: &Store| {
            let sql = "SELECT a.number FROM attempt a JOIN unit ON unit.id = a.unit WHERE a.id = ?1";
            let mut find = store.connection.prepare_cached(sql).unwrap();
            for id in 0..5 {
                assert_eq!(find.query_row([id], |row| row.get::<_, i64>(0)).optional().unwrap(), None);
            }
            find.get_status(StatementStatus::RePrepare)
        };
        assert_eq!(planned(&Store::open(&file).unwrap()), 0);
        assert_eq!(planned(&Store::read_only(&file).unwrap()), 0);
    }
}

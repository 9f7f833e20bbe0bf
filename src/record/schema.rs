//! The file's tables by numbered migrations, which are never edited once released: a change is the next number.

use rusqlite::{Connection, TransactionBehavior};

/// The migrations in their order; the file's version is how many of them it has seen.
const MIGRATIONS: [&str; 4] = [
    include_str!("../../assets/migrations/001.sql"),
    include_str!("../../assets/migrations/002.sql"),
    include_str!("../../assets/migrations/003.sql"),
    include_str!("../../assets/migrations/004.sql"),
];

/// The version this program knows.
pub(super) const VERSION: i64 = MIGRATIONS.len() as i64;

/// From this version on there are sums beside the records.
const SUMS_SINCE: i64 = 2;

/// What opening a file found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// It has this version now.
    Ready {
        /// The sums have to be made from records that were there before them.
        sums_missing: bool,
    },
    /// It has a version of the future.
    Newer(i64),
}

pub(super) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Brings the file to this program's version. Two programs may try at once: one of them does it.
pub(super) fn migrate(connection: &mut Connection) -> rusqlite::Result<Found> {
    let found = version(connection)?;
    if found == VERSION {
        return Ok(Found::Ready { sums_missing: false });
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = version(&transaction)?;
    if found > VERSION {
        return Ok(Found::Newer(found));
    }
    for migration in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        transaction.execute_batch(migration)?;
    }
    if found == 0 {
        transaction.execute(
            "INSERT INTO station (uid, name, own) VALUES (lower(hex(randomblob(16))), ?1, 1)",
            [std::env::var("HOSTNAME").unwrap_or_default()],
        )?;
    }
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()?;
    Ok(Found::Ready { sums_missing: (1..SUMS_SINCE).contains(&found) })
}

/// Every table, index and trigger as this version makes them.
pub(super) fn expected() -> rusqlite::Result<Vec<(String, String)>> {
    let connection = Connection::open_in_memory()?;
    for migration in MIGRATIONS {
        connection.execute_batch(migration)?;
    }
    objects(&connection)
}

/// Name and definition of every table, index and trigger.
pub(super) fn objects(connection: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    let sql = "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY name";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

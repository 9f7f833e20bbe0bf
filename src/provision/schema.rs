//! The file's tables by numbered migrations, which are never edited once released.

use rusqlite::{Connection, TransactionBehavior};

const MIGRATIONS: [&str; 2] = [
    include_str!("../../assets/migrations/provisioning-001.sql"),
    include_str!("../../assets/migrations/provisioning-002.sql"),
];

/// The version this program knows.
pub(super) const VERSION: i64 = MIGRATIONS.len() as i64;

/// Brings the file to this program's version and says which it has then. Two programs may try at once: one of them does it.
pub(super) fn migrate(connection: &mut Connection) -> rusqlite::Result<i64> {
    let version =
        |connection: &Connection| connection.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0));
    // A table that others refer to is replaced by one of its name; within a transaction this could not be switched.
    connection.pragma_update(None, "foreign_keys", "off")?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = version(&transaction)?;
    if found >= VERSION {
        return Ok(found);
    }
    for migration in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()?;
    Ok(VERSION)
}

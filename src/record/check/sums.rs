//! The sums are made anew beside those of the file, and compared with them to the last bit.
//!
//! Temporary tables hide the file's own by having their names, so it is the very code that keeps the sums up that makes them.

use rusqlite::Connection;

use crate::record::{schema, summary};

/// The tables of sums, and what each is of.
const TABLES: [(&str, &str); 5] = [
    ("grouping", "attempts"),
    ("place", "places"),
    ("position_end", "takt"),
    ("summary", "values"),
    ("failure", "causes of failure"),
];

/// What the sums are of that do not follow from the records. The tables made for this go with the transaction.
pub(super) fn that_differ(connection: &Connection) -> rusqlite::Result<Vec<&'static str>> {
    for (name, sql) in schema::expected()? {
        if TABLES.iter().any(|(table, _)| *table == name) {
            connection.execute_batch(&sql.replacen("CREATE TABLE", "CREATE TEMP TABLE", 1))?;
        }
    }
    connection.execute_batch("CREATE INDEX temp.made_anew_day ON grouping (day)")?;
    summary::rebuild(connection)?;
    let mut differ = Vec::new();
    for (table, of) in TABLES {
        // No row stands twice in a table with a key, so as many rows, and none that the other has not, are the same rows.
        let sql = format!(
            "SELECT (SELECT count(*) FROM main.{table}) <> (SELECT count(*) FROM temp.{table})
                 OR EXISTS (SELECT * FROM main.{table} EXCEPT SELECT * FROM temp.{table})"
        );
        if connection.query_row(&sql, [], |row| row.get(0))? {
            differ.push(of);
        }
    }
    Ok(differ)
}

//! Texts that many records share are in the file once. Looks them up, adds the new ones, and remembers their numbers.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::entry::Measurement;
use super::seal::Hash;

/// Numbers of texts, as far as they were needed. To be forgotten when a transaction is rolled back.
#[derive(Debug, Default)]
pub(super) struct Words {
    words: HashMap<String, i64>,
    documents: HashMap<Hash, i64>,
    quantities: HashMap<String, i64>,
}

/// More than so many are not remembered; a batch or an operator more costs a look-up.
const REMEMBERED: usize = 20_000;

impl Words {
    /// Number of a word; a new one is added.
    pub(super) fn word(&mut self, connection: &Connection, text: &str) -> rusqlite::Result<i64> {
        if let Some(id) = self.words.get(text) {
            return Ok(*id);
        }
        let id = match find_word(connection, text)? {
            Some(id) => id,
            None => {
                connection.prepare_cached("INSERT INTO word (text) VALUES (?1)")?.execute([text])?;
                connection.last_insert_rowid()
            }
        };
        if self.words.len() < REMEMBERED {
            self.words.insert(text.to_owned(), id);
        }
        Ok(id)
    }

    /// Number of a document that is there already.
    pub(super) fn document(&mut self, connection: &Connection, hash: Hash) -> rusqlite::Result<Option<i64>> {
        if let Some(id) = self.documents.get(&hash) {
            return Ok(Some(*id));
        }
        let mut find = connection.prepare_cached("SELECT id FROM document WHERE sha256 = ?1")?;
        let id = find.query_row([hash.0.as_slice()], |row| row.get(0)).optional()?;
        if let Some(id) = id {
            self.documents.insert(hash, id);
        }
        Ok(id)
    }

    /// Adds a document that is not there yet.
    pub(super) fn add_document(&mut self, connection: &Connection, content: &str) -> rusqlite::Result<()> {
        let hash = Hash::of(content.as_bytes());
        if self.document(connection, hash)?.is_none() {
            let mut insert = connection.prepare_cached("INSERT INTO document (sha256, content) VALUES (?1, ?2)")?;
            insert.execute(params![hash.0.as_slice(), content])?;
        }
        Ok(())
    }

    /// Number of what was measured; a new one is added.
    pub(super) fn quantity(&mut self, connection: &Connection, of: &Measurement) -> rusqlite::Result<i64> {
        let Measurement { name, load_point, unit, lower, upper, limit_source, method, .. } = of;
        let key = format!("{name}\0{load_point}\0{unit}\0{lower:?}\0{upper:?}\0{limit_source}\0{method}");
        if let Some(id) = self.quantities.get(&key) {
            return Ok(*id);
        }
        let values = params![name, load_point, unit, lower, upper, limit_source, method];
        let mut find = connection.prepare_cached(
            "SELECT id FROM quantity WHERE name = ?1 AND load_point = ?2 AND unit = ?3 AND lower IS ?4 AND upper IS ?5
             AND limit_source = ?6 AND method = ?7",
        )?;
        let id = match find.query_row(values, |row| row.get(0)).optional()? {
            Some(id) => id,
            None => {
                let mut insert = connection.prepare_cached(
                    "INSERT INTO quantity (name, load_point, unit, lower, upper, limit_source, method)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                )?;
                insert.execute(values)?;
                connection.last_insert_rowid()
            }
        };
        if self.quantities.len() < REMEMBERED {
            self.quantities.insert(key, id);
        }
        Ok(id)
    }
}

/// Number of a word that is there.
pub(super) fn find_word(connection: &Connection, text: &str) -> rusqlite::Result<Option<i64>> {
    connection.prepare_cached("SELECT id FROM word WHERE text = ?1")?.query_row([text], |row| row.get(0)).optional()
}

/// Number of a unit; a new one is added.
pub(super) fn unit(connection: &Connection, serial: &str) -> rusqlite::Result<i64> {
    let mut find = connection.prepare_cached("SELECT id FROM unit WHERE serial = ?1")?;
    if let Some(id) = find.query_row([serial], |row| row.get(0)).optional()? {
        return Ok(id);
    }
    let reversed: String = serial.chars().rev().collect();
    let mut insert = connection.prepare_cached("INSERT INTO unit (serial, reversed) VALUES (?1, ?2)")?;
    insert.execute([serial, &reversed])?;
    Ok(connection.last_insert_rowid())
}

//! Flashings of another station, taken in with their own chain, numbers and hashes.

use rusqlite::{Connection, OptionalExtension as _};

use super::chain::{add, newest};
use super::search::read;
use crate::record::error::StoreError;
use crate::record::heads;
use crate::record::import::{Imported, is_known, station};
use crate::record::seal::{Hash, Receipt};
use crate::record::store::{InFile as _, Store};

impl Store {
    /// Takes in one chain of flashings of a source that was checked. There are few of them, so all go in at once or none.
    pub(in crate::record) fn import_flashings(
        &mut self,
        source: &Self,
        chain: i64,
        (uid, name): (&str, &str),
        imported: &mut Imported,
    ) -> Result<(), StoreError> {
        let sql = "SELECT number, hash, sealed FROM flashing WHERE station = ?1 ORDER BY number";
        let records = read(&source.connection, sql, [chain]).in_file(&source.file)?;
        if records.is_empty() {
            return Ok(());
        }
        let file = self.file.clone();
        let (head, done) = self.transaction(|connection, _| {
            let station = station(connection, uid, name).in_file(&file)?;
            let (mut head, mut done) = (newest(connection, station, uid).in_file(&file)?, Imported::default());
            for record in &records {
                let number = record.record.number;
                let next = Receipt { number, hash: record.hash };
                let stored = || hash_at(connection, station, number).in_file(&file);
                if is_known(uid, head, (next, record.record.previous), stored)? {
                    done.known += 1;
                    continue;
                }
                add(connection, station, record).in_file(&file)?;
                head = next;
                done.added += 1;
            }
            Ok((head, done))
        })?;
        self.note(heads::Kind::Flashings, uid, head);
        imported.added += done.added;
        imported.known += done.known;
        Ok(())
    }
}

fn hash_at(connection: &Connection, station: i64, number: u64) -> rusqlite::Result<Option<Hash>> {
    let sql = "SELECT hash FROM flashing WHERE station = ?1 AND number = ?2";
    let number = i64::try_from(number).unwrap_or(i64::MAX);
    connection.query_row(sql, (station, number), |row| row.get(0)).optional()
}

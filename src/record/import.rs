//! Records of another station, taken in with their own chain, numbers and hashes.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _};
use serde::Serialize;

use super::error::StoreError;
use super::seal::{Hash, Receipt, Record};
use super::store::{InFile as _, Store, add, newest};
use super::words::Words;

/// Records taken in at one go: as many are lost to nobody, for the import goes on where it stopped.
const AT_ONE_GO: u32 = 1000;

/// What an import did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// Records that are new here.
    pub added: u64,
    /// Records that were here already, told by their hash.
    pub known: u64,
}

impl Store {
    /// Takes in all chains of another station's file or backup. It is checked first, and nothing in it is changed.
    ///
    /// # Errors
    /// The file is none of records, was changed, or does not go on where its chains end here. What was added by then stays,
    /// and the same import again goes on from there.
    pub fn import(&mut self, from: &Path) -> Result<Imported, StoreError> {
        let source = Self::read_only(from)?;
        if let Some(finding) = source.check()?.findings.into_iter().next() {
            return Err(StoreError::Changed { finding: finding.to_string() });
        }
        let mut imported = Imported::default();
        let chains: Vec<(i64, String, String)> = {
            let mut chains = source.connection.prepare("SELECT id, uid, name FROM station").in_file(from)?;
            let rows = chains.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).in_file(from)?;
            rows.collect::<rusqlite::Result<_>>().in_file(from)?
        };
        for (chain, uid, name) in chains {
            self.import_chain(&source, chain, (&uid, &name), &mut imported)?;
            self.import_flashings(&source, chain, (&uid, &name), &mut imported)?;
        }
        Ok(imported)
    }

    fn import_chain(
        &mut self,
        source: &Self,
        chain: i64,
        (uid, name): (&str, &str),
        imported: &mut Imported,
    ) -> Result<(), StoreError> {
        let mut last = 0_i64;
        loop {
            let sql = "SELECT id, number FROM attempt WHERE station = ?1 AND number > ?2 ORDER BY number LIMIT ?3";
            let mut part = source.connection.prepare_cached(sql).in_file(&source.file)?;
            let rows = part.query_map((chain, last, AT_ONE_GO), |row| Ok((row.get(0)?, row.get(1)?)));
            let rows: Vec<(i64, i64)> =
                rows.in_file(&source.file)?.collect::<rusqlite::Result<_>>().in_file(&source.file)?;
            let Some((_, end)) = rows.last() else { return Ok(()) };
            last = *end;
            let records: Vec<Record> = rows.iter().map(|(row, _)| source.record_at(*row)).collect::<Result<_, _>>()?;
            let file = self.file.clone();
            let write = |connection: &Connection, words: &mut Words| {
                let station = station(connection, uid, name).in_file(&file)?;
                let mut done = Imported::default();
                let (mut head, _) = newest(connection, station, uid).in_file(&file)?;
                for record in &records {
                    let sealed = &record.record;
                    let number = sealed.number;
                    let next = Receipt { number, hash: record.hash };
                    let stored = || hash_at(connection, station, number).in_file(&file);
                    if is_known(&sealed.station, head, (next, sealed.previous), stored)? {
                        done.known += 1;
                        continue;
                    }
                    let entry = &sealed.entry;
                    let texts = [entry.profile.sha256, entry.procedure.sha256].map(|hash| source.document(hash));
                    let texts = texts.into_iter().filter_map(Result::transpose).collect::<Result<Vec<_>, _>>()?;
                    add(connection, words, station, record, &texts, &file)?;
                    head = next;
                    done.added += 1;
                }
                Ok((done, head))
            };
            let (done, head) = self.transaction(write)?;
            if done.added > 0 {
                self.note_head(uid, head);
            }
            imported.added += done.added;
            imported.known += done.known;
        }
    }
}

/// Whether a sealed link of a station's chain is there already; else it has to be the next one behind the head.
pub(super) fn is_known(
    station: &str,
    head: Receipt,
    (link, previous): (Receipt, Hash),
    stored: impl FnOnce() -> Result<Option<Hash>, StoreError>,
) -> Result<bool, StoreError> {
    let forked = |number| StoreError::Forked { station: station.to_owned(), number };
    if link.number <= head.number {
        return if stored()? == Some(link.hash) { Ok(true) } else { Err(forked(link.number)) };
    }
    if link.number != head.number + 1 {
        return Err(StoreError::Gap { station: station.to_owned(), number: head.number + 1 });
    }
    if previous != head.hash {
        return Err(forked(head.number));
    }
    Ok(false)
}

/// Row of a station; a new one is added as a foreign one.
pub(super) fn station(connection: &Connection, uid: &str, name: &str) -> rusqlite::Result<i64> {
    let found = connection.query_row("SELECT id FROM station WHERE uid = ?1", [uid], |row| row.get(0)).optional()?;
    if let Some(id) = found {
        return Ok(id);
    }
    connection.execute("INSERT INTO station (uid, name, own) VALUES (?1, ?2, 0)", [uid, name])?;
    Ok(connection.last_insert_rowid())
}

fn hash_at(connection: &Connection, station: i64, number: u64) -> rusqlite::Result<Option<Hash>> {
    let sql = "SELECT hash FROM attempt WHERE station = ?1 AND number = ?2";
    let number = i64::try_from(number).unwrap_or(i64::MAX);
    connection.prepare_cached(sql)?.query_row([station, number], |row| row.get(0)).optional()
}

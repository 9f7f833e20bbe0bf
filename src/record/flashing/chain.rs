//! The chain of flashings in the store: adding to it, and finding what was changed in it behind the store's back.

use rusqlite::{Connection, OptionalExtension as _};

use super::{FlashRecord, Flashing, SealedFlashing, before_all};
use crate::record::check::{Checked, Noted};
use crate::record::error::StoreError;
use crate::record::heads;
use crate::record::seal::{Hash, Receipt};
use crate::record::store::{InFile as _, Store};

const KIND: heads::Kind = heads::Kind::Flashings;

impl Store {
    /// Adds one flashing. It is on the disk when this returns; one that is there already is not added again.
    ///
    /// # Errors
    /// It could not be written, and nothing of it was.
    pub fn append_flashing(&mut self, flashing: &Flashing) -> Result<Receipt, StoreError> {
        let (file, own, station) = (self.file.clone(), self.own(), self.station().to_owned());
        let receipt = self.transaction(|connection, _| {
            let known =
                "SELECT number, hash FROM flashing WHERE station = ?1 AND json_extract(sealed, '$.flashing.uid') = ?2";
            let known = connection.query_row(known, (own, &flashing.uid), receipt).optional().in_file(&file)?;
            if let Some(known) = known {
                return Ok(known);
            }
            let newest = newest(connection, own, &station).in_file(&file)?;
            let record = SealedFlashing {
                station: station.clone(),
                number: newest.number + 1,
                previous: newest.hash,
                flashing: flashing.clone(),
            };
            let text = serde_json::to_string(&record)?;
            let record = FlashRecord { hash: Hash::of(text.as_bytes()), record, text };
            add(connection, own, &record).in_file(&file)?;
            Ok(Receipt { number: record.record.number, hash: record.hash })
        })?;
        self.note(KIND, &station, receipt);
        Ok(receipt)
    }

    /// Follows all chains of flashings and compares them with what was noted beside the file before.
    pub(in crate::record) fn check_flashings(
        connection: &Connection,
        noted: &[Noted],
        checked: &mut Checked,
    ) -> rusqlite::Result<()> {
        let mut chains = connection.prepare("SELECT id, uid FROM station ORDER BY id")?;
        let chains = chains.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?;
        for chain in chains {
            let (id, station) = chain?;
            follow(connection, id, &station, checked)?;
        }
        for (station, noted) in noted {
            let noted = match noted {
                Ok(Some(noted)) => noted,
                Ok(None) => continue,
                Err(error) => {
                    let problem = format!("the hash of flashings noted beside the file cannot be read: {error}");
                    checked.find(Some(station), None, problem);
                    continue;
                }
            };
            let find =
                "SELECT f.hash FROM flashing f JOIN station s ON s.id = f.station WHERE s.uid = ?1 AND f.number = ?2";
            let number = i64::try_from(noted.number).unwrap_or(i64::MAX);
            let found: Option<Hash> = connection.query_row(find, (station, number), |row| row.get(0)).optional()?;
            let problem = match found {
                Some(hash) if hash == noted.hash => continue,
                Some(_) => "its hash is not the one noted beside the file",
                None => "it is gone: its chain was cut off",
            };
            checked.find(Some(station), None, format!("flashing F{number}: {problem}"));
        }
        Ok(())
    }
}

fn follow(connection: &Connection, id: i64, station: &str, checked: &mut Checked) -> rusqlite::Result<()> {
    let mut before = Receipt { number: 0, hash: before_all(station) };
    let mut rows =
        connection.prepare("SELECT number, hash, sealed FROM flashing WHERE station = ?1 ORDER BY number")?;
    let mut rows = rows.query([id])?;
    while let Some(row) = rows.next()? {
        checked.flashings += 1;
        let (Receipt { number, hash }, text) = (receipt(row)?, row.get::<_, String>(2)?);
        let mut find = |problem: &str| checked.find(Some(station), None, format!("flashing F{number}: {problem}"));
        if number != before.number + 1 {
            find("the one before it is gone");
        }
        let sealed: Option<SealedFlashing> = serde_json::from_str(&text).ok();
        match sealed {
            _ if Hash::of(text.as_bytes()) != hash => find("it was changed: its content does not give its hash"),
            Some(sealed) if (sealed.station.as_str(), sealed.number) != (station, number) => {
                find("it stands in another's place");
            }
            Some(sealed) if number == before.number + 1 && sealed.previous != before.hash => {
                find("it was sealed behind another one: that one was replaced or changed");
            }
            Some(_) => {}
            None => find("it cannot be read"),
        }
        before = Receipt { number, hash };
    }
    Ok(())
}

/// Number and hash in the first two columns.
pub(in crate::record) fn receipt(row: &rusqlite::Row<'_>) -> rusqlite::Result<Receipt> {
    let number = row.get::<_, i64>(0)?;
    let number = u64::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, number))?;
    Ok(Receipt { number, hash: row.get(1)? })
}

/// The newest flashing of a station.
pub(super) fn newest(connection: &Connection, station: i64, uid: &str) -> rusqlite::Result<Receipt> {
    let newest = "SELECT number, hash FROM flashing WHERE station = ?1 ORDER BY number DESC LIMIT 1";
    let found = connection.query_row(newest, [station], receipt).optional()?;
    Ok(found.unwrap_or(Receipt { number: 0, hash: before_all(uid) }))
}

/// Adds a sealed flashing.
pub(super) fn add(connection: &Connection, station: i64, record: &FlashRecord) -> rusqlite::Result<()> {
    let number = i64::try_from(record.record.number).unwrap_or(i64::MAX);
    let add = "INSERT INTO flashing (station, number, hash, sealed) VALUES (?1, ?2, ?3, ?4)";
    connection.execute(add, (station, number, record.hash, &record.text)).map(drop)
}

//! Finding flashings. They are few beside the runs, so they are read one by one and not summed up.

use rusqlite::{Connection, Params};

use super::FlashRecord;
use super::chain::receipt;
use crate::record::error::StoreError;
use crate::record::seal::Receipt;
use crate::record::search::Filter;
use crate::record::store::{InFile as _, Store};

impl Store {
    /// Flashings that match, the newest first. `part` is the beginning or end of the serial number in the image; empty for all. What a
    /// flashing does not have, such as a procedure, none of them matches.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn flashings(&self, part: &str, filter: &Filter, limit: usize) -> Result<Vec<FlashRecord>, StoreError> {
        let sql = "SELECT number, hash, sealed FROM flashing ORDER BY id DESC";
        let mut found = read(&self.connection, sql, []).in_file(&self.file)?;
        found.retain(|record| matches(record, part, filter));
        found.truncate(limit);
        Ok(found)
    }

    /// A flashing by its number in a station's chain; in this station's own where none is named.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn flashing(&self, station: Option<&str>, number: u64) -> Result<Option<FlashRecord>, StoreError> {
        let sql = "SELECT f.number, f.hash, f.sealed FROM flashing f JOIN station s ON s.id = f.station
                   WHERE s.uid = ?1 AND f.number = ?2";
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        let found = read(&self.connection, sql, (station.unwrap_or(self.station()), number)).in_file(&self.file)?;
        Ok(found.into_iter().next())
    }
}

fn matches(record: &FlashRecord, part: &str, filter: &Filter) -> bool {
    let Filter { from, to, station, profile, procedure, batch, operator, position, simulated } = filter;
    let flashing = &record.record.flashing;
    let (day, serial) = (flashing.at.day(), flashing.serial.as_deref().unwrap_or_default());
    let of_runs = profile.is_some() || procedure.is_some() || batch.is_some() || position.is_some();
    !of_runs
        && (serial.starts_with(part) || serial.ends_with(part))
        && from.is_none_or(|from| day >= from)
        && to.is_none_or(|to| day <= to)
        && station.as_ref().is_none_or(|station| *station == record.record.station)
        && operator.as_ref().is_none_or(|operator| flashing.operator.as_ref() == Some(operator))
        && simulated.is_none_or(|simulated| flashing.simulated == simulated)
}

/// Flashings by a query for number, hash and text.
pub(super) fn read(connection: &Connection, sql: &str, parameters: impl Params) -> rusqlite::Result<Vec<FlashRecord>> {
    let mut rows = connection.prepare_cached(sql)?;
    let rows = rows.query_map(parameters, |row| {
        let Receipt { hash, .. } = receipt(row)?;
        let text: String = row.get(2)?;
        let record = serde_json::from_str(&text)
            .map_err(|error| rusqlite::Error::FromSqlConversionFailure(2, rusqlite::types::Type::Text, error.into()))?;
        Ok(FlashRecord { hash, record, text })
    })?;
    rows.collect()
}

//! The newest record of this station's own chain.

use super::error::StoreError;
use super::store::{InFile as _, Store};
use super::time::{Day, Stamp};

impl Store {
    /// The day on which this station's newest record was made; none of an empty store.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn newest_day(&self) -> Result<Option<Day>, StoreError> {
        let sql = "SELECT at_ms, utc_offset_s FROM attempt a JOIN station s ON s.id = a.station WHERE s.own = 1
                   ORDER BY number DESC LIMIT 1";
        let read = || {
            let mut statement = self.connection.prepare_cached(sql)?;
            let mut rows = statement.query([])?;
            let Some(row) = rows.next()? else { return Ok(None) };
            Ok(Some(Stamp { at_ms: row.get(0)?, utc_offset_s: row.get(1)?, zone: String::new() }.day()))
        };
        read().in_file(&self.file)
    }
}

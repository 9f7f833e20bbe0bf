//! What units fail for, the most frequent first (Pareto).

use serde::Serialize;

use crate::record::error::StoreError;
use crate::record::search::{Filter, MATCHES};
use crate::record::store::{InFile as _, Store};

/// A cause and how often it was one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Failure {
    /// The first value out of its limits, or the step that could not be done.
    pub cause: String,
    /// Attempts.
    pub attempts: u64,
    /// Share of all that did not pass, this cause and those before it, in percent.
    pub cumulated_percent: f64,
}

impl Store {
    /// Causes of the FAILs and ERRORs that match, the most frequent first.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn failures(&self, filter: &Filter) -> Result<Vec<Failure>, StoreError> {
        let Some(bound) = self.bind(filter)? else { return Ok(Vec::new()) };
        let sql = format!(
            "SELECT cause, sum(n) FROM failure f JOIN grouping g ON g.id = f.grouping WHERE {MATCHES} AND g.golden = 0
             GROUP BY cause ORDER BY 2 DESC, cause"
        );
        let read = || {
            let mut statement = self.connection.prepare_cached(&sql)?;
            let rows =
                statement.query_map(bound.parameters().as_slice(), |row| Ok((row.get(0)?, row.get::<_, i64>(1)?)))?;
            rows.map(|row| row.map(|(cause, n)| (cause, u64::try_from(n).unwrap_or(0))))
                .collect::<rusqlite::Result<Vec<(String, u64)>>>()
        };
        let causes = read().in_file(&self.file)?;
        let all: u64 = causes.iter().map(|(_, attempts)| attempts).sum();
        let mut so_far = 0;
        let failure = |(cause, attempts)| {
            so_far += attempts;
            Failure { cause, attempts, cumulated_percent: so_far as f64 / all as f64 * 100.0 }
        };
        Ok(causes.into_iter().map(failure).collect())
    }
}

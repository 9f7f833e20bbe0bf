//! How many passed, at once and in the end, and how fast the line is.

use serde::Serialize;

use crate::record::error::StoreError;
use crate::record::search::{Filter, MATCHES};
use crate::record::store::{InFile as _, Store};

/// Counts over the attempts that match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Yields {
    /// Attempts.
    pub attempts: u64,
    /// Those that passed.
    pub passed: u64,
    /// Those of them with a value near to what is not accepted.
    pub marginal: u64,
    /// Those that failed.
    pub failed: u64,
    /// Those that could not be measured.
    pub errors: u64,
    /// Those that somebody stopped.
    pub aborted: u64,
    /// Units whose first measured attempt is among them.
    pub first_units: u64,
    /// Those of them that passed at once.
    pub first_passed: u64,
    /// Units whose last measured attempt is among them.
    pub last_units: u64,
    /// Those of them that passed in the end.
    pub last_passed: u64,
    /// Mean time of a run, in seconds by its own clock.
    pub mean_duration_s: Option<f64>,
    /// Takt: mean time from one end to the next at one position, in seconds of the world; breaks over 30 minutes left out.
    pub takt_s: Option<f64>,
}

impl Yields {
    /// Share of units that passed at once, in percent.
    #[must_use]
    pub fn first_pass_percent(&self) -> Option<f64> {
        share(self.first_passed, self.first_units)
    }

    /// Share of units that passed in the end, in percent.
    #[must_use]
    pub fn final_percent(&self) -> Option<f64> {
        share(self.last_passed, self.last_units)
    }
}

fn share(part: u64, of: u64) -> Option<f64> {
    (of > 0).then(|| part as f64 / of as f64 * 100.0)
}

impl Store {
    /// Counts of the attempts that match.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn yields(&self, filter: &Filter) -> Result<Yields, StoreError> {
        let Some(bound) = self.bind(filter)? else { return Ok(Yields::default()) };
        let sql = format!(
            "SELECT total(passed), total(failed), total(errors), total(aborted), total(first), total(first_passed),
                 total(last), total(last_passed), total(duration_s), total(gaps), total(gaps_s), total(marginal)
             FROM grouping g WHERE {MATCHES} AND g.golden = 0"
        );
        let read = || {
            let mut statement = self.connection.prepare_cached(&sql)?;
            statement.query_row(bound.parameters().as_slice(), |row| {
                let sum = |at: usize| row.get::<_, f64>(at);
                // Counts, so far below 2^53.
                let count = |at: usize| row.get::<_, f64>(at).map(|count| count as u64);
                let (passed, failed, errors, aborted) = (count(0)?, count(1)?, count(2)?, count(3)?);
                let attempts = passed + failed + errors + aborted;
                let gaps = sum(9)?;
                Ok(Yields {
                    attempts,
                    passed,
                    marginal: count(11)?,
                    failed,
                    errors,
                    aborted,
                    first_units: count(4)?,
                    first_passed: count(5)?,
                    last_units: count(6)?,
                    last_passed: count(7)?,
                    mean_duration_s: (attempts > 0).then_some(sum(8)? / attempts as f64),
                    takt_s: (gaps > 0.0).then_some(sum(10)? / gaps),
                })
            })
        };
        read().in_file(&self.file)
    }
}

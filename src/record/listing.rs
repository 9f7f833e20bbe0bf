//! Lists one scrolls through: how many records match, any part of them by its place, and what there is to filter by.
//!
//! The sums beside the records know how many match on each day, so the last page of a million costs what the first one does.

use rusqlite::named_params;

use super::error::StoreError;
use super::search::{Bound, COLUMNS, Filter, Found, JOINS, MATCHES, found_from_row};
use super::store::{InFile as _, Store};
use crate::procedure::Verdict;

/// Which records are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// What the unit's serial number begins or ends with; empty for all.
    pub part: String,
    /// What else they have in common.
    pub filter: Filter,
    /// How they ended; ERROR means all that could not be measured.
    pub verdict: Option<Verdict>,
}

/// How many records match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Total {
    /// So many.
    Exactly(u64),
    /// So many are listed, and more units have the part in their serial numbers.
    AtLeast(u64),
}

impl Total {
    /// How many are listed.
    #[must_use]
    pub const fn listed(self) -> u64 {
        match self {
            Self::Exactly(count) | Self::AtLeast(count) => count,
        }
    }
}

/// What occurs in the records, for who chooses a filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    /// Batches, those of the last days first.
    pub batches: Vec<String>,
    /// Meter profiles.
    pub profiles: Vec<String>,
    /// Procedures.
    pub procedures: Vec<String>,
    /// Operators.
    pub operators: Vec<String>,
    /// Places on the bench, from 1.
    pub positions: Vec<u32>,
}

/// Stops what a store is doing for another thread.
pub struct Interrupter(rusqlite::InterruptHandle);

impl std::fmt::Debug for Interrupter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Interrupter")
    }
}

impl Interrupter {
    /// What is being read now ends in an error that [`StoreError::is_interrupted`] knows; nothing happens where nothing is.
    pub fn interrupt(&self) {
        self.0.interrupt();
    }
}

/// Units looked at for one typed part, from either end; who has typed so little goes on typing.
const UNITS: i64 = 500;
/// Attempts of one unit that are listed.
const ATTEMPTS: i64 = 200;
/// Words of one kind to choose from.
const WORDS: i64 = 500;

/// The condition of a verdict. The sums count what was not run among the errors, and so does the list.
const ENDED: &str = "(:verdict IS NULL OR a.verdict = :verdict OR (:verdict = 'ERROR' AND a.verdict = 'NOT RUN'))";

/// Units whose serial number begins or ends with the part. The greatest numbers are usually the newest ones.
const SOME: &str = "WITH some(id) AS (
    SELECT id FROM (SELECT id FROM unit WHERE serial >= :part AND serial < :after ORDER BY serial DESC LIMIT :units)
    UNION SELECT id FROM
        (SELECT id FROM unit WHERE reversed >= :trap AND reversed < :before ORDER BY reversed LIMIT :units))";

impl Store {
    /// A way to stop from another thread what this store is reading.
    #[must_use]
    pub fn interrupter(&self) -> Interrupter {
        Interrupter(self.connection.get_interrupt_handle())
    }

    /// How many records match.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn count(&self, wanted: &Wanted) -> Result<Total, StoreError> {
        let Some(bound) = self.bind(&wanted.filter)? else { return Ok(Total::Exactly(0)) };
        if wanted.part.is_empty() {
            let days = self.days(&bound, wanted.verdict).in_file(&self.file)?;
            return Ok(Total::Exactly(days.into_iter().map(|(_, count)| count).sum()));
        }
        self.count_of_part(wanted, &bound).in_file(&self.file)
    }

    /// Records by their place in the list: newest first, by day and within it by their order of arrival; those of a typed part
    /// by their order of arrival alone.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn rows(&self, wanted: &Wanted, offset: u64, limit: usize) -> Result<Vec<Found>, StoreError> {
        let Some(bound) = self.bind(&wanted.filter)? else { return Ok(Vec::new()) };
        let read = || {
            if wanted.part.is_empty() {
                self.rows_by_day(&bound, wanted.verdict, (offset, limit))
            } else {
                self.rows_of_part(wanted, &bound, (offset, limit))
            }
        };
        read().in_file(&self.file)
    }

    /// All attempts at a unit, the newest first.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn attempts_of(&self, serial: &str) -> Result<Vec<Found>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM attempt a JOIN place p ON p.attempt = a.id {JOINS} WHERE unit.serial = ?1
             ORDER BY p.ordered_ms DESC, a.id DESC LIMIT ?2"
        );
        let read = || -> rusqlite::Result<Vec<Found>> {
            self.connection.prepare_cached(&sql)?.query_map((serial, ATTEMPTS), found_from_row)?.collect()
        };
        read().in_file(&self.file)
    }

    /// What there is to filter by.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn choices(&self) -> Result<Choices, StoreError> {
        let words = |column: &str| -> rusqlite::Result<Vec<String>> {
            let order = if column == "batch" { "max(g.day) DESC, w.text" } else { "w.text" };
            let sql = format!(
                "SELECT w.text FROM grouping g JOIN word w ON w.id = g.{column} GROUP BY w.id ORDER BY {order} LIMIT {WORDS}"
            );
            self.connection.prepare_cached(&sql)?.query_map([], |row| row.get(0))?.collect()
        };
        let read = || {
            let mut positions =
                self.connection.prepare_cached("SELECT DISTINCT position FROM grouping ORDER BY position")?;
            let positions: rusqlite::Result<Vec<u32>> = positions.query_map([], |row| row.get(0))?.collect();
            Ok(Choices {
                batches: words("batch")?,
                profiles: words("profile")?,
                procedures: words("procedure")?,
                operators: words("operator")?,
                positions: positions?,
            })
        };
        read().in_file(&self.file)
    }

    /// Days with matching records and how many there are, the last day first.
    fn days(&self, bound: &Bound, verdict: Option<Verdict>) -> rusqlite::Result<Vec<(i32, u64)>> {
        let any = match verdict {
            Some(Verdict::Pass) => "passed",
            Some(Verdict::Fail) => "failed",
            Some(Verdict::Error | Verdict::NotRun) => "errors",
            Some(Verdict::Aborted) => "aborted",
            None => "passed + failed + errors + aborted",
        };
        let sql = format!(
            "SELECT g.day, sum({any}) FROM grouping g WHERE {MATCHES} GROUP BY g.day HAVING sum({any}) > 0
             ORDER BY g.day DESC"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let days = statement.query_map(bound.parameters().as_slice(), |row| {
            Ok((row.get(0)?, u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0)))
        })?;
        days.collect()
    }

    fn rows_by_day(
        &self,
        bound: &Bound,
        verdict: Option<Verdict>,
        (offset, limit): (u64, usize),
    ) -> rusqlite::Result<Vec<Found>> {
        // The numbers of the rows first: what is skipped is not put together.
        let sql = format!(
            "WITH chosen(id) AS (
                 SELECT a.id FROM grouping g JOIN place p ON p.grouping = g.id JOIN attempt a ON a.id = p.attempt
                 WHERE g.day = :day AND {MATCHES} AND {ENDED} ORDER BY a.id DESC LIMIT :limit OFFSET :offset)
             SELECT {COLUMNS} FROM chosen JOIN attempt a ON a.id = chosen.id {JOINS} ORDER BY a.id DESC"
        );
        let mut of_day = self.connection.prepare_cached(&sql)?;
        let (mut skip, mut found) = (offset, Vec::new());
        for (day, count) in self.days(bound, verdict)? {
            if skip >= count {
                skip -= count;
                continue;
            }
            let left = i64::try_from(limit.saturating_sub(found.len())).unwrap_or(i64::MAX);
            let (verdict, from) = (verdict.map(Verdict::word), i64::try_from(skip).unwrap_or(i64::MAX));
            let mut parameters = bound.parameters().to_vec();
            parameters
                .extend_from_slice(named_params! { ":day": day, ":verdict": verdict, ":limit": left, ":offset": from });
            for row in of_day.query_map(parameters.as_slice(), found_from_row)? {
                found.push(row?);
            }
            skip = 0;
            if found.len() >= limit {
                break;
            }
        }
        Ok(found)
    }

    fn count_of_part(&self, wanted: &Wanted, bound: &Bound) -> rusqlite::Result<Total> {
        let sql = format!(
            "{SOME} SELECT count(*), (SELECT count(*) FROM some) FROM some JOIN attempt a ON a.unit = some.id
                 JOIN place p ON p.attempt = a.id JOIN grouping g ON g.id = p.grouping WHERE {MATCHES} AND {ENDED}"
        );
        let part = Part::of(wanted);
        let mut parameters = bound.parameters().to_vec();
        parameters.extend_from_slice(part.parameters().as_slice());
        let mut statement = self.connection.prepare_cached(&sql)?;
        statement.query_row(parameters.as_slice(), |row| {
            let count = u64::try_from(row.get::<_, i64>(0)?).unwrap_or(0);
            Ok(if row.get::<_, i64>(1)? < UNITS { Total::Exactly(count) } else { Total::AtLeast(count) })
        })
    }

    fn rows_of_part(
        &self,
        wanted: &Wanted,
        bound: &Bound,
        (offset, limit): (u64, usize),
    ) -> rusqlite::Result<Vec<Found>> {
        let sql = format!(
            "{SOME}, chosen(id) AS (
                 SELECT a.id FROM some JOIN attempt a ON a.unit = some.id
                 JOIN place p ON p.attempt = a.id JOIN grouping g ON g.id = p.grouping
                 WHERE {MATCHES} AND {ENDED} ORDER BY a.id DESC LIMIT :limit OFFSET :offset)
             SELECT {COLUMNS} FROM chosen JOIN attempt a ON a.id = chosen.id {JOINS} ORDER BY a.id DESC"
        );
        let part = Part::of(wanted);
        let (limit, offset) = (i64::try_from(limit).unwrap_or(i64::MAX), i64::try_from(offset).unwrap_or(i64::MAX));
        let mut parameters = bound.parameters().to_vec();
        parameters.extend_from_slice(part.parameters().as_slice());
        parameters.extend_from_slice(named_params! { ":limit": limit, ":offset": offset });
        let mut statement = self.connection.prepare_cached(&sql)?;
        statement.query_map(parameters.as_slice(), found_from_row)?.collect()
    }
}

/// A typed part as the two indexes of serial numbers are asked for it.
struct Part {
    part: String,
    after: String,
    trap: String,
    before: String,
    verdict: Option<&'static str>,
}

impl Part {
    fn of(wanted: &Wanted) -> Self {
        let trap: String = wanted.part.chars().rev().collect();
        // Behind everything that begins with the part: no text holds a greater character.
        let [after, before] = [wanted.part.as_str(), &trap].map(|text| format!("{text}\u{10FFFF}"));
        Self { part: wanted.part.clone(), after, trap, before, verdict: wanted.verdict.map(Verdict::word) }
    }

    fn parameters(&self) -> [(&'static str, &dyn rusqlite::ToSql); 6] {
        [
            (":part", &self.part),
            (":after", &self.after),
            (":trap", &self.trap),
            (":before", &self.before),
            (":units", &UNITS),
            (":verdict", &self.verdict),
        ]
    }
}

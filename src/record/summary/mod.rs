//! Sums over the records, kept up with each of them, so that a million are counted at once.
//!
//! They follow from the records alone: [`super::Store::rebuild_sums`] makes them anew, and [`super::check`] compares them. A *grouping* is all
//! attempts that agree in everything one filters by, one day of one position for instance.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::rows::Word;
use super::time::Stamp;
use crate::procedure::Verdict;

mod bins;

pub use bins::{BINS, Counts};

/// A longer time from one end to the next is a break, and says nothing of the line's pace.
const BREAK_MS: i64 = 30 * 60 * 1000;

/// Number, mean and spread of values, put together value by value.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moments {
    /// How many.
    pub n: u64,
    /// How many of them failed.
    pub failed: u64,
    /// Their mean.
    pub mean: f64,
    /// Sum of the squared deviations from it.
    pub m2: f64,
    /// The least.
    pub least: f64,
    /// The greatest.
    pub greatest: f64,
}

impl Moments {
    /// One value.
    #[must_use]
    pub fn of(value: f64, failed: bool) -> Self {
        Self { n: 1, failed: u64::from(failed), mean: value, m2: 0.0, least: value, greatest: value }
    }

    /// Takes others in. (Chan, Golub, LeVeque 1979: pairwise updating of variances.)
    pub fn merge(&mut self, other: &Self) {
        if other.n == 0 {
            return;
        }
        if self.n == 0 {
            *self = *other;
            return;
        }
        let (mine, theirs) = (self.n as f64, other.n as f64);
        let (all, apart) = (mine + theirs, other.mean - self.mean);
        self.mean += apart * theirs / all;
        self.m2 += other.m2 + apart * apart * mine * theirs / all;
        self.n += other.n;
        self.failed += other.failed;
        self.least = self.least.min(other.least);
        self.greatest = self.greatest.max(other.greatest);
    }

    /// Standard deviation (n - 1); none of fewer than two.
    #[must_use]
    pub fn deviation(&self) -> Option<f64> {
        (self.n > 1).then(|| (self.m2.max(0.0) / (self.n - 1) as f64).sqrt())
    }

    pub(super) fn from_row(row: &Row<'_>, first: usize) -> rusqlite::Result<Self> {
        let count = |at: usize| row.get::<_, i64>(first + at).map(|count| u64::try_from(count).unwrap_or(0));
        Ok(Self {
            n: count(0)?,
            failed: count(1)?,
            mean: row.get(first + 2)?,
            m2: row.get(first + 3)?,
            least: row.get(first + 4)?,
            greatest: row.get(first + 5)?,
        })
    }
}

struct Attempt {
    station: i64,
    number: i64,
    unit: i64,
    verdict: Verdict,
    simulated: bool,
    golden: bool,
    at: Stamp,
    duration_s: f64,
    profile: i64,
    procedure: i64,
    batch: Option<i64>,
    operator: Option<i64>,
    position: i64,
}

fn attempt(connection: &Connection, id: i64) -> rusqlite::Result<Attempt> {
    let sql =
        "SELECT station, number, unit, verdict, simulated, at_ms, utc_offset_s, duration_s, profile, procedure, batch,
               operator, position, golden FROM attempt WHERE id = ?1";
    connection.prepare_cached(sql)?.query_row([id], |row| {
        Ok(Attempt {
            station: row.get(0)?,
            number: row.get(1)?,
            unit: row.get(2)?,
            verdict: row.get::<_, Word>(3)?.0,
            simulated: row.get(4)?,
            at: Stamp { at_ms: row.get(5)?, utc_offset_s: row.get(6)?, zone: String::new() },
            duration_s: row.get(7)?,
            profile: row.get(8)?,
            procedure: row.get(9)?,
            batch: row.get(10)?,
            operator: row.get(11)?,
            position: row.get(12)?,
            golden: row.get(13)?,
        })
    })
}

/// Counts a record that has just been written.
pub(super) fn add(connection: &Connection, id: i64) -> rusqlite::Result<()> {
    let attempt = attempt(connection, id)?;
    let grouping = grouping(connection, &attempt)?;
    count(connection, grouping, (id, &attempt))?;
    pace(connection, grouping, &attempt)?;
    let sql = "SELECT p.ordered_ms FROM attempt a JOIN place p ON p.attempt = a.id
               WHERE a.station = ?1 AND a.number < ?2 ORDER BY a.number DESC LIMIT 1";
    let mut find = connection.prepare_cached(sql)?;
    let before: Option<i64> = find.query_row([attempt.station, attempt.number], |row| row.get(0)).optional()?;
    let ordered = attempt.at.at_ms.max(before.unwrap_or(i64::MIN));
    let measured = |verdict| matches!(verdict, Verdict::Pass | Verdict::Fail);
    let others = if measured(attempt.verdict) { standing(connection, &attempt)? } else { Vec::new() };
    connection.prepare_cached("INSERT INTO place VALUES (?1, ?2, ?3)")?.execute([id, grouping, ordered])?;
    if measured(attempt.verdict) {
        let passed = attempt.verdict == Verdict::Pass;
        let own = Standing { ordered: (ordered, id), grouping, passed };
        let first = others.iter().min_by_key(|other| other.ordered);
        if first.is_none_or(|first| own.ordered < first.ordered) {
            take_place(connection, End::First, first, &own)?;
        }
        let last = others.iter().max_by_key(|other| other.ordered);
        if last.is_none_or(|last| own.ordered > last.ordered) {
            take_place(connection, End::Last, last, &own)?;
        }
    }
    values(connection, id, grouping)?;
    if let Some(cause) = cause(connection, id, attempt.verdict)? {
        let sql = "INSERT INTO failure VALUES (?1, ?2, 1) ON CONFLICT (grouping, cause) DO UPDATE SET n = n + 1";
        connection.prepare_cached(sql)?.execute(params![grouping, cause])?;
    }
    Ok(())
}

/// Makes all sums anew.
pub(super) fn rebuild(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "DELETE FROM place; DELETE FROM summary; DELETE FROM failure; DELETE FROM position_end; DELETE FROM grouping",
    )?;
    let mut last = 0;
    loop {
        let sql = "SELECT id FROM attempt WHERE id > ?1 ORDER BY id LIMIT 1";
        let next: Option<i64> = connection.prepare_cached(sql)?.query_row([last], |row| row.get(0)).optional()?;
        let Some(id) = next else { return Ok(()) };
        add(connection, id)?;
        last = id;
    }
}

/// Number of the attempt's grouping; a new one is made.
fn grouping(connection: &Connection, of: &Attempt) -> rusqlite::Result<i64> {
    let key = params![
        of.at.day().0,
        of.station,
        of.profile,
        of.procedure,
        of.batch,
        of.operator,
        of.position,
        of.simulated,
        of.golden
    ];
    let sql = "SELECT id FROM grouping WHERE day = ?1 AND station = ?2 AND profile = ?3 AND procedure = ?4
               AND batch IS ?5 AND operator IS ?6 AND position = ?7 AND simulated = ?8 AND golden = ?9";
    if let Some(id) = connection.prepare_cached(sql)?.query_row(key, |row| row.get(0)).optional()? {
        return Ok(id);
    }
    let sql = "INSERT INTO grouping (day, station, profile, procedure, batch, operator, position, simulated, golden)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    connection.prepare_cached(sql)?.execute(key)?;
    Ok(connection.last_insert_rowid())
}

fn count(connection: &Connection, grouping: i64, (id, of): (i64, &Attempt)) -> rusqlite::Result<()> {
    let is = |verdict| i64::from(of.verdict == verdict);
    let errors = is(Verdict::Error) + is(Verdict::NotRun);
    let sql = "UPDATE grouping SET passed = passed + ?2, failed = failed + ?3, errors = errors + ?4,
               aborted = aborted + ?5, duration_s = duration_s + ?6,
               marginal = marginal + (?7 AND EXISTS (SELECT 1 FROM measurement WHERE attempt = ?8 AND marginal))
               WHERE id = ?1";
    let (passed, failed, aborted) = (is(Verdict::Pass), is(Verdict::Fail), is(Verdict::Aborted));
    let values = params![grouping, passed, failed, errors, aborted, of.duration_s, passed, id];
    connection.prepare_cached(sql)?.execute(values)?;
    Ok(())
}

/// Time since the run before at this position ended.
fn pace(connection: &Connection, grouping: i64, of: &Attempt) -> rusqlite::Result<()> {
    let sql = "SELECT at_ms FROM position_end WHERE station = ?1 AND position = ?2";
    let mut find = connection.prepare_cached(sql)?;
    let before: Option<i64> = find.query_row([of.station, of.position], |row| row.get(0)).optional()?;
    if let Some(gap) =
        before.map(|before| of.at.at_ms.saturating_sub(before)).filter(|gap| (1..=BREAK_MS).contains(gap))
    {
        let sql = "UPDATE grouping SET gaps = gaps + 1, gaps_s = gaps_s + ?2 WHERE id = ?1";
        connection.prepare_cached(sql)?.execute(params![grouping, gap as f64 / 1000.0])?;
    }
    let sql = "INSERT INTO position_end VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET at_ms = excluded.at_ms";
    connection.prepare_cached(sql)?.execute([of.station, of.position, of.at.at_ms])?;
    Ok(())
}

/// A measured attempt among those of its unit.
struct Standing {
    ordered: (i64, i64),
    grouping: i64,
    passed: bool,
}

/// The unit's measured attempts at the same procedure so far. What was simulated says nothing of a real unit.
fn standing(connection: &Connection, of: &Attempt) -> rusqlite::Result<Vec<Standing>> {
    let sql =
        "SELECT p.ordered_ms, a.id, p.grouping, a.verdict = 'PASS' FROM attempt a JOIN place p ON p.attempt = a.id
               WHERE a.unit = ?1 AND a.procedure = ?2 AND a.simulated = ?3 AND a.verdict IN ('PASS', 'FAIL')";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params![of.unit, of.procedure, of.simulated], |row| {
        Ok(Standing { ordered: (row.get(0)?, row.get(1)?), grouping: row.get(2)?, passed: row.get(3)? })
    })?;
    rows.collect()
}

#[derive(Clone, Copy)]
enum End {
    First,
    Last,
}

/// `new` is the unit's first or last measured attempt now, and `old` is not any more.
fn take_place(connection: &Connection, end: End, old: Option<&Standing>, new: &Standing) -> rusqlite::Result<()> {
    let sql = match end {
        End::First => "UPDATE grouping SET first = first + ?2, first_passed = first_passed + ?3 WHERE id = ?1",
        End::Last => "UPDATE grouping SET last = last + ?2, last_passed = last_passed + ?3 WHERE id = ?1",
    };
    let mut update = connection.prepare_cached(sql)?;
    for (standing, sign) in old.map(|old| (old, -1)).into_iter().chain([(new, 1)]) {
        update.execute([standing.grouping, sign, sign * i64::from(standing.passed)])?;
    }
    Ok(())
}

/// What was measured, each with its own sums.
fn values(connection: &Connection, id: i64, grouping: i64) -> rusqlite::Result<()> {
    let sql = "SELECT quantity, value, m.verdict = 'FAIL', lower, upper, marginal FROM measurement m
               JOIN quantity q ON q.id = m.quantity WHERE attempt = ?1 AND value IS NOT NULL";
    let mut find = connection.prepare_cached(sql)?;
    let measured = find.query_map([id], |row| {
        let value = row.get(1)?;
        let limits = row.get::<_, Option<f64>>(3)?.zip(row.get(4)?);
        let bin = limits.map(|limits| bins::bin_of(value, limits));
        Ok((row.get::<_, i64>(0)?, Moments::of(value, row.get(2)?), bin, row.get::<_, i64>(5)?))
    })?;
    let sql = "SELECT n, failed, mean, m2, least, greatest, bins, marginal FROM summary WHERE quantity = ?1 AND grouping = ?2";
    let mut known = connection.prepare_cached(sql)?;
    let mut put =
        connection.prepare_cached("INSERT OR REPLACE INTO summary VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")?;
    for measured in measured {
        let (quantity, value, bin, marginal) = measured?;
        let known =
            known.query_row([quantity, grouping], |row| Ok((Moments::from_row(row, 0)?, row.get(6)?, row.get(7)?)));
        let (mut sum, mut list, before): (Moments, Vec<u8>, i64) = known.optional()?.unwrap_or_default();
        sum.merge(&value);
        if let Some(bin) = bin {
            list = bins::with_one(&list, bin);
        }
        let Moments { n, failed, mean, m2, least, greatest } = sum;
        let (n, failed) = (n.cast_signed(), failed.cast_signed());
        put.execute(params![quantity, grouping, n, failed, mean, m2, least, greatest, list, before + marginal])?;
    }
    Ok(())
}

/// What an attempt failed for: the first value out of its limits, or else the step it stopped in.
fn cause(connection: &Connection, id: i64, verdict: Verdict) -> rusqlite::Result<Option<String>> {
    let failed = "SELECT name || CASE load_point WHEN '' THEN '' ELSE ' at ' || load_point END FROM measurement m
                  JOIN quantity q ON q.id = m.quantity WHERE attempt = ?1 AND verdict = 'FAIL' ORDER BY ordinal LIMIT 1";
    let stopped = "SELECT text FROM step s JOIN word w ON w.id = s.title
                   WHERE attempt = ?1 AND verdict NOT IN ('PASS', 'NOT RUN') ORDER BY ordinal DESC LIMIT 1";
    let first = |sql: &str| -> rusqlite::Result<Option<String>> {
        connection.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()
    };
    Ok(match verdict {
        Verdict::Pass | Verdict::Aborted => None,
        Verdict::Fail => match first(failed)? {
            Some(cause) => Some(cause),
            None => Some(first(stopped)?.unwrap_or_else(|| "no value out of limits".to_owned())),
        },
        Verdict::Error | Verdict::NotRun => {
            Some(format!("ERROR: {}", first(stopped)?.unwrap_or_else(|| "before the first step".to_owned())))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_put_together_are_those_of_all_values() {
        let values = [0.1, -0.05, 0.2, 0.21, 0.0, 1000.0];
        let mut all = Moments::default();
        let mut halves = [Moments::default(), Moments::default()];
        for (number, value) in values.into_iter().enumerate() {
            let one = Moments::of(value, value > 0.2);
            all.merge(&one);
            halves[number / 3].merge(&one);
        }
        let [mut joined, second] = halves;
        joined.merge(&second);
        let mean = values.iter().sum::<f64>() / 6.0;
        let deviation = (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 5.0).sqrt();
        for sum in [&all, &joined] {
            assert_eq!((sum.n, sum.failed, sum.least, sum.greatest), (6, 2, -0.05, 1000.0));
            assert!((sum.mean - mean).abs() < 1e-9 && (sum.deviation().unwrap() - deviation).abs() < 1e-9);
        }
    }
}

//! Failures that come one after the other, or too often: then the bench is the suspect, not the units.

use std::collections::BTreeSet;

use rusqlite::named_params;

use crate::advice::Advice;
use crate::procedure::Verdict;
use crate::profile::vigilance::Alarm;
use crate::record::error::StoreError;
use crate::record::rows::Word;
use crate::record::search::Filter;
use crate::record::store::{InFile as _, Store};

/// Why the bench is suspected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alarmed {
    /// One unit after the other did not pass.
    Streak {
        /// Different units.
        units: usize,
    },
    /// The same at one position, while others may go on.
    AtPosition {
        /// Place on the bench, from 1.
        position: u32,
        /// Different units.
        units: usize,
    },
    /// Too many of the last.
    Rate {
        /// Attempts that did not pass.
        failed: usize,
        /// Of so many.
        of: usize,
    },
}

impl Alarmed {
    /// What the operator can do.
    #[must_use]
    pub fn advice(&self) -> Advice {
        let what = match self {
            Self::Streak { units } => format!("{units} units one after the other did not pass"),
            Self::AtPosition { position, units } => {
                format!("{units} units one after the other did not pass at position {position}")
            }
            Self::Rate { failed, of } => format!("{failed} of the last {of} attempts did not pass"),
        };
        Advice::new(
            what,
            "Suspect the bench first: contacts, cables, reference, source, profile; a bad lot comes second",
            "Measure a golden unit (--golden), or one that passed before; look at what the units failed for",
        )
    }
}

/// One attempt.
struct Attempt {
    unit: i64,
    position: u32,
    passed: bool,
}

impl Store {
    /// What the newest attempts of this station say of its bench; of `filter` what is simulated counts. Attempts before the
    /// last golden unit that passed count no more, nor do those that somebody stopped.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn alarm(&self, rules: &Alarm, filter: &Filter) -> Result<Option<Alarmed>, StoreError> {
        let sql = "SELECT a.unit, a.position, a.verdict FROM attempt a JOIN station s ON s.id = a.station
             WHERE s.own = 1 AND a.golden = 0 AND (:simulated IS NULL OR a.simulated = :simulated)
                 AND a.verdict <> 'ABORTED' AND a.number > coalesce((SELECT max(number) FROM attempt g
                     WHERE g.station = s.id AND g.golden = 1 AND g.verdict = 'PASS'), 0)
             ORDER BY a.number DESC LIMIT :most";
        let most = rules.of_last.max(rules.streak.saturating_mul(STREAK_REACHES));
        let read = || {
            let mut statement = self.connection.prepare_cached(sql)?;
            let rows = statement.query_map(named_params! { ":simulated": filter.simulated, ":most": most }, |row| {
                let passed = row.get::<_, Word>(2)?.0 == Verdict::Pass;
                Ok(Attempt { unit: row.get(0)?, position: row.get(1)?, passed })
            })?;
            rows.collect::<rusqlite::Result<Vec<Attempt>>>()
        };
        Ok(alarmed(&read().in_file(&self.file)?, rules))
    }
}

/// So many attempts are looked at for each unit of a streak: retests and other positions lie between.
const STREAK_REACHES: u32 = 50;

fn alarmed(newest_first: &[Attempt], rules: &Alarm) -> Option<Alarmed> {
    let wanted = usize::try_from(rules.streak).unwrap_or(usize::MAX);
    // The same bad unit again and again is one unit.
    let streak = |position: Option<u32>| {
        let of = newest_first.iter().filter(|attempt| position.is_none_or(|position| attempt.position == position));
        of.take_while(|attempt| !attempt.passed).map(|attempt| attempt.unit).collect::<BTreeSet<_>>().len()
    };
    let units = streak(None);
    if units >= wanted {
        return Some(Alarmed::Streak { units });
    }
    let positions: BTreeSet<u32> = newest_first.iter().map(|attempt| attempt.position).collect();
    for position in positions {
        let units = streak(Some(position));
        if units >= wanted {
            return Some(Alarmed::AtPosition { position, units });
        }
    }
    let last = newest_first.get(..usize::try_from(rules.of_last).unwrap_or(usize::MAX))?;
    let failed = last.iter().filter(|attempt| !attempt.passed).count();
    let rate = failed as f64 / last.len() as f64 * 100.0;
    (rate > rules.rate_percent).then_some(Alarmed::Rate { failed, of: last.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: Alarm = Alarm { streak: 3, rate_percent: 30.0, of_last: 10 };

    /// Unit, position, whether it passed; oldest first.
    fn told(attempts: &[(i64, u32, bool)]) -> Option<Alarmed> {
        let attempt = |&(unit, position, passed): &(i64, u32, bool)| Attempt { unit, position, passed };
        let newest_first: Vec<Attempt> = attempts.iter().rev().map(attempt).collect();
        alarmed(&newest_first, &RULES)
    }

    #[test]
    fn different_units_one_after_the_other_are_a_streak() {
        assert_eq!(told(&[]), None);
        assert_eq!(told(&[(1, 1, true), (2, 1, false), (3, 1, false)]), None);
        assert_eq!(told(&[(2, 1, false), (3, 1, false), (4, 1, false)]), Some(Alarmed::Streak { units: 3 }));
        assert_eq!(told(&[(2, 1, false), (2, 1, false), (2, 1, false)]), None, "one bad unit");
        assert_eq!(told(&[(2, 1, false), (3, 1, false), (4, 1, false), (5, 1, true)]), None, "over");
    }

    #[test]
    fn a_position_is_suspected_alone() {
        let rounds: Vec<_> = (0..3).flat_map(|round| [(10 * round, 1, true), (10 * round + 1, 2, false)]).collect();
        assert_eq!(told(&rounds), Some(Alarmed::AtPosition { position: 2, units: 3 }));
    }

    #[test]
    fn too_many_of_the_last_are_a_rate() {
        let of =
            |failing: &[i64]| -> Vec<(i64, u32, bool)> { (0..10).map(|n| (n, 1, !failing.contains(&n))).collect() };
        assert_eq!(told(&of(&[1, 4, 7])), None, "30 % is not more than 30 %");
        assert_eq!(told(&of(&[1, 3, 5, 7])), Some(Alarmed::Rate { failed: 4, of: 10 }));
        assert_eq!(told(&of(&[1, 3, 5, 7])[..9]), None, "too few to tell");
    }
}

//! The units of a report: each with its attempts in the selection, with what lies outside of it, and with what was allowed.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::certificate::printable;
use crate::procedure::Verdict;
use crate::record::search::Found;
use crate::record::{Filter, Store, StoreError};

/// A unit with its attempts in this selection.
#[derive(Clone, Debug, Serialize)]
pub struct Unit {
    /// Serial number.
    pub serial: String,
    /// Something was simulated.
    pub simulated: bool,
    /// It was measured as a golden unit: the verdicts are the bench's.
    pub golden: bool,
    /// Attempts.
    pub attempts: usize,
    /// How the first of them ended.
    pub first: &'static str,
    /// How the last ended.
    pub last: &'static str,
    /// Its first measured attempt at a procedure lies outside of the selection.
    pub first_outside: bool,
    /// Its last measured attempt at a procedure lies outside of the selection.
    pub last_outside: bool,
    /// An attempt of it was measured under an exception.
    pub exception: bool,
    /// Number of the last record.
    pub record: u64,
    /// First digits of its hash.
    pub hash: String,
    /// When it ended.
    pub ended: String,
    /// Operator.
    pub operator: Option<String>,
    /// Place on the bench.
    pub position: u32,
}

/// What makes yields and the table of units differ.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Outside {
    /// Units whose first measured attempt at a procedure lies outside of the selection.
    pub first: usize,
    /// Units whose last one does.
    pub last: usize,
    /// Units measured by several procedures, which count once for each.
    pub several: usize,
}

/// What a supervisor allowed.
#[derive(Clone, Debug, Serialize)]
pub struct Excepted {
    /// What it was, and who allowed it.
    pub what: String,
    /// Attempts that were measured so.
    pub attempts: usize,
    /// Serial numbers of their units.
    pub units: Vec<String>,
}

/// The units of what was found, by serial number.
#[derive(Default)]
pub(super) struct Units {
    pub(super) units: Vec<Unit>,
    pub(super) outside: Outside,
    pub(super) exceptions: Vec<Excepted>,
}

impl Units {
    /// Of records that match the filter, the newest first. A simulated unit is another one than a real one of the same number.
    pub(super) fn of(store: &Store, filter: &Filter, found: &[Found]) -> Result<Self, StoreError> {
        let mut attempts: BTreeMap<(&str, bool), Vec<&Found>> = BTreeMap::new();
        for one in found {
            attempts.entry((one.serial.as_str(), one.simulated)).or_default().push(one);
        }
        let mut all = Self { exceptions: allowed(found), ..Self::default() };
        for attempts in attempts.into_values() {
            let Some(mut unit) = unit(&attempts) else { continue };
            let procedures: BTreeSet<&str> = attempts
                .iter()
                .filter(|one| is_measured(one) && !one.golden)
                .map(|one| one.procedure.as_str())
                .collect();
            (unit.first_outside, unit.last_outside) = outside(store, filter, &attempts, &procedures)?;
            unit.exception = attempts.iter().any(|one| one.exception.is_some());
            all.outside.first += usize::from(unit.first_outside);
            all.outside.last += usize::from(unit.last_outside);
            all.outside.several += usize::from(procedures.len() > 1);
            all.units.push(unit);
        }
        Ok(all)
    }
}

/// Only these count in yields.
fn is_measured(one: &Found) -> bool {
    matches!(one.verdict, Verdict::Pass | Verdict::Fail)
}

fn unit(attempts: &[&Found]) -> Option<Unit> {
    let (last, first) = attempts.first().zip(attempts.last())?;
    Some(Unit {
        serial: printable(&last.serial),
        simulated: last.simulated,
        golden: attempts.iter().any(|one| one.golden),
        attempts: attempts.len(),
        first: first.verdict.word(),
        last: last.verdict.word(),
        first_outside: false,
        last_outside: false,
        exception: false,
        record: last.number,
        hash: last.hash.to_string().chars().take(8).collect(),
        ended: last.at.minute(),
        operator: last.operator.as_deref().map(printable),
        position: last.position,
    })
}

/// Whether the unit's first or last measured attempt at one of these procedures lies outside, as the store counts them.
fn outside(
    store: &Store,
    filter: &Filter,
    attempts: &[&Found],
    procedures: &BTreeSet<&str>,
) -> Result<(bool, bool), StoreError> {
    let Some(unit) = attempts.first().filter(|_| *filter != Filter::default()) else { return Ok((false, false)) };
    let everywhere = store.attempts_of(&unit.serial)?;
    let mut found = (false, false);
    for procedure in procedures {
        let own = |one: &&Found| one.procedure == *procedure && one.simulated == unit.simulated && is_measured(one);
        let mut measured = everywhere.iter().filter(own);
        let last = measured.next();
        let first = measured.next_back().or(last);
        found.0 |= first.is_some_and(|one| !lies_in(filter, one));
        found.1 |= last.is_some_and(|one| !lies_in(filter, one));
    }
    Ok(found)
}

/// Whether a record matches; those of golden units count in no yield.
fn lies_in(filter: &Filter, one: &Found) -> bool {
    fn is<T: PartialEq>(wanted: Option<&T>, found: Option<&T>) -> bool {
        wanted.is_none() || wanted == found
    }
    let Filter { from, to, station, profile, procedure, batch, operator, position, simulated } = filter;
    let day = one.at.day();
    from.is_none_or(|from| from <= day)
        && to.is_none_or(|to| day <= to)
        && is(station.as_ref(), Some(&one.station))
        && is(profile.as_ref(), Some(&one.profile))
        && is(procedure.as_ref(), Some(&one.procedure))
        && is(batch.as_ref(), one.batch.as_ref())
        && is(operator.as_ref(), one.operator.as_ref())
        && is(position.as_ref(), Some(&one.position))
        && is(simulated.as_ref(), Some(&one.simulated))
        && !one.golden
}

/// What was allowed in these attempts.
fn allowed(found: &[Found]) -> Vec<Excepted> {
    let mut by_words: BTreeMap<&str, Vec<&Found>> = BTreeMap::new();
    for one in found {
        if let Some(exception) = &one.exception {
            by_words.entry(exception).or_default().push(one);
        }
    }
    let in_words = |(what, attempts): (&str, Vec<&Found>)| {
        let units: BTreeSet<&str> = attempts.iter().map(|one| one.serial.as_str()).collect();
        Excepted { what: printable(what), attempts: attempts.len(), units: units.into_iter().map(printable).collect() }
    };
    by_words.into_iter().map(in_words).collect()
}

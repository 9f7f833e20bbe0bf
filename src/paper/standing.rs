//! What became of a unit after a record: a PASS stands only as long as no later attempt ended with FAIL.

use crate::procedure::Verdict;
use crate::record::search::Found;
use crate::record::{Record, Store, StoreError};

/// The last attempt after this record that ended with FAIL. Only real attempts count for a real unit, and simulated ones for a
/// simulated; those at a golden unit judge the bench.
pub(super) fn failed_since(store: &Store, record: &Record) -> Result<Option<Found>, StoreError> {
    let (sealed, entry) = (&record.record, &record.record.entry);
    // The newest first.
    let attempts = store.attempts_of(&entry.serial)?;
    let own = |one: &Found| one.number == sealed.number && one.station == sealed.station;
    let mut later = attempts.into_iter().take_while(|one| !own(one));
    let counts = |one: &Found| one.verdict == Verdict::Fail && one.simulated == entry.simulated && !one.golden;
    Ok(later.find(counts))
}

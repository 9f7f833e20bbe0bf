//! What the station's thread does with the store: results go in before they are shown, earlier tests of a unit come out.

use super::{Notice, Worker};
use crate::procedure::{Plan, RunReport};
use crate::record::{About, Readings};

impl Worker<'_> {
    /// Takes over what could not be stored the last time, and says early that the records cannot be used.
    pub(super) fn look_at_records(&mut self) {
        if let Some(Err(error)) = self.records.as_mut().map(|keeper| keeper.store().map(|_| ())) {
            self.ctl.notice(Notice::Refused(error.advice()));
        }
    }

    /// The warning to give before a unit is tested again; none where it is new or nobody knows.
    pub(super) fn tested_before(&mut self, serial: &str) -> Option<String> {
        let simulated = self.links.simulated;
        let last = self.records.as_mut()?.store().and_then(|store| store.last_measured(serial, simulated));
        let last = last.unwrap_or_else(|error| {
            // The run itself will say so, and keep its result.
            tracing::error!(%error, "earlier tests of the unit are not known");
            None
        })?;
        Some(t!(
            "{serial} was already tested: {verdict} on {minute}. Enter again starts anyway",
            serial,
            verdict = last.verdict,
            minute = last.at.minute()
        ))
    }

    /// Stores the results; one that cannot be stored becomes an ERROR of the bench.
    pub(super) fn record(&mut self, reports: &mut [RunReport], plan: &Plan, readings: &Readings, operator: &str) {
        let Some(keeper) = &mut self.records else { return };
        let operator = Some(operator.to_owned()).filter(|name| !name.is_empty());
        let about = About { operator, ..About::now(1) };
        let receipts = keeper.keep_run(reports, plan, readings, &about);
        if let Some(receipt) = receipts.into_iter().next().flatten() {
            self.ctl.notice(Notice::Recorded(receipt));
        }
    }
}

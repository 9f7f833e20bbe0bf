//! What the station's thread does with the store: results go in before they are shown, earlier tests of a
//! unit come out.

use super::{Consent, Notice, Worker};
use crate::procedure::{Plan, RunReport};
use crate::provision::{Allotment, Standing};
use crate::record::{About, Readings, Receipt};

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

    /// Stores the results; one that cannot be stored becomes an ERROR of the bench. Then the units' rows of a provisioning list are
    /// settled; returns what there is to be told about them.
    pub(super) fn record(
        &mut self,
        reports: &mut [RunReport],
        (plan, readings): (&Plan, &Readings),
        consent: &Consent,
        mut allotment: Option<Allotment>,
    ) -> Vec<String> {
        let Some(keeper) = &mut self.records else { return Vec::new() };
        let [operator, batch] = consent.named();
        let provisioning_rows = allotment.as_ref().map(Allotment::rows).unwrap_or_default();
        let about = About { operator, batch, provisioning_rows, ..About::now(1) };
        let receipts = keeper.keep_run(reports, plan, readings, &about);
        let settle = |(report, receipt): (&RunReport, &Option<Receipt>)| {
            let standing = if receipt.is_some() { Standing::Final } else { Standing::Waiting };
            allotment.as_mut()?.settle(report, standing)
        };
        let told = reports.iter().zip(&receipts).filter_map(settle).collect();
        if let Some(receipt) = receipts.into_iter().next().flatten() {
            self.ctl.notice(Notice::Recorded(receipt));
        }
        told
    }
}

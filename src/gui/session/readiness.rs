//! What the station's own files and records say before a run, in the window: an alarm is shown, a rule that is broken stops the run.

use super::{Notice, Worker};
use crate::advice::Advice;
use crate::procedure::Custody;
use crate::record::{Intent, Readiness};

impl Worker<'_> {
    /// What the run may count on; nothing when it may not begin, and the window has been told why.
    pub(super) fn ready(&mut self, serials: &[String]) -> Option<Custody> {
        let Some(keeper) = &mut self.records else { return Some(Custody::default()) };
        let address = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let intent = Intent {
            reference_address: address(&self.addresses.reference),
            source_address: address(&self.addresses.source),
            simulated: Some(self.links.simulated),
            ..Intent::default()
        };
        let folder = keeper.folder().to_owned();
        let Readiness { custody, said, blocked, vigilance } = match Readiness::of(&folder, Some(keeper), intent) {
            Ok(readiness) => readiness,
            Err(error) => {
                let why = t!("A file of this station has a fault");
                let next = t!("Correct the line that is named, then start again");
                self.ctl.notice(Notice::Refused(Advice::new(error.to_string(), why, next)));
                return None;
            }
        };
        for advice in said {
            self.ctl.notice(Notice::Said([advice.what, advice.why].join(". ")));
        }
        if let Some(serial) = serials.iter().find(|serial| vigilance.golden.unit(serial).is_some()) {
            let what = t!("{serial} is a golden unit", serial);
            let why = t!("It proves the bench, and nothing of it may be adjusted");
            let next = t!("Measure it on the command line, run --golden, or take it off the bench");
            self.ctl.notice(Notice::Refused(Advice::new(what, why, next)));
            return None;
        }
        if let Some(advice) = blocked {
            self.ctl.notice(Notice::Refused(advice));
            return None;
        }
        Some(custody)
    }
}

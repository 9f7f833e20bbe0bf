//! What the station's own files and records say before a run: its instruments, its golden units, and failures that come too often.

use std::path::Path;

use super::keeper::Keeper;
use super::search::Filter;
use super::spool;
use super::time::Stamp;
use crate::advice::Advice;
use crate::procedure::Custody;
use crate::procedure::custody::Proven;
use crate::profile::ProfileError;
use crate::profile::inventory::{CalendarDate, Inventory};
use crate::profile::vigilance::{Missing, Vigilance};

/// What is going to be run.
#[derive(Clone, Debug, Default)]
pub struct Intent {
    /// Address of the reference.
    pub reference_address: Option<String>,
    /// Address of the source.
    pub source_address: Option<String>,
    /// Who allows what rules forbid.
    pub supervisor: Option<String>,
    /// Which units.
    pub units: Units,
    /// Whether simulated attempts count, or real ones; without a word both do.
    pub simulated: Option<bool>,
}

/// Which units are measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Units {
    /// Those of the line.
    #[default]
    Ordinary,
    /// Units of known errors.
    Golden,
}

/// Whether a run may begin.
#[derive(Clone, Debug, Default)]
pub struct Readiness {
    /// For the run.
    pub custody: Custody,
    /// What is said before it, and holds nobody up.
    pub said: Vec<Advice>,
    /// Why it may not begin.
    pub blocked: Option<Advice>,
    /// A golden unit has to be measured, whether that holds the run up or not.
    pub due: Option<Advice>,
    /// The bench is suspected.
    pub alarm: Option<Advice>,
    /// Records are gone.
    pub lost: Option<Advice>,
    /// The station's rules.
    pub vigilance: Vigilance,
}

impl Readiness {
    /// From the files in the folder and the records there.
    ///
    /// # Errors
    /// A file is there and wrong. A store that cannot be read is none, as long as a result could wait beside it.
    pub fn of(folder: &Path, keeper: Option<&mut Keeper>, intent: Intent) -> Result<Self, ProfileError> {
        let (inventory, vigilance) = (Inventory::load(folder)?, Vigilance::load(folder)?);
        let mut readiness = Self { vigilance, ..Self::default() };
        let mut newest = None;
        match keeper.map(Keeper::store) {
            Some(Ok(store)) => {
                newest = store.newest_day().ok().flatten();
                readiness.lost = store.lost().ok().flatten();
                readiness.said.extend(readiness.lost.clone());
                if intent.units == Units::Ordinary {
                    let proven = store.golden_reference(&readiness.vigilance.golden, intent.simulated).ok().flatten();
                    let missing = readiness.vigilance.golden.missing;
                    readiness.custody.proven = proven.map(|reference| Proven { reference, missing });
                    let filter = Filter { simulated: intent.simulated, ..Filter::default() };
                    let alarmed = store.alarm(&readiness.vigilance.alarm, &filter);
                    readiness.alarm = alarmed.ok().flatten().map(|alarmed| alarmed.advice());
                    readiness.said.extend(readiness.alarm.clone());
                    let rules = &readiness.vigilance.golden;
                    let advice = match store.golden_state(rules, &inventory, &Stamp::now(), intent.simulated) {
                        Ok(state) => state.advice(),
                        // Nobody knows when one was measured.
                        Err(error) => Some(error.advice()),
                    };
                    readiness.due.clone_from(&advice);
                    if let Some(advice) = advice {
                        readiness.wants_golden(advice, intent.supervisor.as_deref());
                    }
                }
            }
            Some(Err(error)) => {
                tracing::error!(%error, "what the records say before a run is not known");
                // A unit is not touched where its result could be kept nowhere.
                readiness.blocked = spool::takes(folder).is_err().then(|| error.advice());
            }
            None => {}
        }
        readiness.custody = Custody {
            inventory,
            reference_address: intent.reference_address,
            source_address: intent.source_address,
            today: Some(CalendarDate::today()),
            last_record: newest.and_then(|day| day.to_string().parse().ok()),
            supervisor: intent.supervisor,
            exceptions: std::mem::take(&mut readiness.custody.exceptions),
            asks_supervisor: false,
            proven: readiness.custody.proven.take(),
        };
        Ok(readiness)
    }

    fn wants_golden(&mut self, advice: Advice, supervisor: Option<&str>) {
        match self.vigilance.golden.missing {
            Missing::Warn => self.said.push(advice),
            Missing::Block if supervisor.is_some() => self.custody.exceptions.push(advice.what),
            Missing::Block => self.blocked = Some(advice),
        }
    }
}

//! Units tested since the window was opened, so that one is not tested twice unawares. Those tested before that, the store
//! knows; the station's thread asks it, and its warning is kept here like one of this list.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::clock::{Moment, RealClock, SharedClock};
use crate::gui::texts::words;
use crate::procedure::Verdict;

/// The units, newest last.
pub struct Tested {
    clock: SharedClock,
    units: Vec<(String, Verdict, Moment)>,
    warned: Option<(String, String)>,
    /// The operator was warned and wants these all the same.
    agreed: BTreeSet<String>,
}

impl Default for Tested {
    fn default() -> Self {
        Self { clock: RealClock::shared(), units: Vec::new(), warned: None, agreed: BTreeSet::new() }
    }
}

impl Tested {
    /// A run has ended. Only what was measured counts: after an error or a stop a unit is tried again as a matter of course.
    pub fn note(&mut self, serial: &str, verdict: Verdict) {
        self.warned = None;
        self.agreed.remove(serial);
        if matches!(verdict, Verdict::Pass | Verdict::Fail) {
            self.units.retain(|(known, ..)| known != serial);
            self.units.push((serial.to_owned(), verdict, self.clock.now()));
        }
    }

    /// The warning to give before this unit is tested; none where it is new or its warning was given last.
    pub fn warn(&mut self, serial: &str) -> Option<String> {
        if self.agree(serial) || self.agreed.contains(serial) {
            return None;
        }
        let (_, verdict, at) = self.units.iter().find(|(known, ..)| known == serial)?;
        let ago = ago(self.clock.now().since(*at));
        let warning = t!(
            "{serial} was already tested: {verdict} {ago}. Enter again goes on anyway",
            serial,
            verdict = words::verdict(*verdict),
            ago
        );
        self.warned = Some((serial.to_owned(), warning.clone()));
        Some(warning)
    }

    /// Asked again after its warning, the operator wants this unit; returns whether it was the one warned about.
    pub fn agree(&mut self, serial: &str) -> bool {
        let warned = self.warning_of(serial).is_some();
        if warned {
            self.warned = None;
            self.agreed.insert(serial.to_owned());
        }
        warned
    }

    /// Units that are wanted although they were tested before.
    #[must_use]
    pub fn agreed(&self) -> BTreeSet<String> {
        self.agreed.clone()
    }

    /// The store has given this warning.
    pub fn warned(&mut self, serial: String, warning: String) {
        self.warned = Some((serial, warning));
    }

    /// The warning given last, if it was given for this unit.
    #[must_use]
    pub fn warning_of(&self, serial: &str) -> Option<&str> {
        self.warned.as_ref().filter(|(warned, _)| warned == serial).map(|(_, warning)| warning.as_str())
    }
}

/// Elapsed time in words. The time of day would need to know the time zone.
fn ago(time: Duration) -> String {
    match time.as_secs() / 60 {
        0 => t!("just now").to_owned(),
        minutes @ 1..60 => t!("{minutes} min ago", minutes),
        minutes => t!("{hours} h {minutes} min ago", hours = minutes / 60, minutes = minutes % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elapsed_time_reads_as_a_person_says_it() {
        let of = |minutes: u64| ago(Duration::from_secs(minutes * 60 + 5));
        assert_eq!([of(0), of(12), of(125)], ["just now", "12 min ago", "2 h 5 min ago"]);
    }

    #[test]
    fn a_unit_is_warned_about_once_for_each_start() {
        let mut tested = Tested::default();
        assert_eq!(tested.warn("A"), None);
        tested.note("A", Verdict::Pass);
        assert_eq!(tested.warn("B"), None);
        assert!(tested.warn("A").is_some_and(|text| text.contains("PASS")));
        assert_eq!(tested.warn("A"), None);
        tested.note("A", Verdict::Error);
        assert!(tested.warn("A").is_some_and(|text| text.contains("PASS")));
    }
}

//! What the registers of the chip are compared with.

use std::collections::BTreeMap;

use m90e26::{Access, Register};

use crate::calibration::registers::dump::{Dump, word};
use crate::gui::core::Core;
use crate::procedure::Plan;
use crate::profile::library::{Entry, Library};
use crate::profile::{self, Kind};

/// Words by register.
pub type Words = BTreeMap<Register, u16>;

/// The other side of the comparison.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Other {
    /// The chip's power-on values.
    #[default]
    PowerOn,
    /// What a calibration by this meter profile starts from.
    Profile(String),
    /// What the last run left in the unit.
    LastRun,
    /// What was typed or pasted.
    Typed,
    /// What a file holds: another unit, or this one as it was.
    File,
}

impl Other {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::PowerOn => t!("Power-on values"),
            Self::Profile(name) => name,
            Self::LastRun => t!("Result of the last run"),
            Self::Typed => t!("Pasted values"),
            Self::File => t!("File"),
        }
    }
}

/// All that can be compared with, apart from the chip.
pub struct Others {
    /// Meter profiles by name.
    pub profiles: Vec<(String, Words)>,
    /// What was pasted, as text.
    pub text: String,
    /// What the text says.
    pub typed: Result<Dump, String>,
    /// The file opened last, by its name.
    pub file: Option<(String, Dump)>,
}

impl Default for Others {
    fn default() -> Self {
        let mut others = Self { profiles: Vec::new(), text: String::new(), typed: Ok(Dump::default()), file: None };
        others.relist(&Library::default().list());
        others
    }
}

impl Others {
    /// Offers the meter profiles there are now.
    pub fn relist(&mut self, entries: &[Entry]) {
        let meters = entries.iter().filter(|entry| entry.kind == Kind::Meter && entry.usable());
        self.profiles = meters.filter_map(|entry| Some((entry.name.clone(), of_profile(entry)?))).collect();
    }

    /// Reads the text again after it was changed.
    pub fn read_text(&mut self) {
        self.typed = Dump::read(&self.text);
    }

    /// The word of a register on the other side; `None` where it has none to compare.
    #[must_use]
    pub fn word(&self, other: &Other, register: Register, core: &Core) -> Option<u16> {
        match other {
            Other::PowerOn => power_on(register),
            Other::Profile(name) => {
                let (_, words) = self.profiles.iter().find(|(known, _)| known == name)?;
                words.get(&register).copied()
            }
            Other::LastRun => {
                let value = core.run().report.as_ref()?.registers.get(register.name())?;
                word(value.as_str()?)
            }
            Other::Typed => self.typed.as_ref().ok()?.words.get(&register).copied().filter(|_| keeps(register)),
            Other::File => self.file.as_ref()?.1.words.get(&register).copied().filter(|_| keeps(register)),
        }
    }
}

/// The power-on value of a register that keeps one; measured values and sums do not.
#[must_use]
pub fn power_on(register: Register) -> Option<u16> {
    let keeps = register.access() == Access::ReadWrite && !matches!(register, Register::Cs1 | Register::Cs2);
    keeps.then(|| register.power_on())
}

/// The register keeps what is written to it, or sums up what others keep; measured values differ from moment to moment.
fn keeps(register: Register) -> bool {
    register.access() == Access::ReadWrite
}

fn of_profile(entry: &Entry) -> Option<Words> {
    let meter = profile::parse(&entry.text, &entry.name).ok()?;
    let plan = Plan { meter, procedure: profile::load_procedure("calibrate").ok()? };
    // What is measured in each unit is no part of the profile.
    let measured = |register: Register| {
        register.name().contains("gain") || register.name().contains("phi") || register.name().contains("offset")
    };
    let set = plan.initial_registers().ok()?;
    Some(set.iter().filter(|(register, word)| !measured(*register) || *word != register.power_on()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_profile_gives_registers() {
        let others = Others::default();
        assert_eq!(others.profiles.len(), profile::list().iter().filter(|listed| listed.kind == Kind::Meter).count());
        assert!(others.profiles.iter().all(|(_, words)| words.contains_key(&Register::MMode)));
    }
}

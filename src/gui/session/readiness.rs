//! What the station's own files and records say before a run, in the window: an alarm and a golden unit that is due are shown all the
//! time, a rule that is broken stops the run, and a supervisor is asked who may allow it.

use super::start::{Beginning, NotBegun, Standing};
use super::{Notice, Order, Worker};
use crate::advice::Advice;
use crate::operator::Answer;
use crate::procedure::custody::{CustodyError, Role};
use crate::procedure::golden::{self, NotGolden};
use crate::procedure::runner::supervisor;
use crate::profile::vigilance::{GoldenUnit, Vigilance};
use crate::record::{Intent, Readiness, Units};

/// What the station says of itself while nothing runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vigil {
    /// Serial numbers of the golden units.
    pub golden_units: Vec<String>,
    /// A golden unit has to be measured, and why.
    pub due: Option<Advice>,
    /// The bench is suspected, and why.
    pub alarm: Option<Advice>,
    /// The reference may not be used as it is, and why.
    pub reference: Option<Advice>,
    /// Records are gone.
    pub lost: Option<Advice>,
}

impl Worker<'_> {
    /// Looks at the station's files and records, and tells the window when they say something else than before.
    pub(super) fn keep_vigil(&mut self) {
        let Some(keeper) = &mut self.records else { return };
        let folder = keeper.folder().to_owned();
        self.vigil_at = self.vigil_clock.now();
        let intent = self.intent(Units::Ordinary, None);
        let Some(keeper) = &mut self.records else { return };
        let Ok(Readiness { custody, due, alarm, lost, vigilance, .. }) = Readiness::of(&folder, Some(keeper), intent)
        else {
            // A file with a fault stops the run that is asked for, and says then which line.
            return;
        };
        let serial = self.reference.as_ref().map(|identity| custody.serial_of(Role::Reference, identity));
        let exchanged = serial.and_then(|serial| custody.exchanged(Role::Reference, &serial));
        let figures = self.open.as_ref().and_then(|open| open.bench.reference.accuracy());
        let admitted = self.reference.as_ref().map(|identity| custody.admit(Role::Reference, identity, figures));
        let refused = admitted.and_then(Result::err).filter(|error| !matches!(error, CustodyError::Exchanged { .. }));
        let vigil = Vigil {
            golden_units: vigilance.golden.unit.iter().map(|unit| unit.serial.clone()).collect(),
            due: due.or(exchanged.map(|(_, error)| error.advice())),
            alarm,
            reference: refused.map(|error| error.advice()),
            lost,
        };
        if self.vigil != vigil {
            self.vigil = vigil.clone();
            self.ctl.notice(Notice::Vigil(vigil));
        }
    }

    fn intent(&self, units: Units, supervisor: Option<String>) -> Intent {
        let address = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        Intent {
            reference_address: address(&self.addresses.reference),
            source_address: address(&self.addresses.source),
            simulated: Some(self.links.simulated),
            supervisor,
            units,
        }
    }

    /// What the run may count on, or why it may not begin.
    pub(super) fn ready(&mut self, order: &Order, run: &mut Beginning) -> Result<Standing, NotBegun> {
        if self.records.is_none() {
            return Ok(Standing { custody: Default::default(), golden: Vec::new() });
        }
        let units = if order.golden { Units::Golden } else { Units::Ordinary };
        let mut readiness = self.readiness(units, None)?;
        for advice in std::mem::take(&mut readiness.said) {
            self.ctl.notice(Notice::Said([advice.what, advice.why].join(". ")));
        }
        let golden = golden_units(order, run, &readiness.vigilance).map_err(Some)?;
        if let Some(advice) = readiness.blocked.take() {
            let Answer::Text(name) = self.ask(run, &supervisor(&advice.what))? else { return Err(Some(advice)) };
            if name.is_empty() {
                return Err(Some(advice));
            }
            readiness = self.readiness(units, Some(name))?;
        }
        readiness.custody.asks_supervisor = true;
        Ok(Standing { custody: readiness.custody, golden })
    }

    fn readiness(&mut self, units: Units, supervisor: Option<String>) -> Result<Readiness, NotBegun> {
        let intent = self.intent(units, supervisor);
        let Some(keeper) = &mut self.records else { return Ok(Readiness::default()) };
        let folder = keeper.folder().to_owned();
        Readiness::of(&folder, Some(keeper), intent).map_err(|error| {
            let why = t!("A file of this station has a fault");
            let next = t!("Correct the line that is named, then start again");
            Some(Advice::new(error.to_string(), why, next))
        })
    }
}

/// What is known of the units of the order; a golden unit is nobody's ordinary one, and not every unit is golden.
fn golden_units(order: &Order, run: &Beginning, vigilance: &Vigilance) -> Result<Vec<GoldenUnit>, Advice> {
    let serials = || order.serials.iter().filter(|serial| !serial.is_empty());
    if !order.golden {
        return match serials().find(|serial| vigilance.golden.unit(serial).is_some()) {
            None => Ok(Vec::new()),
            Some(serial) => Err(Advice::new(
                t!("{serial} is a golden unit", serial),
                t!("It proves the bench, and nothing of it may be adjusted"),
                t!("Choose Golden unit on the bench page and scan it again, or take it off the bench"),
            )),
        };
    }
    let unit = |serial: &String| {
        let Some(unit) = vigilance.golden.unit(serial) else {
            return Err(Advice::new(
                t!("{serial} is no golden unit", serial),
                t!("The station's file (bench.toml) has none of that serial number"),
                t!("Scan a golden unit, or choose Units of the line"),
            ));
        };
        golden::check(unit, &run.plan.procedure).map_err(|error| {
            let next = match error {
                NotGolden::Adjusts { .. } => t!("Choose a procedure that verifies"),
                NotGolden::NoSuchTest { .. } => t!("Choose the procedure for golden units"),
            };
            Advice::new(error.to_string(), t!("A golden unit is measured as its laboratory has measured it"), next)
        })?;
        Ok(unit.clone())
    };
    serials().map(unit).collect()
}

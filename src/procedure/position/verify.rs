//! Step: one test of the verification, in normal operation; what each kind does stands in [`kind`](super::kind).

use m90e26::Register;
use m90e26::field::{LnSel, MMode};

use super::Position;
use crate::meter::Line;
use crate::procedure::error::StepError;
use crate::procedure::plan::Step;
use crate::profile::verification::Kind;
use crate::reference::LoadPoint;

impl Position<'_> {
    /// Does a test. The chip must still be in normal operation and hold its registers at the end.
    pub(super) fn verify(&mut self, number: usize) -> Result<String, StepError> {
        let plan = self.around.plan;
        let Some(test) = plan.test(number) else { return Err(StepError::Panicked) };
        let name = test.name.as_str();
        let point = plan.load_point(Step::Verify(number));
        let loaded = || point.ok_or(StepError::Panicked);
        match &test.kind {
            Kind::Accuracy(accuracy) => self.accuracy(name, accuracy, &loaded()?),
            Kind::Repeatability(repeatability) => self.repeatability(name, repeatability, &loaded()?),
            Kind::Dial(dial) => self.dial(name, dial, &loaded()?),
            Kind::Starting(starting) => self.starting(name, starting, &loaded()?),
            Kind::NoLoad(no_load) => self.no_load(name, no_load, &loaded()?),
            Kind::WarmUp(warm_up) => self.warm_up(warm_up),
            Kind::Protection(protection) => self.closed(name, protection),
            Kind::Questions(questions) => self.questions(name, questions),
        }
    }

    /// The lines a test measures: all that were calibrated, or the one that the meter meters when nothing is changed in it.
    pub(super) fn measured_lines(&self) -> Result<Vec<Line>, StepError> {
        let lines = self.around.plan.lines();
        if !self.changes_nothing() || lines.len() < 2 {
            return Ok(lines.to_vec());
        }
        let metered = MMode::from_bits(self.registers.get(Register::MMode)?).lnsel();
        Ok(vec![if metered == LnSel::L { Line::L } else { Line::N }])
    }

    /// Lets the chip meter another line in normal operation: MMode is under CS1, so the checksum goes with it.
    pub(super) fn select_line(&mut self, mmode: u16) -> Result<(), StepError> {
        if self.changes_nothing() || self.registers.get(Register::MMode)? == mmode {
            return Ok(());
        }
        let mut set = self.registers.clone();
        set.set(Register::MMode, mmode)?;
        self.guarded(|position| {
            position.apply(&set)?;
            position.start_normal()
        })
    }

    /// Waits, says how far it is, and stands still at the load point.
    pub(super) fn settle_at(
        &mut self,
        point: &LoadPoint,
        lines: &[Line],
        wait: std::time::Duration,
    ) -> Result<(), StepError> {
        self.wait(wait)?;
        self.guarded(|position| position.settle(point, lines).map(|_| ()))
    }

    /// The chip holds what it held, in normal operation.
    pub(super) fn still_the_same(&mut self) -> Result<(), StepError> {
        if !self.meter.reach().registers() {
            return Ok(());
        }
        self.guarded(Self::compare_registers)?;
        self.guarded(Self::expect_clean_status)
    }
}

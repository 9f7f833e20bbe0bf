//! Keeps what was done for a later run, and takes up what an earlier one has left; what can be taken up stands in
//! [`unfinished`](crate::procedure::unfinished).

use std::time::Duration;

use m90e26::Register;

use super::{Mode, Position};
use crate::calibration::registers::RegisterSet;
use crate::procedure::custody::InstrumentUsed;
use crate::procedure::error::StepError;
use crate::procedure::event::Event;
use crate::procedure::unfinished::{Continued, Failure, TakenUp, Unfinished, Watched};

impl Position<'_> {
    /// An earlier run of this unit is to be gone on with, when unit and instruments turn out to be the same.
    pub fn take_up(&mut self, earlier: TakenUp) {
        self.earlier = Some(Box::new(earlier));
    }

    /// The unit is looked at before anything of its earlier run counts.
    #[must_use]
    pub fn waits_to_be_recognised(&self) -> bool {
        self.failure.is_none() && self.earlier.is_some()
    }

    /// The results of an earlier run stand on its instruments; with others the unit starts again.
    pub fn expect_instruments(&mut self, now: &[InstrumentUsed]) {
        let Some(earlier) = &self.earlier else { return };
        let then = &earlier.admitted.traceability.instruments;
        let same = |(one, other): (&InstrumentUsed, &InstrumentUsed)| {
            (&one.identity, &one.serial, &one.certificate) == (&other.identity, &other.serial, &other.certificate)
        };
        let other = then.iter().zip(now).find(|&pair| !same(pair)).map(|(_, now)| now.role.word());
        if let Some(role) = other.or((then.len() != now.len()).then_some("source")) {
            self.start_again(format!("the {role} is another one, or has another certificate"));
        }
    }

    /// Looks whether this is the unit of the earlier run, in the state that left it in, and goes on from there; or starts again.
    pub fn recognise(&mut self) {
        let Some(mut earlier) = self.earlier.take() else { return };
        let Some(registers) = RegisterSet::from_json(&earlier.unit.registers) else {
            return self.start_again("what was kept of it cannot be read".to_owned());
        };
        let recognised = self.expect_registers(&registers).and_then(|()| self.charge(earlier.unit.watched.as_mut()));
        match recognised {
            Ok(()) => self.go_on(*earlier, registers),
            Err(error @ (StepError::RegisterDiffers { .. } | StepError::NotMetering { .. })) => {
                self.start_again(format!("it is another unit, or its chip was reset: {error}"));
            }
            // Nobody knows which unit it is. What was kept stays where it is, for the next try.
            Err(error) => self.failure = Some(error),
        }
    }

    fn expect_registers(&mut self, registers: &RegisterSet) -> Result<(), StepError> {
        self.until_it_meters()?;
        for (register, expected) in registers.iter() {
            let found = self.read(register)?;
            if found != expected {
                return Err(StepError::RegisterDiffers { register, expected, found });
            }
        }
        self.expect_clean_status()
    }

    /// What was counted while nobody watched goes to the unit's account, before the bench lets anything flow again: nobody knows
    /// under what load. So does one count that was on its way when the unit lost its supply, if it did.
    fn charge(&mut self, watched: Option<&mut Watched>) -> Result<(), StepError> {
        let Some(watched) = watched else { return Ok(()) };
        let unwatched = u64::from(self.read(Register::APenergy)?) + u64::from(self.read(Register::ANenergy)?);
        watched.counts = watched.counts.saturating_add(unwatched + 1);
        watched.interruptions = watched.interruptions.saturating_add(1);
        Ok(())
    }

    fn go_on(&mut self, earlier: TakenUp, registers: RegisterSet) {
        let TakenUp { mut unit, admitted, interrupted, continued } = earlier;
        let plan = self.around.plan;
        let step = unit.at(plan);
        unit.keep_finished(plan);
        self.around.operator.tell(&format!("{} goes on at {step:?}", self.serial));
        self.before = RegisterSet::from_json(&unit.registers_before).or_else(|| Some(registers.clone()));
        self.registers = registers;
        self.mode = Some(Mode::Normal);
        self.elapsed_before = Duration::try_from_secs_f64(unit.elapsed_s).unwrap_or_default();
        self.failure = unit.failure.map(|Failure { verdict, advice }| StepError::Earlier { verdict, advice });
        self.watched = unit.watched;
        self.continued = unit.continued;
        self.continued.push(Continued { interrupted, continued, step });
        self.exceptions = admitted.traceability;
        let control = self.around.control;
        for (step, done) in unit.steps.iter().enumerate() {
            let (verdict, detail) = (done.verdict, done.detail.clone());
            control.tell(Event::StepDone { position: self.number, step, verdict, detail });
        }
        for measurement in &unit.measurements {
            control.tell(Event::Measured { position: self.number, measurement: measurement.clone() });
        }
        (self.steps, self.measurements, self.origins) = (unit.steps, unit.measurements, unit.origins);
    }

    fn start_again(&mut self, reason: String) {
        self.earlier = None;
        tracing::warn!(serial = self.serial, reason, "the earlier run is not taken up");
        self.around.operator.tell(&format!("{} starts again: {reason}", self.serial));
        self.around.control.tell(Event::StartsAgain { position: self.number, reason });
    }

    /// Tells the listeners how far it is, with the time that the test in hand was watched.
    pub(super) fn keep(&self, watched: Option<Watched>) {
        let (before, registers) = self.register_sets().map(|(old, new)| (old.to_json(), new.to_json())).unzip();
        let state = Unfinished {
            record: self.record.clone(),
            serial: self.serial.clone(),
            elapsed_s: self.elapsed().as_secs_f64(),
            steps: self.steps.clone(),
            measurements: self.measurements.clone(),
            origins: self.origins.clone(),
            registers: registers.unwrap_or_default(),
            registers_before: before.unwrap_or_default(),
            failure: self.failure.as_ref().map(Failure::from),
            watched,
            continued: self.continued.clone(),
        };
        self.around.control.tell(Event::Reached { position: self.number, state: Box::new(state) });
    }

    /// Time of the run, that of the earlier one included.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.elapsed_before + self.now().since(self.started)
    }
}

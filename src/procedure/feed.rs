//! The reference's readings as a stream that all positions look back into.
//!
//! One reference serves all positions, so one thread reads it and nobody else touches it. A position measures its meter at its
//! own pace and then takes from the feed what the reference showed at the very same time.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::control::Control;
use super::error::StepError;
use super::event::Event;
use crate::clock::{Clock, Moment, sleep};
use crate::reference::{InstrumentError, LoadPoint, Reference, ReferenceReading};

/// How far one can look back.
const MEMORY: Duration = Duration::from_secs(900);
/// The shortest time between two readings; instruments of the bench renew theirs every 0.1 to 1 s.
const INTERVAL: Duration = Duration::from_millis(250);
/// How often a reading is tried before the reference counts as failed.
const TRIES: u32 = 3;
/// A reference that shows nothing new for so long has stopped.
const STALE: Duration = Duration::from_secs(10);
/// How long a waiter sleeps before it looks again.
const LOOK: Duration = Duration::from_millis(50);

/// Readings by time.
#[derive(Default)]
pub struct Feed {
    state: Mutex<FeedState>,
    stopped: AtomicBool,
}

#[derive(Default)]
struct FeedState {
    readings: VecDeque<ReferenceReading>,
    ended: Option<Ended>,
    /// A load point the reference has not been told of yet.
    announced: Option<LoadPoint>,
}

/// Why there are no more readings.
#[derive(Clone)]
pub enum Ended {
    /// The reference failed.
    Failed(Arc<InstrumentError>),
    /// Its reader did.
    Panicked,
}

impl Ended {
    fn error(&self) -> StepError {
        match self {
            Self::Failed(error) => StepError::ReferenceFailed(Arc::clone(error)),
            Self::Panicked => StepError::Reference { reason: "its reader stopped unexpectedly".to_owned() },
        }
    }
}

impl Feed {
    fn lock(&self) -> MutexGuard<'_, FeedState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The newest reading, if there is one since the last change of load point.
    #[must_use]
    pub fn latest(&self) -> Option<ReferenceReading> {
        self.lock().readings.back().copied()
    }

    /// Tells the reference that the bench is on another load point, and waits until it knows. Older readings are forgotten.
    ///
    /// # Errors
    /// The reference failed, or the run was cancelled.
    pub fn announce(&self, point: LoadPoint, clock: &dyn Clock, control: &Control) -> Result<(), StepError> {
        self.lock().announced = Some(point);
        loop {
            control.checkpoint()?;
            let state = self.lock();
            if let Some(ended) = &state.ended {
                return Err(ended.error());
            }
            if state.announced.is_none() {
                return Ok(());
            }
            drop(state);
            sleep(clock, LOOK);
        }
    }

    /// Waits until there is a reading at or after `moment`.
    ///
    /// # Errors
    /// The reference failed or shows nothing new, or the run was cancelled.
    pub fn wait_for(
        &self,
        moment: Moment,
        clock: &dyn Clock,
        control: &Control,
    ) -> Result<ReferenceReading, StepError> {
        let give_up = clock.now().max(moment) + STALE;
        loop {
            control.checkpoint()?;
            let state = self.lock();
            if let Some(ended) = &state.ended {
                return Err(ended.error());
            }
            if let Some(reading) = state.readings.back().filter(|reading| reading.at >= moment) {
                return Ok(*reading);
            }
            drop(state);
            if clock.now() > give_up {
                let reason = format!("it showed nothing new for {} s", STALE.as_secs());
                return Err(StepError::Reference { reason });
            }
            sleep(clock, LOOK);
        }
    }

    /// What the reference showed from `from` to `to`, with the readings on both sides of the stretch.
    ///
    /// # Errors
    /// The feed does not reach that far.
    pub fn stretch(&self, from: Moment, to: Moment) -> Result<Stretch, StepError> {
        let state = self.lock();
        let first = state.readings.partition_point(|reading| reading.at <= from).saturating_sub(1);
        let past = (state.readings.partition_point(|reading| reading.at < to) + 1).min(state.readings.len());
        let readings: Vec<ReferenceReading> = state.readings.range(first..past).copied().collect();
        match readings.last() {
            Some(last) if last.at >= to => Ok(Stretch { readings }),
            _ => Err(StepError::Reference { reason: "its readings do not cover the measurement".to_owned() }),
        }
    }

    /// What the reference has shown since `from`, with the reading before it; for a look at a measurement that goes on.
    ///
    /// # Errors
    /// It has shown nothing yet, or has failed.
    pub fn so_far(&self, from: Moment) -> Result<Stretch, StepError> {
        let state = self.lock();
        let first = state.readings.partition_point(|reading| reading.at <= from).saturating_sub(1);
        let readings: Vec<ReferenceReading> = state.readings.range(first..).copied().collect();
        match (&state.ended, readings.is_empty()) {
            (Some(ended), _) => Err(ended.error()),
            (None, true) => Err(StepError::Reference { reason: "it has shown nothing yet".to_owned() }),
            (None, false) => Ok(Stretch { readings }),
        }
    }

    /// There will be no more readings; everybody who waits for one is told why.
    pub fn end(&self, ended: Ended) {
        tracing::error!(error = %ended.error(), "no more readings of the reference");
        self.lock().ended = Some(ended);
    }

    /// Ends [`Feed::run`] at its next reading.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Reads `reference` until stopped; the body of the feed's thread.
    pub fn run(&self, reference: &mut dyn Reference, clock: &dyn Clock, control: &Control) {
        // Before the first load point there is nothing to read, and a person at the bench nothing to answer.
        while self.lock().announced.is_none() && !self.stopped.load(Ordering::Relaxed) {
            sleep(clock, LOOK);
        }
        while !self.stopped.load(Ordering::Relaxed) {
            let started = clock.now();
            if let Err(error) = self.read_once(reference, clock, control) {
                self.end(Ended::Failed(Arc::new(error)));
                return;
            }
            clock.sleep_until(started + INTERVAL);
        }
    }

    fn read_once(
        &self,
        reference: &mut dyn Reference,
        clock: &dyn Clock,
        control: &Control,
    ) -> Result<(), InstrumentError> {
        let announced = self.lock().announced;
        if let Some(point) = announced {
            reference.load_point_changed(&point)?;
            let mut state = self.lock();
            state.readings.clear();
            state.announced = None;
        }
        let mut tries = 1;
        let reading = loop {
            match reference.read() {
                Ok(reading) => break reading,
                Err(error) if tries >= TRIES || self.stopped.load(Ordering::Relaxed) => return Err(error),
                Err(error) => tracing::warn!(%error, "reading the reference again"),
            }
            tries += 1;
        };
        let mut state = self.lock();
        while state.readings.front().is_some_and(|oldest| oldest.at + MEMORY < clock.now()) {
            state.readings.pop_front();
        }
        state.readings.push_back(reading);
        drop(state);
        control.tell(Event::Reference { reading });
        Ok(())
    }
}

/// The reference's readings over a stretch of time, at least one.
#[derive(Clone, Debug)]
pub struct Stretch {
    readings: Vec<ReferenceReading>,
}

impl Stretch {
    /// A reference that shows the same power all the time.
    #[cfg(test)]
    pub(super) fn constant(time: Duration, watts: f64) -> Self {
        use crate::units::{Amps, Volts, Watts};
        let reading = |at| ReferenceReading {
            at,
            u: Volts(240.0),
            i: Amps(watts / 240.0),
            p: Watts(watts),
            q: None,
            s: None,
            pf: None,
            phase: None,
            f: None,
        };
        Self { readings: vec![reading(Moment::START), reading(Moment::START + time)] }
    }

    /// The value of `quantity` at a moment, on the straight line between the readings around it.
    #[must_use]
    pub fn at(&self, moment: Moment, quantity: impl Fn(&ReferenceReading) -> f64) -> f64 {
        let next = self.readings.partition_point(|reading| reading.at < moment);
        let after = self.readings.get(next).or(self.readings.last());
        let before = next.checked_sub(1).and_then(|index| self.readings.get(index)).or(after);
        match (before, after) {
            (Some(before), Some(after)) => {
                let width = after.at.since(before.at).as_secs_f64();
                let part = if width > 0.0 { moment.since(before.at).as_secs_f64() / width } else { 0.0 };
                quantity(before) + (quantity(after) - quantity(before)) * part.min(1.0)
            }
            _ => f64::NAN,
        }
    }

    /// Mean of `quantity` over the readings.
    #[must_use]
    pub fn mean(&self, quantity: impl Fn(&ReferenceReading) -> f64) -> f64 {
        self.readings.iter().map(quantity).sum::<f64>() / self.readings.len() as f64
    }

    /// Largest minus smallest value of `quantity`.
    #[must_use]
    pub fn spread(&self, quantity: impl Fn(&ReferenceReading) -> f64) -> f64 {
        let (low, high) = self
            .readings
            .iter()
            .map(quantity)
            .fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
        high - low
    }

    /// Energy in Wh as a function of time, zero at the first reading.
    #[must_use]
    pub fn energy(&self) -> EnergyCurve {
        let mut knots: Vec<Knot> = Vec::with_capacity(self.readings.len());
        for reading in &self.readings {
            let (secs, watts) = (reading.at.secs(), reading.p.0);
            let wh =
                knots.last().map_or(0.0, |last| last.wh + (watts + last.watts) / 2.0 * (secs - last.secs) / 3600.0);
            knots.push(Knot { secs, watts, wh });
        }
        EnergyCurve { knots }
    }
}

#[derive(Clone, Copy, Debug)]
struct Knot {
    secs: f64,
    watts: f64,
    wh: f64,
}

/// Energy by the reference as a function of time.
#[derive(Clone, Debug)]
pub struct EnergyCurve {
    knots: Vec<Knot>,
}

impl EnergyCurve {
    /// Energy in Wh up to a moment, by the trapezoid between readings; outside of them at the nearest power.
    #[must_use]
    pub fn wh_at(&self, moment: Moment) -> f64 {
        let secs = moment.secs();
        let next = self.knots.partition_point(|knot| knot.secs < secs);
        let before = next.checked_sub(1).and_then(|index| self.knots.get(index));
        match (before, self.knots.get(next)) {
            (Some(before), Some(after)) => {
                let part = (secs - before.secs) / (after.secs - before.secs);
                let watts = before.watts + (after.watts - before.watts) * part;
                before.wh + (before.watts + watts) / 2.0 * (secs - before.secs) / 3600.0
            }
            (Some(edge), None) | (None, Some(edge)) => edge.wh + edge.watts * (secs - edge.secs) / 3600.0,
            (None, None) => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{Amps, Volts, Watts};

    fn stretch(points: &[(f64, f64)]) -> Stretch {
        let readings = points
            .iter()
            .map(|&(secs, watts)| ReferenceReading {
                at: Moment::after_start(Duration::from_secs_f64(secs)),
                u: Volts(240.0),
                i: Amps(5.0),
                p: Watts(watts),
                q: None,
                s: None,
                pf: None,
                phase: None,
                f: None,
            })
            .collect();
        Stretch { readings }
    }

    #[test]
    fn energy_is_the_area_under_the_power() {
        let curve = stretch(&[(0.0, 0.0), (1800.0, 1000.0), (3600.0, 1000.0)]).energy();
        let at = |secs| curve.wh_at(Moment::after_start(Duration::from_secs(secs)));
        assert!((at(900) - 62.5).abs() < 1e-9);
        assert!((at(3600) - 750.0).abs() < 1e-9);
        assert!((at(7200) - 1750.0).abs() < 1e-9);
    }

    #[test]
    fn between_readings_the_line_is_straight() {
        let stretch = stretch(&[(0.0, 0.0), (10.0, 100.0)]);
        let at = |secs| stretch.at(Moment::after_start(Duration::from_secs_f64(secs)), |reading| reading.p.0);
        assert!((at(2.5) - 25.0).abs() < 1e-9);
        assert!((at(20.0) - 100.0).abs() < 1e-9);
        assert!((stretch.spread(|reading| reading.p.0) - 100.0).abs() < 1e-9);
    }
}

//! What the window knows of meter and reference while they are watched, or while a run reads them.
//!
//! Readings come in by time; here they become the newest values of both sides, errors of the same moments (`pairing`), an
//! hour of history, energy, the steadiness of the reference and the health of the bus. A value older than [`FRESH_SECS`] is
//! no value any more.

use std::sync::Arc;

use m90e26::field::SysStatus;

use super::history::{History, Row};
use super::measurand::{Measurand, NO_VALUES, Values, reference_values};
use super::session::{Basis, ChipState, LimitPoint, MeterRound, WatchNotice, WatchWish};
use crate::procedure::event::MeterReading;
use crate::reference::ReferenceReading;

mod bus;
mod energy;
mod pairing;
mod stability;

pub use bus::BusHealth;
pub use energy::Energy;
pub use pairing::PAIR_SECS;
pub use stability::{Change, Stability};

use bus::BusRounds;
use energy::EnergyMatch;
use pairing::Pairing;
use stability::Steadiness;

/// A value is shown so long after it was read, in seconds of the station's clock.
pub const FRESH_SECS: f64 = 3.0;
/// A load point speaks for currents down to this part of its own; far below it, meters have other limits or none.
const STILL_NEAR: f64 = 0.5;
/// A wish is renewed so often while the page is shown, in seconds; the station's thread lets it last longer.
pub const RENEW_SECS: f64 = 0.8;

/// Both sides, now and over the last hour.
#[derive(Clone, Debug, Default)]
pub struct WatchView {
    /// Place on the bench that is watched, from 0; [`WatchView::move_to`] changes it.
    pub position: usize,
    /// The energy registers are read, which clears them.
    pub count_energy: bool,
    /// In which terms the readings are seen; none before anything was watched.
    pub basis: Option<Arc<Basis>>,
    /// Why nothing is watched.
    pub problem: Option<String>,
    /// The last hour.
    pub history: History,
    /// How the chip is, as it was read last.
    pub state: Option<ChipState>,
    /// SysStatus and when it was read, in seconds of the station's clock.
    pub sys_status: Option<(f64, SysStatus)>,
    /// A run reads; what it does not read is not there.
    pub running: bool,
    meter: Side,
    reference: Side,
    errors: Side,
    pairing: Pairing,
    energy: EnergyMatch,
    steadiness: Steadiness,
    bus: BusRounds,
    /// The newest moment anything was read at, in seconds of the station's clock.
    now: f64,
    status_turn: u64,
    /// The wish sent last, and when, by the window's time.
    renewed: Option<(f64, WatchWish)>,
}

/// The newest value of each quantity and when it was read.
#[derive(Clone, Copy, Debug)]
struct Side {
    values: Values,
    secs: Values,
}

impl Default for Side {
    fn default() -> Self {
        Self { values: NO_VALUES, secs: NO_VALUES }
    }
}

impl Side {
    fn set(&mut self, measurand: Measurand, secs: f64, value: f64) {
        let place = measurand.index();
        if let (Some(slot), Some(at)) = (self.values.get_mut(place), self.secs.get_mut(place)) {
            (*slot, *at) = (value, secs);
        }
    }

    fn fresh(&self, measurand: Measurand, now: f64) -> Option<f64> {
        let age = now - measurand.of(&self.secs)?;
        measurand.of(&self.values).filter(|_| age <= FRESH_SECS)
    }
}

impl WatchView {
    /// The wish to send now, if it is time: it is new, or the last one soon runs out. `time` is the window's, in seconds.
    pub fn wish(&mut self, time: f64, profile: &str, procedure: &str) -> Option<WatchWish> {
        let wish = WatchWish {
            position: self.position,
            profile: profile.to_owned(),
            procedure: procedure.to_owned(),
            count_energy: self.count_energy,
            status_turn: self.status_turn,
        };
        let holds = |(at, last): &(f64, WatchWish)| *last == wish && time - at < RENEW_SECS && time >= *at;
        if self.renewed.as_ref().is_some_and(holds) {
            return None;
        }
        self.renewed = Some((time, wish.clone()));
        Some(wish)
    }

    /// SysStatus is to be read once.
    pub const fn read_status(&mut self) {
        self.status_turn += 1;
    }

    /// Takes in what the station's thread tells.
    pub fn apply(&mut self, notice: WatchNotice) {
        match notice {
            WatchNotice::Began(basis) => {
                self.basis = Some(basis);
                self.problem = None;
                self.outdated();
            }
            WatchNotice::Refused(problem) => self.problem = Some(problem),
            // What was still on its way when a run began is of before, and so is what another position showed.
            WatchNotice::Meter(_) | WatchNotice::Reference(_) if self.running => {}
            WatchNotice::Meter(_) if self.basis.as_ref().is_none_or(|basis| basis.position != self.position) => {}
            WatchNotice::Meter(rounds) => rounds.into_iter().for_each(|round| self.round(&round)),
            WatchNotice::Reference(readings) => readings.iter().for_each(|reading| self.reference_shows(reading)),
        }
    }

    /// A run begins.
    pub fn run_began(&mut self) {
        self.outdated();
        self.running = true;
        // The run writes registers and clears the events.
        (self.state, self.sys_status) = (None, None);
    }

    /// The run is over.
    pub fn run_ended(&mut self) {
        self.outdated();
        self.running = false;
    }

    /// The station was closed, or another one is being opened: its clock begins anew.
    pub fn forget(&mut self) {
        let history = std::mem::take(&mut self.history);
        *self = Self {
            position: self.position,
            count_energy: self.count_energy,
            status_turn: self.status_turn,
            history,
            ..Self::default()
        };
        self.history.clear();
    }

    /// Another position is watched from now on; what was seen is of the one before.
    pub fn move_to(&mut self, position: usize) {
        if position == self.position {
            return;
        }
        let (basis, running, now) = (self.basis.take(), self.running, self.now);
        self.forget();
        (self.position, self.basis, self.running, self.now) = (position, basis, running, now);
    }

    /// The load is being changed: readings on either side do not belong together.
    pub fn interrupt(&mut self) {
        let mut rows = Vec::new();
        self.pairing.interrupt(&mut rows);
        self.keep(rows);
        self.steadiness.clear();
        (self.meter, self.reference, self.errors) = Default::default();
    }

    /// The meter does not answer: what it showed holds no longer.
    pub fn meter_lost(&mut self) {
        (self.meter, self.errors, self.state) = (Side::default(), Side::default(), None);
        self.bus.stop();
    }

    /// The reference does not answer.
    pub fn reference_lost(&mut self) {
        (self.reference, self.errors) = Default::default();
        self.steadiness.clear();
    }

    /// The reference shows this.
    pub fn reference_shows(&mut self, reading: &ReferenceReading) {
        let secs = reading.at.secs();
        self.now = self.now.max(secs);
        self.reference = Side { values: reference_values(reading), secs: [secs; Measurand::ALL.len()] };
        self.steadiness.push(reading);
        let mut rows = Vec::new();
        self.pairing.push_reference(reading, &mut rows);
        self.keep(rows);
        let counts = self.counts_per_wh();
        self.energy.push_reference(reading, counts);
    }

    /// A run has read the meter of a position.
    pub fn run_reads(&mut self, position: usize, reading: MeterReading) {
        if position != self.position {
            return;
        }
        let secs = reading.at.secs();
        self.now = self.now.max(secs);
        let mut values = NO_VALUES;
        for (measurand, value) in [(Measurand::U, Some(reading.u.0)), (Measurand::I, reading.i.map(|i| i.0))] {
            if let (Some(value), Some(slot)) = (value, values.get_mut(measurand.index())) {
                *slot = value;
                self.meter.set(measurand, secs, value);
            }
        }
        let mut rows = Vec::new();
        self.pairing.push_meter(secs, [secs; Measurand::ALL.len()], values, &mut rows);
        self.keep(rows);
    }

    /// The newest moment anything was read at, in seconds of the station's clock.
    #[must_use]
    pub const fn now(&self) -> f64 {
        self.now
    }

    /// What the meter shows, if it was read lately.
    #[must_use]
    pub fn meter(&self, measurand: Measurand) -> Option<f64> {
        self.meter.fresh(measurand, self.now)
    }

    /// How long ago the meter was read, in seconds, if ever since the watch began.
    #[must_use]
    pub fn meter_age(&self, measurand: Measurand) -> Option<f64> {
        measurand.of(&self.meter.secs).map(|secs| self.now - secs)
    }

    /// What the reference shows, if it was read lately.
    #[must_use]
    pub fn reference(&self, measurand: Measurand) -> Option<f64> {
        self.reference.fresh(measurand, self.now)
    }

    /// The reference has been read lately.
    #[must_use]
    pub fn reference_answers(&self) -> bool {
        self.reference(Measurand::U).is_some()
    }

    /// The error of the newest moment both sides are known at, if it is fresh.
    #[must_use]
    pub fn error(&self, measurand: Measurand) -> Option<f64> {
        self.meter(measurand)?;
        self.errors.fresh(measurand, self.now)
    }

    /// The energy counted since the counting began.
    #[must_use]
    pub const fn energy(&self) -> Option<Energy> {
        self.energy.newest()
    }

    /// How the reference stands, by the procedure's criterion; none without a procedure.
    #[must_use]
    pub fn stability(&self) -> Option<Stability> {
        let basis = self.basis.as_ref()?;
        Some(self.steadiness.judge(basis.window, basis.tolerance))
    }

    /// How the bus does; none while nobody reads it.
    #[must_use]
    pub fn bus(&self) -> Option<BusHealth> {
        self.bus.health()
    }

    /// The load point of the procedure that is nearest to the present load, among those that judge something.
    #[must_use]
    pub fn limit_point(&self, judges: impl Fn(&LimitPoint) -> bool) -> Option<&LimitPoint> {
        let amps = self.reference(Measurand::I);
        let phase = self.reference(Measurand::Phase);
        let distance = |point: &LimitPoint| {
            let turn = phase.map_or(0.0, |phase| (phase - point.load.pf.phase().0).abs() / 60.0);
            let (here, there) = (amps.unwrap_or(0.0).abs(), point.load.i.0);
            let ratio = if here > 0.0 && there > 0.0 { (here / there).ln().abs() } else { 0.0 };
            turn + ratio
        };
        let points = self.basis.as_ref().map_or(&[][..], |basis| &basis.points);
        points.iter().filter(|point| judges(point)).min_by(|a, b| distance(a).total_cmp(&distance(b)))
    }

    /// The limit of a quantity's error in percent and the load point it is taken from; none where nothing judges it.
    #[must_use]
    pub fn limit(&self, measurand: Measurand) -> Option<(f64, &LimitPoint)> {
        let of: fn(&LimitPoint) -> Option<f64> = match measurand {
            Measurand::U => |point| point.voltage,
            Measurand::I => |point| point.current,
            // Energy is power over time, and what a procedure judges.
            Measurand::P => |point| point.energy,
            _ => return None,
        };
        // At the starting current no load point is near: its limits say nothing there. A voltage is judged at any current.
        let near = |point: &LimitPoint| measurand == Measurand::U || !self.is_below(point);
        let point = self.limit_point(|point| of(point).is_some() && near(point))?;
        of(point).map(|limit| (limit, point))
    }

    /// The present current is below all that any load point speaks for.
    #[must_use]
    pub fn is_below_all(&self) -> bool {
        let mut points = self.basis.iter().flat_map(|basis| &basis.points).peekable();
        points.peek().is_some() && points.all(|point| self.is_below(point))
    }

    fn is_below(&self, point: &LimitPoint) -> bool {
        self.reference(Measurand::I).is_some_and(|amps| amps.abs() < point.load.i.0 * STILL_NEAR)
    }

    fn round(&mut self, round: &MeterRound) {
        let at = round.at.secs();
        self.now = self.now.max(at);
        for measurand in Measurand::ALL {
            if let Some(secs) = measurand.of(&round.secs) {
                self.meter.set(measurand, secs, measurand.of(&round.values).unwrap_or(f64::NAN));
            }
        }
        if let Some(state) = round.state {
            self.state = Some(state);
            let counts = self.counts_per_wh();
            self.energy.push_count(round.energy, counts);
        }
        if let Some(word) = round.sys_status {
            self.sys_status = Some((at, SysStatus::from_bits(word)));
        }
        self.bus.push(at, round.bus);
        let mut rows = Vec::new();
        self.pairing.push_meter(at, round.secs, round.values, &mut rows);
        self.keep(rows);
    }

    fn keep(&mut self, rows: Vec<Row>) {
        for row in rows {
            for measurand in Measurand::ALL {
                if let Some(error) = measurand.error(&row.meter, &row.reference) {
                    self.errors.set(measurand, row.secs, error);
                }
            }
            self.history.push(row);
        }
    }

    /// Nothing of before is fresh; the history stays.
    fn outdated(&mut self) {
        self.interrupt();
        self.pairing.clear();
        self.energy.clear();
        self.bus.clear();
        self.state = None;
    }

    fn counts_per_wh(&self) -> f64 {
        self.basis.as_ref().map_or(1.0, |basis| basis.counts_per_wh)
    }
}

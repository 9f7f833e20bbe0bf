//! Reading everything there is, as fast as the wire allows, as long as somebody looks.
//!
//! The live page asks for it again and again; each wish is a lease, and when it runs out the station goes back to its idle
//! look. Meter and reference have a thread each, so that a slow reference does not hold up the meter. Registers that reading
//! clears are read only when the wish says so. Not here: pairing and errors, which are [`crate::gui::watch_view`]'s.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use m90e26::Register;
use m90e26::field::command;

use super::{Link, Notice, Open, Request, Worker};
use crate::clock::{Clock, Moment, SharedClock, muster, sleep};
use crate::gui::measurand::{Measurand, NO_VALUES, Values};
use crate::job::JobCtl;
use crate::meter::{BusStatistics, Line, Meter, MeterError};
use crate::profile::{self, MeterProfile, Procedure};
use crate::reference::{InstrumentError, LoadPoint, Reference, ReferenceReading};
use crate::units::Percent;

/// A wish holds so long; the page renews it earlier.
const LEASE: Duration = Duration::from_millis(2500);
/// How soon an end of the lease or of a thread is noticed.
const LOOK: Duration = Duration::from_millis(100);
/// The shortest time between two readings of the reference; instruments renew theirs every 0.1 to 1 s.
const REFERENCE_EVERY: Duration = Duration::from_millis(100);
/// How often status and energy are read.
const STATE_EVERY: Duration = Duration::from_secs(1);
/// The window is told so often at most; it could not draw faster, and a simulated station may run many times as fast.
const TELL_EVERY: Duration = Duration::from_millis(80);
/// A pause while the chip measures nothing.
const IDLE: Duration = Duration::from_millis(250);

/// What the window wants to see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WatchWish {
    /// Place on the bench, from 0.
    pub position: usize,
    /// Meter profile: lines and current scale.
    pub profile: String,
    /// Procedure: limits and the criterion of stability.
    pub procedure: String,
    /// Read the energy registers, which sets them to zero.
    pub count_energy: bool,
    /// Each new number reads SysStatus once, which sets it to zero.
    pub status_turn: u64,
}

impl WatchWish {
    /// Both ask for the same meter in the same terms, so that one goes on where the other was.
    fn continues(&self, other: &Self) -> bool {
        self.position == other.position && self.profile == other.profile && self.procedure == other.procedure
    }
}

/// What figures of meter profile and procedure the readings are seen by.
#[derive(Clone, Debug)]
pub struct Basis {
    /// Place on the bench, from 0.
    pub position: usize,
    /// Name of the procedure.
    pub procedure: String,
    /// The current input that is read: the profile's first.
    pub line: Line,
    /// Counts of 0.1 pulse for each Wh.
    pub counts_per_wh: f64,
    /// Load points with limits, in the procedure's order.
    pub points: Vec<LimitPoint>,
    /// Means of two windows so long are compared.
    pub window: Duration,
    /// They may differ by so much.
    pub tolerance: Percent,
    scale: f64,
}

/// A load point of the procedure with its limits.
#[derive(Clone, Debug)]
pub struct LimitPoint {
    /// Its name.
    pub name: String,
    /// Where the source is there.
    pub load: LoadPoint,
    /// Limit of the voltage's error in percent.
    pub voltage: Option<f64>,
    /// Limit of the current's error in percent.
    pub current: Option<f64>,
    /// Limit of the energy's error in percent.
    pub energy: Option<f64>,
    /// Where the limits come from, as the procedure says.
    pub source: String,
}

impl Basis {
    /// From the profile of a meter and a procedure.
    #[must_use]
    pub fn new(position: usize, meter: &MeterProfile, procedure: &Procedure) -> Self {
        let point = |(name, point): (&str, &profile::verification::Accuracy)| LimitPoint {
            name: name.to_owned(),
            load: point.load.at(&meter.rating),
            voltage: point.limits.voltage.map(|limit| limit.0),
            current: point.limits.current.map(|limit| limit.0),
            energy: point.limits.energy.map(|limit| limit.0),
            source: point.limit_source.clone(),
        };
        Self {
            position,
            procedure: procedure.name.clone(),
            line: meter.calibration.lines.first().copied().unwrap_or(Line::L),
            counts_per_wh: meter.calibration.chip_constant_imp_per_kwh * 10.0 / 1000.0,
            points: procedure.accuracy_points().map(point).collect(),
            window: procedure.stability.window,
            tolerance: procedure.stability.tolerance,
            scale: meter.calibration.current_scale,
        }
    }
}

/// Everything the meter showed, read one quantity after the other.
#[derive(Clone, Debug)]
pub struct MeterRound {
    /// When the round was over.
    pub at: Moment,
    /// When each quantity was read, in seconds of the station's clock.
    pub secs: Values,
    /// What it showed, in real amperes and watts; not a number where it gave no value.
    pub values: Values,
    /// Status, when this round read it.
    pub state: Option<ChipState>,
    /// SysStatus, when this round read and so cleared it.
    pub sys_status: Option<u16>,
    /// The energy counted so far, while it is counted.
    pub energy: Option<EnergyCount>,
    /// The bus since the station was opened.
    pub bus: BusStatistics,
}

impl MeterRound {
    /// A round that has read nothing yet.
    fn empty(at: Moment) -> Self {
        let bus = BusStatistics::default();
        Self { at, secs: NO_VALUES, values: NO_VALUES, state: None, sys_status: None, energy: None, bus }
    }
}

/// Registers that tell how the chip is and that reading does not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChipState {
    /// EnStatus.
    pub en_status: u16,
    /// CalStart: whether energy is metered.
    pub cal_start: u16,
    /// AdjStart: whether voltage, current and power are measured.
    pub adj_start: u16,
}

impl ChipState {
    /// Voltage, current and power are measured.
    #[must_use]
    pub const fn measures(&self) -> bool {
        matches!(self.adj_start, command::CAL_START | command::CAL_CHECK)
    }

    /// Energy is metered.
    #[must_use]
    pub const fn meters(&self) -> bool {
        matches!(self.cal_start, command::CAL_START | command::CAL_CHECK)
    }
}

/// Counts taken from the energy registers since the counting began.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EnergyCount {
    /// When the registers were set to zero.
    pub from: Moment,
    /// When they were read last.
    pub to: Moment,
    /// Forward counts of 0.1 pulse.
    pub forward: u64,
    /// Reverse counts of 0.1 pulse.
    pub reverse: u64,
}

/// What the station's thread tells while it watches.
#[derive(Clone, Debug)]
pub enum WatchNotice {
    /// It begins, in these terms; nothing of before is fresh any more.
    Began(Arc<Basis>),
    /// A profile cannot be loaded, so nothing is watched.
    Refused(String),
    /// The meter, by time.
    Meter(Vec<MeterRound>),
    /// The reference, by time.
    Reference(Vec<ReferenceReading>),
}

/// The wish as the meter's thread sees it.
struct Wanted {
    stop: AtomicBool,
    count_energy: AtomicBool,
    status_turn: AtomicU64,
}

/// Tells the window in handfuls.
struct Teller<'a, T> {
    ctl: &'a JobCtl<Notice, ()>,
    world: &'a SharedClock,
    wrap: fn(Vec<T>) -> WatchNotice,
    told_at: Moment,
    waiting: Vec<T>,
}

impl<T> Teller<'_, T> {
    fn tell(&mut self, news: T) {
        self.waiting.push(news);
        let now = self.world.now();
        if now.since(self.told_at) >= TELL_EVERY {
            self.told_at = now;
            self.ctl.progress(Notice::Watch((self.wrap)(std::mem::take(&mut self.waiting))));
        }
    }
}

impl Worker<'_> {
    /// Watches until the lease runs out, a device fails, or something else is asked for, which is given back.
    pub(super) fn watch(&mut self, wish: &WatchWish, inbox: &Receiver<Request>) -> Option<Request> {
        let Some(open) = &mut self.open else { return None };
        let basis = match basis(wish) {
            Ok(basis) => Arc::new(basis),
            Err(problem) => {
                self.ctl.notice(Notice::Watch(WatchNotice::Refused(problem)));
                return None;
            }
        };
        open.keep_time();
        let Open { bench, reads_alone, pace, world, seen, .. } = open;
        let reference =
            (*reads_alone && matches!(self.links.reference, Link::Ready(_))).then_some(&mut bench.reference);
        let meter = bench.positions.get_mut(wish.position).map(|place| &mut place.meter);
        let meter = meter.filter(|_| matches!(self.links.meters.get(wish.position), Some(Link::Ready(_))));
        let size = usize::from(reference.is_some()) + usize::from(meter.is_some());
        if size == 0 {
            return None;
        }
        let (ctl, clock) = (self.ctl, &bench.clock);
        ctl.notice(Notice::Watch(WatchNotice::Began(Arc::clone(&basis))));
        let wanted = Wanted {
            stop: AtomicBool::new(false),
            count_energy: AtomicBool::new(wish.count_energy),
            status_turn: AtomicU64::new(wish.status_turn),
        };
        let begun = Begun { clock, world, pace: *pace, clock_at: clock.now(), world_at: world.now() };
        let mut troubles = (None, None);
        let mut next = None;
        // Both work by the station's clock, and this thread lends them its attendance while it waits for a lease.
        let mut members = muster(clock, size).into_iter();
        std::thread::scope(|scope| {
            let (wanted, begun, basis) = (&wanted, &begun, &*basis);
            let named = |name: &str| std::thread::Builder::new().name(name.to_owned());
            let meter = meter.and_then(|meter| Some((meter, members.next()?))).map(|(meter, member)| {
                named("live meter").spawn_scoped(scope, move || {
                    let _member = member;
                    let teller = teller(ctl, begun.world, WatchNotice::Meter);
                    read_meter(&mut **meter, basis, wanted, begun, teller)
                })
            });
            let reference =
                reference.and_then(|reference| Some((reference, members.next()?))).map(|(reference, member)| {
                    named("live reference").spawn_scoped(scope, move || {
                        let _member = member;
                        let teller = teller(ctl, begun.world, WatchNotice::Reference);
                        read_reference(&mut **reference, wanted, begun, teller)
                    })
                });
            let running = [meter.as_ref().map(Result::is_ok), reference.as_ref().map(Result::is_ok)];
            if running.into_iter().flatten().all(|running| running) {
                let ended = || {
                    meter.iter().flatten().any(std::thread::ScopedJoinHandle::is_finished)
                        || reference.iter().flatten().any(std::thread::ScopedJoinHandle::is_finished)
                };
                next = hold(wish, inbox, wanted, world, || ctl.is_cancelled() || ended());
            }
            wanted.stop.store(true, Ordering::Relaxed);
            troubles = (meter.and_then(trouble), reference.and_then(trouble));
        });
        *seen = (bench.clock.now(), world.now());
        if let (None, None) = troubles {
            return next;
        }
        let links = [self.links.meters.get_mut(wish.position), Some(&mut self.links.reference)];
        for (link, trouble) in links.into_iter().zip([troubles.0, troubles.1]) {
            if let (Some(link), Some(reason)) = (link, trouble) {
                *link = Link::Trouble(reason);
            }
        }
        self.show_links();
        next
    }
}

/// Waits while the lease is renewed; what else is asked for ends it.
fn hold(
    wish: &WatchWish,
    inbox: &Receiver<Request>,
    wanted: &Wanted,
    world: &SharedClock,
    over: impl Fn() -> bool,
) -> Option<Request> {
    let mut until = world.now() + LEASE;
    while !over() && world.now() < until {
        match inbox.recv_timeout(LOOK) {
            Ok(Request::Watch(renewed)) if renewed.continues(wish) => {
                until = world.now() + LEASE;
                wanted.count_energy.store(renewed.count_energy, Ordering::Relaxed);
                wanted.status_turn.store(renewed.status_turn, Ordering::Relaxed);
            }
            Ok(other) => return Some(other),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return None,
        }
    }
    None
}

fn basis(wish: &WatchWish) -> Result<Basis, String> {
    let meter = profile::load_meter(&wish.profile).map_err(|error| error.to_string())?;
    let procedure = profile::load_procedure(&wish.procedure).map_err(|error| error.to_string())?;
    Ok(Basis::new(wish.position, &meter, &procedure))
}

/// Why a thread ended, if it failed. A panic goes on here: it is a fault of the program.
fn trouble<E: std::fmt::Display>(
    thread: std::io::Result<std::thread::ScopedJoinHandle<'_, Result<(), E>>>,
) -> Option<String> {
    match thread {
        Err(error) => Some(error.to_string()),
        Ok(handle) => match handle.join() {
            Ok(result) => result.err().map(|error| error.to_string()),
            Err(panic) => std::panic::resume_unwind(panic),
        },
    }
}

fn teller<'a, T>(
    ctl: &'a JobCtl<Notice, ()>,
    world: &'a SharedClock,
    wrap: fn(Vec<T>) -> WatchNotice,
) -> Teller<'a, T> {
    Teller { ctl, world, wrap, told_at: Moment::START, waiting: Vec::new() }
}

/// Where both clocks stood at the beginning.
struct Begun<'a> {
    clock: &'a SharedClock,
    world: &'a SharedClock,
    pace: f64,
    clock_at: Moment,
    world_at: Moment,
}

impl Begun<'_> {
    /// A clock that runs ahead of the world waits for it here; a real one never does.
    fn keep_pace(&self) {
        let moved = self.clock.now().since(self.clock_at).div_f64(self.pace.max(1e-3));
        let ahead = moved.saturating_sub(self.world.now().since(self.world_at));
        if ahead > Duration::from_millis(2) {
            sleep(&**self.world, ahead);
        }
    }
}

fn read_reference(
    reference: &mut dyn Reference,
    wanted: &Wanted,
    begun: &Begun<'_>,
    mut teller: Teller<'_, ReferenceReading>,
) -> Result<(), InstrumentError> {
    while !wanted.stop.load(Ordering::Relaxed) {
        let started = begun.clock.now();
        teller.tell(reference.read()?);
        begun.keep_pace();
        begun.clock.sleep_until(started + REFERENCE_EVERY);
    }
    Ok(())
}

/// Reads round after round. A failure is told with what the bus has counted meanwhile.
fn read_meter(
    meter: &mut dyn Meter,
    basis: &Basis,
    wanted: &Wanted,
    begun: &Begun<'_>,
    mut teller: Teller<'_, MeterRound>,
) -> Result<(), MeterError> {
    let result = read_rounds(meter, basis, wanted, begun, &mut teller);
    if result.is_err() {
        teller.told_at = Moment::START;
        teller.tell(MeterRound { bus: meter.bus(), ..MeterRound::empty(begun.clock.now()) });
    }
    result
}

fn read_rounds(
    meter: &mut dyn Meter,
    basis: &Basis,
    wanted: &Wanted,
    begun: &Begun<'_>,
    teller: &mut Teller<'_, MeterRound>,
) -> Result<(), MeterError> {
    let clock = &**begun.clock;
    let mut state_due = Moment::START;
    let mut measures = false;
    let mut energy = None;
    let mut turn = wanted.status_turn.load(Ordering::Relaxed);
    while !wanted.stop.load(Ordering::Relaxed) {
        let mut round = MeterRound { energy, ..MeterRound::empty(clock.now()) };
        if clock.now() >= state_due {
            state_due = clock.now() + STATE_EVERY;
            let state = read_state(meter)?;
            measures = state.measures();
            round.state = Some(state);
            let count = wanted.count_energy.load(Ordering::Relaxed);
            energy = if count && state.meters() { Some(count_energy(meter, energy)?) } else { None };
            round.energy = energy;
        }
        let asked = wanted.status_turn.load(Ordering::Relaxed);
        if asked != turn {
            turn = asked;
            round.sys_status = Some(meter.read(Register::SysStatus)?.value);
        }
        if measures {
            read_quantities(meter, basis, wanted, clock, &mut round)?;
        } else {
            sleep(clock, IDLE);
        }
        round.at = clock.now();
        round.bus = meter.bus();
        teller.tell(round);
        begun.keep_pace();
    }
    Ok(())
}

fn read_state(meter: &mut dyn Meter) -> Result<ChipState, MeterError> {
    Ok(ChipState {
        en_status: meter.read(Register::EnStatus)?.value,
        cal_start: meter.read(Register::CalStart)?.value,
        adj_start: meter.read(Register::AdjStart)?.value,
    })
}

fn read_quantities(
    meter: &mut dyn Meter,
    basis: &Basis,
    wanted: &Wanted,
    clock: &dyn Clock,
    round: &mut MeterRound,
) -> Result<(), MeterError> {
    for (measurand, (secs, value)) in Measurand::ALL.into_iter().zip(round.secs.iter_mut().zip(round.values.iter_mut()))
    {
        if wanted.stop.load(Ordering::Relaxed) {
            return Ok(());
        }
        let start = clock.now();
        match meter.quantity(measurand.of_meter(basis.line)) {
            Ok(shown) => {
                // As the procedure dates its readings: in the middle of the transaction.
                *secs = (start + clock.now().since(start) / 2).secs();
                *value = if measurand.scaled() { shown * basis.scale } else { shown };
            }
            // No value now; the next round asks again.
            Err(MeterError::Implausible { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Adds what the registers have counted. What stood in them before the counting began is nobody's.
fn count_energy(meter: &mut dyn Meter, before: Option<EnergyCount>) -> Result<EnergyCount, MeterError> {
    let forward = meter.read(Register::APenergy)?;
    let reverse = u64::from(meter.read(Register::ANenergy)?.value);
    Ok(match before {
        None => EnergyCount { from: forward.at, to: forward.at, forward: 0, reverse: 0 },
        Some(before) => EnergyCount {
            to: forward.at,
            forward: before.forward + u64::from(forward.value),
            reverse: before.reverse + reverse,
            ..before
        },
    })
}

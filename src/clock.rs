//! Time as a thing one is given: the real one, or a virtual one that jumps to the next thing anybody waits for.
//!
//! Everything that waits takes a [`Clock`]. On the virtual clock a run of minutes takes milliseconds and comes out the same
//! each time: time stands still while any attending thread works, and moves when all of them wait.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::{Add, Sub};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// A point in time of one clock, counted from that clock's start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(Duration);

impl Moment {
    /// The clock's start.
    pub const START: Self = Self(Duration::ZERO);

    /// A moment so far after the clock's start.
    #[must_use]
    pub const fn after_start(elapsed: Duration) -> Self {
        Self(elapsed)
    }

    /// Time since the clock's start.
    #[must_use]
    pub const fn since_start(self) -> Duration {
        self.0
    }

    /// Whole microseconds since the clock's start, as the chip's session counts time.
    #[must_use]
    pub fn micros(self) -> u64 {
        u64::try_from(self.0.as_micros()).unwrap_or(u64::MAX)
    }

    /// The moment so many microseconds after the clock's start.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(Duration::from_micros(micros))
    }

    /// Seconds since the clock's start.
    #[must_use]
    pub fn secs(self) -> f64 {
        self.0.as_secs_f64()
    }

    /// Time from `earlier` to here; zero when `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Moment {
    type Output = Self;
    fn add(self, time: Duration) -> Self {
        Self(self.0.saturating_add(time))
    }
}

impl Sub<Duration> for Moment {
    type Output = Self;
    fn sub(self, time: Duration) -> Self {
        Self(self.0.saturating_sub(time))
    }
}

/// What tells the time and waits.
///
/// A thread that works by this clock attends: the thread that made the clock does from the start, others through
/// [`muster`] or [`Attendance`]. A virtual clock never moves while an attending thread is busy.
pub trait Clock: Send + Sync {
    /// The present.
    fn now(&self) -> Moment;
    /// Returns when `until` is reached; at once when it is past.
    fn sleep_until(&self, until: Moment);
    /// One more thread attends.
    fn enter(&self);
    /// One thread less attends.
    fn leave(&self);
}

/// The clock all parts of a station share.
pub type SharedClock = Arc<dyn Clock>;

/// Waits for `time` on `clock`.
pub fn sleep(clock: &dyn Clock, time: Duration) {
    clock.sleep_until(clock.now() + time);
}

#[expect(clippy::disallowed_methods, reason = "the one place where real time comes in")]
fn real_now() -> Instant {
    Instant::now()
}

/// Date and time of day in this place: for logs and for people, never for measuring.
#[must_use]
pub fn wall_time() -> jiff::Zoned {
    jiff::Zoned::now()
}

/// The time of the real world.
#[derive(Debug)]
pub struct RealClock {
    start: Instant,
}

impl RealClock {
    /// A clock that starts now.
    #[must_use]
    pub fn shared() -> SharedClock {
        Arc::new(Self { start: real_now() })
    }
}

impl Clock for RealClock {
    fn now(&self) -> Moment {
        Moment(self.start.elapsed())
    }

    fn sleep_until(&self, until: Moment) {
        let wait = until.since(self.now());
        if !wait.is_zero() {
            std::thread::sleep(wait);
        }
    }

    fn enter(&self) {}

    fn leave(&self) {}
}

/// Time that moves only when everybody waits.
pub struct VirtualClock {
    state: Mutex<VirtualState>,
    /// Virtual seconds per real second, or as fast as the machine goes.
    pace: Option<f64>,
    start: Instant,
}

struct VirtualState {
    now: Moment,
    /// Attending threads that are not asleep.
    busy: usize,
    sleepers: BinaryHeap<Reverse<Sleeper>>,
    arrivals: u64,
}

struct Sleeper {
    until: Moment,
    /// First come, first served among equals: keeps runs repeatable.
    arrival: u64,
    thread: Thread,
    due: Arc<AtomicBool>,
}

impl PartialEq for Sleeper {
    fn eq(&self, other: &Self) -> bool {
        self.arrival == other.arrival
    }
}

impl Eq for Sleeper {}

impl PartialOrd for Sleeper {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Sleeper {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.until, self.arrival).cmp(&(other.until, other.arrival))
    }
}

impl VirtualClock {
    /// Starts at zero, attended by the calling thread.
    ///
    /// `pace` is virtual seconds per real second, for people who watch; `None` runs as fast as the machine goes.
    #[must_use]
    pub fn shared(pace: Option<f64>) -> SharedClock {
        Arc::new(Self {
            state: Mutex::new(VirtualState { now: Moment::START, busy: 1, sleepers: BinaryHeap::new(), arrivals: 0 }),
            pace: pace.filter(|pace| *pace > 0.0),
            start: real_now(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, VirtualState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Holds the caller until the real world has come as far as `now`.
    fn keep_pace(&self, now: Moment) {
        if let Some(pace) = self.pace {
            let due = now.since_start().div_f64(pace);
            let wait = due.saturating_sub(self.start.elapsed());
            if wait > Duration::from_millis(1) {
                std::thread::sleep(wait);
            }
        }
    }
}

impl VirtualState {
    /// Nobody is busy any more: the one who waits for the nearest moment goes on there.
    fn advance(&mut self) {
        if self.busy > 0 {
            return;
        }
        if let Some(Reverse(next)) = self.sleepers.pop() {
            self.now = self.now.max(next.until);
            self.busy = 1;
            next.due.store(true, Ordering::Release);
            next.thread.unpark();
        }
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Moment {
        self.lock().now
    }

    fn sleep_until(&self, until: Moment) {
        let mut state = self.lock();
        if until <= state.now {
            return;
        }
        let alone = state.busy == 1 && state.sleepers.peek().is_none_or(|Reverse(next)| next.until > until);
        if alone {
            state.now = until;
            drop(state);
        } else {
            let due = Arc::new(AtomicBool::new(false));
            state.arrivals += 1;
            let arrival = state.arrivals;
            let thread = std::thread::current();
            state.sleepers.push(Reverse(Sleeper { until, arrival, thread, due: Arc::clone(&due) }));
            state.busy = state.busy.saturating_sub(1);
            state.advance();
            drop(state);
            while !due.load(Ordering::Acquire) {
                std::thread::park();
            }
        }
        self.keep_pace(until);
    }

    fn enter(&self) {
        self.lock().busy += 1;
    }

    fn leave(&self) {
        let mut state = self.lock();
        state.busy = state.busy.saturating_sub(1);
        state.advance();
    }
}

/// One thread's attendance: taken on its behalf before it starts, given back when dropped.
pub struct Attendance(SharedClock);

impl Attendance {
    /// The caller, or a thread the caller is about to start, attends from now on.
    #[must_use]
    pub fn take(clock: &SharedClock) -> Self {
        clock.enter();
        Self(Arc::clone(clock))
    }
}

impl Drop for Attendance {
    fn drop(&mut self) {
        self.0.leave();
    }
}

/// Held by a thread that works while the one who sent it waits; see [`muster`].
pub struct CrewMember {
    clock: SharedClock,
    at_work: Arc<AtomicUsize>,
}

/// Passes for `size` threads, which the caller starts next and then waits for until the last has ended.
///
/// The waiting thread lends its own attendance to the crew and gets it back from whoever finishes last, so that a virtual
/// clock neither stands still nor runs away in between. A size of zero is nobody to wait for.
#[must_use]
pub fn muster(clock: &SharedClock, size: usize) -> Vec<CrewMember> {
    let at_work = Arc::new(AtomicUsize::new(size));
    // The caller's own attendance serves as the first member's.
    for _ in 1..size {
        clock.enter();
    }
    (0..size).map(|_| CrewMember { clock: Arc::clone(clock), at_work: Arc::clone(&at_work) }).collect()
}

impl Drop for CrewMember {
    fn drop(&mut self) {
        // The last one leaves its attendance to the thread that waits.
        if self.at_work.fetch_sub(1, Ordering::AcqRel) > 1 {
            self.clock.leave();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn virtual_time_jumps() {
        let clock = VirtualClock::shared(None);
        let real = real_now();
        sleep(&*clock, Duration::from_secs(3600));
        assert_eq!(clock.now(), Moment::after_start(Duration::from_secs(3600)));
        assert!(real.elapsed() < Duration::from_secs(60));
    }

    #[test]
    fn sleepers_wake_in_the_order_of_their_moments() {
        let clock = VirtualClock::shared(None);
        let log = Arc::new(Mutex::new(Vec::new()));
        let members = muster(&clock, 3);
        std::thread::scope(|scope| {
            for (number, member) in members.into_iter().enumerate() {
                let (clock, log) = (Arc::clone(&clock), Arc::clone(&log));
                scope.spawn(move || {
                    let _member = member;
                    for round in 0..50_u64 {
                        let until = Moment::from_micros((round * 3 + 2 - number as u64) * 1000);
                        clock.sleep_until(until);
                        log.lock().unwrap_or_else(PoisonError::into_inner).push((clock.now(), number));
                    }
                });
            }
        });
        let log = log.lock().unwrap_or_else(PoisonError::into_inner);
        assert_eq!(log.len(), 150);
        assert!(log.windows(2).all(|pair| pair[0].0 <= pair[1].0));
        assert_eq!(log.iter().take(3).map(|entry| entry.1).collect::<Vec<_>>(), [2, 1, 0]);
    }

    #[test]
    fn time_does_not_run_away_between_a_crew_and_the_next() {
        let clock = VirtualClock::shared(None);
        let stop = Arc::new(AtomicBool::new(false));
        let monitor = Attendance::take(&clock);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let _monitor = monitor;
                while !stop.load(Ordering::Relaxed) {
                    sleep(&*clock, Duration::from_millis(250));
                }
            });
            for stage in 1..=20_u64 {
                let members = muster(&clock, 2);
                std::thread::scope(|inner| {
                    for member in members {
                        let clock = &clock;
                        inner.spawn(move || {
                            let _member = member;
                            sleep(&**clock, Duration::from_secs(1));
                        });
                    }
                });
                assert_eq!(clock.now(), Moment::after_start(Duration::from_secs(stage)));
            }
            stop.store(true, Ordering::Relaxed);
            sleep(&*clock, Duration::from_secs(1));
        });
    }
}

//! The strings on a running procedure: cancel it, hear from it.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::error::StepError;
use super::event::Event;
use crate::clock::{Clock, sleep};

/// A wait is cut into slices of this length, so that a cancel is noticed soon.
const SLICE: Duration = Duration::from_millis(200);

/// Shared by the one who started a run and all its workers.
pub struct Control {
    cancelled: AtomicBool,
    listener: Box<dyn Fn(Event) + Send + Sync>,
}

impl Control {
    /// Events go to `listener`, on the worker's thread; it must not block.
    #[must_use]
    pub fn new(listener: impl Fn(Event) + Send + Sync + 'static) -> Self {
        Self { cancelled: AtomicBool::new(false), listener: Box::new(listener) }
    }

    /// Asks the run to stop at the next safe point. Switching the source off is part of stopping.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether a stop was asked for.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Called between two device operations, never in the middle of one.
    ///
    /// # Errors
    /// The run was cancelled.
    pub fn checkpoint(&self) -> Result<(), StepError> {
        if self.is_cancelled() { Err(StepError::Cancelled) } else { Ok(()) }
    }

    /// Waits, and can be cancelled meanwhile.
    ///
    /// # Errors
    /// The run was cancelled.
    pub fn wait(&self, clock: &dyn Clock, time: Duration) -> Result<(), StepError> {
        let until = clock.now() + time;
        loop {
            self.checkpoint()?;
            let rest = until.since(clock.now());
            if rest.is_zero() {
                return Ok(());
            }
            sleep(clock, rest.min(SLICE));
        }
    }

    /// Tells the listener. One that panics must not take the run with it: the source has to go off.
    pub fn tell(&self, event: Event) {
        let listen = AssertUnwindSafe(|| (self.listener)(event));
        if std::panic::catch_unwind(listen).is_err() {
            tracing::error!("a listener of the run panicked");
        }
    }
}

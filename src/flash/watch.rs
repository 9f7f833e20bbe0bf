//! How far flashing is, and whether it shall stop.

use std::time::Duration;

use super::error::FlashError;
use crate::clock::{Moment, SharedClock};

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Getting the chip's attention and asking what it is.
    Identify,
    /// Lifting the readout protection, which erases the chip. Cannot be cancelled.
    Unprotect,
    /// Reading what is there to find out what differs.
    Compare,
    /// Reading what is there, to keep it. Cancelled between two blocks.
    Read,
    /// Erasing. Cancelled between two groups of pages.
    Erase,
    /// Writing. Cancelled between two blocks.
    Write,
    /// Reading back. Cancelled between two blocks.
    Verify,
    /// Switching the readout protection on. Cannot be cancelled.
    Protect,
    /// Starting the program. Cannot be cancelled.
    Start,
}

/// How far a stage is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// The stage.
    pub stage: Stage,
    /// Bytes done.
    pub done: u64,
    /// Bytes in all; 0 where a stage is a single step.
    pub total: u64,
    /// Bytes per second since the stage began; none before there is something to tell from.
    pub rate: Option<f64>,
    /// What is left of the stage at that rate.
    pub left: Option<Duration>,
}

/// Whom the work tells how far it is, and asks whether to go on.
pub struct Watch<'a> {
    clock: SharedClock,
    cancelled: Box<dyn Fn() -> bool + 'a>,
    listener: Box<dyn FnMut(Progress) + 'a>,
    stage: Stage,
    total: u64,
    began: Moment,
}

impl<'a> Watch<'a> {
    /// Asks `cancelled`, tells `listener`; both are called between two commands to the chip and must not block.
    pub fn new(clock: SharedClock, cancelled: impl Fn() -> bool + 'a, listener: impl FnMut(Progress) + 'a) -> Self {
        let began = clock.now();
        let (cancelled, listener) = (Box::new(cancelled), Box::new(listener));
        Self { clock, cancelled, listener, stage: Stage::Identify, total: 0, began }
    }

    /// Nobody watches and nobody stops it.
    #[must_use]
    pub fn nobody(clock: SharedClock) -> Watch<'static> {
        Watch::new(clock, || false, |_| {})
    }

    /// A stage of `total` bytes begins.
    pub fn begin(&mut self, stage: Stage, total: u64) {
        (self.stage, self.total, self.began) = (stage, total, self.clock.now());
        self.reached(0);
    }

    /// So many bytes of the stage are done.
    pub fn reached(&mut self, done: u64) {
        let elapsed = self.clock.now().since(self.began).as_secs_f64();
        let rate = (done > 0 && elapsed > 0.0).then(|| done as f64 / elapsed);
        let left =
            rate.and_then(|rate| Duration::try_from_secs_f64(self.total.saturating_sub(done) as f64 / rate).ok());
        (self.listener)(Progress { stage: self.stage, done, total: self.total, rate, left });
    }

    /// Called between two commands, never in the middle of one.
    ///
    /// # Errors
    /// It shall stop.
    pub fn checkpoint(&self) -> Result<(), FlashError> {
        if (self.cancelled)() { Err(FlashError::Cancelled { stage: self.stage }) } else { Ok(()) }
    }
}

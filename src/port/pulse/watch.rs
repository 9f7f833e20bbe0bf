//! Watches a modem line on a thread of its own and notes the moment of each change.
//!
//! By looking again and again: to be woken by the change (TIOCMIWAIT) needs a call that no crate offers safely, and a USB converter
//! tells its lines once a millisecond anyway. What that costs is known, `LOOK`, and stands in the uncertainty.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use super::{Edge, Output, PulseError, PulseInput, Sieve};
use crate::clock::{Moment, SharedClock, sleep};
use crate::port::PortError;

/// Pause between two looks.
const LOOK: Duration = Duration::from_micros(500);
/// What a system makes of that pause, and a USB converter of a change.
const RESOLUTION: Duration = Duration::from_millis(2);
/// A look that comes later than this is told, whatever it finds: pulses may hide behind it.
const LATE: Duration = Duration::from_millis(3);
/// Edges that wait to be counted; a meter makes some tens a second.
const WAITING: usize = 4096;

/// A line that is lit or not.
pub trait Line: Send {
    /// Whether it is lit now.
    fn is_lit(&mut self) -> Result<bool, PortError>;
}

/// A head whose line is watched.
pub struct WatchedHead {
    edges: Receiver<Result<Edge, PortError>>,
    sieve: Sieve,
    output: Output,
    clock: SharedClock,
    stop: Arc<AtomicBool>,
    watcher: Option<JoinHandle<()>>,
}

impl WatchedHead {
    /// Watches a line.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(line: Box<dyn Line>, sieve: Sieve, output: Output, clock: SharedClock) -> std::io::Result<Self> {
        let (told, edges) = sync_channel(WAITING);
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, time) = (Arc::clone(&stop), clock.clone());
        let watcher = std::thread::Builder::new()
            .name("optical head".to_owned())
            .spawn(move || watch(line, &told, &stopped, &time))?;
        Ok(Self { edges, sieve, output, clock, stop, watcher: Some(watcher) })
    }

    fn gone() -> PortError {
        PortError::Gone { port: "the optical head".to_owned(), reason: "nobody watches its line any more".to_owned() }
    }
}

impl PulseInput for WatchedHead {
    fn next(&mut self, deadline: Moment) -> Result<Option<Moment>, PulseError> {
        loop {
            let wait = deadline.since(self.clock.now());
            let edge = match self.edges.recv_timeout(wait) {
                Ok(edge) => edge?,
                Err(RecvTimeoutError::Timeout) => return Ok(None),
                Err(RecvTimeoutError::Disconnected) => return Err(Self::gone().into()),
            };
            if let Some(moment) = self.sieve.take(edge)? {
                return Ok(Some(moment));
            }
        }
    }

    fn clear(&mut self) -> Result<(), PulseError> {
        self.sieve.clear();
        loop {
            match self.edges.try_recv() {
                Ok(edge) => drop(edge?),
                Err(TryRecvError::Empty) => return Ok(()),
                Err(TryRecvError::Disconnected) => return Err(Self::gone().into()),
            }
        }
    }

    fn resolution(&self) -> Duration {
        RESOLUTION
    }

    fn output(&self) -> Output {
        self.output
    }
}

impl Drop for WatchedHead {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(watcher) = self.watcher.take()
            && watcher.join().is_err()
        {
            tracing::error!("the watcher of an optical head stopped unexpectedly");
        }
    }
}

/// Looks until it is told to stop, the line is gone, or nobody wants to know.
fn watch(mut line: Box<dyn Line>, told: &SyncSender<Result<Edge, PortError>>, stop: &AtomicBool, clock: &SharedClock) {
    let (mut before, mut looked) = (None, clock.now());
    while !stop.load(Ordering::Relaxed) {
        let lit = match line.is_lit() {
            Ok(lit) => lit,
            Err(error) => {
                told.try_send(Err(error)).ok();
                return;
            }
        };
        let at = clock.now();
        let changed = before.replace(lit).is_some_and(|before| before != lit);
        let edge = Edge { at, since_look: at.since(looked), lit, changed };
        looked = at;
        if changed || edge.since_look > LATE {
            // Full: nobody counts at present, and what is told later begins with a clear.
            if let Err(TrySendError::Disconnected(_)) = told.try_send(Ok(edge)) {
                return;
            }
        }
        sleep(&**clock, LOOK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::RealClock;

    /// Lit at every twentieth look, for one look; gone at the end.
    struct Scripted {
        looks: u32,
        most: u32,
    }

    impl Line for Scripted {
        fn is_lit(&mut self) -> Result<bool, PortError> {
            self.looks += 1;
            let gone = PortError::Gone { port: "head".to_owned(), reason: "unplugged".to_owned() };
            if self.looks > self.most { Err(gone) } else { Ok(self.looks.is_multiple_of(20)) }
        }
    }

    #[test]
    fn every_lit_look_is_a_pulse_and_an_unplugged_head_an_error() {
        let clock = RealClock::shared();
        // However busy the machine is: a look too late is not what this is about.
        let sieve = Sieve::new(Duration::from_millis(1), Duration::from_secs(60));
        let line = Box::new(Scripted { looks: 0, most: 210 });
        let mut head = WatchedHead::start(line, sieve, Output::Lamp, clock.clone()).expect("a thread");
        let deadline = clock.now() + Duration::from_secs(30);
        let mut last = Moment::START;
        for number in 0..10 {
            let at = head.next(deadline).expect("there").expect("in time");
            assert!(at > last, "pulse {number}");
            last = at;
        }
        assert!(matches!(head.next(deadline), Err(PulseError::Port(PortError::Gone { .. }))));
    }
}

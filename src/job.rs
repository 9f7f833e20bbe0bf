//! Background work: one named thread a job, bounded events, cooperative cancel.
//!
//! Progress may be dropped when the reader is behind; a notice and the final event never are. A thread that dies without a
//! result is reported as [`JobError::Panicked`]. Dropping the handle cancels and does not wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread::JoinHandle;

/// Events that may wait for the reader.
const CAPACITY: usize = 1024;

/// Wakes whoever reads the events; the only thing a job knows of a window.
pub trait Wake: Send + Sync + 'static {
    /// Something is there to be read.
    fn wake(&self);
}

/// For tests and for the command line: the reader looks by itself.
#[derive(Clone, Copy, Debug)]
pub struct NoWake;

impl Wake for NoWake {
    fn wake(&self) {}
}

/// What a job tells its owner.
#[derive(Debug, PartialEq)]
pub enum JobEvent<P, T> {
    /// On the way.
    Progress(P),
    /// The last event.
    Finished(Result<T, JobError>),
}

/// Why a job gave no result.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum JobError {
    /// Its owner cancelled it.
    #[error("cancelled")]
    Cancelled,
    /// The thread died.
    #[error("the worker stopped unexpectedly")]
    Panicked,
    /// It failed, in words.
    #[error("{0}")]
    Failed(String),
}

/// What the work is given: report, and ask whether to stop.
pub struct JobCtl<P, T> {
    cancel: Arc<AtomicBool>,
    events: SyncSender<JobEvent<P, T>>,
    wake: Arc<dyn Wake>,
}

impl<P, T> Clone for JobCtl<P, T> {
    fn clone(&self) -> Self {
        Self { cancel: Arc::clone(&self.cancel), events: self.events.clone(), wake: Arc::clone(&self.wake) }
    }
}

impl<P, T> JobCtl<P, T> {
    /// Call between two device operations, never in the middle of one.
    ///
    /// # Errors
    /// The job was cancelled.
    pub fn checkpoint(&self) -> Result<(), JobError> {
        if self.is_cancelled() { Err(JobError::Cancelled) } else { Ok(()) }
    }

    /// Whether a stop was asked for.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
    }

    /// Something that is soon outdated. Never blocks; lost when the reader is behind.
    pub fn progress(&self, progress: P) {
        if self.events.try_send(JobEvent::Progress(progress)).is_ok() {
            self.wake.wake();
        }
    }

    /// Something that must arrive. Waits when the reader is behind; returns at once when there is none any more.
    pub fn notice(&self, notice: P) {
        self.end_with(JobEvent::Progress(notice));
    }

    fn end_with(&self, event: JobEvent<P, T>) {
        if self.events.send(event).is_ok() {
            self.wake.wake();
        }
    }
}

/// Held by the owner of a job. Dropping it cancels.
pub struct JobHandle<P, T> {
    cancel: Arc<AtomicBool>,
    events: Receiver<JobEvent<P, T>>,
    thread: JoinHandle<()>,
    over: bool,
}

impl<P: Send + 'static, T: Send + 'static> JobHandle<P, T> {
    /// Starts `work` on a thread of that name.
    ///
    /// # Errors
    /// The system has no thread left.
    pub fn spawn(
        name: &str,
        wake: Arc<dyn Wake>,
        work: impl FnOnce(&JobCtl<P, T>) -> Result<T, JobError> + Send + 'static,
    ) -> std::io::Result<Self> {
        let (sender, events) = sync_channel(CAPACITY);
        let cancel = Arc::new(AtomicBool::new(false));
        let ctl = JobCtl { cancel: Arc::clone(&cancel), events: sender, wake };
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            let result = work(&ctl);
            ctl.end_with(JobEvent::Finished(result));
        })?;
        Ok(Self { cancel, events, thread, over: false })
    }

    /// Asks the job to stop at its next checkpoint.
    pub fn cancel(&self) {
        self.cancel.store(true, Ordering::Relaxed);
    }

    /// Whether the thread has ended.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.thread.is_finished()
    }

    /// The next event. Never blocks. A thread that died without a result is reported once.
    pub fn poll(&mut self) -> Option<JobEvent<P, T>> {
        if self.over {
            return None;
        }
        // Asked before the channel: what a thread sent before its end is in the channel then.
        let ended = self.thread.is_finished();
        let event = match self.events.try_recv() {
            Ok(event) => event,
            Err(TryRecvError::Empty) if !ended => return None,
            // Others may still hold a sender, so an empty channel of a dead thread counts too.
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => JobEvent::Finished(Err(JobError::Panicked)),
        };
        self.over = matches!(event, JobEvent::Finished(_));
        Some(event)
    }
}

impl<P, T> Drop for JobHandle<P, T> {
    fn drop(&mut self) {
        // The thread is left to itself: it stops at its next checkpoint.
        self.cancel.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drain<P: Send + 'static, T: Send + 'static>(mut job: JobHandle<P, T>) -> (usize, Result<T, JobError>) {
        let mut count = 0;
        loop {
            match job.poll() {
                Some(JobEvent::Finished(result)) => return (count, result),
                Some(JobEvent::Progress(_)) => count += 1,
                None => std::thread::yield_now(),
            }
        }
    }

    #[test]
    fn a_cancelled_job_stops_at_the_next_checkpoint() {
        let job = JobHandle::<(), ()>::spawn("test", Arc::new(NoWake), |ctl| {
            loop {
                ctl.checkpoint()?;
                std::thread::yield_now();
            }
        })
        .unwrap();
        job.cancel();
        assert_eq!(drain(job).1, Err(JobError::Cancelled));
    }

    #[test]
    fn a_dropped_handle_cancels() {
        let (stopped, ended) = sync_channel(1);
        let job = JobHandle::<(), ()>::spawn("test", Arc::new(NoWake), move |ctl| {
            while !ctl.is_cancelled() {
                std::thread::yield_now();
            }
            stopped.send(()).ok();
            Ok(())
        })
        .unwrap();
        drop(job);
        assert_eq!(ended.recv(), Ok(()));
    }

    #[test]
    fn a_panicking_job_still_ends_even_when_somebody_keeps_its_sender() {
        let (keep, kept) = sync_channel(1);
        let job = JobHandle::<(), ()>::spawn("test", Arc::new(NoWake), move |ctl| {
            keep.send(ctl.clone()).ok();
            panic!("a fault on purpose")
        })
        .unwrap();
        let _kept: JobCtl<(), ()> = kept.recv().unwrap();
        assert_eq!(drain(job).1, Err(JobError::Panicked));
    }

    #[test]
    fn a_flood_of_progress_loses_neither_notices_nor_the_result() {
        let job = JobHandle::spawn("test", Arc::new(NoWake), |ctl| {
            for number in 0..10_000 {
                ctl.progress(number);
            }
            for number in 0..2_000 {
                ctl.notice(number);
            }
            Ok(7_u8)
        })
        .unwrap();
        let (count, result) = drain(job);
        assert!(count >= 2_000);
        assert_eq!(result, Ok(7));
    }
}

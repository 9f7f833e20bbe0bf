//! A thread that looks which serial ports are plugged in, as long as somebody wants to see them.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::{RealClock, sleep};
use crate::job::{JobEvent, JobHandle, Wake};
use crate::port::serial::PluggedPort;

/// How the ports are found out.
pub type Look = fn() -> Vec<PluggedPort>;

/// Between two looks.
const EVERY: Duration = Duration::from_secs(2);
/// How soon it notices that nobody looks any more.
const STEP: Duration = Duration::from_millis(200);

/// The watch over the ports.
pub struct PortWatch {
    look: Look,
    wake: Arc<dyn Wake>,
    job: Option<JobHandle<Vec<PluggedPort>, ()>>,
}

impl PortWatch {
    /// A watch that sleeps until it is wanted.
    #[must_use]
    pub fn new(look: Look, wake: Arc<dyn Wake>) -> Self {
        Self { look, wake, job: None }
    }

    /// Starts and ends the thread as it is wanted; returns the ports when they have changed. Never waits.
    pub fn watch(&mut self, wanted: bool) -> Option<Vec<PluggedPort>> {
        if !wanted {
            self.job = None;
            return None;
        }
        if self.job.is_none() {
            let look = self.look;
            // Without a thread there is no list; everything else goes on.
            self.job = JobHandle::spawn("ports", Arc::clone(&self.wake), move |ctl| {
                let clock = RealClock::shared();
                let mut last = None;
                loop {
                    let ports = look();
                    if last.as_ref() != Some(&ports) {
                        ctl.notice(ports.clone());
                        last = Some(ports);
                    }
                    let next = clock.now() + EVERY;
                    while clock.now() < next {
                        ctl.checkpoint()?;
                        sleep(&*clock, STEP);
                    }
                }
            })
            .ok();
        }
        let mut newest = None;
        while let Some(JobEvent::Progress(ports)) = self.job.as_mut().and_then(JobHandle::poll) {
            newest = Some(ports);
        }
        newest
    }
}

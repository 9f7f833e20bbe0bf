//! What is known of the image and of the chip it is for, and what the flash target's thread does about it.
//!
//! [`opened`] reads the image on a thread, [`work`] is the thread that owns the target while it works. The page draws what is here,
//! the application carries out what it asks for. Not here: flashing itself ([`crate::flash`]), and the flash step of a run,
//! which the station's own thread does.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub mod comparison;
pub mod opened;
pub mod refusal;
pub mod work;

use comparison::Comparison;
use opened::{Opened, Reading, name_of};
use work::{Cause, Done, Stopped, Task, Told, Work};

use crate::advice::Advice;
use crate::clock::{Moment, RealClock, SharedClock};
use crate::flash::swd::{self, ProbeFound};
use crate::flash::{Identity, Progress, Report, Stage};
use crate::job::{JobError, JobEvent, JobHandle, Wake};
use crate::port::url::DeviceUrl;

/// The image.
#[derive(Default)]
pub enum Chosen {
    /// None.
    #[default]
    Nothing,
    /// A file of this name is being read.
    Reading(String, Reading),
    /// The file of this name is none.
    Bad(String, Advice),
    /// It was read.
    Image(Arc<Opened>),
}

/// What came of the last task.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The image is on the chip, and every byte of it was read back.
    Verified(Report),
    /// Flashing or starting did not end well.
    Failed(Advice),
    /// Somebody stopped it.
    Cancelled(Advice),
    /// The program was started.
    Started,
}

/// How a stage ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was done.
    Well,
    /// It stopped before its end.
    Stopped,
}

/// A stage that is over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Past {
    /// Which.
    pub stage: Stage,
    /// Its bytes.
    pub bytes: u64,
    /// What it took.
    pub took: Duration,
    /// How it ended.
    pub ended: Ended,
}

/// What the thread is busy with.
#[derive(Clone, Debug)]
struct Busy {
    flashing: bool,
    progress: Progress,
    began: Moment,
    past: Vec<Past>,
    cancelling: bool,
}

/// All that the page draws.
pub struct FirmwareView {
    /// The image.
    pub image: Chosen,
    /// What the chip said of itself.
    pub chip: Option<Identity>,
    /// The chips that the meter profile allowed when it was asked, by their product numbers.
    pub expected: Vec<u16>,
    /// What the target could not do before anything was flashed.
    pub trouble: Option<Stopped>,
    /// Chip and image side by side.
    pub comparison: Option<Comparison>,
    /// What came of flashing.
    pub outcome: Option<Outcome>,
    /// The stages of the last flashing.
    pub past: Vec<Past>,
    /// Probes plugged in, once somebody has looked.
    pub probes: Option<Vec<ProbeFound>>,
    /// What was flashed before the start that is at work.
    verified: Option<Report>,
    clock: SharedClock,
    work: Option<Work>,
    busy: Option<Busy>,
    held: Option<DeviceUrl>,
    probing: Option<JobHandle<(), Vec<ProbeFound>>>,
}

impl Default for FirmwareView {
    fn default() -> Self {
        Self {
            image: Chosen::default(),
            chip: None,
            expected: Vec::new(),
            trouble: None,
            comparison: None,
            outcome: None,
            past: Vec::new(),
            probes: None,
            verified: None,
            clock: RealClock::shared(),
            work: None,
            busy: None,
            held: None,
            probing: None,
        }
    }
}

impl FirmwareView {
    /// Reads an image; a binary begins at `address`.
    pub fn open(&mut self, path: PathBuf, address: u32, wake: Arc<dyn Wake>) {
        if self.is_busy() {
            return;
        }
        let name = name_of(&path);
        (self.comparison, self.outcome) = (None, None);
        self.image = match opened::spawn(path, address, wake) {
            Ok(job) => Chosen::Reading(name, job),
            Err(error) => Chosen::Bad(name, of_thread(&error)),
        };
    }

    /// The image, if there is one.
    #[must_use]
    pub const fn opened(&self) -> Option<&Arc<Opened>> {
        match &self.image {
            Chosen::Image(opened) => Some(opened),
            _ => None,
        }
    }

    /// There is a chip, and the meter profile allows it.
    #[must_use]
    pub fn has_expected_chip(&self) -> bool {
        self.chip.as_ref().is_some_and(|identity| self.expected.contains(&identity.chip.id))
    }

    /// Another chip may be there now.
    pub fn forget_chip(&mut self) {
        if !self.is_busy() {
            (self.chip, self.trouble, self.comparison, self.outcome) = (None, None, None, None);
            self.past.clear();
        }
    }

    /// The result has been seen, the next board may come.
    pub fn next_board(&mut self) {
        self.forget_chip();
    }

    /// Starts a task on the target, the chip of a meter of this profile; nothing happens while another one is at work.
    pub fn begin(&mut self, url: DeviceUrl, meter: String, task: Task, wake: Arc<dyn Wake>) {
        if self.is_busy() {
            return;
        }
        let flashing = matches!(task, Task::Flash(..) | Task::Start(_));
        match &task {
            Task::Ask => self.forget_chip(),
            Task::Compare(_) => self.comparison = None,
            Task::Flash(..) => self.past.clear(),
            Task::Start(_) => {}
        }
        self.verified = match self.outcome.take() {
            Some(Outcome::Verified(report)) if matches!(task, Task::Start(_)) => Some(report),
            _ => None,
        };
        self.trouble = None;
        match work::spawn(url.clone(), meter, task, wake) {
            Ok(work) => {
                (self.work, self.held) = (Some(work), Some(url));
                let progress = Progress { stage: Stage::Identify, done: 0, total: 0, rate: None, left: None };
                let began = self.clock.now();
                self.busy = Some(Busy { flashing, progress, began, past: Vec::new(), cancelling: false });
            }
            Err(error) => {
                self.trouble = Some(Stopped { advice: of_thread(&error), cause: Cause::Other });
            }
        }
    }

    /// Asks the thread to stop where it is safe.
    pub fn cancel(&mut self) {
        if let (Some(work), Some(busy)) = (&self.work, &mut self.busy) {
            busy.cancelling = true;
            work.cancel();
        }
    }

    /// Looks which probes are plugged in.
    pub fn look_for_probes(&mut self, wake: Arc<dyn Wake>) {
        if self.probing.is_none() {
            self.probing = JobHandle::spawn("probes", wake, |_| Ok(swd::list())).ok();
        }
    }

    /// The probes are being looked for.
    #[must_use]
    pub const fn is_probing(&self) -> bool {
        self.probing.is_some()
    }

    /// The target's thread is at work.
    #[must_use]
    pub const fn is_busy(&self) -> bool {
        self.busy.is_some()
    }

    /// It writes, or is about to.
    #[must_use]
    pub fn is_flashing(&self) -> bool {
        self.busy.as_ref().is_some_and(|busy| busy.flashing)
    }

    /// It was asked to stop.
    #[must_use]
    pub fn is_cancelling(&self) -> bool {
        self.busy.as_ref().is_some_and(|busy| busy.cancelling)
    }

    /// How far it is.
    #[must_use]
    pub fn progress(&self) -> Option<Progress> {
        self.busy.as_ref().map(|busy| busy.progress)
    }

    /// The stages that are over of the task at work.
    #[must_use]
    pub fn stages(&self) -> &[Past] {
        self.busy.as_ref().map_or(&self.past, |busy| &busy.past)
    }

    /// The address that the thread holds.
    #[must_use]
    pub const fn held(&self) -> Option<&DeviceUrl> {
        self.held.as_ref()
    }

    /// Why it cannot be stopped now; none when it can.
    #[must_use]
    pub fn unstoppable(&self) -> Option<&'static str> {
        match self.progress()?.stage {
            Stage::Unprotect => Some(t!("The chip erases itself now and cannot be stopped")),
            Stage::Protect => Some(t!("The chip writes its option bytes now and cannot be stopped")),
            Stage::Start => Some(t!("The program is being started")),
            Stage::Identify | Stage::Compare | Stage::Read | Stage::Erase | Stage::Write | Stage::Verify => None,
        }
    }

    /// Takes in what the threads have told; returns the sentence for the status line. Never waits.
    pub fn take_in(&mut self) -> Option<String> {
        if let Chosen::Reading(name, job) = &mut self.image
            && let Some(JobEvent::Finished(result)) = job.poll()
        {
            self.image = match result {
                Ok(Ok(opened)) => Chosen::Image(opened),
                Ok(Err(advice)) => Chosen::Bad(std::mem::take(name), advice),
                Err(error) => Chosen::Bad(std::mem::take(name), of_job(&error)),
            };
        }
        if let Some(JobEvent::Finished(found)) = self.probing.as_mut().and_then(JobHandle::poll) {
            self.probing = None;
            self.probes = Some(found.unwrap_or_default());
        }
        let mut said = None;
        while let Some(event) = self.work.as_mut().and_then(JobHandle::poll) {
            match event {
                JobEvent::Progress(Told::Expected(chips)) => self.expected = chips,
                JobEvent::Progress(Told::Chip(identity)) => self.chip = Some(identity),
                JobEvent::Progress(Told::Progress(progress)) => self.reached(progress),
                JobEvent::Finished(result) => {
                    let result =
                        result.unwrap_or_else(|error| Err(Stopped { advice: of_job(&error), cause: Cause::Other }));
                    said = self.finished(result);
                }
            }
        }
        said
    }

    fn reached(&mut self, progress: Progress) {
        let now = self.clock.now();
        let Some(busy) = &mut self.busy else { return };
        if busy.progress.stage != progress.stage {
            let Progress { stage, total, .. } = busy.progress;
            busy.past.push(Past { stage, bytes: total, took: now.since(busy.began), ended: Ended::Well });
            busy.began = now;
        }
        busy.progress = progress;
    }

    fn finished(&mut self, result: Result<Done, Stopped>) -> Option<String> {
        let busy = self.busy.take();
        (self.work, self.held) = (None, None);
        let flashing = busy.as_ref().is_some_and(|busy| busy.flashing);
        if let Some(busy) = busy.filter(|busy| busy.flashing) {
            let Progress { stage, total, .. } = busy.progress;
            self.past = busy.past;
            let ended = if result.is_ok() { Ended::Well } else { Ended::Stopped };
            self.past.push(Past { stage, bytes: total, took: self.clock.now().since(busy.began), ended });
        }
        match result {
            Ok(Done::Asked) => None,
            Ok(Done::Compared(comparison)) => {
                self.comparison = Some(*comparison);
                None
            }
            Ok(Done::Flashed(report, record)) => {
                self.comparison = None;
                self.outcome = Some(Outcome::Verified(report));
                Some(match record {
                    Some(record) => t!("Flashed and verified, record F{number}", number = record.number),
                    None => t!("Flashed and verified").to_owned(),
                })
            }
            Ok(Done::Started) => {
                // What was proven before stays on the screen.
                let started = |report| Outcome::Verified(Report { started: true, ..report });
                self.outcome = Some(self.verified.take().map_or(Outcome::Started, started));
                Some(t!("The program was started").to_owned())
            }
            Err(stopped) => {
                let what = stopped.advice.what.clone();
                if flashing {
                    // What is on the chip now is not what was read before.
                    self.comparison = None;
                    let cancelled = stopped.cause == Cause::Cancelled;
                    let advice = stopped.advice;
                    self.outcome = Some(if cancelled { Outcome::Cancelled(advice) } else { Outcome::Failed(advice) });
                } else if stopped.cause != Cause::Cancelled {
                    self.trouble = Some(stopped);
                }
                Some(what)
            }
        }
    }
}

fn of_thread(error: &std::io::Error) -> Advice {
    Advice::new(
        error.to_string(),
        t!("The system has no thread left"),
        t!("Close other programs, then start this one again"),
    )
}

fn of_job(error: &JobError) -> Advice {
    Advice::new(
        error.to_string(),
        mark!("This is a fault of the program; the log tells where"),
        mark!("Do the same again; a chip that was being flashed holds no working program until then"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(stage: Stage) -> FirmwareView {
        let mut view = FirmwareView::default();
        let progress = Progress { stage, done: 0, total: 0, rate: None, left: None };
        let began = view.clock.now();
        view.busy = Some(Busy { flashing: true, progress, began, past: Vec::new(), cancelling: false });
        view
    }

    #[test]
    fn what_cannot_be_stopped_says_why() {
        for stage in [Stage::Unprotect, Stage::Protect, Stage::Start] {
            assert!(at(stage).unstoppable().is_some(), "{stage:?}");
        }
        for stage in [Stage::Identify, Stage::Compare, Stage::Read, Stage::Erase, Stage::Write, Stage::Verify] {
            assert_eq!(at(stage).unstoppable(), None, "{stage:?}");
        }
    }

    #[test]
    fn stages_that_are_over_are_listed_and_the_last_says_how_it_ended() {
        let mut view = at(Stage::Identify);
        view.reached(Progress { stage: Stage::Write, done: 10, total: 100, rate: None, left: None });
        let stopped = Stopped { advice: Advice::new("gone", "", ""), cause: Cause::Silent };
        assert_eq!(view.finished(Err(stopped)).as_deref(), Some("gone"));
        let ends: Vec<_> = view.past.iter().map(|past| (past.stage, past.ended)).collect();
        assert_eq!(ends, [(Stage::Identify, Ended::Well), (Stage::Write, Ended::Stopped)]);
        assert!(matches!(view.outcome, Some(Outcome::Failed(_))) && !view.is_busy());
    }
}

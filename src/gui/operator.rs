//! The person at the window, as a procedure sees him.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::session::Notice;
use crate::job::JobCtl;
use crate::operator::{Answer, Operator, OperatorError, Prompt};
use crate::procedure::Control;

/// How soon a cancelled run stops waiting for an answer.
const LOOK: Duration = Duration::from_millis(100);

/// Questions become a dialog. The locks here are the worker's own; the window never takes them.
pub(super) struct WindowOperator {
    ctl: JobCtl<Notice, ()>,
    answers: Mutex<Receiver<Answer>>,
    control: Mutex<Option<Arc<Control>>>,
}

impl WindowOperator {
    pub(super) fn shared(ctl: JobCtl<Notice, ()>, answers: Receiver<Answer>) -> Arc<Self> {
        Arc::new(Self { ctl, answers: Mutex::new(answers), control: Mutex::new(None) })
    }

    /// From now on questions belong to this run.
    pub(super) fn work_under(&self, control: &Arc<Control>) {
        *self.control.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(control));
    }

    /// The run is over.
    pub(super) fn rest(&self) {
        *self.control.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn is_cancelled(&self) -> bool {
        let control = self.control.lock().unwrap_or_else(PoisonError::into_inner);
        self.ctl.is_cancelled() || control.as_ref().is_some_and(|control| control.is_cancelled())
    }

    fn wait(&self, answers: &Receiver<Answer>) -> Result<Answer, OperatorError> {
        loop {
            if self.is_cancelled() {
                return Err(OperatorError::Cancelled);
            }
            match answers.recv_timeout(LOOK) {
                Ok(answer) => return Ok(answer),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(OperatorError::Absent),
            }
        }
    }
}

impl Operator for WindowOperator {
    fn tell(&self, message: &str) {
        self.ctl.notice(Notice::Said(message.to_owned()));
    }

    fn ask(&self, prompt: &Prompt) -> Result<Answer, OperatorError> {
        // One question at a time, whichever position asks.
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        // What was typed before the question stood is no answer to it.
        while answers.try_recv().is_ok() {}
        self.ctl.notice(Notice::Question(prompt.clone()));
        let answer = self.wait(&answers);
        self.ctl.notice(Notice::QuestionOver);
        answer
    }
}

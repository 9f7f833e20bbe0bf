//! The person at the terminal.

use std::io::{BufRead as _, Write as _};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::procedure::Control;
use crate::reference::{Operator, OperatorError};

/// How soon a cancel is noticed while a question stands.
const LOOK: Duration = Duration::from_millis(100);
/// Lines typed ahead, or piped in.
const AHEAD: usize = 16;

/// Questions on standard error, answers from standard input.
pub struct Terminal {
    control: Arc<Control>,
    /// Lines from standard input; one question at a time waits for one, whichever position asks.
    lines: Mutex<Option<Receiver<String>>>,
}

impl Terminal {
    /// The terminal of this process.
    #[must_use]
    pub fn shared(control: &Arc<Control>) -> Arc<dyn Operator> {
        Arc::new(Self { control: Arc::clone(control), lines: Mutex::new(None) })
    }

    /// The next line, or why there is none. A read of standard input cannot be interrupted, so it has a thread of its own and
    /// the one who asks can still be cancelled.
    fn next_line(&self, lines: &mut Option<Receiver<String>>) -> Result<String, OperatorError> {
        if lines.is_none() {
            *lines = read_lines();
        }
        let Some(receiver) = lines else { return Err(OperatorError::Absent) };
        loop {
            if self.control.is_cancelled() {
                return Err(OperatorError::Cancelled);
            }
            match receiver.recv_timeout(LOOK) {
                Ok(line) => return Ok(line),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) if self.control.is_cancelled() => {}
                Err(RecvTimeoutError::Disconnected) => return Err(OperatorError::Absent),
            }
        }
    }
}

fn read_lines() -> Option<Receiver<String>> {
    let (sender, receiver) = sync_channel(AHEAD);
    let read = move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            if sender.send(line).is_err() {
                return;
            }
        }
    };
    std::thread::Builder::new().name("terminal".to_owned()).spawn(read).ok().map(|_| receiver)
}

impl Operator for Terminal {
    fn tell(&self, message: &str) {
        super::message(message);
    }

    fn ask(&self, question: &str) -> Result<String, OperatorError> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        write!(std::io::stderr(), "{question}: ").ok();
        std::io::stderr().flush().ok();
        self.next_line(&mut lines).map(|answer| answer.trim().to_owned())
    }
}

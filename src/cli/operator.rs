//! The person at the terminal.

use std::io::{BufRead as _, Write as _};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::operator::{Answer, Kind, Operator, OperatorError, Prompt, number};
use crate::procedure::Control;

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

    fn ask(&self, prompt: &Prompt) -> Result<Answer, OperatorError> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        prompt.read_until(super::message, || {
            write!(std::io::stderr(), "{}: ", printed(prompt)).ok();
            std::io::stderr().flush().ok();
            self.next_line(&mut lines)
        })
    }
}

/// The prompt as text: its options numbered, and what it takes in brackets.
fn printed(prompt: &Prompt) -> String {
    let question = match &prompt.problem {
        Some(problem) => &format!("{problem}\n{}", prompt.question),
        None => &prompt.question,
    };
    match &prompt.kind {
        Kind::Text => question.clone(),
        Kind::Number { unit, least, most } => {
            format!("{question} [{} to {} {unit}]", number::short(*least), number::short(*most))
        }
        Kind::Choice { options, default } => {
            let mut text = question.clone();
            for (index, option) in options.iter().enumerate() {
                let enter = if *default == Some(index) { " (Enter)" } else { "" };
                text.push_str(&format!("\n  {}  {option}{enter}", index + 1));
            }
            format!("{text}\n1 to {}", options.len())
        }
        Kind::Confirm => format!("{question} [Enter when done]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_read_as_numbered_text() {
        let choice = Prompt::choice("Which lamp blinks", &["red", "green"], Some(1));
        assert_eq!(printed(&choice), "Which lamp blinks\n  1  red\n  2  green (Enter)\n1 to 2");
        assert_eq!(printed(&Prompt::number("U", "V", [120.0, 360.5])), "U [120 to 360.5 V]");
        assert_eq!(printed(&Prompt::confirm("Connect the unit")), "Connect the unit [Enter when done]");
    }
}

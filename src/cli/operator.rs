//! The person at the terminal.

use std::io::{BufRead as _, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

use crate::procedure::Control;
use crate::reference::{Operator, OperatorError};

/// Questions on standard error, answers from standard input.
pub struct Terminal {
    control: Arc<Control>,
    /// One question at a time, whichever position asks.
    turn: Mutex<()>,
}

impl Terminal {
    /// The terminal of this process.
    #[must_use]
    pub fn shared(control: &Arc<Control>) -> Arc<dyn Operator> {
        Arc::new(Self { control: Arc::clone(control), turn: Mutex::new(()) })
    }
}

impl Operator for Terminal {
    fn tell(&self, message: &str) {
        eprintln!("{message}");
    }

    fn ask(&self, question: &str) -> Result<String, OperatorError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        if self.control.is_cancelled() {
            return Err(OperatorError::Cancelled);
        }
        eprint!("{question}: ");
        std::io::stderr().flush().ok();
        let mut answer = String::new();
        match std::io::stdin().lock().read_line(&mut answer) {
            _ if self.control.is_cancelled() => Err(OperatorError::Cancelled),
            Ok(0) | Err(_) => Err(OperatorError::Absent),
            Ok(_) => Ok(answer.trim().to_owned()),
        }
    }
}

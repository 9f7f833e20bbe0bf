//! Tests by the real clock: the program, simulators and emulated meters, several processes beside each other on the cores there are.

use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// A computer that is taken away for seconds takes the meter away, and the run is an error, rightly. What is wrong with the program is wrong in
/// each of so many turns.
const TURNS: usize = 3;

/// Several at once starve on a busy machine of two cores; so the tests of a program take turns.
static ALONE: Mutex<()> = Mutex::new(());

/// Passes when the test passes in one of its turns; each that fails is told, whoever captures the test's output.
pub fn in_real_time(test: impl Fn()) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for turn in 1..=TURNS {
        let Err(cause) = catch_unwind(AssertUnwindSafe(&test)) else { return };
        if turn == TURNS {
            resume_unwind(cause);
        }
        let current = thread::current();
        let name = current.name().unwrap_or_default();
        let _nobody_reads = writeln!(std::io::stderr(), "{name}: turn {turn} of {TURNS} has failed, once more");
    }
}

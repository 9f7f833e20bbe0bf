//! Time at a load point, before anything is judged.

use std::time::Duration;

use crate::procedure::durations::words;
use crate::procedure::error::StepError;
use crate::procedure::position::Position;
use crate::profile::verification::WarmUp;

/// Between two words about what remains.
const LOOK: Duration = Duration::from_secs(5);

impl Position<'_> {
    /// Waits.
    pub(in crate::procedure::position) fn warm_up(&mut self, warm_up: &WarmUp) -> Result<String, StepError> {
        let start = self.now();
        loop {
            let elapsed = self.now().since(start);
            let rest = warm_up.duration.saturating_sub(elapsed);
            if rest.is_zero() {
                return Ok(format!("{}, nothing is judged", words(warm_up.duration)));
            }
            let part = elapsed.as_secs_f64() / warm_up.duration.as_secs_f64();
            self.progress_until(Some(rest), part, format!("{} remain", words(rest)));
            self.wait(rest.min(LOOK))?;
        }
    }
}

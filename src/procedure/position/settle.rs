//! Waits until meter and reference stand still together.

use super::Position;
use super::averages::{Average, Averages, Until};
use crate::meter::Line;
use crate::procedure::error::StepError;
use crate::reference::LoadPoint;
use crate::units::Percent;

impl Position<'_> {
    /// Averages window after window until two neighbours agree: the meter against the reference (the board is warm), and
    /// the reference with itself (the source has settled).
    ///
    /// Returns the last window.
    pub(super) fn settle(&mut self, point: &LoadPoint, lines: &[Line]) -> Result<Averages, StepError> {
        let stability = self.around.plan.procedure.stability.clone();
        let lines = if point.i.0 > 0.0 { lines } else { &[] };
        let start = self.now();
        let mut previous: Option<Averages> = None;
        loop {
            let window = self.average(lines, Until::over(stability.window), |position, part| {
                position.progress(part * 0.1, "Waiting until the readings stand still".to_owned());
            })?;
            match previous.as_ref().map(|previous| worst_change(previous, &window)) {
                Some((_, change)) if change.0 <= stability.tolerance.0 => return Ok(window),
                Some((quantity, change)) if self.now().since(start) >= stability.timeout => {
                    return Err(StepError::Unstable {
                        quantity,
                        change_percent: change.0,
                        window_secs: stability.window.as_secs_f64(),
                        tolerance_percent: stability.tolerance.0,
                    });
                }
                _ => previous = Some(window),
            }
        }
    }
}

/// The quantity that moved most from one window to the next, and by how much. A change that is not finite moved most.
fn worst_change(before: &Averages, after: &Averages) -> (&'static str, Percent) {
    let ratio = |average: &Average| average.meter / average.reference;
    let relative = |before: f64, after: f64| Percent(((after / before - 1.0) * 100.0).abs());
    let mut changes = vec![
        ("the meter's voltage", relative(ratio(&before.u), ratio(&after.u))),
        ("the reference's voltage", relative(before.u.reference, after.u.reference)),
    ];
    for ((_, before), (_, after)) in before.i.iter().zip(&after.i) {
        changes.push(("the meter's current", relative(ratio(before), ratio(after))));
        changes.push(("the reference's current", relative(before.reference, after.reference)));
    }
    changes
        .into_iter()
        .map(|(quantity, change)| (quantity, if change.is_finite() { change } else { Percent(f64::MAX) }))
        .max_by(|(_, left), (_, right)| left.0.total_cmp(&right.0))
        .unwrap_or(("nothing", Percent(f64::MAX)))
}

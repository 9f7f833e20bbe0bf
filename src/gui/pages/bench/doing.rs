//! What the bench is at, in the words of its banner.

use std::borrow::Cow;

use crate::gui::run_view::{RunView, StepState};
use crate::gui::texts::words;

/// The step being done at any of the positions, the one that comes, or what is before and behind all steps.
pub(super) fn doing<'a>(runs: impl Iterator<Item = &'a RunView> + Clone) -> Cow<'a, str> {
    if runs.clone().any(|run| run.cancelling) {
        return t!("Stopping, the source goes off").into();
    }
    if let Some(step) = runs.clone().find_map(RunView::active) {
        return words::step(&step.title);
    }
    let done = |run: &RunView| run.steps.iter().any(|step| matches!(step.state, StepState::Done { .. }));
    if !runs.clone().any(done) {
        return t!("Getting ready").into();
    }
    // A position that dropped out leaves steps behind that nobody does.
    match runs.filter(|run| run.working()).find_map(RunView::coming) {
        Some(step) => t!("Next: {step}", step = words::step(&step.title)).into(),
        None => t!("All steps done").into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::run_view::StepView;
    use crate::gui::session::Limits;
    use crate::procedure::Verdict;

    fn run(states: &[StepState]) -> RunView {
        let step = |(number, state): (usize, &StepState)| StepView { title: number.to_string(), state: state.clone() };
        let mut run = RunView::begun(0, "MT1", Limits::default(), &[]);
        run.steps = states.iter().enumerate().map(step).collect();
        run
    }

    fn done(verdict: Verdict) -> StepState {
        StepState::Done { verdict, detail: String::new() }
    }

    #[test]
    fn only_before_the_first_step_it_gets_ready() {
        let active = || StepState::Active { fraction: 0.5, detail: String::new() };
        let said = |runs: &[RunView]| doing(runs.iter()).into_owned();
        let pass = || done(Verdict::Pass);
        assert_eq!(said(&[run(&[])]), "Getting ready");
        assert_eq!(said(&[run(&[StepState::Waiting])]), "Getting ready");
        assert_eq!(said(&[run(&[pass(), active()])]), "1");
        assert_eq!(said(&[run(&[pass(), pass(), StepState::Waiting])]), "Next: 2");
        assert_eq!(said(&[run(&[pass(), pass()])]), "All steps done");
        let dropped = || run(&[done(Verdict::Fail), StepState::Waiting]);
        assert_eq!(said(&[dropped(), run(&[pass(), active()])]), "1");
        assert_eq!(said(&[dropped(), run(&[pass(), StepState::Waiting])]), "Next: 1");
        assert_eq!(said(&[dropped(), run(&[pass(), pass()])]), "All steps done");
    }
}

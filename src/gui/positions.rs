//! The places on the bench as the window knows them: what goes on at each, and which one is shown.

use std::time::Duration;

use super::run_view::{Live, RunView};
use crate::gui::texts::words;
use crate::procedure::{Event, RunReport, Verdict};

/// One place on the bench.
#[derive(Default)]
pub struct Position {
    /// The run that goes on here, or the last one.
    pub run: RunView,
    /// What meter and reference show.
    pub live: Live,
    /// Serial number of the unit that is tested next; empty while none was scanned.
    pub next: String,
    /// Units are not put here.
    pub left_out: bool,
}

/// All places, one at the least.
pub struct Positions {
    all: Vec<Position>,
    shown: usize,
    nowhere: Position,
}

impl Default for Positions {
    fn default() -> Self {
        Self { all: vec![Position::default()], shown: 0, nowhere: Position::default() }
    }
}

impl Positions {
    /// By their numbers.
    #[must_use]
    pub fn all(&self) -> &[Position] {
        &self.all
    }

    /// By their numbers, to be changed.
    pub fn all_mut(&mut self) -> &mut [Position] {
        &mut self.all
    }

    /// There is more than one.
    #[must_use]
    pub const fn several(&self) -> bool {
        self.all.len() > 1
    }

    /// The number of the one that is shown, from 0.
    #[must_use]
    pub const fn shown(&self) -> usize {
        self.shown
    }

    /// The one that is shown.
    #[must_use]
    pub fn current(&self) -> &Position {
        self.all.get(self.shown).unwrap_or(&self.nowhere)
    }

    /// The one that is shown, to be changed.
    pub fn current_mut(&mut self) -> &mut Position {
        self.all.get_mut(self.shown).unwrap_or(&mut self.nowhere)
    }

    /// Shows another one; returns whether it did.
    pub const fn show(&mut self, number: usize) -> bool {
        let there = number < self.all.len() && number != self.shown;
        if there {
            self.shown = number;
        }
        there
    }

    /// The bench has so many.
    pub fn resize(&mut self, count: usize) {
        let count = count.max(1);
        if count != self.all.len() {
            self.all.resize_with(count, Position::default);
            for (number, position) in self.all.iter_mut().enumerate() {
                position.run.position = number;
            }
            self.shown = self.shown.min(count - 1);
        }
    }

    /// The next place for a unit: behind the one shown, then from the first; `None` when all are taken.
    #[must_use]
    pub fn free(&self) -> Option<usize> {
        let order = (self.shown + 1..self.all.len()).chain(0..=self.shown);
        order.into_iter().find(|&number| self.all.get(number).is_some_and(Position::is_free))
    }

    /// The first place a unit may be put to.
    #[must_use]
    pub fn first(&self) -> usize {
        self.all.iter().position(|position| !position.left_out).unwrap_or_default()
    }

    /// Serial numbers of the units tested next, by position.
    #[must_use]
    pub fn next(&self) -> Vec<String> {
        self.all.iter().map(|position| position.next.clone()).collect()
    }

    /// Takes in what happened in the run.
    pub fn apply(&mut self, event: &Event) {
        match event.position() {
            Some(number) => {
                if let Some(Position { run, live, .. }) = self.all.get_mut(number) {
                    run.apply(event, live);
                }
            }
            None => {
                if let Event::Started { serials, .. } = event
                    && serials.len() > self.all.len()
                {
                    self.resize(serials.len());
                }
                for Position { run, live, .. } in &mut self.all {
                    run.apply(event, live);
                }
            }
        }
    }

    /// The run is over; a report belongs to each place that was used, in their order.
    pub fn end(&mut self, reports: Vec<RunReport>) {
        let nobody = self.all.iter().all(|position| !position.run.used());
        let mut reports = reports.into_iter();
        for Position { run, .. } in &mut self.all {
            match (run.used() || nobody).then(|| reports.next()).flatten() {
                Some(report) => run.end(report),
                None => run.running = false,
            }
        }
    }

    /// Numbers of the places whose unit failed, from 0.
    #[must_use]
    pub fn failed(&self) -> Vec<usize> {
        let failed = |position: &Position| position.run.result().is_some_and(|report| report.verdict == Verdict::Fail);
        (0..self.all.len()).filter(|&number| self.all.get(number).is_some_and(failed)).collect()
    }

    /// How many results there are of each verdict, PASS first.
    #[must_use]
    pub fn tally(&self) -> Vec<(Verdict, usize)> {
        let results = || self.all.iter().filter_map(|position| position.run.result());
        let count = |verdict| results().filter(|report| report.verdict == verdict).count();
        let verdicts = [Verdict::Pass, Verdict::Fail, Verdict::Error, Verdict::Aborted, Verdict::NotRun];
        verdicts.map(|verdict| (verdict, count(verdict))).into_iter().filter(|(_, count)| *count > 0).collect()
    }

    /// The results in words: `22 PASS, 1 FAIL`.
    #[must_use]
    pub fn tally_words(&self) -> String {
        let words: Vec<String> =
            self.tally().iter().map(|(verdict, count)| format!("{count} {}", words::verdict(*verdict))).collect();
        words.join(", ")
    }

    /// How far the run is, 0 to 1: the bench waits for the slowest.
    #[must_use]
    pub fn fraction(&self) -> f32 {
        let fractions =
            self.all.iter().filter(|position| position.run.working()).map(|position| position.run.fraction());
        // Where nothing is left to be done, the rest is switching off.
        let begun = self.all.iter().any(|position| position.run.used() && !position.run.steps.is_empty());
        fractions.reduce(f32::min).unwrap_or(if begun { 1.0 } else { 0.0 })
    }

    /// How long the run still takes.
    #[must_use]
    pub fn time_left(&self) -> Duration {
        let working = self.all.iter().filter(|position| position.run.working());
        working.map(|position| position.run.remaining.time()).max().unwrap_or_default()
    }
}

impl Position {
    fn is_free(&self) -> bool {
        self.next.is_empty() && !self.left_out
    }
}

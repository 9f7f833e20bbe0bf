//! What meter and reference showed over the last hour, drawn in as many points as the screen has columns.
//!
//! A [`History`] holds rows by time and forgets the oldest. A [`Decimated`] keeps, for one curve of it, the least and the
//! greatest value of each column; new rows extend it, so that a frame costs what is new and what is visible.

use std::collections::VecDeque;

use super::measurand::{Measurand, Values};

/// Rows kept: an hour at ten a second.
pub const CAPACITY: usize = 36_000;
/// Rows older than this are forgotten, in seconds.
pub const SPAN_SECS: f64 = 3600.0;

/// What both sides showed at one moment; not a number where a side gave nothing.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Seconds of the station's clock.
    pub secs: f64,
    /// The meter.
    pub meter: Values,
    /// The reference at the very same moments.
    pub reference: Values,
}

/// Rows by time.
#[derive(Clone, Debug, Default)]
pub struct History {
    rows: VecDeque<Row>,
    /// Rows that were pushed and are not there any more: the number of the first row.
    forgotten: u64,
}

impl History {
    /// Adds a row. One that is older than the newest is not taken: the curves go by time.
    pub fn push(&mut self, row: Row) {
        if self.rows.back().is_some_and(|newest| row.secs <= newest.secs) || !row.secs.is_finite() {
            return;
        }
        let oldest = row.secs - SPAN_SECS;
        while self.rows.len() >= CAPACITY || self.rows.front().is_some_and(|first| first.secs < oldest) {
            self.rows.pop_front();
            self.forgotten += 1;
        }
        self.rows.push_back(row);
    }

    /// Forgets everything; numbers of rows go on.
    pub fn clear(&mut self) {
        self.forgotten += self.rows.len() as u64;
        self.rows.clear();
    }

    /// All rows, oldest first.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &Row> {
        self.rows.iter()
    }

    /// Rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// There is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// First and newest moment in seconds.
    #[must_use]
    pub fn span(&self) -> Option<(f64, f64)> {
        Some((self.rows.front()?.secs, self.rows.back()?.secs))
    }

    /// The row nearest to a moment.
    #[must_use]
    pub fn nearest(&self, secs: f64) -> Option<&Row> {
        let after = self.rows.partition_point(|row| row.secs < secs);
        let before = after.checked_sub(1).and_then(|index| self.rows.get(index));
        match (before, self.rows.get(after)) {
            (Some(before), Some(later)) if secs - before.secs <= later.secs - secs => Some(before),
            (before, later) => later.or(before),
        }
    }

    /// The row before or behind a moment.
    #[must_use]
    pub fn beside(&self, secs: f64, later: bool) -> Option<&Row> {
        if later {
            self.rows.get(self.rows.partition_point(|row| row.secs <= secs))
        } else {
            self.rows.partition_point(|row| row.secs < secs).checked_sub(1).and_then(|index| self.rows.get(index))
        }
    }
}

/// What is drawn of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// The meter's value.
    Meter(Measurand),
    /// The reference's value.
    Reference(Measurand),
    /// The error, in percent or degrees.
    Error(Measurand),
}

impl Curve {
    /// Its value at a row.
    #[must_use]
    pub fn of(self, row: &Row) -> Option<f64> {
        match self {
            Self::Meter(measurand) => measurand.of(&row.meter),
            Self::Reference(measurand) => measurand.of(&row.reference),
            Self::Error(measurand) => measurand.error(&row.meter, &row.reference),
        }
    }
}

/// The values of one column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Column {
    /// Its number: the seconds divided by the width, rounded down.
    number: i64,
    /// When the least was, and it.
    pub least: (f64, f64),
    /// When the greatest was, and it.
    pub greatest: (f64, f64),
    /// Values in it.
    pub count: u32,
}

impl Column {
    /// The one or two points to draw, by time.
    #[must_use]
    pub fn points(&self) -> ([f64; 2], Option<[f64; 2]>) {
        let (least, greatest) = ([self.least.0, self.least.1], [self.greatest.0, self.greatest.1]);
        if self.least.0 == self.greatest.0 {
            (least, None)
        } else if self.least.0 < self.greatest.0 {
            (least, Some(greatest))
        } else {
            (greatest, Some(least))
        }
    }
}

/// One curve in columns.
///
/// Columns lie at multiples of their width, so they do not flicker when the picture moves; the width is a power of two of
/// seconds, so that they hold while the view is stretched a little.
#[derive(Clone, Debug)]
pub struct Decimated {
    curve: Curve,
    width: f64,
    columns: VecDeque<Column>,
    /// Number of the row to take in next.
    next: u64,
}

impl Decimated {
    /// Of a curve, nothing taken in yet.
    #[must_use]
    pub fn new(curve: Curve) -> Self {
        Self { curve, width: 0.0, columns: VecDeque::new(), next: 0 }
    }

    /// Which curve it is.
    #[must_use]
    pub const fn curve(&self) -> Curve {
        self.curve
    }

    /// Takes in what is new, for a screen column that is `column_secs` wide. Columns are never wider than that.
    pub fn follow(&mut self, history: &History, column_secs: f64) {
        let width = column_secs.clamp(1e-3, SPAN_SECS).log2().floor().exp2();
        if width != self.width || self.next < history.forgotten {
            self.width = width;
            self.columns.clear();
            self.next = history.forgotten;
        }
        if let Some((first, _)) = history.span() {
            // A column that reaches beyond the first row may hold what is forgotten.
            let first = (first / width).floor() as i64;
            while self.columns.front().is_some_and(|column| column.number < first) {
                self.columns.pop_front();
            }
        } else {
            self.columns.clear();
        }
        let known = (self.next - history.forgotten) as usize;
        for row in history.rows.range(known.min(history.rows.len())..) {
            if let Some(value) = self.curve.of(row) {
                self.take(row.secs, value);
            }
        }
        self.next = history.forgotten + history.rows.len() as u64;
    }

    fn take(&mut self, secs: f64, value: f64) {
        let number = (secs / self.width).floor() as i64;
        match self.columns.back_mut().filter(|column| column.number == number) {
            Some(column) => {
                column.count += 1;
                if value < column.least.1 {
                    column.least = (secs, value);
                }
                if value > column.greatest.1 {
                    column.greatest = (secs, value);
                }
            }
            None => {
                let point = (secs, value);
                self.columns.push_back(Column { number, least: point, greatest: point, count: 1 });
            }
        }
    }

    /// The columns from one moment to another, with one beyond at either side so that lines reach the edges.
    pub fn between(&self, from: f64, to: f64) -> impl Iterator<Item = &Column> {
        let width = if self.width > 0.0 { self.width } else { 1.0 };
        let (from, to) = ((from / width).floor() as i64, (to / width).floor() as i64);
        let first = self.columns.partition_point(|column| column.number < from).saturating_sub(1);
        let past = (self.columns.partition_point(|column| column.number <= to) + 1).min(self.columns.len());
        self.columns.range(first..past.max(first))
    }
}

#[cfg(test)]
mod tests {
    use super::super::measurand::NO_VALUES;
    use super::*;
    use proptest::prelude::*;

    fn row(secs: f64, volts: f64) -> Row {
        let mut meter = NO_VALUES;
        meter[0] = volts;
        Row { secs, meter, reference: NO_VALUES }
    }

    fn extremes(decimated: &Decimated) -> (f64, f64) {
        decimated
            .between(f64::MIN, f64::MAX)
            .fold((f64::MAX, f64::MIN), |(low, high), column| (low.min(column.least.1), high.max(column.greatest.1)))
    }

    #[test]
    fn an_hour_is_kept_and_no_more() {
        let mut history = History::default();
        for number in 0..50_000 {
            history.push(row(f64::from(number) * 0.1, 240.0));
        }
        assert_eq!(history.len(), CAPACITY);
        let (first, last) = history.span().unwrap();
        assert!(last - first <= SPAN_SECS);
        // Slow readings are forgotten by age.
        history.push(row(9000.0, 240.0));
        assert_eq!(history.len(), 1);
        // What is not newer is not taken.
        history.push(row(9000.0, 1.0));
        history.push(row(f64::NAN, 1.0));
        assert_eq!(history.len(), 1);
    }

    #[test]
    fn a_single_spike_is_drawn_whatever_the_width() {
        let mut history = History::default();
        for number in 0..36_000 {
            let volts = if number == 12_345 { 500.0 } else { 240.0 };
            history.push(row(f64::from(number) * 0.1, volts));
        }
        for column_secs in [0.05, 1.0, 4.5, 100.0] {
            let mut decimated = Decimated::new(Curve::Meter(Measurand::U));
            decimated.follow(&history, column_secs);
            let column = decimated.between(0.0, 3600.0).find(|column| column.greatest.1 > 400.0).unwrap();
            assert_eq!(column.greatest, (1234.5, 500.0));
        }
    }

    #[test]
    fn gaps_have_no_columns_and_old_columns_go() {
        let mut history = History::default();
        let mut decimated = Decimated::new(Curve::Meter(Measurand::U));
        for secs in [0.0, 1.0, 2.0, 100.0] {
            history.push(row(secs, 240.0));
        }
        history.push(row(101.0, f64::NAN));
        decimated.follow(&history, 1.0);
        assert_eq!(decimated.between(-10.0, 200.0).count(), 4);
        history.push(row(3650.0, 240.0));
        decimated.follow(&history, 1.0);
        assert_eq!(decimated.between(-10.0, 4000.0).count(), 2);
        history.clear();
        decimated.follow(&history, 1.0);
        assert_eq!(decimated.between(-10.0, 4000.0).count(), 0);
        history.push(row(5.0, 240.0));
        decimated.follow(&history, 1.0);
        assert_eq!(decimated.between(-10.0, 4000.0).count(), 1);
    }

    #[test]
    fn the_nearest_row_is_found() {
        let mut history = History::default();
        assert!(history.nearest(1.0).is_none());
        for secs in [1.0, 2.0, 4.0] {
            history.push(row(secs, secs));
        }
        for (asked, found) in [(-5.0, 1.0), (1.4, 1.0), (1.6, 2.0), (3.1, 4.0), (99.0, 4.0)] {
            assert_eq!(history.nearest(asked).unwrap().secs, found);
        }
        assert_eq!(history.beside(2.0, true).unwrap().secs, 4.0);
        assert_eq!(history.beside(2.0, false).unwrap().secs, 1.0);
        assert!(history.beside(4.0, true).is_none());
    }

    proptest! {
        /// Taken in at once or bit by bit, at any width: the same columns, and no extreme is lost.
        #[test]
        fn extremes_survive(
            steps in prop::collection::vec((0.01..30.0_f64, -400.0..400.0_f64), 1..400),
            column_secs in 0.01..200.0_f64,
            share in 1..50_usize,
        ) {
            let mut history = History::default();
            let mut gradual = Decimated::new(Curve::Meter(Measurand::U));
            let mut secs = 0.0;
            for (number, (step, volts)) in steps.iter().enumerate() {
                secs += step;
                history.push(row(secs, *volts));
                if number % share == 0 {
                    gradual.follow(&history, column_secs);
                }
            }
            gradual.follow(&history, column_secs);
            let mut at_once = Decimated::new(Curve::Meter(Measurand::U));
            at_once.follow(&history, column_secs);
            let kept = history.rows().map(|row| row.meter[0]);
            let (low, high) = kept.fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
            prop_assert_eq!(extremes(&at_once), (low, high));
            let (gradual_low, gradual_high) = extremes(&gradual);
            prop_assert!(gradual_low <= low && gradual_high >= high);
            prop_assert!(at_once.between(f64::MIN, f64::MAX).all(|column| column.count > 0));
            let count = |decimated: &Decimated| decimated.between(f64::MIN, f64::MAX).count();
            prop_assert_eq!(count(&gradual), count(&at_once));
        }
    }
}

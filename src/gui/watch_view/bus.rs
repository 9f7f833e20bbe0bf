//! How the bus to the meter does.

use std::collections::VecDeque;

use crate::meter::BusStatistics;

/// Rates are those of the last so many seconds.
const RECENT_SECS: f64 = 5.0;
/// Rounds kept; ten a second are usual.
const CAPACITY: usize = 1024;

/// The bus as it is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BusHealth {
    /// Since the station was opened.
    pub total: BusStatistics,
    /// Share of the time in which bytes are on the wire, in percent, lately.
    pub load_percent: Option<f64>,
    /// Times each quantity is read in a second, lately.
    pub rounds_per_sec: Option<f64>,
}

/// The last rounds.
#[derive(Clone, Debug, Default)]
pub struct BusRounds {
    rounds: VecDeque<(f64, BusStatistics)>,
}

impl BusRounds {
    /// A round that ended at `secs`.
    pub fn push(&mut self, secs: f64, bus: BusStatistics) {
        if self.rounds.back().is_some_and(|(last, _)| secs <= *last) {
            return;
        }
        let old = |(at, _): &(f64, BusStatistics)| *at < secs - RECENT_SECS;
        while self.rounds.len() >= CAPACITY || self.rounds.front().is_some_and(old) {
            self.rounds.pop_front();
        }
        self.rounds.push_back((secs, bus));
    }

    /// Nothing comes any more: what was counted stays, and rates are none.
    pub fn stop(&mut self) {
        let last = self.rounds.len().saturating_sub(1);
        self.rounds.drain(..last);
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.rounds.clear();
    }

    /// How it does; none before the first round.
    #[must_use]
    pub fn health(&self) -> Option<BusHealth> {
        let (now, total) = *self.rounds.back()?;
        let (then, before) = *self.rounds.front()?;
        let secs = now - then;
        let rate = |amount: f64| Some(amount / secs).filter(|_| secs > 0.0);
        let wire = total.wire_micros.saturating_sub(before.wire_micros) as f64 / 1e6;
        Some(BusHealth {
            total,
            load_percent: rate(wire * 100.0),
            rounds_per_sec: rate((self.rounds.len() - 1) as f64),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_those_of_the_last_seconds() {
        let mut rounds = BusRounds::default();
        assert_eq!(rounds.health(), None);
        for number in 0..200_u32 {
            let wire_micros = u64::from(number) * 75_000;
            let bus = BusStatistics { transactions: u64::from(number) * 12, wire_micros, ..BusStatistics::default() };
            rounds.push(f64::from(number) * 0.1, bus);
        }
        let health = rounds.health().unwrap();
        assert!((health.load_percent.unwrap() - 75.0).abs() < 0.1);
        assert!((health.rounds_per_sec.unwrap() - 10.0).abs() < 0.1);
        assert_eq!(health.total.transactions, 199 * 12);
        assert!(rounds.rounds.len() <= 52);
    }

    #[test]
    fn a_silent_bus_keeps_its_counts() {
        let mut rounds = BusRounds::default();
        for number in 0..3_u32 {
            let bus = BusStatistics { timeouts: u64::from(number), ..BusStatistics::default() };
            rounds.push(f64::from(number), bus);
        }
        rounds.stop();
        let health = rounds.health().unwrap();
        assert_eq!((health.total.timeouts, health.rounds_per_sec), (2, None));
    }

    #[test]
    fn one_round_has_no_rate() {
        let mut rounds = BusRounds::default();
        rounds.push(1.0, BusStatistics::default());
        assert_eq!(rounds.health().unwrap().rounds_per_sec, None);
    }
}

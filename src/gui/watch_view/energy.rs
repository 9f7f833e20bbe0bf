//! Energy counted by the chip against the energy of the reference's power over the same time.

use std::collections::VecDeque;

use super::pairing::PAIR_SECS;
use crate::gui::session::EnergyCount;
use crate::reference::ReferenceReading;
use crate::units::{Percent, WattHours};

/// Readings of the reference that are looked back into; a count is read once a second.
const KNOTS: usize = 512;

/// The energy of both sides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Energy {
    /// Seconds it has been counted.
    pub seconds: f64,
    /// Pulses of the meter, forward less reverse.
    pub pulses: f64,
    /// Energy of these pulses.
    pub meter: WattHours,
    /// Energy of the reference over the same time; none when it was silent in between.
    pub reference: Option<WattHours>,
    /// Share of one count in what was counted: the error is not known better.
    pub resolution: Percent,
}

impl Energy {
    /// The error, once the counter's resolution is finer than `limit` in percent.
    #[must_use]
    pub fn error(&self, limit: f64) -> Option<Percent> {
        let reference = self.reference?.0;
        let error = Percent::error(self.meter.0, reference);
        Some(error).filter(|error| self.resolution.0 <= limit && error.is_finite())
    }
}

#[derive(Clone, Copy, Debug)]
struct Knot {
    secs: f64,
    watts: f64,
    wh: f64,
}

/// Adds up the reference's energy and sets the counts against it.
#[derive(Clone, Debug, Default)]
pub struct EnergyMatch {
    knots: VecDeque<Knot>,
    /// The reference has been read without a gap since then.
    whole_since: f64,
    /// The reference's energy when the count began.
    base: Option<(EnergyCount, f64)>,
    /// A count that the reference has not come up to yet.
    waiting: Option<EnergyCount>,
    newest: Option<Energy>,
}

impl EnergyMatch {
    /// A reading of the reference.
    pub fn push_reference(&mut self, reading: &ReferenceReading, counts_per_wh: f64) {
        let (secs, watts) = (reading.at.secs(), reading.p.0);
        let wh = match self.knots.back() {
            Some(last) if secs > last.secs && secs - last.secs <= PAIR_SECS => {
                last.wh + (watts + last.watts) / 2.0 * (secs - last.secs) / 3600.0
            }
            Some(last) if secs <= last.secs => return,
            _ => {
                self.knots.clear();
                self.whole_since = secs;
                0.0
            }
        };
        while self.knots.len() >= KNOTS {
            self.knots.pop_front();
        }
        self.knots.push_back(Knot { secs, watts, wh });
        self.settle(counts_per_wh);
    }

    /// What has been counted; none when nothing is counted any more.
    pub fn push_count(&mut self, count: Option<EnergyCount>, counts_per_wh: f64) {
        match count {
            Some(count) => {
                self.waiting = Some(count);
                self.settle(counts_per_wh);
            }
            None => (self.base, self.waiting, self.newest) = (None, None, None),
        }
    }

    /// The newest pair.
    #[must_use]
    pub const fn newest(&self) -> Option<Energy> {
        self.newest
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    fn settle(&mut self, counts_per_wh: f64) {
        let Some(count) = self.waiting else { return };
        if self.base.is_none_or(|(of, _)| of.from != count.from) {
            self.base = self.wh_at(count.from.secs()).map(|wh| (count, wh));
        }
        let (from, to) = (count.from.secs(), count.to.secs());
        // The reference has not come so far, and still may.
        let behind = self.knots.back().is_some_and(|last| last.secs < to && to - last.secs <= PAIR_SECS);
        if behind && self.newest.is_some() {
            return;
        }
        let reference = match (self.base, self.wh_at(to)) {
            (Some((_, base)), Some(wh)) if self.whole_since <= from => Some(WattHours(wh - base)),
            _ => None,
        };
        if !behind {
            self.waiting = None;
        }
        let counts = count.forward as f64 - count.reverse as f64;
        self.newest = Some(Energy {
            seconds: to - from,
            pulses: counts / 10.0,
            meter: WattHours(counts / counts_per_wh),
            reference,
            resolution: Percent(100.0 / counts.abs().max(f64::MIN_POSITIVE)),
        });
    }

    /// Energy of the reference at a moment it has been read around.
    fn wh_at(&self, secs: f64) -> Option<f64> {
        let next = self.knots.partition_point(|knot| knot.secs < secs);
        let after = self.knots.get(next)?;
        if after.secs == secs {
            return Some(after.wh);
        }
        let before = self.knots.get(next.checked_sub(1)?)?;
        let part = (secs - before.secs) / (after.secs - before.secs);
        let watts = before.watts + (after.watts - before.watts) * part;
        Some(before.wh + (before.watts + watts) / 2.0 * (secs - before.secs) / 3600.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Moment;
    use crate::units::{Amps, Volts, Watts};

    /// 2000 imp/kWh.
    const COUNTS_PER_WH: f64 = 20.0;

    fn reading(secs: f64, watts: f64) -> ReferenceReading {
        ReferenceReading {
            at: Moment::from_micros((secs * 1e6) as u64),
            u: Volts(240.0),
            i: Amps(5.0),
            p: Watts(watts),
            q: None,
            s: None,
            pf: None,
            phase: None,
            f: None,
        }
    }

    fn count(from: f64, to: f64, forward: u64) -> EnergyCount {
        let moment = |secs: f64| Moment::from_micros((secs * 1e6) as u64);
        EnergyCount { from: moment(from), to: moment(to), forward, reverse: 0 }
    }

    #[test]
    fn counts_meet_the_energy_of_the_same_time() {
        let mut energy = EnergyMatch::default();
        for tenth in 0..=3020 {
            energy.push_reference(&reading(f64::from(tenth) * 0.2, 1200.0), COUNTS_PER_WH);
            if tenth == 10 {
                energy.push_count(Some(count(1.9, 1.9, 0)), COUNTS_PER_WH);
            }
        }
        // 600 s at 1200 W are 200 Wh, 4000 counts; the meter made 4 more.
        energy.push_count(Some(count(1.9, 601.9, 4004)), COUNTS_PER_WH);
        let shown = energy.newest().unwrap();
        assert!((shown.reference.unwrap().0 - 200.0).abs() < 1e-6, "{shown:?}");
        assert!((shown.pulses - 400.4).abs() < 1e-9);
        assert!((shown.error(0.2).unwrap().0 - 0.1).abs() < 1e-6);
        assert_eq!(shown.error(0.01), None, "one count is 0.025 %");
    }

    #[test]
    fn a_reference_that_was_silent_is_no_reference() {
        let mut energy = EnergyMatch::default();
        for tenth in 0..=10 {
            energy.push_reference(&reading(f64::from(tenth) * 0.2, 1200.0), COUNTS_PER_WH);
        }
        energy.push_count(Some(count(1.0, 1.0, 0)), COUNTS_PER_WH);
        for tenth in 0..=10 {
            energy.push_reference(&reading(60.0 + f64::from(tenth) * 0.2, 1200.0), COUNTS_PER_WH);
        }
        energy.push_count(Some(count(1.0, 61.0, 400)), COUNTS_PER_WH);
        let shown = energy.newest().unwrap();
        assert_eq!((shown.reference, shown.error(100.0)), (None, None));
        assert!((shown.meter.0 - 20.0).abs() < 1e-9);
        energy.push_count(None, COUNTS_PER_WH);
        assert_eq!(energy.newest(), None);
    }
}

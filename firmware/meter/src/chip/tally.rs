//! What the registers that reading clears gave, counted on without end.

use m90e26::{Register, field::SysStatus};
use meter_interface::map::{Events, TALLIED, Tally};

use super::reading::age_millis;

/// One energy register.
#[derive(Clone, Copy, Debug, Default)]
struct Counter {
    count: u32,
    reads: u16,
    at: Option<u64>,
}

/// All energy registers, and SysStatus bit by bit.
#[derive(Debug, Default)]
pub struct Tallies {
    counters: [Counter; TALLIED.len()],
    times: [u16; 16],
    status_reads: u16,
    status_at: Option<u64>,
    status_seen: u16,
}

impl Tallies {
    /// Takes the value of a reading.
    pub fn on_energy(&mut self, register: Register, counts: u16, at: u64) {
        if let Some((_, counter)) = TALLIED.iter().zip(&mut self.counters).find(|(tallied, _)| **tallied == register) {
            counter.count = counter.count.wrapping_add(counts.into());
            counter.reads = counter.reads.wrapping_add(1);
            counter.at = Some(at);
        }
    }

    /// Takes a reading of SysStatus.
    pub fn on_status(&mut self, status: SysStatus, at: u64) {
        for (bit, times) in self.times.iter_mut().enumerate() {
            *times = times.wrapping_add(status.bits() >> bit & 1);
        }
        self.status_seen |= status.bits();
        self.status_reads = self.status_reads.wrapping_add(1);
        self.status_at = Some(at);
    }

    /// All bits of SysStatus that were ever set.
    #[must_use]
    pub const fn status_seen(&self) -> SysStatus {
        SysStatus::from_bits(self.status_seen)
    }

    /// The window of an energy register.
    #[must_use]
    pub fn tally(&self, register: Register, boot: u16, now: u64) -> Tally {
        let counter = TALLIED.iter().zip(&self.counters).find(|(tallied, _)| **tallied == register);
        let Counter { count, reads, at } = counter.map(|(_, counter)| *counter).unwrap_or_default();
        Tally { boot, reads, age_millis: age_millis(at, now), count }
    }

    /// The window of SysStatus.
    #[must_use]
    pub fn events(&self, boot: u16, now: u64) -> Events {
        Events { boot, reads: self.status_reads, age_millis: age_millis(self.status_at, now), times: self.times }
    }
}

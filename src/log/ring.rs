//! The last lines, so many and no more.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Entry;

/// A bounded queue whose lines keep their numbers.
pub struct Ring {
    lines: VecDeque<Arc<Entry>>,
    most: usize,
    /// Number of the next line.
    next: u64,
}

impl Ring {
    /// Room for `most` lines, one at least.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { lines: VecDeque::new(), most: most.max(1), next: 0 }
    }

    /// Adds a line; the oldest goes when there is no room.
    pub fn push(&mut self, entry: Entry) {
        if self.lines.len() == self.most {
            self.lines.pop_front();
        }
        self.lines.push_back(Arc::new(entry));
        self.next += 1;
    }

    /// Number of the next line.
    #[must_use]
    pub const fn next(&self) -> u64 {
        self.next
    }

    /// The lines from number `from` on that are still there, oldest first.
    #[must_use]
    pub fn newer(&self, from: u64) -> Vec<Arc<Entry>> {
        let wanted = usize::try_from(self.next.saturating_sub(from)).unwrap_or(usize::MAX);
        let old = self.lines.len().saturating_sub(wanted);
        self.lines.iter().skip(old).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use jiff::{Timestamp, tz::TimeZone};

    use super::super::Level;
    use super::*;

    fn entry(text: &str) -> Entry {
        let at = Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
        Entry { at, level: Level::Info, place: "test".to_owned(), text: text.to_owned() }
    }

    fn texts(ring: &Ring, from: u64) -> Vec<String> {
        ring.newer(from).iter().map(|entry| entry.text.clone()).collect()
    }

    #[test]
    fn the_oldest_goes_and_numbers_stay() {
        let mut ring = Ring::new(3);
        assert_eq!(texts(&ring, 0), [""; 0]);
        for number in 0..5 {
            ring.push(entry(&number.to_string()));
        }
        assert_eq!(ring.next(), 5);
        assert_eq!(texts(&ring, 0), ["2", "3", "4"]);
        assert_eq!(texts(&ring, 4), ["4"]);
        assert_eq!(texts(&ring, 5), [""; 0]);
        assert_eq!(texts(&ring, 99), [""; 0], "a number of tomorrow");
    }

    #[test]
    fn a_ring_of_nothing_still_holds_the_last() {
        let mut ring = Ring::new(0);
        ring.push(entry("a"));
        ring.push(entry("b"));
        assert_eq!(texts(&ring, 0), ["b"]);
    }
}

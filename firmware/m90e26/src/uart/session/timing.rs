//! How long things may take, and what follows from it: deadlines of answers and the bound of a whole operation.

use super::MAX_DOUBTS;

/// Bits of a character on the wire: start, eight data, stop.
const CHARACTER_BITS: u64 = 10;

/// Bits the chip may leave between two characters of its answer (DS).
const GAP_BITS: u64 = 5;

/// Characters of the longest request and of the longest answer.
const LONGEST_REQUEST: u64 = 5;
const LONGEST_ANSWER: u64 = 3;

/// A silence that bytes keep interrupting is given up after this many times its length.
pub(super) const FLOOD_FACTOR: u64 = 4;

/// A driver that comes so much later than it was to has been held up.
pub(super) const HELD_UP_MICROS: u64 = 5_000;

/// The times a session keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Timing {
    /// 2400 or 9600 (DS).
    pub baud: u32,
    /// From the end of a request to the start of its answer: 5000 (DS).
    pub answer_micros: u64,
    /// The silence after a failure: 20 000 (DS).
    pub silence_micros: u64,
    /// What an operating system, USB or a network may add to an answer; 0 in firmware.
    pub host_latency_micros: u64,
    /// Tries per operation; 0 counts as 1.
    pub attempts: u8,
    /// How long after a failure a late answer may still come. Longer is safer and slower.
    pub caution_micros: u64,
}

impl Timing {
    /// The datasheet's times at `baud`, no host latency, three attempts, two seconds of caution.
    #[must_use]
    pub const fn at(baud: u32) -> Self {
        Self {
            baud,
            answer_micros: 5_000,
            silence_micros: 20_000,
            host_latency_micros: 0,
            attempts: 3,
            caution_micros: 2_000_000,
        }
    }

    /// An upper bound for one operation from `start` to `Done`, whatever the line does.
    ///
    /// It adds up every failure, confirmation and waiting the session can do, which no real line brings together, and
    /// supposes a driver that polls in time. A chip that does not answer at all takes `attempts` times the sum of one
    /// exchange and one silence.
    #[must_use]
    pub const fn worst_case_micros(&self) -> u64 {
        let exchange =
            self.settle_micros() + self.characters_micros(LONGEST_REQUEST) + self.answer_within_micros(LONGEST_ANSWER);
        // Recovery, fence and the operation itself, each with its confirmations.
        let pass = 3 * (2 + MAX_DOUBTS as u64) * exchange + FLOOD_FACTOR * self.silence_micros;
        // The operation may fail `attempts` times and so may recoveries; one pass more succeeds. Each of them may be
        // cut short once by waiting the caution out.
        let passes = 2 * self.tries() as u64 + 1;
        passes * (2 * pass + FLOOD_FACTOR * self.caution_micros)
    }

    /// Attempts, at least one.
    pub(super) const fn tries(&self) -> u8 {
        if self.attempts == 0 { 1 } else { self.attempts }
    }

    /// What `count` characters take on the wire.
    pub(super) const fn characters_micros(&self, count: u64) -> u64 {
        self.bits_micros(count * CHARACTER_BITS)
    }

    /// From the end of a request to the end of an answer of `length` characters, at the latest.
    pub(super) const fn answer_within_micros(&self, length: u64) -> u64 {
        let gaps = self.bits_micros(length.saturating_sub(1) * GAP_BITS);
        self.answer_micros + self.characters_micros(length) + gaps + self.host_latency_micros
    }

    /// How long the line is listened to between exchanges in caution: the rest of a frame that was read in part and
    /// would shift the next one shows up within this time.
    pub(super) const fn settle_micros(&self) -> u64 {
        self.characters_micros(LONGEST_ANSWER) + self.host_latency_micros
    }

    const fn bits_micros(&self, bits: u64) -> u64 {
        let baud = if self.baud == 0 { 1 } else { self.baud as u64 };
        (bits * 1_000_000).div_ceil(baud)
    }
}

impl Default for Timing {
    /// The datasheet's times at 9600 baud.
    fn default() -> Self {
        Self::at(9600)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_characters_are_the_floor_of_a_read() {
        assert_eq!(Timing::at(9600).characters_micros(6), 6250);
        assert_eq!(Timing::at(2400).characters_micros(6), 25_000);
    }

    #[test]
    fn answers_have_their_gaps() {
        // 5 ms, three characters of 10 bits and two gaps of 5 bits.
        assert_eq!(Timing::at(9600).answer_within_micros(3), 5000 + 3125 + 1042);
        let usb = Timing { host_latency_micros: 16_000, ..Timing::at(9600) };
        assert_eq!(usb.answer_within_micros(1), 5000 + 1042 + 16_000);
    }

    #[test]
    fn nonsense_does_not_divide_by_zero() {
        let nonsense = Timing { baud: 0, attempts: 0, ..Timing::default() };
        assert_eq!(nonsense.tries(), 1);
        assert!(nonsense.worst_case_micros() > 0);
    }
}

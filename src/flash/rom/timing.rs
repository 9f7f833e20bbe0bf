//! How long the boot loader may take, and where the figures come from.

use std::time::Duration;

use crate::port::LineSettings;

/// What USB converters, terminal servers and operating systems add: FTDI's default latency timer is 16 ms, a USB hub or a
/// network adds its own.
const HOST_LATENCY: Duration = Duration::from_millis(100);

/// A loader that is awake answers a command within a millisecond (AN2606, timing); interrupted hosts are the rule, though.
const COMMAND: Duration = Duration::from_millis(250);

/// How long one 7F waits for its answer, and a filler for its refusal.
pub(super) const OPENING: Duration = Duration::from_millis(250);

/// From reset to the loader's readiness: at most 5 ms by AN2606 on the STM32F1; boards with slow supplies and supervisors take
/// longer.
pub(super) const AFTER_RESET: Duration = Duration::from_millis(100);

/// Programming one half-word, at most (STM32F103x8 datasheet, flash memory characteristics: 70 us).
const HALF_WORD: Duration = Duration::from_micros(70);

/// Erasing one page, at most (same table: 40 ms). Other families take longer for their larger sectors, so there is room.
const PAGE: Duration = Duration::from_millis(100);

/// Erasing everything: 40 ms on the STM32F103x8, but tens of seconds on families that erase sector by sector (AN3155, 3.8).
pub(super) const MASS_ERASE: Duration = Duration::from_secs(35);

/// How long after a failure a late answer may still come; bytes of it would be taken for the next answer.
pub(super) const QUIET: Duration = Duration::from_millis(60);

/// A command's acceptance.
pub(super) fn command(line: LineSettings) -> Duration {
    COMMAND + carried(8, line)
}

/// Reading `count` bytes, after the count was sent.
pub(super) fn read(count: usize, line: LineSettings) -> Duration {
    COMMAND + carried(count + 4, line)
}

/// Writing `count` bytes, after the block was handed to the line.
pub(super) fn write(count: usize, line: LineSettings) -> Duration {
    COMMAND + carried(count + 4, line) + HALF_WORD * (count as u32).div_ceil(2)
}

/// Erasing `count` pages, after their list was handed to the line.
pub(super) fn erase(count: usize, line: LineSettings) -> Duration {
    COMMAND + carried(count * 2 + 4, line) + PAGE * count as u32
}

/// The time bytes take on the line and through what lies between.
pub(super) fn carried(count: usize, line: LineSettings) -> Duration {
    HOST_LATENCY + line.character_time() * count as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slower_lines_wait_longer() {
        let (fast, slow) = (LineSettings::eight_n_one(115_200), LineSettings::eight_n_one(1200));
        assert!(read(256, slow) > read(256, fast) + Duration::from_secs(2));
        assert!(write(256, fast) > Duration::from_millis(30));
        assert!(erase(16, fast) > Duration::from_millis(16 * 40));
    }
}

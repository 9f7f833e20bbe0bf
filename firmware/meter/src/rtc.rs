//! The clock chip, a DS1307: seconds since 2000, as far as anybody has set it.
//!
//! Document: DS1307 datasheet (Maxim), table 2. Bit 7 of the seconds halts it; so it comes out of the factory.

use crate::board::Board;
use crate::i2c::BusError;

/// Its address on the bus.
const DEVICE: u8 = 0x68;
/// Set in the seconds while the clock stands still.
const HALTED: u8 = 0x80;

/// What it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time {
    /// Seconds since 2000-01-01 00:00:00.
    pub secs: u32,
    /// It does not run.
    pub halted: bool,
}

/// Reads it; `None` when what it shows is no time.
///
/// # Errors
/// It does not answer.
pub fn read(board: &mut impl Board) -> Result<Option<Time>, BusError> {
    let mut registers = [0; 7];
    board.i2c(DEVICE, &[0], &mut registers)?;
    Ok(time(registers))
}

/// Starts a clock that stands still, at the beginning of 2000: nobody has set it.
///
/// # Errors
/// It does not answer.
pub fn start(board: &mut impl Board) -> Result<(), BusError> {
    board.i2c(DEVICE, &[0, 0, 0, 0, 1, 1, 1, 0], &mut [])
}

/// Sets it to seconds since 2000-01-01 00:00:00, and starts it.
///
/// # Errors
/// It does not answer.
pub fn set(board: &mut impl Board, secs: u32) -> Result<(), BusError> {
    let [second, minute, hour, weekday, day, month, year] = registers(secs);
    board.i2c(DEVICE, &[0, second, minute, hour, weekday, day, month, year], &mut [])
}

/// What the clock holds at that time, two decimal digits each: second, minute, hour, day of the week, day, month, year; the years end with
/// 2099. 2000-01-01 was a Saturday, and Sunday is 1.
#[must_use]
pub fn registers(secs: u32) -> [u8; 7] {
    let (days, second) = (secs / 86_400, secs % 86_400);
    // Four years have one leap day, and the first of each four has it.
    let (cycle, rest) = (days / 1_461 % 25, days % 1_461);
    let (year, mut day) = if rest < 366 { (0, rest) } else { ((rest - 366) / 365 + 1, (rest - 366) % 365) };
    let mut month = 0;
    let february = if year == 0 { 29 } else { 28 };
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        month += 1;
        if day < length {
            break;
        }
        day -= length;
    }
    [second % 60, second / 60 % 60, second / 3_600, (days + 6) % 7 + 1, day + 1, month, cycle * 4 + year].map(digits)
}

/// Two decimal digits in a byte.
fn digits(value: u32) -> u8 {
    (value / 10 * 16 + value % 10) as u8
}

fn time(registers: [u8; 7]) -> Option<Time> {
    let [seconds, minutes, hours, _, day, month, year] = registers;
    let second = decimal(seconds & !HALTED, 59)?;
    let minute = decimal(minutes, 59)?;
    let hour = decimal(hours, 23)?;
    let (day, month, year) = (decimal(day, 31)?, decimal(month, 12)?, decimal(year, 99)?);
    // Days since 2000-03-01, with the leap day at the end of the year; 2000 to 2099 have one every four years.
    let (year, month) = if month <= 2 { ((year + 100 - 1) % 100, month + 9) } else { (year, month.checked_sub(3)?) };
    let from_march = year * 365 + year / 4 + (month * 153 + 2) / 5 + day.checked_sub(1)?;
    let days = if year == 99 && month >= 10 { from_march.checked_sub(99 * 365 + 24 + 306)? } else { from_march + 60 };
    Some(Time { secs: ((days * 24 + hour) * 60 + minute) * 60 + second, halted: seconds & HALTED != 0 })
}

/// Two decimal digits.
fn decimal(byte: u8, most: u32) -> Option<u32> {
    let (tens, ones) = (u32::from(byte >> 4), u32::from(byte & 0xF));
    Some(tens * 10 + ones).filter(|value| ones <= 9 && *value <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_become_seconds() {
        for (registers, secs) in [
            ([0, 0, 0, 1, 0x01, 0x01, 0x00], 0),
            ([0x59, 0x59, 0x23, 1, 0x31, 0x01, 0x00], 31 * 86_400 - 1),
            ([0, 0, 0, 1, 0x29, 0x02, 0x00], 59 * 86_400),
            ([0, 0, 0, 1, 0x01, 0x03, 0x00], 60 * 86_400),
            ([0, 0, 0, 1, 0x01, 0x01, 0x01], 366 * 86_400),
            ([0x30, 0x45, 0x08, 7, 0x21, 0x11, 0x26], 848_565_930),
            ([0, 0, 0, 1, 0x31, 0x12, 0x99], 36_524 * 86_400),
        ] {
            assert_eq!(time(registers), Some(Time { secs, halted: false }), "{registers:02X?}");
        }
    }

    #[test]
    fn seconds_become_dates_and_come_back() {
        assert_eq!(registers(848_565_930), [0x30, 0x45, 0x08, 7, 0x21, 0x11, 0x26]);
        assert_eq!(registers(59 * 86_400), [0, 0, 0, 3, 0x29, 0x02, 0x00]);
        for day in 0..36_525 {
            let secs = day * 86_400 + (day * 7_919) % 86_400;
            assert_eq!(time(registers(secs)), Some(Time { secs, halted: false }), "{secs}");
        }
    }

    #[test]
    fn nonsense_is_no_time() {
        assert_eq!(time([0; 7]), None);
        assert_eq!(time([0xFF; 7]), None);
        assert_eq!(time([0x5A, 0, 0, 1, 1, 1, 0x26]), None);
        assert_eq!(time([HALTED, 0, 0, 1, 1, 1, 0]), Some(Time { secs: 0, halted: true }));
    }
}

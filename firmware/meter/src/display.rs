//! What the display says: messages first, then pages that follow each other or the keypad.

use meter_interface::block::Block;
use meter_interface::map::{Alarms, Protections, Quantity, Relay, Snapshot, State};

use crate::lcd::{BLANK, COLUMNS, Screen};
use crate::rtc;
use crate::text::Writer;

/// Both checksums are shown for so long after the start.
const GREETING: u64 = 3_000_000;
/// How long a page stays.
const PAGE: u64 = 5_000_000;
/// How long a page stays that somebody has asked for.
const CHOSEN: u64 = 20_000_000;

/// Readings older than this are dashes.
const OLDEST_MILLIS: u16 = 2_000;

/// The stock meter's pages in its order, without what this program does not keep (README); the last three are this program's own.
const PAGES: [fn(&Snapshot, Option<&Block>) -> Screen; 8] =
    [measured, energy, number, clock, battery, frequency, checksums, calibration];

/// Which page is shown.
#[derive(Debug, Default)]
pub struct Display {
    page: usize,
    turn_at: u64,
}

impl Display {
    /// Turns to the next page, or with `*` and `B` back.
    pub fn on_key(&mut self, key: u8, now: u64) {
        let step = if matches!(key, b'*' | b'B') { PAGES.len() - 1 } else { 1 };
        self.page = (self.page + step) % PAGES.len();
        self.turn_at = now + CHOSEN;
    }

    /// The screen of this moment.
    pub fn screen(&mut self, snapshot: &Snapshot, block: Option<&Block>, now: u64) -> Screen {
        if let Some(message) = message(snapshot, now) {
            return message;
        }
        if now >= self.turn_at {
            self.page = if self.turn_at == 0 { 0 } else { (self.page + 1) % PAGES.len() };
            self.turn_at = now + PAGE;
        }
        PAGES.get(self.page).map_or(BLANK, |page| page(snapshot, block))
    }
}

/// What is more important than any page.
fn message(snapshot: &Snapshot, now: u64) -> Option<Screen> {
    match snapshot.state {
        State::NotCalibrated => return Some(screen("NOT CALIBRATED", "Calibrate first")),
        State::ChipSilent => return Some(screen("CHIP SILENT", "Not metering")),
        State::ChipRefused => {
            let second = snapshot.alarms.contains(Alarms::CHIP_CS2);
            return Some(screen("CHECKSUM ERROR", if second { "CS2 refused" } else { "CS1 refused" }));
        }
        State::Bench => return Some(screen("BENCH", "Service port")),
        State::Starting | State::Metering | State::Unknown(_) => {}
    }
    if now < GREETING || snapshot.state != State::Metering {
        return Some(checksums(snapshot, None));
    }
    // Every other page time a trip says why the load is off.
    if snapshot.protections.is_empty() || (now / PAGE) % 2 == 1 {
        return None;
    }
    let cause = [
        (Protections::OVER_VOLTAGE, "Over-voltage"),
        (Protections::UNDER_VOLTAGE, "Under-voltage"),
        (Protections::OVERLOAD, "Over-load"),
        (Protections::UNDER_FREQUENCY, "Under-frequency"),
    ];
    let cause = cause.into_iter().find(|(flag, _)| snapshot.protections.contains(*flag));
    Some(screen("LOAD OFF", cause.map_or("", |(_, text)| text)))
}

fn screen(first: &str, second: &str) -> Screen {
    [Writer::new().text(first).padded(), Writer::new().text(second).padded()]
}

/// A reading over `divisor`; none when it is too old.
fn reading(snapshot: &Snapshot, quantity: Quantity, divisor: i32) -> Option<i32> {
    let measured = snapshot.measured(quantity);
    measured.value.filter(|_| measured.age_millis <= OLDEST_MILLIS).map(|value| value / divisor)
}

fn put(line: &mut Writer, value: Option<i32>, decimals: usize) -> &mut Writer {
    match value {
        Some(value) => line.number(value, decimals),
        None => line.text("---"),
    }
}

/// The stock meter's first page: `V=239.8 C=5.00 A`, `W=1199.9 PF=0.99`.
fn measured(snapshot: &Snapshot, _: Option<&Block>) -> Screen {
    let mut first = Writer::new();
    put(first.text("V="), reading(snapshot, Quantity::Voltage, 100_000), 1);
    put(first.column(8).text("C="), reading(snapshot, Quantity::Current, 10_000), 2).column(COLUMNS - 1).byte(b'A');
    let mut second = Writer::new();
    let power = reading(snapshot, Quantity::ActivePower, 100);
    // Where a decimal has no room: 10 kW and more, and 1 kW backwards.
    match power {
        Some(power) if !(-9_999..=99_999).contains(&power) => put(second.text("W="), Some(power / 10), 0),
        _ => put(second.text("W="), power, 1),
    };
    let factor = reading(snapshot, Quantity::PowerFactor, 10);
    put(second.column(if factor.is_some_and(|factor| factor < 0) { 8 } else { 9 }).text("PF="), factor, 2);
    [first.padded(), second.padded()]
}

/// The stock meter's second page. There its first line is the credit; here it is what the credit decides there.
fn energy(snapshot: &Snapshot, _: Option<&Block>) -> Screen {
    let load = match snapshot.relay {
        Relay::Open => "ENERGY  Load off",
        Relay::Closed => "ENERGY   Load on",
        Relay::Unswitched | Relay::Unknown(_) => "ENERGY",
    };
    let hundredths = i32::try_from(snapshot.total_milliwatt_hours / 10_000).unwrap_or(i32::MAX);
    [Writer::new().text(load).padded(), Writer::new().number(hundredths, 2).text(" kWh").padded()]
}

fn number(_: &Snapshot, block: Option<&Block>) -> Screen {
    let serial = block.map_or(&[][..], |block| block.serial.as_bytes());
    [Writer::new().text("Meter number").padded(), Writer::new().ascii(serial).padded()]
}

/// What the real-time clock shows: `2026-11-21 08:45`.
fn clock(snapshot: &Snapshot, _: Option<&Block>) -> Screen {
    let mut line = Writer::new();
    if snapshot.clock_secs == 0 {
        line.text("not set");
    } else {
        let [_, minute, hour, _, day, month, year] = rtc::registers(snapshot.clock_secs);
        line.text("20");
        for (digits, &behind) in [year, month, day, hour, minute].into_iter().zip(b"-- : ") {
            line.pair(digits >> 4, digits & 0xF).byte(behind);
        }
    }
    [Writer::new().text("Date/time").padded(), line.padded()]
}

/// The voltage at the pin that senses battery and terminal cover; the stock meter shows a number without a unit.
fn battery(snapshot: &Snapshot, _: Option<&Block>) -> Screen {
    let mut line = Writer::new();
    let volts = Some(i32::from(snapshot.supply_millivolts)).filter(|_| snapshot.supply_millivolts != u16::MAX);
    put(&mut line, volts, 3).text(" V");
    [Writer::new().text("Battery sense").padded(), line.padded()]
}

fn frequency(snapshot: &Snapshot, _: Option<&Block>) -> Screen {
    let mut line = Writer::new();
    put(line.text("f "), reading(snapshot, Quantity::Frequency, 10), 2).text(" Hz");
    [line.padded(), Writer::new().text("Version ").text(env!("CARGO_PKG_VERSION")).padded()]
}

fn checksums(snapshot: &Snapshot, _: Option<&Block>) -> Screen {
    [(b'1', snapshot.cs1_chip, snapshot.cs1_block), (b'2', snapshot.cs2_chip, snapshot.cs2_block)].map(
        |(number, chip, block)| {
            let mut line = Writer::new();
            line.text("CS").byte(number).byte(b' ').hex(block);
            line.text(if chip == block { " agreed" } else { " chip " });
            if chip != block {
                line.hex(chip);
            }
            line.padded()
        },
    )
}

fn calibration(_: &Snapshot, block: Option<&Block>) -> Screen {
    let mut day = Writer::new();
    match block.and_then(|block| block.calibrated_on) {
        Some(date) => day.date(date),
        None => day.text("no date"),
    };
    [Writer::new().text("Calibrated").padded(), day.padded()]
}

#[cfg(test)]
mod tests {
    use meter_interface::map::Measured;

    use super::*;

    fn page(centivolts: i32, centiamperes: i32, deciwatts: i32, thousandths: i32) -> [String; 2] {
        let mut snapshot = Snapshot::decode(&[0; Snapshot::WORDS]).expect("a snapshot");
        for (quantity, value) in [
            (Quantity::Voltage, centivolts * 10_000),
            (Quantity::Current, centiamperes * 10_000),
            (Quantity::ActivePower, deciwatts * 100),
            (Quantity::PowerFactor, thousandths),
        ] {
            snapshot.measured[quantity.index()] = Measured { value: Some(value), age_millis: 10 };
        }
        measured(&snapshot, None).map(|line| String::from_utf8_lossy(&line).into_owned())
    }

    #[test]
    fn the_first_page_has_room_for_what_a_meter_can_show() {
        assert_eq!(page(23_987, 500, 11_999, 998), ["V=239.8 C=5.00 A", "W=1199.9 PF=0.99"]);
        assert_eq!(page(23_987, 8_000, 191_896, 1_000), ["V=239.8 C=80.00A", "W=19189  PF=1.00"]);
        assert_eq!(page(23_987, 500, -9_999, -998), ["V=239.8 C=5.00 A", "W=-999.9PF=-0.99"]);
        assert_eq!(page(23_987, 10_000, -239_870, -1_000), ["V=239.8 C=100.0A", "W=-23987PF=-1.00"]);
        assert_eq!(page(0, 0, 0, 0), ["V=0.0   C=0.00 A", "W=0.0    PF=0.00"]);
    }

    #[test]
    fn what_is_old_or_unknown_is_dashes() {
        let snapshot = Snapshot::decode(&[0xFFFF; Snapshot::WORDS]).expect("a snapshot");
        let lines = [measured, frequency, battery].map(|page| page(&snapshot, None)).concat();
        let text: Vec<_> = lines.iter().map(|line| String::from_utf8_lossy(line).trim_end().to_owned()).collect();
        assert_eq!(text[..3], ["V=---   C=---  A", "W=---    PF=---", "f --- Hz"]);
        assert_eq!(text[5], "--- V");
    }
}

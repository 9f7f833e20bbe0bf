//! What the display says: messages first, then pages that follow each other or the keypad.

use meter_interface::block::Block;
use meter_interface::map::{Alarms, Protections, Quantity, Relay, Snapshot, State};

use crate::lcd::{BLANK, COLUMNS, Screen};
use crate::text::Writer;

/// Both checksums are shown for so long after the start.
const GREETING: u64 = 3_000_000;
/// How long a page stays.
const PAGE: u64 = 5_000_000;
/// How long a page stays that somebody has asked for.
const CHOSEN: u64 = 20_000_000;

/// Readings older than this are dashes.
const OLDEST_MILLIS: u16 = 2_000;

type Line = Writer<COLUMNS>;

/// The pages, in the order of the stock meter; the last three are this program's own.
const PAGES: [fn(&Snapshot, Option<&Block>) -> Screen; 7] =
    [voltage_and_current, power, frequency, energy, checksums, calibration, identity];

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
    [Line::new().text(first).padded(), Line::new().text(second).padded()]
}

/// A reading with its unit; the integer is divided by `divisor` and has `decimals` of what is left.
fn reading(snapshot: &Snapshot, quantity: Quantity, divisor: i32, decimals: usize, unit: &str) -> [u8; COLUMNS] {
    let measured = snapshot.measured(quantity);
    let fresh = measured.value.filter(|_| measured.age_millis <= OLDEST_MILLIS);
    let mut line = Line::new();
    line.text(match quantity {
        Quantity::Voltage => "U ",
        Quantity::Current => "I ",
        Quantity::ActivePower => "P ",
        Quantity::PowerFactor => "PF ",
        _ => "f ",
    });
    match fresh {
        Some(value) => line.number(i64::from(value / divisor), decimals),
        None => line.text("---"),
    };
    line.byte(b' ').text(unit).padded()
}

fn voltage_and_current(snapshot: &Snapshot, _: Option<&Block>) -> Screen {
    [reading(snapshot, Quantity::Voltage, 10_000, 2, "V"), reading(snapshot, Quantity::Current, 1_000, 3, "A")]
}

fn power(snapshot: &Snapshot, _: Option<&Block>) -> Screen {
    [reading(snapshot, Quantity::ActivePower, 100, 1, "W"), reading(snapshot, Quantity::PowerFactor, 1, 3, "")]
}

fn frequency(snapshot: &Snapshot, _: Option<&Block>) -> Screen {
    let load = match snapshot.relay {
        Relay::Open => "Load off",
        Relay::Closed => "Load on",
        Relay::Unswitched | Relay::Unknown(_) => "",
    };
    [reading(snapshot, Quantity::Frequency, 10, 2, "Hz"), Line::new().text(load).padded()]
}

fn energy(snapshot: &Snapshot, _: Option<&Block>) -> Screen {
    let hundredths = i64::try_from(snapshot.total_milliwatt_hours / 10_000).unwrap_or(i64::MAX);
    [Line::new().text("Energy").padded(), Line::new().number(hundredths, 2).text(" kWh").padded()]
}

fn checksums(snapshot: &Snapshot, _: Option<&Block>) -> Screen {
    [(b'1', snapshot.cs1_chip, snapshot.cs1_block), (b'2', snapshot.cs2_chip, snapshot.cs2_block)].map(
        |(number, chip, block)| {
            let mut line = Line::new();
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
    let mut day = Line::new();
    match block.and_then(|block| block.calibrated_on) {
        Some(date) => day.date(date),
        None => day.text("no date"),
    };
    [Line::new().text("Calibrated").padded(), day.padded()]
}

fn identity(_: &Snapshot, block: Option<&Block>) -> Screen {
    let serial = block.map_or(&[][..], |block| block.serial.as_bytes());
    [Line::new().ascii(serial).padded(), Line::new().text("Version ").text(env!("CARGO_PKG_VERSION")).padded()]
}

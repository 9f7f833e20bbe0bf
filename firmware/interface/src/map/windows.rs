//! The windows of input registers.

use m90e26::Register;

use super::codes::{Alarms, CrashKind, Protections, Relay, ResetCause, State};
use super::selftest::TestResult;
use super::words::{Measured, Row, WordError, Words};
use crate::block::{CRC_32, PAGE, Text};

macro_rules! window {
    ($(#[$doc:meta])* $name:ident at $start:literal $words:literal { $($offset:literal $field:ident: $kind:ty, $meaning:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub struct $name {
            $(#[doc = concat!($meaning, ".")] pub $field: $kind,)*
        }

        impl $name {
            /// Its first address.
            pub const START: u16 = $start;
            /// Its registers.
            pub const WORDS: usize = $words;
            /// What stands in it, in the order of the addresses.
            pub const ROWS: &[Row] = &[$(Row {
                offset: $offset,
                words: <$kind as Words>::COUNT as u16,
                name: stringify!($field),
                kind: <$kind as Words>::KIND,
                meaning: $meaning,
            },)*];

            /// The window in registers.
            #[must_use]
            pub fn encode(&self) -> [u16; $words] {
                let mut words = [0; $words];
                $(if let Some(place) = words.get_mut($offset..$offset + <$kind as Words>::COUNT) {
                    self.$field.put(place);
                })*
                words
            }

            /// The window from its registers.
            ///
            /// # Errors
            /// There are more or less of them than [`Self::WORDS`].
            pub fn decode(words: &[u16]) -> Result<Self, WordError> {
                if words.len() != $words {
                    return Err(WordError { have: words.len(), need: $words });
                }
                Ok(Self {
                    $($field: <$kind as Words>::take(
                        words.get($offset..$offset + <$kind as Words>::COUNT).unwrap_or_default(),
                    ),)*
                })
            }
        }

        // Every row begins where the one before it ends.
        const _: () = {
            let (mut rows, mut end) = ($name::ROWS, 0);
            while let [first, rest @ ..] = rows {
                assert!(first.offset == end, "a row must begin where the one before it ends");
                end = first.offset + first.words;
                rows = rest;
            }
            assert!(end == $words, "the rows fill the window");
        };
    };
}

window! {
    /// What does not change while the meter runs.
    Identity at 0x0000 35 {
        0 magic: u16, "4D42";
        1 map_version: u32, "Version of this map: major, minor";
        3 firmware: [u16; 3], "Version of the firmware: major, minor, patch";
        6 layout_version: u16, "Version of the calibration block's layout the firmware knows";
        7 serial: Text<24>, "Serial number from the calibration block; empty without one";
        19 unique: [u16; 6], "The processor's unique number, as it stands in its memory";
        25 line: u16, "The line that meters: 0 is L, 1 is N";
        26 scale_numerator: u16, "Current scale, numerator";
        27 scale_denominator: u16, "Current scale, denominator";
        28 pulses_per_kwh: u32, "Whole pulses of the chip's energy registers for 1 kWh";
        30 constant_imp_per_kwh: u32, "Meter constant on the nameplate, imp/kWh";
        32 copy: u16, "The calibration copy in force: 0 none, 1 A, 2 B";
        33 sequence: u32, "Its sequence number";
    }
}

impl Identity {
    /// The first word of the window: `MB`.
    pub const MAGIC: u16 = 0x4D42;
}

window! {
    /// The meter at one moment.
    Snapshot at 0x0100 68 {
        0 sequence: u32, "Readings of the chip completed since the meter's start; the same number is the same snapshot";
        2 uptime_millis: u32, "Time since the meter's start, ms; wraps after 49 days";
        4 boot: u16, "The meter's starts so far, this one included; wraps";
        5 state: State, "What the meter is doing";
        6 relay: Relay, "What the relay was switched to";
        7 protections: Protections, "Why the relay is held open";
        8 alarms: Alarms, "What somebody should look at";
        9 unlocked_secs: u16, "Seconds until the lock falls shut, 0 when locked";
        10 measured: [Measured; 8], "The quantities, each value and age, in the order of their table";
        34 total_counts: u64, "Active energy kept over power failures, in counts of 0.1 pulse";
        38 total_milliwatt_hours: u64, "The same in mWh";
        42 pulses: u32, "Whole pulses of active energy since the meter's start";
        44 en_status: u16, "The chip's register EnStatus";
        45 en_status_age_millis: u16, "Its age, ms; FFFF for that much or more, or never read";
        46 cs1_chip: u16, "CS1 as the chip computed it when it was loaded";
        47 cs1_block: u16, "CS1 in the calibration block";
        48 cs2_chip: u16, "CS2 as the chip computed it when it was loaded";
        49 cs2_block: u16, "CS2 in the calibration block";
        50 chip_loads: u16, "Times the chip was loaded since the meter's start";
        51 chip_resets: u16, "Times the chip was found reset by itself since the meter's start";
        52 chip_transactions: u32, "Requests sent to the chip, repetitions included";
        54 chip_retries: u32, "Transactions with the chip that had to be tried again";
        56 chip_recovered: u32, "Readings saved by LastData";
        58 readings_per_10_secs: u16, "Readings of the chip in the last 10 s";
        59 service_frames: u32, "Good requests on the service port";
        61 service_errors: u32, "Frames dropped on the service port";
        63 reset_cause: ResetCause, "Why the processor started";
        64 supply_millivolts: u16, "Voltage at the battery and cover sense, mV; FFFF when not measured";
        65 clock_secs: u32, "Real-time clock, seconds since 2000-01-01 00:00:00; 0 when it was never set";
        67 crash: CrashKind, "What the crash record holds";
    }
}

window! {
    /// The same readings as float32 in SI units, for clients that like them better.
    Floats at 0x0180 20 {
        0 sequence: u32, "Number of the snapshot they were taken from";
        2 quantities: [f32; 8], "The quantities in V, A, W, var, VA, 1, Hz, degrees; NaN for none, and for what is older than 2 s";
        18 energy_kwh: f32, "Active energy kept over power failures, kWh";
    }
}

impl Floats {
    /// Readings older than that have no float, since floats show no age.
    pub const OLDEST_MILLIS: u16 = 2000;

    /// The floats of a snapshot.
    #[must_use]
    pub fn of(snapshot: &Snapshot) -> Self {
        let mut quantities = [f32::NAN; 8];
        for ((float, measured), quantity) in quantities.iter_mut().zip(&snapshot.measured).zip(QUANTITIES) {
            if let (Some(value), true) = (measured.value, measured.age_millis <= Self::OLDEST_MILLIS) {
                // Not divided: that would be half a kilobyte more for the last bit of a float.
                *float = value as f32 * quantity.units();
            }
        }
        let energy_kwh = snapshot.total_milliwatt_hours as f32 * 1e-6;
        Self { sequence: snapshot.sequence, quantities, energy_kwh }
    }
}

window! {
    /// An energy register of the chip, counted on without end. There are six of them, see [`TALLIED`].
    Tally at 0x0200 5 {
        0 boot: u16, "The meter's starts so far: with another number, count begins anew";
        1 reads: u16, "Times the register was read from the chip since the meter's start; wraps";
        2 age_millis: u16, "Age of the last reading, ms; FFFF for that much or more, or never read";
        3 count: u32, "What the readings gave together since the meter's start, in counts of 0.1 pulse; wraps";
    }
}

window! {
    /// The chip's SysStatus, counted bit by bit.
    Events at 0x0240 19 {
        0 boot: u16, "The meter's starts so far: with another number, counting begins anew";
        1 reads: u16, "Times SysStatus was read from the chip since the meter's start; wraps";
        2 age_millis: u16, "Age of the last reading, ms; FFFF for that much or more, or never read";
        3 times: [u16; 16], "How many of the readings had bit 0 set, bit 1, and so on to bit 15; each wraps";
    }
}

window! {
    /// The self test.
    SelfTest at 0x0280 27 {
        0 running: u16, "Number of the test that runs, 0 for none";
        1 elapsed_millis: u16, "Time since it began, ms";
        2 runs: u16, "Tests started since the meter's start; wraps";
        3 results: [TestResult; 12], "State and value of each test, in the order of their numbers";
    }
}

window! {
    /// What the meter left behind when it crashed. It outlives a restart, not a power failure.
    Crash at 0x0300 32 {
        0 kind: CrashKind, "What happened";
        1 boot: u16, "In which of the meter's starts";
        2 uptime_millis: u32, "Time since that start, ms";
        4 program_counter: u32, "Program counter, 0 when not known";
        6 link_register: u32, "Link register, 0 when not known";
        8 message: Text<48>, "What the program said, or where in the sources";
    }
}

window! {
    /// How the program gets on with the processor's memory.
    Diagnostics at 0x0340 3 {
        0 stack_bytes: u16, "Memory of the stack, bytes: what the variables leave of the RAM";
        1 stack_unused: u16, "Bytes of it that were never used since the meter's start";
        2 longest_turn_millis: u16, "Longest turn of the main loop since the meter's start, ms; the watchdog ends one of 1000";
    }
}

window! {
    /// The program's own bytes as it found them in the flash when it started: what proves that all of them are there.
    Program at 0x0348 6 {
        0 start: u32, "Address of the first byte";
        2 length: u32, "Bytes, initial data included; the calibration pages are none of them";
        4 crc: u32, "CRC-32 (ISO-HDLC) over them";
    }
}

impl Program {
    /// Sums up the bytes that stand at `start`.
    #[must_use]
    pub fn over(start: u32, bytes: &[u8]) -> Self {
        Self { start, length: bytes.len() as u32, crc: CRC_32.checksum(bytes) }
    }
}

/// The registers behind the tallies, in their order.
pub const TALLIED: [Register; 6] = [
    Register::APenergy,
    Register::ANenergy,
    Register::ATenergy,
    Register::RPenergy,
    Register::RNenergy,
    Register::RTenergy,
];

/// Distance from one tally to the next.
pub const TALLY_STRIDE: u16 = 8;

/// Where the tally of an energy register begins; `None` for other registers.
#[must_use]
pub fn tally_address(register: Register) -> Option<u16> {
    let place = TALLIED.iter().position(|&tallied| tallied == register)?;
    Some(Tally::START + place as u16 * TALLY_STRIDE)
}

/// The calibration copy in force begins here, two bytes in a register, the first in the high byte; without its secrets. Without a copy in
/// force it reads FFFF throughout.
pub const BLOCK_START: u16 = 0x0400;

/// Registers of the calibration copy.
pub const BLOCK_WORDS: usize = PAGE / 2;

/// A window of input registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// [`Identity`].
    Identity,
    /// [`Snapshot`].
    Snapshot,
    /// [`Floats`].
    Floats,
    /// [`Tally`] of an energy register.
    Tally(Register),
    /// [`Events`].
    Events,
    /// [`SelfTest`].
    SelfTest,
    /// [`Crash`].
    Crash,
    /// [`Diagnostics`].
    Diagnostics,
    /// [`Program`].
    Program,
    /// The calibration block.
    Block,
}

impl Window {
    /// The window that holds `count` registers from `address` on, and where in it they begin. `None` is exception 02: nothing there, or more than one
    /// window.
    #[must_use]
    pub fn holding(address: u16, count: u16) -> Option<(Self, usize)> {
        Self::ALL.into_iter().find_map(|window| {
            let offset = usize::from(address.checked_sub(window.start())?);
            (offset + usize::from(count) <= window.words()).then_some((window, offset))
        })
    }

    /// All windows, in the order of their addresses.
    pub const ALL: [Self; 15] = [
        Self::Identity,
        Self::Snapshot,
        Self::Floats,
        Self::Tally(Register::APenergy),
        Self::Tally(Register::ANenergy),
        Self::Tally(Register::ATenergy),
        Self::Tally(Register::RPenergy),
        Self::Tally(Register::RNenergy),
        Self::Tally(Register::RTenergy),
        Self::Events,
        Self::SelfTest,
        Self::Crash,
        Self::Diagnostics,
        Self::Program,
        Self::Block,
    ];

    /// Its first address.
    #[must_use]
    pub fn start(self) -> u16 {
        match self {
            Self::Identity => Identity::START,
            Self::Snapshot => Snapshot::START,
            Self::Floats => Floats::START,
            Self::Tally(register) => tally_address(register).unwrap_or(Tally::START),
            Self::Events => Events::START,
            Self::SelfTest => SelfTest::START,
            Self::Crash => Crash::START,
            Self::Diagnostics => Diagnostics::START,
            Self::Program => Program::START,
            Self::Block => BLOCK_START,
        }
    }

    /// Its registers.
    #[must_use]
    pub const fn words(self) -> usize {
        match self {
            Self::Identity => Identity::WORDS,
            Self::Snapshot => Snapshot::WORDS,
            Self::Floats => Floats::WORDS,
            Self::Tally(_) => Tally::WORDS,
            Self::Events => Events::WORDS,
            Self::SelfTest => SelfTest::WORDS,
            Self::Crash => Crash::WORDS,
            Self::Diagnostics => Diagnostics::WORDS,
            Self::Program => Program::WORDS,
            Self::Block => BLOCK_WORDS,
        }
    }
}

macro_rules! quantities {
    ($($variant:ident $name:literal $unit:literal $per_unit:literal;)*) => {
        /// A measured quantity of the line that meters, with the current scale applied.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Quantity {
            $(#[doc = concat!($name, ".")] $variant,)*
        }

        /// All quantities, in the order in which the snapshot has them.
        pub const QUANTITIES: [Quantity; 8] = [$(Quantity::$variant),*];

        impl Quantity {
            /// Its name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The unit of its integer.
            #[must_use]
            pub const fn unit(self) -> &'static str {
                match self { $(Self::$variant => $unit,)* }
            }

            /// V, A, W, var, VA, 1, Hz, degrees in one of its integer.
            #[must_use]
            const fn units(self) -> f32 {
                match self { $(Self::$variant => 1.0 / $per_unit as f32,)* }
            }

            /// Its integer in one V, A, W, var, VA, 1, Hz, degree.
            #[must_use]
            pub const fn per_unit(self) -> i32 {
                match self { $(Self::$variant => $per_unit,)* }
            }
        }
    };
}

quantities! {
    Voltage "Voltage" "uV" 1_000_000;
    Current "Current" "uA" 1_000_000;
    ActivePower "Active power" "mW" 1000;
    ReactivePower "Reactive power" "mvar" 1000;
    ApparentPower "Apparent power" "mVA" 1000;
    PowerFactor "Power factor" "0.001" 1000;
    Frequency "Frequency" "mHz" 1000;
    PhaseAngle "Phase angle" "0.001 degree" 1000;
}

impl Quantity {
    /// Its place among [`QUANTITIES`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

impl Snapshot {
    /// One of the quantities.
    #[must_use]
    pub fn measured(&self, quantity: Quantity) -> Measured {
        self.measured.get(quantity.index()).copied().unwrap_or(Measured::NONE)
    }
}

//! Words with a fixed set of meanings. A word from a newer meter survives as `Unknown`.

use super::words::Words;

macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $word:literal $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $(#[doc = concat!($text, ".")] $variant,)*
            /// A word this version does not know.
            Unknown(u16),
        }

        impl $name {
            /// All that are known: word and meaning.
            pub const ALL: &[(u16, &'static str)] = &[$(($word, $text),)*];

            /// Its word.
            #[must_use]
            pub const fn word(self) -> u16 {
                match self {
                    $(Self::$variant => $word,)*
                    Self::Unknown(word) => word,
                }
            }

            /// What the word means.
            #[must_use]
            pub const fn from_word(word: u16) -> Self {
                match word {
                    $($word => Self::$variant,)*
                    other => Self::Unknown(other),
                }
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                match self {
                    $(Self::$variant => f.pad($text),)*
                    Self::Unknown(word) => write!(f, "unknown code {word:04X}"),
                }
            }
        }

        impl Words for $name {
            const COUNT: usize = 1;
            const KIND: &'static str = stringify!($name);

            fn put(&self, into: &mut [u16]) {
                self.word().put(into);
            }

            fn take(words: &[u16]) -> Self {
                Self::from_word(u16::take(words))
            }
        }
    };
}
pub(super) use codes;

macro_rules! flags {
    ($(#[$doc:meta])* $name:ident { $($flag:ident = $bit:literal $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        pub struct $name(u16);

        impl $name {
            $(#[doc = concat!($text, ".")] pub const $flag: Self = Self(1 << $bit);)*

            /// All that are known: bit and meaning.
            pub const ALL: &[(u16, &'static str)] = &[$(($bit, $text),)*];

            /// The flags in a word; bits this version does not know survive.
            #[must_use]
            pub const fn from_bits(bits: u16) -> Self {
                Self(bits)
            }

            /// The word.
            #[must_use]
            pub const fn bits(self) -> u16 {
                self.0
            }

            /// Whether all of `flags` are set.
            #[must_use]
            pub const fn contains(self, flags: Self) -> bool {
                self.0 & flags.0 == flags.0
            }

            /// Whether no flag is set.
            #[must_use]
            pub const fn is_empty(self) -> bool {
                self.0 == 0
            }

            /// These and `flags`.
            #[must_use]
            pub const fn with(self, flags: Self) -> Self {
                Self(self.0 | flags.0)
            }

            /// These without `flags`.
            #[must_use]
            pub const fn without(self, flags: Self) -> Self {
                Self(self.0 & !flags.0)
            }

            /// What is set, in words; bits this version does not know are left out.
            pub fn texts(self) -> impl Iterator<Item = &'static str> {
                Self::ALL.iter().filter(move |(bit, _)| self.0 >> bit & 1 == 1).map(|(_, text)| *text)
            }
        }

        impl Words for $name {
            const COUNT: usize = 1;
            const KIND: &'static str = stringify!($name);

            fn put(&self, into: &mut [u16]) {
                self.0.put(into);
            }

            fn take(words: &[u16]) -> Self {
                Self(u16::take(words))
            }
        }
    };
}

codes! {
    /// What the meter is doing.
    State {
        Starting = 0 "Starting: nothing is metered yet",
        NotCalibrated = 1 "No valid calibration block: nothing is metered",
        ChipSilent = 2 "The metering chip does not answer: nothing is metered",
        ChipRefused = 3 "The metering chip refuses the calibration: nothing is metered",
        Metering = 4 "Metering",
        Bench = 5 "Unlocked: the bench owns the chip, the total stands still",
    }
}

codes! {
    /// What the relay was last switched to. It latches, so before the first switching nobody knows.
    Relay {
        Unswitched = 0 "Not switched yet",
        Open = 1 "Open: the load is off",
        Closed = 2 "Closed: the load is on",
    }
}

flags! {
    /// Why the relay is held open.
    Protections {
        OVER_VOLTAGE = 0 "Over-voltage",
        UNDER_VOLTAGE = 1 "Under-voltage",
        OVERLOAD = 2 "Over-load",
        UNDER_FREQUENCY = 3 "Under-frequency",
    }
}

flags! {
    /// What somebody should look at.
    Alarms {
        CHIP_SILENT = 0 "The metering chip does not answer",
        CHIP_CS1 = 1 "The metering chip finds checksum 1 wrong",
        CHIP_CS2 = 2 "The metering chip finds checksum 2 wrong",
        CHIP_RESET = 3 "The metering chip lost its registers since the meter's start and was loaded again",
        BLOCK_A = 4 "Calibration copy A is no valid block",
        BLOCK_B = 5 "Calibration copy B is no valid block",
        EEPROM = 6 "The EEPROM does not answer or keeps no record of the energy",
        RTC = 7 "The real-time clock does not answer or stands still",
        CRYSTAL = 8 "The crystal did not start, the meter runs on its internal oscillator",
        CRASH = 9 "The meter has crashed, see the crash record",
        REVERSE = 10 "Active power flows backwards",
        SAG = 11 "The voltage sagged since the meter's start",
        SUPPLY = 12 "The supply voltage was low since the meter's start",
    }
}

codes! {
    /// Why the meter's processor started.
    ResetCause {
        PowerOn = 0 "Power on",
        Pin = 1 "Reset pin",
        Software = 2 "Software",
        Watchdog = 3 "Watchdog",
        LowPower = 4 "Low-power reset",
    }
}

codes! {
    /// What ended the program the last time it did not end by itself.
    CrashKind {
        None = 0 "No crash",
        Panic = 1 "Panic",
        HardFault = 2 "Hard fault",
        Watchdog = 3 "Watchdog: something did not come back",
        Stack = 4 "Stack overflow",
    }
}

codes! {
    /// How far a test is.
    TestState {
        NotRun = 0 "Not run since the meter's start",
        Running = 1 "Running",
        Passed = 2 "Passed",
        Failed = 3 "Failed",
        TimedOut = 4 "No result in time",
        Shown = 5 "Done: a person tells whether it was seen or heard",
        Absent = 6 "The board has no such part",
    }
}

codes! {
    /// Exceptions the meter answers with.
    Exception {
        IllegalFunction = 1 "No such function, or the write is locked",
        IllegalAddress = 2 "No such register, or it takes no such access; or the request leaves its window",
        IllegalValue = 3 "The register does not take this value, or the count is wrong",
        Failure = 4 "The meter failed at it",
        Busy = 6 "Not now: the meter is starting, or a self test is running",
        ChipSilent = 11 "The metering chip did not answer properly, however often it was asked",
    }
}

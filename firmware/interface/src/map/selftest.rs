//! The tests of the meter's parts.

use super::codes::TestState;
use super::words::{Words, fill};

/// Who can tell whether a test passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judge {
    /// The meter itself.
    Meter,
    /// A person: the meter ends with [`TestState::Shown`].
    Person,
}

macro_rules! tests {
    ($($number:literal $variant:ident $name:literal $limit:literal $judge:ident $does:literal $value:literal;)*) => {
        /// A test of one part. Its number is what starts it, and its place among the results, counted from 1.
        #[repr(u16)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Test {
            $(#[doc = concat!($does, ".")] $variant = $number,)*
        }

        impl Test {
            /// All of them, in the order of their numbers, which is a sensible order to run them in.
            pub const ALL: [Self; 12] = [$(Self::$variant),*];

            /// The test of that number.
            #[must_use]
            pub const fn from_number(number: u16) -> Option<Self> {
                match number {
                    $($number => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// What is tested.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// It has ended after so many seconds.
            #[must_use]
            pub const fn limit_secs(self) -> u16 {
                match self { $(Self::$variant => $limit,)* }
            }

            /// Who judges.
            #[must_use]
            pub const fn judge(self) -> Judge {
                match self { $(Self::$variant => Judge::$judge,)* }
            }

            /// What the meter does.
            #[must_use]
            pub const fn does(self) -> &'static str {
                match self { $(Self::$variant => $does,)* }
            }

            /// What the result's value is; empty for none, which is 0.
            #[must_use]
            pub const fn value(self) -> &'static str {
                match self { $(Self::$variant => $value,)* }
            }
        }
    };
}

tests! {
    1 Afe "Metering chip" 2 Meter "Reads MMode and compares it with what was written" "The word read";
    2 Eeprom "EEPROM" 2 Meter "Writes a pattern to a spare cell, reads it back, restores the cell" "Address of the first byte that differed";
    3 Rtc "Real-time clock" 4 Meter "Reads the seconds until they move" "Milliseconds until they moved";
    4 Modem "Modem" 10 Meter "Sends AT until OK comes" "Times AT was sent";
    5 Supply "Battery and cover voltage" 2 Meter "Measures the voltage at the battery and cover sense" "mV at the pin";
    6 Lcd "Display" 4 Person "Shows all segments, then two lines of text" "";
    7 Buzzer "Buzzer" 4 Person "Sounds 500 Hz for 2 s" "";
    8 RelayOn "Relay on" 2 Person "Switches the relay on" "";
    9 RelayOff "Relay off" 2 Person "Switches the relay off" "";
    10 RedLed "Red LED" 3 Person "Lights the red LED for 2 s" "";
    11 GreenLed "Green LED" 3 Person "Lights the green LED for 2 s" "";
    12 Keypad "Keypad" 20 Meter "Waits for a key" "The key's character in ASCII";
}

impl Test {
    /// Its number.
    #[must_use]
    pub const fn number(self) -> u16 {
        self as u16
    }
}

/// How a test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TestResult {
    /// How far it is.
    pub state: TestState,
    /// What [`Test::value`] says.
    pub value: u16,
}

impl Default for TestResult {
    fn default() -> Self {
        Self { state: TestState::NotRun, value: 0 }
    }
}

impl Words for TestResult {
    const COUNT: usize = 2;
    const KIND: &'static str = "result";

    fn put(&self, into: &mut [u16]) {
        fill(into, &[self.state.word(), self.value]);
    }

    fn take(words: &[u16]) -> Self {
        let (state, value) = words.split_at_checked(1).unwrap_or_default();
        Self { state: TestState::take(state), value: u16::take(value) }
    }
}

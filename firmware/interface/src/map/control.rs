//! The meter's own holding registers.

use super::codes::codes;
use super::words::Words;

/// The word that unlocks. It keeps nobody out who has the seal off and the service port in his hands; it keeps accidents out.
pub const UNLOCK_KEY: u16 = 0xCA1B;

/// The word that locks at once.
pub const LOCK: u16 = 0;

codes! {
    /// A holding register of the meter itself, by its address.
    Control {
        Barrier = 0x0200 "Any word. The answer tells it: whatever came before that answer is older",
        Unlock = 0x0201 "CA1B unlocks for 60 s, 0000 locks; others are exception 03. Reads the seconds left",
        Command = 0x0202 "What the meter shall do, see the commands; reads 0",
        SelfTest = 0x0203 "Starts the test of that number, 0 stops; reads the number of the test that runs",
        ClockHigh = 0x0204 "High word of the seconds since 2000-01-01 00:00:00; kept until the low word is written. Reads the clock's, 0 when it was never set",
        ClockLow = 0x0205 "Their low word: sets the real-time clock. What the clock took is read back here some ms later",
    }
}

/// The clock chip's calendar ends with the year 2099; the last high word that is taken, which ends some hours before.
pub const CLOCK_HIGH_MOST: u16 = 0xBC18;

impl Control {
    /// Its address.
    #[must_use]
    pub const fn address(self) -> u16 {
        self.word()
    }
}

codes! {
    /// What the meter does when its word is written to [`Control::Command`]. The answer comes first.
    Command {
        Restart = 0xB001 "Starts the meter's program anew",
        BootLoader = 0xB007 "Starts the ROM boot loader, which listens at USART1",
        Reload = 0x10AD "Resets the chip and loads it from the calibration block",
        ClearEnergy = 0xC1EA "Sets the total energy to 0",
        ClearCrash = 0xC1EC "Forgets the crash record",
    }
}

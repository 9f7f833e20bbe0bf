//! Holding registers: which address is what, and what may be done there.

use m90e26::{Access, Register};

use super::Control;
use super::control::CLOCK_HIGH_MOST;

/// The chip's registers begin here: address 0000 + the chip's own.
pub const CHIP: u16 = 0x0000;

/// Registers with their LSB begin here: address 0100 + twice the chip's own is the register, the next one LSB as it was read right
/// after it.
pub const CHIP_WITH_LSB: u16 = 0x0100;

/// The echo registers: what is written there is read back with all bits inverted, so that a line that echoes by itself is not taken for a
/// meter.
pub const ECHO: core::ops::Range<u16> = 0x0240..0x0280;

/// What an echo register reads after `word` was written.
#[must_use]
pub const fn echoed(word: u16) -> u16 {
    !word
}

/// What stands at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holding {
    /// A register of the chip, passed through.
    Chip(Register),
    /// A register of the chip that LSB extends; it is read together with the next address.
    WithLsb(Register),
    /// LSB, as it was read right after the register.
    LsbOf(Register),
    /// A register of the meter itself.
    Control(Control),
    /// An echo register, counted from 0.
    Echo(u16),
}

/// Who may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Nobody.
    Never,
    /// Who has unlocked.
    Unlocked,
    /// Anybody.
    Anybody,
}

impl Holding {
    /// What stands at `address`; `None` is exception 02.
    #[must_use]
    pub const fn at(address: u16) -> Option<Self> {
        match address {
            0x0000..=0x007F => match Register::from_address(address as u8) {
                Some(register) => Some(Self::Chip(register)),
                None => None,
            },
            CHIP_WITH_LSB..=0x01FF => match Register::from_address(((address - CHIP_WITH_LSB) / 2) as u8) {
                Some(register) if !register.extended_by_lsb() => None,
                Some(register) if address.is_multiple_of(2) => Some(Self::WithLsb(register)),
                Some(register) => Some(Self::LsbOf(register)),
                None => None,
            },
            0x0240..=0x027F => Some(Self::Echo(address - ECHO.start)),
            _ => match Control::from_word(address) {
                Control::Unknown(_) => None,
                control => Some(Self::Control(control)),
            },
        }
    }

    /// Where a chip register stands.
    #[must_use]
    pub const fn of(register: Register) -> u16 {
        CHIP + register.address() as u16
    }

    /// Where a chip register with its LSB stands, for the registers that have one.
    #[must_use]
    pub const fn with_lsb(register: Register) -> Option<u16> {
        if register.extended_by_lsb() { Some(CHIP_WITH_LSB + 2 * register.address() as u16) } else { None }
    }

    /// Whether it can be read. What clears by being read cannot, nor LastData and LSB, which tell of transactions of the meter's
    /// own.
    #[must_use]
    pub const fn readable(self) -> bool {
        match self {
            Self::Chip(Register::LastData | Register::Lsb) => false,
            Self::Chip(register) => matches!(register.access(), Access::Read | Access::ReadWrite),
            _ => true,
        }
    }

    /// Who may write it.
    #[must_use]
    pub const fn guard(self) -> Guard {
        match self {
            Self::Chip(register) => match register.access() {
                Access::Write | Access::ReadWrite => Guard::Unlocked,
                Access::Read | Access::ReadClear => Guard::Never,
            },
            Self::WithLsb(_) | Self::LsbOf(_) => Guard::Never,
            Self::Control(Control::Barrier | Control::Unlock) | Self::Echo(_) => Guard::Anybody,
            Self::Control(_) => Guard::Unlocked,
        }
    }

    /// Whether a register takes `word`: bit 15 of Ugain must be 0, and the clock ends with its century.
    #[must_use]
    pub const fn takes(self, word: u16) -> bool {
        match self {
            Self::Chip(Register::Ugain) => word & 0x8000 == 0,
            Self::Control(Control::ClockHigh) => word <= CLOCK_HIGH_MOST,
            _ => true,
        }
    }
}

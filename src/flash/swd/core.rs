//! The processor, as a debugger moves it (ARMv7-M ARM, C1.6; RM0008, 31.16).

use std::time::Duration;

use super::error::SwdError;
use super::link::Link;
use crate::clock::{self, SharedClock};

const AIRCR: u32 = 0xE000_ED0C;
const VTOR: u32 = 0xE000_ED08;
const DHCSR: u32 = 0xE000_EDF0;
const DCRSR: u32 = 0xE000_EDF4;
const DCRDR: u32 = 0xE000_EDF8;
const DEMCR: u32 = 0xE000_EDFC;
const DBGMCU_IDCODE: u32 = 0xE004_2000;
const DBGMCU_CR: u32 = 0xE004_2004;

const DBGKEY: u32 = 0xA05F << 16;
const C_DEBUGEN: u32 = 1 << 0;
const C_HALT: u32 = 1 << 1;
const S_REGRDY: u32 = 1 << 16;
const S_HALT: u32 = 1 << 17;
const VC_CORERESET: u32 = 1 << 0;
const RESET_REQUEST: u32 = 0x05FA << 16 | 1 << 2;
/// Both watchdogs stand still while the processor does.
const DBG_IWDG_STOP: u32 = 1 << 8;
const DBG_WWDG_STOP: u32 = 1 << 9;

const REGISTER_WRITE: u32 = 1 << 16;
const SP: u32 = 13;
const PC: u32 = 15;
const XPSR: u32 = 16;
/// The processor knows no other instruction set.
const THUMB: u32 = 1 << 24;

/// A reset takes microseconds, but supplies and reset pins have capacitors.
const RESET_LIMIT: Duration = Duration::from_millis(500);
const POLL: Duration = Duration::from_millis(1);

/// The product number of the chip.
///
/// # Errors
/// It cannot be read.
pub fn product(link: &Link) -> Result<u16, SwdError> {
    Ok((link.read_word(DBGMCU_IDCODE)? & 0xFFF) as u16)
}

/// Resets the chip and stops it before its first instruction, so that neither program nor watchdog disturbs.
///
/// # Errors
/// The chip does not stop.
pub fn reset_and_halt(link: &Link, clock: &SharedClock) -> Result<(), SwdError> {
    link.write_word(DHCSR, DBGKEY | C_DEBUGEN | C_HALT)?;
    link.write_word(DEMCR, VC_CORERESET)?;
    // The chip may be gone before it has acknowledged this.
    let reset = link.write_word(AIRCR, RESET_REQUEST);
    until_halted(link, clock).map_err(|error| reset.err().unwrap_or(error))?;
    link.write_word(DBGMCU_CR, DBG_IWDG_STOP | DBG_WWDG_STOP)
}

/// Catches a chip whose reset pin is held: lets go of the pin, and the chip stops before its first instruction.
///
/// # Errors
/// The chip does not stop.
pub fn release_and_halt(link: &Link, clock: &SharedClock) -> Result<(), SwdError> {
    let catch = link.write_word(DHCSR, DBGKEY | C_DEBUGEN | C_HALT).and_then(|()| link.write_word(DEMCR, VC_CORERESET));
    // Never left held, whatever happened.
    link.release_reset()?;
    catch?;
    until_halted(link, clock)
}

fn until_halted(link: &Link, clock: &SharedClock) -> Result<(), SwdError> {
    wait_for(link, clock, S_HALT, "stop after a reset")
}

fn wait_for(link: &Link, clock: &SharedClock, status: u32, what: &'static str) -> Result<(), SwdError> {
    let deadline = clock.now() + RESET_LIMIT;
    loop {
        // During a reset an access may fail.
        match link.read_word(DHCSR) {
            Ok(value) if value & status == status => return Ok(()),
            Err(error @ (SwdError::Lost | SwdError::Silent { .. })) => return Err(error),
            Err(error) if clock.now() >= deadline => return Err(error),
            Ok(_) if clock.now() >= deadline => {
                return Err(SwdError::Stuck { what, millis: RESET_LIMIT.as_millis() as u64 });
            }
            Ok(_) | Err(_) => clock::sleep(&**clock, POLL),
        }
    }
}

/// Starts the program whose vector table is at `table`, as after a reset, and leaves the processor alone. Stack and entry are set
/// by hand, so that it starts whatever BOOT0 says.
///
/// # Errors
/// The chip does not do it.
pub fn start(link: &Link, clock: &SharedClock, table: u32) -> Result<(), SwdError> {
    reset_and_halt(link, clock)?;
    let stack = link.read_word(table)?;
    let entry = link.read_word(table.wrapping_add(4))?;
    link.write_word(VTOR, table)?;
    for (register, value) in [(SP, stack), (PC, entry & !1), (XPSR, THUMB)] {
        link.write_word(DCRDR, value)?;
        link.write_word(DCRSR, REGISTER_WRITE | register)?;
        wait_for(link, clock, S_REGRDY, "take a register")?;
    }
    link.write_word(DBGMCU_CR, 0)?;
    resume(link)
}

/// Lets the processor run and forgets it.
///
/// # Errors
/// An access failed.
pub fn resume(link: &Link) -> Result<(), SwdError> {
    link.write_word(DEMCR, 0)?;
    link.write_word(DHCSR, DBGKEY | C_DEBUGEN)?;
    // The program runs already, and may have taken the pins for something else.
    match link.write_word(DHCSR, DBGKEY) {
        Err(SwdError::Access { .. }) => Ok(()),
        result => result,
    }
}

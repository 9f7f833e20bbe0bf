//! The processor as a debugger sees it: running or halted, a few registers, resets (ARMv7-M ARM, C1.6).

use super::{FLASH, Memories, RAM, RAM_LENGTH};

const AIRCR: u32 = 0xE000_ED0C;
const VTOR: u32 = 0xE000_ED08;
const DHCSR: u32 = 0xE000_EDF0;
const DCRSR: u32 = 0xE000_EDF4;
const DCRDR: u32 = 0xE000_EDF8;
const DEMCR: u32 = 0xE000_EDFC;

const C_DEBUGEN: u32 = 1 << 0;
const C_HALT: u32 = 1 << 1;
const S_REGRDY: u32 = 1 << 16;
const S_HALT: u32 = 1 << 17;
const S_RESET_ST: u32 = 1 << 25;
const VC_CORERESET: u32 = 1 << 0;
const TRCENA: u32 = 1 << 24;
const SYSRESETREQ: u32 = 1 << 2;

const SP: usize = 13;
const PC: usize = 15;
const XPSR: usize = 16;
/// The Thumb bit of the program status.
const THUMB: u32 = 1 << 24;

/// What a write to a register asks of the chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consequence {
    /// Nothing.
    None,
    /// A reset of everything but the debug unit.
    SystemReset,
}

/// The processor.
pub struct Core {
    registers: [u32; 17],
    debug: u32,
    halted: bool,
    catch: u32,
    vectors: u32,
    data: u32,
    was_reset: bool,
    /// Held by the reset pin.
    held: bool,
    running: Option<u32>,
    /// It stands where a program begins, and has not gone on yet.
    at_entry: bool,
    starts: u64,
    halts: u64,
    resets: u64,
}

impl Core {
    /// A processor that has just started what is in the flash.
    #[must_use]
    pub fn new(memories: &Memories) -> Self {
        let mut core = Self {
            registers: [0; 17],
            debug: 0,
            halted: false,
            catch: 0,
            vectors: 0,
            data: 0,
            was_reset: false,
            held: false,
            running: None,
            at_entry: false,
            starts: 0,
            halts: 0,
            resets: 0,
        };
        core.begin(memories);
        core.note_start();
        core
    }

    /// The vector table of the program that runs, if one runs.
    #[must_use]
    pub fn running(&self) -> Option<u32> {
        self.running.filter(|_| !self.halted && !self.held)
    }

    /// How often a program has begun to run; one that was only stopped for a while goes on.
    #[must_use]
    pub fn starts(&self) -> u64 {
        self.starts
    }

    /// How often it was stopped by a debugger.
    #[must_use]
    pub fn halts(&self) -> u64 {
        self.halts
    }

    /// How often it was reset since it had its supply.
    #[must_use]
    pub fn resets(&self) -> u64 {
        self.resets
    }

    /// Whether a debugger has switched its debug unit on.
    #[must_use]
    pub fn is_debugged(&self) -> bool {
        self.debug & C_DEBUGEN != 0
    }

    /// The reset pin: while it is low nothing runs.
    pub fn hold(&mut self, low: bool, memories: &Memories) {
        if self.held && !low {
            self.held = false;
            self.reset(memories);
        }
        self.held |= low;
    }

    /// Whether the reset pin is low.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.held
    }

    /// A reset, after which it is caught or starts.
    pub fn reset(&mut self, memories: &Memories) {
        self.resets += 1;
        self.was_reset = true;
        self.vectors = 0;
        self.halted = false;
        self.begin(memories);
        if self.is_debugged() && self.catch & VC_CORERESET != 0 {
            self.halted = true;
        }
        self.note_start();
    }

    fn note_start(&mut self) {
        if self.at_entry && self.running().is_some() {
            self.at_entry = false;
            self.starts += 1;
        }
    }

    /// Takes stack and entry from the table at the start of the flash. The alias of the flash at 0 is not simulated.
    fn begin(&mut self, memories: &Memories) {
        let word =
            |at: u32| memories.read(FLASH + at, 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
        let (stack, entry) = (word(0).unwrap_or(u32::MAX), word(4).unwrap_or(u32::MAX));
        self.registers[SP] = stack;
        self.registers[PC] = entry & !1;
        self.registers[XPSR] = (entry & 1) << 24;
        self.at_entry = true;
        self.go(memories, FLASH);
    }

    /// Runs from where PC stands, if there is something to run.
    fn go(&mut self, memories: &Memories, vectors: u32) {
        let stack = (RAM..=RAM + RAM_LENGTH as u32).contains(&self.registers[SP]);
        let code = memories.is_flash(self.registers[PC]) && self.registers[XPSR] & THUMB != 0;
        self.running = (stack && code).then_some(vectors);
    }

    /// A register's value; none where the debug unit has none.
    pub fn read(&mut self, address: u32) -> Option<u32> {
        Some(match address {
            VTOR => self.vectors,
            AIRCR => 0xFA05_0000,
            DHCSR => {
                let halted = if self.halted { S_HALT } else { 0 };
                let reset = if self.was_reset || self.held { S_RESET_ST } else { 0 };
                self.was_reset = false;
                self.debug | halted | reset | S_REGRDY
            }
            DCRDR => self.data,
            DEMCR => self.catch,
            _ => return None,
        })
    }

    /// Writes a register; none where the debug unit has none.
    pub fn write(&mut self, address: u32, value: u32, memories: &Memories) -> Option<Consequence> {
        match address {
            VTOR => self.vectors = value,
            AIRCR if value >> 16 == 0x05FA && value & SYSRESETREQ != 0 => return Some(Consequence::SystemReset),
            DHCSR if value >> 16 == 0xA05F => self.control(value, memories),
            DCRSR => self.transfer(value),
            DCRDR => self.data = value,
            DEMCR => self.catch = value & (TRCENA | 0x7F1),
            AIRCR | DHCSR => {}
            _ => return None,
        }
        Some(Consequence::None)
    }

    fn control(&mut self, value: u32, memories: &Memories) {
        self.debug = value & 0x2F;
        let halt = self.is_debugged() && value & C_HALT != 0;
        if halt && !self.halted && !self.held {
            self.halts += 1;
            self.halted = true;
        } else if !halt && self.halted {
            self.halted = false;
            let vectors = if self.vectors == 0 { FLASH } else { self.vectors };
            self.go(memories, vectors);
            self.note_start();
        }
    }

    /// DCRSR: a register of a halted processor to DCRDR or back.
    fn transfer(&mut self, select: u32) {
        let Some(register) = self.registers.get_mut((select & 0x7F) as usize).filter(|_| self.halted) else { return };
        if select & (1 << 16) == 0 {
            self.data = *register;
        } else {
            *register = self.data;
        }
    }
}

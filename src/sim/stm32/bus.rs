//! The whole chip as a bus master sees it: every address, and the faults where there is nothing.

use super::controller::{BusError, Controller, FPEC, Times};
use super::core::{Consequence, Core};
use super::{Memories, OPTION_BYTES, Specimen};
use crate::clock::Moment;

/// Product number in its low twelve bits, revision above.
const DBGMCU_IDCODE: u32 = 0xE004_2000;
const DBGMCU_CR: u32 = 0xE004_2004;

/// A chip with everything a debugger reaches.
pub struct Chip {
    memories: Memories,
    controller: Controller,
    core: Core,
    product: u16,
    debug_control: u32,
    /// A debugger was here since the chip had its supply: PM0075, 2.4.1, has the protection count for it until then.
    debugged: bool,
}

impl Chip {
    /// A chip whose flash is erased.
    #[must_use]
    pub fn new(specimen: Specimen, product: u16, times: Times) -> Self {
        let memories = Memories::new(specimen);
        let core = Core::new(&memories);
        Self { memories, controller: Controller::new(times), core, product, debug_control: 0, debugged: false }
    }

    /// Its memories.
    #[must_use]
    pub fn memories(&self) -> &Memories {
        &self.memories
    }

    /// Its memories, to prepare them.
    pub fn memories_mut(&mut self) -> &mut Memories {
        &mut self.memories
    }

    /// Its flash controller.
    #[must_use]
    pub fn controller(&self) -> &Controller {
        &self.controller
    }

    /// Its processor.
    #[must_use]
    pub fn core(&self) -> &Core {
        &self.core
    }

    /// The vector table of the program that runs, if one runs. A protected flash can no longer be fetched from once a debugger was
    /// there, until the supply was off.
    #[must_use]
    pub fn running(&self) -> Option<u32> {
        if self.debugged && self.memories.is_protected() { None } else { self.core.running() }
    }

    /// Puts a program into the flash, as it would have been before, and starts it.
    pub fn load(&mut self, program: &[u8]) {
        self.memories.fill(0xFF);
        self.memories.place(program);
        self.power_on();
    }

    /// Supply off and on.
    pub fn power_on(&mut self) {
        self.memories.load_options();
        self.controller.reset();
        self.core = Core::new(&self.memories);
        (self.debug_control, self.debugged) = (0, false);
    }

    /// A reset that leaves the debug unit as it is.
    fn reset(&mut self) {
        self.memories.load_options();
        self.controller.reset();
        self.core.reset(&self.memories);
    }

    /// The reset pin.
    pub fn hold_reset(&mut self, low: bool) {
        if self.core.is_held() && !low {
            self.memories.load_options();
            self.controller.reset();
        }
        self.core.hold(low, &self.memories);
    }

    /// Reads 1, 2 or 4 bytes, aligned.
    ///
    /// # Errors
    /// There is nothing, or it may not be read.
    pub fn read(&mut self, address: u32, width: usize, now: Moment) -> Result<Vec<u8>, BusError> {
        self.debugged = true;
        if self.memories.is_flash(address) && self.memories.is_protected() {
            return Err(BusError);
        }
        if let Some(bytes) = self.memories.read(address, width) {
            return Ok(bytes);
        }
        let word = match address & !3 {
            DBGMCU_IDCODE => 0x2003_6000 | u32::from(self.product),
            DBGMCU_CR => self.debug_control,
            register @ FPEC..0x4002_2024 => self.controller.read(register - FPEC, &self.memories, now),
            register => self.core.read(register).ok_or(BusError)?,
        };
        let start = (address & 3) as usize;
        word.to_le_bytes().get(start..start + width).map(<[u8]>::to_vec).ok_or(BusError)
    }

    /// Writes 1, 2 or 4 bytes, aligned.
    ///
    /// # Errors
    /// There is nothing, or it may not be written now or so.
    pub fn write(&mut self, address: u32, bytes: &[u8], now: Moment) -> Result<(), BusError> {
        self.debugged = true;
        if self.memories.write_ram(address, bytes) {
            return Ok(());
        }
        if self.memories.is_flash(address) || (OPTION_BYTES..OPTION_BYTES + 16).contains(&address) {
            let Ok(half_word) = bytes.try_into() else { return Err(self.controller.wrong_width()) };
            return self.controller.program(address, half_word, &mut self.memories, now);
        }
        let Ok(word) = bytes.try_into().map(u32::from_le_bytes) else { return Err(BusError) };
        match address {
            DBGMCU_CR => self.debug_control = word,
            FPEC..0x4002_2024 => self.controller.write(address - FPEC, word, &mut self.memories, now),
            _ => match self.core.write(address, word, &self.memories).ok_or(BusError)? {
                Consequence::None => {}
                Consequence::SystemReset => self.reset(),
            },
        }
        Ok(())
    }
}

//! A whole simulated unit: a controller with its boot loader, and the meter's program, which loads the metering chip.
//!
//! One way to it is the controller's USART1, with the adapter's DTR on reset and RTS on BOOT0 ([`SimUnit`]); another the debug port
//! ([`ProbedUnit`]). What starts when the controller leaves reset is what stands in its flash: with a vector table and a valid
//! calibration block the program loads the chip as the meter's firmware does; without, the chip stays as it is. Not simulated:
//! instructions, and with them the service port.

use m90e26::Register;
use m90e26::field::command;
use meter_interface::block::{Block, Copy, PAGE, choose};

use super::device::{AfeDevice, Answer, Device, Shared};
use super::probe::ProbeDevice;
use super::rom::{RomDevice, RomOptions};
use super::stm32::{FLASH, RAM, RAM_LENGTH};
use crate::clock::Moment;
use crate::port::{Level, Signal};

/// What the controller is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Running {
    /// Nothing: reset is low.
    Held,
    /// The ROM's boot loader.
    Loader,
    /// What is in the flash.
    Program,
}

/// Controller and chip of one meter.
pub struct SimUnit {
    rom: RomDevice,
    chip: Shared<AfeDevice>,
    running: Running,
    boot0: Level,
}

impl SimUnit {
    /// A controller with an erased flash beside this chip.
    #[must_use]
    pub fn new(options: RomOptions, chip: Shared<AfeDevice>) -> Self {
        Self { rom: RomDevice::new(options), chip, running: Running::Program, boot0: Level::Off }
    }

    /// The controller, for a test to look into.
    pub fn rom(&mut self) -> &mut RomDevice {
        &mut self.rom
    }

    /// Reset ends.
    fn leave_reset(&mut self, at: Moment) {
        self.rom.reset();
        if self.boot0 == Level::On {
            self.running = Running::Loader;
        } else {
            self.start(at);
        }
    }

    fn start(&mut self, at: Moment) {
        self.running = Running::Program;
        run(self.rom.flash(), &self.chip, at);
    }
}

/// Controller and chip of one meter, with a debug probe at the controller.
pub struct ProbedUnit {
    probe: ProbeDevice,
    chip: Shared<AfeDevice>,
    /// Starts of the controller that were followed.
    starts: u64,
}

impl ProbedUnit {
    /// A probe at a controller beside this chip. What the controller runs already has loaded the chip before.
    #[must_use]
    pub fn new(probe: ProbeDevice, chip: Shared<AfeDevice>) -> Self {
        let starts = probe.chip().core().starts();
        Self { probe, chip, starts }
    }

    /// Probe and controller, for a test to look into.
    pub fn probe(&mut self) -> &mut ProbeDevice {
        &mut self.probe
    }
}

impl Device for ProbedUnit {
    fn on_byte(&mut self, byte: u8, at: Moment) -> Option<Answer> {
        let answer = self.probe.on_byte(byte, at);
        let controller = self.probe.chip();
        if controller.core().starts() != self.starts {
            self.starts = controller.core().starts();
            if controller.running() == Some(FLASH) {
                run(controller.memories().flash(), &self.chip, at);
            }
        }
        answer
    }

    fn is_gone(&self, at: Moment) -> bool {
        self.probe.is_gone(at)
    }
}

/// What the program in the flash does with the chip when it starts.
fn run(flash: &[u8], chip: &Shared<AfeDevice>, at: Moment) {
    if let Some(block) = block(flash) {
        load(&mut chip.lock(), &block, at.secs());
    }
}

/// The block the program in the flash would run on; none where there is no program.
fn block(flash: &[u8]) -> Option<Block> {
    let word = |at: usize| flash.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes);
    let (stack, entry) = (word(0)?, word(4)?);
    let in_ram = (RAM..=RAM + RAM_LENGTH as u32).contains(&stack);
    let in_flash = entry.checked_sub(FLASH).is_some_and(|offset| (offset as usize) < flash.len());
    let page = |copy: Copy| {
        let start = (copy.address() - FLASH) as usize;
        flash.get(start..start + PAGE)
    };
    if !in_ram || !in_flash {
        return None;
    }
    choose(page(Copy::A)?, page(Copy::B)?).ok().map(|choice| choice.block)
}

/// As the firmware loads it: reset, the registers and their checksums, then normal operation.
fn load(device: &mut AfeDevice, block: &Block, secs: f64) {
    let chip = device.chip();
    let mut write = |register: Register, value| chip.write(register.address(), value, secs);
    write(Register::SoftReset, command::SOFT_RESET);
    write(Register::CalStart, command::CAL_START);
    write(Register::AdjStart, command::CAL_START);
    for register in Register::ALL {
        if let Some(word) = block.register(register) {
            write(register, word);
        }
    }
    write(Register::CalStart, command::CAL_CHECK);
    write(Register::AdjStart, command::CAL_CHECK);
}

impl Device for SimUnit {
    fn on_byte(&mut self, byte: u8, at: Moment) -> Option<Answer> {
        if self.running != Running::Loader {
            return None;
        }
        let answer = self.rom.on_byte(byte, at);
        // The loader was told to jump.
        if self.rom.running().is_some() {
            self.start(at);
        }
        answer
    }

    fn is_gone(&self, at: Moment) -> bool {
        self.rom.is_gone(at)
    }

    fn on_signal(&mut self, signal: Signal, level: Level, at: Moment) -> bool {
        match (signal, level) {
            (Signal::Rts, level) => self.boot0 = level,
            (Signal::Dtr, Level::On) => self.running = Running::Held,
            (Signal::Dtr, Level::Off) if self.running == Running::Held => self.leave_reset(at),
            (Signal::Dtr, Level::Off) => {}
        }
        true
    }
}

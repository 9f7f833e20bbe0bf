//! The debug port of the chip and its one access port (ADIv5, IHI 0031): SW-DP and AHB-AP of a Cortex-M3.

use crate::clock::Moment;
use crate::sim::stm32::bus::Chip;

/// SW-DP of the STM32F103 (RM0008, 31.8.3).
const DPIDR: u32 = 0x1BA0_1477;
/// AHB-AP.
const AP_IDR: u32 = 0x1477_0011;
const AP_BASE: u32 = 0xE00F_F003;

const ORUNDETECT: u32 = 1 << 0;
const STICKYORUN: u32 = 1 << 1;
const STICKYERR: u32 = 1 << 5;
const POWER_REQUESTS: u32 = 1 << 28 | 1 << 30;

/// Auto-increment of the transfer address.
const ADDRESS_INCREMENTS: u32 = 1 << 4;
/// What a debugger finds in CSW: enabled, privileged data accesses of a word.
const CSW_RESET: u32 = 0x2300_0042;

/// A refused access, which stays on record until it is cleared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault;

/// Debug port and access port.
pub struct DebugPort {
    control: u32,
    select: u32,
    csw: u32,
    tar: u32,
    /// Value of the last read of the access port; told one access later.
    read_buffer: u32,
}

impl DebugPort {
    /// A port without power.
    #[must_use]
    pub fn new() -> Self {
        Self { control: 0, select: 0, csw: CSW_RESET, tar: 0, read_buffer: 0 }
    }

    /// Whether a data phase follows even a refusal.
    #[must_use]
    pub fn detects_overruns(&self) -> bool {
        self.control & ORUNDETECT != 0
    }

    /// Reads a register of the debug port; `address` is 0, 4, 8 or C.
    #[must_use]
    pub fn read_dp(&self, address: u32) -> u32 {
        match address {
            0 => DPIDR,
            // Each request for power is granted at once.
            4 => self.control | (self.control & POWER_REQUESTS) << 1,
            _ => self.read_buffer,
        }
    }

    /// Writes a register of the debug port.
    pub fn write_dp(&mut self, address: u32, value: u32) {
        match address {
            0 => {
                if value & 1 << 2 != 0 {
                    self.control &= !STICKYERR;
                }
                if value & 1 << 4 != 0 {
                    self.control &= !STICKYORUN;
                }
            }
            4 => {
                let sticky = self.control & (STICKYERR | STICKYORUN);
                self.control = value & (POWER_REQUESTS | ORUNDETECT | 0xF00) | sticky;
            }
            8 => self.select = value,
            _ => {}
        }
    }

    /// Reads the access port by the bank selected, as the wire does: the value of the read before.
    pub fn read_ap_posted(&mut self, address: u32, chip: &mut Chip, now: Moment) -> Result<u32, Fault> {
        let before = self.read_buffer;
        self.read_buffer = self.read_ap(self.select >> 24, self.select & 0xF0 | address, chip, now)?;
        Ok(before)
    }

    /// Writes the access port by the bank selected.
    pub fn write_ap_selected(&mut self, address: u32, value: u32, chip: &mut Chip, now: Moment) -> Result<(), Fault> {
        self.write_ap(self.select >> 24, self.select & 0xF0 | address, value, chip, now)
    }

    /// Reads a register of an access port.
    pub fn read_ap(&mut self, port: u32, register: u32, chip: &mut Chip, now: Moment) -> Result<u32, Fault> {
        self.expect_power()?;
        if port != 0 {
            // There is no such port.
            return Ok(0);
        }
        Ok(match register {
            0x00 => self.csw,
            0x04 => self.tar,
            0x0C => {
                let width = self.width();
                let address = self.next_address(width);
                let bytes = self.read_memory(address, width, chip, now)?;
                let lane = (address & 3) * 8;
                bytes.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte)) << lane
            }
            0xF8 => AP_BASE,
            0xFC => AP_IDR,
            _ => 0,
        })
    }

    /// Writes a register of an access port.
    pub fn write_ap(
        &mut self,
        port: u32,
        register: u32,
        value: u32,
        chip: &mut Chip,
        now: Moment,
    ) -> Result<(), Fault> {
        self.expect_power()?;
        match register {
            _ if port != 0 => {}
            0x00 => self.csw = value,
            0x04 => self.tar = value,
            0x0C => {
                let width = self.width();
                let address = self.next_address(width);
                let bytes = (value >> ((address & 3) * 8)).to_le_bytes();
                self.write_memory(address, bytes.get(..width).unwrap_or_default(), chip, now)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// One access of 1, 2 or 4 bytes over the bus.
    pub fn read_memory(&mut self, address: u32, width: usize, chip: &mut Chip, now: Moment) -> Result<Vec<u8>, Fault> {
        self.expect_power()?;
        let result = chip.read(address, width, now);
        result.map_err(|_| self.fault())
    }

    /// One access of 1, 2 or 4 bytes over the bus.
    pub fn write_memory(&mut self, address: u32, bytes: &[u8], chip: &mut Chip, now: Moment) -> Result<(), Fault> {
        self.expect_power()?;
        let result = chip.write(address, bytes, now);
        result.map_err(|_| self.fault())
    }

    /// An access port without power, or one that has refused something, refuses everything.
    fn expect_power(&self) -> Result<(), Fault> {
        let powered = self.control & POWER_REQUESTS == POWER_REQUESTS;
        if powered && self.control & (STICKYERR | STICKYORUN) == 0 { Ok(()) } else { Err(Fault) }
    }

    fn fault(&mut self) -> Fault {
        self.control |= STICKYERR;
        Fault
    }

    fn width(&self) -> usize {
        1 << (self.csw & 3).min(2)
    }

    fn next_address(&mut self, width: usize) -> u32 {
        let address = self.tar;
        if self.csw & ADDRESS_INCREMENTS != 0 {
            self.tar = self.tar.wrapping_add(width as u32);
        }
        address
    }
}

impl Default for DebugPort {
    fn default() -> Self {
        Self::new()
    }
}

//! An I2C controller over two open-drain pins, for the EEPROM and the clock chip.
//!
//! By pins, because the F103's own I2C unit can lock up in ways its errata sheet (ES0340) lists, and 100 kHz for a page now and then
//! does not need it. Every wait is bounded: a device that holds SCL for longer than `STRETCH` quarter periods ends the exchange.
//! A device that holds SDA after a broken exchange gets up to nine clocks to let go.
//!
//! Document: UM10204 (NXP), section 3.1.

/// The pins, and a quarter of a clock period.
pub trait Pins {
    /// Lets SCL go, or pulls it down.
    fn set_scl(&mut self, high: bool);
    /// Lets SDA go, or pulls it down.
    fn set_sda(&mut self, high: bool);
    /// Whether SCL is high.
    fn scl(&mut self) -> bool;
    /// Whether SDA is high.
    fn sda(&mut self) -> bool;
    /// Waits for a quarter of a clock period.
    fn wait(&mut self);
}

/// Why an exchange did not take place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BusError {
    /// A line stays low.
    Stuck,
    /// Nobody answered to the address.
    NoDevice,
    /// The device did not take a byte.
    Refused,
}

/// The longest a device may hold SCL, in quarter periods: 2.5 ms at 100 kHz. EEPROM and clock chip never do.
const STRETCH: u16 = 1_000;

/// Clocks that free a device that was interrupted while sending a byte.
const CLOCKS_TO_FREE: u8 = 9;

/// Writes `write` to a device and then reads `read` from it; either may be empty, and both empty ask whether it is there.
///
/// # Errors
/// See [`BusError`]; the bus is left free, as far as the devices let it.
pub fn exchange(pins: &mut impl Pins, device: u8, write: &[u8], read: &mut [u8]) -> Result<(), BusError> {
    let result = attempt(pins, device, write, read);
    let stopped = stop(pins);
    result.and(stopped)
}

fn attempt(pins: &mut impl Pins, device: u8, write: &[u8], read: &mut [u8]) -> Result<(), BusError> {
    free(pins)?;
    if !write.is_empty() || read.is_empty() {
        start(pins)?;
        address(pins, device << 1)?;
        for &byte in write {
            if !send(pins, byte)? {
                return Err(BusError::Refused);
            }
        }
    }
    if let Some((last, rest)) = read.split_last_mut() {
        start(pins)?;
        address(pins, device << 1 | 1)?;
        for byte in rest {
            *byte = receive(pins, true)?;
        }
        *last = receive(pins, false)?;
    }
    Ok(())
}

fn address(pins: &mut impl Pins, byte: u8) -> Result<(), BusError> {
    if send(pins, byte)? { Ok(()) } else { Err(BusError::NoDevice) }
}

/// Lets SCL go and waits until it is high.
fn raise_scl(pins: &mut impl Pins) -> Result<(), BusError> {
    pins.set_scl(true);
    for _ in 0..STRETCH {
        pins.wait();
        if pins.scl() {
            return Ok(());
        }
    }
    Err(BusError::Stuck)
}

/// Makes sure that nobody holds a line.
fn free(pins: &mut impl Pins) -> Result<(), BusError> {
    pins.set_sda(true);
    for _ in 0..CLOCKS_TO_FREE {
        raise_scl(pins)?;
        if pins.sda() {
            return Ok(());
        }
        pins.set_scl(false);
        pins.wait();
    }
    Err(BusError::Stuck)
}

/// A start, or a repeated one.
fn start(pins: &mut impl Pins) -> Result<(), BusError> {
    pins.set_sda(true);
    raise_scl(pins)?;
    pins.set_sda(false);
    pins.wait();
    pins.set_scl(false);
    pins.wait();
    Ok(())
}

fn stop(pins: &mut impl Pins) -> Result<(), BusError> {
    pins.set_scl(false);
    pins.set_sda(false);
    pins.wait();
    raise_scl(pins)?;
    pins.set_sda(true);
    pins.wait();
    Ok(())
}

/// One clock; returns what SDA was while SCL was high.
fn clock(pins: &mut impl Pins) -> Result<bool, BusError> {
    pins.wait();
    raise_scl(pins)?;
    let level = pins.sda();
    pins.wait();
    pins.set_scl(false);
    Ok(level)
}

/// Sends a byte; true when the device took it.
fn send(pins: &mut impl Pins, byte: u8) -> Result<bool, BusError> {
    for bit in (0..8).rev() {
        pins.set_sda(byte >> bit & 1 != 0);
        clock(pins)?;
    }
    pins.set_sda(true);
    clock(pins).map(|level| !level)
}

/// Receives a byte; the last one of a reading is not acknowledged.
fn receive(pins: &mut impl Pins, more: bool) -> Result<u8, BusError> {
    pins.set_sda(true);
    let mut byte = 0;
    for _ in 0..8 {
        byte = byte << 1 | u8::from(clock(pins)?);
    }
    pins.set_sda(!more);
    clock(pins)?;
    pins.set_sda(true);
    Ok(byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the device does next.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Does {
        Nothing,
        /// Takes bits of a byte.
        Listens {
            bits: u8,
            byte: u8,
        },
        /// Pulls SDA for a clock; then listens, or talks.
        Acknowledges {
            talks: bool,
        },
        /// Sends a byte: bits already sent.
        Talks {
            bits: u8,
        },
        /// Looks whether the controller wants more.
        Asks,
    }

    /// An EEPROM with 4 KiB at address 50, bit by bit (UM10204, section 3.1; AT24C32 datasheet).
    struct Eeprom {
        scl: bool,
        sda: bool,
        pulls: bool,
        does: Does,
        count: usize,
        address: usize,
        memory: Vec<u8>,
        /// Holds SCL down for ever.
        stuck: bool,
        starts: u32,
        stops: u32,
    }

    impl Eeprom {
        fn new() -> Self {
            let memory = (0..4096).map(|place| (place * 7) as u8).collect();
            Self {
                scl: true,
                sda: true,
                pulls: false,
                does: Does::Nothing,
                count: 0,
                address: 0,
                memory,
                stuck: false,
                starts: 0,
                stops: 0,
            }
        }

        fn on_rise(&mut self) {
            match &mut self.does {
                Does::Listens { bits, byte } => {
                    *byte = *byte << 1 | u8::from(self.sda);
                    *bits += 1;
                }
                Does::Asks => self.does = if self.sda { Does::Nothing } else { Does::Talks { bits: 0 } },
                _ => {}
            }
        }

        fn on_fall(&mut self) {
            self.pulls = false;
            match self.does {
                Does::Listens { bits: 8, byte } => self.on_byte(byte),
                Does::Acknowledges { talks: false } => self.does = Does::Listens { bits: 0, byte: 0 },
                Does::Acknowledges { talks: true } => self.talk(0),
                Does::Talks { bits: 8 } => {
                    self.address = (self.address + 1) % self.memory.len();
                    self.does = Does::Asks;
                }
                Does::Talks { bits } => self.talk(bits),
                _ => {}
            }
        }

        fn talk(&mut self, bits: u8) {
            self.pulls = self.memory[self.address] >> (7 - bits) & 1 == 0;
            self.does = Does::Talks { bits: bits + 1 };
        }

        fn on_byte(&mut self, byte: u8) {
            let mut talks = false;
            match self.count {
                0 if byte >> 1 != 0x50 => {
                    self.does = Does::Nothing;
                    return;
                }
                0 => talks = byte & 1 == 1,
                1 => self.address = usize::from(byte) << 8,
                2 => self.address |= usize::from(byte),
                _ => {
                    let place = self.address & !31 | (self.address + self.count - 3) & 31;
                    self.memory[place] = byte;
                }
            }
            self.count += 1;
            self.pulls = true;
            self.does = Does::Acknowledges { talks };
        }
    }

    impl Pins for Eeprom {
        fn set_scl(&mut self, high: bool) {
            match (self.scl, high) {
                (false, true) => self.on_rise(),
                (true, false) => self.on_fall(),
                _ => {}
            }
            self.scl = high;
        }

        fn set_sda(&mut self, high: bool) {
            // A change while SCL is high is a start or a stop.
            if self.scl && self.sda != high {
                (self.does, self.count) =
                    if high { (Does::Nothing, 0) } else { (Does::Listens { bits: 0, byte: 0 }, 0) };
                if high { self.stops += 1 } else { self.starts += 1 }
            }
            self.sda = high;
        }

        fn scl(&mut self) -> bool {
            self.scl && !self.stuck
        }

        fn sda(&mut self) -> bool {
            self.sda && !self.pulls
        }

        fn wait(&mut self) {}
    }

    #[test]
    fn pages_are_written_and_read_back() {
        let mut eeprom = Eeprom::new();
        assert_eq!(exchange(&mut eeprom, 0x50, &[0x0A, 0x20, 1, 2, 3, 0xFF], &mut []), Ok(()));
        let mut read = [0; 5];
        assert_eq!(exchange(&mut eeprom, 0x50, &[0x0A, 0x20], &mut read), Ok(()));
        assert_eq!(read, [1, 2, 3, 0xFF, (0xA24 * 7) as u8]);
        assert_eq!((eeprom.starts, eeprom.stops), (3, 2));
    }

    #[test]
    fn nobody_at_an_address_is_told() {
        let mut eeprom = Eeprom::new();
        assert_eq!(exchange(&mut eeprom, 0x51, &[0], &mut []), Err(BusError::NoDevice));
        assert_eq!(exchange(&mut eeprom, 0x50, &[], &mut []), Ok(()));
    }

    #[test]
    fn a_line_held_down_ends_the_exchange() {
        let mut eeprom = Eeprom::new();
        eeprom.stuck = true;
        assert_eq!(exchange(&mut eeprom, 0x50, &[0, 0], &mut [0]), Err(BusError::Stuck));
    }

    #[test]
    fn a_device_interrupted_while_sending_is_freed() {
        let mut eeprom = Eeprom::new();
        eeprom.memory[0] = 0;
        // The controller restarts in the middle of a byte of zeros.
        eeprom.does = Does::Talks { bits: 3 };
        eeprom.pulls = true;
        let mut read = [0xAA; 2];
        assert_eq!(exchange(&mut eeprom, 0x50, &[0, 0], &mut read), Ok(()));
        assert_eq!(read, [0, 7]);
    }
}

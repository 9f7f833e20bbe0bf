//! What the program needs of the hardware: one trait, implemented by the board and by the tests' stand-in.
//!
//! Nothing here waits for the outside: bytes are queued, outputs switch at once, and an exchange on the I2C bus ends within
//! its limit (see [`crate::i2c`]).

use crate::i2c::BusError;
use crate::lcd::Nibble;

/// A coil of the latching relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coil {
    /// Connects the load.
    Close,
    /// Disconnects it.
    Open,
}

/// A light on the front.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Led {
    /// Trouble.
    Red,
    /// Energy is counted.
    Green,
}

/// What comes after a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restart {
    /// This program again.
    Program,
    /// The boot loader in the chip's ROM, which takes a new image on USART1.
    BootLoader,
}

/// The hardware.
pub trait Board {
    /// Sends bytes to the metering chip.
    fn chip_send(&mut self, bytes: &[u8]);
    /// Sends bytes out of the service port.
    fn service_send(&mut self, bytes: &[u8]);
    /// Sends bytes to the modem.
    fn modem_send(&mut self, bytes: &[u8]);

    /// Writes and then reads on the I2C bus; either may be empty.
    ///
    /// # Errors
    /// Nobody answers, or the bus is stuck.
    fn i2c(&mut self, device: u8, write: &[u8], read: &mut [u8]) -> Result<(), BusError>;

    /// Drives one coil of the relay, or none.
    fn drive_relay(&mut self, coil: Option<Coil>);
    /// Switches a light.
    fn light(&mut self, led: Led, on: bool);
    /// Sounds the buzzer at 500 Hz, or silences it.
    fn buzz(&mut self, on: bool);
    /// Latches four bits into the display.
    fn latch(&mut self, nibble: Nibble);
    /// The keys pressed: bit `4 * row + column`.
    fn keys(&mut self) -> u16;
    /// The voltage at the battery and terminal-cover sense input, in mV; none when the converter does not answer.
    fn sense_millivolts(&mut self) -> Option<u16>;
    /// The supply is about to fail.
    fn supply_fails(&self) -> bool;
    /// Bytes of the stack that were never used since the start.
    fn stack_unused(&self) -> u16;
    /// Restarts the processor. A stand-in may return.
    fn restart(&mut self, into: Restart);
}

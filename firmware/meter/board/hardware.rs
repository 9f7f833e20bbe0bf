//! The board behind the library's trait.

use meter_firmware::board::{Board, Coil, Led, Restart};
use meter_firmware::i2c::{self, BusError, Pins};
use meter_firmware::lcd::Nibble;
use stm32f1::stm32f103::{ADC1, PWR, gpioa};

use super::pin::{Mode, Pin};
use super::serial::{CHIP, MODEM, SERVICE};
use super::time::Timebase;
use super::{buzzer, retained, stack};

/// A quarter of a period at 100 kHz.
const QUARTER_MICROS: u32 = 3;
/// How often the converter's flag is looked at; a conversion takes 21 us.
const LOOKS: u32 = 2_000;
/// The converter's reference is the supply of 3.3 V, and it has twelve bits.
const REFERENCE_MILLIVOLTS: u32 = 3_300;

/// The ports the pins are on.
pub struct Ports<'a> {
    /// GPIOA.
    pub a: &'a gpioa::RegisterBlock,
    /// GPIOB.
    pub b: &'a gpioa::RegisterBlock,
    /// GPIOC.
    pub c: &'a gpioa::RegisterBlock,
}

/// The hardware of the OpenSmartMeter.
pub struct Hardware<'a> {
    /// The meter's clock.
    pub time: Timebase,
    adc: ADC1,
    pwr: PWR,
    scl: Pin<'a>,
    sda: Pin<'a>,
    close: Pin<'a>,
    open: Pin<'a>,
    red: Pin<'a>,
    green: Pin<'a>,
    lcd_rs: Pin<'a>,
    lcd_enable: Pin<'a>,
    /// D7 to D4.
    lcd_data: [Pin<'a>; 4],
    rows: [Pin<'a>; 4],
    columns: [Pin<'a>; 4],
}

impl<'a> Hardware<'a> {
    /// Gives every pin its mode. The UARTs' pins are given theirs here too.
    pub fn new(ports: &Ports<'a>, time: Timebase, adc: ADC1, pwr: PWR) -> Self {
        let Ports { a, b, c } = *ports;
        let output = |port, number| Pin::new(port, number, Mode::Output);
        let input = |port, number| Pin::new(port, number, Mode::PulledUp);
        for (port, transmit) in [(a, 9), (a, 2), (b, 10)] {
            Pin::new(port, transmit, Mode::Peripheral);
            input(port, transmit + 1);
        }
        Pin::new(a, 1, Mode::Analog);
        adc.cr2().write(|w| w.adon().set_bit());
        adc.smpr2().modify(|_, w| w.smp1().cycles239_5());
        adc.sqr3().write(|w| {
            #[allow(unsafe_code, reason = "the crate has no safe way for plain numbers here")]
            // SAFETY: channel 1 exists.
            unsafe {
                w.sq1().bits(1)
            }
        });
        pwr.cr().modify(|_, w| {
            #[allow(unsafe_code, reason = "the crate has no safe way for plain numbers here")]
            // SAFETY: all levels exist; this is 2.9 V, the highest.
            unsafe { w.pls().bits(0b111) }.pvde().set_bit()
        });
        Self {
            time,
            adc,
            pwr,
            scl: Pin::new(b, 6, Mode::OpenDrain),
            sda: Pin::new(b, 7, Mode::OpenDrain),
            close: output(b, 12),
            open: output(b, 4),
            red: output(a, 0),
            green: output(a, 4),
            lcd_rs: output(b, 3),
            lcd_enable: output(a, 15),
            lcd_data: [output(b, 13), output(b, 14), output(b, 15), output(a, 8)],
            rows: [(b, 9), (b, 8), (b, 1), (b, 0)].map(|(port, number)| Pin::new(port, number, Mode::OpenDrain)),
            columns: [(a, 7), (a, 6), (a, 5), (c, 13)].map(|(port, number)| input(port, number)),
        }
    }
}

impl Pins for Hardware<'_> {
    fn set_scl(&mut self, high: bool) {
        self.scl.set(high);
    }

    fn set_sda(&mut self, high: bool) {
        self.sda.set(high);
    }

    fn scl(&mut self) -> bool {
        self.scl.is_high()
    }

    fn sda(&mut self) -> bool {
        self.sda.is_high()
    }

    fn wait(&mut self) {
        self.time.wait(QUARTER_MICROS);
    }
}

impl Board for Hardware<'_> {
    fn chip_send(&mut self, bytes: &[u8]) {
        CHIP.send(bytes);
    }

    fn service_send(&mut self, bytes: &[u8]) {
        SERVICE.send(bytes);
    }

    fn modem_send(&mut self, bytes: &[u8]) {
        MODEM.send(bytes);
    }

    fn i2c(&mut self, device: u8, write: &[u8], read: &mut [u8]) -> Result<(), BusError> {
        i2c::exchange(self, device, write, read)
    }

    fn drive_relay(&mut self, coil: Option<Coil>) {
        // Off before on: never both sides of the bridge.
        self.close.set(false);
        self.open.set(false);
        match coil {
            Some(Coil::Close) => self.close.set(true),
            Some(Coil::Open) => self.open.set(true),
            None => {}
        }
    }

    fn light(&mut self, led: Led, on: bool) {
        match led {
            Led::Red => self.red.set(on),
            Led::Green => self.green.set(on),
        }
    }

    fn buzz(&mut self, on: bool) {
        buzzer::sound(on);
    }

    fn latch(&mut self, nibble: Nibble) {
        self.lcd_rs.set(nibble.data);
        for (place, pin) in self.lcd_data.iter().enumerate() {
            pin.set(nibble.bits >> (3 - place) & 1 != 0);
        }
        self.lcd_enable.set(true);
        self.time.wait(2);
        self.lcd_enable.set(false);
    }

    fn keys(&mut self) -> u16 {
        let mut contacts = 0;
        for (row, drive) in self.rows.iter().enumerate() {
            drive.set(false);
            self.time.wait(5);
            for (column, sense) in self.columns.iter().enumerate() {
                contacts |= u16::from(!sense.is_high()) << (4 * row + column);
            }
            drive.set(true);
        }
        contacts
    }

    fn sense_millivolts(&mut self) -> Option<u16> {
        // Writing ADON again starts a conversion.
        self.adc.cr2().modify(|_, w| w.adon().set_bit());
        let done = (0..LOOKS).any(|_| self.adc.sr().read().eoc().bit_is_set());
        let counts = u32::from(self.adc.dr().read().data().bits());
        done.then_some((counts * REFERENCE_MILLIVOLTS / 4095) as u16)
    }

    fn supply_fails(&self) -> bool {
        self.pwr.csr().read().pvdo().bit_is_set()
    }

    fn stack_unused(&self) -> u16 {
        stack::unused()
    }

    fn restart(&mut self, into: Restart) {
        retained::restart(into);
    }
}

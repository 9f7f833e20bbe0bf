//! Pins of the ports A to C.
//!
//! Documents: RM0008, section 9.

use stm32f1::stm32f103::gpioa;

/// One pin of a port.
#[derive(Clone, Copy)]
pub struct Pin<'a> {
    port: &'a gpioa::RegisterBlock,
    number: u8,
}

#[allow(unsafe_code, reason = "the registers are shared")]
// SAFETY: what pins do later than at their start are single writes to BSRR, which concern only their own bit.
unsafe impl Send for Pin<'_> {}

/// What a pin does.
#[derive(Clone, Copy)]
pub enum Mode {
    /// Drives both ways.
    Output,
    /// Drives low only.
    OpenDrain,
    /// A peripheral drives it.
    Peripheral,
    /// Listens, held up.
    PulledUp,
    /// Listens to a voltage.
    Analog,
}

impl<'a> Pin<'a> {
    /// Pin `number` of a port, in a mode.
    pub fn new(port: &'a gpioa::RegisterBlock, number: u8, mode: Mode) -> Self {
        let pin = Self { port, number: number & 15 };
        // What an output shows first, and which way an input is pulled.
        pin.set(matches!(mode, Mode::OpenDrain | Mode::PulledUp));
        let (direction, function) = match mode {
            Mode::Output => (gpioa::crl::MODE::Output2, gpioa::crl::CONFIG::PushPull),
            Mode::OpenDrain => (gpioa::crl::MODE::Output2, gpioa::crl::CONFIG::OpenDrain),
            Mode::Peripheral => (gpioa::crl::MODE::Output, gpioa::crl::CONFIG::AltPushPull),
            Mode::PulledUp => (gpioa::crl::MODE::Input, gpioa::crl::CONFIG::AltPushPull),
            Mode::Analog => (gpioa::crl::MODE::Input, gpioa::crl::CONFIG::PushPull),
        };
        if pin.number < 8 {
            port.crl().modify(|_, w| {
                w.mode(pin.number).variant(direction);
                w.cnf(pin.number).variant(function)
            });
        } else {
            let number = pin.number - 8;
            port.crh().modify(|_, w| {
                w.mode(number).variant(direction);
                w.cnf(number).variant(function)
            });
        }
        pin
    }

    /// Drives it, or for an open drain lets it go.
    pub fn set(&self, high: bool) {
        // The mask proves to the compiler that there is such a pin.
        let number = self.number & 15;
        if high {
            self.port.bsrr().write(|w| w.bs(number).set_bit());
        } else {
            self.port.bsrr().write(|w| w.br(number).set_bit());
        }
    }

    /// Whether it is high.
    pub fn is_high(&self) -> bool {
        self.port.idr().read().idr(self.number & 15).bit_is_set()
    }
}

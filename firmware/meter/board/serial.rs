//! The three UARTs: bytes come and go by interrupts through queues, and nobody waits for them.

use core::cell::RefCell;

use critical_section::Mutex;
use heapless::Deque;
use stm32f1::stm32f103::{USART1, USART2, USART3, interrupt, usart1};

/// Bytes that wait for the main loop, and bytes that wait for the wire.
struct Queues<const RX: usize, const TX: usize> {
    received: Deque<u8, RX>,
    to_send: Deque<u8, TX>,
}

/// One UART with its queues. Before its start all of it is zeros, which take no room in the flash.
pub struct Serial<U: 'static, const RX: usize, const TX: usize> {
    inside: Mutex<RefCell<(Option<U>, Queues<RX, TX>)>>,
}

/// The metering chip.
pub static CHIP: Serial<USART3, 64, 16> = Serial::new();
/// The service port: both queues hold a longest frame.
pub static SERVICE: Serial<USART2, 512, 256> = Serial::new();
/// The modem.
pub static MODEM: Serial<USART1, 64, 16> = Serial::new();

impl<U, const RX: usize, const TX: usize> Serial<U, RX, TX>
where
    U: core::ops::Deref<Target = usart1::RegisterBlock>,
{
    const fn new() -> Self {
        Self { inside: Mutex::new(RefCell::new((None, Queues { received: Deque::new(), to_send: Deque::new() }))) }
    }

    /// Starts it with eight bits, no parity, one stop bit. Its interrupt still has to be unmasked.
    pub fn start(&self, uart: U, peripheral_hz: u32, baud: u32) {
        let divider = (peripheral_hz + baud / 2) / baud;
        uart.brr().write(|w| w.div_mantissa().set((divider >> 4) as u16).div_fraction().set((divider & 0xF) as u8));
        uart.cr1().write(|w| w.ue().enabled().te().enabled().re().enabled().rxneie().enabled());
        critical_section::with(|cs| self.inside.borrow_ref_mut(cs).0 = Some(uart));
    }

    /// Queues bytes for the wire; what does not fit is dropped, and its reader notices by the frame's check.
    pub fn send(&self, bytes: &[u8]) {
        critical_section::with(|cs| {
            if let (Some(uart), queues) = &mut *self.inside.borrow_ref_mut(cs) {
                for &byte in bytes {
                    let _full = queues.to_send.push_back(byte);
                }
                uart.cr1().modify(|_, w| w.txeie().enabled());
            }
        });
    }

    /// Takes what has come, as much as fits; returns how much that is.
    pub fn receive(&self, into: &mut [u8]) -> usize {
        critical_section::with(|cs| {
            let mut inside = self.inside.borrow_ref_mut(cs);
            let queues = &mut inside.1;
            let mut count = 0;
            for slot in into {
                let Some(byte) = queues.received.pop_front() else { break };
                *slot = byte;
                count += 1;
            }
            count
        })
    }

    /// The interrupt's work. The main loop does it too: an interrupt that does not come costs a millisecond and no more.
    pub fn serve(&self) {
        critical_section::with(|cs| {
            let mut inside = self.inside.borrow_ref_mut(cs);
            let (Some(uart), queues) = &mut *inside else { return };
            let status = uart.sr().read();
            // Reading the data register after the status also clears overrun, noise and framing errors.
            if status.rxne().bit_is_set() || status.ore().bit_is_set() {
                let byte = uart.dr().read().dr().bits() as u8;
                let garbled = status.fe().bit_is_set() || !status.rxne().bit_is_set();
                if !garbled {
                    // A full queue loses the byte, and the frame's check notices.
                    let _full = queues.received.push_back(byte);
                }
            }
            while uart.sr().read().txe().bit_is_set() {
                let Some(byte) = queues.to_send.pop_front() else {
                    uart.cr1().modify(|_, w| w.txeie().disabled());
                    break;
                };
                uart.dr().write(|w| w.dr().set(byte.into()));
            }
        });
    }
}

#[interrupt]
fn USART1() {
    MODEM.serve();
}

#[interrupt]
fn USART2() {
    SERVICE.serve();
}

#[interrupt]
fn USART3() {
    CHIP.serve();
}

//! Memory at fixed addresses: the calibration pages, the processor's unique number, the ports; and unmasking interrupts.

#![allow(unsafe_code, reason = "addresses that the compiler knows nothing of")]

use cortex_m::peripheral::NVIC;
use meter_interface::block::{Copy, FLASH_START, PAGE};
use stm32f1::stm32f103::{GPIOA, GPIOB, GPIOC, Interrupt, gpioa};

/// Where the processor's unique number stands (RM0008, section 30.2).
const UNIQUE: *const [u16; 6] = 0x1FFF_F7E8 as *const [u16; 6];

/// The two pages of the calibration. Erased as built; the bench patches the image.
#[used]
#[unsafe(no_mangle)]
#[unsafe(link_section = ".calibration_a")]
static CALIBRATION_A: [u8; PAGE] = [0xFF; PAGE];
#[used]
#[unsafe(no_mangle)]
#[unsafe(link_section = ".calibration_b")]
static CALIBRATION_B: [u8; PAGE] = [0xFF; PAGE];

/// What the internal oscillator gives, in Hz: the datasheet's 8 MHz. A symbol of its own, because the real one may differ by a few per cent,
/// and because an emulator's core clock is another.
#[used]
#[unsafe(no_mangle)]
static INTERNAL_OSCILLATOR_HZ: u32 = 8_000_000;

/// See [`INTERNAL_OSCILLATOR_HZ`].
pub fn internal_hz() -> u32 {
    // SAFETY: a static that nothing writes to; volatile, because the image may have been patched.
    unsafe { (&raw const INTERNAL_OSCILLATOR_HZ).read_volatile() }
}

/// A calibration page as it is in flash, which need not be what this program was built with.
pub fn page(copy: Copy) -> &'static [u8] {
    let page = match copy {
        Copy::A => &raw const CALIBRATION_A,
        Copy::B => &raw const CALIBRATION_B,
    };
    // Not what the compiler thinks it knows of the content.
    let page = core::hint::black_box(page);
    // SAFETY: the page is in flash, as long as declared, and nothing writes to it while the program runs.
    unsafe { &*page }
}

unsafe extern "C" {
    // Where the runtime finds the initial data in flash, and where in RAM it belongs (cortex-m-rt).
    static __sidata: u32;
    static __sdata: u32;
    static __edata: u32;
}

/// The program as it is in flash: from the vector table to the last byte of its initial data, behind which nothing is linked.
pub fn program() -> &'static [u8] {
    let data = &raw const __edata as usize - &raw const __sdata as usize;
    let end = &raw const __sidata as usize + data;
    // Not what the compiler thinks it knows of the content.
    let start = core::hint::black_box(FLASH_START as *const u8);
    // SAFETY: the linker puts all of it into the flash, which nothing writes to while the program runs.
    unsafe { core::slice::from_raw_parts(start, end.saturating_sub(FLASH_START as usize)) }
}

/// The processor's unique number.
pub fn unique() -> [u16; 6] {
    // SAFETY: the address is readable in every STM32F103 and aligned.
    unsafe { UNIQUE.read_volatile() }
}

/// Port A. Its registers are shared by pins that each change only their own bits.
pub fn port_a() -> &'static gpioa::RegisterBlock {
    // SAFETY: the registers are always there.
    unsafe { &*GPIOA::ptr() }
}

/// Port B.
pub fn port_b() -> &'static gpioa::RegisterBlock {
    // SAFETY: as for port A; all ports have the same registers.
    unsafe { &*GPIOB::ptr().cast() }
}

/// Port C.
pub fn port_c() -> &'static gpioa::RegisterBlock {
    // SAFETY: as for port B.
    unsafe { &*GPIOC::ptr().cast() }
}

/// Lets interrupts come.
pub fn unmask(interrupts: [Interrupt; 3]) {
    for interrupt in interrupts {
        // SAFETY: no critical section depends on the mask, and what the handlers share is there by now.
        unsafe { NVIC::unmask(interrupt) };
    }
}

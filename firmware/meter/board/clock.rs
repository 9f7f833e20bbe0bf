//! The clock tree: 72 MHz from the crystal, or the internal 8 MHz when the crystal does not start.
//!
//! Documents: RM0008, section 7.

use stm32f1::stm32f103::{FLASH, RCC};

/// How often a ready flag is looked at before it is given up: some 20 ms at 8 MHz, ten times what a crystal may take.
const LOOKS: u32 = 20_000;

/// What the clock tree achieved.
#[derive(Clone, Copy)]
pub struct Clocks {
    /// Core, and timers on APB1.
    pub core_hz: u32,
    /// Peripherals on APB1.
    pub apb1_hz: u32,
    /// Peripherals on APB2.
    pub apb2_hz: u32,
}

impl Clocks {
    const CRYSTAL: Self = Self { core_hz: 72_000_000, apb1_hz: 36_000_000, apb2_hz: 72_000_000 };

    /// Whether the crystal is what runs.
    pub const fn by_crystal(self) -> bool {
        self.core_hz == Self::CRYSTAL.core_hz
    }

    /// Starts the best clock there is. `internal_hz` is what the internal oscillator gives.
    pub fn start(rcc: &RCC, flash: &FLASH, internal_hz: u32) -> Self {
        let internal = Self { core_hz: internal_hz, apb1_hz: internal_hz, apb2_hz: internal_hz };
        rcc.cr().modify(|_, w| w.hseon().on());
        if !within_limit(|| rcc.cr().read().hserdy().bit_is_set()) {
            rcc.cr().modify(|_, w| w.hseon().off());
            return internal;
        }
        flash.acr().modify(|_, w| w.latency().ws2().prftbe().set_bit());
        rcc.cfgr().modify(|_, w| {
            w.pllsrc().hse_div_prediv().pllmul().mul9().hpre().div1().ppre1().div2().ppre2().div1().adcpre().div6()
        });
        rcc.cr().modify(|_, w| w.pllon().on());
        if !within_limit(|| rcc.cr().read().pllrdy().bit_is_set()) {
            rcc.cr().modify(|_, w| w.pllon().off());
            rcc.cfgr().reset();
            return internal;
        }
        rcc.cfgr().modify(|_, w| w.sw().pll());
        if !within_limit(|| rcc.cfgr().read().sws().is_pll()) {
            rcc.cfgr().reset();
            return internal;
        }
        Self::CRYSTAL
    }
}

fn within_limit(ready: impl Fn() -> bool) -> bool {
    (0..LOOKS).any(|_| ready())
}

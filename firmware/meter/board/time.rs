//! Time in microseconds: SysTick counts milliseconds and the parts of them. Its interrupt also ends each sleep of the core.

use core::sync::atomic::{AtomicU32, Ordering};

use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::exception;

use super::buzzer;
use super::clock::Clocks;

const TICKS_HZ: u32 = 1_000;

/// Milliseconds since the start; wraps after 49 days.
static MILLIS: AtomicU32 = AtomicU32::new(0);

/// The meter's clock.
pub struct Timebase {
    reload: u32,
    /// What [`MILLIS`] was when it was last looked at, and the whole time until then.
    seen: u32,
    millis: u64,
}

impl Timebase {
    /// Starts counting.
    pub fn start(syst: &mut SYST, clocks: Clocks) -> Self {
        let reload = (clocks.core_hz / TICKS_HZ).saturating_sub(1);
        syst.set_clock_source(SystClkSource::Core);
        syst.set_reload(reload);
        syst.clear_current();
        syst.enable_counter();
        syst.enable_interrupt();
        Self { reload, seen: MILLIS.load(Ordering::Relaxed), millis: 0 }
    }

    /// Microseconds since the start. Not for interrupts: the tick must be able to come.
    pub fn now(&mut self) -> u64 {
        let (millis, count) = loop {
            let millis = MILLIS.load(Ordering::Acquire);
            let count = SYST::get_current();
            // Between two looks at the same millisecond the count is one of that millisecond.
            if MILLIS.load(Ordering::Acquire) == millis {
                break (millis, count);
            }
        };
        self.millis += u64::from(millis.wrapping_sub(self.seen));
        self.seen = millis;
        let part = self.reload.saturating_sub(count) / ((self.reload + 1) / 1_000).max(1);
        self.millis * 1_000 + u64::from(part.min(999))
    }

    /// Does nothing for some time.
    pub fn wait(&mut self, micros: u32) {
        let until = self.now() + u64::from(micros);
        while self.now() < until {}
    }
}

#[exception]
fn SysTick() {
    MILLIS.store(MILLIS.load(Ordering::Relaxed).wrapping_add(1), Ordering::Release);
    buzzer::tick();
}

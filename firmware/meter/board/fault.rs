//! The ends a program can come to: each leaves a crash record and restarts the meter.

#![allow(unsafe_code, reason = "the exception of the hard fault is declared unsafe")]

use core::panic::PanicInfo;

use cortex_m_rt::{ExceptionFrame, exception};
use meter_firmware::board::Restart;
use meter_interface::map::CrashKind;

use super::retained;
use super::stack;

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    cortex_m::interrupt::disable();
    let place = info.location().map(|location| (location.file(), location.line()));
    retained::keep_crash(CrashKind::Panic, place, 0, 0);
    retained::restart(Restart::Program)
}

#[exception]
unsafe fn HardFault(frame: &ExceptionFrame) -> ! {
    // A stack that left its memory cannot be read, but its end tells that it was reached.
    let kind = if stack::is_exhausted() { CrashKind::Stack } else { CrashKind::HardFault };
    retained::keep_crash(kind, None, frame.pc(), frame.lr());
    retained::restart(Restart::Program)
}

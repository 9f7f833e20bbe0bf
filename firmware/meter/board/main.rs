//! The program of the OpenSmartMeter: the hardware below the library, and the loop that runs it.
//!
//! Start-up: retained memory (and the boot loader, if asked for), clock, pins, UARTs, watchdog; then the meter is polled for ever. The loop
//! sleeps until an interrupt when nothing came; SysTick ends each sleep after a millisecond.

#![no_std]
#![no_main]

mod buzzer;
mod clock;
mod division;
mod fault;
mod hardware;
mod mem;
mod memory;
mod pin;
mod retained;
mod serial;
mod stack;
mod time;

use cortex_m_rt::entry;
use meter_firmware::Meter;
use meter_firmware::chip::BAUD as CHIP_BAUD;
use meter_firmware::meter::Facts;
use meter_interface::block::{Copy, FLASH_START, choose};
use meter_interface::map::{BAUD as SERVICE_BAUD, CrashKind, Program, ResetCause};
use stm32f1::stm32f103::{CorePeripherals, Interrupt, Peripherals, RCC};

use clock::Clocks;
use hardware::{Hardware, Ports};
use pin::{Mode, Pin};
use serial::{CHIP, MODEM, SERVICE};
use time::Timebase;

/// The modem's speed.
const MODEM_BAUD: u32 = 9_600;

/// The watchdog's time: 625 ticks of the 40 kHz oscillator divided by 64, one second.
const WATCHDOG_TICKS: u16 = 625;

#[entry]
fn main() -> ! {
    let left = retained::begin();
    let (Some(mut core), Some(chip)) = (CorePeripherals::take(), Peripherals::take()) else {
        // Nobody else takes them; the watchdog is not running yet, so a restart is the only way on.
        cortex_m::peripheral::SCB::sys_reset()
    };
    let rcc = &chip.RCC;
    let reset_cause = reset_cause(rcc);
    let clocks = Clocks::start(rcc, &chip.FLASH, memory::internal_hz());
    rcc.apb2enr().modify(|_, w| {
        w.iopaen().enabled().iopben().enabled().iopcen().enabled().afioen().enabled();
        w.usart1en().enabled().adc1en().enabled()
    });
    rcc.apb1enr().modify(|_, w| w.usart2en().enabled().usart3en().enabled().pwren().enabled());
    // PA15, PB3 and PB4 belong to JTAG after a reset; SWD stays.
    chip.AFIO.mapr().modify(|_, w| {
        #[allow(unsafe_code, reason = "the crate has no safe way for plain numbers here")]
        // SAFETY: RM0008, section 9.4.2: JTAG off, SWD on.
        unsafe {
            w.swj_cfg().bits(0b010)
        }
    });

    let time = Timebase::start(&mut core.SYST, clocks);
    let ports = Ports { a: memory::port_a(), b: memory::port_b(), c: memory::port_c() };
    buzzer::start(Pin::new(ports.b, 5, Mode::Output));
    let mut hardware = Hardware::new(&ports, time, chip.ADC1, chip.PWR);
    MODEM.start(chip.USART1, clocks.apb2_hz, MODEM_BAUD);
    SERVICE.start(chip.USART2, clocks.apb1_hz, SERVICE_BAUD);
    CHIP.start(chip.USART3, clocks.apb1_hz, CHIP_BAUD);
    memory::unmask([Interrupt::USART1, Interrupt::USART2, Interrupt::USART3]);

    let crash = match (left.crash, reset_cause) {
        (None, ResetCause::Watchdog) => Some(retained::keep_crash(CrashKind::Watchdog, None, 0, 0)),
        (crash, _) => crash,
    };
    let facts = Facts {
        boot: left.boot.wrapping_add(1),
        reset_cause,
        crash,
        crystal: clocks.by_crystal(),
        unique: memory::unique(),
        stack_bytes: stack::size(),
        // Before the watchdog runs: with the internal oscillator it takes some tenths of a second.
        program: Program::over(FLASH_START, memory::program()),
    };
    let pages = Copy::ALL.map(memory::page);
    let now = hardware.time.now();
    let chosen = choose(pages[0], pages[1]);
    let mut meter = Meter::start(facts, &chosen, &mut hardware, now);
    let watchdog = chip.IWDG;
    watchdog.kr().write(|w| w.key().unlock());
    watchdog.pr().write(|w| w.pr().divide_by64());
    watchdog.rlr().write(|w| w.rl().set(WATCHDOG_TICKS));
    watchdog.kr().write(|w| w.key().start());

    let mut forgotten = crash.is_none();
    loop {
        watchdog.kr().write(|w| w.key().feed());
        let now = hardware.time.now();
        retained::note_alive(meter.boot(), now);
        CHIP.serve();
        SERVICE.serve();
        MODEM.serve();
        let mut idle = true;
        let mut bytes = [0; 32];
        let count = CHIP.receive(&mut bytes);
        if count > 0 {
            meter.on_chip_bytes(bytes.get(..count).unwrap_or_default(), now);
            idle = false;
        }
        let count = MODEM.receive(&mut bytes);
        meter.on_modem_bytes(bytes.get(..count).unwrap_or_default());
        while meter.takes_service_byte() {
            let mut byte = [0];
            if SERVICE.receive(&mut byte) == 0 {
                break;
            }
            meter.on_service_byte(byte[0], now);
            idle = false;
        }
        meter.poll(&mut hardware, now);
        if !forgotten && !meter.has_crash() {
            retained::forget_crash();
            forgotten = true;
        }
        if idle {
            cortex_m::asm::wfi();
        }
    }
}

/// Why the processor started. The flags pile up until they are cleared, and a power failure sets the pin's flag too.
fn reset_cause(rcc: &RCC) -> ResetCause {
    let flags = rcc.csr().read();
    rcc.csr().modify(|_, w| w.rmvf().clear());
    if flags.iwdgrstf().bit_is_set() || flags.wwdgrstf().bit_is_set() {
        ResetCause::Watchdog
    } else if flags.sftrstf().bit_is_set() {
        ResetCause::Software
    } else if flags.lpwrrstf().bit_is_set() {
        ResetCause::LowPower
    } else if flags.pinrstf().bit_is_set() && !flags.porrstf().bit_is_set() {
        ResetCause::Pin
    } else {
        ResetCause::PowerOn
    }
}

//! Memory that outlives a restart, though not a power failure: the crash record, how far the program was, what the restart is for.

#![allow(unsafe_code, reason = "memory that nothing initialises, and the jump into the ROM")]

use core::mem::MaybeUninit;

use meter_firmware::board::Restart;
use meter_firmware::crash::{self, Sealed};
use meter_interface::map::{Crash, CrashKind};

/// Where the boot loader in the ROM has its vector table (AN2606, system memory of medium-density parts).
const BOOT_LOADER: *const u32 = 0x1FFF_F000 as *const u32;

/// Says that the memory was written by this program.
const MAGIC: u32 = 0x4D42_0001;
/// Says that the boot loader shall run instead of the program.
const TO_BOOT_LOADER: u32 = 0xB007_B007;

#[derive(Clone, Copy)]
struct Retained {
    magic: u32,
    boot: u16,
    uptime_millis: u32,
    restart: u32,
    crash: Sealed,
}

#[unsafe(link_section = ".uninit.retained")]
static mut RETAINED: MaybeUninit<Retained> = MaybeUninit::uninit();

/// What the run before left behind.
pub struct Left {
    /// The number of that run; 0 when nobody knows.
    pub boot: u16,
    /// What ended it.
    pub crash: Option<Crash>,
}

/// Takes over the memory, and starts the boot loader if that was asked for.
pub fn begin() -> Left {
    // SAFETY: every bit pattern is a `Retained`; see `memory`.
    let old: Retained = unsafe { read(memory()) };
    if old.magic != MAGIC {
        // SAFETY: see `memory`.
        unsafe {
            write(memory(), &Retained { magic: MAGIC, boot: 0, uptime_millis: 0, restart: 0, crash: Sealed::empty() });
        }
        return Left { boot: 0, crash: None };
    }
    if old.restart == TO_BOOT_LOADER {
        note_restart(0);
        // SAFETY: nothing has been set up yet, so the ROM finds the chip as after a reset; the table is the ROM's own.
        unsafe { cortex_m::asm::bootload(BOOT_LOADER) }
    }
    Left { boot: old.boot, crash: old.crash.open() }
}

/// Notes which run this is and how long it has run.
pub fn note_alive(boot: u16, now: u64) {
    // SAFETY: see `memory`.
    unsafe {
        (&raw mut (*memory()).boot).write_volatile(boot);
        (&raw mut (*memory()).uptime_millis).write_volatile((now / 1_000) as u32);
    }
}

/// Keeps what ended the program.
pub fn keep_crash(kind: CrashKind, at: Option<(&str, u32)>, program_counter: u32, link_register: u32) -> Crash {
    // SAFETY: see `memory`.
    let (boot, uptime_millis) = unsafe {
        ((&raw const (*memory()).boot).read_volatile(), (&raw const (*memory()).uptime_millis).read_volatile())
    };
    let message = at.map(|(file, line)| crash::place(file, line)).unwrap_or_default();
    let crash = Crash { kind, boot, uptime_millis, program_counter, link_register, message };
    seal(Sealed::new(&crash));
    crash
}

/// Forgets it.
pub fn forget_crash() {
    seal(Sealed::empty());
}

/// Restarts the processor.
pub fn restart(into: Restart) -> ! {
    note_restart(if into == Restart::BootLoader { TO_BOOT_LOADER } else { 0 });
    cortex_m::peripheral::SCB::sys_reset()
}

fn seal(crash: Sealed) {
    // SAFETY: see `memory`.
    unsafe { write(&raw mut (*memory()).crash, &crash) }
}

fn note_restart(word: u32) {
    // SAFETY: see `memory`.
    unsafe { (&raw mut (*memory()).restart).write_volatile(word) }
}

/// Reads memory word by word: in one piece the compiler reads each field of each array by itself.
///
/// # Safety
/// It is aligned to words, and whatever stands there is a `T`.
unsafe fn read<T: Copy>(from: *const T) -> T {
    let mut copy = MaybeUninit::<T>::uninit();
    // SAFETY: by the contract; both have the size of a `T`.
    unsafe {
        copy_words(from.cast(), copy.as_mut_ptr().cast(), size_of::<T>());
        copy.assume_init()
    }
}

/// Writes it likewise.
///
/// # Safety
/// It is aligned to words, and has room for a `T`.
unsafe fn write<T: Copy>(to: *mut T, value: &T) {
    // SAFETY: by the contract; both have the size of a `T`.
    unsafe { copy_words(core::ptr::from_ref(value).cast(), to.cast(), size_of::<T>()) }
}

#[inline(never)]
unsafe fn copy_words(from: *const u32, to: *mut u32, bytes: usize) {
    for place in 0..bytes / size_of::<u32>() {
        // SAFETY: both have that many bytes.
        unsafe { to.add(place).write_volatile(from.add(place).read_volatile()) }
    }
}

// Both are whole words.
const _: () = assert!(align_of::<Retained>() == 4 && align_of::<Sealed>() == 4);

/// The memory. Only the main loop, and what never returns to it, touch it.
fn memory() -> *mut Retained {
    (&raw mut RETAINED).cast()
}

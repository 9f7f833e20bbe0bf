//! How much of the stack was ever used: the runtime paints it before the program starts.

#![allow(unsafe_code, reason = "reads memory that belongs to no variable")]

use core::ptr::addr_of;

/// What the runtime paints with (cortex-m-rt, feature paint-stack).
const PAINT: u32 = 0xCCCC_CCCC;

/// So few words left are too few.
const RESERVE: usize = 16;

unsafe extern "C" {
    static _stack_end: u32;
    static _stack_start: u32;
}

/// Words of the whole stack.
fn words() -> usize {
    (addr_of!(_stack_start) as usize - addr_of!(_stack_end) as usize) / 4
}

/// Bytes of it.
pub fn size() -> u16 {
    u16::try_from(words() * 4).unwrap_or(u16::MAX)
}

/// Words between the end of the variables and the deepest the stack ever reached.
fn unused_words() -> usize {
    let end = addr_of!(_stack_end);
    // SAFETY: the linker gives this memory to the stack, and volatile reads of a stack in use read what happens to be there.
    (0..words()).take_while(|&word| unsafe { end.add(word).read_volatile() } == PAINT).count()
}

/// Bytes never used.
pub fn unused() -> u16 {
    u16::try_from(unused_words() * 4).unwrap_or(u16::MAX)
}

/// The stack has reached, or is about to reach, the variables.
pub fn is_exhausted() -> bool {
    let end = addr_of!(_stack_end);
    // SAFETY: as above.
    (0..RESERVE).any(|word| unsafe { end.add(word).read_volatile() } != PAINT)
}

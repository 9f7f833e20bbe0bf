//! Copying, filling and comparing memory, byte by byte: what the compiler calls for them.
//!
//! The compiler's own library has a fast version of each for every alignment, and they take two kilobytes of the flash. Here
//! frames and screens are copied, some hundred bytes at most. Reads and writes are volatile, or the compiler would see that a
//! loop copies memory and call the function it is in.

#![allow(unsafe_code, reason = "these are called by the compiler alone, with pointers it answers for")]

/// Under a name of its own: a call of `memcpy` in here would be compiled to a call of what it is in.
#[inline(never)]
unsafe fn copy(to: *mut u8, from: *const u8, count: usize) {
    for place in 0..count {
        // SAFETY: both have `count` bytes, by the contract of who calls.
        unsafe { to.add(place).write_volatile(from.add(place).read_volatile()) }
    }
}

/// Likewise.
#[inline(never)]
unsafe fn fill(to: *mut u8, byte: u8, count: usize) {
    for place in 0..count {
        // SAFETY: it has `count` bytes, by the contract of who calls.
        unsafe { to.add(place).write_volatile(byte) }
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
    // SAFETY: the same contract.
    unsafe { copy(to, from, count) }
    to
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memset(to: *mut u8, byte: i32, count: usize) -> *mut u8 {
    // SAFETY: the same contract.
    unsafe { fill(to, byte as u8, count) }
    to
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(one: *const u8, other: *const u8, count: usize) -> i32 {
    for place in 0..count {
        // SAFETY: the same contract.
        let (one, other) = unsafe { (one.add(place).read_volatile(), other.add(place).read_volatile()) };
        if one != other {
            return i32::from(one) - i32::from(other);
        }
    }
    0
}

macro_rules! copies {
    ($($name:ident)*) => {$(
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name(to: *mut u8, from: *const u8, count: usize) {
            // SAFETY: the same contract.
            unsafe { copy(to, from, count) }
        }
    )*};
}

macro_rules! fills {
    ($($name:ident)*) => {$(
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name(to: *mut u8, count: usize, byte: i32) {
            // SAFETY: the same contract; the order is that of the procedure call standard (IHI 0043, 4.3.4).
            unsafe { fill(to, byte as u8, count) }
        }
    )*};
}

macro_rules! clears {
    ($($name:ident)*) => {$(
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name(to: *mut u8, count: usize) {
            // SAFETY: the same contract.
            unsafe { fill(to, 0, count) }
        }
    )*};
}

copies! { __aeabi_memcpy __aeabi_memcpy4 __aeabi_memcpy8 }
fills! { __aeabi_memset __aeabi_memset4 __aeabi_memset8 }
clears! { __aeabi_memclr __aeabi_memclr4 __aeabi_memclr8 }

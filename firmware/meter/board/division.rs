//! What the compiler calls where 64 bits are divided: the library's small division instead of its own.

#![allow(unsafe_code, reason = "called by the compiler's library alone")]

/// The name and the arguments are those of the compiler's library; whoever wants no remainder passes no place for it.
#[unsafe(no_mangle)]
extern "C" fn __udivmoddi4(value: u64, by: u64, remainder: Option<&mut u64>) -> u64 {
    let (quotient, rest) = meter_firmware::division::divided(value, by);
    if let Some(place) = remainder {
        *place = rest;
    }
    quotient
}

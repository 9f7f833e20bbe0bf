//! Values of read-clear registers that only LastData still holds, or only the session.
//!
//! A register is *owed* from the moment a read of it goes out until its value is known. A value is *saved* when it
//! was recovered while another operation was running; the next read of its register gets it.

use crate::{Access, Register};

/// A value recovered, and when the read that cleared its register had left the wire.
#[derive(Clone, Copy, Debug)]
pub(super) struct Saved {
    pub value: u16,
    pub sent_at_micros: u64,
    pub recovered_at_micros: u64,
}

#[derive(Clone, Debug)]
pub(super) struct Rescue {
    owed: Option<(u8, u64)>,
    saved: [Option<Saved>; 7],
}

impl Rescue {
    pub const fn new() -> Self {
        Self { owed: None, saved: [None; 7] }
    }

    /// A read of a read-clear register went out.
    pub const fn owe(&mut self, address: u8, sent_at_micros: u64) {
        self.owed = Some((address, sent_at_micros));
    }

    /// Whether a register is owed.
    pub const fn owes(&self) -> bool {
        self.owed.is_some()
    }

    /// The value is known, or was never read: nothing is owed any more. Gives what was.
    pub const fn settle(&mut self) -> Option<(u8, u64)> {
        self.owed.take()
    }

    /// Keeps a value for the next read of its register.
    pub fn save(&mut self, address: u8, saved: Saved) {
        if let Some(slot) = slot(address).and_then(|slot| self.saved.get_mut(slot)) {
            *slot = Some(saved);
        }
    }

    /// Hands out the value saved for a register.
    pub fn take(&mut self, address: u8) -> Option<Saved> {
        slot(address).and_then(|slot| self.saved.get_mut(slot)).and_then(Option::take)
    }
}

/// Whether reading the register at `address` clears it.
pub(super) fn clears(address: u8) -> bool {
    Register::from_address(address).is_some_and(|register| register.access() == Access::ReadClear)
}

/// The place of a read-clear register among the saved.
fn slot(address: u8) -> Option<usize> {
    match address {
        0x01 => Some(0),
        0x40..=0x45 => Some(usize::from(address - 0x40) + 1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_read_clear_register_has_its_place() {
        let mut places = [false; 7];
        for address in 0..=0xFF {
            assert_eq!(slot(address).is_some(), clears(address), "{address:02X}");
            if let Some(place) = slot(address) {
                assert!(!core::mem::replace(&mut places[place], true));
            }
        }
        assert_eq!(places, [true; 7]);
    }
}

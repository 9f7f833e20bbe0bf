//! The keypad, 4 by 4: from contacts to one key pressed, once.

/// The keys by row and column.
pub const KEYS: [u8; 16] = *b"123A456B789C*0#D";

/// Contacts are believed when they have stayed the same for this long.
const STEADY: u64 = 30_000;

/// Waits until contacts are steady.
#[derive(Debug, Default)]
pub struct Keypad {
    contacts: u16,
    since: u64,
    reported: bool,
}

impl Keypad {
    /// Takes the contacts (bit `4 * row + column`) and returns a key when it has just been pressed. Several keys at once are none, so a
    /// broken keypad presses nothing.
    pub fn on_contacts(&mut self, contacts: u16, now: u64) -> Option<u8> {
        if contacts != self.contacts {
            (self.contacts, self.since, self.reported) = (contacts, now, false);
            return None;
        }
        if self.reported || now.saturating_sub(self.since) < STEADY {
            return None;
        }
        self.reported = true;
        if contacts.count_ones() == 1 { KEYS.get(contacts.trailing_zeros() as usize).copied() } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_counts_once_and_bouncing_does_not() {
        let mut keypad = Keypad::default();
        for (at, contacts, key) in [
            (0, 0b10, None),
            (5_000, 0, None),
            (6_000, 0b10, None),
            (35_000, 0b10, None),
            (36_000, 0b10, Some(b'2')),
            (90_000, 0b10, None),
            (91_000, 0, None),
            (130_000, 0, None),
            (131_000, 1 << 15, None),
            (161_000, 1 << 15, Some(b'D')),
        ] {
            assert_eq!(keypad.on_contacts(contacts, at), key, "at {at}");
        }
    }

    #[test]
    fn several_keys_are_none() {
        let mut keypad = Keypad::default();
        assert_eq!(keypad.on_contacts(0xFFFF, 0), None);
        assert_eq!(keypad.on_contacts(0xFFFF, 100_000), None);
    }
}

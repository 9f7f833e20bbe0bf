//! The display, an HD44780 with 2 lines of 16 characters on four data lines: what it should show, one nibble at a time.
//!
//! The display cannot be read here (its R/W line is low), so each nibble has to be followed by the time the controller needs at
//! most. [`Lcd::step`] gives at most one nibble a call and never waits; only characters that differ are written. Every half minute
//! the display is set up again, for a surge may have reset it unseen.
//!
//! Document: HD44780U datasheet (Hitachi), figure 24 and table 6.

/// Characters in a line.
pub const COLUMNS: usize = 16;

/// What the display shows.
pub type Screen = [[u8; COLUMNS]; 2];

/// A screen without anything on it.
pub const BLANK: Screen = [[b' '; COLUMNS]; 2];

/// Four bits for the display.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nibble {
    /// True for a character, false for a command.
    pub data: bool,
    /// The bits for D7 to D4.
    pub bits: u8,
}

/// After a usual command or character; the datasheet says 37 us at 270 kHz, and its clock may be slower by a third.
const USUAL: u64 = 60;
/// After a clear.
const LONG: u64 = 2_500;

/// Commands of the set-up, the bits to send (both nibbles, or the upper alone), and the time each needs.
const SET_UP: [(Width, u8, u64); 9] = [
    (Width::Half, 0x30, 50_000),
    (Width::Half, 0x30, 5_000),
    (Width::Half, 0x30, 200),
    (Width::Half, 0x20, 200),
    (Width::Full, 0x28, USUAL),
    (Width::Full, 0x08, USUAL),
    (Width::Full, 0x01, LONG),
    (Width::Full, 0x06, USUAL),
    (Width::Full, 0x0C, USUAL),
];

/// From one set-up to the next.
const REFRESH: u64 = 30_000_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Width {
    Half,
    Full,
}

/// The display's driver.
#[derive(Debug)]
pub struct Lcd {
    wanted: Screen,
    shown: Screen,
    ready_at: u64,
    set_up: usize,
    refresh_at: u64,
    /// The lower half of a byte whose upper half is out, and the time the whole needs.
    pending: Option<(Nibble, u64)>,
    /// Where the display will put the next character.
    cursor: Option<(usize, usize)>,
}

impl Default for Lcd {
    fn default() -> Self {
        Self::new()
    }
}

impl Lcd {
    /// A display that was just powered.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            wanted: BLANK,
            shown: BLANK,
            ready_at: 50_000,
            set_up: 0,
            refresh_at: REFRESH,
            pending: None,
            cursor: None,
        }
    }

    /// What it should show from now on.
    pub fn show(&mut self, screen: &Screen) {
        self.wanted = *screen;
    }

    /// What it should show.
    #[must_use]
    pub const fn screen(&self) -> &Screen {
        &self.wanted
    }

    /// The next nibble, when it is time for one.
    pub fn step(&mut self, now: u64) -> Option<Nibble> {
        if now < self.ready_at {
            return None;
        }
        if let Some((nibble, time)) = self.pending.take() {
            self.ready_at = now + time;
            return Some(nibble);
        }
        if now >= self.refresh_at {
            (self.set_up, self.refresh_at, self.cursor) = (0, now + REFRESH, None);
        }
        if let Some(&(width, byte, time)) = SET_UP.get(self.set_up) {
            self.set_up += 1;
            self.shown = BLANK;
            return Some(self.send(false, byte, width, time, now));
        }
        let (row, column, character) = self.difference()?;
        if self.cursor != Some((row, column)) {
            self.cursor = Some((row, column));
            return Some(self.send(false, 0x80 | (row as u8) << 6 | column as u8, Width::Full, USUAL, now));
        }
        self.cursor = (column + 1 < COLUMNS).then_some((row, column + 1));
        if let Some(place) = self.shown.get_mut(row).and_then(|line| line.get_mut(column)) {
            *place = character;
        }
        Some(self.send(true, character, Width::Full, USUAL, now))
    }

    fn send(&mut self, data: bool, byte: u8, width: Width, time: u64, now: u64) -> Nibble {
        if width == Width::Full {
            self.pending = Some((Nibble { data, bits: byte & 0xF }, time));
            self.ready_at = now;
        } else {
            self.ready_at = now + time;
        }
        Nibble { data, bits: byte >> 4 }
    }

    fn difference(&self) -> Option<(usize, usize, u8)> {
        self.wanted.iter().zip(&self.shown).enumerate().find_map(|(row, (wanted, shown))| {
            let column = wanted.iter().zip(shown).position(|(wanted, shown)| wanted != shown)?;
            Some((row, column, *wanted.get(column)?))
        })
    }
}

//! The crash record: sealed when the program ends badly, opened after the restart.

use crc::{CRC_32_ISO_HDLC, Crc, NoTable};
use meter_interface::block::Text;
use meter_interface::map::{Crash, CrashKind};

use crate::text::{LONGEST, Writer};

const CRC_32: Crc<u32, NoTable> = Crc::<u32, NoTable>::new(&CRC_32_ISO_HDLC);

/// A crash record as it lies in memory that outlives a restart.
#[derive(Clone, Copy, Debug)]
pub struct Sealed {
    words: [u16; Crash::WORDS],
    seal: u32,
}

impl Sealed {
    /// Closes a record.
    #[must_use]
    pub fn new(crash: &Crash) -> Self {
        let words = crash.encode();
        Self { words, seal: seal(&words) }
    }

    /// No crash.
    #[must_use]
    pub fn empty() -> Self {
        Self::new(&none())
    }

    /// The record; none when memory holds something else, as it does after a power failure.
    #[must_use]
    pub fn open(&self) -> Option<Crash> {
        if self.seal != seal(&self.words) {
            return None;
        }
        Crash::decode(&self.words).ok().filter(|crash| crash.kind != CrashKind::None)
    }
}

/// What is shown when there was no crash.
#[must_use]
pub fn none() -> Crash {
    Crash {
        kind: CrashKind::None,
        boot: 0,
        uptime_millis: 0,
        program_counter: 0,
        link_register: 0,
        message: Text::default(),
    }
}

/// The end of a path and a line in it: `meter/board/main.rs:42`.
#[must_use]
pub fn place(file: &str, line: u32) -> Text<LONGEST> {
    const FILE: usize = LONGEST - 8;
    let tail = file.get(file.len().saturating_sub(FILE)..).unwrap_or(file);
    let mut writer = Writer::new();
    writer.text(tail).byte(b':').number(line as i32, 0);
    Text::lossy(writer.written())
}

fn seal(words: &[u16]) -> u32 {
    let mut digest = CRC_32.digest();
    for word in words {
        digest.update(&word.to_le_bytes());
    }
    // Memory full of zeros is no record.
    !digest.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_comes_back_and_nothing_else_does() {
        let crash = Crash {
            kind: CrashKind::Panic,
            boot: 7,
            uptime_millis: 123_456,
            message: place("firmware/meter/src/meter/mod.rs", 42),
            ..none()
        };
        assert_eq!(crash.message.as_str(), "firmware/meter/src/meter/mod.rs:42");
        let mut sealed = Sealed::new(&crash);
        assert_eq!(sealed.open(), Some(crash));
        sealed.words[9] ^= 0x100;
        assert_eq!(sealed.open(), None);
        assert_eq!(Sealed { words: [0; Crash::WORDS], seal: 0 }.open(), None);
        assert_eq!(Sealed::empty().open(), None);
    }

    #[test]
    fn long_paths_lose_their_beginning() {
        let long = "x".repeat(100) + "/src/lib.rs";
        assert!(place(&long, 9).as_str().ends_with("/src/lib.rs:9"));
    }
}

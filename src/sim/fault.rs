//! What goes wrong on a line, by chance at a rate or once at a time.

use std::time::Duration;

use super::device::Answer;
use super::noise::{self, Stream};
use crate::clock::Moment;
use crate::port::url::{DeviceUrl, UrlError};

/// The options of a `sim:` address that inject faults.
pub const FAULT_OPTIONS: [&str; 7] = ["drop", "flip", "late", "garbage", "silent_at", "reset_at", "gone_at"];

/// How long the device says nothing after `silent_at`.
const SILENCE: Duration = Duration::from_secs(5);
/// How much too late a late answer comes.
const LATENESS: Duration = Duration::from_millis(150);

/// Which faults a line has. Rates are per byte (`drop`, `flip`) or per answer (`late`, `garbage`).
#[derive(Clone, Debug, Default)]
pub struct Faults {
    seed: u64,
    drop: f64,
    flip: f64,
    late: f64,
    garbage: f64,
    silent_at: Option<f64>,
    reset_at: Option<f64>,
    gone_at: Option<f64>,
    bytes: u64,
    answers: u64,
    reset_done: bool,
}

/// What becomes of a byte on its way to the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It never arrives.
    Lost,
    /// It arrives, perhaps with a bit flipped.
    Arrives(u8),
}

impl Faults {
    /// Reads the fault options of an address.
    ///
    /// # Errors
    /// A value that is not a number.
    pub fn from_url(url: &DeviceUrl, seed: u64) -> Result<Self, UrlError> {
        let rate = |name: &str| match url.parsed::<f64>(name)?.unwrap_or_default() {
            rate if (0.0..=1.0).contains(&rate) => Ok(rate),
            _ => Err(url.error(format!("the option {name} is a rate of 0 to 1"))),
        };
        let moment = |name: &str| match url.parsed::<f64>(name)? {
            Some(secs) if !secs.is_finite() => Err(url.error(format!("the option {name} is a time in seconds"))),
            secs => Ok(secs),
        };
        Ok(Self {
            seed,
            drop: rate("drop")?,
            flip: rate("flip")?,
            late: rate("late")?,
            garbage: rate("garbage")?,
            silent_at: moment("silent_at")?,
            reset_at: moment("reset_at")?,
            gone_at: moment("gone_at")?,
            ..Self::default()
        })
    }

    /// Whether the chip's supply drops out at this moment; true once.
    pub fn resets_chip(&mut self, at: Moment) -> bool {
        let due = !self.reset_done && self.reset_at.is_some_and(|reset| at.secs() >= reset);
        self.reset_done |= due;
        due
    }

    /// Whether the device has been unplugged.
    #[must_use]
    pub fn is_gone(&self, at: Moment) -> bool {
        self.gone_at.is_some_and(|gone| at.secs() >= gone)
    }

    /// A byte on its way to the device.
    pub fn on_request_byte(&mut self, byte: u8, at: Moment) -> Fate {
        if self.is_silent(at) {
            return Fate::Lost;
        }
        self.on_byte(byte)
    }

    /// An answer on its way back; bytes may be missing, wrong, late or too many.
    pub fn on_answer(&mut self, mut answer: Answer, at: Moment) -> Option<Answer> {
        self.answers += 1;
        if self.is_silent(at) {
            return None;
        }
        if self.drop + self.flip > 0.0 {
            answer.bytes = answer
                .bytes
                .into_iter()
                .filter_map(|byte| match self.on_byte(byte) {
                    Fate::Lost => None,
                    Fate::Arrives(byte) => Some(byte),
                })
                .collect();
        }
        if self.chance(Stream::FaultLate, self.answers) < self.late {
            answer.delay += LATENESS;
        }
        if self.chance(Stream::FaultGarbage, self.answers) < self.garbage {
            let junk = noise::bits(self.seed, Stream::FaultGarbage, !self.answers).to_le_bytes();
            let count = usize::from(junk[0] % 7) + 1;
            answer.bytes.splice(0..0, junk.into_iter().take(count));
        }
        Some(answer)
    }

    fn is_silent(&self, at: Moment) -> bool {
        self.silent_at.is_some_and(|start| {
            let since = at.secs() - start;
            (0.0..SILENCE.as_secs_f64()).contains(&since)
        })
    }

    fn on_byte(&mut self, byte: u8) -> Fate {
        self.bytes += 1;
        if self.drop > 0.0 && self.chance(Stream::FaultDrop, self.bytes) < self.drop {
            Fate::Lost
        } else if self.flip > 0.0 && self.chance(Stream::FaultFlip, self.bytes) < self.flip {
            Fate::Arrives(byte ^ (1 << (noise::bits(self.seed, Stream::FaultFlip, !self.bytes) % 8)))
        } else {
            Fate::Arrives(byte)
        }
    }

    fn chance(&self, stream: Stream, index: u64) -> f64 {
        noise::uniform(self.seed, stream, index)
    }
}

//! What is heard: a tone for PASS, FAIL, ERROR and for a question, so that nobody has to look at the screen all the time.
//!
//! A thread of its own opens the sound card when the first tone is wanted; where there is none, it says so once in the log and
//! ends. Nothing waits for it.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use rodio::source::{SineWave, Source as _};
use rodio::{DeviceSinkBuilder, Player};

use crate::procedure::Verdict;

/// Tones that may wait; more are dropped.
const WAITING: usize = 4;
/// Loud enough for a hall, not for the neighbour.
const VOLUME: f32 = 0.25;
/// Tones begin and end without a click.
const EDGE: Duration = Duration::from_millis(8);

/// Something to be heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cue {
    /// All units passed.
    Pass,
    /// A unit failed.
    Fail,
    /// Something could not be done.
    Error,
    /// A question stands.
    Prompt,
}

impl Cue {
    /// How a run is heard that ended like this; one that was stopped by a person needs no sound.
    #[must_use]
    pub const fn of(verdict: Verdict) -> Option<Self> {
        match verdict {
            Verdict::Pass => Some(Self::Pass),
            Verdict::Fail => Some(Self::Fail),
            Verdict::Error => Some(Self::Error),
            Verdict::Aborted | Verdict::NotRun => None,
        }
    }

    /// Frequency in Hz and length in ms, one tone after the other; 0 Hz is a pause. Told apart by their number and direction.
    const fn tones(self) -> &'static [(f32, u64)] {
        match self {
            Self::Pass => &[(659.3, 120), (987.8, 220)],
            Self::Fail => &[(311.1, 350), (0.0, 80), (233.1, 600)],
            Self::Error => &[(440.0, 140), (0.0, 70), (440.0, 140), (0.0, 70), (440.0, 140)],
            Self::Prompt => &[(784.0, 160)],
        }
    }
}

/// The way to the sound card.
pub struct Sounds {
    cues: Option<SyncSender<Cue>>,
}

impl Sounds {
    /// Starts the thread; without one there are no sounds.
    #[must_use]
    pub fn spawn() -> Self {
        let (cues, wanted) = sync_channel(WAITING);
        let spawned = std::thread::Builder::new().name("sound".to_owned()).spawn(move || serve(&wanted));
        if let Err(error) = &spawned {
            tracing::info!(%error, "no sounds");
        }
        Self { cues: spawned.ok().map(|_| cues) }
    }

    /// Plays it when there is a card and it is not behind.
    pub fn play(&mut self, cue: Cue) {
        if let Some(cues) = &self.cues
            && let Err(std::sync::mpsc::TrySendError::Disconnected(_)) = cues.try_send(cue)
        {
            self.cues = None;
        }
    }
}

fn serve(wanted: &Receiver<Cue>) {
    let Ok(mut cue) = wanted.recv() else { return };
    // ALSA would tell the terminal in ten lines what one line of the log says.
    #[cfg(target_os = "linux")]
    let _quiet = alsa::Output::local_error_handler();
    let mut card = match DeviceSinkBuilder::open_default_sink() {
        Ok(card) => card,
        Err(error) => return tracing::info!(%error, "there is no sound card, so nothing is heard"),
    };
    card.log_on_drop(false);
    let player = Player::connect_new(card.mixer());
    loop {
        for &(frequency, millis) in cue.tones() {
            let time = Duration::from_millis(millis);
            let volume = if frequency > 0.0 { VOLUME } else { 0.0 };
            let tone = SineWave::new(frequency.max(1.0)).take_duration(time).amplify(volume).fade_in(EDGE);
            player.append(tone);
        }
        cue = match wanted.recv() {
            Ok(next) => next,
            Err(_) => return player.sleep_until_end(),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cue_sounds_different() {
        let all = [Cue::Pass, Cue::Fail, Cue::Error, Cue::Prompt].map(Cue::tones);
        for (number, tones) in all.iter().enumerate() {
            assert!(!tones.is_empty());
            assert!(all.iter().skip(number + 1).all(|others| others != tones));
        }
    }

    #[test]
    fn wishes_without_a_card_cost_nothing() {
        let mut sounds = Sounds::spawn();
        for _ in 0..100 {
            sounds.play(Cue::Pass);
        }
        assert_eq!(Cue::of(Verdict::Aborted), None);
    }
}

//! The latching relay: one pulse of 200 ms on one of two coils, never on both.

use meter_interface::map::Relay as State;

use crate::board::{Board, Coil};

/// Length of a pulse.
pub const PULSE: u64 = 200_000;
/// From the end of a pulse to the next one.
const PAUSE: u64 = 300_000;

/// The relay.
#[derive(Debug)]
pub struct Relay {
    state: State,
    wanted: State,
    /// The end of a pulse, or of the pause behind it.
    busy_until: u64,
    driven: bool,
}

impl Default for Relay {
    fn default() -> Self {
        Self { state: State::Unswitched, wanted: State::Unswitched, busy_until: 0, driven: false }
    }
}

impl Relay {
    /// Switches it when it is not where it should be.
    pub fn want(&mut self, coil: Coil) {
        self.wanted = target(coil);
    }

    /// Gives a pulse even when it should be there already: somebody wants to hear it.
    pub fn switch(&mut self, coil: Coil) {
        (self.state, self.wanted) = (State::Unswitched, target(coil));
    }

    /// What it was last switched to.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// Begins and ends pulses.
    pub fn poll(&mut self, board: &mut impl Board, now: u64) {
        if now < self.busy_until {
            return;
        }
        if self.driven {
            board.drive_relay(None);
            (self.driven, self.busy_until) = (false, now + PAUSE);
            return;
        }
        let coil = match self.wanted {
            wanted if wanted == self.state => return,
            State::Open => Coil::Open,
            State::Closed => Coil::Close,
            State::Unswitched | State::Unknown(_) => return,
        };
        board.drive_relay(Some(coil));
        (self.state, self.driven, self.busy_until) = (self.wanted, true, now + PULSE);
    }
}

const fn target(coil: Coil) -> State {
    match coil {
        Coil::Open => State::Open,
        Coil::Close => State::Closed,
    }
}

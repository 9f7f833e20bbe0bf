//! What meter and reference showed on the way: listens to a run's events and keeps the readings by position.

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::entry::number;
use crate::procedure::Event;

/// The reference's name among the devices.
const REFERENCE: &str = "reference";
/// The meter's name among the devices.
const METER: &str = "meter";

/// What one device showed at one moment, in SI units; what it did not show is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reading {
    /// `reference` or `meter`.
    pub device: String,
    /// When, in seconds by the station's own clock.
    pub at_s: f64,
    /// Voltage.
    pub u: Option<f64>,
    /// Current.
    pub i: Option<f64>,
    /// Active power.
    pub p: Option<f64>,
    /// Reactive power.
    pub q: Option<f64>,
    /// Apparent power.
    pub s: Option<f64>,
    /// Power factor.
    pub pf: Option<f64>,
    /// Phase in degrees.
    pub phase: Option<f64>,
    /// Frequency.
    pub f: Option<f64>,
}

/// The readings of a run; give it every event, ask for them at the end.
#[derive(Debug, Default)]
pub struct Readings {
    /// By the position that read; none is the reference, which all share.
    heard: Mutex<Vec<(Option<usize>, Reading)>>,
    /// Positions that have a unit, in their order.
    used: Mutex<Vec<usize>>,
}

impl Readings {
    /// Takes what is a reading.
    pub fn hear(&self, event: &Event) {
        let heard = match event {
            Event::Started { serials, .. } => {
                let used = serials.iter().enumerate().filter(|(_, serial)| !serial.is_empty());
                *self.used.lock().unwrap_or_else(PoisonError::into_inner) =
                    used.map(|(position, _)| position).collect();
                return;
            }
            Event::Reference { reading } => {
                let reading = Reading {
                    device: REFERENCE.to_owned(),
                    at_s: reading.at.secs(),
                    u: number(reading.u.0),
                    i: number(reading.i.0),
                    p: number(reading.p.0),
                    q: reading.q.and_then(|q| number(q.0)),
                    s: reading.s.and_then(|s| number(s.0)),
                    pf: reading.pf.and_then(number),
                    phase: reading.phase.and_then(|phase| number(phase.0)),
                    f: reading.f.and_then(|f| number(f.0)),
                };
                (None, reading)
            }
            Event::Meter { position, reading } => {
                let at_s = reading.at.secs();
                let (u, i) = (number(reading.u.0), reading.i.and_then(|i| number(i.0)));
                let device = METER.to_owned();
                (
                    Some(*position),
                    Reading { device, at_s, u, i, p: None, q: None, s: None, pf: None, phase: None, f: None },
                )
            }
            _ => return,
        };
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).push(heard);
    }

    /// The position (from 0) of the unit whose report is the `nth`: positions without a unit have none.
    #[must_use]
    pub fn position_of(&self, nth: usize) -> usize {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).get(nth).copied().unwrap_or(nth)
    }

    /// What the reference and the meter at `position` (from 0) have shown, in the order it came.
    #[must_use]
    pub fn of(&self, position: usize) -> Vec<Reading> {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let mine = heard.iter().filter(|(owner, _)| owner.is_none_or(|owner| owner == position));
        mine.map(|(_, reading)| reading.clone()).collect()
    }
}

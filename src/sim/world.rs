//! What is on the wires: voltage, current, phase and frequency as functions of time, the same for every board on the bench.
//!
//! The source's settings come and go; between them the quantities settle exponentially and then wander a little, as a real
//! source does. All is a pure function of the settings' history and the time, so that any board may look at any moment.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::noise::{self, Stream};

/// Momentary state of the wires.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Mains {
    /// Voltage in V rms.
    pub u: f64,
    /// Current in A rms.
    pub i: f64,
    /// Angle of the current behind the voltage in degrees, inductive positive.
    pub phi: f64,
    /// Frequency in Hz.
    pub f: f64,
}

impl Mains {
    /// Active power in W.
    #[must_use]
    pub fn p(&self) -> f64 {
        self.u * self.i * self.phi.to_radians().cos()
    }

    fn towards(&self, target: &Self, part: f64) -> Self {
        let mix = |from: f64, to: f64| from + (to - from) * part;
        Self {
            u: mix(self.u, target.u),
            i: mix(self.i, target.i),
            phi: mix(self.phi, target.phi),
            f: mix(self.f, target.f),
        }
    }
}

/// Time constant of the source's settling, in seconds.
const SETTLING_SECS: f64 = 0.25;
/// After so many time constants the rest is below a double's notice.
const SETTLED: f64 = 40.0;

#[derive(Clone, Copy, Debug)]
struct Segment {
    start: f64,
    from: Mains,
    to: Mains,
}

/// The wires of one bench; cheap to clone, all clones are the same bench.
#[derive(Clone)]
pub struct World(Arc<Mutex<Wires>>);

struct Wires {
    seed: u64,
    /// Scales all imperfections of the source; 0 is an ideal one.
    unrest: f64,
    set: Mains,
    on: bool,
    segments: Vec<Segment>,
}

impl World {
    /// Dead wires.
    #[must_use]
    pub fn new(seed: u64, unrest: f64) -> Self {
        let off = Mains { f: 50.0, ..Mains::default() };
        let segments = vec![Segment { start: 0.0, from: off, to: off }];
        Self(Arc::new(Mutex::new(Wires { seed, unrest, set: off, on: false, segments })))
    }

    /// Wires that have always been in one state, and stay so.
    #[must_use]
    pub fn ideal(mains: Mains) -> Self {
        let segments = vec![Segment { start: 0.0, from: mains, to: mains }];
        Self(Arc::new(Mutex::new(Wires { seed: 0, unrest: 0.0, set: mains, on: true, segments })))
    }

    fn lock(&self) -> MutexGuard<'_, Wires> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state at `secs` after the start.
    #[must_use]
    pub fn at(&self, secs: f64) -> Mains {
        self.lock().at(secs)
    }

    /// Changes the source's settings from `secs` on; the output follows when it is on.
    pub fn set(&self, secs: f64, change: impl FnOnce(&mut Mains)) {
        let mut wires = self.lock();
        change(&mut wires.set);
        wires.follow(secs);
    }

    /// Switches the output on or off at `secs`.
    pub fn switch(&self, secs: f64, on: bool) {
        let mut wires = self.lock();
        wires.on = on;
        wires.follow(secs);
    }

    /// Whether the source supplies anything.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.lock().on
    }
}

impl Wires {
    fn follow(&mut self, secs: f64) {
        let from = self.settled_at(secs);
        let error = |stream, size: f64| noise::component(self.seed, stream) * size * self.unrest;
        let to = if self.on {
            Mains {
                u: self.set.u * (1.0 + error(Stream::SourceVoltage, 3e-4)),
                i: self.set.i * (1.0 + error(Stream::SourceCurrent, 5e-4)),
                phi: self.set.phi + error(Stream::SourcePhase, 0.05),
                f: self.set.f,
            }
        } else {
            Mains { f: self.set.f, phi: self.set.phi, ..Mains::default() }
        };
        self.segments.push(Segment { start: secs, from, to });
    }

    fn settled_at(&self, secs: f64) -> Mains {
        let newest = self.segments.iter().rev().find(|segment| segment.start <= secs);
        let Some(segment) = newest.or(self.segments.first()) else { return Mains::default() };
        let elapsed = (secs - segment.start).max(0.0) / SETTLING_SECS;
        if elapsed > SETTLED { segment.to } else { segment.from.towards(&segment.to, 1.0 - (-elapsed).exp()) }
    }

    fn at(&self, secs: f64) -> Mains {
        let mut mains = self.settled_at(secs);
        if self.unrest > 0.0 {
            // Slow wandering, seen by meter and reference alike: periods that share no rhythm with any measuring time.
            let phase = self.seed as f64 * 0.618;
            let wander = |period: f64| (secs * std::f64::consts::TAU / period + phase).sin();
            mains.u *= 1.0 + self.unrest * 2e-5 * (wander(7.3) + wander(31.7));
            mains.i *= 1.0 + self.unrest * 3e-5 * (wander(5.9) + wander(43.1));
        }
        mains
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_source_settles_and_goes_off() {
        let world = World::new(1, 0.0);
        assert_eq!(world.at(0.5).u, 0.0);
        world.set(1.0, |set| *set = Mains { u: 240.0, i: 5.0, phi: 60.0, f: 50.0 });
        assert_eq!(world.at(1.5).u, 0.0, "set but not switched on");
        world.switch(2.0, true);
        assert!(world.at(2.1).u < 200.0);
        assert!((world.at(20.0).p() - 600.0).abs() < 1e-6);
        world.switch(20.0, false);
        assert_eq!(world.at(60.0).u, 0.0);
        assert!((world.at(19.0).u - 240.0).abs() < 1e-6, "the past stays");
    }
}

//! The simulated instrument's physics: what it shows of the wires, and what its source does to them.

use std::time::Duration;

use super::device::{Answer, Device};
use super::instrument::{BenchModel, ScpiInstrument, SimReadings, SimSetting};
use super::noise::{self, Stream};
use super::world::{Mains, World};
use crate::clock::Moment;

/// The reference averages over this time before a reading.
const AVERAGING_SECS: f64 = 0.2;
/// Standard deviation of a reading, relative.
const READING_NOISE: f64 = 2e-5;
/// Standard deviation of the calibration error among such references, relative: a class 0.02 instrument.
const CALIBRATION_ERROR: f64 = 5e-5;
/// Time the instrument takes to answer.
const ANSWER_AFTER: Duration = Duration::from_millis(3);

/// Reference and source in one, behind a line.
pub struct SimBench {
    instrument: ScpiInstrument<Physics>,
}

/// The instrument's view of the wires.
pub struct Physics {
    world: World,
    seed: u64,
    unrest: f64,
    now: f64,
    readings: u64,
}

impl SimBench {
    /// An instrument on these wires.
    #[must_use]
    pub fn new(world: World, seed: u64, unrest: f64) -> Self {
        let physics = Physics { world, seed, unrest, now: 0.0, readings: 0 };
        Self { instrument: ScpiInstrument::new(physics, seed) }
    }

    /// The reference's own relative errors of voltage, current and power: what a calibration against it inherits.
    #[must_use]
    pub fn calibration_errors(&mut self) -> [f64; 3] {
        self.instrument.model().errors()
    }
}

impl Device for SimBench {
    fn on_byte(&mut self, byte: u8, at: Moment) -> Option<Answer> {
        self.instrument.model().now = at.secs();
        let mut bytes = Vec::new();
        self.instrument.on_bytes(&[byte], &mut bytes);
        (!bytes.is_empty()).then_some(Answer { delay: ANSWER_AFTER, bytes })
    }
}

impl Physics {
    fn errors(&self) -> [f64; 3] {
        let error = |stream| noise::component(self.seed, stream) * CALIBRATION_ERROR * self.unrest;
        [error(Stream::ReferenceVoltage), error(Stream::ReferenceCurrent), error(Stream::ReferencePower)]
    }
}

impl BenchModel for Physics {
    fn read(&mut self) -> SimReadings {
        self.readings += 1;
        let mains = self.world.at((self.now - AVERAGING_SECS / 2.0).max(0.0));
        let [error_u, error_i, error_p] = self.errors();
        let noise = |part: u64| {
            1.0 + noise::normal(self.seed, Stream::ReferenceReading, self.readings * 4 + part)
                * READING_NOISE
                * self.unrest
        };
        let u = mains.u * (1.0 + error_u) * noise(0);
        let i = mains.i * (1.0 + error_i) * noise(1);
        let phi = mains.phi.to_radians();
        let p = mains.p() * (1.0 + error_p) * noise(2);
        let s = u * i;
        let loaded = s > 1e-3;
        SimReadings {
            u_volts: u,
            i_amps: i,
            p_watts: p,
            q_vars: s * phi.sin(),
            s_volt_amps: s,
            pf: loaded.then(|| phi.cos()),
            phase_degrees: loaded.then_some(mains.phi),
            f_hertz: (u > 1.0).then_some(mains.f),
        }
    }

    fn set(&mut self, setting: SimSetting) {
        let SimSetting { u_volts: u, i_amps: i, phase_degrees: phi, f_hertz: f } = setting;
        self.world.set(self.now, |mains| *mains = Mains { u, i, phi, f });
    }

    fn on(&mut self) {
        self.world.switch(self.now, true);
    }

    fn off(&mut self) {
        self.world.switch(self.now, false);
    }
}

//! The chip's metering path: raw power through PL_Constant, gain and phase into counts of 0.1 pulse.

use m90e26::field::{LnSel, MMode};
use m90e26::{Register, value};

use super::board::{Board, Channel};
use super::world::{Mains, World};

/// Factor of PL_Constant (Atmel-46102B, section 3.2.2).
pub(super) const PL_FACTOR: f64 = 838_860_800.0;
/// Factor of the start and no-load thresholds (Atmel-46102B, section 3.2.3).
pub(super) const THRESHOLD_FACTOR: f64 = 93.206_755_6;
/// The longest stretch that is taken at one value, in seconds; the source settles faster than this is coarse.
const STEP_SECS: f64 = 0.05;

/// The calibration words the path works with.
#[derive(Clone, Copy, Debug)]
pub struct MeteringWords {
    /// PL_Constant.
    pub pl_constant: u32,
    /// Lgain and Ngain.
    pub gain: [u16; 2],
    /// Lphi and Nphi.
    pub phi: [u16; 2],
    /// Start-up and no-load thresholds of active power.
    pub threshold: [u16; 2],
    /// MMode.
    pub mmode: MMode,
}

/// Power as the metering path sees it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Flow {
    /// Counts of 0.1 pulse per second; negative flows back.
    pub counts_per_sec: f64,
    /// The same for reactive energy.
    pub reactive_per_sec: f64,
    /// True when the L line is the one metered.
    pub l_line: bool,
    /// Active power in units of PStartTh.
    pub level: f64,
}

/// What has been counted and not yet read.
#[derive(Clone, Debug, Default)]
pub struct Counters {
    forward: f64,
    reverse: f64,
    inductive: f64,
    capacitive: f64,
    absolute: f64,
    reactive: f64,
    /// Of the output CF1, which nothing clears.
    output: f64,
    started: bool,
    /// The flow at the last step.
    pub flow: Flow,
}

impl Counters {
    /// Counts from `from` to `to` seconds.
    pub fn advance(&mut self, world: &World, board: &Board, words: &MeteringWords, from: f64, to: f64) {
        let steps = ((to - from) / STEP_SECS).ceil().max(1.0);
        let width = (to - from) / steps;
        for step in 0..steps as u32 {
            let secs = from + width * (f64::from(step) + 0.5);
            let flow = flow(&world.at(secs), board, words, secs);
            let [start, stop] = words.threshold.map(f64::from);
            self.started = flow.level.abs() >= if self.started { stop.min(start) } else { start };
            self.flow = flow;
            if !self.started {
                continue;
            }
            let (active, reactive) = (flow.counts_per_sec * width, flow.reactive_per_sec * width);
            if active >= 0.0 {
                self.forward += active;
            } else {
                self.reverse -= active;
            }
            if reactive >= 0.0 {
                self.inductive += reactive;
            } else {
                self.capacitive -= reactive;
            }
            self.absolute += active.abs();
            self.output += active.abs();
            self.reactive += reactive.abs();
        }
    }

    /// Pulses of the output CF1 since power-on, and how many come each second. It pulses for either direction (Atmel-46002B, CF1).
    #[must_use]
    pub fn pulses(&self) -> (f64, f64) {
        let rate = if self.started { self.flow.counts_per_sec.abs() / 10.0 } else { 0.0 };
        (self.output / 10.0, rate)
    }

    /// No active power worth metering.
    #[must_use]
    pub fn no_load(&self) -> bool {
        !self.started
    }

    /// Takes the whole counts out of an energy register; what is below one count stays and goes on counting.
    pub fn take(&mut self, register: Register) -> u16 {
        let counter = match register {
            Register::APenergy => &mut self.forward,
            Register::ANenergy => &mut self.reverse,
            Register::ATenergy => &mut self.absolute,
            Register::RPenergy => &mut self.inductive,
            Register::RNenergy => &mut self.capacitive,
            _ => &mut self.reactive,
        };
        let whole = counter.floor();
        *counter -= whole;
        // The register wraps at FFFF (Atmel-46002B, register map).
        (whole % 65_536.0) as u16
    }
}

/// Power as the metering path sees it at one moment.
#[must_use]
pub fn flow(mains: &Mains, board: &Board, words: &MeteringWords, secs: f64) -> Flow {
    let lines = [(Channel::L, words.mmode.lgain().factor()), (Channel::N, words.mmode.ngain().factor())];
    let [l, n] = lines.map(|(channel, pga)| raw_power(mains, board, channel, f64::from(pga), secs));
    let l_line = match board.kind.ln_mode {
        0b00 => l.apparent.abs() >= n.apparent.abs(),
        0b01 | 0b10 => true,
        _ => words.mmode.lnsel() == LnSel::L,
    };
    let (raw, line) = if l_line { (l, 0) } else { (n, 1) };
    let word = |words: &[u16; 2]| words.get(line).copied().unwrap_or_default();
    let gain = 1.0 + f64::from(value::twos_complement(word(&words.gain))) / 32_768.0;
    let shift = raw.shift + f64::from(value::phi(word(&words.phi))) * degrees_per_lphi_step(mains.f);
    let angle = (mains.phi + shift).to_radians();
    // PL_Constant = factor * G * VL * VU / (MC * Un * Ib) solved for MC * P, in ten counts a pulse and 3.6 MJ a kWh.
    let power = raw.apparent * gain * PL_FACTOR / f64::from(words.pl_constant.max(1)) * 10.0 / 3.6e6;
    Flow {
        counts_per_sec: power * angle.cos(),
        reactive_per_sec: power * angle.sin(),
        l_line,
        level: THRESHOLD_FACTOR * raw.apparent * angle.cos(),
    }
}

/// Phase angle of one Lphi step: 1 / (sqrt 3 x 3763.74) rad at 50 Hz (Atmel-46102B, section 3.2.4.3), a fixed delay and so in
/// proportion to the frequency.
pub(super) fn degrees_per_lphi_step(f_hz: f64) -> f64 {
    (1.0 / (3.0_f64.sqrt() * 3763.74)).to_degrees() * f_hz / 50.0
}

struct RawPower {
    /// G x VL x VU in mV squared; negative with a reversed transformer.
    apparent: f64,
    /// Phase shift of the current channel in degrees.
    shift: f64,
}

fn raw_power(mains: &Mains, board: &Board, channel: Channel, pga: f64, secs: f64) -> RawPower {
    let kind = board.kind;
    let u_mv = kind.vu_mv * mains.u / kind.un_volts * board.signal(Channel::U, secs);
    let of_ib = board.passed_current(mains.i / kind.ib_amps) * board.signal(channel, secs) + board.stray_current();
    let i_mv = board.current_sample_mv(channel) * of_ib * (1.0 + board.power_noise(secs));
    let shift = board.phase.get(usize::from(channel == Channel::N)).copied().unwrap_or_default();
    RawPower { apparent: pga * u_mv * i_mv, shift }
}

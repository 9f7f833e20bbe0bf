//! The board around the chip: divider, current transformers, burden, and how far each is off.
//!
//! The model is the one the application note's formulas imply (Atmel-46102B, section 3): the metering path sees raw signals
//! and PL_Constant, Lgain, Lphi; the measuring path sees raw signals and Ugain, Igain and the offsets.

use super::noise::{self, Stream};

/// A kind of board, with the values a perfect specimen has.
#[derive(Clone, Copy, Debug)]
pub struct BoardKind {
    /// Name in a `sim:` address.
    pub name: &'static str,
    /// Voltage at which `vu_mv` is sampled.
    pub un_volts: f64,
    /// Current at which `vl_mv` and `vn_mv` are sampled.
    pub ib_amps: f64,
    /// Voltage channel's sample at Un, in mV.
    pub vu_mv: f64,
    /// L current channel's sample at Ib, in mV; 0 is an unconnected channel.
    pub vl_mv: f64,
    /// N current channel's sample at Ib, in mV; 0 is an unconnected channel.
    pub vn_mv: f64,
    /// Ugain with which Urms reads volts.
    pub ugain: f64,
    /// IgainL with which Irms reads amperes divided by `current_scale`.
    pub igain_l: f64,
    /// IgainN with which Irms2 reads amperes divided by `current_scale`.
    pub igain_n: f64,
    /// Real amperes per ampere of the register.
    pub current_scale: f64,
    /// The chip's LNMode pins, as EnStatus shows them.
    pub ln_mode: u8,
    /// MMode with which the meter's own program runs.
    pub mmode: u16,
    /// Impulses per kWh the chip is set to.
    pub chip_constant: f64,
}

/// The OpenSmartMeter: one current transformer on the N channel, both PGAs at 1. Nominal gains are the ones its stock
/// firmware carries; the N sample is the documented 22.2 mV less the 18.6 % that its Lgain 1D39 makes up for.
pub const OPENSMARTMETER: BoardKind = BoardKind {
    name: "opensmartmeter",
    un_volts: 240.0,
    ib_amps: 5.0,
    vu_mv: 260.0,
    vl_mv: 0.0,
    vn_mv: 22.2 * 0.8141,
    ugain: 29144.0,
    igain_l: 31251.0,
    igain_n: 3926.0,
    current_scale: 20.0,
    ln_mode: 0b00,
    mmode: 0x9422,
    chip_constant: 2000.0,
};

/// The example of the application note (Atmel-46102B, section 3): shunt on L with gain 24, transformer on N.
pub const M90E26_L24: BoardKind = BoardKind {
    name: "m90e26-l24",
    un_volts: 220.0,
    ib_amps: 5.0,
    vu_mv: 250.0,
    vl_mv: 1.0,
    vn_mv: 24.0,
    ugain: 26400.0,
    igain_l: 31251.0,
    igain_n: 30000.0,
    current_scale: 1.0,
    ln_mode: 0b11,
    mmode: 0x7C22,
    chip_constant: 3200.0,
};

/// All kinds a `sim:` address may name.
pub const KINDS: [&BoardKind; 2] = [&OPENSMARTMETER, &M90E26_L24];

/// Something wrong with a board, by the name a `sim:` address gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// The current transformer's wires are swapped.
    CtReversed,
    /// The current transformer sits on the other channel.
    CtWrongLine,
    /// No current reaches the chip.
    CtOpen,
    /// The burden has half its resistance.
    BurdenWrong,
    /// The voltage divider's upper leg is open.
    DividerOpen,
    /// Readings jump about.
    Noisy,
    /// The board never stops drifting.
    Drifting,
    /// The chip refuses right checksums.
    ChecksumRefused,
    /// The voltage couples into the current channel: energy is registered without current.
    Creeping,
    /// Small currents are lost on their way to the metering path.
    NotStarting,
    /// The burden has a bad contact: the current's signal jumps every now and then.
    Unsteady,
    /// The relay's contact is welded.
    RelayStuck,
    /// The chip answers nothing.
    ChipDead,
}

impl Defect {
    /// All defects with the names they have in an address.
    pub const NAMES: [(&'static str, Self); 13] = [
        ("ct-reversed", Self::CtReversed),
        ("ct-wrong-line", Self::CtWrongLine),
        ("ct-open", Self::CtOpen),
        ("burden-wrong", Self::BurdenWrong),
        ("divider-open", Self::DividerOpen),
        ("noisy", Self::Noisy),
        ("drifting", Self::Drifting),
        ("checksum-refused", Self::ChecksumRefused),
        ("creeping", Self::Creeping),
        ("not-starting", Self::NotStarting),
        ("unsteady", Self::Unsteady),
        ("relay-stuck", Self::RelayStuck),
        ("chip-dead", Self::ChipDead),
    ];
}

/// One specimen.
#[derive(Clone, Debug)]
pub struct Board {
    /// What it should be.
    pub kind: &'static BoardKind,
    /// What is wrong with it.
    pub defect: Option<Defect>,
    seed: u64,
    /// The relay in the load's way.
    contact: Contact,
    /// Scale of the readings' noise.
    unrest: f64,
    /// Relative deviations of the voltage, L and N channels, cold.
    tolerance: [f64; 3],
    /// Relative change from cold to warm, per channel.
    warm_up: [f64; 3],
    /// Phase shift of the L and N current channels in degrees; negative reads high at inductive load.
    pub phase: [f64; 2],
    /// Additive offsets: voltage in V, L and N current in register amperes.
    pub offset: [f64; 3],
    /// Power offset in counts of small-power mode: P and Q of L, P and Q of N.
    pub power_offset: [f64; 4],
}

/// The contact of the meter's relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contact {
    /// The load is on.
    Closed,
    /// No current flows.
    Open,
}

/// A channel of the chip's input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Voltage.
    U,
    /// L current.
    L,
    /// N current.
    N,
}

/// Time constant of the warm-up in seconds.
const WARM_UP_SECS: f64 = 4.0;
/// How often the chip renews its rms and mean values, in seconds; the datasheet's figure is unverified.
pub const REFRESH_SECS: f64 = 0.1;

/// Standard deviation of an rms reading, relative: about 2 steps of the voltage register.
const READING_NOISE: f64 = 1e-4;

/// Standard deviation of what calibration leaves of the energy's error, relative; measured over simulated boards it is less.
const RESIDUAL: f64 = 1e-4;
/// The stray current of a creeping board as a fraction of Ib: above the start-up threshold of class 1.
const CREEP: f64 = 0.006;
/// Currents below this fraction of Ib are lost on a board that does not start.
const LOST: f64 = 0.02;
/// How often the signal of a bad contact jumps, and how far, relative.
const UNSTEADY_SECS: f64 = 7.0;
const UNSTEADY: f64 = 0.01;

impl Board {
    /// A specimen by its seed. `unrest` scales every imperfection that is not a defect; 0 is a perfect specimen, 1 usual.
    #[must_use]
    pub fn new(kind: &'static BoardKind, seed: u64, unrest: f64, defect: Option<Defect>) -> Self {
        let spread = |stream, size: f64| noise::component(seed, stream) * size * unrest;
        let drift = if defect == Some(Defect::Drifting) { 0.02 } else { 0.0 };
        Self {
            kind,
            defect,
            seed,
            contact: Contact::Closed,
            unrest,
            tolerance: [
                spread(Stream::BoardVoltage, 0.02),
                spread(Stream::BoardCurrentL, 0.02),
                spread(Stream::BoardCurrentN, 0.02),
            ],
            warm_up: [
                spread(Stream::BoardDriftVoltage, 5e-4),
                spread(Stream::BoardDriftCurrent, 1e-3),
                spread(Stream::BoardDriftCurrent, 1e-3) + drift,
            ],
            phase: [spread(Stream::BoardPhaseL, 0.3), spread(Stream::BoardPhaseN, 0.3)],
            offset: [
                spread(Stream::BoardVoltageOffset, 0.01),
                spread(Stream::BoardCurrentOffset, 0.0005).abs(),
                spread(Stream::BoardCurrentOffset, 0.0005).abs(),
            ],
            power_offset: [
                spread(Stream::BoardPowerOffset, 30.0).round(),
                spread(Stream::BoardGain, 20.0).round(),
                spread(Stream::BoardPowerOffset, 25.0).round(),
                spread(Stream::BoardGain, 15.0).round(),
            ],
        }
    }

    /// Moves the relay's contact, if it can move.
    pub fn switch(&mut self, contact: Contact) {
        if self.defect != Some(Defect::RelayStuck) {
            self.contact = contact;
        }
    }

    /// Signal of a channel relative to a perfect specimen's, as it is when the board has been warm for long and nothing is
    /// wrong with it: what it was calibrated to.
    #[must_use]
    pub fn sound_signal(&self, channel: Channel) -> f64 {
        let get = |values: &[f64; 3]| values.get(channel as usize).copied().unwrap_or_default();
        let drifts = self.defect == Some(Defect::Drifting);
        1.0 + get(&self.tolerance) + if drifts { 0.0 } else { get(&self.warm_up) }
    }

    /// What calibration has left of the energy's error, relative.
    #[must_use]
    pub fn residual(&self) -> f64 {
        noise::component(self.seed, Stream::BoardResidual) * RESIDUAL * self.unrest
    }

    /// Current that the metering path sees besides the load's, as a fraction of Ib.
    #[must_use]
    pub fn stray_current(&self) -> f64 {
        if self.defect == Some(Defect::Creeping) { CREEP } else { 0.0 }
    }

    /// The part of a current that reaches the metering path, given as a fraction of Ib.
    #[must_use]
    pub fn passed_current(&self, of_ib: f64) -> f64 {
        if self.defect == Some(Defect::NotStarting) && of_ib < LOST { 0.0 } else { of_ib }
    }

    /// The same specimen with readings that do not scatter.
    #[must_use]
    pub fn without_noise(&self) -> Self {
        Self { unrest: 0.0, ..self.clone() }
    }

    /// Signal of a channel relative to a perfect specimen's, at a time since power-on.
    #[must_use]
    pub fn signal(&self, channel: Channel, secs: f64) -> f64 {
        let number = channel as usize;
        let get = |values: &[f64; 3]| values.get(number).copied().unwrap_or_default();
        let warm = match self.defect {
            Some(Defect::Drifting) => secs / 60.0,
            _ => 1.0 - (-secs / WARM_UP_SECS).exp(),
        };
        let healthy = 1.0 + get(&self.tolerance) + get(&self.warm_up) * warm;
        if self.contact == Contact::Open && channel != Channel::U {
            return 0.0;
        }
        match (self.defect, channel) {
            (Some(Defect::Unsteady), Channel::L | Channel::N) => {
                let jump = noise::normal(self.seed, Stream::BoardUnsteady, (secs / UNSTEADY_SECS) as u64);
                healthy * (1.0 + jump * UNSTEADY)
            }
            (Some(Defect::CtReversed), Channel::L | Channel::N) => -healthy,
            (Some(Defect::CtOpen), Channel::L | Channel::N) | (Some(Defect::DividerOpen), Channel::U) => 0.0,
            (Some(Defect::BurdenWrong), Channel::L | Channel::N) => healthy * 0.5,
            _ => healthy,
        }
    }

    /// Voltage sample in mV on a current channel at Ib, of a perfect specimen. A transformer on the wrong line feeds the
    /// other channel.
    #[must_use]
    pub fn current_sample_mv(&self, channel: Channel) -> f64 {
        let swapped = self.defect == Some(Defect::CtWrongLine);
        match (channel, swapped) {
            (Channel::L, false) | (Channel::N, true) => self.kind.vl_mv,
            (Channel::N, false) | (Channel::L, true) => self.kind.vn_mv,
            (Channel::U, _) => 0.0,
        }
    }

    /// Relative noise of the power that is metered; none worth the name on a sound board.
    #[must_use]
    pub fn power_noise(&self, secs: f64) -> f64 {
        if self.defect == Some(Defect::Noisy) { self.reading_noise(Stream::ReadPower, secs) } else { 0.0 }
    }

    /// Relative noise of an rms reading at a time; it stays the same until the chip renews its values.
    #[must_use]
    pub fn reading_noise(&self, stream: Stream, secs: f64) -> f64 {
        let size = if self.defect == Some(Defect::Noisy) { 0.01 } else { READING_NOISE * self.unrest };
        if size == 0.0 { 0.0 } else { noise::normal(self.seed, stream, (secs / REFRESH_SECS) as u64) * size }
    }
}

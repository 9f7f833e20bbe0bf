//! What a unit is tested for: one entry of `[[verify]]`, with its load, its limits and where they come from.
//!
//! `kind` decides what an entry is and which keys it takes; without it an entry is an accuracy test. Each kind has a struct of its own
//! here and a file of its own under `procedure/position/kind`. What no kind knows is refused where it is read (`keys`), what
//! another kind takes is named by `Test::check`.

use std::time::Duration;

use serde::Deserialize;

use super::check::Findings;
use crate::load::PowerFactor;
use crate::units::{Hertz, Percent, Volts};

mod checks;
mod keys;
mod load;

pub use keys::KindName;
pub use load::{Current, Load};

/// One test of the verification.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "keys::Keys")]
pub struct Test {
    /// Name on screen and in the record.
    pub name: String,
    /// What is tested.
    pub kind: Kind,
    /// Keys that stand there and belong to another kind.
    misplaced: Vec<&'static str>,
}

/// What is tested, and how.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Errors at a load point.
    Accuracy(Accuracy),
    /// The scatter of several errors at one load point.
    Repeatability(Repeatability),
    /// Energy counted against the reference's energy: meter constant, dial test.
    Dial(Dial),
    /// The meter starts at its starting current and goes on registering.
    Starting(Starting),
    /// No energy is registered without current.
    NoLoad(NoLoad),
    /// Time at a load point; nothing is judged.
    WarmUp(WarmUp),
    /// The relay opens beyond a voltage and closes again.
    Protection(Protection),
    /// What a person looks at.
    Questions(Questions),
}

/// Errors at a load point.
#[derive(Clone, Debug)]
pub struct Accuracy {
    /// Where.
    pub load: Load,
    /// How far each quantity may be off.
    pub limits: Limits,
    /// Where the limits come from: standard with edition, or the maker's own.
    pub limit_source: String,
    /// How often the energy's error is measured.
    pub series: Series,
}

/// Limits of error, plus and minus; what has none is not judged.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Energy.
    #[serde(rename = "energy_percent")]
    pub energy: Option<Percent>,
    /// Voltage register.
    #[serde(rename = "voltage_percent")]
    pub voltage: Option<Percent>,
    /// Current register, times the current scale.
    #[serde(rename = "current_percent")]
    pub current: Option<Percent>,
}

/// How often an energy error is measured, and how long it may take.
#[derive(Clone, Copy, Debug)]
pub struct Series {
    /// Errors that count; their mean is judged.
    pub repeats: u16,
    /// Errors measured before them that do not count.
    pub discards: u16,
    /// Wait at the load point before anything is measured.
    pub settle: Duration,
    /// Longest time of one measurement, where the procedure's own is not enough.
    pub timeout: Option<Duration>,
    /// Standard uncertainty of one measurement, where the procedure's own is not meant.
    pub uncertainty: Option<Percent>,
}

/// The scatter of several errors at one load point.
#[derive(Clone, Debug)]
pub struct Repeatability {
    /// Where.
    pub load: Load,
    /// Three errors at the least.
    pub series: Series,
    /// Greatest standard deviation of the single error.
    pub deviation: Percent,
    /// Where the limit comes from.
    pub limit_source: String,
}

/// Energy counted against the reference's energy.
#[derive(Clone, Debug)]
pub struct Dial {
    /// Where.
    pub load: Load,
    /// Impulses of the nameplate's constant to be counted at the least.
    pub pulses: f64,
    /// Counted for so long at the least.
    pub duration: Duration,
    /// How far the energy may be off: a tenth of the class's limit.
    pub limit: Percent,
    /// Where the limit comes from.
    pub limit_source: String,
}

/// The meter starts at its starting current and goes on registering.
#[derive(Clone, Debug)]
pub struct Starting {
    /// The starting current, at Un and power factor 1.
    pub load: Load,
    /// The first impulse comes within so many times an exact meter's time for one.
    pub time_factor: f64,
    /// Measuring elements: 1 for a single-phase meter, 3 with four wires.
    pub elements: u8,
    /// Where the current and the time come from.
    pub limit_source: String,
}

/// Which formula gives the time of a no-load test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NoLoadFormula {
    /// Minutes = coefficient / (k m Un Imax).
    Imax,
    /// Minutes = coefficient / (k m U Ist), with the voltage of the test and the starting current as a multiple of Ib.
    StartingCurrent(f64),
}

/// No energy is registered without current.
#[derive(Clone, Debug)]
pub struct NoLoad {
    /// Voltage alone.
    pub load: Load,
    /// Which formula gives the time.
    pub formula: NoLoadFormula,
    /// The formula's coefficient.
    pub coefficient: f64,
    /// Measuring elements.
    pub elements: u8,
    /// The formula's time is the least a standard allows; it is taken so many times.
    pub time_factor: f64,
    /// Impulses of the nameplate's constant that may come at the most.
    pub pulses: f64,
    /// Where voltage, formula, coefficient and limit come from.
    pub limit_source: String,
}

/// Time at a load point.
#[derive(Clone, Debug)]
pub struct WarmUp {
    /// Where.
    pub load: Load,
    /// For how long.
    pub duration: Duration,
}

/// The relay opens beyond a voltage and closes again.
#[derive(Clone, Debug)]
pub struct Protection {
    /// Where the relay is closed, before and after.
    pub load: Load,
    /// The voltage at which it has to open.
    pub beyond: Volts,
    /// It opens within this time.
    pub opens_within: Duration,
    /// Back at the load it closes within this time.
    pub closes_within: Duration,
    /// Where voltage and times come from.
    pub limit_source: String,
}

/// What a person looks at; anything but yes is a FAIL.
#[derive(Clone, Debug)]
pub struct Questions {
    /// A look at the unit, or its first trial.
    pub occasion: Occasion,
    /// Each is answered by yes or no.
    pub questions: Vec<String>,
    /// What the source supplies meanwhile; nothing is switched on for it without one.
    pub load: Option<Load>,
}

/// Why a person is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// Housing, marking, seals, display.
    Visual,
    /// The first time a unit gets its supply.
    FirstTrial,
}

impl Test {
    /// The errors at a load point, when that is what it tests.
    #[must_use]
    pub const fn accuracy(&self) -> Option<&Accuracy> {
        match &self.kind {
            Kind::Accuracy(accuracy) => Some(accuracy),
            _ => None,
        }
    }

    /// The same to be changed.
    pub const fn accuracy_mut(&mut self) -> Option<&mut Accuracy> {
        match &mut self.kind {
            Kind::Accuracy(accuracy) => Some(accuracy),
            _ => None,
        }
    }

    /// What the source supplies; nothing for a look at the unit as it lies there.
    #[must_use]
    pub const fn load(&self) -> Option<&Load> {
        match &self.kind {
            Kind::Accuracy(Accuracy { load, .. })
            | Kind::Repeatability(Repeatability { load, .. })
            | Kind::Dial(Dial { load, .. })
            | Kind::Starting(Starting { load, .. })
            | Kind::NoLoad(NoLoad { load, .. })
            | Kind::WarmUp(WarmUp { load, .. })
            | Kind::Protection(Protection { load, .. }) => Some(load),
            Kind::Questions(questions) => questions.load.as_ref(),
        }
    }

    /// Its kind as `kind` spells it.
    #[must_use]
    pub const fn kind_name(&self) -> KindName {
        match &self.kind {
            Kind::Accuracy(_) => KindName::Accuracy,
            Kind::Repeatability(_) => KindName::Repeatability,
            Kind::Dial(_) => KindName::Dial,
            Kind::Starting(_) => KindName::Starting,
            Kind::NoLoad(_) => KindName::NoLoad,
            Kind::WarmUp(_) => KindName::WarmUp,
            Kind::Protection(_) => KindName::Protection,
            Kind::Questions(Questions { occasion: Occasion::Visual, .. }) => KindName::Visual,
            Kind::Questions(Questions { occasion: Occasion::FirstTrial, .. }) => KindName::FirstTrial,
        }
    }

    /// The times and the certainty of a series, where it has one.
    #[must_use]
    pub const fn series(&self) -> Option<&Series> {
        match &self.kind {
            Kind::Accuracy(Accuracy { series, .. }) | Kind::Repeatability(Repeatability { series, .. }) => Some(series),
            _ => None,
        }
    }

    /// Whether other tests may be moved across it: what warms the unit up or what a person does first keeps its place.
    #[must_use]
    pub const fn keeps_its_place(&self) -> bool {
        matches!(self.kind, Kind::WarmUp(_) | Kind::Questions(_))
    }
}

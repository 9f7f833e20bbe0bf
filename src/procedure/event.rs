//! What a running procedure tells its listeners: the window, the command line, later the record.

use crate::calibration::registers::RegisterChange;
use crate::reference::{LoadPoint, ReferenceReading};

use super::report::{Measurement, Verdict};
use super::unfinished::{Admitted, Unfinished};

/// Something happened. Positions are counted from 0.
#[derive(Clone, Debug)]
pub enum Event {
    /// The run begins with these serial numbers and, for each of them, these steps.
    Started {
        /// Serial numbers by position; empty where the position is not used.
        serials: Vec<String>,
        /// Titles of the steps.
        steps: Vec<String>,
    },
    /// The source goes to a load point.
    LoadPoint {
        /// The point.
        point: LoadPoint,
    },
    /// The reference shows that load point.
    LoadPointReached {
        /// The point.
        point: LoadPoint,
    },
    /// The source is off.
    SourceOff,
    /// A person has to switch the source off, and may not have done so yet.
    SwitchOffByHand,
    /// The reference shows this.
    Reference {
        /// The reading.
        reading: ReferenceReading,
    },
    /// A meter shows this.
    Meter {
        /// Position on the bench.
        position: usize,
        /// The reading.
        reading: MeterReading,
    },
    /// A step begins.
    StepStarted {
        /// Position on the bench.
        position: usize,
        /// Number of the step.
        step: usize,
    },
    /// A step goes on.
    StepProgress {
        /// Position on the bench.
        position: usize,
        /// Number of the step.
        step: usize,
        /// 0 to 1, as far as one can tell.
        fraction: f32,
        /// How long it still takes, where it knows.
        rest: Option<std::time::Duration>,
        /// What it sees at the moment.
        detail: String,
    },
    /// A step is over.
    StepDone {
        /// Position on the bench.
        position: usize,
        /// Number of the step.
        step: usize,
        /// How it ended.
        verdict: Verdict,
        /// What it found.
        detail: String,
    },
    /// Registers were written.
    Registers {
        /// Position on the bench.
        position: usize,
        /// What changed, in the order of writing.
        changes: Vec<RegisterChange>,
    },
    /// Something was measured.
    Measured {
        /// Position on the bench.
        position: usize,
        /// The result.
        measurement: Measurement,
    },
    /// The instruments may be used.
    Admitted(Box<Admitted>),
    /// A position has come so far; from here on a later run could take it up.
    Reached {
        /// Position on the bench.
        position: usize,
        /// All it has done.
        state: Box<Unfinished>,
    },
    /// What was to be taken up of an earlier run is not, and the unit starts again.
    StartsAgain {
        /// Position on the bench.
        position: usize,
        /// Why.
        reason: String,
    },
    /// A position is through.
    PositionDone {
        /// Position on the bench.
        position: usize,
        /// How it ended.
        verdict: Verdict,
    },
}

impl Event {
    /// The position it happened at; `None` for what concerns the whole bench.
    #[must_use]
    pub const fn position(&self) -> Option<usize> {
        match self {
            Self::Started { .. }
            | Self::LoadPoint { .. }
            | Self::LoadPointReached { .. }
            | Self::SourceOff
            | Self::SwitchOffByHand
            | Self::Reference { .. }
            | Self::Admitted(_) => None,
            Self::Meter { position, .. }
            | Self::StepStarted { position, .. }
            | Self::StepProgress { position, .. }
            | Self::StepDone { position, .. }
            | Self::Registers { position, .. }
            | Self::Measured { position, .. }
            | Self::Reached { position, .. }
            | Self::StartsAgain { position, .. }
            | Self::PositionDone { position, .. } => Some(*position),
        }
    }
}

/// What a meter shows, in real amperes and watts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeterReading {
    /// When the voltage was read.
    pub at: crate::clock::Moment,
    /// Voltage.
    pub u: crate::units::Volts,
    /// Current, where the step reads it.
    pub i: Option<crate::units::Amps>,
}

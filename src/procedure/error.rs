//! Why a step did not come to its end.

use crate::advice::Advice;
use crate::calibration::formula::FormulaError;
use crate::flash::FlashError;
use crate::image::firmware::FirmwareError;
use crate::meter::{Line, MeterError};
use crate::operator::OperatorError;
use crate::port::OpenError;
use crate::port::pulse::PulseError;
use crate::reference::{InstrumentError, LoadPoint};
use m90e26::Register;

use super::custody::CustodyError;
use super::decision::Undecided;
use super::report::Verdict;

/// What counting pulses needs of a position.
pub const HEAD: &str = "an optical head before the meter";

/// Why a step stopped. What the operator is told of it stands in [`super::advice`].
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// A person stopped the run.
    #[error("cancelled")]
    Cancelled,
    /// The meter gave no value.
    #[error(transparent)]
    Meter(#[from] MeterError),
    /// The source or the reference did not do what was asked.
    #[error(transparent)]
    Instrument(#[from] InstrumentError),
    /// The reference's stream of readings ended.
    #[error("the reference: {reason}")]
    Reference {
        /// What happened to it.
        reason: String,
    },
    /// The reference could not be read any more.
    #[error("the reference: {0}")]
    ReferenceFailed(std::sync::Arc<InstrumentError>),
    /// Nobody answered a question.
    #[error(transparent)]
    Operator(#[from] OperatorError),
    /// A constant came out outside of what its register takes.
    #[error(transparent)]
    Formula(#[from] FormulaError),
    /// A register that is no calibration register was to be calibrated.
    #[error(transparent)]
    NotCalibration(#[from] crate::calibration::registers::NotCalibration),
    /// A constant came out outside of what the meter type's parts allow.
    #[error("{register} comes out as {value}, and {low} to {high} is plausible for this meter type")]
    Implausible {
        /// The register.
        register: Register,
        /// What was computed.
        value: i32,
        /// Least plausible value.
        low: i32,
        /// Greatest plausible value.
        high: i32,
    },
    /// It is not the chip, or not in the state, that was expected.
    #[error("after a reset {register} reads {found:04X} instead of {expected:04X}")]
    NotTheChip {
        /// The register that gave it away.
        register: Register,
        /// What the datasheet says.
        expected: u16,
        /// What came.
        found: u16,
    },
    /// The meter sees no voltage though the reference does.
    #[error("the meter reads {meter_volts:.2} V where the reference shows {reference_volts:.2} V")]
    NoVoltage {
        /// Meter.
        meter_volts: f64,
        /// Reference.
        reference_volts: f64,
    },
    /// The meter sees no current though the reference does.
    #[error("the {line} line reads {meter_amps:.4} A where the reference shows {reference_amps:.4} A")]
    NoCurrent {
        /// The line that should carry it.
        line: Line,
        /// Meter, in real amperes.
        meter_amps: f64,
        /// Reference.
        reference_amps: f64,
        /// What the other line reads, in amperes of its register.
        other_amps: f64,
        /// The other line carries the current instead.
        on_other_line: bool,
    },
    /// Power flows backwards through the meter.
    #[error("the {line} line reads {degrees:.1} ° at PF 1: the power flows backwards")]
    Reversed {
        /// The line.
        line: Line,
        /// Phase angle the chip shows.
        degrees: f64,
    },
    /// The meter counts no energy though the reference shows power.
    #[error("the meter counted no energy in {seconds:.0} s at {watts:.1} W")]
    NoEnergy {
        /// How long was waited.
        seconds: f64,
        /// Power by the reference.
        watts: f64,
    },
    /// The reference does not show the load point.
    #[error("the reference does not show {}: {shown}", describe(.point))]
    LoadPointMissed {
        /// What was wanted.
        point: LoadPoint,
        /// What it shows instead.
        shown: String,
    },
    /// Readings keep moving.
    #[error(
        "{quantity} still moves by {change_percent:.3} % in {window_secs:.0} s, {tolerance_percent:.3} % is allowed"
    )]
    Unstable {
        /// What moves.
        quantity: &'static str,
        /// How much.
        change_percent: f64,
        /// Within what time.
        window_secs: f64,
        /// What is allowed.
        tolerance_percent: f64,
    },
    /// Too few readings for their scatter to say anything.
    #[error("in {seconds:.0} s hardly a reading of {quantity} came")]
    TooFew {
        /// What was measured.
        quantity: &'static str,
        /// How long was measured.
        seconds: f64,
    },
    /// A quantity scatters too much.
    #[error(
        "after {seconds:.0} s {quantity} is known to {achieved_percent:.4} % only, {target_percent:.4} % is wanted"
    )]
    Uncertain {
        /// What was measured.
        quantity: &'static str,
        /// How long was measured.
        seconds: f64,
        /// Standard uncertainty.
        achieved_percent: f64,
        /// What the procedure asks for.
        target_percent: f64,
    },
    /// The chip does not accept the checksums, or computes others.
    #[error("{register} is {found:04X} by the chip and {expected:04X} by its registers")]
    ChecksumDiffers {
        /// CS1 or CS2.
        register: Register,
        /// What the bench computed.
        expected: u16,
        /// What the chip computed.
        found: u16,
    },
    /// SysStatus shows errors after the calibration.
    #[error("SysStatus reads {status:04X} after the calibration")]
    StatusNotClean {
        /// The word.
        status: u16,
    },
    /// A register does not hold what was written to it.
    #[error("{register} holds {found:04X} instead of {expected:04X}")]
    RegisterDiffers {
        /// The register.
        register: Register,
        /// What was written.
        expected: u16,
        /// What it holds.
        found: u16,
    },
    /// A test asks for more than the link to the meter gives.
    #[error("{test:?} cannot be done through this link: it needs {needs}")]
    OutOfReach {
        /// The test's name.
        test: String,
        /// What the link does not give.
        needs: &'static str,
    },
    /// A test asks for more than the meter's nameplate allows.
    #[error("{test:?} asks for {asked}, and the meter type takes {allowed} at the most")]
    BeyondRating {
        /// The test's name.
        test: String,
        /// Voltage or current of its load.
        asked: String,
        /// What the nameplate allows.
        allowed: String,
    },
    /// The meter is there, and its chip does not meter.
    #[error("the chip does not meter: {register} reads {found:04X} instead of {expected:04X}")]
    NotMetering {
        /// CalStart or AdjStart.
        register: Register,
        /// Normal operation.
        expected: u16,
        /// What it holds.
        found: u16,
    },
    /// The chip lost its registers while nothing may be written.
    #[error("the chip reset itself during the test and lost its registers")]
    LostRegisters,
    /// Parts of the meter failed their self test.
    #[error("the meter's self test finds {parts} bad")]
    PartsFailed {
        /// Their names.
        parts: String,
    },
    /// The meter could not test a part.
    #[error("the meter did not test {part}: {reason}")]
    NotTested {
        /// The part.
        part: &'static str,
        /// What it said.
        reason: String,
    },
    /// The chip lost its registers again and again.
    #[error("the chip reset itself {times} times in one step")]
    KeepsResetting {
        /// How often.
        times: u32,
    },
    /// The procedure flashes, and nobody said what and where.
    #[error("the procedure flashes, and this position has no flash target or no image")]
    NothingToFlash,
    /// A value has no place in the calibration block.
    #[error("the calibration block cannot hold {field}: {reason}")]
    BlockField {
        /// The field.
        field: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// The unit's image cannot be made.
    #[error(transparent)]
    Firmware(#[from] FirmwareError),
    /// The way to the chip cannot be opened.
    #[error("the flash target: {source}")]
    TargetClosed {
        /// What was wrong.
        source: OpenError,
    },
    /// Flashing failed; what is on the chip is not known.
    #[error(transparent)]
    Flash(#[from] FlashError),
    /// The way to the flashed meter cannot be opened.
    #[error("the meter after flashing: {source}")]
    LinkClosed {
        /// What was wrong.
        source: OpenError,
    },
    /// The procedure does not take a proof through this way.
    #[error("the flashed meter is reached through {found}, which this procedure does not take as a proof")]
    WrongLink {
        /// The way.
        found: &'static str,
    },
    /// The flashed meter does not come up.
    #[error("{seconds:.0} s after flashing the meter has not started: {reason}")]
    NotStarted {
        /// How long was waited.
        seconds: f64,
        /// What it said at last.
        reason: String,
    },
    /// Another meter answers, or this one does not run what was flashed.
    #[error("the meter that answers after flashing has as its {what} {found:?} instead of {expected:?}")]
    WrongAnswer {
        /// What is wrong.
        what: &'static str,
        /// What was flashed.
        expected: String,
        /// What it says.
        found: String,
    },
    /// The chip stopped working with the calibration of the flashed image.
    #[error("the meter's chip has lost its calibration, and nobody but the meter may load it now")]
    CalibrationLost,
    /// Voltage and current could not be switched off.
    #[error("the source may still be on: {reason}")]
    SourceOn {
        /// What the source said.
        reason: String,
    },
    /// No pulses, or none that can be counted.
    #[error(transparent)]
    Pulses(#[from] PulseError),
    /// An instrument may not be used.
    #[error(transparent)]
    Custody(#[from] CustodyError),
    /// The decision rule gives no verdict.
    #[error("{quantity} of {test:?} cannot be judged with a guard band: {cause}")]
    Undecided {
        /// What was measured.
        quantity: String,
        /// The test's name.
        test: String,
        /// Why.
        cause: Undecided,
    },
    /// The unit had dropped out before its run was cut off.
    #[error("{}", .advice.what)]
    Earlier {
        /// How that ended.
        verdict: Verdict,
        /// What the operator was told.
        advice: Advice,
    },
    /// The program is wrong.
    #[error("the worker stopped unexpectedly")]
    Panicked,
}

impl StepError {
    /// Measured and found bad is a FAIL of the unit; not measured is an ERROR.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        match self {
            Self::Cancelled
            | Self::Flash(FlashError::Cancelled { .. })
            | Self::Operator(OperatorError::Cancelled)
            | Self::Instrument(InstrumentError::Operator { source: OperatorError::Cancelled, .. }) => Verdict::Aborted,
            Self::Formula(FormulaError::Range(_))
            | Self::Implausible { .. }
            | Self::Reversed { .. }
            | Self::PartsFailed { .. } => Verdict::Fail,
            Self::NoCurrent { on_other_line: true, .. } => Verdict::Fail,
            Self::Earlier { verdict, .. } => *verdict,
            _ => Verdict::Error,
        }
    }
}

fn describe(point: &LoadPoint) -> String {
    format!("{}, {}, PF {}", point.u, point.i, point.pf)
}

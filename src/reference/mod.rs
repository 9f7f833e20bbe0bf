//! The bench around the meter: the reference that tells the truth, the source that supplies voltage and current.
//!
//! [`manual`] asks the operator; [`scpi`] speaks to an instrument that a profile describes. Procedures see only the traits.

mod load_point;
pub mod manual;
pub mod scpi;

pub use crate::load::{LoadPoint, PowerFactor, Side};

use crate::clock::{Moment, SharedClock};
use crate::operator::{Answer, Operator, OperatorError, Prompt, TRIES};
use crate::port::PortError;
use crate::units::{Amps, Degrees, Hertz, Vars, VoltAmps, Volts, Watts};

/// An instrument, as it names itself or as the operator names it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Identity {
    /// Maker.
    pub maker: String,
    /// Model.
    pub model: String,
    /// Serial number.
    pub serial: String,
    /// Version of its firmware.
    pub version: String,
    /// It says of itself that it is simulated; such a run is marked everywhere.
    pub simulated: bool,
}

/// What the reference shows at one moment. Every value present is finite and was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReferenceReading {
    /// When the reading arrived.
    pub at: Moment,
    /// Voltage.
    pub u: Volts,
    /// Current.
    pub i: Amps,
    /// Active power.
    pub p: Watts,
    /// Reactive power, inductive positive, where the instrument gives it.
    pub q: Option<Vars>,
    /// Apparent power, where the instrument gives it.
    pub s: Option<VoltAmps>,
    /// Power factor, where the instrument gives it.
    pub pf: Option<f64>,
    /// Phase angle, inductive positive, where the instrument gives it.
    pub phase: Option<Degrees>,
    /// Frequency, where the instrument gives it.
    pub f: Option<Hertz>,
}

/// Tells the truth about voltage, current and power.
pub trait Reference: Send {
    /// Asks the instrument who it is, sets it up for reading, and checks it against its profile.
    fn identify(&mut self) -> Result<Identity, InstrumentError>;

    /// How well it measures by its profile, where that says anything.
    fn accuracy(&self) -> Option<&crate::profile::instrument::Accuracy> {
        None
    }

    /// One fresh reading. Waits for the instrument as long as its profile allows.
    fn read(&mut self) -> Result<ReferenceReading, InstrumentError>;

    /// Called when the bench has settled on another load point, before readings are wanted there: a person is asked here.
    fn load_point_changed(&mut self, point: &LoadPoint) -> Result<(), InstrumentError>;
}

/// Supplies voltage and current.
pub trait Source: Send {
    /// Asks the instrument who it is and prepares it; supplies nothing yet.
    fn identify(&mut self) -> Result<Identity, InstrumentError>;

    /// Goes to a load point and switches on. Returns when the source has been told and its settling time is over; whether
    /// the point is reached, the reference shows.
    fn apply(&mut self, point: &LoadPoint) -> Result<(), InstrumentError>;

    /// Voltage and current off. Tried again by the caller when it fails: this one matters.
    fn switch_off(&mut self) -> Result<Off, InstrumentError>;

    /// How long the reference may take to show the point after `apply`: seconds for an instrument, minutes for a person.
    fn patience(&self) -> std::time::Duration;
}

/// How a source was switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Off {
    /// It did so itself.
    Done,
    /// A person has to; until that person says so it may still be on.
    ByHand,
}

/// What a person is told where [`Off::ByHand`] is the answer.
pub const SWITCH_OFF: &str = "Switch voltage and current off";

/// Asks for a text until it can be read; says what is wrong with one that cannot.
///
/// # Errors
/// Nobody answers, or only nonsense comes back.
pub fn ask_until<T>(
    operator: &dyn Operator,
    prompt: &Prompt,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<T, InstrumentError> {
    let mut prompt = prompt.clone();
    let mut last = String::new();
    for _ in 0..TRIES {
        let unanswered = |source| InstrumentError::Operator { question: prompt.question.clone(), source };
        let Answer::Text(answer) = operator.ask(&prompt).map_err(unanswered)? else {
            return Err(unanswered(OperatorError::Unreadable));
        };
        match read(&answer) {
            Ok(value) => return Ok(value),
            Err(problem) => prompt = prompt.after(Some(problem)),
        }
        last = answer;
    }
    Err(InstrumentError::Typed {
        question: prompt.question,
        answer: last.chars().take(80).collect(),
        problem: prompt.problem.unwrap_or_default(),
    })
}

/// What a reference or a source needs from the bench.
#[derive(Clone)]
pub struct BenchServices {
    /// Time.
    pub clock: SharedClock,
    /// The person to ask.
    pub operator: std::sync::Arc<dyn Operator>,
}

/// Why an instrument did not do what was asked. A failed reading is never a value.
#[derive(Debug, thiserror::Error)]
pub enum InstrumentError {
    /// The line failed.
    #[error("{instrument}: {source}")]
    Port {
        /// Name from the profile.
        instrument: String,
        /// The cause.
        source: PortError,
    },
    /// No answer in time.
    #[error("{instrument} did not answer {command:?} within {waited_millis} ms")]
    Silent {
        /// Name from the profile.
        instrument: String,
        /// What was asked.
        command: String,
        /// How long was waited.
        waited_millis: u64,
    },
    /// An answer that is not what the profile says.
    #[error("{instrument} answered {answer:?} to {command:?}: {problem}")]
    Answer {
        /// Name from the profile.
        instrument: String,
        /// What was asked.
        command: String,
        /// What came back, cut to a readable length.
        answer: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Another instrument than the profile is for.
    #[error("{instrument} is expected, but {found:?} answered")]
    WrongInstrument {
        /// Name from the profile.
        instrument: String,
        /// The identification that came back.
        found: String,
    },
    /// The load point is outside of what the instrument may supply.
    #[error("{instrument} cannot supply {what}")]
    OutOfRange {
        /// Name from the profile.
        instrument: String,
        /// The value and the limit.
        what: String,
    },
    /// What a person read and typed cannot be what the instrument shows.
    #[error("{answer:?} was typed to {question:?}: {problem}")]
    Typed {
        /// What was asked.
        question: String,
        /// The last that was typed.
        answer: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The person did not answer.
    #[error("the operator was asked {question:?}: {source}")]
    Operator {
        /// What was asked.
        question: String,
        /// Why there is no answer.
        source: OperatorError,
    },
}

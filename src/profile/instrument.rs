//! An instrument that speaks lines of text: how to reach it, how it names itself, how it is read and how it is set.
//!
//! A reference has `[read]`, a source has `[source]`, one that is both has both. The codec that follows these descriptions
//! is `reference::scpi`.

use std::time::Duration;

use serde::Deserialize;

use super::scalars::{millis, secs};
use super::template::Template;
use super::{Kind, Profile};
use crate::port::url::{DeviceUrl, UrlError};
use crate::port::{LineSettings, Parity};
use crate::units::{Amps, Percent, Volts};

/// An instrument.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstrumentProfile {
    /// Always `instrument`.
    pub kind: Kind,
    /// Name for options and records.
    pub name: String,
    /// A line for lists.
    pub title: String,
    /// What the engineer should know.
    #[serde(default)]
    pub description: String,
    /// Sent after identification, in order, before the first reading or setting.
    #[serde(default)]
    pub setup: Vec<Template>,
    /// The line and its rhythm.
    pub link: Link,
    /// Who it is.
    pub identify: Identify,
    /// How it is read; a reference has this.
    pub read: Option<Read>,
    /// How it is set; a source has this.
    pub source: Option<SourceCommands>,
    /// How well it measures.
    #[serde(default)]
    pub accuracy: Accuracy,
}

/// The line and its rhythm.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Behind each command.
    #[serde(default = "line_feed")]
    pub terminator: String,
    /// Behind each answer; a carriage return before it is dropped anyway.
    #[serde(default = "line_feed")]
    pub reply_terminator: String,
    /// An answer takes at most so long.
    #[serde(rename = "timeout_millis", deserialize_with = "millis")]
    pub timeout: Duration,
    /// Pause between commands.
    #[serde(rename = "command_gap_millis", deserialize_with = "millis", default)]
    pub command_gap: Duration,
    /// The frame on a serial line, where the address does not give another.
    pub serial: Option<SerialLine>,
}

fn line_feed() -> String {
    "\n".to_owned()
}

/// The frame on a serial line.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the names say it")]
pub struct SerialLine {
    pub baud: u32,
    #[serde(default = "eight")]
    pub data_bits: u8,
    #[serde(default)]
    pub parity: ParityName,
    #[serde(default = "one_bit")]
    pub stop_bits: u8,
}

const fn eight() -> u8 {
    8
}

const fn one_bit() -> u8 {
    1
}

/// Parity, as profiles spell it.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum ParityName {
    #[default]
    None,
    Even,
    Odd,
}

/// Who it is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identify {
    /// The question.
    pub query: Template,
    /// All of these must be in the answer, whatever their case.
    pub expect: Vec<String>,
    /// What the comma-separated fields of the answer are, in order.
    #[serde(default = "usual_fields")]
    pub fields: Vec<IdentityField>,
}

/// A field of the identification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum IdentityField {
    Maker,
    Model,
    Serial,
    Version,
    /// Not used.
    Skip,
}

/// The order of IEEE 488.2.
fn usual_fields() -> Vec<IdentityField> {
    vec![IdentityField::Maker, IdentityField::Model, IdentityField::Serial, IdentityField::Version]
}

/// How it is read.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Read {
    /// Time between readings; the instrument's own update time.
    #[serde(rename = "interval_millis", deserialize_with = "millis")]
    pub interval: Duration,
    /// Where active power comes from.
    #[serde(default)]
    pub power: PowerFrom,
    /// Asked until it says that there is a new reading.
    pub ready: Option<Ready>,
    /// Queries, in order; together they give one reading.
    pub query: Vec<ReadQuery>,
}

/// Where active power comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PowerFrom {
    /// The instrument shows it.
    #[default]
    Measured,
    /// Voltage x current x power factor: said here on purpose, because it is only as good as the worst of the three.
    UIPf,
}

/// Asked until it says that there is a new reading.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ready {
    /// The question; its answer is a whole number.
    pub query: Template,
    /// Any of these bits set means ready.
    pub mask: u32,
    /// Pause between questions.
    #[serde(rename = "poll_millis", deserialize_with = "millis")]
    pub poll: Duration,
    /// Given up after this.
    #[serde(rename = "timeout_millis", deserialize_with = "millis")]
    pub timeout: Duration,
}

/// One question and what its answer holds.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadQuery {
    /// The question.
    pub send: Template,
    /// Between the fields of the answer.
    #[serde(default = "comma")]
    pub separator: char,
    /// How many fields an answer has; another count is another answer. Fields found by name need none.
    pub field_count: Option<usize>,
    /// What is taken from it.
    pub fields: Vec<Field>,
}

const fn comma() -> char {
    ','
}

/// One value in an answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// What it is.
    pub quantity: Quantity,
    /// The how manieth field, from 0.
    pub index: Option<usize>,
    /// Or: the field that begins with this text, or has it behind a colon; whatever its case.
    pub after: Option<String>,
    /// The value is the number times this...
    #[serde(default = "one")]
    pub scale: f64,
    /// ...plus this.
    #[serde(default)]
    pub offset: f64,
    /// The instrument may show dashes or NAN here, as it does for the power factor without current.
    #[serde(default)]
    pub may_be_absent: bool,
}

const fn one() -> f64 {
    1.0
}

/// What a value is; the unit in which it is needed after scaling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Quantity {
    /// Voltage, V.
    U,
    /// Current, A.
    I,
    /// Active power, W.
    P,
    /// Reactive power, var, inductive positive.
    Q,
    /// Apparent power, VA.
    S,
    /// Power factor.
    Pf,
    /// Phase angle, degrees, inductive positive.
    Phase,
    /// Frequency, Hz.
    F,
}

/// How it is set.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceCommands {
    /// Commands that set a load point, in order.
    pub set: Vec<Template>,
    /// Switches on.
    pub on: Vec<Template>,
    /// Switches off.
    pub off: Vec<Template>,
    /// Sign of {phase_deg} for an inductive load.
    #[serde(default)]
    pub phase: PhaseSign,
    /// Wait after setting and switching on.
    #[serde(rename = "settle_secs", deserialize_with = "secs")]
    pub settle: Duration,
    /// The reference must show the load point within this.
    #[serde(rename = "patience_secs", deserialize_with = "secs")]
    pub patience: Duration,
    /// Greatest voltage it is told to supply.
    #[serde(rename = "max_u_volts")]
    pub max_u: Volts,
    /// Greatest current it is told to supply.
    #[serde(rename = "max_i_amps")]
    pub max_i: Amps,
    /// What the instrument answers to every command, where it answers at all.
    pub acknowledge: Option<String>,
    /// Asked after each load point and each switching; its answer is compared with `no_error`.
    pub error_query: Option<Template>,
    /// How an answer to `error_query` begins when all is well.
    #[serde(default = "usual_no_error")]
    pub no_error: Vec<String>,
}

/// SCPI-99: code 0 is "No error".
fn usual_no_error() -> Vec<String> {
    vec!["0,".to_owned(), "+0,".to_owned()]
}

/// Sign of the phase angle for an inductive load.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PhaseSign {
    /// A lagging current has a positive angle.
    #[default]
    LagPositive,
    /// A lagging current has a negative angle.
    LagNegative,
}

/// How well it measures, and on whose word.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accuracy {
    /// Voltage, of the reading.
    #[serde(rename = "u_percent")]
    pub u: Option<Percent>,
    /// Current, of the reading.
    #[serde(rename = "i_percent")]
    pub i: Option<Percent>,
    /// Active power, of the reading.
    #[serde(rename = "p_percent")]
    pub p: Option<Percent>,
    /// Number of the calibration certificate.
    pub certificate: Option<String>,
    /// Date of calibration, YYYY-MM-DD.
    pub calibrated: Option<String>,
    /// Date it is due again, YYYY-MM-DD.
    pub due: Option<String>,
}

impl InstrumentProfile {
    /// Speed and frame of the serial line: the profile's, overridden by the address's `baud`, `data`, `parity`, `stop`.
    ///
    /// # Errors
    /// An option of the address that is none.
    pub fn line_settings(&self, url: &DeviceUrl) -> Result<LineSettings, UrlError> {
        let own = self.link.serial;
        let parity = match url.option("parity") {
            None => own.map_or(Parity::None, |line| line.parity.into()),
            Some("none" | "n" | "N") => Parity::None,
            Some("even" | "e" | "E") => Parity::Even,
            Some("odd" | "o" | "O") => Parity::Odd,
            Some(other) => return Err(url.error(format!("parity cannot be {other:?}; none, even, odd"))),
        };
        Ok(LineSettings {
            baud: url.parsed("baud")?.unwrap_or(own.map_or(9600, |line| line.baud)),
            data_bits: url.parsed("data")?.unwrap_or(own.map_or(8, |line| line.data_bits)),
            parity,
            stop_bits: url.parsed("stop")?.unwrap_or(own.map_or(1, |line| line.stop_bits)),
        })
    }
}

impl From<ParityName> for Parity {
    fn from(name: ParityName) -> Self {
        match name {
            ParityName::None => Self::None,
            ParityName::Even => Self::Even,
            ParityName::Odd => Self::Odd,
        }
    }
}

impl Profile for InstrumentProfile {
    const KIND: Kind = Kind::Instrument;

    fn name(&self) -> &str {
        &self.name
    }

    fn check(&self, findings: &mut super::check::Findings) {
        super::instrument_check::check(self, findings);
    }
}

//! The keys of a `[[verify]]` entry as they stand in the text, and what becomes of them.
//!
//! All kinds share one table of keys, because a tagged enum forgets on which line a key stood. So an unknown key is refused in its
//! line with those there are, and a key of another kind is named in its line by the check.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;

use super::{
    Accuracy, Current, Dial, Hertz, Kind, Limits, Load, NoLoad, NoLoadFormula, Occasion, Percent, PowerFactor,
    Protection, Questions, Repeatability, Series, Starting, Test, Volts, WarmUp,
};
use crate::profile::scalars::Seconds;

/// How `kind` is spelled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "as in Kind")]
pub enum KindName {
    #[default]
    Accuracy,
    Repeatability,
    Dial,
    Starting,
    NoLoad,
    WarmUp,
    Protection,
    Visual,
    FirstTrial,
}

impl fmt::Display for KindName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Accuracy => "accuracy",
            Self::Repeatability => "repeatability",
            Self::Dial => "dial",
            Self::Starting => "starting",
            Self::NoLoad => "no-load",
            Self::WarmUp => "warm-up",
            Self::Protection => "protection",
            Self::Visual => "visual",
            Self::FirstTrial => "first-trial",
        })
    }
}

const ACCURACY: &[&str] = &[
    "u_of_un",
    "i_of_ib",
    "i_of_imax",
    "pf",
    "frequency_hz",
    "limits",
    "limit_source",
    "repeats",
    "discards",
    "settle_secs",
    "timeout_secs",
    "uncertainty_percent",
];
const REPEATABILITY: &[&str] = &[
    "u_of_un",
    "i_of_ib",
    "i_of_imax",
    "pf",
    "frequency_hz",
    "deviation_percent",
    "limit_source",
    "repeats",
    "discards",
    "settle_secs",
    "timeout_secs",
    "uncertainty_percent",
];
const DIAL: &[&str] =
    &["u_of_un", "i_of_ib", "i_of_imax", "pf", "frequency_hz", "pulses", "duration_secs", "limits", "limit_source"];
const STARTING: &[&str] = &["u_of_un", "i_of_ib", "frequency_hz", "time_factor", "elements", "limit_source"];
const NO_LOAD: &[&str] = &[
    "u_of_un",
    "frequency_hz",
    "formula",
    "coefficient",
    "start_of_ib",
    "elements",
    "time_factor",
    "pulses",
    "limit_source",
];
const WARM_UP: &[&str] = &["u_of_un", "i_of_ib", "i_of_imax", "pf", "frequency_hz", "duration_secs"];
const PROTECTION: &[&str] = &[
    "u_of_un",
    "i_of_ib",
    "i_of_imax",
    "frequency_hz",
    "beyond_volts",
    "opens_within_secs",
    "closes_within_secs",
    "limit_source",
];
const QUESTIONS: &[&str] = &["questions", "u_of_un", "i_of_ib", "i_of_imax", "pf", "frequency_hz"];

impl KindName {
    /// Keys besides `name` and `kind`.
    pub(super) const fn takes(self) -> &'static [&'static str] {
        match self {
            Self::Accuracy => ACCURACY,
            Self::Repeatability => REPEATABILITY,
            Self::Dial => DIAL,
            Self::Starting => STARTING,
            Self::NoLoad => NO_LOAD,
            Self::WarmUp => WARM_UP,
            Self::Protection => PROTECTION,
            Self::Visual | Self::FirstTrial => QUESTIONS,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum FormulaName {
    Imax,
    StartingCurrent,
}

macro_rules! keys {
    ($($key:ident: $type:ty),* $(,)?) => {
        /// An entry as it stands in the text.
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(super) struct Keys {
            name: String,
            #[serde(default)]
            kind: KindName,
            $($key: Option<$type>,)*
        }

        impl Keys {
            /// The keys that stand there, besides `name` and `kind`.
            fn present(&self) -> Vec<&'static str> {
                let mut present = Vec::new();
                $(if self.$key.is_some() { present.push(stringify!($key)); })*
                present
            }
        }
    };
}

keys! {
    u_of_un: f64,
    i_of_ib: f64,
    i_of_imax: f64,
    pf: PowerFactor,
    frequency_hz: Hertz,
    limits: Limits,
    limit_source: String,
    repeats: u16,
    discards: u16,
    settle_secs: Seconds,
    timeout_secs: Seconds,
    uncertainty_percent: Percent,
    deviation_percent: Percent,
    pulses: f64,
    duration_secs: Seconds,
    time_factor: f64,
    elements: u8,
    formula: FormulaName,
    coefficient: f64,
    start_of_ib: f64,
    beyond_volts: Volts,
    opens_within_secs: Seconds,
    closes_within_secs: Seconds,
    questions: Vec<String>,
}

/// Errors of a series without `repeats`.
const REPEATS: u16 = 1;
const SCATTER_REPEATS: u16 = 10;

impl TryFrom<Keys> for Test {
    type Error = String;

    fn try_from(keys: Keys) -> Result<Self, String> {
        let takes = keys.kind.takes();
        let misplaced = keys.present().into_iter().filter(|key| !takes.contains(key)).collect();
        Ok(Self { kind: keys.kind()?, name: keys.name, misplaced })
    }
}

impl Keys {
    fn kind(&self) -> Result<Kind, String> {
        Ok(match self.kind {
            KindName::Accuracy => Kind::Accuracy(Accuracy {
                load: self.load()?,
                limits: self.needs(&self.limits, "limits")?,
                limit_source: self.limit_source()?,
                series: self.series(REPEATS),
            }),
            KindName::Repeatability => Kind::Repeatability(Repeatability {
                load: self.load()?,
                series: self.series(SCATTER_REPEATS),
                deviation: self.needs(&self.deviation_percent, "deviation_percent")?,
                limit_source: self.limit_source()?,
            }),
            KindName::Dial => Kind::Dial(Dial {
                load: self.load()?,
                pulses: self.needs(&self.pulses, "pulses")?,
                duration: self.secs(self.duration_secs, "duration_secs")?,
                limit: self.energy_limit()?,
                limit_source: self.limit_source()?,
            }),
            KindName::Starting => Kind::Starting(Starting {
                load: Load {
                    u_of_un: self.u_of_un.unwrap_or(1.0),
                    current: Current::OfIb(self.needs(&self.i_of_ib, "i_of_ib")?),
                    pf: PowerFactor::UNITY,
                    frequency: self.frequency_hz,
                },
                time_factor: self.needs(&self.time_factor, "time_factor")?,
                elements: self.elements.unwrap_or(1),
                limit_source: self.limit_source()?,
            }),
            KindName::NoLoad => Kind::NoLoad(self.no_load()?),
            KindName::WarmUp => {
                Kind::WarmUp(WarmUp { load: self.load()?, duration: self.secs(self.duration_secs, "duration_secs")? })
            }
            KindName::Protection => Kind::Protection(Protection {
                load: Load { pf: PowerFactor::UNITY, ..self.load_of(self.u_of_un.unwrap_or(1.0))? },
                beyond: self.needs(&self.beyond_volts, "beyond_volts")?,
                opens_within: self.secs(self.opens_within_secs, "opens_within_secs")?,
                closes_within: self.secs(self.closes_within_secs, "closes_within_secs")?,
                limit_source: self.limit_source()?,
            }),
            KindName::Visual => Kind::Questions(self.questions(Occasion::Visual)?),
            KindName::FirstTrial => Kind::Questions(self.questions(Occasion::FirstTrial)?),
        })
    }

    fn energy_limit(&self) -> Result<Percent, String> {
        let limits = self.needs(&self.limits, "limits")?;
        if limits.voltage.or(limits.current).is_some() {
            return Err(format!("kind {} judges energy alone: energy_percent is allowed in limits", self.kind));
        }
        self.needs(&limits.energy, "limits.energy_percent")
    }

    fn no_load(&self) -> Result<NoLoad, String> {
        let formula = match self.needs(&self.formula, "formula")? {
            FormulaName::Imax => NoLoadFormula::Imax,
            FormulaName::StartingCurrent => {
                NoLoadFormula::StartingCurrent(self.needs(&self.start_of_ib, "start_of_ib")?)
            }
        };
        Ok(NoLoad {
            load: Load {
                u_of_un: self.needs(&self.u_of_un, "u_of_un")?,
                current: Current::OfIb(0.0),
                pf: PowerFactor::UNITY,
                frequency: self.frequency_hz,
            },
            formula,
            coefficient: self.needs(&self.coefficient, "coefficient")?,
            elements: self.elements.unwrap_or(1),
            time_factor: self.time_factor.unwrap_or(1.0),
            pulses: self.needs(&self.pulses, "pulses")?,
            limit_source: self.limit_source()?,
        })
    }

    fn questions(&self, occasion: Occasion) -> Result<Questions, String> {
        let load = self.u_of_un.map(|u_of_un| self.load_of(u_of_un)).transpose()?;
        let part = self.i_of_ib.or(self.i_of_imax).is_some() || self.pf.is_some() || self.frequency_hz.is_some();
        if load.is_none() && part {
            return Err(format!("kind {} needs u_of_un for a load, and without it nothing else of one", self.kind));
        }
        Ok(Questions { occasion, questions: self.needs(&self.questions, "questions")?, load })
    }

    /// A load point with all that belongs to it.
    fn load(&self) -> Result<Load, String> {
        let pf = self.needs(&self.pf, "pf")?;
        Ok(Load { pf, ..self.load_of(self.needs(&self.u_of_un, "u_of_un")?)? })
    }

    fn load_of(&self, u_of_un: f64) -> Result<Load, String> {
        let current = match (self.i_of_ib, self.i_of_imax) {
            (Some(_), Some(_)) => return Err("i_of_ib and i_of_imax are two currents, and one is wanted".to_owned()),
            (Some(multiple), None) => Current::OfIb(multiple),
            (None, Some(multiple)) => Current::OfImax(multiple),
            (None, None) if self.kind.takes().contains(&"limits") => {
                return Err(format!("kind {} needs i_of_ib or i_of_imax", self.kind));
            }
            (None, None) => Current::OfIb(0.0),
        };
        Ok(Load { u_of_un, current, pf: self.pf.unwrap_or(PowerFactor::UNITY), frequency: self.frequency_hz })
    }

    fn series(&self, repeats: u16) -> Series {
        Series {
            repeats: self.repeats.unwrap_or(repeats),
            discards: self.discards.unwrap_or(0),
            settle: self.settle_secs.map_or(Duration::ZERO, |secs| secs.0),
            timeout: self.timeout_secs.map(|secs| secs.0),
            uncertainty: self.uncertainty_percent,
        }
    }

    fn limit_source(&self) -> Result<String, String> {
        self.needs(&self.limit_source, "limit_source")
    }

    fn secs(&self, value: Option<Seconds>, key: &str) -> Result<Duration, String> {
        Ok(self.needs(&value, key)?.0)
    }

    fn needs<T: Clone>(&self, value: &Option<T>, key: &str) -> Result<T, String> {
        value.clone().ok_or_else(|| format!("kind {} needs {key}, which is missing", self.kind))
    }
}

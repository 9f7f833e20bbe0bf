//! How an error and its uncertainty become a verdict: the rule a procedure names, and from where on a PASS is marginal.

use serde::{Deserialize, Serialize};

use super::check::Findings;
use crate::units::Percent;

/// What a procedure says of its verdicts; without a word of its own, simple acceptance.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// What is accepted.
    #[serde(default)]
    pub rule: Rule,
    /// r of the guard band w = r U; 1 where a guard band is wanted and nothing is said.
    pub guard_factor: Option<f64>,
    /// What makes an expanded uncertainty out of a combined one.
    #[serde(default)]
    pub coverage: Coverage,
    /// A PASS beyond this part of what is accepted is marginal.
    #[serde(rename = "marginal_percent", default = "four_fifths")]
    pub marginal: Percent,
}

/// What is accepted (ILAC-G8:09/2019 and JCGM 106:2012 name both).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// What lies within the limits.
    #[default]
    SimpleAcceptance,
    /// What lies within the limits by more than the guard band.
    GuardBand,
}

/// What makes an expanded uncertainty out of a combined one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Coverage {
    /// Student's t for 95.45 % by the effective degrees of freedom; 2 where they are many.
    #[default]
    StudentT,
    /// 2, however few degrees of freedom there are.
    K2,
}

const fn four_fifths() -> Percent {
    Percent(80.0)
}

impl Default for Decision {
    fn default() -> Self {
        Self { rule: Rule::default(), guard_factor: None, coverage: Coverage::default(), marginal: four_fifths() }
    }
}

impl Decision {
    /// r of the guard band; 0 under simple acceptance.
    #[must_use]
    pub fn guard_factor(&self) -> f64 {
        match self.rule {
            Rule::SimpleAcceptance => 0.0,
            Rule::GuardBand => self.guard_factor.unwrap_or(1.0),
        }
    }

    /// The rule as a record and a certificate name it.
    #[must_use]
    pub fn words(&self) -> String {
        match self.rule {
            Rule::SimpleAcceptance => "simple acceptance: within the limits".to_owned(),
            Rule::GuardBand => {
                format!("guard band: within the limits by more than w = {} U", self.guard_factor())
            }
        }
    }

    pub(super) fn check(&self, findings: &mut Findings) {
        if let Some(factor) = self.guard_factor {
            findings.within("decision.guard_factor", factor, 0.05, 2.0);
            let good = self.rule == Rule::GuardBand;
            findings.require(good, "decision.guard_factor", "belongs to rule = \"guard-band\"");
        }
        findings.within("decision.marginal_percent", self.marginal.0, 1.0, 100.0);
    }
}

impl Coverage {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::StudentT => "Student's t for 95.45 % by the effective degrees of freedom",
            Self::K2 => "k = 2",
        }
    }
}

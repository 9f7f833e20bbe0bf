//! A procedure's `[flash]` table: what is done with the unit's own image once its registers are known.

use std::time::Duration;

use serde::Deserialize;

use super::check::Findings;
use super::scalars::secs;

/// How a unit starts on the image that was flashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Restart {
    /// The flash target does it; where its lines cannot, the operator is asked.
    Target,
    /// The operator takes the supply away and gives it back, whatever the target can.
    PowerCycle,
}

/// The way to a unit that runs its own program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Through {
    /// The meter's service port, which tells versions, serial number and calibration block.
    Service,
    /// The metering chip, which shows the registers that the meter's program has loaded.
    Chip,
    /// What the stock firmware prints: readings only.
    Log,
}

impl Through {
    /// The word for people.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Service => "the service port",
            Self::Chip => "the metering chip",
            Self::Log => "the log",
        }
    }
}

/// What proves the parts of an image that the chip is found to hold already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unchanged {
    /// Each byte of them is read.
    #[default]
    ReadBack,
    /// A few samples are read; then the CRC that the meter's own program tells over all of itself once it has started on the image.
    ProgramCrc,
}

/// Flashing, and what proves it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flashing {
    /// How the unit starts on its image.
    pub restart: Restart,
    /// The ways through which a started unit may be proven; what the station has must be one of them.
    pub verify_through: Vec<Through>,
    /// So long the unit may take until it answers and meters.
    #[serde(rename = "wait_secs", deserialize_with = "secs")]
    pub wait: Duration,
    /// Version the firmware must answer with on its service port; without it any version that speaks the bench's map.
    pub firmware: Option<String>,
    /// What proves the parts that need no writing.
    #[serde(default)]
    pub unchanged: Unchanged,
    /// Readout protection is switched on when what was written has been read back.
    #[serde(default)]
    pub protect: bool,
}

impl Flashing {
    pub(super) fn check(&self, findings: &mut Findings) {
        findings.require(!self.verify_through.is_empty(), "flash.verify_through", "service, chip or log is needed");
        let least = Duration::from_secs(1);
        findings.require(self.wait >= least, "flash.wait_secs", "1 s is the least a meter takes to start");
        let told = self.unchanged == Unchanged::ReadBack || self.verify_through.contains(&Through::Service);
        findings.require(
            told,
            "flash.unchanged",
            "the CRC is told on the service port only: verify_through needs service",
        );
        if let Some(firmware) = &self.firmware {
            findings.text("flash.firmware", firmware);
        }
    }
}

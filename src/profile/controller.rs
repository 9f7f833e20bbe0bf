//! A meter profile's `[controller]` table: the processor that runs the meter's firmware.

use serde::Deserialize;

use super::check::Findings;
use super::scalars::RegisterWord;

/// STM32F103, medium density (AN2606): the OpenSmartMeter's.
const STM32F103_MEDIUM: RegisterWord = RegisterWord(0x410);

/// Product numbers have twelve bits (RM0008, 31.6.1).
const LARGEST: u16 = 0xFFF;

/// The processor.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Controller {
    /// Product numbers its chip may have, as the boot loader or the debug unit tells them; anything else is not flashed.
    chips: Vec<RegisterWord>,
}

impl Default for Controller {
    fn default() -> Self {
        Self { chips: vec![STM32F103_MEDIUM] }
    }
}

impl Controller {
    /// The product numbers.
    #[must_use]
    pub fn chips(&self) -> Vec<u16> {
        self.chips.iter().map(|chip| chip.0).collect()
    }

    pub(super) fn check(&self, findings: &mut Findings) {
        let good = !self.chips.is_empty() && self.chips.iter().all(|chip| (1..=LARGEST).contains(&chip.0));
        findings.require(good, "controller.chips", "product numbers from 0001 to 0FFF are needed, at least one");
    }
}

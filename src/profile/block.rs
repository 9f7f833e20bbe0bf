//! What a meter type says of its units' calibration block: fields that are the same in all of them, and the windows registers
//! must lie in.

use m90e26::{Line, Register};

use super::meter::MeterProfile;

impl MeterProfile {
    /// Fields of the calibration block that follow from the type, by their names in the layout. What is no whole number there is left
    /// as it is written, and refused where the block is made.
    #[must_use]
    pub fn block_fields(&self) -> Vec<(&'static str, String)> {
        let calibration = &self.calibration;
        let line = calibration.lines.first().map(|line| ("line", format!("{line:?}")));
        let others = [
            ("current_scale", fraction(calibration.current_scale)),
            // The chip's energy registers count tenths of the pulses its constant is set to.
            ("pulses_per_kwh", calibration.chip_constant_imp_per_kwh.to_string()),
            ("constant_imp_per_kwh", self.rating.constant_imp_per_kwh.to_string()),
        ];
        line.into_iter().chain(others).collect()
    }

    /// The window of each calibrated register, in the register's own steps.
    #[must_use]
    pub fn windows(&self) -> Vec<(Register, [i32; 2])> {
        let plausible = &self.plausible;
        let mut windows = vec![(Register::Ugain, plausible.ugain)];
        for line in &self.calibration.lines {
            let (igain, gain, phase) = match line {
                Line::L => (Register::IgainL, Register::Lgain, Register::Lphi),
                Line::N => (Register::IgainN, Register::Ngain, Register::Nphi),
            };
            windows.extend(plausible.igain(*line).map(|window| (igain, window)));
            windows.push((gain, plausible.energy_gain));
            windows.push((phase, plausible.phase));
            if self.calibration.mirror_energy_gain {
                let other = if gain == Register::Lgain { Register::Ngain } else { Register::Lgain };
                windows.push((other, plausible.energy_gain));
            }
        }
        windows
    }
}

/// A factor as a ratio of numbers of 16 bits when it is one; or else as it is, which no block takes.
fn fraction(factor: f64) -> String {
    let ratio = (1..=u16::MAX).find_map(|denominator| {
        let numerator = factor * f64::from(denominator);
        let whole = numerator.round();
        let exact = (numerator - whole).abs() < 1e-9 * numerator && (1.0..=65_535.0).contains(&whole);
        exact.then(|| if denominator == 1 { whole.to_string() } else { format!("{whole}/{denominator}") })
    });
    ratio.unwrap_or_else(|| factor.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::load_meter;

    #[test]
    fn the_fields_of_a_type() {
        let meter = load_meter("opensmartmeter-mt50").expect("shipped");
        let fields =
            [("line", "N"), ("current_scale", "20"), ("pulses_per_kwh", "2000"), ("constant_imp_per_kwh", "1000")];
        assert_eq!(meter.block_fields(), fields.map(|(name, value)| (name, value.to_owned())));
        let names: Vec<&str> = meter.windows().into_iter().map(|(register, _)| register.name()).collect();
        assert_eq!(names, ["Ugain", "IgainN", "Ngain", "Nphi", "Lgain"]);
    }

    #[test]
    fn factors_are_exact_or_left_as_they_are() {
        for (factor, text) in [(20.0, "20"), (0.5, "1/2"), (1.0 / 3.0, "1/3"), (70_000.0, "70000"), (f64::NAN, "NaN")] {
            assert_eq!(fraction(factor), text);
        }
    }
}

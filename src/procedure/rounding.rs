//! The error as a certificate prints it: to a tenth of the class, a half to the even neighbour.

use crate::units::Percent;

/// A tenth of the class's figure. The letters of EN 50470-3 stand for the figures that go with them (A 2, B 1, C 0.5).
#[must_use]
pub fn step(class: &str) -> Option<Percent> {
    let tenth = match class {
        "0.2S" => 0.02,
        "0.5S" | "0.5" | "C" => 0.05,
        "1" | "B" => 0.1,
        "2" | "A" => 0.2,
        _ => return None,
    };
    Some(Percent(tenth))
}

/// The error in whole steps. For the certificate only: verdicts are given on what was measured.
#[must_use]
pub fn rounded(error: Percent, step: Percent) -> Percent {
    // Decimal errors have no exact binary form: what is within a millionth of a step of a half is meant as one.
    let steps = (error.0 / step.0 * 1e6).round() / 1e6;
    let whole = steps.round_ties_even();
    // Not -0.
    Percent(((whole * step.0) * 1e9).round() / 1e9 + 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_goes_to_the_even_step() {
        for (class, error, printed) in [
            ("1", 0.05, 0.0),
            ("1", 0.15, 0.2),
            ("1", 0.25, 0.2),
            ("1", -0.15, -0.2),
            ("1", -0.04, 0.0),
            ("1", 0.351, 0.4),
            ("2", 0.1, 0.0),
            ("2", 0.3, 0.4),
            ("2", -0.31, -0.4),
            ("0.5S", 0.025, 0.0),
            ("0.5S", 0.075, 0.1),
            ("0.5S", 0.06, 0.05),
            ("0.2S", 0.031, 0.04),
            ("B", 1.0499, 1.0),
        ] {
            let step = step(class).expect("a class");
            assert_eq!(rounded(Percent(error), step).0, printed, "{error} % in class {class}");
        }
        assert_eq!(rounded(Percent(-0.001), Percent(0.1)).0.to_bits(), 0.0_f64.to_bits(), "no minus zero");
        assert_eq!(step("X"), None);
    }
}

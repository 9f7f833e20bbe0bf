//! Uncertainty as the GUM (JCGM 100:2008) has it: standard uncertainties of independent sources, combined and expanded.

use serde::{Deserialize, Serialize};

use crate::profile::decision::Coverage;

/// A standard uncertainty and how well it is known itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standard {
    /// One standard deviation.
    pub value: f64,
    /// Degrees of freedom; none where it is taken as known.
    pub freedom: Option<f64>,
}

impl Standard {
    /// Nothing.
    pub const ZERO: Self = Self { value: 0.0, freedom: None };

    /// From the scatter of what was measured (type A, 4.2).
    #[must_use]
    pub const fn scatter(value: f64, freedom: f64) -> Self {
        Self { value, freedom: Some(freedom) }
    }

    /// From a certificate's expanded uncertainty (type B, normal, 4.3.3).
    #[must_use]
    pub fn certified(expanded: f64, k: f64) -> Self {
        Self { value: expanded / k, freedom: None }
    }

    /// From limits between which everything is equally likely (type B, rectangular, 4.3.7).
    #[must_use]
    pub fn rectangular(half_width: f64) -> Self {
        Self { value: half_width / 3.0_f64.sqrt(), freedom: None }
    }

    /// Of a reading in steps (F.2.2.1).
    #[must_use]
    pub fn resolution(step: f64) -> Self {
        Self::rectangular(step / 2.0)
    }

    /// Of a sum of independent parts (5.1.2), with the effective degrees of freedom of Welch and Satterthwaite (G.4.1).
    #[must_use]
    pub fn combined(parts: &[Self]) -> Self {
        let variance: f64 = parts.iter().map(|part| part.value.powi(2)).sum();
        let shares: f64 =
            parts.iter().filter_map(|part| part.freedom.map(|freedom| part.value.powi(4) / freedom)).sum();
        Self { value: variance.sqrt(), freedom: (shares > 0.0).then(|| variance.powi(2) / shares) }
    }

    /// The factor that makes it cover 95.45 %, or 2.
    #[must_use]
    pub fn coverage_factor(&self, coverage: Coverage) -> f64 {
        match coverage {
            Coverage::K2 => 2.0,
            Coverage::StudentT => self.freedom.map_or(2.0, student_t),
        }
    }
}

/// t for 95.45 % by degrees of freedom: GUM, table G.2.
const STUDENT_T: [(f64, f64); 28] = [
    (1.0, 13.97),
    (2.0, 4.53),
    (3.0, 3.31),
    (4.0, 2.87),
    (5.0, 2.65),
    (6.0, 2.52),
    (7.0, 2.43),
    (8.0, 2.37),
    (9.0, 2.32),
    (10.0, 2.28),
    (11.0, 2.25),
    (12.0, 2.23),
    (13.0, 2.21),
    (14.0, 2.20),
    (15.0, 2.18),
    (16.0, 2.17),
    (17.0, 2.16),
    (18.0, 2.15),
    (19.0, 2.14),
    (20.0, 2.13),
    (25.0, 2.11),
    (30.0, 2.09),
    (35.0, 2.07),
    (40.0, 2.06),
    (45.0, 2.06),
    (50.0, 2.05),
    (100.0, 2.025),
    (f64::INFINITY, 2.000),
];

/// Degrees of freedom are taken down to the table's next (G.4.1 allows it), which is the careful way. They are rounded to a tenth
/// before, as the guide itself does: 18.998 are 19.
fn student_t(freedom: f64) -> f64 {
    let freedom = freedom + 0.05;
    let below = STUDENT_T.iter().take_while(|(known, _)| *known <= freedom).last();
    below.or(STUDENT_T.first()).map_or(f64::INFINITY, |(_, t)| *t)
}

/// What an error's uncertainty is made of, all of it in the unit of the value. The scatter's part stands beside it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expanded {
    /// U: half the width of the interval.
    pub expanded: f64,
    /// k: the factor it was expanded with.
    pub coverage_factor: f64,
    /// Effective degrees of freedom; none for infinitely many.
    pub degrees_of_freedom: Option<f64>,
    /// Standard uncertainty by the reference's certificate, or by its maker's figures.
    pub from_reference: f64,
    /// Standard uncertainty by the steps of the meter's and the reference's readings.
    pub from_resolution: f64,
    /// Standard uncertainty by the clock that time is measured with.
    pub from_time_base: f64,
}

/// The sources of an error's uncertainty.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    /// Scatter of this measurement.
    pub scatter: Standard,
    /// The reference.
    pub reference: Standard,
    /// Steps of both readings.
    pub resolution: Standard,
    /// Time.
    pub time_base: Standard,
}

impl Budget {
    /// All of it together.
    #[must_use]
    pub fn expanded(&self, coverage: Coverage) -> Expanded {
        let combined = Standard::combined(&[self.scatter, self.reference, self.resolution, self.time_base]);
        let coverage_factor = combined.coverage_factor(coverage);
        Expanded {
            expanded: combined.value * coverage_factor,
            coverage_factor,
            degrees_of_freedom: combined.freedom,
            from_reference: self.reference.value,
            from_resolution: self.resolution.value,
            from_time_base: self.time_base.value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(value: f64, expected: f64, within: f64) {
        assert!((value - expected).abs() <= within, "{value} is not {expected} ± {within}");
    }

    #[test]
    fn the_guide_s_small_examples() {
        // JCGM 100:2008, 4.3.3: 240 µg at three standard deviations; 4.3.7: ±0.40e-6 per °C; F.2.2.1: 0.29 of a step.
        near(Standard::certified(240.0, 3.0).value, 80.0, 1e-9);
        near(Standard::rectangular(0.40).value, 0.23, 0.005);
        near(Standard::resolution(1.0).value, 0.29, 0.005);
    }

    #[test]
    fn three_relative_parts_of_the_guide() {
        // JCGM 100:2008, G.4.2: 0.25 % of 10 readings, 0.57 % of 5, 0.82 % of 15 give 1.03 % with 19.0 degrees of freedom.
        let parts = [Standard::scatter(0.25, 9.0), Standard::scatter(0.57, 4.0), Standard::scatter(0.82, 14.0)];
        let combined = Standard::combined(&parts);
        near(combined.value, 1.03, 0.005);
        near(combined.freedom.expect("some"), 19.0, 0.1);
        near(combined.coverage_factor(Coverage::StudentT), 2.14, 1e-9);
        near(combined.coverage_factor(Coverage::K2), 2.0, 1e-9);
    }

    #[test]
    fn the_end_gauge_of_the_guide() {
        // JCGM 100:2008, H.1: 25 nm (18), 9.7 nm (25.6), 2.9 nm (50), 16.6 nm (2) give 32 nm with 16 degrees of freedom.
        let parts = [(25.0, 18.0), (9.7, 25.6), (2.9, 50.0), (16.6, 2.0)].map(|(u, v)| Standard::scatter(u, v));
        let combined = Standard::combined(&parts);
        near(combined.value, 32.0, 0.5);
        near(combined.freedom.expect("some").floor(), 16.0, 1e-9);
        near(combined.coverage_factor(Coverage::StudentT), 2.17, 1e-9);
    }

    #[test]
    fn an_error_at_a_load_point_by_hand() {
        // Three errors with s = 0.03 %; certificate 0.02 % (k = 2); no steps; a clock that may be 50 ppm off.
        let budget = Budget {
            scatter: Standard::scatter(0.03 / 3.0_f64.sqrt(), 2.0),
            reference: Standard::certified(0.02, 2.0),
            resolution: Standard::ZERO,
            time_base: Standard::rectangular(0.005),
        };
        // By hand: u² = 0.0003 + 0.0001 + 0.00000833, u = 0.020207; v = u⁴ / (0.0003² / 2) = 3.705, taken as 3; t = 3.31.
        let of = budget.expanded(Coverage::StudentT);
        near(of.degrees_of_freedom.expect("some"), 3.705, 0.002);
        near(of.coverage_factor, 3.31, 1e-9);
        near(of.expanded, 0.06689, 0.00002);
        near(budget.expanded(Coverage::K2).expanded, 0.040415, 0.00001);
    }

    /// Share of Student's distribution between -t and t, by summing up its density.
    fn share(freedom: f64, t: f64) -> f64 {
        let density = |x: f64| (1.0 + x * x / freedom).powf(-f64::midpoint(freedom, 1.0));
        // x = tan a brings the whole axis into -π/2 to π/2.
        let area = |to: f64| {
            let steps = 20_000;
            let step = to / f64::from(steps);
            let at = |a: f64| density(a.tan()) / a.cos().powi(2);
            (0..steps).map(|n| at((f64::from(n) + 0.5) * step) * step).sum::<f64>()
        };
        area(t.atan()) / area(std::f64::consts::FRAC_PI_2)
    }

    #[test]
    fn the_table_is_student_s() {
        for (freedom, t) in STUDENT_T.into_iter().filter(|(freedom, _)| freedom.is_finite()) {
            // The table is rounded to a hundredth.
            let (low, high) = (share(freedom, t - 0.0055), share(freedom, t + 0.0055));
            assert!(low <= 0.9545 && 0.9545 <= high, "{freedom}: {low} to {high}");
        }
        near(student_t(1.9999999), 4.53, 1e-9);
        near(student_t(0.3), 13.97, 1e-9);
        near(student_t(1e9), 2.025, 1e-9);
    }
}

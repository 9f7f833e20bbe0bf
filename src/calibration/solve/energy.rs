//! Gain and phase of the metering path from two load points.
//!
//! Model (derived from the formulas of the application note): with the energies the meter and the reference count,
//!
//! ```text
//! meter / reference = K (1 + Lgain / 2^15) cos(phi + d + Lphi t) / cos(phi)
//! ```
//!
//! where phi is the phase angle at the reference (positive inductive), d the angle by which the meter's current channel lags
//! too much, t the angle of one phase step and K the rest: tolerances of the parts and of PL_Constant. Ratio times cos(phi) by
//! the gain in force is K cos(d) cos(a) - K sin(d) sin(a) with the known a = phi + Lphi t: linear in K cos(d) and K sin(d), so
//! two points at different angles give both.

use crate::calibration::formula::{
    self, FormulaError, Line, RangeError, degrees_from_phase, degrees_per_step, fraction_from_gain,
};
use crate::units::{Degrees, Hertz, Percent};

/// The phase angle of PF 0.5 inductive.
const HALF_INDUCTIVE: Degrees = Degrees(60.0);
/// Two points closer than this in angle do not tell gain from phase.
const LEAST_SPREAD_DEGREES: f64 = 15.0;
/// From here on a phase error is no matter of filters: voltage and current belong to different phases.
const OTHER_PHASE_DEGREES: f64 = 30.0;
/// From here on the current runs backwards.
const REVERSED_DEGREES: f64 = 150.0;

/// One measurement of the energy error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EnergyPoint {
    /// Energy by the meter over energy by the reference; 1 is no error.
    pub ratio: f64,
    /// Phase angle at the reference.
    pub phase: Degrees,
    /// Lgain or Ngain during the measurement.
    pub gain_register: u16,
    /// Lphi or Nphi during the measurement.
    pub phase_register: u16,
}

/// One current channel with its voltage channel, as two measurements show it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EnergyPath {
    /// Ratio of meter to reference with gain and phase registers 0 and no phase error; 1 is ideal.
    pub k: f64,
    /// Angle by which the current channel lags too much, -180 to 180.
    pub shift: Degrees,
    /// The frequency of the measurements.
    pub frequency: Hertz,
}

impl EnergyPath {
    /// The ratio of meter to reference to be expected at a phase angle with these registers.
    #[must_use]
    pub fn ratio(&self, phase: Degrees, gain_register: u16, phase_register: u16) -> f64 {
        let angle = phase + self.shift + degrees_from_phase(phase_register, self.frequency);
        self.k * (1.0 + fraction_from_gain(gain_register)) * cos(angle) / cos(phase)
    }
}

/// The registers that calibrate one line, and what is left to expect.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EnergySolution {
    /// New Lgain or Ngain.
    pub gain_register: u16,
    /// New Lphi or Nphi.
    pub phase_register: u16,
    /// What the channel is like.
    pub path: EnergyPath,
    /// Error to be expected at PF 1.
    pub error_unity: Percent,
    /// Error to be expected at PF 0.5L.
    pub error_half_inductive: Percent,
}

/// Lgain or Ngain from one measurement at PF 1, taking the phase as it is: a first step from far away.
///
/// # Errors
/// A ratio that is no number or not above 0, or a gain out of range.
pub fn gain_only(line: Line, unity: &EnergyPoint) -> Result<u16, FormulaError> {
    if unity.ratio <= 0.0 {
        return formula::gain(line, Percent::from_fraction(unity.ratio - 1.0));
    }
    let in_force = 1.0 + fraction_from_gain(unity.gain_register);
    formula::gain_from_fraction(line, in_force / unity.ratio - 1.0)
}

/// Gain and phase from two measurements, one near PF 1 and one near PF 0.5, inductive or capacitive.
///
/// The phase register is the nearest one; the gain register is then the nearest that makes the error at PF 1 zero with the
/// phase that is left.
///
/// # Errors
/// Ratios that are no numbers or all 0, angles less than 15 degrees apart, or registers out of range.
pub fn gain_and_phase(
    line: Line,
    frequency: Hertz,
    unity: &EnergyPoint,
    lagging: &EnergyPoint,
) -> Result<EnergySolution, FormulaError> {
    let path = path(frequency, unity, lagging)?;
    let steps = -path.shift.0 / degrees_per_step(frequency).0;
    let phase_register = formula::phase_from_steps(line, steps).map_err(|error| name_fault(error, path.shift))?;
    let rest = path.shift + degrees_from_phase(phase_register, frequency);
    let gain_register = formula::gain_from_fraction(line, 1.0 / (path.k * cos(rest)) - 1.0)?;
    let error = |phase| Percent::error(path.ratio(phase, gain_register, phase_register), 1.0);
    Ok(EnergySolution {
        gain_register,
        phase_register,
        path,
        error_unity: error(Degrees(0.0)),
        error_half_inductive: error(HALF_INDUCTIVE),
    })
}

/// Solves the two linear equations for K cos(d) and K sin(d).
fn path(frequency: Hertz, first: &EnergyPoint, second: &EnergyPoint) -> Result<EnergyPath, FormulaError> {
    formula::positive("frequency in Hz", frequency.0)?;
    let (a1, q1) = equation(frequency, first)?;
    let (a2, q2) = equation(frequency, second)?;
    let spread = (a2 - a1).sin();
    if spread.abs() < LEAST_SPREAD_DEGREES.to_radians().sin() {
        let needed = "at least 15 degrees are needed to tell gain from phase";
        let value = (a2 - a1).to_degrees();
        return Err(FormulaError::Input { quantity: "angle between the two load points", value, needed });
    }
    let k_cos = (q1 * a2.sin() - q2 * a1.sin()) / spread;
    let k_sin = (q1 * a2.cos() - q2 * a1.cos()) / spread;
    let k = formula::positive("ratio of meter to reference", k_cos.hypot(k_sin))?;
    Ok(EnergyPath { k, shift: Degrees(k_sin.atan2(k_cos).to_degrees()), frequency })
}

/// The known angle in radians and the right-hand side of one point.
fn equation(frequency: Hertz, point: &EnergyPoint) -> Result<(f64, f64), FormulaError> {
    let ratio = formula::finite("ratio of meter to reference", point.ratio)?;
    let phase = Degrees(formula::finite("phase angle in degrees", point.phase.0)?);
    let in_force = formula::positive("gain in force", 1.0 + fraction_from_gain(point.gain_register))?;
    let angle = phase + degrees_from_phase(point.phase_register, frequency);
    Ok((angle.0.to_radians(), ratio * cos(phase) / in_force))
}

/// A phase far out of range is no filter: it says how voltage and current are wired.
fn name_fault(error: FormulaError, shift: Degrees) -> FormulaError {
    let smells_of = match shift.0.abs() {
        angle if angle >= REVERSED_DEGREES => "a reversed current transformer: the current runs backwards",
        angle if angle >= OTHER_PHASE_DEGREES => "voltage and current of different phases",
        _ => return error,
    };
    match error {
        FormulaError::Range(range) => RangeError { smells_of, ..range }.into(),
        FormulaError::Input { .. } => error,
    }
}

fn cos(angle: Degrees) -> f64 {
    angle.0.to_radians().cos()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The model written out, apart from the code under test.
    fn simulated(k: f64, d: f64, hertz: f64, phase: f64, gain_register: u16, phase_register: u16) -> EnergyPoint {
        let steps = f64::from(phase_register & 0x3FF) * if phase_register & 0x8000 == 0 { 1.0 } else { -1.0 };
        let lag = d + steps * 0.008_789_059_21 * hertz / 50.0;
        let gain = 1.0 + f64::from(gain_register.cast_signed()) / 32_768.0;
        let ratio = k * gain * (phase + lag).to_radians().cos() / phase.to_radians().cos();
        EnergyPoint { ratio, phase: Degrees(phase), gain_register, phase_register }
    }

    fn phase_register() -> impl Strategy<Value = u16> {
        (0_u16..=0x3FF, any::<bool>()).prop_map(|(magnitude, negative)| magnitude | if negative { 0x8000 } else { 0 })
    }

    fn gain_register() -> impl Strategy<Value = u16> {
        (-16_384_i16..=16_384).prop_map(i16::cast_unsigned)
    }

    proptest! {
        #[test]
        fn what_is_left_is_half_a_step(
            k in 0.7..1.9, d in -8.9..8.9, hertz in prop_oneof![Just(50.0), Just(60.0)],
            near_unity in -5.0..5.0, near_half in 50.0..70.0,
            registers in (gain_register(), phase_register(), gain_register(), phase_register()),
        ) {
            let unity = simulated(k, d, hertz, near_unity, registers.0, registers.1);
            let lagging = simulated(k, d, hertz, near_half, registers.2, registers.3);
            let solution = gain_and_phase(Line::L, Hertz(hertz), &unity, &lagging).unwrap();
            prop_assert!((solution.path.k / k - 1.0).abs() < 1e-6);
            prop_assert!((solution.path.shift.0 - d).abs() < 1e-4);

            let left = |phase| {
                let point = simulated(k, d, hertz, phase, solution.gain_register, solution.phase_register);
                (point.ratio - 1.0) * 100.0
            };
            // Half a gain step is 2^-16 of the register's 1, so up to K 2^-16 of the energy; half a phase step at PF 0.5 is
            // tan(60) times its angle.
            let gain_step = 100.0 * k / 65_536.0 + 1e-5;
            let phase_step = 100.0 * 3.0_f64.sqrt() * (0.008_789_059_21 / 2.0 * hertz / 50.0_f64).to_radians() + 1e-4;
            prop_assert!(left(0.0).abs() <= gain_step, "{}", left(0.0));
            prop_assert!(left(60.0).abs() <= gain_step + phase_step, "{}", left(60.0));
            prop_assert!((left(0.0) - solution.error_unity.0).abs() < 1e-5);
            prop_assert!((left(60.0) - solution.error_half_inductive.0).abs() < 1e-3);
        }

        #[test]
        fn the_first_step_takes_the_error_away(k in 0.7..1.9, register in gain_register()) {
            let gain = gain_only(Line::N, &simulated(k, 0.0, 50.0, 0.0, register, 0)).unwrap();
            let left = simulated(k, 0.0, 50.0, 0.0, gain, 0).ratio - 1.0;
            prop_assert!(left.abs() <= k / 65_536.0 + 1e-9, "{left}");
        }
    }

    fn fault(k: f64, d: f64) -> String {
        let (unity, lagging) = (simulated(k, d, 50.0, 0.0, 0, 0), simulated(k, d, 50.0, 60.0, 0, 0));
        gain_and_phase(Line::L, Hertz(50.0), &unity, &lagging).unwrap_err().to_string()
    }

    #[test]
    fn the_application_notes_example() {
        // +0.95 % at PF 0.5L with the gain calibrated: Lphi 0024.
        let unity = EnergyPoint { ratio: 1.0, phase: Degrees(0.0), gain_register: 0x1475, phase_register: 0 };
        let lagging = EnergyPoint { ratio: 1.0095, phase: Degrees(60.0), ..unity };
        let solution = gain_and_phase(Line::L, Hertz(50.0), &unity, &lagging).unwrap();
        // One gain step less than the note's: with the phase right, cos(d) no longer takes away 15 ppm at PF 1.
        assert_eq!((solution.gain_register, solution.phase_register), (0x1474, 0x0024));
        assert!(solution.error_half_inductive.0.abs() < 0.014);
    }

    #[test]
    fn faults_have_names() {
        assert!(fault(1.0, 180.0).contains("reversed"));
        assert!(fault(1.0, -120.0).contains("different phases"));
        assert!(fault(1.0, 9.1).contains("far too late"));
        assert!(fault(0.5, 0.0).starts_with("Lgain"));
        assert!(fault(0.0, 0.0).starts_with("the ratio of meter to reference is 0"));
        let backwards = simulated(1.0, 180.0, 50.0, 0.0, 0, 0);
        assert!(gain_only(Line::L, &backwards).unwrap_err().to_string().contains("reversed"));
        assert!(gain_only(Line::L, &EnergyPoint { ratio: f64::NAN, ..backwards }).is_err());
    }

    #[test]
    fn one_angle_does_not_tell_gain_from_phase() {
        let (one, other) = (simulated(1.0, 0.0, 50.0, 0.0, 0, 0), simulated(1.0, 0.0, 50.0, 10.0, 0, 0));
        let error = gain_and_phase(Line::L, Hertz(50.0), &one, &other).unwrap_err().to_string();
        assert!(error.starts_with("the angle between the two load points is"), "{error}");
        assert!(gain_and_phase(Line::L, Hertz(0.0), &one, &simulated(1.0, 0.0, 50.0, 60.0, 0, 0)).is_err());
    }
}

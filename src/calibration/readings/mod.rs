//! A meter's readings in, its registers out, in one go: the bench's form of the Excel sheet.
//!
//! Each result is range-checked ([`super::formula`]); a register whose value cannot be given is none and its error says why.
//! What fits but looks swapped or mistyped is a warning. Errors measured with corrections in force are taken on top of these.

mod inputs;
mod warnings;

use m90e26::Register;
use m90e26::field::MMode;
use thiserror::Error;

use super::formula::{self, AnalogPath, FormulaError, Line, PlRounding, Threshold};
use super::registers::RegisterSet;
use super::solve::energy::{EnergyPoint, gain_only};
use crate::units::{Amps, Degrees, Hertz, Percent, Volts};
pub use inputs::{Bits, PowerReadings, ReadingError, Readings, Sampled};

/// Mains frequency when none is told.
const MAINS: f64 = 50.0;
/// The board of the sheet: a burden of 30 Ohm on a transformer of 2000:1 (cell B2).
const BURDEN_OHM: f64 = 30.0;
const TRANSFORMER_RATIO: f64 = 2000.0;
/// The board of the sheet: a divider of 1000 kOhm and 1 kOhm (cell B1).
const UPPER_KOHM: f64 = 1000.0;
const LOWER_KOHM: f64 = 1.0;

/// Why a register that was asked for has no value.
#[derive(Clone, Debug, PartialEq, Error)]
enum Failure {
    #[error("{target} needs {needs}")]
    Missing { target: &'static str, needs: &'static str },
    #[error(transparent)]
    Formula(#[from] FormulaError),
}

/// The outcome of one calculation.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// The new registers. Those in `failed` hold their old value and must not be written.
    pub registers: RegisterSet,
    /// Registers that were asked for and have no value.
    pub failed: Vec<Register>,
    /// Why, in words.
    pub errors: Vec<String>,
    /// What looks swapped or mistyped, in words.
    pub warnings: Vec<String>,
}

impl Evaluation {
    /// CS1, when all registers under it have a value.
    #[must_use]
    pub fn cs1(&self) -> Option<u16> {
        self.complete(&Register::METERING).then(|| self.registers.cs1())
    }

    /// CS2, when all registers under it have a value.
    #[must_use]
    pub fn cs2(&self) -> Option<u16> {
        self.complete(&Register::MEASUREMENT).then(|| self.registers.cs2())
    }

    /// The new value of a register; none when it failed or is no calibration register.
    #[must_use]
    pub fn value(&self, register: Register) -> Option<u16> {
        self.registers.get(register).ok().filter(|_| !self.failed.contains(&register))
    }

    /// Why a register that was asked for has no value; none when it was not asked for or has one.
    #[must_use]
    pub fn reason(&self, register: Register) -> Option<&str> {
        let register = if register == Register::PLconstL { Register::PLconstH } else { register };
        // The two halves of PL_Constant fail with one error, every other register with its own.
        let failures = self.failed.iter().filter(|failed| **failed != Register::PLconstL).zip(&self.errors);
        failures.into_iter().find(|(failed, _)| **failed == register).map(|(_, error)| error.as_str())
    }

    fn complete(&self, registers: &[Register]) -> bool {
        !registers.iter().any(|register| self.failed.contains(register))
    }

    fn record(&mut self, register: Register, result: Result<u16, Failure>) {
        match result {
            // A register of the set, as all here are.
            Ok(value) => drop(self.registers.set(register, value)),
            Err(error) => self.fail(&[register], &error),
        }
    }

    fn fail(&mut self, registers: &[Register], error: &Failure) {
        self.failed.extend(registers);
        self.errors.push(error.to_string());
    }

    /// The value of a register another one depends on.
    fn needed(&self, register: Register, target: Register) -> Result<u16, Failure> {
        let missing = Failure::Missing { target: target.name(), needs: register.name() };
        self.value(register).ok_or(missing)
    }
}

impl Readings {
    /// The registers for these readings.
    #[must_use]
    pub fn evaluate(&self) -> Evaluation {
        let registers = self.registers.clone();
        let mut evaluation = Evaluation { registers, failed: Vec::new(), errors: Vec::new(), warnings: Vec::new() };
        evaluation.record(Register::MMode, Ok(self.mmode().bits()));
        self.metering(&mut evaluation);
        self.measurement(&mut evaluation);
        evaluation.warnings = warnings::warnings(self, &evaluation);
        evaluation
    }

    /// The metering mode: that of the registers with the options given.
    fn mmode(&self) -> MMode {
        let options: [(u32, u32, Option<u16>); 8] = [
            (13, 3, self.mm_lgain.map(|bits| bits.0)),
            (11, 2, self.mm_ngain.map(|bits| bits.0)),
            (10, 1, self.mm_lnsel.map(|bits| bits.0)),
            (8, 2, self.mm_dishpf.map(|bits| bits.0)),
            (7, 1, self.mm_amod.map(|bits| bits.0)),
            (6, 1, self.mm_rmod.map(|bits| bits.0)),
            (4, 2, self.mm_zxcon.map(|bits| bits.0)),
            (0, 4, self.mm_pthresh.map(|bits| bits.0)),
        ];
        let given = options.into_iter().filter_map(|(shift, width, bits)| Some((shift, width, bits?)));
        let mode = given.fold(self.registers.mmode().bits(), |mode, (shift, width, bits)| {
            mode & !(((1 << width) - 1) << shift) | bits << shift
        });
        MMode::from_bits(mode)
    }

    fn metering(&self, evaluation: &mut Evaluation) {
        if self.mc_imp_kwh.is_some() {
            match self.pl_constant() {
                Ok(pl_constant) => evaluation.registers.set_pl_constant(pl_constant),
                Err(error) => evaluation.fail(&[Register::PLconstH, Register::PLconstL], &error),
            }
        }
        if let Some(error) = self.error_unity() {
            evaluation.record(Register::Lgain, error.and_then(|error| self.gain(Line::L, error)));
        }
        if let Some(error) = self.error_n_pct {
            evaluation.record(Register::Ngain, self.gain(Line::N, Percent(error)));
        }
        for (line, error) in [(Line::L, self.error_05l_pct), (Line::N, self.error_n_05l_pct)] {
            if let Some(error) = error {
                evaluation.record(line.phase(), self.phase(line, Percent(error)));
            }
        }
        let thresholds = [
            (Register::PStartTh, Threshold::Start, self.start_fraction),
            (Register::PNolTh, Threshold::NoLoad, self.noload_fraction),
        ];
        for (register, which, fraction) in thresholds {
            if let Some(fraction) = fraction {
                let path = self.path(register.name());
                evaluation.record(register, path.and_then(|path| Ok(formula::threshold(which, path, fraction)?)));
            }
        }
    }

    fn measurement(&self, evaluation: &mut Evaluation) {
        if self.vol_mea_v.is_some() || self.un_actual_v.is_some() {
            evaluation.record(Register::Ugain, self.ugain());
        }
        if self.sag_x.is_some() || self.sag_un_v.is_some() {
            let sagth = evaluation.needed(Register::Ugain, Register::SagTh).and_then(|ugain| self.sagth(ugain));
            evaluation.record(Register::SagTh, sagth);
        }
        for line in [Line::L, Line::N] {
            let (read, actual) = self.currents(line);
            if read.is_some() || actual.is_some() {
                evaluation.record(line.igain(), self.igain(line));
            }
            let without_load = match line {
                Line::L => self.offset_current_l_a,
                Line::N => self.offset_current_n_a,
            };
            if let Some(read) = without_load {
                let igain = evaluation.needed(line.igain(), line.ioffset());
                let scaled = self.scaled(read);
                evaluation
                    .record(line.ioffset(), igain.and_then(|igain| Ok(formula::current_offset(line, scaled?, igain)?)));
            }
        }
        let offsets = [
            (Register::PoffsetL, &self.offset_power_l),
            (Register::QoffsetL, &self.offset_reactive_l),
            (Register::PoffsetN, &self.offset_power_n),
            (Register::QoffsetN, &self.offset_reactive_n),
        ];
        for (register, readings) in offsets {
            if let Some(PowerReadings(readings)) = readings {
                evaluation.record(register, formula::power_offset(register, readings).map_err(Into::into));
            }
        }
    }

    fn pl_constant(&self) -> Result<u32, Failure> {
        const TARGET: &str = "PL_Constant";
        let rounding = match self.pl_multiple {
            None => PlRounding::Nearest,
            Some(1.0) => PlRounding::Nearest,
            Some(4.0) => PlRounding::MultipleOfFour,
            Some(_) => return Err(Failure::Missing { target: TARGET, needs: "pl_multiple to be 1 or 4" }),
        };
        let mc = need(TARGET, "mc_imp_kwh", self.mc_imp_kwh)?;
        let un = Volts(need(TARGET, "un_v", self.un_v)?);
        let ib = Amps(need(TARGET, "ib_a", self.ib_a)?);
        Ok(formula::pl_constant(self.path(TARGET)?, mc, un, ib, rounding)?)
    }

    fn path(&self, target: &'static str) -> Result<AnalogPath, Failure> {
        let current_mv = match need(target, "vl_mv", self.vl_mv)? {
            Sampled::Measured(mv) => mv,
            Sampled::Computed => {
                let k1 = need(target, "k1_ohm, as vl_mv is null", self.k1_ohm)?;
                let burden = BURDEN_OHM * k1 / (BURDEN_OHM + k1);
                need(target, "ib_a", self.ib_a)? / TRANSFORMER_RATIO * burden * 1000.0
            }
        };
        let voltage_mv = match need(target, "vu_mv", self.vu_mv)? {
            Sampled::Measured(mv) => mv,
            Sampled::Computed => {
                let k2 = need(target, "k2_kohm, as vu_mv is null", self.k2_kohm)?;
                let lower = LOWER_KOHM * k2 / (LOWER_KOHM + k2);
                need(target, "un_v", self.un_v)? * lower / (UPPER_KOHM + lower) * 1000.0
            }
        };
        Ok(AnalogPath { gain: need(target, "gl", self.gl)?, current_mv, voltage_mv })
    }

    /// The error of the L line at PF 1, told or from the pulse frequencies; none when neither was given.
    fn error_unity(&self) -> Option<Result<Percent, Failure>> {
        match (self.error_pct, self.f_ref_hz, self.f_meas_hz) {
            (Some(error), ..) => Some(Ok(Percent(error))),
            (None, None, None) => None,
            (None, f_ref, f_meas) => Some(error_from_frequencies(f_ref, f_meas)),
        }
    }

    /// The gain that takes away an error at PF 1 measured with the registers in force.
    fn gain(&self, line: Line, error: Percent) -> Result<u16, Failure> {
        let point = EnergyPoint {
            ratio: 1.0 + error.fraction(),
            phase: Degrees(0.0),
            gain_register: self.in_force(line.gain()),
            phase_register: self.in_force(line.phase()),
        };
        Ok(gain_only(line, &point)?)
    }

    fn phase(&self, line: Line, error: Percent) -> Result<u16, Failure> {
        let frequency = Hertz(self.frequency_hz.unwrap_or(MAINS));
        let in_force = formula::steps_from_phase(self.in_force(line.phase()));
        let steps = formula::steps_from_error(error, frequency)? + f64::from(in_force);
        Ok(formula::phase_from_steps(line, steps)?)
    }

    fn ugain(&self) -> Result<u16, Failure> {
        let read = Volts(need("Ugain", "vol_mea_v", self.vol_mea_v)?);
        let actual = Volts(need("Ugain", "un_actual_v", self.un_actual_v)?);
        Ok(formula::ugain(self.old_gain(Register::Ugain, self.ugain_old)?, actual, read)?)
    }

    fn igain(&self, line: Line) -> Result<u16, Failure> {
        let (read, actual) = self.currents(line);
        let (read_field, actual_field, old) = match line {
            Line::L => ("cur_mea_a", "ib_actual_a", self.igain_old),
            Line::N => ("cur_mea_n_a", "ib_actual_n_a", self.igain_n_old),
        };
        let target = line.igain();
        let read = self.scaled(need(target.name(), read_field, read)?)?;
        let actual = self.scaled(need(target.name(), actual_field, actual)?)?;
        Ok(formula::igain(line, self.old_gain(target, old)?, actual, read)?)
    }

    fn sagth(&self, ugain: u16) -> Result<u16, Failure> {
        let un = Volts(need("SagTh", "sag_un_v", self.sag_un_v)?);
        Ok(formula::sag_threshold(un, need("SagTh", "sag_x", self.sag_x)?, ugain)?)
    }

    /// Current shown and current at the reference.
    fn currents(&self, line: Line) -> (Option<f64>, Option<f64>) {
        match line {
            Line::L => (self.cur_mea_a, self.ib_actual_a),
            Line::N => (self.cur_mea_n_a, self.ib_actual_n_a),
        }
    }

    /// A current as the chip's register has it.
    fn scaled(&self, amps: f64) -> Result<Amps, Failure> {
        Ok(Amps(amps / formula::positive("current scale", self.current_scale.unwrap_or(1.0))?))
    }

    fn in_force(&self, register: Register) -> u16 {
        self.registers.get(register).unwrap_or_default()
    }

    /// A gain told as a number must be one the register could hold.
    fn old_gain(&self, register: Register, told: Option<f64>) -> Result<u16, Failure> {
        let Some(told) = told else { return Ok(self.in_force(register)) };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked to be integral and in range"
        )]
        if told.fract() == 0.0 && (1.0..=65_535.0).contains(&told) {
            Ok(told as u16)
        } else {
            let needed = "a register value, 1 to 65535, is needed";
            Err(FormulaError::Input { quantity: "gain in force", value: told, needed }.into())
        }
    }
}

fn error_from_frequencies(f_ref: Option<f64>, f_meas: Option<f64>) -> Result<Percent, Failure> {
    let f_ref = formula::positive("pulse frequency of the reference in Hz", need("Lgain", "f_ref_hz", f_ref)?)?;
    Ok(Percent::error(need("Lgain", "f_meas_hz", f_meas)?, f_ref))
}

fn need<T>(target: &'static str, needs: &'static str, value: Option<T>) -> Result<T, Failure> {
    value.ok_or(Failure::Missing { target, needs })
}

//! A meter type: its rating, its serial numbers, what its metering chip is to be set to and what is plausible for it.
//!
//! Words are named as the M90E26's datasheet (Atmel-46002B) names the registers. How constants follow from these figures is
//! the calibration's business; this file reads and checks.

use m90e26::Line;
use serde::Deserialize;

use super::check::Findings;
use super::controller::Controller;
use super::scalars::RegisterWord;
use super::sources::Sources;
use super::{Kind, Profile};
use crate::load::{LoadPoint, PowerFactor};
use crate::units::{Amps, Hertz, Volts};

/// A meter type.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeterProfile {
    /// Always `meter`.
    pub kind: Kind,
    /// Name for options and records.
    pub name: String,
    /// A line for lists.
    pub title: String,
    /// What the engineer should know.
    #[serde(default)]
    pub description: String,
    /// The nameplate.
    pub rating: Rating,
    /// What a serial number looks like.
    #[serde(default)]
    pub serial: SerialRule,
    /// How the chip is calibrated.
    pub calibration: Calibration,
    /// Words that are the same in every unit.
    pub registers: Registers,
    /// What results are believed.
    pub plausible: Plausible,
    /// The processor that is flashed.
    #[serde(default)]
    pub controller: Controller,
    /// Where the stock firmware's sources keep a unit's values; none for a meter without such sources.
    pub sources: Option<Sources>,
}

/// Accuracy classes as they are printed: of IEC 62053, and of EN 50470-3.
pub(super) const CLASSES: [&str; 8] = ["0.2S", "0.5S", "0.5", "1", "2", "A", "B", "C"];

/// The nameplate.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rating {
    /// Voltage of the calibration and the test points.
    #[serde(rename = "un_volts")]
    pub un: Volts,
    /// Basic current.
    #[serde(rename = "ib_amps")]
    pub ib: Amps,
    /// Greatest current.
    #[serde(rename = "imax_amps")]
    pub imax: Amps,
    /// Mains frequency.
    #[serde(rename = "frequency_hz")]
    pub frequency: Hertz,
    /// Accuracy class as printed: 0.2S, 0.5S, 0.5, 1, 2, A, B, C.
    pub class: String,
    /// Impulses per kWh as printed on the nameplate.
    pub constant_imp_per_kwh: f64,
}

impl Rating {
    /// The load point at multiples of Un and Ib.
    #[must_use]
    pub fn load_point(&self, u_of_un: f64, i_of_ib: f64, pf: PowerFactor) -> LoadPoint {
        LoadPoint { u: self.un * u_of_un, i: self.ib * i_of_ib, pf, f: self.frequency }
    }
}

/// What a serial number looks like: a prefix, then digits; without either, any printable text.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SerialRule {
    /// What it begins with.
    #[serde(default)]
    pub prefix: String,
    /// Fewest digits behind the prefix.
    pub digits_min: Option<usize>,
    /// Most digits behind the prefix.
    pub digits_max: Option<usize>,
}

/// Longest serial number any rule lets through; a scanner that reads two codes at once is noticed by this.
pub const LONGEST_SERIAL: usize = 64;

/// Why a text is no serial number of this meter type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{serial:?} is not a serial number of this meter type: {problem}")]
pub struct SerialError {
    /// The text as scanned, cut to a readable length.
    pub serial: String,
    /// What is wrong and what it should be.
    pub problem: String,
}

impl SerialRule {
    /// Checks a scanned or typed serial number.
    ///
    /// # Errors
    /// Says what is wrong with it. Printable ASCII only, without blanks: it becomes part of file names and of exports.
    pub fn check(&self, serial: &str) -> Result<(), SerialError> {
        let error =
            |problem: String| Err(SerialError { serial: serial.chars().take(LONGEST_SERIAL).collect(), problem });
        if serial.is_empty() {
            return error("it is empty".to_owned());
        }
        if serial.chars().count() > LONGEST_SERIAL {
            return error(format!("it is longer than {LONGEST_SERIAL} characters"));
        }
        if let Some(odd) = serial.chars().find(|c| !c.is_ascii_graphic()) {
            return error(format!("the character {odd:?} cannot stand in it"));
        }
        let Some(rest) = serial.strip_prefix(self.prefix.as_str()) else {
            return error(format!("it should begin with {}", self.prefix));
        };
        let (min, max) = (self.digits_min.unwrap_or(1), self.digits_max.unwrap_or(LONGEST_SERIAL));
        let digits_wanted = self.digits_min.is_some() || self.digits_max.is_some();
        let digits_fit = rest.chars().all(|c| c.is_ascii_digit()) && (min..=max).contains(&rest.len());
        if digits_wanted && !digits_fit {
            return error(format!("{min} to {max} digits should follow {:?}", self.prefix));
        }
        if rest.is_empty() {
            return error("it is the prefix alone".to_owned());
        }
        Ok(())
    }

    /// What a serial number looks like, in words; empty where any text is one.
    #[must_use]
    pub fn words(&self) -> String {
        let digits = match (self.digits_min, self.digits_max) {
            (None, None) => String::new(),
            (Some(min), Some(max)) if min == max => format!("{min} digits"),
            (min, Some(max)) => format!("{} to {max} digits", min.unwrap_or(1)),
            (Some(min), None) => format!("{min} digits or more"),
        };
        match (self.prefix.as_str(), digits.as_str()) {
            ("", "") => digits,
            ("", digits) => digits.to_owned(),
            (prefix, "") => format!("{prefix} and more behind it"),
            (prefix, digits) => format!("{prefix} and {digits}"),
        }
    }

    fn check_rule(&self, findings: &mut Findings) {
        let graphic = self.prefix.chars().all(|c| c.is_ascii_graphic());
        findings.require(graphic, "serial.prefix", "printable ASCII without blanks is allowed");
        let max = LONGEST_SERIAL.saturating_sub(self.prefix.len());
        for (key, digits) in [("serial.digits_min", self.digits_min), ("serial.digits_max", self.digits_max)] {
            let good = digits.is_none_or(|digits| (1..=max).contains(&digits));
            findings.require(good, key, format!("1 to {max} is allowed with this prefix"));
        }
        if let (Some(min), Some(max)) = (self.digits_min, self.digits_max) {
            findings.require(min <= max, "serial.digits_min", "must not exceed digits_max");
        }
    }
}

/// Whether an offset is measured or left at zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OffsetMode {
    /// The register stays 0.
    Off,
    /// Measured without current and compensated.
    Measure,
}

/// How the chip is calibrated.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// The current inputs that are wired and calibrated, in this order.
    pub lines: Vec<Line>,
    /// One energy gain goes to both Lgain and Ngain, so that it holds whichever line the chip's LNMode pins select.
    #[serde(default)]
    pub mirror_energy_gain: bool,
    /// Real current in amperes = current register in its units of 0.001 A, as amperes, times this; 1 where the register
    /// shows the current itself.
    #[serde(default = "one")]
    pub current_scale: f64,
    /// GL in the formula of PL_Constant: the analog gain of the current input in use.
    pub gl: f64,
    /// VL: voltage at the current input at Ib, in mV.
    pub vl_millivolts: f64,
    /// VU: voltage at the voltage input at Un, in mV.
    pub vu_millivolts: f64,
    /// MC: the constant the chip is set to, in impulses per kWh; differs from the nameplate where the current is scaled.
    pub chip_constant_imp_per_kwh: f64,
    /// IoffsetL, IoffsetN.
    pub current_offset: OffsetMode,
    /// PoffsetL, PoffsetN.
    pub power_offset: OffsetMode,
}

fn one() -> f64 {
    1.0
}

/// Words that are the same in every unit, and the words a calibration starts from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "named as in the datasheet")]
pub struct Registers {
    #[serde(rename = "FuncEn")]
    pub func_en: RegisterWord,
    #[serde(rename = "SagTh")]
    pub sag_th: RegisterWord,
    #[serde(rename = "MMode")]
    pub m_mode: RegisterWord,
    #[serde(rename = "QStartTh")]
    pub q_start_th: RegisterWord,
    #[serde(rename = "QNolTh")]
    pub q_nol_th: RegisterWord,
    #[serde(rename = "PStartTh")]
    pub p_start_th: Option<RegisterWord>,
    #[serde(rename = "PNolTh")]
    pub p_nol_th: Option<RegisterWord>,
    /// Instead of PStartTh: the start-up power as a fraction of Ib at Un.
    pub start_fraction_of_ib: Option<f64>,
    /// Instead of PNolTh: the no-load power as a fraction of Ib at Un.
    pub noload_fraction_of_ib: Option<f64>,
    /// Where a calibration starts, instead of the chip's power-on value.
    #[serde(rename = "Ugain")]
    pub ugain: Option<RegisterWord>,
    #[serde(rename = "IgainL")]
    pub igain_l: Option<RegisterWord>,
    #[serde(rename = "IgainN")]
    pub igain_n: Option<RegisterWord>,
}

/// How a power threshold is given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Threshold {
    /// The word itself.
    Word(u16),
    /// Fraction of Ib at Un, from which the word is computed.
    FractionOfIb(f64),
}

impl Registers {
    /// PStartTh; the word wins over the fraction.
    #[must_use]
    pub fn start_threshold(&self) -> Threshold {
        threshold(self.p_start_th, self.start_fraction_of_ib)
    }

    /// PNolTh; the word wins over the fraction.
    #[must_use]
    pub fn noload_threshold(&self) -> Threshold {
        threshold(self.p_nol_th, self.noload_fraction_of_ib)
    }
}

/// The check has made sure that one of the two is there.
fn threshold(word: Option<RegisterWord>, fraction: Option<f64>) -> Threshold {
    match (word, fraction) {
        (Some(word), _) => Threshold::Word(word.0),
        (None, fraction) => Threshold::FractionOfIb(fraction.unwrap_or_default()),
    }
}

/// Windows a computed constant must lie in to be written; outside is a wrong part, a wrong wire or a wrong reading.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plausible {
    /// Ugain.
    pub ugain: [i32; 2],
    /// IgainL; needed when the L line is calibrated.
    pub igain_l: Option<[i32; 2]>,
    /// IgainN; needed when the N line is calibrated.
    pub igain_n: Option<[i32; 2]>,
    /// Lgain and Ngain, signed, in steps of 2^-15.
    pub energy_gain: [i32; 2],
    /// Lphi and Nphi, signed, in steps of the register.
    pub phase: [i32; 2],
}

impl Plausible {
    /// The window of one line's current gain.
    #[must_use]
    pub fn igain(&self, line: Line) -> Option<[i32; 2]> {
        match line {
            Line::L => self.igain_l,
            Line::N => self.igain_n,
        }
    }

    fn check(&self, lines: &[Line], findings: &mut Findings) {
        let mut window = |key: &str, [low, high]: [i32; 2], least: i32, most: i32| {
            let good = least <= low && low < high && high <= most;
            findings.require(good, key, format!("[low, high] between {least} and {most} is allowed"));
        };
        window("plausible.ugain", self.ugain, 1, 0x7FFF);
        window("plausible.energy_gain", self.energy_gain, -0x4000, 0x4000);
        window("plausible.phase", self.phase, -0x3FF, 0x3FF);
        for (key, igain) in [("plausible.igain_l", self.igain_l), ("plausible.igain_n", self.igain_n)] {
            if let Some(igain) = igain {
                window(key, igain, 1, 0xFFFF);
            }
        }
        for line in lines {
            let key = format!("plausible.igain_{}", if *line == Line::L { 'l' } else { 'n' });
            findings.require(self.igain(*line).is_some(), key, "is missing, and calibration.lines names this line");
        }
    }
}

impl Profile for MeterProfile {
    const KIND: Kind = Kind::Meter;

    fn name(&self) -> &str {
        &self.name
    }

    fn check(&self, findings: &mut Findings) {
        findings.text("name", &self.name);
        findings.text("title", &self.title);
        self.check_rating(findings);
        self.serial.check_rule(findings);
        self.check_calibration(findings);
        self.check_registers(findings);
        self.plausible.check(&self.calibration.lines, findings);
        self.controller.check(findings);
        if let Some(sources) = &self.sources {
            sources.check(findings);
        }
    }
}

impl MeterProfile {
    fn check_rating(&self, findings: &mut Findings) {
        let rating = &self.rating;
        findings.within("rating.un_volts", rating.un.0, 10.0, 500.0);
        findings.within("rating.ib_amps", rating.ib.0, 0.01, 1000.0);
        findings.within("rating.imax_amps", rating.imax.0, rating.ib.0, 10_000.0);
        // The chip's range, and with it that of every reading here (datasheet: Freq 45 to 65 Hz).
        findings.within("rating.frequency_hz", rating.frequency.0, 45.0, 65.0);
        findings.within("rating.constant_imp_per_kwh", rating.constant_imp_per_kwh, 1.0, 100_000.0);
        let known = CLASSES.contains(&rating.class.as_str());
        findings.require(known, "rating.class", format!("one of {} is allowed", CLASSES.join(", ")));
    }

    fn check_calibration(&self, findings: &mut Findings) {
        let calibration = &self.calibration;
        let lines = &calibration.lines;
        let one_or_both = matches!(lines.as_slice(), [_] | [Line::L, Line::N] | [Line::N, Line::L]);
        findings.require(one_or_both, "calibration.lines", r#"["L"], ["N"] or ["L", "N"] is allowed"#);
        findings.require(
            !calibration.mirror_energy_gain || lines.len() == 1,
            "calibration.mirror_energy_gain",
            "one gain for both lines, but calibration.lines has two that are calibrated apart",
        );
        findings.within("calibration.current_scale", calibration.current_scale, 0.001, 1000.0);
        // The register counts 0.001 A in 16 bits (application note: over 65.535 A the current has to be scaled).
        let shown = self.rating.imax.0 / calibration.current_scale;
        findings.require(
            shown <= 65.535,
            "calibration.current_scale",
            format!("Imax would read {shown:.3} A, and the register ends at 65.535 A: the scale has to be larger"),
        );
        findings.within("calibration.gl", calibration.gl, 1.0, 24.0);
        findings.within("calibration.vl_millivolts", calibration.vl_millivolts, 0.001, 600.0);
        findings.within("calibration.vu_millivolts", calibration.vu_millivolts, 0.12, 600.0);
        let constant = calibration.chip_constant_imp_per_kwh;
        findings.within("calibration.chip_constant_imp_per_kwh", constant, 1.0, 100_000.0);
    }

    fn check_registers(&self, findings: &mut Findings) {
        let registers = &self.registers;
        for (word_key, word, fraction_key, fraction) in [
            ("PStartTh", registers.p_start_th, "start_fraction_of_ib", registers.start_fraction_of_ib),
            ("PNolTh", registers.p_nol_th, "noload_fraction_of_ib", registers.noload_fraction_of_ib),
        ] {
            let given = word.is_some() || fraction.is_some();
            findings.require(given, format!("registers.{word_key}"), format!("is missing, and so is {fraction_key}"));
            if let Some(fraction) = fraction {
                findings.within(format!("registers.{fraction_key}"), fraction, 0.0, 0.1);
            }
        }
        if let Some(ugain) = registers.ugain {
            findings.require(ugain.0 <= 0x7FFF, "registers.Ugain", "bit 15 must be 0: 7FFF is the greatest");
        }
        if let Some(line) = self.calibration.lines.first() {
            let gain = analog_gain(registers.m_mode.0, *line);
            let stated = self.calibration.gl;
            findings.require(
                gain.is_none_or(|gain| (gain - stated).abs() < 1e-9),
                "calibration.gl",
                format!("{stated} is not the gain that registers.MMode selects for the {line:?} line"),
            );
        }
    }
}

/// The analog gain MMode selects: bits 15-13 for L, 12-11 for N; `None` where the datasheet gives the code no meaning.
fn analog_gain(m_mode: u16, line: Line) -> Option<f64> {
    match line {
        Line::L => match m_mode >> 13 {
            0b100.. => Some(1.0),
            0b000 => Some(4.0),
            0b001 => Some(8.0),
            0b010 => Some(16.0),
            _ => Some(24.0),
        },
        Line::N => match (m_mode >> 11) & 0b11 {
            0b00 => Some(2.0),
            0b01 => Some(4.0),
            _ => Some(1.0),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serial_numbers() {
        let any = SerialRule::default();
        for good in ["SIM1", "SIM200", "MT7", "a-b/c"] {
            assert_eq!(any.check(good), Ok(()), "{good}");
        }
        for bad in ["", " ", "a b", "a\n", "ä", &"1".repeat(65)] {
            assert!(any.check(bad).is_err(), "{bad:?}");
        }
        let mt = SerialRule { prefix: "MT".to_owned(), digits_min: Some(1), digits_max: Some(5) };
        assert_eq!(mt.check("MT99990"), Ok(()));
        for bad in ["MT", "MT123456", "mt1", "MT1a", "SIM1"] {
            assert!(mt.check(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn gains_are_those_of_the_mode_word() {
        assert_eq!(analog_gain(0x9422, Line::L), Some(1.0));
        assert_eq!(analog_gain(0x9422, Line::N), Some(1.0));
        assert_eq!(analog_gain(0x7C22, Line::L), Some(24.0));
        assert_eq!(analog_gain(0x0800, Line::N), Some(4.0));
    }
}

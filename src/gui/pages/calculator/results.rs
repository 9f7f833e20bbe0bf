//! The results of what is typed: a row for each register, each checksum, or each cell of the sheet.

use m90e26::{Encoding, Register};
use serde_json::Value as Json;

use super::case::{Arithmetic, Form};
use super::fields::{Field, in_labels};
use super::sheet_rows;
use super::typed::{self, Typed};
use crate::calibration::formula::steps_from_phase;
use crate::calibration::readings::{Evaluation, Readings};
use crate::calibration::registers::RegisterSet;
use crate::calibration::sheet::SheetInputs;
use crate::gui::texts::words;

/// How a row came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Computed from what is typed.
    Computed,
    /// Not asked for: the value in force.
    Kept,
    /// No value; the meaning says why.
    Failed,
}

/// One result.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Register, or quantity of the sheet.
    pub name: String,
    /// Hex digits, or what the sheet shows as such; none when there is no value or no word.
    pub hex: Option<String>,
    /// The number; none when there is no value.
    pub decimal: Option<String>,
    /// What it means, or why it has no value.
    pub meaning: String,
    /// How it came about.
    pub state: State,
}

/// Everything on the right.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Results {
    /// Rows under their headings.
    pub groups: Vec<(&'static str, Vec<Row>)>,
    /// What looks swapped or mistyped.
    pub warnings: Vec<String>,
    /// Registers with a value, in the order of writing; checksums at the end of their part.
    pub words: Vec<(Register, u16)>,
    /// VL and VU as computed from the impedances, mV; none when they cannot be.
    pub sampling: [Option<f64>; 2],
}

impl Results {
    /// The results for a form.
    #[must_use]
    pub fn of(form: &Form) -> Self {
        let sheet = SheetInputs::from_json(&form.sheet_fields()).ok();
        let mut results = match form.arithmetic {
            Arithmetic::Nearest => nearest(form),
            Arithmetic::Sheet => sheet.as_ref().map(sheet_rows::results).unwrap_or_default(),
        };
        results.sampling = sampling(form);
        results
    }

    /// Registers that were asked for and have no value.
    #[must_use]
    pub fn missing(&self) -> usize {
        let copied = |register: Register| self.words.iter().any(|(other, _)| *other == register);
        let register = |row: &Row| RegisterSet::ORDER.into_iter().find(|register| register.name() == row.name);
        let failed = self.groups.iter().flat_map(|(_, rows)| rows).filter(|row| row.state == State::Failed);
        failed.filter_map(register).filter(|register| !copied(*register)).count()
    }

    /// The row of that name.
    #[must_use]
    pub fn row(&self, name: &str) -> Option<&Row> {
        self.groups.iter().flat_map(|(_, rows)| rows).find(|row| row.name == name)
    }
}

/// VL and VU from the impedances: the sheet's formulas. Its own VL is the voltage channel; here VL is the current's.
fn sampling(form: &Form) -> [Option<f64>; 2] {
    let mut fields = form.sheet_fields();
    fields.insert("vl_mv".to_owned(), Json::Null);
    fields.insert("vu_mv".to_owned(), Json::Null);
    let Ok(outputs) = SheetInputs::from_json(&fields).map(|inputs| inputs.calculate()) else { return [None; 2] };
    let known = |names: [&str; 2]| names.iter().all(|name| fields.get(*name).is_some_and(Json::is_number));
    let number = |value: crate::calibration::sheet::Value| value.to_json().as_f64();
    let current = number(outputs.vu_mv).filter(|_| known(["k1_ohm", "ib_a"]));
    let voltage = number(outputs.vl_mv).filter(|_| known(["k2_kohm", "un_v"]));
    match form.arithmetic {
        Arithmetic::Nearest => [current, voltage],
        Arithmetic::Sheet => [voltage, current],
    }
}

fn nearest(form: &Form) -> Results {
    let sound = form.sound_fields();
    let readings = match Readings::from_json(&sound) {
        Ok(readings) => readings,
        // Not met: inputs with a fault are left out, and each kind of input is checked as it is read.
        Err(error) => return Results { warnings: vec![in_labels(&error.to_string())], ..Results::default() },
    };
    let evaluation = readings.evaluate();
    let bench = Nearest { form, evaluation: &evaluation, before: before(form, &readings) };
    let metering = bench.part(&Register::METERING, (Register::Cs1, evaluation.cs1()));
    let measurement = bench.part(&Register::MEASUREMENT, (Register::Cs2, evaluation.cs2()));
    let functions = [Register::FuncEn, Register::SagTh].map(|register| (register, bench.value(register)));
    let groups = vec![
        (t!("Metering"), bench.rows(&metering)),
        (t!("Measurement"), bench.rows(&measurement)),
        (t!("Functions"), bench.rows(&functions)),
    ];
    let all = functions.into_iter().chain(metering).chain(measurement);
    let words = all.filter_map(|(register, value)| Some((register, value?))).collect();
    let warnings = evaluation.warnings.iter().map(|warning| sentence(&in_labels(warning))).collect();
    Results { groups, warnings, words, sampling: [None; 2] }
}

fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The registers in force, the old gains as they are told beside the readings.
fn before(form: &Form, readings: &Readings) -> RegisterSet {
    let mut set = form.registers();
    let told = [
        (Register::Ugain, readings.ugain_old),
        (Register::IgainL, readings.igain_old),
        (Register::IgainN, readings.igain_n_old),
    ];
    for (register, old) in told {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 16 bits")]
        if let Some(old) = old.filter(|old| (0.0..=65_535.0).contains(old)) {
            // A register of the set.
            let _ = set.set(register, old as u16);
        }
    }
    set
}

struct Nearest<'a> {
    form: &'a Form,
    evaluation: &'a Evaluation,
    before: RegisterSet,
}

impl Nearest<'_> {
    /// The new value of a register; none when it failed or an input it depends on has a fault.
    fn value(&self, register: Register) -> Option<u16> {
        self.evaluation.value(register).filter(|_| self.blocked(register).is_none())
    }

    fn part(&self, registers: &[Register], (checksum, value): (Register, Option<u16>)) -> Vec<(Register, Option<u16>)> {
        let mut part: Vec<(Register, Option<u16>)> =
            registers.iter().map(|register| (*register, self.value(*register))).collect();
        let complete = part.iter().all(|(_, value)| value.is_some());
        part.push((checksum, value.filter(|_| complete)));
        part
    }

    fn rows(&self, part: &[(Register, Option<u16>)]) -> Vec<Row> {
        let mut rows = Vec::new();
        for (register, value) in part {
            match register {
                Register::PLconstH => {
                    rows.push(self.pl_constant());
                    rows.push(self.row(*register, *value));
                }
                Register::Cs1 | Register::Cs2 => rows.push(checksum_row(*register, *value, part)),
                _ => rows.push(self.row(*register, *value)),
            }
        }
        rows
    }

    fn pl_constant(&self) -> Row {
        let half = Register::PLconstH;
        let value = self.value(half).map(|_| self.evaluation.registers.pl_constant());
        let change = self.before.changes_to(&self.evaluation.registers);
        let change =
            change.into_iter().find(|change| matches!(change.register, Register::PLconstH | Register::PLconstL));
        // "PL_Constant 1 -> 2, effect": the row says the first part itself.
        let effect = change.and_then(|change| change.meaning.split_once(", ").map(|(_, effect)| effect.to_owned()));
        let (state, meaning) = match value {
            None => (State::Failed, self.reason(half)),
            Some(_) if !self.asked(half) => (State::Kept, t!("Energy of a pulse; not asked for, kept").to_owned()),
            Some(_) => (State::Computed, effect.unwrap_or_else(|| t!("as in force").to_owned())),
        };
        Row {
            name: "PL_Constant".to_owned(),
            hex: value.map(|value| format!("{value:08X}")),
            decimal: value.map(|value| value.to_string()),
            meaning,
            state,
        }
    }

    fn row(&self, register: Register, value: Option<u16>) -> Row {
        let halves = matches!(register, Register::PLconstH | Register::PLconstL);
        let change = self.before.changes_to(&self.evaluation.registers);
        let change = change.into_iter().find(|change| change.register == register && !halves);
        let (state, meaning) = match (value, change) {
            (None, _) if halves => (State::Failed, t!("as PL_Constant").to_owned()),
            (None, _) => (State::Failed, self.reason(register)),
            (Some(_), _) if !self.asked(register) => (State::Kept, words::meaning(register).to_owned()),
            (Some(_), Some(change)) => (State::Computed, change.meaning),
            (Some(_), None) => (State::Computed, words::meaning(register).to_owned()),
        };
        Row {
            name: register.name().to_owned(),
            hex: value.map(|value| format!("{value:04X}")),
            decimal: value.map(|value| decimal(register, value)),
            meaning,
            state,
        }
    }

    /// Why a register has no value.
    fn reason(&self, register: Register) -> String {
        let blocked = self.blocked(register);
        let reason = blocked.or_else(|| self.evaluation.reason(register).map(in_labels));
        reason.unwrap_or_else(|| t!("no value").to_owned())
    }

    /// The first fault among the inputs a register depends on, in words.
    fn blocked(&self, register: Register) -> Option<String> {
        if register == Register::MMode && self.form.mmode_typed.is_some() {
            return Some(t!("MMode's hex is no word").to_owned());
        }
        let fault = |name: &str| {
            let field = Field::of(name)?;
            Some(format!("{}: {}", field.label(), self.form.fault(field)?))
        };
        if !self.asked(register) {
            return fault("registers");
        }
        let mut names = vec!["registers"];
        for name in triggers(register).iter().chain(others(register)) {
            names.push(name);
            match *name {
                "vl_mv" if self.form.computed(name) => names.extend(["k1_ohm", "ib_a"]),
                "vu_mv" if self.form.computed(name) => names.extend(["k2_kohm", "un_v"]),
                _ => {}
            }
        }
        let needed = match register {
            Register::SagTh => Some(Register::Ugain),
            Register::IoffsetL => Some(Register::IgainL),
            Register::IoffsetN => Some(Register::IgainN),
            _ => None,
        };
        let own = names.into_iter().find_map(fault);
        own.or_else(|| needed.and_then(|needed| self.blocked(needed)))
    }

    /// Something was typed for this register.
    fn asked(&self, register: Register) -> bool {
        register == Register::MMode || triggers(register).iter().any(|name| !self.form.text(name).trim().is_empty())
    }
}

/// The number of a word: signed where the register is.
fn decimal(register: Register, value: u16) -> String {
    match register.encoding() {
        Encoding::TwosComplement => value.cast_signed().to_string(),
        Encoding::SignMagnitude => steps_from_phase(value).to_string(),
        _ => value.to_string(),
    }
}

fn checksum_row(register: Register, value: Option<u16>, part: &[(Register, Option<u16>)]) -> Row {
    let missing: Vec<&str> = part
        .iter()
        .filter(|(other, value)| value.is_none() && *other != register)
        .map(|(other, _)| other.name())
        .collect();
    let covered = if register == Register::Cs1 { "21–2B" } else { "31–3A" };
    Row {
        name: register.name().to_owned(),
        hex: value.map(|value| format!("{value:04X}")),
        decimal: value.map(|value| value.to_string()),
        meaning: if value.is_some() {
            t!("Checksum of {covered}", covered)
        } else {
            t!("No value for {missing}", missing = missing.join(", "))
        },
        state: if value.is_some() { State::Computed } else { State::Failed },
    }
}

/// The inputs that ask for a register.
const fn triggers(register: Register) -> &'static [&'static str] {
    match register {
        Register::PLconstH | Register::PLconstL => &["mc_imp_kwh"],
        Register::Lgain => &["error_pct", "f_ref_hz", "f_meas_hz"],
        Register::Ngain => &["error_n_pct"],
        Register::Lphi => &["error_05l_pct"],
        Register::Nphi => &["error_n_05l_pct"],
        Register::PStartTh => &["start_fraction"],
        Register::PNolTh => &["noload_fraction"],
        Register::Ugain => &["vol_mea_v", "un_actual_v"],
        Register::IgainL => &["cur_mea_a", "ib_actual_a"],
        Register::IgainN => &["cur_mea_n_a", "ib_actual_n_a"],
        Register::IoffsetL => &["offset_current_l_a"],
        Register::IoffsetN => &["offset_current_n_a"],
        Register::PoffsetL => &["offset_power_l"],
        Register::QoffsetL => &["offset_reactive_l"],
        Register::PoffsetN => &["offset_power_n"],
        Register::QoffsetN => &["offset_reactive_n"],
        Register::SagTh => &["sag_un_v", "sag_x"],
        _ => &[],
    }
}

/// The inputs it depends on besides.
fn others(register: Register) -> &'static [&'static str] {
    match register {
        Register::PLconstH | Register::PLconstL => &["un_v", "ib_a", "gl", "vl_mv", "vu_mv", "pl_multiple"],
        Register::Lphi | Register::Nphi => &["frequency_hz"],
        Register::PStartTh | Register::PNolTh => &["gl", "vl_mv", "vu_mv"],
        Register::Ugain => &["ugain_old"],
        Register::IgainL => &["igain_old", "current_scale"],
        Register::IgainN => &["igain_n_old", "current_scale"],
        Register::IoffsetL | Register::IoffsetN => &["current_scale"],
        Register::MMode => {
            &["mm_lgain", "mm_ngain", "mm_lnsel", "mm_dishpf", "mm_amod", "mm_rmod", "mm_zxcon", "mm_pthresh"]
        }
        _ => &[],
    }
}

/// What a list of readings was understood as; none for one that is empty or has a fault.
#[must_use]
pub fn readings_said(text: &str) -> Option<String> {
    let Typed::Value(list) = typed::readings(text) else { return None };
    let shown: Vec<String> = list.iter().map(i16::to_string).collect();
    let sum: f64 = list.iter().map(|reading| f64::from(*reading)).sum();
    Some(t!("{shown}: mean {mean}", shown = shown.join(", "), mean = format_args!("{:.1}", sum / list.len() as f64)))
}

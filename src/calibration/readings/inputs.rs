//! What was read and planned, by the names the sheet's fields have, from JSON.

use m90e26::Register;
use serde_json::Value as Json;
use thiserror::Error;

use crate::calibration::registers::RegisterSet;
use crate::calibration::sheet::Input;

/// A reading that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReadingError {
    /// The field's name is not known.
    #[error("no field is called `{field}`; the fields are {}", known())]
    Unknown {
        /// The name as it was given.
        field: String,
    },
    /// The field takes something else.
    #[error("`{field}` takes {expected}, not {found}")]
    Content {
        /// The field's name.
        field: String,
        /// What would have been right.
        expected: String,
        /// The JSON that was found.
        found: String,
    },
}

fn known() -> String {
    let names: Vec<&str> = Readings::FIELDS.iter().map(|(field, _)| *field).collect();
    names.join(", ")
}

/// A sampling voltage: as measured, or from the impedances of the board as the sheet has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sampled {
    /// From Un or Ib and the impedances.
    Computed,
    /// In mV.
    Measured(f64),
}

/// The bits of one MMode option, taken from "100: Gain 1" or "100".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bits<const WIDTH: u32>(pub u16);

/// Readings of a power register in small-power mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PowerReadings(pub Vec<i16>);

/// A field's content from JSON; the error says what it takes.
trait Field: Sized {
    fn from_json(json: &Json) -> Result<Self, String>;
}

impl Field for Option<f64> {
    /// null is no reading.
    fn from_json(json: &Json) -> Result<Self, String> {
        let input = Input::from_json(json).ok_or("a number or null")?;
        match input {
            Input::Empty => Ok(None),
            other => other.number().map(Some).map_err(|_| "a number or null".to_owned()),
        }
    }
}

impl Field for Option<Sampled> {
    fn from_json(json: &Json) -> Result<Self, String> {
        let number = Option::<f64>::from_json(json).map_err(|_| "a number, or null for the board's impedances")?;
        Ok(Some(number.map_or(Sampled::Computed, Sampled::Measured)))
    }
}

impl<const WIDTH: u32> Field for Option<Bits<WIDTH>> {
    fn from_json(json: &Json) -> Result<Self, String> {
        if json.is_null() {
            return Ok(None);
        }
        let bits = json.as_str().map(|text| text.split(':').next().unwrap_or_default().trim());
        bits.filter(|bits| bits.len() == WIDTH as usize && bits.bytes().all(|bit| matches!(bit, b'0' | b'1')))
            .and_then(|bits| u16::from_str_radix(bits, 2).ok())
            .map(|bits| Some(Bits(bits)))
            .ok_or_else(|| format!("an option, such as \"{:0>1$}: ...\" with as many bits", 0, WIDTH as usize))
    }
}

impl Field for Option<PowerReadings> {
    fn from_json(json: &Json) -> Result<Self, String> {
        if json.is_null() {
            return Ok(None);
        }
        let readings: Option<Vec<i16>> =
            json.as_array().and_then(|list| list.iter().map(|json| word(json).map(u16::cast_signed)).collect());
        let expected = "a list of register values, each -32768 to 65535 or a text such as \"0xFFC4\"";
        readings.map(|readings| Some(PowerReadings(readings))).ok_or_else(|| expected.to_owned())
    }
}

impl Field for RegisterSet {
    fn from_json(json: &Json) -> Result<Self, String> {
        let expected = "an object of calibration registers, such as {\"Ugain\": \"0x6720\"}";
        let mut set = Self::power_on();
        for (name, value) in json.as_object().ok_or(expected)? {
            let register = Register::from_name(name).ok_or_else(|| format!("{expected}; {name} is none"))?;
            let value = word(value).ok_or_else(|| format!("{expected}; {register} is no such value"))?;
            set.set(register, value).map_err(|error| format!("{expected}; {error}"))?;
        }
        Ok(set)
    }
}

/// Sixteen bits: a number, a negative one in two's complement, or hex digits in a text.
fn word(json: &Json) -> Option<u16> {
    match json {
        Json::Number(_) => {
            let number = json.as_i64()?;
            u16::try_from(number).ok().or_else(|| i16::try_from(number).ok().map(i16::cast_unsigned))
        }
        Json::String(text) => {
            let text = text.trim();
            let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
            let all_digits = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
            if all_digits { u16::from_str_radix(digits, 16).ok() } else { None }
        }
        _ => None,
    }
}

macro_rules! readings {
    ($($field:ident: $kind:ty = $doc:literal,)*) => {
        /// The inputs of one calculation. What is missing is not computed; its registers keep their value.
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct Readings {
            $(#[doc = concat!($doc, ".")] pub $field: $kind,)*
        }

        impl Readings {
            /// All fields with their meaning.
            pub const FIELDS: &'static [(&'static str, &'static str)] = &[$((stringify!($field), $doc),)*];

            fn set(&mut self, field: &str, json: &Json) -> Result<(), ReadingError> {
                let content =
                    |expected| ReadingError::Content { field: field.to_owned(), expected, found: json.to_string() };
                match field {
                    $(stringify!($field) => self.$field = Field::from_json(json).map_err(content)?,)*
                    _ => return Err(ReadingError::Unknown { field: field.to_owned() }),
                }
                Ok(())
            }
        }
    };
}

readings! {
    registers: RegisterSet = "Object: the registers the chip held during the readings, by name; others held their power-on value",
    mm_lgain: Option<Bits<3>> = "MMode option: amplification of the L current channel, such as \"100: Gain 1\"",
    mm_ngain: Option<Bits<2>> = "MMode option: amplification of the N current channel",
    mm_lnsel: Option<Bits<1>> = "MMode option: metered line, 1 is L",
    mm_dishpf: Option<Bits<2>> = "MMode option: high-pass filters",
    mm_amod: Option<Bits<1>> = "MMode option: active pulses",
    mm_rmod: Option<Bits<1>> = "MMode option: reactive pulses",
    mm_zxcon: Option<Bits<2>> = "MMode option: zero crossing output",
    mm_pthresh: Option<Bits<4>> = "MMode option: anti-tamper threshold",
    k1_ohm: Option<f64> = "Input impedance of the current channel in Ohm, parallel to a burden of 30 Ohm, for vl_mv null",
    k2_kohm: Option<f64> = "Input impedance of the voltage channel in kOhm, parallel to 1 kOhm, for vu_mv null",
    un_v: Option<f64> = "Nominal voltage of the meter constant, V",
    ib_a: Option<f64> = "Basic current of the meter constant, A",
    gl: Option<f64> = "Amplification of the metered current channel",
    vl_mv: Option<Sampled> = "Voltage of the current channel at Ib, mV; null computes it from k1_ohm",
    vu_mv: Option<Sampled> = "Voltage of the voltage channel at Un, mV; null computes it from k2_kohm",
    mc_imp_kwh: Option<f64> = "Meter constant, imp/kWh; asks for PL_Constant",
    pl_multiple: Option<f64> = "1 rounds PL_Constant to the nearest integer, 4 to the nearest multiple of four",
    f_ref_hz: Option<f64> = "Pulse frequency of the reference at PF 1, Hz; with f_meas_hz asks for Lgain",
    f_meas_hz: Option<f64> = "Pulse frequency of the meter under test at PF 1, Hz",
    error_pct: Option<f64> = "Energy error of the L line at PF 1, percent; instead of the two frequencies",
    error_n_pct: Option<f64> = "Energy error of the N line at PF 1, percent; asks for Ngain",
    error_05l_pct: Option<f64> = "Energy error of the L line at PF 0.5L with the new Lgain in force, percent; asks for Lphi",
    error_n_05l_pct: Option<f64> = "Energy error of the N line at PF 0.5L with the new Ngain in force, percent; asks for Nphi",
    frequency_hz: Option<f64> = "Mains frequency of the 0.5L errors, Hz; 50 when missing",
    start_fraction: Option<f64> = "Start-up threshold as a fraction of Un Ib, 0.004 is 0.4 %; asks for PStartTh",
    noload_fraction: Option<f64> = "No-load threshold as a fraction of Un Ib; asks for PNolTh",
    vol_mea_v: Option<f64> = "Voltage the meter shows, V; asks for Ugain",
    un_actual_v: Option<f64> = "Voltage at the reference, V",
    ugain_old: Option<f64> = "Ugain during the reading; the one in registers when missing",
    current_scale: Option<f64> = "Factor by which the meter multiplies the current registers; 1 when missing",
    cur_mea_a: Option<f64> = "L current the meter shows, A; asks for IgainL",
    ib_actual_a: Option<f64> = "L current at the reference, A",
    igain_old: Option<f64> = "IgainL during the reading; the one in registers when missing",
    cur_mea_n_a: Option<f64> = "N current the meter shows, A; asks for IgainN",
    ib_actual_n_a: Option<f64> = "N current at the reference, A",
    igain_n_old: Option<f64> = "IgainN during the reading; the one in registers when missing",
    offset_current_l_a: Option<f64> = "L current the meter shows without current, with the new gain and offset 0, A; asks for IoffsetL",
    offset_current_n_a: Option<f64> = "N current the meter shows without current, with the new gain and offset 0, A; asks for IoffsetN",
    offset_power_l: Option<PowerReadings> = "List: Pmean in small-power mode without current, with offset 0; asks for PoffsetL",
    offset_power_n: Option<PowerReadings> = "List: Pmean2 likewise; asks for PoffsetN",
    offset_reactive_l: Option<PowerReadings> = "List: Qmean likewise; asks for QoffsetL",
    offset_reactive_n: Option<PowerReadings> = "List: Qmean2 likewise; asks for QoffsetN",
    sag_un_v: Option<f64> = "Nominal voltage of the sag threshold, V",
    sag_x: Option<f64> = "Sag threshold as a fraction of it, 0.78 is 22 % below; asks for SagTh",
    conv_w: Option<f64> = "Load of the sheet's pulse converter, W; nothing depends on it",
}

impl Readings {
    /// From a JSON object of fields.
    ///
    /// # Errors
    /// An unknown field, or a field that takes something else.
    pub fn from_json(fields: &serde_json::Map<String, Json>) -> Result<Self, ReadingError> {
        let mut readings = Self::default();
        for (field, json) in fields {
            readings.set(field, json)?;
        }
        Ok(readings)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn readings(json: &Json) -> Result<Readings, String> {
        Readings::from_json(json.as_object().unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn every_field_of_the_sheet_is_a_field_here() {
        for (field, _) in crate::calibration::sheet::SheetInputs::FIELDS {
            assert!(Readings::FIELDS.iter().any(|(other, _)| other == field), "{field}");
        }
    }

    #[test]
    fn contents() {
        let all = readings(&json!({
            "mm_lgain": "011: Gain 24", "un_v": "230", "vl_mv": null, "vu_mv": 250, "error_pct": null,
            "offset_power_l": ["0xFFC4", -54, 65482], "registers": {"ugain": "0x71D8", "Lphi": 36},
        }))
        .unwrap();
        assert_eq!(all.mm_lgain, Some(Bits(3)));
        assert_eq!((all.un_v, all.error_pct), (Some(230.0), None));
        assert_eq!((all.vl_mv, all.vu_mv), (Some(Sampled::Computed), Some(Sampled::Measured(250.0))));
        assert_eq!(all.offset_power_l, Some(PowerReadings(vec![-60, -54, -54])));
        assert_eq!(all.registers.get(Register::Ugain), Ok(0x71D8));
        assert_eq!(all.registers.get(Register::Lphi), Ok(36));
        assert_eq!(all.registers.get(Register::IgainL), Ok(0x7A13));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let error = |json| readings(&json).unwrap_err();
        assert!(error(json!({"un_volts": 1})).starts_with("no field is called `un_volts`; the fields are registers, "));
        assert_eq!(error(json!({"un_v": "abc"})), "`un_v` takes a number or null, not \"abc\"");
        assert_eq!(error(json!({"un_v": true})), "`un_v` takes a number or null, not true");
        assert_eq!(
            error(json!({"mm_lgain": "10: Gain 1"})),
            "`mm_lgain` takes an option, such as \"000: ...\" with as many bits, not \"10: Gain 1\""
        );
        assert!(error(json!({"mm_lnsel": "2: x"})).contains("such as \"0: ...\""));
        assert!(error(json!({"offset_power_l": [70000]})).contains("a list of register values"));
        assert!(error(json!({"offset_power_l": [1.5]})).contains("a list of register values"));
        assert!(error(json!({"registers": {"Urms": 1}})).contains("Urms is no calibration register"));
        assert!(error(json!({"registers": {"Ugian": 1}})).contains("Ugian is none"));
        assert!(error(json!({"registers": {"Ugain": "0x10000"}})).contains("Ugain is no such value"));
        assert!(error(json!({"registers": {"Ugain": "+1"}})).contains("Ugain is no such value"));
    }
}

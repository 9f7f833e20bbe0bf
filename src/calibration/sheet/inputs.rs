//! The input cells of the sheet: their names here, their addresses there.

use thiserror::Error;

use super::cell::{Input, Sampling};

/// An input that is none of the sheet's.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InputError {
    /// The field's name is not known.
    #[error("no input is called `{field}`; the inputs are {}", known())]
    Unknown {
        /// The name as it was given.
        field: String,
    },
    /// A cell cannot hold this.
    #[error("`{field}` takes a number, a text or null, not {found}")]
    Content {
        /// The field's name.
        field: String,
        /// The JSON that was found.
        found: String,
    },
}

fn known() -> String {
    let names: Vec<&str> = SheetInputs::FIELDS.iter().map(|(field, _)| *field).collect();
    names.join(", ")
}

macro_rules! inputs {
    ($($(#[$doc:meta])* $field:ident: $kind:ident in $cell:literal,)*) => {
        /// The inputs of one calculation. A field left alone is an empty cell.
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct SheetInputs {
            $($(#[$doc])* pub $field: $kind,)*
        }

        impl SheetInputs {
            /// All fields with the address of their cell.
            pub const FIELDS: &'static [(&'static str, &'static str)] = &[$((stringify!($field), $cell),)*];

            /// Puts a JSON value into the field of that name.
            ///
            /// # Errors
            /// An unknown field, or a value that no cell can hold.
            pub fn set(&mut self, field: &str, json: &serde_json::Value) -> Result<(), InputError> {
                let content = || InputError::Content { field: field.to_owned(), found: json.to_string() };
                match field {
                    $(stringify!($field) => self.$field = $kind::from_json(json).ok_or_else(content)?,)*
                    _ => return Err(InputError::Unknown { field: field.to_owned() }),
                }
                Ok(())
            }
        }
    };
}

inputs! {
    /// Input impedance of the L current channel in Ohm, parallel to the 30 Ohm burden.
    k1_ohm: Input in "K1",
    /// Input impedance of the voltage channel in kOhm, parallel to the divider's lower 1 kOhm.
    k2_kohm: Input in "K2",
    /// MMode option, L line gain: the bits stand in front of the colon.
    mm_lgain: Input in "B5",
    /// MMode option, N line gain.
    mm_ngain: Input in "B6",
    /// MMode option, metering line.
    mm_lnsel: Input in "B7",
    /// MMode option, high-pass filters.
    mm_dishpf: Input in "B8",
    /// MMode option, active pulses.
    mm_amod: Input in "B9",
    /// MMode option, reactive pulses.
    mm_rmod: Input in "B10",
    /// MMode option, zero crossing output.
    mm_zxcon: Input in "B11",
    /// MMode option, anti-tamper threshold.
    mm_pthresh: Input in "B12",
    /// Reference voltage of the PL constant, V.
    un_v: Input in "B22",
    /// Basic current of the PL constant, A.
    ib_a: Input in "B23",
    /// Gain of the L current channel, V/V.
    gl: Input in "B24",
    /// Called VL in the sheet, mV; its formula computes the voltage channel.
    vl_mv: Sampling in "B25",
    /// Called VU in the sheet, mV; its formula computes the current channel.
    vu_mv: Sampling in "B26",
    /// Meter constant, imp/kWh.
    mc_imp_kwh: Input in "B27",
    /// Pulse frequency of the reference meter, Hz.
    f_ref_hz: Input in "B49",
    /// Pulse frequency of the meter under test, Hz.
    f_meas_hz: Input in "B50",
    /// Voltage the meter shows, V.
    vol_mea_v: Input in "B60",
    /// Voltage the reference shows, V.
    un_actual_v: Input in "B61",
    /// Ugain in force during the reading.
    ugain_old: Input in "B62",
    /// L current the meter shows, A.
    cur_mea_a: Input in "B69",
    /// Current the reference shows, A.
    ib_actual_a: Input in "B70",
    /// IgainL in force during the reading.
    igain_old: Input in "B71",
    /// Nominal voltage of the sag threshold, V.
    sag_un_v: Input in "B87",
    /// Sag threshold as a fraction of the nominal voltage.
    sag_x: Input in "B89",
    /// Load of the sheet's pulse converter, W. No result here depends on it.
    conv_w: Input in "Q4",
}

impl SheetInputs {
    /// From a JSON object of fields; a missing field is an empty cell, null in `vl_mv` or `vu_mv` its formula.
    ///
    /// # Errors
    /// An unknown field, or a value that no cell can hold.
    pub fn from_json(fields: &serde_json::Map<String, serde_json::Value>) -> Result<Self, InputError> {
        let mut inputs = Self::default();
        for (field, json) in fields {
            inputs.set(field, json)?;
        }
        Ok(inputs)
    }

    /// The inputs the workbook is delivered with.
    #[must_use]
    pub fn original() -> Self {
        let option = |text: &str| Input::Text(text.to_owned());
        Self {
            k1_ohm: Input::Number(1000.0),
            k2_kohm: Input::Number(400.0),
            mm_lgain: option("100: Gain 1"),
            mm_ngain: option("10: Gain 1"),
            mm_lnsel: option("1: Meter on L line"),
            mm_dishpf: option("00: HPF1 and HPF0"),
            mm_amod: option("0: Fwd or rev energy pulse output"),
            mm_rmod: option("0: Fwd or rev reactive energy pulse output"),
            mm_zxcon: option("10: All zero crossing"),
            mm_pthresh: option("0010: 3.125%"),
            un_v: Input::Number(300.0),
            ib_a: Input::Number(12.0),
            gl: Input::Number(1.0),
            vl_mv: Sampling::Formula,
            vu_mv: Sampling::Formula,
            mc_imp_kwh: Input::Number(1000.0),
            f_ref_hz: Input::Number(0.269),
            f_meas_hz: Input::Number(0.219),
            vol_mea_v: Input::Number(203.9),
            un_actual_v: Input::Number(243.1),
            ugain_old: Input::Number(26_400.0),
            cur_mea_a: Input::Number(19.92),
            ib_actual_a: Input::Number(7.74),
            igain_old: Input::Number(31_251.0),
            sag_un_v: Input::Number(230.0),
            sag_x: Input::Number(0.94),
            conv_w: Input::Empty,
        }
    }
}

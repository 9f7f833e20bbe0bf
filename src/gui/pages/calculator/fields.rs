//! The inputs of the page: the fields of `meterbench calculate` with the names a person sees.

use crate::calibration::sheet::SheetInputs;
use crate::gui::texts;

/// What is typed into a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A number.
    Number,
    /// VL or VU: a number, or computed from the impedances.
    Sampling,
    /// An option of MMode of so many bits.
    Bits(u32),
    /// A list of register readings.
    Readings,
    /// Registers with their words, a line each.
    Registers,
    /// Not shown: nothing depends on it.
    Kept,
}

/// One input.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// As `meterbench calculate` calls it.
    pub name: &'static str,
    /// Its accessible name, and what messages call it.
    pub label: &'static str,
    /// Content.
    pub kind: Kind,
}

const fn number(name: &'static str, label: &'static str) -> Field {
    Field { name, label, kind: Kind::Number }
}

const fn bits(name: &'static str, label: &'static str, width: u32) -> Field {
    Field { name, label, kind: Kind::Bits(width) }
}

const fn readings(name: &'static str, label: &'static str) -> Field {
    Field { name, label, kind: Kind::Readings }
}

/// All inputs.
pub const FIELDS: [Field; 45] = [
    Field { name: "registers", label: mark!("Registers in force"), kind: Kind::Registers },
    bits("mm_lgain", mark!("L gain"), 3),
    bits("mm_ngain", mark!("N gain"), 2),
    bits("mm_lnsel", mark!("Metered line"), 1),
    bits("mm_dishpf", mark!("High-pass filters"), 2),
    bits("mm_amod", mark!("Active pulses"), 1),
    bits("mm_rmod", mark!("Reactive pulses"), 1),
    bits("mm_zxcon", mark!("Zero crossings"), 2),
    bits("mm_pthresh", mark!("Line threshold"), 4),
    number("k1_ohm", "K1"),
    number("k2_kohm", "K2"),
    number("un_v", "Un"),
    number("ib_a", "Ib"),
    number("gl", "GL"),
    Field { name: "vl_mv", label: "VL", kind: Kind::Sampling },
    Field { name: "vu_mv", label: "VU", kind: Kind::Sampling },
    number("mc_imp_kwh", "MC"),
    number("pl_multiple", mark!("PL_Constant multiple")),
    number("f_ref_hz", mark!("Reference frequency")),
    number("f_meas_hz", mark!("Meter frequency")),
    number("error_pct", mark!("Error, L line")),
    number("error_n_pct", mark!("Error, N line")),
    number("error_05l_pct", mark!("Error at 0.5L, L line")),
    number("error_n_05l_pct", mark!("Error at 0.5L, N line")),
    number("frequency_hz", mark!("Mains frequency")),
    number("start_fraction", mark!("Start-up fraction")),
    number("noload_fraction", mark!("No-load fraction")),
    number("vol_mea_v", mark!("Voltage, meter")),
    number("un_actual_v", mark!("Voltage, reference")),
    number("ugain_old", mark!("Voltage, old gain")),
    number("current_scale", mark!("Current scale")),
    number("cur_mea_a", mark!("L current, meter")),
    number("ib_actual_a", mark!("L current, reference")),
    number("igain_old", mark!("L current, old gain")),
    number("cur_mea_n_a", mark!("N current, meter")),
    number("ib_actual_n_a", mark!("N current, reference")),
    number("igain_n_old", mark!("N current, old gain")),
    number("offset_current_l_a", mark!("L current without load")),
    number("offset_current_n_a", mark!("N current without load")),
    readings("offset_power_l", mark!("Active power readings, L line")),
    readings("offset_power_n", mark!("Active power readings, N line")),
    readings("offset_reactive_l", mark!("Reactive power readings, L line")),
    readings("offset_reactive_n", mark!("Reactive power readings, N line")),
    number("sag_un_v", mark!("Nominal voltage of the sag")),
    number("sag_x", mark!("Sag fraction")),
];

/// The sheet's pulse converter, on which nothing depends: a case keeps it.
pub const CONVERTER: Field = Field { name: "conv_w", label: mark!("Pulse converter"), kind: Kind::Kept };

impl Field {
    /// The input of that name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        FIELDS.into_iter().chain([CONVERTER]).find(|field| field.name == name)
    }

    /// What it is called.
    #[must_use]
    pub fn label(self) -> &'static str {
        texts::of(self.label)
    }

    /// Its cell on the sheet; none when the sheet does not know it.
    #[must_use]
    pub fn cell(self) -> Option<&'static str> {
        SheetInputs::FIELDS.iter().find(|(name, _)| *name == self.name).map(|(_, cell)| *cell)
    }
}

/// A message of the calculation with the names a person sees: "vl_mv 300" becomes "VL 300".
#[must_use]
pub fn in_labels(message: &str) -> String {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut said = String::new();
    let mut rest = message;
    while !rest.is_empty() {
        let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        let (word, tail) = rest.split_at(end);
        said.push_str(Field::of(word).filter(|_| word != "registers").map_or(word, |field| field.label()));
        let end = tail.find(is_name).unwrap_or(tail.len());
        let (between, tail) = tail.split_at(end);
        said.push_str(between);
        rest = tail;
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibration::readings::Readings;

    #[test]
    fn every_field_of_a_case_is_here_once() {
        for (name, _) in Readings::FIELDS {
            assert!(Field::of(name).is_some(), "{name}");
        }
        assert_eq!(Readings::FIELDS.len(), FIELDS.len() + 1);
        for field in FIELDS {
            assert_eq!(FIELDS.iter().filter(|other| other.label == field.label).count(), 1, "{}", field.label);
        }
    }

    #[test]
    fn messages_say_labels() {
        assert_eq!(in_labels("vl_mv 300 is larger than vu_mv 250: VL"), "VL 300 is larger than VU 250: VL");
        assert_eq!(in_labels("Ugain needs vol_mea_v"), "Ugain needs Voltage, meter");
        assert_eq!(in_labels("–, µ"), "–, µ");
    }
}

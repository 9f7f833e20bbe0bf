//! What the Excel sheet shows, a row for each of its quantities.

use m90e26::Register;

use super::results::{Results, Row, State};
use crate::calibration::sheet::{SheetInputs, SheetOutputs, Value};
use crate::gui::texts;

/// Name, field with the hex, field with the number, meaning.
type Line = (&'static str, Option<&'static str>, Option<&'static str>, &'static str);

/// The sheet's quantities in its order.
const LINES: [(&str, &[Line]); 3] = [
    (
        mark!("Registers"),
        &[
            ("MMode", Some("mmode_hex"), None, "B17"),
            ("PL_Constant", Some("pl_constant_hex"), Some("pl_constant"), mark!("B31, truncated")),
            ("PLconstH", Some("plconsth_hex"), None, "B33"),
            ("PLconstL", Some("plconstl_hex"), None, "B34"),
            ("Lgain", Some("lgain_hex"), Some("lgain"), mark!("B54, two's complement as a positive number")),
            ("Ugain", Some("ugain_hex"), Some("ugain"), mark!("B66; the sheet accepts bit 15, the chip does not")),
            ("IgainL", Some("igain_hex"), Some("igain"), "B75"),
            ("SagTh", Some("sagth_hex"), Some("sagth"), "B94"),
            (
                "IoffsetL",
                Some("ioffset_raw_hex"),
                Some("ioffset_raw"),
                mark!("H76: 3 mA scaled, without the complement the chip needs"),
            ),
        ],
    ),
    (
        mark!("Quantities"),
        &[
            ("Vratio", None, Some("vratio"), mark!("B1: voltage divider, V/V")),
            ("Iratio", None, Some("iratio"), mark!("B2: transformer with burden, V/A")),
            ("VL", None, Some("vl_mv"), mark!("B25, mV; its formula gives the voltage channel")),
            ("VU", None, Some("vu_mv"), mark!("B26, mV; its formula gives the current channel")),
            (mark!("Error"), None, Some("error_pct"), mark!("B52: energy error, %")),
            ("LRATIO", None, Some("lratio"), mark!("B53: correction as a fraction")),
            (mark!("Sag Ugain"), None, Some("sag_ugain"), mark!("B88: Ugain of the sag threshold")),
        ],
    ),
    (
        mark!("MMode bits"),
        &[
            (mark!("All bits"), None, Some("mmode_bin"), "B14"),
            (mark!("High byte"), Some("mmode_hi_hex"), Some("mmode_hi_bin"), "B15, B16"),
            (mark!("Low byte"), Some("mmode_lo_hex"), Some("mmode_lo_bin"), "C15, C16"),
            (mark!("L gain"), None, Some("mm_bits_lgain"), "F5"),
            (mark!("N gain"), None, Some("mm_bits_ngain"), "F6"),
            (mark!("Metered line"), None, Some("mm_bits_lnsel"), "F7"),
            (mark!("High-pass filters"), None, Some("mm_bits_dishpf"), "F8"),
            (mark!("Active pulses"), None, Some("mm_bits_amod"), "F9"),
            (mark!("Reactive pulses"), None, Some("mm_bits_rmod"), "F10"),
            (mark!("Zero crossings"), None, Some("mm_bits_zxcon"), "F11"),
            (mark!("Line threshold"), None, Some("mm_bits_pthresh"), "F12"),
        ],
    ),
];

/// Registers that can be copied from the sheet; its offset is not complemented, so it is none of them.
const COPIED: [Register; 7] = [
    Register::SagTh,
    Register::PLconstH,
    Register::PLconstL,
    Register::Lgain,
    Register::MMode,
    Register::Ugain,
    Register::IgainL,
];

/// The sheet's rows for its inputs.
pub(super) fn results(inputs: &SheetInputs) -> Results {
    let outputs = inputs.calculate();
    let groups: Vec<(&'static str, Vec<Row>)> = LINES
        .iter()
        .map(|(title, lines)| (texts::of(title), lines.iter().map(|line| row(&outputs, line)).collect()))
        .collect();
    let mut results = Results { groups, ..Results::default() };
    let word = |register: Register| {
        let hex = results.row(register.name())?.hex.clone()?;
        // Ten digits of a negative number are no word.
        Some((register, u16::from_str_radix(hex.strip_prefix("0x").filter(|digits| digits.len() == 4)?, 16).ok()?))
    };
    results.words = COPIED.into_iter().filter_map(word).collect();
    results
}

fn row(outputs: &SheetOutputs, (name, hex, decimal, meaning): &Line) -> Row {
    let value = |field: &Option<&str>| {
        let (.., value) = field.and_then(|field| outputs.fields().find(|(other, ..)| *other == field))?;
        Some(value)
    };
    let (hex, decimal) = (value(hex), value(decimal));
    let failed = [hex, decimal].into_iter().flatten().any(|value| matches!(value, Value::Error(_)));
    Row {
        name: texts::of(name).to_owned(),
        hex: hex.map(Value::to_string),
        decimal: decimal.map(Value::to_string),
        meaning: texts::of(meaning).to_owned(),
        state: if failed { State::Failed } else { State::Computed },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_output_of_the_sheet_has_its_place() {
        let outputs = SheetInputs::original().calculate();
        let shown: Vec<&str> = LINES
            .iter()
            .flat_map(|(_, lines)| lines.iter())
            .flat_map(|(_, hex, decimal, _)| [*hex, *decimal])
            .flatten()
            .collect();
        for (field, ..) in outputs.fields() {
            assert_eq!(shown.iter().filter(|other| **other == field).count(), 1, "{field}");
        }
        assert_eq!(shown.len(), outputs.fields().count());
    }
}

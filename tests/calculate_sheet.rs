//! The sheet's arithmetic gives what the sheet gives: every recorded line, every odd input.

#![expect(clippy::unwrap_used, reason = "a test")]

use meterbench::calibration::sheet::{SheetInputs, SheetOutputs, Value};
use serde_json::{Map, Value as Json};

const GOLDEN: &str = include_str!("golden/sheet/golden.jsonl");
const EDGE_CASES: &str = include_str!("golden/sheet/edge_cases.jsonl");

/// Experiments on scratch cells beside the calculator (base converter, impulse converter); no result depends on them.
const SCRATCH_ONLY: [&str; 3] = ["g53_1111", "g53_10000", "conv_0"];

/// Scratch cells that other experiments show as well.
const SCRATCH_CELLS: [&str; 3] = ["D54", "K60", "L61"];

fn objects(lines: &str) -> Vec<Map<String, Json>> {
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Integers and texts are equal, other numbers agree to 1e-9.
fn agree(ours: &Value, golden: &Json) -> bool {
    match (ours, golden.as_f64()) {
        (Value::Number(ours), Some(golden)) if golden.fract() == 0.0 => *ours == golden,
        (Value::Number(ours), Some(golden)) => (ours - golden).abs() <= 1e-9 * golden.abs(),
        (ours, None) => ours.to_json() == *golden,
        (_, Some(_)) => false,
    }
}

#[test]
fn all_golden_lines() {
    let lines = objects(GOLDEN);
    assert_eq!(lines.len(), 300);
    for line in lines {
        let inputs = SheetInputs::from_json(line["in"].as_object().unwrap()).unwrap();
        let outputs = inputs.calculate();
        let golden = line["out"].as_object().unwrap();
        for (field, _, value) in outputs.fields() {
            assert!(agree(value, &golden[field]), "line {}: {field} is {value}, not {}", line["id"], golden[field]);
        }
        let covered = golden.keys().filter(|field| !field.starts_with("x_")).count();
        assert_eq!(covered, outputs.fields().count(), "line {}", line["id"]);
    }
}

fn by_cell<'a>(outputs: &'a SheetOutputs, address: &str) -> Option<&'a Value> {
    outputs.fields().find(|(_, cell, _)| *cell == address).map(|(_, _, value)| value)
}

#[test]
fn all_edge_cases() {
    let (mut compared, mut skipped) = (0, 0);
    for case in objects(EDGE_CASES) {
        let name = case["name"].as_str().unwrap();
        if SCRATCH_ONLY.contains(&name) {
            skipped += 1;
            continue;
        }
        let mut inputs = SheetInputs::original();
        for (cell, content) in case["cells_in"].as_object().unwrap() {
            let (field, _) = SheetInputs::FIELDS.iter().find(|(_, address)| address == cell).unwrap();
            // Null would be the formula in B25 and B26, so a cleared cell goes its own way there.
            match content.as_str() {
                Some("<empty>") => clear(&mut inputs, field),
                _ => inputs.set(field, content).unwrap(),
            }
        }
        let outputs = inputs.calculate();
        for (cell, shown) in case["libreoffice"].as_object().unwrap() {
            if SCRATCH_CELLS.contains(&cell.as_str()) {
                continue;
            }
            let value = by_cell(&outputs, cell).unwrap_or_else(|| panic!("{name}: no output {cell}"));
            let shown = if shown == "Err:502" { &Json::from("#NUM!") } else { shown };
            assert!(agree(value, shown), "{name}: {cell} is {value}, not {shown}");
        }
        compared += 1;
    }
    assert_eq!((compared, skipped), (94, SCRATCH_ONLY.len()));
}

fn clear(inputs: &mut SheetInputs, field: &str) {
    if field == "vl_mv" {
        inputs.vl_mv = Default::default();
    } else {
        inputs.set(field, &Json::Null).unwrap();
    }
}

#[test]
fn a_missing_field_is_an_empty_cell() {
    let outputs = SheetInputs::default().calculate();
    let shown: Vec<String> = outputs.fields().map(|(field, _, value)| format!("{field} {value}")).collect();
    assert!(shown.contains(&"vratio #DIV/0!".to_owned()), "{shown:?}");
    assert!(shown.contains(&"mmode_hex #VALUE!".to_owned()), "{shown:?}");
    assert!(shown.contains(&"vl_mv 0".to_owned()), "{shown:?}");
}

#[test]
fn an_unknown_field_is_named() {
    let mut inputs = SheetInputs::default();
    let error = inputs.set("un_volts", &Json::from(230)).unwrap_err().to_string();
    assert!(error.contains("`un_volts`") && error.contains("un_v,"), "{error}");
    let error = inputs.set("un_v", &Json::from(vec![230])).unwrap_err().to_string();
    assert_eq!(error, "`un_v` takes a number, a text or null, not [230]");
}

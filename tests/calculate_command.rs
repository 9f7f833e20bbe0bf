//! `calculate` line by line: the sheet's outputs, the bench's registers, and what it says to bad input.

#![expect(clippy::unwrap_used, reason = "a test")]

use clap::{CommandFactory, Parser};
use meterbench::calibration::sheet::SheetInputs;
use meterbench::cli::calculate::Calculate;
use meterbench::cli::exit::Exit;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

const GOLDEN: &str = include_str!("golden/sheet/golden.jsonl");

#[derive(Parser)]
struct Command {
    #[command(flatten)]
    calculate: Calculate,
}

/// Standard output, and the message when it did not get through.
fn run(options: &[&str], input: &[u8]) -> (String, Result<Exit, String>) {
    let command = Command::parse_from(["calculate"].iter().chain(options));
    let mut out = Vec::new();
    let done = command.calculate.run(&mut &*input, &mut out).map_err(|error| format!("{error:#}"));
    (String::from_utf8(out).unwrap(), done)
}

fn bench(input: &Json) -> Json {
    let (out, done) = run(&[], json!({ "in": input }).to_string().as_bytes());
    assert_eq!(done, Ok(Exit::DONE));
    let out: Json = serde_json::from_str(&out).unwrap();
    out.get("out").unwrap().clone()
}

/// Joined, to look for a word.
fn texts(list: &Json) -> String {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned() + "\n").collect()
}

#[test]
fn the_sheet_from_lines() {
    let (out, done) = run(&["--sheet"], GOLDEN.as_bytes());
    assert_eq!(done, Ok(Exit::DONE));
    assert_eq!(out.lines().count(), 300);
    for (ours, golden) in out.lines().zip(GOLDEN.lines()) {
        let [ours, golden]: [Json; 2] = [ours, golden].map(|line| serde_json::from_str(line).unwrap());
        for (field, value) in ours["out"].as_object().unwrap() {
            let golden = &golden["out"][field];
            // Equal as JSON: integers are printed as integers. Other numbers agree to 1e-9 elsewhere.
            let float = golden.as_f64().is_some_and(|number| number.fract() != 0.0);
            assert!(
                float && value.is_f64() || value.as_f64() == golden.as_f64() && value.is_f64() == golden.is_f64(),
                "{field}"
            );
            assert!(float || golden.is_number() || value == golden, "{field}");
        }
    }
}

/// A register of the bench as a number; none for null.
fn register(out: &Json, name: &str) -> Option<i64> {
    let text = out.pointer(&format!("/out/registers/{name}"))?.as_str()?;
    Some(i64::from_str_radix(text.strip_prefix("0x").unwrap(), 16).unwrap())
}

/// What the sheet truncates the bench rounds: at most one step apart, and no value where the register cannot hold it.
#[test]
fn the_bench_is_within_a_step_of_the_sheet() {
    let (out, done) = run(&[], GOLDEN.as_bytes());
    assert!(done.is_ok() && out.lines().count() == 300);
    let within = |ours: Option<i64>, sheet: i64, allowed: std::ops::RangeInclusive<i64>, what: &str| match ours {
        Some(ours) => assert!((0..=1).contains(&(ours - sheet)), "{what}: {ours}, sheet {sheet}"),
        // A value just below the limit may be rounded over it, and 0 is truncated from something below 1/2.
        None => assert!(!(allowed.start() + 1..*allowed.end()).contains(&sheet), "{what}: none, sheet {sheet}"),
    };
    for (ours, golden) in out.lines().zip(GOLDEN.lines()) {
        let [ours, golden]: [Json; 2] = [ours, golden].map(|line| serde_json::from_str(line).unwrap());
        let id = &golden["id"];
        let sheet = |field: &str| golden["out"][field].as_i64().unwrap();
        assert_eq!(ours["out"]["registers"]["MMode"], golden["out"]["mmode_hex"], "{id}");
        let pl = register(&ours, "PLconstH").map(|high| high << 16 | register(&ours, "PLconstL").unwrap());
        within(pl, sheet("pl_constant"), 1..=0xFFFF_FFFF, &format!("{id} PL_Constant"));
        within(register(&ours, "Ugain"), sheet("ugain"), 1..=0x7FFF, &format!("{id} Ugain"));
        let lratio = golden["out"]["lratio"].as_f64().unwrap();
        let lgain = register(&ours, "Lgain");
        assert_eq!(lgain.is_some(), lratio.abs() <= 0.5, "{id} Lgain");
        if let Some(lgain) = lgain {
            let apart = (lgain - sheet("lgain")).rem_euclid(0x1_0000);
            assert!((0..=1).contains(&apart), "{id} Lgain: {lgain}");
        }
        // The bench refuses more than 65.535 A in the register, which the sheet does not know.
        if golden["in"]["ib_actual_a"].as_f64().unwrap() <= 65.535 {
            within(register(&ours, "IgainL"), sheet("igain"), 1..=0xFFFF, &format!("{id} IgainL"));
        } else {
            assert_eq!(register(&ours, "IgainL"), None, "{id}");
        }
    }
}

proptest! {
    /// Whatever is typed, both modes answer.
    #[test]
    fn no_input_is_too_odd(
        numbers in prop::collection::vec(prop_oneof![
            any::<f64>().prop_filter("JSON has no others", |number| number.is_finite()).prop_map(Json::from),
            (-3..70_000).prop_map(Json::from),
            Just(Json::Null),
        ], SheetInputs::FIELDS.len()),
        text in ".{0,6}",
    ) {
        let fields = SheetInputs::FIELDS.iter().map(|(field, _)| *field).zip(numbers);
        let numeric: serde_json::Map<String, Json> =
            fields.clone().filter(|(field, _)| !field.starts_with("mm_")).map(|(field, json)| (field.to_owned(), json)).collect();
        let texts: serde_json::Map<String, Json> =
            fields.map(|(field, json)| (field.to_owned(), if field.starts_with("mm_") { text.as_str().into() } else { json })).collect();
        for (options, fields) in [(&["--sheet"][..], texts), (&[], numeric)] {
            let (out, done) = run(options, json!({ "in": fields }).to_string().as_bytes());
            prop_assert!(done.is_ok() && out.lines().count() == 1, "{}", out);
        }
    }
}

#[test]
fn the_application_notes_examples() {
    let out = bench(&json!({
        "mm_lgain": "011: Gain 24", "gl": 24, "vl_mv": 1, "vu_mv": 250, "un_v": 220, "ib_a": 5, "mc_imp_kwh": 3200,
        "error_pct": -13.78, "error_05l_pct": 0.95, "start_fraction": 0.004,
        "vol_mea_v": 246.01, "un_actual_v": 220.024, "ugain_old": 26400,
        "cur_mea_a": 6.744, "ib_actual_a": 5.008, "igain_old": 31251,
        "offset_power_l": ["FFC4", "FFCA", "FFCA", "FFDC", "FFC5"],
    }));
    assert_eq!(out["errors"], json!([]));
    assert_eq!(out["warnings"], json!([]));
    let expected = json!({
        "FuncEn": "0x000C", "SagTh": "0x1D6A", "PLconstH": "0x0015", "PLconstL": "0xD174", "Lgain": "0x1475", "Lphi": "0x0024",
        "Ngain": "0x0000", "Nphi": "0x0000", "PStartTh": "0x08BD", "PNolTh": "0x0000", "QStartTh": "0x0AEC", "QNolTh": "0x0000",
        "MMode": "0x7422", "Ugain": "0x5C3B", "IgainL": "0x5AA7", "IgainN": "0x7530", "Uoffset": "0x0000", "IoffsetL": "0x0000",
        "IoffsetN": "0x0000", "PoffsetL": "0x0035", "QoffsetL": "0x0000", "PoffsetN": "0x0000", "QoffsetN": "0x0000",
    });
    assert_eq!(out["registers"], expected);
}

#[test]
fn the_open_smart_meter() {
    let registers = json!({
        "PLconstH": "0x001E", "PLconstL": "0xC8B4", "Lgain": "0x1D39", "Ngain": "0x1D39", "PNolTh": "0x08BD",
        "Ugain": "0x71D8", "IgainN": "0x0F56",
    });
    let out = bench(&json!({ "registers": registers }));
    assert_eq!(out["checksums"], json!({"CS1": "0x327C", "CS2": "0x993B"}));
    // Errors and readings are taken on top of what the chip held.
    let out = bench(&json!({
        "registers": registers, "error_pct": 1.0, "vol_mea_v": 242.4, "un_actual_v": 240, "current_scale": 20,
        "cur_mea_n_a": 80.8, "ib_actual_n_a": 80,
    }));
    assert_eq!(out["errors"], json!([]));
    assert_eq!(out["registers"]["Lgain"], "0x1BAA"); // (1 + 7481 / 2^15) / 1.01 - 1 = 7082.49 steps
    assert_eq!(out["registers"]["Ugain"], "0x70B7"); // 29144 / 1.01
    assert_eq!(out["registers"]["IgainN"], "0x0F2F"); // 3926 / 1.01
}

#[test]
fn both_lines_and_the_sheets_helpers() {
    let out = bench(&json!({
        "k1_ohm": 1000, "k2_kohm": 400, "un_v": 300, "ib_a": 12, "gl": 1, "vl_mv": null, "vu_mv": null, "mc_imp_kwh": 1000,
        "pl_multiple": 4, "error_n_pct": 100, "error_n_05l_pct": -0.95, "f_ref_hz": 0.269, "f_meas_hz": 0.219,
        "noload_fraction": 0.0, "cur_mea_n_a": 5, "ib_actual_n_a": 5, "igain_n_old": 12142, "offset_current_n_a": 0.003,
        "sag_un_v": 300, "sag_x": 0.78, "offset_reactive_n": [5, 6, 7], "frequency_hz": 60,
    }));
    assert_eq!(out["errors"], json!([]));
    let registers = &out["registers"];
    // The sheet shows 12173811 and truncates; the nearest multiple of four is one more.
    assert_eq!((&registers["PLconstH"], &registers["PLconstL"]), (&json!("0x00B9"), &json!("0xC1F4")));
    assert_eq!((&registers["Lgain"], &registers["Ngain"]), (&json!("0x1D39"), &json!("0xC000")));
    assert_eq!((&registers["Nphi"], &registers["IgainN"]), (&json!("0x801E"), &json!("0x2F6E")));
    assert_eq!((&registers["IoffsetN"], &registers["QoffsetN"]), (&json!("0xFF72"), &json!("0xFFFA")));
}

#[test]
fn a_register_without_a_value_has_no_checksum() {
    let out = bench(
        &json!({"error_pct": -60, "un_actual_v": 230, "cur_mea_a": 1, "ib_actual_a": 80, "offset_current_l_a": 0}),
    );
    assert_eq!(out["registers"]["Lgain"], Json::Null);
    assert_eq!(out["registers"]["Ugain"], Json::Null);
    assert_eq!(out["checksums"], json!({"CS1": null, "CS2": null}));
    let errors = texts(&out["errors"]);
    assert!(errors.contains("Lgain would have to be 49152 and takes -16384 to 16384"), "{errors}");
    assert!(errors.contains("Ugain needs vol_mea_v"), "{errors}");
    assert!(errors.contains("more than 65.535 A without a current scale"), "{errors}");
    assert!(errors.contains("IoffsetL needs IgainL"), "{errors}");
    let errors = texts(
        &bench(
            &json!({"f_meas_hz": 1, "f_ref_hz": 0, "mc_imp_kwh": 1, "ugain_old": 0, "vol_mea_v": 1, "un_actual_v": 1}),
        )["errors"],
    );
    assert!(errors.contains("the pulse frequency of the reference in Hz is 0"), "{errors}");
    assert!(errors.contains("PL_Constant needs un_v"), "{errors}");
    assert!(errors.contains("the gain in force is 0"), "{errors}");
}

#[test]
fn what_looks_wrong_is_told() {
    let suspicious = [
        (json!({"vl_mv": 260, "vu_mv": 22.2}), "look swapped"),
        (json!({"vl_mv": 22, "vu_mv": null}), "one of vl_mv and vu_mv is computed"),
        (json!({"vu_mv": 601}), "over the 600 mV"),
        (json!({"gl": 24, "vl_mv": 26}), "over the 600 mV"),
        (json!({"gl": 24}), "gl is 24, but MMode meters the L line with gain 1"),
        (json!({"ugain_old": 40000}), "bit 15"),
        (json!({"registers": {"Ugain": "0xD464"}}), "bit 15"),
        (json!({"sag_x": 94}), "0.94 and not 94"),
        (json!({"un_v": 300, "sag_un_v": 230}), "both are the nominal voltage"),
        (json!({"un_v": 300, "un_actual_v": 243.1}), "more than 10 % off"),
        (json!({"error_pct": -21}), "the error of the L line at PF 1 is -21.000 %"),
        (json!({"f_ref_hz": 1, "f_meas_hz": 2}), "+100.000 %"),
        (json!({"error_pct": 1, "f_ref_hz": 1, "f_meas_hz": 1}), "error_pct was taken"),
        (json!({"mm_lnsel": "0: Meter on N line", "error_pct": 1}), "only errors of the L line"),
        (json!({"error_n_pct": 1}), "only errors of the N line"),
        (json!({"registers": {"IgainN": 3926}, "igain_n_old": 30000}), "igain_n_old was taken"),
    ];
    for (input, warning) in suspicious {
        let warnings = texts(&bench(&input)["warnings"]);
        assert!(warnings.contains(warning), "{input}: {warnings}");
    }
}

#[test]
fn a_bad_line_ends_it() {
    let good = "{\"id\": 1, \"in\": {}, \"out\": {}}\n\n";
    let bad_lines = [
        ("nonsense", "expected {\"in\": {FIELD: VALUE, ...}}, but this is no JSON"),
        ("[1]", "found no object called \"in\""),
        ("{\"in\": 1}", "found no object called \"in\""),
        ("{\"in\": {\"un\": 1}}", "is called `un`"),
        ("{\"in\": {\"un_v\": [1]}}", "`un_v` takes a number"),
        ("{\"in\": {\"un_v\": 1e999}}", "number out of range"),
    ];
    for options in [&["--sheet"][..], &[]] {
        for (bad, message) in bad_lines {
            let (out, done) = run(options, format!("{good}{bad}\n{good}").as_bytes());
            let error = done.unwrap_err();
            assert!(error.starts_with("line 3: ") && error.contains(message), "{bad}: {error}");
            assert_eq!(out.lines().count(), 1, "what was good before is written");
        }
        assert_eq!(run(options, format!("\u{feff}{good}{good}").as_bytes()).0.lines().count(), 2);
        assert_eq!(run(options, b"").1, Ok(Exit::DONE));
        assert!(run(options, b"{\"in\": {}} \xff\n").1.is_err());
    }
}

#[test]
fn a_file_instead_of_standard_input() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/sheet/golden.jsonl");
    let (out, done) = run(&["--sheet", "--input", path], b"");
    assert!(done.is_ok() && out.lines().count() == 300);
    assert!(run(&["--input", "no/such/file"], b"").1.unwrap_err().starts_with("cannot open no/such/file: "));
}

#[test]
fn the_help_names_all_fields() {
    let help = Command::command().render_long_help().to_string();
    for (field, _) in meterbench::calibration::readings::Readings::FIELDS {
        assert!(help.contains(field), "{field}");
    }
    assert!(help.contains("k1_ohm (K1)"), "{help}");
}

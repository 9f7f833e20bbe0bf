//! Papers by the binary: which record is meant, files replaced in one step, what is told as JSON, exit codes.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

mod read_back;
mod recorded;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use meterbench::procedure::Verdict;
use meterbench::procedure::golden::GoldenRun;
use meterbench::record::{Hash, Store, file_in};
use read_back::Pdf;
use recorded::drafts;
use serde_json::Value;
use tempfile::TempDir;

fn records(data: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meterbench"));
    command.args(["records", "--data", data.to_str().expect("text")]).args(arguments);
    command.output().expect("ran")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn json(output: &Output) -> Value {
    assert_eq!(output.status.code(), Some(0), "{}", said(output));
    serde_json::from_slice(&output.stdout).expect("one JSON object")
}

/// 60 made-up records: unit 7 failed as record 8 and passed as record 18.
fn folder() -> TempDir {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("folder");
    let mut store = Store::open(&file_in(folder.path())).expect("store");
    store.append_all(&drafts(60)).expect("stored");
    folder
}

#[test]
fn a_certificate_is_of_a_record_or_of_what_speaks_for_a_unit() {
    let folder = folder();
    let out = folder.path().join("deep").join("paper.pdf");
    let out_text = out.to_str().expect("text");
    let told = json(&records(folder.path(), &["certificate", "8", "--output", out_text, "--json"]));
    assert_eq!((&told["serial"], &told["verdict"]), (&"MT0000007".into(), &"FAIL".into()));
    let failed = fs::read(&out).expect("file");
    assert_eq!(told["sha256"], Hash::of(&failed).to_string());
    assert_eq!(told["path"], out_text);
    let pdf = Pdf::checked(&failed);
    assert_eq!(told["pages"], pdf.pages().len());
    assert!(pdf.text().contains("Test report"));
    // The unit passed later: the file is replaced by its certificate.
    let told = json(&records(folder.path(), &["certificate", "MT0000007", "--output", out_text, "--json"]));
    assert_eq!((&told["record"], &told["verdict"], &told["simulated"]), (&18.into(), &"PASS".into(), &true.into()));
    let text = Pdf::checked(&fs::read(&out).expect("file")).text();
    assert!(text.contains("Calibration certificate") && text.contains("Record 18 of station"), "{text}");
    assert_eq!(fs::read_dir(out.parent().expect("folder")).expect("folder").count(), 1, "nothing else is left there");
    for (arguments, words) in [
        (["certificate", "61"], "there is no record 61"),
        (["certificate", "MT9"], "there is no record of MT9"),
        (["certificate", "--serial=8"], "unexpected value"),
    ] {
        let output = records(folder.path(), &[&arguments[..], &["--output", out_text]].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(said(&output).contains(words), "{}", said(&output));
    }
    let output = records(folder.path(), &["certificate", "8", "--serial", "--output", out_text]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("there is no record of 8"), "{}", said(&output));
}

#[test]
fn a_report_is_of_what_was_chosen() {
    let folder = folder();
    let out = folder.path().join("report.pdf");
    let out_text = out.to_str().expect("text");
    let told = json(&records(folder.path(), &["report", "--position", "2", "--output", out_text, "--json"]));
    assert_eq!((&told["attempts"], &told["units"]), (&15.into(), &15.into()));
    let bytes = fs::read(&out).expect("file");
    assert_eq!(told["sha256"], Hash::of(&bytes).to_string());
    assert_eq!(told["pages"], Pdf::checked(&bytes).pages().len());
    let output = records(folder.path(), &["report", "--batch", "nothing", "--output", out_text]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("no record matches"), "{}", said(&output));
    assert!(fs::read(&out).expect("file") == bytes, "the old file stands");
}

#[test]
fn a_label_is_a_pdf_or_a_form_and_only_of_a_unit_that_passed() {
    let folder = folder();
    let out = folder.path().join("label.pdf");
    let out_text = out.to_str().expect("text");
    let told = json(&records(folder.path(), &["label", "1", "--size", "40x20", "--output", out_text, "--json"]));
    assert_eq!((&told["pages"], &told["serial"]), (&1.into(), &"MT0000000".into()));
    assert_eq!(Pdf::checked(&fs::read(&out).expect("file")).code(), "MT0000000");
    let output = records(folder.path(), &["label", "1", "--zpl", "--dpi", "300"]);
    let form = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(form.starts_with("^XA\n") && form.contains("^PW600") && form.ends_with("^XZ\n"), "{form}");
    let output = records(folder.path(), &["label", "8", "--output", out_text]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("record 8 of MT0000007 is FAIL"), "{}", said(&output));
    for wrong in [
        &["label", "1"][..],
        &["label", "1", "--size", "5x5", "--output", out_text],
        &["label", "1", "--dpi", "300", "--output", out_text],
    ] {
        assert_eq!(records(folder.path(), wrong).status.code(), Some(2), "{wrong:?}");
    }
}

#[test]
fn a_template_lies_beside_the_records() {
    let folder = folder();
    let templates = folder.path().join("templates");
    fs::create_dir(&templates).expect("folder");
    let shipped = records(folder.path(), &["template", "label.typ"]).stdout;
    let shipped = String::from_utf8(shipped).expect("UTF-8");
    fs::write(templates.join("label.typ"), shipped.replace("data.day,", "[Passed: #data.day],")).expect("written");
    let out = folder.path().join("label.pdf");
    let out_text = out.to_str().expect("text");
    json(&records(folder.path(), &["label", "1", "--output", out_text, "--json"]));
    let text = Pdf::checked(&fs::read(&out).expect("file")).text();
    assert!(text.contains("Passed: 2026-01-01"), "{text}");
    fs::write(templates.join("label.typ"), "Label\n#data.day\n").expect("written");
    let output = records(folder.path(), &["label", "1", "--output", out_text]);
    assert_eq!(output.status.code(), Some(2));
    let words = said(&output);
    assert!(words.starts_with("label.typ, line 2: unknown variable: data"), "{words}");
    assert!(words.contains("why   It is one of your own templates"), "{words}");
    let names = records(folder.path(), &["template"]);
    assert!(String::from_utf8_lossy(&names.stdout).contains("certificate.typ\n"));
    assert_eq!(records(folder.path(), &["template", "other.typ"]).status.code(), Some(2));
}

/// Unit MT1: record 1 passed, record 2 failed; unit GOLD: record 3, a golden one.
fn outdated() -> TempDir {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("folder");
    let mut store = Store::open(&file_in(folder.path())).expect("store");
    let mut all = drafts(3);
    for (draft, serial) in all.iter_mut().zip(["MT1", "MT1", "GOLD"]) {
        draft.entry.serial = serial.to_owned();
        draft.entry.simulated = false;
    }
    all[1].entry.verdict = Verdict::Fail;
    all[2].entry.traceability.golden = Some(GoldenRun {
        certificate: "L-5".to_owned(),
        laboratory: "A laboratory".to_owned(),
        characterised: "2026-01-10".to_owned(),
    });
    store.append_all(&all).expect("stored");
    folder
}

#[test]
fn a_label_of_what_failed_since_or_of_a_golden_unit_is_refused() {
    let folder = outdated();
    for (record, what, next) in [
        ("1", "record 1 of MT1 is PASS, but record 2 of 2026-01-01 is FAIL", "meterbench records label MT1"),
        ("MT1", "record 2 of MT1 is FAIL", "Test the unit again"),
        ("3", "record 3 of GOLD is of a golden unit", "the label of the laboratory"),
    ] {
        let output = records(folder.path(), &["label", record, "--zpl"]);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{record}");
        let words = said(&output);
        assert!(words.starts_with(what) && words.contains("why ") && words.contains(next), "{words}");
    }
}

#[test]
fn a_sign_that_no_font_has_is_remarked_and_the_paper_made() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("folder");
    let mut store = Store::open(&file_in(folder.path())).expect("store");
    let mut all = drafts(3);
    all[1].entry.operator = Some("Ω漢字 😀".to_owned());
    store.append_all(&all).expect("stored");
    let out = folder.path().join("paper.pdf");
    let out_text = out.to_str().expect("text");
    for (arguments, remark) in [
        (&["certificate", "2"][..], "record 2, operator: no font has 字 U+5B57, 漢 U+6F22, 😀 U+1F600"),
        (&["report"], "record 2, units.operator: no font has 字 U+5B57, 漢 U+6F22, 😀 U+1F600"),
    ] {
        let output = records(folder.path(), &[arguments, &["--output", out_text]].concat());
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        assert!(said(&output).contains(remark), "{}", said(&output));
        assert!(Pdf::checked(&fs::read(&out).expect("file")).text().contains("Ω□□ □"));
    }
}

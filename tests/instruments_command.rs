//! The station's instruments by the binary: entered, listed, due, and what a run does with them.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn meterbench(data: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output: Output = Command::new(env!("CARGO_BIN_EXE_meterbench"))
        .args(["--data", data.to_str().expect("text")])
        .args(arguments)
        .output()
        .expect("ran");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code().expect("ended"), text(output.stdout), text(output.stderr))
}

fn add(data: &Path, certificate: &str, dates: [&str; 2]) -> i32 {
    let [calibrated, due] = dates;
    let serial = ["instruments", "add", "--serial", "SIMULATED-7", "--energy", "0.02", "--voltage", "0.01"];
    let rest = ["--certificate", certificate, "--calibrated", calibrated, "--due", due];
    meterbench(data, &[serial.as_slice(), &rest].concat()).0
}

#[test]
fn who_gives_no_uncertainty_is_told_what_that_means() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("folder");
    let dates = ["--calibrated", "2025-01-01", "--due", "2199-01-01"];
    let given = ["instruments", "add", "--serial", "SIMULATED-7", "--certificate", "K-1"];
    let (code, _, said) = meterbench(folder.path(), &[given.as_slice(), &dates].concat());
    assert!(code == 0 && said.contains("no uncertainty of its certificate was given"), "{said}");
    let (code, report, _) = meterbench(folder.path(), &RUN);
    let report: Value = serde_json::from_str(&report).expect("JSON");
    let used = &report["traceability"]["instruments"][0];
    assert_eq!((code, &used["certificate"], &used["by_maker"]), (0, &"K-1".into(), &true.into()), "{report}");
    assert!(used["uncertainty"].as_array().is_some_and(|lines| !lines.is_empty()), "{report}");
}

const RUN: [&str; 8] = ["run", "--json", "--procedure", "calibrate-quick", "--meter", "sim:?seed=7", "--serial", "MT1"];

#[test]
fn an_overdue_instrument_blocks_until_a_supervisor_or_a_new_certificate_comes() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("folder");
    let data = folder.path();
    assert_eq!(add(data, "K-1", ["2019-01-01", "2020-01-01"]), 0);
    let (code, listed, _) = meterbench(data, &["instruments", "list"]);
    assert_eq!(code, 0);
    assert!(listed.contains("SIMULATED-7") && listed.contains("OVERDUE since"), "{listed}");
    assert_eq!(meterbench(data, &["instruments", "check"]).0, 1);

    let (code, report, _) = meterbench(data, &RUN);
    assert_eq!(code, 3, "{report}");
    let report: Value = serde_json::from_str(&report).expect("JSON");
    assert!(report["advice"]["what"].as_str().expect("text").contains("ended on 2020-01-01"), "{report}");
    assert_eq!(report["record"]["number"], 1, "the refusal is recorded too");

    let allowed = [RUN.as_slice(), &["--supervisor", "Ada"]].concat();
    let (code, report, _) = meterbench(data, &allowed);
    assert_eq!(code, 0, "{report}");
    let report: Value = serde_json::from_str(&report).expect("JSON");
    assert_eq!(report["traceability"]["supervisor"], "Ada");
    let (_, shown, _) = meterbench(data, &["records", "show", "2"]);
    assert!(shown.contains("EXCEPTION") && shown.contains("allowed by Ada") && shown.contains("K-1"), "{shown}");
    assert!(shown.contains("U 0.") && shown.contains("simple acceptance"), "{shown}");

    assert_eq!(add(data, "K-2", ["2025-01-01", "2199-01-01"]), 0);
    assert_eq!(meterbench(data, &["instruments", "check"]).0, 0, "the new certificate counts");
    let (code, report, _) = meterbench(data, &RUN);
    assert_eq!(code, 0, "{report}");
    assert!(report.contains("K-2") && !report.contains("K-1"), "{report}");
}

#[test]
fn what_is_wrong_with_the_file_is_said_and_nothing_is_written() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("folder");
    let data = folder.path();
    assert_eq!(add(data, "K-1", ["2026-01-01", "2025-01-01"]), 2, "due before it was calibrated");
    assert!(!data.join("instruments.toml").exists());
    assert_eq!(add(data, "K-1", ["2024-01-01", "2025-01-01"]), 0);
    assert_eq!(add(data, "K-1", ["2025-01-01", "2026-01-01"]), 2, "the same certificate again");
    std::fs::write(data.join("instruments.toml"), "[[instrument]]\nserial = 7\n").expect("written");
    let (code, _, said) = meterbench(data, &RUN);
    assert_eq!(code, 2);
    assert!(said.contains("instruments.toml") && said.contains("line 2"), "{said}");
}

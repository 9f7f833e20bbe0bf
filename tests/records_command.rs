//! Records by the binary: every run is kept before its verdict is printed, whatever happens to the disk.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_meterbench");

fn folder() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("folder")
}

fn run_arguments<'a>(data: &'a str, serial: &'a str) -> Vec<&'a str> {
    vec![
        "run",
        "--json",
        "--procedure",
        "calibrate-quick",
        "--meter",
        "sim:?seed=7",
        "--serial",
        serial,
        "--data",
        data,
    ]
}

fn meterbench(arguments: &[&str]) -> Output {
    Command::new(BINARY).args(arguments).output().expect("ran")
}

fn records(data: &Path, arguments: &[&str]) -> Output {
    let mut all = vec!["records", "--data", data.to_str().expect("text")];
    all.extend(arguments);
    meterbench(&all)
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).expect("UTF-8");
    text.lines().map(|line| serde_json::from_str(line).expect("one JSON object a line")).collect()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_run_is_kept_with_all_that_it_found() {
    let folder = folder();
    let data = folder.path().to_str().expect("text");
    let mut arguments = run_arguments(data, "MT1");
    arguments.extend(["--operator", "Ada", "--batch", "week 47"]);
    arguments.extend(["--meter", "sim:?seed=8", "--serial", "MT2"]);
    let output = meterbench(&arguments);
    let reports = lines(&output);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let listed = lines(&records(folder.path(), &["list", "--json"]));
    assert_eq!(listed.len(), 2);
    for (report, number) in reports.iter().zip(1_u64..) {
        assert_eq!(report["record"]["number"], number);
        let text = number.to_string();
        let shown = &lines(&records(folder.path(), &["show", &text, "--json", "--texts"]))[0];
        assert_eq!(shown["hash"], report["record"]["hash"]);
        let entry = &shown["record"]["entry"];
        for name in ["verdict", "serial", "simulated", "instruments", "bus", "duration_s"] {
            assert_eq!(entry[name], report[name], "{name}");
        }
        assert_eq!(
            (&entry["operator"], &entry["batch"], &entry["position"]),
            (&"Ada".into(), &"week 47".into(), &number.into())
        );
        let measured = entry["measurements"].as_array().expect("list");
        assert_eq!(measured.len(), report["measurements"].as_array().expect("list").len());
        assert!(measured.len() > 5);
        for (kept, told) in measured.iter().zip(report["measurements"].as_array().expect("list")) {
            assert_eq!((&kept["name"], &kept["value"]), (&told["name"], &told["value"]));
        }
        let registers = entry["registers_after"].as_array().expect("list");
        assert_eq!(registers.len(), report["registers"].as_object().expect("map").len());
        let devices = |name: &str| {
            let readings = entry["readings"].as_array().expect("list");
            readings.iter().filter(|reading| reading["device"] == name).count()
        };
        assert!(devices("reference") > 20 && devices("meter") > 5, "{} {}", devices("reference"), devices("meter"));
        assert!(shown["texts"]["profile"].as_str().expect("text").contains("opensmartmeter-mt50"));
        assert!(shown["texts"]["procedure"].as_str().expect("text").contains("calibrate-quick"));
    }
    let found =
        lines(&records(folder.path(), &["list", "--json", "--serial", "T2", "--verdict", "pass", "--simulated"]));
    assert_eq!(found.len(), 1);
    assert!(lines(&records(folder.path(), &["list", "--json", "--real"])).is_empty());
    let stats = &lines(&records(folder.path(), &["stats", "--json", "--trend", "Ugain"]))[0];
    assert_eq!((&stats["yields"]["attempts"], &stats["first_pass_percent"]), (&2.into(), &100.0.into()));
    assert_eq!(stats["trends"]["Ugain"][0]["n"], 2);
    let checked = records(folder.path(), &["check", "--json"]);
    assert_eq!((checked.status.code(), &lines(&checked)[0]["records"]), (Some(0), &2.into()));
    for (format, name) in [("csv", "out"), ("xlsx", "out.xlsx"), ("jsonl", "out.jsonl")] {
        let path = folder.path().join(format).join(name);
        let output = records(folder.path(), &["export", "--format", format, "--output", path.to_str().expect("text")]);
        assert!(output.status.success() && path.exists(), "{}", said(&output));
    }
}

#[test]
fn a_run_without_a_record_says_so() {
    let folder = folder();
    let data = folder.path().to_str().expect("text");
    let mut arguments = run_arguments(data, "MT1");
    arguments.push("--no-record");
    let output = meterbench(&arguments);
    assert_eq!((output.status.code(), &lines(&output)[0]["record"]), (Some(0), &Value::Null));
    arguments.retain(|argument| *argument != "--json");
    let output = meterbench(&arguments);
    assert!(String::from_utf8_lossy(&output.stdout).contains("NOT RECORDED"));
    let output = records(folder.path(), &["list"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("there are no records"), "{}", said(&output));
}

#[test]
fn a_check_that_finds_something_is_exit_1() {
    let folder = folder();
    let data = folder.path().to_str().expect("text");
    meterbench(&run_arguments(data, "MT1"));
    let connection = rusqlite::Connection::open(folder.path().join("records.db")).expect("open");
    connection.execute_batch("DROP TRIGGER attempt_stays; UPDATE attempt SET simulated = 0").expect("changed");
    let output = records(folder.path(), &["check"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("record 1 of station") && text.contains("it was changed"), "{text}");
}

#[test]
fn records_that_are_gone_are_told_before_the_next_run() {
    let folder = folder();
    let data = folder.path().to_str().expect("text");
    let told = "the records are not those that this station kept last";
    let output = meterbench(&run_arguments(data, "MT1"));
    assert!(!said(&output).contains(told), "{}", said(&output));
    let before = folder.path().join("records.db");
    fs::rename(&before, folder.path().join("elsewhere.db")).expect("moved");
    let output = meterbench(&run_arguments(data, "MT2"));
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains(told) && said(&output).contains("record 1 of station"), "{}", said(&output));
    assert_eq!(records(folder.path(), &["check"]).status.code(), Some(1));
    // Given up, they hold nobody up, and are not forgotten.
    let given_up = String::from_utf8_lossy(&records(folder.path(), &["check", "--accept-loss"]).stdout).into_owned();
    assert!(given_up.contains("nothing was changed") && given_up.contains("was given up as lost"), "{given_up}");
    assert!(!said(&meterbench(&run_arguments(data, "MT2"))).contains(told));
    let later = records(folder.path(), &["check"]);
    assert!(String::from_utf8_lossy(&later.stdout).contains("record 1 of station"), "every check tells of it");
    assert!(said(&records(folder.path(), &["check", "--accept-loss"])).contains("nothing that is noted is gone"));
    // Once they are back, nothing is missing.
    fs::remove_file(&before).expect("removed");
    fs::rename(folder.path().join("elsewhere.db"), &before).expect("moved back");
    fs::remove_dir_all(folder.path().join("heads")).expect("the note of the run between");
    assert!(!said(&meterbench(&run_arguments(data, "MT3"))).contains(told));
}

#[test]
fn a_filter_that_leaves_nothing_says_so() {
    let folder = folder();
    let data = folder.path().to_str().expect("text");
    meterbench(&run_arguments(data, "MT1"));
    let file = folder.path().join("out.jsonl");
    let export = ["export", "--format", "jsonl", "--output", file.to_str().expect("text"), "--batch", "misspelt"];
    for (arguments, told) in [
        (&["stats", "--batch", "misspelt"][..], "no attempt to count matches"),
        (&["list", "--batch", "misspelt"], "no record matches"),
        (&export, "no record matches"),
    ] {
        let output = records(folder.path(), arguments);
        assert!(said(&output).contains(told), "{arguments:?}: {}", said(&output));
    }
    assert!(!said(&records(folder.path(), &["stats"])).contains("matches"));
}

/// The run failed only in being stored: its result waits.
fn waits(folder: &Path, output: &Output, why: &str) {
    let report = &lines(output)[0];
    assert_eq!((output.status.code(), &report["verdict"]), (Some(3), &"ERROR".into()), "{}", said(output));
    assert_eq!(report["record"], Value::Null);
    let advice = &report["advice"];
    assert!(advice["what"].as_str().expect("text").contains("The result (PASS) could not be stored"), "{advice}");
    assert!(advice["why"].as_str().expect("text").contains(why), "{advice}");
    assert_eq!(fs::read_dir(folder.join("spool")).expect("spool").count(), 1);
}

/// The next run takes the waiting result over.
fn is_taken_over(folder: &Path, before: usize) {
    let output = meterbench(&run_arguments(folder.to_str().expect("text"), "MT3"));
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let listed = lines(&records(folder, &["list", "--json"]));
    assert_eq!(listed.len(), before + 2);
    assert_eq!((&listed[1]["serial"], &listed[1]["verdict"]), (&"MT2".into(), &"PASS".into()));
    assert_eq!(fs::read_dir(folder.join("spool")).expect("spool").count(), 0);
    assert_eq!(records(folder, &["check"]).status.code(), Some(0));
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_grow_is_an_error_of_the_bench() {
    let folder = folder();
    let data = folder.path().to_str().expect("text");
    assert_eq!(meterbench(&run_arguments(data, "MT1")).status.code(), Some(0));
    // The log of writing is longer than a file may be then, so nothing can be added to it; the waiting result is shorter.
    let connection = rusqlite::Connection::open(folder.path().join("records.db")).expect("open");
    connection.pragma_update_and_check(None, "wal_autocheckpoint", 0, |_| Ok(())).expect("set");
    let large = "x".repeat(2_500_000);
    connection.execute("INSERT INTO document (sha256, content) VALUES (zeroblob(32), ?1)", [large]).expect("large");
    let command = "trap '' XFSZ; ulimit -f 2000; exec \"$0\" \"$@\"";
    let mut child = Command::new("bash");
    child.args(["-c", command, BINARY]).args(run_arguments(data, "MT2"));
    let output = child.output().expect("ran");
    waits(folder.path(), &output, "The disk is full");
    drop(connection);
    let output = meterbench(&run_arguments(data, "MT3"));
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let listed = lines(&records(folder.path(), &["list", "--json"]));
    assert_eq!(
        listed.iter().map(|found| found["serial"].as_str().expect("text")).collect::<Vec<_>>(),
        ["MT3", "MT2", "MT1"]
    );
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_written_is_an_error_of_the_bench() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
    use std::os::unix::process::CommandExt as _;
    const NOBODY: u32 = 65534;
    let folder = folder();
    let data = folder.path().to_str().expect("text");
    assert_eq!(meterbench(&run_arguments(data, "MT1")).status.code(), Some(0));
    let store = folder.path().join("records.db");
    fs::set_permissions(&store, fs::Permissions::from_mode(0o444)).expect("mode");
    let mut child = Command::new(BINARY);
    child.args(run_arguments(data, "MT2"));
    // Permissions mean nothing to root, so root lets somebody else try, in a folder that is theirs.
    if fs::metadata(&store).expect("there").uid() == 0 {
        child.uid(NOBODY);
        for name in ["", "heads"] {
            chown(folder.path().join(name), Some(NOBODY), None).expect("owner");
        }
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("mode");
    }
    let output = child.output().expect("ran");
    waits(folder.path(), &output, "may not be written by this user");
    fs::set_permissions(&store, fs::Permissions::from_mode(0o644)).expect("mode");
    is_taken_over(folder.path(), 1);
}

#[test]
fn what_can_be_stored_nowhere_is_not_begun() {
    let folder = folder();
    fs::create_dir_all(folder.path().join("records.db")).expect("folder");
    fs::write(folder.path().join("spool"), "no folder").expect("file");
    let output = meterbench(&run_arguments(folder.path().to_str().expect("text"), "MT2"));
    assert_eq!((output.status.code(), lines(&output).len()), (Some(3), 0));
    assert!(!said(&output).contains("Source: 240"), "{}", said(&output));
}

#[test]
fn two_runs_at_once_share_one_chain() {
    let folder = folder();
    let data = folder.path().to_str().expect("text");
    let children: Vec<_> = (0..6)
        .map(|number| {
            let serial = format!("MT{number}");
            let child =
                Command::new(BINARY).args(run_arguments(data, &serial)).stdout(std::process::Stdio::piped()).spawn();
            child.expect("started")
        })
        .collect();
    let mut numbers: Vec<u64> = children
        .into_iter()
        .map(|child| {
            let output = child.wait_with_output().expect("ended");
            assert_eq!(output.status.code(), Some(0));
            lines(&output)[0]["record"]["number"].as_u64().expect("number")
        })
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
    assert_eq!(records(folder.path(), &["check"]).status.code(), Some(0));
}

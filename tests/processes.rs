//! The binary as a script uses it: two processes over TCP and over a pty, many units at once, exit codes, signals.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

mod real_time;

use std::io::{BufRead, BufReader, Write as _};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use real_time::in_real_time;
use serde_json::Value;

const BINARY: &str = env!("CARGO_BIN_EXE_meterbench");
/// Records of these runs, which all share.
const DATA: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/processes");

/// A `meterbench simulate` that ends with the test.
struct Simulator {
    child: Child,
    addresses: Value,
}

impl Simulator {
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(BINARY)
            .args(["simulate", "--json", "--seconds", "300"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("started");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("addresses");
        Self { child, addresses: serde_json::from_str(&line).expect("JSON") }
    }

    fn meter(&self, number: usize) -> &str {
        self.addresses["meters"][number].as_str().expect("text")
    }

    fn bench(&self) -> &str {
        self.addresses["bench"].as_str().expect("text")
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn meterbench(arguments: &[&str]) -> Output {
    Command::new(BINARY).args(arguments).args(["--data", DATA]).output().expect("ran")
}

fn reports(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).expect("UTF-8");
    text.lines().map(|line| serde_json::from_str(line).expect("one JSON object a line")).collect()
}

fn run_quickly(simulator: &Simulator, more: &[&str]) -> Output {
    let mut arguments = vec!["run", "--json", "--procedure", "calibrate-quick", "--reference", simulator.bench()];
    arguments.extend(more);
    meterbench(&arguments)
}

#[test]
fn a_calibration_over_tcp() {
    in_real_time(|| {
        let simulator = Simulator::start(&["--sim", "sim:?seed=7"]);
        let output = run_quickly(&simulator, &["--meter", simulator.meter(0), "--serial", "TCP7"]);
        let report = &reports(&output)[0];
        assert_eq!(output.status.code(), Some(0), "{report}");
        assert_eq!(report["verdict"], "PASS");
        assert_eq!(report["simulated"], true, "by what the instrument says of itself");
    });
}

#[cfg(unix)]
#[test]
fn a_calibration_over_a_pty_at_9600_baud() {
    in_real_time(|| {
        let simulator =
            Simulator::start(&["--sim", "sim:?seed=8", "--meter", "pty", "--bench", "pty", "--baud", "9600"]);
        assert!(simulator.meter(0).starts_with("afe+serial:/dev/"));
        let output = run_quickly(&simulator, &["--meter", simulator.meter(0), "--serial", "PTY8"]);
        let report = &reports(&output)[0];
        assert_eq!(output.status.code(), Some(0), "{report}");
        let bus = &report["bus"];
        let needed =
            bus["wire_micros"].as_f64().expect("number") + bus["transactions"].as_f64().expect("number") * 1000.0;
        assert!(bus["busy_micros"].as_f64().expect("number") >= needed, "{bus}");
    });
}

#[test]
fn a_flashed_unit_and_its_record() {
    let image = concat!(env!("CARGO_MANIFEST_DIR"), "/firmware/images/meter.elf");
    let run = |more: &[&str]| {
        let mut arguments = vec!["run", "--json", "--procedure", "calibrate-flash-quick", "--meter", "sim:?seed=3"];
        arguments.extend(more);
        meterbench(&arguments)
    };
    let output = run(&["--serial", "FLASH3", "--flash", "sim:", "--image", image, "--bench", "Bench 2"]);
    let report = &reports(&output)[0];
    assert_eq!(output.status.code(), Some(0), "{report}");
    let number = report["record"]["number"].to_string();
    let shown = reports(&meterbench(&["records", "show", &number, "--json"])).remove(0);
    let entry = &shown["record"]["entry"];
    assert_eq!(entry["serial"], "FLASH3", "{shown}");
    assert_eq!(entry["image_sha256"], report["flash"]["image_sha256"]);
    assert_eq!(entry["uid"], report["flash"]["record"], "the unit tells its record");
    let flash: Value = serde_json::from_str(entry["flash"].as_str().expect("text")).expect("JSON");
    assert_eq!(flash["chip"]["unique_id"].as_str().map(str::len), Some(24));
    assert_eq!(flash["chip"]["chip_id"], "0x410");

    // A chip that cannot be flashed is an ERROR, and what is missing is bad usage.
    let output = run(&["--serial", "FLASH4", "--flash", "sim:?gone_at=9000", "--image", image]);
    assert_eq!((output.status.code(), &reports(&output)[0]["verdict"]), (Some(3), &Value::from("ERROR")));
    for more in [
        &["--serial", "F5"][..],
        &["--serial", "F5", "--flash", "sim:"],
        &["--serial", "F5", "--flash", "sim:", "--image", "/nowhere"],
        &["--serial", "F5", "--flash", "sim:", "--image", image, "--image", image],
        &["--serial", "F5", "--flash", "sim:?nack=1", "--image", image],
        &["--serial", "F5", "--flash", "scpi+tcp:h:1", "--image", image],
        &["--serial", "F5", "--flash", "sim:", "--image", image, "--service", "sim:"],
    ] {
        assert_eq!(run(more).status.code(), Some(2), "{more:?}");
    }
    let output = meterbench(&["run", "--meter", "sim:", "--serial", "F6", "--flash", "sim:", "--image", image]);
    assert_eq!(output.status.code(), Some(2), "the procedure flashes nothing");
}

#[test]
fn a_meter_process_that_dies_is_an_error() {
    in_real_time(|| {
        let simulator = Simulator::start(&["--sim", "sim:?seed=9&gone_at=4"]);
        let output = run_quickly(&simulator, &["--meter", simulator.meter(0), "--serial", "GONE9"]);
        assert_eq!(output.status.code(), Some(3));
        let report = &reports(&output)[0];
        assert_eq!(report["verdict"], "ERROR");
        assert!(!report["advice"]["next"].as_str().expect("advice").is_empty());
    });
}

#[test]
fn many_units_on_one_source() {
    let mut arguments = vec!["run".to_owned(), "--json".to_owned()];
    for seed in 1..=24 {
        // Three bad ones among them hold nobody up.
        let defect = match seed {
            5 => "&defect=ct-reversed",
            6 => "&gone_at=30",
            7 => "&defect=burden-wrong",
            _ => "",
        };
        arguments.extend(["--meter".to_owned(), format!("sim:?seed={seed}{defect}")]);
        arguments.extend(["--serial".to_owned(), format!("MANY{seed}")]);
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let output = meterbench(&arguments);
    let reports = reports(&output);
    assert_eq!(reports.len(), 24);
    for (number, report) in reports.iter().enumerate() {
        let expected = match number + 1 {
            5 | 7 => "FAIL",
            6 => "ERROR",
            _ => "PASS",
        };
        assert_eq!(report["verdict"], expected, "{}: {}", report["serial"], report["advice"]);
        assert_eq!(report["serial"], format!("MANY{}", number + 1));
    }
    assert_eq!(output.status.code(), Some(3), "the worst decides");
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let run = || {
        let output = meterbench(&["run", "--json", "--meter", "sim:?seed=21", "--serial", "SAME", "--no-record"]);
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    assert_eq!(run(), run());
}

#[cfg(unix)]
#[test]
fn a_polite_kill_switches_the_source_off() {
    let child = Command::new(BINARY)
        .args(["run", "--json", "--meter", "sim:?seed=7&pace=2", "--serial", "KILL7", "--data", DATA])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    std::thread::sleep(Duration::from_secs(3));
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill").success());
    let output = child.wait_with_output().expect("ended");
    assert_eq!(output.status.code(), Some(4));
    assert_eq!(reports(&output)[0]["verdict"], "ABORTED");
    assert!(String::from_utf8_lossy(&output.stderr).contains("Source: off"));
}

#[cfg(unix)]
#[test]
fn a_question_nobody_answers_can_be_cancelled() {
    let simulator = Simulator::start(&["--sim", "sim:?seed=7"]);
    let mut child = Command::new(BINARY)
        .args([
            "run",
            "--json",
            "--meter",
            simulator.meter(0),
            "--reference",
            "manual:",
            "--serial",
            "ASK7",
            "--data",
            DATA,
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    // Standard input stays open: somebody could still answer.
    let _stdin = child.stdin.take();
    std::thread::sleep(Duration::from_secs(2));
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().expect("kill").success());
    let output = child.wait_with_output().expect("ended");
    assert_eq!(output.status.code(), Some(4), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stderr).contains("Set the source to 240.0 V"));
}

#[test]
fn prompts_are_answered_through_a_pipe() {
    let mut child = Command::new(BINARY)
        .args(["run", "--meter", "sim:?seed=7", "--reference", "manual:", "--serial", "PIPE8"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    // The source is set, then U (once wrongly), I and P are read; then nobody answers any more.
    child.stdin.take().expect("pipe").write_all(b"\n24\n240,1\n5.003 A\nPF 1\n").expect("piped");
    let output = child.wait_with_output().expect("ended");
    let said = String::from_utf8_lossy(&output.stderr);
    let mut rest = &*said;
    for part in [
        "switched on [Enter when done]: ",
        "U as the reference shows (load point 240.0 V) [120 to 360 V]: ",
        "24 V is outside of 120 to 360 V",
        "I as the reference shows (load point 5.000 A) [2.5 to 7.5 A]: ",
        "or the power factor as PF 1: ",
    ] {
        let at = rest.find(part).unwrap_or_else(|| panic!("{part:?} is missing: {said}"));
        rest = &rest[at..];
    }
    assert_ne!(output.status.code(), Some(0), "the simulated source was never switched on");
}

#[cfg(unix)]
#[test]
fn nobody_reading_the_messages_stops_nothing() {
    // A closed pipe on standard error: printing there fails, the run must not.
    let mut child = Command::new(BINARY)
        .args(["run", "--json", "--meter", "sim:?seed=7", "--serial", "PIPE7", "--data", DATA])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    drop(child.stderr.take());
    let output = child.wait_with_output().expect("ended");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(reports(&output)[0]["verdict"], "PASS");
}

#[cfg(unix)]
#[test]
fn nobody_reading_the_result_changes_nothing_of_it() {
    let closed = |arguments: &[&str]| {
        let mut child = Command::new(BINARY)
            .args(arguments)
            .args(["--data", DATA])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("started");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("ended");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    assert_eq!(closed(&["run", "--meter", "sim:?seed=7", "--serial", "CLOSED7"]).0, Some(0));
    let failed = closed(&["run", "--meter", "sim:?seed=7&defect=ct-reversed", "--serial", "CLOSED8"]);
    assert_eq!(failed.0, Some(1), "{}", failed.1);
    assert_eq!(closed(&["profile", "list"]), (Some(0), String::new()));
    // Not the reader went away, but there is no room.
    let full = std::fs::File::options().write(true).open("/dev/full").expect("a full device");
    let full = Command::new(BINARY).args(["profile", "list"]).stdout(full).output().expect("ran");
    assert_eq!(full.status.code(), Some(3), "{}", String::from_utf8_lossy(&full.stderr));
}

#[test]
fn bad_usage_is_exit_2_and_says_what_is_right() {
    for (arguments, part) in [
        (vec!["run", "--meter", "sim:?sed=7", "--serial", "X"], "sed"),
        (vec!["run", "--meter", "sim:", "--serial", "A", "--serial", "B"], "one serial number belongs to each meter"),
        (vec!["run", "--meter", "sim:", "--meter", "sim:", "--serial", "A", "--serial", "B"], "its own"),
        (vec!["run", "--meter", "sim:", "--serial", "two words"], "serial number"),
        (vec!["run", "--meter", "sim:", "--serial", "X", "--profile", "nonsense"], "opensmartmeter-mt50"),
        (vec!["run", "--meter", "afe+tcp:127.0.0.1:1", "--serial", "X"], "needs a reference"),
        (vec!["run", "--meter", "bogus:", "--serial", "X"], "a meter under test is"),
        (vec!["run", "--meter", "ttyUSB0", "--serial", "X"], "colon"),
        (vec!["read", "--meter", "sim:", "--interval", "nan"], "no time in seconds"),
        (vec!["simulate", "--seconds", "nan"], "no time in seconds"),
        (vec!["run", "--meter", "sim:", "--serial", "X", "--batch", "one\ntwo"], "control character"),
        (vec!["records", "list", "--from", "2026-11-23", "--to", "2026-11-21"], "lies behind"),
        (vec!["records", "list", "--position", "0"], "0 is not in"),
        (vec!["simulate", "--sim", "afe+tcp:127.0.0.1:1"], "a sim: address is wanted"),
        (
            vec!["records", "--data", DATA, "import", concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")],
            "neither a station's",
        ),
    ] {
        let output = meterbench(&arguments);
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {message}");
        assert!(message.contains(part), "{message}");
    }
}

#[cfg(unix)]
#[test]
fn a_unit_is_not_touched_where_its_result_could_be_kept_nowhere() {
    let arguments = ["run", "--meter", "sim:?seed=7", "--serial", "X", "--data", "/dev/null/nowhere"];
    let output = Command::new(BINARY).args(arguments).output().expect("started");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("/dev/null/nowhere") && !said.contains("Source: 240"), "{said}");
}

#[test]
fn a_port_that_is_not_there_is_exit_3() {
    let meter = "afe+serial:/dev/no-such-port";
    let output = meterbench(&["run", "--json", "--meter", meter, "--reference", "manual:", "--serial", "X"]);
    assert_eq!(output.status.code(), Some(3));
    let report = &reports(&output)[0];
    assert_eq!((&report["verdict"], &report["serial"]), (&Value::from("ERROR"), &Value::from("X")));
    assert!(report["advice"]["what"].as_str().expect("advice").contains("/dev/no-such-port"));
    assert_eq!(report["registers"], serde_json::json!({}), "nothing was read");
}

#[test]
fn live_readings() {
    let output = meterbench(&["read", "--json", "--meter", "sim:?seed=7", "--at", "1,1,0.5L", "--count", "3"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let readings = reports(&output);
    assert_eq!(readings.len(), 3);
    for reading in &readings {
        assert_eq!(reading["simulated"], true);
        let volts = reading["reference"]["u_v"].as_f64().expect("number");
        assert!((volts - 240.0).abs() < 1.0, "{volts}");
        // A chip that has not been started measures nothing: that is said, and is no error.
        assert!(reading["error_percent"]["u"].is_null() && reading["meter"]["u_v"].is_null(), "{reading}");
        assert!(reading["remarks"][0].as_str().expect("remark").contains("AdjStart is 6886"), "{reading}");
    }
    let output = meterbench(&["read", "--json", "--meter", "sim:?seed=7&state=calibrated", "--at", "1,1,1"]);
    let [reading] = reports(&output).try_into().expect("one reading");
    let error = reading["error_percent"]["u"].as_f64().expect("number");
    assert!(error.abs() < 0.5 && reading["remarks"].as_array().expect("remarks").is_empty(), "{reading}");
}

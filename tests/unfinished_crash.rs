//! The program killed in the middle of a long test, and power that goes: the next start finds what was done.
//!
//! The meter is another process, reached over TCP, and lives on; so time is real here.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at what it did not expect"
)]

mod real_time;
mod recorded;
mod verifying;
// What `verifying` stands on.
mod simulated;

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use real_time::in_real_time;
use serde_json::Value;
use verifying::text_of_entries;

const BINARY: &str = env!("CARGO_BIN_EXE_meterbench");

/// 15 s without load, and up to one impulse.
const NO_LOAD: &str = r#"
[[verify]]
name = "115 % Un"
kind = "no-load"
u_of_un = 1.15
formula = "imax"
coefficient = 4800000.0
pulses = 1
limit_source = "test"
"#;

struct Simulator {
    child: Child,
    addresses: Value,
}

impl Simulator {
    fn start(sim: &str) -> Self {
        let mut child = Command::new(BINARY)
            .args(["simulate", "--json", "--seconds", "300", "--sim", sim])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("started");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("addresses");
        Self { child, addresses: serde_json::from_str(&line).expect("JSON") }
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

struct Station {
    simulator: Simulator,
    data: PathBuf,
    procedure: PathBuf,
}

impl Station {
    fn new(data: &Path, sim: &str, entries: &str) -> Self {
        let procedure = data.join("procedure.toml");
        std::fs::write(&procedure, text_of_entries(entries)).expect("written");
        Self { simulator: Simulator::start(sim), data: data.to_owned(), procedure }
    }

    fn run(&self, more: &[&str]) -> Command {
        let mut command = Command::new(BINARY);
        let addresses = &self.simulator.addresses;
        command
            .args(["run", "--json", "--serial", "MT1", "--data"])
            .arg(&self.data)
            .arg("--procedure")
            .arg(&self.procedure)
            .args(["--meter", addresses["meters"][0].as_str().expect("text")])
            .args(["--reference", addresses["bench"].as_str().expect("text")])
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs, and kills it when a look of the long test has been written down since and the wait is over.
    fn killed(&self, more: &[&str], wait: Duration) {
        let before = self.page();
        let mut child = self.run(more).spawn().expect("started");
        while self.page() == before || !self.page().contains("\"secs\"") {
            std::thread::sleep(Duration::from_millis(20));
            if let Some(status) = child.try_wait().expect("asked") {
                let mut said = String::new();
                child.stderr.take().expect("piped").read_to_string(&mut said).expect("text");
                panic!("{status}: {said}");
            }
        }
        std::thread::sleep(wait);
        child.kill().expect("killed");
        child.wait().expect("gone");
    }

    fn ended(&self, more: &[&str], typed: Option<&str>) -> (i32, Value, String) {
        let mut command = self.run(more);
        if typed.is_some() {
            command.stdin(Stdio::piped());
        }
        let mut child = command.spawn().expect("started");
        if let Some(typed) = typed {
            child.stdin.take().expect("piped").write_all(typed.as_bytes()).expect("typed");
        }
        let output = child.wait_with_output().expect("ended");
        let said = String::from_utf8(output.stderr).expect("text");
        let report = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        (output.status.code().expect("by itself"), report, said)
    }

    /// The page beside the records; empty where there is none.
    fn page(&self) -> String {
        let Ok(files) = std::fs::read_dir(self.data.join("unfinished")) else { return String::new() };
        let mut pages = files
            .map(|file| file.expect("entry").path())
            .filter(|path| path.extension().is_some_and(|is| is == "json"));
        pages.next().map_or_else(String::new, |path| std::fs::read_to_string(path).unwrap_or_default())
    }

    fn left(&self) -> usize {
        std::fs::read_dir(self.data.join("unfinished")).map_or(0, Iterator::count)
    }

    fn records(&self, arguments: &[&str]) -> String {
        let output =
            Command::new(BINARY).arg("--data").arg(&self.data).arg("records").args(arguments).output().expect("ran");
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).expect("text")
    }
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("folder")
}

fn measured(report: &Value, name: &str) -> f64 {
    let all = report["measurements"].as_array().expect("measurements");
    all.iter().find(|one| one["name"] == name).unwrap_or_else(|| panic!("{report}"))["value"].as_f64().expect("number")
}

#[test]
fn killed_again_and_again_the_test_comes_to_its_end() {
    in_real_time(|| {
        let data = folder();
        let twice = NO_LOAD.replace("4800000", "9600000");
        let station = Station::new(data.path(), "sim:?seed=7&state=calibrated", &twice);
        station.killed(&[], Duration::from_millis(150));
        let said = station.ended(&[], None);
        assert_eq!(said.0, 2, "nobody is there to answer: {said:?}");
        assert!(said.2.contains("MT1 was interrupted on") && said.2.contains("--continue or --restart"), "{}", said.2);
        for round in 0..3 {
            station.killed(&["--continue"], Duration::from_millis(round * 730 + 90));
        }
        let clock = meterbench::clock::RealClock::shared();
        let begun = clock.now();
        let (code, report, said) = station.ended(&[], Some("1\n"));
        assert_eq!(code, 0, "{report} {said}");
        assert!(said.contains("MT1 goes on at \"No load: 115 % Un\""), "{said}");
        let time = measured(&report, "no_load_time");
        assert!(time >= 29.9, "{time} s were watched in all");
        assert!(clock.now().since(begun).as_secs_f64() < time - 6.0, "not all of them now");
        let continued = report["traceability"]["continued"].as_array().expect("told");
        assert_eq!(continued.len(), 4, "{continued:?}");
        assert_eq!(station.left(), 0, "nothing is left to be taken up");
        let record = report["record"]["number"].as_u64().expect("recorded").to_string();
        let shown = station.records(&["show", &record]);
        assert_eq!(shown.matches("CONTINUED").count(), 4, "{shown}");
        assert!(shown.contains("of them before the last of 4 interruptions"), "{shown}");
        let kept: Value = serde_json::from_str(&station.records(&["--json", "show", &record])).expect("JSON");
        let at: Vec<f64> = kept["record"]["entry"]["readings"]
            .as_array()
            .or_else(|| kept["entry"]["readings"].as_array())
            .unwrap_or_else(|| panic!("{kept}"))
            .iter()
            .filter(|reading| reading["device"] == "reference")
            .map(|reading| reading["at_s"].as_f64().expect("number"))
            .collect();
        assert!(at.is_sorted() && at.last() > Some(&29.0), "the readings of all parts, one behind the other: {at:?}");
        station.records(&["check"]);
        let (code, _, said) = station.ended(&["--continue"], None);
        assert!(code == 0 && said.contains("Nothing was interrupted"), "{said}");
    });
}

#[test]
fn who_starts_again_leaves_a_record_of_what_there_was() {
    in_real_time(|| {
        let data = folder();
        let station = Station::new(data.path(), "sim:?seed=7&state=calibrated", NO_LOAD);
        station.killed(&[], Duration::from_millis(100));
        let (code, report, said) = station.ended(&["--restart"], None);
        assert_eq!(code, 0, "{said}");
        assert_eq!(report["traceability"]["continued"], Value::Null);
        let listed = station.records(&["list"]);
        assert_eq!((listed.matches("ABORTED").count(), listed.matches("PASS").count()), (1, 1), "{listed}");
        let shown = station.records(&["show", "1"]);
        assert!(shown.contains("What was kept of the run ends at \"No load: 115 % Un\""), "{shown}");
        assert!(shown.contains("The operator started the unit again"), "{shown}");
        assert!(shown.contains("Find the meter"), "what had been done: {shown}");
        assert_eq!(station.left(), 0);
        station.records(&["check"]);
    });
}

#[test]
fn what_cannot_be_gone_on_with_says_why_and_starts_again() {
    in_real_time(|| {
        let data = folder();
        let station = Station::new(data.path(), "sim:?seed=7&state=calibrated", NO_LOAD);
        station.killed(&[], Duration::ZERO);
        // While a run goes on, nobody takes it for one that was cut off.
        let mut child = station.run(&["--continue"]).spawn().expect("started");
        let before = station.page();
        while station.page() == before {
            std::thread::sleep(Duration::from_millis(20));
        }
        let (code, _, said) = station.ended(&["--continue"], None);
        assert!(code == 2 && said.contains("is being tested by another process"), "{said}");
        child.kill().expect("killed");
        child.wait().expect("gone");
        // Another unit under the same number.
        let page = station.page();
        let word = page.split("\"Ugain\":\"").nth(1).expect("there")[..6].to_owned();
        let altered = page.replace(&word, "0x1234");
        let file =
            std::fs::read_dir(data.path().join("unfinished")).expect("folder").map(|one| one.expect("entry").path());
        let file = file.into_iter().find(|path| path.extension().is_some_and(|is| is == "json")).expect("page");
        std::fs::write(&file, altered).expect("written");
        let (code, report, said) = station.ended(&["--continue"], None);
        assert_eq!(code, 0, "{said} {report}");
        assert!(said.contains("MT1 starts again: it is another unit, or its chip was reset"), "{said}");
        assert!(measured(&report, "no_load_time") >= 14.9);
        assert_eq!(report["steps"].as_array().expect("steps").len(), 2);
        let listed = station.records(&["list"]);
        assert_eq!((listed.matches("ABORTED").count(), listed.matches("PASS").count()), (1, 1), "{listed}");

        // Another procedure.
        station.killed(&[], Duration::ZERO);
        std::fs::write(&station.procedure, text_of_entries(&NO_LOAD.replace("pulses = 1", "pulses = 2")))
            .expect("written");
        let (code, _, said) = station.ended(&["--continue"], None);
        assert_eq!(code, 0, "{said}");
        assert!(said.contains("It starts again: it was a run of test, and the procedure is another one now"), "{said}");
        // A page that nobody can read costs nothing but itself.
        station.killed(&[], Duration::ZERO);
        std::fs::write(&file, "{\"program\":").expect("written");
        let (code, _, said) = station.ended(&["--continue"], None);
        assert!(code == 0 && said.contains("Nothing was interrupted"), "{said}");
        station.records(&["check"]);
    });
}

//! The simulated boot loader against a client nobody here wrote: stm32flash, as Debian has it, over a pty. And our own client
//! through the binary, on the same simulator.
//!
//! Without stm32flash on the machine its stories are skipped and say so.

#![cfg(unix)]
#![allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

const BINARY: &str = env!("CARGO_BIN_EXE_meterbench");

/// A served chip that ends with the test.
struct Chip {
    child: Child,
    address: String,
}

impl Chip {
    fn start(outlet: &str, options: &str) -> Self {
        let mut child = Command::new(BINARY)
            .args(["simulate", "--json", "--seconds", "120", "--rom", outlet, "--rom-chip", options])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("started");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("addresses");
        let addresses: Value = serde_json::from_str(&line).expect("JSON");
        Self { child, address: addresses["rom"].as_str().expect("text").to_owned() }
    }

    fn terminal(&self) -> &str {
        self.address.trim_start_matches("rom+serial:").trim_end_matches("?parity=none")
    }

    /// stm32flash with these arguments; a pty has no parity.
    fn stm32flash(&self, arguments: &[&str]) -> Output {
        Command::new("stm32flash").args(["-m", "8n1"]).args(arguments).arg(self.terminal()).output().expect("ran")
    }

    fn flash(&self, file: &PathBuf, more: &[&str]) -> (Option<i32>, Value, String) {
        let output = Command::new(BINARY)
            .args(["flash", "--no-record", "--json", "--target", &self.address, "--image"])
            .arg(file)
            .args(more)
            .output()
            .expect("ran");
        let report = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        (output.status.code(), report, String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

impl Drop for Chip {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Whether the foreign client is here.
fn is_missing() -> bool {
    let missing = Command::new("stm32flash").arg("-h").output().is_err();
    if missing {
        eprintln!("skipped: stm32flash is not installed (apt-get install stm32flash)");
    }
    missing
}

/// A file of this test's own with a program of that length.
fn file(name: &str, length: usize) -> (PathBuf, Vec<u8>) {
    let mut bytes: Vec<u8> = (0..length as u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 11) as u8).collect();
    bytes[..4].copy_from_slice(&0x2000_5000_u32.to_le_bytes());
    bytes[4..8].copy_from_slice(&0x0800_0101_u32.to_le_bytes());
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, &bytes).expect("written");
    (path, bytes)
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn stm32flash_writes_verifies_reads_and_erases() {
    if is_missing() {
        return;
    }
    for (erase, length) in [("43", 20_000), ("44", 5_003)] {
        let chip = Chip::start("pty", &format!("sim:?erase={erase}"));
        let (path, bytes) = file(&format!("theirs-{erase}.bin"), length);
        let name = path.to_str().expect("text");
        let output = chip.stm32flash(&["-w", name, "-v"]);
        assert!(output.status.success(), "{}", text(&output));
        assert!(text(&output).contains("0x0410"), "{}", text(&output));

        let back = format!("{name}.back");
        let output = chip.stm32flash(&["-r", &back, "-S", &format!("0x08000000:{}", length.next_multiple_of(4))]);
        assert!(output.status.success(), "{}", text(&output));
        assert!(std::fs::read(&back).expect("read")[..length] == bytes);

        assert!(chip.stm32flash(&["-o"]).status.success());
        chip.stm32flash(&["-r", &back, "-S", "0x08000000:4096"]);
        assert!(std::fs::read(&back).expect("read").iter().all(|byte| *byte == 0xFF));
    }
}

#[test]
fn stm32flash_finds_what_we_wrote() {
    if is_missing() {
        return;
    }
    let chip = Chip::start("pty", "sim:?seed=5");
    let (path, bytes) = file("ours.bin", 30_000);
    let (code, report, messages) = chip.flash(&path, &[]);
    assert_eq!(code, Some(0), "{messages}");
    assert_eq!(report["bytes_written"], 30_208);
    let back = path.with_extension("back");
    let output = chip.stm32flash(&["-r", back.to_str().expect("text"), "-S", "0x08000000:30000"]);
    assert!(output.status.success(), "{}", text(&output));
    assert!(std::fs::read(&back).expect("read") == bytes);
}

#[test]
fn stm32flash_and_we_agree_on_protection() {
    if is_missing() {
        return;
    }
    let chip = Chip::start("pty", "sim:");
    assert!(chip.stm32flash(&["-j"]).status.success(), "readout protection on");
    let (path, _) = file("protected.bin", 2_000);
    let (code, _, messages) = chip.flash(&path, &[]);
    assert_eq!(code, Some(3));
    assert!(messages.contains("protected"), "{messages}");
    assert!(!chip.stm32flash(&["-w", path.to_str().expect("text")]).status.success());
    assert!(chip.stm32flash(&["-k"]).status.success(), "readout protection off");
    assert_eq!(chip.flash(&path, &[]).0, Some(0));
    assert_eq!(chip.flash(&path, &["--protect"]).0, Some(0));
    assert!(!chip.stm32flash(&["-w", path.to_str().expect("text")]).status.success());
}

#[test]
fn the_report_of_the_command_line() {
    let chip = Chip::start("tcp:127.0.0.1:0", "sim:?seed=7");
    let (path, _) = file("report.bin", 3_000);
    let (code, report, messages) = chip.flash(&path, &["--start"]);
    assert_eq!(code, Some(0), "{messages}");
    assert_eq!(report["chip_id"], "0x410");
    assert_eq!(report["unique_id"], "000000074554414c554d4953");
    assert_eq!((&report["flash_kib"], &report["pages_erased"]), (&64.into(), &3.into()));
    assert_eq!(
        (&report["verified"], &report["started"], &report["simulated"]),
        (&true.into(), &true.into(), &true.into())
    );
    assert!(report["seconds"].as_f64().expect("number") > 0.1);
    // The program runs now, and the boot loader is gone.
    let (code, _, messages) = chip.flash(&path, &[]);
    assert_eq!(code, Some(3));
    assert!(messages.contains("BOOT0"), "{messages}");
}

#[test]
fn exit_codes_tell_input_from_chip() {
    let chip = Chip::start("tcp:127.0.0.1:0", "sim:");
    let (path, _) = file("codes.bin", 3_000);
    let (large, _) = file("large.bin", 70_000);
    assert_eq!(chip.flash(&large, &[]).0, Some(2), "too large");
    assert_eq!(chip.flash(&path, &["--address", "0x20000000"]).0, Some(2), "not flash");
    assert_eq!(chip.flash(&path.with_extension("none"), &[]).0, Some(2), "no such file");
    assert_eq!(chip.flash(&path, &["--chip", "0x412"]).0, Some(3), "another chip");
    assert_eq!(chip.flash(&path, &[]).0, Some(0));
}

#[test]
fn a_polite_kill_stops_between_two_blocks() {
    let mut served = Command::new(BINARY)
        .args(["simulate", "--json", "--seconds", "120", "--rom", "tcp:127.0.0.1:0", "--rom-baud", "9600"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("started");
    let mut line = String::new();
    BufReader::new(served.stdout.take().expect("piped")).read_line(&mut line).expect("addresses");
    let address = serde_json::from_str::<Value>(&line).expect("JSON")["rom"].as_str().expect("text").to_owned();
    let chip = Chip { child: served, address };
    let (path, _) = file("killed.bin", 60_000);
    let mut child = Command::new(BINARY)
        .args(["flash", "--no-record", "--target", &chip.address, "--image"])
        .arg(&path)
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    let mut messages = BufReader::new(child.stderr.take().expect("piped")).lines();
    assert!(messages.any(|line| line.expect("text").starts_with("Write: ")), "it writes");
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill").success());
    let rest: Vec<String> = messages.map(|line| line.expect("text")).collect();
    assert_eq!(child.wait().expect("ended").code(), Some(4), "{rest:?}");
    assert!(rest.iter().any(|line| line.contains("no working program")), "{rest:?}");
}

//! A unit from its label to its verdict by `meterbench run`: calibrated through its service port, given its own image by the boot loader, booted from
//! that very memory in QEMU, verified. And the same with a bit of it turned over.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

mod emulator;
mod real_time;

use std::io::Read as _;
use std::process::{ChildStderr, Command, Stdio};

use emulator::Wires;
use emulator::unit::Unit;
use meter_interface::block::{Block, Copy, FLASH_START};
use meterbench::image::block::Pages;
use meterbench::sim::serve::{Outlet, serve};
use real_time::in_real_time;
use serde_json::Value;

const SERIAL: &str = "MT50-000123";

/// Does what the program asks for, as the hands at a bench would; returns all it said.
fn serve_prompts(stderr: &mut ChildStderr, mut enter: impl std::io::Write, mut on_prompt: impl FnMut(&str)) -> String {
    let (mut said, mut from, mut byte) = (String::new(), 0, [0]);
    while let Ok(1) = stderr.read(&mut byte) {
        said.push(char::from(byte[0]));
        if said.ends_with("[Enter when done]: ") {
            on_prompt(&said[from..]);
            from = said.len();
            writeln!(enter).expect("it reads");
        }
    }
    said
}

/// One run on one unit, with something done to the flash before the unit starts on it.
fn run(seed: u64, before_start: impl Fn(&Unit)) -> (Option<i32>, Value, String, Unit) {
    let wires = Wires::new(&format!("sim:?seed={seed}&answer_us=0"));
    let mut unit = Unit::start(&wires, &seed.to_string());
    let bench = serve(&Outlet::Tcp("127.0.0.1:0".to_owned()), wires.station.bench().clone(), None, &wires.clock);
    let reference = format!("scpi{}?profile=meterbench-sim", bench.expect("served"));
    let data = format!("{}/flash-unit-{seed}", env!("CARGO_TARGET_TMPDIR"));
    let mut child = Command::new(env!("CARGO_BIN_EXE_meterbench"))
        .args(["run", "--json", "--procedure", "calibrate-flash-quick", "--serial", SERIAL, "--bench", "Bench 7"])
        .args(["--meter", &unit.service, "--flash", &unit.loader, "--reference", &reference, "--data", &data])
        .arg("--image")
        .arg(unit.firmware())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    let stdin = child.stdin.take().expect("piped");
    let mut stderr = child.stderr.take().expect("piped");
    let mut asked = 0;
    let said = serve_prompts(&mut stderr, stdin, |prompt| {
        asked += 1;
        assert!(!wires.station.world().is_on(), "nobody touches a jumper of a meter on the mains");
        if prompt.contains("set BOOT0 to 1") {
            unit.set_boot0(true);
            unit.reset();
            // So that every byte it starts on comes from this run.
            unit.overwrite(0x00);
        } else {
            assert!(prompt.contains("BOOT0 back to 0"), "{prompt}");
            before_start(&unit);
            unit.set_boot0(false);
            wires.chip.lock().chip().power_on();
            unit.reset();
        }
    });
    let output = child.wait_with_output().expect("ended");
    assert_eq!(asked, 2, "{said}");
    assert!(!wires.station.world().is_on());
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let report = serde_json::from_str(text.trim()).unwrap_or_else(|error| panic!("{error}: {text} {said}"));
    println!("{said}");
    (output.status.code(), report, said, unit)
}

#[test]
fn calibrated_flashed_booted_and_verified() {
    in_real_time(|| {
        let (code, report, said, unit) = run(31, |_| {});
        assert_eq!(code, Some(0), "{report} {said}");
        assert_eq!(report["verdict"], "PASS");
        assert_eq!(report["simulated"], true);
        let flash = &report["flash"];
        assert_eq!(flash["chip"]["verified"], true);
        assert!(flash["chip"]["bytes_written"].as_u64().is_some_and(|bytes| bytes > 40_000), "{flash}");
        assert_eq!(flash["answered"]["through"], "the service port");
        assert_eq!(flash["chip"]["unique_id"].as_str().map(str::len), Some(24));

        // The memory that QEMU has booted holds what the report says.
        let memory = unit.flash();
        let (copy, block): (Copy, Block) = Pages::find(b"", &memory).expect("pages").read(&memory).expect("a block");
        assert_eq!((copy, block.serial.as_str(), block.bench.as_str()), (Copy::A, SERIAL, "Bench 7"));
        assert_eq!(format!("0x{:04X}", block.cs1), report["registers"]["CS1"]);
        assert_eq!(format!("0x{:04X}", block.cs2), report["registers"]["CS2"]);
        assert_eq!(block.record.as_str(), flash["record"]);
        let errors = report["measurements"].as_array().expect("a list").iter();
        assert!(errors.filter(|measured| measured["name"] == "energy_error").count() >= 2);
        assert!(report["record"]["number"].as_u64().is_some(), "{report}");
    });
}

#[test]
fn a_bit_turned_over_in_the_flashed_memory_is_no_pass() {
    in_real_time(|| {
        let of_ugain = (Copy::A.address() - FLASH_START) as usize + 36;
        let (code, report, said, _unit) = run(32, |unit| unit.disturb(of_ugain, 0x01));
        assert_eq!(code, Some(3), "{report} {said}");
        assert_eq!(report["verdict"], "ERROR");
        assert_eq!(report["flash"]["chip"]["verified"], true, "it was right when it was read back");
        assert!(report["flash"]["answered"].is_null());
        assert!(report["advice"]["what"].as_str().expect("advice").contains("serial number"), "{report}");
    });
}

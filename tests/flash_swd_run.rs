//! `meterbench run` with a unit flashed over SWD: calibrated at its metering chip, given its own image through a Black Magic probe, started,
//! proven, verified. Once on `meterbench simulate`, once with the very memory booted in QEMU and proven over another address.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

mod emulator;
mod real_time;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, Command, Stdio};

use emulator::Wires;
use emulator::probed::ProbedUnit;
use meter_interface::block::{Block, Copy};
use meterbench::image::block::Pages;
use meterbench::sim::serve::{Outlet, serve};
use real_time::in_real_time;
use serde_json::Value;

const BINARY: &str = env!("CARGO_BIN_EXE_meterbench");
const IMAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/firmware/images/meter.elf");
const SERIAL: &str = "MT50-000123";

/// A simulated station for other processes; it ends when dropped.
struct Simulated(Child);

impl Drop for Simulated {
    fn drop(&mut self) {
        let _already_over = self.0.kill();
        let _already_over = self.0.wait();
    }
}

/// `meterbench simulate` with a probe, and its addresses.
fn simulate(chip: &str) -> (Simulated, Value) {
    let child = Command::new(BINARY)
        .args(["simulate", "--json", "--seconds", "300", "--sim", "sim:?seed=3&answer_us=0"])
        .args(["--probe", "tcp:127.0.0.1:0", "--probe-chip", chip])
        .stdout(Stdio::piped())
        .spawn();
    let mut simulated = Simulated(child.expect("started"));
    let mut line = String::new();
    BufReader::new(simulated.0.stdout.take().expect("piped")).read_line(&mut line).expect("addresses");
    (simulated, serde_json::from_str(&line).expect("JSON"))
}

/// A run with these options besides, its exit code, its report and what it said.
fn run(name: &str, options: &[&str]) -> (Option<i32>, Value, String) {
    run_with_hands(name, options, |_| {})
}

/// The same with hands that do what is asked for.
fn run_with_hands(name: &str, options: &[&str], mut obey: impl FnMut(&str)) -> (Option<i32>, Value, String) {
    let data = format!("{}/flash-swd-{name}", env!("CARGO_TARGET_TMPDIR"));
    let procedure: &[&str] =
        if options.contains(&"--procedure") { &[] } else { &["--procedure", "calibrate-flash-quick"] };
    let mut child = Command::new(BINARY)
        .args(["run", "--json", "--serial", SERIAL, "--data", &data])
        .args(procedure)
        .args(options)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    let mut enter = child.stdin.take().expect("piped");
    let mut stderr = child.stderr.take().expect("piped");
    let (mut said, mut from, mut byte) = (String::new(), 0, [0]);
    while let Ok(1) = stderr.read(&mut byte) {
        said.push(char::from(byte[0]));
        if said.ends_with("[Enter when done]: ") {
            obey(&said[from..]);
            from = said.len();
            writeln!(enter).expect("it reads");
        }
    }
    let output = child.wait_with_output().expect("ended");
    let out = String::from_utf8(output.stdout).expect("UTF-8");
    let report = if out.is_empty() {
        Value::Null
    } else {
        serde_json::from_str(out.trim()).unwrap_or_else(|error| panic!("{error}: {out} {said}"))
    };
    (output.status.code(), report, said)
}

/// A copy of `calibrate-flash-quick` with this in its `[flash]`, as a file.
fn procedure(name: &str, key: &str) -> String {
    let folder = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("flash-swd-procedures");
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join(format!("{name}.toml"));
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/profiles/procedures/calibrate-flash-quick.toml");
    let text = std::fs::read_to_string(shipped).expect("shipped");
    let text = text.replace("name = \"calibrate-flash-quick\"", &format!("name = \"{name}\""));
    std::fs::write(&file, text.replace("[flash]\n", &format!("[flash]\n{key}\n"))).expect("written");
    file.display().to_string()
}

fn of<'a>(addresses: &'a Value, path: &str) -> &'a str {
    addresses.pointer(path).and_then(Value::as_str).unwrap_or_else(|| panic!("{path} in {addresses}"))
}

#[test]
fn on_the_simulated_station() {
    in_real_time(|| {
        let (_simulated, addresses) = simulate("sim:?seed=7");
        let bench = of(&addresses, "/bench");
        let (meter, probe) = (of(&addresses, "/meters/0"), of(&addresses, "/probe"));
        let options = ["--meter", meter, "--reference", bench, "--flash", probe, "--image", IMAGE];
        let (code, report, said) = run("simulated", &options);
        assert_eq!((code, &report["verdict"]), (Some(0), &"PASS".into()), "{report} {said}");
        let flash = &report["flash"];
        assert_eq!(
            (&flash["chip"]["verified"], &flash["chip"]["started"], &flash["chip"]["bytes_trusted"]),
            (&true.into(), &true.into(), &0.into())
        );
        assert_eq!(flash["chip"]["loader"], "Black Magic probe");
        assert_eq!(flash["answered"]["through"], "the metering chip");
        assert_eq!(report["simulated"], true);
    });
}

#[test]
fn on_a_bad_chip_or_a_bad_line_it_is_no_pass() {
    in_real_time(|| {
        for (chip, part) in [("sim:?dead_at=40000", "written was"), ("sim:?gone_at=60000", "probe")] {
            let (_simulated, addresses) = simulate(chip);
            let bench = of(&addresses, "/bench");
            let (meter, probe) = (of(&addresses, "/meters/0"), of(&addresses, "/probe"));
            let options = ["--meter", meter, "--reference", bench, "--flash", probe, "--image", IMAGE, "--no-record"];
            let (code, report, said) = run("bad", &options);
            assert_eq!((code, &report["verdict"]), (Some(3), &"ERROR".into()), "{chip}: {report} {said}");
            let what = of(&report, "/advice/what");
            assert!(what.contains(part), "{chip}: {what}");
            assert!(report["flash"]["answered"].is_null());
        }
    });
}

#[test]
fn booted_from_what_was_flashed_and_proven_over_another_address() {
    in_real_time(|| {
        let wires = Wires::new("sim:?seed=33&answer_us=0");
        let unit = ProbedUnit::new(&wires, "swd");
        let bench = serve(&Outlet::Tcp("127.0.0.1:0".to_owned()), wires.station.bench().clone(), None, &wires.clock);
        let reference = format!("scpi{}?profile=meterbench-sim", bench.expect("served"));
        let image = unit.firmware().display().to_string();
        let (code, report, said) = run(
            "booted",
            &[
                ["--meter", &unit.chip],
                ["--service", &unit.service],
                ["--flash", &unit.probe],
                ["--reference", &reference],
                ["--image", &image],
            ]
            .concat(),
        );
        assert_eq!((code, &report["verdict"]), (Some(0), &"PASS".into()), "{report} {said}");
        assert!(!wires.station.world().is_on());
        let flash = &report["flash"];
        assert_eq!(flash["answered"]["through"], "the service port");
        assert_eq!(flash["chip"]["verified"], true);

        // The memory that QEMU has booted holds what the report says.
        let memory = unit.flash();
        let (copy, block): (Copy, Block) = Pages::find(b"", &memory).expect("pages").read(&memory).expect("a block");
        assert_eq!((copy, block.serial.as_str()), (Copy::A, SERIAL));
        assert_eq!(format!("0x{:04X}", block.cs1), report["registers"]["CS1"]);
        assert_eq!(block.record.as_str(), flash["record"]);
        let errors = report["measurements"].as_array().expect("a list").iter();
        assert!(errors.filter(|measured| measured["name"] == "energy_error").count() >= 2);
        assert_eq!(
            (&flash["chip"]["bytes_trusted"], flash["answered"]["program_crc"].as_str().map(str::len)),
            (&0.into(), Some(8))
        );

        // It comes back, is calibrated through its service port, and gets a new calibration only.
        let file = procedure("again-quick", "unchanged = \"program-crc\"");
        let options = [
            ["--meter", &unit.service],
            ["--flash", &unit.probe],
            ["--reference", &reference],
            ["--image", &image],
            ["--procedure", &file],
        ];
        let (code, report, said) = run("booted", &options.concat());
        assert_eq!((code, &report["verdict"]), (Some(0), &"PASS".into()), "{report} {said}");
        let again = &report["flash"];
        assert_eq!(again["answered"]["program_crc"], flash["answered"]["program_crc"]);
        assert_eq!((&again["chip"]["bytes_read_back"], &again["chip"]["pages_erased"]), (&2048.into(), &2.into()));
        assert!(again["chip"]["bytes_trusted"].as_u64().is_some_and(|bytes| bytes > 40_000), "{again}");
        let memory = unit.flash();
        let (_, block): (Copy, Block) = Pages::find(b"", &memory).expect("pages").read(&memory).expect("a block");
        assert_eq!(block.record.as_str(), again["record"]);
    });
}

#[test]
fn protected_over_swd_it_starts_when_its_supply_was_off() {
    in_real_time(|| {
        let file = procedure("protect-quick", "protect = true");
        let wires = Wires::new("sim:?seed=34&answer_us=0");
        let unit = ProbedUnit::new(&wires, "protected");
        let bench = serve(&Outlet::Tcp("127.0.0.1:0".to_owned()), wires.station.bench().clone(), None, &wires.clock);
        let reference = format!("scpi{}?profile=meterbench-sim", bench.expect("served"));
        let image = unit.firmware().display().to_string();
        let options = [
            ["--meter", &unit.chip],
            ["--service", &unit.service],
            ["--flash", &unit.probe],
            ["--reference", &reference],
            ["--image", &image],
            ["--procedure", &file],
        ]
        .concat();
        let mut asked = Vec::new();
        let (code, report, said) = run_with_hands("protected", &options, |prompt| {
            assert!(!wires.station.world().is_on(), "nobody touches a meter on the mains");
            asked.push(prompt.to_owned());
            unit.power_cycle(&wires);
        });
        assert_eq!((code, &report["verdict"]), (Some(0), &"PASS".into()), "{report} {said}");
        assert!(asked.len() == 1 && asked[0].contains("take its supply away"), "{asked:?}");
        assert!(unit.is_protected());
        assert_eq!(report["flash"]["chip"]["protected"], true);
    });
}

#[test]
fn one_port_for_two_ends_is_refused_at_once() {
    const PROBE: &str = "swd:1d50:6018:127.0.0.1:1";
    let rom = "rom+serial:/dev/ttyNONE?reset=dtr&boot0=rts";
    let by_hand = "rom+serial:/dev/ttyNONE";
    let refused = |options: &[&str], part: &str| {
        let all = [&["--meter", "afe+serial:/dev/ttyM", "--reference", "manual:", "--image", IMAGE], options].concat();
        let (code, _, said) = run("ports", &all);
        assert!(code == Some(2) && said.contains(part), "{options:?}: {code:?} {said}");
    };
    refused(&["--flash", "rom+serial:/dev/ttyM?reset=dtr&boot0=rts"], "one port");
    refused(&["--flash", PROBE, "--service", "service+serial:/dev/ttyM"], "one port");
    refused(&["--flash", rom, "--service", "log+serial:/dev/ttyNONE"], "one port");
    refused(&["--flash", PROBE, "--pulses", "pulse+serial:/dev/ttyM"], "one port");
    // The same meter, and a port that hands plug over: only the ports that are not there stop these.
    for options in [
        ["--flash", PROBE, "--service", "afe+serial:/dev/ttyM"],
        ["--flash", by_hand, "--service", "log+serial:/dev/ttyNONE"],
    ] {
        let fixed = ["--meter", "afe+serial:/dev/ttyM", "--reference", "manual:", "--image", IMAGE, "--no-record"];
        let (code, report, said) = run("ports", &[&fixed[..], &options[..]].concat());
        assert_eq!(code, Some(3), "{report} {said}");
    }
}

//! `meterbench image patch`, `show` and `diff` with the calibration block, on the meter's own image, as a script uses them.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use meter_interface::block::{Copy, FLASH_SIZE, FLASH_START, PAGE, choose};
use serde_json::Value;

const IMAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/firmware/images/meter.elf");

/// The words of the published sources, without the registers they leave alone.
const STOCK: &str = "FuncEn 0030\nSagTh 1F2F\nPLconstH 001E\nPLconstL C8B4\nLgain 1D39\nNgain 1D39\nPStartTh 08BD\n\
                     PNolTh 08BD\nQStartTh 0AEC\nQNolTh 0000\nMMode 9422\nCSOne 327C\nUgain 71D8\nIgainN 0F56\nCSTwo 993B\n";

struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("folder");
        fs::write(folder.path().join("stock.txt"), STOCK).expect("written");
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn file(&self, name: &str, content: &str) -> String {
        fs::write(self.path(name), content).expect("written");
        self.text(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().expect("text").to_owned()
    }

    fn run(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let data = self.text("data");
        let command = Command::new(env!("CARGO_BIN_EXE_meterbench"))
            .args(["--data", &data, "image"])
            .args(arguments)
            .current_dir(self.folder.path())
            .output()
            .expect("ran");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        (command.status.code(), text(command.stdout), text(command.stderr))
    }

    /// The meter's image with the stock registers in it.
    fn calibrated(&self) {
        let arguments =
            ["--registers", "stock.txt", "--profile", "opensmartmeter-mt50", "--serial", "MT7", "-o", "unit.hex"];
        let (code, _, messages) = self.run(&[&["patch", IMAGE], &arguments[..]].concat());
        assert_eq!(code, Some(0), "{messages}");
    }
}

/// What a meter with this binary would run on.
fn in_force(file: &Path) -> meter_interface::block::Choice {
    let flash = fs::read(file).expect("read");
    let page = |copy: Copy| {
        let start = (copy.address() - FLASH_START) as usize;
        &flash[start..start + PAGE]
    };
    choose(page(Copy::A), page(Copy::B)).expect("a block")
}

#[test]
fn a_units_own_image() {
    let bench = Bench::new();
    let values = bench.file("values.toml", "token = \"tell-nobody-0000001\"\nstarting_code = 123456789\nopenpaygo_key = \"000102030405060708090a0b0c0d0e0f\"\n");
    let arguments = [
        "patch",
        IMAGE,
        "--registers",
        "stock.txt",
        "--profile",
        "opensmartmeter-mt50",
        "--serial",
        "MT7",
        "--values",
        &values,
        "--set",
        "host=tb.example.org",
        "--set",
        "port=1883",
        "-o",
        "unit.hex",
        "-o",
        "unit.bin",
        "--json",
    ];
    let (code, out, messages) = bench.run(&arguments);
    assert_eq!(code, Some(0), "{messages}");
    assert!(!out.contains("tell-nobody") && !out.contains("123456789") && !messages.contains("tell-nobody"));
    let report: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((&report["block"], &report["address"]), (&"A".into(), &"0x0800f800".into()));

    let binary = fs::read(bench.path("unit.bin")).expect("binary");
    assert_eq!(binary.len(), FLASH_SIZE as usize);
    let choice = in_force(&bench.path("unit.bin"));
    assert_eq!((choice.copy, choice.block.sequence), (Copy::A, 1));
    assert_eq!((choice.block.cs1, choice.block.cs2), (0x327C, 0x993B));
    assert_eq!(choice.block.token.expose().as_str(), "tell-nobody-0000001");
    assert_eq!(*choice.block.starting_code.expose(), 123_456_789);
    assert_eq!(choice.block.openpaygo_key.expose().as_slice()[15], 0x0F);
    assert_eq!(
        (choice.block.serial.as_str(), choice.block.host.as_str(), choice.block.port),
        ("MT7", "tb.example.org", 1883)
    );
    assert_eq!((choice.block.current_scale.numerator(), choice.block.pulses_per_kwh), (20, 2000));

    let (code, out, _) = bench.run(&["diff", "--chip", "unit.hex", "unit.bin"]);
    assert_eq!((code, out.as_str()), (Some(0), ""), "both files hold the same");
    #[cfg(unix)]
    for name in ["unit.hex", "unit.bin"] {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(bench.path(name)).expect("file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name} holds secrets");
    }
}

#[test]
fn blocks_are_shown_and_compared_in_words() {
    let bench = Bench::new();
    bench.calibrated();
    let (code, out, _) = bench.run(&["show", "unit.hex"]);
    assert_eq!(code, Some(0));
    assert!(out.contains("block A     0x0800f800  in force, sequence 1, CRC right"), "{out}");
    assert!(out.contains("block B     0x0800fc00  erased"), "{out}");
    assert!(out.contains("Ugain                 71D8"), "{out}");
    assert!(out.contains("not set: calibrated_on"), "{out}");

    let token = bench.file("token.json", "{\"token\": \"tell-nobody\"}");
    let (code, _, messages) =
        bench.run(&["patch", "unit.hex", "--set", "Ugain=0x7000", "--values", &token, "-o", "next.bin"]);
    assert_eq!(code, Some(0), "{messages}");
    let choice = in_force(&bench.path("next.bin"));
    assert_eq!((choice.copy, choice.block.sequence, choice.other), (Copy::B, 2, None));
    assert_eq!(choice.block.serial.as_str(), "MT7", "what is not said stays");

    // As `flash read` gives a whole chip: the image alone is shorter.
    let (code, out, _) = bench.run(&["diff", "--chip", "unit.hex", "next.bin"]);
    assert_eq!(code, Some(1));
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(
        lines[..3],
        [
            "Ugain                 71D8 -> 7000",
            "CS2                   993B -> 4062",
            "token                 not set -> ***"
        ]
    );
    assert!(lines[3..].iter().all(|line| line.contains("in words above")), "{out}");
    let (_, out, _) = bench.run(&["diff", "--chip", "--json", "unit.hex", "next.bin"]);
    let report: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((&report["same"], &report["calibration"][2]["new"]), (&false.into(), &"***".into()));

    // A chip with the unit's image and nothing but erased flash around it holds that image.
    let (code, out, _) = bench.run(&["diff", "--chip", "unit.hex", "unit.hex"]);
    assert_eq!((code, out.as_str()), (Some(0), ""));
}

#[test]
fn what_is_not_certain_is_refused_and_nothing_is_written() {
    let bench = Bench::new();
    bench.calibrated();
    let wrong = bench.file("wrong.txt", &STOCK.replace("71D8", "71D9"));
    let far = bench.file("far.toml", "Ugain = \"5000\"\n");
    let unknown = bench.file("unknown.toml", "Vgain = \"5000\"\n");
    let code = bench.file("code.toml", "starting_code = 1234567890\n");
    let slip = bench.file("slip.toml", "token = \"tell-nobody\n");
    let small = bench.text("small.bin");
    fs::write(&small, vec![0xBF; 600]).expect("written");
    let foreign = bench.file(
        "foreign.json",
        "{\"meterbench_registers\": 1, \"serial\": \"MT8\", \"registers\": {\"Ugain\": \"7000\"}}",
    );
    for (arguments, part) in [
        (vec![IMAGE, "--registers", &wrong, "--profile", "opensmartmeter-mt50"], "do not belong together"),
        (vec![IMAGE, "--registers", "stock.txt"], "nothing says line"),
        (vec![IMAGE, "--registers", &far, "--profile", "opensmartmeter-mt50"], "is plausible"),
        (vec!["unit.hex", "--registers", &far, "--profile", "opensmartmeter-mt50"], "is plausible"),
        (vec!["unit.hex", "--registers", &unknown], "Vgain"),
        (vec!["unit.hex", "--set", "Ugain=0x8000"], "bit 15"),
        (vec!["unit.hex", "--set", "Urms=1"], "no part of a calibration"),
        (vec!["unit.hex", "--set", "CS1=1"], "do not belong together"),
        (vec!["unit.hex", "--set", "token=abc"], "--values"),
        (vec!["unit.hex", "--set", "nonsense=1"], "no field"),
        (vec!["unit.hex", "--set", "port=65536"], "port"),
        (vec!["unit.hex", "--values", &code], "starting_code must be"),
        (vec!["unit.hex", "--values", &slip], "line 1 is no TOML"),
        (vec!["unit.hex", "--registers", &foreign], "that of MT7"),
        (vec!["unit.hex", "--record", "1"], "no records"),
        (vec!["unit.hex"], "nothing is said"),
        (vec![&small, "--set", "Ugain=1"], "not the firmware of this meter"),
    ] {
        let (exit, _, messages) = bench.run(&[&["patch"], &arguments[..], &["-o", "never.hex"]].concat());
        assert_eq!(exit, Some(2), "{arguments:?}: {messages}");
        assert!(messages.contains(part), "{arguments:?}: {messages}");
        assert!(!messages.contains("tell-nobody") && !messages.contains("1234567890"), "{messages}");
        assert!(!bench.path("never.hex").exists(), "{arguments:?}");
    }
}

#[test]
fn a_record_gives_all_that_was_proven() {
    let bench = Bench::new();
    let data = bench.text("data");
    let run = |serial: &str, more: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_meterbench"))
            .args(["--data", &data, "run", "--procedure", "calibrate-quick", "--serial", serial, "--meter"])
            .args(more)
            .output()
            .expect("ran")
            .status
            .code()
    };
    assert_eq!(run("SIM7", &["sim:?seed=7"]), Some(0));
    let (code, out, messages) = bench.run(&["patch", IMAGE, "--record", "1", "-o", "unit.bin"]);
    assert_eq!(code, Some(0), "{out}{messages}");
    let block = in_force(&bench.path("unit.bin")).block;
    assert_eq!(block.serial.as_str(), "SIM7");
    assert_eq!(block.bench.as_str(), "SIMULATED");
    assert!(block.record.as_str().ends_with("/1") && block.calibrated_on.is_some());
    assert_eq!([block.cs1, block.cs2], block.checksums());
    let other = ["patch", IMAGE, "--record", "1", "--serial", "SIM9", "-o", "never.hex"];
    let (code, _, messages) = bench.run(&other);
    assert_eq!(code, Some(2));
    assert!(messages.contains("record 1 is of SIM7") && !bench.path("never.hex").exists(), "{messages}");

    assert_eq!(run("SIM8", &["sim:?seed=5&defect=ct-reversed"]), Some(1));
    let (code, _, messages) = bench.run(&["patch", IMAGE, "--record", "2", "-o", "never.hex"]);
    assert_eq!(code, Some(2));
    assert!(messages.contains("ended with FAIL") && !bench.path("never.hex").exists(), "{messages}");
}

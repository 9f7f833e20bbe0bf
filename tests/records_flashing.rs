//! Flashing outside of a run is kept like a run: in a chain of hashes, found, checked, exported and taken in elsewhere.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on stops"
)]

mod flash_rig;

use std::path::Path;
use std::process::Command;

use flash_rig::program;
use meter_interface::block::{Block, Copy, PAGE, Secret, Text};
use meterbench::clock::RealClock;
use meterbench::image::{Format, Image, Segment};
use meterbench::sim::device::Shared;
use meterbench::sim::rom::{RomDevice, RomOptions};
use meterbench::sim::serve::serve;
use serde_json::Value;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

/// A chip in its boot loader behind a TCP port, and its address.
fn rom(options: RomOptions) -> (Shared<RomDevice>, String) {
    let chip = Shared::new(RomDevice::new(options));
    let served = serve(&"tcp:127.0.0.1:0".parse().unwrap(), chip.clone(), None, &RealClock::shared()).unwrap();
    (chip, format!("rom{}", served.address))
}

/// The image of a unit, with a secret in it.
fn unit(folder: &Path, serial: &str) -> String {
    let token = Secret::new(Text::new("tell-nobody").unwrap());
    let block = Block { sequence: 1, serial: Text::new(serial).unwrap(), token, ..Block::default() };
    let mut page = [0xFF; PAGE];
    block.encode(&mut page).unwrap();
    let bytes = [page, [0xFF; PAGE]].concat();
    let segments = program(4096).segments().to_vec().into_iter().chain([Segment { address: Copy::A.address(), bytes }]);
    let path = folder.join(format!("{serial}.hex"));
    std::fs::write(&path, Image::from_segments(segments).unwrap().write(Format::Hex).unwrap()).unwrap();
    path.display().to_string()
}

fn meterbench(data: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_meterbench")).arg("--data").arg(data).args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// One unit flashed, one refused because its chip is another.
fn two(folder: &Path) -> (Value, String) {
    let (_chip, target) = rom(RomOptions::default());
    let image = unit(folder, "MT7");
    let flash = ["flash", "--target", &target, "--image", &image];
    let (code, out, said) = meterbench(folder, &[&flash[..], &["--operator", "Ada", "--json"]].concat());
    assert_eq!(code, Some(0), "{said}");
    let (_chip, target) = rom(RomOptions { product: 0x412, ..RomOptions::default() });
    let flash = ["flash", "--target", &target, "--image", &image];
    let (code, refused, said) = meterbench(folder, &flash);
    assert_eq!((code, refused.as_str()), (Some(3), ""), "{said}");
    assert!(said.contains("recorded as F2"), "{said}");
    (json(&out), image)
}

#[test]
fn what_was_flashed_is_listed_shown_and_exported() {
    let folder = folder();
    let folder = folder.path();
    let (report, image) = two(folder);
    assert_eq!(report["record"]["number"], 1);

    let (_, listed, _) = meterbench(folder, &["records", "list", "--json"]);
    let listed: Vec<Value> = listed.lines().map(json).collect();
    assert_eq!([&listed[0]["flashing"], &listed[1]["flashing"]], [&Value::from("F2"), &"F1".into()]);
    let (code, shown, _) = meterbench(folder, &["records", "show", "F1", "--json"]);
    assert_eq!(code, Some(0));
    let shown = json(&shown);
    assert_eq!(shown["hash"], report["record"]["hash"]);
    let flashing = &shown["record"]["flashing"];
    let summary = json(&meterbench(folder, &["image", "show", &image, "--json"]).1);
    assert_eq!((&flashing["image_sha256"], &flashing["image"]), (&summary["sha256"], &"MT7.hex".into()));
    for (name, value) in [("outcome", "VERIFIED"), ("operator", "Ada"), ("through", "rom+tcp"), ("serial", "MT7")] {
        assert_eq!(flashing[name], value);
    }
    for name in ["chip_id", "unique_id", "loader", "seconds", "simulated"] {
        assert_eq!(flashing[name], report[name], "{name}");
    }
    for name in ["bytes_written", "bytes_skipped", "bytes_trusted", "verified", "started"] {
        assert_eq!(flashing["written"][name], report[name], "{name}");
    }
    let (_, text, _) = meterbench(folder, &["records", "show", "f2"]);
    assert!(text.contains("FAILED") && text.contains("failure     this is chip 0x412"), "{text}");
    assert_eq!(meterbench(folder, &["records", "show", "F3"]).0, Some(2));

    // Filters that flashings have an answer to, and those they have none to.
    for (filter, count) in [
        (vec!["--serial", "T7"], 2),
        (vec!["--serial", "MT8"], 0),
        (vec!["--operator", "Ada"], 1),
        (vec!["--simulated"], 2),
        (vec!["--verdict", "pass"], 0),
        (vec!["--procedure", "calibrate"], 0),
        (vec!["--limit", "1"], 1),
    ] {
        let (_, out, _) = meterbench(folder, &[&["records", "list"], &filter[..]].concat());
        assert_eq!(out.lines().count(), count, "{filter:?}: {out}");
    }

    for (format, name) in [("csv", "tables"), ("jsonl", "all.jsonl"), ("xlsx", "all.xlsx")] {
        let to = folder.join(name).display().to_string();
        assert_eq!(meterbench(folder, &["records", "export", "--format", format, "--output", &to]).0, Some(0));
    }
    let table = std::fs::read_to_string(folder.join("tables/flashings.csv")).unwrap();
    assert!(
        table.lines().count() == 3 && table.lines().nth(1).unwrap().contains(",F1,MT7,SIMULATED,VERIFIED,"),
        "{table}"
    );
    let all = std::fs::read_to_string(folder.join("all.jsonl")).unwrap();
    for line in all.lines() {
        assert!(!line.contains("tell-nobody"));
        // Anybody can compute the hash from the text.
        let (hash, text) = line.strip_prefix("{\"hash\":\"").unwrap().split_once("\",\"flashing\":").unwrap();
        let text = text.strip_suffix('}').unwrap();
        assert_eq!(meterbench::record::Hash::of(text.as_bytes()).to_string(), hash);
    }
    assert_eq!(all.lines().count(), 2);
}

#[test]
fn what_was_changed_is_found_and_what_was_not_is_taken_in_elsewhere() {
    let (here, there) = (folder(), folder());
    two(here.path());
    let (code, checked, _) = meterbench(here.path(), &["records", "check", "--json"]);
    assert_eq!((code, &json(&checked)["flashings"]), (Some(0), &2.into()), "{checked}");
    let file = here.path().join("records.db").display().to_string();
    for (added, known) in [(2, 0), (0, 2)] {
        let (code, out, said) = meterbench(there.path(), &["records", "import", &file, "--json"]);
        assert_eq!(code, Some(0), "{said}");
        assert_eq!((&json(&out)["added"], &json(&out)["known"]), (&added.into(), &known.into()));
    }
    let (code, checked, _) = meterbench(there.path(), &["records", "check"]);
    assert_eq!(code, Some(0), "{checked}");
    assert!(checked.contains("2 flashings in 2 chains"), "{checked}");

    let database = rusqlite::Connection::open(&file).unwrap();
    database.execute("UPDATE flashing SET number = 9", []).unwrap_err();
    database.execute("DELETE FROM flashing", []).unwrap_err();
    drop(database);
    let original = std::fs::read(&file).unwrap();
    for (tampering, finding) in [
        ("UPDATE flashing SET sealed = replace(sealed, 'FAILED', 'VERIFIED') WHERE number = 2", "F2: it was changed"),
        ("DELETE FROM flashing WHERE number = 1", "F2: the one before it is gone"),
        ("DELETE FROM flashing WHERE number = 2", "F2: it is gone: its chain was cut off"),
        ("UPDATE flashing SET number = 3 WHERE number = 2", "F3: it stands in another's place"),
    ] {
        let database = rusqlite::Connection::open(&file).unwrap();
        let drop_triggers = "DROP TRIGGER flashing_stays; DROP TRIGGER flashing_remains;";
        database.execute_batch(&format!("{drop_triggers} {tampering}; PRAGMA wal_checkpoint(TRUNCATE);")).unwrap();
        drop(database);
        let (code, out, _) = meterbench(here.path(), &["records", "check"]);
        assert_eq!(code, Some(1), "{tampering}: {out}");
        assert!(out.contains(finding) && out.contains("flashing_stays is gone"), "{tampering}: {out}");
        let (code, ..) = meterbench(folder().path(), &["records", "import", &file]);
        assert_eq!(code, Some(1), "what was changed is not taken in: {tampering}");
        std::fs::write(&file, &original).unwrap();
    }
}

#[test]
fn what_is_no_image_and_what_is_not_there_to_be_read_are_slips_of_the_command() {
    let folder = folder();
    let folder = folder.path();
    let (chip, target) = rom(RomOptions::default());
    let junk: Vec<u8> = (0..5000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for name in ["junk.hex", "junk.elf"] {
        let file = folder.join(name);
        std::fs::write(&file, &junk).unwrap();
        let file = file.display().to_string();
        let (code, _, said) = meterbench(folder, &["flash", "--target", &target, "--image", &file]);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(name), "{said}");
        // What is said to be a binary is one; that it does not start is said.
        let (code, _, said) =
            meterbench(folder, &["flash", "--target", &target, "--image", &file, "--format", "bin", "--no-record"]);
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("the chip will not run this image"), "{said}");
    }
    let out = folder.join("read.bin").display().to_string();
    for (address, length, code, part) in [
        ("0x08000000", "70000", Some(2), "nothing to be read at 0x08010000"),
        ("1", "256", Some(2), "nothing to be read at 0x00000001"),
        ("0x08000000", "0", Some(2), "reads nothing"),
        ("0x08000000", "512", Some(0), ""),
    ] {
        let read = ["flash", "read", "--target", &target, "--address", address, "--length", length, "--out", &out];
        let (found, _, said) = meterbench(folder, &read);
        assert_eq!(found, code, "{said}");
        assert!(said.contains(part) && !said.contains("erases"), "{said}");
    }
    drop(chip);
    let (code, stdout, said) = {
        let (_chip, target) = rom(RomOptions { product: 0x412, ..RomOptions::default() });
        let image = unit(folder, "MT7");
        meterbench(folder, &["flash", "--target", &target, "--image", &image, "--json"])
    };
    assert_eq!(code, Some(3), "{said}");
    assert_eq!(json(&stdout)["verified"], false);
    assert!(json(&stdout)["error"]["what"].as_str().unwrap().contains("0x412"), "{stdout}");
}

#[test]
fn what_cannot_be_stored_waits_and_what_is_not_wanted_is_not_kept() {
    let folder = folder();
    let folder = folder.path();
    let (_chip, target) = rom(RomOptions::default());
    let image = unit(folder, "MT7");
    let flash = ["flash", "--target", &target, "--image", &image];
    let (code, out, _) = meterbench(folder, &[&flash[..], &["--no-record"]].concat());
    assert_eq!(code, Some(0));
    assert!(out.contains("NOT RECORDED") && !folder.join("records.db").exists(), "{out}");
    // Nobody answers: nothing was done to any chip.
    let silent = ["flash", "--target", "rom+tcp:127.0.0.1:1", "--image", &image];
    assert_eq!(meterbench(folder, &silent).0, Some(3));
    assert!(!folder.join("records.db").exists());

    // A folder where the file should be.
    std::fs::create_dir(folder.join("records.db")).unwrap();
    let (code, out, said) = meterbench(folder, &flash);
    assert_eq!(code, Some(3), "{said}");
    assert!(out.contains("verified  every byte") && out.contains("NOT RECORDED"), "{out}");
    assert!(said.contains("could not be recorded") && said.contains("is taken over at the next start"), "{said}");
    std::fs::remove_dir(folder.join("records.db")).unwrap();
    let (_, out, said) = meterbench(folder, &flash);
    assert!(out.contains("record    F2"), "{out} {said}");
    let (_, listed, _) = meterbench(folder, &["records", "list"]);
    assert_eq!(listed.lines().count(), 2, "{listed}");
    assert_eq!(std::fs::read_dir(folder.join("spool")).unwrap().count(), 0);
}

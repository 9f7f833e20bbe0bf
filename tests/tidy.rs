//! The rules of ARCHITECTURE.md that a compiler does not keep: who may know whom, and how a file looks.

#![allow(clippy::expect_used, clippy::panic, reason = "a test stops at what it did not expect")]

use std::fs;
use std::path::{Path, PathBuf};

/// Each room of `src` and the rooms it may name. What is not listed may be named by nobody.
const ROOMS: [(&str, &[&str]); 27] = [
    ("units", &[]),
    ("clock", &[]),
    ("advice", &[]),
    ("disk", &[]),
    ("folders", &[]),
    ("uid", &[]),
    ("load", &["units"]),
    ("port", &["clock"]),
    ("profile", &["units", "load", "port", "disk"]),
    ("calibration", &["units"]),
    ("operator", &[]),
    ("meter", &["units", "clock", "port"]),
    ("reference", &["units", "load", "clock", "operator", "port", "profile"]),
    ("sim", &["clock", "port"]),
    (
        "procedure",
        &[
            "units",
            "load",
            "clock",
            "advice",
            "operator",
            "port",
            "profile",
            "calibration",
            "meter",
            "reference",
            "image",
            "flash",
            "uid",
        ],
    ),
    ("record", &["advice", "disk", "procedure", "profile", "flash", "image", "port", "uid"]),
    ("paper", &["advice", "procedure", "record"]),
    ("station", &["clock", "operator", "port", "profile", "meter", "reference", "sim", "flash"]),
    ("image", &[]),
    ("provision", &["advice", "disk", "image", "procedure"]),
    ("stock", &["clock", "disk", "image", "profile"]),
    ("flash", &["clock", "advice", "port", "image"]),
    ("job", &[]),
    ("log", &["job"]),
    ("settings", &["job", "folders", "disk"]),
    ("cli", &["*"]),
    ("gui", &["*"]),
];

/// Crates that only one place may name, or two.
const OWNERS: [(&str, &str); 9] = [
    ("egui", "gui"),
    ("eframe", "gui"),
    ("rodio", "gui/sound.rs"),
    ("rusqlite", "record provision"),
    ("alsa", "gui/sound.rs"),
    ("serialport", "port/serial.rs"),
    ("probe_rs", "flash/swd/"),
    ("typst", "paper"),
    ("qrcode", "paper/qr.rs"),
];

const LONGEST_FILE: usize = 700;

fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("folder") {
        let path = entry.expect("entry").path();
        if path.is_dir() {
            files(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

/// Path below the root, text without the tests at its end.
fn sources(folder: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    files(&root.join(folder), &mut paths);
    assert!(paths.len() > 3, "{folder} has sources");
    let read = |path: PathBuf| {
        let name = path.strip_prefix(root).expect("below the root").to_string_lossy().replace('\\', "/");
        (name, fs::read_to_string(&path).expect("text"))
    };
    paths.into_iter().map(read).collect()
}

fn without_tests(text: &str) -> &str {
    text.split_once("\n#[cfg(test)]\nmod tests").map_or(text, |(code, _)| code)
}

fn room_of(name: &str) -> &str {
    let below = name.strip_prefix("src/").unwrap_or(name);
    below.split('/').next().unwrap_or(below).trim_end_matches(".rs")
}

/// Rooms named as `crate::room`, also inside of `use crate::{a, b}`.
fn named_rooms(text: &str) -> Vec<String> {
    let mut rooms = Vec::new();
    for rest in text.split("crate::").skip(1) {
        let list = rest.strip_prefix('{').map_or(rest, |list| list.split('}').next().unwrap_or(list));
        let parts = if rest.starts_with('{') { list.split(',').collect() } else { vec![list] };
        for part in parts {
            let word: String = part.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            rooms.push(word);
        }
    }
    rooms
}

#[test]
fn rooms_name_only_what_lies_below_them() {
    let mut faults = Vec::new();
    for (name, text) in sources("src") {
        let room = room_of(&name);
        if ["lib", "main"].contains(&room) || name.ends_with("/tests.rs") || name.contains("/tests/") {
            continue;
        }
        let Some((_, allowed)) = ROOMS.iter().find(|(other, _)| *other == room) else {
            faults.push(format!("{name}: the room {room} is not in the list"));
            continue;
        };
        for other in named_rooms(without_tests(&text)) {
            let known = ROOMS.iter().any(|(room, _)| *room == other);
            if known && other != room && !allowed.contains(&"*") && !allowed.contains(&other.as_str()) {
                faults.push(format!("{name}: {room} must not know {other}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn some_crates_have_one_place() {
    let mut faults = Vec::new();
    for (name, text) in sources("src") {
        for (library, owner) in OWNERS {
            let names = text.contains(&format!("{library}::")) || text.contains(&format!("use {library}"));
            let owned = owner.split(' ').any(|owner| name.starts_with(&format!("src/{owner}")));
            if names && !owned && name != "src/main.rs" {
                faults.push(format!("{name} names {library}, which belongs to src/{owner}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_file_says_what_it_is_and_is_not_too_long() {
    let mut faults = Vec::new();
    for (name, text) in ["src", "firmware", "tests"].into_iter().flat_map(sources) {
        let first = text.lines().next().unwrap_or_default();
        let included = first.starts_with("#![doc = include_str!");
        if !first.starts_with("//!") && !included {
            faults.push(format!("{name} does not begin with what it is (//!)"));
        }
        let lines = without_tests(&text).lines().count();
        if lines > LONGEST_FILE {
            faults.push(format!("{name} has {lines} lines: which two subjects does it hold?"));
        }
        if text.contains(concat!("#[", "ignore")) {
            faults.push(format!("{name} has a test that never runs"));
        }
        let file = name.rsplit('/').next().unwrap_or_default().trim_end_matches(".rs");
        if ["utils", "util", "helpers", "helper", "common", "misc", "manager"].contains(&file) {
            faults.push(format!("{name}: a room without a name"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_chip_crate_stands_alone() {
    let library =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("firmware/m90e26/src/lib.rs")).expect("text");
    assert!(library.contains("#![no_std]"));
    for (name, text) in sources("firmware/m90e26/src") {
        let code = without_tests(&text);
        assert!(!code.contains("extern crate alloc") && !code.contains("std::"), "{name}");
    }
}

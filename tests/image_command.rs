//! `meterbench image` as a script uses it.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn image(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_meterbench")).arg("image").args(arguments).output().expect("ran");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn written(name: &str, content: &[u8]) -> String {
    let path = path(name);
    std::fs::write(&path, content).expect("written");
    path.to_str().expect("text").to_owned()
}

fn program() -> Vec<u8> {
    let mut bytes = vec![0xBF; 600];
    bytes[..8].copy_from_slice(&[0x00, 0x50, 0x00, 0x20, 0x09, 0x00, 0x00, 0x08]);
    bytes
}

#[test]
fn an_image_survives_the_way_through_hex() {
    let binary = written("way.bin", &program());
    let (hex, again) = (path("way.hex"), path("again.bin"));
    let (hex, again) = (hex.to_str().expect("text"), again.to_str().expect("text"));
    assert_eq!(image(&["convert", &binary, hex]).0, Some(0));
    assert_eq!(image(&["convert", hex, again]).0, Some(0));
    assert_eq!(std::fs::read(again).expect("read"), program());
    assert_eq!(image(&["diff", &binary, hex]).0, Some(0));

    let (code, out, _) = image(&["show", "--json", hex]);
    assert_eq!(code, Some(0));
    let summary: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(summary["segments"][0]["address"], "0x08000000");
    assert_eq!((&summary["length"], &summary["reset"]), (&600.into(), &"0x08000009".into()));
    assert_eq!(summary["problems"], Value::Array(vec![]));
}

#[test]
fn differences_are_an_exit_code() {
    let old = written("old.bin", &program());
    let mut bytes = program();
    bytes[0x100] = 0;
    let new = written("new.bin", &bytes);
    let (code, out, _) = image(&["diff", &old, &new]);
    assert_eq!((code, out.as_str()), (Some(1), "0x08000100  BF -> 00\n"));
}

#[test]
fn a_source_is_patched_or_left_alone() {
    let source = "void f() {\r\n\tAFECHIP(0, Ugain, 0x71D8); // gain\r\n\tAFECHIP(0, CSTwo,\r\n\t0x993B);\r\n}\r\n";
    let file = written("SAM_UART.cpp", source.as_bytes());
    let result = path("patched.cpp");
    let result = result.to_str().expect("text");
    let (code, out, _) = image(&["patch-source", &file, "-o", result, "--set", "Ugain=0x7000", "--set", "CSTwo=1"]);
    assert_eq!(code, Some(0));
    assert_eq!(out, "line 2: Ugain 0x71D8 -> 0x7000\nline 4: CSTwo 0x993B -> 0x0001\n");
    let expected = source.replace("0x71D8", "0x7000").replace("0x993B", "0x0001");
    assert_eq!(std::fs::read_to_string(result).expect("read"), expected);

    std::fs::remove_file(result).expect("removed");
    let (code, _, messages) = image(&["patch-source", &file, "-o", result, "--set", "Lgain=1"]);
    assert_eq!(code, Some(2));
    assert!(messages.contains("Lgain"), "{messages}");
    assert!(!std::fs::exists(result).expect("looked"), "nothing is written when anything is refused");
    assert_eq!(image(&["patch-source", &file, "-o", result, "--set", "Nonsense=1"]).0, Some(2));
}

#[test]
fn what_is_no_image_is_bad_input() {
    let broken = written("broken.hex", b":00000001FE\n");
    let (code, _, messages) = image(&["show", &broken]);
    assert_eq!(code, Some(2));
    assert!(messages.contains("line 1"), "{messages}");
    assert_eq!(image(&["convert", &broken, "somewhere.elf"]).0, Some(2));
}

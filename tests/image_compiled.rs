//! The stock firmware's registers in compiled images: code of its shape, written for this test and compiled by arm-none-eabi-g++ as
//! the makers' tools do (`scripts/prepare gcc-arm-none-eabi`), patched, and read back by looking at its instructions.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use m90e26::{Register, checksum};
use meterbench::image::compiled::{CompiledError, patch, values};
use meterbench::image::{Format, Image, diff::differences};

/// A method as in the stock firmware, in code that does other things too.
const METHOD: &str = r#"
typedef unsigned char byte; typedef unsigned short word;
extern "C" { volatile unsigned port[4]; void pause(unsigned); void print(const char *, unsigned); }
void pause(unsigned n) { while (n--) port[3] = n; }
void print(const char *text, unsigned n) { while (*text) port[2] = *text++; port[2] = n; }
struct Chip {
  volatile unsigned *uart;
  word AFECHIP(byte RW, byte address, word val);
  void reset(); void setUp(); word status();
};
word Chip::AFECHIP(byte RW, byte address, word val) {
  address |= RW << 7;
  byte sum = address;
  if (!RW) sum = ((val >> 8) + (val & 0xFF) + address) & 0xFF;
  *uart = 0xFE; *uart = address;
  if (!RW) { *uart = val >> 8; *uart = val & 0xFF; }
  *uart = sum; pause(10);
  if (RW) { byte high = *uart, low = *uart, got = *uart; if (got == ((low + high) & 0xFF)) return high << 8 | low; print("Read failed", 0); pause(20); return 0xFFFF; }
  if ((byte)*uart != sum) { print("Write failed", 1); pause(20); }
  return 0xFFFF;
}
word Chip::status() { return AFECHIP(1, 0x01, 0xFFFF); }
void Chip::reset() { AFECHIP(0, 0x00, 0x789A); }
void Chip::setUp() {
  AFECHIP(0, 0x00, 0x789A); AFECHIP(0, 0x02, 0x0030); AFECHIP(0, 0x03, 0x1F2F);
  AFECHIP(0, 0x20, 0x5678);
  AFECHIP(0, 0x21, 0x001E); AFECHIP(0, 0x22, 0xC8B4);
  AFECHIP(0, 0x23, 0x1D39); AFECHIP(0, 0x25, 0x1D39); AFECHIP(0, 0x24, 0x0000);
  AFECHIP(0, 0x27, 0x08BD); AFECHIP(0, 0x28, 0x08BD); AFECHIP(0, 0x29, 0x0AEC); AFECHIP(0, 0x2A, 0x0000);
  AFECHIP(0, 0x2B, 0x9422); AFECHIP(0, 0x2C, 0x327C);
  print("Checksum 1:", AFECHIP(1, 0x2C, 0x0000));
  AFECHIP(0, 0x30, 0x5678);
  AFECHIP(0, 0x31, 0x71D8); AFECHIP(0, 0x33, 0x0F56); AFECHIP(0, 0x34, 0x0000);
  AFECHIP(0, 0x36, 0); AFECHIP(0, 0x39, 0); AFECHIP(0, 0x3A, 0); AFECHIP(0, 0x35, 0); AFECHIP(0, 0x37, 0); AFECHIP(0, 0x38, 0);
  AFECHIP(1, 0x40, 0); AFECHIP(1, 0x41, 0);
  AFECHIP(0, 0x3B, 0x993B);
  print("Checksum 2:", AFECHIP(1, 0x3B, 0x0000));
  AFECHIP(0, 0x20, 0x8765); AFECHIP(0, 0x30, 0x8765);
  word found = status();
  if (found & 0xC000) print("Checksum 1 Error!!", 0);
  if (found & 0x3000) print("Checksum 2 Error!!", 0);
}
Chip chip = { port };
extern "C" void _start() { chip.reset(); chip.setUp(); for (;;) port[1] = chip.status(); }
"#;

/// The same as a function without an object.
fn function() -> String {
    METHOD.replace("Chip::AFECHIP", "AFECHIP").replace("Chip::", "").replace("chip.", "").replace("*uart", "*port")
        .replace("struct Chip {\n  volatile unsigned *port;\n  word AFECHIP(byte RW, byte address, word val);\n  void reset(); void setUp(); word status();\n};", "")
        .replace("Chip chip = { port };", "")
}

/// An ELF file of this source; the compiler's flags are those of Arduino's core, with one of two optimisations.
fn compiled(folder: &Path, source: &str, optimisation: &str) -> PathBuf {
    let (from, to) = (folder.join("source.cpp"), folder.join("firmware.elf"));
    fs::write(&from, source).expect("written");
    let output = Command::new("arm-none-eabi-g++")
        .args([
            "-mcpu=cortex-m3",
            "-mthumb",
            "-ffunction-sections",
            "-fno-exceptions",
            "-fno-rtti",
            "-ffreestanding",
            "-nostdlib",
        ])
        .args(["-Wl,-Ttext=0x08000000", optimisation, "-o"])
        .arg(&to)
        .arg(&from)
        .output()
        .expect("arm-none-eabi-g++ runs: scripts/prepare gcc-arm-none-eabi");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    to
}

fn image(folder: &Path, source: &str, optimisation: &str) -> Image {
    let elf = compiled(folder, source, optimisation);
    Image::read(&fs::read(elf).expect("read"), Some(Format::Elf), 0).expect("ELF")
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("folder")
}

const WANTED: [(Register, u16); 5] = [
    (Register::Ugain, 0x6ABC),
    (Register::IgainN, 0x1001),
    (Register::Lgain, 0xFEDC),
    (Register::Ngain, 0xFEDC),
    (Register::PLconstL, 0x8937),
];

#[test]
fn registers_are_found_and_replaced_at_both_optimisations() {
    // As in the stock firmware what prints lies in a library; inlined, it makes the compiler know zeros by conditions.
    let apart = METHOD.replace(
        "void print(const char *text, unsigned n) {",
        "__attribute__((noinline)) void print(const char *text, unsigned n) {",
    );
    for source in [METHOD.to_owned(), apart, function()] {
        for optimisation in ["-Os", "-O2"] {
            let folder = folder();
            let old = image(folder.path(), &source, optimisation);
            let before = values(&old).expect(optimisation);
            assert_eq!(
                (before[&Register::Ugain], before[&Register::Cs2], before[&Register::MMode]),
                (0x71D8, 0x993B, 0x9422)
            );
            let (new, replaced) = patch(&old, &WANTED).expect(optimisation);
            assert!(
                replaced.iter().any(|replaced| replaced.name == "CS1") && replaced.len() == WANTED.len() + 2,
                "{replaced:?}"
            );

            // The same source with other literals, compiled: the very same bytes.
            let mut expected = before.clone();
            expected.extend(WANTED);
            let word = |register: Register| expected.get(&register).copied().unwrap_or(register.power_on());
            let sums = [checksum(Register::METERING.map(word)), checksum(Register::MEASUREMENT.map(word))];
            let other = source
                .replace("0x31, 0x71D8", "0x31, 0x6ABC")
                .replace("0x0F56", "0x1001")
                .replace("0x1D39", "0xFEDC")
                .replace("0xC8B4", "0x8937")
                .replace("0x2C, 0x327C", &format!("0x2C, 0x{:04X}", sums[0]))
                .replace("0x3B, 0x993B", &format!("0x3B, 0x{:04X}", sums[1]));
            let compiled = image(folder.path(), &other, optimisation);
            assert_eq!(differences(&new, &compiled), [], "{optimisation}");
        }
    }
}

#[test]
fn what_is_not_certain_is_refused() {
    let folder = folder();
    let changed = |from: &str, to: &str| {
        assert!(METHOD.contains(from), "{from}");
        image(folder.path(), &METHOD.replacen(from, to, 1), "-Os")
    };
    // A register twice, one that is missing, a checksum that is another's.
    for (from, to) in [
        ("AFECHIP(0, 0x33, 0x0F56);", "AFECHIP(0, 0x33, 0x0F56); AFECHIP(0, 0x33, 0x0F57);"),
        ("AFECHIP(0, 0x33, 0x0F56);", ""),
        ("AFECHIP(0, 0x33, 0x0F56);", "AFECHIP(0, 0x33, port[0]);"),
        ("0x3B, 0x993B", "0x3B, 0x993C"),
    ] {
        assert_eq!(values(&changed(from, to)), Err(CompiledError::NotFound), "{to}");
    }
    let good = changed("0x71D8", "0x71D8");
    let twice = patch(&good, &[(Register::Ugain, 1), (Register::Ugain, 2)]);
    assert_eq!(twice.err(), Some(CompiledError::WantedTwice { name: "Ugain" }));
    assert_eq!(patch(&good, &[(Register::Nphi, 1)]).err(), Some(CompiledError::Missing { name: "Nphi" }));
    let sum = patch(&good, &[(Register::Cs1, 1)]).err();
    assert_eq!(sum, Some(CompiledError::Checksum { name: "CS1", given: 1, computed: 0x327C }));
    // No image of this firmware at all.
    let meter = fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/firmware/images/meter.elf")).expect("read");
    let meter = Image::read(&meter, None, 0).expect("ELF");
    assert_eq!(values(&meter), Err(CompiledError::NotFound));
}

#[test]
fn a_constant_with_another_use_stays() {
    // One constant for both lines' gains: changed together, or not at all.
    for optimisation in ["-Os", "-O2"] {
        let folder = folder();
        let old = image(folder.path(), METHOD, optimisation);
        match patch(&old, &[(Register::Lgain, 0x1234)]) {
            Ok((new, _)) => assert_eq!(values(&new).expect("found")[&Register::Ngain], 0x1D39, "{optimisation}"),
            Err(error) => assert!(matches!(error, CompiledError::Shared { name: "Lgain", .. }), "{error}"),
        }
        // Zeros are cheap, and most compilers keep one for all.
        match patch(&old, &[(Register::Lphi, 0x8123)]) {
            Ok((new, _)) => assert_eq!(values(&new).expect("found")[&Register::Lphi], 0x8123, "{optimisation}"),
            Err(error) => {
                assert!(matches!(error, CompiledError::Shared { .. } | CompiledError::NoRoom { .. }), "{error}");
            }
        }
    }
}

#[test]
fn the_command_line_patches_an_image() {
    let folder = folder();
    let elf = compiled(folder.path(), METHOD, "-Os");
    let patched = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_meterbench"))
            .args(["image", "patch-compiled", elf.to_str().expect("text"), "-o", "unit.bin"])
            .args(arguments)
            .current_dir(folder.path())
            .output()
            .expect("ran");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    for (set, part) in [("Ugain=0x8000", "bit 15"), ("Ugain=0x2000", "is plausible"), ("Nphi=3", "does not write Nphi")]
    {
        let (code, _, messages) = patched(&["--set", set]);
        assert_eq!((code, messages.contains(part)), (Some(2), true), "{set}: {messages}");
        assert!(!folder.path().join("unit.bin").exists());
    }
    let (code, out, messages) = patched(&["--set", "Ugain=0x7000", "--set", "Nphi=0"]);
    assert_eq!(code, Some(0), "{messages}");
    assert!(out.contains("Ugain 0x71D8 -> 0x7000") && out.contains("CS2 0x993B -> 0x4062"), "{out}");
    assert_eq!(out.lines().count(), 2, "{out}");
    let image =
        Image::read(&fs::read(folder.path().join("unit.bin")).expect("read"), None, 0x0800_0000).expect("image");
    assert_eq!(values(&image).expect("found")[&Register::Ugain], 0x7000);
}

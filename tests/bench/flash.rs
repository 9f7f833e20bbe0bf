//! Write and read back 60 KiB at 115200 baud, beside stm32flash on the same simulated chip, and beside the wire's own limit.
//!
//! Three runs of ours: erasing the pages needed, erasing the whole chip, and flashing again with only the calibration changed.
//! The served line is paced as a UART with even parity; the chip takes 25 ms to erase a page and 52.5 us to program a half-word.

#![allow(clippy::expect_used, reason = "a benchmark stops at what it did not expect")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use meterbench::clock::RealClock;
use meterbench::flash::rom::RomTarget;
use meterbench::flash::{EraseScope, Options, Reuse, Watch, flash};
use meterbench::image::{Image, Segment};
use meterbench::sim::device::Shared;
use meterbench::sim::rom::{RomDevice, RomOptions};
use meterbench::sim::serve::{Outlet, serve};

const LENGTH: u32 = 60 << 10;
/// Characters on the wire for a block, written or read: command, address, count, data, checksums and answers.
const BLOCK_CHARACTERS: f64 = 268.0;
const BAUD: f64 = 115_200.0;
/// The server counts ten bits to a character, and with parity there are eleven.
const SERVED_BAUD: u32 = 115_200 / 11 * 10;

fn main() {
    let bytes: Vec<u8> = (0..LENGTH).map(|at| (at.wrapping_mul(2_654_435_761) >> 11) as u8).collect();
    let mut changed = bytes.clone();
    changed.iter_mut().skip(58 << 10).take(64).for_each(|byte| *byte ^= 0x5A);
    let image =
        |bytes: &[u8]| Image::from_segments([Segment { address: 0x0800_0000, bytes: bytes.to_vec() }]).expect("fits");
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bench-flash.bin");
    std::fs::write(&file, &bytes).expect("written");

    let blocks = f64::from(LENGTH) / 256.0;
    let carried = blocks * 2.0 * BLOCK_CHARACTERS * 11.0 / BAUD;
    let programmed = f64::from(LENGTH) / 2.0 * 52.5e-6;
    let wire = carried + programmed;
    let theirs = foreign(&file);
    let line = |way: &str, seconds: Option<f64>| match seconds {
        Some(seconds) => {
            let ratio = theirs.map_or_else(|| "-".to_owned(), |theirs| format!("{:.3}", seconds / theirs));
            println!("{way:<36} {seconds:>8.2} s {ratio:>12} {:>8.3}", seconds / wire);
        }
        None => println!("{way:<36} not installed"),
    };
    println!("{:<36} {:>10} {:>12} {:>8}", "write and read back 60 KiB", "", "/stm32flash", "/wire");
    line("the wire and the cells, no erasing", Some(wire));
    line("stm32flash -w -v", theirs);
    line("pages erased", Some(ours(&image(&bytes), &Options::default(), &[])));
    let whole = Options { erase: EraseScope::Chip, ..Options::default() };
    line("whole chip erased", Some(ours(&image(&bytes), &whole, &[])));
    let known = Options { reuse: Reuse::Known(image(&bytes)), ..Options::default() };
    line("only the calibration changed, trusted", Some(ours(&image(&changed), &known, &bytes)));
}

/// A served chip that holds this, and the end of its address. The server's thread ends with the benchmark.
fn serve_chip(holds: &[u8]) -> String {
    let mut device = RomDevice::new(RomOptions::default());
    device.place(holds);
    serve(&Outlet::Pty, Shared::new(device), Some(SERVED_BAUD), &RealClock::shared()).expect("a pty").address
}

/// On a chip that holds `before`, from the start of its flash.
fn ours(image: &Image, options: &Options, before: &[u8]) -> f64 {
    let clock = RealClock::shared();
    let url = format!("rom{}?parity=none", serve_chip(before)).parse().expect("address");
    let mut target = RomTarget::open(&url, &clock).expect("a port");
    let mut watch = Watch::nobody(clock.clone());
    let report = flash(&mut target, image, options, &clock, &mut watch).expect("flashed");
    assert!(report.verified);
    assert_eq!(report.bytes_trusted > 0, !before.is_empty(), "a chip that holds what it should is trusted");
    report.seconds
}

#[expect(clippy::disallowed_methods, reason = "another process's time is real time")]
fn foreign(file: &Path) -> Option<f64> {
    let address = serve_chip(&[]);
    let terminal = address.trim_start_matches("+serial:");
    let began = Instant::now();
    let output =
        Command::new("stm32flash").args(["-b", "115200", "-m", "8n1", "-v", "-w"]).arg(file).arg(terminal).output();
    let seconds = began.elapsed().as_secs_f64();
    let output = output.ok()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(seconds)
}

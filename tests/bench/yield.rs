//! A lot of simulated units with seeded defects through procedure and store: what is found, what is not, and how many sound units fail
//! against what the uncertainty allows.
//!
//! `cargo bench --bench yield -- 300` takes 300 units instead of 10 000. Two sound units come for each defective one.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a bench stops at what it did not expect, and its clock is the real one"
)]

#[path = "../firmware_rig/mod.rs"]
mod firmware_rig;
#[path = "../lot/mod.rs"]
mod lot;
#[path = "../service_port/mod.rs"]
mod service_port;
#[path = "../simulated/mod.rs"]
mod simulated;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use lot::Procedures;
use meterbench::procedure::Verdict;
use meterbench::record::{About, Keeper};

const UNITS: u64 = 10_000;
const GOOD_IN: u64 = 26;

/// What came of the units with one defect, or of the sound ones.
#[derive(Default)]
struct Row {
    units: u64,
    verdicts: BTreeMap<&'static str, u64>,
    /// The most frequent reason, as an example.
    reasons: BTreeMap<String, u64>,
    misjudged: Vec<String>,
    allowed: f64,
    bench_secs: f64,
}

fn main() {
    let units = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(UNITS);
    let procedures = Procedures::new();
    let folder = tempfile::tempdir().expect("folder");
    let start = Instant::now();
    let (next, threads) = (AtomicU64::new(0), std::thread::available_parallelism().map_or(1, usize::from));
    let (sender, receiver) = std::sync::mpsc::sync_channel(64);
    let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
    let mut stored = 0_u64;
    std::thread::scope(|scope| {
        for number in 0..threads {
            let (sender, next, procedures) = (sender.clone(), &next, &procedures);
            let work = move || loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= units || sender.send(procedures.inspect(number, GOOD_IN)).is_err() {
                    return;
                }
            };
            std::thread::Builder::new().name(format!("units {number}")).spawn_scoped(scope, work).expect("thread");
        }
        drop(sender);
        let mut keeper = Keeper::in_folder(folder.path().to_owned());
        for unit in receiver {
            let mut reports = [unit.report.clone()];
            let kept = keeper.keep_run(&mut reports, procedures.plan_of(&unit), &unit.readings, &About::now(1));
            stored += u64::from(kept[0].is_some());
            let row = rows.entry(unit.defect.unwrap_or("(sound)")).or_default();
            row.units += 1;
            row.bench_secs += unit.report.duration_s;
            *row.verdicts.entry(unit.report.verdict.word()).or_default() += 1;
            if unit.report.verdict == Verdict::Pass {
                row.allowed += unit.chance_of_failing();
            } else {
                let reason: String = unit.reason().chars().map(|c| if c.is_ascii_digit() { '#' } else { c }).collect();
                *row.reasons.entry(reason).or_default() += 1;
            }
            if unit.misjudged() {
                row.misjudged.push(format!("{} {} {}", unit.report.serial, unit.report.verdict, unit.reason()));
            }
        }
    });
    print(&rows, stored, units);
    println!("{:.1} s on {threads} threads", start.elapsed().as_secs_f64());
    let escaped =
        rows.iter().filter(|(defect, _)| **defect != "(sound)").map(|(_, row)| row.misjudged.len()).sum::<usize>();
    assert_eq!((escaped, stored), (0, units), "a defect was not found, or a unit is not in the store");
}

fn print(rows: &BTreeMap<&str, Row>, stored: u64, units: u64) {
    println!("{:<18} {:>6} {:>6} {:>6} {:>6}  found as", "defect", "units", "PASS", "FAIL", "ERROR");
    for (defect, row) in rows {
        let count = |word: &str| row.verdicts.get(word).copied().unwrap_or_default();
        let reason = row.reasons.iter().max_by_key(|(_, count)| **count).map_or("", |(reason, _)| reason.as_str());
        println!(
            "{defect:<18} {:>6} {:>6} {:>6} {:>6}  {}",
            row.units,
            count("PASS"),
            count("FAIL"),
            count("ERROR"),
            reason.chars().take(70).collect::<String>()
        );
        for unit in row.misjudged.iter().take(5) {
            println!("    misjudged: {unit}");
        }
    }
    if let Some(sound) = rows.get("(sound)") {
        println!(
            "sound units that failed: {}; the uncertainty allows {:.2e}; a unit takes {:.1} min of bench time",
            sound.misjudged.len(),
            sound.allowed,
            sound.bench_secs / sound.units as f64 / 60.0
        );
    }
    println!("{stored} of {units} units are in the store");
}

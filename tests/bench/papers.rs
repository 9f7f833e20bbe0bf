//! How long papers take: a certificate, the same again and again, a report of a thousand units, a label.

#![allow(clippy::expect_used, reason = "a bench stops at what it did not expect")]

#[path = "../recorded/mod.rs"]
mod recorded;

use meterbench::clock::{RealClock, SharedClock};
use meterbench::paper::certificate::Certificate;
use meterbench::paper::label::{Label, Size};
use meterbench::paper::report::Report;
use meterbench::paper::{Paper, Press};
use meterbench::record::{Draft, Filter, Store, file_in};
use recorded::draft;

const UNITS: u64 = 1000;
const TURNS: u64 = 21;

fn main() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("folder");
    let clock = RealClock::shared();
    let mut store = Store::open(&file_in(folder.path())).expect("store");
    // One in fifty is a second attempt, so some more attempts than units.
    let drafts: Vec<Draft> = (0..UNITS * 50 / 49 + 1).map(draft).collect();
    store.append_all(&drafts).expect("stored");
    let press = Press::new(None);
    time(&clock, "certificate", TURNS, |turn| {
        let record = store.record(None, turn + 20).expect("read").expect("there");
        Certificate::from_store(&store, &record).expect("gathered").print(&record, &press).expect("printed")
    });
    time(&clock, "label", TURNS, |turn| {
        let record = store.record(None, turn + 20).expect("read").expect("there");
        Label::of(&record, Size::default()).expect("passed").print(&record, &press).expect("printed")
    });
    time(&clock, "report of 1000 units", 3, |turn| {
        // Another filter each time, so that nothing is remembered.
        let simulated = (turn > 0).then_some(true);
        let position = None;
        let to = (turn > 1).then(|| "2030-01-01".parse().expect("day"));
        let filter = Filter { simulated, position, to, ..Filter::default() };
        let (report, at) = Report::of(&store, &filter).expect("gathered");
        report.print(at, &press).expect("printed")
    });
}

fn time(clock: &SharedClock, what: &str, turns: u64, mut work: impl FnMut(u64) -> Paper) {
    let mut last = None;
    let mut times: Vec<f64> = (0..turns)
        .map(|turn| {
            let began = clock.now();
            last = Some(work(turn));
            clock.now().since(began).as_secs_f64() * 1e3
        })
        .collect();
    let first = times.first().copied().unwrap_or_default();
    times.sort_by(f64::total_cmp);
    let (median, worst) = (times.get(times.len() / 2), times.last());
    let (median, worst) = (median.copied().unwrap_or_default(), worst.copied().unwrap_or_default());
    let paper = last.expect("one turn");
    println!(
        "{what:<22} median {median:>8.1} ms  first {first:>8.1} ms  worst {worst:>8.1} ms  {} pages, {} bytes",
        paper.pages,
        paper.pdf.len()
    );
}

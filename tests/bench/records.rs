//! The store with a million attempts: size, rate of durable writing, search, statistics, memory.
//!
//! The million is made up (see `tests/recorded`) and goes through the store's own path of writing, with its hashes, its reading
//! back and its sums; only its transactions are larger, a thousand attempts each. The rate of durable writing is
//! measured on the full store with one transaction, and so one flush to the disk, an attempt.
//! `METERBENCH_BENCH_RECORDS` makes it more or fewer.

#![allow(clippy::expect_used, reason = "a bench stops at what it did not expect")]

#[path = "../recorded/mod.rs"]
mod recorded;

use meterbench::clock::{RealClock, SharedClock};
use meterbench::procedure::Verdict;
use meterbench::record::{Draft, Filter, Store, file_in};
use recorded::draft;

const AT_ONCE: u64 = 1000;
const ONE_BY_ONE: u64 = 500;
const TURNS: usize = 15;

fn main() {
    let count: u64 = std::env::var("METERBENCH_BENCH_RECORDS").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000_000);
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("folder");
    let clock = RealClock::shared();
    let mut store = Store::open(&file_in(folder.path())).expect("store");
    let began = clock.now();
    let mut next = 0;
    while next < count {
        let part: Vec<Draft> = (next..count.min(next + AT_ONCE)).map(draft).collect();
        store.append_all(&part).expect("stored");
        next += AT_ONCE;
    }
    let took = clock.now().since(began).as_secs_f64();
    println!("{count} attempts in {took:.1} s, {:.0} a second in transactions of {AT_ONCE}", count as f64 / took);
    let size = size(&folder);
    println!("size          {:.1} MB, {:.0} bytes an attempt", size as f64 / 1e6, size as f64 / count as f64);
    let began = clock.now();
    for number in count..count + ONE_BY_ONE {
        store.append(&draft(number)).expect("stored");
    }
    let took = clock.now().since(began).as_secs_f64();
    println!(
        "durable       {:.0} attempts a second, {:.2} ms each",
        ONE_BY_ONE as f64 / took,
        took * 1e3 / ONE_BY_ONE as f64
    );

    let all = Filter::default();
    let week = Filter { batch: Some("week 3".to_owned()), ..Filter::default() };
    let some = Filter { operator: Some("morning".to_owned()), position: Some(2), ..Filter::default() };
    let unit = format!("MT{:07}", count / 2);
    let digits = format!("{:05}", count / 3 % 100_000);
    time(&clock, "newest 50", || store.list(&all, None, 50).expect("list").len());
    time(&clock, "newest 50 FAIL of a week", || store.list(&week, Some(Verdict::Fail), 50).expect("list").len());
    time(&clock, "newest 50 of operator and position", || store.list(&some, None, 50).expect("list").len());
    time(&clock, "search M", || store.search("M", &all, None, 50).expect("search").len());
    time(&clock, "search by serial number", || store.search(&unit, &all, None, 50).expect("search").len());
    time(&clock, "search by the last 5 digits", || store.search(&digits, &all, None, 50).expect("search").len());
    time(&clock, "was it tested already", || usize::from(store.last_measured(&unit, true).expect("search").is_some()));
    time(&clock, "yields", || usize::from(store.yields(&all).expect("yields").attempts > 0));
    time(&clock, "yields of operator and position", || usize::from(store.yields(&some).expect("yields").attempts > 0));
    time(&clock, "causes of failure", || store.failures(&all).expect("failures").len());
    time(&clock, "capability of every measurement", || store.capabilities(&all).expect("capabilities").len());
    time(&clock, "capability, operator and position", || store.capabilities(&some).expect("capabilities").len());
    time(&clock, "trend of Ugain", || store.trend(&all, "Ugain").expect("trend").len());

    let began = clock.now();
    let checked = store.check().expect("check");
    assert!(checked.clean(), "{:?}", checked.findings);
    println!("check         {:.1} s for {} records, clean", clock.now().since(began).as_secs_f64(), checked.records);
    println!("peak memory   {} MB", peak_kib() / 1024);
}

fn time(clock: &SharedClock, what: &str, mut work: impl FnMut() -> usize) {
    let mut found = 0;
    let mut turns: Vec<f64> = (0..TURNS)
        .map(|_| {
            let began = clock.now();
            found = work();
            clock.now().since(began).as_secs_f64() * 1e3
        })
        .collect();
    let first = turns.first().copied().unwrap_or_default();
    turns.sort_by(f64::total_cmp);
    let (median, worst) = (turns.get(TURNS / 2), turns.last());
    let (median, worst) = (median.copied().unwrap_or_default(), worst.copied().unwrap_or_default());
    println!("{what:<36} {found:>5} found  median {median:>7.2} ms  first {first:>7.2} ms  worst {worst:>7.2} ms");
}

fn size(folder: &tempfile::TempDir) -> u64 {
    let files = std::fs::read_dir(folder.path()).expect("folder");
    files.map(|file| file.expect("file").metadata().expect("size").len()).sum()
}

/// Most memory this process has had, as Linux tells.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

//! Killed at any moment, with another process writing beside: what was told is in the store, and the chain is whole.
//!
//! The writers are this very test program, started again: `writes_when_told_to` does nothing in an ordinary run of the tests.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

mod recorded;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use meterbench::record::{Hash, Keeper, Store, file_in};

use recorded::{draft, noise};

const FOLDER: &str = "METERBENCH_TEST_FOLDER";
const FIRST: &str = "METERBENCH_TEST_FIRST";
const ROUNDS: u64 = 100;

#[test]
fn writes_when_told_to() {
    let (Ok(folder), Ok(first)) = (std::env::var(FOLDER), std::env::var(FIRST)) else { return };
    let mut keeper = Keeper::in_folder(folder.into());
    let mut out = std::io::stdout();
    for number in first.parse::<u64>().unwrap().. {
        let receipt = keeper.keep(&draft(number)).unwrap();
        // The verdict is told after it is stored, and only then.
        writeln!(out, "KEPT {} {}", receipt.number, receipt.hash).unwrap();
        out.flush().unwrap();
    }
}

struct Writer {
    child: Child,
    out: BufReader<std::process::ChildStdout>,
}

impl Writer {
    fn start(folder: &Path, first: u64) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "writes_when_told_to", "--nocapture", "--test-threads=1"])
            .env(FOLDER, folder)
            .env(FIRST, first.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        Self { child, out }
    }

    /// Waits until it has told of a result.
    fn begun(&mut self) -> String {
        let mut line = String::new();
        while !line.contains("KEPT") {
            line.clear();
            assert!(self.out.read_line(&mut line).unwrap() > 0, "the writer ended");
        }
        line
    }

    /// Kills it and gives all it has told since.
    fn kill(mut self) -> String {
        self.child.kill().unwrap();
        let mut text = String::new();
        self.out.read_to_string(&mut text).unwrap();
        self.child.wait().unwrap();
        text
    }
}

#[test]
fn killed_at_any_moment_nothing_told_is_lost() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut told = 0;
    for round in 0..ROUNDS {
        // Every other round two write at once, into the same chain.
        let mut writers: Vec<Writer> =
            (0..=round % 2).map(|who| Writer::start(folder.path(), round * 20_000 + who * 10_000)).collect();
        let mut text: String = writers.iter_mut().map(Writer::begun).collect();
        std::thread::sleep(Duration::from_micros(((noise(round, 7) + 1.0) * 15_000.0) as u64));
        text.extend(writers.into_iter().map(Writer::kill));
        let store = Store::open(&file_in(folder.path())).unwrap();
        for line in text.lines().filter(|line| line.contains("KEPT")) {
            let words: Vec<&str> = line.split_whitespace().skip_while(|word| *word != "KEPT").collect();
            // The last line may have been cut off in the middle: a hash of another length was never told.
            let [_, number, hash] = words[..] else { continue };
            let Ok(hash) = hash.parse::<Hash>() else { continue };
            let record = store.record(None, number.parse().unwrap()).unwrap();
            assert_eq!(record.map(|record| record.hash), Some(hash), "round {round}: {line}");
            told += 1;
        }
        if round % 10 == 9 {
            let checked = store.check().unwrap();
            assert!(checked.clean(), "round {round}: {:?}", checked.findings);
        }
    }
    let store = Store::open(&file_in(folder.path())).unwrap();
    let len = store.len().unwrap();
    assert!(told >= ROUNDS && len >= told, "{told} told, {len} kept");
    // What was stored and not told any more: one for each writer at most.
    assert!(len - told <= ROUNDS * 2, "{told} told, {len} kept");
}

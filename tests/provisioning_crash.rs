//! Killed at any moment, with another process giving rows from the same list: no row ever belongs to two units.
//!
//! The givers are this very test program, started again: `gives_when_told_to` does nothing in an ordinary run of the tests.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use meterbench::provision::{Mapping, Provisioning, State};

const FOLDER: &str = "METERBENCH_TEST_FOLDER";
const WHO: &str = "METERBENCH_TEST_WHO";
const ROUNDS: u64 = 30;
const ROWS: usize = 20_000;

#[test]
fn gives_when_told_to() {
    let (Ok(folder), Ok(who)) = (std::env::var(FOLDER), std::env::var(WHO)) else { return };
    let mut lists = Provisioning::open(Path::new(&folder)).unwrap();
    let mut out = std::io::stdout();
    for number in 0_u64.. {
        let serial = format!("U{who}-{number}");
        let reservation = lists.reserve("lot", &serial).unwrap();
        writeln!(out, "RESERVED {} {serial} .", reservation.number).unwrap();
        out.flush().unwrap();
        // A moment in which another one may come.
        std::thread::sleep(Duration::from_millis(1));
        // Every third unit fails.
        let word = if number % 3 == 2 {
            lists.give_back(&reservation).unwrap();
            "RETURNED"
        } else {
            lists.confirm(&reservation).unwrap();
            "CONFIRMED"
        };
        writeln!(out, "{word} {} {serial} .", reservation.number).unwrap();
        out.flush().unwrap();
    }
}

struct Giver {
    child: Child,
    out: BufReader<std::process::ChildStdout>,
}

impl Giver {
    fn start(folder: &Path, who: u64) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "gives_when_told_to", "--nocapture", "--test-threads=1"])
            .env(FOLDER, folder)
            .env(WHO, who.to_string())
            .stdout(Stdio::piped())
            .stderr(File::options().append(true).create(true).open(folder.join("messages")).unwrap())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        Self { child, out }
    }

    /// Waits until it has told of a row.
    fn begun(&mut self, folder: &Path) -> String {
        let mut line = String::new();
        while !line.contains("RESERVED") {
            line.clear();
            assert!(
                self.out.read_line(&mut line).unwrap() > 0,
                "{}",
                fs::read_to_string(folder.join("messages")).unwrap()
            );
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

/// Word, row and unit of a line that was told to its end.
fn told(line: &str) -> Option<(&str, u64, &str)> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let at = words.iter().position(|word| ["RESERVED", "CONFIRMED", "RETURNED"].contains(word))?;
    match words[at..] {
        [word, row, serial, "."] => Some((word, row.parse().unwrap(), serial)),
        _ => None,
    }
}

#[test]
fn no_row_belongs_to_two_units_whoever_is_killed() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut csv = "token\n".to_owned();
    for number in 0..ROWS {
        writeln!(csv, "token-{number}").unwrap();
    }
    Provisioning::open(folder.path()).unwrap().import("lot", csv.as_bytes(), &Mapping::default()).unwrap();
    // Row by the unit it was confirmed for.
    let mut confirmed: BTreeMap<u64, String> = BTreeMap::new();
    let mut killed = 0;
    for round in 0..ROUNDS {
        // Every other round two give at once, from the same list.
        let mut givers: Vec<Giver> = (0..=round % 2).map(|who| Giver::start(folder.path(), round * 10 + who)).collect();
        let mut texts: Vec<String> = givers.iter_mut().map(|giver| giver.begun(folder.path())).collect();
        std::thread::sleep(Duration::from_micros(round * 7919 % 23_000));
        killed += givers.len();
        for (text, giver) in texts.iter_mut().zip(givers) {
            text.push_str(&giver.kill());
        }
        let lists = Provisioning::open(folder.path()).unwrap();
        let rows = lists.rows(None).unwrap();
        for text in &texts {
            let mut last = None;
            for (word, row, serial) in text.lines().filter_map(told) {
                if word == "CONFIRMED" {
                    let before = confirmed.insert(row, serial.to_owned());
                    assert_eq!(before, None, "row {row} was confirmed twice, the second time for {serial}");
                }
                last = Some((word, row, serial));
            }
            // What was told reserved and no more either stays so, or its end was just not told.
            if let Some(("RESERVED", row, serial)) = last {
                let row = &rows[usize::try_from(row).unwrap() - 1];
                let has = row.serial.as_deref() == Some(serial);
                assert!(has || row.state != State::LeftBehind, "round {round}: {row:?} is not {serial}'s");
            }
        }
        for (row, serial) in &confirmed {
            let row = &rows[usize::try_from(*row).unwrap() - 1];
            assert_eq!((row.state, row.serial.as_deref()), (State::Used, Some(serial.as_str())), "round {round}");
        }
    }
    let rows = Provisioning::open(folder.path()).unwrap().rows(None).unwrap();
    let count = |wanted: State| rows.iter().filter(|row| row.state == wanted).count();
    assert_eq!(rows.len(), ROWS);
    assert_eq!(count(State::Reserved), 0, "the dead hold nothing");
    assert!(count(State::LeftBehind) <= killed, "one for each that was killed at most");
    let (used, told) = (count(State::Used), confirmed.len());
    assert!(told as u64 >= ROUNDS && used >= told && used - told <= killed, "{used} used, {told} told");
}

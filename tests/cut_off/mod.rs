//! What a program leaves behind that is killed in the middle of a no-load test, made on virtual time.

#![allow(dead_code, clippy::expect_used, reason = "each test uses a part of it, and stops at what it did not expect")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use meterbench::procedure::{self, Bench, Control, Custody, Event, Place, Plan, RunReport};
use meterbench::record::{Journal, Readings, Sitting};

use crate::simulated::Setup;

/// Lets the unit at this address come so far in its no-load test, and puts its pages into the folder. Returns what it came to in the end.
pub fn in_no_load(folder: &Path, (serial, address): (&str, &str), plan: &Plan, secs: f64) -> RunReport {
    let whole = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("folder");
    let readings = Arc::new(Readings::default());
    let sitting = Sitting { operator: Some("Ada".to_owned()), ..Sitting::default() };
    let journal = Journal::new(whole.path(), plan, sitting, &readings);
    let (from, to) = (whole.path().join("unfinished"), folder.join("unfinished"));
    fs::create_dir_all(&to).expect("folder");
    let control = Control::new(move |event| {
        readings.hear(&event);
        journal.hear(&event);
        if let Event::Reached { state, .. } = &event
            && state.watched.is_some_and(|watched| (secs..secs + 8.0).contains(&watched.secs))
        {
            for file in fs::read_dir(&from).expect("folder") {
                let file = file.expect("file");
                fs::copy(file.path(), to.join(file.file_name())).expect("copied");
            }
        }
    });
    let Setup { clock, meter, reference, source, operator, flash, .. } = Setup::new(address);
    let positions = vec![Place { serial: serial.to_owned(), meter, head: None, flash }];
    let mut bench = Bench { positions, reference, source, clock, operator, simulated: true };
    let report = procedure::go_on(&mut bench, plan, &Custody::default(), BTreeMap::new(), &control).remove(0);
    let left = fs::read_dir(folder.join("unfinished")).expect("folder").count();
    assert!(left > 0 && left.is_multiple_of(2), "a page and its readings for each unit");
    report
}

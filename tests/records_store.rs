//! The store: what goes in comes out, nothing can be changed unnoticed, and whatever fails is told.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

mod recorded;

use std::path::{Path, PathBuf};

use meterbench::advice::Advice;
use meterbench::procedure::Verdict;
use meterbench::record::readings::Reading;
use meterbench::record::seal::Sealed;
use meterbench::record::{Filter, Hash, Keeper, Store, StoreError, file_in};
use rusqlite::Connection;
use tempfile::TempDir;

use recorded::{draft, drafts};

fn folder() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

fn store(folder: &TempDir, records: u64) -> Store {
    let mut store = Store::open(&file_in(folder.path())).unwrap();
    store.append_all(&drafts(records)).unwrap();
    store
}

/// What the check finds, in words.
fn findings(folder: &Path) -> Vec<String> {
    let checked = Store::open(&file_in(folder)).unwrap().check().unwrap();
    checked.findings.iter().map(ToString::to_string).collect()
}

/// Does to the file what the program never would.
fn tamper(folder: &Path, sql: &str) {
    let connection = Connection::open(file_in(folder)).unwrap();
    let mut triggers = connection.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").unwrap();
    let rows = triggers.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))).unwrap();
    let triggers: Vec<_> = rows.map(Result::unwrap).collect();
    connection.pragma_update(None, "foreign_keys", false).unwrap();
    for (name, _) in &triggers {
        connection.execute_batch(&format!("DROP TRIGGER {name}")).unwrap();
    }
    connection.execute_batch(sql).unwrap();
    for (_, text) in &triggers {
        connection.execute_batch(text).unwrap();
    }
}

#[test]
fn everything_comes_back_as_it_went_in() {
    let folder = folder();
    let mut full = draft(0);
    let entry = &mut full.entry;
    entry.serial = "Ü-7 \u{0}\"'; DROP TABLE attempt; --".to_owned();
    entry.advice = Some(Advice::new("what", "why", "next"));
    entry.image_sha256 = Some(Hash::of(b"image"));
    entry.flash = Some("{\"written\": 3}".to_owned());
    entry.provisioning_row = Some("row 12".to_owned());
    entry.measurements[0].value = None;
    entry.measurements[1].value = Some(f64::MIN_POSITIVE / 3.0);
    entry.measurements[2].value = Some(-1.7e308);
    entry.registers_before.clear();
    let mut reading =
        Reading { device: "meter".to_owned(), at_s: 0.1 + 0.2, u: Some(229.999_999_999_999_97), ..none() };
    entry.readings.push(reading.clone());
    (reading.u, reading.pf) = (None, Some(-0.5));
    entry.readings.push(reading);
    let mut store = store(&folder, 0);
    let receipt = store.append(&full).unwrap();
    assert_eq!(receipt.number, 1);
    // The second time it is known.
    assert_eq!(store.append(&full).unwrap(), receipt);
    assert_eq!(store.append(&draft(1)).unwrap().number, 2);
    drop(store);
    let store = Store::open(&file_in(folder.path())).unwrap();
    let record = store.record(None, 1).unwrap().unwrap();
    assert_eq!((record.record.entry, record.hash), (full.entry, receipt.hash));
    assert_eq!(store.record(None, 2).unwrap().unwrap().record.previous, receipt.hash);
    assert_eq!(store.record(None, 3).unwrap(), None);
    let procedure = Hash::of(recorded::PROCEDURE.as_bytes());
    assert_eq!(store.document(procedure).unwrap().as_deref(), Some(recorded::PROCEDURE));
    assert!(store.check().unwrap().clean(), "{:?}", store.check());
}

fn none() -> Reading {
    let device = String::new();
    Reading { device, at_s: 0.0, u: None, i: None, p: None, q: None, s: None, pf: None, phase: None, f: None }
}

#[test]
fn a_hash_can_be_computed_without_this_program() {
    let folder = folder();
    let store = store(&folder, 2);
    let out = folder.path().join("out.jsonl");
    assert_eq!(store.export(&Filter::default(), meterbench::record::export::Format::JsonLines, &out).unwrap(), 2);
    let text = std::fs::read_to_string(out).unwrap();
    let mut previous = Hash::of(store.station().as_bytes());
    let mut records = 0;
    for line in text.lines().filter(|line| line.starts_with("{\"hash\"")) {
        let (hash, rest) = line.strip_prefix("{\"hash\":\"").unwrap().split_once("\",\"record\":").unwrap();
        let content = rest.strip_suffix('}').unwrap();
        assert_eq!(Hash::of(content.as_bytes()).to_string(), hash);
        let sealed: Sealed = serde_json::from_str(content).unwrap();
        assert_eq!(sealed.previous, previous);
        previous = hash.parse().unwrap();
        records += 1;
    }
    assert_eq!(records, 2);
    assert_eq!(text.lines().filter(|line| line.starts_with("{\"document\"")).count(), 2);
}

#[test]
fn records_cannot_be_changed_or_deleted() {
    let folder = folder();
    let store = store(&folder, 3);
    let connection = Connection::open(store.file()).unwrap();
    connection.pragma_update(None, "recursive_triggers", true).unwrap();
    let tables = ["station", "document", "word", "unit", "quantity", "attempt", "instrument", "step", "measurement"];
    for table in tables {
        let refused = |sql: String| {
            let error = connection.execute_batch(&sql).unwrap_err().to_string();
            assert!(error.contains("records are only added to"), "{sql}: {error}");
        };
        refused(format!("DELETE FROM {table}"));
        let column: String =
            connection.query_row("SELECT name FROM pragma_table_info(?1) LIMIT 1", [table], |row| row.get(0)).unwrap();
        refused(format!("UPDATE {table} SET {column} = {column}"));
    }
    let error = connection.execute_batch("INSERT OR REPLACE INTO word VALUES (1, 'x')").unwrap_err();
    assert!(error.to_string().contains("records are only added to"));
    assert!(store.check().unwrap().clean());
}

#[test]
fn the_check_names_what_was_changed() {
    let changed = |number: u64| format!("record {number} of station");
    let cases: &[(&str, &[(u64, &str)])] = &[
        ("UPDATE attempt SET verdict = 'PASS' WHERE number = 8", &[(8, "was changed")]),
        ("UPDATE attempt SET at_ms = at_ms + 1 WHERE number = 3", &[(3, "was changed")]),
        ("UPDATE measurement SET value = 0.1 WHERE attempt = 8 AND ordinal = 5", &[(8, "was changed")]),
        ("UPDATE measurement SET verdict = 'PASS' WHERE attempt = 8", &[(8, "was changed")]),
        ("DELETE FROM step WHERE attempt = 4 AND ordinal = 3", &[(4, "was changed")]),
        ("INSERT INTO instrument SELECT 5, 9, identity FROM instrument WHERE attempt = 5", &[(5, "was changed")]),
        ("UPDATE attempt SET after_values = before_values WHERE number = 6", &[(6, "was changed")]),
        ("UPDATE unit SET serial = 'X' WHERE serial = 'MT0000002'", &[(3, "was changed")]),
        (
            "UPDATE attempt SET hash = zeroblob(32) WHERE number = 4",
            &[(4, "was changed"), (5, "was sealed behind another")],
        ),
        ("DELETE FROM attempt WHERE number = 5", &[(5, "is gone")]),
        ("DELETE FROM attempt WHERE number BETWEEN 5 AND 7", &[(5, "is gone, and all up to 7")]),
        ("DELETE FROM attempt WHERE number = 1", &[(1, "is gone")]),
        (
            "UPDATE attempt SET number = 99 WHERE number = 2; UPDATE attempt SET number = 2 WHERE number = 3;
             UPDATE attempt SET number = 3 WHERE number = 99",
            &[(2, "was changed"), (3, "was changed"), (4, "was sealed behind another record 3")],
        ),
        ("DELETE FROM attempt WHERE number > 9", &[(12, "chain was cut off behind record 9")]),
        ("DELETE FROM attempt", &[(12, "the whole chain with it")]),
    ];
    for (sql, expected) in cases {
        let folder = folder();
        drop(store(&folder, 12));
        assert_eq!(findings(folder.path()), Vec::<String>::new());
        tamper(folder.path(), sql);
        let found = findings(folder.path());
        for (number, words) in *expected {
            let hit = found.iter().any(|finding| finding.starts_with(&changed(*number)) && finding.contains(words));
            assert!(hit, "{sql}: {found:?}");
        }
        // Nothing that was left alone is accused.
        let accused = found.iter().filter(|finding| finding.starts_with("record ")).count();
        assert_eq!(accused, expected.len(), "{sql}: {found:?}");
    }
}

#[test]
fn a_record_replaced_with_its_hash_breaks_the_chain() {
    let folder = folder();
    let store = store(&folder, 6);
    let mut sealed = store.record(None, 4).unwrap().unwrap().record;
    sealed.entry.operator = Some("afternoon".to_owned());
    let hash = Hash::of(sealed.canonical().unwrap().as_bytes());
    drop(store);
    // The operator's name has to be there before it can be used.
    let sql = format!(
        "INSERT INTO word (text) VALUES ('afternoon');
         UPDATE attempt SET operator = (SELECT id FROM word WHERE text = 'afternoon'), hash = x'{hash}' WHERE number = 4"
    );
    tamper(folder.path(), &sql);
    let found = findings(folder.path());
    assert!(found.iter().any(|finding| finding.contains("sealed behind another record 4")), "{found:?}");
}

#[test]
fn texts_triggers_and_sums_are_checked_too() {
    let cases = [
        ("UPDATE document SET content = 'x' WHERE id = 1", "was changed, which 12 records name"),
        ("UPDATE grouping SET passed = passed + 1", "sums over attempts do not fit"),
        ("UPDATE summary SET n = n + 1", "sums over values do not fit"),
        ("UPDATE place SET grouping = grouping + 1", "sums over places do not fit"),
        ("UPDATE place SET ordered_ms = ordered_ms + 1 WHERE attempt = 2", "sums over places do not fit"),
        ("UPDATE summary SET bins = x''", "sums over values do not fit"),
        ("UPDATE summary SET greatest = 99", "sums over values do not fit"),
        ("DELETE FROM failure", "sums over causes of failure do not fit"),
        ("DELETE FROM position_end", "sums over takt do not fit"),
        ("UPDATE attempt SET golden = 1 WHERE number = 8", "record 8 of station"),
        ("CREATE TABLE mine (x)", "mine in the file is none of this program's"),
        ("DROP INDEX attempt_unit", "attempt_unit is gone"),
    ];
    for (sql, expected) in cases {
        let folder = folder();
        drop(store(&folder, 12));
        tamper(folder.path(), sql);
        let found = findings(folder.path());
        assert!(found.iter().any(|finding| finding.contains(expected)), "{sql}: {found:?}");
    }
    let folder = folder();
    drop(store(&folder, 1));
    Connection::open(file_in(folder.path())).unwrap().execute_batch("DROP TRIGGER attempt_stays").unwrap();
    assert_eq!(findings(folder.path()), ["attempt_stays is gone from the file"]);
}

#[test]
fn a_unit_that_is_made_a_golden_one_afterwards_is_found_with_sums_made_anew_too() {
    let folder = folder();
    drop(store(&folder, 12));
    tamper(folder.path(), "UPDATE attempt SET golden = 1 WHERE number = 8");
    Store::open(&file_in(folder.path())).unwrap().rebuild_sums().unwrap();
    let found = findings(folder.path());
    assert!(matches!(found.as_slice(), [one] if one.contains("record 8") && one.contains("golden")), "{found:?}");
}

#[test]
fn a_check_says_when_nothing_is_noted_beside_the_file() {
    let folder = folder();
    let store = store(&folder, 3);
    assert_eq!(store.check().unwrap().remarks, [""; 0]);
    std::fs::remove_dir_all(folder.path().join("heads")).unwrap();
    let checked = store.check().unwrap();
    assert!(checked.clean() && checked.remarks.len() == 1 && checked.remarks[0].contains(store.station()));
}

#[test]
fn sums_can_be_made_anew() {
    let folder = folder();
    let mut store = store(&folder, 200);
    let before = (store.yields(&Filter::default()).unwrap(), store.failures(&Filter::default()).unwrap());
    tamper(folder.path(), "DELETE FROM summary; UPDATE grouping SET passed = 0, first = 7; DELETE FROM failure");
    assert!(!store.check().unwrap().clean());
    store.rebuild_sums().unwrap();
    assert!(store.check().unwrap().clean());
    assert_eq!((store.yields(&Filter::default()).unwrap(), store.failures(&Filter::default()).unwrap()), before);
}

#[test]
fn a_file_of_the_first_version_goes_on() {
    let folder = folder();
    let yields = {
        let new = store(&folder, 120);
        new.yields(&Filter::default()).unwrap()
    };
    // Version 1 had the records without the sums.
    let old = folder.path().join("old");
    std::fs::create_dir(&old).unwrap();
    let connection = Connection::open(file_in(&old)).unwrap();
    connection.execute_batch(include_str!("../assets/migrations/001.sql")).unwrap();
    connection.execute("ATTACH ?1 AS new", [file_in(folder.path()).to_str().unwrap()]).unwrap();
    for table in ["station", "document", "word", "unit", "quantity", "attempt", "instrument", "step", "measurement"] {
        let columns = "SELECT group_concat(name) FROM pragma_table_info(?1, 'main')";
        let columns: String = connection.query_row(columns, [table], |row| row.get(0)).unwrap();
        connection.execute_batch(&format!("INSERT INTO main.{table} SELECT {columns} FROM new.{table}")).unwrap();
    }
    connection.pragma_update(None, "user_version", 1).unwrap();
    drop(connection);
    let mut migrated = Store::open(&file_in(&old)).unwrap();
    assert_eq!(migrated.yields(&Filter::default()).unwrap(), yields);
    assert_eq!(migrated.append(&draft(120)).unwrap().number, 121);
    let checked = migrated.check().unwrap();
    assert!(checked.clean(), "{checked:?}");
}

#[test]
fn an_older_file_that_may_not_be_changed_is_not_read() {
    let folder = folder();
    let file = file_in(folder.path());
    let connection = Connection::open(&file).unwrap();
    connection.execute_batch(include_str!("../assets/migrations/001.sql")).unwrap();
    connection.pragma_update(None, "user_version", 1).unwrap();
    drop(connection);
    let error = Store::read_only(&file).unwrap_err();
    assert!(matches!(error, StoreError::Older { found: 1, .. }), "{error}");
    assert!(error.advice().next.contains("records list"));
}

#[test]
fn a_file_of_a_newer_version_is_left_alone() {
    let folder = folder();
    drop(store(&folder, 1));
    Connection::open(file_in(folder.path())).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let error = Store::open(&file_in(folder.path())).unwrap_err();
    assert!(matches!(error, StoreError::Newer { found: 99, .. }), "{error}");
    assert_eq!(error.advice().next, "Use the newer version");
}

#[test]
fn a_clock_set_back_is_noted_and_changes_no_order() {
    let folder = folder();
    let mut store = store(&folder, 0);
    let mut first = draft(7);
    let mut second = draft(17);
    assert_eq!((first.entry.serial.as_str(), first.entry.verdict), (second.entry.serial.as_str(), Verdict::Fail));
    first.entry.at.at_ms += 3_600_000;
    second.entry.at.at_ms = first.entry.at.at_ms - 90_000;
    store.append(&first).unwrap();
    store.append(&second).unwrap();
    assert_eq!(store.record(None, 2).unwrap().unwrap().record.clock_back_ms, 90_000);
    let last = store.last_measured(&first.entry.serial, true).unwrap().unwrap();
    assert_eq!((last.number, last.verdict), (2, Verdict::Pass));
    let yields = store.yields(&Filter::default()).unwrap();
    assert_eq!((yields.first_passed, yields.last_passed), (0, 1));
    assert!(store.check().unwrap().clean());
}

#[test]
fn a_full_disk_loses_nothing() {
    let folder = folder();
    let mut store = store(&folder, 50);
    let count = store.len().unwrap();
    let full = || {
        let connection = Connection::open(file_in(folder.path())).unwrap();
        let pages: i64 = connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
        pages
    };
    store.limit_pages(full()).unwrap();
    let error = (50..5000).find_map(|number| store.append(&draft(number)).err()).unwrap();
    assert_eq!(error.advice().why, "The disk is full");
    let after = store.len().unwrap();
    assert!(after >= count && store.check().unwrap().clean());
    store.limit_pages(1_000_000).unwrap();
    assert_eq!(store.append(&draft(6000)).unwrap().number, after + 1);
    assert!(store.check().unwrap().clean());
}

#[test]
fn a_result_that_can_wait_nowhere_either_says_so() {
    let folder = folder();
    std::fs::create_dir_all(file_in(folder.path())).unwrap();
    std::fs::write(folder.path().join("spool"), "no folder").unwrap();
    let advice = Keeper::in_folder(folder.path().to_owned()).keep(&draft(0)).unwrap_err();
    assert!(advice.what.contains("could be stored nowhere"), "{advice:?}");
    assert!(advice.next.contains("stands on standard error"), "{advice:?}");
}

#[test]
fn a_result_that_cannot_be_stored_waits_and_is_taken_over_once() {
    let folder = folder();
    // A folder where the file should be: it cannot be opened.
    std::fs::create_dir_all(file_in(folder.path())).unwrap();
    let mut keeper = Keeper::in_folder(folder.path().to_owned());
    let advice = keeper.keep(&draft(0)).unwrap_err();
    assert!(advice.what.contains("The result (PASS) could not be stored"), "{advice:?}");
    keeper.keep(&draft(7)).unwrap_err();
    let spool = folder.path().join("spool");
    assert_eq!(std::fs::read_dir(&spool).unwrap().count(), 2);
    // One that nobody can read holds up nobody.
    std::fs::write(spool.join("0-broken.json"), "{").unwrap();
    let copy: PathBuf = std::fs::read_dir(&spool).unwrap().map(|entry| entry.unwrap().path()).max().unwrap();
    let text = std::fs::read(&copy).unwrap();
    std::fs::remove_dir(file_in(folder.path())).unwrap();
    let receipt = keeper.keep(&draft(1)).unwrap();
    assert_eq!(receipt.number, 3, "those that waited come first");
    assert_eq!(std::fs::read_dir(&spool).unwrap().count(), 1);
    // A crash between storing and removing leaves the file: it is not stored again.
    std::fs::write(&copy, text).unwrap();
    let store = keeper.store().unwrap();
    assert_eq!(store.len().unwrap(), 3);
    assert!(store.check().unwrap().clean());
    assert_eq!(std::fs::read_dir(&spool).unwrap().count(), 1);
}

#[test]
fn who_writes_too_long_is_waited_for_and_then_named() {
    let folder = folder();
    let mut store = store(&folder, 1);
    let other = Connection::open(store.file()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = store.append(&draft(1)).unwrap_err();
    assert!(error.is_busy(), "{error}");
    assert!(error.advice().why.contains("Another program"));
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(store.append(&draft(1)).unwrap().number, 2);
}

#[test]
fn something_that_is_no_store_is_told() {
    let folder = folder();
    std::fs::write(file_in(folder.path()), "this is a text, and it is long enough to be looked at".repeat(100))
        .unwrap();
    let error = Store::open(&file_in(folder.path())).unwrap_err();
    assert!(error.advice().why.contains("none of this program's"), "{error}");
}

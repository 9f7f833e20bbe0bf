//! Provisioning lists: read from CSV, given to units, never twice; and not a value of them seen anywhere.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::path::Path;
use std::process::Command;

use meterbench::provision::{Mapping, ProvisionError, Provisioning, State, file_in};
use proptest::prelude::*;
use serde_json::Value;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("folder")
}

fn keyed() -> Mapping {
    Mapping { serial: Some("Serial".to_owned()), ..Mapping::default() }
}

const LIST: &str = "Serial,token,port\nMT1,tell-nobody-1,80\nMT2,tell-nobody-2,81\nMT3,tell-nobody-3,82\n";

fn states(lists: &Provisioning) -> Vec<State> {
    lists.rows(None).expect("rows").into_iter().map(|row| row.state).collect()
}

fn value(lists: &Provisioning, list: &str, serial: &str, field: &str) -> String {
    let values = lists.of_unit(list, serial).expect("a row");
    values.expose().find(|(name, _)| *name == field).expect("a value").1.to_owned()
}

#[test]
fn each_unit_gets_its_own_row_and_keeps_it_when_it_passes() {
    let folder = folder();
    let mut lists = Provisioning::open(folder.path()).expect("open");
    let imported = lists.import("lot", LIST.as_bytes(), &keyed()).expect("imported");
    assert_eq!((imported.added, imported.known), (3, 0));
    let again = lists.import("lot", format!("{LIST}MT4,tell-nobody-4,1\n").as_bytes(), &keyed()).expect("imported");
    assert_eq!((again.added, again.known), (1, 3), "a list may grow");

    let row = lists.reserve("lot", "MT2").expect("reserved");
    assert_eq!((row.number, row.row()), (2, "lot row 2".to_owned()));
    assert!(matches!(lists.reserve("lot", "MT2"), Err(ProvisionError::Reserved { number: 2, .. })), "it is in use");
    lists.give_back(&row).expect("given back");
    assert!(states(&lists).iter().all(|state| *state == State::Free));
    let row = lists.reserve("lot", "MT2").expect("reserved again");
    lists.confirm(&row).expect("confirmed");
    assert!(matches!(lists.confirm(&row), Err(ProvisionError::Lost { .. })), "once is enough");
    // A unit that is tested again has the values already, and keeps them when it fails then.
    let row = lists.reserve("lot", "MT2").expect("the same row");
    lists.give_back(&row).expect("given back");
    assert_eq!(states(&lists), [State::Free, State::Used, State::Free, State::Free]);
    assert_eq!(value(&lists, "lot", "MT2", "token"), "tell-nobody-2");
    assert!(matches!(lists.reserve("lot", "MT9"), Err(ProvisionError::NoRow { .. })));
    assert!(matches!(lists.reserve("other", "MT1"), Err(ProvisionError::NoList { .. })));
    assert!(matches!(lists.of_unit("lot", "MT1"), Err(ProvisionError::NoRow { .. })), "not reserved, not used");
}

#[test]
fn rows_without_a_key_go_round_in_turn() {
    let folder = folder();
    let mut lists = Provisioning::open(folder.path()).expect("open");
    let mapping = Mapping {
        columns: [("token".to_owned(), "Access token".to_owned())].into(),
        constants: [("host".to_owned(), "tb.example.org".to_owned())].into(),
        ..Mapping::default()
    };
    let csv = "\u{feff}Access token;Remark\r\n\"a;1\";first\r\na2;\r\n";
    let imported = lists.import("lot", csv.as_bytes(), &mapping).expect("imported");
    assert_eq!((imported.added, imported.ignored_columns), (2, vec!["Remark".to_owned()]));
    let first = lists.reserve("lot", "MT7").expect("reserved");
    let second = lists.reserve("lot", "MT8").expect("reserved");
    assert_eq!((first.number, second.number), (1, 2));
    assert_eq!(value(&lists, "lot", "MT7", "token"), "a;1");
    assert_eq!(value(&lists, "lot", "MT7", "host"), "tb.example.org");
    assert!(matches!(lists.reserve("lot", "MT9"), Err(ProvisionError::Exhausted { .. })));
    lists.give_back(&first).expect("given back");
    let third = lists.reserve("lot", "MT9").expect("what came back is given");
    assert_eq!(third.number, 1);
    lists.confirm(&third).expect("confirmed");
    assert!(matches!(lists.confirm(&first), Err(ProvisionError::Lost { .. })), "MT7 no longer has it");
}

#[test]
fn a_column_that_is_named_serial_needs_no_entry() {
    let folder = folder();
    let mut lists = Provisioning::open(folder.path()).expect("open");
    lists.import("lot", b"serial,token\nMT9,SECRET-9\n", &Mapping::default()).expect("imported");
    assert_eq!(lists.rows(None).expect("rows")[0].unit.as_deref(), Some("MT9"));
    let left_out = Mapping { left_out: ["serial".to_owned()].into(), ..Mapping::default() };
    lists.import("any", b"serial,token\nMT8,SECRET-8\n", &left_out).expect("imported");
    let any = lists.rows(Some("any")).expect("rows");
    assert_eq!(any[0].unit, None);
}

#[test]
fn what_is_wrong_with_a_list_is_said_without_its_values() {
    let folder = folder();
    let mut lists = Provisioning::open(folder.path()).expect("open");
    lists.import("before", b"token\nSECRET-before\n", &Mapping::default()).expect("imported");
    let stranger = Mapping { columns: [("shoe_size".to_owned(), "token".to_owned())].into(), ..Mapping::default() };
    let absent = Mapping { columns: [("host".to_owned(), "Host".to_owned())].into(), ..Mapping::default() };
    for (csv, mapping, part) in [
        ("token\nSECRET-1\nSECRET-1\n", Mapping::default(), "line 3 of the list: the same values stand there twice"),
        ("Serial,token\nMT1,SECRET-1\nMT2,SECRET-1\n", keyed(), "line 3 of the list: its token is that of row 1"),
        ("Serial,token\nMT1,SECRET-before\n", keyed(), "is that of row 1 of the list \"before\""),
        ("Serial,token\nMT1,SECRET-1\nMT1,SECRET-2\n", keyed(), "MT1 stands there twice"),
        ("Serial,token\n,SECRET-1\n", keyed(), "serial number is missing"),
        ("Serial,token\nMT1,SECRET-much-longer-than-thirty-two-characters\n", keyed(), "line 2 of the list: token has"),
        ("Serial,starting_code\nMT1,SECRET\n", keyed(), "starting_code must be"),
        ("Serial,sts_private_key\nMT1,112\n", keyed(), "100 to 111"),
        ("Serial,token\nMT1\n", keyed(), "it has 1 columns"),
        ("Serial,token\nMT1,\n", keyed(), "no value in it"),
        ("token\nSECRET-1\n", keyed(), "no column \"Serial\""),
        ("Serial,Name\nMT1,SECRET\n", keyed(), "no column of the list is a field"),
        ("token\nSECRET-1\n", stranger, "shoe_size"),
        ("token\nSECRET-1\n", absent, "no column \"Host\""),
        ("token,token\nSECRET-1,SECRET-2\n", Mapping::default(), "two columns"),
        ("SN,token\nMT1,SECRET-1\n", Mapping::default(), "the column \"SN\" seems to name the units"),
        ("serial,token\nMT1,SECRET-1\nMT1,SECRET-2\n", Mapping::default(), "MT1 stands there twice"),
        ("token\n", Mapping::default(), "no row"),
        ("", Mapping::default(), ""),
    ] {
        let error = lists.import("lot", csv.as_bytes(), &mapping).expect_err(csv);
        let advice = format!("{:?}", error.advice());
        assert!(advice.contains(&part.replace('"', "\\\"")), "{csv:?}: {advice}");
        assert!(!advice.contains("SECRET"), "{advice}");
    }
    assert!(lists.import("lot", b"token\n\xFF\n", &Mapping::default()).is_err());
    assert_eq!(lists.rows(None).expect("rows").len(), 1, "a list is taken whole or not at all");
    let error = Mapping::from_toml("[constants]\napi_key = SECRET\n").expect_err("no TOML");
    assert!(error.starts_with("line 2") && !error.contains("SECRET"), "{error}");
}

#[test]
fn a_person_decides_about_what_was_left_behind() {
    let folder = folder();
    let mut first = Provisioning::open(folder.path()).expect("open");
    first.import("lot", LIST.as_bytes(), &keyed()).expect("imported");
    for serial in ["MT1", "MT2", "MT3"] {
        first.reserve("lot", serial).expect("reserved");
    }
    let mut second = Provisioning::open(folder.path()).expect("open");
    assert_eq!(states(&second), [State::Reserved; 3]);
    assert!(matches!(second.release("lot", 1, State::Free), Err(ProvisionError::Reserved { .. })), "a run has it");
    // As when its process ends in the middle of a run.
    drop(first);
    assert_eq!(states(&second), [State::LeftBehind; 3]);
    second.release("lot", 1, State::Free).expect("released");
    second.release("lot", 2, State::Used).expect("declared used");
    let row = second.reserve("lot", "MT3").expect("the same unit takes it up again");
    second.give_back(&row).expect("given back");
    assert_eq!(states(&second), [State::Free, State::Used, State::Free]);
    assert!(matches!(second.release("lot", 9, State::Free), Err(ProvisionError::NoRow { .. })));
}

#[test]
fn what_was_left_behind_goes_to_no_other_unit() {
    let folder = folder();
    let mut first = Provisioning::open(folder.path()).expect("open");
    first.import("lot", b"token\nt1\nt2\n", &Mapping::default()).expect("imported");
    first.reserve("lot", "MT1").expect("reserved");
    drop(first);
    let mut second = Provisioning::open(folder.path()).expect("open");
    assert_eq!(second.reserve("lot", "MT2").expect("the next").number, 2);
    assert!(matches!(second.reserve("lot", "MT3"), Err(ProvisionError::Exhausted { .. })));
    assert_eq!(second.reserve("lot", "MT1").expect("its own").number, 1);
}

#[test]
fn what_is_on_a_chip_stays_with_its_unit() {
    let folder = folder();
    let mut lists = Provisioning::open(folder.path()).expect("open");
    lists.import("lot", b"token\nt1\nt2\n", &Mapping::default()).expect("imported");
    let row = lists.reserve("lot", "MT1").expect("reserved");
    lists.leave_on_chip(&row).expect("kept");
    assert_eq!(states(&lists), [State::OnChip, State::Free]);
    assert_eq!(value(&lists, "lot", "MT1", "token"), "t1");
    assert_eq!(lists.reserve("lot", "MT2").expect("the next").number, 2);
    assert!(matches!(lists.reserve("lot", "MT3"), Err(ProvisionError::Exhausted { .. })));
    // A run that did not come to flash it gives it back as it was.
    let again = lists.reserve("lot", "MT1").expect("its own");
    assert_eq!((again.number, states(&lists)[0]), (1, State::Reserved));
    lists.give_back(&again).expect("given back");
    assert_eq!(states(&lists)[0], State::OnChip);
    // The chip was erased, and somebody says so.
    lists.release("lot", 1, State::Free).expect("released");
    assert_eq!(lists.reserve("lot", "MT3").expect("free again").number, 1);
}

#[test]
fn lists_of_the_first_version_are_taken_over() {
    let folder = folder();
    let file = file_in(folder.path());
    let old = rusqlite::Connection::open(&file).expect("open");
    old.execute_batch(include_str!("../assets/migrations/provisioning-001.sql")).expect("version 1");
    old.execute_batch(
        "INSERT INTO list VALUES (7, 'lot', 1);
         INSERT INTO row VALUES (3, 7, 1, 'MT1', '{\"token\":\"t1\"}', 'used', NULL, 'MT1', NULL, 5);
         INSERT INTO row VALUES (4, 7, 2, 'MT2', '{\"token\":\"t2\"}', 'reserved', 'free', 'MT2', 'gone', 6);
         INSERT INTO only_once VALUES ('token', 't1', 3), ('token', 't2', 4);
         INSERT INTO history (row, at_ms, event, serial) VALUES (3, 5, 'confirmed', 'MT1');
         PRAGMA user_version = 1;",
    )
    .expect("rows");
    drop(old);
    let mut lists = Provisioning::open(folder.path()).expect("taken over");
    assert_eq!(states(&lists), [State::Used, State::LeftBehind]);
    let row = lists.reserve("lot", "MT2").expect("its own");
    lists.leave_on_chip(&row).expect("kept");
    assert_eq!(value(&lists, "lot", "MT1", "token"), "t1");
    let csv = b"Serial,token\nMT3,t1\n";
    assert!(lists.import("other", csv, &keyed()).is_err(), "what only one unit may have is still known");
    drop(lists);
    let file = rusqlite::Connection::open(&file).expect("open");
    let broken: i64 =
        file.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0)).expect("read");
    let history: i64 =
        file.query_row("SELECT count(*) FROM history WHERE row IN (3, 4)", [], |row| row.get(0)).expect("read");
    assert_eq!((broken, history), (0, 3));
    file.execute("DELETE FROM history", []).expect_err("the triggers are still there");
}

#[cfg(unix)]
#[test]
fn files_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = folder();
    let mut lists = Provisioning::open(folder.path()).expect("open");
    lists.import("lot", LIST.as_bytes(), &keyed()).expect("imported");
    let mode = std::fs::metadata(file_in(folder.path())).expect("file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn any_csv_is_survived(csv in prop::collection::vec(prop_oneof![Just(b"Serial,token\n".to_vec()), Just(b"MT1,\"".to_vec()), any::<Vec<u8>>()], 0..6)) {
        let folder = folder();
        let mut lists = Provisioning::open(folder.path()).expect("open");
        let taken = lists.import("lot", &csv.concat(), &keyed()).map_or(0, |imported| imported.added);
        prop_assert_eq!(lists.rows(None).expect("rows").len() as u64, taken);
    }
}

/// The command line in a folder of its own.
fn meterbench(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_meterbench"))
        .arg("--data")
        .arg(folder.join("data"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("ran");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

const RUN: [&str; 3] = ["run", "--procedure", "calibrate-quick"];

#[test]
fn a_run_uses_a_row_when_it_passes_and_returns_it_when_it_fails() {
    let folder = folder();
    let folder = folder.path();
    std::fs::write(
        folder.join("lot.csv"),
        "Unit,token,starting_code\nSIM1,tell-nobody-1,123456781\nSIM2,tell-nobody-2,123456782\n",
    )
    .expect("written");
    std::fs::write(folder.join("columns.toml"), "serial = \"Unit\"\n[constants]\nhost = \"tb.example.org\"\n")
        .expect("written");
    let (code, out, messages) = meterbench(folder, &["provision", "import", "lot.csv", "--map", "columns.toml"]);
    assert_eq!((code, out.as_str()), (Some(0), "lot: 2 rows added, 0 were there already\n"), "{messages}");

    let units =
        ["--serial", "SIM1", "--meter", "sim:?seed=1", "--serial", "SIM2", "--meter", "sim:?seed=5&defect=ct-reversed"];
    let (code, out, messages) = meterbench(folder, &[&RUN[..], &units, &["--provision", "lot", "--json"]].concat());
    assert_eq!(code, Some(1), "{messages}");
    let reports: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!((&reports[0]["verdict"], &reports[0]["provisioning_row"]), (&"PASS".into(), &"lot row 1".into()));
    assert_eq!((&reports[1]["verdict"], &reports[1]["provisioning_row"]), (&"FAIL".into(), &"lot row 2".into()));
    let (_, listed, _) = meterbench(folder, &["provision", "list"]);
    let mut lines = listed.lines();
    assert!(lines.next().expect("a line").starts_with("lot row 1: used by SIM1"), "{listed}");
    assert!(lines.next().expect("a line").starts_with("lot row 2: free, for SIM2"), "{listed}");
    let (_, shown, _) = meterbench(folder, &["records", "show", "1", "--json"]);
    assert!(shown.contains("\"provisioning_row\":\"lot row 1\""), "{shown}");

    // The values of the unit that passed go into its image.
    let image = concat!(env!("CARGO_MANIFEST_DIR"), "/firmware/images/meter.elf");
    let patch = ["image", "patch", image, "--record", "1", "--provision", "lot", "-o", "unit.hex"];
    let (code, patched, messages) = meterbench(folder, &patch);
    assert_eq!(code, Some(0), "{messages}");
    let (_, image, _) = meterbench(folder, &["image", "show", "unit.hex"]);
    assert!(image.contains("host                  tb.example.org"), "{image}");
    assert!(image.contains("token                 ***"), "{image}");
    for text in [&out, &listed, &shown, &patched, &image, &messages] {
        assert!(!text.contains("tell-nobody") && !text.contains("12345678"), "{text}");
    }

    // A unit without a row is not begun with, and the other one's row is as it was.
    let units = ["--serial", "SIM2", "--meter", "sim:?seed=2", "--serial", "SIM3", "--meter", "sim:?seed=3"];
    let (code, out, messages) = meterbench(folder, &[&RUN[..], &units, &["--provision", "lot"]].concat());
    assert_eq!((code, out.as_str()), (Some(2), ""), "{messages}");
    assert!(messages.contains("has no row for SIM3"), "{messages}");
    let (_, listed, _) = meterbench(folder, &["provision", "list", "--json"]);
    let rows: Vec<Value> = listed.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!([&rows[0]["state"], &rows[1]["state"]], [&Value::from("used"), &"free".into()]);

    let (code, ..) = meterbench(folder, &["provision", "release", "lot", "1", "--as", "free"]);
    assert_eq!(code, Some(0));
    assert_eq!(meterbench(folder, &["provision", "release", "lot", "7", "--as", "free"]).0, Some(2));
    assert_eq!(meterbench(folder, &["provision", "list", "nonsense"]).0, Some(2));
}

#[test]
fn a_run_takes_a_file_too() {
    let folder = folder();
    let folder = folder.path();
    std::fs::write(folder.join("turn.csv"), "meter_number\n11\n12\n").expect("written");
    let unit = ["--serial", "SIM1", "--meter", "sim:?seed=1", "--provision", "turn.csv"];
    let (code, out, messages) = meterbench(folder, &[&RUN[..], &unit].concat());
    assert_eq!(code, Some(0), "{messages}");
    assert!(out.contains("provisioning turn row 1"), "{out}");
    // A unit that cannot be measured leaves its row to the next.
    let unit = ["--serial", "SIM2", "--meter", "sim:?seed=1&gone_at=5", "--provision", "turn.csv", "--no-record"];
    let (code, out, _) = meterbench(folder, &[&RUN[..], &unit].concat());
    assert_eq!(code, Some(3), "{out}");
    let (_, listed, _) = meterbench(folder, &["provision", "list"]);
    assert!(listed.contains("turn row 2: free"), "{listed}");
}

#[test]
fn a_flashed_unit_holds_its_row() {
    let folder = folder();
    let folder = folder.path();
    std::fs::write(folder.join("turn.csv"), "meter_number,token\n11,tell-nobody-1\n12,tell-nobody-2\n")
        .expect("written");
    let image = concat!(env!("CARGO_MANIFEST_DIR"), "/firmware/images/meter.elf");
    let run = ["run", "--procedure", "calibrate-flash-quick", "--image", image, "--provision", "turn.csv", "--json"];
    let unit = ["--serial", "SIM1", "--meter", "sim:?seed=1", "--flash", "sim:"];
    let (code, out, messages) = meterbench(folder, &[&run[..], &unit].concat());
    assert_eq!(code, Some(0), "{out} {messages}");
    let report: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(report["flash"]["provisioning_row"], "turn row 1");
    assert_eq!(report["provisioning_row"], "turn row 1");

    // A chip that was half written may hold the values all the same: they are no other unit's.
    let unit = ["--serial", "SIM2", "--meter", "sim:?seed=2", "--flash", "sim:?gone_at=20000"];
    let (code, failed, said) = meterbench(folder, &[&run[..], &unit].concat());
    assert_eq!(code, Some(3), "{failed} {said}");
    assert!(said.contains("turn row 2 stays with SIM2"), "{said}");
    let (_, listed, next) = meterbench(folder, &["provision", "list"]);
    assert!(listed.contains("turn row 1: used by SIM1"), "{listed}");
    assert!(listed.contains("turn row 2: ON THE CHIP of SIM2"), "{listed}");
    assert!(next.contains("test the unit again, it gets the same row"), "{next}");
    assert_eq!(meterbench(folder, &["provision", "list", "--left-behind"]).1, "");
    assert_eq!(meterbench(folder, &["provision", "list", "--on-chip"]).1.lines().count(), 1);
    for text in [&out, &failed, &messages, &said, &listed] {
        assert!(!text.contains("tell-nobody"), "{text}");
    }

    // No other unit gets it, and its own unit uses it up when it passes.
    let unit = ["--serial", "SIM3", "--meter", "sim:?seed=3", "--flash", "sim:"];
    let (code, _, said) = meterbench(folder, &[&run[..], &unit].concat());
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("no free row left"), "{said}");
    let unit = ["--serial", "SIM2", "--meter", "sim:?seed=2", "--flash", "sim:"];
    assert_eq!(meterbench(folder, &[&run[..], &unit].concat()).0, Some(0));
    assert!(meterbench(folder, &["provision", "list"]).1.contains("turn row 2: used by SIM2"));
}
